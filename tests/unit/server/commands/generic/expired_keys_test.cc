// Keys that expired and are still there, for all commands: they do not exist for any of them, and
// none stores a second entry beside them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

#include "storage/types/hash.h"
#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

class ExpiredKeys : public testing::Test {
 protected:
  std::string line(std::string_view text) { return server_.send(std::string(text) + "\r\n"); }

  storage::Database& database() { return server_.server.keyspace.database(0); }
  storage::Keyspace& keyspace() { return server_.server.keyspace; }

  // "k": a string that expired.
  void make_expired_string() {
    line("SET k 5 PXAT 99999999999000");
    server_.expire_now("k");
  }
  // "k": a hash whose fields all expired, while it does not.
  void make_expired_hash(int fields) {
    for (int i = 0; i < fields; ++i) line("HSET k field" + std::to_string(i) + " value");
    const storage::Item item = database().find(storage::Key("k"));
    storage::Hash hash(item->encoding(), item->object());
    for (int i = 0; i < fields; ++i) {
      const std::string name = "field" + std::to_string(i);
      hash.set_expiry(hash.find(storage::HashField(name)).value(), 1 + i % 3);
      database().update_object(item, hash.encoding(), hash.object());
    }
  }
  size_t entries_named(std::string_view name) {
    size_t count = 0;
    database().for_each([&](const storage::Entry& entry) { count += entry.key() == name ? 1 : 0; });
    return count;
  }
  void start_over() {
    line("FLUSHALL");
    line("SET string 1");
    line("RPUSH list 1 2 3");
    line("SADD set 1 2 3");
    line("ZADD zset 1 a 2 b");
    line("GEOADD geo 13 38 a");
    line("PFADD hll a");
  }

  TestServer server_;
};

const std::vector<std::string> kWrites = {
    "SET k v",
    "SET k v GET",
    "SET k v NX GET",
    "SET k v KEEPTTL",
    "SET k v KEEPTTL GET",
    "SET k v EX 100 GET",
    "SETEX k 100 v",
    "PSETEX k 1000 v",
    "SETNX k v",
    "GETSET k v",
    "GETDEL k",
    "GETEX k EX 100",
    "GETEX k PERSIST",
    "MSET k v other v",
    "MSETNX k v other v",
    "APPEND k x",
    "SETRANGE k 3 x",
    "INCR k",
    "INCRBYFLOAT k 1.5",
    "SETBIT k 7 1",
    "BITFIELD k SET u8 0 1",
    "BITOP OR k string k",
    "PFADD k a",
    "PFCOUNT k",
    "PFMERGE k hll",
    "LPUSH k x",
    "LPUSHX k x",
    "RPOPLPUSH list k",
    "LMOVE list k LEFT RIGHT",
    "BLMOVE list k LEFT RIGHT 1",
    "SADD k x",
    "SMOVE set k 1",
    "SINTERSTORE k set",
    "SUNIONSTORE k set k",
    "SDIFFSTORE k set",
    "SPOP k",
    "ZADD k 1 a",
    "ZADD k INCR 1 a",
    "ZINCRBY k 1 a",
    "ZUNIONSTORE k 2 zset k",
    "ZINTERSTORE k 1 zset",
    "ZDIFFSTORE k 1 zset",
    "ZRANGESTORE k zset 0 -1",
    "GEOADD k 13 38 a",
    "GEOSEARCHSTORE k geo FROMLONLAT 13 38 BYRADIUS 1 km",
    "GEORADIUS geo 13 38 1 km STORE k",
    "HSET k f v",
    "HSETNX k f v",
    "HINCRBY k f 1",
    "HINCRBYFLOAT k f 1.5",
    "HSETEX k EX 100 FIELDS 1 f v",
    "SORT set STORE k",
    "COPY string k",
    "COPY string k REPLACE",
    "COPY k other",
    "RENAME string k",
    "RENAMENX string k",
    "RENAME k other",
    "MOVE k 1",
    "EXPIRE k 100",
    "PERSIST k",
    "DEL k",
    "UNLINK k",
    "DEBUG POPULATE 1 k",
};

TEST_F(ExpiredKeys, NoWriteStoresASecondEntry) {
  server_.server.config.enable_debug_command = ProtectedAccess::kYes;
  for (const bool is_hash : {false, true}) {
    for (const std::string& write : kWrites) {
      start_over();
      keyspace().set_master_expires(true);
      is_hash ? make_expired_hash(2) : make_expired_string();
      const std::string reply = line(write);
      EXPECT_FALSE(reply.starts_with("-ERR unknown")) << write << ": " << reply;
      EXPECT_FALSE(reply.starts_with("-WRONGTYPE")) << write << ": " << reply;
      EXPECT_LE(entries_named("k"), 1U) << write;
      keyspace().set_master_expires(false);
    }
  }
}

