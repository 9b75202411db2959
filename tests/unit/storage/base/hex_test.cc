#include "storage/base/hex.h"

#include <gtest/gtest.h>

namespace spinel::storage {
namespace {

TEST(Hex, EncodesEveryNibble) {
  EXPECT_EQ(hex_encode(""), "");
  EXPECT_EQ(hex_encode(std::string_view("\x01\x23\x45\x67\x89\xab\xcd\xef\x00\xff", 10)),
            "0123456789abcdef00ff");
}

}  // namespace
}  // namespace spinel::storage
