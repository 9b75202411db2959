// Ends of the server: SHUTDOWN, signals, crashes; and living in the background.

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

using ShutdownTest = OwnServerTest;

TEST_F(ShutdownTest, ShutdownEndsTheServer) {
  start();
  RawConnection connection = server().raw();
  ASSERT_TRUE(connection.send(encode_command({"SHUTDOWN", "NOSAVE"})));
  EXPECT_TRUE(server().wait_for_exit().clean());
  EXPECT_TRUE(connection.closes());
  EXPECT_EQ(connection.read_reply().type, Reply::Type::kClosed) << "no reply comes before the end";
}

TEST_F(ShutdownTest, ShutdownTakesItsOptions) {
  for (const char* options : {"NOW", "FORCE", "NOSAVE NOW FORCE", "nosave force"}) {
    ServerProcess own;
    RawConnection connection = own.raw();
    ASSERT_TRUE(connection.send(encode_command(words(std::string("SHUTDOWN ") + options))));
    EXPECT_TRUE(own.wait_for_exit().clean()) << options;
  }
}

TEST_F(ShutdownTest, ShutdownRefusesBadOptions) {
  start();
  const Reply syntax = error("ERR syntax error");
  expect_session({{"SHUTDOWN BOGUS", syntax},
                  {"SHUTDOWN NOSAVE SAVE", syntax},
                  {"SHUTDOWN NOW ABORT", syntax},
                  {"SHUTDOWN ABORT NOW", syntax},
                  {"SHUTDOWN ABORT", error("ERR No shutdown in progress.")},
                  {"PING", status("PONG")}});
}

TEST_F(ShutdownTest, TermAndInterruptShutDownCleanly) {
  for (const int signal : {SIGTERM, SIGINT}) {
    ServerProcess own;
    RawConnection connection = own.raw();
    EXPECT_EQ(connection.run("SET", "a", 1), ok());
    EXPECT_TRUE(own.stop_and_wait(signal).clean()) << "signal " << signal;
    EXPECT_TRUE(connection.closes());
    const std::string who = "from process " + std::to_string(::getpid()) + " of user ";
    EXPECT_NE(own.log().find(who), std::string::npos) << own.log();
    EXPECT_NE(own.log().find("scheduling shutdown"), std::string::npos);
    EXPECT_NE(own.log().find("bye bye"), std::string::npos);
  }
}

TEST_F(ShutdownTest, TheLogNamesTheClientThatAskedForIt) {
  start();
  RawConnection connection = server().raw();
  ASSERT_EQ(connection.run("CLIENT", "SETNAME", "operator"), ok());
  const std::string address = connection.local_address();
  ASSERT_TRUE(connection.send(encode_command({"SHUTDOWN", "NOSAVE"})));
  EXPECT_TRUE(server().wait_for_exit().clean());
  const std::string log = server().log();
  const size_t line = log.find("Shutdown requested by client: id=");
  ASSERT_NE(line, std::string::npos) << log;
  EXPECT_NE(log.find(" addr=" + address + " ", line), std::string::npos) << log;
  EXPECT_NE(log.find(" name=operator ", line), std::string::npos) << log;
}

TEST_F(ShutdownTest, OtherSignalsAreIgnored) {
  start();
  for (const int signal : {SIGHUP, SIGPIPE, SIGALRM, SIGCHLD, SIGURG, SIGWINCH, SIGCONT}) {
    server().send_signal(signal);
    EXPECT_EQ(run("PING"), status("PONG")) << "signal " << signal;
  }
}

TEST_F(ShutdownTest, SignalsWithoutAHandlerEndTheServer) {
  for (const int signal : {SIGUSR1, SIGUSR2, SIGVTALRM}) {
    ServerProcess own;
    own.expect_crash();
    EXPECT_EQ(own.stop_and_wait(signal).signal, signal);
  }
}

TEST_F(ShutdownTest, ShutdownUnderLoad) {
  start();
  std::vector<RawConnection> crowd;
  for (int i = 0; i < 20; ++i) {
    crowd.push_back(server().raw());
    std::string requests;
    for (int k = 0; k < 2000; ++k) requests += encode_command({"SET", std::to_string(k), "value"});
    crowd.back().send_some(requests);
  }
  EXPECT_TRUE(server().stop_and_wait().clean());
  for (RawConnection& connection : crowd) EXPECT_TRUE(connection.closes());
}

#ifndef SPINEL_SANITIZED  // with sanitizers the report is theirs
TEST_F(ShutdownTest, ACrashLeavesAReportInTheLog) {
  start();
  server().expect_crash();
  server().send_signal(SIGSEGV);
  const ExitStatus end = server().wait_for_exit();
  EXPECT_FALSE(end.clean()) << end.to_string();
  const std::string log = server().log();
  EXPECT_NE(log.find("crashed with signal 11"), std::string::npos) << log;
  EXPECT_NE(log.find("STACK TRACE"), std::string::npos) << log;
  EXPECT_NE(log.find("redis_version:"), std::string::npos) << log;
}
#endif

// --- in the background ---

TEST_F(ShutdownTest, DaemonizeLeavesAServerWithAPidFile) {
  const TempDir directory;
  const ReservedPort port;
  const std::string pid_path = directory.file("server.pid");
  const ProgramResult launch =
      run_program({server_binary(), "--daemonize", "yes", "--port", std::to_string(port.number()),
                   "--bind", "127.0.0.1", "--dir", directory.path(), "--save", "", "--pidfile",
                   pid_path, "--logfile", directory.file("server.log")});
  EXPECT_TRUE(launch.status.clean()) << launch.status.to_string() << "\n" << launch.output;
  ASSERT_TRUE(wait_until([&] {
    return RawConnection::tcp("127.0.0.1", port.number()).run("PING") == status("PONG");
  })) << read_file(directory.file("server.log"));
  const int pid = std::stoi(read_file(pid_path));
  RawConnection connection = RawConnection::tcp("127.0.0.1", port.number());
  EXPECT_EQ(info_field(connection.run("INFO", "server").text, "process_id"), std::to_string(pid));
  ::kill(pid, SIGTERM);
  EXPECT_TRUE(wait_until([&] { return ::kill(pid, 0) != 0; }));
  EXPECT_EQ(read_file(pid_path), "") << "the pid file goes with the server";
}

TEST_F(ShutdownTest, SystemdIsToldWhenTheServerIsReady) {
  const TempDir directory;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = directory.file("notify");
  ASSERT_LT(path.size(), sizeof address.sun_path);
  std::memcpy(address.sun_path, path.data(), path.size());
  const int supervisor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(supervisor, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  start_with({"--supervised", "systemd"});
  ::unsetenv("NOTIFY_SOCKET");
  std::string heard;
  EXPECT_TRUE(wait_until([&] {
    char message[4096];
    const ssize_t size = ::recv(supervisor, message, sizeof message, MSG_DONTWAIT);
    if (size > 0) heard.append(message, static_cast<std::size_t>(size)).append("\n");
    return heard.find("READY=1") != std::string::npos;
  })) << heard;
  ::close(supervisor);
}

TEST_F(ShutdownTest, APidFileOnRequest) {
  const TempDir directory;
  start_with({"--pidfile", directory.file("server.pid")});
  EXPECT_EQ(read_file(directory.file("server.pid")), std::to_string(server().pid()) + "\n");
  server().stop_and_wait();
  EXPECT_NE(::access(directory.file("server.pid").c_str(), F_OK), 0);
}

}  // namespace
}  // namespace spinel::test
