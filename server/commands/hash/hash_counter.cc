// Fields of hashes as numbers. A field that expires goes on to do so.
#include <cmath>

#include "server/commands/hash/hash_field_args.h"
#include "server/engine/families.h"

namespace spinel::server {
namespace {

using storage::Hash;
using storage::HashField;
using storage::kNoExpiry;

using Found = std::optional<Hash::Found>;

std::optional<int64_t> integer_of(const Found& found) {
  if (!found) return 0;
  if (found->value.is_integer()) return found->value.integer;
  return storage::parse_int64(found->value.text);
}

std::optional<long double> number_of(const Found& found) {
  if (!found) return 0;
  char digits[storage::kMaxDoubleChars];
  return storage::parse_long_double(found->value.bytes(digits));
}

// `before` is the field as it was found just now.
void store_result(CommandContext& ctx, Hash& hash, const HashField& field, const Found& before,
                  std::string_view text) {
  const storage::HashLimits limits = hash_limits(ctx);
  if (before) {
    hash.replace_value(field, *before, text, limits);
  } else {
    hash.set(field, text, kNoExpiry, limits);
  }
}

// The effect is the result, with the expiry the field has.
void propagate_result(CommandContext& ctx, std::string_view text, const Found& before) {
  const std::string_view value[] = {"HSET", ctx.arg(1), ctx.arg(2), text};
  ctx.propagate(value);
  if (!before || before->expire_at_ms == kNoExpiry) return;
  const std::string_view field[] = {ctx.arg(2)};
  propagate_expiry(ctx, before->expire_at_ms, field);
}

void hincrby_command(CommandContext& ctx) {
  const std::optional<int64_t> amount = ctx.integer(3);
  if (!amount) return;
  const storage::Key key = ctx.key(1);
  auto writable = WritableHash::find(ctx, key);
  if (!writable) return;
  Hash& hash = value_of(ctx, *writable);
  const HashField field(ctx.arg(2));
  const Found before = hash.find(field);
  const std::optional<int64_t> old = integer_of(before);
  if (!old) return ctx.error("ERR hash value is not an integer");
  int64_t value = 0;
  if (__builtin_add_overflow(*old, *amount, &value)) {
    return ctx.error("ERR increment or decrement would overflow");
  }
  const storage::IntegerText text(value);
  // The other side may still know fields that have expired here.
  const bool depends_on_time = hash.may_hide();
  store_result(ctx, hash, field, before, text.view());
  writable->commit(1, kNotifyHash, "hincrby");
  if (depends_on_time) propagate_result(ctx, text.view(), before);
  ctx.reply.integer(value);
}

void hincrbyfloat_command(CommandContext& ctx) {
  const std::optional<long double> amount = storage::parse_long_double(ctx.arg(3));
  if (!amount) return ctx.error(errors::kNotFloat);
  if (!std::isfinite(*amount)) return ctx.error("ERR value is NaN or Infinity");
  const storage::Key key = ctx.key(1);
  auto writable = WritableHash::find(ctx, key);
  if (!writable) return;
  Hash& hash = value_of(ctx, *writable);
  const HashField field(ctx.arg(2));
  const Found before = hash.find(field);
  const std::optional<long double> old = number_of(before);
  if (!old) return ctx.error("ERR hash value is not a float");
  const long double value = *old + *amount;
  if (!std::isfinite(value)) return ctx.error("ERR increment would produce NaN or Infinity");

  char digits[storage::kMaxLongDoubleChars];
  const std::string_view text(digits, storage::format_long_double_human(value, digits));
  store_result(ctx, hash, field, before, text);
  writable->commit(1, kNotifyHash, "hincrbyfloat");
  // The result, so that it cannot depend on how the other side adds.
  propagate_result(ctx, text, before);
  ctx.reply.bulk(text);
}

constexpr CommandRow kHashCounterRows[] = {
    {.name = "HINCRBY",
     .handler = hincrby_command,
     .arity = 4,
     .group = "hash",
     .since = "2.0.0",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "HASH",
     .keys = "RW+ACCESS+UPDATE@index:1/range:0,1,0",
     .syntax = "key field:string increment:integer",
     .complexity = "O(1)",
     .summary =
         "Raises an integer field of a hash by a given amount; a missing field counts as 0."},
    {.name = "HINCRBYFLOAT",
     .handler = hincrbyfloat_command,
     .arity = 4,
     .group = "hash",
     .since = "2.6.0",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "HASH",
     .keys = "RW+ACCESS+UPDATE@index:1/range:0,1,0",
     .syntax = "key field:string increment:double",
     .complexity = "O(1)",
     .summary = "Raises a numeric field of a hash by a floating-point amount; a missing field "
                "counts as 0."},
};

}  // namespace

CommandFamily hash_counter_commands() {
  return kHashCounterRows;
}

}  // namespace spinel::server
