// A set of 32-bit positions in libroaring's containers: one for each range of 65,536 positions that
// has any, as an array, as runs, or as a bitset, whatever is smallest. Its memory is known at any
// time, the allocator's rounding included.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "storage/containers/bit_kernels.h"
#include "storage/containers/position_set.h"

struct roaring_bitmap_s;

namespace spinel::storage {

class RoaringSet {
 public:
  // What one container stands for, as bytes: bit `p % 8` of byte `p / 8`.
  static constexpr size_t kChunkBytes = 8192;
  static constexpr uint32_t kChunks = 65536;

  RoaringSet();
  RoaringSet(RoaringSet&& other) noexcept;
  RoaringSet& operator=(RoaringSet&& other) noexcept;
  RoaringSet(const RoaringSet&) = delete;
  RoaringSet& operator=(const RoaringSet&) = delete;
  ~RoaringSet();

  static RoaringSet from_positions(const PositionSet& positions);
  PositionSet to_positions() const;
  RoaringSet duplicate() const;

  // What BITOP computes, of two sources or more (kNot is not among it).
  static RoaringSet combine(bits::Operation operation, std::span<const RoaringSet* const> sources);

  uint64_t count() const { return count_; }
  size_t containers() const;
  // As allocated, without the object itself. Constant time; and the same, counted anew.
  size_t memory_bytes() const { return bytes_; }
  size_t measure_memory() const;
  size_t allocations() const { return 2 * containers() + 2; }

  bool contains(uint32_t position) const;
  // Returns whether it was not there.
  bool insert(uint32_t position);
  // Returns whether it was there.
  bool erase(uint32_t position);
  // Looks at one container, the next one at the next call, and changes its form if that is smaller.
  void optimize_next();
  // Leaves no container in a form that is not the smallest, and no room.
  void optimize();

  // These are what their namesakes of PositionSet are. Here `first` is the first position of a byte
  // and `last` the last of one, and `to` holds zeros.
  uint64_t count_range(uint32_t first, uint32_t last) const;
  std::optional<uint32_t> next(uint32_t from) const;
  uint64_t next_missing(uint32_t from) const;
  void read(size_t first_byte, std::span<unsigned char> to) const;

  // The first chunk that holds positions, from `key` on; kChunks if there is none.
  uint32_t next_chunk(uint32_t key) const;
  // Its bytes, or null if it holds nothing. They are the container's own, or made in `scratch`
  // (kChunkBytes).
  const unsigned char* chunk(uint32_t key, unsigned char* scratch) const;
  // Replaces a chunk by kChunkBytes bytes.
  void put_chunk(uint32_t key, const unsigned char* bytes);

  // Asks for positions in ascending order: cheaper than contains() where many are asked for.
  class Cursor {
   public:
    explicit Cursor(const RoaringSet& set) : set_(set) {}
    bool seek(uint32_t position);

   private:
    const RoaringSet& set_;
    int32_t at_ = 0;
  };

 private:
  explicit RoaringSet(roaring_bitmap_s* bitmap);  // takes it over, makes the best of it
  void insert_container(int32_t at, uint16_t key, uint16_t position);
  void replace_container(int32_t at, void* container, uint8_t type);
  void remove_container(int32_t at);
  void optimize_container(int32_t at);

  roaring_bitmap_s* bitmap_;
  uint64_t count_ = 0;
  size_t bytes_ = 0;
  int32_t optimized_ = 0;  // the container that optimize_next() looks at next
};

}  // namespace spinel::storage
