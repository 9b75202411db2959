#include "tests/support/master_wire.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstdint>
#include <cstdlib>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "tests/support/resp_reader.h"

namespace spinel::test {

namespace {

bool wait_readable(int fd, Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now()).count();
  pollfd waited{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&waited, 1, static_cast<int>(std::max<long long>(left, 0))) > 0;
}

std::uint64_t crc64_of(std::string_view bytes) {
  constexpr std::uint64_t kPolynomial = 0x95AC9329AC4BC9B5;  // reflected
  std::uint64_t crc = 0;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int i = 0; i < 8; ++i) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
  }
  return crc;
}

}  // namespace

MasterWire::MasterWire() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, 8) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    ADD_FAILURE() << "no port to listen on";
  }
  port_ = ntohs(address.sin_port);
}

MasterWire::~MasterWire() {
  close();
  ::close(listener_);
}

void MasterWire::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  received_.clear();
}

bool MasterWire::accept(milliseconds patience) {
  close();
  if (!wait_readable(listener_, Clock::now() + patience)) return false;
  fd_ = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  return fd_ >= 0;
}

bool MasterWire::receive(Clock::time_point deadline) {
  if (fd_ < 0 || !wait_readable(fd_, deadline)) return false;
  char bytes[4096];
  const ssize_t size = recv(fd_, bytes, sizeof bytes, 0);
  if (size <= 0) return false;
  received_.append(bytes, static_cast<std::size_t>(size));
  return true;
}

bool MasterWire::take_line(std::string& line, Clock::time_point deadline) {
  std::size_t end = 0;
  while ((end = received_.find('\n')) == std::string::npos) {
    if (!receive(deadline)) return false;
  }
  line = received_.substr(0, end);
  if (line.ends_with('\r')) line.pop_back();
  received_.erase(0, end + 1);
  return true;
}

std::vector<std::string> MasterWire::command(milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  std::string line;
  do {
    if (!take_line(line, deadline)) return {};
  } while (line.empty());
  if (line[0] != '*') return {line};
  std::vector<std::string> words(std::strtoul(line.c_str() + 1, nullptr, 10));
  for (std::string& word : words) {
    if (!take_line(line, deadline)) return {};
    const std::size_t size = std::strtoul(line.c_str() + 1, nullptr, 10);
    while (received_.size() < size + 2) {
      if (!receive(deadline)) return {};
    }
    word = received_.substr(0, size);
    received_.erase(0, size + 2);
  }
  return words;
}

void MasterWire::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the replica is gone
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void MasterWire::send_command(const std::vector<std::string>& command) {
  send(encode_command(command));
}

bool MasterWire::closed_by_replica() {
  const auto deadline = Clock::now() + kPatience;
  while (receive(deadline)) received_.clear();
  return Clock::now() < deadline;
}

std::vector<std::string> MasterWire::handshake() {
  if (!accept()) return {};
  for (;;) {
    std::vector<std::string> words = command();
    if (words.empty() || words[0] == "PSYNC") return words;
    send(words[0] == "PING" ? "+PONG\r\n" : "+OK\r\n");
  }
}

void MasterWire::give_copy(const std::string& id, long long offset, const std::string& rdb) {
  ASSERT_EQ(handshake().size(), 3U);
  send("+FULLRESYNC " + id + " " + std::to_string(offset) + "\r\n");
  send("$" + std::to_string(rdb.size()) + "\r\n" + rdb);
}

long long MasterWire::acknowledged(milliseconds patience) {
  const std::vector<std::string> words = command(patience);
  if (words.size() < 3 || words[0] != "REPLCONF" || words[1] != "ACK") return -1;
  return std::atoll(words[2].c_str());
}

bool MasterWire::acknowledges(long long offset) {
  return wait_until([&] { return acknowledged(seconds(2)) == offset; });
}

std::string rdb_of(const std::vector<std::pair<std::string, std::string>>& strings) {
  std::string rdb = "REDIS0009";
  if (!strings.empty()) rdb += std::string("\xfe\x00", 2);
  const auto add = [&rdb](const std::string& text) {
    rdb += '\x80';
    for (const int shift : {24, 16, 8, 0}) rdb += static_cast<char>(text.size() >> shift & 0xff);
    rdb += text;
  };
  for (const auto& [key, value] : strings) {
    rdb += '\0';
    add(key);
    add(value);
  }
  rdb += '\xff';
  const std::uint64_t crc = crc64_of(rdb);
  for (int shift = 0; shift < 64; shift += 8) rdb += static_cast<char>(crc >> shift & 0xff);
  return rdb;
}

}  // namespace spinel::test
