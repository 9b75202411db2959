#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

const std::string kWrongType =
    error("WRONGTYPE Operation against a key holding the wrong kind of value");

Config with_debug() {
  Config config;
  config.enable_debug_command = ProtectedAccess::kYes;
  return config;
}

class SetCommands : public testing::Test {
 protected:
  template <typename... Args>
  std::string run(const Args&... args) {
    return server_.run(args...);
  }
  // As `run`, and forgets what it caused.
  template <typename... Args>
  void prepare(const Args&... args) {
    run(args...);
    server_.take_effects();
    server_.take_events();
  }
  // SADD of `count` members that start with `prefix`.
  void fill(const std::string& key, const std::string& prefix, int count) {
    for (int i = 0; i < count; ++i) prepare("SADD", key, prefix + std::to_string(i));
  }
  std::string encoding(const std::string& key) { return run("OBJECT", "ENCODING", key); }

  std::string digest(const std::string& key) { return run("DEBUG", "DIGEST-VALUE", key); }

  TestServer server_{with_debug()};
};

TEST_F(SetCommands, AddAndRemoveTellWhatChanged) {
  EXPECT_EQ(run("SADD", "s", "a", "b", "a"), integer(2));
  EXPECT_THAT(server_.take_events(), ElementsAre("new s", "sadd s"));
  EXPECT_THAT(server_.take_effects(), ElementsAre("SADD s a b a"));
  EXPECT_EQ(server_.server.dirty, 2);
  EXPECT_EQ(run("SADD", "s", "a"), integer(0));
  EXPECT_THAT(server_.take_events(), IsEmpty());
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  EXPECT_EQ(run("SREM", "s", "a", "x"), integer(1));
  EXPECT_THAT(server_.take_events(), ElementsAre("srem s"));
  EXPECT_THAT(server_.take_effects(), ElementsAre("SREM s a x"));
  EXPECT_EQ(run("SREM", "s", "x"), integer(0));
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  EXPECT_EQ(run("SREM", "s", "b"), integer(1));
  EXPECT_THAT(server_.take_events(), ElementsAre("srem s", "del s"));
  EXPECT_EQ(run("EXISTS", "s"), integer(0));
  EXPECT_EQ(run("SREM", "s", "b"), integer(0));
}

TEST_F(SetCommands, ManyMembersInOneCommand) {
  std::vector<std::string> words = {"SADD", "s"};
  for (int i = 0; i < 1000; ++i) words.push_back("m" + std::to_string(i % 700));
  const std::vector<std::string_view> args(words.begin(), words.end());
  EXPECT_EQ(server_.client.run_args(args), integer(700));
  words[0] = "SREM";
  const std::vector<std::string_view> removal(words.begin(), words.end());
  EXPECT_EQ(server_.client.run_args(removal), integer(700));
  EXPECT_EQ(run("EXISTS", "s"), integer(0));
}

TEST_F(SetCommands, EncodingsFollowTheConfiguration) {
  run("SADD", "s", "1");
  EXPECT_EQ(encoding("s"), bulk("intset"));
  run("SADD", "s", "a");
  EXPECT_EQ(encoding("s"), bulk("listpack"));
  run("SREM", "s", "a");
  EXPECT_EQ(encoding("s"), bulk("listpack"));
  run("SADD", "s", std::string(65, 'x'));
  EXPECT_EQ(encoding("s"), bulk("hashtable"));

  run("CONFIG", "SET", "set-max-intset-entries", "2");
  run("CONFIG", "SET", "set-max-listpack-entries", "3");
  run("CONFIG", "SET", "set-max-listpack-value", "4");
  run("SADD", "i", "1", "2");
  EXPECT_EQ(encoding("i"), bulk("intset"));
  run("SADD", "i", "3");
  EXPECT_EQ(encoding("i"), bulk("hashtable"));
  run("SADD", "three", "1", "2", "3");
  EXPECT_EQ(encoding("three"), bulk("listpack"));
  run("SADD", "t", "a", "b", "c");
  EXPECT_EQ(encoding("t"), bulk("listpack"));
  run("SADD", "t", "d");
  EXPECT_EQ(encoding("t"), bulk("hashtable"));
  run("SADD", "u", "abcde");
  EXPECT_EQ(encoding("u"), bulk("hashtable"));
  // Room is made for as many members as are named, though they are the same.
  run("SADD", "v", "a", "a", "a", "a");
  EXPECT_EQ(encoding("v"), bulk("hashtable"));
}

