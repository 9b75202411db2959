#include "server/stats/stats.h"

#include <gtest/gtest.h>

namespace spinel::server {
namespace {

TEST(Stats, ResetStartsOver) {
  Stats stats;
  stats.total_commands_processed = 7;
  stats.expired_stale_perc = 1.5;
  stats.acl_access_denied_channel = 2;
  stats.reset();
  EXPECT_EQ(stats.total_commands_processed, 0);
  EXPECT_EQ(stats.expired_stale_perc, 0);
  EXPECT_EQ(stats.acl_access_denied_channel, 0);
}

TEST(MemoryPeak, OnlyGrows) {
  MemoryPeak peak;
  peak.observe(10);
  peak.observe(5);
  EXPECT_EQ(peak.peak_bytes(), 10);
  peak.observe(11);
  EXPECT_EQ(peak.peak_bytes(), 11);
}

}  // namespace
}  // namespace spinel::server
