// The main thread goes on with its work while what it handed over is freed on the other one.

#include "storage/keyspace/lazy_free.h"

#include <gtest/gtest.h>
#include <string>

#include "storage/base/memory.h"
#include "storage/types/hash.h"
#include "storage/types/list.h"
#include "storage/types/set.h"
#include "storage/types/sorted_set.h"
#include "tests/unit/storage/idle_memory.h"
#include "tests/unit/storage/keyspace/fixture.h"

namespace spinel::storage {
namespace {

constexpr size_t kLarge = 2 << 20;  // worth handing over

class LazyFreeThreads : public testing::Test {
 protected:
  LazyFreeThreads() { register_memory_thread(); }

  // Keys of all kinds: integers, strings in the entry and outside of it, with and without expiry,
  // and collections, which have slabs of their own.
  static void fill(Database& database, uint64_t keys) {
    for (uint64_t i = 0; i < keys; ++i) {
      const std::string value = i % 3 == 0 ? std::to_string(i) : std::string(i % 3000, 'x');
      const Item item = put(database, key_number(i), value, i % 2 == 0 ? kNoExpiry : 5);
      if (i % 10 == 0) make_collection(database, item, i);
    }
  }

  // Replaces the value at `item` by a set, a hash, a sorted set or a list that is not small.
  static void make_collection(Database& database, Item item, uint64_t number) {
    constexpr int kElements = 40;
    const std::string name(item->key());
    const auto store = [&](const auto& collection) {
      database.set_object(Key(name), item, collection.encoding(), collection.object(), kNoExpiry,
                          0);
    };
    const auto fill_with = [&](auto collection, auto&& add) {
      for (int i = 0; i < kElements; ++i) {
        // Members of several classes of size, and some that do not fit a slab page.
        add(collection, "member " + std::to_string(i) + std::string(i * number % 300, 'x'));
      }
      store(collection);
    };
    switch (number / 10 % 4) {
      case 0:
        return fill_with(Set::create(),
                         [](Set& set, const std::string& text) { set.add(SetMember(text), {}); });
      case 1:
        return fill_with(Hash::create(), [](Hash& hash, const std::string& text) {
          hash.set(HashField(text), text, kNoExpiry, {});
        });
      case 2:
        return fill_with(SortedSet::create(), [](SortedSet& set, const std::string& text) {
          set.insert(set.find(text), text, 1, {});
        });
      default:
        return fill_with(List::create(), [](List& list, const std::string& text) {
          list.push(ListEnd::kBack, text, {});
        });
    }
  }

  const FixedHashSeed seed_;
};

TEST_F(LazyFreeThreads, DatabasesAreFilledAgainWhileTheirOldContentsAreFreed) {
  constexpr int kRounds = 20;
  constexpr uint64_t kKeys = 1500;
  const int64_t idle_before = count_idle_memory();
  {
    LazyFree lazy;
    Database database(0);
    for (int round = 0; round < kRounds; ++round) {
      fill(database, kKeys);
      EXPECT_GT(used_memory(), 0u);
      EXPECT_LE(lazy.pending(), round * kKeys);
      database.clear(&lazy);
      EXPECT_EQ(database.size(), 0u);
    }
    fill(database, kKeys);
    lazy.drain();
    EXPECT_EQ(lazy.freed(), kRounds * kKeys);
    EXPECT_EQ(lazy.pending(), 0u);
    EXPECT_EQ(lazy.pending_bytes(), 0u);
    EXPECT_EQ(database.size(), kKeys);
  }
  EXPECT_EQ(count_idle_memory(), idle_before);
}

TEST_F(LazyFreeThreads, ReplacedAndErasedValuesAreFreedBesideNewOnes) {
  constexpr uint64_t kRounds = 60;
  LazyFree lazy;
  Database database(0);
  database.set_replaced_values(&lazy);
  const std::string large(kLarge, 'x');
  for (uint64_t i = 0; i < kRounds; ++i) {
    put(database, "replaced", large);
    put(database, "replaced", "small");
    const Key key("erased");
    database.erase(put(database, key.bytes, large), key, &lazy);
  }
  EXPECT_EQ(get(database, "replaced"), "small");
  lazy.drain();
  EXPECT_EQ(lazy.freed(), 2 * kRounds);
  EXPECT_EQ(lazy.pending_bytes(), 0u);
}

TEST_F(LazyFreeThreads, WaitingSeesEveryStepAndTheEnd) {
  constexpr uint64_t kObjects = 50;
  LazyFree lazy;
  for (uint64_t i = 0; i < kObjects; ++i) {
    lazy.enqueue(Encoding::kRaw, RawString::create(kLarge, kLarge));
  }
  uint64_t freed = 0;
  for (uint64_t left = lazy.pending(); left > 0; left = lazy.pending()) {
    lazy.wait(3'600'000'000);
    EXPECT_LT(lazy.pending(), left);
    EXPECT_GE(lazy.freed(), freed);
    freed = lazy.freed();
  }
  EXPECT_EQ(lazy.freed(), kObjects);
}

TEST_F(LazyFreeThreads, CountersMayBeResetAtAnyTime) {
  LazyFree lazy;
  for (int i = 0; i < 200; ++i) {
    lazy.enqueue(Encoding::kRaw, RawString::create(1000, 1000));
    if (i % 10 == 0) lazy.reset_freed();
  }
  lazy.drain();
  EXPECT_LE(lazy.freed(), 200u);
  EXPECT_EQ(lazy.pending(), 0u);
  lazy.reset_freed();
  EXPECT_EQ(lazy.freed(), 0u);
}

TEST_F(LazyFreeThreads, EndsWithAllThatWasHandedOver) {
  const size_t before = used_memory();
  for (int round = 0; round < 10; ++round) {
    LazyFree lazy;
    Database database(0);
    fill(database, 500);
    database.clear(&lazy);
    for (int i = 0; i < 10; ++i) lazy.enqueue(Encoding::kRaw, RawString::create(kLarge, kLarge));
  }
  EXPECT_LT(used_memory(), before + kLarge);
}

}  // namespace
}  // namespace spinel::storage
