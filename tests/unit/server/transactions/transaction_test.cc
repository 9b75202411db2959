// Transactions as commands see them: what EXEC runs and its effects, and which changes break a
// watch.
#include "server/transactions/transaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string kQueued = "+QUEUED\r\n";

class TransactionTest : public testing::Test {
 protected:
  // Whether `client_`, which watches, would run a transaction.
  bool exec_runs() {
    EXPECT_EQ(client_.run("MULTI"), kOk);
    EXPECT_EQ(client_.run("PING"), kQueued);
    return client_.run("EXEC") != kNullArray;
  }
  // Whether watching `key` while another client runs `args` leaves the watch whole.
  template <typename... Args>
  bool survives(std::string_view key, const Args&... args) {
    EXPECT_EQ(client_.run("WATCH", key), kOk);
    server_.run(args...);
    return exec_runs();
  }

  TestServer server_;
  TestClient client_{server_};
};

TEST_F(TransactionTest, EffectsStayTogether) {
  client_.run("MULTI");
  client_.run("SET", "a", "1");
  client_.run("GET", "a");
  client_.run("SELECT", "2");
  client_.run("INCR", "b");
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  EXPECT_EQ(client_.run("EXEC"), "*4\r\n" + kOk + bulk("1") + kOk + integer(1));
  EXPECT_THAT(server_.take_effects(), ElementsAre("MULTI", "SET a 1", "2: INCR b", "EXEC"));
  EXPECT_EQ(client_.run("GET", "b"), bulk("1"));
}

TEST_F(TransactionTest, ReadsHaveNoEffectsAndASingleWriteNeedsNoMulti) {
  client_.run("MULTI");
  client_.run("GET", "a");
  client_.run("EXEC");
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  client_.run("MULTI");
  client_.run("GET", "a");
  client_.run("SET", "a", "1");
  client_.run("EXEC");
  EXPECT_THAT(server_.take_effects(), ElementsAre("SET a 1"));
}

TEST_F(TransactionTest, WaitingClientsAreServedAfterTheWholeTransaction) {
  EXPECT_EQ(server_.run("BLPOP", "l", "0"), "");
  client_.run("MULTI");
  client_.run("RPUSH", "l", "a");
  client_.run("LPUSH", "l", "b");
  client_.run("EXEC");
  EXPECT_EQ(server_.client.take_output(), "*2\r\n" + bulk("l") + bulk("b"));
}

TEST_F(TransactionTest, ChangesOfWatchedKeysAbort) {
  server_.run("SET", "k", "1");
  EXPECT_FALSE(survives("k", "SET", "k", "1"));
  EXPECT_FALSE(survives("k", "EXPIRE", "k", "100"));
  EXPECT_FALSE(survives("k", "PERSIST", "k"));
  EXPECT_TRUE(survives("k", "PERSIST", "k"));
  EXPECT_TRUE(survives("k", "GET", "k"));
  EXPECT_TRUE(survives("k", "SET", "other", "1"));
  EXPECT_FALSE(survives("k", "RENAME", "k", "j"));
  EXPECT_FALSE(survives("k", "RENAME", "j", "k"));
  EXPECT_TRUE(survives("k", "COPY", "k", "copy"));
  EXPECT_FALSE(survives("k", "COPY", "other", "k", "REPLACE"));
  EXPECT_FALSE(survives("k", "DEL", "k"));
  EXPECT_TRUE(survives("k", "DEL", "k"));
  EXPECT_FALSE(survives("k", "SETBIT", "k", "7", "1"));
  EXPECT_TRUE(survives("k", "SETBIT", "k", "7", "1"));
}

TEST_F(TransactionTest, AClientBreaksItsOwnWatch) {
  client_.run("WATCH", "k");
  client_.run("SET", "k", "1");
  EXPECT_FALSE(exec_runs());
}

TEST_F(TransactionTest, FlushingAbortsWhereTheKeyExisted) {
  for (const char* flush : {"FLUSHALL", "FLUSHDB"}) {
    EXPECT_TRUE(survives("k", flush));
    server_.run("SET", "other", "1");
    EXPECT_TRUE(survives("k", flush));
    server_.run("SET", "k", "1");
    EXPECT_FALSE(survives("k", flush));
  }
  server_.run("SET", "k", "1");
  server_.run("SELECT", "1");
  EXPECT_TRUE(survives("k", "FLUSHDB"));
  EXPECT_FALSE(survives("k", "FLUSHALL"));
}

TEST_F(TransactionTest, SwappingAbortsWhereAKeyWasOrComes) {
  EXPECT_TRUE(survives("k", "SWAPDB", "0", "1"));
  server_.run("SET", "k", "1");
  EXPECT_TRUE(survives("k", "SWAPDB", "0", "0"));
  EXPECT_TRUE(survives("k", "SWAPDB", "1", "2"));
  EXPECT_FALSE(survives("k", "SWAPDB", "0", "1"));
  EXPECT_FALSE(survives("k", "SWAPDB", "0", "1"));
}

