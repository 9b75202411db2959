// MurmurHash64A by Austin Appleby (public domain), over little-endian words. Where values that
// others store are made of a hash, it has to be this one; it does not withstand chosen input.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "storage/base/bytes.h"

namespace spinel::storage {

inline uint64_t murmur_hash(std::string_view bytes, uint64_t seed) {
  constexpr uint64_t kMultiplier = 0xc6a4a7935bd1e995;
  constexpr int kShift = 47;
  uint64_t hash = seed ^ (bytes.size() * kMultiplier);
  const char* at = bytes.data();
  const char* const words_end = at + bytes.size() / sizeof(uint64_t) * sizeof(uint64_t);
  for (; at != words_end; at += sizeof(uint64_t)) {
    uint64_t word = load_unaligned<uint64_t>(at) * kMultiplier;
    word = (word ^ (word >> kShift)) * kMultiplier;
    hash = (hash ^ word) * kMultiplier;
  }
  if (const size_t rest = bytes.size() % sizeof(uint64_t); rest != 0) {
    uint64_t word = 0;
    std::memcpy(&word, at, rest);
    hash = (hash ^ word) * kMultiplier;
  }
  hash = (hash ^ (hash >> kShift)) * kMultiplier;
  return hash ^ (hash >> kShift);
}

}  // namespace spinel::storage
