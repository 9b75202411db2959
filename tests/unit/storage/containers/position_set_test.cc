#include "storage/containers/position_set.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/memory.h"
#include "storage/base/random.h"

namespace spinel::storage {
namespace {

using Model = std::set<uint32_t>;

std::vector<uint32_t> contents(const PositionSet& set, uint32_t first = 0,
                               uint32_t last = UINT32_MAX) {
  std::vector<uint32_t> all;
  set.visit(first, last, [&](std::span<const uint32_t> part) {
    EXPECT_FALSE(part.empty());
    all.insert(all.end(), part.begin(), part.end());
  });
  return all;
}

// Positions from a window, so that they are as dense as its width says, at either end of the space.
class PositionSetIn : public testing::TestWithParam<std::pair<uint32_t, uint32_t>> {
 protected:
  uint32_t low() const { return GetParam().first; }
  uint32_t width() const { return GetParam().second; }
  uint32_t any() { return low() + static_cast<uint32_t>(random_.below(width())); }
  std::pair<uint32_t, uint32_t> any_range() {
    uint32_t first = any();
    uint32_t last = any();
    if (first > last) std::swap(first, last);
    return {first, last};
  }

  void insert(uint32_t position) {
    ASSERT_EQ(set_.insert(position), model_.insert(position).second) << position;
  }
  void erase(uint32_t position) {
    ASSERT_EQ(set_.erase(position), model_.erase(position) == 1) << position;
  }
  void erase_range(uint32_t first, uint32_t last) {
    const auto begin = model_.lower_bound(first);
    const auto end = model_.upper_bound(last);
    const auto count = static_cast<uint64_t>(std::distance(begin, end));
    model_.erase(begin, end);
    ASSERT_EQ(set_.erase_range(first, last), count) << first << ' ' << last;
  }

  void check_all() const {
    ASSERT_EQ(set_.count(), model_.size());
    ASSERT_EQ(contents(set_), std::vector<uint32_t>(model_.begin(), model_.end()));
  }
  void check_questions() {
    const uint32_t at = any();
    ASSERT_EQ(set_.contains(at), model_.contains(at));
    const auto next = model_.lower_bound(at);
    ASSERT_EQ(set_.next(at), next == model_.end() ? std::nullopt : std::optional<uint32_t>(*next));
    uint64_t missing = at;
    for (auto it = next; it != model_.end() && *it == missing; ++it) ++missing;
    ASSERT_EQ(set_.next_missing(at), missing);

    const auto [first, last] = any_range();
    const std::vector<uint32_t> part(model_.lower_bound(first), model_.upper_bound(last));
    ASSERT_EQ(contents(set_, first, last), part);
    ASSERT_EQ(set_.count_range(first, last), part.size());
  }
  void check_read() {
    const size_t first_byte = any() / 8;
    const size_t to_end = (size_t{1} << 29) - first_byte;
    std::vector<unsigned char> expected(std::min(random_.below(200) + 1, to_end));
    std::vector<unsigned char> bytes(expected.size());
    for (size_t i = 0; i < expected.size() * 8; ++i) {
      const uint64_t position = first_byte * 8 + i;
      if (!model_.contains(static_cast<uint32_t>(position))) continue;
      expected[i / 8] |= static_cast<unsigned char>(1U << (i % 8));
    }
    set_.read(first_byte, bytes);
    ASSERT_EQ(bytes, expected);
  }
  void check_cursor() {
    PositionSet::Cursor cursor(set_);
    const uint64_t step = width() / 500 + 1;
    for (uint64_t at = low() + random_.below(step); at < uint64_t{low()} + width();
         at += random_.below(step) + 1) {
      const auto position = static_cast<uint32_t>(at);
      ASSERT_EQ(cursor.seek(position), model_.contains(position)) << position;
    }
  }

