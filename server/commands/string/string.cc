// Whole strings: GET, SET and their relatives.
#include <fmt/format.h>
#include <limits>

#include "server/commands/support/each_key.h"
#include "server/commands/support/string_reply.h"
#include "server/engine/command_errors.h"
#include "server/engine/context.h"
#include "server/engine/families.h"
#include "server/engine/key_spec.h"
#include "storage/base/numbers.h"

namespace spinel::server {
namespace {

using storage::ConstItem;
using storage::Item;
using storage::Key;
using storage::kNoExpiry;
using storage::Type;

// --- expiry options of SET and GETEX

// How an expiry is written: relative or Unix time, in seconds or milliseconds.
enum class ExpiryForm : uint8_t { kNone, kEx, kPx, kExat, kPxat };

ExpiryForm expiry_form(std::string_view keyword) {
  if (storage::equals_ignore_case(keyword, "EX")) return ExpiryForm::kEx;
  if (storage::equals_ignore_case(keyword, "PX")) return ExpiryForm::kPx;
  if (storage::equals_ignore_case(keyword, "EXAT")) return ExpiryForm::kExat;
  if (storage::equals_ignore_case(keyword, "PXAT")) return ExpiryForm::kPxat;
  return ExpiryForm::kNone;
}

// The Unix time in milliseconds that the argument at `index` means. If there is none, the error has
// been sent.
std::optional<int64_t> expiry_time(CommandContext& ctx, size_t index, ExpiryForm form) {
  const std::optional<int64_t> amount = ctx.integer(index);
  if (!amount) return std::nullopt;
  const bool in_seconds = form == ExpiryForm::kEx || form == ExpiryForm::kExat;
  const bool relative = form == ExpiryForm::kEx || form == ExpiryForm::kPx;
  int64_t time_ms = 0;
  if (*amount <= 0 || __builtin_mul_overflow(*amount, in_seconds ? 1000 : 1, &time_ms) ||
      __builtin_add_overflow(time_ms, relative ? ctx.server.now_ms() : 0, &time_ms)) {
    ctx.error(fmt::format("ERR invalid expire time in '{}' command", ctx.command.name));
    return std::nullopt;
  }
  return time_ms;
}

struct Options {
  bool only_new = false;       // NX
  bool only_existing = false;  // XX
  bool get = false;
  bool keep_ttl = false;
  bool persist = false;
  ExpiryForm expiry = ExpiryForm::kNone;
  size_t expiry_index = 0;  // of its argument
};

// Reads an expiry at `index`, which moves on to the last argument read. False if there is none, or
// if it contradicts what was read before.
bool read_expiry(const CommandContext& ctx, size_t& index, Options& options) {
  const ExpiryForm form = expiry_form(ctx.arg(index));
  if (form == ExpiryForm::kNone || index + 1 == ctx.arity()) return false;
  if (options.keep_ttl || options.persist) return false;
  if (options.expiry != ExpiryForm::kNone && options.expiry != form) return false;
  options.expiry = form;
  options.expiry_index = ++index;
  return true;
}

// If these cannot read the options, the error has been sent.
std::optional<Options> set_options(CommandContext& ctx) {
  Options options;
  for (size_t i = 3; i < ctx.arity(); ++i) {
    if (ctx.arg_is(i, "NX") && !options.only_existing) {
      options.only_new = true;
    } else if (ctx.arg_is(i, "XX") && !options.only_new) {
      options.only_existing = true;
    } else if (ctx.arg_is(i, "GET")) {
      options.get = true;
    } else if (ctx.arg_is(i, "KEEPTTL") && options.expiry == ExpiryForm::kNone) {
      options.keep_ttl = true;
    } else if (!read_expiry(ctx, i, options)) {
      ctx.syntax_error();
      return std::nullopt;
    }
  }
  return options;
}

std::optional<Options> getex_options(CommandContext& ctx) {
  Options options;
  for (size_t i = 2; i < ctx.arity(); ++i) {
    if (ctx.arg_is(i, "PERSIST") && options.expiry == ExpiryForm::kNone) {
      options.persist = true;
    } else if (!read_expiry(ctx, i, options)) {
      ctx.syntax_error();
      return std::nullopt;
    }
  }
  return options;
}

// --- reading

// Replies the string at `item`, or null. False if it is no string: WRONGTYPE has been sent.
bool reply_string(CommandContext& ctx, const ConstItem& item) {
  if (!item) {
    ctx.reply.null();
    return true;
  }
  if (!ctx.check_type(item, Type::kString)) return false;
  reply_string_value(ctx.reply, *item);
  return true;
}

void get_command(CommandContext& ctx) {
  reply_string(ctx, ctx.find_read(ctx.key(1)));
}

void mget_command(CommandContext& ctx) {
  ctx.reply.array(ctx.arity() - 1);
  for_each_key(ctx, 1, 1, [&ctx](const Key& key, size_t) {
    const ConstItem item = ctx.find_read(key);
    if (!item || item->type() != Type::kString) return ctx.reply.null();
    reply_string_value(ctx.reply, *item);
  });
}

// --- storing

// Stores `value`, whatever was at `item`. A large argument is not copied: its memory becomes the
// value, and it is valid only as long as the value stays.
void store(CommandContext& ctx, const Key& key, Item& item, std::string_view value,
           int64_t expire_at_ms) {
  if (!item) ctx.created(key.bytes);
  if (storage::RawString* received = ctx.server.dispatcher.take_large_argument(value)) {
    ctx.db.set_object(key, item, storage::Encoding::kRaw, received, expire_at_ms, ctx.new_access());
  } else {
    ctx.db.set_string(key, item, value, expire_at_ms, ctx.new_access());
  }
  ctx.changed(key.bytes);
  ctx.notify(kNotifyString, "set", key.bytes);
}

// As `store`, with an expiry: wherever and whenever the effect is applied, the key ends at that
// time.
void store_volatile(CommandContext& ctx, const Key& key, Item& item, std::string_view value,
                    int64_t expire_at_ms) {
  store(ctx, key, item, value, expire_at_ms);
  ctx.notify(kNotifyGeneric, "expire", key.bytes);
  const storage::IntegerText time(expire_at_ms);
  const std::string_view effect[] = {"SET", key.bytes, value, "PXAT", time.view()};
  ctx.propagate(effect);
}

// The effect of SET ... GET: the same without GET, which a reader of effects has no use for.
void propagate_without_get(CommandContext& ctx, const Options& options) {
  std::string_view effect[5] = {"SET", ctx.arg(1), ctx.arg(2)};
  size_t size = 3;
  if (options.only_new) effect[size++] = "NX";
  if (options.only_existing) effect[size++] = "XX";
  if (options.keep_ttl) effect[size++] = "KEEPTTL";
  ctx.propagate({effect, size});
}

void set_with_options(CommandContext& ctx) {
  const std::optional<Options> options = set_options(ctx);
  if (!options) return;
  int64_t expire_at_ms = kNoExpiry;
  if (options->expiry != ExpiryForm::kNone) {
    const auto time_ms = expiry_time(ctx, options->expiry_index, options->expiry);
    if (!time_ms) return;
    expire_at_ms = *time_ms;
  }
  const Key key = ctx.key(1);
  Item item = options->get ? ctx.find_read_write(key) : ctx.find_write(key);
  if (options->get && !reply_string(ctx, item)) return;
  if (item ? options->only_new : options->only_existing) {
    if (!options->get) ctx.reply.null();
    return;
  }
  if (expire_at_ms != kNoExpiry) {
    store_volatile(ctx, key, item, ctx.arg(2), expire_at_ms);
  } else {
    const bool keep = options->keep_ttl && item;
    store(ctx, key, item, ctx.arg(2), keep ? item->expire_at_ms() : kNoExpiry);
    if (options->get) propagate_without_get(ctx, *options);
  }
  if (!options->get) ctx.reply.ok();
}

void set_command(CommandContext& ctx) {
  if (ctx.arity() != 3) return set_with_options(ctx);
  const Key key = ctx.key(1);
  Item item = ctx.find_write(key);
  store(ctx, key, item, ctx.arg(2), kNoExpiry);
  ctx.reply.ok();
}

// SETEX and PSETEX: key, time, value.
void set_with_time(CommandContext& ctx, ExpiryForm form) {
  const std::optional<int64_t> expire_at_ms = expiry_time(ctx, 2, form);
  if (!expire_at_ms) return;
  const Key key = ctx.key(1);
  Item item = ctx.find_write(key);
  store_volatile(ctx, key, item, ctx.arg(3), *expire_at_ms);
  ctx.reply.ok();
}

void setex_command(CommandContext& ctx) {
  set_with_time(ctx, ExpiryForm::kEx);
}

void psetex_command(CommandContext& ctx) {
  set_with_time(ctx, ExpiryForm::kPx);
}

void setnx_command(CommandContext& ctx) {
  const Key key = ctx.key(1);
  Item item = ctx.find_write(key);
  if (item) return ctx.reply.integer(0);
  store(ctx, key, item, ctx.arg(2), kNoExpiry);
  ctx.reply.integer(1);
}

void getset_command(CommandContext& ctx) {
  const Key key = ctx.key(1);
  Item item = ctx.find_read_write(key);
  if (!reply_string(ctx, item)) return;
  store(ctx, key, item, ctx.arg(2), kNoExpiry);
  const std::string_view effect[] = {"SET", key.bytes, ctx.arg(2)};
  ctx.propagate(effect);
}

// Whether every key has a value; if not, the error has been sent.
bool check_pairs(CommandContext& ctx) {
  if (ctx.arity() % 2 == 1) return true;
  ctx.error(wrong_arity_error(ctx.command));
  return false;
}

void store_pairs(CommandContext& ctx) {
  for_each_key(ctx, 1, 2, [&ctx](const Key& key, size_t index) {
    Item item = ctx.find_write(key);
    if (!item) ctx.created(key.bytes);
    // Always a copy: a key that comes twice would free the first value, which the effect repeats.
    ctx.db.set_string(key, item, ctx.arg(index + 1), kNoExpiry, ctx.new_access());
    ctx.changed(key.bytes);
    ctx.notify(kNotifyString, "set", key.bytes);
  });
}

void mset_command(CommandContext& ctx) {
  if (!check_pairs(ctx)) return;
  store_pairs(ctx);
  ctx.reply.ok();
}

void msetnx_command(CommandContext& ctx) {
  if (!check_pairs(ctx)) return;
  bool any_exists = false;
  for_each_key(ctx, 1, 2, [&](const Key& key, size_t) {
    if (!any_exists && ctx.find_write(key)) any_exists = true;
  });
  if (any_exists) return ctx.reply.integer(0);
  store_pairs(ctx);
  ctx.reply.integer(1);
}

// --- reading and changing

// Removes the key at `item`. `lazy` as configured for this kind of removal.
void remove(CommandContext& ctx, const Key& key, const Item& item, bool lazy) {
  ctx.remove(item, key, lazy);
  ctx.propagate_removal(key.bytes, lazy);
}

void getdel_command(CommandContext& ctx) {
  const Key key = ctx.key(1);
  const Item item = ctx.find_read_write(key);
  if (!reply_string(ctx, item) || !item) return;
  remove(ctx, key, item, ctx.server.config.lazyfree_lazy_user_del);
}

void set_expiry(CommandContext& ctx, const Key& key, Item& item, int64_t expire_at_ms) {
  // What is over already must not wait to be found so. Where keys end by order of somebody else,
  // that one gives it.
  if (ctx.server.keyspace.is_over(expire_at_ms)) {
    return remove(ctx, key, item, ctx.server.config.lazyfree_lazy_expire);
  }
  ctx.db.set_expiry(item, expire_at_ms);
  ctx.changed(key.bytes);
  ctx.notify(kNotifyGeneric, "expire", key.bytes);
  const storage::IntegerText time(expire_at_ms);
  const std::string_view effect[] = {"PEXPIREAT", key.bytes, time.view()};
  ctx.propagate(effect);
}

void drop_expiry(CommandContext& ctx, const Key& key, Item& item) {
  if (!item->has_expiry()) return;
  ctx.db.set_expiry(item, kNoExpiry);
  ctx.changed(key.bytes);
  ctx.notify(kNotifyGeneric, "persist", key.bytes);
  const std::string_view effect[] = {"PERSIST", key.bytes};
  ctx.propagate(effect);
}

void getex_command(CommandContext& ctx) {
  const std::optional<Options> options = getex_options(ctx);
  if (!options) return;
  const Key key = ctx.key(1);
  Item item = ctx.find_read_write(key);
  if (!item) return ctx.reply.null();
  if (!ctx.check_type(item, Type::kString)) return;
  std::optional<int64_t> expire_at_ms;
  if (options->expiry != ExpiryForm::kNone) {
    expire_at_ms = expiry_time(ctx, options->expiry_index, options->expiry);
    if (!expire_at_ms) return;
  }
  reply_string(ctx, item);
  if (expire_at_ms) {
    set_expiry(ctx, key, item, *expire_at_ms);
  } else if (options->persist) {
    drop_expiry(ctx, key, item);
  }
}

constexpr CommandRow kStringRows[] = {
    {.name = "GET",
     .handler = get_command,
     .arity = 2,
     .group = "string",
     .since = "1.0.0",
     .flags = "READONLY,FAST",
     .acl = "STRING",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key",
     .complexity = "O(1)",
     .summary = "Reads the string stored at a key."},
    {.name = "SET",
     .handler = set_command,
     .arity = -3,
     .group = "string",
     .since = "1.0.0",
     .flags = "WRITE,DENYOOM",
     .acl = "STRING",
     .keys = "RW+ACCESS+UPDATE+VARIABLE_FLAGS@index:1/range:0,1,0 (Also read when GET is given)",
     .key_finder = set_keys,
     .syntax = "key value:string [condition=<NX|XX>@2.6.12] [GET@6.2.0] [expiration=<EX "
               "seconds:integer@2.6.12|PX milliseconds:integer@2.6.12|EXAT "
               "unix-time-seconds:unix-time@6.2.0|PXAT "
               "unix-time-milliseconds:unix-time@6.2.0|KEEPTTL@6.0.0>]",
     .complexity = "O(1)",
     .summary = "Stores a string, replacing whatever the key held.",
     .history = "2.6.12 Options `EX`, `PX`, `NX` and `XX`. ; 6.0.0 Option `KEEPTTL`. ; 6.2.0 "
                "Options `GET`, `EXAT` and `PXAT`. ; 7.0.0 `NX` and `GET` may be combined."},
    {.name = "GETSET",
     .handler = getset_command,
     .arity = 3,
     .group = "string",
     .since = "1.0.0",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "STRING",
     .keys = "RW+ACCESS+UPDATE@index:1/range:0,1,0",
     .syntax = "key value:string",
     .complexity = "O(1)",
     .summary = "Replaces a string and returns what was there before.",
     .deprecated_since = "6.2.0",
     .replaced_by = "`SET` with the `!GET` argument",
     .doc_flags = "DEPRECATED"},
    {.name = "GETDEL",
     .handler = getdel_command,
     .arity = 2,
     .group = "string",
     .since = "6.2.0",
     .flags = "WRITE,FAST",
     .acl = "STRING",
     .keys = "RW+ACCESS+DELETE@index:1/range:0,1,0",
     .syntax = "key",
     .complexity = "O(1)",
     .summary = "Reads a string and removes its key."},
    {.name = "GETEX",
     .handler = getex_command,
     .arity = -2,
     .group = "string",
     .since = "6.2.0",
     .flags = "WRITE,FAST",
     .acl = "STRING",
     .keys = "RW+ACCESS+UPDATE@index:1/range:0,1,0",
     .syntax = "key [expiration=<EX seconds:integer|PX milliseconds:integer|EXAT "
               "unix-time-seconds:unix-time|PXAT unix-time-milliseconds:unix-time|PERSIST>]",
     .complexity = "O(1)",
     .summary = "Reads a string and changes or drops its expiry."},
    {.name = "SETEX",
     .handler = setex_command,
     .arity = 4,
     .group = "string",
     .since = "2.0.0",
     .flags = "WRITE,DENYOOM",
     .acl = "STRING",
     .keys = "OW+UPDATE@index:1/range:0,1,0",
     .syntax = "key seconds:integer value:string",
     .complexity = "O(1)",
     .summary = "Stores a string that expires after some seconds.",
     .deprecated_since = "2.6.12",
     .replaced_by = "`SET` with the `EX` argument",
     .doc_flags = "DEPRECATED"},
    {.name = "PSETEX",
     .handler = psetex_command,
     .arity = 4,
     .group = "string",
     .since = "2.6.0",
     .flags = "WRITE,DENYOOM",
     .acl = "STRING",
     .keys = "OW+UPDATE@index:1/range:0,1,0",
     .syntax = "key milliseconds:integer value:string",
     .complexity = "O(1)",
     .summary = "Stores a string that expires after some milliseconds.",
     .deprecated_since = "2.6.12",
     .replaced_by = "`SET` with the `PX` argument",
     .doc_flags = "DEPRECATED"},
    {.name = "SETNX",
     .handler = setnx_command,
     .arity = 3,
     .group = "string",
     .since = "1.0.0",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "STRING",
     .keys = "OW+INSERT@index:1/range:0,1,0",
     .syntax = "key value:string",
     .complexity = "O(1)",
     .summary = "Stores a string unless the key exists already.",
     .deprecated_since = "2.6.12",
     .replaced_by = "`SET` with the `NX` argument",
     .doc_flags = "DEPRECATED"},
    {.name = "MGET",
     .handler = mget_command,
     .arity = -2,
     .group = "string",
     .since = "1.0.0",
     .flags = "READONLY,FAST",
     .acl = "STRING",
     .tips = "REQUEST_POLICY:MULTI_SHARD",
     .keys = "RO+ACCESS@index:1/range:-1,1,0",
     .syntax = "key ...",
     .complexity = "O(N)",
     .summary = "Reads the strings stored at several keys."},
    {.name = "MSET",
     .handler = mset_command,
     .arity = -3,
     .group = "string",
     .since = "1.0.1",
     .flags = "WRITE,DENYOOM",
     .acl = "STRING",
     .tips = "REQUEST_POLICY:MULTI_SHARD,RESPONSE_POLICY:ALL_SUCCEEDED",
     .keys = "OW+UPDATE@index:1/range:-1,2,0",
     .syntax = "key-value=<key value:string> ...",
     .complexity = "O(N)",
     .summary = "Stores several strings at once."},
    {.name = "MSETNX",
     .handler = msetnx_command,
     .arity = -3,
     .group = "string",
     .since = "1.0.1",
     .flags = "WRITE,DENYOOM",
     .acl = "STRING",
     .keys = "OW+INSERT@index:1/range:-1,2,0",
     .syntax = "key-value=<key value:string> ...",
     .complexity = "O(N)",
     .summary = "Stores several strings at once, provided that none of the keys exists."},
};

}  // namespace

CommandFamily string_commands() {
  return kStringRows;
}

}  // namespace spinel::server
