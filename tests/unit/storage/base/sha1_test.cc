#include "storage/base/sha1.h"

#include <gtest/gtest.h>

#include "storage/base/hex.h"

namespace spinel::storage {
namespace {

std::string sha1_hex(std::string_view bytes) {
  const Sha1Digest digest = sha1(bytes);
  return hex_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

TEST(Sha1, ExamplesOfTheStandard) {
  EXPECT_EQ(sha1_hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(sha1_hex(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(sha1_hex(std::string(1000000, 'a')), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

TEST(Sha1, OfPiecesIsThatOfTheWhole) {
  Sha1Stream stream;
  std::string whole;
  for (size_t size = 0; size < 200; ++size) {
    const std::string piece(size, static_cast<char>(size));
    stream.add(piece);
    whole += piece;
  }
  EXPECT_EQ(stream.finish(), sha1(whole));
}

}  // namespace
}  // namespace spinel::storage
