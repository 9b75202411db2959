// Hashes whose fields expire, in the keyspace.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/keyspace/active_expire.h"
#include "storage/keyspace/digest.h"
#include "storage/types/hash.h"
#include "tests/unit/storage/keyspace/fixture.h"

namespace spinel::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr int64_t kNow = 1'700'000'000'000;
constexpr HashLimits kLimits{.max_entries = 16, .max_value_bytes = 64};

class FieldExpiryTest : public testing::Test {
 protected:
  FieldExpiryTest() { keyspace_.set_now(kNow); }

  void set(std::string_view name, std::string_view field, int64_t expire_at_ms = kNoExpiry,
           int database = 0) {
    Database& db = keyspace_.database(database);
    const Key key(name);
    Item item = db.find(key);
    Hash hash = item ? Hash(item->encoding(), item->object()) : Hash::create();
    hash.set(HashField(field), "value", expire_at_ms, kLimits);
    if (item) {
      db.update_object(item, hash.encoding(), hash.object());
    } else {
      db.set_object(key, item, hash.encoding(), hash.object(), kNoExpiry, 0);
    }
  }
  void erase(std::string_view name, std::string_view field) {
    const Item item = db_.find(Key(name));
    Hash hash(item->encoding(), item->object());
    hash.erase(HashField(field));
    db_.update_object(item, hash.encoding(), hash.object());
  }
  size_t fields(std::string_view name) {
    const ConstItem item = keyspace_.find(db_, Key(name));
    return item ? Hash(item->encoding(), item->object()).size() : 0;
  }
  // Two hashes, small and large, with these fields in each.
  void set_both(std::string_view field, int64_t expire_at_ms) {
    set("small", field, expire_at_ms);
    if (!db_.find(Key("large"))) {
      for (int i = 0; i < 100; ++i) set("large", "other" + std::to_string(i));
    }
    set("large", field, expire_at_ms);
  }
  ActiveExpire::Result run(int64_t budget_us = 3'600'000'000) {
    return cycle_.run(keyspace_, {.time_budget_us = budget_us, .effort = 1, .fast = false});
  }

  FixedHashSeed seed_;
  RecordingObserver observer_;
  Keyspace keyspace_{4, observer_};
  Database& db_ = keyspace_.database(0);
  int64_t now_us_ = 0;
  int64_t us_a_reading_ = 1;
  ActiveExpire cycle_{[this] { return now_us_ += us_a_reading_; }};
};

TEST_F(FieldExpiryTest, FlagsHashesThatHaveVolatileFields) {
  set("h", "a");
  EXPECT_EQ(db_.volatile_fields_count(), 0u);
  set("h", "b", kNow + 1000);
  set("i", "b", kNow + 1000);
  EXPECT_EQ(db_.volatile_fields_count(), 2u);
  EXPECT_TRUE(db_.find(Key("h")).has_volatile_fields());
  set("h", "b");
  EXPECT_EQ(db_.volatile_fields_count(), 1u);
  EXPECT_FALSE(db_.find(Key("h")).has_volatile_fields());
  erase("i", "b");
  EXPECT_EQ(db_.volatile_fields_count(), 0u);
}

TEST_F(FieldExpiryTest, TheFlagSurvivesWhatHappensToTheKey) {
  set_both("b", kNow + 1000);
  for (const char* name : {"small", "large"}) {
    Item item = db_.find(Key(name));
    db_.set_expiry(item, kNow + 5000);
    EXPECT_TRUE(item.has_volatile_fields());
    EXPECT_EQ(db_.volatile_count(), 1u);
    db_.set_expiry(item, kNoExpiry);
    EXPECT_TRUE(item.has_volatile_fields());
  }
  EXPECT_EQ(db_.volatile_fields_count(), 2u);
  Database& other = keyspace_.database(1);
  other.copy(db_.find(Key("large")), Key("copy"), kNoExpiry);
  EXPECT_EQ(other.volatile_fields_count(), 1u);
  db_.move(db_.find(Key("small")), Key("small"), other, Key("moved"));
  EXPECT_EQ(db_.volatile_fields_count(), 1u);
  EXPECT_EQ(other.volatile_fields_count(), 2u);
  db_.erase(db_.find(Key("large")), Key("large"), nullptr);
  EXPECT_EQ(db_.volatile_fields_count(), 0u);
  Item copy = other.find(Key("copy"));
  other.set_string(Key("copy"), copy, "text", kNoExpiry, 0);
  EXPECT_EQ(other.volatile_fields_count(), 1u);
  other.clear(nullptr);
  EXPECT_EQ(other.volatile_fields_count(), 0u);
}

