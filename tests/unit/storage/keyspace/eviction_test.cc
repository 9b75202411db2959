#include "storage/keyspace/eviction.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>

#include "tests/unit/storage/keyspace/fixture.h"

namespace spinel::storage {
namespace {

constexpr int64_t kNow = 1'700'000'000'000;
constexpr uint64_t kBytesAKey = 100;  // as the tests count them

constexpr EvictionPolicy kNoEviction{EvictionOrder::kNone, false};
constexpr EvictionPolicy kAllLru{EvictionOrder::kLru, false};
constexpr EvictionPolicy kAllLfu{EvictionOrder::kLfu, false};
constexpr EvictionPolicy kAllRandom{EvictionOrder::kRandom, false};
constexpr EvictionPolicy kVolatileLru{EvictionOrder::kLru, true};
constexpr EvictionPolicy kVolatileLfu{EvictionOrder::kLfu, true};
constexpr EvictionPolicy kVolatileTtl{EvictionOrder::kTtl, true};
constexpr EvictionPolicy kVolatileRandom{EvictionOrder::kRandom, true};

class EvictionTest : public testing::Test {
 protected:
  EvictionTest() {
    keyspace_.set_now(kNow);
    keyspace_.random = Random(99);
  }

  // Key number i; the access bits and expiry are as given.
  void add(int database, uint64_t i, uint32_t access, int64_t expire_at_ms = kNoExpiry) {
    put(keyspace_.database(database), key_number(i), "value", expire_at_ms, access);
  }
  uint64_t total_keys() {
    uint64_t keys = 0;
    for (int i = 0; i < keyspace_.database_count(); ++i) keys += keyspace_.database(i).size();
    return keys;
  }
  // Evicts until so many keys are left.
  EvictionResult evict_to(uint64_t keys_left, EvictionPolicy policy, int samples = 5,
                          int tenacity = 100) {
    return eviction_.run(keyspace_,
                         {.max_bytes = keys_left * kBytesAKey,
                          .policy = policy,
                          .samples = samples,
                          .tenacity = tenacity},
                         [this] { return total_keys() * kBytesAKey; });
  }
  // Whether key number i is still there.
  bool has(uint64_t i, int database = 0) {
    return static_cast<bool>(keyspace_.database(database).find(Key(key_number(i))));
  }
  uint64_t count(uint64_t from, uint64_t to) {
    uint64_t present = 0;
    for (uint64_t i = from; i < to; ++i) present += has(i);
    return present;
  }

