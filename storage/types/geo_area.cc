#include "storage/types/geo_area.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace spinel::storage::geo {

namespace {

constexpr uint32_t kSteps = 1u << kStepBits;

// Half the equator, in the projection that the map is.
constexpr double kMercatorMaxM = 20037726.37;

// The latitudes and longitudes that an area reaches to; they need not be on the map.
struct Bounds {
  Range longitudes, latitudes;
};

Bounds bounds_of(const Point& center, double half_width_m, double half_height_m) {
  const double up = degrees(half_height_m / kEarthRadiusM);
  // It spans most degrees of longitude on the side of the pole.
  const double widest = center.latitude < 0 ? center.latitude - up : center.latitude + up;
  const double aside = degrees(half_width_m / kEarthRadiusM / std::cos(radians(widest)));
  return {.longitudes = {.low = center.longitude - aside, .high = center.longitude + aside},
          .latitudes = {.low = center.latitude - up, .high = center.latitude + up}};
}

// Into 2^bits by 2^bits the map is to be divided for one cell to be about as large as the area.
unsigned bits_for(double radius_m, double latitude) {
  constexpr unsigned kEnough = kStepBits + 4;
  if (radius_m == 0) return kStepBits;
  unsigned bits = 1;
  for (; radius_m < kMercatorMaxM && bits < kEnough; radius_m *= 2) ++bits;
  // One less covers what is beside the centre; cells are narrower towards the poles.
  unsigned less = 2;
  if (std::abs(latitude) > 66) ++less;
  if (std::abs(latitude) > 80) ++less;
  return std::min(bits > less ? bits - less : 1, kStepBits);
}

// A cell and those around it; the map goes on at its other side.
struct Neighbourhood {
  unsigned bits;
  Steps center;

  Neighbourhood(const Point& point, unsigned bits_in)
      : bits(bits_in),
        center{.x = step_of(point.longitude, kLongitudes, bits),
               .y = step_of(point.latitude, kLatitudes, bits)} {}

  Steps at(int dx, int dy) const { return {.x = moved(center.x, dx), .y = moved(center.y, dy)}; }
  Range longitudes(int dx) const { return range_of(moved(center.x, dx), kLongitudes, bits); }
  Range latitudes(int dy) const { return range_of(moved(center.y, dy), kLatitudes, bits); }

  // Whether the nine cells together reach as far as the area does.
  bool encloses(const Bounds& bounds) const {
    return !(
        latitudes(1).high < bounds.latitudes.high || latitudes(-1).low > bounds.latitudes.low ||
        longitudes(1).high < bounds.longitudes.high || longitudes(-1).low > bounds.longitudes.low);
  }

 private:
  uint32_t moved(uint32_t step, int by) const {
    if (by == 0) return step;
    return (step + static_cast<uint32_t>(by)) & ((uint32_t{1} << bits) - 1);
  }
};

// Around a centre, in the order of a search.
struct Offset {
  int dx, dy;
};
constexpr Offset kOffsets[] = {{0, 0}, {0, 1},  {0, -1}, {1, 0},  {-1, 0},
                               {1, 1}, {-1, 1}, {1, -1}, {-1, -1}};

// Of angles up to kSmallAngle. What is left out is below one part in 10^15.
constexpr double kSmallAngle = 0.05;
double small_sin(double x) {
  const double square = x * x;
  return x * (1 - square / 6 * (1 - square / 20 * (1 - square / 42)));
}
double small_cos(double x) {
  const double square = x * x;
  return 1 - square / 2 * (1 - square / 12 * (1 - square / 30 * (1 - square / 56)));
}

}  // namespace

Area::Area(const Point& center, bool is_circle, double half_width_m, double half_height_m)
    : origin_(center),
      is_circle_(is_circle),
      half_width_m_(half_width_m),
      half_height_m_(half_height_m),
      sin_latitude_(std::sin(origin_.latitude())),
      width_limit_(limit_of(half_width_m)),
      height_limit_(limit_of(half_height_m)) {
  cover();
  set_window();
}

Area Area::circle(const Point& center, double radius_m) {
  return {center, true, radius_m, radius_m};
}

Area Area::box(const Point& center, double width_m, double height_m) {
  return {center, false, width_m / 2, height_m / 2};
}

// --- the cells

void Area::cover() {
  const Bounds bounds = bounds_of(origin_.point(), half_width_m_, half_height_m_);
  const double radius_m =
      is_circle_ ? half_width_m_
                 : std::sqrt(half_width_m_ * half_width_m_ + half_height_m_ * half_height_m_);
  unsigned bits = bits_for(radius_m, origin_.point().latitude);
  if (bits > 1 && !Neighbourhood(origin_.point(), bits).encloses(bounds)) --bits;
  const Neighbourhood around(origin_.point(), bits);

  // Where the middle cell reaches beyond the area, so need not those next to it.
  const bool all = bits < 2;
  const bool south = all || !(around.latitudes(0).low < bounds.latitudes.low);
  const bool north = all || !(around.latitudes(0).high > bounds.latitudes.high);
  const bool west = all || !(around.longitudes(0).low < bounds.longitudes.low);
  const bool east = all || !(around.longitudes(0).high > bounds.longitudes.high);

  std::optional<uint64_t> last;
  for (const Offset& offset : kOffsets) {
    if ((offset.dy < 0 && !south) || (offset.dy > 0 && !north)) continue;
    if ((offset.dx < 0 && !west) || (offset.dx > 0 && !east)) continue;
    const uint64_t code = interleave(around.at(offset.dx, offset.dy));
    // A map of few cells has the same ones on both sides of the centre.
    if (last == code) continue;
    last = code;
    const unsigned shift = 2 * (kStepBits - bits);
    cells_[cell_count_++] = {.first = static_cast<double>(code << shift),
                             .end = static_cast<double>((code + 1) << shift)};
  }
}

