#include "storage/base/crc16.h"

#include <gtest/gtest.h>

namespace spinel::storage {
namespace {

TEST(Crc16, CheckValues) {
  EXPECT_EQ(crc16("123456789"), 0x31c3);
  EXPECT_EQ(crc16(""), 0);
  EXPECT_EQ(crc16(std::string(3, '\xff')), 0xd26c);
}

// The slots that CLUSTER KEYSLOT gives these names.
TEST(Crc16, ClusterSlots) {
  EXPECT_EQ(crc16("foo") & 0x3fff, 12182);
  EXPECT_EQ(crc16("somekey") & 0x3fff, 11058);
}

}  // namespace
}  // namespace spinel::storage
