#include "persistence/rdb/primitives.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

#include "persistence/rdb/lzf.h"
#include "tests/unit/persistence/rdb/support.h"

namespace spinel::persistence::rdb {
namespace {

using test::length;

std::string written(std::string_view text, bool compress = true) {
  std::string bytes;
  StringSink sink(bytes);
  ByteWriter writer(sink, 4096);
  StringWriter{compress}.write(writer, text);
  writer.flush();
  return bytes;
}

std::string read(std::string_view bytes) {
  ByteReader reader(bytes);
  StringReader strings;
  const std::string text(strings.read(reader));
  EXPECT_TRUE(reader.ok()) << reader.error().cause;
  EXPECT_EQ(reader.position(), bytes.size());
  return text;
}

std::string cause_of(std::string_view bytes) {
  ByteReader reader(bytes);
  StringReader strings;
  EXPECT_EQ(strings.read(reader), "");
  return reader.error().cause;
}

TEST(RdbPrimitives, LengthsTakeTheShortestForm) {
  using namespace std::string_literals;
  EXPECT_EQ(length(0), "\0"s);
  EXPECT_EQ(length(63), "\x3f");
  EXPECT_EQ(length(64), "\x40\x40");
  EXPECT_EQ(length(16383), "\x7f\xff");
  EXPECT_EQ(length(16384), "\x80\x00\x00\x40\x00"s);
  EXPECT_EQ(length(UINT32_MAX), "\x80\xff\xff\xff\xff");
  EXPECT_EQ(length(uint64_t{1} << 32), "\x81\x00\x00\x00\x01\x00\x00\x00\x00"s);
  for (const uint64_t value : {uint64_t{0}, uint64_t{63}, uint64_t{64}, uint64_t{16383},
                               uint64_t{16384}, uint64_t{UINT32_MAX}, UINT64_MAX}) {
    const std::string bytes = length(value);
    ByteReader reader(bytes);
    EXPECT_EQ(read_length(reader), value);
    EXPECT_EQ(reader.position(), bytes.size());
  }
}

TEST(RdbPrimitives, OtherLengthsAreErrors) {
  for (const char head : {'\x82', '\xbf', '\xc0', '\xc3'}) {
    const std::string bytes(12, head);
    ByteReader reader(bytes);
    read_length(reader);
    EXPECT_FALSE(reader.ok());
  }
}

TEST(RdbPrimitives, IntegersTakeAsFewBytesAsHoldThem) {
  using namespace std::string_literals;
  EXPECT_EQ(written("0"), "\xc0\x00"s);
  EXPECT_EQ(written("-128"), "\xc0\x80");
  EXPECT_EQ(written("128"), "\xc1\x80\x00"s);
  EXPECT_EQ(written("32767"), "\xc1\xff\x7f");
  EXPECT_EQ(written("-32769"), "\xc2\xff\x7f\xff\xff");
  EXPECT_EQ(written("2147483647"), "\xc2\xff\xff\xff\x7f");
  EXPECT_EQ(written("2147483648"),
            "\x0a"
            "2147483648");
  for (const char* text : {"+1", "01", "-0", "1 ", "", "-"}) {
    EXPECT_EQ(written(text), test::plain(text));
  }
  for (const char* text : {"0", "-1", "127", "-128", "128", "-129", "32767", "32768", "-2147483648",
                           "2147483648", "-2147483649", "9223372036854775807"}) {
    EXPECT_EQ(read(written(text)), text);
  }
}

TEST(RdbPrimitives, LongTextIsCompressedWhereThatSavesFourBytes) {
  const std::string repeated(100, 'x');
  EXPECT_EQ(written(repeated)[0], '\xc3');
  EXPECT_LT(written(repeated).size(), 20u);
  EXPECT_EQ(written(repeated, false), test::plain(repeated));
  EXPECT_EQ(written(std::string(20, 'x')), test::plain(std::string(20, 'x')));
  std::mt19937 random(1);
  std::string noise;
  for (int i = 0; i < 100; ++i) noise.push_back(static_cast<char>(random()));
  EXPECT_EQ(written(noise), test::plain(noise));
  for (size_t size = 0; size < 10'000; size = size * 5 / 4 + 1) {
    std::string text;
    while (text.size() < size) text += std::to_string(random() % 100);
    EXPECT_EQ(read(written(text)), text);
  }
}

TEST(RdbPrimitives, DamagedStringsAreErrors) {
  EXPECT_EQ(cause_of(std::string("\xc4")), "invalid form of a string");
  EXPECT_EQ(cause_of(length(3) + "ab"), "unexpected end of data");
  EXPECT_NE(cause_of(length(uint64_t{1} << 50) + "ab"), "");
  std::string compressed = written(std::string(100, 'x'));
  EXPECT_NE(cause_of(compressed.substr(0, compressed.size() - 1)), "");
  compressed[2] = '\x3f';  // it is longer than what it expands to
  EXPECT_NE(cause_of(compressed), "");
  EXPECT_EQ(cause_of("\xc3" + length(1) + length(kMaxLzfExpansion + 1) + "x"),
            "a compressed string claims more bytes than it can have");
}

TEST(RdbPrimitives, ScoresAsText) {
  const auto score = [](const std::string& bytes) {
    ByteReader reader(bytes);
    return read_text_double(reader);
  };
  EXPECT_EQ(score("\x03"
                  "1.5"),
            1.5);
  EXPECT_TRUE(std::isnan(score("\xfd")));
  EXPECT_EQ(score("\xfe"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(score("\xff"), -std::numeric_limits<double>::infinity());
  const std::string word =
      "\x03"
      "one";
  ByteReader reader(word);
  read_text_double(reader);
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace spinel::persistence::rdb
