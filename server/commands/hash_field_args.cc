#include "server/commands/hash_field_args.h"

namespace spinel::server {

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
  return time_ms;
}

void FieldEffect::propagate(CommandContext& ctx) {
  if (fields_ == 0) return;
  const IntegerArgument number(static_cast<int64_t>(fields_));
  args_[head_size_ - 1] = number.view();
  ctx.propagate(args_);
}

}  // namespace spinel::server
