#include "storage/types/set.h"

#include <algorithm>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "storage/types/set_algebra.h"
#include "tests/support/effort.h"

namespace spinel::storage {
namespace {

using testing::ElementsAre;

constexpr SetLimits kDefaults{
    .intset_entries = 512, .listpack_entries = 128, .listpack_value_bytes = 64};

std::string text_of(const SetMember& member) {
  char digits[kMaxInt64Chars];
  return std::string(member.bytes(digits));
}

// A set that is freed at the end.
class OwnSet {
 public:
  OwnSet() : set_(Set::create()) {}
  explicit OwnSet(const std::vector<std::string>& members) : OwnSet() {
    for (const std::string& member : members) add(member);
  }
  explicit OwnSet(const Set& set) : set_(set) {}
  ~OwnSet() { Set::destroy(set_.encoding(), set_.object()); }
  OwnSet(const OwnSet&) = delete;
  OwnSet& operator=(const OwnSet&) = delete;

  Set* operator->() { return &set_; }
  Set& operator*() { return set_; }
  bool add(std::string_view text, const SetLimits& limits = kDefaults) {
    return set_.add(SetMember(text), limits);
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> all;
    set_.for_each([&](const SetMember& member) { all.push_back(text_of(member)); });
    return all;
  }
  std::set<std::string> sorted() const {
    const std::vector<std::string> all = texts();
    std::set<std::string> unique(all.begin(), all.end());
    EXPECT_EQ(unique.size(), all.size()) << "a member was visited twice";
    return unique;
  }

