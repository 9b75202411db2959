// Parts of strings: lengths, ranges, appending.
#include <algorithm>

#include "server/commands/support/index_range.h"
#include "server/commands/support/string_reply.h"
#include "server/engine/context.h"
#include "server/engine/families.h"
#include "storage/keyspace/bitmap.h"
#include "storage/keyspace/entry_string.h"

namespace spinel::server {
namespace {

using storage::ConstItem;
using storage::Item;
using storage::Key;
using storage::Type;

// Whether a string may be `size` bytes long and have `more` behind that; if not, the error has been
// sent.
bool check_size(CommandContext& ctx, uint64_t size, uint64_t more) {
  uint64_t total = 0;
  if (!__builtin_add_overflow(size, more, &total) &&
      total <= ctx.server.config.max_string_bytes()) {
    return true;
  }
  ctx.error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
  return false;
}

void append_command(CommandContext& ctx) {
  const Key key = ctx.key(1);
  const std::string_view tail = ctx.arg(2);
  Item item = ctx.find_write(key);
  size_t size = 0;
  if (!item) {
    ctx.created(key.bytes);
    ctx.db.set_string(key, item, tail, storage::kNoExpiry, ctx.new_access());
    size = tail.size();
  } else {
    if (!ctx.check_type(item, Type::kString)) return;
    const size_t old_size = storage::string_size(*item);
    if (!check_size(ctx, old_size, tail.size())) return;
    size = old_size + tail.size();
    storage::write_string(ctx.db, key, item, old_size, tail, ctx.new_access());
  }
  ctx.changed(key.bytes);
  ctx.notify(kNotifyString, "append", key.bytes);
  ctx.reply.integer(static_cast<int64_t>(size));
}

void strlen_command(CommandContext& ctx) {
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!ctx.check_type(item, Type::kString)) return;
  ctx.reply.integer(item ? static_cast<int64_t>(storage::string_size(*item)) : 0);
}

// The part of a string of `string_size` bytes from `start` to `end`, both included and counted from
// the end if negative. What lies outside is cut off; but an end before the first byte still takes
// that one, and clients rely on it.
IndexRange range_of(size_t string_size, int64_t start, int64_t end) {
  const auto size = static_cast<int64_t>(string_size);
  if (size == 0 || (start < 0 && end < 0 && start > end)) return {};
  if (start < 0) start = std::max<int64_t>(start + size, 0);
  if (end < 0) end = std::max<int64_t>(end + size, 0);
  end = std::min(end, size - 1);
  if (start > end) return {};
  return {.first = static_cast<size_t>(start), .count = static_cast<size_t>(end - start + 1)};
}

void getrange_command(CommandContext& ctx) {
  const std::optional<int64_t> start = ctx.integer(2);
  if (!start) return;
  const std::optional<int64_t> end = ctx.integer(3);
  if (!end) return;
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!item) return ctx.reply.bulk({});
  if (!ctx.check_type(item, Type::kString)) return;
  const IndexRange range = range_of(storage::string_size(*item), *start, *end);
  reply_string_part(ctx.reply, *item, range.first, range.count);
}

// GETRANGE by its first name.
void substr_command(CommandContext& ctx) {
  getrange_command(ctx);
}

void setrange_command(CommandContext& ctx) {
  const std::optional<int64_t> offset = ctx.integer(2);
  if (!offset) return;
  if (*offset < 0) return ctx.error("ERR offset is out of range");
  const Key key = ctx.key(1);
  const std::string_view part = ctx.arg(3);
  Item item = ctx.find_write(key);
  if (!ctx.check_type(item, Type::kString)) return;
  const size_t old_size = item ? storage::string_size(*item) : 0;
  if (part.empty()) return ctx.reply.integer(static_cast<int64_t>(old_size));
  const auto start = static_cast<size_t>(*offset);
  if (!check_size(ctx, start, part.size())) return;
  const size_t size = std::max(old_size, start + part.size());
  if (!item) ctx.created(key.bytes);
  storage::write_string(ctx.db, key, item, start, part, ctx.new_access());
  ctx.changed(key.bytes);
  ctx.notify(kNotifyString, "setrange", key.bytes);
  ctx.reply.integer(static_cast<int64_t>(size));
}

constexpr CommandRow kStringRangeRows[] = {
    {.name = "APPEND",
     .handler = append_command,
     .arity = 3,
     .group = "string",
     .since = "2.0.0",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "STRING",
     .keys = "RW+INSERT@index:1/range:0,1,0",
     .syntax = "key value:string",
     .complexity = "O(1)",
     .summary = "Adds bytes to the end of a string, creating the key if it is missing."},
    {.name = "STRLEN",
     .handler = strlen_command,
     .arity = 2,
     .group = "string",
     .since = "2.2.0",
     .flags = "READONLY,FAST",
     .acl = "STRING",
     .keys = "RO@index:1/range:0,1,0",
     .syntax = "key",
     .complexity = "O(1)",
     .summary = "Tells how many bytes a string has."},
    {.name = "GETRANGE",
     .handler = getrange_command,
     .arity = 4,
     .group = "string",
     .since = "2.4.0",
     .flags = "READONLY",
     .acl = "STRING",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key start:integer end:integer",
     .complexity = "O(N)",
     .summary = "Reads the bytes of a string between two offsets."},
    {.name = "SUBSTR",
     .handler = substr_command,
     .arity = 4,
     .group = "string",
     .since = "1.0.0",
     .flags = "READONLY",
     .acl = "STRING",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key start:integer end:integer",
     .complexity = "O(N)",
     .summary = "Reads the bytes of a string between two offsets.",
     .deprecated_since = "2.0.0",
     .replaced_by = "`GETRANGE`",
     .doc_flags = "DEPRECATED"},
    {.name = "SETRANGE",
     .handler = setrange_command,
     .arity = 4,
     .group = "string",
     .since = "2.2.0",
     .flags = "WRITE,DENYOOM",
     .acl = "STRING",
     .keys = "RW+UPDATE@index:1/range:0,1,0",
     .syntax = "key offset:integer value:string",
     .complexity = "O(1)",
     .summary = "Writes bytes into a string from an offset on, padding with zeros."},
};

}  // namespace

CommandFamily string_range_commands() {
  return kStringRangeRows;
}

}  // namespace spinel::server
