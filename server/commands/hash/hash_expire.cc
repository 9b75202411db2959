// When fields of hashes die: setting, reading and dropping their expiry.
//
// However a time was given, the effect is HPEXPIREAT with Unix milliseconds and without conditions,
// for the fields that got it, or HDEL where that time has passed.
#include <vector>

#include "server/commands/hash/hash_field_args.h"
#include "server/engine/families.h"

namespace spinel::server {
namespace {

using storage::Hash;
using storage::HashField;
using storage::kNoExpiry;

// What is replied for each field.
constexpr int64_t kNoSuchField = -2;
constexpr int64_t kFieldWithoutExpiry = -1;
constexpr int64_t kConditionNotMet = 0;
constexpr int64_t kDone = 1;
constexpr int64_t kDeleted = 2;

void reply_no_such_fields(CommandContext& ctx, const FieldArgs& fields) {
  ctx.reply.array(fields.count());
  for (size_t i = 0; i < fields.count(); ++i) ctx.reply.integer(kNoSuchField);
}

// --- HEXPIRE, HPEXPIRE, HEXPIREAT, HPEXPIREAT

enum class Condition : uint8_t { kNone, kNx, kXx, kGt, kLt };

Condition condition_at(const CommandContext& ctx, size_t index) {
  if (ctx.arg_is(index, "NX")) return Condition::kNx;
  if (ctx.arg_is(index, "XX")) return Condition::kXx;
  if (ctx.arg_is(index, "GT")) return Condition::kGt;
  if (ctx.arg_is(index, "LT")) return Condition::kLt;
  return Condition::kNone;
}

// Having no expiry is later than any.
bool allows(Condition condition, int64_t current_ms, int64_t new_ms) {
  const bool expires = current_ms != kNoExpiry;
  switch (condition) {
    case Condition::kNone:
      return true;
    case Condition::kNx:
      return !expires;
    case Condition::kXx:
      return expires;
    case Condition::kGt:
      return expires && new_ms > current_ms;
    case Condition::kLt:
      return !expires || new_ms < current_ms;
  }
  __builtin_unreachable();
}

void expire_fields(CommandContext& ctx, TimeForm form) {
  const storage::Key key = ctx.key(1);
  auto writable = WritableHash::find(ctx, key);
  if (!writable) return;
  const std::optional<int64_t> time_ms = field_expiry_time(ctx, 2, form);
  if (!time_ms) return;
  const Condition condition = condition_at(ctx, 3);
  const auto fields = read_fields(ctx, condition == Condition::kNone ? 3 : 4,
                                  "ERR Parameter `numFields` should be greater than 0");
  if (!fields) return;
  if (!writable->exists()) return reply_no_such_fields(ctx, *fields);

  Hash& hash = value_of(ctx, *writable);
  const bool is_over = ctx.server.keyspace.is_over(*time_ms);
  std::vector<std::string_view> changed;
  ctx.reply.array(fields->count());
  for_each_field(ctx, hash, fields->first, fields->end, 1, [&](const HashField& field, size_t) {
    const auto found = hash.find(field);
    if (!found) return ctx.reply.integer(kNoSuchField);
    if (!allows(condition, found->expire_at_ms, *time_ms)) {
      return ctx.reply.integer(kConditionNotMet);
    }
    changed.push_back(field.bytes);
    if (is_over) {
      hash.erase(field);
      return ctx.reply.integer(kDeleted);
    }
    hash.set_expiry(*found, *time_ms);
    ctx.reply.integer(kDone);
  });
  if (changed.empty()) return;
  writable->commit(static_cast<int64_t>(changed.size()), kNotifyHash, is_over ? "hdel" : "hexpire");
  is_over ? propagate_deletion(ctx, changed) : propagate_expiry(ctx, *time_ms, changed);
}

void hexpire_command(CommandContext& ctx) {
  expire_fields(ctx, {.base_ms = ctx.server.now_ms(), .unit_ms = kMsPerSecond});
}
void hpexpire_command(CommandContext& ctx) {
  expire_fields(ctx, {.base_ms = ctx.server.now_ms(), .unit_ms = 1});
}
void hexpireat_command(CommandContext& ctx) {
  expire_fields(ctx, {.base_ms = 0, .unit_ms = kMsPerSecond});
}
void hpexpireat_command(CommandContext& ctx) {
  expire_fields(ctx, {.base_ms = 0, .unit_ms = 1});
}

// --- HPERSIST

void hpersist_command(CommandContext& ctx) {
  const storage::Key key = ctx.key(1);
  auto writable = WritableHash::find(ctx, key);
  if (!writable) return;
  const auto fields = read_fields(ctx, 2, kFieldCountNotPositive);
  if (!fields) return;
  if (!writable->exists()) return reply_no_such_fields(ctx, *fields);
  Hash& hash = value_of(ctx, *writable);
  std::vector<std::string_view> changed;
  ctx.reply.array(fields->count());
  for_each_field(ctx, hash, fields->first, fields->end, 1, [&](const HashField& field, size_t) {
    const auto found = hash.find(field);
    if (!found) return ctx.reply.integer(kNoSuchField);
    if (found->expire_at_ms == kNoExpiry) return ctx.reply.integer(kFieldWithoutExpiry);
    hash.set_expiry(*found, kNoExpiry);
    changed.push_back(field.bytes);
    ctx.reply.integer(kDone);
  });
  if (changed.empty()) return;
  writable->commit(static_cast<int64_t>(changed.size()), kNotifyHash, "hpersist");
  propagate_persist(ctx, changed);
}

// --- HTTL, HPTTL, HEXPIRETIME, HPEXPIRETIME

// Replies `shown(expire_at_ms)` for each field that expires.
template <typename Shown>
void reply_expiries(CommandContext& ctx, Shown&& shown) {
  std::optional<Hash> hash;
  if (!find_hash(ctx, hash)) return;
  const auto fields = read_fields(ctx, 2, kFieldCountNotPositive);
  if (!fields) return;
  if (!hash) return reply_no_such_fields(ctx, *fields);
  ctx.reply.array(fields->count());
  for_each_field(ctx, *hash, fields->first, fields->end, 1, [&](const HashField& field, size_t) {
    const auto found = hash->find(field);
    if (!found) return ctx.reply.integer(kNoSuchField);
    if (found->expire_at_ms == kNoExpiry) return ctx.reply.integer(kFieldWithoutExpiry);
    ctx.reply.integer(shown(found->expire_at_ms));
  });
}

// Unlike for keys, what is left of a second counts as one.
int64_t seconds_begun(int64_t ms) {
  return (ms + kMsPerSecond - 1) / kMsPerSecond;
}

void httl_command(CommandContext& ctx) {
  reply_expiries(
      ctx, [now_ms = ctx.server.now_ms()](int64_t at_ms) { return seconds_begun(at_ms - now_ms); });
}
void hpttl_command(CommandContext& ctx) {
  reply_expiries(ctx, [now_ms = ctx.server.now_ms()](int64_t at_ms) { return at_ms - now_ms; });
}
void hexpiretime_command(CommandContext& ctx) {
  reply_expiries(ctx, seconds_begun);
}
void hpexpiretime_command(CommandContext& ctx) {
  reply_expiries(ctx, [](int64_t at_ms) { return at_ms; });
}

constexpr CommandRow kHashExpireRows[] = {
    {.name = "HEXPIRE",
     .handler = hexpire_command,
     .arity = -6,
     .group = "hash",
     .since = "7.4.0",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "HASH",
     .keys = "RW+UPDATE@index:1/range:0,1,0",
     .syntax = "key seconds:integer [condition=<NX|XX|GT|LT>] FIELDS "
               "fields=<numfields:integer field:string ...>",
     .complexity = "O(N) for N fields.",
     .summary = "Makes fields of a hash expire after some seconds."},
    {.name = "HEXPIREAT",
     .handler = hexpireat_command,
     .arity = -6,
     .group = "hash",
     .since = "7.4.0",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "HASH",
     .keys = "RW+UPDATE@index:1/range:0,1,0",
     .syntax = "key unix-time-seconds:unix-time [condition=<NX|XX|GT|LT>] FIELDS "
               "fields=<numfields:integer field:string ...>",
     .complexity = "O(N) for N fields.",
     .summary = "Makes fields of a hash expire at a Unix time in seconds."},
    {.name = "HEXPIRETIME",
     .handler = hexpiretime_command,
     .arity = -5,
     .group = "hash",
     .since = "7.4.0",
     .flags = "READONLY,FAST",
     .acl = "HASH",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key FIELDS fields=<numfields:integer field:string ...>",
     .complexity = "O(N) for N fields.",
     .summary = "Tells at which Unix time, in seconds, fields of a hash expire."},
    {.name = "HPERSIST",
     .handler = hpersist_command,
     .arity = -5,
     .group = "hash",
     .since = "7.4.0",
     .flags = "WRITE,FAST",
     .acl = "HASH",
     .keys = "RW+UPDATE@index:1/range:0,1,0",
     .syntax = "key FIELDS fields=<numfields:integer field:string ...>",
     .complexity = "O(N) for N fields.",
     .summary = "Drops the expiry of fields of a hash."},
    {.name = "HPEXPIRE",
     .handler = hpexpire_command,
     .arity = -6,
     .group = "hash",
     .since = "7.4.0",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "HASH",
     .keys = "RW+UPDATE@index:1/range:0,1,0",
     .syntax = "key milliseconds:integer [condition=<NX|XX|GT|LT>] FIELDS "
               "fields=<numfields:integer field:string ...>",
     .complexity = "O(N) for N fields.",
     .summary = "Makes fields of a hash expire after some milliseconds."},
    {.name = "HPEXPIREAT",
     .handler = hpexpireat_command,
     .arity = -6,
     .group = "hash",
     .since = "7.4.0",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "HASH",
     .keys = "RW+UPDATE@index:1/range:0,1,0",
     .syntax = "key unix-time-milliseconds:unix-time [condition=<NX|XX|GT|LT>] FIELDS "
               "fields=<numfields:integer field:string ...>",
     .complexity = "O(N) for N fields.",
     .summary = "Makes fields of a hash expire at a Unix time in milliseconds."},
    {.name = "HPEXPIRETIME",
     .handler = hpexpiretime_command,
     .arity = -5,
     .group = "hash",
     .since = "7.4.0",
     .flags = "READONLY,FAST",
     .acl = "HASH",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key FIELDS fields=<numfields:integer field:string ...>",
     .complexity = "O(N) for N fields.",
     .summary = "Tells at which Unix time, in milliseconds, fields of a hash expire."},
    {.name = "HPTTL",
     .handler = hpttl_command,
     .arity = -5,
     .group = "hash",
     .since = "7.4.0",
     .flags = "READONLY,FAST",
     .acl = "HASH",
     .tips = "NONDETERMINISTIC_OUTPUT",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key FIELDS fields=<numfields:integer field:string ...>",
     .complexity = "O(N) for N fields.",
     .summary = "Tells how many milliseconds fields of a hash have left."},
    {.name = "HTTL",
     .handler = httl_command,
     .arity = -5,
     .group = "hash",
     .since = "7.4.0",
     .flags = "READONLY,FAST",
     .acl = "HASH",
     .tips = "NONDETERMINISTIC_OUTPUT",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key FIELDS fields=<numfields:integer field:string ...>",
     .complexity = "O(N) for N fields.",
     .summary = "Tells how many seconds fields of a hash have left."},
};

}  // namespace

CommandFamily hash_expire_commands() {
  return kHashExpireRows;
}

}  // namespace spinel::server
