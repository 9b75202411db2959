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

constexpr bool is_hex_prefix(std::string_view text) {
  return text.size() > 2 && text[0] == '0' && ascii_lower(text[1]) == 'x';
}

constexpr bool starts_hex_number(char c) {
  const char lower = ascii_lower(c);
  return detail::is_digit(c) || (lower >= 'a' && lower <= 'f') || c == '.';
}

// Beyond this the integers have gaps, and text must be rounded properly.
constexpr int64_t kMaxExactInteger = int64_t{1} << 53;

}  // namespace

std::optional<double> parse_double(std::string_view text) {
  if (const std::optional<int64_t> integer = parse_int64(text)) {
    if (*integer >= -kMaxExactInteger && *integer <= kMaxExactInteger) {
      return static_cast<double>(*integer);
    }
  }
  // from_chars reads what strtod reads, but for the signs and the prefix.
  const bool negative = !text.empty() && text[0] == '-';
  if (negative || (!text.empty() && text[0] == '+')) text.remove_prefix(1);
  auto format = std::chars_format::general;
  if (is_hex_prefix(text)) {
    text.remove_prefix(2);
    // libstdc++ lets an exponent have two signs.
    if (!starts_hex_number(text[0]) || text.find("+-") != text.npos) return std::nullopt;
    format = std::chars_format::hex;
  }
  if (text.empty() || text[0] == '-') return std::nullopt;
  const char* end = text.data() + text.size();
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), end, value, format);
  if (error != std::errc{} || stop != end || std::isnan(value)) return std::nullopt;
  return negative ? -value : value;
}

std::optional<long double> parse_long_double(std::string_view text) {
  char buffer[kMaxLongDoubleChars];  // room for a terminator; Redis refuses longer operands too
  if (text.empty() || text.size() >= sizeof buffer) return std::nullopt;
  const char first = text[0];
  if (first == ' ' || (first >= '\t' && first <= '\r')) return std::nullopt;
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = '\0';
  char* end = nullptr;
  errno = 0;
  const long double value = std::strtold(buffer, &end);
  if (end != buffer + text.size() || std::isnan(value)) return std::nullopt;
  if (errno == ERANGE && (std::isinf(value) || value == 0)) return std::nullopt;
  return value;
}

namespace {

size_t put(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return text.size();
}

// Infinities and NaN have a spelling of their own; 0 if the value is an ordinary number.
size_t format_special(double value, char* out) {
  if (std::isnan(value)) return put(out, "nan");
  if (std::isinf(value)) return put(out, value > 0 ? "inf" : "-inf");
  return 0;
}

// d.ddde+x, the exponent always signed and never padded.
size_t put_scientific(std::string_view digits, int exponent, char* out) {
  char* at = out;
  *at++ = digits[0];
  if (digits.size() > 1) {
    *at++ = '.';
    at += put(at, digits.substr(1));
  }
  *at++ = 'e';
  *at++ = exponent < 0 ? '-' : '+';
  at += format_uint64(static_cast<uint64_t>(std::abs(exponent)), at);
  return static_cast<size_t>(at - out);
}

// How far a number may be from its digits before it is written with an exponent: this many zeros
// behind an integer, this many decimals, or more of them within 10^-3 and 10^4.
constexpr int kMaxTrailingZeros = 7;
constexpr int kMaxDecimals = 6;
constexpr int kMaxMagnitudeOfLongFractions = 3;

// Lays out digits * 10^scale in the shapes of fpconv, the printer of Redis since 7.2.
size_t put_shaped(std::string_view digits, int scale, char* out) {
  const int count = static_cast<int>(digits.size());
  const int exponent = scale + count - 1;
  if (scale > kMaxTrailingZeros) return put_scientific(digits, exponent, out);
  if (scale >= 0) {
    char* at = out + put(out, digits);
    std::memset(at, '0', static_cast<size_t>(scale));
    return digits.size() + static_cast<size_t>(scale);
  }
  if (-scale > kMaxDecimals && std::abs(exponent) > kMaxMagnitudeOfLongFractions) {
    return put_scientific(digits, exponent, out);
  }
  if (count + scale > 0) {
    const size_t integer_digits = digits.size() - static_cast<size_t>(-scale);
    char* at = out + put(out, digits.substr(0, integer_digits));
    *at++ = '.';
    put(at, digits.substr(integer_digits));
    return digits.size() + 1;
  }
  const auto zeros = static_cast<size_t>(-scale - count);
  char* at = out + put(out, "0.");
  std::memset(at, '0', zeros);
  return 2 + zeros + put(at + zeros, digits);
}

}  // namespace

size_t format_double(double value, char* out) {
  if (const size_t special = format_special(value, out)) return special;
  if (value == 0) return put(out, std::signbit(value) ? "-0" : "0");
  // Up to here every integral double is an int64, and is printed in full.
  constexpr double kMaxPlainInteger = 0x1p62;
  if (std::fabs(value) <= kMaxPlainInteger) {
    const auto integer = static_cast<int64_t>(value);
    if (static_cast<double>(integer) == value) return format_int64(integer, out);
  }
  char* at = out;
  if (value < 0) *at++ = '-';
  // Shortest digits come as d.ddde+xx.
  char text[kMaxDoubleChars];
  const char* end =
      std::to_chars(text, text + sizeof text, std::fabs(value), std::chars_format::scientific).ptr;
  const char* mark =
      static_cast<const char*>(std::memchr(text, 'e', static_cast<size_t>(end - text)));
  int exponent = 0;
  std::from_chars(mark + (mark[1] == '+' ? 2 : 1), end, exponent);
  size_t count = static_cast<size_t>(mark - text);
  if (count > 1) {
    std::memmove(text + 1, text + 2, count - 2);
    --count;
  }
  at += put_shaped({text, count}, exponent - static_cast<int>(count) + 1, at);
  return static_cast<size_t>(at - out);
}

size_t format_double_17(double value, char* out) {
  if (const size_t special = format_special(value, out)) return special;
  const auto result =
      std::to_chars(out, out + kMaxDoubleChars, value, std::chars_format::general, 17);
  return static_cast<size_t>(result.ptr - out);
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
