// Arguments that the commands of bitmaps share.
#pragma once

#include <cstdint>
#include <optional>

#include "server/engine/context.h"

namespace spinel::server {

inline constexpr std::string_view kBadBitOffset =
    "ERR bit offset is not an integer or out of range";

// Whether a string may be long enough to hold the bit at `offset`; if not, the error has been sent.
inline bool check_bit_offset(CommandContext& ctx, uint64_t offset) {
  if (offset >> 3 < ctx.server.config.max_string_bytes()) return true;
  ctx.error(kBadBitOffset);
  return false;
}

// The place of a bit. If there is none, the error has been sent.
inline std::optional<uint64_t> bit_offset(CommandContext& ctx, size_t index) {
  const std::optional<int64_t> offset = ctx.integer(index, kBadBitOffset);
  if (!offset) return std::nullopt;
  // A negative one is far too large.
  if (!check_bit_offset(ctx, static_cast<uint64_t>(*offset))) return std::nullopt;
  return static_cast<uint64_t>(*offset);
}

}  // namespace spinel::server
