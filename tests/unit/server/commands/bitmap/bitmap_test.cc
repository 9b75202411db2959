#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using storage::Encoding;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Bitmap, SetbitTellsOnlyWhatChanged) {
  TestServer server;
  EXPECT_EQ(server.run("SETBIT", "key", "7", "1"), integer(0));
  EXPECT_EQ(server.run("SETBIT", "key", "7", "1"), integer(1));
  EXPECT_EQ(server.run("SETBIT", "key", "3", "0"), integer(0));
  EXPECT_EQ(server.run("SETBIT", "key", "100", "0"), integer(0));
  EXPECT_EQ(server.server.dirty, 2);
  EXPECT_THAT(server.take_effects(), ElementsAre("SETBIT key 7 1", "SETBIT key 100 0"));
  EXPECT_THAT(server.take_events(), ElementsAre("new key", "setbit key", "setbit key"));
  EXPECT_EQ(server.run("STRLEN", "key"), integer(13));
}

TEST(Bitmap, SetbitKeepsTheExpiry) {
  TestServer server;
  for (const std::string_view offset : {"5", "100000"}) {
    server.run("SET", "key", "1", "PXAT", "99999999999000");
    server.run("SETBIT", "key", offset, "1");
    EXPECT_EQ(server.entry("key").expire_at_ms(), 99999999999000);
  }
  EXPECT_EQ(server.entry("key").encoding(), Encoding::kCompressedBitmap);
}

TEST(Bitmap, ReadingCountsHitsAndMisses) {
  TestServer server;
  server.run("SETBIT", "key", "1", "1");
  server.take_events();
  const auto misses = [&] { return server.server.stats.keyspace_misses; };
  for (const auto& command :
       {std::vector<std::string_view>{"GETBIT", "", "1"}, {"BITCOUNT", ""}, {"BITPOS", "", "1"}}) {
    std::vector<std::string_view> args = command;
    const auto before = misses();
    args[1] = "key";
    server.client.run_args(CommandArgs(args));
    EXPECT_EQ(misses(), before);
    EXPECT_THAT(server.take_events(), IsEmpty());
    args[1] = "none";
    server.client.run_args(CommandArgs(args));
    EXPECT_EQ(misses(), before + 1);
    EXPECT_THAT(server.take_events(), ElementsAre("keymiss none"));
  }
  EXPECT_THAT(server.take_effects(), ElementsAre("SETBIT key 1 1"));
}

TEST(Bitmap, BitopStoresAndRemoves) {
  TestServer server;
  server.run("SET", "a", "abc");
  server.run("SET", "empty", "");
  server.run("SET", "dest", "old", "PXAT", "99999999999000");
  server.take_effects();
  server.take_events();
  EXPECT_EQ(server.run("BITOP", "OR", "dest", "a", "none"), integer(3));
  EXPECT_EQ(server.entry("dest").expire_at_ms(), storage::kNoExpiry);
  EXPECT_EQ(server.entry("dest").encoding(), Encoding::kRaw);
  EXPECT_THAT(server.take_effects(), ElementsAre("BITOP OR dest a none"));
  EXPECT_THAT(server.take_events(), ElementsAre("keymiss none", "set dest"));
  EXPECT_EQ(server.run("BITOP", "XOR", "dest", "empty"), integer(0));
  EXPECT_THAT(server.take_effects(), ElementsAre("BITOP XOR dest empty"));
  EXPECT_THAT(server.take_events(), ElementsAre("del dest"));
  const int64_t dirty = server.server.dirty;
  EXPECT_EQ(server.run("BITOP", "XOR", "dest", "empty"), integer(0));
  EXPECT_EQ(server.server.dirty, dirty);
  EXPECT_THAT(server.take_effects(), IsEmpty());
  EXPECT_EQ(server.run("BITOP", "NOT", "new", "a"), integer(3));
  EXPECT_THAT(server.take_events(), ElementsAre("new new", "set new"));
}

TEST(Bitmap, BitopReplacesAValueOfAnyType) {
  TestServer server;
  server.run("SET", "a", "abc");
  server.run("RPUSH", "list", "x");
  EXPECT_EQ(server.run("BITOP", "AND", "list", "a"), integer(3));
  EXPECT_EQ(server.run("GET", "list"), bulk("abc"));
}

