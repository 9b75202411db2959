// Who is woken, in which order, and how many are looked at for it. That commands wait and are
// served is tested in tests/integration.
#include "server/blocking/blocked_clients.h"

#include <deque>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using storage::Type;
using testing::ElementsAre;
using testing::IsEmpty;

// The keys that exist, how often they were looked up, and who was woken, as "client key".
struct World {
  std::map<std::string, Type, std::less<>> types;
  int lookups = 0;
  std::vector<std::string> woken;
  bool block_again = false;
  BlockedClients* blocked = nullptr;
};
World* world = nullptr;

std::optional<Type> type_at(Client&, std::string_view key) {
  ++world->lookups;
  const auto found = world->types.find(key);
  return found == world->types.end() ? std::nullopt : std::optional(found->second);
}

void retry(Client& client, CommandArgs args, WakeReason) {
  world->woken.push_back(client.name + " " + std::string(args[0]));
  if (world->block_again) {
    world->blocked->block_on_keys(client, args, args.subspan(0, 1), Type::kList, 0);
  }
}

class BlockedClientsTest : public testing::Test {
 protected:
  BlockedClientsTest() {
    world = &world_;
    world_.blocked = &blocked_;
  }
  ~BlockedClientsTest() override {
    for (TestClient& client : clients_) blocked_.forget(client.client());
  }

  Client& wait(const std::string& name, std::string_view key, Type type) {
    Client& client = clients_.emplace_back(server_).client();
    client.name = name;
    const std::string_view args[] = {key};
    blocked_.block_on_keys(client, args, args, type, 0);
    return client;
  }
  std::vector<std::string> change(std::string_view key, Type type) {
    world_.types.insert_or_assign(std::string(key), type);
    keys_.modified(0, key);
    blocked_.serve();
    return std::exchange(world_.woken, {});
  }

  World world_;
  TestServer server_;
  std::deque<TestClient> clients_;
  ModifiedKeys keys_;
  BlockedClients blocked_{keys_, retry, type_at};
};

TEST_F(BlockedClientsTest, WakesInTheOrderOfBlocking) {
  wait("1", "k", Type::kList);
  wait("2", "other", Type::kList);
  wait("3", "k", Type::kSortedSet);
  wait("4", "k", Type::kList);
  EXPECT_EQ(blocked_.keys_waited_for(), 2U);
  EXPECT_THAT(change("k", Type::kList), ElementsAre("1 k", "4 k"));
  EXPECT_THAT(change("k", Type::kSortedSet), ElementsAre("3 k"));
  EXPECT_EQ(blocked_.keys_waited_for(), 1U);
}

TEST_F(BlockedClientsTest, LooksAtNobodyWhoWaitsForAnotherType) {
  for (int i = 0; i < 300; ++i) wait("list", "k", Type::kList);
  EXPECT_THAT(change("k", Type::kSortedSet), IsEmpty());
  EXPECT_EQ(world_.lookups, 1);

  wait("set", "k", Type::kSortedSet);
  world_.lookups = 0;
  EXPECT_THAT(change("k", Type::kSortedSet), ElementsAre("set k"));
  EXPECT_LE(world_.lookups, 2);
}

TEST_F(BlockedClientsTest, LooksAtAKeyOnceHoweverOftenItChanged) {
  wait("1", "k", Type::kSortedSet);
  world_.types.emplace("k", Type::kList);
  for (int i = 0; i < 100; ++i) keys_.modified(0, "k");
  keys_.swapped(0, 1);
  blocked_.serve();
  EXPECT_EQ(world_.lookups, 1);
  // And again the next time.
  EXPECT_THAT(change("k", Type::kSortedSet), ElementsAre("1 k"));
}

TEST_F(BlockedClientsTest, WhoBlocksAgainKeepsItsPlace) {
  wait("1", "k", Type::kList);
  wait("2", "k", Type::kList);
  world_.block_again = true;
  EXPECT_THAT(change("k", Type::kList), ElementsAre("1 k", "2 k"));
  wait("3", "k", Type::kList);
  EXPECT_THAT(change("k", Type::kList), ElementsAre("1 k", "2 k", "3 k"));
}

}  // namespace
}  // namespace spinel::server
