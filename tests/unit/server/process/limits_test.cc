#include "server/process/limits.h"

#include <functional>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "server/log/log.h"
#include "tests/unit/server/process/child.h"

namespace spinel::server {
namespace {

using test::read_file;
using test::TempDirectory;

// Runs `body` in a child with these limits of open files, its log in a file. Returns the log.
std::string log_of_limited_child(rlim_t soft, rlim_t hard, const std::function<bool()>& body) {
  TempDirectory directory;
  const auto path = directory / "log";
  const int status = test::run_in_child([&] {
    LogOptions options;
    options.file = path;
    const rlimit limit{soft, hard};
    // Without its privileges even root stays below the hard limit.
    if (configure_logging(options) || ::setrlimit(RLIMIT_NOFILE, &limit) != 0) ::_exit(1);
    if (::getuid() == 0 && ::setuid(65534) != 0) ::_exit(2);
    if (!body()) ::_exit(3);
  });
  EXPECT_EQ(status, 0);
  return read_file(path);
}

TEST(OpenFilesLimit, EnoughIsLeftAlone) {
  const std::string log = log_of_limited_child(
      600, 700, [] { return adjust_open_files_limit(500) == 500u && can_open_files_for(500); });
  EXPECT_EQ(log, "");
}

TEST(OpenFilesLimit, IsRaisedUpToTheHardLimit) {
  const std::string log = log_of_limited_child(100, 700, [] {
    rlimit after{};
    return adjust_open_files_limit(500) == 500u && ::getrlimit(RLIMIT_NOFILE, &after) == 0 &&
           after.rlim_cur == 532;
  });
  EXPECT_NE(log.find(" * Raised the limit of open files from 100 to 532\n"), std::string::npos)
      << log;
}

TEST(OpenFilesLimit, TooFewClientsAreSaid) {
  const std::string log = log_of_limited_child(200, 200, [] {
    return adjust_open_files_limit(10000) == 168u && !can_open_files_for(10000) &&
           can_open_files_for(168);
  });
  EXPECT_NE(log.find(" # maxclients is reduced from 10000 to 168: it takes 10032 open files, and "
                     "the limit cannot be raised beyond 200 (Operation not permitted)."),
            std::string::npos)
      << log;
}

TEST(OpenFilesLimit, PartOfTheWayIsTaken) {
  const std::string log = log_of_limited_child(100, 700, [] {
    const auto clients = adjust_open_files_limit(1000);
    rlimit after{};
    return clients && ::getrlimit(RLIMIT_NOFILE, &after) == 0 &&
           *clients == after.rlim_cur - kReservedDescriptors && after.rlim_cur == 700 &&
           after.rlim_max == 700;
  });
  EXPECT_NE(log.find("maxclients is reduced from 1000 to "), std::string::npos) << log;
}

TEST(OpenFilesLimit, NoneAtAllStopsTheServer) {
  const std::string log =
      log_of_limited_child(30, 30, [] { return !adjust_open_files_limit(10000).has_value(); });
  EXPECT_NE(log.find(" # The server cannot start with a limit of 30 open files."),
            std::string::npos)
      << log;
}

TEST(KernelSettings, BacklogBeyondTheKernelsIsSaid) {
  testing::internal::CaptureStdout();
  warn_about_tcp_backlog(1);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  testing::internal::CaptureStdout();
  warn_about_tcp_backlog(INT32_MAX);
  const std::string limit = read_file("/proc/sys/net/core/somaxconn");
  EXPECT_NE(testing::internal::GetCapturedStdout().find(
                "WARNING: tcp-backlog is 2147483647, but the kernel caps it at " +
                limit.substr(0, limit.find('\n')) + " (/proc/sys/net/core/somaxconn)"),
            std::string::npos);
}

TEST(KernelSettings, OvercommitIsSaidWhenItIsOff) {
  TempDirectory directory;
  const auto path = directory / "log";
  const int status = test::run_in_child([&] {
    LogOptions options;
    options.file = path;
    if (configure_logging(options)) ::_exit(1);
    warn_about_system_settings(true);  // changes the process, so not in this one
  });
  EXPECT_EQ(status, 0);
  const bool said = read_file(path).find("vm.overcommit_memory is not 1") != std::string::npos;
  EXPECT_EQ(said, read_file("/proc/sys/vm/overcommit_memory") != "1\n");
}

TEST(OomScore, IsRelativeToTheStart) {
  const int status = test::run_in_child([] {
    const int start = std::stoi(read_file("/proc/self/oom_score_adj"));
    const auto now = [] { return std::stoi(read_file("/proc/self/oom_score_adj")); };
    if (set_oom_score_adjustment(OomScoreAdjust::kNo, 5) || now() != start) ::_exit(1);
    if (set_oom_score_adjustment(OomScoreAdjust::kRelative, 100)) ::_exit(2);
    if (now() != std::min(start + 100, 1000)) ::_exit(3);
    if (set_oom_score_adjustment(OomScoreAdjust::kAbsolute, 900) || now() != 900) ::_exit(4);
    if (set_oom_score_adjustment(OomScoreAdjust::kRelative, 5000) || now() != 1000) ::_exit(5);
  });
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace spinel::server
