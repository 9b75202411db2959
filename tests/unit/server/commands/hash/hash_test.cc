// What hashes tell AOF, replicas and subscribers. Replies are tested in tests/integration.
#include "storage/types/hash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class HashCommands : public testing::Test {
 protected:
  template <typename... Args>
  std::string run(const Args&... args) {
    return server_.run(args...);
  }
  void forget() {
    server_.take_effects();
    server_.take_events();
  }
  // A large hash in which fields that expired stay for a while.
  void fill(std::string_view key) {
    for (int i = 0; i < 2000; ++i) run("HSET", key, "other" + std::to_string(i), "v");
    forget();
  }
  // Lets the field's time be over without removing it.
  void expire_now(std::string_view key, std::string_view field) {
    storage::Database& db = server_.server.keyspace.database(0);
    const storage::Item item = db.find(storage::Key(key));
    storage::Hash hash(item->encoding(), item->object());
    hash.set_expiry(hash.find(storage::HashField(field)).value(), 1);
    db.update_object(item, hash.encoding(), hash.object());
  }
  int64_t expiry(std::string_view key, std::string_view field) {
    storage::Entry& entry = server_.entry(key);
    return storage::Hash(entry.encoding(), entry.object())
        .find(storage::HashField(field))
        .value()
        .expire_at_ms;
  }
  int64_t now_ms() const { return server_.server.now_ms(); }

  TestServer server_;
};

TEST_F(HashCommands, HsetIsItsOwnEffect) {
  EXPECT_EQ(run("HSET", "h", "a", "1", "b", "2"), integer(2));
  EXPECT_THAT(server_.take_effects(), ElementsAre("HSET h a 1 b 2"));
  EXPECT_THAT(server_.take_events(), ElementsAre("new h", "hset h"));
  EXPECT_EQ(server_.server.dirty, 2);
  EXPECT_EQ(run("HMSET", "h", "a", "1"), kOk);
  EXPECT_THAT(server_.take_events(), ElementsAre("hset h"));
  EXPECT_EQ(run("HSETNX", "h", "a", "2"), integer(0));
  EXPECT_EQ(run("HSETNX", "h", "c", "2"), integer(1));
  EXPECT_THAT(server_.take_effects(), ElementsAre("HMSET h a 1", "HSETNX h c 2"));
}

TEST_F(HashCommands, HdelTellsWhenTheHashIsGone) {
  run("HSET", "h", "a", "1", "b", "2", "c", "3");
  forget();
  EXPECT_EQ(run("HDEL", "h", "x"), integer(0));
  EXPECT_THAT(server_.take_events(), IsEmpty());
  EXPECT_EQ(run("HDEL", "h", "a", "x", "a"), integer(1));
  EXPECT_THAT(server_.take_events(), ElementsAre("hdel h"));
  EXPECT_EQ(run("HDEL", "h", "b", "c"), integer(2));
  EXPECT_THAT(server_.take_events(), ElementsAre("hdel h", "del h"));
  EXPECT_THAT(server_.take_effects(), ElementsAre("HDEL h a x a", "HDEL h b c"));
  EXPECT_EQ(run("EXISTS", "h"), integer(0));
}

TEST_F(HashCommands, IncrementsTellTheirResultWhereItMayDiffer) {
  EXPECT_EQ(run("HINCRBY", "h", "n", "5"), integer(5));
  EXPECT_EQ(run("HINCRBYFLOAT", "h", "f", "0.5"), bulk("0.5"));
  EXPECT_THAT(server_.take_effects(), ElementsAre("HINCRBY h n 5", "HSET h f 0.5"));
  EXPECT_THAT(server_.take_events(), ElementsAre("new h", "hincrby h", "hincrbyfloat h"));
  run("HPEXPIREAT", "h", "33177117420000", "FIELDS", "1", "f");
  forget();
  EXPECT_EQ(run("HINCRBYFLOAT", "h", "f", "1"), bulk("1.5"));
  EXPECT_EQ(expiry("h", "f"), 33177117420000);
  EXPECT_THAT(
      server_.take_effects(),
      ElementsAre("MULTI", "HSET h f 1.5", "HPEXPIREAT h 33177117420000 FIELDS 1 f", "EXEC"));
}

