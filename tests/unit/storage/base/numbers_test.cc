#include "storage/base/numbers.h"

#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>

#include "storage/base/random.h"

namespace spinel::storage {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

std::string int_text(int64_t value) {
  char text[kMaxInt64Chars];
  return {text, format_int64(value, text)};
}

std::string uint_text(uint64_t value) {
  char text[kMaxInt64Chars];
  return {text, format_uint64(value, text)};
}

std::string double_text(double value) {
  char text[kMaxDoubleChars];
  return {text, format_double(value, text)};
}

std::string human_text(long double value) {
  static char text[kMaxLongDoubleChars];
  return {text, format_long_double_human(value, text)};
}

TEST(Numbers, IntegersHaveOneSpelling) {
  EXPECT_EQ(parse_int64("0"), 0);
  EXPECT_EQ(parse_int64("-1"), -1);
  EXPECT_EQ(parse_int64("1234567890123456789"), 1234567890123456789);
  for (const char* text :
       {"",   "-",   "+1",  " 1",  "1 ",  "01", "-0",  "-01", "00",  "1a",
        "a1", "1.0", "1e3", "0x1", "--1", "1-", "-a1", "1a2", "\n1", "123456789012345678901"}) {
    EXPECT_EQ(parse_int64(text), std::nullopt) << text;
    EXPECT_EQ(parse_uint64(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_int64(std::string_view("1\0", 2)), std::nullopt);
}

TEST(Numbers, IntegersEndAtTheirLimits) {
  EXPECT_EQ(parse_int64("9223372036854775807"), kMax);
  EXPECT_EQ(parse_int64("9223372036854775808"), std::nullopt);
  EXPECT_EQ(parse_int64("-9223372036854775808"), kMin);
  EXPECT_EQ(parse_int64("-9223372036854775809"), std::nullopt);
  EXPECT_EQ(parse_int64("18446744073709551615"), std::nullopt);
  EXPECT_EQ(parse_int64("99999999999999999999"), std::nullopt);
  EXPECT_EQ(parse_int64("-9999999999999999999"), std::nullopt);
  EXPECT_EQ(parse_uint64("18446744073709551615"), std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(parse_uint64("18446744073709551616"), std::nullopt);
  EXPECT_EQ(parse_uint64("20000000000000000000"), std::nullopt);
  EXPECT_EQ(parse_uint64("1844674407370955161a"), std::nullopt);
  EXPECT_EQ(parse_uint64("-1"), std::nullopt);
}

TEST(Numbers, IntegersRoundTripAtEveryLength) {
  for (unsigned digits = 1; digits <= 20; ++digits) {
    const std::string lowest = "1" + std::string(digits - 1, '0');
    const uint64_t value = std::strtoull(lowest.c_str(), nullptr, 10);
    EXPECT_EQ(count_digits(value), digits);
    EXPECT_EQ(count_digits(value - 1), digits == 1 ? 1 : digits - 1);
    for (const uint64_t each : {value - 1, value, value + 1, value * 7 / 3}) {
      EXPECT_EQ(uint_text(each), std::to_string(each));
      EXPECT_EQ(parse_uint64(std::to_string(each)), each);
      const auto as_signed = static_cast<int64_t>(each);
      EXPECT_EQ(int_text(as_signed), std::to_string(as_signed));
      EXPECT_EQ(parse_int64(std::to_string(as_signed)), as_signed);
    }
  }
  EXPECT_EQ(count_digits(std::numeric_limits<uint64_t>::max()), 20u);
  EXPECT_EQ(int_text(kMin), "-9223372036854775808");
  EXPECT_EQ(int_text(0), "0");
}

TEST(Numbers, DoublesAreReadAsStrtodReadsThem) {
  EXPECT_EQ(parse_double("0x1p3"), 8.0);
  EXPECT_EQ(parse_double("0X.8"), 0.5);
  EXPECT_EQ(parse_double("0x1."), 1.0);
  EXPECT_EQ(parse_double("-0x1p-3"), -0.125);
  EXPECT_EQ(parse_double("+5"), 5.0);
  EXPECT_EQ(parse_double(".5"), 0.5);
  EXPECT_EQ(parse_double("5."), 5.0);
  EXPECT_EQ(parse_double("-.5e1"), -5.0);
  EXPECT_EQ(parse_double("00012"), 12.0);
  EXPECT_EQ(parse_double("0e999999999999999"), 0.0);
  EXPECT_EQ(parse_double("9007199254740993"), 9007199254740992.0);
  EXPECT_EQ(parse_double("4e-324"), 4.9406564584124654e-324);
  EXPECT_TRUE(std::signbit(*parse_double("-0")));
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const char* text : {"inf", "INF", "+inf", "infinity", "+iNfInItY"}) {
    EXPECT_EQ(parse_double(text), kInfinity) << text;
  }
  EXPECT_EQ(parse_double("-Infinity"), -kInfinity);
}

TEST(Numbers, WhatIsNoDoubleIsRefused) {
  for (const char* text : {"",
                           " ",
                           " 5",
                           "5 ",
                           "\t5",
                           "nan",
                           "-nan",
                           "nAn",
                           "nan(1)",
                           "1e400",
                           "-1e400",
                           "1e-400",
                           "2e-324",
                           "1e",
                           "1e+",
                           "e5",
                           ".",
                           "-",
                           "+",
                           "+-5",
                           "--5",
                           "-+5",
                           "0x",
                           "0x.",
                           "0x1p",
                           "0x1p+",
                           "0x-1",
                           "0xinf",
                           "0xnan",
                           "0x0x1",
                           "0x1g",
                           "1d5",
                           "1,5",
                           "1_0",
                           "infinit",
                           "infinityx",
                           "0x1p-1080",
                           "0x1p1024",
                           "1e99999999999999999999",
                           "1.7976931348623159e308"}) {
    EXPECT_EQ(parse_double(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_double(std::string_view("5\0", 2)), std::nullopt);
  EXPECT_EQ(parse_double(std::string_view("5 ", 2)), std::nullopt);
}

TEST(Numbers, DoublesMayBeAsLongAsTheyLike) {
  EXPECT_EQ(parse_double(std::string(10000, '0') + "1"), 1.0);
  EXPECT_EQ(parse_double("0." + std::string(5113, '0') + "1e5114"), 1.0);
  EXPECT_EQ(parse_double("1" + std::string(300, '0') + "." + std::string(6000, '0')), 1e300);
}

// strtod itself, made strict.
std::optional<double> model_parse(const std::string& text) {
  if (text.empty() || std::isspace(static_cast<unsigned char>(text[0])) != 0) return std::nullopt;
  char* end = nullptr;
  errno = 0;
  const double value = std::strtod(text.c_str(), &end);
  if (end != text.c_str() + text.size() || std::isnan(value)) return std::nullopt;
  if (errno == ERANGE && (std::isinf(value) || value == 0)) return std::nullopt;
  return value;
}

TEST(Numbers, DoublesAgreeWithStrtodOnRandomText) {
  constexpr uint64_t kSeed = 20240607;
  Random random(kSeed);
  constexpr std::string_view kAlphabet =
      "0123456789012345678901234567890123456789....eeEE++--xXpPaAfFinftyN ";
  int accepted = 0;
  for (int round = 0; round < 200000; ++round) {
    std::string text;
    if (random.below(8) == 0) text += random.below(2) == 0 ? "0x" : "-0X";
    for (uint64_t n = random.below(9); n > 0; --n)
      text += kAlphabet[random.below(kAlphabet.size())];
    const std::optional<double> expected = model_parse(text);
    const std::optional<double> actual = parse_double(text);
    ASSERT_EQ(actual, expected) << text << ", seed " << kSeed;
    if (!actual) continue;
    ++accepted;
    ASSERT_EQ(std::signbit(*actual), std::signbit(*expected)) << text << ", seed " << kSeed;
  }
  EXPECT_GT(accepted, 20000);
}

TEST(Numbers, DoublesPrintTheShortestDigits) {
  EXPECT_EQ(double_text(0.1), "0.1");
  EXPECT_EQ(double_text(3.3), "3.3");
  EXPECT_EQ(double_text(-2.5), "-2.5");
  EXPECT_EQ(double_text(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(double_text(123456789.123), "123456789.123");
  EXPECT_EQ(double_text(1318516439.8571312), "1.3185164398571312e+9");
  EXPECT_EQ(double_text(12345.6789), "12345.6789");
  EXPECT_EQ(double_text(12345.6789012345), "1.23456789012345e+4");
  EXPECT_EQ(double_text(1234.56789012345), "1234.56789012345");
  EXPECT_EQ(double_text(0.00123456789), "0.00123456789");
  EXPECT_EQ(double_text(0.00012345), "1.2345e-4");
  EXPECT_EQ(double_text(1e-5), "0.00001");
  EXPECT_EQ(double_text(1e-6), "0.000001");
  EXPECT_EQ(double_text(1.5e-7), "1.5e-7");
  EXPECT_EQ(double_text(1e-7), "1e-7");
  EXPECT_EQ(double_text(-1e-300), "-1e-300");
  EXPECT_EQ(double_text(5e-324), "5e-324");
  EXPECT_EQ(double_text(1.7976931348623157e308), "1.7976931348623157e+308");
}

TEST(Numbers, IntegralDoublesPrintInFullUpTo2To62) {
  EXPECT_EQ(double_text(1), "1");
  EXPECT_EQ(double_text(-17179869184.0), "-17179869184");
  EXPECT_EQ(double_text(1e15), "1000000000000000");
  EXPECT_EQ(double_text(1e18), "1000000000000000000");
  EXPECT_EQ(double_text(1009651914519660511.0), "1009651914519660544");
  EXPECT_EQ(double_text(0x1p62), "4611686018427387904");
  EXPECT_EQ(double_text(-0x1p62), "-4611686018427387904");
  EXPECT_EQ(double_text(9e18), "9e+18");
  EXPECT_EQ(double_text(1e20), "1e+20");
  EXPECT_EQ(double_text(1e21), "1e+21");
  EXPECT_EQ(double_text(-1e300), "-1e+300");
  EXPECT_EQ(double_text(123456789012345678901.0), "123456789012345680000");
}

TEST(Numbers, SpecialDoublesHaveNames) {
  EXPECT_EQ(double_text(0.0), "0");
  EXPECT_EQ(double_text(-0.0), "-0");
  EXPECT_EQ(double_text(HUGE_VAL), "inf");
  EXPECT_EQ(double_text(-HUGE_VAL), "-inf");
  EXPECT_EQ(double_text(std::nan("")), "nan");
  EXPECT_EQ(double_text(-std::nan("")), "nan");
}

TEST(Numbers, PrintedDoublesReadBackTheSame) {
  constexpr uint64_t kSeed = 77;
  Random random(kSeed);
  for (int round = 0; round < 100000; ++round) {
    const uint64_t bits = random.next();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (round % 2 == 0)
      value = static_cast<double>(static_cast<int64_t>(bits) >> (round % 60)) / 1000.0;
    if (!std::isfinite(value)) continue;
    char text[kMaxDoubleChars];
    const std::string_view shortest(text, format_double(value, text));
    ASSERT_LE(shortest.size(), 25u);
    ASSERT_EQ(parse_double(shortest), value) << shortest << ", seed " << kSeed;
    char printed[64];
    std::snprintf(printed, sizeof printed, "%.17g", value);
    const std::string_view exact(text, format_double_17(value, text));
    ASSERT_EQ(exact, printed) << "seed " << kSeed;
  }
}

TEST(Numbers, SeventeenDigitsNameSpecialsToo) {
  char text[kMaxDoubleChars];
  EXPECT_EQ(std::string_view(text, format_double_17(-0.0, text)), "-0");
  EXPECT_EQ(std::string_view(text, format_double_17(HUGE_VAL, text)), "inf");
  EXPECT_EQ(std::string_view(text, format_double_17(3.3, text)), "3.2999999999999998");
  EXPECT_EQ(std::string_view(text, format_double_17(1e17, text)), "1e+17");
}

TEST(Numbers, LongDoubleOperands) {
  EXPECT_EQ(parse_long_double("0x1p3"), 8.0L);
  EXPECT_EQ(parse_long_double("+5"), 5.0L);
  EXPECT_EQ(parse_long_double("-inf"), -HUGE_VALL);
  EXPECT_EQ(parse_long_double("1e4932"), 1e4932L);
  EXPECT_EQ(parse_long_double("1e-4950"), 1e-4950L);
  EXPECT_EQ(parse_long_double(std::string(5118, '0') + "1"), 1.0L);
  EXPECT_EQ(parse_long_double(std::string(5119, '0') + "1"), std::nullopt);
  for (const char* text :
       {"", "  1", "1 ", "nan", "abc", "1e5000", "-1e5000", "1e-5000", "-", "0x"}) {
    EXPECT_EQ(parse_long_double(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_long_double(std::string_view("1\0", 2)), std::nullopt);
  EXPECT_EQ(parse_long_double(std::string_view("\0001", 2)), std::nullopt);
}

TEST(Numbers, LongDoublesPrintForPeople) {
  EXPECT_EQ(human_text(0.1L), "0.1");
  EXPECT_EQ(human_text(10.5L), "10.5");
  EXPECT_EQ(human_text(3000.0L), "3000");
  EXPECT_EQ(human_text(0.0L), "0");
  EXPECT_EQ(human_text(-0.0L), "0");
  EXPECT_EQ(human_text(-1e-18L), "0");
  EXPECT_EQ(human_text(1e-17L), "0.00000000000000001");
  EXPECT_EQ(human_text(-6e-18L), "-0.00000000000000001");
  EXPECT_EQ(human_text(0.12345678901234567890123L), "0.12345678901234568");
  EXPECT_EQ(human_text(999999999999999999.9999999L), "1000000000000000000");
  EXPECT_EQ(human_text(123456789012345678901234567890.0L), "123456789012345678899921813504");
  EXPECT_EQ(human_text(1e4932L).size(), 4933u);
  EXPECT_EQ(human_text(-std::numeric_limits<long double>::max()).size(), 4934u);
}

}  // namespace
}  // namespace spinel::storage