TEST_F(TransactionTest, AWatchedKeyThatExpiresAborts) {
  server_.run("SET", "k", "1", "EX", "100");
  client_.run("WATCH", "k");
  server_.expire_now("k");
  EXPECT_FALSE(exec_runs());
  // Whether or not somebody removed it.
  server_.run("SET", "k", "1", "EX", "100");
  client_.run("WATCH", "k");
  server_.expire_now("k");
  server_.run("GET", "k");
  EXPECT_FALSE(exec_runs());
}

TEST_F(TransactionTest, AKeyThatHadExpiredWhenWatchedDoesNotAbort) {
  const auto expired = [this] {
    server_.run("SET", "k", "1", "EX", "100");
    server_.expire_now("k");
  };
  expired();
  client_.run("WATCH", "k");
  EXPECT_TRUE(exec_runs());
  EXPECT_TRUE(survives("k", "GET", "k"));
  expired();
  EXPECT_TRUE(survives("k", "DEL", "k"));
  expired();
  EXPECT_TRUE(survives("k", "FLUSHALL"));
  expired();
  EXPECT_FALSE(survives("k", "SET", "k", "2"));
  expired();
  client_.run("WATCH", "k");
  server_.run("GET", "k");
  EXPECT_FALSE(survives("k", "SET", "k", "2"));
}

TEST_F(TransactionTest, NobodyListensToKeysUnlessSomebodyWatches) {
  WatchedKeys& watched = server_.server.watched_keys;
  TestClient other(server_);
  client_.run("WATCH", "a", "b", "a");
  other.run("WATCH", "b", "c");
  EXPECT_EQ(watched.client_count(), 2u);
  EXPECT_EQ(watched.key_count(), 3u);
  EXPECT_EQ(client_.client().watches.count(), 2u);
  server_.run("SET", "b", "1");  // breaks both
  EXPECT_EQ(watched.client_count(), 0u);
  EXPECT_EQ(watched.key_count(), 0u);
  EXPECT_FALSE(exec_runs());
  EXPECT_TRUE(exec_runs());
  other.run("UNWATCH");
  EXPECT_EQ(other.run("MULTI"), kOk);
  EXPECT_EQ(other.run("EXEC"), "*0\r\n");
}

TEST_F(TransactionTest, AClientThatLeavesTakesItsWatchesAlong) {
  {
    TestClient other(server_);
    TestClient another(server_);
    client_.run("WATCH", "k");
    other.run("WATCH", "k", "j");
    another.run("WATCH", "k");
    other.run("MULTI");
    other.run("SET", "k", "1");
  }
  EXPECT_EQ(server_.server.watched_keys.client_count(), 1u);
  EXPECT_EQ(server_.server.watched_keys.key_count(), 1u);
  EXPECT_FALSE(survives("k", "SET", "k", "1"));
}

TEST_F(TransactionTest, TheQueueCountsAsMemoryOfTheClient) {
  client_.run("EXISTS", std::string(110'000, 'x'));  // the input buffer keeps its size
  const size_t before = client_.client().memory_bytes();
  client_.run("MULTI");
  client_.run("SET", "k", std::string(100'000, 'x'));
  EXPECT_GE(client_.client().memory_bytes(), before + 100'000);
  EXPECT_EQ(client_.client().transaction->size(), 1u);
  client_.run("DISCARD");
  client_.run("WATCH", std::string(50'000, 'k'));
  EXPECT_GE(client_.client().memory_bytes(), before + 50'000);
  client_.run("UNWATCH");
  EXPECT_LT(client_.client().memory_bytes(), before + 10'000);
}

TEST_F(TransactionTest, ALargeQueueIsBoundedByMaxmemoryClients) {
  server_.run("CONFIG", "SET", "maxmemory-clients", "1mb");
  client_.run("CLIENT", "REPLY", "OFF");
  client_.run("MULTI");
  for (int i = 0; i < 30 && !client_.closed(); ++i) {
    client_.run("SET", "k", std::string(100'000, 'x'));
  }
  EXPECT_TRUE(client_.closed());
}

TEST_F(TransactionTest, ArgumentsAreCopied) {
  const std::string value(100'000, 'v');
  EXPECT_EQ(client_.send(request({"MULTI"}) + request({"SET", "k", value}) + request({"GET", "k"})),
            kOk + kQueued + kQueued);
  client_.send(request({"SET", "z", std::string(200'000, 'z')}));
  client_.run("PING");
  EXPECT_EQ(client_.run("EXEC"), "*4\r\n" + kOk + bulk(value) + kOk + "+PONG\r\n");
}

TEST_F(TransactionTest, CountsEachCommandAndExec) {
  const auto calls = [this](std::string_view name) {
    return server_.server.command_stats[server_.server.commands.find(name)->id].calls();
  };
  client_.run("MULTI");
  client_.run("INCR", "a");
  client_.run("INCR", "a");
  EXPECT_EQ(calls("incr"), 0);
  client_.run("EXEC");
  EXPECT_EQ(calls("incr"), 2);
  EXPECT_EQ(calls("exec"), 1);
  EXPECT_EQ(calls("multi"), 1);
}

}  // namespace
}  // namespace spinel::server
