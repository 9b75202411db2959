// libroaring's containers one by one: making, measuring and reading them. Only for the files that
// implement RoaringSet: nobody else includes libroaring.
#pragma once

#include <cstddef>
#include <cstdint>
#include <roaring/roaring.h>
#include <span>

namespace spinel::storage::containers {

// A container without its place: what libroaring keeps in three parallel arrays.
struct Container {
  void* data = nullptr;  // null: no position
  uint8_t type = 0;
};

// As allocated.
size_t memory_bytes(Container container);
// How many positions it holds.
uint64_t count(Container container);

// The smallest for these bytes (8 KiB, at any address) or these positions, of which only the lower
// 16 bits count: ascending, at least one.
Container make(const unsigned char* bytes);
Container make(std::span<const uint32_t> positions);
// `container` in its smallest form, without room; it is freed if it is not that.
Container optimized(Container container);

// The following take positions below 65,536.
// How many are in [first, last]. `first` is the first of a byte, `last` the last of one.
uint64_t count_range(Container container, uint32_t first, uint32_t last);
// The first at or above `from` that is in it; that is not in it. 65,536 if there is none.
uint32_t next(Container container, uint32_t from);
uint32_t next_missing(Container container, uint32_t from);
// Writes its bytes [first_byte, first_byte + to.size()) to `to`, which holds zeros.
void read(Container container, size_t first_byte, std::span<unsigned char> to);

// How many unbroken runs of ones there are in 8 KiB.
size_t count_runs(const unsigned char* bytes);

}  // namespace spinel::storage::containers