TEST(Bitmap, BitopReadsSourcesThatAreExpired) {
  TestServer server;
  server.run("SET", "a", "abc");
  for (const bool is_paused : {false, true}) {
    server.server.keyspace.set_expiry_paused(is_paused);
    server.run("SET", "gone", "xyz1", "PXAT", "99999999999000");
    server.run("SET", "dest", "xyz2", "PXAT", "99999999999000");
    server.expire_now("gone");
    server.expire_now("dest");
    EXPECT_EQ(server.run("BITOP", "OR", "dest", "gone", "a", "dest"), integer(3));
    EXPECT_EQ(server.run("GET", "dest"), bulk("abc"));
  }
}

TEST(Bitmap, BitopIntoASource) {
  TestServer server;
  server.run("SETRANGE", "a", "0", "ab");
  server.run("SETRANGE", "b", "0", "cde");
  EXPECT_EQ(server.run("BITOP", "OR", "a", "a", "b"), integer(3));
  EXPECT_EQ(server.run("GET", "a"), bulk("cfe"));
  EXPECT_EQ(server.run("BITOP", "XOR", "a", "a", "a"), integer(3));
  EXPECT_EQ(server.run("GET", "a"), bulk(std::string(3, '\0')));
  EXPECT_EQ(server.run("BITOP", "NOT", "a", "a"), integer(3));
  EXPECT_EQ(server.run("GET", "a"), bulk("\xff\xff\xff"));
}

// --- compressed ones, as the other commands see them

