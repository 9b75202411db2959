#include "server/persistence/reply_gate.h"

#include <gtest/gtest.h>

#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

class ReplyGateTest : public testing::Test {
 protected:
  ReplyGateTest() { gate().set_active(true); }

  ReplyGate& gate() { return server_.server.reply_gate; }
  bool is_held(TestClient& client) { return gate().is_held(client.client()); }
  // Whether the reply to a command of a new client waits.
  template <typename... Args>
  bool holds(const Args&... args) {
    TestClient fresh(server_);
    fresh.run(args...);
    return is_held(fresh);
  }

  TestServer server_;
  TestClient writer_{server_};
};

TEST_F(ReplyGateTest, AWriteWaitsForItsGeneration) {
  writer_.run("SET", "a", "1");
  EXPECT_TRUE(is_held(writer_));
  const uint64_t first = gate().end_generation();
  EXPECT_TRUE(is_held(writer_));
  gate().set_durable(first);
  EXPECT_FALSE(is_held(writer_));
}

TEST_F(ReplyGateTest, OnlyReadsOfWhatWasWrittenWait) {
  server_.run("MSET", "a", "1", "b", "1", "c", "1");
  gate().set_all_durable();
  writer_.run("SET", "a", "2");
  EXPECT_TRUE(holds("GET", "a"));
  EXPECT_FALSE(holds("GET", "b"));
  EXPECT_TRUE(holds("MGET", "b", "a"));
  EXPECT_FALSE(holds("MGET", "b", "c"));
  EXPECT_TRUE(holds("EXISTS", "a"));
  EXPECT_FALSE(holds("PING"));
  EXPECT_FALSE(holds("INFO"));
  EXPECT_FALSE(holds("CONFIG", "GET", "port"));
  for (const char* all : {"DBSIZE", "RANDOMKEY"}) EXPECT_TRUE(holds(all)) << all;
  EXPECT_TRUE(holds("SCAN", "0"));
  EXPECT_TRUE(holds("KEYS", "*"));
  EXPECT_TRUE(holds("SORT_RO", "b", "BY", "a*")) << "it reads keys that nobody can tell before";
  gate().set_all_durable();
  for (const char* key : {"a", "b"}) EXPECT_FALSE(holds("GET", key));
  EXPECT_FALSE(holds("DBSIZE"));
}

TEST_F(ReplyGateTest, AReadWaitsForTheLastWriteOfItsKey) {
  writer_.run("SET", "a", "1");
  const uint64_t first = gate().end_generation();
  writer_.run("SET", "b", "1");
  TestClient reader_of_a(server_);
  reader_of_a.run("GET", "a");
  TestClient reader_of_b(server_);
  reader_of_b.run("GET", "b");
  gate().set_durable(first);
  EXPECT_FALSE(is_held(reader_of_a));
  EXPECT_TRUE(is_held(reader_of_b));
  EXPECT_TRUE(is_held(writer_)) << "its replies leave in order";
}

TEST_F(ReplyGateTest, AWriteThatDoesNothingWaitsForWhatItSaw) {
  writer_.run("SET", "a", "1");
  gate().end_generation();
  EXPECT_TRUE(holds("SETNX", "a", "2"));
  EXPECT_FALSE(holds("SETNX", "a"));
  EXPECT_FALSE(holds("DEL", "none"));
}

TEST_F(ReplyGateTest, AnotherDatabaseIsAnotherKey) {
  writer_.run("SET", "a", "1");
  TestClient other(server_);
  other.run("SELECT", "1");
  other.run("GET", "a");
  EXPECT_FALSE(is_held(other));
}

TEST_F(ReplyGateTest, CommandsThatLookIntoAnotherDatabaseWait) {
  server_.run("SET", "b", "1");
  gate().set_all_durable();
  TestClient other(server_);
  other.run("SELECT", "1");
  other.run("SET", "b", "1");
  gate().end_generation();
  EXPECT_TRUE(holds("MOVE", "b", "1"));
  EXPECT_TRUE(holds("COPY", "b", "b", "DB", "1"));
  EXPECT_TRUE(holds("SLOWLOG", "GET"));
}

TEST_F(ReplyGateTest, AfterAFlushAllReadsWait) {
  writer_.run("SET", "a", "1");
  gate().set_all_durable();
  writer_.run("FLUSHALL");
  EXPECT_TRUE(holds("GET", "anything"));
  gate().set_all_durable();
  writer_.run("SWAPDB", "0", "1");
  EXPECT_TRUE(holds("GET", "anything"));
}

TEST_F(ReplyGateTest, AMonitorWaitsForWhatItSees) {
  TestClient monitor(server_);
  monitor.run("MONITOR");
  EXPECT_FALSE(is_held(monitor));
  writer_.run("SET", "a", "1");
  EXPECT_TRUE(is_held(monitor));
  gate().set_all_durable();
  EXPECT_FALSE(is_held(monitor));
}

TEST_F(ReplyGateTest, WhoeverIsServedByAWriteWaitsForIt) {
  TestClient waiting(server_);
  waiting.run("BLPOP", "list", "0");
  writer_.run("RPUSH", "list", "x");
  EXPECT_TRUE(is_held(waiting));
}

TEST_F(ReplyGateTest, SwitchedOffItHoldsNobody) {
  writer_.run("SET", "a", "1");
  gate().set_active(false);
  EXPECT_FALSE(is_held(writer_));
  EXPECT_FALSE(holds("SET", "a", "2"));
}

}  // namespace
}  // namespace spinel::server
