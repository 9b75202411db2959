#include "server/stats/command_stats.h"

#include <gtest/gtest.h>

namespace spinel::server {
namespace {

template <typename T, typename... Args>
std::string info(const T& stats, Args... args) {
  std::string out;
  stats.append_info(out, args...);
  return out;
}

TEST(CommandStats, LineHasRedissFields) {
  CommandStats stats;
  EXPECT_TRUE(stats.empty());
  stats.record_call(3000, false);
  EXPECT_FALSE(stats.empty());
  EXPECT_EQ(info(stats, "get"),
            "cmdstat_get:calls=1,usec=3,usec_per_call=3.00,rejected_calls=0,failed_calls=0\r\n");
  stats.record_call_with_latency(4500, true);
  stats.record_rejected();
  EXPECT_EQ(
      info(stats, "config|get"),
      "cmdstat_config|get:calls=2,usec=7,usec_per_call=3.75,rejected_calls=1,failed_calls=1\r\n");
  EXPECT_EQ(stats.latency().total(), 1u);
}

TEST(CommandStats, RejectedOnlyDividesByNothing) {
  CommandStats stats;
  stats.record_rejected();
  EXPECT_FALSE(stats.empty());
  EXPECT_EQ(info(stats, "get"),
            "cmdstat_get:calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0\r\n");
  stats.record_call_with_latency(1, false);
  stats.reset();
  EXPECT_TRUE(stats.empty());
  EXPECT_EQ(stats.latency().total(), 0u);
}

TEST(ErrorStats, CountsByFirstWordInOrder) {
  ErrorStats errors;
  errors.record("-WRONGTYPE Operation against a key");
  errors.record("ERR syntax error");
  errors.record("-ERR unknown");
  errors.record("-A:b#=c,d bar");
  errors.record("");
  EXPECT_EQ(
      info(errors),
      "errorstat_A_b_=c,d:count=1\r\nerrorstat_ERR:count=3\r\nerrorstat_WRONGTYPE:count=1\r\n");
  EXPECT_EQ(errors.count("ERR"), 3);
  errors.reset();
  EXPECT_EQ(info(errors), "");
}

TEST(ErrorStats, StopsAtTheLimitAndSaysSo) {
  ErrorStats errors;
  for (size_t i = 0; i < ErrorStats::kMaxCodes; ++i) errors.record("-E" + std::to_string(i) + " x");
  EXPECT_EQ(info(errors).find("ERRORSTATS_DISABLED"), std::string::npos);
  errors.record("-NEW x");
  errors.record("-E7 x");
  EXPECT_EQ(errors.count("NEW"), 0);
  EXPECT_EQ(errors.count("E7"), 2);
  EXPECT_NE(info(errors).find("errorstat_ERRORSTATS_DISABLED:count=1\r\n"), std::string::npos);
  errors.reset();
  errors.record("-NEW x");
  EXPECT_EQ(info(errors), "errorstat_NEW:count=1\r\n");
}

TEST(ErrorStats, LongCodesAreCut) {
  ErrorStats errors;
  errors.record(std::string(100000, 'x'));
  EXPECT_EQ(errors.count(std::string(ErrorStats::kMaxCodeBytes, 'x')), 1);
}

}  // namespace
}  // namespace spinel::server