TEST_F(SetCommands, MoveTellsBothKeys) {
  run("SADD", "a", "x", "y");
  prepare("SADD", "b", "y");
  EXPECT_EQ(run("SMOVE", "a", "new", "x"), integer(1));
  EXPECT_THAT(server_.take_events(), ElementsAre("srem a", "new new", "sadd new"));
  EXPECT_THAT(server_.take_effects(), ElementsAre("SMOVE a new x"));
  EXPECT_EQ(run("SMOVE", "a", "b", "y"), integer(1));
  EXPECT_THAT(server_.take_events(), ElementsAre("srem a", "del a"));
  EXPECT_EQ(run("SMEMBERS", "b"), array({bulk("y")}));
  EXPECT_EQ(run("SMOVE", "a", "b", "y"), integer(0));
  EXPECT_EQ(run("SMOVE", "b", "a", "z"), integer(0));
  EXPECT_THAT(server_.take_events(), IsEmpty());
}

TEST_F(SetCommands, MoveToItselfAsksOnly) {
  prepare("SADD", "a", "x");
  EXPECT_EQ(run("SMOVE", "a", "a", "x"), integer(1));
  EXPECT_EQ(run("SMOVE", "a", "a", "y"), integer(0));
  EXPECT_THAT(server_.take_effects(), IsEmpty());
}

TEST_F(SetCommands, MoveOfWrongTypes) {
  run("SET", "text", "x");
  prepare("SADD", "s", "x");
  EXPECT_EQ(run("SMOVE", "none", "text", "x"), integer(0));
  EXPECT_EQ(run("SMOVE", "s", "text", "x"), kWrongType);
  EXPECT_EQ(run("SMOVE", "text", "s", "x"), kWrongType);
  EXPECT_THAT(server_.take_effects(), IsEmpty());
}

TEST_F(SetCommands, PopOfOneIsARemovalElsewhere) {
  prepare("SADD", "s", "only");
  EXPECT_EQ(run("SPOP", "s"), bulk("only"));
  EXPECT_THAT(server_.take_effects(), ElementsAre("SREM s only"));
  EXPECT_THAT(server_.take_events(), ElementsAre("spop s", "del s"));
  EXPECT_EQ(run("SPOP", "s"), kNull);
  EXPECT_THAT(server_.take_effects(), IsEmpty());
}

TEST_F(SetCommands, PopOfAllRemovesTheKey) {
  prepare("SADD", "s", "1", "2");
  EXPECT_EQ(run("SPOP", "s", "5"), array({bulk("1"), bulk("2")}));
  EXPECT_THAT(server_.take_effects(), ElementsAre("DEL s"));
  EXPECT_THAT(server_.take_events(), ElementsAre("spop s", "del s"));
  run("CONFIG", "SET", "lazyfree-lazy-server-del", "yes");
  prepare("SADD", "s", "1", "2");
  run("SPOP", "s", "2");
  EXPECT_THAT(server_.take_effects(), ElementsAre("UNLINK s"));
  EXPECT_EQ(run("SPOP", "s", "0"), array({}));
  EXPECT_EQ(run("SPOP", "s", "3"), array({}));
}

TEST_F(SetCommands, PopOfSomeGivesTheSameSetElsewhere) {
  for (const int size : {60, 600}) {
    for (const std::string& prefix : {std::string("m"), std::string()}) {
      for (const int count : {1, size / 2, size - 5}) {
        SCOPED_TRACE(prefix + std::to_string(size) + " less " + std::to_string(count));
        TestServer replica(with_debug());
        run("DEL", "s");
        for (int i = 0; i < size; ++i) {
          replica.run("SADD", "s", prefix + std::to_string(i));
          prepare("SADD", "s", prefix + std::to_string(i));
        }
        EXPECT_THAT(run("SPOP", "s", std::to_string(count)),
                    StartsWith("*" + std::to_string(count) + "\r\n"));
        EXPECT_THAT(server_.take_events(), ElementsAre("spop s"));
        const std::vector<std::string> effects = server_.take_effects();
        ASSERT_THAT(effects, SizeIs(1));
        replica.send(effects[0] + "\r\n");
        EXPECT_EQ(run("SCARD", "s"), integer(size - count));
        EXPECT_EQ(replica.run("SCARD", "s"), integer(size - count));
        EXPECT_EQ(digest("s"), replica.run("DEBUG", "DIGEST-VALUE", "s"));
      }
    }
  }
}

