#include "server/stats/slowlog.h"

#include <gtest/gtest.h>

namespace spinel::server {
namespace {

constexpr SlowLog::Limits kEverything{0, 128};

void record(SlowLog& log, std::vector<std::string_view> arguments, int64_t duration_us,
            SlowLog::Limits limits = kEverything) {
  log.record(arguments, duration_us, 1700000000, "127.0.0.1:5000", "worker", limits);
}

TEST(SlowLog, KeepsWhatWasAsked) {
  SlowLog log;
  record(log, {"SET", "key", "value"}, 12);
  ASSERT_EQ(log.entries().size(), 1u);
  const SlowLogEntry& entry = log.entries().front();
  EXPECT_EQ(entry.id, 0);
  EXPECT_EQ(entry.unix_time_s, 1700000000);
  EXPECT_EQ(entry.duration_us, 12);
  EXPECT_EQ(entry.arguments, (std::vector<std::string>{"SET", "key", "value"}));
  EXPECT_EQ(entry.client_address, "127.0.0.1:5000");
  EXPECT_EQ(entry.client_name, "worker");
}

TEST(SlowLog, ThresholdIsInclusiveAndNegativeMeansOff) {
  SlowLog log;
  record(log, {"GET", "a"}, 9, {10, 128});
  EXPECT_TRUE(log.entries().empty());
  record(log, {"GET", "a"}, 10, {10, 128});
  EXPECT_EQ(log.entries().size(), 1u);
  record(log, {"GET", "a"}, 1000000, {-1, 128});
  EXPECT_EQ(log.entries().size(), 1u);
}

TEST(SlowLog, OldestGoFirstAndIdentifiersGoOn) {
  SlowLog log;
  for (int i = 0; i < 5; ++i) record(log, {"PING"}, i, {0, 3});
  ASSERT_EQ(log.entries().size(), 3u);
  EXPECT_EQ(log.entries().front().id, 4);
  EXPECT_EQ(log.entries().back().id, 2);
  log.trim(1);
  ASSERT_EQ(log.entries().size(), 1u);
  EXPECT_EQ(log.entries().front().id, 4);
  log.reset();
  EXPECT_TRUE(log.entries().empty());
  record(log, {"PING"}, 1);
  EXPECT_EQ(log.entries().front().id, 5);
  record(log, {"PING"}, 1, {0, 0});
  EXPECT_TRUE(log.entries().empty());
}

TEST(SlowLog, LongArgumentsAreShortened) {
  SlowLog log;
  const std::string fits(128, 'y');
  const std::string one_over(129, 'z');
  const std::string long_one(300, 'w');
  record(log, {"SET", fits, one_over, long_one}, 1);
  const auto& arguments = log.entries().front().arguments;
  EXPECT_EQ(arguments[1], fits);
  EXPECT_EQ(arguments[2], one_over.substr(0, 128).append("... (1 more bytes)"));
  EXPECT_EQ(arguments[3], long_one.substr(0, 128).append("... (172 more bytes)"));
}

TEST(SlowLog, ManyArgumentsAreShortened) {
  SlowLog log;
  std::vector<std::string_view> arguments(32, "x");
  record(log, arguments, 1);
  EXPECT_EQ(log.entries().front().arguments.size(), 32u);
  EXPECT_EQ(log.entries().front().arguments.back(), "x");
  arguments.emplace_back("x");
  record(log, arguments, 1);
  EXPECT_EQ(log.entries().front().arguments.size(), 32u);
  EXPECT_EQ(log.entries().front().arguments.back(), "... (2 more arguments)");
}

}  // namespace
}  // namespace spinel::server
