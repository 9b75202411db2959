// What sorted sets have for leaderboards and Redis has not.
#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/integration/sorted_set_fixture.h"

namespace spinel::test {
namespace {

class LeaderboardTest : public SortedSetTest {
 protected:
  void SetUp() override {
    SortedSetTest::SetUp();
    if (against_redis_7_0()) GTEST_SKIP() << "Redis has no leaderboards";
  }
};

TEST_F(LeaderboardTest, PlacesUnderTies) {
  run("ZADD", "z", 10, "a", 20, "b", 20, "c", 20, "d", 30, "e", 40, "f", 40, "g");
  expect_session({{"ZRANK z a DENSE", integer(0)},
                  {"ZRANK z b DENSE", integer(1)},
                  {"ZRANK z d DENSE", integer(1)},
                  {"ZRANK z e DENSE", integer(2)},
                  {"ZRANK z g DENSE", integer(3)},
                  {"ZREVRANK z g DENSE", integer(0)},
                  {"ZREVRANK z f DENSE", integer(0)},
                  {"ZREVRANK z e DENSE", integer(1)},
                  {"ZREVRANK z b DENSE", integer(2)},
                  {"ZREVRANK z a DENSE", integer(3)},
                  {"ZRANK z d COMPETITION", integer(1)},
                  {"ZRANK z e COMPETITION", integer(4)},
                  {"ZREVRANK z f COMPETITION", integer(0)},
                  {"ZREVRANK z g COMPETITION", integer(0)},
                  {"ZREVRANK z e COMPETITION", integer(2)},
                  {"ZREVRANK z b COMPETITION", integer(3)},
                  {"ZREVRANK z d COMPETITION", integer(3)},
                  {"ZREVRANK z a COMPETITION", integer(6)},
                  {"ZREVRANK z d WITHSCORE DENSE", array({integer(2), bulk("20")})},
                  {"ZREVRANK z d competition withscore", array({integer(3), bulk("20")})},
                  {"ZRANK z nobody DENSE", nil()},
                  {"ZRANK missing a COMPETITION", nil()}});
  EXPECT_EQ(run3("ZREVRANK", "z", "d", "DENSE", "WITHSCORE"), array({integer(2), real("20")}));
}

TEST_F(LeaderboardTest, PlacesFollowUpdates) {
  run("ZADD", "z", 10, "a", 20, "b", 20, "c");
  expect_session({{"ZREVRANK z a DENSE", integer(1)},
                  {"ZINCRBY z 10 a", bulk("20")},
                  {"ZREVRANK z a DENSE", integer(0)},
                  {"ZREVRANK z c COMPETITION", integer(0)},
                  {"ZADD z 30 b", integer(0)},
                  {"ZREVRANK z c DENSE", integer(1)},
                  {"ZREM z b", integer(1)},
                  {"ZREVRANK z c DENSE", integer(0)}});
}

TEST_F(LeaderboardTest, PlacesRefuseWhatMakesNoSense) {
  run("ZADD", "z", 1, "a");
  run("SET", "string", "x");
  expect_session({{"ZRANK z a BOGUS", kSyntax},
                  {"ZRANK z a DENSE COMPETITION", wrong_arity("zrank")},
                  {"ZRANK z a DENSE DENSE", wrong_arity("zrank")},
                  {"ZRANK z a WITHSCORE DENSE WITHSCORE", wrong_arity("zrank")},
                  {"ZRANK string a DENSE", kWrongType}});
}

TEST_F(LeaderboardTest, KeepsTheBest) {
  expect_session({{"ZADD z MAXLEN 3 1 a 2 b 3 c", integer(3)},
                  {"ZADD z MAXLEN 3 5 d", integer(1)},
                  {"ZRANGE z 0 -1", list("b c d")},
                  {"ZADD z MAXLEN 3 1 low", integer(1)},
                  {"ZRANGE z 0 -1", list("b c d")},
                  {"ZADD z MAXLEN 3 MAX CH 9 b 8 e", integer(2)},
                  {"ZRANGE z 0 -1 WITHSCORES", list("d 5 e 8 b 9")},
                  {"ZADD z maxlen 2 min 1 f", integer(1)},
                  {"ZRANGE z 0 -1", list("f d")},
                  {"ZADD z NX MAXLEN 1 7 d", integer(0)},
                  {"ZRANGE z 0 -1", list("d")},
                  {"ZADD z CH MAXLEN 9 GT 4 d", integer(0)},
                  {"ZSCORE z d", bulk("5")}});
}

TEST_F(LeaderboardTest, TiesAreCutByTheOrderOfTheSet) {
  expect_session({{"ZADD z MAXLEN 2 7 a 7 b 7 c 7 d", integer(4)},
                  {"ZRANGE z 0 -1", list("c d")},
                  {"ZADD y MAXLEN 2 MIN 7 a 7 b 7 c 7 d", integer(4)},
                  {"ZRANGE y 0 -1", list("a b")},
                  {"ZADD z MAXLEN 2 7 b", integer(1)},
                  {"ZRANGE z 0 -1", list("c d")}});
}

TEST_F(LeaderboardTest, KeepsTheBestWhileIncrementing) {
  run("ZADD", "z", 1, "a", 2, "b", 3, "c");
  expect_session({{"ZADD z MAXLEN 3 INCR 5 a", bulk("6")},
                  {"ZADD z INCR MAXLEN 3 1 new", bulk("1")},
                  {"ZRANGE z 0 -1", list("b c a")},
                  {"ZADD z MAXLEN 2 NX INCR 1 a", nil()},
                  {"ZRANGE z 0 -1", list("c a")},
                  {"ZADD missing XX MAXLEN 3 INCR 1 a", nil()},
                  {"EXISTS missing", integer(0)}});
}

TEST_F(LeaderboardTest, MaxlenRefusesWhatMakesNoSense) {
  run("ZADD", "z", 1, "a");
  const Reply not_positive = error("ERR MAXLEN should be greater than 0");
  expect_session({{"ZADD z MAXLEN 0 1 b", not_positive},
                  {"ZADD z MAXLEN -5 1 b", not_positive},
                  {"ZADD z MAXLEN x 1 b", kNotAnInteger},
                  {"ZADD z MAXLEN 5", kNotAFloat},  // a score and a member
                  {"ZADD z MAXLEN 5 1", kSyntax},
                  {"ZADD z MAXLEN 5 MAX", kSyntax},
                  {"ZADD z MAXLEN 5 MAXLEN 6 1 b", kNotAFloat},
                  {"ZADD z MIN 1 b", kSyntax},
                  {"ZADD z MAXLEN 5 1 b x c", kNotAFloat},
                  {"ZRANGE z 0 -1", list("a")}});
}

/// A leaderboard as anyone would write it down: correct and slow.
struct Model {
  std::map<std::string, double> scores;

