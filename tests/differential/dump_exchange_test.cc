// DUMP payloads of one server restored into the other, for every type and encoding: the values are
// the same there, as their digests say, and so are the payloads' errors.

#include <gtest/gtest.h>

#include "tests/differential/generator.h"
#include "tests/support/server_process.h"

namespace spinel::test {
namespace {

class DumpExchange : public testing::Test {
 protected:
  DumpExchange()
      : redis_server_({.binary = oracle_binary()}),
        spinel_(spinel_server_.raw()),
        redis_(redis_server_.raw()) {}

  static Reply run(RawConnection& server, const Command& command) {
    Reply reply = server.command(command);
    EXPECT_FALSE(reply.is_error()) << command[0] << " " << reply;
    return reply;
  }

  // Something of each type, in each encoding, around each size where it changes.
  static void fill(RawConnection& server) {
    Random random(20'261'202);
    for (const int size : {0, 1, 20, 21, 44, 45, 63, 64, 65, 128, 4096, 100'000}) {
      const std::string name = std::to_string(size);
      const std::string x(static_cast<std::size_t>(size), 'x');
      std::string noise;
      for (int i = 0; i < size; ++i) noise.push_back(static_cast<char>(random.below(256)));
      run(server, {"SET", "string:" + name, x});
      run(server, {"SET", "noise:" + name, noise});
      run(server, {"RPUSH", "list:" + name, "a", x, "7", noise});
      run(server, {"SADD", "set:" + name, "a", x, "7", noise});
      run(server, {"HSET", "hash:" + name, "a", x, x + "f", "7", noise, "-100"});
      run(server, {"ZADD", "zset:" + name, "1", x + "m", "2.5", noise, "-inf", "-70000", "1e300",
                   "z", "0.1", "y", "-0", "zero"});
    }
    for (const char* integer :
         {"0", "127", "-129", "32768", "2147483647", "-2147483649", "9223372036854775807"}) {
      run(server, {"SET", std::string("integer:") + integer, integer});
      run(server, {"RPUSH", "integers:list", integer});
      run(server, {"SADD", "integers:set", integer});
      run(server, {"HSET", "integers:hash", integer, integer});
      run(server, {"ZADD", "integers:zset", integer, integer});
    }
    for (const int count : {127, 128, 129, 512, 513, 3000}) {
      const std::string name = std::to_string(count);
      Command list = {"RPUSH", "list:of:" + name};
      Command set = {"SADD", "set:of:" + name};
      Command intset = {"SADD", "intset:of:" + name};
      Command hash = {"HSET", "hash:of:" + name};
      Command zset = {"ZADD", "zset:of:" + name};
      for (int i = 0; i < count; ++i) {
        const std::string number = std::to_string(i);
        list.push_back("element:" + number);
        set.push_back("member:" + number);
        intset.push_back(std::to_string(i * i));
        hash.insert(hash.end(), {"field:" + number, number});
        zset.insert(zset.end(), {std::to_string(i % 50 / 8.0), "member:" + number});
      }
      for (const Command& command : {list, set, intset, hash, zset}) run(server, command);
    }
    run(server, {"RPUSH", "list:huge", "a", std::string(1'500'000, 'x'), "b"});
    run(server, {"SETBIT", "bitmap", "3000000", "1"});
    run(server, {"PFADD", "hll", "a", "b", "c"});
    run(server, {"GEOADD", "geo", "13.361389", "38.115556", "Palermo"});
    run(server, {"PEXPIREAT", "list:64", "4102444800123"});
  }

  // Restores all values of `from` into `to`.
  static void hand_over(RawConnection& from, RawConnection& to) {
    fill(from);
    const std::vector<std::string> keys = run(from, {"KEYS", "*"}).texts();
    ASSERT_GT(keys.size(), 100U);
    for (const std::string& key : keys) {
      const std::int64_t expiry = run(from, {"PEXPIRETIME", key}).number;
      run(to, {"RESTORE", key, std::to_string(expiry < 0 ? 0 : expiry),
               run(from, {"DUMP", key}).text, "ABSTTL"});
      EXPECT_EQ(run(to, {"PEXPIRETIME", key}), run(from, {"PEXPIRETIME", key})) << key;
      EXPECT_EQ(run(to, {"DEBUG", "DIGEST-VALUE", key}), run(from, {"DEBUG", "DIGEST-VALUE", key}))
          << key;
    }
    EXPECT_EQ(run(to, {"DEBUG", "DIGEST"}), run(from, {"DEBUG", "DIGEST"}));
  }

  ServerProcess spinel_server_;
  ServerProcess redis_server_;
  RawConnection spinel_;
  RawConnection redis_;
};

TEST_F(DumpExchange, SpinelRestoresWhatRedisDumps) {
  run(redis_, {"DEBUG", "QUICKLIST-PACKED-THRESHOLD", "50000b"});  // plain nodes, too
  hand_over(redis_, spinel_);
  for (const std::string& key : run(redis_, {"KEYS", "*"}).texts()) {
    run(redis_, {"RESTORE", "copy", "0", run(redis_, {"DUMP", key}).text, "REPLACE"});
    const std::string theirs = run(redis_, {"OBJECT", "ENCODING", "copy"}).text;
    const std::string ours = run(spinel_, {"OBJECT", "ENCODING", key}).text;
    const bool is_ours_only = ours == "listpack" || ours == "roaring";
    EXPECT_TRUE(ours == theirs || is_ours_only) << key << ": " << ours << ", not " << theirs;
  }
}

TEST_F(DumpExchange, RedisRestoresWhatSpinelDumps) {
  run(redis_, {"CONFIG", "SET", "sanitize-dump-payload", "yes"});
  hand_over(spinel_, redis_);
}

TEST_F(DumpExchange, RedisRestoresWhatSpinelDumpsUncompressed) {
  run(redis_, {"CONFIG", "SET", "sanitize-dump-payload", "yes"});
  run(spinel_, {"CONFIG", "SET", "rdbcompression", "no"});
  hand_over(spinel_, redis_);
}

// Flipped bits and cut ends: the checksum tells both servers.
TEST_F(DumpExchange, DamagedPayloadsGetTheSameError) {
  fill(redis_);
  Random random(20'261'203);
  for (const char* key : {"string:65", "list:of:127", "hash:of:127", "zset:of:127", "set:64",
                          "integers:set", "integers:list"}) {
    const std::string whole = run(redis_, {"DUMP", key}).text;
    for (int round = 0; round < 50; ++round) {
      std::string damaged = whole;
      if (random.chance(30)) {
        damaged.resize(random.below(whole.size()));
      } else {
        const std::size_t at = random.below(damaged.size());
        damaged[at] = static_cast<char>(damaged[at] ^ 1 << random.below(8));
      }
      const Command command = {"RESTORE", "copy", "0", damaged, "REPLACE"};
      EXPECT_EQ(spinel_.command(command), redis_.command(command)) << key << printable(damaged);
    }
    EXPECT_EQ(run(spinel_, {"EXISTS", "copy"}).number, 0);
  }
}

}  // namespace
}  // namespace spinel::test
