#include "storage/types/sorted_set.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <iterator>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/memory.h"

namespace spinel::storage {
namespace {

using Scored = std::pair<double, std::string>;

// A sorted set beside what should be in it.
class Pair {
 public:
  explicit Pair(SortedSet::Limits limits) : limits_(limits), set_(SortedSet::create()) {}
  ~Pair() { SortedSet::destroy(set_.encoding(), set_.object()); }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  SortedSet& set() { return set_; }
  const std::set<Scored>& model() const { return order_; }

  void put(const std::string& member, double score) {
    const SortedSet::Found found = set_.find(member);
    const auto known = scores_.find(member);
    ASSERT_EQ(static_cast<bool>(found), known != scores_.end()) << member;
    if (found) {
      ASSERT_EQ(found.score, known->second);
      set_.set_score(found, score);
      order_.erase({known->second, member});
    } else {
      set_.insert(found, member, score, limits_);
    }
    scores_[member] = score;
    order_.insert({score, member});
  }
  void drop(const std::string& member) {
    const SortedSet::Found found = set_.find(member);
    const auto known = scores_.find(member);
    ASSERT_EQ(static_cast<bool>(found), known != scores_.end()) << member;
    if (!found) return;
    set_.erase(found);
    order_.erase({known->second, member});
    scores_.erase(known);
  }
  void erase_range(size_t first, size_t count) {
    const auto from = std::next(order_.begin(), static_cast<ptrdiff_t>(first));
    const auto to = std::next(from, static_cast<ptrdiff_t>(count));
    std::vector<Scored> gone;
    set_.erase_range(first, count, [&gone](std::string_view member, double score) {
      gone.emplace_back(score, member);
    });
    ASSERT_EQ(gone, std::vector<Scored>(from, to));
    for (const Scored& one : gone) scores_.erase(one.second);
    order_.erase(from, to);
  }

  std::vector<Scored> visited(size_t first, size_t count, bool reverse) const {
    std::vector<Scored> seen;
    set_.visit(first, count, reverse, [&seen](std::string_view member, double score) {
      seen.emplace_back(score, member);
    });
    return seen;
  }

  // A range of scores, whole and ended early.
  void check_scores(Random& random, const std::vector<Scored>& all) const {
    const double low = static_cast<double>(random.below(50)) - 5;
    const double end = low + static_cast<double>(random.below(20));
    std::vector<Scored> expected;
    std::copy_if(all.begin(), all.end(), std::back_inserter(expected),
                 [&](const Scored& one) { return one.first >= low && one.first < end; });
    const size_t most = random.below(expected.size() + 2);
    std::vector<Scored> seen;
    char scratch[kMaxDoubleChars];
    const auto visit = [&](double score, SortedSet::Place place) {
      set_.prefetch_member(place);
      seen.emplace_back(score, set_.member_at(place, scratch));
      return seen.size() < most;
    };
    const bool to_the_end = set_.visit_scores(low, end, visit);
    const size_t count = std::min(expected.size(), std::max<size_t>(most, 1));
    ASSERT_EQ(to_the_end, expected.empty() || expected.size() < most);
    expected.resize(count);
    ASSERT_EQ(seen, expected);
  }

  void check(Random& random) {
    ASSERT_EQ(set_.size(), order_.size());
    std::vector<Scored> all(order_.begin(), order_.end());
    ASSERT_EQ(visited(0, all.size(), false), all);
    std::set<double> distinct;
    for (size_t rank = 0; rank < all.size(); ++rank) {
      const SortedSet::Found found = set_.find(all[rank].second);
      ASSERT_TRUE(found);
      ASSERT_EQ(set_.rank(found), rank);
      const size_t below = distinct.size() - distinct.count(all[rank].first);
      ASSERT_EQ(set_.dense_rank(found), below);
      distinct.insert(all[rank].first);
    }
    ASSERT_EQ(set_.distinct_scores(), distinct.size());
    for (int i = 0; i < 5; ++i) {
      const double score = static_cast<double>(random.below(40));
      const auto less = [score](const Scored& one) { return one.first < score; };
      const auto at_most = [score](const Scored& one) { return one.first <= score; };
      ASSERT_EQ(set_.count_below(score, false), std::count_if(all.begin(), all.end(), less));
      ASSERT_EQ(set_.count_below(score, true), std::count_if(all.begin(), all.end(), at_most));
    }
    check_scores(random, all);
    if (all.empty()) return;
    const size_t first = random.below(all.size());
    const size_t count = random.below(first + 1);
    std::vector<Scored> back(all.begin() + static_cast<ptrdiff_t>(first + 1 - count),
                             all.begin() + static_cast<ptrdiff_t>(first + 1));
    std::reverse(back.begin(), back.end());
    ASSERT_EQ(visited(first, count, true), back);
  }

