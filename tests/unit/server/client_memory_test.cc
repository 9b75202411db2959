#include "server/client_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>

#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

class ClientMemoryTest : public testing::Test {
 protected:
  static constexpr size_t kLimit = 1 << 20;

  void limit(std::string_view value) {
    ASSERT_EQ(server_.run("CONFIG", "SET", "maxmemory-clients", value), kOk);
  }
  // Makes `client` hold an unfinished request of so many bytes.
  void fill(TestClient& client, size_t bytes) {
    client.send("*2\r\n$3\r\nGET\r\n$" + std::to_string(2 * bytes) + "\r\n" +
                std::string(bytes, 'x'));
    memory_.update(client.client());
  }
  uint64_t sum() {
    uint64_t bytes = 0;
    for (const auto& [id, client] : server_.server.clients) bytes += client->memory_bytes();
    return bytes;
  }
  int64_t evicted() { return server_.server.stats.evicted_clients; }

  TestServer server_;
  ClientMemory& memory_ = server_.server.clients.memory;
};

TEST_F(ClientMemoryTest, KeepsNothingWithoutALimit) {
  TestClient other(server_);
  fill(other, 1000);
  EXPECT_FALSE(memory_.limited());
  EXPECT_FALSE(memory_.over());
  EXPECT_EQ(memory_.total_bytes(), 0u);
  EXPECT_EQ(memory_.largest(), nullptr);
}

TEST_F(ClientMemoryTest, TheLimitIsInBytesOrInPercentOfMaxmemory) {
  const std::pair<const char*, uint64_t> cases[] = {
      {"1", ClientMemory::kLeastLimitBytes},
      {"131073", 131073},
      {"1gb", 1 << 30},
      {"0", 0},
      {"10%", 0},  // of no maxmemory
      {"9223372036854775807", INT64_MAX},
  };
  for (const auto& [value, bytes] : cases) {
    limit(value);
    EXPECT_EQ(memory_.limit_bytes(), bytes) << value;
  }
  limit("5%");
  EXPECT_EQ(server_.run("CONFIG", "SET", "maxmemory", "100mb"), kOk);
  EXPECT_EQ(memory_.limit_bytes(), 5u << 20);
  limit("100%");
  EXPECT_EQ(server_.run("CONFIG", "SET", "maxmemory", "18446744073709551615"), kOk);
  EXPECT_EQ(memory_.limit_bytes(), UINT64_MAX);
  EXPECT_EQ(server_.run("CONFIG", "SET", "maxmemory", "0"), kOk);
  EXPECT_EQ(memory_.limit_bytes(), 0u);
}

TEST_F(ClientMemoryTest, FollowsClientsThatComeGrowAndGo) {
  auto other = std::make_unique<TestClient>(server_);
  fill(*other, 5000);
  limit("1mb");
  EXPECT_EQ(memory_.total_bytes(), sum());
  EXPECT_GT(memory_.total_bytes(), 5000u);
  fill(*other, 50'000);
  EXPECT_EQ(server_.run("PING"), "+PONG\r\n");
  EXPECT_EQ(memory_.total_bytes(), sum());
  EXPECT_EQ(memory_.largest(), &other->client());
  other.reset();
  EXPECT_EQ(memory_.total_bytes(), sum());
  EXPECT_EQ(memory_.largest(), &server_.client.client());
  limit("0");
  EXPECT_EQ(memory_.total_bytes(), 0u);
  EXPECT_EQ(memory_.largest(), nullptr);
}

TEST_F(ClientMemoryTest, CountsTheCommandThatAClientWaitsWith) {
  limit("1mb");
  const size_t before = server_.client.client().memory_bytes();
  EXPECT_EQ(server_.run("WAIT", "1", "0"), "");
  EXPECT_GE(server_.client.client().memory_bytes(), before + 3 * sizeof(std::string));
  EXPECT_EQ(memory_.total_bytes(), sum());
  server_.server.blocked.time_out(server_.client.client());
  server_.server.blocked.serve();
}

TEST_F(ClientMemoryTest, EvictsTheLargestUntilTheOthersFit) {
  limit(std::to_string(kLimit));
  TestClient a(server_), b(server_), c(server_);
  fill(a, kLimit / 8);
  fill(b, kLimit);
  fill(c, kLimit / 3);
  EXPECT_TRUE(memory_.over());
  EXPECT_EQ(server_.run("PING"), "+PONG\r\n");
  EXPECT_TRUE(b.closed());
  EXPECT_FALSE(a.closed());
  EXPECT_FALSE(c.closed());
  EXPECT_EQ(evicted(), 1);
  EXPECT_FALSE(memory_.over());
}

TEST_F(ClientMemoryTest, AClientIsEvictedBeforeItsNextCommand) {
  limit(std::to_string(kLimit));
  ASSERT_EQ(server_.run("SET", "key", std::string(kLimit / 4, 'x')), kOk);
  TestClient greedy(server_);
  std::string requests;
  for (int i = 0; i < 100; ++i) requests += request({"GET", "key"});
  const std::string replies = greedy.send(requests + request({"SET", "after", "1"}));
  EXPECT_TRUE(greedy.closed());
  EXPECT_EQ(evicted(), 1);
  EXPECT_LT(replies.size(), 2 * kLimit);
  EXPECT_EQ(server_.run("GET", "after"), kNull);
}

TEST_F(ClientMemoryTest, BuffersThatAreOnlyLargeAreGivenBackFirst) {
  ASSERT_EQ(TestClient(server_).run("SET", "key", std::string(2 * kLimit, 'x')), kOk);
  TestClient other(server_);
  EXPECT_GT(other.run("GET", "key").size(), 2 * kLimit);  // all of it is read
  limit(std::to_string(kLimit));
  EXPECT_TRUE(memory_.over());
  EXPECT_EQ(other.run("PING"), "+PONG\r\n");
  EXPECT_FALSE(other.closed());
  EXPECT_EQ(evicted(), 0);
}

TEST_F(ClientMemoryTest, WhoIsExemptStaysButCounts) {
  limit(std::to_string(kLimit));
  TestClient exempt(server_), other(server_);
  EXPECT_EQ(exempt.run("CLIENT", "NO-EVICT", "ON"), kOk);
  EXPECT_EQ(server_.run("CLIENT", "NO-EVICT", "ON"), kOk);
  EXPECT_EQ(other.run("PING"), "+PONG\r\n");
  fill(exempt, 2 * kLimit);
  EXPECT_EQ(other.run("PING"), "");
  EXPECT_TRUE(other.closed());
  EXPECT_FALSE(exempt.closed());
  EXPECT_EQ(evicted(), 1);
  EXPECT_EQ(server_.run("PING"), "+PONG\r\n");
  EXPECT_TRUE(memory_.over());
  EXPECT_EQ(server_.run("CLIENT", "NO-EVICT", "OFF"), kOk);
  exempt.client().no_evict = false;
  memory_.update(exempt.client());
  server_.server.clients.evict();
  EXPECT_TRUE(exempt.closed());
  EXPECT_EQ(server_.run("PING"), "+PONG\r\n");
}

}  // namespace
}  // namespace spinel::server
