// Adding to sorted sets, removing, scores, ranks, encodings.
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "tests/integration/sorted_set_fixture.h"

namespace spinel::test {
namespace {

// --- ZADD, ZINCRBY

TEST_F(SortedSetTest, AddsAndCounts) {
  expect_session({{"ZADD z 1 a 2 b", integer(2)},
                  {"ZADD z 3 a 4 c", integer(1)},
                  {"ZADD z CH 3 a 5 c 6 d", integer(2)},
                  {"ZADD z CH 3 a", integer(0)},
                  {"ZADD z 7 e 8 e", integer(1)},
                  {"ZCARD z", integer(5)},
                  {"ZRANGE z 0 -1 WITHSCORES", list("b 2 a 3 c 5 d 6 e 8")},
                  {"ZCARD missing", integer(0)},
                  {"TYPE z", status("zset")}});
}

TEST_F(SortedSetTest, ConditionsOfAdding) {
  expect_session({{"ZADD z XX 1 a", integer(0)},
                  {"EXISTS z", integer(0)},
                  {"ZADD z NX 5 a", integer(1)},
                  {"ZADD z NX CH 6 a 7 b", integer(1)},
                  {"ZSCORE z a", bulk("5")},
                  {"ZADD z XX CH 6 a 7 c", integer(1)},
                  {"ZSCORE z c", nil()},
                  {"ZADD z GT CH 5 a 8 b 9 new", integer(2)},
                  {"ZMSCORE z a b new", list("6 8 9")},
                  {"ZADD z LT CH 7 a 1 b", integer(1)},
                  {"ZMSCORE z a b", list("6 1")},
                  {"ZADD z XX GT CH 100 a 100 nobody", integer(1)},
                  {"ZADD z GT GT XX XX CH CH 101 a", integer(1)},
                  {"ZCARD z", integer(3)}});
}

TEST_F(SortedSetTest, AddIncrements) {
  expect_session({{"ZADD z INCR 5 a", bulk("5")},
                  {"ZADD z INCR 2.5 a", bulk("7.5")},
                  {"ZADD z NX INCR 1 a", nil()},
                  {"ZADD z XX INCR 1 b", nil()},
                  {"ZADD z GT INCR -1 a", nil()},
                  {"ZADD z GT INCR 0 a", nil()},
                  {"ZADD z LT INCR 1 a", nil()},
                  {"ZADD z LT INCR -1 a", bulk("6.5")},
                  {"ZADD z INCR 0 a", bulk("6.5")},
                  {"ZADD missing XX INCR 1 b", nil()},
                  {"EXISTS missing", integer(0)},
                  {"ZINCRBY z 1 a", bulk("7.5")},
                  {"ZINCRBY z -3 new", bulk("-3")},
                  {"ZINCRBY z 0x10 new", bulk("13")}});
  EXPECT_EQ(run3("ZINCRBY", "z", "0.25", "a"), real("7.75"));
  EXPECT_EQ(run3("ZADD", "z", "INCR", "0.25", "a"), real("8"));
  EXPECT_EQ(run3("ZADD", "z", "NX", "INCR", "1", "a"), nil());
}

TEST_F(SortedSetTest, AddRefusesWhatMakesNoSense) {
  run("SET", "string", "x");
  run("ZADD", "z", "inf", "most", 1, "a");
  expect_session(
      {{"ZADD z", wrong_arity("zadd")},
       {"ZADD z 1", wrong_arity("zadd")},
       {"ZADD z NX XX", kSyntax},
       {"ZADD z 1 a 2", kSyntax},
       {"ZADD z NX XX 1 a", error("ERR XX and NX options at the same time are not compatible")},
       {"ZADD z NX XX x a", error("ERR XX and NX options at the same time are not compatible")},
       {"ZADD z NX GT 1 a",
        error("ERR GT, LT, and/or NX options at the same time are not compatible")},
       {"ZADD z GT LT 1 a",
        error("ERR GT, LT, and/or NX options at the same time are not compatible")},
       {"ZADD z INCR 1 a 2 b", error("ERR INCR option supports a single increment-element pair")},
       {"ZADD z x a", kNotAFloat},
       {"ZADD z nan a", kNotAFloat},
       {"ZADD z \"\" a", kNotAFloat},
       {"ZADD z \" 1\" a", kNotAFloat},
       {"ZADD z 1e400 a", kNotAFloat},
       {"ZADD z 5 b 1 c x d", kNotAFloat},
       {"ZADD string x a", kNotAFloat},
       {"ZADD string 1 a", kWrongType},
       {"ZADD string INCR 1 a", kWrongType},
       {"ZADD string XX 1 a", kWrongType},
       {"ZINCRBY z x a", kNotAFloat},
       {"ZINCRBY string x a", kNotAFloat},
       {"ZINCRBY string 1 a", kWrongType},
       {"ZINCRBY z -inf most", error("ERR resulting score is not a number (NaN)")},
       {"ZADD z INCR -inf most", error("ERR resulting score is not a number (NaN)")},
       {"ZRANGE z 0 -1 WITHSCORES", list("a 1 most inf")}});
}

TEST_F(SortedSetTest, ScoresKeepTheirWholeRange) {
  const std::vector<std::pair<std::string, std::string>> scores = {
      {"1", "1"},
      {"-1", "-1"},
      {"1.5", "1.5"},
      {"inf", "inf"},
      {"-inf", "-inf"},
      {"+inf", "inf"},
      {"Infinity", "inf"},
      {"1e3", "1000"},
      {"0x1p-1", "0.5"},
      {"9007199254740993", "9007199254740992"},
      {"1e17", "100000000000000000"},
      {"123456789012345680000", "123456789012345680000"},
      {"1.7976931348623157e308", "1.7976931348623157e+308"},
      {"5e-324", "5e-324"},
      {"3.0e20", "300000000000000000000"},
      {"-0.001", "-0.001"}};
  for (const auto& [given, shown] : scores) {
    run("ZADD", "z", given, "m");
    const Reply plain = run("ZSCORE", "z", "m");
    const Reply third = run3("ZSCORE", "z", "m");
    EXPECT_EQ(plain.text, third.text) << given;
    EXPECT_EQ(third.type, Reply::Type::kDouble);
    EXPECT_EQ(std::strtod(plain.text.c_str(), nullptr), std::strtod(given.c_str(), nullptr))
        << given << " came back as " << plain.text;
  }
  SKIP_ON_REDIS_7_0("prints 17 digits of every score");
  for (const auto& [given, shown] : scores) {
    if (shown.size() > 19) continue;  // where digits end and exponents begin is tested elsewhere
    run("ZADD", "z", given, "m");
    EXPECT_EQ(run("ZSCORE", "z", "m"), bulk(shown)) << given;
  }
}

TEST_F(SortedSetTest, MembersAreBinarySafe) {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  for (const std::string& member : {std::string(), every_byte, std::string("a\0b", 3)}) {
    EXPECT_EQ(run("ZADD", "z", 1, member), integer(1));
    EXPECT_EQ(run("ZSCORE", "z", member), bulk("1"));
  }
  EXPECT_EQ(run("ZRANGE", "z", 0, -1), bulks({"", every_byte, std::string("a\0b", 3)}));
  EXPECT_EQ(run("ZREM", "z", every_byte, ""), integer(2));
}

// --- ZREM, scores

TEST_F(SortedSetTest, Removes) {
  add_letters("z", "abcd");
  run("SET", "string", "x");
  expect_session({{"ZREM z a nobody c a", integer(2)},
                  {"ZRANGE z 0 -1", list("b d")},
                  {"ZREM missing a", integer(0)},
                  {"ZREM string a", kWrongType},
                  {"ZREM z", wrong_arity("zrem")},
                  {"ZREM z d b", integer(2)},
                  {"EXISTS z", integer(0)}});
}

TEST_F(SortedSetTest, Scores) {
  run("ZADD", "z", "1.5", "a", "-inf", "b");
  run("SET", "string", "x");
  expect_session({{"ZSCORE z a", bulk("1.5")},
                  {"ZSCORE z nobody", nil()},
                  {"ZSCORE missing a", nil()},
                  {"ZSCORE string a", kWrongType},
                  {"ZMSCORE z a nobody b", array({bulk("1.5"), nil(), bulk("-inf")})},
                  {"ZMSCORE missing a b", array({nil(), nil()})},
                  {"ZMSCORE string a", kWrongType},
                  {"ZMSCORE z", wrong_arity("zmscore")},
                  {"ZCARD string", kWrongType}});
  EXPECT_EQ(run3("ZSCORE", "z", "b"), real("-inf"));
  EXPECT_EQ(run3("ZSCORE", "z", "nobody"), nil());
  EXPECT_EQ(run3("ZMSCORE", "z", "a", "nobody"), array({real("1.5"), nil()}));
}

// --- ranks

TEST_F(SortedSetTest, Ranks) {
  run("ZADD", "z", 1, "a", 2, "b", 2, "c", 3, "d");
  run("SET", "string", "x");
  expect_session({{"ZRANK z a", integer(0)},
                  {"ZRANK z b", integer(1)},
                  {"ZRANK z c", integer(2)},
                  {"ZREVRANK z a", integer(3)},
                  {"ZREVRANK z d", integer(0)},
                  {"ZRANK z nobody", nil()},
                  {"ZRANK missing a", nil()},
                  {"ZRANK string a", kWrongType},
                  {"ZREVRANK string a", kWrongType},
                  {"ZRANK z", wrong_arity("zrank")}});
  SKIP_ON_REDIS_7_0("has no WITHSCORE");
  expect_session({{"ZRANK z c WITHSCORE", array({integer(2), bulk("2")})},
                  {"ZREVRANK z c withscore", array({integer(1), bulk("2")})},
                  {"ZRANK z nobody WITHSCORE", nil()},
                  {"ZRANK missing a WITHSCORE", nil()},
                  {"ZRANK z a WITHSCORES", kSyntax},
                  {"ZRANK z a WITHSCORE x", wrong_arity("zrank")},
                  {"ZREVRANK z a x y", wrong_arity("zrevrank")},
                  {"ZRANK string a x", kSyntax}});
  EXPECT_EQ(run3("ZRANK", "z", "c", "WITHSCORE"), array({integer(2), real("2")}));
  EXPECT_EQ(run3("ZRANK", "z", "nobody", "WITHSCORE"), nil());
  EXPECT_EQ(server().raw().run("ZRANK", "z", "nobody", "WITHSCORE"), null_array());
}

// --- encodings

TEST_F(SortedSetTest, Encodings) {
  for (int i = 0; i < 128; ++i) run("ZADD", "z", i, "m" + std::to_string(i));
  EXPECT_EQ(run("OBJECT", "ENCODING", "z"), bulk("listpack"));
  run("ZADD", "z", 1000, "one more");
  EXPECT_EQ(run("OBJECT", "ENCODING", "z"), bulk("skiplist"));
  run("ZREM", "z", "m1", "m2", "m3");
  EXPECT_EQ(run("OBJECT", "ENCODING", "z"), bulk("skiplist"));
  EXPECT_EQ(run("ZRANK", "z", "m100"), integer(97));
  run("ZUNIONSTORE", "d", 1, "z");
  EXPECT_EQ(run("OBJECT", "ENCODING", "d"), bulk("listpack"));
  run("ZADD", "long", 1, std::string(64, 'x'));
  EXPECT_EQ(run("OBJECT", "ENCODING", "long"), bulk("listpack"));
  run("ZADD", "long", 1, std::string(65, 'x'));
  EXPECT_EQ(run("OBJECT", "ENCODING", "long"), bulk("skiplist"));
  run("ZRANGESTORE", "d", "long", 0, 0);
  EXPECT_EQ(run("OBJECT", "ENCODING", "d"), bulk("listpack"));
}

}  // namespace
}  // namespace spinel::test
