#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string kNoSuchKey = error("ERR no such key");
const std::string kSameObject = error("ERR source and destination objects are the same");
const std::string kNoSuchDatabase = error("ERR DB index is out of range");
const std::string kNotInteger = error("ERR value is not an integer or out of range");
const std::string kNotInt32 =
    error("ERR value is out of range, value must between -2147483648 and 2147483647");
// Worth a thread of its own when it is freed.
const std::string kLargeValue(2 << 20, 'x');

class GenericCommands : public testing::Test {
 protected:
  // Stores plain keys, and forgets what was told about it.
  void store(std::initializer_list<std::string_view> keys, int database = 0) {
    const int selected = std::exchange(server_.client.client().database, database);
    for (const std::string_view key : keys) ASSERT_EQ(run("SET", key, value_of(key)), kOk);
    server_.client.client().database = selected;
    forget();
  }
  static std::string value_of(std::string_view key) { return "value of " + std::string(key); }

  void store_expired(std::string_view key, int database = 0) {
    store({key}, database);
    server_.expire_now(key, database);
  }
  void set_expiry(std::string_view key, int64_t at_ms) {
    storage::Item item = server_.server.keyspace.database(0).find(storage::Key(key));
    server_.server.keyspace.database(0).set_expiry(item, at_ms);
  }
  void forget() {
    server_.take_effects();
    server_.take_events();
    dirty_ = server_.server.dirty;
  }
  // Changes counted since forget().
  int64_t changes() const { return server_.server.dirty - dirty_; }

  template <typename... Args>
  std::string run(const Args&... args) {
    return server_.run(args...);
  }
  std::string value_in(int database, std::string_view key) {
    const int selected = std::exchange(server_.client.client().database, database);
    std::string reply = run("GET", key);
    server_.client.client().database = selected;
    return reply;
  }
  bool exists_in(int database, std::string_view key) {
    return static_cast<bool>(server_.server.keyspace.database(database).find(storage::Key(key)));
  }
  // How many objects the lazy freeing thread got while `run_it` ran.
  template <typename Run>
  uint64_t freed_lazily(Run&& run_it) {
    storage::LazyFree& lazy = server_.server.keyspace.lazy_free;
    lazy.drain();
    const uint64_t before = lazy.freed();
    run_it();
    lazy.drain();
    return lazy.freed() - before;
  }
  void use_lfu() {
    // With this factor every access counts.
    EXPECT_EQ(run("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu", "lfu-log-factor", "0"), kOk);
  }
  uint32_t frequency(std::string_view key, int database = 0) {
    return server_.server.keyspace.access.frequency(server_.entry(key, database));
  }

  TestServer server_;

 private:
  int64_t dirty_ = 0;
};

// --- DEL, UNLINK

TEST_F(GenericCommands, DelRemovesTheKeysThereAre) {
  store({"a", "b", "c"});
  EXPECT_EQ(run("DEL", "a", "missing", "b", "a"), integer(2));
  EXPECT_EQ(changes(), 2);
  EXPECT_THAT(server_.take_effects(), ElementsAre("DEL a missing b a"));
  EXPECT_THAT(server_.take_events(), ElementsAre("del a", "del b"));
  EXPECT_EQ(run("EXISTS", "a", "b", "c"), integer(1));
}

TEST_F(GenericCommands, DelOfNothingHasNoEffect) {
  EXPECT_EQ(run("DEL", "missing"), integer(0));
  EXPECT_EQ(run("UNLINK", "missing", "missing"), integer(0));
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  EXPECT_THAT(server_.take_events(), IsEmpty());
  EXPECT_EQ(changes(), 0);
}

TEST_F(GenericCommands, DelDoesNotCountExpiredKeys) {
  store({"a"});
  store_expired("old");
  EXPECT_EQ(run("DEL", "old", "a"), integer(1));
  EXPECT_THAT(server_.take_effects(), ElementsAre("MULTI", "DEL old", "DEL old a", "EXEC"));
  EXPECT_THAT(server_.take_events(), ElementsAre("expired old", "del a"));
}

