// Strings as bitmaps: single bits, counting them, and finding the first.
#include "storage/keyspace/bitmap.h"

#include <algorithm>

#include "server/commands/bitmap/bitmap_args.h"
#include "server/engine/context.h"
#include "server/engine/families.h"

namespace spinel::server {
namespace {

using storage::BitmapView;
using storage::ConstItem;
using storage::Item;
using storage::Key;
using storage::Type;

// --- single bits

void setbit_command(CommandContext& ctx) {
  constexpr std::string_view kBadBit = "ERR bit is not an integer or out of range";
  const std::optional<uint64_t> offset = bit_offset(ctx, 2);
  if (!offset) return;
  const std::optional<int64_t> bit = ctx.integer(3, kBadBit);
  if (!bit) return;
  if (*bit != 0 && *bit != 1) return ctx.error(kBadBit);
  const Key key = ctx.key(1);
  Item item = ctx.find_write(key);
  if (!ctx.check_type(item, Type::kString)) return;
  if (!item) ctx.created(key.bytes);
  const storage::BitChange change =
      storage::set_bit(ctx.db, key, item, *offset, *bit == 1, ctx.new_access(),
                       ctx.server.config.bitmap_compression);
  if (change.changed) {
    ctx.changed(key.bytes);
    ctx.notify(kNotifyString, "setbit", key.bytes);
  }
  ctx.reply.integer(change.before ? 1 : 0);
}

void getbit_command(CommandContext& ctx) {
  const std::optional<uint64_t> offset = bit_offset(ctx, 2);
  if (!offset) return;
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!ctx.check_type(item, Type::kString)) return;
  ctx.reply.integer(BitmapView(item).get(*offset) ? 1 : 0);
}

// --- ranges, as BITCOUNT and BITPOS take them

// As given: counted from the end if negative.
struct RangeArgs {
  int64_t start = 0;
  int64_t end = -1;
  bool in_bits = false;  // in bytes otherwise
};

// Bits, both ends included.
struct BitRange {
  uint64_t first;
  uint64_t last;
};

// Reads BYTE or BIT at `index`. False if it is neither: the error has been sent.
bool read_unit(CommandContext& ctx, size_t index, RangeArgs& range) {
  range.in_bits = ctx.arg_is(index, "BIT");
  if (range.in_bits || ctx.arg_is(index, "BYTE")) return true;
  ctx.syntax_error();
  return false;
}

// The bits that `range` means in a string of `size` bytes. Both ends are moved into the string; if
// it then begins behind its end, there are none.
std::optional<BitRange> bits_of(const RangeArgs& range, size_t size) {
  const auto total = static_cast<int64_t>(range.in_bits ? size * 8 : size);
  if (total == 0) return std::nullopt;
  const auto from_start = [total](int64_t at) {
    return at < 0 ? std::max<int64_t>(at + total, 0) : at;
  };
  const auto start = static_cast<uint64_t>(from_start(range.start));
  const auto end = static_cast<uint64_t>(std::min(from_start(range.end), total - 1));
  if (start > end) return std::nullopt;
  if (range.in_bits) return BitRange{start, end};
  return BitRange{start * 8, end * 8 + 7};
}

// --- BITCOUNT

// Without a range, the whole. If it cannot be read, the error has been sent.
std::optional<RangeArgs> count_range(CommandContext& ctx) {
  RangeArgs range;
  if (ctx.arity() == 2) return range;
  if (ctx.arity() != 4 && ctx.arity() != 5) {
    ctx.syntax_error();
    return std::nullopt;
  }
  const std::optional<int64_t> start = ctx.integer(2);
  if (!start) return std::nullopt;
  const std::optional<int64_t> end = ctx.integer(3);
  if (!end) return std::nullopt;
  range.start = *start;
  range.end = *end;
  if (ctx.arity() == 5 && !read_unit(ctx, 4, range)) return std::nullopt;
  return range;
}

void bitcount_command(CommandContext& ctx) {
  const std::optional<RangeArgs> range = count_range(ctx);
  if (!range) return;
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!ctx.check_type(item, Type::kString)) return;
  const BitmapView bitmap(item);
  uint64_t count = 0;
  if (ctx.arity() == 2) {
    count = bitmap.count();
  } else if (range->start >= 0 || range->end >= 0 || range->start <= range->end) {
    // Both before the first byte, in the wrong order, would be moved to it and count it.
    if (const auto bits = bits_of(*range, bitmap.size_bytes())) {
      count = bitmap.count_range(bits->first, bits->last);
    }
  }
  ctx.reply.integer(static_cast<int64_t>(count));
}