  Random random_{20250301};
  PositionSet set_;
  Model model_;
};

INSTANTIATE_TEST_SUITE_P(Windows, PositionSetIn,
                         testing::Values(std::pair(0U, 5000U), std::pair(0U, 40'000U),
                                         std::pair(1'000'000U, 10'000'000U),
                                         std::pair(UINT32_MAX - 29'999U, 30'000U),
                                         std::pair(0U, UINT32_MAX)));

TEST_P(PositionSetIn, IsASortedSet) {
  for (int step = 0; step < 60'000; ++step) {
    const bool growing = step / 15'000 % 2 == 0;
    const uint64_t choice = random_.below(1000);
    if (choice < (growing ? 800 : 150)) {
      insert(any());
    } else if (choice < 998 || model_.empty()) {
      // What is there, more often than not.
      const auto it = model_.lower_bound(any());
      erase(it == model_.end() ? any() : *it);
    } else {
      const uint32_t first = any();
      const uint64_t last = first + random_.below(width() / 16);
      erase_range(first, static_cast<uint32_t>(std::min<uint64_t>(last, UINT32_MAX)));
    }
    ASSERT_FALSE(HasFatalFailure()) << step;
    if (step % 500 == 0) {
      check_all();
      check_questions();
      check_read();
      check_cursor();
      ASSERT_FALSE(HasFatalFailure()) << step;
    }
  }
  erase_range(0, UINT32_MAX);
  check_all();
  EXPECT_EQ(set_.next(0), std::nullopt);
}

TEST_P(PositionSetIn, DuplicatesAndMovesWhole) {
  for (int i = 0; i < 5000; ++i) insert(any());
  PositionSet copy = set_.duplicate();
  const std::vector<uint32_t> before = contents(set_);
  for (int i = 0; i < 2000; ++i) erase(any());
  for (int i = 0; i < 2000; ++i) insert(any());
  check_all();
  EXPECT_EQ(contents(copy), before);
  EXPECT_EQ(contents(PositionSet::from_sorted(before)), before);

  PositionSet moved(std::move(copy));
  EXPECT_EQ(contents(moved), before);
  set_ = std::move(moved);
  EXPECT_EQ(contents(set_), before);
}

TEST(PositionSet, TakesPositionsInOrderWithoutWaste) {
  PositionSet ascending;
  PositionSet descending;
  for (uint32_t i = 0; i < 50'000; ++i) {
    ascending.insert(i * 7);
    descending.insert((50'000 - i) * 7);
  }
  EXPECT_LT(ascending.memory_bytes(), 50'000 * 4.2);
  EXPECT_LT(descending.memory_bytes(), 50'000 * 4.6);
}

TEST(PositionSet, GivesMemoryBackAsItShrinks) {
  Random random(7);
  PositionSet set;
  std::vector<uint32_t> all;
  for (int i = 0; i < 50'000; ++i) {
    all.push_back(static_cast<uint32_t>(random.next()));
    set.insert(all.back());
  }
  while (all.size() > 500) {
    set.erase(all.back());
    all.pop_back();
  }
  EXPECT_LE(set.count(), 500U);
  EXPECT_LT(set.memory_bytes(), 6000U);
}

TEST(PositionSet, FindsGapsAcrossLeaves) {
  PositionSet set;
  for (uint32_t i = 100; i < 10'000; ++i) set.append(i);
  for (const uint32_t from : {100U, 1123U, 1124U, 5000U, 9999U}) {
    EXPECT_EQ(set.next_missing(from), 10'000U);
  }
  EXPECT_EQ(set.next_missing(99), 99U);
  set.erase(5120);
  EXPECT_EQ(set.next_missing(100), 5120U);
  set.insert(UINT32_MAX);
  EXPECT_EQ(set.next_missing(UINT32_MAX), uint64_t{1} << 32);
}

#ifndef SPINEL_SANITIZED
TEST(PositionSet, KnowsWhatItTakes) {
  register_memory_thread();
  Random random(11);
  const size_t before = used_memory();
  {
    PositionSet set;
    for (int step = 0; step < 30'000; ++step) {
      const auto position = static_cast<uint32_t>(random.below(60'000) * 1000);
      if (step < 20'000) {
        set.insert(position);
      } else {
        set.erase(position);
      }
      if (step % 100 == 0) {
        ASSERT_EQ(set.memory_bytes(), used_memory() - before) << step;
      }
    }
    set.erase_range(0, 30'000'000);
    EXPECT_EQ(set.memory_bytes(), used_memory() - before);
  }
  EXPECT_EQ(used_memory(), before);
}
#endif

}  // namespace
}  // namespace spinel::storage