TEST_F(GenericCommands, ManyKeysAreAllTreated) {
  constexpr int kKeys = 1000;
  std::vector<std::string> names = {"DEL"};
  for (int i = 0; i < kKeys; ++i) {
    names.push_back("key:" + std::to_string(i));
    run("SET", names.back(), "x");
  }
  std::vector<std::string_view> args(names.begin(), names.end());
  for (const size_t count : {size_t{2}, size_t{16}, size_t{17}, size_t{18}, args.size()}) {
    args[0] = "EXISTS";
    EXPECT_EQ(server_.client.run_args({args.data(), count}), integer(int64_t(count) - 1));
  }
  args[0] = "TOUCH";
  EXPECT_EQ(server_.client.run_args(args), integer(kKeys));
  args[0] = "DEL";
  EXPECT_EQ(server_.client.run_args(args), integer(kKeys));
  EXPECT_EQ(server_.server.keyspace.database(0).size(), 0u);
}

TEST_F(GenericCommands, UnlinkFreesLargeValuesLater) {
  run("SET", "large", kLargeValue);
  forget();
  EXPECT_EQ(freed_lazily([&] { EXPECT_EQ(run("UNLINK", "large"), integer(1)); }), 1u);
  EXPECT_THAT(server_.take_effects(), ElementsAre("UNLINK large"));
  EXPECT_THAT(server_.take_events(), ElementsAre("del large"));
}

TEST_F(GenericCommands, DelFreesAtOnceUnlessToldOtherwise) {
  run("SET", "large", kLargeValue);
  EXPECT_EQ(freed_lazily([&] { EXPECT_EQ(run("DEL", "large"), integer(1)); }), 0u);
  EXPECT_EQ(run("CONFIG", "SET", "lazyfree-lazy-user-del", "yes"), kOk);
  run("SET", "large", kLargeValue);
  forget();
  EXPECT_EQ(freed_lazily([&] { EXPECT_EQ(run("DEL", "large"), integer(1)); }), 1u);
  EXPECT_THAT(server_.take_effects(), ElementsAre("DEL large"));
}

// --- EXISTS, TOUCH, TYPE, RANDOMKEY

TEST_F(GenericCommands, ExistsCountsEveryMention) {
  store({"a", "b"});
  store_expired("old");
  EXPECT_EQ(run("EXISTS", "a", "b", "a", "missing", "old"), integer(3));
  EXPECT_EQ(server_.server.stats.keyspace_hits, 3);
  EXPECT_EQ(server_.server.stats.keyspace_misses, 2);
  EXPECT_THAT(server_.take_events(), ElementsAre("keymiss missing", "expired old", "keymiss old"));
  EXPECT_THAT(server_.take_effects(), ElementsAre("DEL old"));
}

TEST_F(GenericCommands, TypeNamesTheType) {
  store({"a"});
  EXPECT_EQ(run("TYPE", "a"), "+string\r\n");
  EXPECT_EQ(run("TYPE", "missing"), "+none\r\n");
  EXPECT_THAT(server_.take_events(), ElementsAre("keymiss missing"));
}

TEST_F(GenericCommands, TouchIsAnAccess) {
  use_lfu();
  store({"a"});
  const uint32_t before = frequency("a");
  EXPECT_EQ(run("TOUCH", "a", "missing", "a"), integer(2));
  EXPECT_EQ(frequency("a"), before + 2);
  EXPECT_EQ(run("EXISTS", "a"), integer(1));
  EXPECT_EQ(run("TYPE", "a"), "+string\r\n");
  EXPECT_EQ(frequency("a"), before + 2);
  EXPECT_THAT(server_.take_effects(), IsEmpty());
}

TEST_F(GenericCommands, TouchCountsInNoTouchMode) {
  use_lfu();
  store({"a"});
  const uint32_t before = frequency("a");
  server_.client.client().no_touch = true;
  run("GET", "a");
  run("RENAME", "a", "b");
  EXPECT_EQ(frequency("b"), before);
  run("TOUCH", "b");
  EXPECT_EQ(frequency("b"), before + 1);
}

