#include "storage/types/hash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <string>

#include "storage/base/memory.h"

namespace spinel::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr HashLimits kLimits{.max_entries = 16, .max_value_bytes = 64};

std::string text_of(const ListpackValue& value) {
  char scratch[kMaxDoubleChars];
  return std::string(value.bytes(scratch));
}

// A hash that is destroyed at the end.
class Owner {
 public:
  explicit Owner(Hash hash_in = Hash::create()) : hash(hash_in) {}
  ~Owner() { Hash::destroy(hash.encoding(), hash.object()); }
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;

  bool set(std::string_view field, std::string_view value, int64_t expire_at_ms = kNoExpiry) {
    return hash.set(HashField(field), value, expire_at_ms, kLimits);
  }
  std::string get(std::string_view field) const {
    const auto found = hash.find(HashField(field));
    return found ? text_of(found->value) : "(none)";
  }
  int64_t expiry(std::string_view field) const {
    return hash.find(HashField(field)).value().expire_at_ms;
  }
  void fill(int fields) {
    for (int i = 0; i < fields; ++i) set("field" + std::to_string(i), std::to_string(i));
  }
  std::vector<std::string> take_expired(int64_t now_ms, size_t max_buckets = 1 << 20) {
    std::vector<std::string> fields;
    hash.take_expired(now_ms, max_buckets, fields);
    return fields;
  }
  std::vector<std::string> fields() const {
    std::vector<std::string> names;
    hash.for_each([&](const HashElement& element) { names.push_back(text_of(element.field)); });
    return names;
  }

  Hash hash;
};

TEST(HashTest, StartsAsAListpack) {
  Owner h;
  EXPECT_TRUE(h.hash.empty());
  EXPECT_EQ(h.hash.encoding(), Encoding::kListpackHash);
  EXPECT_TRUE(h.set("a", "1"));
  EXPECT_FALSE(h.set("a", "two"));
  EXPECT_EQ(h.get("a"), "two");
  EXPECT_EQ(h.get("b"), "(none)");
  EXPECT_EQ(h.hash.size(), 1u);
}

TEST(HashTest, AValueIsNotTakenForAField) {
  Owner h;
  h.set("a", "b");
  h.set("c", "a");
  EXPECT_EQ(h.get("b"), "(none)");
  EXPECT_TRUE(h.hash.erase(HashField("a")));
  EXPECT_EQ(h.get("a"), "(none)");
  EXPECT_EQ(h.get("c"), "a");
}

TEST(HashTest, BecomesATableByNumber) {
  Owner h;
  h.fill(16);
  EXPECT_EQ(h.hash.encoding(), Encoding::kListpackHash);
  h.set("field3", "again");
  EXPECT_EQ(h.hash.encoding(), Encoding::kListpackHash);
  h.set("one more", "x");
  EXPECT_EQ(h.hash.encoding(), Encoding::kTableHash);
  EXPECT_EQ(h.hash.size(), 17u);
  EXPECT_EQ(h.get("field3"), "again");
  EXPECT_EQ(h.get("field15"), "15");
}

TEST(HashTest, BecomesATableWhenTheLimitWasLowered) {
  Owner h;
  h.fill(10);
  const HashLimits lower{.max_entries = 9, .max_value_bytes = 64};
  EXPECT_FALSE(h.hash.set(HashField("field3"), "x", kNoExpiry, lower));
  EXPECT_EQ(h.hash.encoding(), Encoding::kTableHash);
  EXPECT_EQ(h.hash.size(), 10u);
}

TEST(HashTest, BecomesATableByLength) {
  for (const bool long_field : {true, false}) {
    Owner h;
    h.set("a", std::string(64, 'v'));
    EXPECT_EQ(h.hash.encoding(), Encoding::kListpackHash);
    const std::string text(65, 'x');
    h.set(long_field ? text : "b", long_field ? "v" : text);
    EXPECT_EQ(h.hash.encoding(), Encoding::kTableHash);
    EXPECT_EQ(h.get("a"), std::string(64, 'v'));
  }
}

