#include "server/resp/output_buffer.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace spinel::server::resp {
namespace {

TEST(OutputBufferTest, IsAQueueOfBytes) {
  OutputBuffer buffer;
  std::string expected;
  for (int i = 0; i < 10'000; ++i) {
    const std::string text = std::to_string(i);
    buffer.append(text);
    expected += text;
    if (i % 7 == 0) {
      const size_t sent = std::min<size_t>(static_cast<size_t>(i % 20), buffer.size());
      buffer.consume(sent);
      expected.erase(0, sent);
    }
  }
  EXPECT_EQ(buffer.view(), expected);
  buffer.truncate(100);
  buffer.insert(50, "between");
  EXPECT_EQ(buffer.view(), expected.substr(0, 50) + "between" + expected.substr(50, 50));
  buffer.consume(buffer.size());
  buffer.release_idle_memory(0);
  EXPECT_EQ(buffer.capacity(), 0u);
}

TEST(OutputBufferTest, DropsWhatExceedsItsLimitAndStaysSmall) {
  OutputBuffer buffer;
  buffer.set_limit(100'000);
  buffer.append(std::string(90'000, 'x'));
  EXPECT_FALSE(buffer.overflowed());
  const size_t mark = buffer.size();
  for (int i = 0; i < 10'000; ++i) buffer.append(std::string(1000, 'y'));
  EXPECT_TRUE(buffer.overflowed());
  EXPECT_LE(buffer.capacity(), 200'000u);
  std::string huge;
  huge.resize(50'000'000, 'z');
  buffer.append(huge);
  EXPECT_LE(buffer.capacity(), 200'000u);
  // What its users do with places they remember must do no harm.
  buffer.insert(mark, "*1\r\n");
  buffer.truncate(mark);
  char* room = buffer.reserve(300'000);
  std::fill(room, room + 300'000, 'r');
  buffer.commit(300'000);
  EXPECT_TRUE(buffer.overflowed());
}

// --- strings that replies share with the keyspace

using storage::RawString;

RawString* make_string(size_t size, char fill) {
  RawString* string = RawString::create(size, size);
  std::fill_n(string->bytes(), size, fill);
  return string;
}

// All that is pending, as it would be sent with `most` parts at a time.
std::string send_all(OutputBuffer& buffer, size_t most, size_t most_bytes) {
  std::string sent;
  while (!buffer.empty()) {
    std::vector<iovec> parts(most);
    parts.resize(buffer.gather(parts.data(), most));
    EXPECT_FALSE(parts.empty());
    size_t left = most_bytes;
    for (const iovec& part : parts) {
      const size_t taken = std::min(left, part.iov_len);
      sent.append(static_cast<const char*>(part.iov_base), taken);
      left -= taken;
    }
    buffer.consume(most_bytes - left);
  }
  return sent;
}

TEST(OutputBufferTest, SendsSharedStringsFromWhereTheyLie) {
  constexpr size_t kSize = 20'000;
  for (const size_t most : {2u, 3u, 64u}) {
    for (const size_t step : {1000u, 7001u, 1u << 20}) {
      OutputBuffer buffer;
      buffer.allow_sharing(true);
      std::string expected;
      RawString* string = make_string(kSize, 'v');
      for (int i = 0; i < 200; ++i) {
        const std::string text = std::to_string(i);
        buffer.append(text);
        buffer.append_shared(*string, 1, kSize - 1);
        expected += text + std::string(kSize - 1, 'v');
        if (i % 3 == 0) {
          buffer.append_shared(*string, 0, 100);  // is not worth it
          expected += std::string(100, 'v');
        }
      }
      EXPECT_EQ(buffer.size(), expected.size());
      EXPECT_FALSE(buffer.is_contiguous());
      EXPECT_LT(buffer.capacity(), 100'000U) << "nothing large is copied";
      EXPECT_GT(buffer.memory_bytes(), 200 * kSize - 1000);
      EXPECT_TRUE(string->is_shared());
      EXPECT_EQ(send_all(buffer, most, step), expected);
      EXPECT_TRUE(buffer.is_contiguous());
      EXPECT_FALSE(string->is_shared());
      RawString::destroy(string);
    }
  }
}

TEST(OutputBufferTest, TruncatesAndInsertsAroundSharedStrings) {
  constexpr size_t kSize = 20'000;
  OutputBuffer buffer;
  buffer.allow_sharing(true);
  RawString* a = make_string(kSize, 'a');
  RawString* b = make_string(kSize, 'b');
  buffer.append("1");
  buffer.append_shared(*a, 0, kSize);
  const size_t between = buffer.size();
  buffer.append("23");
  buffer.append_shared(*b, 0, kSize);
  const size_t before_end = buffer.size();
  buffer.append("4");
  buffer.truncate(before_end);
  buffer.insert(before_end, "end");
  buffer.insert(between + 1, "-");
  buffer.insert(between, "+");
  buffer.insert(0, "begin");
  EXPECT_TRUE(b->is_shared());
  OutputBuffer copy;  // does not share
  copy.append_shared(*b, 0, kSize);
  EXPECT_EQ(copy.view(), std::string(kSize, 'b'));
  const std::string first = "begin1" + std::string(kSize, 'a');
  buffer.truncate(first.size() + 4);
  EXPECT_FALSE(b->is_shared());
  EXPECT_EQ(send_all(buffer, 64, 999), first + "+2-3");
  // One that goes away, or overflows, gives up what it shares.
  for (const bool overflows : {false, true}) {
    OutputBuffer last;
    last.allow_sharing(true);
    last.set_limit(100'000);
    for (int i = 0; i < (overflows ? 6 : 3); ++i) last.append_shared(*a, 0, kSize);
    EXPECT_EQ(last.overflowed(), overflows);
    EXPECT_EQ(a->is_shared(), !overflows);
  }
  EXPECT_FALSE(a->is_shared());
  RawString::destroy(a);
  RawString::destroy(b);
}

TEST(OutputBufferTest, WithoutALimitTakesAnything) {
  OutputBuffer buffer;
  for (int i = 0; i < 100; ++i) buffer.append(std::string(1 << 20, 'x'));
  EXPECT_EQ(buffer.size(), 100u << 20);
  EXPECT_FALSE(buffer.overflowed());
}

}  // namespace
}  // namespace spinel::server::resp
