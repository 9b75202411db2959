// How long a command may block, as its argument says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "server/engine/context.h"

namespace spinel::server {

// The argument at `index`, seconds with decimals, in milliseconds; 0 is for ever. What is less than
// a millisecond becomes one. If it makes no sense, the error has been sent.
std::optional<int64_t> block_timeout_ms(CommandContext& ctx, size_t index);

}  // namespace spinel::server
