#include "server/stats/sparkline.h"

#include <algorithm>
#include <span>

namespace spinel::server {
namespace {

constexpr int kRows = 4;
constexpr char kLevels[] = {'_', 'o', '#'};
constexpr int kLevelsPerRow = sizeof kLevels;
constexpr int kSteps = kRows * kLevelsPerRow;

struct Scale {
  int64_t lowest;
  int64_t highest;

  // 0 .. kSteps - 1
  int step_of(int64_t value) const {
    if (highest == lowest) return 0;
    const double share =
        static_cast<double>(value - lowest) / static_cast<double>(highest - lowest);
    return std::min(kSteps - 1, static_cast<int>(share * kSteps));
  }
};

char cell(int step, int row) {
  const int row_of_step = step / kLevelsPerRow;
  if (row == row_of_step) return kLevels[step % kLevelsPerRow];
  return row < row_of_step ? '|' : ' ';
}

void append_graph(std::string& out, std::span<const SparklinePoint> points, Scale scale) {
  for (int row = kRows - 1; row >= 0; --row) {
    for (const auto& point : points) out += cell(scale.step_of(point.value), row);
    out += '\n';
  }
  out.append(points.size(), ' ');
  out += '\n';
}

void append_labels(std::string& out, std::span<const SparklinePoint> points) {
  size_t longest = 0;
  for (const auto& point : points) longest = std::max(longest, point.label.size());
  for (size_t i = 0; i < longest; ++i) {
    for (const auto& point : points) out += i < point.label.size() ? point.label[i] : ' ';
    out += '\n';
  }
}

}  // namespace

std::string render_sparkline(const std::vector<SparklinePoint>& points, size_t columns) {
  std::string out;
  if (points.empty()) return out;
  const auto [low, high] = std::minmax_element(
      points.begin(), points.end(), [](const auto& a, const auto& b) { return a.value < b.value; });
  const Scale scale{low->value, high->value};
  for (size_t from = 0; from < points.size(); from += columns) {
    const auto part = std::span(points).subspan(from, std::min(columns, points.size() - from));
    if (from > 0) out += '\n';
    append_graph(out, part, scale);
    append_labels(out, part);
  }
  return out;
}

}  // namespace spinel::server
