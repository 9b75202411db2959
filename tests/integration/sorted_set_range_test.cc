// Ranges of sorted sets, and popping.
#include "tests/integration/sorted_set_fixture.h"

namespace spinel::test {
namespace {

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

}  // namespace
}  // namespace spinel::test
