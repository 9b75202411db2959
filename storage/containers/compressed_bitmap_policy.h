// When a string of bits is kept flat, when as positions of its ones, when as Roaring containers.
// All the lines are drawn here. Between the two lines of a pair nothing is converted, so that a bit
// that toggles at one of them converts nothing twice; and each conversion pays for itself with the
// changes that led to it: a line is crossed again only after changes in proportion to the size.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace spinel::storage::bitmap_policy {

// Shorter strings are always flat.
constexpr size_t kMinSizeBytes = 4096;

// A compressed string becomes flat above 3/4 of what it takes flat, a flat one compressed below
// 1/2.
constexpr bool should_be_flat(size_t compressed_bytes, size_t size_bytes) {
  return size_bytes < kMinSizeBytes || compressed_bytes / 3 > size_bytes / 4;
}
constexpr size_t most_to_compress(size_t size_bytes) {
  return size_bytes < kMinSizeBytes ? 0 : size_bytes / 2;
}

// Positions become containers, and containers positions, where that saves a quarter.
constexpr bool saves_enough(size_t now_bytes, size_t then_bytes) {
  return then_bytes / 3 < now_bytes / 4;
}

// After how many changes positions are looked through, to see what they would take as containers: a
// step costs about a nanosecond a position. Before they would become flat that is done sooner.
constexpr uint64_t changes_until_review(uint64_t positions, bool next_is_flat) {
  return next_is_flat ? positions / 8 : std::max<uint64_t>(1024, positions / 2);
}
// After how many changes one container is looked at, in turn, to see whether another form of it is
// smaller; that takes some microseconds at most.
constexpr uint64_t kChangesPerContainer = 256;
// After how many changes all of them may be, before positions are compared with what they take.
constexpr uint64_t changes_until_all_containers(size_t bytes) {
  return std::max<uint64_t>(1024, bytes / 16);
}

// What an empty set takes, about, in either form.
constexpr size_t kEmptyBytes = 64;

// What positions take that came in any order: 4 bytes each, and what leaves and allocations have
// free.
constexpr size_t positions_bytes(uint64_t ones) {
  return static_cast<size_t>(ones) * 9 / 2 + kEmptyBytes;
}

// What a container of `ones` positions in `runs` unbroken runs takes in the form that is smallest.
constexpr size_t container_bytes(size_t ones, size_t runs) {
  constexpr size_t kBitset = 8192;
  constexpr size_t kStruct = 16 + 11;  // its own, and its row in the directory
  const size_t payload = std::min(ones * 2, runs * 4);
  if (payload >= kBitset) return kStruct + kBitset;
  // As allocators round: to multiples of 16, later to a quarter of the power of two.
  return kStruct + (payload <= 128 ? (payload + 15) / 16 * 16 : payload + payload / 10);
}

}  // namespace spinel::storage::bitmap_policy
