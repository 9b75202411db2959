// MULTI, EXEC and DISCARD, and the keys that EXEC depends on: WATCH and UNWATCH.
#include "server/transactions/transaction.h"

#include <utility>

#include "server/engine/context.h"
#include "server/engine/families.h"

namespace spinel::server {
namespace {

void multi_command(CommandContext& ctx) {
  Client& client = ctx.client();
  if (client.transaction != nullptr) return ctx.error("ERR MULTI calls can not be nested");
  client.transaction = std::make_unique<Transaction>();
  ctx.reply.ok();
}

void discard_command(CommandContext& ctx) {
  if (ctx.client().transaction == nullptr) return ctx.error("ERR DISCARD without MULTI");
  discard_transaction(ctx.client());
  ctx.reply.ok();
}

void exec_command(CommandContext& ctx) {
  Client& client = ctx.client();
  if (client.transaction == nullptr) return ctx.error("ERR EXEC without MULTI");
  const bool broken = ctx.server.watched_keys.is_broken(client);
  // The client is in no transaction while its commands run.
  const std::unique_ptr<Transaction> transaction = std::move(client.transaction);
  discard_transaction(client);
  if (transaction->failed()) {
    return ctx.error("EXECABORT Transaction discarded because of previous errors.");
  }
  if (broken) {
    // The reply tells of somebody's write.
    if (ctx.server.reply_gate.active()) ctx.server.reply_gate.hold_for_all(client);
    return ctx.reply.null_array();
  }
  ctx.server.dispatcher.call_queued(client, *transaction);
}

void watch_command(CommandContext& ctx) {
  Client& client = ctx.client();
  if (client.transaction != nullptr) return ctx.error("ERR WATCH inside MULTI is not allowed");
  for (const std::string_view key : ctx.args.subspan(1)) ctx.server.watched_keys.watch(client, key);
  ctx.server.clients.memory.update(client);
  ctx.reply.ok();
}

void unwatch_command(CommandContext& ctx) {
  ctx.server.watched_keys.unwatch(ctx.client());
  ctx.reply.ok();
}

constexpr CommandRow kTransactionRows[] = {
    {.name = "DISCARD",
     .handler = discard_command,
     .arity = 1,
     .group = "transactions",
     .since = "2.0.0",
     .flags = "NOSCRIPT,LOADING,STALE,FAST,ALLOW_BUSY",
     .acl = "TRANSACTION",
     .complexity = "O(N)",
     .summary = "Forgets the queued commands and the watched keys."},
    {.name = "EXEC",
     .handler = exec_command,
     .arity = 1,
     .group = "transactions",
     .since = "1.2.0",
     .flags = "NOSCRIPT,LOADING,STALE,SKIP_SLOWLOG",
     .acl = "TRANSACTION",
     .complexity = "Depends on the queued commands.",
     .summary = "Runs the queued commands as one unit, unless a watched key changed."},
    {.name = "MULTI",
     .handler = multi_command,
     .arity = 1,
     .group = "transactions",
     .since = "1.2.0",
     .flags = "NOSCRIPT,LOADING,STALE,FAST,ALLOW_BUSY",
     .acl = "TRANSACTION",
     .complexity = "O(1)",
     .summary = "Begins a transaction: the commands that follow are queued."},
    {.name = "UNWATCH",
     .handler = unwatch_command,
     .arity = 1,
     .group = "transactions",
     .since = "2.2.0",
     .flags = "NOSCRIPT,LOADING,STALE,FAST,ALLOW_BUSY",
     .acl = "TRANSACTION",
     .complexity = "O(1)",
     .summary = "Forgets the watched keys."},
    {.name = "WATCH",
     .handler = watch_command,
     .arity = -2,
     .group = "transactions",
     .since = "2.2.0",
     .flags = "NOSCRIPT,LOADING,STALE,FAST,ALLOW_BUSY",
     .acl = "TRANSACTION",
     .keys = "RO@index:1/range:-1,1,0",
     .syntax = "key ...",
     .complexity = "O(1)",
     .summary = "Has the next EXEC run nothing if one of the keys changes before."},
};

}  // namespace

CommandFamily transaction_commands() {
  return kTransactionRows;
}

}  // namespace spinel::server
