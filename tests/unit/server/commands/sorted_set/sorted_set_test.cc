// What sorted set commands tell others: effects, keyspace events, clients that wait. What they
// reply is tested in tests/integration.
#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using storage::Encoding;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(SortedSetCommands, TellWhatTheyAdded) {
  TestServer server;
  server.run("ZADD", "z", "1", "a", "2", "b");
  server.run("ZADD", "z", "1", "a");
  server.run("ZADD", "z", "XX", "5", "c");
  server.run("ZADD", "z", "CH", "3", "a");
  server.run("ZADD", "z", "INCR", "1", "a");
  server.run("ZADD", "z", "INCR", "0", "a");
  server.run("ZINCRBY", "z", "2", "a");
  server.run("ZINCRBY", "z", "0", "a");
  EXPECT_THAT(server.take_effects(),
              ElementsAre("ZADD z 1 a 2 b", "ZADD z CH 3 a", "ZADD z INCR 1 a", "ZINCRBY z 2 a"));
  EXPECT_THAT(server.take_events(), ElementsAre("new z", "zadd z", "zadd z", "zincr z", "zincr z"));
}

TEST(SortedSetCommands, LeaveNothingBehindWhenTheyFail) {
  TestServer server;
  server.run("ZADD", "z", "inf", "a");
  server.take_effects();
  server.take_events();
  server.run("ZINCRBY", "z", "-inf", "a");
  server.run("ZADD", "z", "1", "b", "x", "c");
  server.run("ZADD", "missing", "XX", "1", "b");
  server.run("ZREM", "z", "nobody");
  server.run("ZREM", "missing", "nobody");
  server.run("ZREMRANGEBYRANK", "z", "5", "9");
  server.run("ZPOPMIN", "z", "0");
  EXPECT_THAT(server.take_effects(), IsEmpty());
  EXPECT_THAT(server.take_events(), IsEmpty());
  EXPECT_EQ(server.run("ZRANGE", "z", "0", "-1"), array({bulk("a")}));
  EXPECT_EQ(server.run("EXISTS", "missing"), integer(0));
}

TEST(SortedSetCommands, TellWhatTheyRemoved) {
  TestServer server;
  server.run("ZADD", "z", "1", "a", "2", "b", "3", "c", "4", "d", "5", "e", "6", "f", "7", "g");
  server.take_effects();
  server.take_events();
  server.run("ZREM", "z", "a", "nobody");
  server.run("ZREMRANGEBYRANK", "z", "0", "0");
  server.run("ZREMRANGEBYSCORE", "z", "3", "3");
  server.run("ZPOPMIN", "z");
  server.run("ZPOPMAX", "z", "2");
  server.run("ZREMRANGEBYLEX", "z", "-", "+");
  EXPECT_THAT(server.take_effects(),
              ElementsAre("ZREM z a nobody", "ZREMRANGEBYRANK z 0 0", "ZREMRANGEBYSCORE z 3 3",
                          "ZPOPMIN z", "ZPOPMAX z 2", "ZREMRANGEBYLEX z - +"));
  EXPECT_THAT(server.take_events(),
              ElementsAre("zrem z", "zremrangebyrank z", "zremrangebyscore z", "zpopmin z",
                          "zpopmax z", "zremrangebylex z", "del z"));
}

TEST(SortedSetCommands, PopsBecomePopsOfOneKey) {
  TestServer server;
  server.run("ZADD", "z", "1", "a", "2", "b", "3", "c", "4", "d", "5", "e", "6", "f");
  server.take_effects();
  server.take_events();
  server.run("ZMPOP", "2", "missing", "z", "MIN");
  server.run("BZPOPMAX", "missing", "z", "0");
  server.run("BZPOPMIN", "z", "0");
  server.run("BZMPOP", "0", "1", "z", "MAX", "COUNT", "100");
  EXPECT_THAT(server.take_effects(),
              ElementsAre("ZPOPMIN z 1", "ZPOPMAX z", "ZPOPMIN z", "ZPOPMAX z 3"));
  EXPECT_THAT(server.take_events(),
              ElementsAre("zpopmin z", "zpopmax z", "zpopmin z", "zpopmax z", "del z"));
}

