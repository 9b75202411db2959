#include "storage/types/hyperloglog.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "storage/base/random.h"
#include "storage/types/hyperloglog_self_test.h"
#include "tests/support/effort.h"

namespace spinel::storage {
namespace {

using Change = HyperLogLog::Change;
using hll::kDenseSize;
using hll::kHeaderSize;
using hll::kRegisters;

constexpr size_t kNeverDense = size_t{1} << 40;
constexpr size_t kDefaultSparseBytes = 3000;

// A HyperLogLog with its string.
class Sketch {
 public:
  Sketch() : hll(HyperLogLog::create()) {}
  explicit Sketch(std::string_view bytes) : hll(copy(bytes)) {}
  ~Sketch() { RawString::destroy(hll.value()); }
  Sketch(const Sketch&) = delete;
  Sketch& operator=(const Sketch&) = delete;

  std::string bytes() const { return std::string(hll.value()->view()); }
  std::string opcodes() const { return bytes().substr(kHeaderSize); }
  uint64_t count() const { return hll.view().count().value(); }

  HyperLogLog hll;

 private:
  static RawString* copy(std::string_view bytes) {
    RawString* string = RawString::create(bytes.size(), bytes.size());
    std::memcpy(string->bytes(), bytes.data(), bytes.size());
    return string;
  }
};

std::string header(char encoding, char last_byte_of_count = '\x80') {
  std::string bytes = "HYLL";
  bytes.push_back(encoding);
  bytes.append(10, '\0');
  bytes.push_back(last_byte_of_count);
  return bytes;
}
std::string sparse(std::string_view opcodes) {
  return header(1).append(opcodes);
}

// --- what is one

TEST(HyperLogLog, IsRecognisedByHeaderAndSize) {
  const auto valid = [](const std::string& bytes) {
    return HyperLogLogView::of(bytes).has_value();
  };
  EXPECT_TRUE(valid(header(1)));
  EXPECT_TRUE(valid(header(1) + "anything"));
  EXPECT_TRUE(valid(header(0) + std::string(12288, 'x')));
  EXPECT_FALSE(valid(""));
  EXPECT_FALSE(valid("HYLL"));
  EXPECT_FALSE(valid(header(1).substr(0, 15)));
  EXPECT_FALSE(valid(header(0)));
  EXPECT_FALSE(valid(header(0) + std::string(12287, 'x')));
  EXPECT_FALSE(valid(header(0) + std::string(12289, 'x')));
  EXPECT_FALSE(valid(header(2) + std::string(12288, 'x')));
  EXPECT_FALSE(valid(header(-1)));
  EXPECT_FALSE(valid("hYLL" + header(1).substr(4)));
}

TEST(HyperLogLog, StartsEmptyAndSparse) {
  const Sketch sketch;
  EXPECT_EQ(sketch.bytes(), sparse("\x7f\xff"));
  EXPECT_EQ(sketch.count(), 0U);
  EXPECT_FALSE(sketch.hll.view().dense());
  EXPECT_EQ(sketch.hll.view().cached_count(), std::nullopt);
}

// --- elements: what Redis stores for the same ones

TEST(HyperLogLog, ElementsChooseRegistersAsInRedis) {
  const auto expect = [](std::string_view element, uint32_t index, unsigned rank) {
    const hll::ElementRank at = hll::rank_element(element);
    EXPECT_EQ(at.index, index) << element;
    EXPECT_EQ(at.rank, rank) << element;
  };
  expect("", 5938, 2);
  expect("a", 12711, 2);
  expect("user:36", 7575, 5);
  expect("user:131843", 1077, 19);
}

TEST(HyperLogLog, StoresWhatRedisStores) {
  Sketch sketch;
  EXPECT_EQ(sketch.hll.add("", kDefaultSparseBytes), Change::kDone);
  EXPECT_EQ(sketch.bytes(), sparse("W1\x84h\xcc"));
  EXPECT_EQ(sketch.hll.add("", kDefaultSparseBytes), Change::kNone);
  EXPECT_EQ(sketch.hll.add("a", kDefaultSparseBytes), Change::kDone);
  EXPECT_EQ(sketch.hll.add("b", kDefaultSparseBytes), Change::kDone);
  EXPECT_EQ(sketch.bytes(), sparse("W1\x84Zs\x84K\xfb\x80"
                                   "BZ"));
  EXPECT_EQ(sketch.hll.view().opcodes_text(), "Z:5938 v:2,1 Z:6772 v:2,1 Z:3068 v:1,1 Z:603");
  EXPECT_EQ(sketch.count(), 3U);
}

TEST(HyperLogLog, OpcodesAsText) {
  EXPECT_EQ(Sketch(sparse("")).hll.view().opcodes_text(), "");
  EXPECT_EQ(Sketch(sparse(std::string("\x00\x40\x80\xff\x41", 5))).hll.view().opcodes_text(),
            "z:1 Z:129 v:32,4 Z:257");
}

// --- the count in the header

TEST(HyperLogLog, KeepsACountUntilARegisterChanges) {
  Sketch sketch;
  sketch.hll.add("a", kDefaultSparseBytes);
  sketch.hll.cache_count(77);
  EXPECT_EQ(sketch.hll.view().cached_count(), 77U);
  EXPECT_EQ(sketch.hll.add("a", kDefaultSparseBytes), Change::kNone);
  EXPECT_EQ(sketch.hll.view().cached_count(), 77U);
  EXPECT_EQ(sketch.hll.add("b", kDefaultSparseBytes), Change::kDone);
  EXPECT_EQ(sketch.hll.view().cached_count(), std::nullopt);
  EXPECT_EQ(sketch.bytes().substr(8, 8), std::string("\x4d\0\0\0\0\0\0\x80", 8));
  sketch.hll.make_dense();
  sketch.hll.cache_count(2);
  EXPECT_EQ(sketch.hll.add("b", 0), Change::kNone);
  EXPECT_EQ(sketch.hll.view().cached_count(), 2U);
  EXPECT_EQ(sketch.hll.add("c", 0), Change::kDone);
  EXPECT_EQ(sketch.hll.view().cached_count(), std::nullopt);
  sketch.hll.cache_count(3);
  sketch.hll.raise_to(hll::Registers{}, 0);
  EXPECT_EQ(sketch.hll.view().cached_count(), std::nullopt);
}

// --- forms

TEST(HyperLogLog, TheFormsHoldTheSame) {
  constexpr uint64_t kElements = 20'000;
  Random random(11);
  Sketch always_sparse;
  Sketch adaptive;
  Sketch dense;
  ASSERT_TRUE(dense.hll.make_dense());
  hll::Registers model;
  for (uint64_t i = 0; i < kElements; ++i) {
    const std::string element = std::to_string(random.below(kElements));
    const hll::ElementRank at = hll::rank_element(element);
    const Change expected = at.rank > model.values[at.index] ? Change::kDone : Change::kNone;
    model.values[at.index] =
        static_cast<uint8_t>(std::max<unsigned>(model.values[at.index], at.rank));
    ASSERT_EQ(always_sparse.hll.add(element, kNeverDense), expected);
    ASSERT_EQ(adaptive.hll.add(element, kDefaultSparseBytes), expected);
    ASSERT_EQ(dense.hll.add(element, kDefaultSparseBytes), expected);
    if (i % 1000 != 0) continue;
    for (const Sketch* sketch : {&always_sparse, &adaptive, &dense}) {
      hll::Registers registers;
      ASSERT_TRUE(sketch->hll.view().merge_into(registers));
      ASSERT_EQ(std::memcmp(registers.values, model.values, kRegisters), 0);
      ASSERT_EQ(sketch->count(), dense.count());
    }
  }
  EXPECT_FALSE(always_sparse.hll.view().dense());
  EXPECT_TRUE(adaptive.hll.view().dense());
  EXPECT_EQ(adaptive.bytes(), dense.bytes());
}

TEST(HyperLogLog, BecomesDenseWhenItWouldGrowTooLarge) {
  // The header counts: 18 bytes empty, 21 with the first element, 24 with the second.
  for (const size_t limit : {0U, 18U, 20U}) {
    Sketch sketch;
    EXPECT_EQ(sketch.hll.add("a", limit), Change::kDone);
    EXPECT_EQ(sketch.bytes().size(), kDenseSize);
    EXPECT_EQ(sketch.count(), 1U);
  }
  for (const size_t limit : {21U, 23U}) {
    Sketch sketch;
    EXPECT_EQ(sketch.hll.add("a", limit), Change::kDone);
    EXPECT_EQ(sketch.bytes().size(), 21U);
    EXPECT_EQ(sketch.hll.add("b", limit), Change::kDone);
    EXPECT_EQ(sketch.bytes().size(), kDenseSize);
  }
  // What does not grow may stay.
  const hll::ElementRank at = hll::rank_element("user:36");
  hll::Replacement zeros_before;
  zeros_before.add_zeros(at.index);
  hll::Replacement zeros_behind;
  zeros_behind.add_zeros(kRegisters - at.index - 1);
  const std::string before(zeros_before.bytes.data(), zeros_before.size);
  const std::string behind(zeros_behind.bytes.data(), zeros_behind.size);
  Sketch sketch(sparse(before + "\x80" + behind));
  EXPECT_EQ(sketch.hll.add("user:36", 0), Change::kDone);
  EXPECT_EQ(sketch.bytes(), sparse(before + "\x90" + behind));
}

TEST(HyperLogLog, ConversionKeepsTheHeader) {
  const std::string opcodes = "\x7f\xff";
  Sketch sketch("HYLL\x01" + std::string("abc\x05\0\0\0\0\0\0\0", 11) + opcodes);
  ASSERT_TRUE(sketch.hll.make_dense());
  EXPECT_EQ(sketch.bytes(),
            std::string("HYLL\0abc\x05\0\0\0\0\0\0\0", 16) + std::string(hll::kPackedSize, '\0'));
  EXPECT_TRUE(sketch.hll.make_dense());
  EXPECT_EQ(sketch.hll.view().cached_count(), 5U);
}

// --- merging

TEST(HyperLogLog, MergingIsAddingAll) {
  Random random(12);
  for (const uint64_t elements : {0U, 1U, 10U, 300U, 700U, 900U, 3000U, 50'000U}) {
    Sketch whole;
    Sketch left;
    Sketch right;
    for (uint64_t i = 0; i < elements; ++i) {
      const std::string element = std::to_string(random.next());
      whole.hll.add(element, kDefaultSparseBytes);
      if (random.below(3) != 0) left.hll.add(element, kDefaultSparseBytes);
      right.hll.add(element, kDefaultSparseBytes);
    }
    hll::Registers registers;
    ASSERT_TRUE(left.hll.view().merge_into(registers));
    ASSERT_TRUE(right.hll.view().merge_into(registers));
    Sketch merged;
    merged.hll.raise_to(registers, kDefaultSparseBytes);
    EXPECT_EQ(merged.count(), whole.count());
    left.hll.raise_to(registers, kDefaultSparseBytes);
    EXPECT_EQ(left.count(), whole.count());
    left.hll.make_dense();
    whole.hll.make_dense();
    EXPECT_EQ(left.bytes(), whole.bytes());
    hll::Histogram counts = {};
    hll::kernels().count(registers, counts);
    EXPECT_EQ(hll::estimate(counts), whole.count());
  }
}

// Raising many registers takes up where the last one was found; the bytes must not tell.
TEST(HyperLogLog, MergingWritesTheOpcodesThatSingleChangesWould) {
  Random random(13);
  for (int round = 0; round < test::effort(60); ++round) {
    // Runs close together, with values that often are equal.
    hll::Registers before;
    hll::Registers after;
    const uint64_t span = 1 + random.below(400);
    const uint64_t start = random.below(kRegisters - span);
    for (uint64_t i = start; i < start + span; ++i) {
      before.values[i] = static_cast<uint8_t>(random.below(3));
      after.values[i] = std::max(before.values[i], static_cast<uint8_t>(random.below(4)));
    }
    Sketch at_once;
    at_once.hll.raise_to(before, kNeverDense);
    Sketch one_by_one(at_once.bytes());
    at_once.hll.raise_to(after, kNeverDense);
    for (uint32_t i = 0; i < kRegisters; ++i) {
      if (after.values[i] == 0) continue;
      // A new HyperLogLog knows no place.
      hll::Registers single;
      ASSERT_TRUE(one_by_one.hll.view().merge_into(single));
      single.values[i] = after.values[i];
      HyperLogLog fresh(one_by_one.hll.value());
      fresh.raise_to(single, kNeverDense);
      one_by_one.hll = fresh;
    }
    ASSERT_EQ(at_once.opcodes(), one_by_one.opcodes()) << "round " << round;
  }
}

TEST(HyperLogLog, RanksThatASparseOneCannotHoldMakeItDense) {
  hll::Registers registers;
  registers.values[5] = 33;
  registers.values[16383] = 63;
  registers.values[7] = 1;
  Sketch sketch;
  sketch.hll.raise_to(registers, kNeverDense);
  ASSERT_TRUE(sketch.hll.view().dense());
  hll::Registers read;
  sketch.hll.view().merge_into(read);
  EXPECT_EQ(std::memcmp(read.values, registers.values, kRegisters), 0);
}

// --- the estimate

TEST(HyperLogLog, ErrsNoMoreThanItMay) {
  // Of many counts nearly all are within three standard errors, and none is off by five.
  const double standard_error = 1.04 / std::sqrt(double{kRegisters});
  int checked = 0;
  int beyond_three = 0;
  for (const uint64_t seed : {1U, 2U, 3U, 4U, 5U, 6U}) {
    Random random(seed);
    Sketch sketch;
    uint64_t checkpoint = 1;
    for (uint64_t elements = 1; elements <= 300'000; ++elements) {
      const uint64_t element = random.next();
      sketch.hll.add({reinterpret_cast<const char*>(&element), sizeof element},
                     kDefaultSparseBytes);
      if (elements != checkpoint) continue;
      checkpoint = checkpoint * 5 / 4 + 1;
      const double error =
          std::abs(static_cast<double>(sketch.count()) - static_cast<double>(elements)) /
          static_cast<double>(elements);
      const double rounding = 0.5 / static_cast<double>(elements);
      EXPECT_LT(error, 5 * standard_error + rounding) << "seed " << seed << ", " << elements;
      ++checked;
      if (error > 3 * standard_error + rounding) ++beyond_three;
    }
  }
  EXPECT_GT(checked, 200);
  EXPECT_LE(beyond_three, checked / 50);
}

TEST(HyperLogLog, EstimatesWhatRedisDoes) {
  hll::Histogram counts = {};
  counts[0] = kRegisters;
  EXPECT_EQ(hll::estimate(counts), 0U);
  // What 63 bits do not hold.
  counts = {};
  counts[51] = kRegisters;
  EXPECT_EQ(hll::estimate(counts), uint64_t{1} << 63);
  counts = {};
  counts[63] = kRegisters;
  EXPECT_EQ(hll::estimate(counts), uint64_t{1} << 63);
}

// --- corruption

TEST(HyperLogLog, CorruptOnesAreFoundOut) {
  for (const std::string& opcodes :
       {std::string(), std::string("\x40"), std::string("\x7f\xfe"), std::string("\x7f\xff\x80"),
        std::string("\x7f\xff\x7f\xff")}) {
    Sketch sketch(sparse(opcodes));
    const std::string before = sketch.bytes();
    hll::Registers registers;
    EXPECT_EQ(sketch.hll.view().count(), std::nullopt);
    EXPECT_FALSE(sketch.hll.view().merge_into(registers));
    EXPECT_FALSE(sketch.hll.make_dense());
    EXPECT_EQ(sketch.bytes(), before);
  }
}

TEST(HyperLogLog, AddsToACorruptOneWhereItCan) {
  // Only what the place of a register depends on is looked at, as in Redis.
  Sketch too_short(sparse("\x5f\x3f"));  // 8000 zeros
  EXPECT_EQ(too_short.hll.add("a", kDefaultSparseBytes), Change::kCorrupt);
  EXPECT_EQ(too_short.bytes(), sparse("\x5f\x3f"));
  EXPECT_EQ(too_short.hll.add("user:36", kDefaultSparseBytes), Change::kDone);
  EXPECT_EQ(too_short.hll.add("a", 0), Change::kCorrupt);
  EXPECT_EQ(too_short.hll.add("user:1", 0), Change::kCorrupt);  // it cannot become dense
  EXPECT_EQ(too_short.hll.view().opcodes_text(), "Z:7575 v:5,1 Z:424");
}

TEST(HyperLogLog, AnOpcodeThatIsCutOffIsReplacedByWholeOnes) {
  // "user:131843" is rank 19 at 1077: here the last register of a run whose second byte is missing.
  Sketch sketch(sparse("\x44\x34\x40"));
  EXPECT_EQ(sketch.hll.view().opcodes_text(), "Z:1077 Z:1");
  EXPECT_EQ(sketch.hll.add("user:131843", kDefaultSparseBytes), Change::kDone);
  EXPECT_EQ(sketch.opcodes(), "\x44\x34\xc8");
  Sketch longer(sparse("\x44\x34\x41"));
  EXPECT_EQ(longer.hll.add("user:131843", kDefaultSparseBytes), Change::kDone);
  EXPECT_EQ(longer.opcodes(), std::string("\x44\x34\xc8\x40\xff", 5));
}

TEST(HyperLogLog, OneWhoseLastOpcodeIsCutOffCanBeRaised) {
  // 255 zeros, and 63 * 256 + 1 of which one byte is missing: all registers, so it is no error.
  const std::string cut_off = sparse("\x40\xfe\x7f");
  Random random(15);
  for (const size_t max_sparse_bytes : {size_t{0}, size_t{60}, kDefaultSparseBytes, kNeverDense}) {
    for (uint32_t count = 1; count <= hll::kRegisters; count *= 4) {
      Sketch sketch(cut_off);
      hll::Registers registers;
      for (uint32_t i = 0; i < count; ++i) {
        registers.values[random.below(hll::kRegisters)] = static_cast<uint8_t>(1 + random.below(8));
      }
      registers.values[hll::kRegisters - 1] = 1;
      sketch.hll.raise_to(registers, max_sparse_bytes);
      hll::Registers raised;
      ASSERT_TRUE(sketch.hll.view().merge_into(raised));
      EXPECT_TRUE(std::equal(raised.values, std::end(raised.values), registers.values));
    }
  }
}

TEST(HyperLogLog, AnyOpcodesAreReadAndChangedSafely) {
  Random random(14);
  for (int round = 0; round < test::effort(20'000); ++round) {
    std::string opcodes(random.below(40), '\0');
    for (char& byte : opcodes) byte = static_cast<char>(random.below(256));
    Sketch sketch(sparse(opcodes));
    sketch.hll.view().opcodes_text();
    hll::Registers registers;
    const bool whole = sketch.hll.view().merge_into(registers);
    ASSERT_EQ(sketch.hll.view().count().has_value(), whole);
    for (int i = 0; i < 20; ++i) {
      const std::string element = std::to_string(random.below(1000));
      const Change change = sketch.hll.add(element, random.below(2) == 0 ? kNeverDense : 40);
      ASSERT_FALSE(whole && change == Change::kCorrupt);
    }
  }
}

TEST(HyperLogLog, SelfTestPasses) {
  EXPECT_EQ(hll::self_test(), std::nullopt);
}

}  // namespace
}  // namespace spinel::storage
