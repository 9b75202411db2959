// RDB files and DUMP payloads that go from redis-server to our library and back: redis-server has
// the same data afterwards, as its digest says.

#include <gtest/gtest.h>

#include "persistence/rdb/dump.h"
#include "persistence/rdb/save_file.h"
#include "storage/base/crc64.h"
#include "storage/base/hex.h"
#include "storage/keyspace/digest.h"
#include "storage/keyspace/keyspace.h"
#include "tests/differential/generator.h"
#include "tests/support/server_process.h"
#include "tests/unit/server/config/source_tree.h"

namespace spinel::test {
namespace {

namespace rdb = persistence::rdb;

class RdbExchange : public testing::Test {
 protected:
  RdbExchange() : server_({.binary = oracle_binary()}), redis_(server_.raw()) {}

  Reply run(const Command& command) {
    Reply reply = redis_.command(command);
    EXPECT_FALSE(reply.is_error()) << command[0] << " " << reply;
    return reply;
  }

  // Adds `count` elements in commands of up to 500 pairs.
  template <typename Append>
  void add(const std::string& command, const std::string& key, int count, Append&& append) {
    constexpr int kAtOnce = 500;
    for (int begin = 0; begin < count; begin += kAtOnce) {
      Command words = {command, key};
      for (int i = begin; i < std::min(count, begin + kAtOnce); ++i) append(words, i);
      run(words);
    }
  }