// --- BITPOS

// If they cannot be read, the error has been sent. The unit is read before the end.
std::optional<RangeArgs> search_range(CommandContext& ctx) {
  constexpr size_t kMaxArity = 6;
  RangeArgs range;
  if (ctx.arity() > kMaxArity) {
    ctx.syntax_error();
    return std::nullopt;
  }
  if (ctx.arity() > 3) {
    const std::optional<int64_t> start = ctx.integer(3);
    if (!start) return std::nullopt;
    range.start = *start;
  }
  if (ctx.arity() == kMaxArity && !read_unit(ctx, 5, range)) return std::nullopt;
  if (ctx.arity() > 4) {
    const std::optional<int64_t> end = ctx.integer(4);
    if (!end) return std::nullopt;
    range.end = *end;
  }
  return range;
}

void bitpos_command(CommandContext& ctx) {
  const std::optional<int64_t> bit = ctx.integer(2);
  if (!bit) return;
  if (*bit != 0 && *bit != 1) return ctx.error("ERR The bit argument must be 1 or 0.");
  const std::optional<RangeArgs> range = search_range(ctx);
  if (!range) return;
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!ctx.check_type(item, Type::kString)) return;
  // A missing key is an endless row of zeroes.
  if (!item) return ctx.reply.integer(*bit == 0 ? 0 : -1);
  const BitmapView bitmap(item);
  const std::optional<BitRange> bits = bits_of(*range, bitmap.size_bytes());
  if (!bits) return ctx.reply.integer(-1);
  const std::optional<uint64_t> found = bitmap.find(*bit == 1, bits->first, bits->last);
  if (found) return ctx.reply.integer(static_cast<int64_t>(*found));
  // So is what lies behind a string whose end the client did not give.
  const bool to_the_end = ctx.arity() < 5;
  ctx.reply.integer(*bit == 0 && to_the_end ? static_cast<int64_t>(bits->last + 1) : -1);
}

constexpr CommandRow kBitmapRows[] = {
    {.name = "SETBIT",
     .handler = setbit_command,
     .arity = 4,
     .group = "bitmap",
     .since = "2.2.0",
     .flags = "WRITE,DENYOOM",
     .acl = "BITMAP",
     .keys = "RW+ACCESS+UPDATE@index:1/range:0,1,0",
     .syntax = "key offset:integer value:integer",
     .complexity = "O(1)",
     .summary = "Sets one bit of a string, lengthening it as needed, and returns what it was."},
    {.name = "GETBIT",
     .handler = getbit_command,
     .arity = 3,
     .group = "bitmap",
     .since = "2.2.0",
     .flags = "READONLY,FAST",
     .acl = "BITMAP",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key offset:integer",
     .complexity = "O(1)",
     .summary = "Reads one bit of a string; those behind its end are zero."},
    {.name = "BITCOUNT",
     .handler = bitcount_command,
     .arity = -2,
     .group = "bitmap",
     .since = "2.6.0",
     .flags = "READONLY",
     .acl = "BITMAP",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key [range=<start:integer end:integer [unit=<BYTE|BIT>@7.0.0]>]",
     .complexity = "O(N)",
     .summary = "Counts the ones of a string, or of a part of it.",
     .history = "7.0.0 `BYTE` and `BIT`."},
    {.name = "BITPOS",
     .handler = bitpos_command,
     .arity = -3,
     .group = "bitmap",
     .since = "2.8.7",
     .flags = "READONLY",
     .acl = "BITMAP",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key bit:integer [range=<start:integer [end-unit-block=<end:integer "
               "[unit=<BYTE|BIT>@7.0.0]>]>]",
     .complexity = "O(N)",
     .summary = "Finds the first one, or the first zero, of a string or of a part of it.",
     .history = "7.0.0 `BYTE` and `BIT`."},
};

}  // namespace

CommandFamily bitmap_commands() {
  return kBitmapRows;
}

}  // namespace spinel::server
