// MEMORY: what the server uses memory for.
#include "storage/base/memory.h"

#include <fmt/format.h>

#include "server/commands/support/help.h"
#include "server/engine/context.h"
#include "server/engine/families.h"
#include "server/memory_doctor.h"
#include "server/memory_report.h"
#include "server/server.h"

namespace spinel::server {
namespace {

void memory_doctor_command(CommandContext& ctx) {
  ctx.reply.verbatim("txt",
                     memory_doctor_report(measure_memory(ctx.server), ctx.server.clients.size()));
}

void memory_help_command(CommandContext& ctx) {
  reply_help(ctx.reply, "MEMORY",
             {"DOCTOR", "    Return a report on memory problems, with advice.", "MALLOC-STATS",
              "    Return the statistics of the memory allocator.", "PURGE",
              "    Make the allocator give unused pages back to the system.", "STATS",
              "    Return what the server uses memory for.", "USAGE <key> [SAMPLES <count>]",
              "    Return the bytes that <key> and its value take. Of nested values <count>",
              "    are looked at (default: 5; 0: all of them)."});
}

void memory_malloc_stats_command(CommandContext& ctx) {
  ctx.reply.verbatim("txt", storage::allocator_report());
}

void memory_purge_command(CommandContext& ctx) {
  storage::purge_allocator();
  ctx.reply.ok();
}

// Writes the fields of a map whose number is known at its end.
class MemoryFields {
 public:
  explicit MemoryFields(resp::ReplyWriter& reply) : reply_(reply), mark_(reply.begin_deferred()) {}

  void bytes(std::string_view name, size_t value) {
    signed_bytes(name, static_cast<int64_t>(value));
  }
  void signed_bytes(std::string_view name, int64_t value) {
    begin(name);
    reply_.integer(value);
  }
  void ratio(std::string_view name, double value) {
    begin(name);
    reply_.number(value);
  }
  // The name; the caller writes the value.
  void begin(std::string_view name) {
    ++count_;
    reply_.bulk(name);
  }
  void end() { reply_.end_deferred_map(mark_, count_); }

