#include "storage/keyspace/database.h"

#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

#include "storage/keyspace/entry_string.h"
#include "storage/keyspace/lazy_free.h"
#include "tests/unit/storage/keyspace/fixture.h"

namespace spinel::storage {
namespace {

class DatabaseTest : public testing::Test {
 protected:
  FixedHashSeed seed_;
  Database database_{0};
  Database other_{1};
};

TEST_F(DatabaseTest, AnEmptyOneHasNothing) {
  Random random(1);
  EXPECT_EQ(database_.size(), 0u);
  EXPECT_EQ(database_.volatile_count(), 0u);
  EXPECT_FALSE(database_.find(Key("")));
  EXPECT_FALSE(database_.random(random));
  EXPECT_EQ(database_.scan(0, [](Entry&) { FAIL(); }), 0u);
  database_.clear(nullptr);
  EXPECT_EQ(database_.table_bytes(), 0u);
}

TEST_F(DatabaseTest, TheEmptyKeyIsAKey) {
  put(database_, "", "nothing");
  EXPECT_EQ(get(database_, ""), "nothing");
  EXPECT_EQ(get(database_, std::string_view("\0", 1)), std::nullopt);
}

TEST_F(DatabaseTest, AccessIsGivenToNewEntriesOnly) {
  put(database_, "key", "value", kNoExpiry, 7);
  const Item item = put(database_, "key", std::string(500, 'x'), 1000, 8);
  EXPECT_EQ(item->access(), 7u);
}

TEST_F(DatabaseTest, OverwritesInPlaceWhereTheBlockAllows) {
  Item item = put(database_, "key:1", "abcd");  // 4 + 1 + 5 + 1 + 4: fifteen bytes of sixteen
  const Entry* before = &*item;
  const Key key("key:1");
  database_.set_string(key, item, "abcde", kNoExpiry, 0);
  EXPECT_EQ(&*item, before);
  database_.set_string(key, item, "123", kNoExpiry, 0);
  EXPECT_EQ(&*item, before);
  database_.set_integer(key, item, -5, 0);
  EXPECT_EQ(&*item, before);
  database_.set_string(key, item, "abcdef", kNoExpiry, 0);
  EXPECT_NE(&*item, before);
  EXPECT_EQ(get(database_, "key:1"), "abcdef");
}

TEST_F(DatabaseTest, AnExpiryMayFitIntoTheSameBlock) {
  // Between the two, the key moves by eight bytes inside the block.
  const std::string name(300, 'n');
  Item item = put(database_, name, std::string(980, 'v'));
  for (int i = 0; i < 3; ++i) {
    database_.set_expiry(item, 1'000'000 + i);
    EXPECT_EQ(database_.find(Key(name))->expire_at_ms(), 1'000'000 + i);
    EXPECT_EQ(database_.volatile_count(), 1u);
    EXPECT_EQ(get(database_, name), std::string(980, 'v'));
    database_.set_expiry(item, kNoExpiry);
    EXPECT_FALSE(database_.find(Key(name))->has_expiry());
    EXPECT_EQ(database_.volatile_count(), 0u);
    EXPECT_EQ(get(database_, name), std::string(980, 'v'));
  }
}

TEST_F(DatabaseTest, SettingAnExpiryKeepsEveryKindOfValue) {
  for (const std::string& value :
       {std::string(), std::string("7"), std::string("-9223372036854775808"), std::string("text"),
        std::string(255, 'a'), std::string(256, 'b'), std::string(1024, 'c'),
        std::string(9000, 'd')}) {
    Item item = put(database_, "key", value, kNoExpiry, 77);
    const Encoding encoding = item->encoding();
    for (const int64_t expire_at_ms : {int64_t{5}, int64_t{6}, kNoExpiry, kNoExpiry, int64_t{8}}) {
      database_.set_expiry(item, expire_at_ms);
      EXPECT_EQ(item->expire_at_ms(), expire_at_ms);
      EXPECT_EQ(item->encoding(), encoding);
      EXPECT_EQ(item->access(), 77u);
      EXPECT_EQ(get(database_, "key"), value);
      EXPECT_EQ(database_.volatile_count(), expire_at_ms == kNoExpiry ? 0u : 1u);
    }
    database_.set_string(Key("key"), item, "x", kNoExpiry, 0);
    EXPECT_EQ(database_.volatile_count(), 0u);
  }
}

TEST_F(DatabaseTest, ResizedStringsKeepBytesAndExpiry) {
  const Key key("key");
  for (const std::string& start : {std::string("12345"), std::string("hello"),
                                   std::string(2000, 'z'), std::string("-1234567890123")}) {
    Item item = put(database_, "key", start, 4000, 9);
    char* bytes = database_.resize_string(key, item, start.size() + 100, 0);
    EXPECT_EQ(std::string(bytes, start.size() + 100), start + std::string(100, '\0'));
    EXPECT_EQ(item->encoding(), Encoding::kRaw);
    EXPECT_EQ(item->expire_at_ms(), 4000);
    EXPECT_EQ(item->access(), 9u);
    EXPECT_EQ(database_.volatile_count(), 1u);
    bytes = database_.resize_string(key, item, 3, 0);
    EXPECT_EQ(get(database_, "key"), start.substr(0, 3));
    bytes = database_.resize_string(key, item, 6, 0);
    EXPECT_EQ(std::string(bytes, 6), start.substr(0, 3) + std::string(3, '\0'));
    bytes = database_.resize_string(key, item, 0, 0);
    EXPECT_EQ(get(database_, "key"), "");
    database_.erase(item, key, nullptr);
  }
  Item item;
  char* bytes = database_.resize_string(key, item, 4, 5);
  EXPECT_EQ(std::string(bytes, 4), std::string(4, '\0'));
  EXPECT_EQ(item->access(), 5u);
  EXPECT_EQ(database_.size(), 1u);
}

TEST_F(DatabaseTest, ShrinkingAShortStringOnTheWayKeepsItsStart) {
  Item item = put(database_, "key", "hello world");
  database_.resize_string(Key("key"), item, 5, 0);
  EXPECT_EQ(get(database_, "key"), "hello");
}

TEST_F(DatabaseTest, CopiesAreIndependent) {
  for (const std::string& value :
       {std::string("42"), std::string("text"), std::string(5000, 'q')}) {
    Item from = put(database_, "from", value, 100, 3);
    for (Database* to : {&database_, &other_}) {
      const Item copy = to->copy(database_.find(Key("from")), Key("to"), 200);
      EXPECT_EQ(value_of(*copy), value);
      EXPECT_EQ(copy->expire_at_ms(), 200);
      EXPECT_EQ(copy->access(), 3u);
      Item changed = copy;
      to->resize_string(Key("to"), changed, 1, 0)[0] = '!';
      EXPECT_EQ(get(*to, "to"), "!");
      EXPECT_EQ(get(database_, "from"), value);
      to->erase(to->find(Key("to")), Key("to"), nullptr);
    }
    from = database_.find(Key("from"));
    database_.erase(from, Key("from"), nullptr);
  }
  EXPECT_EQ(database_.volatile_count() + other_.volatile_count(), 0u);
}

TEST_F(DatabaseTest, CopyingWhileTheTableGrowsIsSafe) {
  put(database_, "seed", "a value that stays");
  for (int i = 0; i < 5000; ++i) {
    database_.copy(database_.find(Key("seed")), Key(key_number(i)), kNoExpiry);
  }
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(get(database_, key_number(i)), "a value that stays");
}

TEST_F(DatabaseTest, MovesWithinAndAcrossDatabases) {
  for (const std::string& value :
       {std::string("42"), std::string("text"), std::string(5000, 'q')}) {
    const Item item = put(database_, "from", value, 100, 3);
    const void* object = item->has_object() ? item->object() : nullptr;
    database_.move(item, Key("from"), database_, Key("a longer name in the same place"));
    EXPECT_EQ(get(database_, "from"), std::nullopt);
    const Key renamed("a longer name in the same place");
    database_.move(database_.find(renamed), renamed, other_, Key("to"));
    EXPECT_EQ(database_.size(), 0u);
    EXPECT_EQ(database_.volatile_count(), 0u);
    EXPECT_EQ(other_.volatile_count(), 1u);
    const Item moved = other_.find(Key("to"));
    EXPECT_EQ(value_of(*moved), value);
    EXPECT_EQ(moved->expire_at_ms(), 100);
    EXPECT_EQ(moved->access(), 3u);
    EXPECT_EQ(moved->has_object() ? moved->object() : nullptr, object);
    other_.erase(moved, Key("to"), nullptr);
  }
}

TEST_F(DatabaseTest, SwappingExchangesAllContents) {
  put(database_, "a", "1", 50);
  put(database_, "b", std::string(4000, 'b'));
  put(other_, "c", "3");
  database_.swap_contents(other_);
  EXPECT_EQ(database_.index, 0);
  EXPECT_EQ(other_.index, 1);
  EXPECT_EQ(database_.size(), 1u);
  EXPECT_EQ(database_.volatile_count(), 0u);
  EXPECT_EQ(other_.volatile_count(), 1u);
  EXPECT_EQ(get(other_, "b"), std::string(4000, 'b'));
  put(other_, "a", std::string(300, 'x'));
  EXPECT_EQ(other_.volatile_count(), 0u);
}

TEST_F(DatabaseTest, ReplacedLargeValuesGoToTheThreadThatFrees) {
  LazyFree lazy;
  database_.set_replaced_values(&lazy);
  put(database_, "key", std::string(3 << 20, 'x'));
  put(database_, "key", "short");
  lazy.drain();
  EXPECT_EQ(lazy.freed(), 1u);
  put(database_, "key", std::string(5000, 'x'));
  put(database_, "key", "short");
  lazy.drain();
  EXPECT_EQ(lazy.freed(), 1u);
}

TEST_F(DatabaseTest, MemoryUsageCountsBlockSlotAndObject) {
  const std::string key(15, 'k');
  EXPECT_EQ(database_.memory_usage(*put(database_, key, std::string(32, 'v')), 0), 56u + 8);
  EXPECT_EQ(database_.memory_usage(*put(database_, key, "7"), 0), 24u + 8);
  const size_t large = database_.memory_usage(*put(database_, key, std::string(100'000, 'v')), 0);
  EXPECT_GE(large, 100'000u + 28);
  EXPECT_LE(large, 120'000u);
}

// --- against a model

struct Expected {
  std::string value;
  int64_t expire_at_ms;
  uint32_t access;
};
using Model = std::map<std::string, Expected>;

std::string random_key(Random& random) {
  static constexpr size_t kSizes[] = {0, 1, 2, 15, 30, 254, 255, 256, 257, 1000};
  const uint64_t number = random.below(300);
  std::string key = std::to_string(number);
  const size_t size = kSizes[number % std::size(kSizes)];
  key.resize(std::max(size, key.size()), number % 2 == 0 ? '\0' : 'k');
  return number == 7 ? std::string() : key;
}

std::string random_value(Random& random) {
  static constexpr int64_t kBorders[] = {0,         1LL << 31,     -(1LL << 31),
                                         1LL << 32, INT64_MAX - 3, INT64_MIN + 3};
  switch (random.below(6)) {
    case 0:
      return std::to_string(kBorders[random.below(std::size(kBorders))] +
                            (static_cast<int64_t>(random.below(7)) - 3));
    case 1:
      return random_bytes(random, 253 + random.below(5));
    case 2:
      return random_bytes(random, Entry::kMaxEmbedded - 2 + random.below(5));
    case 3:
      return random_bytes(random, random.below(9000));
    default:
      return random_bytes(random, random.below(60));
  }
}

int64_t random_expiry(Random& random) {
  return random.below(2) == 0 ? kNoExpiry : static_cast<int64_t>(random.below(1'000'000));
}

class DatabaseModelTest : public testing::TestWithParam<uint64_t> {
 protected:
  static constexpr int kDatabases = 2;

  void SetUp() override {
    for (int i = 0; i < kDatabases; ++i) {
      databases_.push_back(std::make_unique<Database>(i));
      databases_.back()->set_replaced_values(&lazy_);
    }
  }

  // One operation on a random key, made both on a database and on its model.
  void step() {
    const size_t at = random_.below(kDatabases);
    const std::string name = random_key(random_);
    const Key key(name);
    Item item = databases_[at]->find(key);
    const auto known = models_[at].find(name);
    ASSERT_EQ(static_cast<bool>(item), known != models_[at].end());
    const uint64_t kind = random_.below(100);
    if (kind < 35) {
      set_string(at, key, item);
    } else if (kind < 45) {
      set_integer(at, key, item);
    } else if (kind < 55) {
      resize_string(at, key, item);
    } else if (kind < 70) {
      if (item) set_expiry(at, key, item);
    } else if (kind < 80) {
      if (item) copy_or_move(at, key, item, kind < 75);
    } else if (item) {
      databases_[at]->erase(item, key, kind < 90 ? &lazy_ : nullptr);
      models_[at].erase(known);
      return;
    }
    if (const auto now = models_[at].find(name); now != models_[at].end()) {
      expect_entry(*databases_[at]->find(key), *now);
    }
  }

  void clear_or_swap() {
    const size_t at = random_.below(kDatabases);
    if (random_.below(2) == 0) {
      databases_[0]->swap_contents(*databases_[1]);
      models_[0].swap(models_[1]);
    } else {
      databases_[at]->clear(random_.below(2) == 0 ? &lazy_ : nullptr);
      models_[at].clear();
    }
  }

  void expect_same() {
    for (size_t at = 0; at < kDatabases; ++at) {
      Database& database = *databases_[at];
      Model& model = models_[at];
      ASSERT_EQ(database.size(), model.size());
      size_t volatile_keys = 0;
      for (const auto& [name, expected] : model) {
        volatile_keys += expected.expire_at_ms != kNoExpiry;
        const Item item = database.find(Key(name));
        ASSERT_TRUE(item) << name;
      }
      ASSERT_EQ(database.volatile_count(), volatile_keys);
      size_t visited = 0;
      database.for_each([&](Entry& entry) {
        ++visited;
        const auto known = model.find(std::string(entry.key()));
        ASSERT_NE(known, model.end());
        expect_entry(entry, *known);
      });
      ASSERT_EQ(visited, model.size());
      ASSERT_EQ(scanned_volatile(database).size(), volatile_keys);
    }
  }

 private:
  void set_string(size_t at, const Key& key, Item& item) {
    const Expected stored{random_value(random_), random_expiry(random_), new_access(at, key)};
    databases_[at]->set_string(key, item, stored.value, stored.expire_at_ms, stored.access);
    models_[at][std::string(key.bytes)] = stored;
    expect_entry(*item, {std::string(key.bytes), stored});
  }

  void set_integer(size_t at, const Key& key, Item& item) {
    const uint64_t bits = random_.next() >> random_.below(64);
    const auto value = static_cast<int64_t>(random_.below(2) == 0 ? bits : 0 - bits);
    const uint32_t access = new_access(at, key);
    databases_[at]->set_integer(key, item, value, access);
    Expected& expected = expected_or_new(at, key);
    expected.value = std::to_string(value);
    expected.access = access;
    EXPECT_EQ(item->integer(), value);
  }

  void resize_string(size_t at, const Key& key, Item& item) {
    const size_t size = random_.below(3) == 0 ? random_.below(8000) : random_.below(80);
    const uint32_t access = new_access(at, key);
    char* bytes = databases_[at]->resize_string(key, item, size, access);
    Expected& expected = expected_or_new(at, key);
    expected.value.resize(size, '\0');
    expected.access = access;
    ASSERT_EQ(std::string_view(bytes, size), expected.value);
    if (size > 0) {
      const size_t changed = random_.below(size);
      bytes[changed] = expected.value[changed] = static_cast<char>(random_.next());
    }
  }

  void set_expiry(size_t at, const Key& key, Item& item) {
    const int64_t expire_at_ms = random_expiry(random_);
    databases_[at]->set_expiry(item, expire_at_ms);
    models_[at][std::string(key.bytes)].expire_at_ms = expire_at_ms;
    EXPECT_EQ(item->expire_at_ms(), expire_at_ms);
  }

  void copy_or_move(size_t at, const Key& key, const Item& item, bool copy) {
    const size_t to = random_.below(kDatabases);
    const std::string new_name = random_key(random_);
    if (databases_[to]->find(Key(new_name))) return;
    Expected expected = models_[at][std::string(key.bytes)];
    if (copy) {
      expected.expire_at_ms = random_expiry(random_);
      databases_[to]->copy(item, Key(new_name), expected.expire_at_ms);
    } else {
      databases_[at]->move(item, key, *databases_[to], Key(new_name));
      models_[at].erase(std::string(key.bytes));
    }
    models_[to][new_name] = expected;
    expect_entry(*databases_[to]->find(Key(new_name)), {new_name, expected});
  }

  // The access bits that the entry of `key` will have when 24 random ones are given to it now.
  uint32_t new_access(size_t at, const Key& key) {
    const auto known = models_[at].find(std::string(key.bytes));
    if (known != models_[at].end()) return known->second.access;
    return static_cast<uint32_t>(random_.next() & 0xffffff);
  }
  Expected& expected_or_new(size_t at, const Key& key) {
    return models_[at]
        .try_emplace(std::string(key.bytes), Expected{"", kNoExpiry, 0})
        .first->second;
  }

  static void expect_entry(const Entry& entry, const Model::value_type& expected) {
    ASSERT_EQ(entry.key(), expected.first);
    ASSERT_EQ(value_of(entry), expected.second.value);
    ASSERT_EQ(string_size(entry), expected.second.value.size());
    ASSERT_EQ(entry.expire_at_ms(), expected.second.expire_at_ms);
    ASSERT_EQ(entry.access(), expected.second.access);
  }

  static std::map<std::string, int> scanned_volatile(Database& database) {
    std::map<std::string, int> seen;
    uint64_t cursor = 0;
    do {
      cursor = database.scan_volatile(cursor, [&seen](Entry& entry) {
        EXPECT_TRUE(entry.has_expiry());
        ++seen[std::string(entry.key())];
      });
    } while (cursor != 0);
    return seen;
  }

 protected:
  FixedHashSeed seed_;
  Random random_{GetParam()};
  LazyFree lazy_;
  std::vector<std::unique_ptr<Database>> databases_;
  Model models_[kDatabases];
};

TEST_P(DatabaseModelTest, FollowsAModel) {
  SCOPED_TRACE(GetParam());
  for (int i = 1; i <= 20'000; ++i) {
    ASSERT_NO_FATAL_FAILURE(step()) << "step " << i;
    if (i % 3000 == 0) clear_or_swap();
    if (i % 500 == 0) {
      ASSERT_NO_FATAL_FAILURE(expect_same()) << "step " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, DatabaseModelTest, testing::Values(1, 2, 3, 4));

}  // namespace
}  // namespace spinel::storage
