// Circles and boxes on the globe: which scores of a sorted set may be in one, and which are.
//
// An area is covered by cells of the map, each a range of scores: the cell that its centre is in,
// at a size at which a cell is about as large as the area, and those of the eight around it that
// may reach into it. How large the cells are, which are left out, and in what order they are walked
// decides in what order a search that does not sort finds things, so all of it is as in Redis. So
// is what goes wrong: near the poles, where cells are narrow, and for areas of more than half the
// globe, some places that are in the area are in none of the cells, and are not found.
//
// Most of what is in the cells is not in the area. It is told from the score: a window of steps
// holds all of the area, and since the bits of one coordinate's step compare and subtract like the
// number that they are, even with those of the other between them, looking takes a few
// instructions. What is left is first measured roughly, by a few terms of each series, and by the
// exact formula only where that leaves doubt.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "storage/types/geo.h"

namespace spinel::storage::geo {

class Area {
 public:
  // Centres are on the map; sizes are not negative, and may be infinite.
  static Area circle(const Point& center, double radius_m);
  static Area box(const Point& center, double width_m, double height_m);

  // Scores first <= score < end.
  struct Cell {
    double first, end;

    friend bool operator==(const Cell&, const Cell&) = default;
  };
  // In the order of a search.
  std::span<const Cell> cells() const { return {cells_.data(), cell_count_}; }

  // For scores from the cells: whether the place that `decode` says is in the area, ...
  bool contains(double score) const {
    const uint64_t code = code_in_cell(score);
    return in_window(code) && contains_place(code);
  }
  // ... and how far it then is from the centre.
  std::optional<double> distance_m(double score) const {
    const uint64_t code = code_in_cell(score);
    if (!in_window(code)) return std::nullopt;
    return distance_of_place_m(code);
  }

 private:
  enum class Verdict : uint8_t { kInside, kOutside, kUnsure };
  // A distance d by the square of sin(d/2R): below `surely` it is within the limit, above `hardly`
  // it is not.
  struct Limit {
    double surely = 0, hardly = 0;

    Verdict judge(double value) const {
      if (value < surely) return Verdict::kInside;
      return value > hardly ? Verdict::kOutside : Verdict::kUnsure;
    }
  };

  Area(const Point& center, bool is_circle, double half_width_m, double half_height_m);
  static Limit limit_of(double distance_m);
  void cover();
  void set_window();
  // As code_of; the scores of cells are neither negative nor too large.
  static uint64_t code_in_cell(double score) {
    return static_cast<uint64_t>(static_cast<int64_t>(score));
  }
  bool in_window(uint64_t code) const {
    // Beyond the map's last step, where nearly nothing is.
    if (code >> (2 * kStepBits) != 0) return true;
    return (((code & kXBits) - x_first_) & kXBits) <= x_span_ &&
           (((code & kYBits) - y_first_) & kYBits) <= y_span_;
  }
  bool contains_place(uint64_t code) const;
  std::optional<double> distance_of_place_m(uint64_t code) const;
  Verdict judge(const Point& point) const;
  bool is_within(const Point& point, double distance_m) const;

  Origin origin_;
  bool is_circle_;
  double half_width_m_, half_height_m_;  // of a circle both are the radius

  // The window, its steps as the bits of codes: from a first step on, round the globe, as many more
  // as the span says.
  static constexpr uint64_t kYBits = 0x5555555555555;
  static constexpr uint64_t kXBits = kYBits << 1;
  uint64_t x_first_ = 0, x_span_ = kXBits;
  uint64_t y_first_ = 0, y_span_ = kYBits;
  bool is_small_ = false;  // so that the series can be used
  double sin_latitude_;
  Limit width_limit_, height_limit_;

  std::array<Cell, 9> cells_{};
  size_t cell_count_ = 0;
};

}  // namespace spinel::storage::geo
