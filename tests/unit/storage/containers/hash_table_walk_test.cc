// Scanning and sampling.
#include <algorithm>
#include <cmath>
#include <deque>
#include <gtest/gtest.h>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "storage/base/random.h"
#include "storage/containers/hash_table.h"
#include "tests/support/effort.h"
#include "tests/unit/storage/containers/hash_table_fixture.h"

namespace spinel::storage {
namespace {

using Table = IdTable<mixed_hash>;

// Numbers from here on come and go while a scan runs.
constexpr uint64_t kTransient = uint64_t{1} << 32;

struct Churn {
  size_t stable;     // elements there from start to end
  size_t transient;  // further elements at the start
  size_t inserts;    // a step, while any are left of `total_inserts`
  size_t total_inserts;
  size_t erases;             // a step, of the transient ones
  size_t erased_before = 0;  // of the transient ones, before the scan starts
};

// Runs scans one after another, each with the changes that `churn` says between its steps.
void scan_under(const Churn& churn, uint64_t seed) {
  SCOPED_TRACE(seed);
  Random random(seed);
  Table table;
  std::deque<uint64_t> transient;
  uint64_t next_id = kTransient;
  const auto add_transient = [&] {
    table.insert(next_id);
    transient.push_back(next_id++);
  };
  for (size_t i = 0; i < std::max(churn.stable, churn.transient); ++i) {
    if (i < churn.stable) table.insert(i);
    if (i < churn.transient) add_transient();
  }

  const auto erase_transient = [&] {
    std::swap(transient[random.below(transient.size())], transient.back());
    ASSERT_TRUE(table.erase(transient.back()));
    transient.pop_back();
  };
  for (size_t i = 0; i < churn.erased_before; ++i) erase_transient();

  std::unordered_set<uint64_t> seen;
  size_t left_to_insert = churn.total_inserts;
  size_t steps = 0;
  size_t most_slots = 0;
  bool saw_resize = false;
  uint64_t cursor = 0;
  do {
    cursor = table.table.scan(cursor, [&seen](uint64_t slot) {
      if (slot < kTransient) seen.insert(slot);
    });
    for (size_t i = 0; i < churn.inserts && left_to_insert > 0; ++i, --left_to_insert) {
      add_transient();
    }
    for (size_t i = 0; i < churn.erases && !transient.empty(); ++i) erase_transient();
    saw_resize |= table.table.resizing();
    most_slots = std::max(most_slots, table.table.slot_count());
    ASSERT_LE(++steps, most_slots) << "the scan does not end";
  } while (cursor != 0);
  EXPECT_EQ(seen.size(), churn.stable);
  EXPECT_TRUE(saw_resize);
}

TEST(HashTableScan, VisitsEachElementOfAQuietTableOnce) {
  for (const uint64_t count : {1, 7, 8, 60, 1000, 30'000}) {
    Table table;
    for (uint64_t id = 0; id < count; ++id) table.insert(id);
    while (table.table.resize_step(100)) {
    }
    std::unordered_map<uint64_t, int> seen;
    uint64_t cursor = 0;
    size_t steps = 0;
    do {
      cursor = table.table.scan(cursor, [&seen](uint64_t slot) { ++seen[slot]; });
      ++steps;
    } while (cursor != 0);
    EXPECT_EQ(steps, table.table.statistics().buckets[0]);
    EXPECT_EQ(seen.size(), count);
    for (const auto& [id, times] : seen) ASSERT_EQ(times, 1) << id;
  }
}

TEST(HashTableScan, FindsAllOfAGrowingTable) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    scan_under(
        {.stable = 2000, .transient = 0, .inserts = 37, .total_inserts = 60'000, .erases = 0},
        seed);
  }
}

TEST(HashTableScan, FindsAllOfAShrinkingTable) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    scan_under({.stable = 500, .transient = 60'000, .inserts = 0, .total_inserts = 0, .erases = 41},
               seed);
  }
}

TEST(HashTableScan, FindsAllWhenTheTableShrinksAtOnce) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    scan_under(
        {.stable = 100, .transient = 30'000, .inserts = 0, .total_inserts = 0, .erases = 3000},
        seed);
  }
}

