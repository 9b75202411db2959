#include "server/tracking/broadcasts.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

class BroadcastsTest : public testing::Test {
 protected:
  // "prefix: key by 3, key by 0", for each prefix.
  std::vector<std::string> take() {
    std::vector<std::string> taken;
    broadcasts_.take_changes([&](const Broadcasts::Prefix& prefix) {
      std::string line = prefix.prefix + ":";
      for (const auto& change : prefix.changes.sorted()) {
        line += " " + std::string(change.key) + " by " + std::to_string(change.modifier);
      }
      taken.push_back(line);
    });
    return taken;
  }

  TestServer server_;
  TestClient one_{server_};
  TestClient two_{server_};
  Broadcasts broadcasts_;
};

TEST_F(BroadcastsTest, CollectsKeysByPrefix) {
  broadcasts_.add(one_.client(), "b");
  broadcasts_.add(one_.client(), "a");
  broadcasts_.add(two_.client(), "");
  broadcasts_.add(two_.client(), "ab");
  EXPECT_EQ(broadcasts_.prefix_count(), 4U);
  broadcasts_.on_key_modified("b1", 1);
  broadcasts_.on_key_modified("abc", 1);
  broadcasts_.on_key_modified("c", 2);
  broadcasts_.on_key_modified("abc", 2);
  EXPECT_TRUE(broadcasts_.has_changes());
  EXPECT_EQ(take(), (std::vector<std::string>{": abc by 0 b1 by 1 c by 2", "a: abc by 0",
                                              "ab: abc by 0", "b: b1 by 1"}));
  EXPECT_FALSE(broadcasts_.has_changes());
  broadcasts_.on_key_modified("b", 1);
  broadcasts_.remove(one_.client(), "b");
  broadcasts_.remove(two_.client(), "");
  EXPECT_FALSE(broadcasts_.has_changes());
  broadcasts_.on_key_modified("b", 1);
  EXPECT_FALSE(broadcasts_.has_changes());
}

TEST_F(BroadcastsTest, KeepsOneOfRepeatedChanges) {
  broadcasts_.add(one_.client(), "");
  size_t most_bytes = 0;
  for (int i = 0; i < 1'000'000; ++i) broadcasts_.on_key_modified("key" + std::to_string(i % 3), 1);
  broadcasts_.take_changes(
      [&](const Broadcasts::Prefix& prefix) { most_bytes = prefix.changes.memory_bytes(); });
  EXPECT_LT(most_bytes, 200'000U);
  for (int i = 0; i < 5000; ++i) broadcasts_.on_key_modified(std::to_string(i % 2500), 1 + i % 2);
  broadcasts_.take_changes(
      [](const Broadcasts::Prefix& prefix) { EXPECT_EQ(prefix.changes.sorted().size(), 2500U); });
}

}  // namespace
}  // namespace spinel::server
