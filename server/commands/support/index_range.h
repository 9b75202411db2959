// Ranges of positions as clients write them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace spinel::server {

struct IndexRange {
  size_t first = 0;
  size_t count = 0;

  bool empty() const { return count == 0; }
};

// From position `start` to `stop` inclusive among `size`; negative ones count from the end.
inline IndexRange index_range(int64_t start, int64_t stop, size_t size) {
  const auto length = static_cast<int64_t>(size);
  if (start < 0) start = std::max<int64_t>(start + length, 0);
  if (stop < 0) stop += length;
  stop = std::min(stop, length - 1);
  if (start > stop) return {};
  return {.first = static_cast<size_t>(start), .count = static_cast<size_t>(stop - start + 1)};
}

}  // namespace spinel::server
