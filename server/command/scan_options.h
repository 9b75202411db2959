// The arguments that all commands of the SCAN family share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "server/command/context.h"

namespace spinel::server {

struct ScanOptions {
  int64_t count = 10;  // at least 1
  std::string_view pattern = "*";
  std::optional<std::string_view> type = {};  // as it was written, in any case

  // Unlike for glob_match alone, `*` matches the empty text as well.
  bool matches(std::string_view text) const;
};

// The cursor at `index`, or nothing after the error was sent. As lenient as Redis is: an empty text
// is 0, a sign may stand in front, and what follows a NUL does not count.
std::optional<uint64_t> scan_cursor(CommandContext& ctx, size_t index);

// The options from `index` to the end, or nothing after the error was sent. TYPE is one of them if
// `has_type`.
std::optional<ScanOptions> scan_options(CommandContext& ctx, size_t index, bool has_type);

}  // namespace spinel::server
