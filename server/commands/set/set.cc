// Members of one set: added, removed, asked for, listed, moved to another set.
#include "storage/types/set.h"

#include "server/commands/set/set_support.h"
#include "server/commands/support/collection.h"
#include "server/commands/support/scan_collection.h"
#include "server/engine/context.h"
#include "server/engine/families.h"
#include "storage/base/numbers.h"

namespace spinel::server {
namespace {

using storage::ConstItem;
using storage::Item;
using storage::Key;
using storage::Set;
using storage::SetMember;
using storage::Type;

// --- SADD, SREM

void sadd_command(CommandContext& ctx) {
  const Key key = ctx.key(1);
  auto found = WritableCollection<Set>::find(ctx, key);
  if (!found) return;
  Set& set = found->value();
  const storage::SetLimits limits = set_limits(ctx);
  set.expect(SetMember(ctx.arg(2)), ctx.arity() - 2, limits);
  int64_t added = 0;
  for_each_member(ctx, 2, set, [&](const SetMember& member) { added += set.add(member, limits); });
  if (added > 0) found->commit(added, kNotifySet, "sadd");
  ctx.reply.integer(added);
}

void srem_command(CommandContext& ctx) {
  const Key key = ctx.key(1);
  auto found = WritableCollection<Set>::find(ctx, key);
  if (!found) return;
  if (!found->exists()) return ctx.reply.integer(0);
  Set& set = found->value();
  int64_t removed = 0;
  for_each_member(ctx, 2, set, [&](const SetMember& member) { removed += set.remove(member); });
  if (removed > 0) found->commit(removed, kNotifySet, "srem");
  ctx.reply.integer(removed);
}

// --- SMOVE

// Takes the member out of the set at `key`, if it is there.
bool take_member(CommandContext& ctx, const Key& key, const SetMember& member) {
  auto source = WritableCollection<Set>::find(ctx, key);
  if (!source || !source->exists() || !source->value().remove(member)) return false;
  source->commit(1, kNotifySet, "srem");
  return true;
}

void smove_command(CommandContext& ctx) {
  const Key from = ctx.key(1);
  const Key to = ctx.key(2);
  const SetMember member(ctx.arg(3));
  if (!ctx.find_write(from)) return ctx.reply.integer(0);
  const Item target = ctx.find_write(to);
  const Item source = ctx.db.find(from);  // again: what was found may have moved since
  if (!ctx.check_type(source, Type::kSet) || !ctx.check_type(target, Type::kSet)) return;
  if (from.bytes == to.bytes) return ctx.reply.integer(set_at(source).contains(member) ? 1 : 0);
  if (!take_member(ctx, from, member)) return ctx.reply.integer(0);
  auto destination = WritableCollection<Set>::find(ctx, to);
  const storage::SetLimits limits = set_limits(ctx);
  if (!destination->exists()) destination->value().expect(member, 1, limits);
  if (destination->value().add(member, limits)) destination->commit(1, kNotifySet, "sadd");
  ctx.reply.integer(1);
}

// --- SISMEMBER, SMISMEMBER, SCARD, SMEMBERS

void sismember_command(CommandContext& ctx) {
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!ctx.check_type(item, Type::kSet)) return;
  ctx.reply.integer(item && set_at(item).contains(SetMember(ctx.arg(2))) ? 1 : 0);
}

void smismember_command(CommandContext& ctx) {
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!ctx.check_type(item, Type::kSet)) return;
  ctx.reply.array(ctx.arity() - 2);
  if (!item) {
    for (size_t i = 2; i < ctx.arity(); ++i) ctx.reply.integer(0);
    return;
  }
  const Set set = set_at(item);
  for_each_member(ctx, 2, set, [&](const SetMember& member) {
    ctx.reply.integer(set.contains(member) ? 1 : 0);
  });
}

void scard_command(CommandContext& ctx) {
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!ctx.check_type(item, Type::kSet)) return;
  ctx.reply.integer(item ? static_cast<int64_t>(set_at(item).size()) : 0);
}