 private:
  SortedSet::Limits limits_;
  SortedSet set_;
  std::map<std::string, double> scores_;
  std::set<Scored> order_;
};

std::string random_member(Random& random, uint64_t variety) {
  switch (random.below(20)) {
    case 0:
      return std::string(random.below(60), 'm') + std::to_string(random.below(variety));
    case 1:
      return std::string(300, 'x') + std::to_string(random.below(variety));
    case 2:
    case 3:
      return std::to_string(random.below(variety));
    default:
      return "member:" + std::to_string(random.below(variety));
  }
}

double random_score(Random& random) {
  switch (random.below(10)) {
    case 0:
      return -0.5 * static_cast<double>(random.below(40));
    case 1:
      return random.below(2) == 0 ? std::numeric_limits<double>::infinity()
                                  : -std::numeric_limits<double>::infinity();
    case 2:
      return random.unit() * 1e18;
    default:
      return static_cast<double>(random.below(40));
  }
}

void run_against_model(uint64_t seed, SortedSet::Limits limits, uint64_t variety, int steps) {
  SCOPED_TRACE(seed);
  Random random(seed);
  Pair pair(limits);
  for (int step = 0; step < steps; ++step) {
    const uint64_t wave = static_cast<uint64_t>(step) * 4 / static_cast<uint64_t>(steps) % 2;
    const uint64_t kind = random.below(10);
    if (kind < (wave == 0 ? 8U : 4U)) {
      pair.put(random_member(random, variety), random_score(random));
    } else if (kind < 9 || pair.set().empty()) {
      pair.drop(random_member(random, variety));
    } else {
      const size_t first = random.below(pair.set().size());
      pair.erase_range(first, random.below(std::min<size_t>(pair.set().size() - first, 8) + 1));
    }
    if (step % (steps / 40) == 0) pair.check(random);
    if (testing::Test::HasFatalFailure()) return;
  }
  pair.check(random);
}

constexpr SortedSet::Limits kUsual{128, 64};

TEST(SortedSetTest, SmallSetsAgreeWithAModel) {
  for (uint64_t seed = 1; seed <= 10; ++seed) run_against_model(seed, {1'000'000, 1000}, 60, 800);
}

TEST(SortedSetTest, SetsThatCrossTheLimitAgreeWithAModel) {
  for (uint64_t seed = 1; seed <= 10; ++seed) run_against_model(seed, kUsual, 300, 2000);
}

TEST(SortedSetTest, LargeSetsAgreeWithAModel) {
  for (uint64_t seed = 1; seed <= 3; ++seed) run_against_model(seed, {0, 0}, 5000, 20'000);
}

TEST(SortedSetTest, BecomesASkiplistByNumberAndByLength) {
  Pair by_number(kUsual);
  for (int i = 0; i < 128; ++i) by_number.put(std::to_string(i), i);
  EXPECT_EQ(by_number.set().encoding(), Encoding::kListpackSortedSet);
  by_number.put("one more", 5);
  EXPECT_EQ(by_number.set().encoding(), Encoding::kSkiplist);

  Pair by_length(kUsual);
  by_length.put(std::string(64, 'a'), 1);
  EXPECT_EQ(by_length.set().encoding(), Encoding::kListpackSortedSet);
  by_length.put(std::string(65, 'a'), 1);
  EXPECT_EQ(by_length.set().encoding(), Encoding::kSkiplist);
  by_length.set().compact(kUsual);
  EXPECT_EQ(by_length.set().encoding(), Encoding::kSkiplist);
  by_length.drop(std::string(65, 'a'));
  by_length.set().compact(kUsual);
  EXPECT_EQ(by_length.set().encoding(), Encoding::kListpackSortedSet);
  EXPECT_EQ(by_length.visited(0, 1, false), (std::vector<Scored>{{1, std::string(64, 'a')}}));
}

TEST(SortedSetTest, OnlyLargeOnesKeepTheSignOfZero) {
  for (const SortedSet::Limits limits : {kUsual, SortedSet::Limits{0, 0}}) {
    Pair pair(limits);
    const bool kept = limits.max_listpack_entries == 0;
    pair.put("a", -0.0);
    EXPECT_EQ(std::signbit(pair.set().find("a").score), kept);
    EXPECT_EQ(std::signbit(pair.visited(0, 1, false)[0].first), kept);
    pair.put("a", 0.0);
    EXPECT_FALSE(std::signbit(pair.set().find("a").score));
    EXPECT_FALSE(std::signbit(pair.visited(0, 1, false)[0].first));
  }
}

TEST(SortedSetTest, CountsByBytesWhereScoresAreEqual) {
  for (const SortedSet::Limits limits : {kUsual, SortedSet::Limits{0, 0}}) {
    Pair pair(limits);
    for (const char* member : {"", "10", "9", "a", "aa", "b", "c"}) pair.put(member, 0);
    EXPECT_EQ(pair.set().count_below("", false), 0U);
    EXPECT_EQ(pair.set().count_below("", true), 1U);
    EXPECT_EQ(pair.set().count_below("9", false), 2U);
    EXPECT_EQ(pair.set().count_below("9", true), 3U);
    EXPECT_EQ(pair.set().count_below("ab", false), 5U);
    EXPECT_EQ(pair.set().count_below("ab", true), 5U);
    EXPECT_EQ(pair.set().count_below("zz", false), 7U);
  }
}

TEST(SortedSetTest, DuplicatesAreIndependent) {
  for (const int members : {10, 3000}) {
    Pair pair(kUsual);
    for (int i = 0; i < members; ++i) pair.put("m" + std::to_string(i), i % 7);
    pair.put(std::string(members == 10 ? 30 : 400, 'l'), 3);
    const SortedSet set = pair.set();
    void* copy = SortedSet::duplicate(set.encoding(), set.object());
    const std::vector<Scored> before = pair.visited(0, set.size(), false);
    pair.erase_range(0, 5);
    std::vector<Scored> seen;
    SortedSet(set.encoding(), copy).for_each([&seen](std::string_view member, double score) {
      seen.emplace_back(score, member);
    });
    EXPECT_EQ(seen, before);
    SortedSet::destroy(set.encoding(), copy);
  }
}

TEST(SortedSetTest, ScanVisitsAllAndRandomIsUniform) {
  for (const int members : {50, 1000}) {
    Pair pair(kUsual);
    for (int i = 0; i < members; ++i) pair.put("m" + std::to_string(i), i);
    std::map<std::string, int> seen;
    uint64_t cursor = 0;
    do {
      cursor = pair.set().scan(cursor, [&seen](std::string_view member, double score) {
        EXPECT_EQ(member, "m" + std::to_string(static_cast<int>(score)));
        ++seen[std::string(member)];
      });
    } while (cursor != 0);
    EXPECT_EQ(seen.size(), static_cast<size_t>(members));

    constexpr uint64_t kSeed = 4711;
    Random random(kSeed);
    std::map<std::string, double> drawn;
    const int draws = members * 100;
    for (int i = 0; i < draws; ++i) {
      pair.set().random(
          random, [&drawn](std::string_view member, double) { ++drawn[std::string(member)]; });
    }
    double chi_square = 0;
    for (const auto& [member, times] : seen) {
      const double difference = drawn[member] - 100;
      chi_square += difference * difference / 100;
    }
    // The mean is members - 1, the standard deviation sqrt(2 (members - 1)).
    EXPECT_LT(chi_square, members + 5 * std::sqrt(2.0 * members)) << members;
  }
}

TEST(SortedSetTest, AccountsForItsMemory) {
  Pair pair(kUsual);
  for (int i = 0; i < 20'000; ++i)
    pair.put("player:" + std::to_string(10'000'000 + i), i * 7 % 1000);
  const SortedSet set = pair.set();
  const size_t bytes = SortedSet::bytes(set.encoding(), set.object());
  EXPECT_EQ(SortedSet::memory(set.encoding(), set.object(), 5), bytes);
  EXPECT_GT(bytes, 20'000U * 40);
  EXPECT_LT(bytes, 20'000U * 66);
  EXPECT_GT(SortedSet::free_effort(set.encoding(), set.object()), 64U);
  pair.put(std::string(5000, 'x'), 1);
  const SortedSet with_large = pair.set();
  EXPECT_GT(SortedSet::memory(with_large.encoding(), with_large.object(), 0),
            SortedSet::bytes(with_large.encoding(), with_large.object()) + 4999);
}

}  // namespace
}  // namespace spinel::storage
