#include "storage/keyspace/entry.h"

#include <gtest/gtest.h>
#include <limits>

#include "storage/keyspace/entry_string.h"
#include "tests/unit/storage/keyspace/fixture.h"

namespace spinel::storage {
namespace {

class EntryTest : public testing::Test {
 protected:
  FixedHashSeed seed_;
  Database database_{0};
};

TEST_F(EntryTest, TypesHaveTheirNames) {
  EXPECT_EQ(type_name(Type::kString), "string");
  EXPECT_EQ(type_name(Type::kList), "list");
  EXPECT_EQ(type_name(Type::kSet), "set");
  EXPECT_EQ(type_name(Type::kSortedSet), "zset");
  EXPECT_EQ(type_name(Type::kHash), "hash");
  EXPECT_EQ(type_name(Type::kStream), "stream");
}

TEST_F(EntryTest, TakesTheBytesThatItsHeaderSays) {
  const std::string key(15, 'k');
  EXPECT_EQ(put(database_, key, std::string(32, 'v'))->size_bytes(), 53u);
  EXPECT_EQ(put(database_, key, "123456")->size_bytes(), 24u);
  EXPECT_EQ(put(database_, key, "12345678901")->size_bytes(), 28u);
  EXPECT_EQ(put(database_, key, std::string(32, 'v'), 99)->size_bytes(), 61u);
  EXPECT_EQ(put(database_, key, "")->size_bytes(), 21u);
  EXPECT_EQ(put(database_, key, std::string(255, 'v'))->size_bytes(), 21u + 255);
  EXPECT_EQ(put(database_, key, std::string(256, 'v'))->size_bytes(), 24u + 256);
  EXPECT_EQ(put(database_, key, std::string(5000, 'v'))->size_bytes(), 28u);
  EXPECT_EQ(put(database_, std::string(255, 'k'), "1")->size_bytes(), 5u + 255 + 4);
  EXPECT_EQ(put(database_, std::string(256, 'k'), "1")->size_bytes(), 8u + 256 + 4);
}

TEST_F(EntryTest, StoresEachKindOfStringInItsEncoding) {
  const auto encoding = [this](std::string_view value) {
    const Item item = put(database_, "key", value);
    EXPECT_EQ(value_of(*item), value);
    EXPECT_EQ(string_size(*item), value.size());
    EXPECT_EQ(item->type(), Type::kString);
    return item->encoding();
  };
  for (const char* value : {"0", "1", "-1", "2147483647", "-2147483648"}) {
    EXPECT_EQ(encoding(value), Encoding::kInt32) << value;
  }
  for (const char* value :
       {"2147483648", "-2147483649", "4294967296", "9223372036854775807", "-9223372036854775808"}) {
    EXPECT_EQ(encoding(value), Encoding::kInt64) << value;
  }
  for (const char* value : {"", " 1", "1 ", "01", "+1", "-0", "1.0", "9223372036854775808",
                            "-9223372036854775809", "18446744073709551616", "a", "-"}) {
    EXPECT_EQ(encoding(value), Encoding::kEmbedded) << value;
  }
  EXPECT_EQ(encoding(std::string(Entry::kMaxEmbedded, 'x')), Encoding::kEmbedded);
  EXPECT_EQ(encoding(std::string(Entry::kMaxEmbedded + 1, 'x')), Encoding::kRaw);
  EXPECT_EQ(encoding(std::string_view("\0\r\n\xff", 4)), Encoding::kEmbedded);
}

TEST_F(EntryTest, IntegersKeepTheirValue) {
  for (const int64_t value :
       {int64_t{0}, int64_t{-1}, int64_t{std::numeric_limits<int32_t>::max()},
        int64_t{std::numeric_limits<int32_t>::min()}, int64_t{1} << 31, -(int64_t{1} << 31) - 1,
        std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()}) {
    const Key key("counter");
    Item item = database_.find(key);
    database_.set_integer(key, item, value, 0);
    EXPECT_TRUE(item->is_integer());
    EXPECT_EQ(item->integer(), value);
    EXPECT_EQ(value_of(*item), std::to_string(value));
  }
}

TEST_F(EntryTest, ExpiresAfterTheMillisecondItNames) {
  const Item item = put(database_, "key", "value", 1000);
  EXPECT_TRUE(item->has_expiry());
  EXPECT_EQ(item->expire_at_ms(), 1000);
  EXPECT_FALSE(item->expired(999));
  EXPECT_FALSE(item->expired(1000));
  EXPECT_TRUE(item->expired(1001));
  const Item forever = put(database_, "other", "value");
  EXPECT_FALSE(forever->has_expiry());
  EXPECT_EQ(forever->expire_at_ms(), kNoExpiry);
  EXPECT_FALSE(forever->expired(std::numeric_limits<int64_t>::max()));
}

TEST_F(EntryTest, KeepsAllBitsOfTheAccessField) {
  Item item = put(database_, "key", "value", 1000, 0xabcdef);
  EXPECT_EQ(item->access(), 0xabcdefu);
  for (const uint32_t access : {0u, 1u, 0xffu, 0x100u, 0xffff00u, 0xffffffu}) {
    item->set_access(access);
    EXPECT_EQ(item->access(), access);
    EXPECT_EQ(item->key(), "key");
    EXPECT_EQ(item->expire_at_ms(), 1000);
    EXPECT_EQ(value_of(*item), "value");
  }
}

}  // namespace
}  // namespace spinel::storage
