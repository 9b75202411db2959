// Integers of any width inside a bitmap: what their bits mean, and what happens to values that do
// not fit. Only arithmetic; where the bits are is storage/keyspace/bitmap.h's business.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace spinel::storage {

// "u8", "i64": whether and how a field's bits are an integer.
struct FieldType {
  bool is_signed = false;
  uint8_t width = 1;  // in bits: 1 to 64 if signed, to 63 if not, so that int64_t holds every value

  int64_t min() const;
  int64_t max() const;

  bool operator==(const FieldType&) const = default;
};

// Reads "i" or "u" with a width behind it, in lower case and without leading zeros.
std::optional<FieldType> parse_field_type(std::string_view text);

// What becomes of a value that the field cannot hold.
enum class Overflow : uint8_t {
  kWrap,      // its lowest bits are kept
  kSaturate,  // the closest value that the field can hold stands for it
  kFail,      // nothing does
};

// The integer that the lowest `type.width` bits of `bits` are.
int64_t field_value(FieldType type, uint64_t bits);
// The lowest `type.width` bits of `value`.
uint64_t field_bits(FieldType type, int64_t value);

// What to store for `value`; nothing if it does not fit and `overflow` is kFail. To an unsigned
// field a negative value is one beyond its maximum, as if it were 2^64 more. To a signed one so is,
// as in Redis, a value that is 2^63 or more below the maximum.
std::optional<int64_t> fit_field(FieldType type, int64_t value, Overflow overflow);
// What to store for the sum of `value`, which the field holds, and any `increment`.
std::optional<int64_t> add_to_field(FieldType type, int64_t value, int64_t increment,
                                    Overflow overflow);

}  // namespace spinel::storage
