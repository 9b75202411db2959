// Clients that wait for elements of lists, and who of them is served first.

#include "tests/support/blocking_test.h"

namespace spinel::test {
namespace {

const Reply kWrongType = error("WRONGTYPE Operation against a key holding the wrong kind of value");

using ListBlockingTest = BlockingKeysTest;

TEST_F(ListBlockingTest, AnswersAtOnceWhereThereIsSomething) {
  run("RPUSH", "a", 1, 2, 3, 4, 5, 6);
  run("RPUSH", "b", "x");
  expect_session({{"BLPOP a 0", bulks({"a", "1"})},
                  {"BRPOP none a b 0", bulks({"a", "6"})},
                  {"BLMOVE a b LEFT RIGHT 0", bulk("2")},
                  {"BRPOPLPUSH a b 0", bulk("5")},
                  {"LRANGE b 0 -1", bulks({"5", "x", "2"})},
                  {"BLMPOP 0 2 none a RIGHT COUNT 9", array({bulk("a"), bulks({"4", "3"})})},
                  {"BLMPOP 0 2 none b LEFT", array({bulk("b"), bulks({"5"})})},
                  {"EXISTS a", integer(0)}});
  EXPECT_EQ(run3("BLPOP", "b", 0), bulks({"b", "x"}));
}

TEST_F(ListBlockingTest, RefusesBadTimeouts) {
  const Reply no_number = error("ERR timeout is not a float or out of range");
  const Reply negative = error("ERR timeout is negative");
  expect_session({{"BLPOP l x", no_number},
                  {"BRPOP l nan", no_number},
                  {"BLPOP l -1", negative},
                  {"BLMOVE l m LEFT LEFT -0.5", negative},
                  {"BRPOPLPUSH l m abc", no_number},
                  {"BLMPOP -1 1 l LEFT", negative},
                  {"BLMPOP x 1 l LEFT", no_number},
                  {"BLMPOP x 0 l LEFT", error("ERR numkeys should be greater than 0")},
                  {"BLMOVE l m UP LEFT x", error("ERR syntax error")}});
  SKIP_ON_REDIS_7_0("it calls them negative, or takes them for never");
  const Reply out_of_range = error("ERR timeout is out of range");
  expect_session({{"BLPOP l inf", out_of_range},
                  {"BLPOP l 1e400", out_of_range},
                  {"BLPOP l 9223372036854775", out_of_range}});
}

TEST_F(ListBlockingTest, TimesOutWithANullArray) {
  RawConnection resp2 = server().raw();
  for (const char* command : {"BLPOP l 0.01", "BRPOP l m 0.01", "BLMOVE l m LEFT LEFT 0.01",
                              "BRPOPLPUSH l m 0.01", "BLMPOP 0.01 1 l LEFT"}) {
    EXPECT_EQ(resp2.command(words(command)), null_array()) << command;
    EXPECT_EQ(resp3().command(words(command)), nil()) << command;
  }
}

TEST_F(ListBlockingTest, WaitsAsLongAsItWasTold) {
  const auto before = Clock::now();
  EXPECT_EQ(line("BLPOP l 0.25"), nil());
  EXPECT_GE(Clock::now() - before, milliseconds(249));
  // Less than a millisecond is not for ever.
  EXPECT_EQ(line("BLPOP l 0.00001"), nil());
}

TEST_F(ListBlockingTest, ServesWhoCameFirst) {
  RawConnection& first = blocked("BLPOP l 0");
  RawConnection& second = blocked("BRPOP other l 0");
  RawConnection& third = blocked("BLPOP l 0");
  EXPECT_EQ(run("RPUSH", "l", "a", "b"), integer(2));
  EXPECT_EQ(first.read_reply(), bulks({"l", "a"}));
  EXPECT_EQ(second.read_reply(), bulks({"l", "b"}));
  expect_waiting(third);
  EXPECT_EQ(run("EXISTS", "l"), integer(0));
  EXPECT_EQ(run("LPUSH", "l", "c", "d"), integer(2));
  EXPECT_EQ(third.read_reply(), bulks({"l", "d"}));
  EXPECT_EQ(line("LRANGE l 0 -1"), bulks({"c"}));
}

TEST_F(ListBlockingTest, WhoeverIsServedQueuesBehindTheOthersAgain) {
  RawConnection& first = blocked("BLPOP l 0");
  RawConnection& second = blocked("BLPOP l 0");
  for (int round = 0; round < 10; ++round) {
    const std::string number = std::to_string(round);
    RawConnection& next = round % 2 == 0 ? first : second;
    run("RPUSH", "l", number);
    EXPECT_EQ(next.read_reply(), bulks({"l", number}));
    block_again(next, "BLPOP l 0");
  }
}

TEST_F(ListBlockingTest, ManyAreServedInTheirOrder) {
  constexpr int kClients = 50;
  std::vector<RawConnection*> clients(kClients);
  for (RawConnection*& client : clients) client = &blocked("BLPOP l 0");
  std::vector<std::string> push = {"RPUSH", "l"};
  for (int i = 0; i < kClients; ++i) push.push_back(std::to_string(i));
  EXPECT_EQ(client().command(push), integer(kClients));
  for (int i = 0; i < kClients; ++i) {
    EXPECT_EQ(clients[static_cast<size_t>(i)]->read_reply(), bulks({"l", std::to_string(i)}));
  }
}

TEST_F(ListBlockingTest, SeveralKeysAreTriedInTheirOrder) {
  RawConnection& waiting = blocked("BLPOP a b c 0");
  run("RPUSH", "c", "1");
  EXPECT_EQ(waiting.read_reply(), bulks({"c", "1"}));
  block_again(waiting, "BLPOP a b a 0");
  run("RPUSH", "b", "2");
  EXPECT_EQ(waiting.read_reply(), bulks({"b", "2"}));
  EXPECT_EQ(line("EXISTS a b c"), integer(0));
}

TEST_F(ListBlockingTest, SeveralElementsForOneClient) {
  RawConnection& first = blocked("BLMPOP 0 2 a l LEFT COUNT 3");
  RawConnection& second = blocked("BLMPOP 0 1 l RIGHT COUNT 3");
  run("RPUSH", "l", 1, 2, 3, 4, 5);
  EXPECT_EQ(first.read_reply(), array({bulk("l"), bulks({"1", "2", "3"})}));
  EXPECT_EQ(second.read_reply(), array({bulk("l"), bulks({"5", "4"})}));
  EXPECT_EQ(run("EXISTS", "l"), integer(0));
}

TEST_F(ListBlockingTest, MovedElementsServeWhoWaitsForThem) {
  RawConnection& chain = blocked("BLMOVE a b LEFT RIGHT 0");
  RawConnection& next = blocked("BRPOPLPUSH b c 0");
  RawConnection& last = blocked("BLPOP c 0");
  run("RPUSH", "a", "element");
  EXPECT_EQ(chain.read_reply(), bulk("element"));
  EXPECT_EQ(next.read_reply(), bulk("element"));
  EXPECT_EQ(last.read_reply(), bulks({"c", "element"}));
  EXPECT_EQ(line("EXISTS a b c"), integer(0));
}

TEST_F(ListBlockingTest, MovesInACircle) {
  RawConnection& there = blocked("BRPOPLPUSH a b 0");
  RawConnection& back = blocked("BRPOPLPUSH b a 0");
  run("RPUSH", "a", "element");
  EXPECT_EQ(there.read_reply(), bulk("element"));
  EXPECT_EQ(back.read_reply(), bulk("element"));
  EXPECT_EQ(line("LRANGE a 0 -1"), bulks({"element"}));
  RawConnection& self = blocked("BRPOPLPUSH self self 0");
  run("RPUSH", "self", "x");
  EXPECT_EQ(self.read_reply(), bulk("x"));
  EXPECT_EQ(line("LRANGE self 0 -1"), bulks({"x"}));
}

TEST_F(ListBlockingTest, AMoveToAnotherTypeFailsAndLeavesTheElementToTheNext) {
  run("SET", "s", "text");
  RawConnection& failing = blocked("BLMOVE l s LEFT LEFT 0");
  RawConnection& next = blocked("BLPOP l 0");
  run("RPUSH", "l", "element");
  EXPECT_EQ(failing.read_reply(), kWrongType);
  EXPECT_EQ(next.read_reply(), bulks({"l", "element"}));
  EXPECT_EQ(run("GET", "s"), bulk("text"));
}

TEST_F(ListBlockingTest, OtherTypesDoNotWake) {
  RawConnection& waiting = blocked("BLPOP l 0");
  run("SET", "l", "text");
  expect_waiting(waiting);
  run("DEL", "l");
  run("SET", "other", "text");
  run("RENAME", "other", "l");
  expect_waiting(waiting);
  run("DEL", "l");
  run("RPUSH", "l", "element");
  EXPECT_EQ(waiting.read_reply(), bulks({"l", "element"}));
}

TEST_F(ListBlockingTest, KeysThatBecomeListsInOtherWaysWake) {
  run("RPUSH", "source", 1, 2);
  RawConnection& renamed = blocked("BLPOP l 0");
  run("RENAME", "source", "l");
  EXPECT_EQ(renamed.read_reply(), bulks({"l", "1"}));

  RawConnection& copied = blocked("BLPOP m 0");
  run("COPY", "l", "m");
  EXPECT_EQ(copied.read_reply(), bulks({"m", "2"}));

  RawConnection& other = blocked("BRPOP n 0");
  RawConnection elsewhere = server().raw();
  EXPECT_EQ(elsewhere.run("SELECT", 1), ok());
  EXPECT_EQ(elsewhere.run("RPUSH", "n", "moved"), integer(1));
  expect_waiting(other);
  EXPECT_EQ(elsewhere.run("MOVE", "n", 0), integer(1));
  EXPECT_EQ(other.read_reply(), bulks({"n", "moved"}));

  RawConnection& swapped = blocked("BLPOP p 0");
  EXPECT_EQ(elsewhere.run("RPUSH", "p", "swapped"), integer(1));
  EXPECT_EQ(elsewhere.run("SWAPDB", 0, 1), ok());
  EXPECT_EQ(swapped.read_reply(), bulks({"p", "swapped"}));
}

TEST_F(ListBlockingTest, DatabasesAreApart) {
  RawConnection& here = blocked("BLPOP l 0");
  RawConnection elsewhere = server().raw();
  EXPECT_EQ(elsewhere.run("SELECT", 2), ok());
  EXPECT_EQ(elsewhere.run("RPUSH", "l", "x"), integer(1));
  expect_waiting(here);
  run("RPUSH", "l", "y");
  EXPECT_EQ(here.read_reply(), bulks({"l", "y"}));
  EXPECT_EQ(elsewhere.run("LLEN", "l"), integer(1));
}

TEST_F(ListBlockingTest, WaitingIsShownAndEnded) {
  RawConnection connection = server().raw();
  const std::int64_t id = connection.run("CLIENT", "ID").number;
  block_again(connection, "BLPOP l 1000");
  EXPECT_EQ(info_number("clients_in_timeout_table"), 1);
  const std::string row = run("CLIENT", "LIST", "ID", id).text;
  EXPECT_NE(row.find(" flags=b "), std::string::npos) << row;
  EXPECT_NE(row.find(" cmd=blpop "), std::string::npos) << row;
  EXPECT_EQ(run("CLIENT", "UNBLOCK", id), integer(1));
  EXPECT_EQ(connection.read_reply(), null_array());

  block_again(connection, "BLMOVE l m LEFT LEFT 0");
  EXPECT_EQ(run("CLIENT", "UNBLOCK", id, "ERROR"), integer(1));
  EXPECT_EQ(connection.read_reply(), error("UNBLOCKED client unblocked via CLIENT UNBLOCK"));
  EXPECT_EQ(run("RPUSH", "l", "x"), integer(1));
  EXPECT_EQ(run("LLEN", "l"), integer(1)) << "nobody waits any more";
}

TEST_F(ListBlockingTest, WhoeverLeftIsNotServed) {
  blocked("BLPOP l 0").close();
  EXPECT_TRUE(wait_until([&] { return info_number("blocked_clients") == 0; }));
  RawConnection& next = blocked("BLPOP l 0");
  run("RPUSH", "l", "element");
  EXPECT_EQ(next.read_reply(), bulks({"l", "element"}));
}

TEST_F(ListBlockingTest, ATimeoutIsKeptWhileOthersAreServed) {
  RawConnection& first = blocked("BLPOP l 0");
  waiting_.push_back(server().raw());
  RawConnection& second = waiting_.back();
  const auto before = Clock::now();
  block_again(second, "BLPOP l 0.4");
  run("RPUSH", "l", "element");
  EXPECT_EQ(first.read_reply(), bulks({"l", "element"}));
  EXPECT_EQ(second.read_reply(), null_array());
  EXPECT_GE(Clock::now() - before, milliseconds(399));
}

TEST_F(ListBlockingTest, WhatFollowsInThePipelineRunsAfterwards) {
  RawConnection connection = server().raw();
  ASSERT_TRUE(connection.send(encode_command({"BLPOP", "l", "0"}) +
                              encode_command({"RPUSH", "l", "second"}) +
                              encode_command({"BLPOP", "l", "0"}) + encode_command({"LLEN", "l"})));
  ASSERT_TRUE(wait_until([&] { return info_number("blocked_clients") == 1; }));
  run("RPUSH", "l", "first");
  EXPECT_EQ(connection.read_reply(), bulks({"l", "first"}));
  EXPECT_EQ(connection.read_reply(), integer(1));
  EXPECT_EQ(connection.read_reply(), bulks({"l", "second"}));
  EXPECT_EQ(connection.read_reply(), integer(0));
}

TEST_F(ListBlockingTest, TheQueueHasNoHoles) {
  // Producers and consumers that all wait for each other: every element arrives once.
  constexpr int kElements = 300;
  std::deque<RawConnection> consumers;
  for (int i = 0; i < 3; ++i) consumers.push_back(server().raw());
  for (RawConnection& consumer : consumers) {
    std::string pipeline;
    for (int i = 0; i < kElements / 3; ++i) pipeline += encode_command({"BLPOP", "l", "0"});
    ASSERT_TRUE(consumer.send(pipeline));
  }
  for (int i = 0; i < kElements; i += 2) run("RPUSH", "l", i, i + 1);
  std::vector<bool> seen(kElements);
  for (RawConnection& consumer : consumers) {
    int last = -1;
    for (int i = 0; i < kElements / 3; ++i) {
      const Reply reply = consumer.read_reply();
      ASSERT_EQ(reply.elements.size(), 2u) << reply;
      const int number = std::stoi(reply.elements[1].text);
      EXPECT_GT(number, last) << "each client sees the elements in order";
      EXPECT_FALSE(seen[static_cast<size_t>(number)]);
      seen[static_cast<size_t>(number)] = true;
      last = number;
    }
  }
  EXPECT_EQ(run("EXISTS", "l"), integer(0));
}

}  // namespace
}  // namespace spinel::test
