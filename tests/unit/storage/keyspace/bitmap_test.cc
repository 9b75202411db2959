#include "storage/keyspace/bitmap.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "storage/containers/compressed_bitmap_policy.h"
#include "storage/keyspace/entry_string.h"
#include "tests/support/effort.h"
#include "tests/unit/storage/keyspace/fixture.h"

namespace spinel::storage {
namespace {

using bits::Operation;

// --- models: the plainest code for the same

bool bit_of(std::string_view bytes, uint64_t offset) {
  const uint64_t byte = offset / 8;
  return byte < bytes.size() &&
         (static_cast<unsigned char>(bytes[byte]) & (0x80u >> offset % 8)) != 0;
}

void set_bit_of(std::string& bytes, uint64_t offset, bool value) {
  if (offset / 8 >= bytes.size()) bytes.resize(offset / 8 + 1);
  auto byte = static_cast<unsigned char>(bytes[offset / 8]);
  const auto mask = static_cast<unsigned char>(0x80u >> offset % 8);
  byte = value ? byte | mask : byte & static_cast<unsigned char>(~mask);
  bytes[offset / 8] = static_cast<char>(byte);
}

uint64_t count_of(std::string_view bytes, uint64_t first, uint64_t last) {
  uint64_t count = 0;
  for (uint64_t at = first; at <= last; ++at) count += bit_of(bytes, at) ? 1 : 0;
  return count;
}

std::optional<uint64_t> find_in(std::string_view bytes, bool value, uint64_t first, uint64_t last) {
  for (uint64_t at = first; at <= last; ++at) {
    if (bit_of(bytes, at) == value) return at;
  }
  return std::nullopt;
}

uint64_t field_of(std::string_view bytes, uint64_t offset, unsigned width) {
  uint64_t value = 0;
  for (unsigned i = 0; i < width; ++i) value = value << 1 | (bit_of(bytes, offset + i) ? 1 : 0);
  return value;
}

bool combined_bit(Operation operation, bool first, size_t others, size_t other_count) {
  switch (operation) {
    case Operation::kAnd:
      return first && others == other_count;
    case Operation::kOr:
      return first || others > 0;
    case Operation::kXor:
      return (others + (first ? 1 : 0)) % 2 == 1;
    case Operation::kNot:
      return !first;
    case Operation::kDiff:
      return first && others == 0;
    case Operation::kDiff1:
      return !first && others > 0;
    case Operation::kAndOr:
      return first && others > 0;
    case Operation::kOne:
      return others + (first ? 1 : 0) == 1;
  }
  return false;
}

std::string combined(Operation operation, const std::vector<std::string>& sources) {
  size_t size = 0;
  for (const std::string& source : sources) size = std::max(size, source.size());
  std::string result(size, '\0');
  for (uint64_t at = 0; at < size * 8; ++at) {
    size_t others = 0;
    for (size_t i = 1; i < sources.size(); ++i) others += bit_of(sources[i], at) ? 1 : 0;
    if (combined_bit(operation, bit_of(sources[0], at), others, sources.size() - 1)) {
      set_bit_of(result, at, true);
    }
  }
  return result;
}

constexpr Operation kOperations[] = {Operation::kAnd,   Operation::kOr,   Operation::kXor,
                                     Operation::kNot,   Operation::kDiff, Operation::kDiff1,
                                     Operation::kAndOr, Operation::kOne};

// --- strings in a database

class BitmapTest : public testing::Test {
 protected:
  // Stores `bytes` as a compressed bitmap, whatever the rule says.
  Item put_compressed(std::string_view name, std::string_view bytes) {
    const Key key(name);
    Item item = database_.find(key);
    database_.set_object(key, item, Encoding::kCompressedBitmap,
                         CompressedBitmap::from_bytes(bytes), kNoExpiry, 0);
    return item;
  }
  Item put_raw(std::string_view name, std::string_view bytes) {
    Item item = put(database_, name, bytes);
    database_.resize_string(Key(name), item, bytes.size(), 0);
    return item;
  }
  BitChange set(std::string_view name, uint64_t offset, bool value, bool compress = true) {
    const Key key(name);
    Item item = database_.find(key);
    return set_bit(database_, key, item, offset, value, 0, compress);
  }
  Encoding encoding(std::string_view name) { return database_.find(Key(name))->encoding(); }