TEST_F(HashCommands, FailedWritesLeaveNothingBehind) {
  EXPECT_EQ(run("HSET", "h", "a", "1", "b"),
            error("ERR wrong number of arguments for 'hset' command"));
  EXPECT_EQ(run("HINCRBY", "h", "a", "x"), error("ERR value is not an integer or out of range"));
  EXPECT_EQ(run("HDEL", "h", "a"), integer(0));
  EXPECT_EQ(run("HSETEX", "h", "FXX", "FIELDS", "1", "a", "1"), integer(0));
  EXPECT_EQ(run("EXISTS", "h"), integer(0));
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  EXPECT_THAT(server_.take_events(), testing::Each("keymiss h"));
}

// --- expiry

TEST_F(HashCommands, ExpiryIsToldAsAnAbsoluteTimeOfTheFieldsThatGotIt) {
  run("HSET", "h", "a", "1", "b", "2", "c", "3");
  forget();
  EXPECT_EQ(run("HPEXPIREAT", "h", "33177117420000", "FIELDS", "1", "b"), array({integer(1)}));
  EXPECT_EQ(run("HEXPIRE", "h", "100", "NX", "FIELDS", "4", "a", "b", "c", "x"),
            array({integer(1), integer(0), integer(1), integer(-2)}));
  const std::string time = std::to_string(now_ms() + 100'000);
  EXPECT_THAT(server_.take_effects(), ElementsAre("HPEXPIREAT h 33177117420000 FIELDS 1 b",
                                                  "HPEXPIREAT h " + time + " FIELDS 2 a c"));
  EXPECT_THAT(server_.take_events(), ElementsAre("hexpire h", "hexpire h"));
  EXPECT_EQ(run("HEXPIRE", "h", "100", "NX", "FIELDS", "1", "a"), array({integer(0)}));
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  EXPECT_THAT(server_.take_events(), IsEmpty());
}

TEST_F(HashCommands, AnExpiryInThePastDeletes) {
  run("HSET", "h", "a", "1", "b", "2");
  forget();
  EXPECT_EQ(run("HEXPIRE", "h", "0", "FIELDS", "2", "a", "x"), array({integer(2), integer(-2)}));
  EXPECT_THAT(server_.take_effects(), ElementsAre("HDEL h a"));
  EXPECT_THAT(server_.take_events(), ElementsAre("hdel h"));
  EXPECT_EQ(run("HPEXPIREAT", "h", "1", "FIELDS", "1", "b"), array({integer(2)}));
  EXPECT_THAT(server_.take_effects(), ElementsAre("HDEL h b"));
  EXPECT_THAT(server_.take_events(), ElementsAre("hdel h", "del h"));
  EXPECT_EQ(run("EXISTS", "h"), integer(0));
}

TEST_F(HashCommands, PersistIsToldForTheFieldsThatHadAnExpiry) {
  run("HSET", "h", "a", "1", "b", "2");
  run("HEXPIRE", "h", "100", "FIELDS", "1", "a");
  forget();
  EXPECT_EQ(run("HPERSIST", "h", "FIELDS", "3", "a", "b", "x"),
            array({integer(1), integer(-1), integer(-2)}));
  EXPECT_THAT(server_.take_effects(), ElementsAre("HPERSIST h FIELDS 1 a"));
  EXPECT_THAT(server_.take_events(), ElementsAre("hpersist h"));
  EXPECT_EQ(run("HPERSIST", "h", "FIELDS", "1", "a"), array({integer(-1)}));
  EXPECT_THAT(server_.take_effects(), IsEmpty());
}

TEST_F(HashCommands, ExpiredFieldsAreDeletedWhenTheHashIsUsed) {
  run("HSET", "h", "a", "1", "b", "2", "c", "3");
  expire_now("h", "a");
  expire_now("h", "c");
  forget();
  EXPECT_EQ(run("HGET", "h", "b"), bulk("2"));
  EXPECT_THAT(server_.take_effects(), ElementsAre("HDEL h a c"));
  EXPECT_THAT(server_.take_events(), ElementsAre("hexpired h"));
  EXPECT_EQ(server_.server.stats.expired_subkeys, 2);
  EXPECT_EQ(run("HLEN", "h"), integer(1));
  expire_now("h", "b");
  EXPECT_EQ(run("EXISTS", "h"), integer(0));
  EXPECT_THAT(server_.take_effects(), ElementsAre("DEL h"));
  EXPECT_THAT(server_.take_events(), testing::IsSupersetOf({"hexpired h", "del h"}));
}

TEST_F(HashCommands, ExpiredFieldsThatAreStillThereDoNotExist) {
  fill("h");
  const auto expired = [this] {
    run("HSET", "h", "e", "41");
    expire_now("h", "e");
    server_.server.keyspace.set_master_expires(true);  // so that it surely stays
    forget();
  };
  expired();
  EXPECT_EQ(run("HGET", "h", "e"), kNull);
  EXPECT_EQ(run("HEXISTS", "h", "e"), integer(0));
  EXPECT_EQ(run("HSTRLEN", "h", "e"), integer(0));
  EXPECT_EQ(run("HMGET", "h", "e", "e"), array({kNull, kNull}));
  EXPECT_EQ(run("HDEL", "h", "e"), integer(0));
  EXPECT_EQ(run("HTTL", "h", "FIELDS", "1", "e"), array({integer(-2)}));
  EXPECT_EQ(run("HPERSIST", "h", "FIELDS", "1", "e"), array({integer(-2)}));
  EXPECT_EQ(run("HEXPIRE", "h", "9", "FIELDS", "1", "e"), array({integer(-2)}));
  EXPECT_EQ(run("HGETEX", "h", "FIELDS", "1", "e"), array({kNull}));
  EXPECT_EQ(run("HGETDEL", "h", "FIELDS", "1", "e"), array({kNull}));
  EXPECT_EQ(run("HKEYS", "h").find("$1\r\ne\r\n"), std::string::npos);
  EXPECT_TRUE(run("HKEYS", "h").starts_with("*2000\r\n"));
  EXPECT_EQ(run("HLEN", "h"), integer(2001)) << "counts those that were not removed yet";
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  EXPECT_EQ(run("HINCRBY", "h", "e", "1"), integer(1));
  EXPECT_THAT(server_.take_effects(), ElementsAre("HSET h e 1"));
  expired();
  EXPECT_EQ(run("HSETNX", "h", "e", "new"), integer(1));
  EXPECT_THAT(server_.take_effects(), ElementsAre("HSET h e new"));
  expired();
  // Elsewhere there may be an expiry to keep.
  EXPECT_EQ(run("HSETEX", "h", "KEEPTTL", "FIELDS", "2", "e", "new", "other1", "v"), integer(1));
  EXPECT_EQ(expiry("h", "e"), storage::kNoExpiry);
  EXPECT_THAT(server_.take_effects(),
              ElementsAre("MULTI", "HSETEX h KEEPTTL FIELDS 2 e new other1 v",
                          "HPERSIST h FIELDS 1 e", "EXEC"));
  expired();
  EXPECT_EQ(run("HSET", "h", "e", "new"), integer(1));
  EXPECT_EQ(expiry("h", "e"), storage::kNoExpiry);
}

TEST_F(HashCommands, WhereNothingMayExpireATimeInThePastOnlyHides) {
  run("HSET", "h", "a", "1", "b", "2");
  server_.server.keyspace.set_master_expires(true);
  forget();
  EXPECT_EQ(run("HPEXPIREAT", "h", "1000", "FIELDS", "1", "a"), array({integer(1)}));
  EXPECT_THAT(server_.take_effects(), ElementsAre("HPEXPIREAT h 1000 FIELDS 1 a"));
  EXPECT_EQ(run("HGET", "h", "a"), kNull);
  EXPECT_EQ(run("HPEXPIREAT", "h", "0", "FIELDS", "1", "b"), array({integer(1)}));
  EXPECT_EQ(run("HGET", "h", "b"), kNull);
  EXPECT_EQ(server_.server.keyspace.database(0).size(), 1u);
}

TEST_F(HashCommands, TheExpiryGoesAlongWithTheKey) {
  run("HSET", "h", "a", "1", "b", "2");
  run("HPEXPIREAT", "h", "33177117420000", "FIELDS", "1", "a");
  run("COPY", "h", "copy");
  run("RENAME", "h", "named");
  run("EXPIRE", "named", "1000");
  for (const char* key : {"copy", "named"}) {
    EXPECT_EQ(expiry(key, "a"), 33177117420000);
    EXPECT_EQ(expiry(key, "b"), storage::kNoExpiry);
    expire_now(key, "a");
    EXPECT_EQ(run("HLEN", key), integer(1)) << "looking at it removed the field";
  }
}

TEST_F(HashCommands, HsetexIsToldWithAnAbsoluteTime) {
  EXPECT_EQ(run("HSETEX", "h", "EX", "100", "FIELDS", "2", "a", "1", "b", "2"), integer(1));
  const std::string time = std::to_string(now_ms() + 100'000);
  EXPECT_THAT(server_.take_effects(), ElementsAre("HSETEX h PXAT " + time + " FIELDS 2 a 1 b 2"));
  EXPECT_THAT(server_.take_events(), ElementsAre("new h", "hset h", "hexpire h"));
  EXPECT_EQ(run("HSETEX", "h", "FXX", "KEEPTTL", "FIELDS", "1", "a", "9"), integer(1));
  EXPECT_EQ(std::to_string(expiry("h", "a")), time);
  EXPECT_EQ(run("HSETEX", "h", "FNX", "FIELDS", "1", "c", "3"), integer(1));
  EXPECT_EQ(run("HSETEX", "h", "FNX", "FIELDS", "2", "d", "3", "c", "4"), integer(0));
  EXPECT_EQ(run("HSETEX", "h", "FIELDS", "1", "a", "1"), integer(1));
  EXPECT_EQ(expiry("h", "a"), storage::kNoExpiry);
  EXPECT_THAT(server_.take_effects(),
              ElementsAre("HSETEX h KEEPTTL FIELDS 1 a 9", "HSETEX h FIELDS 1 c 3",
                          "HSETEX h FIELDS 1 a 1"));
  EXPECT_THAT(server_.take_events(), ElementsAre("hset h", "hset h", "hset h"));
  EXPECT_EQ(run("HSETEX", "h", "PXAT", "1", "FIELDS", "1", "a", "1"), integer(1));
  EXPECT_THAT(server_.take_effects(), ElementsAre("HDEL h a"));
  EXPECT_THAT(server_.take_events(), ElementsAre("hset h", "hdel h"));
}

TEST_F(HashCommands, HgetexTellsOnlyWhatItChanged) {
  run("HSET", "h", "a", "1", "b", "2");
  forget();
  EXPECT_EQ(run("HGETEX", "h", "FIELDS", "2", "a", "x"), array({bulk("1"), kNull}));
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  EXPECT_EQ(run("HGETEX", "h", "PXAT", "33177117420000", "FIELDS", "2", "a", "x"),
            array({bulk("1"), kNull}));
  EXPECT_EQ(run("HGETEX", "h", "PERSIST", "FIELDS", "2", "a", "b"), array({bulk("1"), bulk("2")}));
  EXPECT_EQ(run("HGETEX", "h", "EX", "0", "FIELDS", "2", "a", "b"), array({bulk("1"), bulk("2")}));
  EXPECT_THAT(server_.take_effects(), ElementsAre("HPEXPIREAT h 33177117420000 FIELDS 1 a",
                                                  "HPERSIST h FIELDS 1 a", "HDEL h a b"));
  EXPECT_THAT(server_.take_events(), ElementsAre("hexpire h", "hpersist h", "hdel h", "del h"));
}

TEST_F(HashCommands, HgetdelIsToldAsHdel) {
  run("HSET", "h", "a", "1", "b", "2");
  forget();
  EXPECT_EQ(run("HGETDEL", "h", "FIELDS", "2", "a", "x"), array({bulk("1"), kNull}));
  EXPECT_EQ(run("HGETDEL", "h", "FIELDS", "1", "x"), array({kNull}));
  EXPECT_EQ(run("HGETDEL", "h", "FIELDS", "2", "b", "b"), array({bulk("2"), kNull}));
  EXPECT_THAT(server_.take_effects(), ElementsAre("HDEL h a", "HDEL h b"));
  EXPECT_THAT(server_.take_events(), ElementsAre("hdel h", "hdel h", "del h"));
}

// --- the same prefetched batch after batch

TEST_F(HashCommands, ManyFieldsAtOnce) {
  fill("h");
  std::vector<std::string> words = {"HMGET", "h"};
  std::string expected = "*100\r\n";
  for (int i = 0; i < 100; ++i) {
    words.push_back((i % 3 == 0 ? "none" : "other") + std::to_string(i * 7));
    expected += i % 3 == 0 ? kNull : bulk("v");
  }
  const std::vector<std::string_view> args(words.begin(), words.end());
  EXPECT_EQ(server_.client.run_args(args), expected);
}

}  // namespace
}  // namespace spinel::server
