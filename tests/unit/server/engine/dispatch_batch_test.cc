// Commands that come in one batch: what is prefetched for them must not change what they do.
#include <gtest/gtest.h>
#include <string>

#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

class DispatchBatch : public testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 1000; ++i) {
      const std::string number = std::to_string(i);
      server_.run("SADD", "set", "m" + number);
      server_.run("HSET", "hash", "f" + number, number);
      server_.run("ZADD", "zset", number, "m" + number);
    }
  }
  std::string pipeline(std::initializer_list<std::initializer_list<std::string_view>> commands) {
    std::string bytes;
    for (const auto& command : commands) bytes += request(command);
    return server_.send(bytes);
  }

  TestServer server_;
};

TEST_F(DispatchBatch, ManyLookupsInLargeCollections) {
  std::string bytes;
  std::string expected;
  for (int i = 0; i < 1500; ++i) {
    const std::string number = std::to_string(i);
    const std::string member = "m" + number;
    const std::string field = "f" + number;
    bytes += request({"SISMEMBER", "set", member});
    bytes += request({"HGET", "hash", field});
    bytes += request({"ZSCORE", "zset", member});
    expected += integer(i < 1000 ? 1 : 0);
    expected += i < 1000 ? bulk(number) : kNull;
    expected += i < 1000 ? bulk(number) : kNull;
  }
  EXPECT_EQ(server_.send(bytes), expected);
}

TEST_F(DispatchBatch, ACollectionThatGoesAwayWithinTheBatch) {
  EXPECT_EQ(pipeline({{"DEL", "set"},
                      {"SADD", "set", "1"},
                      {"SISMEMBER", "set", "m1"},
                      {"RENAME", "hash", "set"},
                      {"HGET", "set", "f1"},
                      {"SADD", "set", "m1"},
                      {"SPOP", "zset"},
                      {"FLUSHALL"},
                      {"ZSCORE", "zset", "m1"}}),
            integer(1) + integer(1) + integer(0) + kOk + bulk("1") +
                error("WRONGTYPE Operation against a key holding the wrong kind of value") +
                error("WRONGTYPE Operation against a key holding the wrong kind of value") + kOk +
                kNull);
}

TEST_F(DispatchBatch, AKeyOfAnotherTypeOrOverdue) {
  server_.run("SET", "text", "x");
  server_.expire_now("text");
  EXPECT_EQ(pipeline({{"SADD", "text", "a"},
                      {"ZADD", "text", "1", "a"},
                      {"SCARD", "text"},
                      {"HLEN", "hash"},
                      {"HGET", "none", "f"}}),
            integer(1) +
                error("WRONGTYPE Operation against a key holding the wrong kind of value") +
                integer(1) + integer(1000) + kNull);
}

}  // namespace
}  // namespace spinel::server