void smembers_command(CommandContext& ctx) {
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!ctx.check_type(item, Type::kSet)) return;
  if (!item) return ctx.reply.set(0);
  reply_members(ctx.reply, set_at(item));
}

// --- SSCAN

void sscan_command(CommandContext& ctx) {
  const auto scan = find_scanned(ctx, Type::kSet, ScanKind::kOther);
  if (!scan) return;
  const Set set = set_at(scan->item);
  reply_scan(ctx, *scan, [&](uint64_t cursor, ScanReply& out) {
    return set.scan(cursor, [&out](const SetMember& member) {
      char digits[storage::kMaxInt64Chars];
      const std::string_view bytes = member.bytes(digits);
      if (out.takes(bytes)) out.add(bytes);
    });
  });
}

constexpr CommandRow kSetRows[] = {
    {.name = "SADD",
     .handler = sadd_command,
     .arity = -3,
     .group = "set",
     .since = "1.0.0",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "SET",
     .keys = "RW+INSERT@index:1/range:0,1,0",
     .syntax = "key member:string ...",
     .complexity = "O(1) for each member",
     .summary = "Adds members to a set, which is made if it does not exist.",
     .history = "2.4.0 Several `member` arguments."},
    {.name = "SREM",
     .handler = srem_command,
     .arity = -3,
     .group = "set",
     .since = "1.0.0",
     .flags = "WRITE,FAST",
     .acl = "SET",
     .keys = "RW+DELETE@index:1/range:0,1,0",
     .syntax = "key member:string ...",
     .complexity = "O(N) with N members to remove",
     .summary = "Removes members from a set. A set that has none left is removed too.",
     .history = "2.4.0 Several `member` arguments."},
    {.name = "SMOVE",
     .handler = smove_command,
     .arity = 4,
     .group = "set",
     .since = "1.0.0",
     .flags = "WRITE,FAST",
     .acl = "SET",
     .keys = "RW+ACCESS+DELETE@index:1/range:0,1,0 ; RW+INSERT@index:2/range:0,1,0",
     .syntax = "source destination member:string",
     .complexity = "O(1)",
     .summary = "Moves a member from one set to another."},
    {.name = "SISMEMBER",
     .handler = sismember_command,
     .arity = 3,
     .group = "set",
     .since = "1.0.0",
     .flags = "READONLY,FAST",
     .acl = "SET",
     .keys = "RO@index:1/range:0,1,0",
     .syntax = "key member:string",
     .complexity = "O(1)",
     .summary = "Tells whether a set has a member."},
    {.name = "SMISMEMBER",
     .handler = smismember_command,
     .arity = -3,
     .group = "set",
     .since = "6.2.0",
     .flags = "READONLY,FAST",
     .acl = "SET",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key member:string ...",
     .complexity = "O(N) with N members to look for",
     .summary = "Tells of several members whether a set has them."},
    {.name = "SCARD",
     .handler = scard_command,
     .arity = 2,
     .group = "set",
     .since = "1.0.0",
     .flags = "READONLY,FAST",
     .acl = "SET",
     .keys = "RO@index:1/range:0,1,0",
     .syntax = "key",
     .complexity = "O(1)",
     .summary = "Counts the members of a set."},
    {.name = "SMEMBERS",
     .handler = smembers_command,
     .arity = 2,
     .group = "set",
     .since = "1.0.0",
     .flags = "READONLY",
     .acl = "SET",
     .tips = "NONDETERMINISTIC_OUTPUT_ORDER",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key",
     .complexity = "O(N) with N members in the set",
     .summary = "Lists all members of a set."},
    {.name = "SSCAN",
     .handler = sscan_command,
     .arity = -3,
     .group = "set",
     .since = "2.8.0",
     .flags = "READONLY",
     .acl = "SET",
     .tips = "NONDETERMINISTIC_OUTPUT",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key cursor:integer [MATCH pattern:pattern] [COUNT count:integer]",
     .complexity = "O(1) a call, O(N) for a whole iteration",
     .summary = "Walks the members of a set bit by bit with a cursor."},
};

}  // namespace

CommandFamily set_commands() {
  return kSetRows;
}

}  // namespace spinel::server
