// Members chosen at random: SPOP takes them out, SRANDMEMBER only shows them.
#include <limits>
#include <string>

#include "server/commands/set/set_support.h"
#include "server/commands/support/collection.h"
#include "server/engine/context.h"
#include "server/engine/families.h"
#include "storage/types/set.h"

namespace spinel::server {
namespace {

using storage::ConstItem;
using storage::Item;
using storage::Key;
using storage::Random;
using storage::Set;
using storage::SetMember;
using storage::Type;

// --- SPOP

// The effect of having removed members: SREM of them, in commands of a bounded size.
class Removals {
 public:
  Removals(CommandContext& ctx, const Key& key) : ctx_(ctx), key_(key.bytes) {}

  void add(const SetMember& member) {
    if (!ctx_.server.effects.active()) return;
    char digits[storage::kMaxInt64Chars];
    members_.emplace_back(member.bytes(digits));
    if (members_.size() == kMaxMembers) propagate();
  }
  void finish() {
    if (!members_.empty()) propagate();
    ctx_.propagate_nothing();  // but what was propagated
  }

 private:
  static constexpr size_t kMaxMembers = 1024;

  void propagate() {
    std::vector<std::string_view> effect = {"SREM", key_};
    effect.insert(effect.end(), members_.begin(), members_.end());
    ctx_.propagate(effect);
    members_.clear();
  }

  CommandContext& ctx_;
  std::string_view key_;
  std::vector<std::string> members_;
};

// Replies all members and removes the key.
void pop_all(CommandContext& ctx, const Key& key, const Item& item) {
  const Set set = set_at(item);
  const auto count = static_cast<int64_t>(set.size());
  // Redis reads the set as SUNION does, which counts a hit.
  ++ctx.server.stats.keyspace_hits;
  reply_members(ctx.reply, set);
  const bool lazy = ctx.server.config.lazyfree_lazy_server_del;
  ctx.notify(kNotifySet, "spop", key.bytes);
  ctx.remove(item, key, lazy, count);
  ctx.propagate_removal(key.bytes, lazy);
}

// Few of many: they are taken out one by one.
void pop_some(CommandContext& ctx, Set& set, size_t count, Removals& removals) {
  for (; count > 0; --count) {
    const SetMember member = set.random(ctx.server.keyspace.random);
    reply_member(ctx.reply, member);
    removals.add(member);
    set.remove(member);
  }
}

// Most of them: those that stay are chosen, and make a new set, as small as it can be stored.
void pop_all_but(CommandContext& ctx, Set& set, size_t stay, Removals& removals) {
  const storage::SetLimits limits = set_limits(ctx);
  Set rest = Set::create();
  set.sample(ctx.server.keyspace.random, stay,
             [&](const SetMember& member) { rest.add(member, limits); });
  set.for_each([&](const SetMember& member) {
    if (rest.contains(member)) return;
    reply_member(ctx.reply, member);
    removals.add(member);
  });
  Set::destroy(set.encoding(), set.object());
  set = rest;
}

void spop_with_count(CommandContext& ctx) {
  if (ctx.arity() > 3) return ctx.syntax_error();
  const std::optional<int64_t> wanted = ctx.integer(2, errors::kNotPositive);
  if (!wanted) return;
  if (*wanted < 0) return ctx.error(errors::kNotPositive);
  const Key key = ctx.key(1);
  const Item item = ctx.find_write(key);
  if (!ctx.check_type(item, Type::kSet)) return;
  if (!item || *wanted == 0) return ctx.reply.set(0);
  const size_t size = set_at(item).size();
  const auto count = static_cast<size_t>(*wanted);
  if (count >= size) return pop_all(ctx, key, item);

  // How many times as many as stay must go before those that stay are moved instead.
  constexpr size_t kMoveFactor = 5;
  const size_t stay = size - count;
  auto found = WritableCollection<Set>::find(ctx, key);
  Removals removals(ctx, key);
  ctx.reply.set(count);
  if (stay * kMoveFactor > count) {
    pop_some(ctx, found->value(), count, removals);
  } else {
    pop_all_but(ctx, found->value(), stay, removals);
  }
  removals.finish();
  found->commit(*wanted, kNotifySet, "spop");
}

void spop_command(CommandContext& ctx) {
  if (ctx.arity() > 2) return spop_with_count(ctx);
  const Key key = ctx.key(1);
  auto found = WritableCollection<Set>::find(ctx, key);
  if (!found) return;
  if (!found->exists()) return ctx.reply.null();
  Removals removals(ctx, key);
  pop_some(ctx, found->value(), 1, removals);
  removals.finish();
  found->commit(1, kNotifySet, "spop");
}

// --- SRANDMEMBER

// Members that may be the same. There is no bound to how many are asked for, so it ends when so
// much is pending that the client will be disconnected for it.
void reply_any(CommandContext& ctx, const Set& set, uint64_t count) {
  Random& random = ctx.server.keyspace.random;
  ctx.reply.array(count);
  for (; count > 0 && !ctx.reply.overflowed(); --count) reply_member(ctx.reply, set.random(random));
}

void reply_different(CommandContext& ctx, const Set& set, uint64_t count) {
  ctx.reply.array(count);
  set.sample(ctx.server.keyspace.random, count,
             [&](const SetMember& member) { reply_member(ctx.reply, member); });
}

void srandmember_with_count(CommandContext& ctx) {
  using Limits = std::numeric_limits<int64_t>;
  constexpr std::string_view kOutOfRange =
      "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";
  if (ctx.arity() > 3) return ctx.syntax_error();
  const auto count = ctx.integer_between(2, -Limits::max(), Limits::max(), kOutOfRange);
  if (!count) return;
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!ctx.check_type(item, Type::kSet)) return;
  if (!item || *count == 0) return ctx.reply.array(0);
  const Set set = set_at(item);
  if (*count < 0) return reply_any(ctx, set, static_cast<uint64_t>(-*count));
  reply_different(ctx, set, std::min<uint64_t>(static_cast<uint64_t>(*count), set.size()));
}

void srandmember_command(CommandContext& ctx) {
  if (ctx.arity() > 2) return srandmember_with_count(ctx);
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!ctx.check_type(item, Type::kSet)) return;
  if (!item) return ctx.reply.null();
  reply_member(ctx.reply, set_at(item).random(ctx.server.keyspace.random));
}

constexpr CommandRow kSetRandomRows[] = {
    {.name = "SPOP",
     .handler = spop_command,
     .arity = -2,
     .group = "set",
     .since = "1.0.0",
     .flags = "WRITE,FAST",
     .acl = "SET",
     .tips = "NONDETERMINISTIC_OUTPUT",
     .keys = "RW+ACCESS+DELETE@index:1/range:0,1,0",
     .syntax = "key [count:integer@3.2.0]",
     .complexity = "O(1), with a count O(N) in that count",
     .summary = "Takes members chosen at random out of a set and returns them.",
     .history = "3.2.0 Argument `count`."},
    {.name = "SRANDMEMBER",
     .handler = srandmember_command,
     .arity = -2,
     .group = "set",
     .since = "1.0.0",
     .flags = "READONLY",
     .acl = "SET",
     .tips = "NONDETERMINISTIC_OUTPUT",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key [count:integer@2.6.0]",
     .complexity = "O(1), with a count O(N) in that count",
     .summary = "Returns members of a set chosen at random.",
     .history = "2.6.0 Argument `count`."},
};

}  // namespace

CommandFamily set_random_commands() {
  return kSetRandomRows;
}

}  // namespace spinel::server
