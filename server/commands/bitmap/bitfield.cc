// Integers of any width at any bit of a string.
#include "storage/types/bitfield.h"

#include <algorithm>
#include <vector>

#include "server/engine/context.h"
#include "server/engine/families.h"
#include "server/engine/key_spec.h"
#include "storage/keyspace/bitmap.h"

namespace spinel::server {
namespace {

using storage::BitmapView;
using storage::ConstItem;
using storage::FieldType;
using storage::Item;
using storage::Key;
using storage::Overflow;
using storage::Type;

struct FieldOperation {
  enum class Kind : uint8_t { kGet, kSet, kIncrement };

  Kind kind = Kind::kGet;
  Overflow overflow = Overflow::kWrap;
  FieldType type;
  uint64_t offset = 0;  // in bits
  int64_t operand = 0;  // what is set or added

  bool writes() const { return kind != Kind::kGet; }
  uint64_t end() const { return offset + type.width; }
};

// Reads the arguments behind the key. A method that returns nothing has sent the error.
class OperationReader {
 public:
  explicit OperationReader(CommandContext& ctx) : ctx_(ctx) {}

  std::optional<std::vector<FieldOperation>> read() {
    std::vector<FieldOperation> operations;
    while (at_ < ctx_.arity()) {
      if (ctx_.arg_is(at_, "OVERFLOW") && left() >= 1) {
        if (!read_overflow()) return std::nullopt;
      } else if (const auto operation = read_operation()) {
        operations.push_back(*operation);
      } else {
        return std::nullopt;
      }
    }
    return operations;
  }

 private:
  // Arguments behind the one at hand.
  size_t left() const { return ctx_.arity() - at_ - 1; }

  bool read_overflow() {
    if (ctx_.arg_is(at_ + 1, "WRAP")) {
      overflow_ = Overflow::kWrap;
    } else if (ctx_.arg_is(at_ + 1, "SAT")) {
      overflow_ = Overflow::kSaturate;
    } else if (ctx_.arg_is(at_ + 1, "FAIL")) {
      overflow_ = Overflow::kFail;
    } else {
      ctx_.error("ERR Invalid OVERFLOW type specified");
      return false;
    }
    at_ += 2;
    return true;
  }

  std::optional<FieldOperation> read_operation() {
    FieldOperation operation;
    operation.overflow = overflow_;
    if (ctx_.arg_is(at_, "GET") && left() >= 2) {
      operation.kind = FieldOperation::Kind::kGet;
    } else if (ctx_.arg_is(at_, "SET") && left() >= 3) {
      operation.kind = FieldOperation::Kind::kSet;
    } else if (ctx_.arg_is(at_, "INCRBY") && left() >= 3) {
      operation.kind = FieldOperation::Kind::kIncrement;
    } else {
      ctx_.syntax_error();
      return std::nullopt;
    }
    const auto type = storage::parse_field_type(ctx_.arg(at_ + 1));
    if (!type) {
      ctx_.error(
          "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported "
          "but i64 is.");
      return std::nullopt;
    }
    operation.type = *type;
    const auto offset = read_offset(ctx_.arg(at_ + 2), *type);
    if (!offset) return std::nullopt;
    operation.offset = *offset;
    if (operation.writes()) {
      const auto operand = ctx_.integer(at_ + 3);
      if (!operand) return std::nullopt;
      operation.operand = *operand;
    }
    at_ += operation.writes() ? 4 : 3;
    return operation;
  }

  // In bits, or, with "#" before it, in fields of this type.
  std::optional<uint64_t> read_offset(std::string_view text, FieldType type) {
    const bool in_fields = text.starts_with('#');
    if (in_fields) text.remove_prefix(1);
    if (const auto number = storage::parse_int64(text)) {
      // A product of more than 64 bits is cut to them, as in Redis.
      const uint64_t bits = static_cast<uint64_t>(*number) * (in_fields ? type.width : 1);
      const bool negative = static_cast<int64_t>(bits) < 0;
      if (!negative && bits / 8 < ctx_.server.config.max_string_bytes()) return bits;
    }
    ctx_.error("ERR bit offset is not an integer or out of range");
    return std::nullopt;
  }

  CommandContext& ctx_;
  size_t at_ = 2;
  Overflow overflow_ = Overflow::kWrap;
};

int64_t field_of(const BitmapView& view, const FieldOperation& operation) {
  return storage::field_value(operation.type, view.field(operation.offset, operation.type.width));
}

// Makes no key, and does not lengthen one.
void read_fields(CommandContext& ctx, const std::vector<FieldOperation>& operations) {
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!ctx.check_type(item, Type::kString)) return;
  const BitmapView view(item);
  ctx.reply.array(operations.size());
  for (const FieldOperation& operation : operations) ctx.reply.integer(field_of(view, operation));
}

// Runs a call in which there is something to write.
class FieldWriter {
 public:
  FieldWriter(CommandContext& ctx, const std::vector<FieldOperation>& operations)
      : ctx_(ctx), operations_(operations), key_(ctx.key(1)) {}

