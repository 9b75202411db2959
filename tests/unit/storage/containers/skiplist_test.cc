#include "storage/containers/skiplist.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/random.h"
#include "tests/support/effort.h"
#include "tests/unit/storage/containers/skiplist_fixture.h"

namespace spinel::storage {
namespace {

using Item = Skiplist::Item;

// A list and its model, always changed alike. `scores` is how many different scores there are: few
// of them make many ties.
class Pair {
 public:
  Pair(uint64_t seed, uint64_t scores) : random_(seed), scores_(scores) {}

  const Skiplist& list() const { return list_; }
  const SkiplistModel& model() const { return model_; }
  Random& random() { return random_; }
  double any_score() { return static_cast<double>(random_.below(scores_)) / 4 - 100; }
  Item any() { return model_.items()[random_.below(model_.size())]; }

  void insert() { insert(any_score()); }
  void insert(double score) {
    // Numbers in random order, so that those of equal scores come in any order as well.
    const Item item{score, pool_.make(random_.next())};
    list_.insert(item.score, item.member);
    model_.insert(item);
  }
  void erase() {
    const Item item = any();
    list_.erase(item.score, item.member);
    model_.erase(item);
  }
  void update(double (*next)(Pair& pair, double score)) {
    const Item item = any();
    const double score = next(*this, item.score);
    list_.update(item.score, score, item.member);
    model_.erase(item);
    model_.insert({score, item.member});
  }
  void erase_range(size_t begin, size_t end) {
    std::vector<const ScoredMember*> erased;
    list_.erase_range(begin, end, [&](double score, ScoredMember* member) {
      ASSERT_EQ(model_.items()[begin + erased.size()].score, score);
      erased.push_back(member);
    });
    ASSERT_EQ(erased.size(), end - begin);
    for (size_t i = 0; i < erased.size(); ++i) {
      ASSERT_EQ(erased[i], model_.items()[begin + i].member);
    }
    model_.erase(begin, end);
  }
  void build(size_t size) {
    std::vector<Item> items;
    for (size_t i = 0; i < size; ++i) items.push_back({any_score(), pool_.make(i)});
    model_.assign(std::move(items));
    list_.assign_sorted(model_.items());
  }
  // Any one of the changes to single elements; insertions are `grow` of ten.
  void change(uint64_t grow) {
    if (model_.size() == 0 || random_.below(10) < grow) return insert();
    switch (random_.below(4)) {
      case 0:
        return update([](Pair& pair, double) { return pair.any_score(); });
      case 1:
        return update([](Pair& pair, double score) {
          return score + (static_cast<double>(pair.random().below(9)) - 4) / 4;
        });
      default:
        return erase();
    }
  }
  void expect_same() {
    expect_same_elements(list_, model_);
    for (int i = 0; i < 20 && model_.size() > 0 && !testing::Test::HasFatalFailure(); ++i) {
      expect_same_place(list_, model_, random_.below(model_.size()));
    }
    const double score = any_score() + 0.125;  // in no list
    ASSERT_EQ(list_.count_less(score), model_.count_less(score));
    ASSERT_EQ(list_.count_at_most(score), model_.count_less(score));
    ASSERT_EQ(list_.dense_rank(score), model_.distinct_below(model_.count_less(score)));
  }

