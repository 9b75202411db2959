#include "storage/keyspace/access.h"

#include <cmath>
#include <gtest/gtest.h>

#include "tests/unit/storage/keyspace/fixture.h"

namespace spinel::storage {
namespace {

constexpr int64_t kNow = 1'700'000'000'000;
constexpr int64_t kSecond = 1000;
constexpr int64_t kMinute = 60'000;

class AccessTest : public testing::Test {
 protected:
  AccessTest() { clock_.set_now(kNow); }

  Item make(std::string_view name = "key") {
    return put(database_, name, "value", kNoExpiry, clock_.initial());
  }

  FixedHashSeed seed_;
  Database database_{0};
  Random random_{4711};
  AccessClock clock_{random_};
};

TEST_F(AccessTest, LruTellsTheSecondsSinceTheLastUse) {
  const Item item = make();
  EXPECT_EQ(clock_.idle_seconds(*item), 0);
  clock_.set_now(kNow + 90 * kSecond);
  EXPECT_EQ(clock_.idle_seconds(*item), 90);
  clock_.touch(*item);
  EXPECT_EQ(clock_.idle_seconds(*item), 0);
  clock_.set_now(kNow + 91 * kSecond);
  EXPECT_EQ(clock_.idle_seconds(*item), 1);
}

TEST_F(AccessTest, LruSurvivesTheWrapOfItsBits) {
  constexpr int64_t kWrapMs = (int64_t{1} << 24) * 1000;
  const int64_t just_before = kNow / kWrapMs * kWrapMs + kWrapMs - 5 * kSecond;
  clock_.set_now(just_before);
  const Item item = make();
  clock_.set_now(just_before + 25 * kSecond);
  EXPECT_EQ(clock_.idle_seconds(*item), 25);
}

TEST_F(AccessTest, LruTakesAnIdleTimeFromOutside) {
  const Item item = make();
  item->set_access(clock_.with_idle_seconds(1000));
  EXPECT_EQ(clock_.idle_seconds(*item), 1000);
}

TEST_F(AccessTest, LfuStartsAboveZero) {
  clock_.lfu = true;
  EXPECT_EQ(clock_.frequency(*make()), 5u);
}

TEST_F(AccessTest, LfuLosesOneForEachDecayPeriod) {
  clock_.lfu = true;
  clock_.lfu_decay_minutes = 3;
  const Item item = make();
  item->set_access(clock_.with_frequency(100));
  clock_.set_now(kNow + 2 * kMinute);
  EXPECT_EQ(clock_.frequency(*item), 100u);
  clock_.set_now(kNow + 3 * kMinute);
  EXPECT_EQ(clock_.frequency(*item), 99u);
  clock_.set_now(kNow + 31 * kMinute);
  EXPECT_EQ(clock_.frequency(*item), 90u);
  clock_.set_now(kNow + 1000 * kMinute);
  EXPECT_EQ(clock_.frequency(*item), 0u);
  clock_.lfu_decay_minutes = 0;
  EXPECT_EQ(clock_.frequency(*item), 100u);
}

TEST_F(AccessTest, LfuDecaySurvivesTheWrapOfItsMinutes) {
  clock_.lfu = true;
  constexpr int64_t kWrapMs = 65536 * kMinute;
  const int64_t just_before = kNow / kWrapMs * kWrapMs + kWrapMs - 2 * kMinute;
  clock_.set_now(just_before);
  const Item item = make();
  item->set_access(clock_.with_frequency(50));
  clock_.set_now(just_before + 7 * kMinute);
  EXPECT_EQ(clock_.frequency(*item), 43u);
}

TEST_F(AccessTest, LfuDecaysBeforeItCounts) {
  clock_.lfu = true;
  const Item item = make();
  item->set_access(clock_.with_frequency(200));
  clock_.set_now(kNow + 190 * kMinute);
  clock_.touch(*item);
  const uint32_t counter = item->access() & 0xff;
  EXPECT_GE(counter, 10u);
  EXPECT_LE(counter, 11u);
  EXPECT_EQ(clock_.frequency(*item), counter);  // and the decay starts anew
}

TEST_F(AccessTest, LfuCountsWithCertaintyBelowItsStart) {
  clock_.lfu = true;
  const Item item = make();
  item->set_access(clock_.with_frequency(0));
  for (uint32_t expected = 1; expected <= 6; ++expected) {
    clock_.touch(*item);
    EXPECT_EQ(clock_.frequency(*item), expected);
  }
}

TEST_F(AccessTest, LfuStaysAtItsMaximum) {
  clock_.lfu = true;
  clock_.lfu_log_factor = 0;
  const Item item = make();
  for (int i = 0; i < 1000; ++i) clock_.touch(*item);
  EXPECT_EQ(clock_.frequency(*item), 255u);
}

// The table in redis.conf: factor, hits, and the counter they lead to.
struct Growth {
  int factor;
  int hits;
  uint32_t counter;
  double tolerance;
};

class LfuGrowthTest : public AccessTest, public testing::WithParamInterface<Growth> {};

TEST_P(LfuGrowthTest, IsWhatTheDocumentationSays) {
  const Growth& growth = GetParam();
  clock_.lfu = true;
  clock_.lfu_log_factor = growth.factor;
  constexpr int kEntries = 30;
  double sum = 0;
  for (int i = 0; i < kEntries; ++i) {
    const Item item = make(key_number(static_cast<uint64_t>(i)));
    for (int hit = 0; hit < growth.hits; ++hit) clock_.touch(*item);
    sum += clock_.frequency(*item);
  }
  EXPECT_NEAR(sum / kEntries, growth.counter, growth.tolerance);
}

INSTANTIATE_TEST_SUITE_P(Documented, LfuGrowthTest,
                         testing::Values(Growth{0, 100, 104, 1}, Growth{0, 1000, 255, 0},
                                         Growth{1, 100, 18, 2}, Growth{1, 1000, 49, 3},
                                         Growth{10, 100, 10, 1.5}, Growth{10, 1000, 18, 2},
                                         Growth{10, 100'000, 142, 6}, Growth{100, 100, 8, 2},
                                         Growth{100, 1000, 11, 2}, Growth{100, 100'000, 49, 4}));

}  // namespace
}  // namespace spinel::storage
