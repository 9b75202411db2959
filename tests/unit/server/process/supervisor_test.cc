#include "server/process/supervisor.h"

#include <csignal>
#include <cstddef>
#include <cstring>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/unit/server/process/child.h"

namespace spinel::server {
namespace {

// What systemd has at the other end of NOTIFY_SOCKET.
class NotifySocket {
 public:
  explicit NotifySocket(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    if (path[0] == '@') address.sun_path[0] = '\0';
    descriptor_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    EXPECT_EQ(::bind(descriptor_, reinterpret_cast<sockaddr*>(&address), length), 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~NotifySocket() {
    ::unsetenv("NOTIFY_SOCKET");
    ::close(descriptor_);
  }

  // The next datagram; "" if there is none. A local datagram is there once it was sent.
  std::string next() {
    char buffer[512];
    const ssize_t size = ::recv(descriptor_, buffer, sizeof buffer, 0);
    return size < 0 ? "" : std::string(buffer, static_cast<size_t>(size));
  }

 private:
  int descriptor_;
};

class SupervisorTest : public testing::Test {
 protected:
  void SetUp() override {
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("UPSTART_JOB");
    testing::internal::CaptureStdout();
  }
  void TearDown() override {
    if (!log_taken_) testing::internal::GetCapturedStdout();
    ::unsetenv("UPSTART_JOB");
  }
  std::string log() {
    log_taken_ = true;
    return testing::internal::GetCapturedStdout();
  }

  test::TempDirectory directory_;
  bool log_taken_ = false;
};

TEST_F(SupervisorTest, TellsSystemdOverAFileSocket) {
  NotifySocket socket((directory_ / "notify").string());
  const Supervisor supervisor = Supervisor::start(Supervision::kSystemd);
  EXPECT_EQ(supervisor.kind(), Supervision::kSystemd);
  EXPECT_EQ(socket.next(), "STATUS=Starting\n");
  supervisor.notify_ready();
  EXPECT_EQ(socket.next(), "READY=1\nSTATUS=Ready to accept connections\n");
  supervisor.notify_status("Busy");
  EXPECT_EQ(socket.next(), "STATUS=Busy\n");
  supervisor.notify_stopping();
  EXPECT_EQ(socket.next(), "STOPPING=1\n");
  EXPECT_EQ(socket.next(), "");
  EXPECT_NE(log().find("Supervised by systemd"), std::string::npos);
}

TEST_F(SupervisorTest, FindsAnAbstractSocketByItself) {
  NotifySocket socket("@spinel-unit-" + std::to_string(::getpid()));
  const Supervisor supervisor = Supervisor::start(Supervision::kAuto);
  EXPECT_EQ(supervisor.kind(), Supervision::kSystemd);
  supervisor.notify_stopping();
  EXPECT_EQ(socket.next(), "STATUS=Starting\n");
  EXPECT_EQ(socket.next(), "STOPPING=1\n");
}

TEST_F(SupervisorTest, SaysWhenNobodySupervises) {
  EXPECT_EQ(Supervisor::start(Supervision::kSystemd).kind(), Supervision::kNo);
  EXPECT_EQ(Supervisor::start(Supervision::kUpstart).kind(), Supervision::kNo);
  EXPECT_EQ(Supervisor::start(Supervision::kAuto).kind(), Supervision::kNo);
  const std::string text = log();
  EXPECT_NE(text.find("supervised is systemd, but NOTIFY_SOCKET is not in the environment"),
            std::string::npos);
  EXPECT_NE(text.find("supervised is upstart, but UPSTART_JOB is not in the environment"),
            std::string::npos);
  Supervisor().notify_ready();
}

TEST_F(SupervisorTest, NobodyListeningIsLogged) {
  ::setenv("NOTIFY_SOCKET", (directory_ / "absent").c_str(), 1);
  Supervisor::start(Supervision::kSystemd);
  ::setenv("NOTIFY_SOCKET", "relative/path", 1);
  Supervisor::start(Supervision::kSystemd);
  ::setenv("NOTIFY_SOCKET", std::string(200, '/').c_str(), 1);
  Supervisor::start(Supervision::kSystemd);
  ::unsetenv("NOTIFY_SOCKET");
  const std::string text = log();
  EXPECT_NE(text.find("No such file or directory"), std::string::npos) << text;
  EXPECT_NE(text.find("relative/path: Invalid argument"), std::string::npos) << text;
}

TEST_F(SupervisorTest, UpstartIsToldByStopping) {
  ::setenv("UPSTART_JOB", "spinel", 1);
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    const bool ok = Supervisor::start(Supervision::kAuto).kind() == Supervision::kUpstart &&
                    ::getenv("UPSTART_JOB") == nullptr;
    ::_exit(ok ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, WUNTRACED), child);
  EXPECT_TRUE(WIFSTOPPED(status));
  ::kill(child, SIGCONT);
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace spinel::server
