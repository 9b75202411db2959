#include "storage/base/murmur_hash.h"

#include <gtest/gtest.h>
#include <string>

namespace spinel::storage {
namespace {

TEST(MurmurHash, HashesAsItsAuthorDoes) {
  EXPECT_EQ(murmur_hash("", 0), 0U);
  EXPECT_EQ(murmur_hash("a", 0), 0x071717d2d36b6b11U);
  EXPECT_EQ(murmur_hash("hello", 0), 0x1e68d17c457bf117U);
  EXPECT_EQ(murmur_hash("12345678", 0), 0x758f67d162b2d202U);
  EXPECT_EQ(murmur_hash("123456789abcdef0", 0), 0x0aab6e59a04c838eU);
}

TEST(MurmurHash, TakesTheSeedAndBytesAbove127) {
  constexpr uint64_t kSeed = 0xadc83b19;
  EXPECT_EQ(murmur_hash("", kSeed), 0xd8dfea6585bc9732U);
  EXPECT_EQ(murmur_hash("a", kSeed), 0x53d2470a9b43b1a7U);
  const std::string_view bytes("\xff\x00\x80 bytes above 127 \xfe", 21);
  EXPECT_EQ(murmur_hash(bytes, kSeed), 0x55a20e7c44957e08U);
}

TEST(MurmurHash, ReadsNothingButTheBytes) {
  // At every alignment, and with whatever stands around them.
  const std::string text = "any text that is longer than a few words of eight bytes";
  for (size_t size = 0; size <= text.size(); ++size) {
    const uint64_t expected = murmur_hash(text.substr(0, size), 1);
    for (size_t shift = 0; shift < 8; ++shift) {
      const std::string around = std::string(shift, '#') + text.substr(0, size) + "#######";
      EXPECT_EQ(murmur_hash(std::string_view(around).substr(shift, size), 1), expected);
    }
  }
}

}  // namespace
}  // namespace spinel::storage
