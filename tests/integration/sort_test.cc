#include <algorithm>

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

using SortTest = ServerTest;

const Reply kNotANumber = error("ERR One or more scores can't be converted into double");
const Reply kWrongType = error("WRONGTYPE Operation against a key holding the wrong kind of value");
const Reply kNotAnInteger = error("ERR value is not an integer or out of range");
const Reply kSyntax = error("ERR syntax error");

TEST_F(SortTest, NumbersOfListsSetsAndSortedSets) {
  line("RPUSH l 3 1 2 10");
  line("SADD s 3 1 2 10");
  line("ZADD z 4 3 3 1 2 2 1 10");
  for (const char* key : {"l", "s", "z"}) {
    EXPECT_EQ(run("SORT", key), bulks({"1", "2", "3", "10"}));
    EXPECT_EQ(run("SORT", key, "DESC"), bulks({"10", "3", "2", "1"}));
    EXPECT_EQ(run("SORT", key, "alpha"), bulks({"1", "10", "2", "3"}));
    EXPECT_EQ(run("SORT", key, "ALPHA", "DESC"), bulks({"3", "2", "10", "1"}));
    EXPECT_EQ(run("SORT_RO", key, "DESC", "ASC"), bulks({"1", "2", "3", "10"}));
    EXPECT_EQ(run3("SORT", key), bulks({"1", "2", "3", "10"}));
  }
  EXPECT_EQ(run("SORT", "none"), array({}));
}

TEST_F(SortTest, Limit) {
  expect_session({{"RPUSH l 3 1 2 10", integer(4)},
                  {"SORT l LIMIT 1 2", bulks({"2", "3"})},
                  {"SORT l LIMIT -1 2", bulks({"1", "2"})},
                  {"SORT l LIMIT 0 -1", bulks({"1", "2", "3", "10"})},
                  {"SORT l LIMIT 1 -5", bulks({"2", "3", "10"})},
                  {"SORT l LIMIT 1 0", array({})},
                  {"SORT l LIMIT 10 2", array({})},
                  {"SORT l LIMIT 9223372036854775807 9223372036854775807", array({})},
                  {"SORT l LIMIT 1 9223372036854775807", bulks({"2", "3", "10"})},
                  {"SORT l LIMIT 0 2 DESC", bulks({"10", "3"})},
                  {"SORT l ALPHA LIMIT 1 2", bulks({"10", "2"})},
                  {"SORT l LIMIT a 1", kNotAnInteger},
                  {"SORT l LIMIT 1 b", kNotAnInteger},
                  {"SORT l LIMIT 1", kSyntax}});
}

TEST_F(SortTest, WhatIsNoNumber) {
  run("RPUSH", "l", " 5", "", "0x10", "1e1", "inf", "-inf", "-0");
  EXPECT_EQ(run("SORT", "l"), bulks({"-inf", "", "-0", " 5", "1e1", "0x10", "inf"}));
  for (const char* text : {"5 ", "nan", "1e400", "1e-400", "text", "-"}) {
    run("RPUSH", "bad", "1", text);
    EXPECT_EQ(run("SORT", "bad"), kNotANumber) << text;
    EXPECT_EQ(run("SORT", "bad", "STORE", "d"), kNotANumber);
    EXPECT_EQ(run("DEL", "bad", "d"), integer(1));
  }
}