  FixedHashSeed seed_;
  RecordingObserver observer_;
  Keyspace keyspace_{3, observer_};
  Database& database_ = keyspace_.database(0);
  int64_t now_us_ = 7'000'000;
  int64_t us_a_reading_ = 0;
  Eviction eviction_{[this] { return now_us_ += us_a_reading_; }};
};

TEST_F(EvictionTest, DoesNothingWithinTheLimit) {
  for (uint64_t i = 0; i < 10; ++i) add(0, i, 0);
  EXPECT_EQ(evict_to(10, kAllLru), EvictionResult::kOk);
  EXPECT_EQ(total_keys(), 10u);
  // No limit at all.
  const EvictionSettings unlimited{.max_bytes = 0, .policy = kAllLru};
  EXPECT_EQ(eviction_.run(keyspace_, unlimited, [] { return UINT64_MAX; }), EvictionResult::kOk);
  EXPECT_EQ(total_keys(), 10u);
  EXPECT_EQ(eviction_.evicted_keys(), 0u);
}

TEST_F(EvictionTest, NoEvictionFails) {
  for (uint64_t i = 0; i < 10; ++i) add(0, i, 0, kNow + 1000);
  EXPECT_EQ(evict_to(9, kNoEviction), EvictionResult::kFail);
  EXPECT_EQ(total_keys(), 10u);
  EXPECT_TRUE(observer_.evicted.empty());
}

TEST_F(EvictionTest, FailsWhenNothingIsLeft) {
  const EvictionSettings settings{.max_bytes = 1, .policy = kAllLru, .samples = 5, .tenacity = 100};
  for (uint64_t i = 0; i < 50; ++i) add(i % 3, i, 0);
  EXPECT_EQ(eviction_.run(keyspace_, settings, [] { return 2; }), EvictionResult::kFail);
  EXPECT_EQ(total_keys(), 0u);
  EXPECT_EQ(eviction_.evicted_keys(), 50u);
  EXPECT_EQ(eviction_.run(keyspace_, settings, [] { return 2; }), EvictionResult::kFail);
}

TEST_F(EvictionTest, TellsTheObserverOfEachKey) {
  for (uint64_t i = 0; i < 300; ++i) add(i % 3, i, 0);
  EXPECT_EQ(evict_to(100, kAllLru), EvictionResult::kOk);
  EXPECT_EQ(total_keys(), 100u);
  EXPECT_EQ(observer_.evicted.size(), 200u);
  EXPECT_EQ(eviction_.evicted_keys(), 200u);
  EXPECT_TRUE(observer_.all_were_present);
  EXPECT_TRUE(observer_.expired.empty());
  const std::set<RecordingObserver::Event> distinct(observer_.evicted.begin(),
                                                    observer_.evicted.end());
  EXPECT_EQ(distinct.size(), 200u);
}

// --- which keys go. Key i of 2000 is the better to keep the larger i; half of them are evicted.

constexpr uint64_t kKeys = 2000;

TEST_F(EvictionTest, LruEvictsWhatWasUnusedLongest) {
  for (uint64_t i = 0; i < kKeys; ++i) {
    add(0, i, keyspace_.access.with_idle_seconds(static_cast<int64_t>(kKeys - i)));
  }
  EXPECT_EQ(evict_to(kKeys / 2, kAllLru), EvictionResult::kOk);
  EXPECT_EQ(total_keys(), kKeys / 2);
  EXPECT_LE(count(0, kKeys / 4), kKeys / 4 / 20);
  EXPECT_GE(count(kKeys * 3 / 4, kKeys), kKeys / 4 * 19 / 20);
}

TEST_F(EvictionTest, MoreSamplesComeCloserToTrueLru) {
  const auto wrongly_evicted = [this](int samples) {
    database_.clear(nullptr);
    for (uint64_t i = 0; i < kKeys; ++i) {
      add(0, i, keyspace_.access.with_idle_seconds(static_cast<int64_t>(kKeys - i)));
    }
    evict_to(kKeys / 2, kAllLru, samples);
    return kKeys / 2 - count(kKeys / 2, kKeys);
  };
  const uint64_t with_one = wrongly_evicted(1);
  const uint64_t with_many = wrongly_evicted(64);
  EXPECT_LT(with_many, with_one);
  EXPECT_LE(with_many, kKeys / 2 / 50);
}

TEST_F(EvictionTest, LfuEvictsWhatWasUsedLeast) {
  keyspace_.access.lfu = true;
  for (uint64_t i = 0; i < kKeys; ++i) {
    add(0, i, keyspace_.access.with_frequency(static_cast<uint8_t>(i * 256 / kKeys)));
  }
  EXPECT_EQ(evict_to(kKeys / 2, kAllLfu), EvictionResult::kOk);
  EXPECT_LE(count(0, kKeys / 4), kKeys / 4 / 20);
  EXPECT_GE(count(kKeys * 3 / 4, kKeys), kKeys / 4 * 19 / 20);
}

TEST_F(EvictionTest, LfuSeesTheDecay) {
  keyspace_.access.lfu = true;
  for (uint64_t i = 0; i < 500; ++i) add(0, i, keyspace_.access.with_frequency(200));
  keyspace_.set_now(kNow + 190 * 60'000);
  for (uint64_t i = 500; i < 1000; ++i) add(0, i, keyspace_.access.with_frequency(20));
  evict_to(700, kAllLfu);
  EXPECT_GE(count(500, 1000), 490u);
}

TEST_F(EvictionTest, TtlEvictsWhatExpiresSoonest) {
  for (uint64_t i = 0; i < kKeys; ++i) {
    add(0, i, 0, i % 2 == 0 ? kNow + static_cast<int64_t>(i) * 1000 : kNoExpiry);
  }
  EXPECT_EQ(evict_to(kKeys * 3 / 4, kVolatileTtl), EvictionResult::kOk);
  uint64_t soon = 0;  // of the quarter of the volatile ones that expires first
  uint64_t late = 0;  // of the last quarter
  for (uint64_t i = 0; i < kKeys; i += 2) {
    ASSERT_TRUE(has(i + 1));
    if (i < kKeys / 4) soon += has(i);
    if (i >= kKeys * 3 / 4) late += has(i);
  }
  EXPECT_LE(soon, kKeys / 8 / 20);
  EXPECT_GE(late, kKeys / 8 * 19 / 20);
}

TEST_F(EvictionTest, RandomEvictsEvenly) {
  constexpr uint64_t kMany = 20'000;
  for (uint64_t i = 0; i < kMany; ++i) {
    add(0, i, keyspace_.access.with_idle_seconds(static_cast<int64_t>(i)));
  }
  EXPECT_EQ(evict_to(kMany / 2, kAllRandom), EvictionResult::kOk);
  for (uint64_t part = 0; part < 10; ++part) {
    EXPECT_NEAR(static_cast<double>(count(part * kMany / 10, (part + 1) * kMany / 10)), 1000, 130);
  }
}

TEST_F(EvictionTest, RandomTakesTheDatabasesInTurn) {
  for (uint64_t i = 0; i < 100; ++i) add(0, i, 0);
  for (uint64_t i = 0; i < 5000; ++i) add(2, i, 0);
  evict_to(5000, kAllRandom);
  EXPECT_EQ(keyspace_.database(0).size(), 50u);
}

class VolatilePolicyTest : public EvictionTest,
                           public testing::WithParamInterface<EvictionPolicy> {};

TEST_P(VolatilePolicyTest, EvictsVolatileKeysOnly) {
  keyspace_.access.lfu = GetParam().order == EvictionOrder::kLfu;
  for (uint64_t i = 0; i < 3000; ++i) {
    // The persistent ones would be the first to go.
    const bool is_volatile = i % 3 == 0;
    add(i % 2 == 0 ? 0 : 2, i, is_volatile ? keyspace_.access.initial() : 0,
        is_volatile ? kNow + 1'000'000 : kNoExpiry);
  }
  EXPECT_EQ(evict_to(2500, GetParam()), EvictionResult::kOk);
  EXPECT_EQ(evict_to(2001, GetParam()), EvictionResult::kOk);
  EXPECT_EQ(evict_to(1500, GetParam()), EvictionResult::kFail);
  EXPECT_EQ(total_keys(), 2000u);
  for (const auto& [database, key] : observer_.evicted) {
    EXPECT_EQ(std::stoull(key.substr(4)) % 3, 0u) << key;
  }
}

TEST_P(VolatilePolicyTest, FailsWithoutVolatileKeys) {
  keyspace_.access.lfu = GetParam().order == EvictionOrder::kLfu;
  for (uint64_t i = 0; i < 100; ++i) add(0, i, 0);
  EXPECT_EQ(evict_to(50, GetParam()), EvictionResult::kFail);
  EXPECT_EQ(total_keys(), 100u);
}

TEST_P(VolatilePolicyTest, FindsTheFewAmongManyInBoundedSearches) {
  keyspace_.access.lfu = GetParam().order == EvictionOrder::kLfu;
  constexpr uint64_t kMany = 100'000;
  for (uint64_t i = 0; i < kMany; ++i) add(0, i, 0);
  for (uint64_t i = 0; i < 4; ++i) add(0, i * 23'456, 0, kNow + 5000);
  const size_t buckets = database_.table_statistics().buckets[0];
  // Without time a run ends after one fruitless search, and so tells that it was one.
  us_a_reading_ = 1;
  uint64_t runs = 0;
  while (evict_to(kMany - 4, GetParam(), 5, 0) != EvictionResult::kOk) {
    ASSERT_LE(++runs, 2 * buckets / 4096 + 4);
  }
  EXPECT_EQ(total_keys(), kMany - 4);
  EXPECT_EQ(database_.volatile_count(), 0u);
}

INSTANTIATE_TEST_SUITE_P(All, VolatilePolicyTest,
                         testing::Values(kVolatileLru, kVolatileLfu, kVolatileTtl,
                                         kVolatileRandom));

TEST_F(EvictionTest, VolatileLruKeepsWhatWasUsed) {
  for (uint64_t i = 0; i < kKeys; ++i) {
    add(0, i, keyspace_.access.with_idle_seconds(static_cast<int64_t>(kKeys - i)), kNow + 9999);
  }
  evict_to(kKeys / 2, kVolatileLru);
  EXPECT_LE(count(0, kKeys / 4), kKeys / 4 / 20);
  EXPECT_GE(count(kKeys * 3 / 4, kKeys), kKeys / 4 * 19 / 20);
}

// --- the pool

TEST_F(EvictionTest, WhatIsUsedAfterItWasSeenStays) {
  // All sixteen are candidates after the first eviction; then all but one are used.
  for (uint64_t i = 0; i < 17; ++i) {
    add(0, i, keyspace_.access.with_idle_seconds(static_cast<int64_t>(1000 - i)));
  }
  evict_to(16, kAllLru, 64);
  EXPECT_FALSE(has(0));
  for (uint64_t i = 1; i < 17; ++i) {
    if (i != 13) keyspace_.access.touch(*database_.find(Key(key_number(i))));
  }
  evict_to(15, kAllLru, 1);
  // One sample may have missed it, but then only something seen as it is now went.
  EXPECT_EQ(total_keys(), 15u);
  EXPECT_FALSE(has(13));
}

TEST_F(EvictionTest, CandidatesThatWentAreForgotten) {
  for (uint64_t i = 0; i < 100; ++i) {
    add(0, i, keyspace_.access.with_idle_seconds(static_cast<int64_t>(1000 - i)), kNow + 1000);
  }
  evict_to(99, kVolatileLru, 64);
  database_.clear(nullptr);
  for (uint64_t i = 200; i < 210; ++i) add(0, i, keyspace_.access.initial(), kNow + 1000);
  for (uint64_t i = 0; i < 30; ++i) add(0, i, keyspace_.access.with_idle_seconds(1000 - i));
  EXPECT_EQ(evict_to(30, kVolatileLru), EvictionResult::kOk);
  EXPECT_EQ(count(0, 30), 30u);  // same names, but persistent now
}

TEST_F(EvictionTest, AnotherPolicyStartsWithAnEmptyPool) {
  for (uint64_t i = 0; i < 40; ++i) {
    add(0, i, keyspace_.access.with_idle_seconds(static_cast<int64_t>(i)),
        kNow + 1000 + static_cast<int64_t>(i));
  }
  evict_to(39, kAllLru, 64);
  EXPECT_FALSE(has(39));
  evict_to(38, kVolatileTtl, 64);
  EXPECT_FALSE(has(0));
}

TEST_F(EvictionTest, EvictsTheBestOfAllDatabases) {
  for (uint64_t i = 0; i < 60; ++i) {
    add(static_cast<int>(i % 3), i, keyspace_.access.with_idle_seconds(static_cast<int64_t>(i)));
  }
  evict_to(57, kAllLru, 64);
  for (uint64_t i = 57; i < 60; ++i) EXPECT_FALSE(has(i, static_cast<int>(i % 3))) << i;
}

TEST_F(EvictionTest, EveryKeyOfATinyDatabaseCanGo) {
  for (const uint64_t keys : {1, 2, 7, 8, 20}) {
    for (uint64_t i = 0; i < keys; ++i) add(1, i, 0);
    for (uint64_t left = keys; left-- > 1;) {
      ASSERT_EQ(evict_to(left, kAllLru), EvictionResult::kOk);
      ASSERT_EQ(total_keys(), left);
    }
  }
}

// --- time

TEST_F(EvictionTest, TheTimeLimitGrowsWithTenacity) {
  EXPECT_EQ(Eviction::time_limit_us(0), 0);
  EXPECT_EQ(Eviction::time_limit_us(1), 50);
  EXPECT_EQ(Eviction::time_limit_us(10), 500);
  EXPECT_EQ(Eviction::time_limit_us(11), 575);
  EXPECT_EQ(Eviction::time_limit_us(20), 2022);
  EXPECT_NEAR(static_cast<double>(Eviction::time_limit_us(99)), 126'205'358, 1000);
  EXPECT_EQ(Eviction::time_limit_us(100), INT64_MAX);
}

TEST_F(EvictionTest, StopsWhenItsTimeIsUpAndGoesOnLater) {
  for (uint64_t i = 0; i < 1000; ++i) add(0, i, 0);
  us_a_reading_ = 300;  // two readings after the start are over the limit of 500
  EXPECT_EQ(evict_to(500, kAllLru, 5, 10), EvictionResult::kRunning);
  EXPECT_EQ(total_keys(), 1000u - 32);
  size_t runs = 1;
  while (evict_to(500, kAllLru, 5, 10) == EvictionResult::kRunning) ASSERT_LE(++runs, 20u);
  EXPECT_EQ(total_keys(), 500u);
  EXPECT_EQ(runs, 15u);
}

TEST_F(EvictionTest, CountsTheTimeAboveTheLimit) {
  EXPECT_EQ(eviction_.exceeded_us(), 0);
  add(0, 1, 0);
  add(0, 2, 0);
  EXPECT_EQ(evict_to(1, kNoEviction), EvictionResult::kFail);
  now_us_ += 700;
  EXPECT_EQ(eviction_.exceeded_us(), 700);
  EXPECT_EQ(evict_to(1, kNoEviction), EvictionResult::kFail);
  now_us_ += 300;
  EXPECT_EQ(eviction_.exceeded_us(), 1000);
  EXPECT_EQ(eviction_.exceeded_total_us(), 1000);
  EXPECT_EQ(evict_to(1, kAllLru), EvictionResult::kOk);
  now_us_ += 5000;
  EXPECT_EQ(eviction_.exceeded_us(), 0);
  EXPECT_EQ(eviction_.exceeded_total_us(), 1000);
  eviction_.reset_statistics();
  EXPECT_EQ(eviction_.exceeded_total_us(), 0);
  EXPECT_EQ(eviction_.evicted_keys(), 0u);
}

// --- lazy freeing

constexpr uint64_t kLarge = 3 << 20;

TEST_F(EvictionTest, MemoryOnItsWayBackIsNotEvictedTwice) {
  keyspace_.lazy_eviction = true;
  for (uint64_t i = 0; i < 20; ++i) put(database_, key_number(i), std::string(kLarge, 'x'));
  // What is handed over counts as used until it is freed, as with a real allocator.
  const auto used = [this] {
    return database_.size() * kLarge + keyspace_.lazy_free.pending_bytes();
  };
  const EvictionSettings settings{
      .max_bytes = 12 * kLarge, .policy = kAllLru, .samples = 5, .tenacity = 100};
  EXPECT_EQ(eviction_.run(keyspace_, settings, used), EvictionResult::kOk);
  EXPECT_GE(database_.size(), 12u);
  keyspace_.lazy_free.drain();
  EXPECT_EQ(eviction_.run(keyspace_, settings, used), EvictionResult::kOk);
  EXPECT_EQ(database_.size(), 12u);
  keyspace_.lazy_free.drain();
  EXPECT_EQ(keyspace_.lazy_free.freed(), 8u);
}

TEST_F(EvictionTest, WaitsForWhatIsBeingFreedBeforeItFails) {
  for (uint64_t i = 0; i < 5000; ++i) put(database_, key_number(i), std::string(2000, 'x'));
  database_.clear(keyspace_.lazy(true));
  const auto used = [this] { return keyspace_.lazy_free.pending() > 0 ? uint64_t{1} << 40 : 1; };
  const EvictionSettings settings{
      .max_bytes = 1000, .policy = kNoEviction, .samples = 5, .tenacity = 100};
  EXPECT_EQ(eviction_.run(keyspace_, settings, used), EvictionResult::kOk);
  EXPECT_EQ(keyspace_.lazy_free.freed(), 5000u);
}

TEST_F(EvictionTest, RunsByTheRealClockToo) {
  Eviction eviction;
  for (uint64_t i = 0; i < 10; ++i) add(0, i, 0);
  const EvictionSettings settings{
      .max_bytes = 500, .policy = kAllRandom, .samples = 5, .tenacity = 100};
  EXPECT_EQ(eviction.run(keyspace_, settings, [this] { return total_keys() * kBytesAKey; }),
            EvictionResult::kOk);
  EXPECT_EQ(total_keys(), 5u);
}

}  // namespace
}  // namespace spinel::storage
