#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "storage/base/random.h"
#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// A reply that is a cursor and some keys.
struct ScanReply {
  std::string cursor;
  std::vector<std::string> keys;
};

class ScanCommands : public testing::Test {
 protected:
  template <typename... Args>
  std::string run(const Args&... args) {
    return server_.run(args...);
  }
  void store(std::initializer_list<std::string_view> keys) {
    for (const std::string_view key : keys) run("SET", key, "x");
    server_.take_effects();
    server_.take_events();
  }
  void store_numbered(std::string_view prefix, int count) {
    for (int i = 0; i < count; ++i) run("SET", std::string(prefix) + std::to_string(i), "x");
    server_.take_effects();
    server_.take_events();
  }

  // Reads one element of each kind off the front of `reply`.
  static size_t read_length(std::string_view& reply, char kind) {
    EXPECT_EQ(reply.at(0), kind);
    const size_t end = reply.find("\r\n");
    const size_t length = std::stoul(std::string(reply.substr(1, end - 1)));
    reply.remove_prefix(end + 2);
    return length;
  }
  static std::string read_bulk(std::string_view& reply) {
    const size_t length = read_length(reply, '$');
    std::string bytes(reply.substr(0, length));
    reply.remove_prefix(length + 2);
    return bytes;
  }
  static std::vector<std::string> read_keys(std::string_view& reply) {
    std::vector<std::string> keys(read_length(reply, '*'));
    for (std::string& key : keys) key = read_bulk(reply);
    return keys;
  }
  static std::vector<std::string> keys_of(const std::string& reply) {
    std::string_view rest = reply;
    std::vector<std::string> keys = read_keys(rest);
    EXPECT_EQ(rest, "");
    return keys;
  }
  template <typename... Args>
  ScanReply scan(const Args&... args) {
    const std::string reply = run("SCAN", args...);
    std::string_view rest = reply;
    EXPECT_EQ(read_length(rest, '*'), 2u);
    ScanReply result{.cursor = read_bulk(rest), .keys = read_keys(rest)};
    EXPECT_EQ(rest, "");
    return result;
  }
  // All keys that a whole iteration returns, `between` being called after each step.
  template <typename Between, typename... Options>
  std::vector<std::string> scan_all(Between&& between, const Options&... options) {
    std::vector<std::string> all;
    std::string cursor = "0";
    do {
      ScanReply step = scan(cursor, options...);
      all.insert(all.end(), step.keys.begin(), step.keys.end());
      cursor = step.cursor;
      between();
    } while (cursor != "0");
    return all;
  }
  template <typename... Options>
  std::vector<std::string> scan_all_quietly(const Options&... options) {
    return scan_all([] {}, options...);
  }

  TestServer server_;
};

// --- KEYS

TEST_F(ScanCommands, KeysMatchesPatterns) {
  EXPECT_EQ(run("KEYS", "*"), "*0\r\n");
  store({"one", "two", "three", "four", "t[wo"});
  EXPECT_THAT(keys_of(run("KEYS", "*")),
              UnorderedElementsAre("one", "two", "three", "four", "t[wo"));
  EXPECT_THAT(keys_of(run("KEYS", "t*")), UnorderedElementsAre("two", "three", "t[wo"));
  EXPECT_THAT(keys_of(run("KEYS", "t??")), UnorderedElementsAre("two"));
  EXPECT_THAT(keys_of(run("KEYS", "*[eo]")), UnorderedElementsAre("one", "two", "three", "t[wo"));
  EXPECT_THAT(keys_of(run("KEYS", "four")), ElementsAre("four"));
  EXPECT_THAT(keys_of(run("KEYS", "FOUR")), IsEmpty());
  EXPECT_THAT(keys_of(run("KEYS", "t\\[wo")), ElementsAre("t[wo"));
  EXPECT_THAT(server_.take_events(), IsEmpty());
}

