// Collections that are built from many elements at once are those that would be built one by one.
#include <gtest/gtest.h>
#include <map>
#include <memory>

#include "storage/containers/intset.h"
#include "storage/types/hash.h"
#include "storage/types/sorted_set.h"

namespace spinel::storage {
namespace {

constexpr HashLimits kHashLimits{8, 64};

// In an order that is neither up nor down.
size_t shuffled(size_t i, size_t count) {
  return i * 7919 % count;
}

TEST(SortedSetBuilder, SortsWhateverComes) {
  for (const size_t count : {1, 2, 15, 16, 17, 33, 1000}) {
    for (const int order : {0, 1, 2}) {
      SortedSet::Builder builder(count / 2);
      std::map<std::pair<double, std::string>, bool> expected;
      for (size_t i = 0; i < count; ++i) {
        const size_t number = order == 0 ? i : order == 1 ? count - 1 - i : shuffled(i, count);
        const std::string member =
            std::string(number % 7 == 0 ? 300 : 1, 'm') + std::to_string(number);
        const auto score = static_cast<double>(number / 3);
        builder.add(member, score);
        expected[{score, member}] = true;
      }
      std::optional<SortedSet> set = builder.finish();
      ASSERT_TRUE(set);
      ASSERT_EQ(set->size(), count);
      auto at = expected.begin();
      set->visit(0, count, false, [&](std::string_view member, double score) {
        EXPECT_EQ(score, at->first.first);
        EXPECT_EQ(member, at->first.second);
        ++at;
      });
      for (const auto& [key, unused] : expected) EXPECT_TRUE(set->find(key.second));
      SortedSet::destroy(set->encoding(), set->object());
    }
  }
}

TEST(SortedSetBuilder, NoticesAMemberThatComesTwice) {
  for (const size_t apart : {1, 15, 16, 17, 100}) {
    SortedSet::Builder builder(10);
    builder.add(std::string(300, 'x'), 1);
    for (size_t i = 1; i < apart; ++i) builder.add(std::to_string(i), 2);
    builder.add(std::string(300, 'x'), 3);
    EXPECT_FALSE(builder.finish());
  }
}

TEST(SortedSetBuilder, MayBeGivenUp) {
  SortedSet::Builder builder(10);
  for (int i = 0; i < 40; ++i) builder.add(std::string(300, 'x') + std::to_string(i), 1);
}

TEST(HashBuilder, HoldsWhatWasAdded) {
  for (const size_t count : {1, 8, 9, 16, 17, 1000}) {
    Hash::Builder builder(count, kHashLimits);
    const auto expiry = [](size_t i) { return i % 3 == 0 ? kNoExpiry : static_cast<int64_t>(i); };
    for (size_t i = 0; i < count; ++i) {
      builder.add("f" + std::to_string(i), std::string(i % 5 == 0 ? 50 : 2, 'v'), expiry(i));
    }
    std::optional<Hash> hash = builder.finish();
    ASSERT_TRUE(hash);
    EXPECT_EQ(hash->is_table(), count > kHashLimits.max_entries);
    ASSERT_EQ(hash->size(), count);
    EXPECT_EQ(hash->volatile_count(), count - (count + 2) / 3);
    for (size_t i = 0; i < count; ++i) {
      const std::string name = "f" + std::to_string(i);
      const auto found = hash->find(HashField(name));
      ASSERT_TRUE(found);
      EXPECT_EQ(found->expire_at_ms, expiry(i));
    }
    Hash::destroy(hash->encoding(), hash->object());
  }
}

TEST(HashBuilder, NoticesAFieldThatComesTwice) {
  for (const size_t fields : {2, 100}) {
    Hash::Builder builder(fields, kHashLimits);
    for (size_t i = 1; i < fields; ++i) builder.add(std::to_string(i), std::string(300, 'v'), 5);
    builder.add("1", "again", 5);
    EXPECT_FALSE(builder.finish());
  }
}

TEST(HashBuilder, MayBeGivenUp) {
  for (const size_t fields : {4, 40}) {
    Hash::Builder builder(fields, kHashLimits);
    for (size_t i = 0; i < fields; ++i) builder.add(std::to_string(i), std::string(300, 'v'), 5);
  }
}

TEST(IntsetFromRaw, IsTheSameSet) {
  Intset* set = Intset::create();
  for (const int64_t value : {5, -70'000, 3, 1'000'000}) Intset::insert(set, value);
  Intset* copy = Intset::from_raw(set->raw());
  EXPECT_EQ(copy->raw(), set->raw());
  EXPECT_TRUE(Intset::insert(copy, 7));
  EXPECT_EQ(copy->count(), 5u);
  Intset::destroy(copy);
  Intset::destroy(set);
}

}  // namespace
}  // namespace spinel::storage