TEST_F(SetCommands, PopOfMostLeavesASmallSet) {
  fill("s", "", 1000);
  EXPECT_EQ(encoding("s"), bulk("hashtable"));
  run("SPOP", "s", "990");
  EXPECT_EQ(encoding("s"), bulk("intset"));
  fill("t", "m", 1000);
  run("SPOP", "t", "990");
  EXPECT_EQ(encoding("t"), bulk("listpack"));
  EXPECT_EQ(run("SCARD", "t"), integer(10));
}

TEST_F(SetCommands, ManyPopsAreToldInBoundedCommands) {
  fill("s", "m", 3000);
  run("SPOP", "s", "2500");
  const std::vector<std::string> effects = server_.take_effects();
  ASSERT_THAT(effects, SizeIs(5));  // three, and MULTI and EXEC around them
  EXPECT_EQ(effects.front(), "MULTI");
  EXPECT_THAT(effects[1], StartsWith("SREM s m"));
  EXPECT_EQ(std::count(effects[1].begin(), effects[1].end(), ' '), 1 + 1024);
}

TEST_F(SetCommands, RandomMembersLeaveTheSetAlone) {
  prepare("SADD", "s", "a", "b", "c");
  EXPECT_THAT(run("SRANDMEMBER", "s"), AnyOf(bulk("a"), bulk("b"), bulk("c")));
  EXPECT_THAT(run("SRANDMEMBER", "s", "2"), StartsWith("*2\r\n"));
  EXPECT_EQ(run("SRANDMEMBER", "s", "9"), array({bulk("a"), bulk("b"), bulk("c")}));
  EXPECT_THAT(run("SRANDMEMBER", "s", "-9"), StartsWith("*9\r\n"));
  EXPECT_EQ(run("SRANDMEMBER", "none"), kNull);
  EXPECT_EQ(run("SRANDMEMBER", "none", "-5"), array({}));
  EXPECT_THAT(server_.take_effects(), IsEmpty());
}

TEST_F(SetCommands, StoresTellTheirEvents) {
  run("SADD", "a", "1", "2", "3");
  prepare("SADD", "b", "2", "3", "4");
  EXPECT_EQ(run("SINTERSTORE", "d", "a", "b"), integer(2));
  EXPECT_THAT(server_.take_events(), ElementsAre("new d", "sinterstore d"));
  EXPECT_THAT(server_.take_effects(), ElementsAre("SINTERSTORE d a b"));
  EXPECT_EQ(run("SUNIONSTORE", "d", "a", "b"), integer(4));
  EXPECT_THAT(server_.take_events(), ElementsAre("sunionstore d"));
  EXPECT_EQ(run("SDIFFSTORE", "d", "a", "b"), integer(1));
  EXPECT_THAT(server_.take_events(), ElementsAre("sdiffstore d"));
  EXPECT_EQ(run("SDIFFSTORE", "d", "a", "a"), integer(0));
  EXPECT_THAT(server_.take_events(), ElementsAre("del d"));
  server_.take_effects();
  EXPECT_EQ(run("SDIFFSTORE", "d", "none", "a"), integer(0));
  EXPECT_THAT(server_.take_effects(), IsEmpty());
}

TEST_F(SetCommands, StoresReplaceAnyValueAndItsExpiry) {
  run("SET", "d", "x", "EX", "100");
  prepare("SADD", "a", "1", "2");
  EXPECT_EQ(run("SUNIONSTORE", "d", "a", "a"), integer(2));
  EXPECT_EQ(run("TTL", "d"), integer(-1));
  EXPECT_EQ(run("SMEMBERS", "d"), array({bulk("1"), bulk("2")}));
  EXPECT_EQ(run("SINTERSTORE", "a", "a", "none"), integer(0));
  EXPECT_EQ(run("EXISTS", "a"), integer(0));
}