  // Something of each type, in each encoding, at each size where it changes.
  void fill() {
    for (const int size : {0, 1, 20, 21, 44, 63, 64, 65, 127, 128, 1024, 4095, 4096, 100'000}) {
      const std::string name = std::to_string(size);
      const std::string x(static_cast<size_t>(size), 'x');
      const std::string noise = noise_of(size);
      run({"SET", "string:" + name, x});
      run({"SET", "noise:" + name, noise});
      run({"RPUSH", "list:" + name, "a", x, "7", noise});
      run({"SADD", "set:" + name, "a", x, "7", noise});
      run({"HSET", "hash:" + name, "a", x, x + "f", "7", noise, "-100"});
      run({"ZADD", "zset:" + name, "1", x + "m", "2.5", noise, "-inf", "-70000", "1e300", "z"});
    }
    for (const char* integer : {"0", "127", "128", "-129", "32768", "-32769", "8388608",
                                "2147483647", "-2147483649", "9223372036854775807"}) {
      run({"SET", std::string("int:") + integer, integer});
      run({"RPUSH", "integers", integer});
      run({"SADD", "intset", integer});
      run({"HSET", "integers:hash", integer, integer});
      run({"ZADD", "integers:zset", integer, integer});
    }
    for (const int count : {1, 127, 128, 129, 511, 512, 513, 3000}) {
      const std::string name = std::to_string(count);
      add("RPUSH", "list:of:" + name, count,
          [](Command& words, int i) { words.push_back("element:" + std::to_string(i)); });
      add("SADD", "set:of:" + name, count,
          [](Command& words, int i) { words.push_back("member:" + std::to_string(i)); });
      add("SADD", "intset:of:" + name, count,
          [](Command& words, int i) { words.push_back(std::to_string(i * i)); });
      add("HSET", "hash:of:" + name, count, [](Command& words, int i) {
        words.push_back("field:" + std::to_string(i));
        words.push_back(std::to_string(i));
      });
      add("ZADD", "zset:of:" + name, count, [](Command& words, int i) {
        words.push_back(std::to_string(i % 50 / 8.0));
        words.push_back("member:" + std::to_string(i));
      });
    }
    // A node of its own, which we write as it is.
    run({"RPUSH", "list:huge", "a", std::string(1'500'000, 'x'), "b"});
    run({"PEXPIREAT", "list:64", "4102444800123"});
    run({"PEXPIREAT", "string:1", "4102444800124"});
    run({"SELECT", "5"});
    run({"SET", "in another database", "x"});
    run({"SELECT", "0"});
    run({"SETBIT", "bitmap", "1000000", "1"});
    run({"PFADD", "hll", "a", "b", "c"});
  }

  std::string noise_of(int size) {
    std::string text;
    for (int i = 0; i < size; ++i) text.push_back(static_cast<char>(random_.below(256)));
    return text;
  }

  std::string digest() { return run({"DEBUG", "DIGEST"}).text; }
  std::string path() const { return server_.directory() + "/dump.rdb"; }

  ServerProcess server_;
  RawConnection redis_;
  Random random_{20'261'201};
  storage::SilentObserver observer_;
  storage::Keyspace keyspace_{16, observer_};
};

TEST_F(RdbExchange, FilesThereAndBack) {
  fill();
  const std::string before = digest();
  for (const bool compress : {true, false}) {
    run({"CONFIG", "SET", "rdbcompression", compress ? "yes" : "no"});
    run({"SAVE"});
    storage::Keyspace keyspace(16, observer_);
    rdb::LoadObserver load_observer;
    const rdb::LoadResult loaded = rdb::load_file(path(), keyspace, {}, load_observer);
    ASSERT_TRUE(loaded.ok) << loaded.error.offset << ": " << loaded.error.cause;
    rdb::SaveOptions options;
    options.compress = compress;
    options.checksum = compress;
    options.access = rdb::SaveOptions::Access::kIdle;
    options.aux = {{"redis-ver", "7.2.4"}, {"redis-bits", "64"}, {"spinel", "not known there"}};
    const rdb::SaveFileResult saved =
        rdb::save_file(keyspace, path(), path() + ".new", options, true);
    ASSERT_TRUE(saved.error.ok()) << saved.error.text();
    EXPECT_EQ(saved.saved.keys, loaded.keys_loaded);
    run({"CONFIG", "SET", "sanitize-dump-payload", "yes"});
    run({"DEBUG", "RELOAD", "NOSAVE"});
    EXPECT_EQ(digest(), before);
    EXPECT_EQ(run({"PEXPIRETIME", "list:64"}).number, 4102444800123);
    EXPECT_EQ(run({"PEXPIRETIME", "string:1"}).number, 4102444800124);
  }
}

// The file that redis-server writes, and the one that our library makes of it, with and without
// compression and checksum.
TEST_F(RdbExchange, BothCheckersAcceptTheFilesOfBoth) {
  const std::string server = server_binary();
  const std::string ours = server.substr(0, server.rfind('/')) + "/spinel-check-rdb";
  fill();
  run({"SAVE"});
  storage::Keyspace keyspace(16, observer_);
  rdb::LoadObserver load_observer;
  ASSERT_TRUE(rdb::load_file(path(), keyspace, {}, load_observer).ok);
  std::vector<std::string> files = {path()};
  for (const bool plain : {false, true}) {
    rdb::SaveOptions options;
    options.compress = options.checksum = !plain;
    files.push_back(path() + (plain ? ".plain" : ".new"));
    ASSERT_TRUE(rdb::save_file(keyspace, files.back(), path() + ".temp", options, true).error.ok());
  }
  for (const std::string& file : files) {
    for (const std::string& checker : {std::string("redis-check-rdb"), ours}) {
      const ProgramResult result = run_program({checker, file});
      EXPECT_TRUE(result.status.clean()) << checker << " " << file << "\n" << result.output;
      const std::string keys = "[info] " + std::to_string(run({"DBSIZE"}).number + 1) + " keys";
      EXPECT_NE(result.output.find(keys), std::string::npos) << result.output;
    }
  }
}

// Files of the versions that redis-server can load have the same content for it as for us.
TEST_F(RdbExchange, FilesOfOldVersions) {
  const ProgramResult made = run_program(
      {"python3", server::source_tree() / "tests/corpus/make_rdb.py", server_.directory()});
  ASSERT_TRUE(made.status.clean()) << made.output;
  constexpr int kNewest = 10;
  for (int version = 1; version <= kNewest; ++version) {
    const std::string name = (version < 10 ? "redis0" : "redis") + std::to_string(version) + ".rdb";
    storage::Keyspace keyspace(16, observer_);
    rdb::LoadObserver load_observer;
    const rdb::LoadResult loaded =
        rdb::load_file(server_.directory() + "/" + name, keyspace, {}, load_observer);
    ASSERT_TRUE(loaded.ok) << name << loaded.error.offset << ": " << loaded.error.cause;
    write_file(path(), read_file(server_.directory() + "/" + name));
    run({"CONFIG", "SET", "sanitize-dump-payload", "yes"});
    run({"DEBUG", "RELOAD", "NOSAVE"});
    const storage::Sha1Digest ours = storage::dataset_digest(keyspace);
    EXPECT_EQ(storage::hex_encode({reinterpret_cast<const char*>(ours.data()), ours.size()}),
              digest())
        << name;
    EXPECT_GE(loaded.keys_loaded, 15U);
  }
}

TEST_F(RdbExchange, ValuesThereAndBack) {
  fill();
  const rdb::ValueLimits limits;
  std::vector<std::string> keys = run({"KEYS", "*"}).texts();
  ASSERT_GT(keys.size(), 100u);
  run({"CONFIG", "SET", "sanitize-dump-payload", "yes"});
  for (const std::string& name : keys) {
    const std::string theirs = run({"DUMP", name}).text;
    rdb::DumpReader reader(theirs, limits);
    ASSERT_EQ(reader.read(), rdb::DumpReader::Status::kOk) << name << reader.error().cause;
    const storage::Key key(name);
    storage::Item item;
    reader.value().store(keyspace_.database(0), key, item, storage::kNoExpiry, 0);
    std::string ours;
    rdb::dump_value(*item, true, ours);
    run({"RESTORE", "copy", "0", ours, "REPLACE"});
    run({"PERSIST", name});
    EXPECT_EQ(run({"DEBUG", "DIGEST-VALUE", "copy"}), run({"DEBUG", "DIGEST-VALUE", name})) << name;
  }
}

// What redis-server refuses to restore, as far as it looks, we refuse, and what we take it takes.
TEST_F(RdbExchange, DamagedValuesAreRefusedByBoth) {
  fill();
  run({"CONFIG", "SET", "sanitize-dump-payload", "yes"});
  const rdb::ValueLimits limits;
  int accepted = 0;
  for (const std::string name : {"list:of:127", "hash:of:127", "zset:of:127", "intset", "hash:64",
                                 "zset:21", "string:65", "integers"}) {
    const std::string whole = run({"DUMP", name}).text;
    for (int round = 0; round < 60; ++round) {
      std::string damaged = whole.substr(0, whole.size() - 10);
      const size_t at = random_.below(std::min<size_t>(damaged.size(), 200));
      damaged[at] = static_cast<char>(damaged[at] ^ 1 << random_.below(8));
      damaged += std::string("\x0a\x00", 2);
      const uint64_t crc = storage::crc64(0, damaged.data(), damaged.size());
      damaged.append(reinterpret_cast<const char*>(&crc), sizeof crc);
      rdb::DumpReader reader(damaged, limits);
      const bool ok = reader.read() == rdb::DumpReader::Status::kOk;
      const Reply theirs = redis_.run("RESTORE", "copy", "0", damaged, "REPLACE");
      if (!ok) continue;
      ++accepted;
      // A sorted set whose scores are out of order is put in order by us, and by Redis not noticed.
      EXPECT_FALSE(theirs.is_error()) << name << " " << printable(damaged) << " " << theirs;
    }
  }
  EXPECT_GT(accepted, 20);
}

}  // namespace
}  // namespace spinel::test
