// Randomness: the system's, for seeds and identities, and a fast generator for sampling.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace spinel::storage {

// Fills from the system's generator; fit for secrets. Aborts where the system has none.
void fill_random_bytes(void* out, size_t size);

// A 64-bit seed from the system's generator.
uint64_t random_seed();

// That many random lower-case hex digits, as run ids and node ids are made of.
std::string random_hex(size_t digits);

// xoshiro256**: fast, even, repeatable from its seed. Not for secrets, not shared between threads.
class Random {
 public:
  explicit Random(uint64_t seed);

  uint64_t next() {
    const uint64_t result = rotate_left(state_[1] * 5, 7) * 9;
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate_left(state_[3], 45);
    return result;
  }

  // 0 .. bound-1, each equally likely. `bound` is at least 1.
  uint64_t below(uint64_t bound) {
    // Lemire's multiplication, with the few draws that would favour small results thrown away.
    unsigned __int128 product = static_cast<unsigned __int128>(next()) * bound;
    if (static_cast<uint64_t>(product) < bound) {
      const uint64_t threshold = (0 - bound) % bound;
      while (static_cast<uint64_t>(product) < threshold) {
        product = static_cast<unsigned __int128>(next()) * bound;
      }
    }
    return static_cast<uint64_t>(product >> 64);
  }

  // 0 <= x < 1, with all 53 bits of a double's precision.
  double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

 private:
  static uint64_t rotate_left(uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }

  uint64_t state_[4];
};

}  // namespace spinel::storage
