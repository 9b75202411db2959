#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/server/peak_memory.h"
#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using storage::Encoding;
using testing::ElementsAre;
using testing::IsEmpty;

const std::string kNotValid = error("WRONGTYPE Key is not a valid HyperLogLog string value.");
const std::string kCorrupt = error("INVALIDOBJ Corrupted HLL object detected");
const std::string kWrongType =
    error("WRONGTYPE Operation against a key holding the wrong kind of value");

// A HyperLogLog as a client may send it: out of date, with these opcodes.
std::string sparse(std::string_view opcodes) {
  return std::string("HYLL\1\0\0\0\0\0\0\0\0\0\0\x80", 16).append(opcodes);
}
const std::string kEmpty = sparse("\x7f\xff");

int64_t changes_of(TestServer& server, std::initializer_list<std::string_view> command) {
  const int64_t before = server.server.dirty;
  server.client.run_args(command);
  return server.server.dirty - before;
}

TEST(HyperLogLogCommands, PfaddTellsWhatItChanged) {
  TestServer server;
  EXPECT_EQ(server.run("PFADD", "key", "a", "b", "c"), integer(1));
  EXPECT_EQ(server.run("PFADD", "key"), integer(0));
  EXPECT_EQ(server.run("PFADD", "key", "a"), integer(0));
  EXPECT_EQ(server.run("PFADD", "key", "d", "a", "e"), integer(1));
  EXPECT_EQ(server.run("PFADD", "empty"), integer(1));
  EXPECT_THAT(server.take_effects(),
              ElementsAre("PFADD key a b c", "PFADD key d a e", "PFADD empty"));
  EXPECT_THAT(server.take_events(),
              ElementsAre("new key", "pfadd key", "pfadd key", "new empty", "pfadd empty"));
  EXPECT_EQ(server.run("GET", "empty"), bulk(kEmpty));
}

TEST(HyperLogLogCommands, ChangesAreCountedByRegister) {
  TestServer server;
  EXPECT_EQ(changes_of(server, {"PFADD", "key", "a", "b", "c"}), 4);
  EXPECT_EQ(changes_of(server, {"PFADD", "key", "a", "d"}), 1);
  EXPECT_EQ(changes_of(server, {"PFADD", "key", "a", "d"}), 0);
  EXPECT_EQ(changes_of(server, {"PFADD", "empty"}), 1);
  EXPECT_EQ(changes_of(server, {"PFCOUNT", "key"}), 1);
  EXPECT_EQ(changes_of(server, {"PFCOUNT", "key"}), 0);
  EXPECT_EQ(changes_of(server, {"PFCOUNT", "key", "empty"}), 0);
  EXPECT_EQ(changes_of(server, {"PFMERGE", "key", "empty"}), 1);
  EXPECT_EQ(changes_of(server, {"PFDEBUG", "ENCODING", "key"}), 0);
  EXPECT_EQ(changes_of(server, {"PFDEBUG", "GETREG", "key"}), 1);
  EXPECT_EQ(changes_of(server, {"PFDEBUG", "TODENSE", "key"}), 0);
}

TEST(HyperLogLogCommands, PfcountKeepsTheCountOfOneKey) {
  TestServer server;
  server.run("PFADD", "key", "a", "b", "c");
  server.take_effects();
  server.take_events();
  EXPECT_EQ(server.run("PFCOUNT", "key"), integer(3));
  EXPECT_EQ(server.run("PFCOUNT", "key"), integer(3));
  EXPECT_THAT(server.take_effects(), ElementsAre("PFCOUNT key"));
  EXPECT_THAT(server.take_events(), IsEmpty());
  EXPECT_EQ(server.run("GETRANGE", "key", "8", "15"), bulk(std::string("\3\0\0\0\0\0\0\0", 8)));
  // What the header says is believed.
  server.run("SETRANGE", "key", "8", "\x2a");
  EXPECT_EQ(server.run("PFCOUNT", "key"), integer(42));
  EXPECT_EQ(server.run("PFCOUNT", "key", "key"), integer(3));
  EXPECT_EQ(server.run("PFCOUNT", "none"), integer(0));
  EXPECT_EQ(server.run("PFCOUNT", "none", "none"), integer(0));
  EXPECT_EQ(server.run("EXISTS", "none"), integer(0));
}