TEST_F(ScanCommands, OnlyTheBareStarMatchesTheEmptyKey) {
  store({"", "a"});
  EXPECT_THAT(keys_of(run("KEYS", "*")), UnorderedElementsAre("", "a"));
  EXPECT_THAT(keys_of(run("KEYS", "**")), ElementsAre("a"));
  EXPECT_THAT(keys_of(run("KEYS", "")), ElementsAre(""));
  EXPECT_THAT(scan_all_quietly(), UnorderedElementsAre("", "a"));
  EXPECT_THAT(scan_all_quietly("MATCH", "*"), UnorderedElementsAre("", "a"));
  EXPECT_THAT(scan_all_quietly("MATCH", "**"), ElementsAre("a"));
  EXPECT_THAT(scan_all_quietly("MATCH", ""), ElementsAre(""));
}

TEST_F(ScanCommands, KeysHidesExpiredKeysAndLeavesThemAlone) {
  store({"a", "old"});
  server_.expire_now("old");
  EXPECT_THAT(keys_of(run("KEYS", "*")), ElementsAre("a"));
  EXPECT_THAT(keys_of(run("KEYS", "o*")), IsEmpty());
  EXPECT_THAT(keys_of(run("KEYS", "old")), IsEmpty());
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  EXPECT_EQ(server_.server.keyspace.database(0).size(), 2u);
}

// --- SCAN

TEST_F(ScanCommands, ScanOfNothing) {
  EXPECT_EQ(run("SCAN", "0"), array({bulk("0"), "*0\r\n"}));
  EXPECT_EQ(run("SCAN", "12345"), array({bulk("0"), "*0\r\n"}));
}

TEST_F(ScanCommands, ScanReturnsEveryKeyOnce) {
  store_numbered("key:", 3000);
  while (server_.server.keyspace.database(0).resize_step(1000)) {
  }
  for (const char* count : {"1", "10", "77", "5000", "9223372036854775807"}) {
    const std::vector<std::string> all = scan_all_quietly("COUNT", count);
    EXPECT_EQ(all.size(), 3000u);
    EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 3000u);
  }
}

TEST_F(ScanCommands, CountIsHowManyKeysAreLookedAt) {
  store_numbered("key:", 3000);
  const size_t longest_chain = server_.server.keyspace.database(0).table_statistics().longest_chain;
  const size_t by_default = scan("0").keys.size();
  EXPECT_GE(by_default, 10u);
  EXPECT_LE(by_default, 10 + 2 * longest_chain);
  const size_t hundred = scan("0", "COUNT", "100").keys.size();
  EXPECT_GE(hundred, 100u);
  EXPECT_LE(hundred, 100 + 2 * longest_chain);
  // What does not match was looked at all the same.
  const ScanReply none = scan("0", "COUNT", "100", "MATCH", "nothing like this");
  EXPECT_THAT(none.keys, IsEmpty());
  EXPECT_NE(none.cursor, "0");
  EXPECT_EQ(none.cursor, scan("0", "COUNT", "100").cursor);
}

TEST_F(ScanCommands, ScanKeepsItsGuaranteeWhileTheTableChanges) {
  const uint64_t seed = storage::random_seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  storage::Random random(seed);
  store_numbered("stays:", 500);
  int next = 0;
  const auto grow = [&] {
    for (int i = 0; i < 100; ++i) run("SET", "passing:" + std::to_string(next++), "x");
  };
  const auto shrink = [&] {
    for (int i = 0; i < 200 && next > 0; ++i) run("DEL", "passing:" + std::to_string(--next));
  };
  for (int round = 0; round < 10; ++round) {
    int steps = 0;
    const std::vector<std::string> all = scan_all(
        [&] {
          if (++steps < 60) {
            random.below(3) == 0 ? shrink() : grow();
          } else {
            shrink();
          }
        },
        "COUNT", "20");
    const std::set<std::string> found(all.begin(), all.end());
    for (int i = 0; i < 500; ++i) {
      ASSERT_TRUE(found.contains("stays:" + std::to_string(i))) << i << " in round " << round;
    }
  }
}

TEST_F(ScanCommands, ScanFiltersByPattern) {
  store_numbered("a:", 100);
  store_numbered("b:", 100);
  EXPECT_EQ(scan_all_quietly("MATCH", "a:*").size(), 100u);
  EXPECT_EQ(scan_all_quietly("match", "?:7", "COUNT", "3").size(), 2u);
  EXPECT_THAT(scan_all_quietly("MATCH", "a:7"), ElementsAre("a:7"));
  EXPECT_THAT(scan_all_quietly("MATCH", "a:7", "MATCH", "b:7"), ElementsAre("b:7"));
}