TEST_F(FieldExpiryTest, LookingForTheKeyRemovesFields) {
  set("h", "a", kNow - 1);
  set("h", "b", kNow - 2);
  set("h", "c", kNow);
  EXPECT_EQ(fields("h"), 1u);
  EXPECT_THAT(observer_.expired_fields, UnorderedElementsAre(Pair(0, "h a"), Pair(0, "h b")));
  EXPECT_THAT(observer_.expired_hashes, IsEmpty());
}

TEST_F(FieldExpiryTest, AHashWithoutFieldsIsRemoved) {
  set("h", "a", kNow - 1);
  EXPECT_FALSE(keyspace_.find(db_, Key("h")));
  EXPECT_THAT(observer_.expired_hashes, ElementsAre(Pair(0, "h")));
  EXPECT_EQ(observer_.expired_hash_fields, 1u);
  EXPECT_TRUE(observer_.all_were_present);
  EXPECT_THAT(observer_.expired, IsEmpty());
  EXPECT_EQ(db_.size(), 0u);
  EXPECT_EQ(db_.volatile_fields_count(), 0u);
}

TEST_F(FieldExpiryTest, NothingIsRemovedWhereItMustNotBe) {
  keyspace_.set_master_expires(true);
  set("small", "b");
  set_both("a", kNow - 1);
  EXPECT_EQ(fields("small"), 2u);
  EXPECT_EQ(fields("large"), 101u);
  run();
  EXPECT_EQ(fields("small"), 2u);
  EXPECT_THAT(observer_.expired_fields, IsEmpty());
}

TEST_F(FieldExpiryTest, TheCycleRemovesFieldsAndEmptyHashes) {
  for (int i = 0; i < 300; ++i) {
    const std::string name = "h" + std::to_string(i);
    set(name, "gone", kNow - 1, i % 4);
    if (i % 2 == 0) set(name, "left", kNow + 1000, i % 4);
  }
  run();
  EXPECT_EQ(observer_.expired_fields.size(), 150u);
  EXPECT_EQ(observer_.expired_hashes.size(), 150u);
  EXPECT_EQ(observer_.expired_hash_fields, 150u);
  size_t left = 0;
  for (int i = 0; i < 4; ++i) left += keyspace_.database(i).size();
  EXPECT_EQ(left, 150u);
  observer_.expired_fields.clear();
  keyspace_.set_now(kNow + 1000);
  run();
  EXPECT_THAT(observer_.expired_fields, IsEmpty());
  keyspace_.set_now(kNow + 1001);
  run();
  EXPECT_EQ(observer_.expired_hashes.size(), 300u);
}

