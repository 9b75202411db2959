// BITOP: several strings combined, bit by bit.
#include <algorithm>
#include <deque>
#include <fmt/format.h>

#include "server/engine/context.h"
#include "server/engine/families.h"
#include "storage/keyspace/bitmap.h"

namespace spinel::server {
namespace {

using storage::BitmapView;
using storage::ConstItem;
using storage::Encoding;
using storage::Entry;
using storage::Item;
using storage::Key;
using storage::RawString;
using storage::Type;
using storage::bits::Operation;

struct OperationName {
  std::string_view name;
  Operation operation;
  bool compares_first;  // with the others: needs at least one
};

constexpr OperationName kOperations[] = {
    {"AND", Operation::kAnd, false},    {"OR", Operation::kOr, false},
    {"XOR", Operation::kXor, false},    {"NOT", Operation::kNot, false},
    {"DIFF", Operation::kDiff, true},   {"DIFF1", Operation::kDiff1, true},
    {"ANDOR", Operation::kAndOr, true}, {"ONE", Operation::kOne, false},
};

constexpr size_t kFirstSource = 3;

// If there is none, the error has been sent.
std::optional<Operation> read_operation(CommandContext& ctx) {
  const auto* found = std::ranges::find_if(
      kOperations, [&](const OperationName& candidate) { return ctx.arg_is(1, candidate.name); });
  if (found == std::end(kOperations)) {
    ctx.syntax_error();
    return std::nullopt;
  }
  const size_t sources = ctx.arity() - kFirstSource;
  if (found->operation == Operation::kNot && sources != 1) {
    ctx.error("ERR BITOP NOT must be called with a single source key.");
    return std::nullopt;
  }
  if (found->compares_first && sources < 2) {
    ctx.error(
        fmt::format("ERR BITOP {} must be called with at least two source keys.", found->name));
    return std::nullopt;
  }
  return found->operation;
}

// The strings at the source keys: one each, empty if there is none. Entries stay where they are
// while other keys are looked up.
struct Sources {
  std::vector<const Entry*> entries;
  std::deque<BitmapView> bitmaps;
  std::vector<const BitmapView*> views;
  size_t longest_bytes = 0;
};

// False if one of them is no string: WRONGTYPE has been sent.
bool find_sources(CommandContext& ctx, Sources& sources) {
  for (size_t index = kFirstSource; index < ctx.arity(); ++index) {
    const ConstItem item = ctx.find_read(ctx.key(index));
    if (!ctx.check_type(item, Type::kString)) return false;
    sources.entries.push_back(item ? &*item : nullptr);
  }
  for (const Entry* entry : sources.entries) {
    const BitmapView& bitmap = sources.bitmaps.emplace_back(entry);
    sources.views.push_back(&bitmap);
    sources.longest_bytes = std::max(sources.longest_bytes, bitmap.size_bytes());
  }
  return true;
}

// The bytes at the destination, if nobody needs them any more: they are the first choice for the
// new ones, as memory that is fresh costs more than the operation.
RawString* reusable_string(const Item& item, const Sources& sources) {
  if (!item || item->encoding() != Encoding::kRaw) return nullptr;
  auto* raw = static_cast<RawString*>(item->object());
  const bool is_source = std::ranges::count(sources.entries, &*item) > 0;
  return is_source || raw->is_shared() ? nullptr : raw;
}

void remove_destination(CommandContext& ctx, const Key& key, const Item& item) {
  if (item) ctx.remove(item, key, ctx.server.config.lazyfree_lazy_server_del);
}

void bitop_command(CommandContext& ctx) {
  const std::optional<Operation> operation = read_operation(ctx);
  if (!operation) return;
  Sources sources;
  if (!find_sources(ctx, sources)) return;
  const Key key = ctx.key(2);
  Item item = ctx.find_write(key);
  if (sources.longest_bytes == 0) {
    remove_destination(ctx, key, item);
    return ctx.reply.integer(0);
  }
  const storage::StringObject result =
      storage::combine_bitmaps(*operation, sources.views, ctx.server.config.bitmap_compression,
                               reusable_string(item, sources));
  if (!item) ctx.created(key.bytes);
  ctx.db.set_object(key, item, result.encoding, result.object, storage::kNoExpiry,
                    ctx.new_access());
  ctx.changed(key.bytes);
  ctx.notify(kNotifyString, "set", key.bytes);
  ctx.reply.integer(static_cast<int64_t>(sources.longest_bytes));
}

constexpr CommandRow kBitopRows[] = {
    {.name = "BITOP",
     .handler = bitop_command,
     .arity = -4,
     .group = "bitmap",
     .since = "2.6.0",
     .flags = "WRITE,DENYOOM",
     .acl = "BITMAP",
     .keys = "OW+UPDATE@index:2/range:0,1,0 ; RO+ACCESS@index:3/range:-1,1,0",
     .syntax = "operation=<AND|OR|XOR|NOT|DIFF@8.2.0|DIFF1@8.2.0|ANDOR@8.2.0|ONE@8.2.0> destkey "
               "key ...",
     .complexity = "O(N)",
     .summary = "Combines strings bit by bit and stores the result.",
     .history = "8.2.0 `DIFF`, `DIFF1`, `ANDOR` and `ONE`."},
};

}  // namespace

CommandFamily bitop_commands() {
  return kBitopRows;
}

}  // namespace spinel::server