TEST_F(ScanCommands, ScanFiltersByType) {
  store_numbered("key:", 50);
  EXPECT_EQ(scan_all_quietly("TYPE", "string").size(), 50u);
  EXPECT_EQ(scan_all_quietly("TYPE", "STRING").size(), 50u);
  for (const char* type : {"list", "set", "zset", "hash", "stream", "unheard-of", ""}) {
    EXPECT_THAT(scan_all_quietly("TYPE", type), IsEmpty());
  }
}

TEST_F(ScanCommands, ScanRemovesTheExpiredKeysItMatches) {
  store({"a", "old:1", "old:2"});
  server_.expire_now("old:1");
  server_.expire_now("old:2");
  EXPECT_THAT(scan_all_quietly("MATCH", "x*"), IsEmpty());
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  EXPECT_THAT(scan_all_quietly("MATCH", "*:1"), IsEmpty());
  EXPECT_THAT(server_.take_effects(), ElementsAre("DEL old:1"));
  EXPECT_THAT(server_.take_events(), ElementsAre("expired old:1"));
  EXPECT_THAT(scan_all_quietly("TYPE", "list"), IsEmpty());
  EXPECT_THAT(server_.take_effects(), ElementsAre("DEL old:2"));
  EXPECT_THAT(scan_all_quietly(), ElementsAre("a"));
}

TEST_F(ScanCommands, ManyExpiredKeysInOneStep) {
  store_numbered("key:", 2000);
  for (int i = 0; i < 2000; i += 2) server_.expire_now("key:" + std::to_string(i));
  std::vector<std::string> keys = scan("0", "COUNT", "100000").keys;
  EXPECT_EQ(std::set<std::string>(keys.begin(), keys.end()).size(), 1000u);
  EXPECT_EQ(server_.server.keyspace.database(0).size(), 1000u);
  EXPECT_EQ(server_.server.stats.expired_keys, 1000);
}

TEST_F(ScanCommands, CursorsAreReadLeniently) {
  store({"a"});
  const std::string all = array({bulk("0"), array({bulk("a")})});
  for (const std::string_view cursor :
       {std::string_view("0"), std::string_view(""), std::string_view("+0"), std::string_view("-1"),
        std::string_view("007"), std::string_view("18446744073709551615"),
        std::string_view("-18446744073709551615"), std::string_view("0\0abc", 5),
        std::string_view("\0abc", 4)}) {
    EXPECT_EQ(run("SCAN", cursor), all) << cursor;
  }
  const std::string invalid = error("ERR invalid cursor");
  for (const char* cursor :
       {"x", "-", "+", "--0", "+-0", " 0", "0 ", "\t0", "0x10", "1.5", "18446744073709551616",
        "-18446744073709551616", "99999999999999999999999"}) {
    EXPECT_EQ(run("SCAN", cursor), invalid) << cursor;
  }
  EXPECT_EQ(run("SCAN", "x", "COUNT", "0"), invalid);
}

TEST_F(ScanCommands, OptionsThatCannotBe) {
  const std::string syntax = error("ERR syntax error");
  const std::string not_integer = error("ERR value is not an integer or out of range");
  EXPECT_EQ(run("SCAN", "0", "COUNT"), syntax);
  EXPECT_EQ(run("SCAN", "0", "MATCH"), syntax);
  EXPECT_EQ(run("SCAN", "0", "TYPE"), syntax);
  EXPECT_EQ(run("SCAN", "0", "WHAT", "x"), syntax);
  EXPECT_EQ(run("SCAN", "0", "MATCH", "a", "COUNT"), syntax);
  EXPECT_EQ(run("SCAN", "0", "COUNT", "0"), syntax);
  EXPECT_EQ(run("SCAN", "0", "COUNT", "-1"), syntax);
  EXPECT_EQ(run("SCAN", "0", "COUNT", "x"), not_integer);
  EXPECT_EQ(run("SCAN", "0", "COUNT", "9223372036854775808"), not_integer);
  EXPECT_EQ(run("SCAN", "0", "COUNT", "1", "COUNT", "x"), not_integer);
}

}  // namespace
}  // namespace spinel::server