TEST(HashTest, KeepsValuesOfAllSizes) {
  Owner h;
  h.fill(20);
  const std::vector<size_t> sizes = {0, 1, 16, 200, 240, 254, 255, 256, 300, 5000, 70'000, 3, 0};
  for (const size_t size : sizes) {
    const std::string value(size, static_cast<char>('a' + size % 26));
    EXPECT_FALSE(h.set("field7", value));
    EXPECT_EQ(h.get("field7"), value);
    EXPECT_TRUE(h.set(value + "!", value));
    EXPECT_EQ(h.get(value + "!"), value);
    EXPECT_TRUE(h.hash.erase(HashField(value + "!")));
    EXPECT_EQ(h.hash.size(), 20u);
  }
}

TEST(HashTest, ExpiryMakesTriplesOfPairs) {
  Owner h;
  h.set("a", "1");
  h.set("12", "b");
  h.hash.set_expiry(h.hash.find(HashField("12")).value(), 5000);
  EXPECT_EQ(h.hash.encoding(), Encoding::kListpackExHash);
  EXPECT_EQ(h.expiry("12"), 5000);
  EXPECT_EQ(h.expiry("a"), kNoExpiry);
  EXPECT_EQ(h.get("a"), "1");
  EXPECT_EQ(h.get("12"), "b");
  EXPECT_EQ(h.hash.volatile_count(), 1u);
  EXPECT_EQ(h.hash.next_expiry_ms(), 5000);
  EXPECT_THAT(h.fields(), ElementsAre("a", "12"));
  h.set("12", "c");  // removes the expiry
  EXPECT_EQ(h.expiry("12"), kNoExpiry);
  EXPECT_EQ(h.hash.volatile_count(), 0u);
  EXPECT_EQ(h.hash.next_expiry_ms(), kNever);
}

TEST(HashTest, AnIncrementKeepsTheExpiry) {
  for (const int others : {0, 50}) {
    Owner h;
    h.fill(others);
    h.set("n", "1", 7000);
    EXPECT_FALSE(h.hash.set_keeping_expiry(HashField("n"), "2", kLimits));
    EXPECT_EQ(h.expiry("n"), 7000);
    EXPECT_EQ(h.get("n"), "2");
    h.hash.set_now(7001);
    EXPECT_TRUE(h.hash.set_keeping_expiry(HashField("n"), "3", kLimits));
    EXPECT_EQ(h.expiry("n"), kNoExpiry);
  }
}

TEST(HashTest, AFoundFieldIsReplacedInPlace) {
  for (const int others : {0, 10, 50}) {
    Owner h;
    h.fill(others);
    h.set("n", "1");
    h.set("e", "1", 7000);
    for (const std::string& value :
         {std::string("22"), std::string(50, 'x'), std::string(65, 'y')}) {
      for (const char* name : {"n", "e"}) {
        const HashField field(name);
        h.hash.replace_value(field, h.hash.find(field).value(), value, kLimits);
        EXPECT_EQ(h.get(name), value);
      }
    }
    EXPECT_EQ(h.hash.encoding(), Encoding::kTableHash) << "because of the last value";
    EXPECT_EQ(h.hash.size(), static_cast<size_t>(others) + 2);
    EXPECT_EQ(h.expiry("n"), kNoExpiry);
    EXPECT_EQ(h.expiry("e"), 7000);
  }
  Owner h;
  h.fill(10);
  const HashField field("field3");
  h.hash.replace_value(field, h.hash.find(field).value(), "x",
                       {.max_entries = 9, .max_value_bytes = 9});
  EXPECT_EQ(h.hash.encoding(), Encoding::kTableHash) << "the limit was lowered";
}

TEST(HashTest, ConversionToATableKeepsExpiries) {
  Owner h;
  h.set("a", "1", 3000);
  h.set("b", "2", 2000);
  h.fill(30);
  ASSERT_EQ(h.hash.encoding(), Encoding::kTableHash);
  EXPECT_EQ(h.expiry("a"), 3000);
  EXPECT_EQ(h.expiry("b"), 2000);
  EXPECT_EQ(h.expiry("field1"), kNoExpiry);
  EXPECT_EQ(h.hash.volatile_count(), 2u);
  EXPECT_EQ(h.hash.next_expiry_ms(), 2000);
}

TEST(HashTest, HidesWhatExpired) {
  for (const int others : {0, 50}) {
    Owner h;
    h.fill(others);
    h.set("gone", "1", 1000);
    h.set("left", "2", 1001);
    h.hash.set_now(1001);
    EXPECT_TRUE(h.hash.may_hide());
    EXPECT_EQ(h.get("gone"), "(none)");
    EXPECT_EQ(h.get("left"), "2");
    EXPECT_EQ(h.fields().size(), static_cast<size_t>(others) + 1);
    EXPECT_EQ(h.hash.size(), static_cast<size_t>(others) + 2);
    EXPECT_FALSE(h.hash.erase(HashField("gone")));
    EXPECT_TRUE(h.set("gone", "again")) << "as a new field";
    EXPECT_EQ(h.get("gone"), "again");
    Random random(1);
    for (int i = 0; i < 100; ++i) {
      h.set("gone", "1", 1000);
      EXPECT_NE(text_of(h.hash.random(random)->field), "gone");
    }
  }
}

TEST(HashTest, RemovesWhatExpired) {
  for (const int others : {0, 200}) {
    Owner h;
    h.fill(others);
    h.set("a", "1", 1000);
    h.set("b", "2", 2000);
    h.set("c", "3", 3000);
    EXPECT_THAT(h.take_expired(1000), IsEmpty());
    EXPECT_THAT(h.take_expired(1001), ElementsAre("a"));
    EXPECT_EQ(h.hash.next_expiry_ms(), 2000);
    EXPECT_THAT(h.take_expired(9999), UnorderedElementsAre("b", "c"));
    EXPECT_EQ(h.hash.next_expiry_ms(), kNever);
    EXPECT_EQ(h.hash.volatile_count(), 0u);
    EXPECT_EQ(h.hash.size(), static_cast<size_t>(others));
  }
}

TEST(HashTest, RemovesInPortions) {
  Owner h;
  for (int i = 0; i < 5000; ++i) h.set(std::to_string(i), "v", i % 2 == 0 ? 1000 + i : 100'000 + i);
  std::set<std::string> removed;
  int rounds = 0;
  for (; h.hash.next_expiry_ms() < 50'000; ++rounds) {
    for (const std::string& field : h.take_expired(50'000, 4)) removed.insert(field);
    // What is set meanwhile is seen as well, in this pass or the next.
    if (rounds == 10) h.set("late", "v", 2000);
    ASSERT_LT(rounds, 10'000);
  }
  EXPECT_GT(rounds, 100);
  EXPECT_EQ(removed.size(), 2501u);
  EXPECT_EQ(h.hash.size(), 2500u);
  EXPECT_EQ(h.hash.next_expiry_ms(), 100'001);
}

TEST(HashTest, DuplicatesWithExpiries) {
  for (const int others : {0, 5, 50}) {
    Owner h;
    h.fill(others);
    h.set("big", std::string(1000, 'b'));
    if (others != 5) h.set("v", "1", 4000);
    const Owner copy(Hash(h.hash.encoding(), Hash::duplicate(h.hash.encoding(), h.hash.object())));
    EXPECT_THAT(copy.fields(), testing::UnorderedElementsAreArray(h.fields()));
    EXPECT_EQ(copy.hash.volatile_count(), h.hash.volatile_count());
    EXPECT_EQ(copy.hash.next_expiry_ms(), h.hash.next_expiry_ms());
    EXPECT_EQ(copy.get("big"), std::string(1000, 'b'));
  }
}

TEST(HashTest, DistinctFieldsAreDistinctAndAsManyAsAsked) {
  Random random(3);
  for (const int size : {10, 400}) {
    Owner h;
    h.fill(size);
    for (const size_t count : {0, 1, 5, 100, 399, 400, 1000}) {
      std::set<std::string> drawn;
      size_t visits = 0;
      h.hash.for_each_distinct(random, count, [&](const HashElement& element) {
        ++visits;
        drawn.insert(text_of(element.field));
      });
      EXPECT_EQ(visits, std::min(count, static_cast<size_t>(size)));
      EXPECT_EQ(drawn.size(), visits);
    }
  }
}

// The chance that a fair draw gives more than this, with 99 degrees of freedom, is 1 in 10^6.
constexpr double kMaxChiSquare99 = 176;

double chi_square(const std::map<std::string, int>& counts, size_t cells, double draws) {
  const double expected = draws / static_cast<double>(cells);
  double sum = expected * static_cast<double>(cells - counts.size());
  for (const auto& [name, count] : counts) {
    sum += (count - expected) * (count - expected) / expected;
  }
  return sum;
}

// Draws from 100 fields, in each way that there is.
void expect_even_draws(const Hash& hash, Random& random) {
  std::map<std::string, int> one;
  std::map<std::string, int> several;
  std::map<std::string, int> distinct;
  for (int i = 0; i < 20'000; ++i) ++one[text_of(hash.random(random)->field)];
  hash.for_each_random(random, 20'000, [&](const HashElement& e) { ++several[text_of(e.field)]; });
  for (int i = 0; i < 4'000; ++i) {
    hash.for_each_distinct(random, i % 2 == 0 ? 5 : 50,
                           [&](const HashElement& e) { ++distinct[text_of(e.field)]; });
  }
  EXPECT_LT(chi_square(one, 100, 20'000), kMaxChiSquare99);
  EXPECT_LT(chi_square(several, 100, 20'000), kMaxChiSquare99);
  EXPECT_LT(chi_square(distinct, 100, 110'000), kMaxChiSquare99);
}

TEST(HashTest, RandomFieldsAreUniform) {
  for (const uint64_t max_entries : {200, 10}) {
    Owner h;
    const HashLimits limits{.max_entries = max_entries, .max_value_bytes = 64};
    for (int i = 0; i < 2000; ++i) h.hash.set(HashField(std::to_string(i)), "v", kNoExpiry, limits);
    // A table that was large and has become sparse.
    for (int i = 100; i < 2000; ++i) h.hash.erase(HashField(std::to_string(i)));
    ASSERT_EQ(h.hash.size(), 100u);
    Random random(42);
    expect_even_draws(h.hash, random);
  }
}

TEST(HashTest, RandomFieldsAreUniformAmongThoseThatDidNotExpire) {
  Owner h;
  for (int i = 0; i < 300; ++i) h.set(std::to_string(i), "v", i < 100 ? kNoExpiry : 1000);
  h.hash.set_now(2000);
  ASSERT_TRUE(h.hash.is_table());
  Random random(7);
  expect_even_draws(h.hash, random);
}

TEST(HashTest, RandomFieldsWhereNearlyAllExpired) {
  Owner h;
  for (int i = 0; i < 20'000; ++i) h.set(std::to_string(i), "v", i < 3 ? kNoExpiry : 1000);
  h.hash.set_now(2000);
  Random random(8);
  const auto drawn = [&](auto&& draw) {
    std::vector<std::string> fields;
    draw([&](const HashElement& e) { fields.push_back(text_of(e.field)); });
    for (const std::string& field : fields) EXPECT_LT(std::stoi(field), 3);
    return fields;
  };
  EXPECT_LT(std::stoi(text_of(h.hash.random(random)->field)), 3);
  EXPECT_EQ(drawn([&](auto visit) { h.hash.for_each_random(random, 1000, visit); }).size(), 1000u);
  auto distinct = drawn([&](auto visit) { h.hash.for_each_distinct(random, 2, visit); });
  EXPECT_EQ(std::set(distinct.begin(), distinct.end()).size(), 2u);
  distinct = drawn([&](auto visit) { h.hash.for_each_distinct(random, 100, visit); });
  EXPECT_THAT(distinct, UnorderedElementsAre("0", "1", "2"));
  for (const char* field : {"0", "1", "2"}) h.hash.erase(HashField(field));
  EXPECT_FALSE(h.hash.random(random).has_value());
  EXPECT_THAT(drawn([&](auto visit) { h.hash.for_each_random(random, 5, visit); }), IsEmpty());
  EXPECT_THAT(drawn([&](auto visit) { h.hash.for_each_distinct(random, 5, visit); }), IsEmpty());
}

TEST(HashTest, ScanSeesAllFieldsAcrossChanges) {
  Owner h;
  for (int i = 0; i < 3000; ++i) h.set("stay" + std::to_string(i), "v");
  std::set<std::string> seen;
  uint64_t cursor = 0;
  int step = 0;
  do {
    cursor = h.hash.scan(cursor, [&](const HashElement& e) { seen.insert(text_of(e.field)); });
    for (int i = 0; i < 20; ++i) h.set("more" + std::to_string(++step), "v");
  } while (cursor != 0);
  size_t stayed = 0;
  for (const std::string& field : seen) stayed += field.starts_with("stay") ? 1 : 0;
  EXPECT_EQ(stayed, 3000u);
}

TEST(HashTest, MemoryPerFieldIsSmall) {
  Owner h;
  constexpr int kFields = 1 << 17;
  for (int i = 0; i < kFields; ++i) {
    h.set("field:" + std::to_string(10'000'000 + i), "value: 16 bytes!");
  }
  const double each =
      static_cast<double>(Hash::bytes(h.hash.encoding(), h.hash.object())) / kFields;
  EXPECT_LE(each, 56);
  EXPECT_EQ(Hash::memory(h.hash.encoding(), h.hash.object(), 5),
            Hash::bytes(h.hash.encoding(), h.hash.object()));
}

TEST(HashTest, MemoryCountsLargeValues) {
  Owner h;
  h.fill(100);
  const auto memory = [&h](size_t samples) {
    return Hash::memory(h.hash.encoding(), h.hash.object(), samples);
  };
  const size_t before = memory(0);
  h.set("large", std::string(100'000, 'x'));
  EXPECT_GE(memory(0), before + 100'000);
  EXPECT_GE(memory(1000), before + 100'000);
  h.hash.erase(HashField("large"));
  EXPECT_LT(memory(0), before + 1000);
}

// Random operations against a map, with a clock that goes on.
class HashModelTest : public testing::TestWithParam<uint64_t> {
 protected:
  struct Value {
    std::string text;
    int64_t expire_at_ms;
    bool operator==(const Value&) const = default;
  };

  std::string random_field() {
    switch (random_.below(8)) {
      case 0:
        return std::to_string(static_cast<int64_t>(random_.next()) >> random_.below(64));
      case 1:
        return std::string(random_.below(70), 'f') + std::to_string(random_.below(3));
      default:
        return "f" + std::to_string(random_.below(fields_));
    }
  }
  std::string random_value() {
    switch (random_.below(8)) {
      case 0:
        return std::to_string(static_cast<int64_t>(random_.next()) >> random_.below(64));
      case 1:
        return std::string(random_.below(long_values_), 'v');
      default:
        return std::string(random_.below(20), 'w');
    }
  }
  int64_t random_expiry() {
    return random_.below(3) == 0 ? now_ms_ + 1 + static_cast<int64_t>(random_.below(300))
                                 : kNoExpiry;
  }
  bool live(const Value& value) const {
    return value.expire_at_ms == kNoExpiry || value.expire_at_ms >= now_ms_;
  }
  // The model's field, if it is there and did not expire.
  const Value* find(const std::string& field) const {
    const auto at = model_.find(field);
    return at == model_.end() || !live(at->second) ? nullptr : &at->second;
  }

  void step() {
    const std::string field = random_field();
    const Value* old = find(field);
    const HashField name(field);
    switch (random_.below(10)) {
      case 0:
      case 1:
      case 2: {
        const Value value{random_value(), random_expiry()};
        ASSERT_EQ(h_.hash.set(name, value.text, value.expire_at_ms, limits_), old == nullptr);
        model_[field] = value;
        break;
      }
      case 3: {
        const Value value{random_value(), old == nullptr ? kNoExpiry : old->expire_at_ms};
        if (old != nullptr && random_.below(2) == 0) {
          h_.hash.replace_value(name, h_.hash.find(name).value(), value.text, limits_);
        } else {
          ASSERT_EQ(h_.hash.set_keeping_expiry(name, value.text, limits_), old == nullptr);
        }
        model_[field] = value;
        break;
      }
      case 4: {
        if (old == nullptr) break;
        const int64_t expire_at_ms = random_expiry();
        h_.hash.set_expiry(h_.hash.find(name).value(), expire_at_ms);
        model_[field].expire_at_ms = expire_at_ms;
        break;
      }
      case 5:
      case 6:
        ASSERT_EQ(h_.hash.erase(name), old != nullptr);
        if (old != nullptr) model_.erase(field);
        break;
      case 7:
        now_ms_ += static_cast<int64_t>(random_.below(5));
        h_.hash.set_now(now_ms_);
        break;
      case 8: {
        for (const std::string& gone : h_.take_expired(now_ms_, 3)) {
          ASSERT_TRUE(model_.contains(gone));
          ASSERT_FALSE(live(model_[gone]));
          model_.erase(gone);
        }
        break;
      }
      default: {
        const auto found = h_.hash.find(name);
        ASSERT_EQ(found.has_value(), old != nullptr);
        if (!found) break;
        ASSERT_EQ(text_of(found->value), old->text);
        ASSERT_EQ(found->expire_at_ms, old->expire_at_ms);
      }
    }
  }

  void check() const {
    ASSERT_EQ(h_.hash.size(), model_.size());
    std::map<std::string, Value> seen;
    h_.hash.for_each([&](const HashElement& e) {
      seen[text_of(e.field)] = {text_of(e.value), e.expire_at_ms};
    });
    std::map<std::string, Value> expected;
    size_t volatile_count = 0;
    bool any_live = model_.empty();
    for (const auto& [field, value] : model_) {
      any_live |= live(value);
      if (live(value)) expected[field] = value;
      if (value.expire_at_ms == kNoExpiry) continue;
      ++volatile_count;
      ASSERT_LE(h_.hash.next_expiry_ms(), value.expire_at_ms);
    }
    ASSERT_EQ(seen, expected);
    ASSERT_EQ(h_.hash.all_expired(now_ms_), !any_live);
    ASSERT_EQ(h_.hash.volatile_count(), volatile_count);
  }

  Random random_{GetParam()};
  uint64_t fields_ = 10 + random_.below(200);
  uint64_t long_values_ = GetParam() % 2 == 0 ? 65 : 600;
  HashLimits limits_{.max_entries = 8 + random_.below(100), .max_value_bytes = 64};
  int64_t now_ms_ = 1'000'000;
  Owner h_;
  std::map<std::string, Value> model_;
};

TEST_P(HashModelTest, BehavesAsAMap) {
  for (int i = 0; i < 6000; ++i) {
    ASSERT_NO_FATAL_FAILURE(step()) << "step " << i;
    if (i % 100 == 0) {
      ASSERT_NO_FATAL_FAILURE(check()) << "step " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, HashModelTest, testing::Range<uint64_t>(0, 12));

}  // namespace
}  // namespace spinel::storage
