#include "server/commands/support/block_timeout.h"

#include <cmath>
#include <limits>

#include "storage/base/numbers.h"

namespace spinel::server {

std::optional<int64_t> block_timeout_ms(CommandContext& ctx, size_t index) {
  const auto fail = [&ctx](std::string_view error) {
    ctx.error(error);
    return std::nullopt;
  };
  const auto seconds = storage::parse_long_double(ctx.arg(index));
  if (!seconds) return fail("ERR timeout is not a float or out of range");
  // A time on the clock must be a number of milliseconds as well.
  const int64_t longest = std::numeric_limits<int64_t>::max() - ctx.server.now_ms();
  const long double ms = std::ceil(*seconds * 1000);
  if (ms < 0) return fail("ERR timeout is negative");
  if (ms > static_cast<long double>(longest)) return fail("ERR timeout is out of range");
  return static_cast<int64_t>(ms);
}

}  // namespace spinel::server
