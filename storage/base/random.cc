#include "storage/base/random.h"

#include <cerrno>
#include <sys/random.h>

#include "storage/base/assert.h"
#include "storage/base/hex.h"

namespace spinel::storage {

void fill_random_bytes(void* out, size_t size) {
  auto* at = static_cast<unsigned char*>(out);
  while (size > 0) {
    const ssize_t got = getrandom(at, size, 0);
    if (got < 0 && errno == EINTR) continue;
    SPINEL_ASSERT(got > 0);
    at += got;
    size -= static_cast<size_t>(got);
  }
}

uint64_t random_seed() {
  uint64_t seed = 0;
  fill_random_bytes(&seed, sizeof seed);
  return seed;
}

std::string random_hex(size_t digits) {
  std::string bytes((digits + 1) / 2, '\0');
  fill_random_bytes(bytes.data(), bytes.size());
  std::string text = hex_encode(bytes);
  text.resize(digits);
  return text;
}

Random::Random(uint64_t seed) {
  // splitmix64 spreads any seed, zero too, over the whole state.
  for (uint64_t& word : state_) {
    seed += 0x9e3779b97f4a7c15ULL;
    uint64_t mixed = seed;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
    word = mixed ^ (mixed >> 31);
  }
}

}  // namespace spinel::storage
