// HyperLogLog: counts of different elements in strings of 12 KiB or less.
#include "storage/types/hyperloglog.h"

#include <algorithm>
#include <fmt/format.h>

#include "server/commands/support/each_key.h"
#include "server/engine/context.h"
#include "server/engine/families.h"
#include "storage/keyspace/entry_string.h"
#include "storage/types/hyperloglog_self_test.h"

namespace spinel::server {
namespace {

using storage::ConstItem;
using storage::HyperLogLog;
using storage::HyperLogLogView;
using storage::Item;
using storage::Key;
using storage::RawString;
using storage::Type;

constexpr std::string_view kNotValid = "WRONGTYPE Key is not a valid HyperLogLog string value.";
constexpr std::string_view kCorrupt = "INVALIDOBJ Corrupted HLL object detected";

// --- the value at a key, which exists

// No opcode has more than two bytes or fewer registers than one: what is longer than this has too
// many registers, and does so up to here.
constexpr size_t kEnoughBytes = storage::hll::kHeaderSize + 2 * (storage::hll::kRegisters + 1);

// The bytes that tell what a value is. A compressed bitmap may be 512 MB long.
std::string_view telling_bytes(const ConstItem& item, storage::StringScratch& scratch) {
  if (item->encoding() != storage::Encoding::kCompressedBitmap) {
    return storage::string_bytes(*item, scratch);
  }
  const size_t size = std::min(storage::string_size(*item), kEnoughBytes);
  return storage::string_part(*item, 0, size, scratch);
}

// The value as it is stored, or as `scratch` keeps it, cut off where it is corrupt anyway. Nothing
// if it is no HyperLogLog: the error has been sent.
std::optional<HyperLogLogView> readable(CommandContext& ctx, const ConstItem& item,
                                        storage::StringScratch& scratch) {
  if (!ctx.check_type(item, Type::kString)) return std::nullopt;
  const auto view = HyperLogLogView::of(telling_bytes(item, scratch));
  if (!view) ctx.error(kNotValid);
  return view;
}

// The same to be changed, for which it is given bytes of its own. Once it was, `store` it.
std::optional<HyperLogLog> writable(CommandContext& ctx, const Key& key, Item& item) {
  storage::StringScratch scratch;
  if (!readable(ctx, item, scratch)) return std::nullopt;
  if (item->encoding() != storage::Encoding::kRaw) {
    ctx.db.resize_string(key, item, storage::string_size(*item), ctx.new_access());
  }
  return HyperLogLog(storage::Database::writable_string(item));
}

void store(CommandContext& ctx, const Item& item, const HyperLogLog& hll) {
  ctx.db.update_object(item, storage::Encoding::kRaw, hll.value());
}

void create(CommandContext& ctx, const Key& key, Item& item) {
  ctx.created(key.bytes);
  ctx.db.set_object(key, item, storage::Encoding::kRaw, HyperLogLog::create(), storage::kNoExpiry,
                    ctx.new_access());
}

// --- PFADD

void pfadd_command(CommandContext& ctx) {
  const Key key = ctx.key(1);
  Item item = ctx.find_write(key);
  int64_t changes = 0;
  if (!item) {
    create(ctx, key, item);
    changes = 1;
  }
  std::optional<HyperLogLog> hll = writable(ctx, key, item);
  if (!hll) return;
  const size_t max_sparse_bytes = ctx.server.config.hll_sparse_max_bytes;
  for (size_t i = 2; i < ctx.arity(); ++i) {
    const HyperLogLog::Change change = hll->add(ctx.arg(i), max_sparse_bytes);
    if (change == HyperLogLog::Change::kCorrupt) {
      store(ctx, item, *hll);
      if (changes > 0) {  // some were added; elsewhere this fails at the same element
        ctx.changed(key.bytes, 0);
        ctx.propagate(ctx.args);
      }
      return ctx.error(kCorrupt);
    }
    if (change == HyperLogLog::Change::kDone) ++changes;
  }
  store(ctx, item, *hll);
  if (changes > 0) {
    ctx.changed(key.bytes, changes);
    ctx.notify(kNotifyString, "pfadd", key.bytes);
  }
  ctx.reply.integer(changes > 0 ? 1 : 0);
}

// --- PFCOUNT

// Counts what is at one key, and keeps the count there: that is a change to the key.
void count_one(CommandContext& ctx) {
  const Key key = ctx.key(1);
  const ConstItem found = ctx.find_read(key);
  if (!found) return ctx.reply.integer(0);
  Item item = ctx.db.writable(found);
  if (item->encoding() == storage::Encoding::kCompressedBitmap) {
    // Stays so unless there is a count to be kept in it: this command is run when memory is full.
    storage::StringScratch scratch;
    const auto view = readable(ctx, item, scratch);
    if (!view) return;
    const auto count = view->cached_count();
    if (count) return ctx.reply.integer(static_cast<int64_t>(*count));
    if (!view->count()) return ctx.error(kCorrupt);
  }
  std::optional<HyperLogLog> hll = writable(ctx, key, item);
  if (!hll) return;
  std::optional<uint64_t> count = hll->view().cached_count();
  if (!count) {
    count = hll->view().count();
    if (!count) return ctx.error(kCorrupt);
    hll->cache_count(*count);
    ctx.changed(key.bytes);
  }
  ctx.reply.integer(static_cast<int64_t>(*count));
}

// What the HyperLogLogs of several keys have together.
struct Union {
  storage::hll::Registers registers;
  bool any_dense = false;
};

// Merges the keys that there are, from the first argument on. False if one is not valid: the error
// has been sent.
bool merge_all(CommandContext& ctx, Union& result) {
  bool valid = true;
  for_each_key(ctx, 1, 1, [&](const Key& key, size_t) {
    if (!valid) return;
    const ConstItem item = ctx.find_read(key);
    if (!item) return;
    storage::StringScratch scratch;
    const std::optional<HyperLogLogView> view = readable(ctx, item, scratch);
    valid = view.has_value();
    if (!valid) return;
    result.any_dense |= view->dense();
    valid = view->merge_into(result.registers);
    if (!valid) ctx.error(kCorrupt);
  });
  return valid;
}

void pfcount_command(CommandContext& ctx) {
  if (ctx.arity() == 2) return count_one(ctx);
  Union all;
  if (!merge_all(ctx, all)) return;
  storage::hll::Histogram counts = {};
  storage::hll::kernels().count(all.registers, counts);
  ctx.reply.integer(static_cast<int64_t>(storage::hll::estimate(counts)));
}

// --- PFMERGE

void pfmerge_command(CommandContext& ctx) {
  Union all;
  if (!merge_all(ctx, all)) return;  // the destination is one of them
  const Key key = ctx.key(1);
  Item item = ctx.find_write(key);
  if (!item) create(ctx, key, item);
  std::optional<HyperLogLog> hll = writable(ctx, key, item);
  if (!hll) return;
  if (all.any_dense) hll->make_dense();
  hll->raise_to(all.registers, ctx.server.config.hll_sparse_max_bytes);
  store(ctx, item, *hll);
  ctx.changed(key.bytes);
  ctx.notify(kNotifyString, "pfadd", key.bytes);
  ctx.reply.ok();
}

// --- PFDEBUG

// Makes it dense, which is a change if it was not. Nothing if it is corrupt: the error has been
// sent.
std::optional<bool> debug_make_dense(CommandContext& ctx, const Item& item, HyperLogLog& hll) {
  if (hll.view().dense()) return false;
  if (!hll.make_dense()) {
    ctx.error(kCorrupt);
    return std::nullopt;
  }
  store(ctx, item, hll);
  ctx.changed(ctx.arg(2));
  return true;
}

void debug_getreg(CommandContext& ctx, const Item& item, HyperLogLog& hll) {
  if (!debug_make_dense(ctx, item, hll)) return;
  storage::hll::Registers registers;
  hll.view().merge_into(registers);
  ctx.reply.array(storage::hll::kRegisters);
  for (const uint8_t value : registers.values) ctx.reply.integer(value);
}

void pfdebug_command(CommandContext& ctx) {
  const Key key = ctx.key(2);
  Item item = ctx.find_write(key);
  if (!item) return ctx.error("ERR The specified key does not exist");
  std::optional<HyperLogLog> hll = writable(ctx, key, item);
  if (!hll) return;
  if (ctx.arg_is(1, "GETREG")) {
    debug_getreg(ctx, item, *hll);
  } else if (ctx.arg_is(1, "DECODE")) {
    if (hll->view().dense()) return ctx.error("ERR HLL encoding is not sparse");
    ctx.reply.bulk(hll->view().opcodes_text());
  } else if (ctx.arg_is(1, "ENCODING")) {
    ctx.reply.simple(hll->view().dense() ? "dense" : "sparse");
  } else if (ctx.arg_is(1, "TODENSE")) {
    const std::optional<bool> converted = debug_make_dense(ctx, item, *hll);
    if (converted) ctx.reply.integer(*converted ? 1 : 0);
  } else {
    ctx.error(fmt::format("ERR Unknown PFDEBUG subcommand '{}'", ctx.arg(1)));
  }
}

void pfselftest_command(CommandContext& ctx) {
  const std::optional<std::string> failure = storage::hll::self_test();
  if (failure) return ctx.error("TESTFAILED " + *failure);
  ctx.reply.ok();
}

constexpr CommandRow kHyperLogLogRows[] = {
    {.name = "PFADD",
     .handler = pfadd_command,
     .arity = -2,
     .group = "hyperloglog",
     .since = "2.8.9",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "HYPERLOGLOG",
     .keys = "RW+INSERT@index:1/range:0,1,0",
     .syntax = "key [element:string ...]",
     .complexity = "O(1)",
     .summary = "Adds elements to a HyperLogLog, creating the key if it is missing."},
    {.name = "PFCOUNT",
     .handler = pfcount_command,
     .arity = -2,
     .group = "hyperloglog",
     .since = "2.8.9",
     .flags = "READONLY,MAY_REPLICATE",
     .acl = "HYPERLOGLOG",
     .keys = "RW+ACCESS@index:1/range:-1,1,0 (RW because the count of a single key is kept in it)",
     .syntax = "key ...",
     .complexity = "O(1)",
     .summary = "Estimates how many different elements the HyperLogLogs of keys have together."},
    {.name = "PFDEBUG",
     .handler = pfdebug_command,
     .arity = 3,
     .group = "hyperloglog",
     .since = "2.8.9",
     .flags = "WRITE,DENYOOM,ADMIN",
     .acl = "HYPERLOGLOG",
     .keys = "RW+ACCESS@index:2/range:0,1,0",
     .syntax = "subcommand:string key",
     .summary = "Shows the inside of a HyperLogLog.",
     .doc_flags = "SYSCMD"},
    {.name = "PFMERGE",
     .handler = pfmerge_command,
     .arity = -2,
     .group = "hyperloglog",
     .since = "2.8.9",
     .flags = "WRITE,DENYOOM",
     .acl = "HYPERLOGLOG",
     .keys = "RW+ACCESS+INSERT@index:1/range:0,1,0 ; RO+ACCESS@index:2/range:-1,1,0",
     .syntax = "destkey [sourcekey ...]",
     .complexity = "O(N)",
     .summary = "Merges HyperLogLogs into one."},
    {.name = "PFSELFTEST",
     .handler = pfselftest_command,
     .arity = 1,
     .group = "hyperloglog",
     .since = "2.8.9",
     .flags = "ADMIN",
     .acl = "HYPERLOGLOG",
     .summary = "Checks the HyperLogLog implementation on this machine.",
     .doc_flags = "SYSCMD"},
};

}  // namespace

CommandFamily hyperloglog_commands() {
  return kHyperLogLogRows;
}

}  // namespace spinel::server
