// Fields of hashes used and given an expiry, or deleted, in one step.
#include <vector>

#include "server/commands/hash/hash_field_args.h"
#include "server/engine/families.h"

namespace spinel::server {
namespace {

using storage::Hash;
using storage::HashField;
using storage::kNoExpiry;

// --- options of HGETEX and HSETEX, in any order, with "FIELDS n field ..." among them

enum class Expiry : uint8_t { kUnsaid, kTime, kKeep, kPersist };

struct Options {
  bool only_if_none_exists = false;  // FNX
  bool only_if_all_exist = false;    // FXX
  Expiry expiry = Expiry::kUnsaid;
  TimeForm time_form{};
  size_t time_index = 0;
  FieldArgs fields{};
};

class OptionReader {
 public:
  // `step`: arguments that stand for one field; 2 with its value.
  OptionReader(CommandContext& ctx, size_t step)
      : ctx_(ctx),
        step_(step),
        one_expiry_only_(step == 1 ? "ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can "
                                     "be specified"
                                   : "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can "
                                     "be specified") {}

  // Nothing after the error was sent.
  std::optional<Options> read() {
    for (; index_ < ctx_.arity(); ++index_) {
      if (!read_one()) return std::nullopt;
    }
    if (options_.fields.end == 0) {
      ctx_.error("ERR missing FIELDS argument");
      return std::nullopt;
    }
    return options_;
  }

 private:
  bool fail(std::string_view error) {
    ctx_.error(error);
    return false;
  }

  bool read_one() {
    const int64_t now_ms = ctx_.server.now_ms();
    if (ctx_.arg_is(index_, "EX")) return read_time({.base_ms = now_ms, .unit_ms = kMsPerSecond});
    if (ctx_.arg_is(index_, "PX")) return read_time({.base_ms = now_ms, .unit_ms = 1});
    if (ctx_.arg_is(index_, "EXAT")) return read_time({.base_ms = 0, .unit_ms = kMsPerSecond});
    if (ctx_.arg_is(index_, "PXAT")) return read_time({.base_ms = 0, .unit_ms = 1});
    if (ctx_.arg_is(index_, "FIELDS")) return read_fields();
    if (is_getting() && ctx_.arg_is(index_, "PERSIST")) return set_expiry(Expiry::kPersist);
    if (!is_getting() && ctx_.arg_is(index_, "KEEPTTL")) return set_expiry(Expiry::kKeep);
    if (!is_getting() && ctx_.arg_is(index_, "FNX")) return set_condition(true);
    if (!is_getting() && ctx_.arg_is(index_, "FXX")) return set_condition(false);
    return fail("ERR unknown argument: " + std::string(ctx_.arg(index_)));
  }

  bool set_expiry(Expiry expiry) {
    if (options_.expiry != Expiry::kUnsaid) return fail(one_expiry_only_);
    options_.expiry = expiry;
    return true;
  }

  bool read_time(TimeForm form) {
    if (!set_expiry(Expiry::kTime)) return false;
    if (index_ + 1 == ctx_.arity()) {
      return fail("ERR missing expire time");
    }
    options_.time_form = form;
    options_.time_index = ++index_;
    return true;
  }

  bool set_condition(bool none_exists) {
    if (options_.only_if_none_exists || options_.only_if_all_exist) {
      return fail("ERR Only one of FXX or FNX arguments can be specified");
    }
    options_.only_if_none_exists = none_exists;
    options_.only_if_all_exist = !none_exists;
    return true;
  }

  bool read_fields() {
    if (options_.fields.end != 0) return fail("ERR multiple FIELDS argument");
    if (index_ + 1 == ctx_.arity()) return fail("ERR missing FIELDS argument");
    constexpr std::string_view kInvalidNumber = "ERR invalid number of fields";
    const std::optional<int64_t> count = ctx_.integer(index_ + 1, kInvalidNumber);
    if (!count) return false;
    if (*count < 1) return fail(kInvalidNumber);
    const size_t first = index_ + 2;
    if (static_cast<uint64_t>(*count) > (ctx_.arity() - first) / step_) {
      return fail("ERR wrong number of arguments");
    }
    options_.fields = {
        .first = first, .end = first + static_cast<size_t>(*count) * step_, .step = step_};
    index_ = options_.fields.end - 1;
    return true;
  }

  bool is_getting() const { return step_ == 1; }

