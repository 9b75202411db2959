// Fields of hashes: setting, reading and deleting them.
#include "server/commands/hash/hash_access.h"
#include "server/engine/command_errors.h"
#include "server/engine/families.h"

namespace spinel::server {
namespace {

using storage::Hash;
using storage::HashField;
using storage::kNoExpiry;

// --- setting

// Sets all pairs from argument 2 on. Returns how many fields are new, or nothing after the error
// was sent.
std::optional<int64_t> set_pairs(CommandContext& ctx) {
  if (ctx.arity() % 2 == 1) {
    ctx.error(wrong_arity_error(ctx.command));
    return std::nullopt;
  }
  const storage::Key key = ctx.key(1);
  auto writable = WritableHash::find(ctx, key);
  if (!writable) return std::nullopt;
  Hash& hash = value_of(ctx, *writable);
  const storage::HashLimits limits = hash_limits(ctx);
  int64_t added = 0;
  for_each_field(ctx, hash, 2, ctx.arity(), 2, [&](const HashField& field, size_t index) {
    added += hash.set(field, ctx.arg(index + 1), kNoExpiry, limits) ? 1 : 0;
  });
  writable->commit(static_cast<int64_t>(ctx.arity() / 2 - 1), kNotifyHash, "hset");
  return added;
}

void hset_command(CommandContext& ctx) {
  if (const auto added = set_pairs(ctx)) ctx.reply.integer(*added);
}

void hmset_command(CommandContext& ctx) {
  if (set_pairs(ctx)) ctx.reply.ok();
}

void hsetnx_command(CommandContext& ctx) {
  const storage::Key key = ctx.key(1);
  auto writable = WritableHash::find(ctx, key);
  if (!writable) return;
  Hash& hash = value_of(ctx, *writable);
  const HashField field(ctx.arg(2));
  if (hash.find(field)) return ctx.reply.integer(0);
  // Where it expired and was not removed yet, the other side may still think that it exists.
  const bool replaces_expired = hash.may_hide();
  hash.set(field, ctx.arg(3), kNoExpiry, hash_limits(ctx));
  writable->commit(1, kNotifyHash, "hset");
  if (replaces_expired) {
    const std::string_view effect[] = {"HSET", key.bytes, ctx.arg(2), ctx.arg(3)};
    ctx.propagate(effect);
  }
  ctx.reply.integer(1);
}

// --- reading

void reply_value(CommandContext& ctx, const std::optional<Hash>& hash, const HashField& field) {
  const auto found = hash ? hash->find(field) : std::nullopt;
  if (!found) return ctx.reply.null();
  reply_element(ctx.reply, found->value);
}

void hget_command(CommandContext& ctx) {
  std::optional<Hash> hash;
  if (find_hash(ctx, hash)) reply_value(ctx, hash, HashField(ctx.arg(2)));
}

void hmget_command(CommandContext& ctx) {
  std::optional<Hash> hash;
  if (!find_hash(ctx, hash)) return;
  ctx.reply.array(ctx.arity() - 2);
  if (!hash) {
    for (size_t i = 2; i < ctx.arity(); ++i) ctx.reply.null();
    return;
  }
  for_each_field(ctx, *hash, 2, ctx.arity(), 1,
                 [&](const HashField& field, size_t) { reply_value(ctx, hash, field); });
}

void hlen_command(CommandContext& ctx) {
  std::optional<Hash> hash;
  if (!find_hash(ctx, hash)) return;
  ctx.reply.integer(hash ? static_cast<int64_t>(hash->size()) : 0);
}

void hstrlen_command(CommandContext& ctx) {
  std::optional<Hash> hash;
  if (!find_hash(ctx, hash)) return;
  const auto found = hash ? hash->find(HashField(ctx.arg(2))) : std::nullopt;
  char digits[storage::kMaxDoubleChars];
  ctx.reply.integer(found ? static_cast<int64_t>(found->value.bytes(digits).size()) : 0);
}

void hexists_command(CommandContext& ctx) {
  std::optional<Hash> hash;
  if (!find_hash(ctx, hash)) return;
  ctx.reply.integer(hash && hash->find(HashField(ctx.arg(2))) ? 1 : 0);
}

// --- deleting

void hdel_command(CommandContext& ctx) {
  const storage::Key key = ctx.key(1);
  auto writable = WritableHash::find(ctx, key);
  if (!writable) return;
  if (!writable->exists()) return ctx.reply.integer(0);
  Hash& hash = value_of(ctx, *writable);
  int64_t deleted = 0;
  for_each_field(ctx, hash, 2, ctx.arity(), 1,
                 [&](const HashField& field, size_t) { deleted += hash.erase(field) ? 1 : 0; });
  if (deleted > 0) writable->commit(deleted, kNotifyHash, "hdel");
  ctx.reply.integer(deleted);
}

constexpr CommandRow kHashRows[] = {
    {.name = "HSET",
     .handler = hset_command,
     .arity = -4,
     .group = "hash",
     .since = "2.0.0",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "HASH",
     .keys = "RW+UPDATE@index:1/range:0,1,0",
     .syntax = "key data=<field:string value:string> ...",
     .complexity = "O(1) for each field and value, O(N) for N of them.",
     .summary = "Sets fields of a hash, and tells how many of them are new.",
     .history = "4.0.0 Several fields and values."},
    {.name = "HSETNX",
     .handler = hsetnx_command,
     .arity = 4,
     .group = "hash",
     .since = "2.0.0",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "HASH",
     .keys = "RW+INSERT@index:1/range:0,1,0",
     .syntax = "key field:string value:string",
     .complexity = "O(1)",
     .summary = "Sets a field of a hash unless it exists."},
    {.name = "HMSET",
     .handler = hmset_command,
     .arity = -4,
     .group = "hash",
     .since = "2.0.0",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "HASH",
     .keys = "RW+UPDATE@index:1/range:0,1,0",
     .syntax = "key data=<field:string value:string> ...",
     .complexity = "O(N) for N fields.",
     .summary = "Sets fields of a hash.",
     .deprecated_since = "4.0.0",
     .replaced_by = "`HSET` with several fields and values",
     .doc_flags = "DEPRECATED"},
    {.name = "HGET",
     .handler = hget_command,
     .arity = 3,
     .group = "hash",
     .since = "2.0.0",
     .flags = "READONLY,FAST",
     .acl = "HASH",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key field:string",
     .complexity = "O(1)",
     .summary = "Reads a field of a hash."},
    {.name = "HMGET",
     .handler = hmget_command,
     .arity = -3,
     .group = "hash",
     .since = "2.0.0",
     .flags = "READONLY,FAST",
     .acl = "HASH",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key field:string ...",
     .complexity = "O(N) for N fields.",
     .summary = "Reads several fields of a hash."},
    {.name = "HLEN",
     .handler = hlen_command,
     .arity = 2,
     .group = "hash",
     .since = "2.0.0",
     .flags = "READONLY,FAST",
     .acl = "HASH",
     .keys = "RO@index:1/range:0,1,0",
     .syntax = "key",
     .complexity = "O(1)",
     .summary = "Counts the fields of a hash."},
    {.name = "HSTRLEN",
     .handler = hstrlen_command,
     .arity = 3,
     .group = "hash",
     .since = "3.2.0",
     .flags = "READONLY,FAST",
     .acl = "HASH",
     .keys = "RO@index:1/range:0,1,0",
     .syntax = "key field:string",
     .complexity = "O(1)",
     .summary = "Tells how many bytes a field of a hash has."},
    {.name = "HEXISTS",
     .handler = hexists_command,
     .arity = 3,
     .group = "hash",
     .since = "2.0.0",
     .flags = "READONLY,FAST",
     .acl = "HASH",
     .keys = "RO@index:1/range:0,1,0",
     .syntax = "key field:string",
     .complexity = "O(1)",
     .summary = "Tells whether a hash has a field."},
    {.name = "HDEL",
     .handler = hdel_command,
     .arity = -3,
     .group = "hash",
     .since = "2.0.0",
     .flags = "WRITE,FAST",
     .acl = "HASH",
     .keys = "RW+DELETE@index:1/range:0,1,0",
     .syntax = "key field:string ...",
     .complexity = "O(N) for N fields.",
     .summary = "Deletes fields of a hash, and the hash with the last one.",
     .history = "2.4.0 Several fields."},
};

}  // namespace

CommandFamily hash_commands() {
  return kHashRows;
}

}  // namespace spinel::server
