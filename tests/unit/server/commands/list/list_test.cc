// What list commands tell others: effects, keyspace events, clients that wait. What they reply is
// tested in tests/integration/list_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/engine/context.h"
#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ListCommands, TellPushesAndPops) {
  TestServer server;
  server.run("RPUSH", "l", "a", "b");
  server.run("LPUSH", "l", "c");
  server.run("LPUSHX", "l", "d");
  server.run("RPUSHX", "none", "d");
  server.run("LPOP", "l");
  server.run("RPOP", "l", "2");
  server.run("LPOP", "l", "0");
  server.run("LPOP", "l", "9");
  server.run("LPOP", "l");
  EXPECT_THAT(server.take_effects(), ElementsAre("RPUSH l a b", "LPUSH l c", "LPUSHX l d", "LPOP l",
                                                 "RPOP l 2", "LPOP l 9"));
  EXPECT_THAT(server.take_events(), ElementsAre("new l", "rpush l", "lpush l", "lpush l", "lpop l",
                                                "rpop l", "lpop l", "del l"));
}

TEST(ListCommands, TellChanges) {
  TestServer server;
  server.run("RPUSH", "l", "a", "b", "c", "b");
  server.take_effects();
  server.take_events();
  server.run("LSET", "l", "0", "x");
  server.run("LINSERT", "l", "BEFORE", "c", "y");
  server.run("LINSERT", "l", "BEFORE", "none", "y");
  server.run("LREM", "l", "-1", "b");
  server.run("LREM", "l", "0", "none");
  server.run("LTRIM", "l", "0", "-1");
  server.run("LTRIM", "l", "1", "2");
  server.run("LTRIM", "l", "5", "6");
  EXPECT_THAT(server.take_effects(), ElementsAre("LSET l 0 x", "LINSERT l BEFORE c y",
                                                 "LREM l -1 b", "LTRIM l 1 2", "LTRIM l 5 6"));
  EXPECT_THAT(server.take_events(), ElementsAre("lset l", "linsert l", "lrem l", "ltrim l",
                                                "ltrim l", "ltrim l", "del l"));
}

TEST(ListCommands, TellNothingWhenNothingChanged) {
  TestServer server;
  server.run("RPUSH", "l", "a");
  server.run("SET", "s", "text");
  server.take_effects();
  server.take_events();
  server.run("LMOVE", "none", "l", "LEFT", "LEFT");
  server.run("LMOVE", "l", "s", "LEFT", "LEFT");
  server.run("BLMOVE", "l", "s", "LEFT", "LEFT", "0");
  server.run("LMPOP", "1", "none", "LEFT");
  server.run("LRANGE", "l", "0", "-1");
  EXPECT_THAT(server.take_effects(), IsEmpty());
  EXPECT_THAT(server.take_events(), IsEmpty());
}

TEST(ListCommands, TellMoves) {
  TestServer server;
  server.run("RPUSH", "a", "1", "2", "3");
  server.take_effects();
  server.take_events();
  server.run("LMOVE", "a", "b", "LEFT", "RIGHT");
  server.run("RPOPLPUSH", "a", "b");
  server.run("BLMOVE", "a", "b", "RIGHT", "LEFT", "0");
  server.run("BRPOPLPUSH", "b", "b", "0");
  EXPECT_THAT(server.take_effects(), ElementsAre("LMOVE a b LEFT RIGHT", "RPOPLPUSH a b",
                                                 "LMOVE a b RIGHT LEFT", "RPOPLPUSH b b"));
  EXPECT_THAT(server.take_events(), ElementsAre("new b", "rpush b", "lpop a", "lpush b", "rpop a",
                                                "lpush b", "rpop a", "del a", "lpush b", "rpop b"));
}

