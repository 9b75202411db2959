#include "storage/types/geo_area.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <iterator>
#include <limits>
#include <numbers>
#include <optional>
#include <string>
#include <vector>

#include "storage/base/random.h"

namespace spinel::storage::geo {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// An area beside the plain definition of what is in it.
struct Shape {
  Point center;
  bool is_circle;
  double width_m, height_m;  // a circle's radius is its width

  Area area() const {
    return is_circle ? Area::circle(center, width_m) : Area::box(center, width_m, height_m);
  }
  bool holds(const Point& point) const {
    if (is_circle) return distance_m(center, point) <= width_m;
    return distance_m(point, {center.longitude, point.latitude}) <= width_m / 2 &&
           distance_m(point, {point.longitude, center.latitude}) <= height_m / 2;
  }
};

std::string describe(const Shape& shape) {
  return (shape.is_circle ? "circle of " : "box of ") + std::to_string(shape.width_m) + " by " +
         std::to_string(shape.height_m) + " m at " + std::to_string(shape.center.longitude) + ", " +
         std::to_string(shape.center.latitude);
}

double between(Random& random, double low, double high) {
  return low + random.unit() * (high - low);
}

// From a few decimetres to more than the globe, each order of magnitude as often.
double random_size_m(Random& random, double largest_m) {
  return std::exp(between(random, std::log(0.3), std::log(largest_m)));
}

// A place about as far from the centre as the shape reaches, on the map.
Point random_near(Random& random, const Shape& shape) {
  const double reach = degrees(std::max(shape.width_m, shape.height_m) / kEarthRadiusM);
  const double latitude = shape.center.latitude + between(random, -1.2, 1.2) * reach;
  const double wider = std::max(0.05, std::cos(radians(shape.center.latitude)));
  double longitude = shape.center.longitude + between(random, -1.2, 1.2) * reach / wider;
  longitude = std::remainder(longitude, 360);
  return {.longitude = std::clamp(longitude, -180.0, 180.0),
          .latitude = std::clamp(latitude, -kMaxLatitude, kMaxLatitude)};
}

bool in_cells(const Area& area, double score) {
  return std::ranges::any_of(area.cells(), [score](const Area::Cell& cell) {
    return score >= cell.first && score < cell.end;
  });
}

Shape random_shape(Random& random, const Point& center, double largest_m) {
  return {.center = center,
          .is_circle = random.below(2) == 0,
          .width_m = random_size_m(random, largest_m),
          .height_m = random_size_m(random, largest_m)};
}

// Window and rough measure must not change what is in the area.
void expect_exact(Random& random, const Shape& shape, int points) {
  const Area area = shape.area();
  for (int i = 0; i < points; ++i) {
    const Point place = random.below(4) == 0
                            ? Point{between(random, -180, 180), between(random, -85, 85)}
                            : random_near(random, shape);
    const double score = encode(place);
    const Point point = decode(score);
    const bool inside = shape.holds(point);
    ASSERT_EQ(area.contains(score), inside)
        << describe(shape) << ", " << point.longitude << ", " << point.latitude;
    const std::optional<double> distance = area.distance_m(score);
    ASSERT_EQ(distance.has_value(), inside) << describe(shape);
    ASSERT_EQ(distance.value_or(-1), inside ? distance_m(shape.center, point) : -1);
  }
}

TEST(GeoArea, HoldsWhatItsDefinitionSays) {
  Random random(1);
  for (int i = 0; i < 3000; ++i) {
    const Point center{between(random, -180, 180), between(random, -85, 85)};
    expect_exact(random, random_shape(random, center, 3e7), 40);
    if (HasFatalFailure()) return;
  }
}

TEST(GeoArea, HoldsWhatItsDefinitionSaysAtTheEdges) {
  Random random(2);
  const double longitudes[] = {-180, 180, 179.9999, -179.999, 0, 90};
  const double latitudes[] = {kMaxLatitude, -kMaxLatitude, 84.9, -84.5, 66.001, -80.001, 0};
  for (int i = 0; i < 3000; ++i) {
    const Point center{longitudes[random.below(std::size(longitudes))],
                       latitudes[random.below(std::size(latitudes))]};
    expect_exact(random, random_shape(random, center, 3e7), 40);
    if (HasFatalFailure()) return;
  }
}

// A radius that is exactly the distance of a place, or the next smaller number.
TEST(GeoArea, EndsExactlyWhereItEnds) {
  Random random(3);
  for (int i = 0; i < 20'000; ++i) {
    const Point center{between(random, -179, 179), between(random, -80, 80)};
    const Shape shape{
        .center = center, .is_circle = true, .width_m = random_size_m(random, 1e6), .height_m = 0};
    const double score = encode(random_near(random, shape));
    const Point point = decode(score);
    const double distance = distance_m(center, point);
    ASSERT_TRUE(Area::circle(center, distance).contains(score));
    ASSERT_EQ(Area::circle(center, distance).distance_m(score), distance);
    const double less = std::nextafter(distance, 0);
    ASSERT_FALSE(Area::circle(center, less).contains(score)) << describe(shape);
    ASSERT_FALSE(Area::circle(center, less).distance_m(score));

    const double east = distance_m(point, {center.longitude, point.latitude});
    const double north = distance_m(point, {point.longitude, center.latitude});
    ASSERT_TRUE(Area::box(center, 2 * east, 2 * north).contains(score)) << describe(shape);
    ASSERT_FALSE(Area::box(center, 2 * std::nextafter(east, 0), 2 * north).contains(score));
    ASSERT_FALSE(Area::box(center, 2 * east, 2 * std::nextafter(north, 0)).contains(score));
  }
}

TEST(GeoArea, NothingAndEverything) {
  Random random(4);
  const Point center = decode(encode({13.5, 38.1}));
  const double own = encode(center);
  for (const Area& area : {Area::circle(center, 0), Area::box(center, 0, 0)}) {
    EXPECT_TRUE(area.contains(own));
    EXPECT_EQ(area.distance_m(own), 0);
    EXPECT_FALSE(area.contains(own + 1));
  }
  for (const double size : {kInfinity, 1e300, 4.1e7}) {
    for (const Area& area : {Area::circle(center, size), Area::box(center, size, size)}) {
      for (int i = 0; i < 1000; ++i) {
        const double score = encode({between(random, -180, 180), between(random, -85, 85)});
        ASSERT_TRUE(area.contains(score)) << size;
        ASSERT_TRUE(in_cells(area, score)) << size;
      }
    }
  }
}

// Scores that nothing encodes to, but that may be in a sorted set: those beyond the map, which are
// shown at its edge, and what is between two codes.
TEST(GeoArea, TakesScoresThatAreNoPlaces) {
  for (const double longitude : {180.0, 13.0}) {
    const Shape shape{.center = {longitude, 10}, .is_circle = true, .width_m = 2, .height_m = 2};
    const Area area = shape.area();
    const double own = encode(shape.center);
    const double step = longitude == 180 ? 2 : 0.5;
    EXPECT_TRUE(in_cells(area, own));
    for (int i = -100; i < 100; ++i) {
      const double score = own + i * step;
      ASSERT_EQ(area.contains(score), shape.holds(decode(score))) << score;
    }
  }
}

TEST(GeoArea, CellsAreDisjoint) {
  Random random(5);
  for (int i = 0; i < 20'000; ++i) {
    const Point center{between(random, -180, 180), between(random, -85, 85)};
    const Shape shape = random_shape(random, center, 1e8);
    const Area area = shape.area();
    std::vector<Area::Cell> cells(area.cells().begin(), area.cells().end());
    ASSERT_GE(cells.size(), 1u);
    ASSERT_LE(cells.size(), 9u);
    // The centre's is the first.
    ASSERT_GE(encode(center), cells[0].first);
    ASSERT_LT(encode(center), cells[0].end);
    std::ranges::sort(cells, {}, &Area::Cell::first);
    for (size_t n = 0; n < cells.size(); ++n) {
      ASSERT_LT(cells[n].first, cells[n].end);
      ASSERT_GE(cells[n].first, n > 0 ? cells[n - 1].end : 0) << describe(shape);
    }
  }
}

// Away from the poles, whatever is in an area is in its cells, across the antimeridian as well.
TEST(GeoArea, CellsHoldTheArea) {
  Random random(6);
  for (int i = 0; i < 5000; ++i) {
    const double longitude =
        random.below(3) == 0 ? between(random, 179, 181) : between(random, -180, 180);
    const Point center{longitude > 180 ? longitude - 360 : longitude, between(random, -60, 60)};
    const Shape shape = random_shape(random, center, 1e6);
    const Area area = shape.area();
    for (int n = 0; n < 40; ++n) {
      const double score = encode(random_near(random, shape));
      ASSERT_TRUE(in_cells(area, score) || !area.contains(score)) << describe(shape);
    }
  }
}

// In what order the cells around a centre are walked: the order in which Redis lists what it does
// not sort.
TEST(GeoArea, CellsComeInTheOrderOfASearch) {
  // In the middle of a cell of a map of 64 by 64, at 60 degrees, where it is about 300 km wide and
  // high.
  constexpr unsigned kShift = kStepBits - 6;
  constexpr uint32_t kX = 5;
  constexpr uint32_t kY = 54;
  constexpr uint32_t kHalf = 1u << (kShift - 1);
  const Point center = middle_of({.x = (kX << kShift) + kHalf, .y = (kY << kShift) + kHalf});
  const Area area = Area::circle(center, 200'000);
  const int offsets[][2] = {{0, 0}, {0, 1},  {0, -1}, {1, 0},  {-1, 0},
                            {1, 1}, {-1, 1}, {1, -1}, {-1, -1}};
  ASSERT_EQ(area.cells().size(), std::size(offsets));
  for (size_t i = 0; i < std::size(offsets); ++i) {
    const Steps steps{.x = kX + static_cast<uint32_t>(offsets[i][0]),
                      .y = kY + static_cast<uint32_t>(offsets[i][1])};
    const uint64_t code = interleave(steps);
    EXPECT_EQ(area.cells()[i].first, static_cast<double>(code << (2 * kShift))) << i;
    EXPECT_EQ(area.cells()[i].end, static_cast<double>((code + 1) << (2 * kShift))) << i;
  }
}

TEST(GeoArea, SmallAreasHaveSmallCells) {
  for (const double radius_m : {1.0, 100.0, 1000.0, 50'000.0}) {
    const Area area = Area::circle({2.35, 48.85}, radius_m);
    double scores = 0;
    for (const Area::Cell& cell : area.cells()) scores += cell.end - cell.first;
    // In steps of about 0.4 by 0.25 m; the cells are at most fifty times the circle.
    const double cells_m2 = scores * 0.39 * 0.28;
    EXPECT_LT(cells_m2, 50 * std::numbers::pi * radius_m * radius_m + 10) << radius_m;
  }
}

}  // namespace
}  // namespace spinel::storage::geo
