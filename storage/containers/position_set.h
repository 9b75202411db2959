// A sorted set of 32-bit positions, 4 to 5 bytes each however far apart they are: leaves of up to
// 1024 positions that grow by the allocator's steps, are split in half when full and merged when
// nearly empty, and a sorted directory of them. A change is two binary searches and a move of at
// most 4 KiB.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace spinel::storage {

class PositionSet {
 public:
  static constexpr size_t kLeafPositions = 1024;

  PositionSet() = default;
  PositionSet(PositionSet&& other) noexcept;
  PositionSet& operator=(PositionSet&& other) noexcept;
  PositionSet(const PositionSet&) = delete;
  PositionSet& operator=(const PositionSet&) = delete;
  ~PositionSet();

  // Of positions that ascend, no two alike; in as little memory as can be.
  static PositionSet from_sorted(std::span<const uint32_t> positions);
  PositionSet duplicate() const;

  uint64_t count() const { return count_; }
  // As allocated, without the object itself. Constant time.
  size_t memory_bytes() const;
  size_t allocations() const { return leaves_.size() + 1; }

  bool contains(uint32_t position) const;
  // Returns whether it was not there.
  bool insert(uint32_t position);
  // Returns whether it was there.
  bool erase(uint32_t position);
  // From `first` to `last`, both included; returns how many there were.
  uint64_t erase_range(uint32_t first, uint32_t last);
  // Puts `position`, which must be above all others, at the end.
  void append(uint32_t position);

  // How many there are from `first` to `last`, both included.
  uint64_t count_range(uint32_t first, uint32_t last) const;
  // The first that is not below `from`.
  std::optional<uint32_t> next(uint32_t from) const;
  // The first at or above `from` that is not in the set; 2^32 if there is none.
  uint64_t next_missing(uint32_t from) const;
  // Sets the bits of positions from `first_byte` * 8 on in `to`, whose other bits stay: bit `p % 8`
  // (of value 1 << p % 8) of byte `p / 8 - first_byte`.
  void read(size_t first_byte, std::span<unsigned char> to) const;

  // Calls visit(std::span<const uint32_t>) for all from `first` to `last`, in ascending order.
  template <typename Visit>
  void visit(uint32_t first, uint32_t last, Visit&& visit) const {
    for (size_t at = leaf_of(first); at < leaves_.size() && leaves_[at].first <= last; ++at) {
      const Leaf& leaf = leaves_[at];
      const size_t begin = leaf.first >= first ? 0 : lower_bound(leaf, first);
      const size_t end = leaf.last() <= last ? leaf.count : lower_bound(leaf, last);
      const size_t more = end < leaf.count && leaf.positions[end] == last ? 1 : 0;
      if (begin < end + more) visit(std::span(leaf.positions + begin, end + more - begin));
    }
  }
  template <typename Visit>
  void visit(Visit&& each) const {
    visit(0, UINT32_MAX, each);
  }

  // Asks for positions in ascending order: cheaper than contains() where many are asked for.
  class Cursor {
   public:
    explicit Cursor(const PositionSet& set) : set_(set) {}
    bool seek(uint32_t position);

   private:
    const PositionSet& set_;
    size_t leaf_ = 0;
    size_t index_ = 0;
  };

 private:
  struct Leaf {
    uint32_t first;
    uint16_t count;
    uint16_t capacity;
    uint32_t* positions;

    uint32_t last() const { return positions[count - 1]; }
  };

  // The index of the first in `leaf` that is not below `position`.
  static size_t lower_bound(const Leaf& leaf, uint32_t position);
  // The last leaf that begins at or below `position`; the first one if none does.
  size_t leaf_of(uint32_t position) const;

  Leaf make_leaf(std::span<const uint32_t> positions);
  void free_leaf(Leaf& leaf);
  void set_capacity(Leaf& leaf, size_t positions);
  // Moves the second half of a full leaf into one of its own behind it.
  void split(size_t at);
  // After removals: merges a leaf that is nearly empty with a neighbour, shrinks one with much
  // room.
  void tidy(size_t at);
  // Appends what the leaf behind `at` holds to that at `at`.
  void merge_with_next(size_t at);
  void clear();

  std::vector<Leaf> leaves_;
  uint64_t count_ = 0;
  size_t leaf_bytes_ = 0;
};

}  // namespace spinel::storage