 private:
  Set set_;
};

std::string random_text(Random& random, uint64_t variety) {
  switch (random.below(10)) {
    case 0:
      return std::to_string(static_cast<int64_t>(random.next()) >> random.below(64));
    case 1:
      return std::string(random.below(70), 'x');
    case 2:
      return std::string(random.below(400), 'y');
    case 3:
      return "0" + std::to_string(random.below(10));
    case 4:
    case 5:
      return std::to_string(random.below(variety));
    default:
      return "member" + std::to_string(random.below(variety));
  }
}

TEST(SetTest, AgreesWithAModelUnderRandomChanges) {
  for (uint64_t seed = 1; seed <= 24; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const uint64_t variety = 10 << (seed % 9);
    const bool only_integers = seed % 3 == 0;
    OwnSet set;
    std::set<std::string> model;
    for (int step = 0; step < 6000; ++step) {
      const std::string text =
          only_integers ? std::to_string(random.below(variety)) : random_text(random, variety);
      // It grows, and then shrinks to nothing.
      if (random.below(4) < (step < 3000 ? 3 : 1)) {
        ASSERT_EQ(set.add(text), model.insert(text).second) << text;
      } else if (step < 4500 || model.empty()) {
        ASSERT_EQ(set->remove(SetMember(text)), model.erase(text) == 1) << text;
      } else {
        ASSERT_TRUE(set->remove(SetMember(*model.begin())));
        model.erase(model.begin());
      }
      ASSERT_EQ(set->size(), model.size());
      ASSERT_EQ(set->contains(SetMember(text)), model.contains(text)) << text;
      if (step % 500 == 0) {
        ASSERT_EQ(set.sorted(), model);
      }
    }
    ASSERT_EQ(set.sorted(), model);
  }
}

TEST(SetTest, StartsAsIntsetAndBecomesLargerByTheLimits) {
  OwnSet integers;
  for (int i = 0; i < 512; ++i) integers.add(std::to_string(i));
  EXPECT_EQ(integers->encoding(), Encoding::kIntset);
  integers.add("511");
  EXPECT_EQ(integers->encoding(), Encoding::kIntset);
  integers.add("512");
  EXPECT_EQ(integers->encoding(), Encoding::kTableSet);
  EXPECT_EQ(integers->size(), 513u);

  OwnSet mixed;
  for (int i = 0; i < 127; ++i) mixed.add(std::to_string(i));
  mixed.add("text");
  EXPECT_EQ(mixed->encoding(), Encoding::kListpackSet);
  EXPECT_EQ(mixed->size(), 128u);
  mixed.add("text");
  EXPECT_EQ(mixed->encoding(), Encoding::kListpackSet);
  mixed.add("one more");
  EXPECT_EQ(mixed->encoding(), Encoding::kTableSet);
  EXPECT_EQ(mixed->size(), 129u);

  OwnSet many_integers;
  for (int i = 0; i < 128; ++i) many_integers.add(std::to_string(i));
  many_integers.add("text");
  EXPECT_EQ(many_integers->encoding(), Encoding::kTableSet);
}

TEST(SetTest, LongMembersNeedATable) {
  OwnSet set;
  set.add(std::string(64, 'x'));
  EXPECT_EQ(set->encoding(), Encoding::kListpackSet);
  set.add(std::string(65, 'x'));
  EXPECT_EQ(set->encoding(), Encoding::kTableSet);

  const SetLimits short_values{
      .intset_entries = 512, .listpack_entries = 128, .listpack_value_bytes = 4};
  OwnSet integers;
  integers.add("-1234", short_values);
  integers.add("a", short_values);
  EXPECT_EQ(integers->encoding(), Encoding::kTableSet) << "its digits do not fit a listpack";
}

TEST(SetTest, ExpectChoosesTheEncodingForWhatIsToCome) {
  const auto encoding_for = [](std::string_view first, size_t count) {
    OwnSet set;
    set->expect(SetMember(first), count, kDefaults);
    return set->encoding();
  };
  EXPECT_EQ(encoding_for("1", 512), Encoding::kIntset);
  EXPECT_EQ(encoding_for("1", 513), Encoding::kTableSet);
  EXPECT_EQ(encoding_for("a", 128), Encoding::kListpackSet);
  EXPECT_EQ(encoding_for("a", 129), Encoding::kTableSet);

  OwnSet integers({"1", "2"});
  integers->expect(SetMember("a"), 512, kDefaults);
  EXPECT_EQ(integers->encoding(), Encoding::kIntset);
  integers->expect(SetMember("a"), 513, kDefaults);
  EXPECT_EQ(integers->encoding(), Encoding::kTableSet);
  EXPECT_EQ(integers.sorted(), (std::set<std::string>{"1", "2"}));
  OwnSet texts({"a"});
  texts->expect(SetMember("b"), 128, kDefaults);
  EXPECT_EQ(texts->encoding(), Encoding::kListpackSet);
  texts->expect(SetMember("b"), 129, kDefaults);
  EXPECT_EQ(texts->encoding(), Encoding::kTableSet);
  EXPECT_EQ(texts.sorted(), (std::set<std::string>{"a"}));
}

TEST(SetTest, IntegersOfAllSizesSurviveInATable) {
  const std::vector<std::string> members = {"0",
                                            "-1",
                                            "4611686018427387903",
                                            "4611686018427387904",
                                            "-4611686018427387904",
                                            "-4611686018427387905",
                                            "9223372036854775807",
                                            "-9223372036854775808",
                                            "9223372036854775808",
                                            "00",
                                            "-0",
                                            "+1",
                                            "",
                                            std::string(300, '1')};
  OwnSet set(members);
  ASSERT_EQ(set->encoding(), Encoding::kTableSet);
  EXPECT_EQ(set.sorted(), std::set<std::string>(members.begin(), members.end()));
  // An integer that is not made of text is the same member.
  for (const int64_t value : {INT64_C(4611686018427387904), INT64_MAX, INT64_MIN, INT64_C(-1)}) {
    EXPECT_TRUE(set->contains(SetMember(value))) << value;
    EXPECT_FALSE(set->add(SetMember(value), kDefaults)) << value;
  }
  // One that a table had to keep as text is an integer again elsewhere.
  OwnSet copy;
  set->for_each([&](const SetMember& member) {
    if (member.is_integer()) copy->add(member, kDefaults);
  });
  EXPECT_EQ(copy->encoding(), Encoding::kIntset);
  EXPECT_EQ(copy->size(), 8u);
  for (const std::string& member : members) EXPECT_TRUE(set->remove(SetMember(member)));
  EXPECT_TRUE(set->empty());
}

// A set of each encoding with `count` members.
std::vector<std::vector<std::string>> members_by_encoding(int count) {
  std::vector<std::vector<std::string>> all(3);
  for (int i = 0; i < count; ++i) {
    all[0].push_back(std::to_string(i * 7));
    all[1].push_back("m" + std::to_string(i));
    all[2].push_back(i % 2 == 0 ? std::to_string(i) : "member " + std::to_string(i));
  }
  all[2].emplace_back(65, 'x');
  return all;
}

TEST(SetTest, DuplicatesOfAllEncodingsAreIndependent) {
  for (const auto& members : members_by_encoding(100)) {
    OwnSet set(members);
    OwnSet copy(Set(set->encoding(), Set::duplicate(set->encoding(), set->object())));
    EXPECT_EQ(copy->encoding(), set->encoding());
    for (const std::string& member : members) EXPECT_TRUE(set->remove(SetMember(member)));
    EXPECT_EQ(copy.sorted(), std::set<std::string>(members.begin(), members.end()));
  }
}

TEST(SetTest, MemoryCountsMembersThatHaveABlockOfTheirOwn) {
  OwnSet set;
  set->expect(SetMember("x"), 1000, kDefaults);
  const size_t empty = Set::memory(set->encoding(), set->object(), 5);
  for (int i = 0; i < 50; ++i) set.add(std::to_string(i) + std::string(10'000, 'x'));
  for (const size_t samples : {0u, 5u}) {
    const size_t bytes = Set::memory(set->encoding(), set->object(), samples) - empty;
    EXPECT_GE(bytes, 500'000u) << samples;
    EXPECT_LE(bytes, 700'000u) << samples;
  }
  EXPECT_GE(Set::free_effort(set->encoding(), set->object()), 50u);
}

TEST(SetTest, AMillionMembersTakeLittle) {
  OwnSet texts;
  OwnSet integers;
  constexpr int kCount = 200'000;
  for (int i = 0; i < kCount; ++i) {
    texts.add("member:" + std::to_string(10'000'000 + i));
    integers.add(std::to_string(int64_t{i} * 4999));
  }
  EXPECT_LE(Set::memory(texts->encoding(), texts->object(), 0) / kCount, 38u);
  EXPECT_LE(Set::memory(integers->encoding(), integers->object(), 0) / kCount, 20u);
  EXPECT_LT(Set::free_effort(texts->encoding(), texts->object()), kCount / 8u);
}

TEST(SetTest, ScanVisitsAllMembersInSpiteOfChanges) {
  Random random(7);
  OwnSet set;
  for (int i = 0; i < 2000; ++i) set.add("stays" + std::to_string(i));
  std::set<std::string> seen;
  uint64_t cursor = 0;
  int step = 0;
  do {
    cursor = set->scan(cursor, [&](const SetMember& member) { seen.insert(text_of(member)); });
    for (int i = 0; i < 20; ++i) set.add("goes" + std::to_string(step * 20 + i));
    if (step > 300) {
      for (int i = 0; i < 60; ++i)
        set->remove(SetMember("goes" + std::to_string(random.below(9000))));
    }
    ++step;
  } while (cursor != 0);
  for (int i = 0; i < 2000; ++i) EXPECT_TRUE(seen.contains("stays" + std::to_string(i))) << i;
}

TEST(SetTest, ScanVisitsASmallSetAtOnce) {
  for (const auto& members : {std::vector<std::string>{"1", "2"}, {"a", "b"}}) {
    OwnSet set(members);
    std::vector<std::string> seen;
    EXPECT_EQ(set->scan(5, [&](const SetMember& member) { seen.push_back(text_of(member)); }), 0u);
    EXPECT_EQ(seen, members);
  }
}

TEST(SetTest, ForEachEndsWhenTheVisitorSaysSo) {
  for (const auto& members : members_by_encoding(100)) {
    OwnSet set(members);
    int visits = 0;
    set->for_each([&](const SetMember&) { return ++visits < 10; });
    EXPECT_EQ(visits, 10);
  }
}

// --- random members

// The statistic of counts that should be equal; it exceeds `limit_for` in one of 10^6 runs.
double chi_square(const std::map<std::string, int>& counts, double expected, size_t categories) {
  double sum = 0;
  for (const auto& [text, count] : counts)
    sum += (count - expected) * (count - expected) / expected;
  return sum + expected * static_cast<double>(categories - counts.size());
}
double limit_for(size_t categories) {
  // Wilson and Hilferty's approximation of the quantile.
  constexpr double kSigmas = 4.75;
  const double k = static_cast<double>(categories - 1);
  const double root = 1 - 2 / (9 * k) + kSigmas * std::sqrt(2 / (9 * k));
  return k * root * root * root;
}

TEST(SetTest, RandomMembersAreUniformInEveryEncoding) {
  constexpr int kDraws = 60'000;
  for (const auto& members : members_by_encoding(100)) {
    OwnSet set(members);
    Random random(42);
    std::map<std::string, int> counts;
    for (int i = 0; i < kDraws; ++i) ++counts[text_of(set->random(random))];
    EXPECT_LT(chi_square(counts, double{kDraws} / static_cast<double>(set->size()), set->size()),
              limit_for(set->size()));
  }
}

TEST(SetTest, RandomMembersAreUniformInASparseTable) {
  OwnSet set;
  for (int i = 0; i < 20'000; ++i) set.add("member" + std::to_string(i));
  for (int i = 300; i < 20'000; ++i) set->remove(SetMember("member" + std::to_string(i)));
  ASSERT_EQ(set->size(), 300u);
  constexpr int kDraws = 90'000;
  Random random(43);
  std::map<std::string, int> counts;
  for (int i = 0; i < kDraws; ++i) ++counts[text_of(set->random(random))];
  EXPECT_LT(chi_square(counts, kDraws / 300.0, 300), limit_for(300));
}

TEST(SetTest, SamplesAreDifferentMembersAndUniform) {
  for (const size_t count : {1u, 20u, 33u, 34u, 60u, 99u}) {
    for (const auto& members : members_by_encoding(100)) {
      OwnSet set(members);
      Random random(count);
      std::map<std::string, int> counts;
      constexpr int kRounds = test::effort(3000);
      for (int i = 0; i < kRounds; ++i) {
        std::set<std::string> sample;
        set->sample(random, count, [&](const SetMember& m) { sample.insert(text_of(m)); });
        ASSERT_EQ(sample.size(), count);
        for (const std::string& text : sample) ++counts[text];
      }
      const double expected =
          double{kRounds} * static_cast<double>(count) / static_cast<double>(set->size());
      // Members of one sample are not independent: the statistic is smaller than for single draws.
      EXPECT_LT(chi_square(counts, expected, set->size()), limit_for(set->size())) << count;
    }
  }
}

TEST(SetTest, ASampleOfAllIsAll) {
  for (const auto& members : members_by_encoding(50)) {
    OwnSet set(members);
    Random random(1);
    std::set<std::string> sample;
    set->sample(random, set->size(), [&](const SetMember& m) { sample.insert(text_of(m)); });
    EXPECT_EQ(sample, std::set<std::string>(members.begin(), members.end()));
    set->sample(random, 0, [&](const SetMember&) { FAIL(); });
  }
}

// --- algebra

std::vector<std::string> some_members(Random& random) {
  static const SetLimits kSmall = kDefaults;
  std::vector<std::string> members;
  const uint64_t kind = random.below(3);
  const uint64_t count = random.below(kind == 2 ? 900 : 120);
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t number = random.below(kSmall.listpack_entries * 4);
    members.push_back(kind != 0 && number % 2 == 1 ? "m" + std::to_string(number)
                                                   : std::to_string(number));
  }
  return members;
}

TEST(SetAlgebraTest, AgreesWithAModel) {
  for (int seed = 1; seed <= test::effort(300); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    std::vector<std::set<std::string>> models;
    std::vector<std::unique_ptr<OwnSet>> owners;
    std::vector<Set> sets;
    for (uint64_t i = 0; i <= random.below(5); ++i) {
      const std::vector<std::string> members = some_members(random);
      models.emplace_back(members.begin(), members.end());
      owners.push_back(std::make_unique<OwnSet>(members));
      sets.push_back(**owners.back());
    }
    std::set<std::string> in_all = models[0];
    std::set<std::string> in_any;
    std::set<std::string> in_first = models[0];
    for (size_t i = 0; i < models.size(); ++i) {
      std::erase_if(in_all, [&](const std::string& text) { return !models[i].contains(text); });
      in_any.insert(models[i].begin(), models[i].end());
      if (i > 0)
        std::erase_if(in_first, [&](const std::string& t) { return models[i].contains(t); });
    }
    const auto check = [&](auto&& function, const std::set<std::string>& expected) {
      std::vector<Set> arguments = sets;
      std::multiset<std::string> found;
      function(std::span<Set>(arguments), [&](const SetMember& m) { found.insert(text_of(m)); });
      EXPECT_EQ(found, std::multiset<std::string>(expected.begin(), expected.end()));
    };
    check([](auto s, auto&& visit) { intersect(s, visit); }, in_all);
    check([](auto s, auto&& visit) { unite(s, visit); }, in_any);
    check([](auto s, auto&& visit) { subtract(s, visit); }, in_first);

    const size_t limit = 1 + random.below(20);
    size_t count = 0;
    std::vector<Set> arguments = sets;
    intersect(std::span<Set>(arguments), [&](const SetMember&) { return ++count < limit; });
    EXPECT_EQ(count, std::min(limit, in_all.size()));
  }
}

TEST(SetAlgebraTest, IntsetsAreWalkedInOrder) {
  OwnSet a({"5", "-3", "100000", "7"});
  OwnSet b({"7", "-3", "8", "100000"});
  std::vector<Set> sets = {*a, *b};
  std::vector<std::string> found;
  intersect(std::span<Set>(sets), [&](const SetMember& m) { found.push_back(text_of(m)); });
  EXPECT_THAT(found, ElementsAre("-3", "7", "100000"));
}

}  // namespace
}  // namespace spinel::storage
