// When keys die: setting, reading and dropping their expiry.
//
// However a time was given, the effect is PEXPIREAT with Unix milliseconds and without conditions,
// or the deletion of the key if that time has passed.
#include <algorithm>
#include <optional>
#include <string>

#include "server/engine/context.h"
#include "server/engine/families.h"
#include "storage/base/numbers.h"

namespace spinel::server {
namespace {

using storage::ConstItem;
using storage::Item;
using storage::Key;
using storage::kNoExpiry;

constexpr int64_t kMsPerSecond = 1000;

// --- EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT

struct ExpireConditions {
  bool nx = false;  // only if there is no expiry
  bool xx = false;  // only if there is one
  bool gt = false;  // only to a later time; having none is later than any
  bool lt = false;  // only to an earlier time

  bool allow(int64_t current_ms, int64_t new_ms) const {
    const bool expires = current_ms != kNoExpiry;
    if (nx && expires) return false;
    if (xx && !expires) return false;
    if (gt && (!expires || new_ms <= current_ms)) return false;
    return !(lt && expires && new_ms >= current_ms);
  }
};

std::optional<ExpireConditions> expire_conditions(CommandContext& ctx) {
  ExpireConditions conditions;
  for (size_t i = 3; i < ctx.arity(); ++i) {
    if (ctx.arg_is(i, "NX")) {
      conditions.nx = true;
    } else if (ctx.arg_is(i, "XX")) {
      conditions.xx = true;
    } else if (ctx.arg_is(i, "GT")) {
      conditions.gt = true;
    } else if (ctx.arg_is(i, "LT")) {
      conditions.lt = true;
    } else {
      ctx.error("ERR Unsupported option " + std::string(ctx.arg(i)));
      return std::nullopt;
    }
  }
  if (conditions.nx && (conditions.xx || conditions.gt || conditions.lt)) {
    ctx.error("ERR NX and XX, GT or LT options at the same time are not compatible");
    return std::nullopt;
  }
  if (conditions.gt && conditions.lt) {
    ctx.error("ERR GT and LT options at the same time are not compatible");
    return std::nullopt;
  }
  return conditions;
}

// The time that argument 2 gives, counted from `base_ms` in units of `unit_ms`.
std::optional<int64_t> expire_time_ms(CommandContext& ctx, int64_t base_ms, int64_t unit_ms) {
  const std::optional<int64_t> units = ctx.integer(2);
  if (!units) return std::nullopt;
  int64_t time_ms = 0;
  if (__builtin_mul_overflow(*units, unit_ms, &time_ms) ||
      __builtin_add_overflow(time_ms, base_ms, &time_ms)) {
    ctx.error("ERR invalid expire time in '" + ctx.command.name + "' command");
    return std::nullopt;
  }
  return time_ms;
}

// The key's time is over as it is set.
void expire_at_once(CommandContext& ctx, const Item& item, const Key& key) {
  const bool lazy = ctx.server.config.lazyfree_lazy_expire;
  ctx.remove(item, key, lazy);
  ctx.propagate_removal(key.bytes, lazy);
}

void expire_at(CommandContext& ctx, Item& item, const Key& key, int64_t time_ms) {
  ctx.db.set_expiry(item, time_ms);
  const storage::IntegerText time_text(time_ms);
  const std::string_view effect[] = {"PEXPIREAT", key.bytes, time_text.view()};
  ctx.propagate(effect);
  ctx.changed(key.bytes);
  ctx.notify(kNotifyGeneric, "expire", key.bytes);
}

void set_expiry(CommandContext& ctx, int64_t base_ms, int64_t unit_ms) {
  const std::optional<ExpireConditions> conditions = expire_conditions(ctx);
  if (!conditions) return;
  const std::optional<int64_t> time_ms = expire_time_ms(ctx, base_ms, unit_ms);
  if (!time_ms) return;
  const Key key = ctx.key(1);
  Item item = ctx.find_write(key);
  if (!item || !conditions->allow(item->expire_at_ms(), *time_ms)) return ctx.reply.integer(0);
  if (ctx.server.keyspace.is_over(*time_ms)) {
    expire_at_once(ctx, item, key);
  } else {
    expire_at(ctx, item, key, std::max<int64_t>(*time_ms, 0));
  }
  ctx.reply.integer(1);
}

void expire_command(CommandContext& ctx) {
  set_expiry(ctx, ctx.server.now_ms(), kMsPerSecond);
}
void pexpire_command(CommandContext& ctx) {
  set_expiry(ctx, ctx.server.now_ms(), 1);
}
void expireat_command(CommandContext& ctx) {
  set_expiry(ctx, 0, kMsPerSecond);
}
void pexpireat_command(CommandContext& ctx) {
  set_expiry(ctx, 0, 1);
}

// --- PERSIST

void persist_command(CommandContext& ctx) {
  const Key key = ctx.key(1);
  Item item = ctx.find_write(key);
  if (!item || !item->has_expiry()) return ctx.reply.integer(0);
  ctx.db.set_expiry(item, kNoExpiry);
  ctx.changed(key.bytes);
  ctx.notify(kNotifyGeneric, "persist", key.bytes);
  ctx.reply.integer(1);
}

// --- TTL, PTTL, EXPIRETIME, PEXPIRETIME

int64_t rounded_seconds(int64_t time_ms) {
  return time_ms / kMsPerSecond + (time_ms % kMsPerSecond >= kMsPerSecond / 2 ? 1 : 0);
}

// The time at which the key expires, or nothing after -2 was replied for a missing key and -1 for
// one that does not expire.
std::optional<int64_t> read_expiry_ms(CommandContext& ctx) {
  const ConstItem item = ctx.peek(ctx.key(1));
  if (item && item->has_expiry()) return item->expire_at_ms();
  ctx.reply.integer(item ? -1 : -2);
  return std::nullopt;
}

std::optional<int64_t> read_time_left_ms(CommandContext& ctx) {
  const std::optional<int64_t> expiry_ms = read_expiry_ms(ctx);
  if (!expiry_ms) return std::nullopt;
  return std::max<int64_t>(*expiry_ms - ctx.server.now_ms(), 0);
}

void ttl_command(CommandContext& ctx) {
  if (const auto left_ms = read_time_left_ms(ctx)) ctx.reply.integer(rounded_seconds(*left_ms));
}
void pttl_command(CommandContext& ctx) {
  if (const auto left_ms = read_time_left_ms(ctx)) ctx.reply.integer(*left_ms);
}
void expiretime_command(CommandContext& ctx) {
  if (const auto expiry_ms = read_expiry_ms(ctx)) ctx.reply.integer(rounded_seconds(*expiry_ms));
}
void pexpiretime_command(CommandContext& ctx) {
  if (const auto expiry_ms = read_expiry_ms(ctx)) ctx.reply.integer(*expiry_ms);
}

constexpr CommandRow kExpireRows[] = {
    {.name = "EXPIRE",
     .handler = expire_command,
     .arity = -3,
     .group = "generic",
     .since = "1.0.0",
     .flags = "WRITE,FAST",
     .acl = "KEYSPACE",
     .keys = "RW+UPDATE@index:1/range:0,1,0",
     .syntax = "key seconds:integer [condition=<NX|XX|GT|LT>@7.0.0]",
     .complexity = "O(1)",
     .summary = "Makes a key expire after some seconds.",
     .history = "7.0.0 Conditions `NX`, `XX`, `GT` and `LT`."},
    {.name = "EXPIREAT",
     .handler = expireat_command,
     .arity = -3,
     .group = "generic",
     .since = "1.2.0",
     .flags = "WRITE,FAST",
     .acl = "KEYSPACE",
     .keys = "RW+UPDATE@index:1/range:0,1,0",
     .syntax = "key unix-time-seconds:unix-time [condition=<NX|XX|GT|LT>@7.0.0]",
     .complexity = "O(1)",
     .summary = "Makes a key expire at a Unix time in seconds.",
     .history = "7.0.0 Conditions `NX`, `XX`, `GT` and `LT`."},
    {.name = "EXPIRETIME",
     .handler = expiretime_command,
     .arity = 2,
     .group = "generic",
     .since = "7.0.0",
     .flags = "READONLY,FAST",
     .acl = "KEYSPACE",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key",
     .complexity = "O(1)",
     .summary = "Tells at which Unix time, in seconds, a key expires."},
    {.name = "PERSIST",
     .handler = persist_command,
     .arity = 2,
     .group = "generic",
     .since = "2.2.0",
     .flags = "WRITE,FAST",
     .acl = "KEYSPACE",
     .keys = "RW+UPDATE@index:1/range:0,1,0",
     .syntax = "key",
     .complexity = "O(1)",
     .summary = "Drops the expiry of a key."},
    {.name = "PEXPIRE",
     .handler = pexpire_command,
     .arity = -3,
     .group = "generic",
     .since = "2.6.0",
     .flags = "WRITE,FAST",
     .acl = "KEYSPACE",
     .keys = "RW+UPDATE@index:1/range:0,1,0",
     .syntax = "key milliseconds:integer [condition=<NX|XX|GT|LT>@7.0.0]",
     .complexity = "O(1)",
     .summary = "Makes a key expire after some milliseconds.",
     .history = "7.0.0 Conditions `NX`, `XX`, `GT` and `LT`."},
    {.name = "PEXPIREAT",
     .handler = pexpireat_command,
     .arity = -3,
     .group = "generic",
     .since = "2.6.0",
     .flags = "WRITE,FAST",
     .acl = "KEYSPACE",
     .keys = "RW+UPDATE@index:1/range:0,1,0",
     .syntax = "key unix-time-milliseconds:unix-time [condition=<NX|XX|GT|LT>@7.0.0]",
     .complexity = "O(1)",
     .summary = "Makes a key expire at a Unix time in milliseconds.",
     .history = "7.0.0 Conditions `NX`, `XX`, `GT` and `LT`."},
    {.name = "PEXPIRETIME",
     .handler = pexpiretime_command,
     .arity = 2,
     .group = "generic",
     .since = "7.0.0",
     .flags = "READONLY,FAST",
     .acl = "KEYSPACE",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key",
     .complexity = "O(1)",
     .summary = "Tells at which Unix time, in milliseconds, a key expires."},
    {.name = "PTTL",
     .handler = pttl_command,
     .arity = 2,
     .group = "generic",
     .since = "2.6.0",
     .flags = "READONLY,FAST",
     .acl = "KEYSPACE",
     .tips = "NONDETERMINISTIC_OUTPUT",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key",
     .complexity = "O(1)",
     .summary = "Tells how many milliseconds a key has left.",
     .history = "2.8.0 Answers -2 for a missing key."},
    {.name = "TTL",
     .handler = ttl_command,
     .arity = 2,
     .group = "generic",
     .since = "1.0.0",
     .flags = "READONLY,FAST",
     .acl = "KEYSPACE",
     .tips = "NONDETERMINISTIC_OUTPUT",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key",
     .complexity = "O(1)",
     .summary = "Tells how many seconds a key has left.",
     .history = "2.8.0 Answers -2 for a missing key."},
};

}  // namespace

CommandFamily expire_commands() {
  return kExpireRows;
}

}  // namespace spinel::server
