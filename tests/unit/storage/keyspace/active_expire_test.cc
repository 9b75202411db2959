#include "storage/keyspace/active_expire.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>

#include "tests/unit/storage/keyspace/fixture.h"

namespace spinel::storage {
namespace {

constexpr int64_t kNow = 1'000'000;
constexpr int64_t kPast = kNow - 1;
constexpr int64_t kFuture = kNow + 1;
constexpr int64_t kAnHourUs = 3'600'000'000;

class ActiveExpireTest : public testing::Test {
 protected:
  ActiveExpireTest() { keyspace_.set_now(kNow); }

  void fill(int database, uint64_t from, uint64_t count, int64_t expire_at_ms) {
    for (uint64_t i = from; i < from + count; ++i) {
      put(keyspace_.database(database), key_number(i), "value", expire_at_ms);
    }
  }
  ActiveExpire::Result run(int64_t budget_us = kAnHourUs, int effort = 1) {
    return cycle_.run(keyspace_, {.time_budget_us = budget_us, .effort = effort});
  }
  ActiveExpire::Result run_fast(int64_t budget_us = 1000) {
    return cycle_.run(keyspace_, {.time_budget_us = budget_us, .effort = 1, .fast = true});
  }

  FixedHashSeed seed_;
  RecordingObserver observer_;
  Keyspace keyspace_{4, observer_};
  Database& database_ = keyspace_.database(0);
  // Each reading of the clock takes a while.
  int64_t now_us_ = 5'000'000;
  int64_t us_a_reading_ = 10;
  ActiveExpire cycle_{[this] { return now_us_ += us_a_reading_; }};
};

TEST_F(ActiveExpireTest, DoesNothingWithoutVolatileKeys) {
  fill(0, 0, 1000, kNoExpiry);
  const auto result = run();
  EXPECT_EQ(result.expired, 0u);
  EXPECT_FALSE(result.time_limit_reached);
  EXPECT_EQ(database_.size(), 1000u);
}

TEST_F(ActiveExpireTest, EstimatesHowLongKeysHaveLeft) {
  const int64_t now_ms = keyspace_.now_ms();
  EXPECT_EQ(database_.average_ttl_ms(), 0);
  fill(0, 0, 100, now_ms + 1000);
  fill(0, 100, 100, kNoExpiry);
  fill(1, 0, 1, now_ms + 70);
  run();
  EXPECT_EQ(database_.average_ttl_ms(), 1000);
  EXPECT_EQ(keyspace_.database(1).average_ttl_ms(), 70);
  // Later samples count for a fiftieth each.
  fill(0, 0, 100, now_ms + 501'000);
  run();
  EXPECT_EQ(database_.average_ttl_ms(), 11'000);
  for (int i = 0; i < 1000; ++i) run();
  EXPECT_NEAR(static_cast<double>(database_.average_ttl_ms()), 501'000, 2);
  database_.swap_contents(keyspace_.database(1));
  EXPECT_EQ(database_.average_ttl_ms(), 70) << "it belongs to the keys";
  database_.clear(nullptr);
  EXPECT_EQ(database_.average_ttl_ms(), 0);
  fill(1, 0, 100, kNoExpiry);
  run();
  EXPECT_EQ(keyspace_.database(1).average_ttl_ms(), 0) << "no key expires any more";
}

TEST_F(ActiveExpireTest, RemovesAllWhereAllExpired) {
  fill(0, 0, 5000, kPast);
  fill(3, 0, 20, kPast);
  const auto result = run();
  EXPECT_EQ(result.expired, 5020u);
  EXPECT_FALSE(result.time_limit_reached);
  EXPECT_EQ(database_.size() + keyspace_.database(3).size(), 0u);
  EXPECT_EQ(observer_.expired.size(), 5020u);
  EXPECT_TRUE(observer_.all_were_present);
  const std::set<RecordingObserver::Event> distinct(observer_.expired.begin(),
                                                    observer_.expired.end());
  EXPECT_EQ(distinct.size(), 5020u);
}

TEST_F(ActiveExpireTest, LeavesWhatHasNotExpired) {
  fill(0, 0, 500, kFuture);
  fill(0, 500, 500, kNow);  // this very millisecond: not yet
  fill(0, 1000, 500, kNoExpiry);
  fill(0, 1500, 1500, kPast);
  for (int i = 0; i < 200; ++i) run();
  EXPECT_EQ(database_.size(), 1500u);
  EXPECT_EQ(database_.volatile_count(), 1000u);
  for (const auto& [database, key] : observer_.expired) EXPECT_GE(key, key_number(1500));
}

TEST_F(ActiveExpireTest, RemovesNothingWhereItMust) {
  fill(0, 0, 100, kPast);
  keyspace_.set_expiry_paused(true);
  EXPECT_EQ(run().expired, 0u);
  keyspace_.set_expiry_paused(false);
  {
    const Keyspace::IgnoreExpiry ignore(keyspace_);
    EXPECT_EQ(run().expired, 0u);
  }
  EXPECT_EQ(database_.size(), 100u);
}

TEST_F(ActiveExpireTest, OneRunLeavesAboutATenthAtMost) {
  // Mixed evenly, so that each step sees about the share that there is.
  for (uint64_t i = 0; i < 40'000; ++i) {
    put(database_, key_number(i), "value", i % 2 == 0 ? kPast : kFuture);
  }
  std::vector<double> shares;
  for (int i = 0; i < 400; ++i) {
    run();
    const double left = static_cast<double>(database_.size()) - 20'000;
    shares.push_back(left / static_cast<double>(database_.size()));
  }
  // The first runs get below a third, as a few steps stop early by chance; the later ones reach a
  // tenth and stay there.
  EXPECT_LT(shares.back(), 0.11);
  EXPECT_TRUE(std::is_sorted(shares.rbegin(), shares.rend()));
}

TEST_F(ActiveExpireTest, MoreEffortLeavesLess) {
  const auto left_after = [this](int effort) {
    for (uint64_t i = 0; i < 20'000; ++i) {
      put(database_, key_number(i), "value", i % 10 == 0 ? kPast : kFuture);
    }
    ActiveExpire cycle([this] { return now_us_ += us_a_reading_; });
    for (int i = 0; i < 20; ++i) {
      cycle.run(keyspace_, {.time_budget_us = kAnHourUs, .effort = effort});
    }
    return database_.size() - 18'000;
  };
  const size_t with_least = left_after(1);
  const size_t with_most = left_after(10);
  EXPECT_LT(with_most, with_least);
  EXPECT_LT(with_most, 500u);
}

TEST_F(ActiveExpireTest, StopsWhenItsTimeIsUpAndGoesOnLater) {
  fill(0, 0, 2000, kPast);
  us_a_reading_ = 100;
  const auto first = run(1000);
  EXPECT_TRUE(first.time_limit_reached);
  EXPECT_GE(first.elapsed_us, 1000);
  EXPECT_LE(first.elapsed_us, 1200);
  EXPECT_GE(first.expired, 10 * 20u);
  EXPECT_LE(first.expired, 10 * 40u);
  size_t runs = 1;
  while (run(1000).time_limit_reached) ASSERT_LT(++runs, 20u);
  EXPECT_EQ(database_.size(), 0u);
}

TEST_F(ActiveExpireTest, MakesAStepEvenWithoutTime) {
  fill(0, 0, 2000, kPast);
  us_a_reading_ = 1'000'000;
  for (int i = 0; i < 3; ++i) {
    const auto result = run(0);
    EXPECT_TRUE(result.time_limit_reached);
    EXPECT_GE(result.expired, 20u);
  }
}

TEST_F(ActiveExpireTest, ABusyDatabaseDoesNotStarveTheOthers) {
  for (int i = 0; i < 4; ++i) fill(i, 0, 3000, kPast);
  us_a_reading_ = 100;
  for (int i = 0; i < 4; ++i) run(1000);
  for (int i = 0; i < 4; ++i) EXPECT_LT(keyspace_.database(i).size(), 3000u) << i;
}

TEST_F(ActiveExpireTest, AFastRunOnlyFollowsOneThatWasStopped) {
  fill(0, 0, 3000, kPast);
  EXPECT_EQ(run_fast().expired, 0u);
  us_a_reading_ = 100;
  ASSERT_TRUE(run(1000).time_limit_reached);
  const auto fast = run_fast(500);
  EXPECT_GT(fast.expired, 0u);
  EXPECT_TRUE(fast.time_limit_reached);
  // Not again at once,
  EXPECT_EQ(run_fast(500).expired, 0u);
  // but after twice the time.
  now_us_ += 1000;
  EXPECT_GT(run_fast(500).expired, 0u);
  // A run that comes to its end ends that.
  us_a_reading_ = 0;
  EXPECT_FALSE(run().time_limit_reached);
  fill(0, 0, 100, kPast);
  now_us_ += 1'000'000;
  EXPECT_EQ(run_fast().expired, 0u);
}

TEST_F(ActiveExpireTest, FindsFewVolatileKeysAmongManyInBoundedRuns) {
  constexpr uint64_t kKeys = 200'000;
  fill(0, 0, kKeys, kNoExpiry);
  const size_t buckets = database_.table_statistics().buckets[0];
  for (uint64_t i = 0; i < 5; ++i) {
    put(database_, key_number(i * kKeys / 5), "value", kPast);
  }
  // A run looks at 400 buckets in each of forty steps, and in one for each that found something.
  uint64_t expired = 0;
  size_t runs = 0;
  while (expired < 5) {
    const int64_t start_us = now_us_;
    expired += run().expired;
    EXPECT_LE(now_us_ - start_us, (40 + 5 + 3) * us_a_reading_);
    ASSERT_LE(++runs, buckets / 16'000 + 2);
  }
  EXPECT_EQ(database_.size(), kKeys - 5);
}

TEST_F(ActiveExpireTest, AQuietSparseTableTakesNoMoreThanOnePassARun) {
  fill(0, 0, 400, kNoExpiry);
  fill(0, 400, 3, kFuture);
  const int64_t start_us = now_us_;
  EXPECT_EQ(run().expired, 0u);
  EXPECT_LE(now_us_ - start_us, 3 * us_a_reading_);
}

TEST_F(ActiveExpireTest, SurvivesClearedAndSwappedDatabases) {
  us_a_reading_ = 100;
  fill(0, 0, 20'000, kPast);
  fill(1, 0, 10, kPast);
  run(1000);
  database_.swap_contents(keyspace_.database(1));
  run(1000);
  keyspace_.database(1).clear(nullptr);
  us_a_reading_ = 0;
  run();
  EXPECT_EQ(database_.size(), 0u);
}

TEST_F(ActiveExpireTest, EstimatesTheShareOfStaleKeys) {
  EXPECT_EQ(cycle_.stale_percent(), 0);
  fill(0, 0, 1000, kPast);
  run();
  EXPECT_NEAR(cycle_.stale_percent(), 5, 0.01);  // all of them, with a twentieth of the weight
  run();
  EXPECT_NEAR(cycle_.stale_percent(), 4.75, 0.01);
  cycle_.reset_stale_percent();
  EXPECT_EQ(cycle_.stale_percent(), 0);
}

TEST_F(ActiveExpireTest, LargeValuesAreFreedLazilyIfSoConfigured) {
  keyspace_.lazy_expire = true;
  put(database_, "large", std::string(2 << 20, 'x'), kPast);
  EXPECT_EQ(run().expired, 1u);
  keyspace_.lazy_free.drain();
  EXPECT_EQ(keyspace_.lazy_free.freed(), 1u);
}

TEST(ActiveExpireBudget, IsAQuarterOfTheProcessorAndMoreWithEffort) {
  EXPECT_EQ(ActiveExpire::slow_budget_us(10, 1), 25'000);
  EXPECT_EQ(ActiveExpire::slow_budget_us(100, 1), 2500);
  EXPECT_EQ(ActiveExpire::slow_budget_us(10, 10), 43'000);
  EXPECT_EQ(ActiveExpire::slow_budget_us(500, 2), 540);
  EXPECT_EQ(ActiveExpire::fast_budget_us(1), 1000);
  EXPECT_EQ(ActiveExpire::fast_budget_us(10), 3250);
}

TEST(ActiveExpireClock, RunsByTheRealOneToo) {
  const FixedHashSeed seed;
  RecordingObserver observer;
  Keyspace keyspace(1, observer);
  put(keyspace.database(0), "key", "value", keyspace.now_ms() - 10);
  ActiveExpire cycle;
  EXPECT_EQ(cycle.run(keyspace, {.time_budget_us = 1'000'000}).expired, 1u);
}

}  // namespace
}  // namespace spinel::storage