TEST_F(SortTest, By) {
  line("RPUSH l 1 2 3");
  line("MSET w_1 30 w_2 20 w_3 10 t_1 b t_2 a t_3 c");
  line("HSET h1 f 5");
  line("HSET h2 f 4");
  line("HSET h3 f 6");
  expect_session({{"SORT l BY w_*", bulks({"3", "2", "1"})},
                  {"SORT l BY w_* DESC", bulks({"1", "2", "3"})},
                  {"SORT l BY t_* ALPHA", bulks({"2", "1", "3"})},
                  {"SORT l BY t_*", kNotANumber},
                  {"SORT l BY h*->f", bulks({"2", "1", "3"})},
                  {"SORT l BY h*->f DESC LIMIT 0 1", bulks({"3"})},
                  {"SORT l BY h*->none", bulks({"1", "2", "3"})},
                  {"SORT l BY missing_* DESC", bulks({"3", "2", "1"})},
                  {"DEL w_2", integer(1)},
                  {"SORT l BY w_*", bulks({"2", "3", "1"})},
                  {"SORT l BY w_* ALPHA", bulks({"2", "3", "1"})},
                  {"SORT l BY w_* ALPHA DESC", bulks({"1", "3", "2"})},
                  {"SORT l BY nosort", bulks({"1", "2", "3"})}});
  // A value of another type counts as missing.
  line("SADD set_2 x");
  line("SET set_1 5");
  EXPECT_EQ(line("SORT l BY set_* GET set_*"), array({nil(), nil(), bulk("5")}));
}

TEST_F(SortTest, TiesAreInTheOrderOfBytes) {
  line("RPUSH l c a b 2");
  line("MSET w_a 1 w_b 1 w_c 1 w_2 0");
  expect_session({{"SORT l BY w_*", bulks({"2", "a", "b", "c"})},
                  {"SORT l BY w_* DESC", bulks({"c", "b", "a", "2"})},
                  {"RPUSH zeros 0 -0 0.0", integer(3)},
                  {"SORT zeros", bulks({"-0", "0", "0.0"})}});
}

TEST_F(SortTest, Get) {
  line("RPUSH l 2 1");
  line("MSET v_1 one v_2 two_ 1_end e 2_end f");
  line("HSET h1 f x");
  expect_session({{"SORT l GET v_*", bulks({"one", "two_"})},
                  {"SORT l GET # GET v_*", bulks({"1", "one", "2", "two_"})},
                  {"SORT l GET *_end", bulks({"e", "f"})},
                  {"SORT l GET h*->f", array({bulk("x"), nil()})},
                  {"SORT l GET h*->", array({nil(), nil()})},
                  {"SORT l GET nostar GET v", array({nil(), nil(), nil(), nil()})},
                  {"SORT l BY nosort GET # LIMIT 0 1", bulks({"2"})},
                  {"SORT none GET #", array({})}});
  EXPECT_EQ(run3("SORT", "l", "GET", "h*->f"), array({bulk("x"), nil()}));
}

TEST_F(SortTest, WithoutSorting) {
  expect_session({{"RPUSH l 3 1 2 10", integer(4)},
                  {"ZADD z 5 a 4 b 3 c 2 d", integer(4)},
                  {"SORT l BY nosort", bulks({"3", "1", "2", "10"})},
                  {"SORT l BY nosort DESC", bulks({"10", "2", "1", "3"})},
                  {"SORT l BY nosort LIMIT 1 2", bulks({"1", "2"})},
                  {"SORT l BY nosort DESC LIMIT 1 2", bulks({"2", "1"})},
                  {"SORT z BY nosort", bulks({"d", "c", "b", "a"})},
                  {"SORT z BY nosort DESC", bulks({"a", "b", "c", "d"})},
                  {"SORT z BY nosort LIMIT 1 2", bulks({"c", "b"})},
                  {"SORT z BY nosort DESC LIMIT 1 2", bulks({"b", "c"})},
                  {"SORT z BY nosort LIMIT 3 9", bulks({"a"})},
                  {"SORT z BY nosort LIMIT 4 9", array({})},
                  {"SORT l BY w_* BY nosort", bulks({"3", "1", "2", "10"})},
                  {"SORT l BY nosort BY w_*", bulks({"3", "1", "2", "10"})}});
}

