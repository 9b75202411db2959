// Commands about the data on disk.
#include "server/engine/context.h"
#include "server/engine/families.h"
#include "server/server.h"

namespace spinel::server {
namespace {

void save_command(CommandContext& ctx) {
  if (ctx.server.child.running(ChildKind::kSnapshot)) {
    return ctx.error("ERR Background save already in progress");
  }
  ++ctx.server.stats.rdb_saves;
  ctx.server.snapshots.save() ? ctx.reply.ok() : ctx.error("ERR");
}

void bgsave_command(CommandContext& ctx) {
  const bool schedule = ctx.arity() == 2 && ctx.arg_is(1, "SCHEDULE");
  if (ctx.arity() > 1 && !schedule) return ctx.syntax_error();
  Server& server = ctx.server;
  if (server.child.running(ChildKind::kSnapshot)) {
    return ctx.error("ERR Background save already in progress");
  }
  const bool in_transaction = server.dispatcher.nested();
  if (server.child.running() || in_transaction) {
    if (!schedule && !in_transaction) {
      return ctx.error(
          "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE "
          "in order to schedule a BGSAVE whenever possible.");
    }
    server.snapshots.schedule();
    return ctx.reply.simple("Background saving scheduled");
  }
  if (!server.snapshots.start()) return ctx.error("ERR");
  ctx.reply.simple("Background saving started");
}

void bgrewriteaof_command(CommandContext& ctx) {
  switch (ctx.server.append_only_file.request_rewrite()) {
    case AppendOnlyFile::RewriteStart::kStarted:
      return ctx.reply.simple("Background append only file rewriting started");
    case AppendOnlyFile::RewriteStart::kScheduled:
      return ctx.reply.simple("Background append only file rewriting scheduled");
    case AppendOnlyFile::RewriteStart::kAlreadyRunning:
      return ctx.error("ERR Background append only file rewriting already in progress");
    case AppendOnlyFile::RewriteStart::kFailed:
      return ctx.error(
          "ERR Can't execute an AOF background rewriting. Please check the server logs for more "
          "information.");
  }
}

void lastsave_command(CommandContext& ctx) {
  ctx.reply.integer(ctx.server.snapshots.last_save_s());
}

constexpr CommandRow kPersistenceRows[] = {
    {.name = "BGREWRITEAOF",
     .handler = bgrewriteaof_command,
     .arity = 1,
     .group = "server",
     .since = "1.0.0",
     .flags = "ADMIN,NOSCRIPT,NO_ASYNC_LOADING",
     .complexity = "O(1)",
     .summary = "Rewrites the append only file in the background."},
    {.name = "BGSAVE",
     .handler = bgsave_command,
     .arity = -1,
     .group = "server",
     .since = "1.0.0",
     .flags = "ADMIN,NOSCRIPT,NO_ASYNC_LOADING",
     .syntax = "[SCHEDULE@3.2.2]",
     .complexity = "O(1)",
     .summary = "Saves the data to disk in the background.",
     .history = "3.2.2 Option `SCHEDULE`."},
    {.name = "LASTSAVE",
     .handler = lastsave_command,
     .arity = 1,
     .group = "server",
     .since = "1.0.0",
     .flags = "LOADING,STALE,FAST",
     .acl = "ADMIN,DANGEROUS",
     .tips = "NONDETERMINISTIC_OUTPUT",
     .complexity = "O(1)",
     .summary = "Tells when the data was last saved to disk, as a Unix time."},
    {.name = "SAVE",
     .handler = save_command,
     .arity = 1,
     .group = "server",
     .since = "1.0.0",
     .flags = "ADMIN,NOSCRIPT,NO_ASYNC_LOADING,NO_MULTI",
     .complexity = "O(N)",
     .summary = "Saves the data to disk while every client waits."},
};

}  // namespace

CommandFamily persistence_commands() {
  return kPersistenceRows;
}

}  // namespace spinel::server
