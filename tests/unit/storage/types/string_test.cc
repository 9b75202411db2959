#include "storage/types/string.h"

#include <cstring>
#include <gtest/gtest.h>

#include "storage/keyspace/entry_string.h"
#include "tests/unit/storage/keyspace/fixture.h"

namespace spinel::storage {
namespace {

TEST(RawString, IsMadeWithTheSizeAndRoomAskedFor) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{100}, size_t{4096}}) {
    for (const size_t room : {size_t{0}, size_t{50}, size_t{10'000}}) {
      RawString* string = RawString::create(size, room);
      EXPECT_EQ(string->size, size);
      EXPECT_GE(string->capacity, std::max(size, room));
      std::memset(string->bytes(), 'x', string->capacity);
      EXPECT_EQ(string->view(), std::string(size, 'x'));
      RawString::destroy(string);
    }
  }
}

TEST(RawString, GrowsWithZeroesAndShrinksWithoutMoving) {
  RawString* string = RawString::create(5, 5);
  std::memcpy(string->bytes(), "hello", 5);
  string = RawString::resize(string, 9);
  EXPECT_EQ(string->view(), std::string("hello\0\0\0\0", 9));
  std::memset(string->bytes(), 'y', string->capacity);
  const RawString* before = string;
  const size_t capacity = string->capacity;
  string = RawString::resize(string, 2);
  EXPECT_EQ(string, before);
  EXPECT_EQ(string->capacity, capacity);
  // What was there before the cut does not come back.
  string = RawString::resize(string, capacity);
  EXPECT_EQ(string, before);
  EXPECT_EQ(string->view(), "yy" + std::string(capacity - 2, '\0'));
  RawString::destroy(string);
}

TEST(RawString, AppendingReallocatesSeldom) {
  constexpr size_t kFinal = 10 << 20;
  RawString* string = RawString::create(0, 0);
  int growths = 0;
  for (size_t size = 1; size <= kFinal; ++size) {
    const size_t capacity = string->capacity;
    string = RawString::resize(string, size);
    string->bytes()[size - 1] = static_cast<char>(size);
    if (string->capacity != capacity) {
      ++growths;
      // Room doubles, but by no more than a mebibyte (and what the allocator rounds up).
      ASSERT_GE(string->capacity, size + std::min(size, size_t{1} << 20));
      ASSERT_LE(string->capacity, 2 * size + 64 + (size >> 2));
      ASSERT_LE(string->capacity, size + (2 << 20) + (size >> 2));
    }
  }
  EXPECT_LE(growths, 20 + 10);
  for (size_t i = 0; i < kFinal; i += 1013) {
    ASSERT_EQ(string->bytes()[i], static_cast<char>(i + 1));
  }
  RawString::destroy(string);
}

TEST(StringValue, ReadsTheSameInEveryEncoding) {
  const FixedHashSeed seed;
  Database database(0);
  for (const std::string& value : {std::string("0"), std::string("-77"), std::string("8589934592"),
                                   std::string(), std::string("abc"), std::string(5000, 'z')}) {
    Item item = put(database, "key", value);
    StringScratch scratch;
    EXPECT_EQ(string_bytes(*item, scratch), value);
    EXPECT_EQ(string_size(*item), value.size());
    // As a RawString the text of an integer is just bytes.
    database.resize_string(Key("key"), item, value.size(), 0);
    EXPECT_EQ(item->encoding(), Encoding::kRaw);
    EXPECT_EQ(string_bytes(*item, scratch), value);
    EXPECT_EQ(string_size(*item), value.size());
  }
}

}  // namespace
}  // namespace spinel::storage