TEST_F(SortTest, Store) {
  expect_session({{"RPUSH l 3 1 2", integer(3)},
                  {"SET d old EX 100", ok()},
                  {"SORT l STORE d", integer(3)},
                  {"LRANGE d 0 -1", bulks({"1", "2", "3"})},
                  {"TTL d", integer(-1)},
                  {"SORT l GET # GET none_* STORE d", integer(6)},
                  {"LRANGE d 0 -1", bulks({"1", "", "2", "", "3", ""})},
                  {"SORT l STORE d STORE e", integer(3)},
                  {"LRANGE e 0 -1", bulks({"1", "2", "3"})},
                  {"SORT l DESC STORE l", integer(3)},
                  {"LRANGE l 0 -1", bulks({"3", "2", "1"})},
                  {"SORT none STORE d", integer(0)},
                  {"EXISTS d", integer(0)},
                  {"SORT l LIMIT 5 5 STORE e", integer(0)},
                  {"EXISTS e", integer(0)},
                  {"SORT_RO l STORE d", kSyntax},
                  {"SORT l STORE", kSyntax}});
}

TEST_F(SortTest, ASetThatIsStoredWithoutSortingIsSortedAllTheSame) {
  line("SADD s 3 1 2 10 b a");
  EXPECT_EQ(line("SORT s BY nosort STORE d"), integer(6));
  EXPECT_EQ(line("LRANGE d 0 -1"), bulks({"1", "10", "2", "3", "a", "b"}));
  EXPECT_EQ(line("SORT s BY nosort DESC LIMIT 0 2 STORE d"), integer(2));
  EXPECT_EQ(line("LRANGE d 0 -1"), bulks({"b", "a"}));
}

TEST_F(SortTest, Errors) {
  expect_session({{"SET x 1", ok()},
                  {"HSET h f 1", integer(1)},
                  {"SORT x", kWrongType},
                  {"SORT h", kWrongType},
                  {"SORT x BOGUS", kSyntax},
                  {"SORT l BY", kSyntax},
                  {"SORT l GET", kSyntax},
                  {"SORT", error("ERR wrong number of arguments for 'sort' command")},
                  {"SORT_RO", error("ERR wrong number of arguments for 'sort_ro' command")}});
}

TEST_F(SortTest, KeysOfACommand) {
  expect_session({{"COMMAND GETKEYS SORT l STORE a STORE b", bulks({"l", "b"})},
                  {"COMMAND GETKEYS SORT l BY store STORE b", bulks({"l", "b"})},
                  {"COMMAND GETKEYS SORT l BY w_* GET store", bulks({"l"})},
                  {"COMMAND GETKEYS SORT_RO l BY w_*", bulks({"l"})}});
}

TEST_F(SortTest, ManyElements) {
  std::vector<std::string> expected;
  for (int i = 0; i < 5000; ++i) {
    expected.push_back(std::to_string(i));
    run("RPUSH", "l", (i * 7919) % 5000);
  }
  EXPECT_EQ(run("SORT", "l"), bulks(expected));
  EXPECT_EQ(run("SORT", "l", "LIMIT", 2500, 3), bulks({"2500", "2501", "2502"}));
  EXPECT_EQ(run("SORT", "l", "DESC", "LIMIT", 0, 2), bulks({"4999", "4998"}));
  std::vector<std::string> texts = expected;
  std::sort(texts.begin(), texts.end());
  for (const int first : {0, 1, 2500, 4990}) {
    const std::vector<std::string> part(texts.begin() + first, texts.begin() + first + 10);
    EXPECT_EQ(run("SORT", "l", "ALPHA", "LIMIT", first, 10), bulks(part));
  }
}

TEST_F(SortTest, EqualWeightsLeaveTheOrderOfAList) {
  std::vector<std::string> expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string element = std::to_string((i * 7919) % 1000);
    run("RPUSH", "l", element);
    run("SET", "w_" + element, i % 2);
    if (i % 2 == 0) expected.push_back(element);
  }
  const Reply all = run("SORT", "l", "BY", "w_*", "ALPHA");
  ASSERT_EQ(all.elements.size(), 1000u);
  EXPECT_EQ(array({all.elements.begin(), all.elements.begin() + 500}), bulks(expected));
}

}  // namespace
}  // namespace spinel::test
