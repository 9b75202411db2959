// Commands with many keys: the lookups of a whole chunk wait for memory together.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "server/engine/context.h"

namespace spinel::server {

// Calls `visit(const storage::Key& key, size_t index)` for the arguments `first`, `first + step`
// and so on to the last, in order. The keys of a chunk are hashed and their entries in the client's
// database prefetched before the first of them is visited.
template <typename Visit>
void for_each_key(const CommandContext& ctx, size_t first, size_t step, Visit&& visit) {
  constexpr size_t kChunk = 64;
  std::array<uint64_t, kChunk> hashes;
  std::array<uint64_t, kChunk> overflowing;
  for (size_t start = first; start < ctx.arity(); start += kChunk * step) {
    const size_t end = std::min(ctx.arity(), start + kChunk * step);
    size_t count = 0;
    for (size_t index = start; index < end; index += step) {
      hashes[count] = ctx.key(index).hash;
      ctx.db.prefetch_bucket(hashes[count++]);
    }
    size_t overflowing_count = 0;
    for (size_t i = 0; i < count; ++i) {
      if (ctx.db.prefetch_entry(hashes[i])) overflowing[overflowing_count++] = hashes[i];
    }
    for (size_t i = 0; i < overflowing_count; ++i) ctx.db.prefetch_overflow_entry(overflowing[i]);
    const uint64_t* hash = hashes.data();
    for (size_t index = start; index < end; index += step) {
      visit(storage::Key(ctx.arg(index), *hash++), index);
    }
  }
}

}  // namespace spinel::server
