// Unions, intersections and differences of sorted sets.
#include <string>

#include "tests/integration/sorted_set_fixture.h"

namespace spinel::test {
namespace {

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

}  // namespace
}  // namespace spinel::test
