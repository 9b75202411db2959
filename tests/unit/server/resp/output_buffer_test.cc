#include "server/resp/output_buffer.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>

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

TEST(OutputBufferTest, WithoutALimitTakesAnything) {
  OutputBuffer buffer;
  for (int i = 0; i < 100; ++i) buffer.append(std::string(1 << 20, 'x'));
  EXPECT_EQ(buffer.size(), 100u << 20);
  EXPECT_FALSE(buffer.overflowed());
}

}  // namespace
}  // namespace spinel::server::resp
