#include "server/commands/hash/hash_field_args.h"

#include <algorithm>
#include <vector>

namespace spinel::server {

namespace {

void propagate(CommandContext& ctx, std::initializer_list<std::string_view> head,
               ChangedFields fields) {
  if (fields.empty() || !ctx.server.effects.active()) return;
  std::vector<std::string_view> effect(head);
  effect.insert(effect.end(), fields.begin(), fields.end());
  ctx.propagate(effect);
}

}  // namespace

std::optional<int64_t> field_expiry_time(CommandContext& ctx, size_t index, TimeForm form) {
  const std::optional<int64_t> units = ctx.integer(index);
  if (!units) return std::nullopt;
  if (*units < 0) {
    ctx.error("ERR invalid expire time, must be >= 0");
    return std::nullopt;
  }
  int64_t time_ms = 0;
  if (__builtin_mul_overflow(*units, form.unit_ms, &time_ms) ||
      __builtin_add_overflow(time_ms, form.base_ms, &time_ms) || time_ms > kMaxFieldExpiryMs) {
    ctx.error("ERR invalid expire time in '" + ctx.command.name + "' command");
    return std::nullopt;
  }
  return std::max<int64_t>(time_ms, 1);
}

std::optional<FieldArgs> read_fields(CommandContext& ctx, size_t index,
                                     std::string_view not_positive_error) {
  if (!ctx.arg_is(index, "FIELDS") || index + 1 == ctx.arity()) {
    ctx.error("ERR Mandatory argument FIELDS is missing or not at the right position");
    return std::nullopt;
  }
  const std::optional<int64_t> count = ctx.integer(index + 1, not_positive_error);
  if (!count) return std::nullopt;
  if (*count < 1) {
    ctx.error(not_positive_error);
    return std::nullopt;
  }
  const size_t first = index + 2;
  if (static_cast<uint64_t>(*count) != ctx.arity() - first) {
    ctx.error("ERR The `numfields` parameter must match the number of arguments");
    return std::nullopt;
  }
  return FieldArgs{.first = first, .end = ctx.arity(), .step = 1};
}

void propagate_expiry(CommandContext& ctx, int64_t expire_at_ms, ChangedFields fields) {
  const storage::IntegerText time(expire_at_ms);
  const storage::IntegerText count(static_cast<int64_t>(fields.size()));
  propagate(ctx, {"HPEXPIREAT", ctx.arg(1), time.view(), "FIELDS", count.view()}, fields);
}

void propagate_persist(CommandContext& ctx, ChangedFields fields) {
  const storage::IntegerText count(static_cast<int64_t>(fields.size()));
  propagate(ctx, {"HPERSIST", ctx.arg(1), "FIELDS", count.view()}, fields);
}

void propagate_deletion(CommandContext& ctx, ChangedFields fields) {
  propagate(ctx, {"HDEL", ctx.arg(1)}, fields);
}

}  // namespace spinel::server
