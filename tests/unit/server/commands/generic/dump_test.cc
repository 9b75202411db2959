// The effects and events of RESTORE, and what it leaves in the keyspace.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kNow = 1'700'000'000'000;

class DumpCommands : public testing::Test {
 protected:
  DumpCommands() {
    server_.config.notify_keyspace_events = UINT32_MAX;
    server_.server.keyspace.set_now(kNow);
    run("SET", "old", "value");
    const std::string reply = run("DUMP", "old");
    payload_ = reply.substr(reply.find('\n') + 1);
    payload_.resize(payload_.size() - 2);
    forget();
  }

  template <typename... Args>
  std::string run(const Args&... args) {
    server_.server.keyspace.set_now(now_);
    const std::vector<std::string_view> views = {args...};
    server_.server.dispatcher.execute(server_.client.client(), views);
    return server_.client.take_output();
  }
  void forget() {
    server_.take_effects();
    server_.take_events();
  }
  storage::Item find(std::string_view key) {
    return server_.server.keyspace.database(0).find(storage::Key(key));
  }
  // An effect with the payload in it.
  std::string effect(const std::string& before, const std::string& after) {
    return before + payload_ + after;
  }

  TestServer server_;
  int64_t now_ = kNow;
  std::string payload_;
};

TEST_F(DumpCommands, ARelativeTtlIsPropagatedAsAnAbsoluteOne) {
  EXPECT_EQ(run("RESTORE", "a", "5000", payload_), kOk);
  EXPECT_EQ(run("restore", "a", "7000", payload_, "replace", "IDLETIME", "3"), kOk);
  EXPECT_EQ(run("RESTORE-ASKING", "b", "1", payload_), kOk);
  EXPECT_THAT(server_.take_effects(),
              ElementsAre(effect("RESTORE a 1700000005000 ", " ABSTTL"),
                          effect("restore a 1700000007000 ", " replace IDLETIME 3 ABSTTL"),
                          effect("RESTORE-ASKING b 1700000000001 ", " ABSTTL")));
  EXPECT_EQ(server_.entry("a").expire_at_ms(), kNow + 7000);
  EXPECT_EQ(server_.entry("b").expire_at_ms(), kNow + 1);
}

TEST_F(DumpCommands, OtherwiseTheEffectIsTheCommandAsSent) {
  EXPECT_EQ(run("RESTORE", "a", "0", payload_), kOk);
  EXPECT_EQ(run("RESTORE", "a", "0", payload_, "REPLACE", "FREQ", "7"), kOk);
  EXPECT_EQ(run("RESTORE", "b", "1700000000001", payload_, "ABSTTL", "REPLACE"), kOk);
  EXPECT_THAT(server_.take_effects(),
              ElementsAre(effect("RESTORE a 0 ", ""), effect("RESTORE a 0 ", " REPLACE FREQ 7"),
                          effect("RESTORE b 1700000000001 ", " ABSTTL REPLACE")));
  EXPECT_THAT(server_.take_events(),
              ElementsAre("new a", "restore a", "new a", "restore a", "new b", "restore b"));
  EXPECT_FALSE(server_.entry("a").has_expiry());
  EXPECT_EQ(server_.entry("b").expire_at_ms(), kNow + 1);
}

TEST_F(DumpCommands, AnErrorChangesNothing) {
  const int64_t dirty = server_.server.dirty;
  EXPECT_EQ(run("RESTORE", "old", "0", payload_), error("BUSYKEY Target key name already exists."));
  EXPECT_EQ(run("RESTORE", "old", "0", payload_ + "x", "REPLACE"),
            error("ERR DUMP payload version or checksum are wrong"));
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  EXPECT_THAT(server_.take_events(), IsEmpty());
  EXPECT_EQ(run("GET", "old"), bulk("value"));
  EXPECT_EQ(server_.server.dirty, dirty);
}

TEST_F(DumpCommands, ATimeThatHasPassedRemovesTheKeyThatIsReplaced) {
  EXPECT_EQ(run("RESTORE", "none", "1", payload_, "ABSTTL"), kOk);
  EXPECT_EQ(run("RESTORE", "none", "1", payload_, "ABSTTL", "REPLACE"), kOk);
  // The sum of now and the longest time is negative.
  EXPECT_EQ(run("RESTORE", "none", "9223372036854775807", payload_), kOk);
  EXPECT_FALSE(find("none"));
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  EXPECT_THAT(server_.take_events(), IsEmpty());
  const int64_t dirty = server_.server.dirty;
  EXPECT_EQ(run("RESTORE", "old", "1700000000000", payload_, "ABSTTL", "REPLACE"), kOk);
  EXPECT_FALSE(find("old"));
  EXPECT_THAT(server_.take_effects(), ElementsAre("DEL old"));
  EXPECT_THAT(server_.take_events(), ElementsAre("del old"));
  EXPECT_EQ(server_.server.dirty, dirty + 1);
}

TEST_F(DumpCommands, WithoutReplaceAnExpiredKeyIsRemovedFirst) {
  server_.expire_now("old");
  EXPECT_EQ(run("RESTORE", "old", "0", payload_), kOk);
  EXPECT_THAT(server_.take_effects(),
              ElementsAre("MULTI", "DEL old", effect("RESTORE old 0 ", ""), "EXEC"));
  EXPECT_THAT(server_.take_events(), ElementsAre("expired old", "new old", "restore old"));
  server_.expire_now("old");
  EXPECT_EQ(run("RESTORE", "old", "0", payload_, "REPLACE"), kOk);
  EXPECT_THAT(server_.take_effects(), ElementsAre(effect("RESTORE old 0 ", " REPLACE")));
  EXPECT_THAT(server_.take_events(), ElementsAre("new old", "restore old"));
  EXPECT_FALSE(server_.entry("old").has_expiry());
}

TEST_F(DumpCommands, DumpOfAnExpiredKeyFindsNothing) {
  server_.expire_now("old");
  EXPECT_EQ(run("DUMP", "old"), kNull);
  EXPECT_THAT(server_.take_effects(), ElementsAre("DEL old"));
}

// As in a file of effects that is loaded later: what removes the key stands behind it.
TEST_F(DumpCommands, WhereExpiryIsIgnoredAKeyIsStoredWhateverItsTime) {
  const storage::Keyspace::IgnoreExpiry ignore(server_.server.keyspace);
  EXPECT_EQ(run("RESTORE", "old", "1", payload_, "ABSTTL", "REPLACE"), kOk);
  ASSERT_TRUE(find("old"));
  EXPECT_EQ(server_.entry("old").expire_at_ms(), 1);
}

TEST_F(DumpCommands, ARestoredListServesWhoWaitsForIt) {
  run("RPUSH", "list", "element");
  const std::string reply = run("DUMP", "list");
  payload_ = reply.substr(reply.find('\n') + 1);
  payload_.resize(payload_.size() - 2);
  TestClient waiting(server_);
  EXPECT_EQ(waiting.run("BLPOP", "other", "0"), "");
  forget();
  EXPECT_EQ(server_.run("RESTORE", "other", "0", payload_), kOk);
  EXPECT_EQ(waiting.take_output(), array({bulk("other"), bulk("element")}));
  EXPECT_THAT(server_.take_effects(), ElementsAre(effect("RESTORE other 0 ", ""), "LPOP other"));
}

}  // namespace
}  // namespace spinel::server
