#include "storage/base/numbers.h"

#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "storage/base/bytes.h"

namespace spinel::storage {

namespace {

constexpr std::array<char, 200> make_digit_pairs() {
  std::array<char, 200> pairs{};
  for (int i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}
constexpr std::array<char, 200> kDigitPairs = make_digit_pairs();

constexpr std::array<uint64_t, 20> make_powers_of_ten() {
  std::array<uint64_t, 20> powers{};
  uint64_t power = 1;
  for (uint64_t& slot : powers) {
    slot = power;
    power *= 10;
  }
  return powers;
}
constexpr std::array<uint64_t, 20> kPowersOfTen = make_powers_of_ten();

// Digits only, first one not a zero unless it is alone; at most 20 of them. Overflow fails.
std::optional<uint64_t> parse_digits(std::string_view digits) {
  if (digits[0] == '0') {
    if (digits.size() == 1) return 0;
    return std::nullopt;
  }
  // Nineteen digits cannot overflow; only the twentieth needs a check.
  const size_t safe = digits.size() < 19 ? digits.size() : 19;
  uint64_t value = 0;
  for (size_t i = 0; i < safe; ++i) {
    const auto digit = static_cast<unsigned char>(digits[i] - '0');
    if (digit > 9) return std::nullopt;
    value = value * 10 + digit;
  }
  if (digits.size() <= 19) return value;
  const auto last = static_cast<unsigned char>(digits[19] - '0');
  if (digits.size() > 20 || last > 9) return std::nullopt;
  uint64_t result = 0;
  if (__builtin_mul_overflow(value, uint64_t{10}, &result)) return std::nullopt;
  if (__builtin_add_overflow(result, uint64_t{last}, &result)) return std::nullopt;
  return result;
}

}  // namespace

namespace detail {

std::optional<int64_t> parse_int64_slow(std::string_view text) {
  const bool negative = text[0] == '-';
  if (negative) text.remove_prefix(1);
  if (text.empty() || (negative && text[0] == '0')) return std::nullopt;
  const std::optional<uint64_t> magnitude = parse_digits(text);
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  if (!magnitude || *magnitude > kMax + (negative ? 1 : 0)) return std::nullopt;
  return static_cast<int64_t>(negative ? 0 - *magnitude : *magnitude);
}

std::optional<uint64_t> parse_uint64_slow(std::string_view text) {
  return parse_digits(text);
}

}  // namespace detail

unsigned count_digits(uint64_t value) {
  // 1233/4096 approximates log10(2): the guess is right or one too small.
  const unsigned bits = 64 - static_cast<unsigned>(std::countl_zero(value | 1));
  const unsigned guess = (bits * 1233) >> 12;
  return guess + ((value | 1) >= kPowersOfTen[guess] ? 1 : 0);
}

size_t format_uint64(uint64_t value, char* out) {
  const unsigned length = count_digits(value);
  char* end = out + length;
  while (value >= 100) {
    end -= 2;
    std::memcpy(end, &kDigitPairs[2 * (value % 100)], 2);
    value /= 100;
  }
  if (value >= 10) {
    std::memcpy(end - 2, &kDigitPairs[2 * value], 2);
  } else {
    end[-1] = static_cast<char>('0' + value);
  }
  return length;
}

size_t format_int64(int64_t value, char* out) {
  if (value >= 0) return format_uint64(static_cast<uint64_t>(value), out);
  *out = '-';
  return 1 + format_uint64(0 - static_cast<uint64_t>(value), out + 1);
}

namespace {

// Copies to a buffer with a terminator, as strtod needs. Longer arguments than this are refused.
template <typename Number, Number (*Convert)(const char*, char**)>
std::optional<Number> convert(std::string_view text) {
  char buffer[kMaxLongDoubleChars];
  if (text.empty() || text.size() >= sizeof buffer) return std::nullopt;
  const char first = text[0];
  if (first == ' ' || (first >= '\t' && first <= '\r')) return std::nullopt;
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = '\0';
  char* end = nullptr;
  errno = 0;
  const Number value = Convert(buffer, &end);
  if (end != buffer + text.size() || std::isnan(value)) return std::nullopt;
  if (errno == ERANGE && (std::isinf(value) || value == 0)) return std::nullopt;
  return value;
}

}  // namespace

std::optional<double> parse_double(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc{} && stop == end && std::isfinite(value) && value != 0) return value;
  return convert<double, std::strtod>(text);
}

std::optional<long double> parse_long_double(std::string_view text) {
  return convert<long double, std::strtold>(text);
}

size_t format_double(double value, char* out) {
  return static_cast<size_t>(std::to_chars(out, out + kMaxDoubleChars, value).ptr - out);
}

size_t format_long_double_human(long double value, char* out) {
  int length = std::snprintf(out, kMaxLongDoubleChars, "%.17Lf", value);
  if (std::memchr(out, '.', static_cast<size_t>(length)) != nullptr) {
    while (out[length - 1] == '0') --length;
    if (out[length - 1] == '.') --length;
  }
  if (length == 2 && out[0] == '-' && out[1] == '0') {
    out[0] = '0';
    length = 1;
  }
  return static_cast<size_t>(length);
}

}  // namespace spinel::storage