TEST(SortedSetCommands, WaitingPopsAreToldAfterWhatServedThem) {
  TestServer server;
  TestClient first(server);
  TestClient second(server);
  EXPECT_EQ(first.run("BZPOPMIN", "y", "z", "0"), "");
  EXPECT_EQ(second.run("BZMPOP", "0", "1", "z", "MAX", "COUNT", "5"), "");
  server.take_events();
  EXPECT_EQ(server.run("ZADD", "z", "1", "a", "2", "b"), integer(2));
  EXPECT_EQ(first.take_output(), array({bulk("z"), bulk("a"), bulk("1")}));
  EXPECT_EQ(second.take_output(), array({bulk("z"), array({array({bulk("b"), bulk("2")})})}));
  EXPECT_THAT(server.take_effects(), ElementsAre("ZADD z 1 a 2 b", "ZPOPMIN z", "ZPOPMAX z 1"));
  EXPECT_THAT(server.take_events(),
              ElementsAre("new z", "zadd z", "zpopmin z", "zpopmax z", "del z"));
}

TEST(SortedSetCommands, StoresReplaceWhateverWasThere) {
  TestServer server;
  server.run("ZADD", "z", "1", "a", "2", "b");
  server.run("SET", "d", "string");
  server.take_effects();
  server.take_events();
  server.run("ZRANGESTORE", "d", "z", "0", "0");
  server.run("ZUNIONSTORE", "d", "1", "z");
  server.run("ZINTERSTORE", "new", "1", "z");
  server.run("ZDIFFSTORE", "d", "2", "z", "z");
  server.run("ZDIFFSTORE", "d", "2", "z", "z");
  EXPECT_THAT(server.take_effects(), ElementsAre("ZRANGESTORE d z 0 0", "ZUNIONSTORE d 1 z",
                                                 "ZINTERSTORE new 1 z", "ZDIFFSTORE d 2 z z"));
  EXPECT_THAT(server.take_events(),
              ElementsAre("zrangestore d", "zunionstore d", "new new", "zinterstore new", "del d"));
}

TEST(SortedSetCommands, ResultsAreAsSmallAsTheyCanBe) {
  TestServer server;
  server.run("CONFIG", "SET", "zset-max-listpack-entries", "2");
  server.run("ZADD", "z", "1", "a", "2", "b", "3", "c");
  EXPECT_EQ(server.entry("z").encoding(), Encoding::kSkiplist);
  server.run("ZRANGESTORE", "d", "z", "0", "1");
  EXPECT_EQ(server.entry("d").encoding(), Encoding::kListpackSortedSet);
  server.run("ZUNIONSTORE", "d", "1", "z");
  EXPECT_EQ(server.entry("d").encoding(), Encoding::kSkiplist);
  server.run("ZADD", "y", "1", "a", "1", "b");
  server.run("ZINTERSTORE", "d", "2", "y", "z");
  EXPECT_EQ(server.entry("d").encoding(), Encoding::kListpackSortedSet);
}

// --- MAXLEN: whoever reads the effects knows nothing of it

