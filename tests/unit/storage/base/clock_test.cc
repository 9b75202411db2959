#include "storage/base/clock.h"

#include <gtest/gtest.h>

namespace spinel::storage {
namespace {

// Both clocks around one moment, so that a test can bound what a tick interval may be however slow
// the machine.
struct Bracket {
  int64_t before_ns = monotonic_ns();
  uint64_t ticks = TickClock::now_ticks();
  int64_t after_ns = monotonic_ns();
};

void wait_ns(int64_t ns) {
  const int64_t until = monotonic_ns() + ns;
  while (monotonic_ns() < until) {
  }
}

// Reads an interval of about `ns` on both clocks; the ticks must agree within `tolerance` of it.
void expect_agreement(int64_t ns, double tolerance) {
  const Bracket from;
  wait_ns(ns);
  const Bracket to;
  const auto measured = static_cast<double>(TickClock::ticks_to_ns(to.ticks - from.ticks));
  EXPECT_GE(measured, static_cast<double>(to.before_ns - from.after_ns) * (1 - tolerance));
  EXPECT_LE(measured, static_cast<double>(to.after_ns - from.before_ns) * (1 + tolerance));
}

TEST(Clock, WallClockIsNow) {
  const time_t seconds = time(nullptr);
  EXPECT_NEAR(static_cast<double>(wall_clock_us()) / 1e6, static_cast<double>(seconds), 60.0);
  EXPECT_NEAR(static_cast<double>(wall_clock_ms()) / 1e3, static_cast<double>(seconds), 60.0);
}

TEST(Clock, MonotonicClocksShareTheirOrigin) {
  const int64_t before_us = monotonic_us();
  const int64_t ns = monotonic_ns();
  const int64_t after_us = monotonic_us();
  EXPECT_LE(before_us, ns / 1000);
  EXPECT_GE(after_us, ns / 1000);
}

TEST(TickClock, AgreesWithTheMonotonicClockAtOnce) {
  expect_agreement(20'000'000, 0.01);
}

TEST(TickClock, StaysRightWhenRefined) {
  for (int i = 0; i < 5; ++i) {
    TickClock::refine();
    expect_agreement(5'000'000, 0.01);
  }
}

TEST(TickClock, ConvertsLongIntervals) {
  const uint64_t day_ticks = 86400ull * 3'000'000'000ull;
  EXPECT_GT(TickClock::ticks_to_us(day_ticks), TickClock::ticks_to_us(day_ticks / 2));
  EXPECT_EQ(TickClock::ticks_to_ns(0), 0u);
  EXPECT_EQ(TickClock::ticks_to_us(day_ticks), TickClock::ticks_to_ns(day_ticks) / 1000);
}

}  // namespace
}  // namespace spinel::storage
