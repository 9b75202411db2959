#include "storage/keyspace/keyspace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/storage/keyspace/fixture.h"

namespace spinel::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class KeyspaceTest : public testing::Test {
 protected:
  KeyspaceTest() { keyspace_.set_now(1000); }

  FixedHashSeed seed_;
  RecordingObserver observer_;
  Keyspace keyspace_{4, observer_};
  Database& database_ = keyspace_.database(2);
};

TEST_F(KeyspaceTest, HasTheDatabasesAskedFor) {
  EXPECT_EQ(keyspace_.database_count(), 4);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(keyspace_.database(i).index, i);
}

TEST_F(KeyspaceTest, LookupsRemoveWhatExpired) {
  put(database_, "key", "value", 1500);
  keyspace_.set_now(1500);
  EXPECT_TRUE(keyspace_.find(database_, Key("key")));
  EXPECT_THAT(observer_.expired, IsEmpty());
  keyspace_.set_now(1501);
  EXPECT_FALSE(keyspace_.find(database_, Key("key")));
  EXPECT_THAT(observer_.expired, ElementsAre(Pair(2, "key")));
  EXPECT_TRUE(observer_.all_were_present);
  EXPECT_EQ(database_.size(), 0u);
  EXPECT_EQ(database_.volatile_count(), 0u);
  EXPECT_FALSE(keyspace_.find(database_, Key("key")));
  EXPECT_EQ(observer_.expired.size(), 1u);
}

TEST_F(KeyspaceTest, HidesWhatExpiredWhereItMustNotRemoveIt) {
  put(database_, "key", "value", 1500);
  keyspace_.set_master_expires(true);
  keyspace_.set_now(2000);
  EXPECT_FALSE(keyspace_.find(database_, Key("key")));
  EXPECT_EQ(database_.size(), 1u);
  EXPECT_THAT(observer_.expired, IsEmpty());
}

TEST_F(KeyspaceTest, WritesReplaceWhatIsHidden) {
  put(database_, "key", "old", 1500);
  put(database_, "stays", "value");
  keyspace_.set_expiry_paused(true);
  keyspace_.set_now(2000);
  EXPECT_TRUE(keyspace_.find_for_write(database_, Key("stays")));
  EXPECT_THAT(observer_.expired, IsEmpty());
  const Key key("key");
  Item item = keyspace_.find_for_write(database_, key);
  ASSERT_FALSE(item);
  database_.set_string(key, item, "new", kNoExpiry, 0);
  EXPECT_EQ(database_.size(), 2u);
  EXPECT_EQ(database_.volatile_count(), 0u);
  EXPECT_THAT(observer_.expired, ElementsAre(Pair(2, "key")));
  EXPECT_TRUE(observer_.all_were_present);
  database_.erase(database_.find(key), key, nullptr);
  EXPECT_FALSE(database_.find(key)) << "it was there twice";
}

TEST_F(KeyspaceTest, TheExpiryModeHasThreeInputs) {
  EXPECT_EQ(keyspace_.expiry_mode(), ExpiryMode::kRemove);
  keyspace_.set_expiry_paused(true);
  EXPECT_EQ(keyspace_.expiry_mode(), ExpiryMode::kHide);
  keyspace_.set_master_expires(true);
  keyspace_.set_expiry_paused(false);
  EXPECT_EQ(keyspace_.expiry_mode(), ExpiryMode::kHide) << "the end of a pause makes no master";
  {
    const Keyspace::IgnoreExpiry outer(keyspace_);
    EXPECT_EQ(keyspace_.expiry_mode(), ExpiryMode::kIgnore);
    { const Keyspace::IgnoreExpiry inner(keyspace_); }
    keyspace_.set_expiry_paused(true);
    keyspace_.set_now(2000);
    EXPECT_EQ(keyspace_.expiry_mode(), ExpiryMode::kIgnore);
  }
  EXPECT_EQ(keyspace_.expiry_mode(), ExpiryMode::kHide);
  keyspace_.set_master_expires(false);
  EXPECT_EQ(keyspace_.expiry_mode(), ExpiryMode::kHide);
  keyspace_.set_expiry_paused(false);
  EXPECT_EQ(keyspace_.expiry_mode(), ExpiryMode::kRemove);
  EXPECT_EQ(keyspace_.expiry_time_ms(), 2000);
}

TEST_F(KeyspaceTest, FindsWhatExpiredWhereExpiryIsIgnored) {
  put(database_, "key", "value", 1500);
  keyspace_.set_now(2000);
  for (const bool is_replica : {false, true}) {
    keyspace_.set_master_expires(is_replica);
    const Keyspace::IgnoreExpiry ignore(keyspace_);
    EXPECT_TRUE(keyspace_.find(database_, Key("key")));
    EXPECT_TRUE(keyspace_.find_for_write(database_, Key("key")));
    EXPECT_TRUE(keyspace_.find_to_remove(database_, Key("key")));
    EXPECT_FALSE(keyspace_.is_expired(*database_.find(Key("key"))));
    EXPECT_FALSE(keyspace_.is_over(1));
  }
  EXPECT_THAT(observer_.expired, IsEmpty());
}

TEST_F(KeyspaceTest, RemovalsFindWhatIsHidden) {
  put(database_, "key", "value", 1500);
  keyspace_.set_now(2000);
  keyspace_.set_master_expires(true);
  EXPECT_TRUE(keyspace_.find_to_remove(database_, Key("key")));
  EXPECT_THAT(observer_.expired, IsEmpty());
  keyspace_.set_master_expires(false);
  EXPECT_FALSE(keyspace_.find_to_remove(database_, Key("key")));
  EXPECT_THAT(observer_.expired, ElementsAre(Pair(2, "key")));
}

TEST_F(KeyspaceTest, FindingIsNotAnAccess) {
  put(database_, "key", "value", kNoExpiry, keyspace_.access.initial());
  keyspace_.set_now(61'000);
  EXPECT_EQ(keyspace_.access.idle_seconds(*keyspace_.find(database_, Key("key"))), 60);
}

TEST_F(KeyspaceTest, EvictingTellsTheObserver) {
  put(database_, "key", "value", 1500);
  keyspace_.evict(database_, database_.find(Key("key")), Key("key"));
  EXPECT_THAT(observer_.evicted, ElementsAre(Pair(2, "key")));
  EXPECT_THAT(observer_.expired, IsEmpty());
  EXPECT_TRUE(observer_.all_were_present);
  EXPECT_EQ(database_.size(), 0u);
}

TEST_F(KeyspaceTest, LargeValuesAreFreedAsConfigured) {
  const std::string large(2 << 20, 'x');
  const auto freed_after = [&](auto&& remove) {
    keyspace_.lazy_free.reset_freed();
    put(database_, "key", large, 500);
    remove();
    keyspace_.lazy_free.drain();
    return keyspace_.lazy_free.freed();
  };
  const auto look_up = [&] { EXPECT_FALSE(keyspace_.find(database_, Key("key"))); };
  const auto evict = [&] { keyspace_.evict(database_, database_.find(Key("key")), Key("key")); };
  EXPECT_EQ(freed_after(look_up), 0u);
  EXPECT_EQ(freed_after(evict), 0u);
  keyspace_.lazy_expire = true;
  EXPECT_EQ(freed_after(look_up), 1u);
  EXPECT_EQ(freed_after(evict), 0u);
  keyspace_.lazy_eviction = true;
  EXPECT_EQ(freed_after(evict), 1u);
}

}  // namespace
}  // namespace spinel::storage
