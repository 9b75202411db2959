// The configured sizes at which values change their encoding, in the form that each type takes
// them.
#pragma once

#include <cstddef>

#include "server/config/config.h"
#include "storage/containers/quicklist.h"
#include "storage/types/hash.h"
#include "storage/types/set.h"
#include "storage/types/sorted_set.h"

namespace spinel::server {

inline storage::SetLimits set_limits(const Config& config) {
  return {.intset_entries = config.set_max_intset_entries,
          .listpack_entries = config.set_max_listpack_entries,
          .listpack_value_bytes = config.set_max_listpack_value_bytes};
}

inline storage::SortedSet::Limits sorted_set_limits(const Config& config) {
  return {.max_listpack_entries = config.zset_max_listpack_entries,
          .max_listpack_value_bytes = config.zset_max_listpack_value_bytes};
}

inline storage::HashLimits hash_limits(const Config& config) {
  return {.max_entries = config.hash_max_listpack_entries,
          .max_value_bytes = config.hash_max_listpack_value_bytes};
}

// An element of `large_element_bytes` and more gets a node of its own (DEBUG
// QUICKLIST-PACKED-THRESHOLD).
inline storage::ListOptions list_options(const Config& config, size_t large_element_bytes) {
  return {.max_listpack_size = config.list_max_listpack_size,
          .compress_depth = config.list_compress_depth,
          .large_element_bytes = large_element_bytes};
}

}  // namespace spinel::server
