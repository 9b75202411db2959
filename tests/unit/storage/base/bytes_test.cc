#include "storage/base/bytes.h"

#include <gtest/gtest.h>

namespace spinel::storage {
namespace {

TEST(Bytes, KeywordsCompareWithoutCase) {
  EXPECT_TRUE(equals_ignore_case("KeepTTL", "kEEPttl"));
  EXPECT_FALSE(equals_ignore_case("EX", "EXAT"));
  EXPECT_FALSE(equals_ignore_case("[", "{"));
}

TEST(Bytes, UnalignedValuesRoundTrip) {
  char buffer[11] = {};
  store_unaligned<uint64_t>(buffer + 3, 0x0123456789abcdefULL);
  EXPECT_EQ(load_unaligned<uint64_t>(buffer + 3), 0x0123456789abcdefULL);
}

}  // namespace
}  // namespace spinel::storage
