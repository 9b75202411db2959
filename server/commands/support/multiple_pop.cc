#include "server/commands/support/multiple_pop.h"

namespace spinel::server {

namespace {

// An argument that is at least 1; `error` tells that it is not.
std::optional<size_t> positive_argument(CommandContext& ctx, size_t index, std::string_view error) {
  const auto value = ctx.integer(index, error);
  if (!value) return std::nullopt;
  if (*value > 0) return static_cast<size_t>(*value);
  ctx.error(error);
  return std::nullopt;
}

}  // namespace

std::optional<MultiplePop> multiple_pop(CommandContext& ctx, size_t index, const EndWords& ends) {
  const auto keys = positive_argument(ctx, index, "ERR numkeys should be greater than 0");
  if (!keys) return std::nullopt;
  MultiplePop pop{.first_key = index + 1, .keys = *keys, .second_end = false, .count = 1};
  const auto syntax_error = [&ctx]() -> std::optional<MultiplePop> {
    ctx.syntax_error();
    return std::nullopt;
  };
  if (pop.keys >= ctx.arity() - pop.first_key) return syntax_error();
  const size_t end_index = pop.first_key + pop.keys;
  pop.second_end = ctx.arg_is(end_index, ends.second);
  if (!pop.second_end && !ctx.arg_is(end_index, ends.first)) return syntax_error();
  if (ctx.arity() == end_index + 1) return pop;
  if (!ctx.arg_is(end_index + 1, "COUNT") || ctx.arity() < end_index + 3) return syntax_error();
  const auto count = positive_argument(ctx, end_index + 2, "ERR count should be greater than 0");
  if (!count) return std::nullopt;
  if (ctx.arity() > end_index + 3) return syntax_error();
  pop.count = *count;
  return pop;
}

}  // namespace spinel::server
