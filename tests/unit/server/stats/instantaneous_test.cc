#include "server/stats/instantaneous.h"

#include <gtest/gtest.h>

namespace spinel::server {
namespace {

TEST(RateMeter, AveragesOverSixteenSamples) {
  RateMeter meter;
  meter.sample(1000, 0, 1'000'000);  // what was counted before does not count
  EXPECT_EQ(meter.average(), 0);
  for (int i = 1; i <= 4; ++i) meter.sample(1000 + i * 16, i * 100'000, 1'000'000);
  EXPECT_EQ(meter.average(), 160 * 4 / 16);
  for (int i = 5; i <= 40; ++i) meter.sample(1000 + i * 16, i * 100'000, 1'000'000);
  EXPECT_EQ(meter.average(), 160);
  for (int i = 41; i <= 60; ++i) meter.sample(1000 + 40 * 16, i * 100'000, 1'000'000);
  EXPECT_EQ(meter.average(), 0);
}

TEST(RateMeter, AStandingBaseIsNoGrowth) {
  RateMeter meter;
  meter.sample(0, 5, 1);
  meter.sample(100, 5, 1);
  EXPECT_EQ(meter.average(), 0);
}

TEST(InstantaneousRates, FollowTheCounters) {
  Stats stats;
  InstantaneousRates rates;
  for (int i = 0; i <= 16; ++i) {
    rates.sample(stats, 7'000'000 + i * 100'000);
    stats.total_commands_processed += 50;
    stats.total_net_input_bytes += 1024;
    stats.total_net_output_bytes += 2048;
    stats.total_net_repl_output_bytes += 512;
    stats.eventloop_cycles += 10;
    stats.eventloop_duration_ns += 250'000;
  }
  EXPECT_EQ(rates.ops_per_second(), 500);
  EXPECT_DOUBLE_EQ(rates.input_kbps(), 10);
  EXPECT_DOUBLE_EQ(rates.output_kbps(), 25);
  EXPECT_DOUBLE_EQ(rates.input_repl_kbps(), 0);
  EXPECT_DOUBLE_EQ(rates.output_repl_kbps(), 5);
  EXPECT_EQ(rates.eventloop_cycles_per_second(), 100);
  EXPECT_EQ(rates.eventloop_duration_us(), 25);
  rates.reset();
  stats.reset();
  rates.sample(stats, 9'000'000);
  EXPECT_EQ(rates.ops_per_second(), 0);
  EXPECT_EQ(rates.output_kbps(), 0);
}

}  // namespace
}  // namespace spinel::server
