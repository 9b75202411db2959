#include "server/config/memory_size.h"

#include <gtest/gtest.h>

namespace spinel::server {
namespace {

TEST(MemorySize, ReadsUnits) {
  const std::pair<const char*, uint64_t> cases[] = {
      {"0", 0},           {"1", 1},
      {"1b", 1},          {"1k", 1000},
      {"1kb", 1024},      {"1KB", 1024},
      {"2m", 2000000},    {"2Mb", 2 * 1024 * 1024},
      {"3g", 3000000000}, {"3gb", 3ull << 30},
      {"010", 10},        {"", 0},
      {"kb", 0},          {"18446744073709551615", UINT64_MAX},
  };
  for (const auto& [text, bytes] : cases) EXPECT_EQ(parse_memory(text), bytes) << text;
}

TEST(MemorySize, RefusesWhatIsNoSize) {
  for (const char* text : {"1t", "1tb", "1 kb", " 1", "1 ", "1.5gb", ".5", "-1", "+1", "0x10",
                           "1kbb", "50%", "x", "18446744073709551616x"}) {
    EXPECT_EQ(parse_memory(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_memory(std::string(128, '1')), std::nullopt);
  // What stands behind a NUL is not seen, as with Redis.
  EXPECT_EQ(parse_memory(std::string_view("1mb\0x", 5)), 1u << 20);
  EXPECT_EQ(parse_memory(std::string_view("\0x", 2)), 0u);
}

TEST(MemorySize, WhatIsBeyondCountingIsHuge) {
  for (const char* text : {"18446744073709551616", "99999999999999999999kb", "17179869184gb",
                           "34359738367gb", "99999999999gb"}) {
    EXPECT_EQ(parse_memory(text), UINT64_MAX) << text;
  }
  EXPECT_EQ(parse_memory(std::string(127, '1')), UINT64_MAX);
  EXPECT_EQ(parse_memory("17179869183gb"), UINT64_MAX - (1ull << 30) + 1);
}

TEST(MemorySize, PrintsTheShortestExactForm) {
  EXPECT_EQ(format_memory(0), "0");
  EXPECT_EQ(format_memory(100), "100");
  EXPECT_EQ(format_memory(1000), "1000");
  EXPECT_EQ(format_memory(3072), "3kb");
  EXPECT_EQ(format_memory(1000 * 1024), "1000kb");
  EXPECT_EQ(format_memory(64ull << 20), "64mb");
  EXPECT_EQ(format_memory(2ull << 30), "2gb");
  EXPECT_EQ(format_memory(1025 * 1024), "1025kb");
}

TEST(MemorySize, ReadsBackWhatItPrints) {
  for (uint64_t bytes = 1; bytes < UINT64_MAX / 3; bytes = bytes * 3 + 1) {
    ASSERT_EQ(parse_memory(format_memory(bytes)), bytes);
  }
}

}  // namespace
}  // namespace spinel::server
