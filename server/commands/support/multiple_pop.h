// The arguments of the commands that pop several elements from the first of several keys: LMPOP,
// ZMPOP and those that wait.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "server/engine/context.h"

namespace spinel::server {

struct MultiplePop {
  size_t first_key;  // an argument; `keys` of them
  size_t keys;
  bool second_end;  // the second word rather than the first
  size_t count;     // at least 1
};

// The two words that name the ends of a collection.
struct EndWords {
  std::string_view first;
  std::string_view second;
};

// Reads `numkeys key ... <first|second> [COUNT count]` from argument `index` to the last one.
// Nothing after the error was sent.
std::optional<MultiplePop> multiple_pop(CommandContext& ctx, size_t index, const EndWords& ends);

}  // namespace spinel::server