  FixedHashSeed seed_;
  Database database_{0};
  Random random_{20'261'123};
};

// Few ones in much space, in places as random as in rows.
std::string sparse_bytes(Random& random, size_t size, size_t ones) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < ones && size > 0; ++i) {
    uint64_t at = random.below(size * 8);
    const uint64_t run = random.below(4) == 0 ? random.below(40) : 1;
    for (uint64_t end = std::min<uint64_t>(at + run, size * 8); at < end; ++at) {
      set_bit_of(bytes, at, true);
    }
  }
  return bytes;
}

void expect_reads_as(const Item& item, const std::string& bytes, Random& random, int samples) {
  const BitmapView view(item);
  ASSERT_EQ(view.size_bytes(), bytes.size());
  ASSERT_EQ(string_size(*item), bytes.size());
  const uint64_t size = bytes.size() * 8;
  ASSERT_EQ(view.count(), size == 0 ? 0 : count_of(bytes, 0, size - 1));
  EXPECT_FALSE(view.get(size));
  EXPECT_FALSE(view.get(size + 12345));
  for (int i = 0; i < samples && size > 0; ++i) {
    uint64_t first = random.below(size);
    uint64_t last = random.below(size);
    if (random.below(2) == 0) last = std::min(first + random.below(70), size - 1);
    if (first > last) std::swap(first, last);
    ASSERT_EQ(view.get(first), bit_of(bytes, first)) << first;
    ASSERT_EQ(view.count_range(first, last), count_of(bytes, first, last)) << first << " " << last;
    for (const bool value : {false, true}) {
      ASSERT_EQ(view.find(value, first, last), find_in(bytes, value, first, last))
          << value << " " << first << " " << last;
    }
    const auto width = static_cast<unsigned>(1 + random.below(64));
    ASSERT_EQ(view.field(last, width), field_of(bytes, last, width)) << last << " " << width;
    const size_t part = (last - first) / 8;
    std::string piece(part, 'x');
    view.read(first / 8, {reinterpret_cast<unsigned char*>(piece.data()), part});
    ASSERT_EQ(piece, bytes.substr(first / 8, part));
    StringScratch scratch;
    ASSERT_EQ(string_part(*item, first / 8, part, scratch), piece);
  }
  StringScratch scratch;
  ASSERT_EQ(string_bytes(*item, scratch), bytes);
}

