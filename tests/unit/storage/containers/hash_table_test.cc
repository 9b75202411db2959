#include "storage/containers/hash_table.h"

#include <gtest/gtest.h>
#include <unordered_map>
#include <utility>
#include <vector>

#include "storage/base/random.h"
#include "tests/support/effort.h"
#include "tests/unit/storage/containers/hash_table_fixture.h"

namespace spinel::storage {
namespace {

constexpr size_t kBucketBytes = 64;

uint64_t same_hash(uint64_t) {
  return 0x5500'0000'0000'0123ULL;
}
// Every element wants the same bucket, and the tags are of no use either where they are zero.
uint64_t same_low_bits(uint64_t id) {
  return id << 48;
}

// A set of numbers that can also give one at random.
class Model {
 public:
  bool contains(uint64_t id) const { return index_.contains(id); }
  size_t size() const { return ids_.size(); }
  const std::vector<uint64_t>& ids() const { return ids_; }
  uint64_t any(Random& random) const { return ids_[random.below(ids_.size())]; }
  void insert(uint64_t id) {
    index_[id] = ids_.size();
    ids_.push_back(id);
  }
  void erase(uint64_t id) {
    const size_t at = index_.at(id);
    ids_[at] = ids_.back();
    index_[ids_[at]] = at;
    ids_.pop_back();
    index_.erase(id);
  }

 private:
  std::unordered_map<uint64_t, size_t> index_;
  std::vector<uint64_t> ids_;
};

// The table holds each of the model's elements once, and nothing else.
template <typename Table>
void expect_same(Table& table, const Model& model) {
  ASSERT_EQ(table.table.size(), model.size());
  std::unordered_map<uint64_t, int> seen;
  table.table.for_each([&seen](uint64_t slot) { ++seen[slot]; });
  ASSERT_EQ(seen.size(), model.size());
  for (const uint64_t id : model.ids()) {
    ASSERT_EQ(seen[id], 1) << id;
    ASSERT_TRUE(table.contains(id)) << id;
  }
}

// Inserts and erases at random so that the size drifts to `target`.
template <typename Table>
void drift(Table& table, Model& model, Random& random, size_t target, bool with_resize_steps) {
  for (size_t step = 0; model.size() != target; ++step) {
    const bool up = model.size() < target;
    if (model.size() == 0 || random.below(10) < (up ? 8u : 2u)) {
      const uint64_t id = random.next();
      if (model.contains(id)) continue;
      table.insert(id);
      model.insert(id);
      ASSERT_TRUE(table.contains(id));
    } else {
      const uint64_t id = model.any(random);
      ASSERT_TRUE(table.erase(id));
      model.erase(id);
      ASSERT_FALSE(table.contains(id));
    }
    ASSERT_EQ(table.table.size(), model.size());
    if (model.size() > 0) {
      ASSERT_TRUE(table.contains(model.any(random)));
    }
    ASSERT_FALSE(table.erase(random.next()));
    if (with_resize_steps && step % 5 == 0) table.table.resize_step(random.below(4));
  }
}

template <typename Table>
void follow_model(uint64_t seed, std::initializer_list<int> sizes, bool with_resize_steps) {
  SCOPED_TRACE(seed);
  Random random(seed);
  Table table;
  Model model;
  for (const int size : sizes) {
    ASSERT_NO_FATAL_FAILURE(
        drift(table, model, random, static_cast<size_t>(size), with_resize_steps))
        << size;
    ASSERT_NO_FATAL_FAILURE(expect_same(table, model)) << size;
  }
}

TEST(HashTable, AnEmptyOneHasNothing) {
  IdTable<mixed_hash> table;
  Random random(1);
  EXPECT_EQ(table.table.size(), 0u);
  EXPECT_TRUE(table.table.empty());
  EXPECT_EQ(table.table.memory_bytes(), 0u);
  EXPECT_FALSE(table.contains(0));
  EXPECT_FALSE(table.contains(7));
  EXPECT_EQ(table.table.random(random), nullptr);
  EXPECT_EQ(table.table.scan(0, [](uint64_t) { FAIL(); }), 0u);
  table.table.sample_buckets(random, 10, [](uint64_t) { FAIL(); });
  EXPECT_FALSE(table.table.resize_step(10));
}

TEST(HashTable, FollowsAModelThroughSmallSizes) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    follow_model<IdTable<mixed_hash>>(seed, {1, 0, 7, 8, 9, 0, 70, 3, 500, 20, 0}, seed % 2 == 0);
  }
}

