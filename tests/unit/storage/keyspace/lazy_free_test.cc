#include "storage/keyspace/lazy_free.h"

#include <gtest/gtest.h>

#include "storage/base/memory.h"
#include "tests/unit/storage/idle_memory.h"
#include "tests/unit/storage/keyspace/fixture.h"

namespace spinel::storage {
namespace {

constexpr size_t kLarge = 2 << 20;

TEST(LazyFree, TakesOnlyWhatIsLarge) {
  RawString* small = RawString::create(5000, 5000);
  RawString* large = RawString::create(kLarge, kLarge);
  EXPECT_FALSE(LazyFree::worth_it(Encoding::kRaw, small));
  EXPECT_TRUE(LazyFree::worth_it(Encoding::kRaw, large));
  RawString::destroy(small);
  RawString::destroy(large);
}

TEST(LazyFree, CountsWhatItFreed) {
  LazyFree lazy;
  EXPECT_EQ(lazy.pending(), 0u);
  for (int i = 0; i < 20; ++i) lazy.enqueue(Encoding::kRaw, RawString::create(kLarge, kLarge));
  lazy.drain();
  EXPECT_EQ(lazy.pending(), 0u);
  EXPECT_EQ(lazy.freed(), 20u);
  lazy.reset_freed();
  EXPECT_EQ(lazy.freed(), 0u);
  lazy.drain();
}

TEST(LazyFree, TellsTheBytesThatArePending) {
  const FixedHashSeed seed;
  LazyFree lazy;
  EXPECT_EQ(lazy.pending_bytes(), 0u);
  Database database(0);
  for (uint64_t i = 0; i < 20'000; ++i) put(database, key_number(i), "value");
  database.clear(&lazy);
  // Either it is not freed yet, or it is by now; waiting ends in both cases.
  while (lazy.pending() > 0) {
    EXPECT_LE(lazy.pending_bytes(), 20'000u * 100);
    lazy.wait(1000);
  }
  lazy.wait(3'600'000'000);
  EXPECT_EQ(lazy.pending_bytes(), 0u);
}

TEST(LazyFree, FreesAllBeforeItEnds) {
  // What it forgot would be a leak, which the sanitized build reports.
  LazyFree lazy;
  for (int i = 0; i < 50; ++i) lazy.enqueue(Encoding::kRaw, RawString::create(kLarge, kLarge));
}

TEST(LazyFree, ADatabaseCountsItsKeys) {
  const FixedHashSeed seed;
  const int64_t idle_before = count_idle_memory();
  LazyFree lazy;
  Database database(0);
  for (uint64_t i = 0; i < 3000; ++i) {
    put(database, key_number(i), std::string(i % 1500, 'x'), i % 2 == 0 ? kNoExpiry : 5);
  }
  database.clear(&lazy);
  EXPECT_EQ(database.size(), 0u);
  EXPECT_EQ(database.volatile_count(), 0u);
  put(database, "new", "value");
  lazy.drain();
  EXPECT_EQ(lazy.freed(), 3000u);
  EXPECT_EQ(get(database, "new"), "value");
  database.clear(nullptr);
  database.clear(&lazy);  // nothing in it: nothing to hand over
  EXPECT_EQ(lazy.pending(), 0u);
  EXPECT_EQ(lazy.freed(), 3000u);
  EXPECT_EQ(count_idle_memory(), idle_before);
}

}  // namespace
}  // namespace spinel::storage
