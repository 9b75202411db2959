// Places on the globe as scores of a sorted set, in Redis's form: whoever reads the scores of
// either server reads the other's.
//
// Longitude and latitude are each divided into 2^26 equal steps; the bits of the two step numbers
// taken in turn (a Morton code: G. M. Morton, "A computer oriented geodetic data base", 1966) are a
// number of 52 bits, which a double holds exactly. Places with a common prefix of that number are
// in a common cell of the map, so a cell is a range of scores. Latitudes end where those of the
// square web map do (EPSG:3857), not at the poles.
//
// A place that stands at the very end of a range is given step 2^26, and its code then has a 53rd
// or 54th bit. Such codes sort behind all others and are found only from there. That is Redis's
// arithmetic, kept to the bit.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <numbers>

namespace spinel::storage::geo {

inline constexpr double kMaxLongitude = 180;
inline constexpr double kMaxLatitude = 85.05112878;
inline constexpr double kEarthRadiusM = 6372797.560856;

// In degrees.
struct Point {
  double longitude = 0;
  double latitude = 0;

  friend bool operator==(const Point&, const Point&) = default;
};

// Whether the point can be stored. NaN cannot.
inline bool is_on_map(const Point& point) {
  return point.longitude >= -kMaxLongitude && point.longitude <= kMaxLongitude &&
         point.latitude >= -kMaxLatitude && point.latitude <= kMaxLatitude;
}

// The score of a point that is on the map.
double encode(const Point& point);
// The middle of what a score stands for. Any score but NaN will do: what is no place comes out as
// the place that Redis shows for it.
Point decode(double score);

// The geohash of a point that is on the map, as geohash.org has it: eleven digits of five bits,
// latitudes from pole to pole. There are bits for ten; the last digit is always 0.
inline constexpr size_t kGeohashChars = 11;
std::array<char, kGeohashChars> geohash(const Point& point);

// A point to measure from, many times.
class Origin {
 public:
  explicit Origin(const Point& point);

  const Point& point() const { return point_; }
  // Along the great circle, by the haversine formula, on a sphere; the earth is none, which makes
  // some parts in a thousand.
  double distance_m(const Point& to) const;

  // In radians.
  double longitude() const { return longitude_; }
  double latitude() const { return latitude_; }
  double cos_latitude() const { return cos_latitude_; }

 private:
  Point point_;
  double longitude_, latitude_, cos_latitude_;
};

inline double distance_m(const Point& a, const Point& b) {
  return Origin(a).distance_m(b);
}

// --- what encodings are made of; for searches (storage/types/geo_area.h)

inline constexpr unsigned kStepBits = 26;

// Multiplied and divided by the same number, which gives Redis's last digits.
inline constexpr double kRadiansPerDegree = std::numbers::pi / 180.0;
inline double radians(double degrees) {
  return degrees * kRadiansPerDegree;
}
inline double degrees(double radians) {
  return radians / kRadiansPerDegree;
}

// What a coordinate can be.
struct Range {
  double low, high;
};
inline constexpr Range kLongitudes{-kMaxLongitude, kMaxLongitude};
inline constexpr Range kLatitudes{-kMaxLatitude, kMaxLatitude};

// A step number of each coordinate.
struct Steps {
  uint32_t x = 0;  // longitude
  uint32_t y = 0;  // latitude

  friend bool operator==(const Steps&, const Steps&) = default;
};

// The step that `value` is in, if the range is divided into 2^bits.
uint32_t step_of(double value, Range range, unsigned bits);
// From where to where that step goes.
Range range_of(uint32_t step, Range range, unsigned bits);

// Moves bit i to bit 2i, by halving the distance to where it belongs, in five steps.
inline uint64_t spread_bits(uint32_t bits) {
  uint64_t x = bits;
  x = (x | x << 16) & 0x0000ffff0000ffff;
  x = (x | x << 8) & 0x00ff00ff00ff00ff;
  x = (x | x << 4) & 0x0f0f0f0f0f0f0f0f;
  x = (x | x << 2) & 0x3333333333333333;
  return (x | x << 1) & 0x5555555555555555;
}
// The other way; odd bits do not count.
inline uint32_t gather_bits(uint64_t x) {
  x &= 0x5555555555555555;
  x = (x | x >> 1) & 0x3333333333333333;
  x = (x | x >> 2) & 0x0f0f0f0f0f0f0f0f;
  x = (x | x >> 4) & 0x00ff00ff00ff00ff;
  x = (x | x >> 8) & 0x0000ffff0000ffff;
  return static_cast<uint32_t>(x | x >> 16);
}

// Bit i of x is bit 2i+1 of the code, bit i of y bit 2i.
inline uint64_t interleave(const Steps& steps) {
  return spread_bits(steps.y) | spread_bits(steps.x) << 1;
}
inline Steps separate(uint64_t code) {
  return {.x = gather_bits(code >> 1), .y = gather_bits(code)};
}

// The code that a score stands for: itself, if it is an integer below 2^64.
inline uint64_t code_of(double score) {
  if (score >= 0x1p64) return 0;
  if (score >= 0x1p63) return static_cast<uint64_t>(score);
  if (score < -0x1p63) return uint64_t{1} << 63;
  return static_cast<uint64_t>(static_cast<int64_t>(score));
}
// The middle of a step, as `decode` gives it.
Point middle_of(const Steps& steps);

}  // namespace spinel::storage::geo