 private:
  Random random_;
  uint64_t scores_;
  MemberPool pool_;
  Skiplist list_;
  SkiplistModel model_;
};

class SkiplistOfScores : public testing::TestWithParam<uint64_t> {
 protected:
  static constexpr uint64_t kSeed = 20240917;
  Pair pair_{kSeed + GetParam(), GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Distinct, SkiplistOfScores,
                         testing::Values(1, 2, 7, 100, 3000, uint64_t{1} << 50),
                         testing::PrintToStringParamName());

TEST_P(SkiplistOfScores, GrowsAndShrinksLikeTheModel) {
  unsigned highest = 0;
  for (int step = 0; step < 40'000; ++step) {
    const uint64_t wave = static_cast<uint64_t>(step) / 10'000 % 2;
    pair_.change(wave == 0 ? 7 : 1);
    if (step % (step < 1000 ? 10 : 500) == 0) {
      ASSERT_NO_FATAL_FAILURE(pair_.expect_same()) << step;
    }
    highest = std::max(highest, SkiplistInspector::height(pair_.list()));
  }
  EXPECT_EQ(highest, 2u);
  while (pair_.model().size() > 0) {
    pair_.erase();
    if (pair_.model().size() % 100 == 0) {
      ASSERT_NO_FATAL_FAILURE(pair_.expect_same());
    }
  }
  EXPECT_EQ(pair_.list().memory_bytes(), 0u);
}

TEST_P(SkiplistOfScores, ErasesRangesLikeTheModel) {
  for (int round = 0; round < test::effort(60); ++round) {
    const size_t fill = round % 3 == 0 ? 6000 : 300;
    while (pair_.model().size() < fill) pair_.insert();
    const size_t begin = pair_.random().below(pair_.model().size() + 1);
    const size_t rest = pair_.model().size() - begin;
    const size_t most = round % 2 == 0 ? rest : std::min<size_t>(rest, 100);
    const size_t end = begin + pair_.random().below(most + 1);
    ASSERT_NO_FATAL_FAILURE(pair_.erase_range(begin, end)) << begin << ' ' << end;
    ASSERT_NO_FATAL_FAILURE(pair_.expect_same()) << begin << ' ' << end;
  }
  pair_.erase_range(0, pair_.model().size());
  pair_.expect_same();
  EXPECT_EQ(pair_.list().memory_bytes(), 0u);
}

TEST_P(SkiplistOfScores, ChangesAfterABulkBuild) {
  pair_.build(8000);
  ASSERT_NO_FATAL_FAILURE(pair_.expect_same());
  for (int step = 0; step < 10'000; ++step) {
    pair_.change(4);
    if (step % 500 == 0) {
      ASSERT_NO_FATAL_FAILURE(pair_.expect_same()) << step;
    }
  }
}

TEST_P(SkiplistOfScores, UpdatesAtASteadySizeKeepNodesWellFilled) {
  pair_.build(4000);
  for (int step = 0; step < 12'000; ++step) {
    pair_.update([](Pair& pair, double) { return pair.any_score(); });
  }
  pair_.expect_same();
  EXPECT_LT(pair_.list().memory_bytes(), 4000u * 24);
}

TEST(Skiplist, IsBuiltAtEverySize) {
  for (size_t size = 0; size < 400; ++size) {
    Pair pair(size, size / 2 + 1);
    pair.build(size);
    ASSERT_NO_FATAL_FAILURE(pair.expect_same()) << size;
  }
  for (const size_t size : {2754, 2755, 2756, 123'929, 123'930, 123'931, 130'000}) {
    Pair pair(size, size);
    pair.build(size);
    ASSERT_NO_FATAL_FAILURE(expect_same_elements(pair.list(), pair.model())) << size;
    ASSERT_NO_FATAL_FAILURE(expect_same_place(pair.list(), pair.model(), size / 3)) << size;
  }
}

TEST(Skiplist, GrowsByOneElementAtATime) {
  for (const uint64_t scores : {1u, 1000u}) {
    Pair pair(scores, scores);
    for (int size = 1; size <= 500; ++size) {
      pair.insert();
      ASSERT_NO_FATAL_FAILURE(pair.expect_same()) << size;
    }
  }
}

// Takes what grows and shrinks through four levels.
TEST(Skiplist, LargeLists) {
  constexpr size_t kSize = 200'000;
  constexpr uint64_t kSeed = 5;
  Random random(kSeed);
  MemberPool pool;
  Skiplist list;
  std::vector<Item> items;
  for (size_t i = 0; i < kSize; ++i) {
    items.push_back({static_cast<double>(random.below(kSize)), pool.make(i)});
    list.insert(items[i].score, items[i].member);
  }
  EXPECT_EQ(SkiplistInspector::height(list), 3u);
  SkiplistModel model;
  model.assign(items);
  expect_same_elements(list, model);
  EXPECT_LT(static_cast<double>(list.memory_bytes()) / kSize, 20.0);

  for (Item& item : items) {
    const auto score = static_cast<double>(random.below(kSize));
    list.update(item.score, score, item.member);
    item.score = score;
  }
  model.assign(items);
  expect_same_elements(list, model);
  for (int i = 0; i < 100; ++i) expect_same_place(list, model, random.below(kSize));

  while (items.size() > 500) {
    const size_t victim = random.below(items.size());
    std::swap(items[victim], items.back());
    list.erase(items.back().score, items.back().member);
    items.pop_back();
    if (items.size() == kSize / 10) {
      EXPECT_LT(list.memory_bytes(), kSize / 10 * 27);
    }
  }
  EXPECT_EQ(SkiplistInspector::height(list), 1u);
  model.assign(items);
  expect_same_elements(list, model);
}

TEST(Skiplist, WhatComesInOrderFillsItsNodes) {
  constexpr int kSize = 20'000;
  for (const int step : {1, -1}) {
    MemberPool pool;
    Skiplist list;
    for (int i = 0; i < kSize; ++i) list.insert(i * step, pool.make(static_cast<uint64_t>(i)));
    SkiplistInspector::expect_valid(list);
    EXPECT_LT(static_cast<double>(list.memory_bytes()) / kSize, 18.0);
    // A queue: from the other end, elements go.
    for (int i = 0; i < kSize; ++i) {
      const Skiplist::Cursor oldest = step == 1 ? list.at(0) : list.at(list.size() - 1);
      EXPECT_EQ(oldest.score(), i * step);
      list.erase(oldest.score(), oldest.member());
      list.insert((kSize + i) * step, pool.make(static_cast<uint64_t>(i)));
    }
    SkiplistInspector::expect_valid(list);
    EXPECT_LT(static_cast<double>(list.memory_bytes()) / kSize, 18.0);
  }
}

TEST(Skiplist, SmallListsAreSmall) {
  MemberPool pool;
  Skiplist list;
  EXPECT_EQ(list.memory_bytes(), 0u);
  size_t bytes_at[200] = {};
  for (uint64_t i = 0; i < 200; ++i) {
    list.insert(static_cast<double>(i * 7919 % 200), pool.make(i));
    bytes_at[i] = list.memory_bytes();
  }
  EXPECT_EQ(bytes_at[0], 128u);
  EXPECT_EQ(bytes_at[6], 256u);
  EXPECT_EQ(bytes_at[61], 1024u);
  EXPECT_LE(bytes_at[129], 4u * 1024 + 256);
}

TEST(Skiplist, OrdersByBytesAmongEqualScores) {
  MemberPool pool;
  Skiplist list;
  const std::vector<std::string> sorted = {
      "",     std::string(1, '\0'),     "a", std::string("a\0", 2), "aa", "b", "\x7f", "\x80",
      "\xff", std::string(300, '\xff'),
  };
  for (size_t i = sorted.size(); i-- > 0;) list.insert(1, pool.make(sorted[i]));
  Skiplist::Cursor cursor = list.at(0);
  for (const std::string& bytes : sorted) {
    ASSERT_TRUE(cursor);
    EXPECT_EQ(cursor.member()->bytes(), bytes);
    cursor.next();
  }
  EXPECT_FALSE(cursor);
}

TEST(Skiplist, FindsBoundsByBytes) {
  constexpr uint64_t kSeed = 77;
  Random random(kSeed);
  MemberPool pool;
  Skiplist list;
  EXPECT_EQ(list.count_at_most_lex("a"), 0u);
  std::set<std::string> model;
  while (model.size() < 5000) {
    std::string bytes(1 + random.below(3), ' ');
    for (char& c : bytes) c = static_cast<char>(random.below(26) * 2 + 100);
    if (model.insert(bytes).second) list.insert(0, pool.make(bytes));
  }
  const std::vector<std::string> sorted(model.begin(), model.end());
  for (int i = 0; i < 3000; ++i) {
    std::string bytes(random.below(4), ' ');
    for (char& c : bytes) c = static_cast<char>(random.below(56) + 98);
    const auto low = std::lower_bound(sorted.begin(), sorted.end(), bytes);
    const auto high = std::upper_bound(sorted.begin(), sorted.end(), bytes);
    ASSERT_EQ(list.count_less_lex(bytes), static_cast<uint64_t>(low - sorted.begin())) << bytes;
    ASSERT_EQ(list.count_at_most_lex(bytes), static_cast<uint64_t>(high - sorted.begin()));
  }
}

TEST(Skiplist, TreatsZerosAsEqualAndKeepsTheirSigns) {
  MemberPool pool;
  Skiplist list;
  ScoredMember* a = pool.make("a");
  ScoredMember* b = pool.make("b");
  ScoredMember* c = pool.make("c");
  list.insert(0.0, b);
  list.insert(-0.0, c);
  list.insert(-0.0, a);
  EXPECT_EQ(list.distinct_scores(), 1u);
  EXPECT_EQ(list.rank(0.0, c), 2u);
  EXPECT_EQ(list.count_less(0.0), 0u);
  EXPECT_EQ(list.count_at_most(-0.0), 3u);
  EXPECT_TRUE(std::signbit(list.at(0).score()));
  EXPECT_FALSE(std::signbit(list.at(1).score()));
  list.update(0.0, -0.0, b);
  EXPECT_TRUE(std::signbit(list.at(1).score()));
  EXPECT_EQ(list.at(1).member(), b);
  SkiplistInspector::expect_valid(list);
}

TEST(Skiplist, HoldsInfinitiesAndExtremes) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::vector<double> scores = {-kInfinity,
                                      -std::numeric_limits<double>::max(),
                                      -std::numeric_limits<double>::denorm_min(),
                                      0,
                                      std::numeric_limits<double>::denorm_min(),
                                      std::numeric_limits<double>::max(),
                                      kInfinity};
  MemberPool pool;
  Skiplist list;
  for (const size_t i : {3, 6, 0, 5, 1, 4, 2}) list.insert(scores[i], pool.make(i));
  for (size_t i = 0; i < scores.size(); ++i) {
    EXPECT_EQ(list.at(i).score(), scores[i]);
    EXPECT_EQ(list.count_less(scores[i]), i);
    EXPECT_EQ(list.dense_rank(scores[i]), i);
    EXPECT_EQ(list.count_at_most(scores[i]), i + 1);
  }
}

TEST(Skiplist, EmptyListsHaveNoPlaces) {
  Skiplist list;
  EXPECT_TRUE(list.empty());
  EXPECT_FALSE(list.at(0));
  EXPECT_EQ(list.count_less(0), 0u);
  EXPECT_EQ(list.count_at_most(0), 0u);
  EXPECT_EQ(list.dense_rank(0), 0u);
  EXPECT_EQ(list.distinct_scores(), 0u);
  list.clear();
  list.assign_sorted({});
  EXPECT_EQ(list.memory_bytes(), 0u);
}

TEST(Skiplist, MovesWithItsElements) {
  MemberPool pool;
  Skiplist list;
  for (uint64_t i = 0; i < 1000; ++i) list.insert(static_cast<double>(i), pool.make(i));
  Skiplist other = std::move(list);
  EXPECT_EQ(other.size(), 1000u);
  EXPECT_EQ(list.size(), 0u);  // NOLINT(bugprone-use-after-move): it is empty, by contract
  EXPECT_FALSE(list.at(0));
  SkiplistInspector::expect_valid(other);
  list.insert(5, pool.make(5));
  list = std::move(other);
  EXPECT_EQ(list.size(), 1000u);
  EXPECT_EQ(other.size(), 0u);  // NOLINT(bugprone-use-after-move)
  SkiplistInspector::expect_valid(list);
  EXPECT_EQ(list.at(500).score(), 500);
  list.clear();
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.memory_bytes(), 0u);
}

// Every step of counters that race each other: the hot path of a leaderboard.
TEST(Skiplist, CountersThatRise) {
  constexpr uint64_t kSeed = 9;
  Random random(kSeed);
  MemberPool pool;
  Skiplist list;
  SkiplistModel model;
  std::vector<Item> items;
  for (uint64_t i = 0; i < 300; ++i) {
    items.push_back({0, pool.make(i)});
    list.insert(0, items.back().member);
  }
  for (int step = 0; step < 20'000; ++step) {
    Item& item = items[random.below(items.size())];
    const double score = item.score + static_cast<double>(1 + random.below(3));
    list.update(item.score, score, item.member);
    item.score = score;
    if (step % 200 == 0) {
      model.assign(items);
      ASSERT_NO_FATAL_FAILURE(expect_same_elements(list, model)) << step;
      for (size_t rank = 0; rank < items.size(); rank += 7) {
        ASSERT_NO_FATAL_FAILURE(expect_same_place(list, model, rank)) << step;
      }
    }
  }
}

TEST(ScoredMember, KeepsScoreAndBytes) {
  MemberPool pool;
  for (const size_t length : {0u, 1u, 15u, 254u, 255u, 256u, 70'000u}) {
    const std::string bytes(length, 'x');
    ScoredMember* member = pool.make(bytes);
    member->set_score(-2.5);
    EXPECT_EQ(member->score(), -2.5);
    EXPECT_EQ(member->bytes(), bytes);
    EXPECT_EQ(member->size_bytes(), 8 + length + (length < 255 ? 1 : 5));
  }
}

}  // namespace
}  // namespace spinel::storage