// --- the window

void Area::set_window() {
  // More than any of the roundings below; a step is some millionths of a degree.
  constexpr double kMargin = 1e-4;
  constexpr double kPi = std::numbers::pi;
  // No place is farther north or south.
  constexpr double kEdge = kMaxLatitude + 0.001;

  const double up = half_height_m_ / kEarthRadiusM;
  const double aside = half_width_m_ / kEarthRadiusM;
  const double low = origin_.point().latitude - degrees(up) - kMargin;
  const double high = origin_.point().latitude + degrees(up) + kMargin;
  const uint32_t south = low > -kMaxLatitude ? step_of(low, kLatitudes, kStepBits) : 0;
  const uint32_t north = high < kMaxLatitude ? step_of(high, kLatitudes, kStepBits) : kSteps - 1;
  y_first_ = spread_bits(south);
  y_span_ = spread_bits(north - south);

  // How far east it reaches: a circle where a meridian touches it, a box where its latitude is
  // farthest from the equator.
  double farthest = kPi;
  if (is_circle_) {
    const bool holds_pole = !(low > -90 && high < 90);
    const double sine = std::sin(up) / origin_.cos_latitude();
    if (!holds_pole && sine < 1) farthest = std::asin(sine);
  } else if (aside < kPi) {
    const double edge = std::min(std::max(-low, high), kEdge);
    const double sine = std::sin(aside / 2) / std::cos(radians(edge));
    if (sine < 1) farthest = 2 * std::asin(sine);
  }
  is_small_ = up < kSmallAngle && farthest < kSmallAngle;
  const double reach = degrees(farthest) + kMargin;
  if (reach >= kMaxLongitude) return;
  const double west = origin_.point().longitude - reach;
  const uint32_t first =
      step_of(west < -kMaxLongitude ? west + 2 * kMaxLongitude : west, kLongitudes, kStepBits);
  x_first_ = spread_bits(first % kSteps) << 1;
  x_span_ = spread_bits(static_cast<uint32_t>(reach / kMaxLongitude * kSteps) + 1) << 1;
}

// --- the area itself

// The rough way and the exact one differ by less than this; neither is off by a millionth of it.
Area::Limit Area::limit_of(double distance_m) {
  constexpr double kDoubt = 1e-9;
  const double sine = std::sin(std::min(distance_m / (2 * kEarthRadiusM), std::numbers::pi / 2));
  return {.surely = sine * sine * (1 - kDoubt), .hardly = sine * sine * (1 + kDoubt)};
}

Area::Verdict Area::judge(const Point& point) const {
  if (!is_small_) return Verdict::kUnsure;
  const double north = radians(point.latitude) - origin_.latitude();
  const double east = radians(point.longitude) - origin_.longitude();
  // Across the antimeridian that is nearly all of the way round.
  if (std::abs(north) > kSmallAngle || std::abs(east) > kSmallAngle) return Verdict::kUnsure;
  const double u = small_sin(north / 2);
  const double v = small_sin(east / 2);
  const double cosine =
      origin_.cos_latitude() * small_cos(north) - sin_latitude_ * small_sin(north);
  if (is_circle_) return width_limit_.judge(u * u + origin_.cos_latitude() * cosine * v * v);
  const Verdict high = height_limit_.judge(u * u);
  const Verdict wide = width_limit_.judge(cosine * cosine * v * v);
  if (high == Verdict::kOutside || wide == Verdict::kOutside) return Verdict::kOutside;
  return high == wide ? high : Verdict::kUnsure;
}

// `distance_m` is the point's from the centre; only a circle looks at it.
bool Area::is_within(const Point& point, double distance_m) const {
  if (is_circle_) return distance_m <= half_width_m_;
  const Origin from(point);
  const Point& center = origin_.point();
  const Point beside{.longitude = center.longitude, .latitude = point.latitude};
  const Point above{.longitude = point.longitude, .latitude = center.latitude};
  return from.distance_m(beside) <= half_width_m_ && from.distance_m(above) <= half_height_m_;
}

bool Area::contains_place(uint64_t code) const {
  const Point point = middle_of(separate(code));
  const Verdict verdict = judge(point);
  if (verdict != Verdict::kUnsure) return verdict == Verdict::kInside;
  return is_within(point, is_circle_ ? origin_.distance_m(point) : 0);
}

std::optional<double> Area::distance_of_place_m(uint64_t code) const {
  const Point point = middle_of(separate(code));
  const Verdict verdict = judge(point);
  if (verdict == Verdict::kOutside) return std::nullopt;
  const double distance = origin_.distance_m(point);
  if (verdict == Verdict::kUnsure && !is_within(point, distance)) return std::nullopt;
  return distance;
}

}  // namespace spinel::storage::geo
