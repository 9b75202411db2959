#include "storage/containers/hash_table.h"

#include <cstdlib>

namespace spinel::storage {

#if defined(SPINEL_SANITIZED)
void* allocate_buckets(size_t bytes) {
  void* memory = std::aligned_alloc(64, bytes);
  SPINEL_ASSERT(memory != nullptr);
  return std::memset(memory, 0, bytes);
}
#else
// jemalloc aligns every block of a multiple of 64 bytes that is a size class of its own to a cache
// line, and knows when fresh pages are zero already: a large array costs no memory before it is
// used.
void* allocate_buckets(size_t bytes) {
  void* memory = std::calloc(1, bytes);
  SPINEL_ASSERT(memory != nullptr && reinterpret_cast<uintptr_t>(memory) % 64 == 0);
  return memory;
}
#endif

void free_buckets(void* buckets, size_t) {
  std::free(buckets);
}

}  // namespace spinel::storage