TEST_F(FieldExpiryTest, TheCycleFindsHashesAmongManyOtherKeys) {
  for (int i = 0; i < 20'000; ++i) put(db_, "key" + std::to_string(i), "v");
  set("h", "gone", kNow - 1);
  for (int runs = 0; observer_.expired_hashes.empty() && runs < 50; ++runs) run();
  EXPECT_THAT(observer_.expired_hashes, ElementsAre(Pair(0, "h")));
}

TEST_F(FieldExpiryTest, ALargeHashIsDealtWithInPortions) {
  for (int i = 0; i < 20'000; ++i) set("large", "f" + std::to_string(i), kNow - 1);
  set("large", "left", kNow + 1);
  us_a_reading_ = 100;
  const auto first = run(1000);
  EXPECT_TRUE(first.time_limit_reached);
  const size_t removed = observer_.expired_fields.size();
  EXPECT_GT(removed, 0u);
  EXPECT_LT(removed, 20'000u);
  int runs = 1;
  for (; observer_.expired_fields.size() < 20'000u && runs < 1000; ++runs) run(1000);
  EXPECT_GT(runs, 3);
  EXPECT_EQ(observer_.expired_fields.size(), 20'000u);
  EXPECT_EQ(fields("large"), 1u);
}

TEST_F(FieldExpiryTest, AHashWhoseFieldsAllExpiredIsRemovedAtOnce) {
  for (int i = 0; i < 20'000; ++i) set("large", "f" + std::to_string(i), kNow - 1 - i % 5);
  EXPECT_FALSE(keyspace_.find(db_, Key("large")));
  EXPECT_THAT(observer_.expired_fields, IsEmpty());
  EXPECT_EQ(observer_.expired_hash_fields, 20'000u);
  EXPECT_EQ(db_.size(), 0u);
}

// One field that is left decides it, whatever happened to others.
TEST_F(FieldExpiryTest, OneFieldKeepsAHash) {
  for (const int count : {5, 2000}) {
    const auto fill = [&] {
      keyspace_.set_now(kNow - 1000);
      for (int i = 0; i < count; ++i) set("h", "f" + std::to_string(i), kNow - 1);
      keyspace_.set_now(kNow);
    };
    const auto exists = [&] { return keyspace_.find_for_write(db_, Key("h")).operator bool(); };
    fill();
    set("h", "left", kNow + 1);
    EXPECT_TRUE(exists());
    set("h", "left", kNow - 1);
    EXPECT_FALSE(exists());
    fill();
    set("h", "left", kNow + 1);
    set("h", "longest", kNow + 1000);
    erase("h", "longest");
    EXPECT_TRUE(exists());
    set("h", "left", kNow - 1);
    EXPECT_FALSE(exists());
    fill();
    set("h", "left", kNow + 1);
    erase("h", "left");
    EXPECT_FALSE(exists());
    fill();
    set("h", "left");
    EXPECT_TRUE(exists());
    set("h", "left", kNow);
    EXPECT_TRUE(exists());
    keyspace_.set_now(kNow + 1);
    EXPECT_FALSE(exists());
  }
}

TEST_F(FieldExpiryTest, AHashWhoseFieldsAllExpiredIsHiddenWhereItMustStay) {
  set("h", "a", kNow - 1);
  keyspace_.set_master_expires(true);
  EXPECT_FALSE(keyspace_.find(db_, Key("h")));
  EXPECT_TRUE(keyspace_.is_expired(*db_.find(Key("h"))));
  EXPECT_EQ(db_.size(), 1u);
  EXPECT_FALSE(keyspace_.find_for_write(db_, Key("h")));
  EXPECT_THAT(observer_.expired_hashes, ElementsAre(Pair(0, "h")));
  EXPECT_EQ(db_.size(), 0u);
}

TEST_F(FieldExpiryTest, TheDigestDependsOnFieldsValuesAndExpiryButNotOnTheirOrder) {
  const auto digest = [this](std::string_view name) { return value_digest(*db_.find(Key(name))); };
  set("a", "x");
  set("a", "y");
  set("b", "y");
  set("b", "x");
  EXPECT_EQ(digest("a"), digest("b"));
  for (int i = 0; i < 50; ++i) set("a", std::to_string(i));
  for (int i = 49; i >= 0; --i) erase("a", std::to_string(i));
  EXPECT_EQ(digest("a"), digest("b")) << "in another encoding";
  set("b", "z");
  EXPECT_NE(digest("a"), digest("b"));
  set("a", "z", kNow + 1);
  EXPECT_NE(digest("a"), digest("b"));
}

}  // namespace
}  // namespace spinel::storage
