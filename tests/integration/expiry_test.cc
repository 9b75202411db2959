// Keys whose time is over: found out when asked for, and by the active cycle.

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

using ExpiryTest = ServerTest;
using OwnExpiryTest = OwnServerTest;

void set_with_life(Client& client, int keys, int life_ms) {
  for (int i = 0; i < keys; ++i) {
    client.append({"SET", "key:" + std::to_string(i), "v", "PX", std::to_string(life_ms)});
  }
  for (int i = 0; i < keys; ++i) ASSERT_EQ(client.read_reply(), ok());
}

TEST_F(ExpiryTest, AKeyIsGoneForEveryCommandOnceItsTimeIsOver) {
  ASSERT_EQ(line("DEBUG SET-ACTIVE-EXPIRE 0"), ok());
  const std::vector<std::pair<std::string, Reply>> questions = {
      {"GET key", nil()},
      {"EXISTS key", integer(0)},
      {"TTL key", integer(-2)},
      {"PTTL key", integer(-2)},
      {"PEXPIRETIME key", integer(-2)},
      {"TYPE key", status("none")},
      {"STRLEN key", integer(0)},
      {"GETRANGE key 0 -1", bulk("")},
      {"OBJECT ENCODING key", nil()},
      {"PERSIST key", integer(0)},
      {"EXPIRE key 100", integer(0)},
      {"DEL key", integer(0)},
      {"UNLINK key", integer(0)},
      {"TOUCH key", integer(0)},
      {"RENAME key other", error("ERR no such key")},
      {"COPY key other", integer(0)},
      {"MOVE key 1", integer(0)},
      {"MGET key", array({nil()})},
      {"GETDEL key", nil()},
      {"GETEX key", nil()},
      {"SET key new XX", nil()},
      {"KEYS *", array({})},
      {"SCAN 0 COUNT 1000", array({bulk("0"), array({})})},
      {"RANDOMKEY", nil()},
      {"INCR key", integer(1)},
      {"APPEND key x", integer(1)},
      {"SETRANGE key 0 x", integer(1)},
      {"SETNX key x", integer(1)},
      {"GETSET key x", nil()},
      {"SET key x GET", nil()},
      {"MSETNX key x", integer(1)},
  };
  for (const auto& [command, reply] : questions) {
    // The clock is set after the key and lives longer: once it is gone, so is the key.
    run("SET", "key", 41, "PX", 1);
    run("SET", "clock", "v", "PX", 3);
    ASSERT_TRUE(wait_until([&] { return run("GET", "clock").is_null(); }));
    EXPECT_EQ(line(command), reply) << command;
    EXPECT_TRUE(run("PTTL", "key").number < 0) << command << " left the old time of expiry";
    run("FLUSHALL");
  }
  EXPECT_EQ(line("DEBUG SET-ACTIVE-EXPIRE 1"), ok());
}

