// Fetching what many lookups in hash tables will read, for all of them together: a cache miss each,
// but at the same time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace spinel::storage {

// Three rounds over `lookups`: the buckets; once these have arrived, the likely elements; and of
// those that are in a further bucket, up to 64 elements there. `visit(lookup, round)` must call
// `round(table, hash)` with the table and the hash of a lookup, or may leave it out. Works on a
// HashTable and on what passes its three prefetching functions on.
//
// All is inlined: see HashTable::prefetch_bucket.
template <typename Lookup, typename Visit>
[[gnu::always_inline]] inline void prefetch_lookups(std::span<const Lookup> lookups,
                                                    Visit&& visit) {
  constexpr size_t kMaxOverflowing = 64;
  std::array<const Lookup*, kMaxOverflowing> overflowing;
  size_t count = 0;
  const auto fetch_bucket = [](const auto& table, uint64_t hash) __attribute__((always_inline)) {
    table.prefetch_bucket(hash);
  };
  const auto fetch_further = [](const auto& table, uint64_t hash) __attribute__((always_inline)) {
    table.prefetch_overflow_element(hash);
  };
  for (const Lookup& lookup : lookups) visit(lookup, fetch_bucket);
  for (const Lookup& lookup : lookups) {
    const auto fetch_element = [&](const auto& table, uint64_t hash)
        __attribute__((always_inline)) {
      if (!table.prefetch_element(hash) || count == kMaxOverflowing) return;
      overflowing[count++] = &lookup;
    };
    visit(lookup, fetch_element);
  }
  for (size_t i = 0; i < count; ++i) visit(*overflowing[i], fetch_further);
}

// The same for lookups by these hashes in one table.
template <typename Table>
[[gnu::always_inline]] inline void prefetch_lookups(const Table& table,
                                                    std::span<const uint64_t> hashes) {
  const auto visit = [&table](uint64_t hash, auto&& round) __attribute__((always_inline)) {
    round(table, hash);
  };
  prefetch_lookups(hashes, visit);
}

}  // namespace spinel::storage
