#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

class SortedSetTest : public ServerTest {
 protected:
  /// Adds member i with score i for the letters of `members`: "abc" is a 1, b 2, c 3.
  void add_letters(const std::string& key, const std::string& members) {
    std::vector<std::string> command = {"ZADD", key};
    for (std::size_t i = 0; i < members.size(); ++i) {
      command.push_back(std::to_string(i + 1));
      command.emplace_back(1, members[i]);
    }
    ASSERT_EQ(client().command(command), integer(static_cast<std::int64_t>(members.size())));
  }
  /// The same members, all with score 0.
  void add_lexical(const std::string& key, const std::string& members) {
    for (const char member : members) run("ZADD", key, 0, std::string(1, member));
  }
};

const Reply kWrongType = error("WRONGTYPE Operation against a key holding the wrong kind of value");
const Reply kNotAnInteger = error("ERR value is not an integer or out of range");
const Reply kNotAFloat = error("ERR value is not a valid float");
const Reply kSyntax = error("ERR syntax error");
const Reply kNotAScoreRange = error("ERR min or max is not a float");
const Reply kNotALexRange = error("ERR min or max not valid string range item");
const Reply kNone = array({});

Reply wrong_arity(const std::string& command) {
  return error("ERR wrong number of arguments for '" + command + "' command");
}
Reply no_inputs(const std::string& command) {
  return error("ERR at least 1 input key is needed for '" + command + "' command");
}

/// Members with their scores as RESP3 shows them, from "a 1 b 2.5".
Reply pairs3(const std::string& text) {
  const std::vector<std::string> all = words(text);
  std::vector<Reply> elements;
  for (std::size_t i = 0; i + 1 < all.size(); i += 2) {
    elements.push_back(array({bulk(all[i]), real(all[i + 1])}));
  }
  return array(elements);
}
/// The same as RESP2 shows nested ones.
Reply pairs2(const std::string& text) {
  const std::vector<std::string> all = words(text);
  std::vector<Reply> elements;
  for (std::size_t i = 0; i + 1 < all.size(); i += 2) {
    elements.push_back(bulks({all[i], all[i + 1]}));
  }
  return array(elements);
}
Reply list(const std::string& text) {
  return bulks(words(text));
}

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

// --- ranges

TEST_F(SortedSetTest, RangesOfPositions) {
  add_letters("z", "abcde");
  expect_session({{"ZRANGE z 0 -1", list("a b c d e")},
                  {"ZRANGE z 1 2", list("b c")},
                  {"ZRANGE z -2 -1", list("d e")},
                  {"ZRANGE z -100 100", list("a b c d e")},
                  {"ZRANGE z 3 1", kNone},
                  {"ZRANGE z 5 9", kNone},
                  {"ZRANGE z -9 -6", kNone},
                  {"ZRANGE z 0 -9223372036854775808", kNone},
                  {"ZRANGE z -9223372036854775808 9223372036854775807", list("a b c d e")},
                  {"ZRANGE z 0 1 REV", list("e d")},
                  {"ZRANGE z 0 1 REV WITHSCORES", list("e 5 d 4")},
                  {"ZREVRANGE z 0 1", list("e d")},
                  {"ZREVRANGE z -2 -1 WITHSCORES", list("b 2 a 1")},
                  {"ZREVRANGE z 4 1", kNone},
                  {"ZRANGE missing 0 -1", kNone},
                  {"ZRANGE missing 0 -1 WITHSCORES", kNone},
                  {"ZRANGE z 0 1 WITHSCORES WITHSCORES", list("a 1 b 2")},
                  {"ZRANGE z 1 1 LIMIT 7 -1", list("b")}});
  EXPECT_EQ(run3("ZRANGE", "z", 0, 1), list("a b"));
  EXPECT_EQ(run3("ZRANGE", "z", 0, 1, "WITHSCORES"), pairs3("a 1 b 2"));
  EXPECT_EQ(run3("ZREVRANGE", "z", 0, 1, "WITHSCORES"), pairs3("e 5 d 4"));
}

