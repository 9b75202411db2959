#include "storage/base/key_slot.h"

#include <gtest/gtest.h>

namespace spinel::storage {
namespace {

TEST(KeySlot, IsPartOfTheChecksumOfTheKey) {
  EXPECT_EQ(key_slot(""), 0);
  EXPECT_EQ(key_slot("foo"), 12182);
  EXPECT_EQ(key_slot("somekey"), 11058);
}

TEST(KeySlot, IsThatOfWhatTheFirstBracesHold) {
  EXPECT_EQ(key_slot("{user1000}.following"), key_slot("user1000"));
  EXPECT_EQ(key_slot("foo{hash_tag}"), 2515);
  EXPECT_EQ(hash_tag("foo{}{bar}"), "foo{}{bar}");
  EXPECT_EQ(hash_tag("foo{{bar}}zap"), "{bar");
  EXPECT_EQ(hash_tag("foo{bar}{zap}"), "bar");
  EXPECT_EQ(hash_tag("foo{bar"), "foo{bar");
  EXPECT_EQ(hash_tag("}foo{"), "}foo{");
}

}  // namespace
}  // namespace spinel::storage
