// Strings as numbers.
#include <cmath>
#include <limits>

#include "server/engine/context.h"
#include "server/engine/families.h"
#include "storage/base/numbers.h"
#include "storage/keyspace/entry_string.h"

namespace spinel::server {
namespace {

using storage::Entry;
using storage::Item;
using storage::Key;
using storage::Type;

// Every byte of a number has ones and zeroes in it. Nothing like that is kept compressed, so what
// is need not be looked at.
bool cannot_be_number(const Entry& entry) {
  return entry.encoding() == storage::Encoding::kCompressedBitmap;
}

std::optional<int64_t> integer_of(const Entry& entry) {
  if (entry.is_integer()) return entry.integer();
  if (cannot_be_number(entry)) return std::nullopt;
  storage::StringScratch unused;
  return storage::parse_int64(storage::string_bytes(entry, unused));
}

std::optional<long double> number_of(const Entry& entry) {
  if (cannot_be_number(entry)) return std::nullopt;
  storage::StringScratch scratch;
  return storage::parse_long_double(storage::string_bytes(entry, scratch));
}

void add(CommandContext& ctx, int64_t amount) {
  const Key key = ctx.key(1);
  Item item = ctx.find_write(key);
  if (!ctx.check_type(item, Type::kString)) return;
  const std::optional<int64_t> old = item ? integer_of(*item) : 0;
  if (!old) return ctx.error(errors::kNotInteger);
  int64_t value = 0;
  if (__builtin_add_overflow(*old, amount, &value)) {
    return ctx.error("ERR increment or decrement would overflow");
  }
  if (!item) ctx.created(key.bytes);
  ctx.db.set_integer(key, item, value, ctx.new_access());
  ctx.changed(key.bytes);
  ctx.notify(kNotifyString, "incrby", key.bytes);
  ctx.reply.integer(value);
}

void incr_command(CommandContext& ctx) {
  add(ctx, 1);
}

void decr_command(CommandContext& ctx) {
  add(ctx, -1);
}

void incrby_command(CommandContext& ctx) {
  if (const auto amount = ctx.integer(2)) add(ctx, *amount);
}

void decrby_command(CommandContext& ctx) {
  const auto amount = ctx.integer(2);
  if (!amount) return;
  if (*amount == std::numeric_limits<int64_t>::min()) {  // has no negative
    return ctx.error("ERR decrement would overflow");
  }
  add(ctx, -*amount);
}

void incrbyfloat_command(CommandContext& ctx) {
  const Key key = ctx.key(1);
  Item item = ctx.find_write(key);
  if (!ctx.check_type(item, Type::kString)) return;
  const std::optional<long double> old = item ? number_of(*item) : 0;
  if (!old) return ctx.error(errors::kNotFloat);
  const std::optional<long double> amount = storage::parse_long_double(ctx.arg(2));
  if (!amount) return ctx.error(errors::kNotFloat);
  const long double value = *old + *amount;
  if (!std::isfinite(value)) return ctx.error("ERR increment would produce NaN or Infinity");

  char digits[storage::kMaxLongDoubleChars];
  const std::string_view text(digits, storage::format_long_double_human(value, digits));
  if (!item) ctx.created(key.bytes);
  // Stays text even if it is integral, as OBJECT ENCODING shows.
  const int64_t expire_at_ms = item ? item->expire_at_ms() : storage::kNoExpiry;
  ctx.db.set_bytes(key, item, text, expire_at_ms, ctx.new_access());
  ctx.changed(key.bytes);
  ctx.notify(kNotifyString, "incrbyfloat", key.bytes);
  // The result, so that it cannot depend on how the other side adds.
  const std::string_view effect[] = {"SET", key.bytes, text, "KEEPTTL"};
  ctx.propagate(effect);
  ctx.reply.bulk(text);
}

constexpr CommandRow kStringCounterRows[] = {
    {.name = "INCR",
     .handler = incr_command,
     .arity = 2,
     .group = "string",
     .since = "1.0.0",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "STRING",
     .keys = "RW+ACCESS+UPDATE@index:1/range:0,1,0",
     .syntax = "key",
     .complexity = "O(1)",
     .summary = "Raises an integer value by one; a missing key counts as 0."},
    {.name = "DECR",
     .handler = decr_command,
     .arity = 2,
     .group = "string",
     .since = "1.0.0",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "STRING",
     .keys = "RW+ACCESS+UPDATE@index:1/range:0,1,0",
     .syntax = "key",
     .complexity = "O(1)",
     .summary = "Lowers an integer value by one; a missing key counts as 0."},
    {.name = "INCRBY",
     .handler = incrby_command,
     .arity = 3,
     .group = "string",
     .since = "1.0.0",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "STRING",
     .keys = "RW+ACCESS+UPDATE@index:1/range:0,1,0",
     .syntax = "key increment:integer",
     .complexity = "O(1)",
     .summary = "Raises an integer value by a given amount; a missing key counts as 0."},
    {.name = "DECRBY",
     .handler = decrby_command,
     .arity = 3,
     .group = "string",
     .since = "1.0.0",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "STRING",
     .keys = "RW+ACCESS+UPDATE@index:1/range:0,1,0",
     .syntax = "key decrement:integer",
     .complexity = "O(1)",
     .summary = "Lowers an integer value by a given amount; a missing key counts as 0."},
    {.name = "INCRBYFLOAT",
     .handler = incrbyfloat_command,
     .arity = 3,
     .group = "string",
     .since = "2.6.0",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "STRING",
     .keys = "RW+ACCESS+UPDATE@index:1/range:0,1,0",
     .syntax = "key increment:double",
     .complexity = "O(1)",
     .summary = "Raises a numeric value by a floating-point amount; a missing key counts as 0."},
};

}  // namespace

CommandFamily string_counter_commands() {
  return kStringCounterRows;
}

}  // namespace spinel::server
