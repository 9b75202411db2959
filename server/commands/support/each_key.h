// Commands with many keys: the lookups of a whole chunk wait for memory together.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "server/engine/context.h"
#include "storage/containers/prefetch.h"

namespace spinel::server {

// Calls `visit(const storage::Key& key, size_t index)` for the arguments `first`, `first + step`
// and so on to the last, in order. The keys of a chunk are hashed and their entries in the client's
// database prefetched before the first of them is visited.
template <typename Visit>
void for_each_key(const CommandContext& ctx, size_t first, size_t step, Visit&& visit) {
  constexpr size_t kChunk = 64;
  std::array<uint64_t, kChunk> hashes;
  for (size_t start = first; start < ctx.arity(); start += kChunk * step) {
    const size_t end = std::min(ctx.arity(), start + kChunk * step);
    size_t count = 0;
    for (size_t index = start; index < end; index += step) {
      hashes[count++] = ctx.key(index).hash;
    }
    storage::prefetch_lookups(ctx.db, std::span(hashes).first(count));
    const uint64_t* hash = hashes.data();
    for (size_t index = start; index < end; index += step) {
      visit(storage::Key(ctx.arg(index), *hash++), index);
    }
  }
}

}  // namespace spinel::server
