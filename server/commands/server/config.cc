// CONFIG: the live configuration, as server/config/config_store.h keeps it.
#include <algorithm>
#include <utility>
#include <vector>

#include "server/commands/support/help.h"
#include "server/engine/context.h"
#include "server/engine/families.h"
#include "server/log/log.h"

namespace spinel::server {
namespace {

void config_get_command(CommandContext& ctx) {
  const auto found = ctx.server.config_store.get(ctx.args.subspan(2));
  ctx.reply.map(found.size());
  for (const auto& [name, value] : found) {
    ctx.reply.bulk(name);
    ctx.reply.bulk(value);
  }
}

void config_help_command(CommandContext& ctx) {
  reply_help(ctx.reply, "CONFIG",
             {"GET <pattern> [<pattern> ...]", "    Show the options whose names match.",
              "SET <option> <value> [<option> <value> ...]", "    Change options, all or none.",
              "RESETSTAT", "    Set the statistics of INFO back to zero.", "REWRITE",
              "    Write the options as they are now to the configuration file."});
}

void config_resetstat_command(CommandContext& ctx) {
  ctx.server.reset_statistics();
  ctx.reply.ok();
}

void config_rewrite_command(CommandContext& ctx) {
  if (const auto error = ctx.server.config_store.rewrite()) {
    log_warning("CONFIG REWRITE failed: {}", *error);
    return ctx.error(*error);
  }
  log_notice("CONFIG REWRITE executed with success.");
  ctx.reply.ok();
}

void config_set_command(CommandContext& ctx) {
  if (ctx.arity() % 2 != 0) return ctx.syntax_error();
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  for (size_t i = 2; i < ctx.arity(); i += 2) pairs.emplace_back(ctx.arg(i), ctx.arg(i + 1));
  if (const auto error = ctx.server.config_store.set(pairs, ctx.client().is_local())) {
    return ctx.error(*error);
  }
  ctx.reply.ok();
}

constexpr CommandRow kConfigRows[] = {
    {.name = "CONFIG",
     .arity = -2,
     .group = "server",
     .since = "2.0.0",
     .complexity = "Depends on the subcommand.",
     .summary = "Groups the commands about the configuration."},
    {.name = "CONFIG GET",
     .handler = config_get_command,
     .arity = -3,
     .group = "server",
     .since = "2.0.0",
     .flags = "ADMIN,NOSCRIPT,LOADING,STALE",
     .syntax = "parameter:string ...",
     .complexity = "O(N)",
     .summary = "Reads the options whose names match a pattern.",
     .history = "7.0.0 Several patterns in one call."},
    {.name = "CONFIG HELP",
     .handler = config_help_command,
     .arity = 2,
     .group = "server",
     .since = "5.0.0",
     .flags = "LOADING,STALE",
     .complexity = "O(1)",
     .summary = "Lists the subcommands of CONFIG."},
    {.name = "CONFIG RESETSTAT",
     .handler = config_resetstat_command,
     .arity = 2,
     .group = "server",
     .since = "2.0.0",
     .flags = "ADMIN,NOSCRIPT,LOADING,STALE",
     .tips = "REQUEST_POLICY:ALL_NODES,RESPONSE_POLICY:ALL_SUCCEEDED",
     .complexity = "O(1)",
     .summary = "Sets the counters that INFO reports back to zero."},
    {.name = "CONFIG REWRITE",
     .handler = config_rewrite_command,
     .arity = 2,
     .group = "server",
     .since = "2.8.0",
     .flags = "ADMIN,NOSCRIPT,LOADING,STALE",
     .tips = "REQUEST_POLICY:ALL_NODES,RESPONSE_POLICY:ALL_SUCCEEDED",
     .complexity = "O(1)",
     .summary = "Writes the options in force back into the configuration file."},
    {.name = "CONFIG SET",
     .handler = config_set_command,
     .arity = -4,
     .group = "server",
     .since = "2.0.0",
     .flags = "ADMIN,NOSCRIPT,LOADING,STALE",
     .tips = "REQUEST_POLICY:ALL_NODES,RESPONSE_POLICY:ALL_SUCCEEDED",
     .syntax = "parameter-value=<parameter:string value:string> ...",
     .complexity = "O(N)",
     .summary = "Changes options while the server runs.",
     .history = "7.0.0 Several options in one call."},
};

}  // namespace

CommandFamily config_commands() {
  return kConfigRows;
}

}  // namespace spinel::server