TEST(Leaderboard, IsToldAsPlainCommands) {
  TestServer server;
  server.run("ZADD", "z", "1", "a", "2", "b", "3", "c");
  server.take_effects();
  server.take_events();
  server.run("ZADD", "z", "MAXLEN", "3", "4", "d");
  server.run("ZADD", "z", "CH", "maxlen", "2", "min", "NX", "5", "e", "6", "f");
  server.run("ZADD", "z", "MAXLEN", "9", "MAX", "7", "g");
  server.run("ZADD", "z", "XX", "MAXLEN", "2", "3", "c");
  server.run("ZADD", "z", "MAXLEN", "2", "7", "g");
  server.run("ZADD", "z", "INCR", "MAXLEN", "1", "1", "g");
  EXPECT_THAT(server.take_effects(),
              ElementsAre("MULTI", "ZADD z 4 d", "ZREMRANGEBYRANK z 0 0", "EXEC",  //
                          "MULTI", "ZADD z CH NX 5 e 6 f", "ZREMRANGEBYRANK z -3 -1", "EXEC",
                          "ZADD z 7 g",             //
                          "ZREMRANGEBYRANK z 0 0",  // the last ones kept were b, c and g
                          "MULTI", "ZADD z INCR 1 g", "ZREMRANGEBYRANK z 0 0", "EXEC"));
  EXPECT_THAT(server.take_events(),
              ElementsAre("zadd z", "zremrangebyrank z", "zadd z", "zremrangebyrank z", "zadd z",
                          "zremrangebyrank z", "zincr z", "zremrangebyrank z"));
}

// Runs what was told on another server; both must then hold the same.
void replay(TestServer& from, TestServer& to) {
  for (const std::string& effect : from.take_effects()) {
    if (effect == "MULTI" || effect == "EXEC") continue;
    EXPECT_EQ(effect.find("MAXLEN"), std::string::npos) << effect;
    to.send(effect + "\r\n");
  }
}

TEST(Leaderboard, EffectsGiveTheSameElsewhere) {
  constexpr unsigned kSeed = 7;
  std::mt19937 random(kSeed);
  TestServer server;
  TestServer replica;
  for (int step = 0; step < 3000; ++step) {
    const std::string length = std::to_string(1 + random() % 200);
    const std::string score = std::to_string(static_cast<int>(random() % 20) - 10);
    const std::string member = "m" + std::to_string(random() % 300);
    const std::string other = "m" + std::to_string(random() % 300);
    const std::string end = random() % 2 == 0 ? "MIN" : "MAX";
    if (random() % 2 == 0) {
      server.run("ZADD", "z", "MAXLEN", length, end, score, member, "5", other);
    } else {
      server.run("ZADD", "z", "MAXLEN", length, end, "INCR", score, member);
    }
    replay(server, replica);
    if (step % 20 != 0) continue;
    const std::string ours = server.run("ZRANGE", "z", "0", "-1", "WITHSCORES");
    ASSERT_EQ(replica.run("ZRANGE", "z", "0", "-1", "WITHSCORES"), ours) << "step " << step;
  }
}

TEST(Leaderboard, WaitingClientsSeeTheTrimmedSet) {
  TestServer server;
  TestClient waiting(server);
  EXPECT_EQ(waiting.run("BZPOPMIN", "z", "0"), "");
  server.run("ZADD", "z", "MAXLEN", "1", "1", "a", "2", "b");
  EXPECT_EQ(waiting.take_output(), array({bulk("z"), bulk("b"), bulk("2")}));
}

// --- ranges against a model, in both encodings

struct Bound {
  std::string text;
  double score;
  bool exclusive;
};

Bound random_bound(std::mt19937& random) {
  const int score = static_cast<int>(random() % 24) - 12;
  const bool exclusive = random() % 2 == 0;
  return {(exclusive ? "(" : "") + std::to_string(score), static_cast<double>(score), exclusive};
}