  void run() {
    item_ = ctx_.find_write(key_);
    if (!ctx_.check_type(item_, Type::kString)) return;
    if (!item_) ctx_.created(key_.bytes);
    grow();
    ctx_.reply.array(operations_.size());
    for (const FieldOperation& operation : operations_) execute(operation);
    tell();
  }

 private:
  // The string holds all that is going to be written before any of it is, and even if that fails.
  void grow() {
    uint64_t end = 0;
    for (const FieldOperation& operation : operations_) {
      if (operation.writes()) end = std::max(end, operation.end());
    }
    grown_ = storage::grow_bitmap(ctx_.db, key_, item_, (end + 7) / 8, ctx_.new_access(),
                                  ctx_.server.config.bitmap_compression);
  }

  void execute(const FieldOperation& operation) {
    const int64_t old = field_of(BitmapView(item_), operation);
    if (!operation.writes()) return ctx_.reply.integer(old);
    const bool sets = operation.kind == FieldOperation::Kind::kSet;
    const std::optional<int64_t> value =
        sets ? storage::fit_field(operation.type, operation.operand, operation.overflow)
             : storage::add_to_field(operation.type, old, operation.operand, operation.overflow);
    // Also where that changes nothing: after a write, the string is one of bytes.
    storage::set_field(ctx_.db, key_, item_, operation.offset, operation.type.width,
                       storage::field_bits(operation.type, value.value_or(old)), ctx_.new_access(),
                       ctx_.server.config.bitmap_compression);
    if (!value) return ctx_.reply.null();
    // Where the string grew, writing what is there already counts as well.
    if (grown_ || *value != old) ++changes_;
    ctx_.reply.integer(sets ? old : *value);
  }

  void tell() {
    if (changes_ > 0) {
      ctx_.changed(key_.bytes, changes_);
      ctx_.notify(kNotifyString, "setbit", key_.bytes);
    } else if (grown_) {
      // Redis keeps to itself that a write which failed lengthened the string. Here whoever repeats
      // what was done learns of it; the rest is the same: no event, no change counted.
      ctx_.changed(key_.bytes, 0);
      ctx_.propagate(ctx_.args);
    }
  }

  CommandContext& ctx_;
  const std::vector<FieldOperation>& operations_;
  const Key key_;
  Item item_;
  bool grown_ = false;
  int64_t changes_ = 0;
};

bool any_writes(const std::vector<FieldOperation>& operations) {
  return std::any_of(operations.begin(), operations.end(),
                     [](const FieldOperation& operation) { return operation.writes(); });
}

void bitfield_command(CommandContext& ctx) {
  const auto operations = OperationReader(ctx).read();
  if (!operations) return;
  if (!any_writes(*operations)) return read_fields(ctx, *operations);
  FieldWriter(ctx, *operations).run();
}

void bitfield_ro_command(CommandContext& ctx) {
  const auto operations = OperationReader(ctx).read();
  if (!operations) return;
  if (any_writes(*operations)) return ctx.error("ERR BITFIELD_RO only supports the GET subcommand");
  read_fields(ctx, *operations);
}

constexpr CommandRow kBitfieldRows[] = {
    {.name = "BITFIELD",
     .handler = bitfield_command,
     .arity = -2,
     .group = "bitmap",
     .since = "3.2.0",
     .flags = "WRITE,DENYOOM",
     .acl = "BITMAP",
     .keys = "RW+UPDATE+ACCESS+VARIABLE_FLAGS@index:1/range:0,1,0",
     .key_finder = bitfield_keys,
     .syntax = "key [operation=<GET get-block=<encoding:string offset:integer>|write=<[OVERFLOW "
               "overflow-block=<WRAP|SAT|FAIL>] write-operation=<SET set-block=<encoding:string "
               "offset:integer value:integer>|INCRBY increment-block=<encoding:string "
               "offset:integer increment:integer>>>> ...]",
     .complexity = "O(1)",
     .summary = "Reads, sets and increments integers of any width inside a string."},
    {.name = "BITFIELD_RO",
     .handler = bitfield_ro_command,
     .arity = -2,
     .group = "bitmap",
     .since = "6.0.0",
     .flags = "READONLY,FAST",
     .acl = "BITMAP",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key [(GET get-block=<encoding:string offset:integer>) ...]",
     .complexity = "O(1)",
     .summary = "Reads integers of any width inside a string."},
};

}  // namespace

CommandFamily bitfield_commands() {
  return kBitfieldRows;
}

}  // namespace spinel::server
