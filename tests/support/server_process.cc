#include "tests/support/server_process.h"

#include <arpa/inet.h>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <iostream>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace spinel::test {

namespace {

constexpr std::size_t kLogShownBytes = 16 * 1024;

std::string from_environment(const char* name, const std::string& otherwise) {
  const char* value = ::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

std::string tail(const std::string& text, std::size_t limit) {
  return text.size() <= limit ? text : "...\n" + text.substr(text.size() - limit);
}

bool has_sanitizer_report(const std::string& log) {
  for (const char* sign : {"ERROR: AddressSanitizer", "ERROR: LeakSanitizer",
                           "WARNING: ThreadSanitizer", ": runtime error: "}) {
    if (log.find(sign) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

std::string server_binary() {
  const auto own = std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path();
  return from_environment("SPINEL_SERVER", (own / "spinel-server").string());
}

std::string oracle_binary() {
  return from_environment("REDIS_SERVER", "/usr/bin/redis-server");
}

ReservedPort::ReservedPort() {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    ADD_FAILURE() << "no free port";
  }
  number_ = ntohs(address.sin_port);
}

ReservedPort::~ReservedPort() {
  ::close(fd_);
}

ServerProcess::ServerProcess(ServerOptions options) : options_(std::move(options)) {
  if (options_.binary.empty()) options_.binary = server_binary();
  if (!options_.config.empty()) write_file(config_path(), options_.config);
  if (options_.started) start();
}

void ServerProcess::launch() {
  std::vector<std::string> command{options_.binary};
  if (!options_.config.empty()) command.push_back(config_path());
  const std::vector<std::string> own = {
      "--port", std::to_string(port()),   "--bind", "127.0.0.1", "--dir", directory(), "--save",
      "",       "--enable-debug-command", "yes"};
  command.insert(command.end(), own.begin(), own.end());
  command.insert(command.end(), options_.arguments.begin(), options_.arguments.end());
  child_ = ChildProcess::start(
      command, {.input = -1, .output_path = log_path(), .working_directory = directory()});
}

void ServerProcess::start() {
  launch();
  const bool up = wait_until([this] { return !child_.running() || answers(); });
  if (!child_.running()) {
    ADD_FAILURE() << options_.binary << " did not start: " << child_.exit_status()->to_string()
                  << "\n"
                  << tail(log(), kLogShownBytes);
  } else if (!up) {
    ADD_FAILURE() << options_.binary << " does not answer\n" << tail(log(), kLogShownBytes);
  }
}

ExitStatus ServerProcess::start_and_fail() {
  launch();
  wait_until([this] { return !child_.running() || answers(); });
  if (child_.running()) {
    ADD_FAILURE() << options_.binary << " serves, but must not\n" << tail(log(), kLogShownBytes);
    send_signal(SIGKILL);
  }
  const ExitStatus status = wait_for_exit();
  child_ = ChildProcess();
  return status;
}

bool ServerProcess::answers() {
  RawConnection connection = raw();
  if (!connection.connected()) return false;
  const Reply reply = connection.run("PING");
  // Any reply but this one means that it serves: PONG, or that it wants a password first.
  return reply.is_reply() && !reply.is_error_with("LOADING");
}

ServerProcess::~ServerProcess() {
  if (child_.running()) stop_and_wait();
  if (child_.exit_status()) check_end(*child_.exit_status());
  if (testing::Test::HasFailure()) {
    std::cerr << "--- log of " << options_.binary << " on port " << port() << " ---\n"
              << tail(log(), kLogShownBytes) << "--- end of log ---\n";
  }
}

void ServerProcess::check_end(const ExitStatus& status) {
  if (crash_expected_) return;
  if (!status.clean()) ADD_FAILURE() << "the server ended with " << status.to_string();
  if (has_sanitizer_report(log())) {
    ADD_FAILURE() << "a sanitizer reported:\n" << tail(log(), kLogShownBytes);
  }
}

Client ServerProcess::client() const {
  return options_.unix_socket.empty() ? Client::tcp(options_.address, port())
                                      : Client::unix_socket(options_.unix_socket);
}

RawConnection ServerProcess::raw() const {
  return raw(RawConnection::Options{});
}

RawConnection ServerProcess::raw(const RawConnection::Options& options) const {
  return options_.unix_socket.empty() ? RawConnection::tcp(options_.address, port(), options)
                                      : RawConnection::unix_socket(options_.unix_socket);
}

RawConnection ServerProcess::resp3() const {
  RawConnection connection = raw();
  const Reply reply = connection.run("HELLO", 3);
  if (reply.type != Reply::Type::kMap) ADD_FAILURE() << "HELLO 3 answered " << reply;
  return connection;
}

ExitStatus ServerProcess::wait_for_exit() {
  if (!child_.wait()) {
    ADD_FAILURE() << "the server does not end";
    child_.send_signal(SIGKILL);
    child_.wait();
  }
  return child_.exit_status().value_or(ExitStatus{});
}

ExitStatus ServerProcess::stop_and_wait(int signal) {
  send_signal(signal);
  return wait_for_exit();
}

void ServerProcess::kill9() {
  send_signal(SIGKILL);
  const ExitStatus status = wait_for_exit();
  if (status.signal != SIGKILL) check_end(status);  // it had ended before
  child_ = ChildProcess();
}

void ServerProcess::restart() {
  if (child_.running()) check_end(stop_and_wait());
  start();
}

bool is_redis_7_0(ServerProcess& server) {
  const Reply info = server.client().run("INFO", "server");
  return info.text.find("redis_version:7.0.") != std::string::npos &&
         info.text.find("spinel") == std::string::npos;
}

}  // namespace spinel::test
