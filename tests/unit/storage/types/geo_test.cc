#include "storage/types/geo.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <numbers>
#include <string>
#include <utility>

#include "storage/base/random.h"

namespace spinel::storage::geo {
namespace {

constexpr Point kPalermo{.longitude = 13.361389, .latitude = 38.115556};
constexpr Point kCatania{.longitude = 15.087269, .latitude = 37.502669};

std::string geohash_text(const Point& point) {
  const auto text = geohash(point);
  return {text.begin(), text.end()};
}

Point random_point(Random& random) {
  return {.longitude = (2 * random.unit() - 1) * kMaxLongitude,
          .latitude = (2 * random.unit() - 1) * kMaxLatitude};
}

TEST(Geo, KnowsTheMap) {
  EXPECT_TRUE(is_on_map({180, 85.05112878}));
  EXPECT_TRUE(is_on_map({-180, -85.05112878}));
  EXPECT_FALSE(is_on_map({180.0000001, 0}));
  EXPECT_FALSE(is_on_map({0, -85.05112879}));
  EXPECT_FALSE(is_on_map({std::numeric_limits<double>::quiet_NaN(), 0}));
  EXPECT_FALSE(is_on_map({0, std::numeric_limits<double>::infinity()}));
}

// The scores are what Redis replied for the same places.
TEST(Geo, EncodesAsRedisDoes) {
  EXPECT_EQ(encode(kPalermo), 3479099956230698);
  EXPECT_EQ(encode(kCatania), 3479447370796909);
  EXPECT_EQ(encode({0, 0}), 3377699720527872);
  EXPECT_EQ(encode({-180, -85.05112878}), 0);
  EXPECT_EQ(encode({-180, 0}), 1125899906842624);
  // At the very end of a range.
  EXPECT_EQ(encode({180, 0}), 10133099161583616);
  EXPECT_EQ(encode({180, 85.05112878}), 13510798882111488);
  // Codes of 54 bits are rounded to what a double holds.
  EXPECT_EQ(encode({180, 65.06054151079212}), 10485034221846788);
  EXPECT_EQ(encode({180, -85.04742960334801}), 9007199255872772);
}

TEST(Geo, DecodesAsRedisDoes) {
  EXPECT_EQ(decode(3479099956230698), (Point{13.36138933897018433, 38.11555639549629859}));
  EXPECT_EQ(decode(0), (Point{-179.99999731779098511, -85.05112751263942528}));
  EXPECT_EQ(decode(4503599627370495), (Point{179.99999731779098511, 85.05112751263942528}));
  EXPECT_EQ(decode(13510798882111488), (Point{180, kMaxLatitude}));
}

TEST(Geo, DecodesScoresThatAreNoPlaces) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Point first = decode(0);
  EXPECT_EQ(decode(1.5), decode(1));
  EXPECT_EQ(decode(-0.5), first);
  EXPECT_EQ(decode(-5), (Point{180, kMaxLatitude}));
  EXPECT_EQ(decode(1e30), first);
  EXPECT_EQ(decode(kInfinity), first);
  EXPECT_EQ(decode(-kInfinity), (Point{180, first.latitude}));
  EXPECT_EQ(decode(4503599627370496), (Point{first.longitude, kMaxLatitude}));
  EXPECT_EQ(decode(9007199254740992), (Point{180, first.latitude}));
  EXPECT_EQ(decode(0x1p63), (Point{180, first.latitude}));
}

TEST(Geo, DecodingLeavesLessThanAStep) {
  Random random(1);
  for (int i = 0; i < 100'000; ++i) {
    const Point point = random_point(random);
    const Point back = decode(encode(point));
    ASSERT_LE(std::abs(back.longitude - point.longitude), 180 / std::ldexp(1, kStepBits) * 1.0001);
    ASSERT_LE(std::abs(back.latitude - point.latitude),
              kMaxLatitude / std::ldexp(1, kStepBits) * 1.0001);
    ASSERT_EQ(encode(back), encode(point));
  }
}

TEST(Geo, CodesTakeBitsInTurn) {
  EXPECT_EQ(interleave({.x = 0b1011, .y = 0b0101}), 0b10'01'10'11U);
  EXPECT_EQ(interleave({.x = UINT32_MAX, .y = 0}), 0xaaaaaaaaaaaaaaaaU);
  EXPECT_EQ(separate(UINT64_MAX), (Steps{.x = UINT32_MAX, .y = UINT32_MAX}));
  Random random(2);
  for (int i = 0; i < 10'000; ++i) {
    const Steps steps{.x = static_cast<uint32_t>(random.below(uint64_t{1} << 32)),
                      .y = static_cast<uint32_t>(random.below(uint64_t{1} << 32))};
    uint64_t code = 0;
    for (unsigned bit = 0; bit < 32; ++bit) {
      code |= static_cast<uint64_t>(steps.y >> bit & 1) << 2 * bit;
      code |= static_cast<uint64_t>(steps.x >> bit & 1) << (2 * bit + 1);
    }
    ASSERT_EQ(interleave(steps), code);
    ASSERT_EQ(separate(code), steps);
  }
}

// The geohash of a point by its definition: each bit halves a range, longitudes first.
std::string geohash_by_halving(const Point& point) {
  const std::string digits = "0123456789bcdefghjkmnpqrstuvwxyz";
  Range longitudes{-180, 180};
  Range latitudes{-90, 90};
  std::string text;
  unsigned digit = 0;
  for (unsigned bit = 0; bit < 50; ++bit) {
    Range& range = bit % 2 == 0 ? longitudes : latitudes;
    const double value = bit % 2 == 0 ? point.longitude : point.latitude;
    const double middle = (range.low + range.high) / 2;
    const bool upper = value >= middle;
    (upper ? range.low : range.high) = middle;
    digit = 2 * digit + (upper ? 1 : 0);
    if (bit % 5 == 4) text += digits[std::exchange(digit, 0)];
  }
  return text + "0";
}

TEST(Geo, Geohashes) {
  EXPECT_EQ(geohash_text({10.40744, 57.64911}), "u4pruydqqv0");
  EXPECT_EQ(geohash_text(decode(encode(kPalermo))), "sqc8b49rny0");
  EXPECT_EQ(geohash_text(decode(encode(kCatania))), "sqdtr74hyu0");
  EXPECT_EQ(geohash_text({180, kMaxLatitude}), "bp05b5048p0");
  EXPECT_EQ(geohash_text(decode(0)), "00bh0hbj200");
  Random random(3);
  for (int i = 0; i < 10'000; ++i) {
    const Point point = random_point(random);
    ASSERT_EQ(geohash_text(point), geohash_by_halving(point));
  }
}

TEST(Geo, MeasuresAsRedisDoes) {
  EXPECT_DOUBLE_EQ(distance_m({15, 37}, decode(3479447370796909)), 56441.257870158204);
  EXPECT_DOUBLE_EQ(distance_m({15, 37}, decode(3479099956230698)), 190442.42984775784);
  EXPECT_EQ(distance_m(kPalermo, kPalermo), 0);
}

TEST(Geo, MeasuresAGlobe) {
  constexpr double kHalfRound = kEarthRadiusM * std::numbers::pi;
  EXPECT_NEAR(distance_m({0, 0}, {90, 0}), kHalfRound / 2, 1e-3);
  EXPECT_NEAR(distance_m({0, 0}, {180, 0}), kHalfRound, 1);
  EXPECT_NEAR(distance_m({179, 0}, {-179, 0}), kHalfRound / 90, 1e-3);
  EXPECT_NEAR(distance_m({20, -45}, {20, 45}), kHalfRound / 2, 1e-3);
  Random random(4);
  for (int i = 0; i < 10'000; ++i) {
    const Point a = random_point(random);
    const Point b = random_point(random);
    // Against the length of the chord between them, through the globe.
    const auto axis = [](const Point& p, int which) {
      const double around = radians(p.longitude);
      const double up = radians(p.latitude);
      if (which == 2) return std::sin(up);
      return std::cos(up) * (which == 0 ? std::cos(around) : std::sin(around));
    };
    double square = 0;
    for (int which = 0; which < 3; ++which) square += std::pow(axis(a, which) - axis(b, which), 2);
    const double expected = 2 * kEarthRadiusM * std::asin(std::min(1.0, std::sqrt(square) / 2));
    ASSERT_NEAR(distance_m(a, b), expected, 2);
    ASSERT_EQ(distance_m(a, b), distance_m(b, a));
    // Even opposite each other, where rounding could leave the domain of the arc sine.
    ASSERT_LE(distance_m(a, {a.longitude > 0 ? a.longitude - 180 : a.longitude + 180, -a.latitude}),
              kHalfRound * 1.0000001);
  }
}

}  // namespace
}  // namespace spinel::storage::geo