struct Answer {
  std::string command;
  std::string reply;
};

// Whether a hash whose fields all expired exists does not depend on what was read before.
TEST_F(ExpiredKeys, AHashWhoseFieldsAllExpiredDoesNotExist) {
  const std::vector<Answer> answers = {
      {"SET k x NX", kOk},
      {"SET k x XX", kNull},
      {"SETNX k x", integer(1)},
      {"GET k", kNull},
      {"GETSET k x", kNull},
      {"APPEND k xy", integer(2)},
      {"INCR k", integer(1)},
      {"LPUSH k x", integer(1)},
      {"LPUSHX k x", integer(0)},
      {"SADD k x", integer(1)},
      {"ZADD k 1 x", integer(1)},
      {"HSET k field0 x", integer(1)},
      {"HLEN k", integer(0)},
      {"EXPIRE k 100", integer(0)},
      {"PERSIST k", integer(0)},
      {"TTL k", integer(-2)},
      {"RENAME k other", error("ERR no such key")},
      {"RENAMENX string k", integer(1)},
      {"COPY k other", integer(0)},
      {"COPY string k", integer(1)},
      {"MOVE k 1", integer(0)},
      {"MSETNX k x", integer(1)},
      {"EXISTS k", integer(0)},
      {"TOUCH k", integer(0)},
      {"TYPE k", "+none\r\n"},
      {"DEL k", integer(0)},
      {"UNLINK k", integer(0)},
      {"KEYS k", "*0\r\n"},
      {"KEYS k*", "*0\r\n"},
      {"SCAN 0 MATCH k", array({bulk("0"), "*0\r\n"})},
      {"OBJECT ENCODING k", kNull},
  };
  for (const int fields : {2, 1000}) {
    for (const std::string read_before : {"", "HGET k field0", "EXISTS k"}) {
      for (const Answer& answer : answers) {
        start_over();
        make_expired_hash(fields);
        if (!read_before.empty()) line(read_before);
        EXPECT_EQ(line(answer.command), answer.reply)
            << answer.command << " with " << fields << " fields after '" << read_before << "'";
      }
    }
  }
}

TEST_F(ExpiredKeys, AHashWhoseFieldsAllExpiredIsDeletedAsAWhole) {
  make_expired_hash(1000);
  server_.take_effects();
  server_.take_events();
  EXPECT_EQ(line("EXISTS k"), integer(0));
  EXPECT_EQ(database().size(), 0U);
  EXPECT_THAT(server_.take_effects(), testing::ElementsAre("DEL k"));
  EXPECT_THAT(server_.take_events(), testing::IsSupersetOf({"hexpired k", "del k"}));
}

// A master said that the key is to end, and says so again when it is to be removed.
TEST_F(ExpiredKeys, WritesFindThemWhereExpiryIsIgnored) {
  make_expired_string();
  {
    const storage::Keyspace::IgnoreExpiry ignore(keyspace());
    EXPECT_EQ(line("INCR k"), integer(6));
    EXPECT_EQ(line("GET k"), bulk("6"));
    EXPECT_EQ(line("PEXPIREAT k 1"), integer(1));
    EXPECT_EQ(line("TTL k"), integer(0));
  }
  EXPECT_EQ(line("GET k"), kNull);
  start_over();
  make_expired_hash(2);
  {
    const storage::Keyspace::IgnoreExpiry ignore(keyspace());
    EXPECT_EQ(line("HGET k field0"), bulk("value"));
    EXPECT_EQ(line("HLEN k"), integer(2));
    EXPECT_EQ(line("HPEXPIREAT k 2 FIELDS 1 field0"), array({integer(1)}));
  }
  EXPECT_EQ(line("EXISTS k"), integer(0));
}

TEST_F(ExpiredKeys, DelRemovesWhatIsHidden) {
  make_expired_string();
  keyspace().set_master_expires(true);
  EXPECT_EQ(line("EXISTS k"), integer(0));
  EXPECT_EQ(database().size(), 1U);
  EXPECT_EQ(line("DEL k"), integer(1));
  EXPECT_EQ(database().size(), 0U);
}

// A pause keeps the data as it is; what a client asks for is done all the same.
TEST_F(ExpiredKeys, APastExpiryRemovesTheKeyUnlessAMasterDoes) {
  line("SET k v");
  keyspace().set_master_expires(true);
  EXPECT_EQ(line("EXPIRE k -1"), integer(1));
  EXPECT_EQ(database().size(), 1U);
  EXPECT_EQ(line("GET k"), kNull);
  keyspace().set_master_expires(false);
  line("SET k v");
  keyspace().set_expiry_paused(true);
  EXPECT_EQ(line("EXPIRE k -1"), integer(1));
  EXPECT_EQ(database().size(), 0U);
}

}  // namespace
}  // namespace spinel::server
