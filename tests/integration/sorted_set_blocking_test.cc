// Clients that wait for members of sorted sets, and who of them is served first.

#include "tests/support/blocking_test.h"

namespace spinel::test {
namespace {

const Reply kWrongType = error("WRONGTYPE Operation against a key holding the wrong kind of value");

using SortedSetBlockingTest = BlockingKeysTest;

Reply popped(const std::string& key, const std::string& member, const std::string& score) {
  return bulks({key, member, score});
}
Reply popped_many(const std::string& key, const std::vector<std::vector<std::string>>& pairs) {
  std::vector<Reply> elements;
  elements.reserve(pairs.size());
  for (const auto& pair : pairs) elements.push_back(bulks(pair));
  return array({bulk(key), array(elements)});
}

TEST_F(SortedSetBlockingTest, AnswersAtOnceWhereThereIsSomething) {
  run("ZADD", "z", 1, "a", 2, "b", 3, "c", 4, "d", 5, "e");
  run("ZADD", "y", 1, "x");
  expect_session({{"BZPOPMIN z 0", popped("z", "a", "1")},
                  {"BZPOPMAX missing z y 0", popped("z", "e", "5")},
                  {"BZMPOP 0 2 missing z MIN", popped_many("z", {{"b", "2"}})},
                  {"BZMPOP 0.5 1 z MAX COUNT 9", popped_many("z", {{"d", "4"}, {"c", "3"}})},
                  {"EXISTS z", integer(0)}});
  EXPECT_EQ(run3("BZPOPMIN", "z", "y", 0), array({bulk("y"), bulk("x"), real("1")}));
  run("ZADD", "z", 1, "a", 2, "b");
  EXPECT_EQ(run3("BZMPOP", 0, 1, "z", "MAX"),
            array({bulk("z"), array({array({bulk("b"), real("2")})})}));
}

TEST_F(SortedSetBlockingTest, RefusesBadArguments) {
  run("SET", "string", "x");
  run("ZADD", "z", 1, "a");
  const Reply not_a_float = error("ERR timeout is not a float or out of range");
  const Reply negative = error("ERR timeout is negative");
  const Reply syntax = error("ERR syntax error");
  expect_session({{"BZPOPMIN z x", not_a_float},
                  {"BZPOPMIN z nan", not_a_float},
                  {"BZPOPMAX z -1", negative},
                  {"BZPOPMIN string -1", negative},
                  {"BZPOPMIN missing string 0", kWrongType},
                  {"BZPOPMIN z", error("ERR wrong number of arguments for 'bzpopmin' command")},
                  {"BZMPOP x 1 z MIN", not_a_float},
                  {"BZMPOP -1 1 z MIN", negative},
                  {"BZMPOP x 0 z MIN", error("ERR numkeys should be greater than 0")},
                  {"BZMPOP x 1 z MIN COUNT 0", error("ERR count should be greater than 0")},
                  {"BZMPOP 0 1 z BOGUS", syntax},
                  {"BZMPOP 0 2 z MIN", syntax},
                  {"BZMPOP 0 1 string MIN", kWrongType},
                  {"ZCARD z", integer(1)}});
  SKIP_ON_REDIS_7_0("lets such times overflow");
  expect_session({{"BZPOPMIN z 1e30", error("ERR timeout is out of range")},
                  {"BZPOPMIN z inf", error("ERR timeout is out of range")}});
}

TEST_F(SortedSetBlockingTest, TimesOut) {
  const auto before = Clock::now();
  RawConnection connection = server().raw();
  EXPECT_EQ(connection.run("BZPOPMIN", "z", "0.1"), null_array());
  EXPECT_GE(Clock::now() - before, milliseconds(95));
  EXPECT_EQ(connection.run("BZMPOP", "0.01", 1, "z", "MIN"), null_array());
  EXPECT_EQ(connection.run("BZPOPMAX", "z", "y", "0.000001"), null_array());
  EXPECT_EQ(run3("BZPOPMIN", "z", "0.01"), nil());
  EXPECT_EQ(run3("BZMPOP", "0.01", 1, "z", "MIN"), nil());
}

TEST_F(SortedSetBlockingTest, WaitsForTheFirstMember) {
  RawConnection& client = blocked("BZPOPMIN z 0");
  expect_waiting(client);
  EXPECT_EQ(run("ZADD", "z", 2, "b", 1, "a"), integer(2));
  EXPECT_EQ(client.read_reply(), popped("z", "a", "1"));
  EXPECT_EQ(run("ZRANGE", "z", 0, -1), bulks({"b"}));
}

TEST_F(SortedSetBlockingTest, RemovesTheKeyItEmpties) {
  RawConnection& client = blocked("BZPOPMAX z 0");
  EXPECT_EQ(run("ZADD", "z", 1, "a"), integer(1));
  EXPECT_EQ(client.read_reply(), popped("z", "a", "1"));
  EXPECT_EQ(run("EXISTS", "z"), integer(0));
}

TEST_F(SortedSetBlockingTest, ServesWhoCameFirst) {
  RawConnection& first = blocked("BZPOPMIN z 0");
  RawConnection& second = blocked("BZPOPMAX z 0");
  RawConnection& third = blocked("BZMPOP 0 1 z MIN COUNT 2");
  RawConnection& fourth = blocked("BZPOPMIN z 0");
  EXPECT_EQ(run("ZADD", "z", 1, "a", 2, "b", 3, "c", 4, "d"), integer(4));
  EXPECT_EQ(first.read_reply(), popped("z", "a", "1"));
  EXPECT_EQ(second.read_reply(), popped("z", "d", "4"));
  EXPECT_EQ(third.read_reply(), popped_many("z", {{"b", "2"}, {"c", "3"}}));
  expect_waiting(fourth);
  EXPECT_EQ(run("ZADD", "z", 5, "e"), integer(1));
  EXPECT_EQ(fourth.read_reply(), popped("z", "e", "5"));
}

TEST_F(SortedSetBlockingTest, WhoeverIsNotServedKeepsItsPlace) {
  RawConnection& first = blocked("BZPOPMIN z 0");
  RawConnection& second = blocked("BZPOPMIN z 0");
  RawConnection& third = blocked("BZPOPMIN z 0");
  run("ZADD", "z", 1, "a");
  EXPECT_EQ(first.read_reply(), popped("z", "a", "1"));
  RawConnection& late = blocked("BZPOPMIN z 0");
  run("ZADD", "z", 2, "b");
  EXPECT_EQ(second.read_reply(), popped("z", "b", "2"));
  run("ZADD", "z", 3, "c");
  EXPECT_EQ(third.read_reply(), popped("z", "c", "3"));
  run("ZADD", "z", 4, "d");
  EXPECT_EQ(late.read_reply(), popped("z", "d", "4"));
}

TEST_F(SortedSetBlockingTest, WaitsForAnyOfItsKeys) {
  RawConnection& client = blocked("BZPOPMIN x y z 0");
  run("ZADD", "z", 1, "a");
  EXPECT_EQ(client.read_reply(), popped("z", "a", "1"));
  RawConnection& same_twice = blocked("BZPOPMIN x x 0");
  run("ZADD", "x", 1, "a");
  EXPECT_EQ(same_twice.read_reply(), popped("x", "a", "1"));
}

TEST_F(SortedSetBlockingTest, AnyWriteThatLeavesMembersServes) {
  run("ZADD", "source", 1, "a");
  const std::vector<std::string> writes = {"ZINCRBY z 1 a",          "ZADD z INCR 1 a",
                                           "ZUNIONSTORE z 1 source", "ZINTERSTORE z 1 source",
                                           "ZDIFFSTORE z 1 source",  "ZRANGESTORE z source 0 -1",
                                           "RENAME source z"};
  for (const std::string& write : writes) {
    RawConnection& client = blocked("BZPOPMIN z 0");
    EXPECT_FALSE(line(write).is_error()) << write;
    EXPECT_EQ(client.read_reply(), popped("z", "a", "1")) << write;
  }
}

TEST_F(SortedSetBlockingTest, AnotherTypeDoesNotServe) {
  RawConnection& client = blocked("BZPOPMIN z 0");
  run("SET", "z", "string");
  expect_waiting(client);
  run("DEL", "z");
  expect_waiting(client);
  run("ZADD", "z", 1, "a");
  EXPECT_EQ(client.read_reply(), popped("z", "a", "1"));
}

TEST_F(SortedSetBlockingTest, OtherDatabasesDoNotServe) {
  RawConnection& client = blocked("BZPOPMIN z 0");
  RawConnection other = server().raw();
  other.run("SELECT", 1);
  other.run("ZADD", "z", 1, "elsewhere");
  expect_waiting(client);
  other.run("SELECT", 0);
  other.run("ZADD", "z", 1, "here");
  EXPECT_EQ(client.read_reply(), popped("z", "here", "1"));
}

TEST_F(SortedSetBlockingTest, WhatAWaitingClientSentRunsAfterwards) {
  RawConnection connection = server().raw();
  ASSERT_TRUE(connection.send(encode_command({"BZPOPMIN", "z", "0"}) +
                              encode_command({"ZCARD", "z"}) +
                              encode_command({"BZPOPMIN", "z", "0"})));
  ASSERT_TRUE(wait_until([&] { return info_number("blocked_clients") == 1; }));
  run("ZADD", "z", 1, "a", 2, "b");
  EXPECT_EQ(connection.read_reply(), popped("z", "a", "1"));
  EXPECT_EQ(connection.read_reply(), integer(1));
  EXPECT_EQ(connection.read_reply(), popped("z", "b", "2"));
}

TEST_F(SortedSetBlockingTest, WhoGoesAwayTakesNothing) {
  {
    RawConnection& gone = blocked("BZPOPMIN z 0");
    gone.close();
    ASSERT_TRUE(wait_until([&] { return info_number("blocked_clients") == 0; }));
  }
  RawConnection& client = blocked("BZPOPMIN z 0");
  run("ZADD", "z", 1, "a");
  EXPECT_EQ(client.read_reply(), popped("z", "a", "1"));
}

TEST_F(SortedSetBlockingTest, CanBeUnblocked) {
  RawConnection connection = server().raw();
  const std::int64_t id = connection.run("CLIENT", "ID").number;
  ASSERT_TRUE(connection.send(encode_command({"BZPOPMIN", "z", "0"})));
  ASSERT_TRUE(wait_until([&] { return info_number("blocked_clients") == 1; }));
  EXPECT_EQ(run("CLIENT", "UNBLOCK", id), integer(1));
  EXPECT_EQ(connection.read_reply(), null_array());
  ASSERT_TRUE(connection.send(encode_command({"BZMPOP", "0", "1", "z", "MIN"})));
  ASSERT_TRUE(wait_until([&] { return info_number("blocked_clients") == 1; }));
  EXPECT_EQ(run("CLIENT", "UNBLOCK", id, "ERROR"), integer(1));
  EXPECT_EQ(connection.read_reply(), error("UNBLOCKED client unblocked via CLIENT UNBLOCK"));
}

TEST_F(SortedSetBlockingTest, ServesInTheProtocolOfTheWaiting) {
  RawConnection connection = server().raw();
  connection.run("HELLO", 3);
  ASSERT_TRUE(connection.send(encode_command({"BZPOPMIN", "z", "0"})));
  ASSERT_TRUE(wait_until([&] { return info_number("blocked_clients") == 1; }));
  run("ZADD", "z", "1.5", "a");
  EXPECT_EQ(connection.read_reply(), array({bulk("z"), bulk("a"), real("1.5")}));
}

}  // namespace
}  // namespace spinel::test
