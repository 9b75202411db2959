#include "server/server.h"

#include <deque>
#include <gtest/gtest.h>

#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

TEST(Server, DoesMoreRoundsForManyClients) {
  TestServer server;
  std::deque<TestClient> clients;
  const auto rounds_with = [&](size_t count) {
    while (server.server.clients.size() < count) clients.emplace_back(server);
    return server.server.rounds_per_second();
  };
  EXPECT_EQ(rounds_with(2009), 10);
  EXPECT_EQ(rounds_with(2010), 20);
  EXPECT_EQ(rounds_with(4019), 20);
  EXPECT_EQ(rounds_with(4020), 40);
  server.run("CONFIG", "SET", "dynamic-hz", "no");
  EXPECT_EQ(rounds_with(4020), 10);
}

}  // namespace
}  // namespace spinel::server