TEST(HyperLogLogCommands, MissingKeysAreMisses) {
  TestServer server;
  server.run("PFADD", "key", "a");
  server.take_events();
  server.run("PFCOUNT", "key", "none");
  EXPECT_EQ(server.server.stats.keyspace_hits, 1);
  EXPECT_EQ(server.server.stats.keyspace_misses, 1);
  server.run("PFMERGE", "to", "key", "none");
  EXPECT_EQ(server.server.stats.keyspace_hits, 2);
  EXPECT_EQ(server.server.stats.keyspace_misses, 3);
  EXPECT_THAT(server.take_events(),
              ElementsAre("keymiss none", "keymiss to", "keymiss none", "new to", "pfadd to"));
}

TEST(HyperLogLogCommands, PfmergeMakesTheUnion) {
  TestServer server;
  server.run("PFADD", "x", "a", "b");
  server.run("PFADD", "y", "b", "c");
  server.run("PFCOUNT", "x");
  server.take_effects();
  EXPECT_EQ(server.run("PFMERGE", "x", "y", "none"), kOk);
  EXPECT_EQ(server.run("PFMERGE", "new"), kOk);
  EXPECT_THAT(server.take_effects(), ElementsAre("PFMERGE x y none", "PFMERGE new"));
  EXPECT_EQ(server.run("PFCOUNT", "x"), integer(3));
  EXPECT_EQ(server.run("GET", "new"), bulk(kEmpty));
}

TEST(HyperLogLogCommands, TheUnionIsDenseIfAnyPartIs) {
  TestServer server;
  server.run("PFADD", "sparse", "a");
  server.run("PFADD", "dense", "b");
  EXPECT_EQ(server.run("PFDEBUG", "TODENSE", "dense"), integer(1));
  server.run("PFMERGE", "both", "sparse", "dense");
  EXPECT_EQ(server.run("PFDEBUG", "ENCODING", "both"), "+dense\r\n");
  server.run("PFMERGE", "one", "sparse");
  EXPECT_EQ(server.run("PFDEBUG", "ENCODING", "one"), "+sparse\r\n");
  server.run("PFMERGE", "dense", "sparse");
  EXPECT_EQ(server.run("PFDEBUG", "ENCODING", "dense"), "+dense\r\n");
  EXPECT_EQ(server.run("PFCOUNT", "dense"), integer(2));
  server.run("CONFIG", "SET", "hll-sparse-max-bytes", "20");
  server.run("PFMERGE", "small", "sparse");
  EXPECT_EQ(server.run("PFDEBUG", "ENCODING", "small"), "+dense\r\n");
}

TEST(HyperLogLogCommands, TheExpiryStays) {
  TestServer server;
  server.run("PFADD", "key", "a");
  server.run("PEXPIREAT", "key", "99999999999000");
  server.run("PFADD", "key", "b");
  server.run("PFADD", "other", "c");
  server.run("PFMERGE", "key", "other");
  server.run("PFDEBUG", "TODENSE", "key");
  server.run("PFCOUNT", "key");
  EXPECT_EQ(server.run("PEXPIRETIME", "key"), integer(99999999999000));
}