TEST_F(SortedSetTest, RangesOfScores) {
  add_letters("z", "abcde");
  expect_session({{"ZRANGE z 2 4 BYSCORE", list("b c d")},
                  {"ZRANGE z (2 4 BYSCORE", list("c d")},
                  {"ZRANGE z 2 (4 BYSCORE", list("b c")},
                  {"ZRANGE z (2 (3 BYSCORE", kNone},
                  {"ZRANGE z (2 (2 BYSCORE", kNone},
                  {"ZRANGE z 4 2 BYSCORE", kNone},
                  {"ZRANGE z -inf +inf BYSCORE", list("a b c d e")},
                  {"ZRANGE z (-inf (inf BYSCORE LIMIT 1 2", list("b c")},
                  {"ZRANGE z 4 2 BYSCORE REV", list("d c b")},
                  {"ZRANGE z 4 (2 REV BYSCORE LIMIT 1 1 WITHSCORES", list("c 3")},
                  {"ZRANGE z 1 5 BYSCORE LIMIT 1 -1", list("b c d e")},
                  {"ZRANGE z 1 5 BYSCORE LIMIT 1 -7", list("b c d e")},
                  {"ZRANGE z 1 5 BYSCORE LIMIT 5 1", kNone},
                  {"ZRANGE z 1 5 BYSCORE LIMIT -1 1", kNone},
                  {"ZRANGE z 1 5 BYSCORE LIMIT 0 0", kNone},
                  {"ZRANGE z 1 5 BYSCORE LIMIT 3 9223372036854775807", list("d e")},
                  {"ZRANGEBYSCORE z 2 (4", list("b c")},
                  {"ZRANGEBYSCORE z 2 9 WITHSCORES LIMIT 1 2", list("c 3 d 4")},
                  {"ZRANGEBYSCORE z 2 9 LIMIT 1 2 LIMIT 0 1 WITHSCORES", list("b 2")},
                  {"ZREVRANGEBYSCORE z 4 2", list("d c b")},
                  {"ZREVRANGEBYSCORE z 2 4", kNone},
                  {"ZREVRANGEBYSCORE z +inf -inf LIMIT 3 5 WITHSCORES", list("b 2 a 1")},
                  {"ZRANGEBYSCORE z \"\" 1", list("a")},
                  {"ZRANGEBYSCORE z \" 1\" 1e400", list("a b c d e")},
                  {"ZCOUNT z 2 4", integer(3)},
                  {"ZCOUNT z (2 (4", integer(1)},
                  {"ZCOUNT z 4 2", integer(0)},
                  {"ZCOUNT missing 0 1", integer(0)}});
  EXPECT_EQ(run3("ZRANGEBYSCORE", "z", 1, 2, "WITHSCORES"), pairs3("a 1 b 2"));
}

TEST_F(SortedSetTest, RangesOfBytes) {
  add_lexical("z", "abcde");
  expect_session({{"ZRANGE z - + BYLEX", list("a b c d e")},
                  {"ZRANGE z [b [d BYLEX", list("b c d")},
                  {"ZRANGE z (b (d BYLEX", list("c")},
                  {"ZRANGE z [bb + BYLEX LIMIT 1 2", list("d e")},
                  {"ZRANGE z [d [b BYLEX REV", list("d c b")},
                  {"ZRANGE z + - BYLEX", kNone},
                  {"ZRANGE z + - BYLEX REV LIMIT 0 2", list("e d")},
                  {"ZRANGE z [d [b BYLEX", kNone},
                  {"ZRANGE z (b (b BYLEX", kNone},
                  {"ZRANGE z [ [a BYLEX", list("a")},
                  {"ZRANGEBYLEX z - (c", list("a b")},
                  {"ZRANGEBYLEX z - + LIMIT 3 -1", list("d e")},
                  {"ZREVRANGEBYLEX z (c -", list("b a")},
                  {"ZREVRANGEBYLEX z - +", kNone},
                  {"ZLEXCOUNT z - +", integer(5)},
                  {"ZLEXCOUNT z [b (d", integer(2)},
                  {"ZLEXCOUNT z + -", integer(0)},
                  {"ZLEXCOUNT missing - +", integer(0)}});
}

