#include "server/process/daemon.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>

#include "server/log/log.h"
#include "tests/unit/server/process/child.h"

namespace spinel::server {
namespace {

using test::read_file;
using test::run_in_child;
using test::TempDirectory;

TEST(Daemon, GoesOnInTheBackground) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const int status = run_in_child([&] {
    const pid_t before = ::getpid();
    if (daemonize()) ::_exit(1);
    char streams[3][64] = {};
    bool null_streams = true;
    for (int i = 0; i < 3; ++i) {
      const std::string link = "/proc/self/fd/" + std::to_string(i);
      null_streams &= ::readlink(link.c_str(), streams[i], sizeof streams[i] - 1) > 0 &&
                      std::string(streams[i]) == "/dev/null";
    }
    const char facts[] = {::getpid() != before ? 'y' : 'n', ::getsid(0) == ::getpid() ? 'y' : 'n',
                          null_streams ? 'y' : 'n'};
    if (::write(ends[1], facts, sizeof facts) != sizeof facts) ::_exit(2);
  });
  EXPECT_EQ(status, 0) << "the calling process leaves with success";
  ::close(ends[1]);
  std::string facts(3, '?');
  pollfd ready{ends[0], POLLIN, 0};
  ASSERT_EQ(::poll(&ready, 1, 60000), 1);
  ASSERT_EQ(::read(ends[0], facts.data(), facts.size()), 3);
  EXPECT_EQ(facts, "yyy") << "other process, leads its session, has no streams";
  ::close(ends[0]);
}

TEST(PidFile, IsWrittenAndRemoved) {
  TempDirectory directory;
  const auto path = directory / "server.pid";
  std::ofstream(path) << "123456789012\n";
  create_pid_file(path);
  EXPECT_EQ(read_file(path), std::to_string(::getpid()) + "\n");
  remove_pid_file(path);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(PidFile, FailureIsOnlyLogged) {
  TempDirectory directory;
  testing::internal::CaptureStdout();
  create_pid_file(directory / "absent" / "server.pid");
  remove_pid_file(directory / "absent.pid");
  const std::string log = testing::internal::GetCapturedStdout();
  EXPECT_NE(log.find("Cannot write the pid file"), std::string::npos) << log;
  EXPECT_NE(log.find("No such file or directory"), std::string::npos) << log;
  EXPECT_EQ(log.find("Failed to remove"), std::string::npos) << log;
}

}  // namespace
}  // namespace spinel::server
