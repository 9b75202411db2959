#include "server/commands/support/scan_options.h"

#include <charconv>

#include "storage/base/glob.h"

namespace spinel::server {

namespace {

constexpr std::string_view kInvalidCursor = "ERR invalid cursor";

// strtoul's reading of a number, but for spaces in front.
std::optional<uint64_t> parse_cursor(std::string_view text) {
  text = text.substr(0, text.find('\0'));
  if (text.empty()) return 0;
  const bool negative = text[0] == '-';
  if (negative || text[0] == '+') text.remove_prefix(1);
  uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, value);
  if (failure != std::errc() || stop != end) return std::nullopt;
  return negative ? 0 - value : value;
}

}  // namespace

bool ScanOptions::matches(std::string_view text) const {
  return pattern == "*" || storage::glob_match(pattern, text);
}

std::optional<uint64_t> scan_cursor(CommandContext& ctx, size_t index) {
  const std::optional<uint64_t> cursor = parse_cursor(ctx.arg(index));
  if (!cursor) ctx.error(kInvalidCursor);
  return cursor;
}

std::optional<ScanOptions> scan_options(CommandContext& ctx, size_t index, ScanKind kind) {
  ScanOptions options;
  for (; index < ctx.arity(); ++index) {
    const bool has_value = index + 1 < ctx.arity();
    if (has_value && ctx.arg_is(index, "COUNT")) {
      const std::optional<int64_t> count = ctx.integer(++index);
      if (!count) return std::nullopt;
      if (*count < 1) {
        ctx.syntax_error();
        return std::nullopt;
      }
      options.count = *count;
    } else if (has_value && ctx.arg_is(index, "MATCH")) {
      options.pattern = ctx.arg(++index);
    } else if (has_value && kind == ScanKind::kKeys && ctx.arg_is(index, "TYPE")) {
      options.type = ctx.arg(++index);
    } else if (kind == ScanKind::kHash && ctx.arg_is(index, "NOVALUES")) {
      options.no_values = true;
    } else {
      ctx.syntax_error();
      return std::nullopt;
    }
  }
  return options;
}

}  // namespace spinel::server