  std::vector<std::pair<double, std::string>> sorted() const {
    std::vector<std::pair<double, std::string>> all;
    for (const auto& [member, score] : scores) all.emplace_back(score, member);
    std::sort(all.begin(), all.end());
    return all;
  }
  void trim(std::size_t length, bool lowest) {
    const auto all = sorted();
    if (all.size() <= length) return;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const bool kept = lowest ? i < length : i >= all.size() - length;
      if (!kept) scores.erase(all[i].second);
    }
  }
  std::int64_t better(double score, bool reverse) const {
    return std::count_if(scores.begin(), scores.end(), [&](const auto& entry) {
      return reverse ? entry.second > score : entry.second < score;
    });
  }
  std::int64_t better_scores(double score, bool reverse) const {
    std::set<double> distinct;
    for (const auto& [member, other] : scores) {
      if (reverse ? other > score : other < score) distinct.insert(other);
    }
    return static_cast<std::int64_t>(distinct.size());
  }
};

TEST_F(LeaderboardTest, AgreesWithAModel) {
  std::mt19937 random(20261123);
  Model model;
  for (int step = 0; step < 6000; ++step) {
    // Few scores and few members: ties and updates everywhere. Beyond 128 it becomes a skiplist.
    const std::string member = "m" + std::to_string(random() % 400);
    const int score = static_cast<int>(random() % 40) - 20;
    const std::size_t length = random() % 20 == 0 ? 1 + random() % 60 : 100 + random() % 150;
    const bool lowest = random() % 4 == 0;
    const bool there = model.scores.contains(member);
    if (random() % 2 == 0) {
      ASSERT_EQ(run("ZADD", "z", "MAXLEN", length, lowest ? "MIN" : "MAX", score, member),
                integer(there ? 0 : 1));
      model.scores[member] = score;
    } else {
      const double sum = model.scores[member] += score;
      ASSERT_EQ(run("ZADD", "z", "INCR", "MAXLEN", length, lowest ? "MIN" : "MAX", score, member),
                bulk(std::to_string(static_cast<int>(sum))));
    }
    model.trim(length, lowest);
    ASSERT_EQ(run("ZCARD", "z"), integer(static_cast<std::int64_t>(model.scores.size())));
    const auto asked = std::next(model.scores.begin(),
                                 static_cast<std::ptrdiff_t>(random() % model.scores.size()));
    for (const bool reverse : {false, true}) {
      const std::string command = reverse ? "ZREVRANK" : "ZRANK";
      ASSERT_EQ(run(command, "z", asked->first, "COMPETITION"),
                integer(model.better(asked->second, reverse)));
      ASSERT_EQ(run(command, "z", asked->first, "DENSE"),
                integer(model.better_scores(asked->second, reverse)));
    }
    if (step % 100 == 0) {
      std::vector<std::string> members;
      for (const auto& [value, name] : model.sorted()) members.push_back(name);
      ASSERT_EQ(run("ZRANGE", "z", 0, -1), bulks(members));
    }
  }
}

}  // namespace
}  // namespace spinel::test
