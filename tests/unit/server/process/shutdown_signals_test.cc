#include "server/process/shutdown_signals.h"

#include <csignal>
#include <gtest/gtest.h>
#include <poll.h>

#include "server/log/log.h"
#include "tests/unit/server/process/child.h"

namespace spinel::server {
namespace {

using test::read_file;
using test::TempDirectory;

bool is_readable(int descriptor) {
  pollfd poll{descriptor, POLLIN, 0};
  return ::poll(&poll, 1, 0) == 1;
}

TEST(ShutdownSignals, TellWhoSentTheFirst) {
  const int status = test::run_in_child([] {
    const ShutdownSignals signals;
    if (signals.received() || is_readable(signals.descriptor())) ::_exit(1);
    ::raise(SIGTERM);
    ::raise(SIGTERM);
    const auto received = signals.received();
    if (!received || !is_readable(signals.descriptor())) ::_exit(2);
    if (received->number != SIGTERM || received->sender != ::getpid()) ::_exit(3);
    if (received->user != ::getuid()) ::_exit(4);
  });
  EXPECT_EQ(status, 0);
}

TEST(ShutdownSignals, EndTheProcessWhenAnInterruptFollows) {
  for (const int first : {SIGINT, SIGTERM}) {
    const TempDirectory directory;
    const auto path = directory / "log";
    const int status = test::run_in_child([&] {
      LogOptions options;
      options.file = path;
      if (configure_logging(options)) ::_exit(3);
      const ShutdownSignals signals;
      ::raise(first);
      ::raise(SIGINT);
    });
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 1);
    EXPECT_NE(read_file(path).find("ends without a shutdown\n"), std::string::npos);
  }
}

TEST(ShutdownSignals, AreDescribed) {
  EXPECT_EQ(describe_signal({SIGTERM, 4711, 1000}), "SIGTERM from process 4711 of user 1000");
  EXPECT_EQ(describe_signal({SIGINT, 0, 0}), "SIGINT");
}

}  // namespace
}  // namespace spinel::server
