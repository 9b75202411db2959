#include "server/persistence/unsynced_keys.h"

#include <gtest/gtest.h>
#include <random>
#include <unordered_map>

namespace spinel::server {
namespace {

TEST(UnsyncedKeys, AgreesWithAMap) {
  std::mt19937_64 chance(20261130);
  UnsyncedKeys keys;
  std::unordered_map<uint64_t, uint64_t> model;
  uint64_t durable = 0;
  for (uint64_t generation = 1; generation <= 400; ++generation) {
    const uint64_t count = chance() % 200;
    for (uint64_t i = 0; i < count; ++i) {
      // Many of the same, and many that fall into the same place.
      const uint64_t hash = (chance() % 500) << (chance() % 3 == 0 ? 32 : 0);
      keys.add(hash, generation, durable);
      model[hash] = generation;
    }
    if (chance() % 3 == 0) durable = generation - chance() % 2;
    for (const auto& [hash, last] : model) {
      const uint64_t told = keys.generation_of(hash);
      // Those that are durable may be forgotten.
      if (last > durable) {
        ASSERT_EQ(told, last);
      } else {
        ASSERT_LE(told, durable);
      }
    }
    ASSERT_EQ(keys.generation_of(uint64_t{1} << 60), 0U);
  }
  keys.clear();
  for (const auto& [hash, last] : model) ASSERT_EQ(keys.generation_of(hash), 0U);
}

TEST(UnsyncedKeys, DropsWhatIsDurableInsteadOfGrowing) {
  UnsyncedKeys keys;
  for (uint64_t generation = 1; generation <= 10'000; ++generation) {
    for (uint64_t i = 0; i < 50; ++i) keys.add(generation * 50 + i, generation, generation - 1);
  }
  EXPECT_LE(keys.memory_bytes(), 16U * 1024);
}

}  // namespace
}  // namespace spinel::server
