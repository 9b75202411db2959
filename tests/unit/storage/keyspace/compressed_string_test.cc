// A compressed bitmap under a key: whatever moves, copies, measures and frees values.
#include <gtest/gtest.h>

#include "storage/base/memory.h"
#include "storage/keyspace/bitmap.h"
#include "storage/keyspace/digest.h"
#include "storage/keyspace/entry_string.h"
#include "storage/keyspace/object.h"
#include "tests/unit/storage/keyspace/fixture.h"

namespace spinel::storage {
namespace {

class CompressedString : public testing::Test {
 protected:
  static constexpr uint64_t kLast = 3'000'000;

  static Item make(Database& database, std::string_view name, uint64_t ones = 500) {
    const Key key(name);
    Item item = database.find(key);
    Random random(ones);
    set_bit(database, key, item, kLast, true, 7, true);
    for (uint64_t i = 1; i < ones; ++i) {
      set_bit(database, key, item, random.below(kLast), true, 7, true);
    }
    EXPECT_EQ(item->encoding(), Encoding::kCompressedBitmap);
    return item;
  }

  FixedHashSeed seed_;
  RecordingObserver observer_;
  Keyspace keyspace_{2, observer_};
  Database& database_ = keyspace_.database(0);
};

TEST_F(CompressedString, IsAStringAndHasANameOfItsOwn) {
  const Item item = make(database_, "key");
  EXPECT_EQ(item->type(), Type::kString);
  EXPECT_EQ(encoding_name(*item), "roaring");
  EXPECT_EQ(item->access(), 7);
  EXPECT_EQ(string_size(*item), kLast / 8 + 1);
}

TEST_F(CompressedString, IsCopiedAndMovedAsItIs) {
  const Item item = make(database_, "key");
  const std::string bytes = value_of(*item);
  const Item copy = keyspace_.database(1).copy(item, Key("copy"), 99'999);
  EXPECT_EQ(copy->encoding(), Encoding::kCompressedBitmap);
  EXPECT_EQ(copy->expire_at_ms(), 99'999);
  EXPECT_EQ(value_of(*copy), bytes);
  // They have nothing in common.
  Item changed = copy;
  set_bit(keyspace_.database(1), Key("copy"), changed, 12'345, !BitmapView(copy).get(12'345), 0,
          true);
  EXPECT_EQ(value_of(*database_.find(Key("key"))), bytes);
  EXPECT_NE(value_of(*changed), bytes);

  database_.move(database_.find(Key("key")), Key("key"), keyspace_.database(1), Key("moved"));
  EXPECT_FALSE(database_.find(Key("key")));
  EXPECT_EQ(get(keyspace_.database(1), "moved"), bytes);
}

TEST_F(CompressedString, TakesWhatMemoryUsageSays) {
  register_memory_thread();
  make(database_, "first", 20'000);  // what is only set up once
  const size_t before = used_memory();
  const Item item = make(database_, "key", 20'000);
  const size_t taken = used_memory() - before;
#ifndef SPINEL_SANITIZED
  const size_t told = database_.memory_usage(*item, 0);
  EXPECT_GE(told, taken * 9 / 10);
  EXPECT_LE(told, taken * 11 / 10);
#endif
  const size_t constant = object_bytes(item->encoding(), item->object());
  const size_t exact = object_memory(item->encoding(), item->object(), 0);
  EXPECT_GE(constant, exact * 9 / 10);
  EXPECT_LE(constant, exact * 11 / 10);
  EXPECT_LT(exact, kLast / 8);
  database_.erase(item, Key("key"), nullptr);
  EXPECT_LE(used_memory(), before + taken / 10);
}

TEST_F(CompressedString, IsFreedByTheOtherThreadWhenItIsLarge) {
  const Item item = make(database_, "key", 30'000);
  ASSERT_TRUE(LazyFree::worth_it(item->encoding(), item->object()));
  keyspace_.lazy_free.reset_freed();
  database_.erase(item, Key("key"), &keyspace_.lazy_free);
  keyspace_.lazy_free.drain();
  EXPECT_EQ(keyspace_.lazy_free.freed(), 1);
  const Item small = make(database_, "small", 3);
  EXPECT_FALSE(LazyFree::worth_it(small->encoding(), small->object()));
}

TEST_F(CompressedString, HasTheDigestOfItsBytes) {
  const Item item = make(database_, "key");
  const Sha1Digest compressed = value_digest(*item);
  const std::string bytes = value_of(*item);
  EXPECT_EQ(value_digest(*put(database_, "flat", bytes)), compressed);
  const Sha1Digest all = dataset_digest(keyspace_);
  put(database_, "key", bytes);
  EXPECT_EQ(database_.find(Key("key"))->encoding(), Encoding::kRaw);
  EXPECT_EQ(dataset_digest(keyspace_), all);
}

TEST_F(CompressedString, BecomesBytesWhenItIsResized) {
  Item item = make(database_, "key");
  std::string bytes = value_of(*item);
  database_.set_expiry(item, 99'999);
  database_.resize_string(Key("key"), item, bytes.size() + 10, 0);
  bytes.resize(bytes.size() + 10);
  EXPECT_EQ(item->encoding(), Encoding::kRaw);
  EXPECT_EQ(item->expire_at_ms(), 99'999);
  EXPECT_EQ(value_of(*item), bytes);
}

TEST_F(CompressedString, IsReplacedByOtherValuesAndReplacesThem) {
  Item item = make(database_, "key");
  database_.set_integer(Key("key"), item, 5, 0);
  EXPECT_EQ(get(database_, "key"), "5");
  make(database_, "key");
  put(database_, "key", std::string(5000, 'x'));
  EXPECT_EQ(get(database_, "key"), std::string(5000, 'x'));
}

}  // namespace
}  // namespace spinel::storage
