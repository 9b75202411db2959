// Numbers as text: what clients may write for an argument, and how numbers are printed in replies.
// Every parser takes a view that need not be NUL-terminated, allocates nothing and reads all of it
// or fails.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace spinel::storage {

constexpr size_t kMaxInt64Chars = 20;
constexpr size_t kMaxDoubleChars = 32;
constexpr size_t kMaxLongDoubleChars = 5 * 1024;

namespace detail {
std::optional<int64_t> parse_int64_slow(std::string_view text);
std::optional<uint64_t> parse_uint64_slow(std::string_view text);
constexpr bool is_digit(char c) {
  return static_cast<unsigned char>(c - '0') <= 9;
}
}  // namespace detail

// The one spelling an integer has: optional '-', no '+', no spaces, no leading zeros, no "-0".
// What does not look like a number is refused inline: this runs on every value that SET stores.
inline std::optional<int64_t> parse_int64(std::string_view text) {
  if (text.size() - 1 >= kMaxInt64Chars || !detail::is_digit(text.back())) return std::nullopt;
  if (!detail::is_digit(text.front()) && text.front() != '-') return std::nullopt;
  return detail::parse_int64_slow(text);
}

// As parse_int64, for 0 .. 2^64-1.
inline std::optional<uint64_t> parse_uint64(std::string_view text) {
  if (text.size() - 1 >= kMaxInt64Chars || !detail::is_digit(text.front())) return std::nullopt;
  return detail::parse_uint64_slow(text);
}

// A score or other floating point argument of any length: strtod's syntax (decimal, hexadecimal,
// inf, infinity) without surrounding spaces. Refuses NaN, and what overflows or underflows to
// nothing.
std::optional<double> parse_double(std::string_view text);

// The operand of INCRBYFLOAT and HINCRBYFLOAT: as parse_double, in long double, of fewer than
// kMaxLongDoubleChars bytes. Either parser yields infinity if that is what is written.
std::optional<long double> parse_long_double(std::string_view text);

// Number of decimal digits; 1 for zero.
unsigned count_digits(uint64_t value);

// Each formatter writes without a terminating NUL and returns the length. `out` holds the maximum
// named.
size_t format_uint64(uint64_t value, char* out);  // kMaxInt64Chars
size_t format_int64(int64_t value, char* out);    // kMaxInt64Chars

// How scores and other doubles are printed in replies: the shortest digits that read back as the
// same double; integers up to 2^62 in full; "inf", "-inf", "nan", "-0". Needs kMaxDoubleChars.
size_t format_double(double value, char* out);

// With up to 17 significant digits, as "%.17g" prints: the scores of a ZSCAN over a large sorted
// set. Needs kMaxDoubleChars.
size_t format_double_17(double value, char* out);

// Fixed notation with at most 17 decimals, trailing zeros dropped, as INCRBYFLOAT stores its
// result. Needs kMaxLongDoubleChars.
size_t format_long_double_human(long double value, char* out);

// The digits of an integer, where a string is needed.
class IntegerText {
 public:
  explicit IntegerText(int64_t value) : size_(format_int64(value, digits_)) {}
  std::string_view view() const { return {digits_, size_}; }

 private:
  char digits_[kMaxInt64Chars];
  size_t size_;
};

}  // namespace spinel::storage