  CommandContext& ctx_;
  const size_t step_;
  const std::string_view one_expiry_only_;
  size_t index_ = 2;
  Options options_;
};

// The time of expiry that is asked for, or kNoExpiry. Nothing after the error was sent.
std::optional<int64_t> expiry_of(CommandContext& ctx, const Options& options) {
  if (options.expiry != Expiry::kTime) return kNoExpiry;
  return field_expiry_time(ctx, options.time_index, options.time_form);
}

bool is_over(const CommandContext& ctx, int64_t expire_at_ms) {
  return expire_at_ms != kNoExpiry && ctx.server.keyspace.is_over(expire_at_ms);
}

void reply_nulls(CommandContext& ctx, size_t count) {
  ctx.reply.array(count);
  for (; count > 0; --count) ctx.reply.null();
}

// --- HGETEX

void hgetex_command(CommandContext& ctx) {
  const std::optional<Options> options = OptionReader(ctx, 1).read();
  if (!options) return;
  const std::optional<int64_t> time_ms = expiry_of(ctx, *options);
  if (!time_ms) return;
  const storage::Key key = ctx.key(1);
  auto writable = WritableHash::find(ctx, key);
  if (!writable) return;
  const FieldArgs& fields = options->fields;
  if (!writable->exists()) return reply_nulls(ctx, fields.count());

  Hash& hash = value_of(ctx, *writable);
  const bool removes = is_over(ctx, *time_ms);
  const bool persists = options->expiry == Expiry::kPersist;
  std::vector<std::string_view> changed;
  ctx.reply.array(fields.count());
  for_each_field(ctx, hash, fields.first, fields.end, 1, [&](const HashField& field, size_t) {
    const auto found = hash.find(field);
    if (!found) return ctx.reply.null();
    reply_element(ctx.reply, found->value);
    if (options->expiry == Expiry::kUnsaid) return;
    if (persists && found->expire_at_ms == kNoExpiry) return;
    if (removes) {
      hash.erase(field);
    } else {
      hash.set_expiry(*found, *time_ms);
    }
    changed.push_back(field.bytes);
  });
  if (changed.empty()) return;
  writable->commit(static_cast<int64_t>(changed.size()), kNotifyHash,
                   removes    ? "hdel"
                   : persists ? "hpersist"
                              : "hexpire");
  if (removes) return propagate_deletion(ctx, changed);
  persists ? propagate_persist(ctx, changed) : propagate_expiry(ctx, *time_ms, changed);
}

// --- HSETEX

bool condition_met(const CommandContext& ctx, const Hash& hash, const Options& options) {
  if (!options.only_if_none_exists && !options.only_if_all_exist) return true;
  bool met = true;
  const FieldArgs& fields = options.fields;
  for_each_field(ctx, hash, fields.first, fields.end, 2, [&](const HashField& field, size_t) {
    met = met && hash.find(field).has_value() == options.only_if_all_exist;
  });
  return met;
}

// `added` are fields that got no expiry because they did not exist: they had expired, and the other
// side may still know an expiry to keep.
void propagate_set(CommandContext& ctx, const Options& options, int64_t expire_at_ms,
                   ChangedFields added) {
  const storage::IntegerText time(expire_at_ms);
  const FieldArgs& fields = options.fields;
  std::vector<std::string_view> effect = {"HSETEX", ctx.arg(1)};
  if (options.expiry == Expiry::kTime) effect.insert(effect.end(), {"PXAT", time.view()});
  if (options.expiry == Expiry::kKeep) effect.emplace_back("KEEPTTL");
  effect.insert(effect.end(), {"FIELDS", ctx.arg(fields.first - 1)});
  for (size_t i = fields.first; i < fields.end; ++i) effect.push_back(ctx.arg(i));
  ctx.propagate(effect);
  propagate_persist(ctx, added);
}

// Sets the fields and deletes them: their time is over.
void set_and_delete(CommandContext& ctx, WritableHash& writable, const Options& options) {
  Hash& hash = value_of(ctx, writable);
  const FieldArgs& fields = options.fields;
  std::vector<std::string_view> deleted;
  for_each_field(ctx, hash, fields.first, fields.end, 2, [&](const HashField& field, size_t) {
    hash.erase(field);
    deleted.push_back(field.bytes);
  });
  ctx.notify(kNotifyHash, "hset", ctx.arg(1));
  writable.commit(static_cast<int64_t>(fields.count()), kNotifyHash, "hdel");
  propagate_deletion(ctx, deleted);
}

void hsetex_command(CommandContext& ctx) {
  const std::optional<Options> options = OptionReader(ctx, 2).read();
  if (!options) return;
  const std::optional<int64_t> time_ms = expiry_of(ctx, *options);
  if (!time_ms) return;
  const storage::Key key = ctx.key(1);
  auto writable = WritableHash::find(ctx, key);
  if (!writable) return;
  Hash& hash = value_of(ctx, *writable);
  if (!condition_met(ctx, hash, *options)) return ctx.reply.integer(0);
  ctx.reply.integer(1);
  if (is_over(ctx, *time_ms)) return set_and_delete(ctx, *writable, *options);

  const storage::HashLimits limits = hash_limits(ctx);
  const FieldArgs& fields = options->fields;
  const bool may_hide = hash.may_hide();
  std::vector<std::string_view> added;
  for_each_field(ctx, hash, fields.first, fields.end, 2, [&](const HashField& field, size_t index) {
    const std::string_view value = ctx.arg(index + 1);
    if (options->expiry != Expiry::kKeep) {
      hash.set(field, value, *time_ms, limits);
    } else if (hash.set_keeping_expiry(field, value, limits) && may_hide) {
      added.push_back(field.bytes);
    }
  });
  writable->commit(static_cast<int64_t>(fields.count()), kNotifyHash, "hset");
  if (options->expiry == Expiry::kTime) ctx.notify(kNotifyHash, "hexpire", key.bytes);
  propagate_set(ctx, *options, *time_ms, added);
}

// --- HGETDEL

void hgetdel_command(CommandContext& ctx) {
  const storage::Key key = ctx.key(1);
  auto writable = WritableHash::find(ctx, key);
  if (!writable) return;
  const auto fields = read_fields(ctx, 2, kFieldCountNotPositive);
  if (!fields) return;
  if (!writable->exists()) return reply_nulls(ctx, fields->count());
  Hash& hash = value_of(ctx, *writable);
  std::vector<std::string_view> deleted;
  ctx.reply.array(fields->count());
  for_each_field(ctx, hash, fields->first, fields->end, 1, [&](const HashField& field, size_t) {
    const auto found = hash.find(field);
    if (!found) return ctx.reply.null();
    reply_element(ctx.reply, found->value);
    hash.erase(field);
    deleted.push_back(field.bytes);
  });
  if (deleted.empty()) return;
  writable->commit(static_cast<int64_t>(deleted.size()), kNotifyHash, "hdel");
  propagate_deletion(ctx, deleted);
}

constexpr CommandRow kHashGetexRows[] = {
    {.name = "HGETEX",
     .handler = hgetex_command,
     .arity = -5,
     .group = "hash",
     .since = "8.0.0",
     .flags = "WRITE,FAST",
     .acl = "HASH",
     .keys = "RW+ACCESS+UPDATE@index:1/range:0,1,0 (Expiries are changed where an option says so)",
     .syntax = "key [expiration=<EX seconds:integer|PX milliseconds:integer|EXAT "
               "unix-time-seconds:unix-time|PXAT unix-time-milliseconds:unix-time|PERSIST>] FIELDS "
               "fields=<numfields:integer field:string ...>",
     .complexity = "O(N) for N fields.",
     .summary = "Reads fields of a hash, and sets or drops their expiry."},
    {.name = "HSETEX",
     .handler = hsetex_command,
     .arity = -6,
     .group = "hash",
     .since = "8.0.0",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "HASH",
     .keys = "RW+UPDATE@index:1/range:0,1,0",
     .syntax = "key [condition=<FNX|FXX>] [expiration=<EX seconds:integer|PX "
               "milliseconds:integer|EXAT unix-time-seconds:unix-time|PXAT "
               "unix-time-milliseconds:unix-time|KEEPTTL>] FIELDS fields=<numfields:integer "
               "data=<field:string value:string> ...>",
     .complexity = "O(N) for N fields.",
     .summary = "Sets fields of a hash together with their expiry."},
    {.name = "HGETDEL",
     .handler = hgetdel_command,
     .arity = -5,
     .group = "hash",
     .since = "8.0.0",
     .flags = "WRITE,FAST",
     .acl = "HASH",
     .keys = "RW+ACCESS+DELETE@index:1/range:0,1,0",
     .syntax = "key FIELDS fields=<numfields:integer field:string ...>",
     .complexity = "O(N) for N fields.",
     .summary = "Reads fields of a hash and deletes them."},
};

}  // namespace

CommandFamily hash_getex_commands() {
  return kHashGetexRows;
}

}  // namespace spinel::server