TEST_F(SetCommands, StoresTakeTheirOwnKeyAsASource) {
  run("SADD", "a", "1", "2");
  run("SADD", "b", "2", "3");
  EXPECT_EQ(run("SUNIONSTORE", "a", "a", "b"), integer(3));
  EXPECT_EQ(run("SINTERSTORE", "a", "b", "a"), integer(2));
  EXPECT_EQ(run("SDIFFSTORE", "b", "a", "b"), integer(0));
}

TEST_F(SetCommands, AlgebraOfManySetsIsThatOfFew) {
  // More sets than are looked through one by one.
  for (int set = 0; set < 12; ++set) {
    for (int i = 0; i < 40; ++i)
      prepare("SADD", "s" + std::to_string(set), std::to_string(set * 10 + i));
  }
  run("SADD", "first", "5", "text", "149", "150");
  EXPECT_EQ(run("SUNIONSTORE", "all", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9",
                "s10", "s11"),
            integer(150));
  EXPECT_THAT(
      run("SUNION", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11"),
      StartsWith("*150\r\n"));
  EXPECT_EQ(
      run("SDIFF", "first", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11"),
      array({bulk("5"), bulk("text"), bulk("150")}));
}

TEST_F(SetCommands, EncodingsOfResults) {
  fill("integers", "", 600);
  fill("few", "", 100);
  fill("texts", "m", 200);
  run("SINTERSTORE", "d", "integers", "few");
  EXPECT_EQ(encoding("d"), bulk("intset"));
  run("SUNIONSTORE", "d", "integers", "few");
  EXPECT_EQ(encoding("d"), bulk("hashtable"));
  run("SADD", "one", "m0", "1");
  run("SUNIONSTORE", "d", "few", "one");
  EXPECT_EQ(encoding("d"), bulk("listpack"));
  run("SUNIONSTORE", "d", "few", "texts");
  EXPECT_EQ(encoding("d"), bulk("hashtable"));
  // Removed one by one from a copy that became large.
  run("SDIFFSTORE", "d", "integers", "few", "one", "few");
  EXPECT_EQ(encoding("d"), bulk("hashtable"));
  run("SDIFFSTORE", "d", "few", "integers");
  EXPECT_EQ(run("EXISTS", "d"), integer(0));
}

TEST_F(SetCommands, EveryKeyOfAlgebraMustBeASet) {
  run("SET", "text", "x");
  run("SADD", "s", "a");
  for (const char* command : {"SINTER", "SUNION", "SDIFF"}) {
    EXPECT_EQ(run(command, "s", "text"), kWrongType);
    EXPECT_EQ(run(command, "none", "text"), kWrongType);
    EXPECT_EQ(run(std::string(command) + "STORE", "d", "none", "text"), kWrongType);
  }
  EXPECT_EQ(run("SINTERCARD", "2", "none", "text"), kWrongType);
}

TEST_F(SetCommands, CopiesAndFreedInTheBackground) {
  fill("s", "member ", 2000);
  EXPECT_EQ(run("COPY", "s", "t"), integer(1));
  EXPECT_EQ(digest("s"), digest("t"));
  EXPECT_EQ(run("UNLINK", "s"), integer(1));
  EXPECT_EQ(run("SCARD", "t"), integer(2000));
  run("SADD", "t", std::string(1000, 'x'));
  EXPECT_EQ(run("DEL", "t"), integer(1));
}

TEST_F(SetCommands, DigestDoesNotDependOnOrderOrEncoding) {
  run("SADD", "a", "1", "2", "3");
  run("SADD", "b", "3", "x", "1", "2");
  run("SREM", "b", "x");
  run("SADD", "c", "2", "1", std::string(65, 'x'), "3");
  run("SREM", "c", std::string(65, 'x'));
  EXPECT_THAT(digest("a"), StartsWith("*1\r\n+"));
  EXPECT_EQ(digest("a"), digest("b"));
  EXPECT_EQ(digest("a"), digest("c"));
  run("SADD", "c", "4");
  EXPECT_NE(digest("a"), digest("c"));
}

}  // namespace
}  // namespace spinel::server
