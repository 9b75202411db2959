// What a key costs. Counted from the pages and buckets themselves, so that it is the same in every
// run.
#include "storage/base/memory.h"

#include <gtest/gtest.h>

#include "tests/unit/storage/idle_memory.h"
#include "tests/unit/storage/keyspace/fixture.h"

namespace spinel::storage {
namespace {

constexpr uint64_t kKeys = 100'000;

// Bytes a key of kKeys, with 15 bytes of name and the value that `value(number)` gives.
template <typename ValueOf>
double bytes_a_key(ValueOf&& value, int64_t expire_at_ms) {
  const FixedHashSeed seed;
  const int64_t idle_before = count_idle_memory();
  Database database(0);
  for (uint64_t i = 0; i < kKeys; ++i) put(database, key_number(i), value(i), expire_at_ms);
  while (database.resize_step(1000)) {
  }
  size_t bytes = database.table_bytes() + static_cast<size_t>(count_idle_memory() - idle_before);
  database.for_each([&bytes](Entry& entry) {
    EXPECT_LE(entry.size_bytes(), SlabAllocator::kMaxBlock);
    bytes += SlabAllocator::block_size(entry.size_bytes());
  });
  return static_cast<double>(bytes) / static_cast<double>(kKeys);
}

std::string text_of_32_bytes(uint64_t number) {
  return "value" + std::string(12, 'x') + key_number(number);
}

TEST(KeyMemory, AShortStringTakes72BytesAtMost) {
  ASSERT_EQ(text_of_32_bytes(1).size(), 32u);
  EXPECT_LE(bytes_a_key(text_of_32_bytes, kNoExpiry), 72);
}

TEST(KeyMemory, AnIntegerTakes44BytesAtMost) {
  EXPECT_LE(bytes_a_key([](uint64_t number) { return std::to_string(number); }, kNoExpiry), 44);
}

TEST(KeyMemory, AShortStringWithExpiryTakes90BytesAtMost) {
  EXPECT_LE(bytes_a_key(text_of_32_bytes, 2'000'000'000'000), 90);
}

TEST(KeyMemory, DeletingAllGivesAllBack) {
  const FixedHashSeed seed;
  const int64_t idle_before = count_idle_memory();
  Database database(0);
  for (uint64_t i = 0; i < kKeys; ++i) put(database, key_number(i), text_of_32_bytes(i));
  for (uint64_t i = 0; i < kKeys; ++i) {
    const std::string name = key_number(i);
    const Key key(name);
    database.erase(database.find(key), key, nullptr);
  }
  EXPECT_LE(count_idle_memory() - idle_before, 4096);
  EXPECT_LE(database.table_bytes(), 64u * 64);
}

TEST(KeyMemory, ClearingGivesAllBack) {
  const FixedHashSeed seed;
  const int64_t idle_before = count_idle_memory();
  Database database(0);
  for (uint64_t i = 0; i < 10'000; ++i) put(database, key_number(i), text_of_32_bytes(i), 5);
  database.clear(nullptr);
  EXPECT_EQ(count_idle_memory(), idle_before);
  EXPECT_EQ(database.table_bytes(), 0u);
}

}  // namespace
}  // namespace spinel::storage
