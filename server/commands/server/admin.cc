// Commands about the server and the dataset as a whole.
#include <algorithm>
#include <fmt/format.h>

#include "server/client_description.h"
#include "server/engine/context.h"
#include "server/engine/families.h"
#include "server/log/log.h"
#include "server/version.h"
#include "storage/base/clock.h"
#include "storage/base/numbers.h"

namespace spinel::server {
namespace {

using storage::Database;

void dbsize_command(CommandContext& ctx) {
  ctx.reply.integer(static_cast<int64_t>(ctx.db.size()));
}

// Where FLUSHALL and FLUSHDB let go of the data: their one argument, or the configuration. Nothing
// if the error was sent.
std::optional<storage::LazyFree*> read_flush_mode(CommandContext& ctx) {
  bool lazy = ctx.server.config.lazyfree_lazy_user_flush;
  if (ctx.arity() == 2 && ctx.arg_is(1, "ASYNC")) {
    lazy = true;
  } else if (ctx.arity() == 2 && ctx.arg_is(1, "SYNC")) {
    lazy = false;
  } else if (ctx.arity() != 1) {
    ctx.syntax_error();
    return std::nullopt;
  }
  return ctx.server.keyspace.lazy(lazy);
}

void flushed(CommandContext& ctx, int64_t removed) {
  ctx.changed_dataset(removed);
  // An effect even if there was nothing: a replica may differ.
  ctx.propagate(ctx.args);
  ctx.reply.ok();
}

void flushall_command(CommandContext& ctx) {
  const auto lazy = read_flush_mode(ctx);
  if (!lazy) return;
  int64_t removed = 0;
  storage::Keyspace& keyspace = ctx.server.keyspace;
  for (int i = 0; i < keyspace.database_count(); ++i) {
    Database& database = keyspace.database(i);
    removed += static_cast<int64_t>(database.size());
    // Caches may know keys that were never there.
    ctx.server.modified_keys.flushed(i);
    if (database.size() > 0) database.clear(*lazy);
  }
  flushed(ctx, removed);
  ctx.server.snapshots.on_flushall();
}

void flushdb_command(CommandContext& ctx) {
  const auto lazy = read_flush_mode(ctx);
  if (!lazy) return;
  const auto removed = static_cast<int64_t>(ctx.db.size());
  ctx.server.modified_keys.flushed(ctx.db.index);
  if (removed > 0) ctx.db.clear(*lazy);
  flushed(ctx, removed);
}

void lolwut_command(CommandContext& ctx) {
  if (ctx.arity() > 2 && ctx.arg_is(1, "VERSION") && !ctx.integer(2)) return;
  static constexpr std::string_view kCrystal =
      "       /\\\n"
      "      /  \\\n"
      "     /_.._\\\n"
      "    /\\'  '/\\\n"
      "   /  \\  /  \\\n"
      "   \\  /\\/\\  /\n"
      "    \\/    \\/\n"
      "     \\    /\n"
      "      \\  /\n"
      "       \\/\n\n"
      "Spinel was sold as ruby for centuries. ";
  ctx.reply.verbatim("txt", fmt::format("{}Redis ver. {}, Spinel ver. {}\n", kCrystal,
                                        kRedisVersion, kSpinelVersion));
}

void monitor_command(CommandContext& ctx) {
  if (ctx.session.deny_blocking) {
    return ctx.error("ERR MONITOR isn't allowed for DENY BLOCKING client");
  }
  if (!ctx.client().monitor) {
    ctx.client().monitor = true;
    ctx.server.clients.monitors.push_back(&ctx.client());
  }
  ctx.reply.ok();
}

void role_command(CommandContext& ctx) {
  ctx.server.replication->role(ctx);
}

void shutdown_command(CommandContext& ctx) {
  ShutdownRequest request;
  bool abort = false;
  for (size_t i = 1; i < ctx.arity(); ++i) {
    if (ctx.arg_is(i, "NOSAVE")) {
      request.nosave = true;
    } else if (ctx.arg_is(i, "SAVE")) {
      request.save = true;
    } else if (ctx.arg_is(i, "NOW")) {
      request.now = true;
    } else if (ctx.arg_is(i, "FORCE")) {
      request.force = true;
    } else if (ctx.arg_is(i, "ABORT")) {
      abort = true;
    } else {
      return ctx.syntax_error();
    }
  }
  if ((request.save && request.nosave) || (abort && ctx.arity() > 2)) return ctx.syntax_error();
  Shutdown& shutdown = ctx.server.shutdown;
  if (abort) return shutdown.abort() ? ctx.reply.ok() : ctx.error("ERR No shutdown in progress.");
  if (ctx.session.client() != nullptr) {
    log_client(LogLevel::kWarning, "Shutdown requested by client", ctx.client());
  }
  switch (shutdown.begin(request)) {
    case Shutdown::Start::kEnds:
      return;
    case Shutdown::Start::kWaits:
      return ctx.block(BlockReason::kShutdown, 0);
    case Shutdown::Start::kFailed:
      return ctx.error(Shutdown::kFailedError);
  }
}

void swapdb_command(CommandContext& ctx) {
  const auto first = ctx.integer(1, "ERR invalid first DB index");
  if (!first) return;
  const auto second = ctx.integer(2, "ERR invalid second DB index");
  if (!second) return;
  const int64_t count = ctx.server.keyspace.database_count();
  if (*first < 0 || *first >= count || *second < 0 || *second >= count) {
    return ctx.error("ERR DB index is out of range");
  }
  const auto a = static_cast<int>(*first);
  const auto b = static_cast<int>(*second);
  ctx.server.keyspace.database(a).swap_contents(ctx.server.keyspace.database(b));
  ctx.server.modified_keys.swapped(a, b);
  ctx.changed_dataset();
  ctx.reply.ok();
}

void time_command(CommandContext& ctx) {
  const int64_t now_us = storage::wall_clock_us();
  ctx.reply.array(2);
  ctx.reply.bulk_integer(now_us / 1'000'000);
  ctx.reply.bulk_integer(now_us % 1'000'000);
}

constexpr CommandRow kAdminRows[] = {
    {.name = "DBSIZE",
     .handler = dbsize_command,
     .arity = 1,
     .group = "server",
     .since = "1.0.0",
     .flags = "READONLY,FAST",
     .acl = "KEYSPACE",
     .tips = "REQUEST_POLICY:ALL_SHARDS,RESPONSE_POLICY:AGG_SUM",
     .complexity = "O(1)",
     .summary = "Counts the keys of the selected database."},
    {.name = "FLUSHALL",
     .handler = flushall_command,
     .arity = -1,
     .group = "server",
     .since = "1.0.0",
     .flags = "WRITE",
     .acl = "KEYSPACE,DANGEROUS",
     .tips = "REQUEST_POLICY:ALL_SHARDS,RESPONSE_POLICY:ALL_SUCCEEDED",
     .syntax = "[flush-type=<ASYNC@4.0.0|SYNC@6.2.0>]",
     .complexity = "O(N)",
     .summary = "Removes every key of every database.",
     .history = "4.0.0 Mode `ASYNC`. ; 6.2.0 Mode `SYNC`."},
    {.name = "FLUSHDB",
     .handler = flushdb_command,
     .arity = -1,
     .group = "server",
     .since = "1.0.0",
     .flags = "WRITE",
     .acl = "KEYSPACE,DANGEROUS",
     .tips = "REQUEST_POLICY:ALL_SHARDS,RESPONSE_POLICY:ALL_SUCCEEDED",
     .syntax = "[flush-type=<ASYNC@4.0.0|SYNC@6.2.0>]",
     .complexity = "O(N)",
     .summary = "Removes every key of the selected database.",
     .history = "4.0.0 Mode `ASYNC`. ; 6.2.0 Mode `SYNC`."},
    {.name = "LOLWUT",
     .handler = lolwut_command,
     .arity = -1,
     .group = "server",
     .since = "5.0.0",
     .flags = "READONLY,FAST",
     .syntax = "[VERSION version:integer]",
     .summary = "Draws a picture made by a computer, followed by the server's version."},
    {.name = "MONITOR",
     .handler = monitor_command,
     .arity = 1,
     .group = "server",
     .since = "1.0.0",
     .flags = "ADMIN,NOSCRIPT,LOADING,STALE",
     .summary = "Streams every command that the server runs to this connection."},
    {.name = "ROLE",
     .handler = role_command,
     .arity = 1,
     .group = "server",
     .since = "2.8.12",
     .flags = "NOSCRIPT,LOADING,STALE,FAST,SENTINEL",
     .acl = "ADMIN,DANGEROUS",
     .complexity = "O(1)",
     .summary = "Tells the server's part in replication."},
    {.name = "SHUTDOWN",
     .handler = shutdown_command,
     .arity = -1,
     .group = "server",
     .since = "1.0.0",
     .flags = "ADMIN,NOSCRIPT,LOADING,STALE,NO_MULTI,SENTINEL,ALLOW_BUSY",
     .syntax = "[save-selector=<NOSAVE|SAVE>] [NOW@7.0.0] [FORCE@7.0.0] [ABORT@7.0.0]",
     .complexity = "O(N)",
     .summary = "Saves the data if asked or configured to, and stops the server.",
     .history = "7.0.0 Modifiers `NOW`, `FORCE` and `ABORT`."},
    {.name = "SWAPDB",
     .handler = swapdb_command,
     .arity = 3,
     .group = "server",
     .since = "4.0.0",
     .flags = "WRITE,FAST",
     .acl = "KEYSPACE,DANGEROUS",
     .syntax = "index1:integer index2:integer",
     .complexity = "O(N)",
     .summary = "Exchanges the contents of two databases."},
    {.name = "TIME",
     .handler = time_command,
     .arity = 1,
     .group = "server",
     .since = "2.6.0",
     .flags = "LOADING,STALE,FAST",
     .tips = "NONDETERMINISTIC_OUTPUT",
     .complexity = "O(1)",
     .summary = "Tells the server's time in seconds and microseconds."},
};

}  // namespace

CommandFamily admin_commands() {
  return kAdminRows;
}

}  // namespace spinel::server