TEST_F(OwnExpiryTest, TheActiveCycleRemovesWhatNobodyAsksFor) {
  start();
  set_with_life(client(), 20'000, 1);
  run("SELECT", 7);
  set_with_life(client(), 1000, 1);
  run("SET", "stays", "v");
  EXPECT_TRUE(wait_until([&] { return run("DBSIZE") == integer(1); }));
  run("SELECT", 0);
  EXPECT_TRUE(wait_until([&] { return run("DBSIZE") == integer(0); }));
  EXPECT_EQ(info_number("expired_keys"), 21'000);
}

TEST_F(OwnExpiryTest, TheActiveCycleLeavesTheOthersAlone) {
  start();
  for (int i = 0; i < 1000; ++i) {
    run("SET", "long:" + std::to_string(i), "v", "EX", 100'000);
    run("SET", "none:" + std::to_string(i), "v");
  }
  set_with_life(client(), 1000, 1);
  EXPECT_TRUE(wait_until([&] { return run("DBSIZE") == integer(2000); }));
  EXPECT_EQ(info_number("expired_keys"), 1000);
}

TEST_F(OwnExpiryTest, WithoutTheActiveCycleOnlyAskingRemoves) {
  start();
  ASSERT_EQ(line("DEBUG SET-ACTIVE-EXPIRE 0"), ok());
  set_with_life(client(), 100, 1);
  run("SET", "clock", "v", "PX", 300);
  ASSERT_TRUE(wait_until([&] { return run("GET", "clock").is_null(); }));
  EXPECT_EQ(run("DBSIZE"), integer(100));
  EXPECT_EQ(run("GET", "key:5"), nil());
  EXPECT_EQ(run("DBSIZE"), integer(99));
  ASSERT_EQ(line("DEBUG SET-ACTIVE-EXPIRE 1"), ok());
  EXPECT_TRUE(wait_until([&] { return run("DBSIZE") == integer(0); }));
}

TEST_F(OwnExpiryTest, TheServerStaysResponsiveWhileManyKeysExpire) {
  start();
  std::string requests;
  constexpr int kKeys = 200'000;
  for (int i = 0; i < kKeys; ++i) {
    requests += encode_command({"SET", "key:" + std::to_string(i), "v", "PX", "500"});
  }
  RawConnection loader = server().raw();
  ASSERT_EQ(loader.exchange(requests, kKeys).size(), static_cast<std::size_t>(kKeys));
  EXPECT_TRUE(wait_until([&] {
    EXPECT_EQ(run("PING"), status("PONG"));
    return run("DBSIZE") == integer(0);
  }));
  EXPECT_EQ(info_number("expired_keys"), kKeys);
}

TEST_F(ExpiryTest, AnExpiredKeyCountsAsAMiss) {
  const auto misses = info_number("keyspace_misses");
  run("SET", "key", "v", "PX", 1);
  ASSERT_TRUE(wait_until([&] { return run("DBSIZE") == integer(0); }));
  run("GET", "key");
  EXPECT_EQ(info_number("keyspace_misses"), misses + 1);
}

TEST_F(ExpiryTest, AKeyThatExpiresIsNoChangeToSave) {
  run("SET", "key", "v", "PX", 1);
  run("SET", "other", "v", "PX", 1);
  const auto changes = info_number("rdb_changes_since_last_save");
  const auto expired = info_number("expired_keys");
  ASSERT_TRUE(wait_until([&] { return run("EXISTS", "key", "other") == integer(0); }));
  EXPECT_EQ(info_number("expired_keys"), expired + 2);
  EXPECT_EQ(info_number("rdb_changes_since_last_save"), changes);
}

TEST_F(ExpiryTest, ScanWithATypeLooksKeysUp) {
  ASSERT_EQ(line("DEBUG SET-ACTIVE-EXPIRE 0"), ok());
  run("SET", "a", "v");
  run("RPUSH", "b", "v");
  run("SET", "c", "v", "PX", 1);
  run("SET", "clock", "v", "PX", 2);
  ASSERT_TRUE(wait_until([&] { return run("GET", "clock").is_null(); }));
  const auto hits = info_number("keyspace_hits");
  const auto misses = info_number("keyspace_misses");
  EXPECT_EQ(line("SCAN 0 COUNT 100 TYPE list"), array({bulk("0"), bulks({"b"})}));
  EXPECT_EQ(info_number("keyspace_hits"), hits + 2);
  EXPECT_EQ(info_number("keyspace_misses"), misses + 1);
  EXPECT_EQ(run("DBSIZE"), integer(2));
  EXPECT_EQ(line("SCAN 0 COUNT 100 MATCH a"), array({bulk("0"), bulks({"a"})}));
  EXPECT_EQ(info_number("keyspace_hits"), hits + 2);
  EXPECT_EQ(line("DEBUG SET-ACTIVE-EXPIRE 1"), ok());
}

}  // namespace
}  // namespace spinel::test
