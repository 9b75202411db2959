#include "storage/types/bitfield.h"

#include <limits>

#include "storage/base/numbers.h"

namespace spinel::storage {
namespace {

constexpr uint64_t kAllBits = ~uint64_t{0};

// A value that is not between the type's limits, as its true 64 lowest bits and its direction.
std::optional<int64_t> overflowed(FieldType type, uint64_t bits, bool upwards, Overflow overflow) {
  switch (overflow) {
    case Overflow::kWrap:
      return field_value(type, bits);
    case Overflow::kSaturate:
      return upwards ? type.max() : type.min();
    case Overflow::kFail:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

int64_t FieldType::min() const {
  return is_signed ? -max() - 1 : 0;
}

int64_t FieldType::max() const {
  const unsigned magnitude_bits = is_signed ? width - 1U : width;
  return static_cast<int64_t>((uint64_t{1} << magnitude_bits) - 1);
}

std::optional<FieldType> parse_field_type(std::string_view text) {
  if (text.empty() || (text.front() != 'i' && text.front() != 'u')) return std::nullopt;
  const bool is_signed = text.front() == 'i';
  const std::optional<uint64_t> width = parse_uint64(text.substr(1));
  if (!width || *width < 1 || *width > (is_signed ? 64 : 63)) return std::nullopt;
  return FieldType{is_signed, static_cast<uint8_t>(*width)};
}

int64_t field_value(FieldType type, uint64_t bits) {
  const unsigned unused = 64U - type.width;
  bits <<= unused;
  // Shifting a negative number right repeats its sign.
  return type.is_signed ? static_cast<int64_t>(bits) >> unused
                        : static_cast<int64_t>(bits >> unused);
}

uint64_t field_bits(FieldType type, int64_t value) {
  return static_cast<uint64_t>(value) & (kAllBits >> (64U - type.width));
}

std::optional<int64_t> fit_field(FieldType type, int64_t value, Overflow overflow) {
  if (value >= type.min() && value <= type.max()) return value;
  const bool upwards =
      !type.is_signed || value > 0 || value < type.max() - std::numeric_limits<int64_t>::max();
  return overflowed(type, static_cast<uint64_t>(value), upwards, overflow);
}

std::optional<int64_t> add_to_field(FieldType type, int64_t value, int64_t increment,
                                    Overflow overflow) {
  int64_t sum = 0;
  const bool fits = !__builtin_add_overflow(value, increment, &sum);
  if (fits && sum >= type.min() && sum <= type.max()) return sum;
  return overflowed(type, static_cast<uint64_t>(value) + static_cast<uint64_t>(increment),
                    increment > 0, overflow);
}

}  // namespace spinel::storage