TEST(HyperLogLogCommands, DenseOnesAreChangedInPlace) {
  TestServer server;
  server.run("PFADD", "key", "a");
  server.run("PFDEBUG", "TODENSE", "key");
  const void* object = server.entry("key").object();
  for (int i = 0; i < 1000; ++i) server.run("PFADD", "key", std::to_string(i));
  server.run("PFCOUNT", "key");
  server.run("PFMERGE", "key", "key");
  EXPECT_EQ(server.entry("key").object(), object);
  // They take no more than they must: 12304 bytes in the allocator's next class.
  EXPECT_EQ(server.run("STRLEN", "key"), integer(12304));
  EXPECT_LE(static_cast<const storage::RawString*>(object)->capacity, 14336U);
}

TEST(HyperLogLogCommands, StoredStringsGetBytesOfTheirOwn) {
  TestServer server;
  for (const std::string_view command : {"PFADD", "PFCOUNT"}) {
    server.run("SET", "key", kEmpty);
    EXPECT_EQ(server.entry("key").encoding(), Encoding::kEmbedded);
    EXPECT_EQ(server.run(command, "key"), integer(0));
    EXPECT_EQ(server.run("OBJECT", "ENCODING", "key"), bulk("raw"));
  }
  server.run("SET", "key", kEmpty);
  EXPECT_EQ(server.run("PFCOUNT", "key", "key"), integer(0));
  EXPECT_EQ(server.run("OBJECT", "ENCODING", "key"), bulk("embstr"));
}

TEST(HyperLogLogCommands, WhatIsNoneIsRefused) {
  TestServer server;
  server.run("LPUSH", "list", "a");
  server.run("PFADD", "key", "a");
  const std::string dense_short = std::string("HYLL", 4) + std::string(12299, '\0');
  for (const auto& [value, expected] :
       std::vector<std::pair<std::string, std::string>>{{"", kNotValid},
                                                        {"text", kNotValid},
                                                        {"12345", kNotValid},
                                                        {dense_short, kNotValid},
                                                        {kEmpty.substr(0, 15), kNotValid},
                                                        {sparse("\x7f\xfe"), kCorrupt},
                                                        {sparse(""), kCorrupt},
                                                        {sparse("\x7f\xff\x7f\xff"), kCorrupt}}) {
    server.run("SET", "bad", value);
    EXPECT_EQ(server.run("PFCOUNT", "bad"), expected);
    EXPECT_EQ(server.run("PFCOUNT", "key", "bad"), expected);
    EXPECT_EQ(server.run("PFMERGE", "bad", "key"), expected);
    EXPECT_EQ(server.run("PFMERGE", "new", "key", "bad"), expected);
    EXPECT_EQ(server.run("PFDEBUG", "GETREG", "bad"), expected);
    EXPECT_EQ(server.run("PFDEBUG", "TODENSE", "bad"), expected);
    EXPECT_EQ(server.run("GET", "bad"), bulk(value));
    EXPECT_EQ(server.run("EXISTS", "new"), integer(0));
  }
  EXPECT_EQ(server.run("PFADD", "list", "a"), kWrongType);
  EXPECT_EQ(server.run("PFCOUNT", "list"), kWrongType);
  EXPECT_EQ(server.run("PFCOUNT", "key", "list"), kWrongType);
  EXPECT_EQ(server.run("PFMERGE", "key", "list"), kWrongType);
  EXPECT_EQ(server.run("PFDEBUG", "ENCODING", "list"), kWrongType);
}

TEST(HyperLogLogCommands, ACorruptOneIsAddedToWhereItCanBe) {
  TestServer server;
  server.run("SET", "key", sparse("\x5f\x3f"));  // 8000 zeros
  server.take_effects();
  server.take_events();
  EXPECT_EQ(server.run("PFADD", "key"), integer(0));
  // "user:36" is at 7575, "a" at 12711, "user:1" at 2131.
  EXPECT_EQ(server.run("PFADD", "key", "user:36", "a", "user:1"), kCorrupt);
  EXPECT_EQ(server.run("PFDEBUG", "DECODE", "key"), bulk("Z:7575 v:5,1 Z:424"));
  EXPECT_THAT(server.take_effects(), ElementsAre("PFADD key user:36 a user:1"));
  EXPECT_THAT(server.take_events(), IsEmpty());
}

