#include "storage/types/bitfield.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "storage/base/random.h"

namespace spinel::storage {
namespace {

using Wide = __int128;

constexpr Overflow kOverflows[] = {Overflow::kWrap, Overflow::kSaturate, Overflow::kFail};

std::vector<FieldType> all_types() {
  std::vector<FieldType> types;
  for (uint8_t width = 1; width <= 64; ++width) {
    types.push_back({true, width});
    if (width < 64) types.push_back({false, width});
  }
  return types;
}

// Integers as mathematics has them, wide enough for every sum.
struct Model {
  explicit Model(FieldType type_in)
      : type(type_in),
        modulus(Wide{1} << type.width),
        min(type.is_signed ? -(modulus / 2) : 0),
        max(min + modulus - 1) {}

  Wide wrap(Wide value) const {
    Wide rest = (value - min) % modulus;
    if (rest < 0) rest += modulus;
    return min + rest;
  }
  std::optional<int64_t> store(Wide value, Overflow overflow) const {
    if (value >= min && value <= max) return static_cast<int64_t>(value);
    if (overflow == Overflow::kFail) return std::nullopt;
    if (overflow == Overflow::kWrap) return static_cast<int64_t>(wrap(value));
    return static_cast<int64_t>(value > max ? max : min);
  }

  FieldType type;
  Wide modulus;
  Wide min;
  Wide max;
};

// All around the limits of the type and of 64 bits, and anything.
std::vector<int64_t> interesting_values(const Model& model, Random& random) {
  std::vector<int64_t> values;
  for (const Wide centre : {Wide{0}, model.min, model.max, Wide{INT64_MIN}, Wide{INT64_MAX},
                            model.modulus, model.max - INT64_MAX}) {
    for (Wide value = centre - 3; value <= centre + 3; ++value) {
      if (value >= INT64_MIN && value <= INT64_MAX) values.push_back(static_cast<int64_t>(value));
    }
  }
  for (int i = 0; i < 10; ++i) {
    values.push_back(static_cast<int64_t>(random.next() >> random.below(64)));
  }
  return values;
}

TEST(BitfieldTest, TypesByName) {
  for (const FieldType type : all_types()) {
    const std::string name = (type.is_signed ? "i" : "u") + std::to_string(type.width);
    EXPECT_EQ(parse_field_type(name), type) << name;
  }
  for (const char* text : {"",
                           "u",
                           "i",
                           "u0",
                           "i0",
                           "u64",
                           "i65",
                           "u08",
                           "U8",
                           "I8",
                           "8",
                           "u-1",
                           "u+8",
                           "u8 ",
                           " u8",
                           "u 8",
                           "u8x",
                           "s8",
                           "i99999999999999999999",
                           "u18446744073709551624",
                           "u4294967304"}) {
    EXPECT_EQ(parse_field_type(text), std::nullopt) << text;
  }
}

TEST(BitfieldTest, LimitsOfAllWidths) {
  for (const FieldType type : all_types()) {
    const Model model(type);
    EXPECT_EQ(type.min(), static_cast<int64_t>(model.min)) << int{type.width};
    EXPECT_EQ(type.max(), static_cast<int64_t>(model.max)) << int{type.width};
  }
}

TEST(BitfieldTest, ValuesAndTheirBits) {
  Random random(1);
  for (const FieldType type : all_types()) {
    const Model model(type);
    for (const int64_t value : interesting_values(model, random)) {
      // Reading takes the lowest bits, whatever stands above them.
      const auto wrapped = static_cast<int64_t>(model.wrap(value));
      EXPECT_EQ(field_value(type, static_cast<uint64_t>(value)), wrapped);
      const uint64_t bits = field_bits(type, value);
      EXPECT_EQ(bits, static_cast<uint64_t>((Wide{value} + (Wide{1} << 64)) % model.modulus));
      EXPECT_EQ(field_value(type, bits), wrapped);
    }
  }
}

TEST(BitfieldTest, FittingAgainstTheModel) {
  Random random(2);
  for (const FieldType type : all_types()) {
    const Model model(type);
    for (const int64_t value : interesting_values(model, random)) {
      // An unsigned field takes what it is given for unsigned; a signed one, what is so low that
      // the distance to its maximum is none of 64 bits, for high.
      const bool far_below = model.max - value > INT64_MAX && value < model.min;
      const Wide meant =
          value < 0 && (far_below || !type.is_signed) ? value + (Wide{1} << 64) : Wide{value};
      for (const Overflow overflow : kOverflows) {
        ASSERT_EQ(fit_field(type, value, overflow), model.store(meant, overflow))
            << type.is_signed << ' ' << int{type.width} << ' ' << value << ' '
            << static_cast<int>(overflow);
      }
    }
  }
}

TEST(BitfieldTest, AddingAgainstTheModel) {
  Random random(3);
  for (const FieldType type : all_types()) {
    const Model model(type);
    const std::vector<int64_t> values = interesting_values(model, random);
    for (const int64_t value : values) {
      if (value < type.min() || value > type.max()) continue;
      for (const int64_t increment : values) {
        for (const Overflow overflow : kOverflows) {
          ASSERT_EQ(add_to_field(type, value, increment, overflow),
                    model.store(Wide{value} + increment, overflow))
              << type.is_signed << ' ' << int{type.width} << ' ' << value << " + " << increment
              << ' ' << static_cast<int>(overflow);
        }
      }
    }
  }
}

// Every value and increment there is, where there are few enough.
TEST(BitfieldTest, NarrowFieldsInFull) {
  for (const FieldType type : all_types()) {
    if (type.width > 5) continue;
    const Model model(type);
    for (int64_t value = type.min(); value <= type.max(); ++value) {
      for (int64_t increment = -100; increment <= 100; ++increment) {
        for (const Overflow overflow : kOverflows) {
          ASSERT_EQ(add_to_field(type, value, increment, overflow),
                    model.store(Wide{value} + increment, overflow));
        }
      }
    }
  }
}

}  // namespace
}  // namespace spinel::storage
