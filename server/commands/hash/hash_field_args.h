// Arguments of the commands that set, read or use the expiry of fields.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "server/commands/hash/hash_access.h"

namespace spinel::server {

// Fields cannot expire later than that, in Unix milliseconds.
inline constexpr int64_t kMaxFieldExpiryMs = (int64_t{1} << 46) - 2;
inline constexpr int64_t kMsPerSecond = 1000;

// How a time is written: from now on or since 1970 (`base_ms`), in units of `unit_ms`.
struct TimeForm {
  int64_t base_ms;
  int64_t unit_ms;
};

// The Unix time in milliseconds that the argument at `index` means, or nothing after the error was
// sent. It may be over, but is not 0, which small hashes store for no expiry.
std::optional<int64_t> field_expiry_time(CommandContext& ctx, size_t index, TimeForm form);

// "FIELDS n field ...": where the fields are. Each takes `step` arguments.
struct FieldArgs {
  size_t first;
  size_t end;
  size_t step;

  size_t count() const { return (end - first) / step; }
};

inline constexpr std::string_view kFieldCountNotPositive =
    "ERR Number of fields must be a positive integer";

// Reads "FIELDS n field ..." at `index`, up to the end. Nothing after the error was sent;
// `not_positive_error` is for an n that is no number above 0.
std::optional<FieldArgs> read_fields(CommandContext& ctx, size_t index,
                                     std::string_view not_positive_error);

// --- the effects of a change to `fields` of the hash at argument 1; there is none if these are
// none
using ChangedFields = std::span<const std::string_view>;

void propagate_expiry(CommandContext& ctx, int64_t expire_at_ms, ChangedFields fields);
void propagate_persist(CommandContext& ctx, ChangedFields fields);
void propagate_deletion(CommandContext& ctx, ChangedFields fields);

}  // namespace spinel::server