TEST_F(SortedSetTest, RangesRefuseWhatMakesNoSense) {
  add_letters("z", "abc");
  run("SET", "string", "x");
  const Reply limit_needs = error(
      "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
  const Reply no_scores =
      error("ERR syntax error, WITHSCORES not supported in combination with BYLEX");
  expect_session({{"ZRANGE z 0", wrong_arity("zrange")},
                  {"ZRANGE z a 1", kNotAnInteger},
                  {"ZRANGE z 0 1.5", kNotAnInteger},
                  {"ZRANGE string a 1", kNotAnInteger},
                  {"ZRANGE string 0 1", kWrongType},
                  {"ZRANGE z 0 1 BOGUS", kSyntax},
                  {"ZRANGE z 0 1 REV REV", kSyntax},
                  {"ZRANGE z 0 1 BYSCORE BYLEX", kSyntax},
                  {"ZRANGE z 0 1 LIMIT 0", kSyntax},
                  {"ZRANGE z 0 1 LIMIT a 1", kNotAnInteger},
                  {"ZRANGE z 0 1 LIMIT 0 b BOGUS", kNotAnInteger},
                  {"ZRANGE z 0 1 LIMIT 0 1", limit_needs},
                  {"ZREVRANGE z 0 1 LIMIT 0 1", limit_needs},
                  {"ZREVRANGE z 0 1 REV", kSyntax},
                  {"ZRANGEBYSCORE z 0 1 REV", kSyntax},
                  {"ZRANGEBYSCORE z 0 1 BYSCORE", kSyntax},
                  {"ZRANGE z - + BYLEX WITHSCORES", no_scores},
                  {"ZRANGEBYLEX z - + WITHSCORES", no_scores},
                  {"ZRANGE z a 1 BYSCORE", kNotAScoreRange},
                  {"ZRANGE z 1 nan BYSCORE", kNotAScoreRange},
                  {"ZCOUNT z ((1 2", kNotAScoreRange},
                  {"ZCOUNT string a 2", kNotAScoreRange},
                  {"ZCOUNT string 1 2", kWrongType},
                  {"ZRANGE z a b BYLEX", kNotALexRange},
                  {"ZRANGE z \"\" + BYLEX", kNotALexRange},
                  {"ZLEXCOUNT z -a +", kNotALexRange},
                  {"ZLEXCOUNT string - b", kNotALexRange},
                  {"ZLEXCOUNT string - +", kWrongType}});
}

TEST_F(SortedSetTest, StoresRanges) {
  add_letters("z", "abcde");
  run("SET", "string", "x");
  expect_session({{"ZRANGESTORE d z 1 2", integer(2)},
                  {"ZRANGE d 0 -1 WITHSCORES", list("b 2 c 3")},
                  {"ZRANGESTORE d z 5 2 BYSCORE REV LIMIT 1 2", integer(2)},
                  {"ZRANGE d 0 -1 WITHSCORES", list("c 3 d 4")},
                  {"ZRANGESTORE d z - [b BYLEX", integer(2)},
                  {"ZRANGESTORE d z 0 -1 WITHSCORES", kSyntax},
                  {"EXPIRE d 1000", integer(1)},
                  {"ZRANGESTORE d d 0 0", integer(1)},
                  {"TTL d", integer(-1)},
                  {"ZRANGE d 0 -1", list("a")},
                  {"ZRANGESTORE d string 0 -1", kWrongType},
                  {"EXISTS d", integer(1)},
                  {"ZRANGESTORE d missing 0 -1", integer(0)},
                  {"EXISTS d", integer(0)},
                  {"ZRANGESTORE string z 7 8", integer(0)},
                  {"EXISTS string", integer(0)}});
}

TEST_F(SortedSetTest, RemovesRanges) {
  add_letters("z", "abcdefgh");
  run("SET", "string", "x");
  expect_session({{"ZREMRANGEBYRANK z 0 1", integer(2)},
                  {"ZREMRANGEBYRANK z -1 -1", integer(1)},
                  {"ZREMRANGEBYRANK z 5 9", integer(0)},
                  {"ZRANGE z 0 -1", list("c d e f g")},
                  {"ZREMRANGEBYSCORE z (3 (5", integer(1)},
                  {"ZREMRANGEBYSCORE z 6 +inf", integer(2)},
                  {"ZREMRANGEBYSCORE z 100 200", integer(0)},
                  {"ZRANGE z 0 -1", list("c e")},
                  {"ZREMRANGEBYRANK z a 1", kNotAnInteger},
                  {"ZREMRANGEBYSCORE z a 1", kNotAScoreRange},
                  {"ZREMRANGEBYLEX z a b", kNotALexRange},
                  {"ZREMRANGEBYRANK string 0 1", kWrongType},
                  {"ZREMRANGEBYSCORE string 0 1", kWrongType},
                  {"ZREMRANGEBYLEX string - +", kWrongType},
                  {"ZREMRANGEBYRANK missing 0 1", integer(0)},
                  {"ZREMRANGEBYRANK z 0 -1", integer(2)},
                  {"EXISTS z", integer(0)}});
  add_lexical("l", "abcde");
  expect_session({{"ZREMRANGEBYLEX l [b (d", integer(2)},
                  {"ZRANGE l 0 -1", list("a d e")},
                  {"ZREMRANGEBYLEX l - +", integer(3)},
                  {"EXISTS l", integer(0)}});
}

// --- popping

TEST_F(SortedSetTest, Pops) {
  add_letters("z", "abcdefg");
  run("SET", "string", "x");
  const Reply not_positive = error("ERR value is out of range, must be positive");
  expect_session({{"ZPOPMIN z", list("a 1")},
                  {"ZPOPMAX z", list("g 7")},
                  {"ZPOPMIN z 2", list("b 2 c 3")},
                  {"ZPOPMIN z 0", kNone},
                  {"ZPOPMAX z 2", list("f 6 e 5")},
                  {"ZPOPMIN missing", kNone},
                  {"ZPOPMIN missing 2", kNone},
                  {"ZPOPMIN z -1", not_positive},
                  {"ZPOPMIN z x", not_positive},
                  {"ZPOPMIN z 1 2", kSyntax},
                  {"ZPOPMIN string -1", not_positive},
                  {"ZPOPMIN string 0", kWrongType},
                  {"ZPOPMAX string", kWrongType},
                  {"ZPOPMAX z 9223372036854775807", list("d 4")},
                  {"EXISTS z", integer(0)}});
  add_letters("z", "abcd");
  EXPECT_EQ(run3("ZPOPMIN", "z"), array({bulk("a"), real("1")}));
  EXPECT_EQ(run3("ZPOPMIN", "z", 1), pairs3("b 2"));
  EXPECT_EQ(run3("ZPOPMAX", "z", 5), pairs3("d 4 c 3"));
}

TEST_F(SortedSetTest, PopsFromTheFirstOfSeveral) {
  add_letters("z", "abcde");
  add_letters("y", "xy");
  run("SET", "string", "x");
  const Reply no_keys = error("ERR numkeys should be greater than 0");
  const Reply no_count = error("ERR count should be greater than 0");
  expect_session({{"ZMPOP 2 missing z MIN", array({bulk("z"), pairs2("a 1")})},
                  {"ZMPOP 2 z y MAX COUNT 2", array({bulk("z"), pairs2("e 5 d 4")})},
                  {"ZMPOP 1 missing MIN", nil()},
                  {"ZMPOP 1 z MIN COUNT 10", array({bulk("z"), pairs2("b 2 c 3")})},
                  {"ZMPOP 2 z y max", array({bulk("y"), pairs2("y 2")})},
                  {"EXISTS z", integer(0)},
                  {"ZMPOP 2 missing string MIN", kWrongType},
                  {"ZMPOP 0 y MIN", no_keys},
                  {"ZMPOP x y MIN", no_keys},
                  {"ZMPOP 2 y MIN", kSyntax},
                  {"ZMPOP 1 y", wrong_arity("zmpop")},
                  {"ZMPOP 1 y BOGUS", kSyntax},
                  {"ZMPOP 1 y MIN MAX", kSyntax},
                  {"ZMPOP 1 y MIN COUNT", kSyntax},
                  {"ZMPOP 1 y MIN COUNT 1 COUNT 1", kSyntax},
                  {"ZMPOP 1 y MIN COUNT 0", no_count},
                  {"ZMPOP 1 string MIN COUNT x", no_count},
                  {"ZMPOP 9223372036854775807 y MIN", kSyntax},
                  {"ZCARD y", integer(1)}});
  EXPECT_EQ(run3("ZMPOP", 1, "y", "MIN"), array({bulk("y"), pairs3("x 1")}));
  EXPECT_EQ(run3("ZMPOP", 1, "y", "MIN"), nil());
  EXPECT_EQ(server().raw().run("ZMPOP", 1, "y", "MIN"), null_array());
}

// --- ZRANDMEMBER

TEST_F(SortedSetTest, RandomMembers) {
  add_letters("z", "abcdefghij");
  run("SET", "string", "x");
  const Reply out_of_range = error("ERR value is out of range");
  expect_session({{"ZRANDMEMBER missing", nil()},
                  {"ZRANDMEMBER missing 3", kNone},
                  {"ZRANDMEMBER missing -3 WITHSCORES", kNone},
                  {"ZRANDMEMBER z 0", kNone},
                  {"ZRANDMEMBER z x", kNotAnInteger},
                  {"ZRANDMEMBER z 1 BOGUS", kSyntax},
                  {"ZRANDMEMBER z x BOGUS", kNotAnInteger},
                  {"ZRANDMEMBER z 1 WITHSCORES x", kSyntax},
                  {"ZRANDMEMBER string x", kNotAnInteger},
                  {"ZRANDMEMBER string 1", kWrongType},
                  {"ZRANDMEMBER string", kWrongType},
                  {"ZRANDMEMBER z -9223372036854775808",
                   error("ERR value is out of range, value must between -9223372036854775807 and "
                         "9223372036854775807")},
                  {"ZRANDMEMBER z 4611686018427387904 WITHSCORES", out_of_range},
                  {"ZRANDMEMBER z -4611686018427387904 WITHSCORES", out_of_range},
                  {"ZRANDMEMBER missing -4611686018427387903 WITHSCORES", kNone}});
  const std::vector<std::string> all = words("a b c d e f g h i j");
  for (int count = 1; count <= 12; ++count) {
    const std::vector<std::string> members = run("ZRANDMEMBER", "z", count).sorted_texts();
    EXPECT_EQ(members.size(), std::min<std::size_t>(static_cast<std::size_t>(count), all.size()));
    EXPECT_TRUE(std::includes(all.begin(), all.end(), members.begin(), members.end()));
    EXPECT_EQ(std::set<std::string>(members.begin(), members.end()).size(), members.size());
  }
  EXPECT_EQ(run("ZRANDMEMBER", "z", -50).elements.size(), 50u);
  const Reply flat = run("ZRANDMEMBER", "z", -20, "WITHSCORES");
  ASSERT_EQ(flat.elements.size(), 40u);
  for (std::size_t i = 0; i < 40; i += 2) {
    EXPECT_EQ(flat.elements[i].text[0] - 'a' + 1, std::stoi(flat.elements[i + 1].text));
  }
  const Reply nested = run3("ZRANDMEMBER", "z", 4, "WITHSCORES");
  ASSERT_EQ(nested.elements.size(), 4u);
  for (const Reply& pair : nested.elements) {
    EXPECT_EQ(run3("ZSCORE", "z", pair.elements.at(0).text), pair.elements.at(1));
  }
}

using SortedSetLimitTest = OwnServerTest;

TEST_F(SortedSetLimitTest, AskingForTooManyRandomMembersEndsTheConnection) {
  start_with({"--client-output-buffer-limit", "normal 1mb 0 0"});
  run("ZADD", "z", 1, "a");
  RawConnection greedy = server().raw();
  ASSERT_TRUE(greedy.send(encode_command({"ZRANDMEMBER", "z", "-1000000000000000"})));
  bool closed = false;
  greedy.read_until_closed(&closed);
  EXPECT_TRUE(closed);
  EXPECT_EQ(run("ZCARD", "z"), integer(1));
}

/// The least likely outcome of a fair draw that is still believed: about one in 10^9.
bool fair(const std::map<std::string, int>& counts, std::size_t members, int draws) {
  const double expected = static_cast<double>(draws) / static_cast<double>(members);
  double chi_square = 0;
  for (const auto& [member, count] : counts) {
    chi_square += (count - expected) * (count - expected) / expected;
  }
  chi_square += expected * static_cast<double>(members - counts.size());
  const auto degrees = static_cast<double>(members - 1);
  return chi_square < degrees + 6 * std::sqrt(2 * degrees) + 20;
}

TEST_F(SortedSetTest, RandomMembersAreFair) {
  SKIP_ON_REDIS_7_0("favours members with buckets to themselves");
  for (const int members : {20, 1000}) {
    run("DEL", "z");
    for (int i = 0; i < members; ++i)
      client().append({"ZADD", "z", std::to_string(i), std::to_string(i)});
    for (int i = 0; i < members; ++i) ASSERT_EQ(client().read_reply(), integer(1));
    for (const int count : {-50, 1, 5, 15}) {
      std::map<std::string, int> counts;
      int draws = 0;
      for (int round = 0; round < 400; ++round) {
        for (const std::string& member : run("ZRANDMEMBER", "z", count).texts()) {
          ++counts[member];
          ++draws;
        }
      }
      EXPECT_TRUE(fair(counts, static_cast<std::size_t>(members), draws))
          << members << " members, count " << count;
    }
  }
}

// --- ZSCAN

TEST_F(SortedSetTest, ScansSmallSetsAtOnce) {
  add_letters("z", "abc");
  run("ZADD", "z", "0.5", "d", "1e20", "e");
  run("SET", "string", "x");
  expect_session({{"ZSCAN z 0 MATCH [ab]", array({bulk("0"), list("a 1 b 2")})},
                  {"ZSCAN z 0 COUNT 1 MATCH d", array({bulk("0"), list("d 0.5")})},
                  {"ZSCAN z 0 MATCH none", array({bulk("0"), kNone})},
                  {"ZSCAN missing 0", array({bulk("0"), kNone})},
                  {"ZSCAN missing 0 COUNT 0", array({bulk("0"), kNone})},
                  {"ZSCAN string 0", kWrongType},
                  {"ZSCAN string x", error("ERR invalid cursor")},
                  {"ZSCAN z 0 COUNT 0", kSyntax},
                  {"ZSCAN z 0 COUNT x", kNotAnInteger},
                  {"ZSCAN z 0 TYPE zset", kSyntax},
                  {"ZSCAN z 0 MATCH", kSyntax}});
  EXPECT_EQ(run3("ZSCAN", "z", 0, "MATCH", "a"), array({bulk("0"), list("a 1")}));
}

TEST_F(SortedSetTest, ScansLargeSetsInSteps) {
  constexpr int kMembers = 1000;
  for (int i = 0; i < kMembers; ++i) {
    client().append({"ZADD", "z", std::to_string(i) + ".1", "m" + std::to_string(i)});
  }
  for (int i = 0; i < kMembers; ++i) ASSERT_EQ(client().read_reply(), integer(1));
  std::map<std::string, std::string> seen;
  std::string cursor = "0";
  int steps = 0;
  do {
    const Reply reply = run("ZSCAN", "z", cursor, "COUNT", 20);
    ASSERT_EQ(reply.elements.size(), 2u);
    cursor = reply.elements[0].text;
    const std::vector<std::string> found = reply.elements[1].texts();
    for (std::size_t i = 0; i + 1 < found.size(); i += 2) seen[found[i]] = found[i + 1];
    // Members that come and go during the walk.
    run("ZADD", "z", 5, "new" + std::to_string(steps));
    run("ZREM", "z", "new" + std::to_string(steps - 3));
    ASSERT_LT(++steps, 1000);
  } while (cursor != "0");
  EXPECT_GT(steps, 10);
  for (int i = 0; i < kMembers; ++i) {
    const std::string member = "m" + std::to_string(i);
    ASSERT_TRUE(seen.contains(member)) << member;
    EXPECT_EQ(std::strtod(seen[member].c_str(), nullptr), i + 0.1) << seen[member];
  }
  EXPECT_EQ(seen["m7"], "7.0999999999999996") << "all digits, other than in any other reply";
}

// --- algebra

TEST_F(SortedSetTest, Unites) {
  add_letters("z", "abc");
  run("ZADD", "y", 10, "b", 20, "d");
  expect_session({{"ZUNION 2 z y", list("a c b d")},
                  {"ZUNION 2 z y WITHSCORES", list("a 1 c 3 b 12 d 20")},
                  {"ZUNION 2 z y WEIGHTS 10 1 WITHSCORES", list("a 10 d 20 b 30 c 30")},
                  {"ZUNION 2 z y AGGREGATE MIN WITHSCORES", list("a 1 b 2 c 3 d 20")},
                  {"ZUNION 2 z y WITHSCORES AGGREGATE MAX WEIGHTS 1 -1", list("d -20 a 1 b 2 c 3")},
                  {"ZUNION 3 z missing z WITHSCORES", list("a 2 b 4 c 6")},
                  {"ZUNION 1 missing", kNone},
                  {"ZUNIONSTORE d 2 z y AGGREGATE SUM", integer(4)},
                  {"ZRANGE d 0 -1 WITHSCORES", list("a 1 c 3 b 12 d 20")},
                  {"ZUNIONSTORE z 2 z y", integer(4)},
                  {"ZCARD z", integer(4)},
                  {"ZUNIONSTORE z 1 missing", integer(0)},
                  {"EXISTS z", integer(0)}});
  EXPECT_EQ(run3("ZUNION", 1, "y", "WITHSCORES"), pairs3("b 10 d 20"));
  EXPECT_EQ(run3("ZUNION", 1, "y"), list("b d"));
}

TEST_F(SortedSetTest, Intersects) {
  add_letters("z", "abcd");
  run("ZADD", "y", 10, "b", 20, "d", 30, "x");
  run("SET", "string", "x");
  expect_session({{"ZINTER 2 z y WITHSCORES", list("b 12 d 24")},
                  {"ZINTER 2 z y WEIGHTS 1 -1 AGGREGATE MIN WITHSCORES", list("d -20 b -10")},
                  {"ZINTER 2 z y AGGREGATE MAX", list("b d")},
                  {"ZINTER 3 z missing y", kNone},
                  {"ZINTER 2 missing string", kWrongType},
                  {"ZINTERSTORE d 2 y z", integer(2)},
                  {"ZRANGE d 0 -1 WITHSCORES", list("b 12 d 24")},
                  {"ZINTERSTORE d 2 y missing", integer(0)},
                  {"EXISTS d", integer(0)},
                  {"ZINTERCARD 2 z y", integer(2)},
                  {"ZINTERCARD 2 z y LIMIT 1", integer(1)},
                  {"ZINTERCARD 2 z y LIMIT 0", integer(2)},
                  {"ZINTERCARD 2 z y LIMIT 9", integer(2)},
                  {"ZINTERCARD 1 z LIMIT 3 LIMIT 2", integer(2)},
                  {"ZINTERCARD 2 z missing", integer(0)}});
  EXPECT_EQ(run3("ZINTER", 2, "z", "y", "WITHSCORES"), pairs3("b 12 d 24"));
}

TEST_F(SortedSetTest, Subtracts) {
  add_letters("z", "abcd");
  run("ZADD", "y", 10, "b", 20, "x");
  run("ZADD", "x", 1, "d");
  expect_session({{"ZDIFF 2 z y", list("a c d")},
                  {"ZDIFF 3 z y x WITHSCORES", list("a 1 c 3")},
                  {"ZDIFF 1 z WITHSCORES", list("a 1 b 2 c 3 d 4")},
                  {"ZDIFF 2 z z", kNone},
                  {"ZDIFF 2 missing z", kNone},
                  {"ZDIFF 2 z missing", list("a b c d")},
                  {"ZDIFFSTORE d 3 z y x", integer(2)},
                  {"ZRANGE d 0 -1 WITHSCORES", list("a 1 c 3")},
                  {"ZDIFFSTORE d 2 z z", integer(0)},
                  {"EXISTS d", integer(0)}});
  EXPECT_EQ(run3("ZDIFF", 2, "z", "y", "WITHSCORES"), pairs3("a 1 c 3 d 4"));
}

TEST_F(SortedSetTest, AlgebraTakesSets) {
  SKIP_WITHOUT_COMMAND("SADD");
  add_letters("z", "abc");
  run("SADD", "letters", "b", "c", "x");
  run("SADD", "numbers", 1, 2, 3);
  expect_session({{"ZUNION 2 z letters WITHSCORES", list("a 1 x 1 b 3 c 4")},
                  {"ZINTER 2 letters z WEIGHTS 5 1 WITHSCORES", list("b 7 c 8")},
                  {"ZDIFF 2 z letters", list("a")},
                  {"ZDIFF 2 letters z WITHSCORES", list("x 1")},
                  {"ZINTERCARD 2 letters z LIMIT 1", integer(1)},
                  {"ZUNIONSTORE d 1 numbers WEIGHTS 2.5", integer(3)},
                  {"ZRANGE d 0 -1 WITHSCORES", list("1 2.5 2 2.5 3 2.5")},
                  {"ZINTERSTORE d 2 numbers d", integer(3)},
                  {"ZRANGE d 0 -1 WITHSCORES", list("1 3.5 2 3.5 3 3.5")}});
}

TEST_F(SortedSetTest, AlgebraOfInfinities) {
  run("ZADD", "z", "inf", "a", "-inf", "b", 0, "c");
  expect_session({{"ZUNION 2 z z WEIGHTS 1 -1 WITHSCORES", list("a 0 b 0 c 0")},
                  {"ZINTER 2 z z WEIGHTS 0 1 WITHSCORES", list("b -inf c 0 a inf")},
                  {"ZUNION 1 z WEIGHTS inf WITHSCORES", list("b -inf c 0 a inf")},
                  {"ZUNION 1 z WEIGHTS 0 WITHSCORES", list("a 0 b 0 c 0")}});
}

TEST_F(SortedSetTest, AlgebraRefusesWhatMakesNoSense) {
  add_letters("z", "abc");
  run("SET", "string", "x");
  const Reply weight = error("ERR weight value is not a float");
  const Reply limit = error("ERR LIMIT can't be negative");
  for (const std::string command : {"zunion", "zinter", "zdiff", "zintercard"}) {
    EXPECT_EQ(run(command, 0, "z"), no_inputs(command));
    EXPECT_EQ(run(command, -1, "z"), no_inputs(command));
    EXPECT_EQ(run(command, "x", "z"), kNotAnInteger);
    EXPECT_EQ(run(command, 2, "z"), kSyntax);
    EXPECT_EQ(run(command, "9223372036854775807", "z"), kSyntax);
    EXPECT_EQ(run(command, 1, "string", "BOGUS"), kWrongType);
    EXPECT_EQ(run(command, 1, "z", "BOGUS"), kSyntax);
    EXPECT_EQ(run(command, 1), wrong_arity(command));
  }
  for (const std::string command : {"zunionstore", "zinterstore", "zdiffstore"}) {
    EXPECT_EQ(run(command, "d", 0, "z"), no_inputs(command));
    EXPECT_EQ(run(command, "d", 2, "z"), kSyntax);
    EXPECT_EQ(run(command, "d", 1, "string"), kWrongType);
    EXPECT_EQ(run(command, "d", 1, "z", "WITHSCORES"), kSyntax);
  }
  expect_session({{"ZUNION 1 z WEIGHTS", kSyntax},
                  {"ZUNION 1 z WEIGHTS x", weight},
                  {"ZUNION 1 z WEIGHTS nan", weight},
                  {"ZUNION 1 z WEIGHTS 1 2", kSyntax},
                  {"ZUNION 1 z AGGREGATE", kSyntax},
                  {"ZUNION 1 z AGGREGATE AVG", kSyntax},
                  {"ZUNION 1 z LIMIT 1", kSyntax},
                  {"ZUNION 1 z WEIGHTS 2 WEIGHTS 3 WITHSCORES", list("a 3 b 6 c 9")},
                  {"ZDIFF 1 z WEIGHTS 1", kSyntax},
                  {"ZDIFF 1 z AGGREGATE SUM", kSyntax},
                  {"ZINTERCARD 1 z WITHSCORES", kSyntax},
                  {"ZINTERCARD 1 z LIMIT", kSyntax},
                  {"ZINTERCARD 1 z LIMIT -1", limit},
                  {"ZINTERCARD 1 z LIMIT x", limit},
                  {"EXISTS d", integer(0)}});
}

// --- leaderboards

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
                  {"ZADD z MAXLEN 5", kSyntax},
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
