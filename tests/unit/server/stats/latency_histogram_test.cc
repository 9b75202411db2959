#include "server/stats/latency_histogram.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <random>

namespace spinel::server {
namespace {

constexpr uint64_t kUs = 1000;
using Bucket = LatencyHistogram::CumulativeBucket;

std::string info(const LatencyHistogram& histogram, const std::vector<double>& percentiles) {
  std::string out;
  histogram.append_info(out, "set", percentiles);
  return out;
}

TEST(LatencyHistogram, EmptyHasNothingToTell) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.total(), 0u);
  EXPECT_EQ(histogram.percentile_ns(99), 0u);
  EXPECT_TRUE(histogram.cumulative_us().empty());
}

// The expected texts are what redis-server printed for calls of these durations.
TEST(LatencyHistogram, PercentilesReadAsTheProtocolsPeersExpect) {
  LatencyHistogram histogram;
  histogram.record_ns(5 * kUs);
  EXPECT_EQ(info(histogram, {50, 99, 99.9}),
            "latency_percentiles_usec_set:p50=5.023,p99=5.023,p99.9=5.023\r\n");
  histogram.reset();
  histogram.record_ns(8 * kUs);
  histogram.record_ns(10 * kUs);
  EXPECT_EQ(info(histogram, {50, 99}), "latency_percentiles_usec_set:p50=8.031,p99=10.047\r\n");
  histogram.reset();
  histogram.record_ns(0);
  histogram.record_ns(1 * kUs);
  EXPECT_EQ(info(histogram, {50, 99.9}), "latency_percentiles_usec_set:p50=0.001,p99.9=1.003\r\n");
  EXPECT_EQ(info(histogram, {}), "latency_percentiles_usec_set:\r\n");
}

TEST(LatencyHistogram, LongCallsCountAsOneSecond) {
  LatencyHistogram histogram;
  histogram.record_ns(100 * kUs);
  histogram.record_ns(300'100 * kUs);
  histogram.record_ns(1'500'000 * kUs);
  histogram.record_ns(UINT64_MAX);
  EXPECT_EQ(info(histogram, {0, 50, 99.99, 100, 12.3456}),
            "latency_percentiles_usec_set:p0=99.840,p50=301989.887,p99.99=1002438.655,"
            "p100=1002438.655,p12.3456=100.351\r\n");
  EXPECT_EQ(histogram.cumulative_us(), (std::vector<Bucket>{{132, 1}, {541065, 2}, {1073741, 4}}));
}

TEST(LatencyHistogram, CumulativeBoundsArePowersOfTwoNanoseconds) {
  LatencyHistogram histogram;
  histogram.record_ns(1);
  EXPECT_EQ(histogram.cumulative_us(), (std::vector<Bucket>{{1, 1}}));
  histogram.record_ns(1031);  // the last value of the step that 1024 opens
  histogram.record_ns(1032);
  EXPECT_EQ(histogram.cumulative_us(), (std::vector<Bucket>{{1, 2}, {2, 3}}));
  histogram.reset();
  std::vector<int64_t> bounds;
  for (uint64_t ns = 700; ns < LatencyHistogram::kMaxValueNs; ns *= 2) histogram.record_ns(ns);
  for (const Bucket& bucket : histogram.cumulative_us()) bounds.push_back(bucket.upper_bound_us);
  EXPECT_EQ(bounds, (std::vector<int64_t>{1,     2,     4,     8,      16,     33,     66,
                                          132,   264,   528,   1056,   2113,   4227,   8454,
                                          16908, 33816, 67633, 135266, 270532, 541065, 1073741}));
}

TEST(LatencyHistogram, AgreesWithSortedValuesWithinOnePercent) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  LatencyHistogram histogram;
  std::vector<uint64_t> values;
  for (int i = 0; i < 20000; ++i) {
    const int bits = 1 + static_cast<int>(random() % 29);
    values.push_back(1 + (random() & ((uint64_t{1} << bits) - 1)));
    histogram.record_ns(values.back());
  }
  std::sort(values.begin(), values.end());
  EXPECT_EQ(histogram.total(), values.size());
  for (double percentile = 0.5; percentile <= 100; percentile += 0.5) {
    const auto rank = static_cast<size_t>(std::llround(percentile / 100 * 20000));
    const uint64_t exact = values[rank - 1];
    const uint64_t got = histogram.percentile_ns(percentile);
    EXPECT_GE(got, exact) << percentile;
    EXPECT_LE(static_cast<double>(got), static_cast<double>(exact) * 1.01 + 1) << percentile;
  }
  uint64_t previous = 0;
  for (const Bucket& bucket : histogram.cumulative_us()) {
    EXPECT_GT(bucket.count, previous);
    previous = bucket.count;
  }
  EXPECT_EQ(previous, values.size());
}

}  // namespace
}  // namespace spinel::server
