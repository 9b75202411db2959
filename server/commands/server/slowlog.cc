// SLOWLOG: the commands that ran longer than slowlog-log-slower-than.
#include <algorithm>
#include <fmt/format.h>

#include "server/commands/support/help.h"
#include "server/engine/context.h"
#include "server/engine/families.h"
#include "server/server.h"
#include "storage/base/numbers.h"

namespace spinel::server {
namespace {

constexpr int64_t kDefaultCount = 10;
constexpr int64_t kAllEntries = -1;

// The log as it must look by now: CONFIG SET may have made it shorter since the last slow command.
SlowLog& current_slowlog(CommandContext& ctx) {
  const Config& config = ctx.server.config;
  if (config.slowlog_log_slower_than_us >= 0) {
    ctx.server.slowlog.trim(static_cast<size_t>(config.slowlog_max_len));
  }
  return ctx.server.slowlog;
}

void reply_entry(resp::ReplyWriter& reply, const SlowLogEntry& entry) {
  reply.array(6);
  reply.integer(entry.id);
  reply.integer(entry.unix_time_s);
  reply.integer(entry.duration_us);
  reply.array(entry.arguments.size());
  for (const std::string& argument : entry.arguments) reply.bulk(argument);
  reply.bulk(entry.client_address);
  reply.bulk(entry.client_name);
}

void slowlog_get_command(CommandContext& ctx) {
  if (ctx.arity() > 3) {
    return ctx.error(fmt::format(
        "ERR unknown subcommand or wrong number of arguments for '{}'. Try SLOWLOG HELP.",
        ctx.arg(1)));
  }
  int64_t count = kDefaultCount;
  if (ctx.arity() == 3) {
    const auto wanted = storage::parse_int64(ctx.arg(2));
    if (!wanted || *wanted < kAllEntries) {
      return ctx.error("ERR count should be greater than or equal to -1");
    }
    count = *wanted;
  }
  const auto& entries = current_slowlog(ctx).entries();
  const auto available = static_cast<int64_t>(entries.size());
  const auto shown =
      static_cast<size_t>(count == kAllEntries ? available : std::min(count, available));
  ctx.reply.array(shown);
  for (size_t i = 0; i < shown; ++i) reply_entry(ctx.reply, entries[i]);
}

void slowlog_len_command(CommandContext& ctx) {
  ctx.reply.integer(static_cast<int64_t>(current_slowlog(ctx).entries().size()));
}

void slowlog_reset_command(CommandContext& ctx) {
  ctx.server.slowlog.reset();
  ctx.reply.ok();
}

void slowlog_help_command(CommandContext& ctx) {
  reply_help(ctx.reply, "SLOWLOG",
             {"GET [<count>]",
              "    Return the newest <count> entries of the slow log (default: 10, -1 means all).",
              "    An entry is made of:",
              "    id, timestamp, time in microseconds, arguments array, client IP and port,",
              "    client name", "LEN", "    Return the number of entries in the slow log.",
              "RESET", "    Empty the slow log."});
}

constexpr CommandRow kSlowlogRows[] = {
    {.name = "SLOWLOG",
     .arity = -2,
     .group = "server",
     .since = "2.2.12",
     .complexity = "Depends on the subcommand.",
     .summary = "Holds the commands of the slow log."},
    {.name = "SLOWLOG GET",
     .handler = slowlog_get_command,
     .arity = -2,
     .group = "server",
     .since = "2.2.12",
     .flags = "ADMIN,LOADING,STALE",
     .tips = "REQUEST_POLICY:ALL_NODES,NONDETERMINISTIC_OUTPUT",
     .syntax = "[count:integer]",
     .complexity = "O(N), N being the number of entries returned",
     .summary = "Returns the newest entries of the slow log.",
     .history = "4.0.0 Entries have the client's address and name."},
    {.name = "SLOWLOG HELP",
     .handler = slowlog_help_command,
     .arity = 2,
     .group = "server",
     .since = "6.2.0",
     .flags = "LOADING,STALE",
     .complexity = "O(1)",
     .summary = "Lists the subcommands of SLOWLOG."},
    {.name = "SLOWLOG LEN",
     .handler = slowlog_len_command,
     .arity = 2,
     .group = "server",
     .since = "2.2.12",
     .flags = "ADMIN,LOADING,STALE",
     .tips = "REQUEST_POLICY:ALL_NODES,RESPONSE_POLICY:AGG_SUM,NONDETERMINISTIC_OUTPUT",
     .complexity = "O(1)",
     .summary = "Counts the entries of the slow log."},
    {.name = "SLOWLOG RESET",
     .handler = slowlog_reset_command,
     .arity = 2,
     .group = "server",
     .since = "2.2.12",
     .flags = "ADMIN,LOADING,STALE",
     .tips = "REQUEST_POLICY:ALL_NODES,RESPONSE_POLICY:ALL_SUCCEEDED",
     .complexity = "O(N), N being the number of entries",
     .summary = "Empties the slow log."},
};

}  // namespace

CommandFamily slowlog_commands() {
  return kSlowlogRows;
}

}  // namespace spinel::server