TEST(ListCommands, TellPopsFromSeveralKeysAsPopsFromOne) {
  TestServer server;
  server.run("RPUSH", "l", "1", "2", "3", "4", "5");
  server.take_effects();
  server.take_events();
  server.run("LMPOP", "2", "none", "l", "LEFT");
  server.run("BLMPOP", "0", "1", "l", "RIGHT", "COUNT", "2");
  server.run("BLPOP", "none", "l", "0");
  server.run("BRPOP", "l", "0");
  EXPECT_THAT(server.take_effects(), ElementsAre("LPOP l 1", "RPOP l 2", "LPOP l", "RPOP l"));
  EXPECT_THAT(server.take_events(), ElementsAre("lpop l", "rpop l", "lpop l", "rpop l", "del l"));
}

TEST(ListCommands, TellWhatTheServedClientsDoAfterTheServingCommand) {
  TestServer server;
  TestClient first(server);
  TestClient second(server);
  TestClient third(server);
  EXPECT_EQ(first.run("BLPOP", "l", "0"), "");
  EXPECT_EQ(second.run("BLMOVE", "l", "m", "LEFT", "LEFT", "0"), "");
  EXPECT_EQ(third.run("BLMPOP", "0", "2", "m", "l", "LEFT", "COUNT", "5"), "");
  EXPECT_EQ(server.run("RPUSH", "l", "a", "b"), integer(2));
  EXPECT_EQ(first.take_output(), array({bulk("l"), bulk("a")}));
  EXPECT_EQ(second.take_output(), bulk("b"));
  EXPECT_EQ(third.take_output(), array({bulk("m"), array({bulk("b")})}));
  EXPECT_THAT(server.take_effects(),
              ElementsAre("RPUSH l a b", "LPOP l", "LMOVE l m LEFT LEFT", "LPOP m 1"));
  EXPECT_THAT(server.take_events(), ElementsAre("new l", "rpush l", "lpop l", "new m", "lpush m",
                                                "lpop l", "del l", "lpop m", "del m"));
}

TEST(ListCommands, NobodyIsTriedInVain) {
  TestServer server;
  TestClient first(server);
  TestClient second(server);
  first.run("BLPOP", "l", "0");
  second.run("BLPOP", "l", "0");
  const uint64_t before = server.server.stats.total_commands_processed;
  server.run("RPUSH", "l", "a");
  // Its own, and that of the client served.
  EXPECT_EQ(server.server.stats.total_commands_processed, before + 2);
  EXPECT_EQ(server.server.blocked.count(), 1u);
}

TEST(ListCommands, AnExpiredListIsNoList) {
  TestServer server;
  server.run("RPUSH", "l", "a");
  server.run("PEXPIRE", "l", "1000000");
  server.expire_now("l");
  TestClient waiting(server);
  EXPECT_EQ(waiting.run("BLPOP", "l", "0"), "");
  server.run("RPUSH", "m", "x");
  server.run("PEXPIRE", "m", "1000000");
  server.expire_now("m");
  EXPECT_EQ(server.run("LMOVE", "m", "l", "LEFT", "LEFT"), kNull);
  EXPECT_EQ(waiting.take_output(), "");
  EXPECT_EQ(server.run("LPUSH", "l", "b"), integer(1));
  EXPECT_EQ(waiting.take_output(), array({bulk("l"), bulk("b")}));
}

TEST(ListCommands, AMoveIntoAnExpiredKeyStartsANewList) {
  TestServer server;
  server.run("RPUSH", "l", "a", "b");
  server.run("RPUSH", "m", "old");
  server.run("PEXPIRE", "m", "1000000");
  server.expire_now("m");
  EXPECT_EQ(server.run("LMOVE", "l", "m", "LEFT", "LEFT"), bulk("a"));
  EXPECT_EQ(server.run("LRANGE", "m", "0", "-1"), array({bulk("a")}));
  EXPECT_EQ(server.run("TTL", "m"), integer(-1));
}

TEST(ListCommands, KeepTheExpiry) {
  TestServer server;
  server.run("RPUSH", "l", "a");
  server.run("PEXPIRE", "l", "1000000");
  server.run("RPUSH", "l", "b");
  server.run("LMOVE", "l", "l", "LEFT", "RIGHT");
  EXPECT_NE(server.run("PTTL", "l"), integer(-1));
}

}  // namespace
}  // namespace spinel::server
