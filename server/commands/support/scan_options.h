// The arguments that all commands of the SCAN family share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "server/engine/context.h"

namespace spinel::server {

// What is walked: SCAN has TYPE, HSCAN has NOVALUES.
enum class ScanKind : uint8_t { kKeys, kHash, kOther };

struct ScanOptions {
  int64_t count = 10;  // at least 1
  std::string_view pattern = "*";
  std::optional<std::string_view> type = {};  // as it was written, in any case
  bool no_values = false;

  // Unlike for glob_match alone, `*` matches the empty text as well.
  bool matches(std::string_view text) const;
};

// The cursor at `index`, or nothing after the error was sent. As lenient as Redis is: an empty text
// is 0, a sign may stand in front, and what follows a NUL does not count.
std::optional<uint64_t> scan_cursor(CommandContext& ctx, size_t index);

// The options from `index` to the end, or nothing after the error was sent.
std::optional<ScanOptions> scan_options(CommandContext& ctx, size_t index, ScanKind kind);

}  // namespace spinel::server
