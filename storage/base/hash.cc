#include "storage/base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/base/random.h"

namespace spinel::storage {

namespace {
uint64_t seed = random_seed();
}

uint64_t hash_bytes(std::string_view bytes) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

uint64_t hash_integer(int64_t value) {
  return XXH3_64bits_withSeed(&value, sizeof value, seed);
}

void set_hash_seed(uint64_t new_seed) {
  seed = new_seed;
}

}  // namespace spinel::storage