TEST(SortedSetCommands, RangesAgreeWithAModel) {
  constexpr unsigned kSeed = 11;
  std::mt19937 random(kSeed);
  for (const std::string entries : {"0", "128"}) {
    TestServer server;
    server.run("CONFIG", "SET", "zset-max-listpack-entries", entries);
    std::vector<std::pair<double, std::string>> model;
    for (int i = 0; i < 100; ++i) {
      const int score = static_cast<int>(random() % 20) - 10;
      model.emplace_back(score, "m" + std::to_string(i));
      server.run("ZADD", "z", std::to_string(score), model.back().second);
    }
    std::sort(model.begin(), model.end());
    for (int round = 0; round < 2000; ++round) {
      const Bound min = random_bound(random);
      const Bound max = random_bound(random);
      const bool reverse = random() % 2 == 0;
      const int offset = static_cast<int>(random() % 12) - 1;
      const int limit = static_cast<int>(random() % 12) - 1;
      std::vector<std::string> expected;
      for (const auto& [score, member] : model) {
        const bool above = min.exclusive ? score > min.score : score >= min.score;
        const bool below = max.exclusive ? score < max.score : score <= max.score;
        if (above && below) expected.push_back(member);
      }
      ASSERT_EQ(server.run("ZCOUNT", "z", min.text, max.text),
                integer(static_cast<int64_t>(expected.size())));
      if (reverse) std::reverse(expected.begin(), expected.end());
      const auto size = static_cast<int>(expected.size());
      const int begin = offset < 0 ? size : std::min(offset, size);
      const int end = limit < 0 ? size : std::min(size, begin + limit);
      std::string reply = "*" + std::to_string(end - begin) + "\r\n";
      for (int i = begin; i < end; ++i) reply += bulk(expected[static_cast<size_t>(i)]);
      ASSERT_EQ(server.run(reverse ? "ZREVRANGEBYSCORE" : "ZRANGEBYSCORE", "z",
                           reverse ? max.text : min.text, reverse ? min.text : max.text, "LIMIT",
                           std::to_string(offset), std::to_string(limit)),
                reply);
    }
  }
}

// The replies of redis-server 7.0.15 to ranges of bytes where scores differ, which it leaves
// undefined.
TEST(SortedSetCommands, RangesOfBytesAcrossScoresAreThoseOfRedis) {
  TestServer server;
  server.run("ZADD", "z", "0", "d", "0", "e", "1", "a", "2", "f", "3", "b");
  const std::string none = array({});
  struct Case {
    const char *first, *second;
    std::string forward, reverse;
  };
  const std::string all = array({bulk("d"), bulk("e"), bulk("a"), bulk("f"), bulk("b")});
  const std::string back = array({bulk("b"), bulk("f"), bulk("a"), bulk("e"), bulk("d")});
  const Case cases[] = {
      {"[e", "[g", none, none},
      {"(e", "(g", none, none},
      {"[e", "[f", none, none},
      {"[a", "[b", none, none},
      {"[a", "[z", all, back},
      {"[a", "[d", array({bulk("d")}), back},
      {"-", "[e", array({bulk("d"), bulk("e"), bulk("a")}), back},
      {"[b", "+", all, array({bulk("b"), bulk("f")})},
      {"[b", "[f", all, array({bulk("b"), bulk("f")})},
      {"-", "-", none, none},
      {"+", "+", none, none},
      {"[z", "[a", none, none},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.first) + " " + c.second);
    EXPECT_EQ(server.run("ZRANGEBYLEX", "z", c.first, c.second), c.forward);
    EXPECT_EQ(server.run("ZREVRANGEBYLEX", "z", c.second, c.first), c.reverse);
    EXPECT_EQ(":" + c.forward.substr(1, c.forward.find('\n')),
              server.run("ZLEXCOUNT", "z", c.first, c.second));
  }
  // Members that are skipped are not looked at.
  EXPECT_EQ(server.run("ZRANGEBYLEX", "z", "[b", "(e", "LIMIT", "1", "5"), none);
  EXPECT_EQ(server.run("ZRANGEBYLEX", "z", "[b", "(e", "LIMIT", "2", "5"), array({bulk("a")}));
  EXPECT_EQ(server.run("ZRANGEBYLEX", "z", "[a", "(f", "LIMIT", "3", "5"), none);
  EXPECT_EQ(server.run("ZRANGEBYLEX", "z", "[a", "(f", "LIMIT", "4", "5"), array({bulk("b")}));
  EXPECT_EQ(server.run("ZRANGEBYLEX", "z", "[a", "(f", "LIMIT", "5", "5"), none);
  EXPECT_EQ(server.run("ZREMRANGEBYLEX", "z", "[e", "[g"), integer(0));
  EXPECT_EQ(server.run("ZREMRANGEBYLEX", "z", "-", "[e"), integer(3));
  EXPECT_EQ(server.run("ZRANGE", "z", "0", "-1"), array({bulk("f"), bulk("b")}));
}

