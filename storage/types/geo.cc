#include "storage/types/geo.h"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace spinel::storage::geo {

namespace {

double two_to(unsigned bits) {
  return static_cast<double>(uint64_t{1} << bits);
}

double middle(uint32_t step, Range range) {
  const Range part = range_of(step, range, kStepBits);
  return std::clamp((part.low + part.high) / 2, range.low, range.high);
}

}  // namespace

uint32_t step_of(double value, Range range, unsigned bits) {
  return static_cast<uint32_t>((value - range.low) / (range.high - range.low) * two_to(bits));
}

Range range_of(uint32_t step, Range range, unsigned bits) {
  const double size = range.high - range.low;
  const double steps = two_to(bits);
  const auto number = static_cast<double>(step);
  return {.low = range.low + number / steps * size,
          .high = range.low + (number + 1) / steps * size};
}

Point middle_of(const Steps& steps) {
  return {.longitude = middle(steps.x, kLongitudes), .latitude = middle(steps.y, kLatitudes)};
}

double encode(const Point& point) {
  const Steps steps{.x = step_of(point.longitude, kLongitudes, kStepBits),
                    .y = step_of(point.latitude, kLatitudes, kStepBits)};
  return static_cast<double>(interleave(steps));
}

Point decode(double score) {
  return middle_of(separate(code_of(score)));
}

std::array<char, kGeohashChars> geohash(const Point& point) {
  static constexpr std::string_view kDigits = "0123456789bcdefghjkmnpqrstuvwxyz";
  constexpr unsigned kDigitBits = 5;
  const uint64_t code =
      interleave({.x = step_of(point.longitude, kLongitudes, kStepBits),
                  .y = step_of(point.latitude, {.low = -90, .high = 90}, kStepBits)});
  std::array<char, kGeohashChars> text;
  text.fill(kDigits[0]);
  for (unsigned i = 0; i < 2 * kStepBits / kDigitBits; ++i) {
    text[i] = kDigits[code >> (2 * kStepBits - (i + 1) * kDigitBits) & 31];
  }
  return text;
}

Origin::Origin(const Point& point)
    : point_(point),
      longitude_(radians(point.longitude)),
      latitude_(radians(point.latitude)),
      cos_latitude_(std::cos(latitude_)) {}

double Origin::distance_m(const Point& to) const {
  const double latitude = radians(to.latitude);
  const double u = std::sin((latitude - latitude_) / 2);
  const double v = std::sin((radians(to.longitude) - longitude_) / 2);
  const double haversine = u * u + cos_latitude_ * std::cos(latitude) * v * v;
  return 2.0 * kEarthRadiusM * std::asin(std::sqrt(std::min(haversine, 1.0)));
}

}  // namespace spinel::storage::geo