TEST(HashTableScan, FindsAllUnderSlowResizes) {
  // One insert or erase a step: the scan crosses a resize that is under way nearly all the time.
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    scan_under(
        {.stable = 5000, .transient = 11'380, .inserts = 2, .total_inserts = 9000, .erases = 1},
        seed);
    scan_under({.stable = 500,
                .transient = 15'500,
                .inserts = 0,
                .total_inserts = 0,
                .erases = 1,
                .erased_before = 13'940},
               seed);
  }
}

TEST(HashTableScan, FindsAllWhileTheSizeGoesUpAndDown) {
  constexpr uint64_t kStable = 300;
  for (int seed = 1; seed <= test::effort(10); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Table table;
    for (uint64_t id = 0; id < kStable; ++id) table.insert(id);
    std::vector<uint64_t> transient;
    uint64_t next_id = kTransient;
    std::unordered_set<uint64_t> seen;
    uint64_t cursor = 0;
    for (size_t steps = 0;; ++steps) {
      ASSERT_LT(steps, 20'000u);
      cursor = table.table.scan(cursor, [&seen](uint64_t slot) {
        if (slot < kTransient) seen.insert(slot);
      });
      if (cursor == 0) break;
      const size_t target = random.below(5) == 0 ? random.below(10'000) : transient.size();
      while (transient.size() < target) {
        transient.push_back(next_id);
        table.insert(next_id++);
      }
      while (transient.size() > target) {
        ASSERT_TRUE(table.erase(transient.back()));
        transient.pop_back();
      }
    }
    EXPECT_EQ(seen.size(), kStable);
  }
}

TEST(HashTableScan, EndsFromAnyCursor) {
  Random random(3);
  Table table;
  for (uint64_t id = 0; id < 5000; ++id) table.insert(id);
  for (int i = 0; i < 200; ++i) {
    uint64_t cursor = random.next();
    size_t steps = 0;
    do {
      cursor = table.table.scan(cursor, [](uint64_t) {});
      ASSERT_LE(++steps, table.table.slot_count());
    } while (cursor != 0);
  }
}

// How far the counts are from even, in standard deviations of the chi-square statistic.
double unevenness(const std::unordered_map<uint64_t, uint64_t>& counts, size_t elements,
                  uint64_t draws) {
  const double expected = static_cast<double>(draws) / static_cast<double>(elements);
  double chi_square = static_cast<double>(elements - counts.size()) * expected;
  for (const auto& [id, count] : counts) {
    const double off = static_cast<double>(count) - expected;
    chi_square += off * off / expected;
  }
  const double freedom = static_cast<double>(elements - 1);
  return (chi_square - freedom) / std::sqrt(2 * freedom);
}

template <typename AnyTable>
void expect_even_draws(AnyTable& table, uint64_t seed) {
  SCOPED_TRACE(seed);
  Random random(seed);
  const uint64_t draws = table.table.size() * 100;
  std::unordered_map<uint64_t, uint64_t> counts;
  for (uint64_t i = 0; i < draws; ++i) {
    const uint64_t* slot = table.table.random(random);
    ASSERT_NE(slot, nullptr);
    ++counts[*slot];
  }
  EXPECT_LT(std::abs(unevenness(counts, table.table.size(), draws)), 5.0);
}

TEST(HashTableRandom, IsEvenInAFullTable) {
  Table table;
  for (uint64_t id = 0; id < 2000; ++id) table.insert(id);
  while (table.table.resize_step(100)) {
  }
  expect_even_draws(table, 11);
}

TEST(HashTableRandom, IsEvenInTheMiddleOfGrowth) {
  Table table;
  uint64_t id = 0;
  while (table.table.size() < 2000 || !table.table.resizing()) table.insert(id++);
  const size_t buckets = table.table.statistics().buckets[0];
  table.table.resize_step(buckets / 2);
  ASSERT_TRUE(table.table.resizing());
  expect_even_draws(table, 12);
}

TEST(HashTableRandom, IsEvenInASparseTable) {
  Table table;
  for (uint64_t id = 0; id < 16'000; ++id) table.insert(id);
  // As sparse as it gets without shrinking, then in the middle of shrinking.
  uint64_t id = 0;
  while (!table.table.resizing()) ASSERT_TRUE(table.erase(id++));
  ASSERT_LT(table.table.size(), table.table.statistics().buckets[0]);
  expect_even_draws(table, 13);
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(table.erase(id++));
  ASSERT_TRUE(table.table.resizing());
  expect_even_draws(table, 14);
}

TEST(HashTableRandom, IsEvenInATinyTable) {
  Table table;
  for (uint64_t id = 0; id < 3; ++id) table.insert(id);
  Random random(15);
  std::unordered_map<uint64_t, int> counts;
  for (int i = 0; i < 9000; ++i) ++counts[*table.table.random(random)];
  for (uint64_t id = 0; id < 3; ++id) EXPECT_NEAR(counts[id], 3000, 300) << id;
}

uint64_t same_hash(uint64_t) {
  return 42;
}

TEST(HashTableRandom, IsEvenInALongChain) {
  IdTable<same_hash> table;
  for (uint64_t id = 0; id < 200; ++id) table.insert(id);
  expect_even_draws(table, 16);
}

TEST(HashTableRandom, FindsTheOneElementOfALargeReservedTable) {
  Table table;
  table.table.reserve(1'000'000);
  table.insert(5);
  Random random(17);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(*table.table.random(random), 5u);
}

TEST(HashTableSample, BucketsReachEveryElement) {
  Table table;
  uint64_t id = 0;
  while (table.table.size() < 1000 || !table.table.resizing()) table.insert(id++);
  Random random(18);
  std::unordered_set<uint64_t> seen;
  for (int i = 0; i < 20'000 && seen.size() < table.table.size(); ++i) {
    table.table.sample_buckets(random, 2, [&seen](uint64_t slot) { seen.insert(slot); });
  }
  EXPECT_EQ(seen.size(), table.table.size());
}

}  // namespace
}  // namespace spinel::storage
