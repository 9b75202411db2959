#include "storage/containers/bit_kernels.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "storage/base/random.h"
#include "tests/support/effort.h"

namespace spinel::storage::bits {
namespace {

// More than the widest loop takes at once, several times over.
constexpr size_t kLongest = 340;
constexpr size_t kAlignments = 64;

using Bytes = std::vector<unsigned char>;

// Bytes at a chosen distance from a cache line. The allocation ends with them: AddressSanitizer
// sees who reads or writes on.
class Placed {
 public:
  Placed(const unsigned char* content, size_t size, size_t alignment) {
    void* block = nullptr;
    if (::posix_memalign(&block, kAlignments, alignment + size + (alignment + size == 0)) != 0) {
      std::abort();
    }
    block_.reset(static_cast<unsigned char*>(block));
    bytes_ = block_.get() + alignment;
    if (size != 0) std::memcpy(bytes_, content, size);
  }
  unsigned char* bytes() const { return bytes_; }

 private:
  struct Free {
    void operator()(unsigned char* block) const { std::free(block); }
  };
  std::unique_ptr<unsigned char, Free> block_;
  unsigned char* bytes_ = nullptr;
};

Bytes random_bytes(Random& random, size_t size) {
  Bytes bytes(size);
  // Mostly zeros, mostly ones, and anything: each finds mistakes that the others hide.
  const uint64_t kind = random.below(3);
  for (unsigned char& byte : bytes) {
    byte = static_cast<unsigned char>(random.next());
    if (kind == 0 && random.below(4) != 0) byte = 0;
    if (kind == 1 && random.below(4) != 0) byte = 0xff;
  }
  return bytes;
}

std::string_view view(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool bit_at(const Bytes& bytes, uint64_t bit) {
  return (bytes[bit / 8] >> (7 - bit % 8) & 1) != 0;
}

constexpr Operation kOperations[] = {Operation::kAnd,   Operation::kOr,   Operation::kXor,
                                     Operation::kNot,   Operation::kDiff, Operation::kDiff1,
                                     Operation::kAndOr, Operation::kOne};

// One bit of the result, in the words of the operation's documentation.
bool combined(Operation operation, const std::vector<bool>& sources) {
  const size_t ones = static_cast<size_t>(std::count(sources.begin(), sources.end(), true));
  const bool x = sources.front();
  const bool any_y = ones > (x ? 1U : 0U);
  switch (operation) {
    case Operation::kAnd:
      return ones == sources.size();
    case Operation::kOr:
      return ones > 0;
    case Operation::kXor:
      return ones % 2 == 1;
    case Operation::kNot:
      return !x;
    case Operation::kDiff:
      return x && !any_y;
    case Operation::kDiff1:
      return !x && any_y;
    case Operation::kAndOr:
      return x && any_y;
    case Operation::kOne:
      return ones == 1;
  }
  return false;
}

Bytes model_of(Operation operation, const std::vector<Bytes>& sources, size_t size) {
  Bytes result(size);
  std::vector<bool> column(sources.size());
  for (size_t bit = 0; bit < size * 8; ++bit) {
    for (size_t i = 0; i < sources.size(); ++i) {
      column[i] = bit / 8 < sources[i].size() && bit_at(sources[i], bit);
    }
    if (combined(operation, column)) {
      result[bit / 8] |= static_cast<unsigned char>(0x80U >> bit % 8);
    }
  }
  return result;
}

class BitKernelsTest : public testing::TestWithParam<Path> {
 protected:
  void SetUp() override {
    if (GetParam() > best_path()) GTEST_SKIP() << "this CPU has no such instructions";
    use_path(GetParam());
  }
  void TearDown() override { use_path(best_path()); }
};

TEST_P(BitKernelsTest, CountsAtEveryAlignmentAndLength) {
  Random random(1);
  for (int round = 0; round < 3; ++round) {
    const Bytes content = random_bytes(random, kLongest);
    for (size_t alignment = 0; alignment < kAlignments; ++alignment) {
      uint64_t expected = 0;
      for (size_t size = 0; size <= kLongest; ++size) {
        const Placed placed(content.data(), size, alignment);
        ASSERT_EQ(count(placed.bytes(), size), expected) << "size " << size;
        if (size < kLongest) expected += static_cast<unsigned>(std::popcount(content[size]));
      }
    }
  }
}

TEST_P(BitKernelsTest, CountsLongerOnes) {
  Random random(2);
  for (int round = 0; round < 300; ++round) {
    const Bytes content = random_bytes(random, random.below(20'000));
    const Placed placed(content.data(), content.size(), random.below(kAlignments));
    uint64_t expected = 0;
    for (const unsigned char byte : content) expected += static_cast<unsigned>(std::popcount(byte));
    ASSERT_EQ(count(placed.bytes(), content.size()), expected) << "size " << content.size();
  }
  // Around the size from which on the wide part begins on a cache line.
  const Bytes content = random_bytes(random, 4096 + 2 * kAlignments);
  for (size_t alignment = 0; alignment < kAlignments; ++alignment) {
    const size_t shortest = 4096 - 2;
    uint64_t expected = 0;
    for (size_t i = 0; i < shortest; ++i)
      expected += static_cast<unsigned>(std::popcount(content[i]));
    for (size_t size = shortest; size < content.size(); ++size) {
      const Placed placed(content.data(), size, alignment);
      ASSERT_EQ(count(placed.bytes(), size), expected) << "size " << size;
      expected += static_cast<unsigned>(std::popcount(content[size]));
    }
  }
  // Every counter as full as it gets.
  const Bytes ones(1 << 20, 0xff);
  ASSERT_EQ(count(ones.data(), ones.size()), ones.size() * 8);
}

TEST_P(BitKernelsTest, FindsTheOtherByteWhereverItIs) {
  Random random(3);
  for (const unsigned char skip : {0x00, 0xff}) {
    for (size_t alignment = 0; alignment < kAlignments; ++alignment) {
      for (size_t size = 0; size <= kLongest; ++size) {
        const Bytes content(size, skip);
        const Placed placed(content.data(), size, alignment);
        ASSERT_EQ(find_other(placed.bytes(), size, skip), size);
        if (size == 0) continue;
        // One bit differs in the first, any, and the last byte; what follows does not matter.
        for (const size_t at : {size - 1, random.below(size), size_t{0}}) {
          placed.bytes()[at] = static_cast<unsigned char>(skip ^ 1U << random.below(8));
          ASSERT_EQ(find_other(placed.bytes(), size, skip), at) << "size " << size;
        }
      }
    }
  }
}

// Position by position the result depends on the sources' bytes there only, so one model serves all
// lengths.
TEST_P(BitKernelsTest, CombinesAtEveryAlignmentAndLength) {
  Random random(4);
  for (const Operation operation : kOperations) {
    const size_t count = operation == Operation::kNot ? 1 : 2 + random.below(4);
    std::vector<Bytes> contents;
    while (contents.size() < count) contents.push_back(random_bytes(random, kLongest));
    const Bytes expected = model_of(operation, contents, kLongest);
    const Bytes guard(kLongest + 2, 0xa5);
    for (size_t alignment = 0; alignment < kAlignments; ++alignment) {
      std::vector<Placed> placed;
      placed.reserve(contents.size());
      for (const Bytes& content : contents) {
        placed.emplace_back(content.data(), kLongest, random.below(kAlignments));
      }
      for (size_t size = 0; size <= kLongest; ++size) {
        std::vector<std::string_view> sources;
        for (const Placed& source : placed) {
          // The last bytes of the block, so that reading on is noticed.
          const unsigned char* start = source.bytes() + kLongest - size;
          sources.emplace_back(reinterpret_cast<const char*>(start), size);
        }
        const Placed to(guard.data(), size + 2, alignment);
        combine(operation, sources, to.bytes() + 1, size);
        ASSERT_EQ(to.bytes()[0], 0xa5);
        ASSERT_EQ(to.bytes()[size + 1], 0xa5);
        ASSERT_TRUE(std::equal(expected.end() - static_cast<ptrdiff_t>(size), expected.end(),
                               to.bytes() + 1))
            << "operation " << static_cast<int>(operation) << " size " << size;
      }
    }
  }
}

TEST_P(BitKernelsTest, CombinesSourcesOfDifferentLengths) {
  Random random(5);
  for (int round = 0; round < test::effort(2000); ++round) {
    const Operation operation = kOperations[random.below(kOperationCount)];
    const size_t count = operation == Operation::kNot ? 1 : 2 + random.below(9);
    const size_t longest = random.below(4) == 0 ? random.below(3000) : random.below(200);
    std::vector<Bytes> contents;
    size_t size = 0;
    for (size_t i = 0; i < count; ++i) {
      // Empty ones, equal ones and all between.
      const size_t kind = random.below(4);
      const size_t length = kind == 0 ? 0 : kind == 1 ? longest : random.below(longest + 1);
      contents.push_back(random_bytes(random, length));
      size = std::max(size, length);
    }
    // Also what is shorter or longer than the longest source.
    if (random.below(4) == 0) size = random.below(size + 100);
    std::vector<Placed> placed;
    std::vector<std::string_view> sources;
    for (const Bytes& content : contents) {
      placed.emplace_back(content.data(), content.size(), random.below(kAlignments));
      sources.emplace_back(reinterpret_cast<const char*>(placed.back().bytes()), content.size());
    }
    const Bytes unset(size, 0x5a);
    const Placed to(unset.data(), size, random.below(kAlignments));
    combine(operation, sources, to.bytes(), size);
    const Bytes expected = model_of(operation, contents, size);
    ASSERT_TRUE(std::equal(expected.begin(), expected.end(), to.bytes()))
        << "operation " << static_cast<int>(operation) << " of " << count << " round " << round;
  }
}

TEST_P(BitKernelsTest, CombinesLongOnes) {
  Random random(6);
  constexpr size_t kSize = 20'001;
  for (const Operation operation : kOperations) {
    const size_t count = operation == Operation::kNot ? 1 : 7;
    std::vector<Bytes> contents;
    std::vector<std::string_view> sources;
    for (size_t i = 0; i < count; ++i) contents.push_back(random_bytes(random, kSize - i * 1000));
    sources.reserve(count);
    for (const Bytes& content : contents) sources.push_back(view(content));
    Bytes result(kSize);
    combine(operation, sources, result.data(), kSize);
    ASSERT_EQ(result, model_of(operation, contents, kSize)) << static_cast<int>(operation);
  }
}

TEST_P(BitKernelsTest, OneSourceIsItself) {
  Random random(7);
  const Bytes content = random_bytes(random, 1000);
  const std::string_view sources[] = {view(content)};
  for (const Operation operation :
       {Operation::kAnd, Operation::kOr, Operation::kXor, Operation::kOne}) {
    Bytes result(content.size());
    combine(operation, sources, result.data(), result.size());
    EXPECT_EQ(result, content);
  }
}

TEST_P(BitKernelsTest, CountsAndFindsInEveryRange) {
  Random random(8);
  for (int round = 0; round < 40; ++round) {
    const Bytes content = random_bytes(random, 1 + random.below(12));
    const uint64_t size = content.size() * 8;
    for (uint64_t first = 0; first < size; ++first) {
      uint64_t ones = 0;
      std::optional<uint64_t> found[2];
      for (uint64_t last = first; last < size; ++last) {
        const bool bit = bit_at(content, last);
        ones += bit ? 1 : 0;
        if (!found[bit ? 1 : 0]) found[bit ? 1 : 0] = last;
        ASSERT_EQ(count_range(view(content), first, last), ones) << first << " to " << last;
        ASSERT_EQ(find(view(content), false, first, last), found[0]) << first << " to " << last;
        ASSERT_EQ(find(view(content), true, first, last), found[1]) << first << " to " << last;
      }
    }
  }
}

TEST_P(BitKernelsTest, CountsAndFindsInLongRanges) {
  Random random(9);
  for (int round = 0; round < 2000; ++round) {
    const size_t size = 1 + random.below(3000);
    Bytes content(size, random.below(2) == 0 ? 0x00 : 0xff);
    // A few bits that differ from all others, so that a search goes far.
    for (uint64_t differing = random.below(4); differing > 0; --differing) {
      content[random.below(size)] ^= static_cast<unsigned char>(1U << random.below(8));
    }
    const uint64_t first = random.below(size * 8);
    const uint64_t last = first + random.below(size * 8 - first);
    uint64_t ones = 0;
    std::optional<uint64_t> found[2];
    for (uint64_t bit = first; bit <= last; ++bit) {
      const size_t value = bit_at(content, bit) ? 1 : 0;
      ones += value;
      if (!found[value]) found[value] = bit;
    }
    ASSERT_EQ(count_range(view(content), first, last), ones) << first << " to " << last;
    ASSERT_EQ(find(view(content), false, first, last), found[0]) << first << " to " << last;
    ASSERT_EQ(find(view(content), true, first, last), found[1]) << first << " to " << last;
  }
}

TEST_P(BitKernelsTest, NothingIsInAnEmptyRange) {
  const Bytes content(4, 0xff);
  EXPECT_EQ(count_range(view(content), 3, 2), 0U);
  EXPECT_EQ(find(view(content), true, 3, 2), std::nullopt);
  EXPECT_EQ(count(nullptr, 0), 0U);
  EXPECT_EQ(find_other(nullptr, 0, 0), 0U);
}

std::string path_name(const testing::TestParamInfo<Path>& path) {
  constexpr const char* kNames[] = {"Portable", "Avx2", "Avx512"};
  return kNames[static_cast<size_t>(path.param)];
}

INSTANTIATE_TEST_SUITE_P(Paths, BitKernelsTest,
                         testing::Values(Path::kPortable, Path::kAvx2, Path::kAvx512), path_name);

}  // namespace
}  // namespace spinel::storage::bits
