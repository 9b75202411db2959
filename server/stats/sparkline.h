// A small graph in ASCII, as LATENCY GRAPH draws it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace spinel::server {

struct SparklinePoint {
  int64_t value;
  std::string label;  // written downwards below its column
};

// Draws the points from left to right, four rows of three levels between the lowest and the highest
// value, filled below. More points than `columns` continue in a further graph below an empty line;
// all are to the same scale.
std::string render_sparkline(const std::vector<SparklinePoint>& points, size_t columns = 80);

}  // namespace spinel::server