TEST(HashTable, FollowsAModelThroughGrowthAndShrink) {
  follow_model<IdTable<mixed_hash>>(
      2024, {test::effort(200'000), test::effort(50'000), test::effort(120'000), 0}, false);
}

TEST(HashTable, FollowsAModelWithResizeStepsInBetween) {
  follow_model<IdTable<mixed_hash>>(77, {60'000, 1000, 20'000, 0}, true);
}

TEST(HashTable, FollowsAModelWhereAllHashesAreEqual) {
  follow_model<IdTable<same_hash>>(5, {400, 10, 100, 0}, false);
}

TEST(HashTable, FollowsAModelWhereAllLowBitsAreEqual) {
  follow_model<IdTable<same_low_bits>>(6, {700, 6, 7, 8, 300, 0}, true);
}

TEST(HashTable, LongChainsGiveTheirBucketsBack) {
  IdTable<same_hash> table;
  Random random(9);
  Model model;
  drift(table, model, random, 300, false);
  // Six in each bucket that has a link, up to seven in the last.
  EXPECT_EQ(table.table.statistics().overflow_buckets, 299u / 6);
  EXPECT_EQ(table.table.statistics().longest_chain, 300u);
  drift(table, model, random, 7, false);
  EXPECT_EQ(table.table.statistics().overflow_buckets, 0u);
  expect_same(table, model);
}

TEST(HashTable, GrowsToEightElementsABucket) {
  IdTable<mixed_hash> table;
  for (uint64_t id = 0; id < 100'000; ++id) {
    table.insert(id);
    const auto statistics = table.table.statistics();
    if (!table.table.resizing()) {
      ASSERT_LE(table.table.size(), statistics.buckets[0] * 8 + 1);
    } else {
      ASSERT_EQ(statistics.buckets[1], statistics.buckets[0] * 2);
      ASSERT_LE(table.table.size(), statistics.buckets[1] * 8);
    }
  }
}

TEST(HashTable, MemoryFollowsTheSizeDown) {
  constexpr uint64_t kElements = 200'000;
  IdTable<mixed_hash> table;
  for (uint64_t id = 0; id < kElements; ++id) table.insert(id);
  EXPECT_LE(table.table.memory_bytes(), kElements * 16);
  // The worst moment is the middle of a shrink, with both arrays.
  for (uint64_t id = 0; id < kElements; ++id) {
    ASSERT_TRUE(table.erase(id));
    const size_t spare = 32 * kBucketBytes;
    ASSERT_LE(table.table.memory_bytes(), table.table.size() * 3 * kBucketBytes + spare) << id;
  }
  EXPECT_TRUE(table.table.empty());
  while (table.table.resize_step(10)) {
  }
  EXPECT_LE(table.table.memory_bytes(), 32 * kBucketBytes);
}

TEST(HashTable, AResizeIsDoneInBoundedSteps) {
  IdTable<mixed_hash> table;
  uint64_t id = 0;
  while (table.table.size() < 50'000 || !table.table.resizing()) table.insert(id++);
  const size_t buckets = table.table.statistics().buckets[0];
  size_t steps = 0;
  while (table.table.resize_step(1)) ++steps;
  // All buckets of a table about to grow hold something: a step moves exactly one.
  EXPECT_GE(steps, buckets * 9 / 10);
  EXPECT_LE(steps, buckets);
  EXPECT_FALSE(table.table.resizing());
  for (uint64_t known = 0; known < id; ++known) ASSERT_TRUE(table.contains(known));
}

TEST(HashTable, ReservedRoomNeedsNoResize) {
  IdTable<mixed_hash> table;
  table.table.reserve(10'000);
  const size_t slots = table.table.slot_count();
  for (uint64_t id = 0; id < 10'000; ++id) {
    table.insert(id);
    ASSERT_FALSE(table.table.resizing());
  }
  EXPECT_EQ(table.table.slot_count(), slots);
  for (uint64_t id = 0; id < 10'000; ++id) ASSERT_TRUE(table.contains(id));
}

TEST(HashTable, SlotsMayBeRewritten) {
  // As the keyspace does with an entry that moved: the key stays, the slot changes.
  IdTable<mixed_hash> table;
  for (uint64_t id = 0; id < 1000; ++id) {
    uint64_t* slot = table.table.insert(mixed_hash(id), ~uint64_t{0});
    *slot = id;
  }
  for (uint64_t id = 0; id < 1000; ++id) ASSERT_TRUE(table.contains(id));
}

TEST(HashTable, MovesSwapsAndClears) {
  IdTable<mixed_hash> table;
  for (uint64_t id = 0; id < 5000; ++id) table.insert(id);
  IdTable<mixed_hash> other;
  other.insert(9999);
  other.table.swap(table.table);
  EXPECT_EQ(other.table.size(), 5000u);
  EXPECT_TRUE(table.contains(9999));
  IdTable<mixed_hash> third;
  third.table = std::move(other.table);
  for (uint64_t id = 0; id < 5000; ++id) ASSERT_TRUE(third.contains(id));
  third.table.clear();
  EXPECT_EQ(third.table.size(), 0u);
  EXPECT_EQ(third.table.memory_bytes(), 0u);
  third.insert(1);
  EXPECT_TRUE(third.contains(1));
}

TEST(HashTable, PrefetchingChangesNothing) {
  IdTable<mixed_hash> table;
  table.table.prefetch_bucket(1);
  table.table.prefetch_element(1);
  for (uint64_t id = 0; id < 3000; ++id) {
    table.table.prefetch_bucket(mixed_hash(id));
    table.table.prefetch_element(mixed_hash(id));
    table.insert(id);
    table.table.prefetch_element(mixed_hash(id));
  }
  EXPECT_EQ(table.table.size(), 3000u);
}

}  // namespace
}  // namespace spinel::storage
