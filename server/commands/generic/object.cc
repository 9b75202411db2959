// OBJECT: how a value is kept and when it was used.
#include "server/commands/support/help.h"
#include "server/engine/context.h"
#include "server/engine/families.h"

namespace spinel::server {
namespace {

using storage::ConstItem;
using storage::Entry;

// The value asked about, or nothing after null was replied. No subscriber hears of a miss, and no
// access is counted.
ConstItem inspected(CommandContext& ctx) {
  const ConstItem item = ctx.server.keyspace.find(ctx.db, ctx.key(2));
  if (item) {
    ++ctx.server.stats.keyspace_hits;
  } else {
    ++ctx.server.stats.keyspace_misses;
    ctx.reply.null();
  }
  return item;
}

void object_encoding_command(CommandContext& ctx) {
  if (const ConstItem item = inspected(ctx)) ctx.reply.bulk(storage::encoding_name(*item));
}

void object_freq_command(CommandContext& ctx) {
  const ConstItem item = inspected(ctx);
  if (!item) return;
  if (!ctx.server.keyspace.access.lfu) {
    return ctx.error(
        "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note "
        "that when switching between policies at runtime LRU and LFU data will take some time to "
        "adjust.");
  }
  ctx.reply.integer(ctx.server.keyspace.access.frequency(*item));
}

void object_idletime_command(CommandContext& ctx) {
  const ConstItem item = inspected(ctx);
  if (!item) return;
  if (ctx.server.keyspace.access.lfu) {
    return ctx.error(
        "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when "
        "switching between policies at runtime LRU and LFU data will take some time to adjust.");
  }
  ctx.reply.integer(ctx.server.keyspace.access.idle_seconds(*item));
}

// Redis shares one object among all values that are the same small integer, and shows that as the
// largest count there is; but not where each value needs access bits of its own.
bool would_be_shared(const Config& config, const Entry& entry) {
  constexpr int64_t kSharedIntegers = 10000;
  if (!entry.is_integer() || entry.integer() < 0 || entry.integer() >= kSharedIntegers) {
    return false;
  }
  if (config.maxmemory_bytes == 0) return true;
  switch (config.maxmemory_policy) {
    case MaxmemoryPolicy::kVolatileLru:
    case MaxmemoryPolicy::kVolatileLfu:
    case MaxmemoryPolicy::kAllkeysLru:
    case MaxmemoryPolicy::kAllkeysLfu:
      return false;
    default:
      return true;
  }
}

void object_refcount_command(CommandContext& ctx) {
  constexpr int64_t kShared = 2147483647;
  if (const ConstItem item = inspected(ctx)) {
    ctx.reply.integer(would_be_shared(ctx.server.config, *item) ? kShared : 1);
  }
}

void object_help_command(CommandContext& ctx) {
  reply_help(ctx.reply, "OBJECT",
             {
                 "ENCODING <key>",
                 "    Name the way in which the value of <key> is kept in memory.",
                 "FREQ <key>",
                 "    Return how often <key> is being used, on a logarithmic scale. Needs a",
                 "    maxmemory-policy with LFU.",
                 "IDLETIME <key>",
                 "    Return how many seconds ago <key> was last used. Needs a maxmemory-policy",
                 "    without LFU.",
                 "REFCOUNT <key>",
                 "    Return how many references there are to the value of <key>.",
             });
}

constexpr CommandRow kObjectRows[] = {
    {.name = "OBJECT",
     .arity = -2,
     .group = "generic",
     .since = "2.2.3",
     .complexity = "Depends on the subcommand.",
     .summary = "Groups the commands that look inside a value."},
    {.name = "OBJECT ENCODING",
     .handler = object_encoding_command,
     .arity = 3,
     .group = "generic",
     .since = "2.2.3",
     .flags = "READONLY",
     .acl = "KEYSPACE",
     .tips = "NONDETERMINISTIC_OUTPUT",
     .keys = "RO@index:2/range:0,1,0",
     .syntax = "key",
     .complexity = "O(1)",
     .summary = "Names the encoding that holds a value."},
    {.name = "OBJECT FREQ",
     .handler = object_freq_command,
     .arity = 3,
     .group = "generic",
     .since = "4.0.0",
     .flags = "READONLY",
     .acl = "KEYSPACE",
     .tips = "NONDETERMINISTIC_OUTPUT",
     .keys = "RO@index:2/range:0,1,0",
     .syntax = "key",
     .complexity = "O(1)",
     .summary = "Reads the access frequency counter of a key."},
    {.name = "OBJECT HELP",
     .handler = object_help_command,
     .arity = 2,
     .group = "generic",
     .since = "6.2.0",
     .flags = "LOADING,STALE",
     .acl = "KEYSPACE",
     .complexity = "O(1)",
     .summary = "Lists the subcommands of OBJECT."},
    {.name = "OBJECT IDLETIME",
     .handler = object_idletime_command,
     .arity = 3,
     .group = "generic",
     .since = "2.2.3",
     .flags = "READONLY",
     .acl = "KEYSPACE",
     .tips = "NONDETERMINISTIC_OUTPUT",
     .keys = "RO@index:2/range:0,1,0",
     .syntax = "key",
     .complexity = "O(1)",
     .summary = "Tells how many seconds ago a key was last used."},
    {.name = "OBJECT REFCOUNT",
     .handler = object_refcount_command,
     .arity = 3,
     .group = "generic",
     .since = "2.2.3",
     .flags = "READONLY",
     .acl = "KEYSPACE",
     .tips = "NONDETERMINISTIC_OUTPUT",
     .keys = "RO@index:2/range:0,1,0",
     .syntax = "key",
     .complexity = "O(1)",
     .summary = "Tells how many references a value has."},
};

}  // namespace

CommandFamily object_commands() {
  return kObjectRows;
}

}  // namespace spinel::server
