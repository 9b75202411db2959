// The hash of keys, fields and members: XXH3 with a seed drawn at start, so that nobody can aim for
// collisions.
#pragma once

#include <cstdint>
#include <string_view>

namespace spinel::storage {

uint64_t hash_bytes(std::string_view bytes);
// Of an integer that is stored as one; not the hash of its digits.
uint64_t hash_integer(int64_t value);

// Replaces the random seed. Only before the first table is filled; tests use it to repeat a run.
void set_hash_seed(uint64_t seed);

}  // namespace spinel::storage