class CompressedBitmapCommands : public testing::Test {
 protected:
  void SetUp() override {
    server_.run("SETBIT", "key", "1000000", "1");
    server_.run("SETBIT", "key", "9", "1");
    bytes_ = std::string(125'001, '\0');
    bytes_[1] = '\x40';
    bytes_.back() = '\x80';
    ASSERT_EQ(encoding(), Encoding::kCompressedBitmap);
    server_.take_events();
    server_.take_effects();
  }
  Encoding encoding() { return server_.entry("key").encoding(); }

  static Config config() {
    Config config;
    config.enable_debug_command = ProtectedAccess::kYes;
    return config;
  }

  TestServer server_{config()};
  std::string bytes_;
};

TEST_F(CompressedBitmapCommands, AreReadAsTheirBytes) {
  EXPECT_EQ(server_.run("GET", "key"), bulk(bytes_));
  EXPECT_EQ(server_.run("MGET", "key", "none"), array({bulk(bytes_), kNull}));
  EXPECT_EQ(server_.run("STRLEN", "key"), integer(125'001));
  EXPECT_EQ(server_.run("GETRANGE", "key", "1", "2"), bulk(std::string_view("\x40\0", 2)));
  EXPECT_EQ(server_.run("SUBSTR", "key", "-1", "-1"), bulk("\x80"));
  EXPECT_EQ(server_.run("GETRANGE", "key", "0", "-1"), bulk(bytes_));
  EXPECT_EQ(server_.run("GETRANGE", "key", "5", "2"), bulk(""));
  EXPECT_EQ(server_.run("OBJECT", "ENCODING", "key"), bulk("roaring"));
  EXPECT_EQ(server_.run("TYPE", "key"), "+string\r\n");
  server_.run("SET", "other", "x\x40y");
  EXPECT_EQ(server_.run("LCS", "key", "other"), bulk("\x40"));
  EXPECT_EQ(encoding(), Encoding::kCompressedBitmap);
}

TEST_F(CompressedBitmapCommands, AreNoNumbers) {
  EXPECT_EQ(server_.run("INCR", "key"), error("ERR value is not an integer or out of range"));
  EXPECT_EQ(server_.run("DECRBY", "key", "3"),
            error("ERR value is not an integer or out of range"));
  EXPECT_EQ(server_.run("INCRBYFLOAT", "key", "1"), error("ERR value is not a valid float"));
  EXPECT_EQ(server_.run("GET", "key"), bulk(bytes_));
}

TEST_F(CompressedBitmapCommands, AreWrittenInPlace) {
  EXPECT_EQ(server_.run("SETRANGE", "key", "50", "abc"), integer(125'001));
  bytes_.replace(50, 3, "abc");
  EXPECT_EQ(server_.run("APPEND", "key", "xyz"), integer(125'004));
  bytes_ += "xyz";
  EXPECT_EQ(encoding(), Encoding::kCompressedBitmap);
  EXPECT_EQ(server_.run("APPEND", "key", ""), integer(125'004));
  EXPECT_EQ(server_.run("GETSET", "key", "new"), bulk(bytes_));
  EXPECT_EQ(server_.run("GET", "key"), bulk("new"));
}

TEST_F(CompressedBitmapCommands, AreCopiedRenamedAndMoved) {
  EXPECT_EQ(server_.run("COPY", "key", "copy"), integer(1));
  EXPECT_EQ(server_.run("RENAME", "copy", "renamed"), kOk);
  EXPECT_EQ(server_.run("MOVE", "renamed", "1"), integer(1));
  server_.run("SWAPDB", "0", "1");
  EXPECT_EQ(server_.run("GET", "renamed"), bulk(bytes_));
  EXPECT_EQ(server_.entry("renamed").encoding(), Encoding::kCompressedBitmap);
  EXPECT_EQ(server_.entry("key", 1).encoding(), Encoding::kCompressedBitmap);
}

TEST_F(CompressedBitmapCommands, HaveTheDigestOfTheirBytes) {
  const std::string digest = server_.run("DEBUG", "DIGEST-VALUE", "key");
  EXPECT_TRUE(digest.starts_with("*1\r\n+")) << digest;
  server_.run("SET", "key", bytes_);
  EXPECT_EQ(encoding(), Encoding::kRaw);
  EXPECT_EQ(server_.run("DEBUG", "DIGEST-VALUE", "key"), digest);
}

TEST_F(CompressedBitmapCommands, ShowWhatTheyTake) {
  const std::string usage = server_.run("MEMORY", "USAGE", "key");
  EXPECT_LT(std::stoi(usage.substr(1)), 2000);
  const std::string object = server_.run("DEBUG", "OBJECT", "key");
  EXPECT_NE(object.find("encoding:roaring"), std::string::npos) << object;
  EXPECT_NE(object.find("serializedlength:125006"), std::string::npos) << object;
  EXPECT_NE(server_.run("DEBUG", "SDSLEN", "key").find("val_sds_len:125001"), std::string::npos);
}

TEST_F(CompressedBitmapCommands, TheOptionTurnsThemOff) {
  EXPECT_EQ(server_.run("CONFIG", "SET", "bitmap-compression", "no"), kOk);
  server_.run("SETBIT", "flat", "1000000", "1");
  EXPECT_EQ(server_.entry("flat").encoding(), Encoding::kRaw);
  server_.run("SETBIT", "key", "10", "1");
  EXPECT_EQ(encoding(), Encoding::kCompressedBitmap);
  EXPECT_EQ(server_.run("BITOP", "OR", "key", "key", "none"), integer(125'001));
  EXPECT_EQ(encoding(), Encoding::kRaw);
  bytes_[1] = '\x60';
  EXPECT_EQ(server_.run("GET", "key"), bulk(bytes_));
}

TEST_F(CompressedBitmapCommands, MayBeHyperLogLogs) {
  const std::string not_valid = error("WRONGTYPE Key is not a valid HyperLogLog string value.");
  EXPECT_EQ(server_.run("PFADD", "key", "a"), not_valid);
  EXPECT_EQ(server_.run("PFCOUNT", "key"), not_valid);
  EXPECT_EQ(server_.run("PFCOUNT", "key", "key"), not_valid);
  EXPECT_EQ(encoding(), Encoding::kCompressedBitmap);
  // A dense one of zeroes only, as long as it must be.
  server_.run("SETBIT", "hll", "98431", "0");
  server_.run("SETRANGE", "hll", "0", std::string("HYLL\0\0\0\0\0\0\0\0\0\0\0\x80", 16));
  ASSERT_EQ(server_.entry("hll").encoding(), Encoding::kCompressedBitmap);
  EXPECT_EQ(server_.run("PFCOUNT", "hll", "none"), integer(0));
  EXPECT_EQ(server_.run("PFADD", "hll", "a"), integer(1));
  EXPECT_EQ(server_.run("PFCOUNT", "hll"), integer(1));
}

TEST_F(CompressedBitmapCommands, AreSortedBy) {
  server_.run("SETBIT", "w_1", "40000", "1");
  ASSERT_EQ(server_.entry("w_1").encoding(), Encoding::kCompressedBitmap);
  server_.run("RPUSH", "list", "1");
  EXPECT_EQ(server_.run("SORT", "list", "BY", "nosort", "GET", "w_*"),
            array({bulk(std::string(5000, '\0') + "\x80")}));
}

}  // namespace
}  // namespace spinel::server