 private:
  resp::ReplyWriter& reply_;
  size_t mark_;
  size_t count_ = 0;
};

// The memory of a database's table. Expiries are kept in the entries, and there is no table from
// slots to keys.
void write_database(MemoryFields& fields, resp::ReplyWriter& reply,
                    const storage::Database& database) {
  fields.begin(fmt::format("db.{}", database.index));
  MemoryFields tables(reply);
  tables.bytes("overhead.hashtable.main", database.table_bytes());
  tables.bytes("overhead.hashtable.expires", 0);
  tables.bytes("overhead.hashtable.slot-to-keys", 0);
  tables.end();
}

void memory_stats_command(CommandContext& ctx) {
  const MemoryReport memory = measure_memory(ctx.server);
  MemoryFields fields(ctx.reply);
  fields.bytes("peak.allocated", memory.peak);
  fields.bytes("total.allocated", memory.used);
  fields.bytes("startup.allocated", memory.startup);
  fields.bytes("replication.backlog", memory.backlog);
  fields.bytes("clients.slaves", memory.replicas);
  fields.bytes("clients.normal", memory.clients);
  fields.bytes("cluster.links", 0);
  fields.bytes("aof.buffer", 0);
  fields.bytes("lua.caches", 0);
  fields.bytes("functions.caches", 0);
  for (int i = 0; i < ctx.server.keyspace.database_count(); ++i) {
    const storage::Database& database = ctx.server.keyspace.database(i);
    if (database.size() > 0) write_database(fields, ctx.reply, database);
  }
  fields.bytes("overhead.total", memory.overhead);
  fields.bytes("keys.count", memory.keys);
  fields.bytes("keys.bytes-per-key", static_cast<size_t>(memory.bytes_per_key()));
  fields.bytes("dataset.bytes", memory.dataset());
  fields.ratio("dataset.percentage", memory.dataset_percent());
  fields.ratio("peak.percentage", memory.peak_percent());
  fields.bytes("allocator.allocated", memory.allocator.allocated);
  fields.bytes("allocator.active", memory.allocator.active);
  fields.bytes("allocator.resident", memory.allocator.resident);
  fields.ratio("allocator-fragmentation.ratio", memory.allocator.fragmentation_ratio());
  fields.bytes("allocator-fragmentation.bytes", memory.allocator.fragmentation_bytes());
  fields.ratio("allocator-rss.ratio", memory.allocator.resident_overhead_ratio());
  fields.bytes("allocator-rss.bytes", memory.allocator.resident_overhead_bytes());
  fields.ratio("rss-overhead.ratio", memory.rss_overhead_ratio());
  fields.signed_bytes("rss-overhead.bytes", memory.rss_overhead_bytes());
  fields.ratio("fragmentation", memory.fragmentation_ratio());
  fields.signed_bytes("fragmentation.bytes", memory.fragmentation_bytes());
  fields.end();
}

// MEMORY USAGE key [SAMPLES count]
void memory_usage_command(CommandContext& ctx) {
  int64_t samples = 5;
  for (size_t i = 3; i < ctx.arity(); i += 2) {
    if (!ctx.arg_is(i, "SAMPLES") || i + 1 == ctx.arity()) return ctx.syntax_error();
    const auto count = ctx.integer(i + 1);
    if (!count) return;
    if (*count < 0) return ctx.syntax_error();
    samples = *count;
  }
  // A key that has expired takes memory until it is removed: the question does not remove it.
  const storage::Item item = ctx.db.find(ctx.key(2));
  if (!item) return ctx.reply.null();
  ctx.reply.integer(static_cast<int64_t>(ctx.db.memory_usage(*item, static_cast<size_t>(samples))));
}

constexpr CommandRow kMemoryRows[] = {
    {.name = "MEMORY",
     .arity = -2,
     .group = "server",
     .since = "4.0.0",
     .complexity = "Depends on the subcommand.",
     .summary = "Groups the commands about memory use."},
    {.name = "MEMORY DOCTOR",
     .handler = memory_doctor_command,
     .arity = 2,
     .group = "server",
     .since = "4.0.0",
     .tips = "NONDETERMINISTIC_OUTPUT,REQUEST_POLICY:ALL_SHARDS,RESPONSE_POLICY:SPECIAL",
     .complexity = "O(1)",
     .summary = "Looks for memory problems and explains them."},
    {.name = "MEMORY HELP",
     .handler = memory_help_command,
     .arity = 2,
     .group = "server",
     .since = "4.0.0",
     .flags = "LOADING,STALE",
     .complexity = "O(1)",
     .summary = "Lists the subcommands of MEMORY."},
    {.name = "MEMORY MALLOC-STATS",
     .handler = memory_malloc_stats_command,
     .arity = 2,
     .group = "server",
     .since = "4.0.0",
     .tips = "NONDETERMINISTIC_OUTPUT,REQUEST_POLICY:ALL_SHARDS,RESPONSE_POLICY:SPECIAL",
     .complexity = "Depends on how much memory is allocated.",
     .summary = "Shows the allocator's own statistics."},
    {.name = "MEMORY PURGE",
     .handler = memory_purge_command,
     .arity = 2,
     .group = "server",
     .since = "4.0.0",
     .tips = "REQUEST_POLICY:ALL_SHARDS,RESPONSE_POLICY:ALL_SUCCEEDED",
     .complexity = "Depends on how much memory is allocated.",
     .summary = "Makes the allocator hand unused pages back."},
    {.name = "MEMORY STATS",
     .handler = memory_stats_command,
     .arity = 2,
     .group = "server",
     .since = "4.0.0",
     .tips = "NONDETERMINISTIC_OUTPUT,REQUEST_POLICY:ALL_SHARDS,RESPONSE_POLICY:SPECIAL",
     .complexity = "O(1)",
     .summary = "Breaks down what the server uses memory for."},
    {.name = "MEMORY USAGE",
     .handler = memory_usage_command,
     .arity = -3,
     .group = "server",
     .since = "4.0.0",
     .flags = "READONLY",
     .keys = "RO@index:2/range:0,1,0",
     .syntax = "key [SAMPLES count:integer]",
     .complexity = "O(N)",
     .summary = "Estimates the bytes that a key and its value take."},
};

}  // namespace

CommandFamily memory_commands() {
  return kMemoryRows;
}

}  // namespace spinel::server
