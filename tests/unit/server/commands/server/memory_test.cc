#include <cctype>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// The number of an integer reply.
int64_t number(const std::string& reply) {
  EXPECT_EQ(reply[0], ':') << reply;
  return std::stoll(reply.substr(1));
}

TEST(MemoryCommands, UsageCountsKeyAndValue) {
  TestServer server;
  EXPECT_EQ(server.run("MEMORY", "USAGE", "key"), kNull);
  server.run("SET", "key", "value");
  const int64_t small = number(server.run("MEMORY", "USAGE", "key"));
  EXPECT_GE(small, 3 + 5 + 8);
  EXPECT_LE(small, 40);
  server.run("SET", "key", std::string(100'000, 'x'));
  const int64_t large = number(server.run("MEMORY", "USAGE", "key"));
  EXPECT_GE(large, 100'000);
  EXPECT_LE(large, 140'000);
}

TEST(MemoryCommands, UsageReadsSamples) {
  TestServer server;
  server.run("SET", "key", "value");
  const std::string usage = server.run("MEMORY", "USAGE", "key");
  EXPECT_EQ(server.run("MEMORY", "USAGE", "key", "samples", "0"), usage);
  EXPECT_EQ(server.run("MEMORY", "USAGE", "key", "SAMPLES", "5", "SAMPLES", "7"), usage);
  const std::string syntax = error("ERR syntax error");
  EXPECT_EQ(server.run("MEMORY", "USAGE", "key", "SAMPLES"), syntax);
  EXPECT_EQ(server.run("MEMORY", "USAGE", "key", "SAMPLES", "-1"), syntax);
  EXPECT_EQ(server.run("MEMORY", "USAGE", "key", "SAMPLES", "5", "x"), syntax);
  EXPECT_EQ(server.run("MEMORY", "USAGE", "key", "COUNT", "5"), syntax);
  EXPECT_EQ(server.run("MEMORY", "USAGE", "none", "SAMPLES", "-1"), syntax);
  EXPECT_EQ(server.run("MEMORY", "USAGE", "key", "SAMPLES", "x"),
            error("ERR value is not an integer or out of range"));
}

TEST(MemoryCommands, UsageLeavesAnExpiredKeyAlone) {
  TestServer server;
  server.run("SET", "key", "value", "EX", "100");
  server.expire_now("key");
  server.take_effects();
  EXPECT_GT(number(server.run("MEMORY", "USAGE", "key")), 0);
  EXPECT_TRUE(server.take_effects().empty());
}

// The names of all fields of a RESP2 reply, in order.
std::vector<std::string> words(const std::string& reply) {
  std::vector<std::string> found;
  for (size_t at = reply.find('$'); at != std::string::npos; at = reply.find('$', at + 1)) {
    const size_t start = reply.find("\r\n", at) + 2;
    std::string word = reply.substr(start, reply.find("\r\n", start) - start);
    if (std::isalpha(static_cast<unsigned char>(word[0])) != 0) found.push_back(std::move(word));
  }
  return found;
}

TEST(MemoryCommands, StatsHasTheFieldsInOrder) {
  TestServer server;
  server.run("SET", "key", "value");
  const std::string reply = server.run("MEMORY", "STATS");
  EXPECT_THAT(reply, StartsWith("*56\r\n$14\r\npeak.allocated\r\n:"));
  EXPECT_THAT(
      words(reply),
      ::testing::ElementsAre(
          "peak.allocated", "total.allocated", "startup.allocated", "replication.backlog",
          "clients.slaves", "clients.normal", "cluster.links", "aof.buffer", "lua.caches",
          "functions.caches", "db.0", "overhead.hashtable.main", "overhead.hashtable.expires",
          "overhead.hashtable.slot-to-keys", "overhead.total", "keys.count", "keys.bytes-per-key",
          "dataset.bytes", "dataset.percentage", "peak.percentage", "allocator.allocated",
          "allocator.active", "allocator.resident", "allocator-fragmentation.ratio",
          "allocator-fragmentation.bytes", "allocator-rss.ratio", "allocator-rss.bytes",
          "rss-overhead.ratio", "rss-overhead.bytes", "fragmentation", "fragmentation.bytes"));
  EXPECT_THAT(reply, HasSubstr("keys.count\r\n:1\r\n"));
}

TEST(MemoryCommands, StatsShowsDatabasesWithKeys) {
  TestServer server;
  EXPECT_THAT(server.run("MEMORY", "STATS"), Not(HasSubstr("db.")));
  server.run("SET", "key", "value");
  server.run("SELECT", "3");
  server.run("SET", "key", "value");
  server.client.client().reply.set_resp3(true);
  const std::string reply = server.run("MEMORY", "STATS");
  EXPECT_THAT(reply, StartsWith("%29\r\n"));
  EXPECT_THAT(reply, HasSubstr("db.0\r\n%3\r\n"));
  EXPECT_THAT(reply, HasSubstr("db.3\r\n%3\r\n"));
  EXPECT_THAT(reply, HasSubstr("$13\r\nfragmentation\r\n,"));
}

TEST(MemoryCommands, ReportsAreVerbatimText) {
  TestServer server;
  server.client.client().reply.set_resp3(true);
  EXPECT_THAT(server.run("MEMORY", "DOCTOR"), HasSubstr("txt:"));
  EXPECT_THAT(server.run("MEMORY", "MALLOC-STATS"), HasSubstr("txt:"));
  EXPECT_EQ(server.run("MEMORY", "PURGE"), kOk);
}

TEST(MemoryCommands, Help) {
  TestServer server;
  EXPECT_THAT(server.run("MEMORY", "HELP"), HasSubstr("+USAGE <key> [SAMPLES <count>]\r\n"));
  EXPECT_EQ(server.run("MEMORY", "FOO"), error("ERR unknown subcommand 'FOO'. Try MEMORY HELP."));
}

}  // namespace
}  // namespace spinel::server
