// Commands on keys whatever their values are: asking for, removing, copying, moving and renaming
// them.
#include <limits>
#include <optional>

#include "server/commands/support/each_key.h"
#include "server/engine/context.h"
#include "server/engine/families.h"

namespace spinel::server {
namespace {

using storage::ConstItem;
using storage::Database;
using storage::Item;
using storage::Key;

constexpr std::string_view kSameObject = "ERR source and destination objects are the same";
constexpr std::string_view kNoSuchDatabase = "ERR DB index is out of range";
constexpr std::string_view kNotInt32 =
    "ERR value is out of range, value must between -2147483648 and 2147483647";

// The database that the argument at `index` numbers, or null after the error was sent.
Database* database_argument(CommandContext& ctx, size_t index) {
  using Limits = std::numeric_limits<int32_t>;
  const auto number = ctx.integer_between(index, Limits::min(), Limits::max(), kNotInt32);
  if (!number) return nullptr;
  if (*number < 0 || *number >= ctx.server.keyspace.database_count()) {
    ctx.error(kNoSuchDatabase);
    return nullptr;
  }
  return &ctx.server.keyspace.database(static_cast<int>(*number));
}

storage::LazyFree* lazy_replacing(CommandContext& ctx) {
  return ctx.server.keyspace.lazy(ctx.server.config.lazyfree_lazy_server_del);
}

// --- DEL, UNLINK

void remove_keys(CommandContext& ctx, bool lazy) {
  int64_t removed = 0;
  for_each_key(ctx, 1, 1, [&](const Key& key, size_t) {
    const Item item = ctx.server.keyspace.find_to_remove(ctx.db, key);
    if (!item) return;
    ctx.remove(item, key, lazy);
    ++removed;
  });
  ctx.reply.integer(removed);
}

void del_command(CommandContext& ctx) {
  remove_keys(ctx, ctx.server.config.lazyfree_lazy_user_del);
}

void unlink_command(CommandContext& ctx) {
  remove_keys(ctx, true);
}

// --- EXISTS, TOUCH, TYPE, RANDOMKEY

void exists_command(CommandContext& ctx) {
  int64_t found = 0;
  for_each_key(ctx, 1, 1, [&](const Key& key, size_t) {
    if (ctx.peek(key)) ++found;
  });
  ctx.reply.integer(found);
}

void touch_command(CommandContext& ctx) {
  int64_t touched = 0;
  for_each_key(ctx, 1, 1, [&](const Key& key, size_t) {
    const ConstItem item = ctx.peek(key);
    if (!item) return;
    ctx.server.keyspace.touch(item);  // also for a client in no-touch mode: it asked for it
    ++touched;
  });
  ctx.reply.integer(touched);
}

void type_command(CommandContext& ctx) {
  const ConstItem item = ctx.peek(ctx.key(1));
  ctx.reply.simple(item ? storage::type_name(item->type()) : "none");
}

void randomkey_command(CommandContext& ctx) {
  // Where expired keys may not be removed, there might be no others: then one of them must do.
  constexpr int kMaxDraws = 100;
  const bool none_may_be_left =
      ctx.server.keyspace.expiry_mode() == storage::ExpiryMode::kHide &&
      ctx.db.volatile_count() + ctx.db.volatile_fields_count() >= ctx.db.size();
  for (int draw = 1;; ++draw) {
    const Item item = ctx.db.random(ctx.server.keyspace.random);
    if (!item) return ctx.reply.null();
    const std::string_view name = item->key();
    if (ctx.server.keyspace.find(ctx.db, Key(name)) || (none_may_be_left && draw == kMaxDraws)) {
      return ctx.reply.bulk(name);
    }
  }
}

// --- COPY, MOVE

struct CopyOptions {
  Database* to;
  bool replace = false;
};

std::optional<CopyOptions> copy_options(CommandContext& ctx) {
  CopyOptions options{.to = &ctx.db};
  for (size_t i = 3; i < ctx.arity(); ++i) {
    if (ctx.arg_is(i, "REPLACE")) {
      options.replace = true;
    } else if (ctx.arg_is(i, "DB") && i + 1 < ctx.arity()) {
      options.to = database_argument(ctx, ++i);
      if (options.to == nullptr) return std::nullopt;
    } else {
      ctx.syntax_error();
      return std::nullopt;
    }
  }
  return options;
}

void copy_command(CommandContext& ctx) {
  const std::optional<CopyOptions> options = copy_options(ctx);
  if (!options) return;
  Database& to = *options->to;
  const Key source = ctx.key(1);
  const Key target = ctx.key(2);
  if (&to == &ctx.db && source.bytes == target.bytes) return ctx.error(kSameObject);
  if (!ctx.find_read(source)) return ctx.reply.integer(0);
  if (const Item old = ctx.find_write_in(to, target)) {
    if (!options->replace) return ctx.reply.integer(0);
    to.erase(old, target, lazy_replacing(ctx));
  }
  const Item from = ctx.db.find(source);  // again: what was found may have moved since
  const Item copy = to.copy(from, target, from->expire_at_ms());
  copy->set_access(ctx.new_access());
  ctx.notify_in(to, kNotifyNew, "new", target.bytes);
  ctx.changed_in(to, target.bytes);
  ctx.notify_in(to, kNotifyGeneric, "copy_to", target.bytes);
  ctx.reply.integer(1);
}

void move_command(CommandContext& ctx) {
  const Key key = ctx.key(1);
  Database* const to = database_argument(ctx, 2);
  if (to == nullptr) return;
  if (to == &ctx.db) return ctx.error(kSameObject);
  const Item item = ctx.find_write(key);
  if (!item || ctx.find_write_in(*to, key)) return ctx.reply.integer(0);
  ctx.db.move(item, key, *to, key);
  ctx.notify_in(*to, kNotifyNew, "new", key.bytes);
  ctx.changed(key.bytes);
  ctx.changed_in(*to, key.bytes, 0);
  ctx.notify(kNotifyGeneric, "move_from", key.bytes);
  ctx.notify_in(*to, kNotifyGeneric, "move_to", key.bytes);
  ctx.reply.integer(1);
}

// --- RENAME, RENAMENX

// Renames the key unless it has the name already, or another key has it and is not to be replaced.
// Returns whether it did; nothing after the error was sent.
std::optional<bool> rename_key(CommandContext& ctx, bool replace) {
  const Key from = ctx.key(1);
  const Key to = ctx.key(2);
  if (!ctx.find_write(from)) {
    ctx.error(errors::kNoSuchKey);
    return std::nullopt;
  }
  if (from.bytes == to.bytes) return false;
  if (const Item old = ctx.find_write(to)) {
    if (!replace) return false;
    ctx.db.erase(old, to, lazy_replacing(ctx));
  }
  ctx.db.move(ctx.db.find(from), from, ctx.db, to);
  ctx.notify(kNotifyNew, "new", to.bytes);
  ctx.changed(from.bytes);
  ctx.changed(to.bytes, 0);
  ctx.notify(kNotifyGeneric, "rename_from", from.bytes);
  ctx.notify(kNotifyGeneric, "rename_to", to.bytes);
  return true;
}

void rename_command(CommandContext& ctx) {
  if (rename_key(ctx, true)) ctx.reply.ok();
}

void renamenx_command(CommandContext& ctx) {
  const std::optional<bool> renamed = rename_key(ctx, false);
  if (renamed) ctx.reply.integer(*renamed ? 1 : 0);
}

constexpr CommandRow kGenericRows[] = {
    {.name = "COPY",
     .handler = copy_command,
     .arity = -3,
     .group = "generic",
     .since = "6.2.0",
     .flags = "WRITE,DENYOOM",
     .acl = "KEYSPACE",
     .keys = "RO+ACCESS@index:1/range:0,1,0 ; OW+UPDATE@index:2/range:0,1,0",
     .syntax = "source destination [DB destination-db:integer] [REPLACE]",
     .complexity = "O(N)",
     .summary = "Duplicates a value under another key."},
    {.name = "DEL",
     .handler = del_command,
     .arity = -2,
     .group = "generic",
     .since = "1.0.0",
     .flags = "WRITE",
     .acl = "KEYSPACE",
     .tips = "REQUEST_POLICY:MULTI_SHARD,RESPONSE_POLICY:AGG_SUM",
     .keys = "RM+DELETE@index:1/range:-1,1,0",
     .syntax = "key ...",
     .complexity = "O(N)",
     .summary = "Removes keys and frees their values at once."},
    {.name = "EXISTS",
     .handler = exists_command,
     .arity = -2,
     .group = "generic",
     .since = "1.0.0",
     .flags = "READONLY,FAST",
     .acl = "KEYSPACE",
     .tips = "REQUEST_POLICY:MULTI_SHARD,RESPONSE_POLICY:AGG_SUM",
     .keys = "RO@index:1/range:-1,1,0",
     .syntax = "key ...",
     .complexity = "O(N)",
     .summary = "Counts how many of the given keys exist.",
     .history = "3.0.3 Several keys in one call."},
    {.name = "MOVE",
     .handler = move_command,
     .arity = 3,
     .group = "generic",
     .since = "1.0.0",
     .flags = "WRITE,FAST",
     .acl = "KEYSPACE",
     .keys = "RW+ACCESS+UPDATE@index:1/range:0,1,0",
     .syntax = "key db:integer",
     .complexity = "O(1)",
     .summary = "Moves a key into another database."},
    {.name = "RANDOMKEY",
     .handler = randomkey_command,
     .arity = 1,
     .group = "generic",
     .since = "1.0.0",
     .flags = "READONLY,TOUCHES_ARBITRARY_KEYS",
     .acl = "KEYSPACE",
     .tips = "REQUEST_POLICY:ALL_SHARDS,RESPONSE_POLICY:SPECIAL,NONDETERMINISTIC_OUTPUT",
     .complexity = "O(1)",
     .summary = "Picks a key of the selected database at random."},
    {.name = "RENAME",
     .handler = rename_command,
     .arity = 3,
     .group = "generic",
     .since = "1.0.0",
     .flags = "WRITE",
     .acl = "KEYSPACE",
     .keys = "RW+ACCESS+DELETE@index:1/range:0,1,0 ; OW+UPDATE@index:2/range:0,1,0",
     .syntax = "key newkey",
     .complexity = "O(1)",
     .summary = "Gives a key a new name, replacing any key that has it."},
    {.name = "RENAMENX",
     .handler = renamenx_command,
     .arity = 3,
     .group = "generic",
     .since = "1.0.0",
     .flags = "WRITE,FAST",
     .acl = "KEYSPACE",
     .keys = "RW+ACCESS+DELETE@index:1/range:0,1,0 ; OW+INSERT@index:2/range:0,1,0",
     .syntax = "key newkey",
     .complexity = "O(1)",
     .summary = "Gives a key a new name unless that name is taken.",
     .history = "3.2.0 Equal names are no longer an error."},
    {.name = "TOUCH",
     .handler = touch_command,
     .arity = -2,
     .group = "generic",
     .since = "3.2.1",
     .flags = "READONLY,FAST",
     .acl = "KEYSPACE",
     .tips = "REQUEST_POLICY:MULTI_SHARD,RESPONSE_POLICY:AGG_SUM",
     .keys = "RO@index:1/range:-1,1,0",
     .syntax = "key ...",
     .complexity = "O(N)",
     .summary = "Marks keys as used now and counts those that exist."},
    {.name = "TYPE",
     .handler = type_command,
     .arity = 2,
     .group = "generic",
     .since = "1.0.0",
     .flags = "READONLY,FAST",
     .acl = "KEYSPACE",
     .keys = "RO@index:1/range:0,1,0",
     .syntax = "key",
     .complexity = "O(1)",
     .summary = "Names the data type of the value at a key."},
    {.name = "UNLINK",
     .handler = unlink_command,
     .arity = -2,
     .group = "generic",
     .since = "4.0.0",
     .flags = "WRITE,FAST",
     .acl = "KEYSPACE",
     .tips = "REQUEST_POLICY:MULTI_SHARD,RESPONSE_POLICY:AGG_SUM",
     .keys = "RM+DELETE@index:1/range:-1,1,0",
     .syntax = "key ...",
     .complexity = "O(1)",
     .summary = "Removes keys at once and frees their values in the background."},
};

}  // namespace

CommandFamily generic_commands() {
  return kGenericRows;
}

}  // namespace spinel::server
