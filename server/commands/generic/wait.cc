// WAIT and WAITAOF: waiting until writes are safe elsewhere.
//
// This server has no replicas and no append-only file yet: nobody ever acknowledges anything, so
// that whoever asks for an acknowledgement waits until the time is up.
#include <limits>
#include <optional>

#include "server/engine/context.h"
#include "server/engine/families.h"

namespace spinel::server {
namespace {

// The argument at `index`: milliseconds to wait, 0 for ever.
std::optional<int64_t> timeout_argument(CommandContext& ctx, size_t index) {
  const auto timeout_ms = ctx.integer(index, "ERR timeout is not an integer or out of range");
  if (!timeout_ms) return std::nullopt;
  if (*timeout_ms < 0) {
    ctx.error("ERR timeout is negative");
    return std::nullopt;
  }
  if (*timeout_ms > std::numeric_limits<int64_t>::max() - ctx.server.now_ms()) {
    ctx.error("ERR timeout is out of range");
    return std::nullopt;
  }
  return timeout_ms;
}

void wait_command(CommandContext& ctx) {
  if (ctx.wake == WakeReason::kTimeout) return ctx.reply.integer(0);
  const auto replicas = ctx.integer(1);
  if (!replicas) return;
  const auto timeout_ms = timeout_argument(ctx, 2);
  if (!timeout_ms) return;
  if (*replicas <= 0) return ctx.reply.integer(0);
  ctx.block(BlockReason::kWait, *timeout_ms);
}

// The acknowledgements WAITAOF got: of this server itself, and of replicas.
void reply_no_acknowledgements(CommandContext& ctx) {
  ctx.reply.array(2);
  ctx.reply.integer(0);
  ctx.reply.integer(0);
}

void waitaof_command(CommandContext& ctx) {
  if (ctx.wake == WakeReason::kTimeout) return reply_no_acknowledgements(ctx);
  const auto local =
      ctx.integer_between(1, 0, 1, "ERR value is out of range, value must between 0 and 1");
  if (!local) return;
  const auto replicas =
      ctx.integer_between(2, 0, std::numeric_limits<int64_t>::max(), errors::kNotPositive);
  if (!replicas) return;
  const auto timeout_ms = timeout_argument(ctx, 3);
  if (!timeout_ms) return;
  if (*local > 0 && !ctx.server.config.appendonly) {
    return ctx.error("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
  }
  if (*local == 0 && *replicas == 0) return reply_no_acknowledgements(ctx);
  ctx.block(BlockReason::kWait, *timeout_ms);
}

constexpr CommandRow kWaitRows[] = {
    {.name = "WAIT",
     .handler = wait_command,
     .arity = 3,
     .group = "generic",
     .since = "3.0.0",
     .acl = "CONNECTION",
     .tips = "REQUEST_POLICY:ALL_SHARDS,RESPONSE_POLICY:AGG_MIN",
     .syntax = "numreplicas:integer timeout:integer",
     .complexity = "O(1)",
     .summary = "Blocks until enough replicas have received the writes of this connection."},
    {.name = "WAITAOF",
     .handler = waitaof_command,
     .arity = 4,
     .group = "generic",
     .since = "7.2.0",
     .flags = "NOSCRIPT",
     .acl = "CONNECTION",
     .tips = "REQUEST_POLICY:ALL_SHARDS,RESPONSE_POLICY:AGG_MIN",
     .syntax = "numlocal:integer numreplicas:integer timeout:integer",
     .complexity = "O(1)",
     .summary = "Blocks until the writes of this connection are synced to the append-only files "
                "asked for."},
};

}  // namespace

CommandFamily wait_commands() {
  return kWaitRows;
}

}  // namespace spinel::server