// A skiplist finds the bounds one by one, but nothing that is outside them.
TEST(SortedSetCommands, RangesOfBytesStayWithinTheirBounds) {
  constexpr unsigned kSeed = 12;
  std::mt19937 random(kSeed);
  TestServer server;
  server.run("CONFIG", "SET", "zset-max-listpack-entries", "0");
  const auto letter = [&random] { return std::string(1, static_cast<char>('a' + random() % 26)); };
  for (int round = 0; round < 500; ++round) {
    server.run("ZADD", "z", std::to_string(random() % 4), letter());
    const std::string min = letter();
    const std::string max = letter();
    const std::string forward = server.run("ZRANGEBYLEX", "z", "[" + min, "(" + max);
    for (const std::string& reply :
         {forward, server.run("ZREVRANGEBYLEX", "z", "(" + max, "[" + min)}) {
      for (size_t at = reply.find("$1\r\n"); at != std::string::npos;
           at = reply.find("$1\r\n", at + 1)) {
        const std::string member = reply.substr(at + 4, 1);
        ASSERT_TRUE(min <= member && member < max) << member << " in [" << min << " (" << max;
      }
    }
    if (round % 10 == 0) {
      ASSERT_EQ(server.run("ZREMRANGEBYLEX", "z", "[" + min, "(" + max),
                ":" + forward.substr(1, forward.find('\n')));
    }
  }
}

TEST(SortedSetCommands, BoundsOfBytesEndAtTheirNul) {
  using std::string_view_literals::operator""sv;
  TestServer server;
  server.run("ZADD", "z", "0", "a");
  EXPECT_EQ(server.run("ZLEXCOUNT", "z", "-\0x"sv, "+\0"sv), integer(1));
  EXPECT_EQ(server.run("ZLEXCOUNT", "z", "-", "[a\0"sv), integer(1));
  EXPECT_EQ(server.run("ZLEXCOUNT", "z", "-", "\0"sv),
            error("ERR min or max not valid string range item"));
}

TEST(Leaderboard, MaxlenIsNoScore) {
  TestServer server;
  const std::string not_a_float = error("ERR value is not a valid float");
  EXPECT_EQ(server.run("ZINCRBY", "z", "MAXLEN", "5"), not_a_float);
  EXPECT_EQ(server.run("ZADD", "z", "MAXLEN", "5"), not_a_float);
  EXPECT_EQ(server.run("ZADD", "z", "maxlen", "m"), not_a_float);
  EXPECT_EQ(server.run("ZADD", "z", "NX", "MAXLEN", "5"), not_a_float);
  EXPECT_EQ(server.run("ZADD", "z", "MAXLEN", "5", "MIN"), error("ERR syntax error"));
  EXPECT_EQ(server.run("ZADD", "z", "MAXLEN", "5", "1", "a"), integer(1));
}

TEST(SortedSetCommands, NothingIsLeftOfASetWithoutItself) {
  TestServer server;
  server.run("ZADD", "z", "1", "a", "2", "b");
  server.run("SADD", "s", "a");
  EXPECT_EQ(server.run("ZDIFF", "2", "z", "z"), array({}));
  EXPECT_EQ(server.run("ZDIFF", "3", "s", "z", "s"), array({}));
  EXPECT_EQ(server.run("ZDIFF", "3", "z", "s", "missing"), array({bulk("b")}));
  EXPECT_EQ(server.run("ZDIFF", "2", "missing", "missing"), array({}));
  EXPECT_EQ(server.run("ZDIFFSTORE", "z", "2", "z", "z"), integer(0));
}

}  // namespace
}  // namespace spinel::server
