#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kNow = 1'700'000'000'000;

class ExpireCommands : public testing::Test {
 protected:
  ExpireCommands() {
    run("SET", "key", "value");
    server_.take_effects();
    server_.take_events();
  }

  // Runs a command at the time `now_`.
  template <typename... Args>
  std::string run(const Args&... args) {
    server_.server.keyspace.set_now(now_);
    const std::vector<std::string_view> views = {args...};
    server_.server.dispatcher.execute(server_.client.client(), views);
    return server_.client.take_output();
  }
  storage::Database& database() { return server_.server.keyspace.database(0); }
  int64_t expiry() { return server_.entry("key").expire_at_ms(); }
  void set_expiry(int64_t at_ms) {
    storage::Item item = database().find(storage::Key("key"));
    database().set_expiry(item, at_ms);
  }
  bool exists() { return static_cast<bool>(database().find(storage::Key("key"))); }

  TestServer server_;
  int64_t now_ = kNow;
};

TEST_F(ExpireCommands, EveryFormBecomesAUnixTimeInMilliseconds) {
  EXPECT_EQ(run("EXPIRE", "key", "100"), integer(1));
  EXPECT_EQ(expiry(), kNow + 100'000);
  EXPECT_EQ(run("PEXPIRE", "key", "1234"), integer(1));
  EXPECT_EQ(expiry(), kNow + 1234);
  EXPECT_EQ(run("EXPIREAT", "key", "1800000000"), integer(1));
  EXPECT_EQ(expiry(), 1'800'000'000'000);
  EXPECT_EQ(run("PEXPIREAT", "key", "1800000000001"), integer(1));
  EXPECT_EQ(expiry(), 1'800'000'000'001);
  EXPECT_THAT(server_.take_effects(),
              ElementsAre("PEXPIREAT key 1700000100000", "PEXPIREAT key 1700000001234",
                          "PEXPIREAT key 1800000000000", "PEXPIREAT key 1800000000001"));
  EXPECT_THAT(server_.take_events(),
              ElementsAre("expire key", "expire key", "expire key", "expire key"));
  EXPECT_EQ(database().volatile_count(), 1u);
}

TEST_F(ExpireCommands, TheEffectHasNoConditions) {
  EXPECT_EQ(run("EXPIRE", "key", "100", "NX"), integer(1));
  EXPECT_EQ(run("EXPIRE", "key", "200", "GT", "XX"), integer(1));
  EXPECT_THAT(server_.take_effects(),
              ElementsAre("PEXPIREAT key 1700000100000", "PEXPIREAT key 1700000200000"));
}

TEST_F(ExpireCommands, AMissingKeyCannotExpire) {
  for (const char* command : {"EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT"}) {
    EXPECT_EQ(run(command, "missing", "100"), integer(0));
  }
  EXPECT_EQ(run("PERSIST", "missing"), integer(0));
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  EXPECT_THAT(server_.take_events(), IsEmpty());
}

TEST_F(ExpireCommands, Conditions) {
  struct Case {
    int64_t before_ms;
    std::vector<std::string_view> conditions;
    bool allowed;
  };
  constexpr int64_t kNever = storage::kNoExpiry;
  constexpr int64_t kNew = kNow + 100'000;
  const Case cases[] = {
      {kNever, {"NX"}, true},          {kNew - 1, {"NX"}, false},
      {kNew - 1, {"nx", "NX"}, false}, {kNever, {"XX"}, false},
      {kNew - 1, {"XX"}, true},        {kNever, {"GT"}, false},
      {kNew - 1, {"GT"}, true},        {kNew, {"GT"}, false},
      {kNew + 1, {"GT"}, false},       {kNever, {"LT"}, true},
      {kNew - 1, {"LT"}, false},       {kNew, {"LT"}, false},
      {kNew + 1, {"lt"}, true},        {kNever, {"XX", "GT"}, false},
      {kNew - 1, {"GT", "xx"}, true},  {kNew, {"XX", "GT"}, false},
      {kNever, {"XX", "LT"}, false},   {kNew - 1, {"XX", "LT"}, false},
      {kNew + 1, {"XX", "LT"}, true},
  };
  for (const Case& c : cases) {
    set_expiry(c.before_ms);
    std::vector<std::string_view> args = {"EXPIRE", "key", "100"};
    args.insert(args.end(), c.conditions.begin(), c.conditions.end());
    server_.server.keyspace.set_now(kNow);
    server_.server.dispatcher.execute(server_.client.client(), args);
    EXPECT_EQ(server_.client.take_output(), integer(c.allowed ? 1 : 0))
        << c.before_ms - kNew << " " << testing::PrintToString(c.conditions);
    EXPECT_EQ(expiry(), c.allowed ? kNew : c.before_ms);
    EXPECT_EQ(server_.take_effects().size(), c.allowed ? 1u : 0u);
    EXPECT_EQ(server_.take_events().size(), c.allowed ? 1u : 0u);
  }
}

TEST_F(ExpireCommands, ConditionsThatContradictEachOther) {
  const std::string nx =
      error("ERR NX and XX, GT or LT options at the same time are not compatible");
  EXPECT_EQ(run("EXPIRE", "key", "1", "NX", "XX"), nx);
  EXPECT_EQ(run("PEXPIRE", "key", "1", "GT", "NX"), nx);
  EXPECT_EQ(run("EXPIREAT", "key", "1", "LT", "NX"), nx);
  EXPECT_EQ(run("PEXPIREAT", "key", "1", "GT", "LT", "NX"), nx);
  EXPECT_EQ(run("EXPIRE", "key", "1", "GT", "LT"),
            error("ERR GT and LT options at the same time are not compatible"));
  // An unknown option is found first, and all options before the time.
  EXPECT_EQ(run("EXPIRE", "key", "1", "GT", "LT", "foo"), error("ERR Unsupported option foo"));
  EXPECT_EQ(run("EXPIRE", "key", "x", "foo"), error("ERR Unsupported option foo"));
  EXPECT_EQ(run("EXPIRE", "missing", "1", "a\r\nb"), error("ERR Unsupported option a  b"));
}

TEST_F(ExpireCommands, TimesThatCannotBe) {
  const std::string not_integer = error("ERR value is not an integer or out of range");
  EXPECT_EQ(run("EXPIRE", "missing", "x"), not_integer);
  EXPECT_EQ(run("EXPIRE", "key", ""), not_integer);
  EXPECT_EQ(run("EXPIRE", "key", "1.5"), not_integer);
  EXPECT_EQ(run("EXPIRE", "key", "9223372036854775808"), not_integer);
  const auto invalid = [](const std::string& command) {
    return error("ERR invalid expire time in '" + command + "' command");
  };
  EXPECT_EQ(run("EXPIRE", "key", "9223372036854775807"), invalid("expire"));
  EXPECT_EQ(run("expire", "key", "9223372036854775"), invalid("expire"));
  EXPECT_EQ(run("EXPIRE", "key", "-9223372036854776"), invalid("expire"));
  EXPECT_EQ(run("PEXPIRE", "key", "9223372036854775807"), invalid("pexpire"));
  EXPECT_EQ(run("EXPIREAT", "missing", "9223372036854776"), invalid("expireat"));
  EXPECT_EQ(expiry(), storage::kNoExpiry);
  EXPECT_THAT(server_.take_effects(), IsEmpty());
}

TEST_F(ExpireCommands, TheLastMoment) {
  EXPECT_EQ(run("EXPIREAT", "key", "9223372036854775"), integer(1));
  EXPECT_EQ(run("EXPIRETIME", "key"), integer(9'223'372'036'854'775));
  EXPECT_EQ(run("PEXPIREAT", "key", "9223372036854775807"), integer(1));
  EXPECT_EQ(run("PEXPIRETIME", "key"), integer(INT64_MAX));
  EXPECT_EQ(run("EXPIRETIME", "key"), integer(9'223'372'036'854'776));
  EXPECT_EQ(run("PTTL", "key"), integer(INT64_MAX - kNow));
}

TEST_F(ExpireCommands, APastTimeRemovesTheKey) {
  const std::vector<std::vector<std::string_view>> commands = {
      {"EXPIRE", "key", "0"},
      {"EXPIRE", "key", "-1"},
      {"EXPIRE", "key", "-9223372036854775"},
      {"PEXPIRE", "key", "-9223372036854775808"},
      {"PEXPIRE", "key", "0", "NX"},
      {"PEXPIREAT", "key", "1700000000000"},
      {"EXPIREAT", "key", "0", "LT"},
      {"PEXPIREAT", "key", "-1"},
  };
  for (const auto& command : commands) {
    run("SET", "key", "value");
    server_.take_effects();
    server_.take_events();
    const int64_t dirty = server_.server.dirty;
    server_.server.keyspace.set_now(kNow);
    server_.server.dispatcher.execute(server_.client.client(), command);
    EXPECT_EQ(server_.client.take_output(), integer(1));
    EXPECT_FALSE(exists());
    EXPECT_THAT(server_.take_effects(), ElementsAre("DEL key"));
    EXPECT_THAT(server_.take_events(), ElementsAre("del key"));
    EXPECT_EQ(server_.server.dirty, dirty + 1);
  }
}

TEST_F(ExpireCommands, APastTimeHeedsTheConditions) {
  EXPECT_EQ(run("EXPIRE", "key", "-1", "GT"), integer(0));
  EXPECT_EQ(run("EXPIRE", "key", "-1", "XX"), integer(0));
  set_expiry(kNow + 1);
  EXPECT_EQ(run("EXPIRE", "key", "-1", "NX"), integer(0));
  EXPECT_TRUE(exists());
  EXPECT_THAT(server_.take_effects(), IsEmpty());
}

TEST_F(ExpireCommands, APastTimeFreesAsExpiryDoes) {
  EXPECT_EQ(run("CONFIG", "SET", "lazyfree-lazy-expire", "yes"), kOk);
  run("SET", "key", std::string(2 << 20, 'x'));
  server_.take_effects();
  storage::LazyFree& lazy = server_.server.keyspace.lazy_free;
  lazy.drain();
  const uint64_t freed = lazy.freed();
  EXPECT_EQ(run("EXPIRE", "key", "-1"), integer(1));
  EXPECT_THAT(server_.take_effects(), ElementsAre("UNLINK key"));
  lazy.drain();
  EXPECT_EQ(lazy.freed(), freed + 1);
}

// A server that must not remove keys by itself keeps the time instead.
TEST_F(ExpireCommands, APastTimeIsKeptWhereKeysMustNotExpire) {
  server_.server.keyspace.set_master_expires(true);
  EXPECT_EQ(run("PEXPIREAT", "key", "5"), integer(1));
  EXPECT_EQ(expiry(), 5);
  EXPECT_THAT(server_.take_effects(), ElementsAre("PEXPIREAT key 5"));
  set_expiry(storage::kNoExpiry);
  EXPECT_EQ(run("PEXPIREAT", "key", "-1"), integer(1));
  EXPECT_TRUE(server_.entry("key").has_expiry());
}

TEST_F(ExpireCommands, AKeyLivesThroughItsLastMillisecond) {
  EXPECT_EQ(run("PEXPIRE", "key", "10"), integer(1));
  now_ = kNow + 10;
  EXPECT_EQ(run("PTTL", "key"), integer(0));
  EXPECT_EQ(run("GET", "key"), bulk("value"));
  now_ = kNow + 11;
  EXPECT_EQ(run("PTTL", "key"), integer(-2));
  EXPECT_FALSE(exists());
}

TEST_F(ExpireCommands, AnExpiredKeyCannotBeSaved) {
  set_expiry(kNow - 1);
  EXPECT_EQ(run("EXPIRE", "key", "100"), integer(0));
  EXPECT_THAT(server_.take_effects(), ElementsAre("DEL key"));
  EXPECT_THAT(server_.take_events(), ElementsAre("expired key"));
}

TEST_F(ExpireCommands, PersistDropsTheExpiry) {
  EXPECT_EQ(run("PERSIST", "key"), integer(0));
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  set_expiry(kNow + 1);
  EXPECT_EQ(run("PERSIST", "key"), integer(1));
  EXPECT_EQ(expiry(), storage::kNoExpiry);
  EXPECT_THAT(server_.take_effects(), ElementsAre("PERSIST key"));
  EXPECT_THAT(server_.take_events(), ElementsAre("persist key"));
  EXPECT_EQ(database().volatile_count(), 0u);
}

TEST_F(ExpireCommands, ReadingTheTimeLeft) {
  for (const char* command : {"TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"}) {
    EXPECT_EQ(run(command, "missing"), integer(-2));
    EXPECT_EQ(run(command, "key"), integer(-1));
  }
  EXPECT_THAT(server_.take_events(), ElementsAre("keymiss missing", "keymiss missing",
                                                 "keymiss missing", "keymiss missing"));
  set_expiry(kNow + 1499);
  EXPECT_EQ(run("TTL", "key"), integer(1));
  EXPECT_EQ(run("PTTL", "key"), integer(1499));
  EXPECT_EQ(run("EXPIRETIME", "key"), integer(1'700'000'001));
  EXPECT_EQ(run("PEXPIRETIME", "key"), integer(1'700'000'001'499));
  set_expiry(kNow + 1500);
  EXPECT_EQ(run("TTL", "key"), integer(2));
  EXPECT_EQ(run("EXPIRETIME", "key"), integer(1'700'000'002));
}

TEST_F(ExpireCommands, AskingIsNoAccessButChangingIs) {
  EXPECT_EQ(run("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu", "lfu-log-factor", "0"), kOk);
  run("SET", "key", "value");
  const auto frequency = [this] {
    return server_.server.keyspace.access.frequency(server_.entry("key"));
  };
  server_.entry("key").set_access(server_.server.keyspace.access.initial());
  const uint32_t before = frequency();
  run("TTL", "key");
  run("PEXPIRETIME", "key");
  EXPECT_EQ(frequency(), before);
  run("EXPIRE", "key", "100");
  EXPECT_EQ(frequency(), before + 1);
  run("EXPIRE", "key", "100", "NX");
  EXPECT_EQ(frequency(), before + 2);
  run("PERSIST", "key");
  EXPECT_EQ(frequency(), before + 3);
}

}  // namespace
}  // namespace spinel::server
