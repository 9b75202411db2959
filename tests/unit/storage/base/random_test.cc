#include "storage/base/random.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <gtest/gtest.h>

namespace spinel::storage {
namespace {

TEST(Random, RepeatsFromItsSeed) {
  Random a(5);
  Random b(5);
  Random c(6);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const uint64_t value = a.next();
    EXPECT_EQ(value, b.next());
    differs |= value != c.next();
  }
  EXPECT_TRUE(differs);
}

TEST(Random, BelowIsEvenAndBounded) {
  Random random(42);
  for (const uint64_t bound : {1ull, 3ull, 10ull, 1000ull}) {
    std::vector<int> counts(bound);
    constexpr int kDraws = 200000;
    for (int i = 0; i < kDraws; ++i) {
      const uint64_t value = random.below(bound);
      ASSERT_LT(value, bound);
      ++counts[value];
    }
    const double expected = static_cast<double>(kDraws) / static_cast<double>(bound);
    for (const int count : counts) EXPECT_NEAR(count, expected, 6 * std::sqrt(expected));
  }
  // Two thirds of 2^64: taking the remainder would make the lower half twice as likely as the
  // upper.
  constexpr uint64_t kLarge = 0xaaaaaaaaaaaaaaaaull;
  int upper = 0;
  for (int i = 0; i < 10000; ++i) upper += random.below(kLarge) >= kLarge / 2 ? 1 : 0;
  EXPECT_NEAR(upper, 5000, 300);
}

TEST(Random, UnitIsBelowOne) {
  Random random(1);
  double sum = 0;
  for (int i = 0; i < 100000; ++i) {
    const double value = random.unit();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    sum += value;
  }
  EXPECT_NEAR(sum / 100000, 0.5, 0.01);
}

TEST(Random, SystemBytesFillTheWholeBuffer) {
  std::array<unsigned char, 4096> bytes{};
  fill_random_bytes(bytes.data(), bytes.size());
  for (size_t part = 0; part < bytes.size(); part += 64) {
    EXPECT_TRUE(
        std::any_of(&bytes[part], &bytes[part] + 64, [](unsigned char b) { return b != 0; }));
  }
  EXPECT_NE(random_seed(), random_seed());
}

TEST(Random, HexHasTheLengthAsked) {
  for (const size_t digits : {0u, 1u, 7u, 40u}) {
    const std::string text = random_hex(digits);
    EXPECT_EQ(text.size(), digits);
    EXPECT_EQ(text.find_first_not_of("0123456789abcdef"), std::string::npos) << text;
  }
  EXPECT_NE(random_hex(40), random_hex(40));
}

}  // namespace
}  // namespace spinel::storage
