// WAIT and WAITAOF: waiting until the writes of this connection are safe elsewhere, or on disk.
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

// Where in the log of effects the last write of this connection ended; 0 without one.
uint64_t last_write(const CommandContext& ctx) {
  const Client* client = ctx.session.client();
  return client == nullptr ? 0 : client->last_write_position;
}

void wait_command(CommandContext& ctx) {
  if (ctx.server.role.is_replica) {
    return ctx.error(
        "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if "
        "a replica is configured to be writable (which is not the default) writes to replicas are "
        "just local and are not propagated.");
  }
  const auto wanted = ctx.integer(1);
  if (!wanted) return;
  const auto timeout_ms = timeout_argument(ctx, 2);
  if (!timeout_ms) return;
  Replication& replication = *ctx.server.replication;
  const auto have = static_cast<int64_t>(replication.replicas_that_have(last_write(ctx)));
  if (have >= *wanted || ctx.wake == WakeReason::kTimeout) return ctx.reply.integer(have);
  ctx.block(BlockReason::kWait, *timeout_ms);
  if (ctx.wake == WakeReason::kNone) replication.ask_for_acknowledgements();
}

void waitaof_command(CommandContext& ctx) {
  const auto local =
      ctx.integer_between(1, 0, 1, "ERR value is out of range, value must between 0 and 1");
  if (!local) return;
  const auto replicas =
      ctx.integer_between(2, 0, std::numeric_limits<int64_t>::max(), errors::kNotPositive);
  if (!replicas) return;
  const auto timeout_ms = timeout_argument(ctx, 3);
  if (!timeout_ms) return;
  if (ctx.server.role.is_replica) {
    return ctx.error(
        "ERR WAITAOF cannot be used with replica instances. Please also note that writes to "
        "replicas are just local and are not propagated.");
  }
  if (*local > 0 && !ctx.server.append_only_file.enabled()) {
    return ctx.error("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
  }
  Replication& replication = *ctx.server.replication;
  const uint64_t position = last_write(ctx);
  const bool synced = ctx.server.append_only_file.synced_up_to(position);
  const auto replicas_synced = static_cast<int64_t>(replication.replicas_that_synced(position));
  const bool enough = (*local == 0 || synced) && replicas_synced >= *replicas;
  if (enough || ctx.wake == WakeReason::kTimeout) {
    ctx.reply.array(2);
    ctx.reply.integer(synced ? 1 : 0);
    return ctx.reply.integer(replicas_synced);
  }
  ctx.block(BlockReason::kWait, *timeout_ms);
  if (ctx.wake == WakeReason::kNone && *replicas > 0) replication.ask_for_acknowledgements();
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
