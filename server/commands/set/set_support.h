// What the files of set commands share.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "server/engine/context.h"
#include "server/engine/encoding_limits.h"
#include "storage/types/set.h"

namespace spinel::server {

inline storage::SetLimits set_limits(const CommandContext& ctx) {
  return set_limits(ctx.server.config);
}

inline void reply_member(resp::ReplyWriter& reply, const storage::SetMember& member) {
  char digits[storage::kMaxInt64Chars];
  reply.bulk(member.bytes(digits));
}

inline void reply_members(resp::ReplyWriter& reply, const storage::Set& set) {
  reply.set(set.size());
  set.for_each([&](const storage::SetMember& member) { reply_member(reply, member); });
}

// The set at `item`, which must be one.
inline storage::Set set_at(const storage::ConstItem& item) {
  return {item->encoding(), item->object()};
}

// Calls `visit(const SetMember&)` for the arguments from `first` to the last, in order. What `set`
// needs from memory to look for them is fetched for a whole chunk first.
template <typename Visit>
void for_each_member(const CommandContext& ctx, size_t first, const storage::Set& set,
                     Visit&& visit) {
  constexpr size_t kChunk = 16;
  if (ctx.arity() == first + 1) return visit(storage::SetMember(ctx.arg(first)));
  std::vector<storage::SetMember> members;
  members.reserve(kChunk);
  for (size_t start = first; start < ctx.arity(); start += kChunk) {
    members.clear();
    const size_t end = std::min(ctx.arity(), start + kChunk);
    for (size_t index = start; index < end; ++index) members.emplace_back(ctx.arg(index));
    set.prefetch(members);
    for (const storage::SetMember& member : members) visit(member);
  }
}

}  // namespace spinel::server
