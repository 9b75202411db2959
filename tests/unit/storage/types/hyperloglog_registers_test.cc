#include "storage/types/hyperloglog_registers.h"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include "storage/base/random.h"

namespace spinel::storage::hll {
namespace {

// Registers with values from `low` to `high`, and now and then any.
Registers random_registers(Random& random, unsigned low, unsigned high, unsigned any_percent) {
  Registers registers;
  for (uint8_t& value : registers.values) {
    value =
        static_cast<uint8_t>(random.below(100) < any_percent ? random.below(kMaxRegister + 1)
                                                             : low + random.below(high - low + 1));
  }
  return registers;
}

// As they come up: all equal, those of few and of many elements, and anything.
std::vector<Registers> samples() {
  Random random(20'261'123);
  std::vector<Registers> all;
  for (const unsigned value : {0U, 1U, 51U, kMaxRegister}) {
    all.push_back(random_registers(random, value, value, 0));
  }
  all.push_back(random_registers(random, 0, 1, 0));
  all.push_back(random_registers(random, 0, 0, 1));
  all.push_back(random_registers(random, 6, 11, 1));
  all.push_back(random_registers(random, 40, 51, 4));
  for (int i = 0; i < 4; ++i) all.push_back(random_registers(random, 0, kMaxRegister, 0));
  return all;
}

std::vector<uint8_t> packed_one_by_one(const Registers& registers) {
  std::vector<uint8_t> packed(kPackedSize);
  for (size_t i = 0; i < kRegisters; ++i) {
    set_packed_register(packed.data(), i, registers.values[i]);
  }
  return packed;
}

bool same(const Registers& a, const Registers& b) {
  return std::memcmp(a.values, b.values, kRegisters) == 0;
}

// kPackedSize bytes between two pages that nobody may touch: at the end of theirs or, if
// `at_start`, at its beginning.
class GuardedBytes {
 public:
  explicit GuardedBytes(bool at_start) : page_(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {
    const size_t room = (kPackedSize + page_ - 1) / page_ * page_;
    size_ = room + 2 * page_;
    map_ =
        static_cast<uint8_t*>(mmap(nullptr, size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    EXPECT_NE(map_, MAP_FAILED);
    EXPECT_EQ(mprotect(map_ + page_, room, PROT_READ | PROT_WRITE), 0);
    bytes_ = map_ + page_ + (at_start ? 0 : room - kPackedSize);
  }
  ~GuardedBytes() { munmap(map_, size_); }
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;

  uint8_t* data() { return bytes_; }

 private:
  size_t page_;
  size_t size_;
  uint8_t* map_;
  uint8_t* bytes_;
};

TEST(HyperLogLogRegisters, ArePackedFromTheLowestBitOn) {
  std::vector<uint8_t> packed(kPackedSize);
  set_packed_register(packed.data(), 0, 0b000001);
  set_packed_register(packed.data(), 1, 0b100010);
  set_packed_register(packed.data(), 2, 0b110011);
  set_packed_register(packed.data(), 3, 0b111100);
  set_packed_register(packed.data(), kRegisters - 1, 0b101010);
  EXPECT_EQ(packed[0], 0b10'000001);
  EXPECT_EQ(packed[1], 0b0011'1000);
  EXPECT_EQ(packed[2], 0b111100'11);
  EXPECT_EQ(packed[3], 0);
  EXPECT_EQ(packed[kPackedSize - 1], 0b10101000);
  EXPECT_EQ(packed_register(packed.data(), 1), 0b100010U);
  EXPECT_EQ(packed_register(packed.data(), kRegisters - 1), 0b101010U);
}

TEST(HyperLogLogRegisters, ChangeWithoutTheirNeighbours) {
  Random random(1);
  GuardedBytes packed(false);
  std::vector<unsigned> model(kRegisters);
  for (int round = 0; round < 200'000; ++round) {
    const size_t index = random.below(kRegisters);
    const auto value = static_cast<unsigned>(random.below(kMaxRegister + 1));
    set_packed_register(packed.data(), index, value);
    model[index] = value;
  }
  for (size_t i = 0; i < kRegisters; ++i) ASSERT_EQ(packed_register(packed.data(), i), model[i]);
}

TEST(HyperLogLogRegisters, TheBestKernelsAreUsed) {
  EXPECT_STREQ(supported_kernels().front().name, "portable");
  EXPECT_STREQ(kernels().name, supported_kernels().back().name);
#if defined(__x86_64__)
  EXPECT_EQ(supported_kernels().size() > 1, __builtin_cpu_supports("avx2") != 0);
#endif
}

class HyperLogLogKernels : public testing::TestWithParam<Kernels> {};

TEST_P(HyperLogLogKernels, UnpackAndPack) {
  for (const Registers& sample : samples()) {
    const std::vector<uint8_t> expected = packed_one_by_one(sample);
    for (const bool at_start : {false, true}) {
      GuardedBytes packed(at_start);
      GetParam().pack(sample, packed.data());
      ASSERT_TRUE(std::equal(expected.begin(), expected.end(), packed.data()));
      Registers unpacked;
      GetParam().unpack(packed.data(), unpacked);
      ASSERT_TRUE(same(unpacked, sample));
    }
  }
}

TEST_P(HyperLogLogKernels, MergeTheGreater) {
  const std::vector<Registers> all = samples();
  for (const Registers& into : all) {
    for (const Registers& from : all) {
      Registers expected;
      for (size_t i = 0; i < kRegisters; ++i) {
        expected.values[i] = std::max(into.values[i], from.values[i]);
      }
      GuardedBytes packed(false);
      supported_kernels().front().pack(from, packed.data());
      Registers merged = into;
      GetParam().merge(packed.data(), merged);
      ASSERT_TRUE(same(merged, expected));
    }
  }
}

TEST_P(HyperLogLogKernels, CountEachValue) {
  for (const Registers& sample : samples()) {
    Histogram expected = {};
    for (const uint8_t value : sample.values) ++expected[value];
    Histogram counts = {};
    GetParam().count(sample, counts);
    ASSERT_EQ(counts, expected);
  }
}

TEST_P(HyperLogLogKernels, CountWhereNearlyAllAreEqual) {
  // The bounds at which the rest is counted one by one.
  for (const size_t others : {size_t{1}, size_t{511}, size_t{512}, size_t{513}}) {
    Registers registers;
    Histogram expected = {};
    for (size_t i = 0; i < kRegisters; ++i) {
      registers.values[i] = i < others ? static_cast<uint8_t>(i % 60 + 4) : 3;
      ++expected[registers.values[i]];
    }
    Histogram counts = {};
    GetParam().count(registers, counts);
    ASSERT_EQ(counts, expected) << others;
  }
}

INSTANTIATE_TEST_SUITE_P(All, HyperLogLogKernels,
                         testing::ValuesIn(supported_kernels().begin(), supported_kernels().end()),
                         [](const testing::TestParamInfo<Kernels>& tested) {
                           std::string name(tested.param.name);
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace spinel::storage::hll
