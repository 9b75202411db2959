// What the commands of hashes share.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "server/commands/support/collection.h"
#include "server/commands/support/element.h"
#include "server/engine/encoding_limits.h"
#include "storage/base/numbers.h"
#include "storage/containers/prefetch.h"
#include "storage/types/hash.h"

namespace spinel::server {

using WritableHash = WritableCollection<storage::Hash>;

inline storage::HashLimits hash_limits(const CommandContext& ctx) {
  return hash_limits(ctx.server.config);
}

// The hash at `item`, without the fields that expired. `item` is a hash.
inline storage::Hash hash_at(const CommandContext& ctx, const storage::ConstItem& item) {
  storage::Hash hash(item->encoding(), item->object());
  hash.set_now(ctx.server.keyspace.expiry_time_ms());
  return hash;
}

// The hash at argument 1, to be read, if the key exists. False if it is something else: WRONGTYPE
// has been sent.
inline bool find_hash(CommandContext& ctx, std::optional<storage::Hash>& hash) {
  const storage::ConstItem item = ctx.find_read(ctx.key(1));
  if (!ctx.check_type(item, storage::Type::kHash)) return false;
  if (item) hash = hash_at(ctx, item);
  return true;
}

// The hash that is about to be written to, likewise.
inline storage::Hash& value_of(const CommandContext& ctx, WritableHash& writable) {
  storage::Hash& hash = writable.value();
  hash.set_now(ctx.server.keyspace.expiry_time_ms());
  return hash;
}

// Calls `visit(const storage::HashField&, size_t index)` for the arguments `first`, `first + step`
// and so on before `end`, in order. The fields of a chunk are hashed and prefetched before the
// first of them is visited. `visit` may change the hash.
template <typename Visit>
void for_each_field(const CommandContext& ctx, const storage::Hash& hash, size_t first, size_t end,
                    size_t step, Visit&& visit) {
  using storage::HashField;
  constexpr size_t kChunk = 32;
  std::array<uint64_t, kChunk> hashes;
  while (first < end) {
    if (!hash.is_table() || end - first <= step) {
      visit(HashField(ctx.arg(first)), first);
      first += step;
      continue;
    }
    const size_t count = std::min(kChunk, (end - first + step - 1) / step);
    for (size_t i = 0; i < count; ++i) {
      hashes[i] = storage::hash_bytes(ctx.arg(first + i * step));
    }
    storage::prefetch_lookups(hash, std::span(hashes).first(count));
    for (size_t i = 0; i < count; ++i, first += step) {
      visit(HashField(ctx.arg(first), hashes[i]), first);
    }
  }
}

}  // namespace spinel::server