TEST_F(BitmapTest, ReadsTheSameInEveryEncoding) {
  for (const std::string text : {"0", "-77", "123456789012", "", "foobar"}) {
    SCOPED_TRACE(text);
    const Item item = put(database_, "key", text);
    expect_reads_as(item, text, random_, 50);
    if (!text.empty()) expect_reads_as(put_raw("raw", text), text, random_, 50);
  }
  for (const size_t size : {1, 2, 7, 8, 9, 63, 64, 65, 300, 8191, 8192, 8193, 30'000}) {
    for (const size_t ones : {0, 1, 5, 300}) {
      SCOPED_TRACE(std::to_string(size) + " bytes, " + std::to_string(ones) + " ones");
      const std::string bytes = sparse_bytes(random_, size, ones);
      expect_reads_as(put_raw("key", bytes), bytes, random_, 20);
      expect_reads_as(put_compressed("key", bytes), bytes, random_, 20);
    }
  }
}

TEST_F(BitmapTest, CountsAndFindsAtEveryAlignmentAndLength) {
  constexpr size_t kSize = 40;
  std::string bytes = random_bytes(random_, kSize);
  // Rows of ones and of zeroes, so that what is looked for is not always next.
  std::fill_n(bytes.begin() + 10, 9, '\xff');
  std::fill_n(bytes.begin() + 25, 9, '\0');
  for (const bool compressed : {false, true}) {
    const Item item = compressed ? put_compressed("key", bytes) : put_raw("key", bytes);
    const BitmapView view(item);
    for (uint64_t first = 0; first < kSize * 8; ++first) {
      uint64_t count = 0;
      for (uint64_t last = first; last < kSize * 8; ++last) {
        count += bit_of(bytes, last) ? 1 : 0;
        ASSERT_EQ(view.count_range(first, last), count) << first << " " << last;
        for (const bool value : {false, true}) {
          ASSERT_EQ(view.find(value, first, last), find_in(bytes, value, first, last));
        }
      }
    }
  }
}

TEST_F(BitmapTest, AnAbsentStringIsEmpty) {
  const BitmapView view{Item()};
  EXPECT_EQ(view.size_bytes(), 0);
  EXPECT_EQ(view.count(), 0);
  EXPECT_FALSE(view.get(0));
  EXPECT_EQ(view.field(0, 64), 0);
}

TEST_F(BitmapTest, SettingABitTellsWhatItWasAndWhetherAnythingChanged) {
  const auto expect = [&](BitChange change, bool before, bool changed) {
    EXPECT_EQ(change.before, before);
    EXPECT_EQ(change.changed, changed);
  };
  for (const uint64_t offset : {uint64_t{7}, uint64_t{1'000'003}}) {
    expect(set("key", offset, true), false, true);
    expect(set("key", offset, true), true, false);
    expect(set("key", offset, false), true, true);
    expect(set("key", offset, false), false, false);
    expect(set("key", offset + 8, false), false, true);  // it is longer now
    expect(set("key", offset + 7, false), false, false);
  }
  expect(set("zero", 0, false), false, true);  // it is there now
  EXPECT_EQ(get(database_, "zero"), std::string(1, '\0'));
}

TEST_F(BitmapTest, SettingABitMakesBytesOfIntegersAndEmbeddedStrings) {
  put(database_, "key", "123", 99'999);
  const BitChange change = set("key", 0, false);
  EXPECT_FALSE(change.changed);
  EXPECT_EQ(encoding("key"), Encoding::kRaw);
  EXPECT_EQ(get(database_, "key"), "123");
  EXPECT_EQ(database_.find(Key("key"))->expire_at_ms(), 99'999);
  put(database_, "text", "abc");
  set("text", 23, false);
  EXPECT_EQ(get(database_, "text"), "abb");
}

// --- the rule

TEST_F(BitmapTest, OnlyLongNewStringsAreCompressed) {
  constexpr uint64_t kFirstLong = (CompressedBitmap::kMinSizeBytes - 1) * 8;
  set("short", kFirstLong - 1, true);
  EXPECT_EQ(encoding("short"), Encoding::kRaw);
  set("long", kFirstLong, true);
  EXPECT_EQ(encoding("long"), Encoding::kCompressedBitmap);
  set("off", kFirstLong, true, false);
  EXPECT_EQ(encoding("off"), Encoding::kRaw);
}

TEST_F(BitmapTest, TheLargestOffsetTakesFewBytes) {
  set("key", ~uint32_t{0}, true);
  const Item item = database_.find(Key("key"));
  EXPECT_EQ(item->encoding(), Encoding::kCompressedBitmap);
  EXPECT_EQ(string_size(*item), uint64_t{512} << 20);
  EXPECT_LT(database_.memory_usage(*item, 0), 2048);
  const BitmapView view(item);
  EXPECT_EQ(view.count(), 1);
  EXPECT_EQ(view.find(true, 0, ~uint32_t{0}), ~uint32_t{0});
  EXPECT_EQ(view.find(false, 0, ~uint32_t{0}), 0);
  EXPECT_TRUE(view.get(~uint32_t{0}));
  StringScratch scratch;
  EXPECT_EQ(string_part(*item, (512u << 20) - 3, 3, scratch), std::string_view("\0\0\1", 3));
}

TEST_F(BitmapTest, AStringThatAtLeastDoublesIsCompressedIfThatPays) {
  put_raw("key", std::string(3000, 'x'));
  set("key", 5999 * 8 - 1, true);  // not the double
  EXPECT_EQ(encoding("key"), Encoding::kRaw);
  put_raw("dense", std::string(6000, 'x'));
  set("dense", 12'000 * 8, true);  // half of it is dense, and its container is a bit larger
  EXPECT_EQ(encoding("dense"), Encoding::kRaw);
  put_raw("key", std::string(3000, 'x'));
  set("key", 100'000 * 8, true);
  EXPECT_EQ(encoding("key"), Encoding::kCompressedBitmap);
  std::string expected(100'001, '\0');
  std::fill_n(expected.begin(), 3000, 'x');
  expected.back() = '\x80';
  EXPECT_EQ(get(database_, "key"), expected);
  put(database_, "integer", "12345");
  set("integer", 1'000'000, true);
  EXPECT_EQ(encoding("integer"), Encoding::kCompressedBitmap);
  EXPECT_EQ(get(database_, "integer")->substr(0, 6), std::string_view("12345\0", 6));
}

TEST_F(BitmapTest, RisingOffsetsStayFlat) {
  for (uint64_t offset = 0; offset < 400'000; ++offset) {
    set("key", offset, true);
    ASSERT_EQ(encoding("key"), Encoding::kRaw) << offset;
  }
  EXPECT_EQ(get(database_, "key"), std::string(50'000, '\xff'));
}

TEST_F(BitmapTest, BecomesFlatOnceWhenItFillsUp) {
  constexpr uint64_t kBits = 2'000'000;
  std::string model(kBits / 8, '\0');
  int changes = 0;
  Encoding before = Encoding::kCompressedBitmap;
  set("key", kBits - 1, false);
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t offset = random_.below(kBits);
    set("key", offset, true);
    set_bit_of(model, offset, true);
    if (encoding("key") != before) ++changes;
    before = encoding("key");
    ASSERT_LE(database_.memory_usage(*database_.find(Key("key")), 0), model.size() * 11 / 10) << i;
  }
  EXPECT_EQ(changes, 1);
  EXPECT_EQ(before, Encoding::kRaw);
  EXPECT_EQ(get(database_, "key"), model);
}

TEST_F(BitmapTest, ABitThatTogglesAtTheLineConvertsOnce) {
  set("key", 8 * CompressedBitmap::kMinSizeBytes, true);
  uint64_t offset = 0;
  for (; encoding("key") == Encoding::kCompressedBitmap; offset += 11) {
    ASSERT_LT(offset, 8 * CompressedBitmap::kMinSizeBytes);
    set("key", offset, true);
  }
  for (int i = 0; i < 1000; ++i) {
    set("key", offset - 11, i % 2 == 1);
    ASSERT_EQ(encoding("key"), Encoding::kRaw);
  }
}

TEST_F(BitmapTest, WhatIsCompressedStaysSoWithTheOptionOff) {
  set("key", 1'000'000, true);
  set("key", 2'000'000, true, false);
  EXPECT_EQ(encoding("key"), Encoding::kCompressedBitmap);
}

TEST_F(BitmapTest, LargePiecesMakeItFlatSmallOnesDoNot) {
  const auto write = [&](size_t offset, std::string_view bytes) {
    const Key key("key");
    Item item = database_.find(key);
    write_string(database_, key, item, offset, bytes, 0);
  };
  set("key", 100'000 * 8, true);
  std::string model = *get(database_, "key");
  write(500, "small");
  model.replace(500, 5, "small");
  write(model.size(), "");
  write(model.size(), "tail");
  model += "tail";
  EXPECT_EQ(encoding("key"), Encoding::kCompressedBitmap);
  EXPECT_EQ(get(database_, "key"), model);
  const std::string large(100'000, 'x');
  write(90'000, large);
  model.resize(190'000);
  model.replace(90'000, large.size(), large);
  EXPECT_EQ(encoding("key"), Encoding::kRaw);
  EXPECT_EQ(get(database_, "key"), model);
}

// --- the same random changes with and without compression, and to a model

class RandomChanges : public BitmapTest, public testing::WithParamInterface<int> {
 protected:
  static constexpr bool kForms[] = {true, false};

  Item item_of(bool compress) { return database_.find(Key(name(compress))); }
  static std::string_view name(bool compress) { return compress ? "compressed" : "flat"; }

  void change_bit() {
    const uint64_t offset = random_.below(bits_);
    const bool value = random_.below(100) < ones_percent_;
    const bool before = bit_of(model_, offset);
    const bool grows = !exists_ || offset / 8 >= model_.size();
    set_bit_of(model_, offset, value);
    for (const bool compress : kForms) {
      const BitChange change = set(name(compress), offset, value, compress);
      ASSERT_EQ(change.before, before);
      ASSERT_EQ(change.changed, grows || before != value);
    }
    exists_ = true;
  }
  void change_field() {
    const uint64_t offset = random_.below(bits_);
    const auto width = static_cast<unsigned>(1 + random_.below(64));
    const uint64_t value = random_.next() & random_.next();
    for (unsigned i = 0; i < width; ++i) {
      set_bit_of(model_, offset + width - 1 - i, (value >> i & 1) != 0);
    }
    for (const bool compress : kForms) {
      const Key key(name(compress));
      Item item = database_.find(key);
      set_field(database_, key, item, offset, width, value, 0, compress);
    }
    exists_ = true;
  }
  void change_bytes() {
    const size_t offset = random_.below(bits_ / 8);
    std::string bytes = random_.below(2) == 0 ? random_bytes(random_, random_.below(300))
                                              : std::string(random_.below(5000), '\0');
    if (bytes.empty()) bytes = "x";
    if (model_.size() < offset + bytes.size()) model_.resize(offset + bytes.size());
    model_.replace(offset, bytes.size(), bytes);
    for (const bool compress : kForms) {
      const Key key(name(compress));
      Item item = database_.find(key);
      write_string(database_, key, item, offset, bytes, 0);
    }
    exists_ = true;
  }
  void grow() {
    const size_t size = 1 + random_.below(bits_ / 8);
    const bool grows = !exists_ || size > model_.size();
    if (size > model_.size()) model_.resize(size);
    for (const bool compress : kForms) {
      const Key key(name(compress));
      Item item = database_.find(key);
      ASSERT_EQ(grow_bitmap(database_, key, item, size, 0, compress), grows);
    }
    exists_ = true;
  }
  void start_afresh() {
    for (const bool compress : kForms) {
      if (const Item item = item_of(compress)) database_.erase(item, Key(name(compress)), nullptr);
    }
    model_.clear();
    exists_ = false;
    constexpr uint64_t kSizes[] = {100, 5'000, 70'000, 300'000, 3'000'000};
    bits_ = kSizes[random_.below(std::size(kSizes))];
    ones_percent_ = 20 + random_.below(80);
  }

  uint64_t bits_ = 0;
  uint64_t ones_percent_ = 0;
  bool exists_ = false;
  std::string model_;
};

TEST_P(RandomChanges, GiveTheSameBytes) {
  random_ = Random(static_cast<uint64_t>(GetParam()));
  int seen_compressed = 0;
  int seen_flat = 0;
  for (int round = 0; round < 12; ++round) {
    start_afresh();
    const uint64_t changes = random_.below(3000);
    for (uint64_t i = 0; i < changes; ++i) {
      const uint64_t choice = random_.below(100);
      if (choice < 85) {
        ASSERT_NO_FATAL_FAILURE(change_bit());
      } else if (choice < 93) {
        change_field();
      } else if (choice < 97) {
        change_bytes();
      } else if (random_.below(4) == 0) {
        ASSERT_NO_FATAL_FAILURE(grow());
      }
    }
    if (!exists_) continue;
    ASSERT_EQ(encoding("flat"), Encoding::kRaw);
    ++(encoding("compressed") == Encoding::kRaw ? seen_flat : seen_compressed);
    for (const bool compress : kForms) {
      SCOPED_TRACE(compress);
      ASSERT_NO_FATAL_FAILURE(expect_reads_as(item_of(compress), model_, random_, 10));
    }
  }
  EXPECT_GT(seen_compressed, 0);
  EXPECT_GT(seen_flat, 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomChanges, testing::Range(1, 9));

// --- combining

class Combining : public BitmapTest {
 protected:
  // Combines strings that are kept as `forms` says and expects what the model gives.
  void expect_combined(Operation operation, const std::vector<std::string>& sources,
                       const std::vector<bool>& compressed, bool compress, bool reuse = false) {
    std::vector<std::unique_ptr<BitmapView>> views;
    std::vector<const BitmapView*> pointers;
    for (size_t i = 0; i < sources.size(); ++i) {
      const std::string name = "source" + std::to_string(i);
      const Item item = sources[i].empty() ? Item()
                        : compressed[i]    ? put_compressed(name, sources[i])
                                           : put_raw(name, sources[i]);
      views.push_back(std::make_unique<BitmapView>(item));
      pointers.push_back(views.back().get());
    }
    const std::string expected = combined(operation, sources);
    const Key key("result");
    Item item = reuse ? put_raw("result", random_bytes(random_, expected.size() + 1)) : Item();
    auto* room = reuse ? static_cast<RawString*>(item->object()) : nullptr;
    const StringObject result = combine_bitmaps(operation, pointers, compress, room);
    if (reuse && result.encoding == Encoding::kRaw && !compress) {
      EXPECT_EQ(result.object, room) << "there was room for it";
    }
    if (!item) item = database_.find(key);
    database_.set_object(key, item, result.encoding, result.object, kNoExpiry, 0);
    ASSERT_EQ(value_of(*item), expected);
    if (!compress) {
      ASSERT_EQ(item->encoding(), Encoding::kRaw);
    }
    if (item->encoding() == Encoding::kCompressedBitmap) {
      ++seen_compressed_;
      ASSERT_LE(database_.memory_usage(*item, 0), expected.size());
    } else {
      ++seen_flat_;
    }
  }

  static size_t source_count(Operation operation, Random& random) {
    if (operation == Operation::kNot) return 1;
    const bool compares = operation == Operation::kDiff || operation == Operation::kDiff1 ||
                          operation == Operation::kAndOr;
    return (compares ? 2 : 1) + random.below(5);
  }

  int seen_compressed_ = 0;
  int seen_flat_ = 0;
};

TEST_F(Combining, SmallStringsOfEveryLength) {
  for (const Operation operation : kOperations) {
    for (size_t size = 1; size <= 300; size += size < 70 ? 1 : 23) {
      std::vector<std::string> sources(source_count(operation, random_));
      for (std::string& source : sources) {
        source = random_bytes(random_, random_.below(4) == 0 ? random_.below(size + 1) : size);
      }
      if (sources[0].empty()) sources[0] = "x";
      const std::vector<bool> flat(sources.size(), false);
      ASSERT_NO_FATAL_FAILURE(expect_combined(operation, sources, flat, true))
          << static_cast<int>(operation) << " " << size;
    }
  }
  EXPECT_EQ(seen_compressed_, 0);
}

TEST_F(Combining, LargeOnesInAnyForm) {
  for (const Operation operation : kOperations) {
    for (int round = 0; round < test::effort(24); ++round) {
      SCOPED_TRACE(std::to_string(static_cast<int>(operation)) + " " + std::to_string(round));
      std::vector<std::string> sources(source_count(operation, random_));
      std::vector<bool> compressed;
      const size_t size = 4096 + random_.below(80'000);
      for (std::string& source : sources) {
        const uint64_t kind = random_.below(10);
        if (kind == 0) {
          source = "";
        } else if (kind < 3) {
          source = random_bytes(random_, random_.below(size));
        } else {
          source = sparse_bytes(random_, size / (1 + random_.below(3)), random_.below(200));
        }
        compressed.push_back(random_.below(2) == 0 && kind >= 3);
      }
      if (sources[0].empty()) sources[0] = sparse_bytes(random_, size, 10);
      ASSERT_NO_FATAL_FAILURE(
          expect_combined(operation, sources, compressed, round % 4 != 0, round % 3 == 0));
    }
  }
  EXPECT_GT(seen_compressed_, test::effort(20));
  EXPECT_GT(seen_flat_, test::effort(20));
}

TEST_F(Combining, SparseDaysStaySmall) {
  constexpr uint64_t kLast = ~uint32_t{0};
  std::vector<std::unique_ptr<BitmapView>> views;
  std::vector<const BitmapView*> pointers;
  for (int day = 0; day < 3; ++day) {
    const std::string name = "day" + std::to_string(day);
    set(name, kLast, true);
    for (int i = 0; i < 100; ++i) set(name, random_.below(kLast), true);
    set(name, 77, true);
    views.push_back(std::make_unique<BitmapView>(database_.find(Key(name))));
    pointers.push_back(views.back().get());
  }
  const auto result_of = [&](Operation operation) {
    const StringObject result = combine_bitmaps(operation, pointers, true, nullptr);
    const Key key("result");
    Item item = database_.find(key);
    database_.set_object(key, item, result.encoding, result.object, kNoExpiry, 0);
    EXPECT_EQ(item->encoding(), Encoding::kCompressedBitmap);
    EXPECT_EQ(string_size(*item), uint64_t{512} << 20);
    EXPECT_LT(database_.memory_usage(*item, 0), 8192);
    return BitmapView(item).count();
  };
  EXPECT_EQ(result_of(Operation::kAnd), 2);
  EXPECT_EQ(result_of(Operation::kOr), 302);
  EXPECT_EQ(result_of(Operation::kXor), 302);
  EXPECT_EQ(result_of(Operation::kOne), 300);
  EXPECT_EQ(result_of(Operation::kDiff), 100);
  EXPECT_EQ(result_of(Operation::kDiff1), 200);
  EXPECT_EQ(result_of(Operation::kAndOr), 2);
}

}  // namespace
}  // namespace spinel::storage
