#include "storage/keyspace/digest.h"

#include <gtest/gtest.h>
#include <string>

#include "storage/base/hex.h"

namespace spinel::storage {
namespace {

class DigestTest : public ::testing::Test {
 protected:
  void put(std::string_view key, std::string_view value, int database = 0,
           int64_t expire_at_ms = kNoExpiry) {
    Database& db = keyspace_.database(database);
    Item item = db.find(Key(key));
    db.set_string(Key(key), item, value, expire_at_ms, 0);
  }
  Sha1Digest value(std::string_view key) {
    return value_digest(*keyspace_.database(0).find(Key(key)));
  }
  Sha1Digest all() { return dataset_digest(keyspace_); }

  SilentObserver observer_;
  Keyspace keyspace_{4, observer_};
};

TEST_F(DigestTest, NothingIsZero) {
  EXPECT_EQ(all(), Sha1Digest{});
  put("key", "value");
  EXPECT_NE(all(), Sha1Digest{});
}

// As redis-server 7.0 tells them.
TEST_F(DigestTest, IsThatOfRedis) {
  const auto hex = [](const Sha1Digest& digest) {
    return hex_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
  };
  put("s", "hello");
  EXPECT_EQ(hex(value("s")), "36b23a1456b2dce2c3ed252c456761301dba8060");
  put("i", "123");
  EXPECT_EQ(hex(value("i")), "89f7f51b707418f666d5b45e053bd5bbbf82ac2b");
  put("e", "x", 0, 1000);
  EXPECT_EQ(hex(value("e")), "0745672cb1bf060476eedeb8a28f5ffe1ff5a2be");
}

TEST_F(DigestTest, DependsOnValueAndExpiryOnly) {
  put("a", "value");
  put("b", "value");
  put("c", "another value");
  EXPECT_EQ(value("a"), value("b"));
  EXPECT_NE(value("a"), value("c"));
  put("b", "value", 0, 1000);
  EXPECT_NE(value("a"), value("b"));
  put("a", "value", 0, 2000);
  EXPECT_EQ(value("a"), value("b"));
}

TEST_F(DigestTest, DoesNotDependOnTheEncoding) {
  put("plain", "12");
  Item item = keyspace_.database(0).find(Key("raw"));
  char* bytes = keyspace_.database(0).resize_string(Key("raw"), item, 2, 0);
  bytes[0] = '1';
  bytes[1] = '2';
  ASSERT_EQ(item->encoding(), Encoding::kRaw);
  EXPECT_EQ(value("plain"), value("raw"));
}

TEST_F(DigestTest, DoesNotDependOnTheOrder) {
  for (int i = 0; i < 100; ++i) put("key" + std::to_string(i), std::to_string(i));
  const Sha1Digest before = all();
  keyspace_.database(0).clear(nullptr);
  for (int i = 99; i >= 0; --i) put("key" + std::to_string(i), std::to_string(i));
  EXPECT_EQ(all(), before);
}

TEST_F(DigestTest, SeesEveryDifference) {
  put("a", "1");
  put("b", "2");
  const Sha1Digest before = all();
  put("b", "3");
  EXPECT_NE(all(), before);
  put("b", "2", 0, 1000);
  EXPECT_NE(all(), before);
  put("b", "2");
  EXPECT_EQ(all(), before);
  put("b", "2", 1);
  EXPECT_NE(all(), before);
  // Where a key is counts: the same two keys, one of them elsewhere.
  Database& db = keyspace_.database(0);
  db.erase(db.find(Key("b")), Key("b"), nullptr);
  EXPECT_NE(all(), before);
}

TEST_F(DigestTest, SwappedValuesDoNotCancelOut) {
  put("a", "1");
  put("b", "2");
  const Sha1Digest before = all();
  put("a", "2");
  put("b", "1");
  EXPECT_NE(all(), before);
}

}  // namespace
}  // namespace spinel::storage
