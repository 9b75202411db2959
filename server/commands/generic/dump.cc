// DUMP and RESTORE: a value as bytes, for another server or a later time.
//
// The effect of RESTORE is RESTORE with the time at which the key expires, or DEL if that time has
// passed and there was a key to replace.
#include "persistence/rdb/dump.h"

#include <optional>
#include <string>
#include <vector>

#include "server/engine/context.h"
#include "server/engine/families.h"
#include "server/persistence/value_limits.h"
#include "storage/base/numbers.h"

namespace spinel::server {
namespace {

using persistence::rdb::DumpReader;
using storage::Item;
using storage::Key;
using storage::kNoExpiry;

// --- DUMP

void dump_command(CommandContext& ctx) {
  const storage::ConstItem item = ctx.find_read(ctx.key(1));
  if (!item) return ctx.reply.null();
  std::string payload;
  persistence::rdb::dump_value(*item, ctx.server.config.rdbcompression, payload);
  ctx.reply.bulk(payload);
}

// --- RESTORE

constexpr size_t kTtl = 2;
constexpr size_t kPayload = 3;
constexpr size_t kFirstOption = 4;

struct RestoreOptions {
  bool replace = false;
  bool absolute_ttl = false;
  std::optional<int64_t> idle_seconds;
  std::optional<uint8_t> frequency;
};

std::optional<RestoreOptions> restore_options(CommandContext& ctx) {
  constexpr std::string_view kBadIdleTime = "ERR Invalid IDLETIME value, must be >= 0";
  constexpr std::string_view kBadFrequency = "ERR Invalid FREQ value, must be >= 0 and <= 255";
  RestoreOptions options;
  for (size_t i = kFirstOption; i < ctx.arity(); ++i) {
    const bool has_value = i + 1 < ctx.arity();
    if (ctx.arg_is(i, "REPLACE")) {
      options.replace = true;
    } else if (ctx.arg_is(i, "ABSTTL")) {
      options.absolute_ttl = true;
    } else if (ctx.arg_is(i, "IDLETIME") && has_value && !options.frequency) {
      options.idle_seconds = ctx.integer_between(++i, 0, INT64_MAX, kBadIdleTime);
      if (!options.idle_seconds) return std::nullopt;
    } else if (ctx.arg_is(i, "FREQ") && has_value && !options.idle_seconds) {
      const auto frequency = ctx.integer_between(++i, 0, UINT8_MAX, kBadFrequency);
      if (!frequency) return std::nullopt;
      options.frequency = static_cast<uint8_t>(*frequency);
    } else {
      ctx.syntax_error();
      return std::nullopt;
    }
  }
  return options;
}

// When the key is to expire, in Unix milliseconds.
std::optional<int64_t> restored_expiry_ms(CommandContext& ctx, bool is_absolute) {
  const auto ttl_ms =
      ctx.integer_between(kTtl, 0, INT64_MAX, "ERR Invalid TTL value, must be >= 0");
  if (!ttl_ms) return std::nullopt;
  if (*ttl_ms == 0) return kNoExpiry;
  if (is_absolute) return *ttl_ms;
  // Redis lets the sum of a huge TTL wrap to a time that has passed.
  const auto sum = static_cast<uint64_t>(*ttl_ms) + static_cast<uint64_t>(ctx.server.now_ms());
  return static_cast<int64_t>(sum);
}

// Reads the value that the payload holds. False after the error was sent.
bool read_payload(CommandContext& ctx, DumpReader& reader) {
  const DumpReader::Status status = reader.read();
  const SanitizeDump counted = ctx.server.config.sanitize_dump_payload;
  if (counted == SanitizeDump::kYes ||
      (counted == SanitizeDump::kClients && ctx.session.client() != nullptr)) {
    ctx.server.stats.dump_payload_sanitizations += static_cast<int64_t>(reader.checked_blobs());
  }
  switch (status) {
    case DumpReader::Status::kOk:
      return true;
    case DumpReader::Status::kWrongFooter:
      ctx.error("ERR DUMP payload version or checksum are wrong");
      return false;
    case DumpReader::Status::kBadData:
      ctx.error("ERR Bad data format");
      return false;
  }
  return false;
}

// The value's time has passed: it is not stored, and takes away the key that it was to replace.
void restore_nothing(CommandContext& ctx, Item old, const Key& key) {
  if (!old) return;
  ctx.remove(old, key, ctx.server.config.lazyfree_lazy_server_del);
  ctx.propagate_removal(key.bytes, false);
}

uint32_t restored_access(const CommandContext& ctx, const RestoreOptions& options) {
  const storage::AccessClock& clock = ctx.server.keyspace.access;
  if (clock.lfu && options.frequency) return clock.with_frequency(*options.frequency);
  if (!clock.lfu && options.idle_seconds) return clock.with_idle_seconds(*options.idle_seconds);
  return clock.initial();
}

// Has the effect say at which time the key expires.
void propagate_absolute_ttl(CommandContext& ctx, int64_t expire_at_ms) {
  if (!ctx.server.effects.active()) return;
  const storage::IntegerText time_text(expire_at_ms);
  std::vector<std::string_view> effect(ctx.args.begin(), ctx.args.end());
  effect[kTtl] = time_text.view();
  effect.emplace_back("ABSTTL");
  ctx.propagate(effect);
}

void restore_command(CommandContext& ctx) {
  const std::optional<RestoreOptions> options = restore_options(ctx);
  if (!options) return;
  const Key key = ctx.key(1);
  if (!options->replace && ctx.find_write(key)) {
    return ctx.error("BUSYKEY Target key name already exists.");
  }
  const std::optional<int64_t> expire_at_ms = restored_expiry_ms(ctx, options->absolute_ttl);
  if (!expire_at_ms) return;
  const persistence::rdb::ValueLimits limits = value_limits(ctx.server);
  DumpReader reader(ctx.arg(kPayload), limits);
  if (!read_payload(ctx, reader)) return;

  Item item = ctx.db.find(key);  // expired or not: it is replaced without an event of its own
  ctx.reply.ok();
  if (*expire_at_ms != kNoExpiry && ctx.server.keyspace.is_over(*expire_at_ms)) {
    return restore_nothing(ctx, item, key);
  }
  reader.value().store(ctx.db, key, item, *expire_at_ms, 0);
  item->set_access(restored_access(ctx, *options));
  if (*expire_at_ms != kNoExpiry && !options->absolute_ttl) {
    propagate_absolute_ttl(ctx, *expire_at_ms);
  }
  ctx.created(key.bytes);
  ctx.changed(key.bytes);
  ctx.notify(kNotifyGeneric, "restore", key.bytes);
}

constexpr CommandRow kDumpRows[] = {
    {.name = "DUMP",
     .handler = dump_command,
     .arity = 2,
     .group = "generic",
     .since = "2.6.0",
     .flags = "READONLY",
     .acl = "KEYSPACE",
     .tips = "NONDETERMINISTIC_OUTPUT",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key",
     .complexity = "O(1) to find the key, O(N) to serialize a value of N bytes.",
     .summary = "Returns the value at a key in a serialized form."},
    {.name = "RESTORE",
     .handler = restore_command,
     .arity = -4,
     .group = "generic",
     .since = "2.6.0",
     .flags = "WRITE,DENYOOM",
     .acl = "KEYSPACE,DANGEROUS",
     .keys = "OW+UPDATE@index:1/range:0,1,0",
     .syntax = "key ttl:integer serialized-value:string [REPLACE@3.0.0] [ABSTTL@5.0.0] "
               "[IDLETIME seconds:integer@5.0.0] [FREQ frequency:integer@5.0.0]",
     .complexity = "O(N)",
     .summary = "Stores a value that DUMP returned.",
     .history = "3.0.0 Option `REPLACE`. ; 5.0.0 Options `ABSTTL`, `IDLETIME` and `FREQ`."},
    {.name = "RESTORE-ASKING",
     .handler = restore_command,
     .arity = -4,
     .group = "server",
     .since = "3.0.0",
     .flags = "WRITE,DENYOOM,ASKING",
     .acl = "KEYSPACE,DANGEROUS",
     .keys = "OW+UPDATE@index:1/range:0,1,0",
     .syntax = "key ttl:integer serialized-value:string [REPLACE@3.0.0] [ABSTTL@5.0.0] "
               "[IDLETIME seconds:integer@5.0.0] [FREQ frequency:integer@5.0.0]",
     .complexity = "O(N)",
     .summary = "Stores a value for a slot that is being migrated here.",
     .history = "3.0.0 Option `REPLACE`. ; 5.0.0 Options `ABSTTL`, `IDLETIME` and `FREQ`.",
     .doc_flags = "SYSCMD"},
};

}  // namespace

CommandFamily dump_commands() {
  return kDumpRows;
}

}  // namespace spinel::server
