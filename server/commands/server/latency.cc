// LATENCY: spikes by event, and how long commands took.
#include <fmt/format.h>
#include <vector>

#include "server/commands/support/help.h"
#include "server/engine/context.h"
#include "server/engine/families.h"
#include "server/engine/table.h"
#include "server/process/system_check.h"
#include "server/server.h"
#include "storage/base/memory.h"

namespace spinel::server {
namespace {

void reply_sample(resp::ReplyWriter& reply, const LatencySample& sample) {
  reply.integer(sample.unix_time_s);
  reply.integer(sample.latency_ms);
}

void latency_latest_command(CommandContext& ctx) {
  const auto& all = ctx.server.latency.series();
  ctx.reply.array(all.size());
  for (const LatencySeries& series : all) {
    ctx.reply.array(4);
    ctx.reply.bulk(series.event());
    reply_sample(ctx.reply, series.latest());
    ctx.reply.integer(series.all_time_max_ms());
  }
}

void latency_history_command(CommandContext& ctx) {
  const LatencySeries* series = ctx.server.latency.find(ctx.arg(2));
  if (series == nullptr) return ctx.reply.array(0);
  ctx.reply.array(series->size());
  for (size_t i = 0; i < series->size(); ++i) {
    ctx.reply.array(2);
    reply_sample(ctx.reply, series->sample(i));
  }
}

void latency_graph_command(CommandContext& ctx) {
  const LatencySeries* series = ctx.server.latency.find(ctx.arg(2));
  if (series == nullptr) {
    return ctx.error(fmt::format("ERR No samples available for event '{}'", ctx.arg(2)));
  }
  ctx.reply.verbatim("txt", series->graph(ctx.server.now_ms() / 1000));
}

void latency_reset_command(CommandContext& ctx) {
  if (ctx.arity() == 2) {
    return ctx.reply.integer(static_cast<int64_t>(ctx.server.latency.reset_all()));
  }
  int64_t events = 0;
  for (size_t i = 2; i < ctx.arity(); ++i) events += ctx.server.latency.reset(ctx.arg(i));
  ctx.reply.integer(events);
}

double fork_rate_gb_per_s(const Stats& stats) {
  if (stats.latest_fork_us == 0) return 0;
  constexpr double kGb = 1024.0 * 1024 * 1024;
  return static_cast<double>(storage::used_memory()) / kGb * 1e6 /
         static_cast<double>(stats.latest_fork_us);
}

void latency_doctor_command(CommandContext& ctx) {
  const Config& config = ctx.server.config;
  LatencyDoctorFacts facts;
  facts.now_s = ctx.server.now_ms() / 1000;
  facts.monitor_threshold_ms = config.latency_monitor_threshold_ms;
  facts.slowlog_slower_than_us = config.slowlog_log_slower_than_us;
  facts.slowlog_max_length = config.slowlog_max_len;
  facts.fork_rate_gb_per_s = fork_rate_gb_per_s(ctx.server.stats);
  facts.appendfsync_always = config.appendfsync == DiskAppendFsync::kAlways;
  facts.no_appendfsync_on_rewrite = config.no_appendfsync_on_rewrite;
  facts.transparent_huge_pages =
      !config.disable_thp && check_transparent_huge_pages().state == CheckResult::State::kWarning;
  ctx.reply.verbatim("txt", latency_doctor_report(ctx.server.latency, facts));
}

// Appends `command` and its subcommands, as far as calls of them were measured.
void collect_measured(const Server& server, const Command& command,
                      std::vector<const Command*>& measured) {
  if (server.command_stats[command.id].latency().total() > 0) measured.push_back(&command);
  for (const Command* subcommand : command.subcommands) {
    collect_measured(server, *subcommand, measured);
  }
}

void reply_histogram(resp::ReplyWriter& reply, const LatencyHistogram& histogram) {
  reply.map(2);
  reply.bulk("calls");
  reply.integer(static_cast<int64_t>(histogram.total()));
  reply.bulk("histogram_usec");
  const auto buckets = histogram.cumulative_us();
  reply.map(buckets.size());
  for (const auto& bucket : buckets) {
    reply.integer(bucket.upper_bound_us);
    reply.integer(static_cast<int64_t>(bucket.count));
  }
}

// A container's name stands for its subcommands; names that are not known are left out.
void latency_histogram_command(CommandContext& ctx) {
  std::vector<const Command*> measured;
  if (ctx.arity() == 2) {
    for (const Command* command : ctx.server.commands.commands()) {
      collect_measured(ctx.server, *command, measured);
    }
  }
  for (size_t i = 2; i < ctx.arity(); ++i) {
    const Command* command = ctx.server.commands.find_full(ctx.arg(i));
    if (command != nullptr) collect_measured(ctx.server, *command, measured);
  }
  ctx.reply.map(measured.size());
  for (const Command* command : measured) {
    ctx.reply.bulk(command->name);
    reply_histogram(ctx.reply, ctx.server.command_stats[command->id].latency());
  }
}

void latency_help_command(CommandContext& ctx) {
  reply_help(ctx.reply, "LATENCY",
             {"DOCTOR", "    Return a report on latency, with advice, for people to read.",
              "GRAPH <event>", "    Return a graph in ASCII of the samples of <event>.",
              "HISTORY <event>", "    Return the samples of <event>: time and latency.", "LATEST",
              "    Return the latest sample of each event.", "RESET [<event> ...]",
              "    Forget the samples of one or more <event>s.",
              "    (default: forget all samples of all events)", "HISTOGRAM [COMMAND ...]",
              "    Return how long calls of the commands took, as a cumulative histogram.",
              "    Without command names all commands that were called are shown."});
}

constexpr CommandRow kLatencyRows[] = {
    {.name = "LATENCY",
     .arity = -2,
     .group = "server",
     .since = "2.8.13",
     .complexity = "Depends on the subcommand.",
     .summary = "Holds the commands of latency diagnostics."},
    {.name = "LATENCY DOCTOR",
     .handler = latency_doctor_command,
     .arity = 2,
     .group = "server",
     .since = "2.8.13",
     .flags = "ADMIN,NOSCRIPT,LOADING,STALE",
     .tips = "NONDETERMINISTIC_OUTPUT,REQUEST_POLICY:ALL_NODES,RESPONSE_POLICY:SPECIAL",
     .complexity = "O(1)",
     .summary = "Reports latency spikes in prose and advises."},
    {.name = "LATENCY GRAPH",
     .handler = latency_graph_command,
     .arity = 3,
     .group = "server",
     .since = "2.8.13",
     .flags = "ADMIN,NOSCRIPT,LOADING,STALE",
     .tips = "NONDETERMINISTIC_OUTPUT,REQUEST_POLICY:ALL_NODES,RESPONSE_POLICY:SPECIAL",
     .syntax = "event:string",
     .complexity = "O(1)",
     .summary = "Draws the latency of an event over time."},
    {.name = "LATENCY HELP",
     .handler = latency_help_command,
     .arity = 2,
     .group = "server",
     .since = "2.8.13",
     .flags = "LOADING,STALE",
     .complexity = "O(1)",
     .summary = "Lists the subcommands of LATENCY."},
    {.name = "LATENCY HISTOGRAM",
     .handler = latency_histogram_command,
     .arity = -2,
     .group = "server",
     .since = "7.0.0",
     .flags = "ADMIN,NOSCRIPT,LOADING,STALE",
     .tips = "NONDETERMINISTIC_OUTPUT,REQUEST_POLICY:ALL_NODES,RESPONSE_POLICY:SPECIAL",
     .syntax = "[COMMAND:string ...]",
     .complexity = "O(N), N being the number of commands shown",
     .summary = "Shows how the durations of commands are distributed."},
    {.name = "LATENCY HISTORY",
     .handler = latency_history_command,
     .arity = 3,
     .group = "server",
     .since = "2.8.13",
     .flags = "ADMIN,NOSCRIPT,LOADING,STALE",
     .tips = "NONDETERMINISTIC_OUTPUT,REQUEST_POLICY:ALL_NODES,RESPONSE_POLICY:SPECIAL",
     .syntax = "event:string",
     .complexity = "O(1)",
     .summary = "Returns the latency of an event over time."},
    {.name = "LATENCY LATEST",
     .handler = latency_latest_command,
     .arity = 2,
     .group = "server",
     .since = "2.8.13",
     .flags = "ADMIN,NOSCRIPT,LOADING,STALE",
     .tips = "NONDETERMINISTIC_OUTPUT,REQUEST_POLICY:ALL_NODES,RESPONSE_POLICY:SPECIAL",
     .complexity = "O(1)",
     .summary = "Returns the latest latency spike of each event."},
    {.name = "LATENCY RESET",
     .handler = latency_reset_command,
     .arity = -2,
     .group = "server",
     .since = "2.8.13",
     .flags = "ADMIN,NOSCRIPT,LOADING,STALE",
     .tips = "REQUEST_POLICY:ALL_NODES,RESPONSE_POLICY:AGG_SUM",
     .syntax = "[event:string ...]",
     .complexity = "O(1)",
     .summary = "Forgets the latency spikes of some events or of all."},
};

}  // namespace

CommandFamily latency_commands() {
  return kLatencyRows;
}

}  // namespace spinel::server