TEST(HyperLogLogCommands, PfdebugShowsTheInside) {
  TestServer server;
  server.run("PFADD", "key", "", "a", "b");
  server.take_effects();
  EXPECT_EQ(server.run("PFDEBUG", "encoding", "key"), "+sparse\r\n");
  EXPECT_EQ(server.run("PFDEBUG", "decode", "key"),
            bulk("Z:5938 v:2,1 Z:6772 v:2,1 Z:3068 v:1,1 Z:603"));
  const std::string registers = server.run("PFDEBUG", "getreg", "key");
  EXPECT_EQ(registers.substr(0, 8), "*16384\r\n");
  EXPECT_EQ(registers.size(), 8 + 16384 * integer(0).size());
  EXPECT_EQ(registers.substr(8 + 5938 * 4, 4), integer(2));
  EXPECT_EQ(registers.substr(8 + 15780 * 4, 4), integer(1));
  EXPECT_THAT(server.take_effects(), ElementsAre("PFDEBUG getreg key"));
  EXPECT_EQ(server.run("PFDEBUG", "encoding", "key"), "+dense\r\n");
  EXPECT_EQ(server.run("PFDEBUG", "decode", "key"), error("ERR HLL encoding is not sparse"));
  EXPECT_EQ(server.run("PFDEBUG", "todense", "key"), integer(0));
  EXPECT_THAT(server.take_effects(), IsEmpty());
  EXPECT_EQ(server.run("PFDEBUG", "todense", "none"),
            error("ERR The specified key does not exist"));
  EXPECT_EQ(server.run("PFDEBUG", "Foo", "key"), error("ERR Unknown PFDEBUG subcommand 'Foo'"));
}

TEST(HyperLogLogCommands, PfselftestPasses) {
  TestServer server;
  EXPECT_EQ(server.run("PFSELFTEST"), kOk);
}

// It is run when memory is full, so it must not turn a few bytes into 512 MB.
TEST(HyperLogLogCommands, CountsLongBitmapsWithoutMakingTheirBytes) {
  TestServer server;
  server.run("SETBIT", "bitmap", "4294967295", "1");
  const PeakMemory peak;
  server.run("SETRANGE", "bitmap", "0", sparse("\x7f\xff"));
  EXPECT_EQ(server.run("PFCOUNT", "bitmap"), kCorrupt);
  EXPECT_EQ(server.run("PFCOUNT", "bitmap", "none"), kCorrupt);
  // A count that is up to date is believed, whatever it was counted from.
  server.run("SETRANGE", "bitmap", "8", std::string("\5\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(server.run("PFCOUNT", "bitmap"), integer(5));
  server.run("SETRANGE", "bitmap", "4", std::string(1, '\0'));
  EXPECT_EQ(server.run("PFCOUNT", "bitmap"), kNotValid);
  EXPECT_EQ(server.entry("bitmap").encoding(), Encoding::kCompressedBitmap);
  EXPECT_TRUE(peak.grew_less_than(size_t{100} << 20));
}

TEST(HyperLogLogCommands, CountsBitmapsThatAreHyperLogLogs) {
  TestServer server;
  server.run("SETBIT", "valid", "131199", "0");  // a header and 16384 times Z:1
  server.run("SETRANGE", "valid", "0", sparse(""));
  ASSERT_EQ(server.entry("valid").encoding(), Encoding::kCompressedBitmap);
  EXPECT_EQ(server.run("PFCOUNT", "valid"), integer(0));
  server.run("SETBIT", "corrupt", "131207", "0");
  server.run("SETRANGE", "corrupt", "0", sparse(""));
  ASSERT_EQ(server.entry("corrupt").encoding(), Encoding::kCompressedBitmap);
  EXPECT_EQ(server.run("PFCOUNT", "corrupt"), kCorrupt);
}

}  // namespace
}  // namespace spinel::server
