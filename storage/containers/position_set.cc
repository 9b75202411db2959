#include "storage/containers/position_set.h"

#include <cstring>
#include <utility>

#include "storage/base/assert.h"
#include "storage/base/memory.h"

namespace spinel::storage {

namespace {

// A leaf with fewer looks for a neighbour to merge with; together they leave a quarter free.
constexpr size_t kMergeBelow = PositionSet::kLeafPositions / 4;
constexpr size_t kMergedAtMost = PositionSet::kLeafPositions * 3 / 4;
constexpr size_t kHalf = PositionSet::kLeafPositions / 2;

// Which block a leaf of that many positions gets: the allocator's rounding is room to grow.
size_t block_bytes(size_t positions) {
  constexpr size_t kStep = 8;
  return usable_size((positions + kStep - 1) / kStep * kStep * sizeof(uint32_t));
}

}  // namespace

PositionSet::PositionSet(PositionSet&& other) noexcept
    : leaves_(std::exchange(other.leaves_, {})),
      count_(std::exchange(other.count_, 0)),
      leaf_bytes_(std::exchange(other.leaf_bytes_, 0)) {}

PositionSet& PositionSet::operator=(PositionSet&& other) noexcept {
  if (this == &other) return *this;
  clear();
  leaves_ = std::exchange(other.leaves_, {});
  count_ = std::exchange(other.count_, 0);
  leaf_bytes_ = std::exchange(other.leaf_bytes_, 0);
  return *this;
}

PositionSet::~PositionSet() {
  clear();
}

void PositionSet::clear() {
  for (Leaf& leaf : leaves_) free_leaf(leaf);
  leaves_.clear();
  count_ = 0;
}

PositionSet PositionSet::from_sorted(std::span<const uint32_t> positions) {
  PositionSet set;
  set.leaves_.reserve((positions.size() + kLeafPositions - 1) / kLeafPositions);
  for (size_t i = 0; i < positions.size(); i += kLeafPositions) {
    const size_t count = std::min(kLeafPositions, positions.size() - i);
    set.leaves_.push_back(set.make_leaf(positions.subspan(i, count)));
  }
  set.count_ = positions.size();
  return set;
}

PositionSet PositionSet::duplicate() const {
  PositionSet copy;
  copy.leaves_.reserve(leaves_.size());
  for (const Leaf& leaf : leaves_) {
    copy.leaves_.push_back(copy.make_leaf({leaf.positions, leaf.count}));
  }
  copy.count_ = count_;
  return copy;
}

size_t PositionSet::memory_bytes() const {
  const size_t rows = leaves_.capacity();
  return leaf_bytes_ + (rows == 0 ? 0 : usable_size(rows * sizeof(Leaf)));
}

size_t PositionSet::lower_bound(const Leaf& leaf, uint32_t position) {
  const uint32_t* base = leaf.positions;
  size_t left = leaf.count;
  while (left > 1) {  // without a branch that could be foretold only half the time
    const size_t half = left / 2;
    base += base[half - 1] < position ? half : 0;
    left -= half;
  }
  return static_cast<size_t>(base - leaf.positions) + (*base < position ? 1 : 0);
}

size_t PositionSet::leaf_of(uint32_t position) const {
  size_t base = 0;
  size_t left = leaves_.size();
  while (left > 1) {
    const size_t half = left / 2;
    base += leaves_[base + half].first <= position ? half : 0;
    left -= half;
  }
  return base;
}

bool PositionSet::contains(uint32_t position) const {
  if (leaves_.empty()) return false;
  const Leaf& leaf = leaves_[leaf_of(position)];
  const size_t index = lower_bound(leaf, position);
  return index < leaf.count && leaf.positions[index] == position;
}

PositionSet::Leaf PositionSet::make_leaf(std::span<const uint32_t> positions) {
  const size_t bytes = block_bytes(std::max<size_t>(positions.size(), 1));
  Leaf leaf{};
  leaf.positions = static_cast<uint32_t*>(allocate_bytes(bytes));
  leaf.capacity = static_cast<uint16_t>(bytes / sizeof(uint32_t));
  leaf.count = static_cast<uint16_t>(positions.size());
  if (!positions.empty()) {
    leaf.first = positions.front();
    std::memcpy(leaf.positions, positions.data(), positions.size_bytes());
  }
  leaf_bytes_ += bytes;
  return leaf;
}

void PositionSet::free_leaf(Leaf& leaf) {
  const size_t bytes = leaf.capacity * sizeof(uint32_t);
  free_bytes(leaf.positions, bytes);
  leaf_bytes_ -= bytes;
}

void PositionSet::set_capacity(Leaf& leaf, size_t positions) {
  const size_t old_bytes = leaf.capacity * sizeof(uint32_t);
  const size_t new_bytes = block_bytes(positions);
  if (new_bytes == old_bytes) return;
  leaf.positions = static_cast<uint32_t*>(reallocate_bytes(leaf.positions, old_bytes, new_bytes));
  leaf.capacity = static_cast<uint16_t>(new_bytes / sizeof(uint32_t));
  leaf_bytes_ += new_bytes;
  leaf_bytes_ -= old_bytes;
}

void PositionSet::split(size_t at) {
  Leaf& left = leaves_[at];
  const Leaf right = make_leaf({left.positions + kHalf, left.count - kHalf});
  left.count = kHalf;
  set_capacity(left, kHalf);
  leaves_.insert(leaves_.begin() + static_cast<ptrdiff_t>(at) + 1, right);
}

void PositionSet::append(uint32_t position) {
  if (leaves_.empty() || leaves_.back().count == kLeafPositions) {
    leaves_.push_back(make_leaf({&position, 1}));
  } else {
    Leaf& leaf = leaves_.back();
    SPINEL_ASSERT(leaf.last() < position);
    if (leaf.count == leaf.capacity) set_capacity(leaf, size_t{leaf.count} + 1);
    leaf.positions[leaf.count++] = position;
  }
  ++count_;
}

bool PositionSet::insert(uint32_t position) {
  // Positions that come in order fill leaves to the end.
  if (leaves_.empty() || leaves_.back().last() < position) {
    append(position);
    return true;
  }
  size_t at = leaf_of(position);
  size_t index = lower_bound(leaves_[at], position);
  if (index < leaves_[at].count && leaves_[at].positions[index] == position) return false;
  if (leaves_[at].count == kLeafPositions) {
    split(at);
    if (index > kHalf) {
      ++at;
      index -= kHalf;
    }
  }
  Leaf& leaf = leaves_[at];
  if (leaf.count == leaf.capacity) set_capacity(leaf, size_t{leaf.count} + 1);
  uint32_t* slot = leaf.positions + index;
  std::memmove(slot + 1, slot, (leaf.count - index) * sizeof(uint32_t));
  *slot = position;
  leaf.first = leaf.positions[0];
  ++leaf.count;
  ++count_;
  return true;
}

bool PositionSet::erase(uint32_t position) {
  if (leaves_.empty()) return false;
  const size_t at = leaf_of(position);
  Leaf& leaf = leaves_[at];
  const size_t index = lower_bound(leaf, position);
  if (index == leaf.count || leaf.positions[index] != position) return false;
  uint32_t* slot = leaf.positions + index;
  --leaf.count;
  --count_;
  std::memmove(slot, slot + 1, (leaf.count - index) * sizeof(uint32_t));
  if (leaf.count == 0) {
    free_leaf(leaf);
    leaves_.erase(leaves_.begin() + static_cast<ptrdiff_t>(at));
    return true;
  }
  leaf.first = leaf.positions[0];
  tidy(at);
  return true;
}

uint64_t PositionSet::erase_range(uint32_t first, uint32_t last) {
  size_t at = leaf_of(first);
  size_t kept = at;
  uint64_t erased = 0;
  for (; at < leaves_.size() && leaves_[at].first <= last; ++at) {
    Leaf leaf = leaves_[at];
    const size_t begin = lower_bound(leaf, first);
    const size_t end = leaf.last() <= last ? leaf.count : lower_bound(leaf, last + 1);
    erased += end - begin;
    std::memmove(leaf.positions + begin, leaf.positions + end,
                 (leaf.count - end) * sizeof(uint32_t));
    leaf.count = static_cast<uint16_t>(leaf.count - (end - begin));
    if (leaf.count == 0) {
      free_leaf(leaf);
      continue;
    }
    leaf.first = leaf.positions[0];
    leaves_[kept++] = leaf;
  }
  leaves_.erase(leaves_.begin() + static_cast<ptrdiff_t>(kept),
                leaves_.begin() + static_cast<ptrdiff_t>(at));
  count_ -= erased;
  // At most two were cut, and they are neighbours now.
  for (size_t i = 0; i < 2 && kept > 0; ++i) {
    --kept;
    if (kept < leaves_.size()) tidy(kept);
  }
  return erased;
}

void PositionSet::merge_with_next(size_t at) {
  Leaf& left = leaves_[at];
  Leaf& right = leaves_[at + 1];
  const size_t together = size_t{left.count} + right.count;
  if (together > left.capacity) set_capacity(left, together);
  std::memcpy(left.positions + left.count, right.positions, right.count * sizeof(uint32_t));
  left.count = static_cast<uint16_t>(together);
  free_leaf(right);
  leaves_.erase(leaves_.begin() + static_cast<ptrdiff_t>(at) + 1);
}

void PositionSet::tidy(size_t at) {
  const size_t count = leaves_[at].count;
  if (count < kMergeBelow) {
    if (at + 1 < leaves_.size() && count + leaves_[at + 1].count <= kMergedAtMost) {
      return merge_with_next(at);
    }
    if (at > 0 && count + leaves_[at - 1].count <= kMergedAtMost) return merge_with_next(at - 1);
  }
  // The eighth that stays free keeps it from being moved at the next insertion.
  if (count + count / 2 < leaves_[at].capacity) set_capacity(leaves_[at], count + count / 8 + 1);
  if (leaves_.capacity() > 4 * leaves_.size() + 16) leaves_.shrink_to_fit();
}

uint64_t PositionSet::count_range(uint32_t first, uint32_t last) const {
  uint64_t count = 0;
  visit(first, last, [&](std::span<const uint32_t> positions) { count += positions.size(); });
  return count;
}

std::optional<uint32_t> PositionSet::next(uint32_t from) const {
  if (leaves_.empty()) return std::nullopt;
  const size_t at = leaf_of(from);
  const size_t index = lower_bound(leaves_[at], from);
  if (index < leaves_[at].count) return leaves_[at].positions[index];
  if (at + 1 < leaves_.size()) return leaves_[at + 1].first;
  return std::nullopt;
}

uint64_t PositionSet::next_missing(uint32_t from) const {
  if (leaves_.empty()) return from;
  uint64_t expected = from;
  size_t at = leaf_of(from);
  size_t index = lower_bound(leaves_[at], from);
  for (; at < leaves_.size(); ++at, index = 0) {
    const Leaf& leaf = leaves_[at];
    // Positions less their index never fall: what they are at first they are up to the first gap.
    size_t low = index;
    size_t high = leaf.count;
    while (low < high) {
      const size_t middle = low + (high - low) / 2;
      if (leaf.positions[middle] - expected == middle - index) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    expected += low - index;
    if (low < leaf.count) return expected;
  }
  return expected;
}

void PositionSet::read(size_t first_byte, std::span<unsigned char> to) const {
  if (to.empty()) return;
  const uint64_t base = uint64_t{first_byte} * 8;
  const uint64_t last = base + to.size() * 8 - 1;
  visit(static_cast<uint32_t>(base), static_cast<uint32_t>(last),
        [&](std::span<const uint32_t> positions) {
          for (const uint32_t position : positions) {
            to[(position - base) / 8] |= static_cast<unsigned char>(1U << (position % 8));
          }
        });
}

bool PositionSet::Cursor::seek(uint32_t position) {
  const std::vector<Leaf>& leaves = set_.leaves_;
  if (leaves.empty()) return false;
  while (leaf_ + 1 < leaves.size() && leaves[leaf_ + 1].first <= position) {
    ++leaf_;
    index_ = 0;
  }
  const Leaf& leaf = leaves[leaf_];
  constexpr size_t kNear = 8;
  const size_t near = std::min<size_t>(leaf.count, index_ + kNear);
  while (index_ < near && leaf.positions[index_] < position) ++index_;
  if (index_ == near && near < leaf.count) index_ = lower_bound(leaf, position);
  return index_ < leaf.count && leaf.positions[index_] == position;
}

}  // namespace spinel::storage