TEST_F(GenericCommands, RandomkeyDrawsFromAllKeys) {
  EXPECT_EQ(run("RANDOMKEY"), kNull);
  const std::set<std::string> all = {bulk("a"), bulk("b"), bulk("c"), bulk("d")};
  store({"a", "b", "c", "d"});
  std::set<std::string> drawn;
  for (int i = 0; i < 100'000 && drawn.size() < all.size(); ++i) drawn.insert(run("RANDOMKEY"));
  EXPECT_EQ(drawn, all);
}

TEST_F(GenericCommands, RandomkeyRemovesExpiredKeysItMeets) {
  store_expired("a");
  store_expired("b");
  EXPECT_EQ(run("RANDOMKEY"), kNull);
  EXPECT_EQ(server_.server.keyspace.database(0).size(), 0u);
  EXPECT_EQ(server_.take_effects().size(), 4u);  // both in one unit
}

TEST_F(GenericCommands, RandomkeyMakesDoWithExpiredKeysThatMustStay) {
  server_.server.keyspace.set_master_expires(true);
  store_expired("a");
  EXPECT_EQ(run("RANDOMKEY"), bulk("a"));
  store({"b"});
  EXPECT_EQ(run("RANDOMKEY"), bulk("b"));
  EXPECT_THAT(server_.take_effects(), IsEmpty());
}

// --- COPY

TEST_F(GenericCommands, CopyMakesASecondValue) {
  store({"a"});
  EXPECT_EQ(run("COPY", "a", "b"), integer(1));
  EXPECT_EQ(changes(), 1);
  EXPECT_THAT(server_.take_effects(), ElementsAre("COPY a b"));
  EXPECT_THAT(server_.take_events(), ElementsAre("new b", "copy_to b"));
  run("SET", "a", "changed");
  EXPECT_EQ(run("GET", "b"), bulk(value_of("a")));
}

TEST_F(GenericCommands, CopyKeepsTheExpiryAndTheEncoding) {
  run("SET", "int", "12");
  run("SET", "large", kLargeValue);
  set_expiry("int", 99'999'999'999'999);
  EXPECT_EQ(run("COPY", "int", "int2"), integer(1));
  EXPECT_EQ(run("COPY", "large", "large2"), integer(1));
  EXPECT_EQ(server_.entry("int2").expire_at_ms(), 99'999'999'999'999);
  EXPECT_EQ(server_.entry("int2").encoding(), storage::Encoding::kInt32);
  EXPECT_EQ(run("GET", "large2"), bulk(kLargeValue));
  EXPECT_NE(server_.entry("large").object(), server_.entry("large2").object());
}

TEST_F(GenericCommands, CopyReplacesOnlyIfAsked) {
  store({"a", "b"});
  set_expiry("b", 99'999'999'999'999);
  EXPECT_EQ(run("COPY", "a", "b"), integer(0));
  EXPECT_EQ(run("GET", "b"), bulk(value_of("b")));
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  EXPECT_THAT(server_.take_events(), IsEmpty());
  EXPECT_EQ(run("COPY", "a", "b", "replace"), integer(1));
  EXPECT_EQ(run("GET", "b"), bulk(value_of("a")));
  EXPECT_FALSE(server_.entry("b").has_expiry());
  EXPECT_THAT(server_.take_effects(), ElementsAre("COPY a b replace"));
  EXPECT_THAT(server_.take_events(), ElementsAre("new b", "copy_to b"));
}

TEST_F(GenericCommands, CopyGoesIntoAnotherDatabase) {
  store({"a"});
  EXPECT_EQ(run("COPY", "a", "a", "DB", "3"), integer(1));
  EXPECT_EQ(value_in(3, "a"), bulk(value_of("a")));
  EXPECT_THAT(server_.take_effects(), ElementsAre("COPY a a DB 3"));
  EXPECT_THAT(server_.take_events(), ElementsAre("3: new a", "3: copy_to a"));
  EXPECT_EQ(run("COPY", "a", "b", "REPLACE", "db", "1", "DB", "2"), integer(1));  // the last one
  EXPECT_FALSE(exists_in(1, "b"));
  EXPECT_TRUE(exists_in(2, "b"));
}

TEST_F(GenericCommands, CopySeesNoExpiredKeys) {
  store({"a"});
  store_expired("old");
  EXPECT_EQ(run("COPY", "a", "old"), integer(1));
  EXPECT_THAT(server_.take_effects(), ElementsAre("MULTI", "DEL old", "COPY a old", "EXEC"));
  EXPECT_THAT(server_.take_events(), ElementsAre("expired old", "new old", "copy_to old"));
  EXPECT_FALSE(server_.entry("old").has_expiry());
  store_expired("old");
  EXPECT_EQ(run("COPY", "old", "a", "REPLACE"), integer(0));
  EXPECT_EQ(run("GET", "a"), bulk(value_of("a")));
}

TEST_F(GenericCommands, CopyStartsANewAccessHistory) {
  use_lfu();
  store({"a"});
  const uint32_t fresh = frequency("a");
  run("TOUCH", "a", "a", "a");
  EXPECT_EQ(run("COPY", "a", "b"), integer(1));
  EXPECT_EQ(frequency("a"), fresh + 4);
  EXPECT_EQ(frequency("b"), fresh);
}

TEST_F(GenericCommands, CopyRefusesNonsense) {
  store({"a"});
  EXPECT_EQ(run("COPY", "a", "a"), kSameObject);
  EXPECT_EQ(run("COPY", "missing", "missing"), kSameObject);
  EXPECT_EQ(run("COPY", "a", "a", "DB", "0"), kSameObject);
  EXPECT_EQ(run("COPY", "a", "b", "DB"), error("ERR syntax error"));
  EXPECT_EQ(run("COPY", "a", "b", "WHAT"), error("ERR syntax error"));
  EXPECT_EQ(run("COPY", "a", "b", "WHAT", "DB", "99"), error("ERR syntax error"));
  EXPECT_EQ(run("COPY", "a", "b", "DB", "99", "WHAT"), kNoSuchDatabase);
  EXPECT_EQ(run("COPY", "a", "b", "DB", "16"), kNoSuchDatabase);
  EXPECT_EQ(run("COPY", "a", "b", "DB", "-1"), kNoSuchDatabase);
  EXPECT_EQ(run("COPY", "missing", "b", "DB", "99"), kNoSuchDatabase);
  EXPECT_EQ(run("COPY", "a", "b", "DB", "one"), kNotInteger);
  EXPECT_EQ(run("COPY", "a", "b", "DB", "99999999999"), kNotInt32);
  EXPECT_EQ(run("COPY", "missing", "b"), integer(0));
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  EXPECT_FALSE(exists_in(0, "b"));
}

// --- MOVE

TEST_F(GenericCommands, MoveTakesTheKeyElsewhere) {
  use_lfu();
  store({"a"});
  set_expiry("a", 99'999'999'999'999);
  const uint32_t before = frequency("a");
  EXPECT_EQ(run("MOVE", "a", "5"), integer(1));
  EXPECT_EQ(changes(), 1);
  EXPECT_FALSE(exists_in(0, "a"));
  EXPECT_EQ(server_.entry("a", 5).expire_at_ms(), 99'999'999'999'999);
  EXPECT_EQ(frequency("a", 5), before + 1);
  EXPECT_EQ(value_in(5, "a"), bulk(value_of("a")));
  EXPECT_THAT(server_.take_effects(), ElementsAre("MOVE a 5"));
  EXPECT_THAT(server_.take_events(), ElementsAre("5: new a", "move_from a", "5: move_to a"));
}

TEST_F(GenericCommands, MoveNeverReplaces) {
  store({"a"});
  store({"a"}, 5);
  EXPECT_EQ(run("MOVE", "a", "5"), integer(0));
  EXPECT_EQ(run("MOVE", "missing", "5"), integer(0));
  EXPECT_TRUE(exists_in(0, "a"));
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  EXPECT_THAT(server_.take_events(), IsEmpty());
}

TEST_F(GenericCommands, MoveReplacesAnExpiredKey) {
  store({"a"});
  store_expired("a", 5);
  EXPECT_EQ(run("MOVE", "a", "5"), integer(1));
  EXPECT_THAT(server_.take_effects(), ElementsAre("MULTI", "5: DEL a", "MOVE a 5", "EXEC"));
  EXPECT_FALSE(server_.entry("a", 5).has_expiry());
}

TEST_F(GenericCommands, MoveRefusesNonsense) {
  EXPECT_EQ(run("MOVE", "missing", "0"), kSameObject);
  EXPECT_EQ(run("MOVE", "missing", "16"), kNoSuchDatabase);
  EXPECT_EQ(run("MOVE", "missing", "-1"), kNoSuchDatabase);
  EXPECT_EQ(run("MOVE", "missing", "x"), kNotInteger);
  EXPECT_EQ(run("MOVE", "missing", "99999999999"), kNotInt32);
}

// --- RENAME, RENAMENX

TEST_F(GenericCommands, RenameKeepsValueExpiryAndAccess) {
  use_lfu();
  store({"a"});
  set_expiry("a", 99'999'999'999'999);
  const uint32_t before = frequency("a");
  EXPECT_EQ(run("RENAME", "a", "b"), kOk);
  EXPECT_EQ(changes(), 1);
  EXPECT_FALSE(exists_in(0, "a"));
  EXPECT_EQ(server_.entry("b").expire_at_ms(), 99'999'999'999'999);
  EXPECT_EQ(frequency("b"), before + 1);
  EXPECT_EQ(run("GET", "b"), bulk(value_of("a")));
  EXPECT_EQ(server_.server.keyspace.database(0).volatile_count(), 1u);
  EXPECT_THAT(server_.take_effects(), ElementsAre("RENAME a b"));
  EXPECT_THAT(server_.take_events(), ElementsAre("new b", "rename_from a", "rename_to b"));
}

TEST_F(GenericCommands, RenameReplaces) {
  store({"a", "b"});
  set_expiry("b", 99'999'999'999'999);
  EXPECT_EQ(run("RENAME", "a", "b"), kOk);
  EXPECT_EQ(run("GET", "b"), bulk(value_of("a")));
  EXPECT_FALSE(server_.entry("b").has_expiry());
  EXPECT_THAT(server_.take_events(), ElementsAre("new b", "rename_from a", "rename_to b"));
}

TEST_F(GenericCommands, RenamePassesLargeValuesOn) {
  run("SET", "a", kLargeValue);
  const void* object = server_.entry("a").object();
  EXPECT_EQ(run("RENAME", "a", "b"), kOk);
  EXPECT_EQ(server_.entry("b").object(), object);
}

TEST_F(GenericCommands, WhatIsReplacedIsFreedAsTheServersDeletionsAre) {
  for (const bool lazy : {false, true}) {
    EXPECT_EQ(run("CONFIG", "SET", "lazyfree-lazy-server-del", lazy ? "yes" : "no"), kOk);
    store({"a"});
    run("SET", "large", kLargeValue);
    EXPECT_EQ(freed_lazily([&] { EXPECT_EQ(run("COPY", "a", "large", "REPLACE"), integer(1)); }),
              lazy ? 1u : 0u);
    run("SET", "large", kLargeValue);
    EXPECT_EQ(freed_lazily([&] { EXPECT_EQ(run("RENAME", "a", "large"), kOk); }), lazy ? 1u : 0u);
  }
}

TEST_F(GenericCommands, RenameToItselfChangesNothing) {
  store({"a"});
  EXPECT_EQ(run("RENAME", "a", "a"), kOk);
  EXPECT_EQ(run("RENAMENX", "a", "a"), integer(0));
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  EXPECT_THAT(server_.take_events(), IsEmpty());
}

TEST_F(GenericCommands, RenameNeedsTheKey) {
  store({"a"});
  store_expired("old");
  EXPECT_EQ(run("RENAME", "missing", "missing"), kNoSuchKey);
  EXPECT_EQ(run("RENAMENX", "missing", "missing"), kNoSuchKey);
  EXPECT_EQ(run("RENAME", "missing", "a"), kNoSuchKey);
  EXPECT_EQ(run("RENAME", "old", "a"), kNoSuchKey);
  EXPECT_THAT(server_.take_effects(), ElementsAre("DEL old"));
  EXPECT_EQ(run("GET", "a"), bulk(value_of("a")));
}

TEST_F(GenericCommands, RenamenxNeverReplaces) {
  store({"a", "b"});
  EXPECT_EQ(run("RENAMENX", "a", "b"), integer(0));
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  EXPECT_EQ(run("RENAMENX", "a", "c"), integer(1));
  EXPECT_THAT(server_.take_effects(), ElementsAre("RENAMENX a c"));
  EXPECT_THAT(server_.take_events(), ElementsAre("new c", "rename_from a", "rename_to c"));
  store_expired("old");
  EXPECT_EQ(run("RENAMENX", "c", "old"), integer(1));
  EXPECT_EQ(run("GET", "old"), bulk(value_of("a")));
}

// Renaming while the table grows and shrinks, in and out of buckets that are being moved.
TEST_F(GenericCommands, RenamesSurviveResizes) {
  constexpr int kKeys = 5000;
  for (int i = 0; i < kKeys; ++i) run("SET", "a" + std::to_string(i), std::to_string(i));
  for (int i = 0; i < kKeys; ++i) {
    ASSERT_EQ(run("RENAME", "a" + std::to_string(i), "b" + std::to_string(i)), kOk);
    if (i % 3 == 0) {
      ASSERT_EQ(run("DEL", "b" + std::to_string(i)), integer(1));
    }
  }
  for (int i = 0; i < kKeys; ++i) {
    ASSERT_EQ(run("GET", "b" + std::to_string(i)), i % 3 == 0 ? kNull : bulk(std::to_string(i)));
  }
}

}  // namespace
}  // namespace spinel::server
