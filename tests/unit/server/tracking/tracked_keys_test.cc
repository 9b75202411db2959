#include "server/tracking/tracked_keys.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace spinel::server {
namespace {

using Ids = std::vector<TrackedKeys::ClientId>;

TEST(TrackedKeys, AgreesWithAModel) {
  std::set<uint64_t> gone;
  TrackedKeys keys([&gone](uint64_t id) { return !gone.contains(id); });
  std::map<std::string, std::set<uint64_t>> model;
  std::mt19937 random(7);
  Ids taken;
  const auto alive = [&gone](const std::set<uint64_t>& ids) {
    std::set<uint64_t> left = ids;
    for (const uint64_t id : gone) left.erase(id);
    return left;
  };
  const auto expect_clients = [&](const std::string& key) {
    EXPECT_TRUE(std::ranges::is_sorted(taken));
    const std::set<uint64_t> told(taken.begin(), taken.end());
    EXPECT_EQ(told.size(), taken.size());
    EXPECT_EQ(alive(told), alive(model.at(key)));
    model.erase(key);
  };
  for (int step = 0; step < 200'000; ++step) {
    // Few keys have many clients, many have few; some are long.
    const std::string key = random() % 2 == 0
                                ? std::to_string(random() % 4)
                                : std::string(random() % 300, 'k') + std::to_string(random() % 20);
    switch (random() % 40) {
      case 0:
        ASSERT_EQ(keys.take(key, taken), model.contains(key));
        if (model.contains(key)) expect_clients(key);
        break;
      case 1:
        if (model.empty()) break;
        {
          std::string any;
          keys.take_any(any, taken);
          ASSERT_TRUE(model.contains(any));
          expect_clients(any);
        }
        break;
      case 2:
        if (gone.size() < 500) gone.insert(random() % 1000);
        break;
      case 3:
        if (random() % 500 != 0) break;
        keys.clear();
        model.clear();
        EXPECT_EQ(keys.item_count(), 0U);
        break;
      default: {
        const uint64_t id = random() % 1000;
        if (gone.contains(id)) break;
        keys.add(key, id);
        model[key].insert(id);
      }
    }
    ASSERT_EQ(keys.size(), model.size());
  }
  EXPECT_FALSE(keys.empty());
}

TEST(TrackedKeys, DropsClientsThatLeftBeforeItGrows) {
  uint64_t newest = 0;
  TrackedKeys keys([&newest](uint64_t id) { return id + 1 >= newest; });
  for (newest = 1; newest <= 10'000; ++newest) keys.add("key", newest);
  EXPECT_LE(keys.item_count(), 4U);
}

TEST(TrackedKeys, TakesLittleMemory) {
  TrackedKeys keys([](uint64_t) { return true; });
  for (int i = 0; i < 100'000; ++i) keys.add("key:" + std::to_string(10'000'000'000 + i), 7);
  EXPECT_EQ(keys.item_count(), 100'000U);
  EXPECT_LT(keys.memory_bytes(), 60U * 100'000);  // of 15 bytes each
}

}  // namespace
}  // namespace spinel::server
