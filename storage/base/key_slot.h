// The slot of a key, or of a shard channel: it decides which node of a cluster has it.
#pragma once

#include <cstdint>
#include <string_view>

#include "storage/base/crc16.h"

namespace spinel::storage {

inline constexpr uint16_t kSlots = 16384;

// The part of `key` that decides: what the first pair of braces holds, or all of it if they hold
// nothing or there are none.
constexpr std::string_view hash_tag(std::string_view key) {
  const size_t open = key.find('{');
  if (open == std::string_view::npos) return key;
  const size_t close = key.find('}', open + 1);
  if (close == std::string_view::npos || close == open + 1) return key;
  return key.substr(open + 1, close - open - 1);
}

inline uint16_t key_slot(std::string_view key) {
  return crc16(hash_tag(key)) % kSlots;
}

}  // namespace spinel::storage
