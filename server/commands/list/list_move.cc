// Elements that go from one list to another, or to whichever client waits for them.
//
// A command that blocks is the one that does not, tried again whenever one of its keys may hold a
// list: see server/blocking/blocked_clients.h. Whoever reads the effects sees the one that does
// not.
#include <algorithm>
#include <limits>
#include <string>

#include "server/commands/list/list_common.h"
#include "server/commands/support/block_timeout.h"
#include "server/commands/support/collection.h"
#include "server/commands/support/multiple_pop.h"
#include "server/engine/context.h"
#include "server/engine/families.h"
#include "storage/base/numbers.h"

namespace spinel::server {
namespace {

using storage::Item;
using storage::Key;
using storage::List;
using storage::ListEnd;
using storage::ListOptions;
using storage::Type;

using WritableList = WritableCollection<List>;

// The end that the argument at `index` names; if it names none, the error has been sent.
std::optional<ListEnd> end_argument(CommandContext& ctx, size_t index) {
  if (ctx.arg_is(index, "LEFT")) return ListEnd::kFront;
  if (ctx.arg_is(index, "RIGHT")) return ListEnd::kBack;
  ctx.syntax_error();
  return std::nullopt;
}

// What a command found to do.
enum class Outcome : uint8_t {
  kDone,
  kRefused,       // the error has been sent
  kNothingThere,  // and no reply was written
};

// --- moving one element

struct Move {
  ListEnd from;
  ListEnd to;
};

std::optional<Move> move_arguments(CommandContext& ctx) {
  const auto from = end_argument(ctx, 3);
  if (!from) return std::nullopt;
  const auto to = end_argument(ctx, 4);
  if (!to) return std::nullopt;
  return Move{*from, *to};
}

// From one end of a list to the other, or to the same.
void rotate(CommandContext& ctx, const Key& key, const Move& move) {
  auto list = WritableList::find(ctx, key);
  const ListOptions options = list_options(ctx);
  std::string text;
  list->value().read_end(move.from, [&](const unsigned char* at) {
    reply_element(ctx.reply, at);
    char scratch[storage::kMaxDoubleChars];
    text = storage::read_listpack_entry(at).bytes(scratch);
  });
  list->value().pop(move.from, 1, options);
  list->value().push(move.to, text, options);
  list->commit(1, kNotifyList, push_event(move.to));
  ctx.notify(kNotifyList, pop_event(move.from), key.bytes);
}

// Moves an element from the list at the first argument to that at the second, and replies it.
Outcome move_element(CommandContext& ctx, const Move& move) {
  const Key from = ctx.key(1);
  const Key to = ctx.key(2);
  const Item item = ctx.find_write(from);
  if (!item) return Outcome::kNothingThere;
  if (!ctx.check_type(item, Type::kList)) return Outcome::kRefused;
  if (from.bytes == to.bytes) {
    rotate(ctx, from, move);
    return Outcome::kDone;
  }
  const List source(item->encoding(), item->object());
  auto target = WritableList::find(ctx, to);
  if (!target) return Outcome::kRefused;
  const ListOptions options = list_options(ctx);
  source.read_end(move.from, [&](const unsigned char* at) {
    reply_element(ctx.reply, at);
    char scratch[storage::kMaxDoubleChars];
    target->value().push(move.to, storage::read_listpack_entry(at).bytes(scratch), options);
  });
  target->commit(0, kNotifyList, push_event(move.to));
  // The table may have changed since the source was found.
  auto left = WritableList::find(ctx, from);
  left->value().pop(move.from, 1, options);
  left->commit(1, kNotifyList, pop_event(move.from));
  return Outcome::kDone;
}

void lmove_command(CommandContext& ctx) {
  const auto move = move_arguments(ctx);
  if (!move) return;
  if (move_element(ctx, *move) == Outcome::kNothingThere) ctx.reply.null();
}

void rpoplpush_command(CommandContext& ctx) {
  if (move_element(ctx, {ListEnd::kBack, ListEnd::kFront}) == Outcome::kNothingThere) {
    ctx.reply.null();
  }
}

// Tells `effect`, if the move changed something, instead of the command that blocks.
void blocking_move(CommandContext& ctx, const Move& move, size_t timeout_index,
                   CommandArgs effect) {
  if (ctx.wake == WakeReason::kTimeout) {
    // Who must not block gets the reply of LMOVE.
    return ctx.session.deny_blocking ? ctx.reply.null() : ctx.reply.null_array();
  }
  const auto timeout_ms = block_timeout_ms(ctx, timeout_index);
  if (!timeout_ms) return;
  const Outcome outcome = move_element(ctx, move);
  if (outcome == Outcome::kDone) ctx.propagate(effect);
  if (outcome == Outcome::kNothingThere) {
    ctx.block_on_keys(Type::kList, ctx.args.subspan(1, 1), *timeout_ms);
  }
}

void blmove_command(CommandContext& ctx) {
  const auto move = move_arguments(ctx);
  if (!move) return;
  const std::string_view effect[] = {"LMOVE", ctx.arg(1), ctx.arg(2), ctx.arg(3), ctx.arg(4)};
  blocking_move(ctx, *move, 5, effect);
}

void brpoplpush_command(CommandContext& ctx) {
  const std::string_view effect[] = {"RPOPLPUSH", ctx.arg(1), ctx.arg(2)};
  blocking_move(ctx, {ListEnd::kBack, ListEnd::kFront}, 3, effect);
}

// --- popping from the first list there is

void blocking_pop(CommandContext& ctx, ListEnd end) {
  if (ctx.wake == WakeReason::kTimeout) return ctx.reply.null_array();
  const size_t timeout_index = ctx.arity() - 1;
  const auto timeout_ms = block_timeout_ms(ctx, timeout_index);
  if (!timeout_ms) return;
  for (size_t i = 1; i < timeout_index; ++i) {
    const Key key = ctx.key(i);
    auto list = WritableList::find(ctx, key);
    if (!list) return;
    if (!list->exists()) continue;
    ctx.reply.array(2);
    ctx.reply.bulk(key.bytes);
    list->value().read_end(end, [&](const unsigned char* at) { reply_element(ctx.reply, at); });
    list->value().pop(end, 1, list_options(ctx));
    list->commit(1, kNotifyList, pop_event(end));
    const std::string_view effect[] = {pop_effect(end), key.bytes};
    return ctx.propagate(effect);
  }
  ctx.block_on_keys(Type::kList, ctx.args.subspan(1, timeout_index - 1), *timeout_ms);
}

void blpop_command(CommandContext& ctx) {
  blocking_pop(ctx, ListEnd::kFront);
}

void brpop_command(CommandContext& ctx) {
  blocking_pop(ctx, ListEnd::kBack);
}

// --- popping several

constexpr EndWords kEnds{.first = "LEFT", .second = "RIGHT"};

Outcome pop_multiple(CommandContext& ctx, const MultiplePop& pop) {
  for (size_t i = pop.first_key; i < pop.first_key + pop.keys; ++i) {
    const Key key = ctx.key(i);
    auto list = WritableList::find(ctx, key);
    if (!list) return Outcome::kRefused;
    if (!list->exists()) continue;
    const ListEnd end = pop.second_end ? ListEnd::kBack : ListEnd::kFront;
    const size_t count = std::min(pop.count, list->value().size());
    ctx.reply.array(2);
    ctx.reply.bulk(key.bytes);
    ctx.reply.array(count);
    reply_from_end(ctx.reply, list->value(), end, count);
    list->value().pop(end, count, list_options(ctx));
    list->commit(static_cast<int64_t>(count), kNotifyList, pop_event(end));
    const storage::IntegerText count_text(static_cast<int64_t>(count));
    const std::string_view effect[] = {pop_effect(end), key.bytes, count_text.view()};
    ctx.propagate(effect);
    return Outcome::kDone;
  }
  return Outcome::kNothingThere;
}

void lmpop_command(CommandContext& ctx) {
  const auto pop = multiple_pop(ctx, 1, kEnds);
  if (!pop) return;
  if (pop_multiple(ctx, *pop) == Outcome::kNothingThere) ctx.reply.null_array();
}

void blmpop_command(CommandContext& ctx) {
  if (ctx.wake == WakeReason::kTimeout) return ctx.reply.null_array();
  const auto pop = multiple_pop(ctx, 2, kEnds);
  if (!pop) return;
  const auto timeout_ms = block_timeout_ms(ctx, 1);
  if (!timeout_ms) return;
  if (pop_multiple(ctx, *pop) != Outcome::kNothingThere) return;
  ctx.block_on_keys(Type::kList, ctx.args.subspan(pop->first_key, pop->keys), *timeout_ms);
}

constexpr CommandRow kListMoveRows[] = {
    {.name = "LMOVE",
     .handler = lmove_command,
     .arity = 5,
     .group = "list",
     .since = "6.2.0",
     .flags = "WRITE,DENYOOM",
     .acl = "LIST",
     .keys = "RW+ACCESS+DELETE@index:1/range:0,1,0 ; RW+INSERT@index:2/range:0,1,0",
     .syntax = "source destination wherefrom=<LEFT|RIGHT> whereto=<LEFT|RIGHT>",
     .complexity = "O(1)",
     .summary = "Moves an element from an end of one list to an end of another, and returns "
                "it."},
    {.name = "RPOPLPUSH",
     .handler = rpoplpush_command,
     .arity = 3,
     .group = "list",
     .since = "1.2.0",
     .flags = "WRITE,DENYOOM",
     .acl = "LIST",
     .keys = "RW+ACCESS+DELETE@index:1/range:0,1,0 ; RW+INSERT@index:2/range:0,1,0",
     .syntax = "source destination",
     .complexity = "O(1)",
     .summary = "Moves the last element of a list to the front of another, and returns it.",
     .deprecated_since = "6.2.0",
     .replaced_by = "`LMOVE` with the `RIGHT` and `LEFT` arguments",
     .doc_flags = "DEPRECATED"},
    {.name = "LMPOP",
     .handler = lmpop_command,
     .arity = -4,
     .group = "list",
     .since = "7.0.0",
     .flags = "WRITE",
     .acl = "LIST",
     .keys = "RW+ACCESS+DELETE@index:1/keynum:0,1,1",
     .syntax = "numkeys:integer key ... where=<LEFT|RIGHT> [COUNT count:integer]",
     .complexity = "O(N+M) where N is the number of keys and M that of elements returned.",
     .summary = "Removes elements from the first of several lists that is not empty, and "
                "returns them."},
    {.name = "BLMOVE",
     .handler = blmove_command,
     .arity = 6,
     .group = "list",
     .since = "6.2.0",
     .flags = "WRITE,DENYOOM,BLOCKING",
     .acl = "LIST",
     .keys = "RW+ACCESS+DELETE@index:1/range:0,1,0 ; RW+INSERT@index:2/range:0,1,0",
     .syntax = "source destination wherefrom=<LEFT|RIGHT> whereto=<LEFT|RIGHT> timeout:double",
     .complexity = "O(1)",
     .summary = "Moves an element from an end of one list to an end of another; waits for one "
                "if there is none."},
    {.name = "BRPOPLPUSH",
     .handler = brpoplpush_command,
     .arity = 4,
     .group = "list",
     .since = "2.2.0",
     .flags = "WRITE,DENYOOM,BLOCKING",
     .acl = "LIST",
     .keys = "RW+ACCESS+DELETE@index:1/range:0,1,0 ; RW+INSERT@index:2/range:0,1,0",
     .syntax = "source destination timeout:double",
     .complexity = "O(1)",
     .summary = "Moves the last element of a list to the front of another; waits for one if "
                "there is none.",
     .history = "6.0.0 The time may have decimals.",
     .deprecated_since = "6.2.0",
     .replaced_by = "`BLMOVE` with the `RIGHT` and `LEFT` arguments",
     .doc_flags = "DEPRECATED"},
    {.name = "BLPOP",
     .handler = blpop_command,
     .arity = -3,
     .group = "list",
     .since = "2.0.0",
     .flags = "WRITE,BLOCKING",
     .acl = "LIST",
     .keys = "RW+ACCESS+DELETE@index:1/range:-2,1,0",
     .syntax = "key ... timeout:double",
     .complexity = "O(N) where N is the number of keys.",
     .summary = "Removes the first element of the first of several lists that is not empty; "
                "waits for one if all are.",
     .history = "6.0.0 The time may have decimals."},
    {.name = "BRPOP",
     .handler = brpop_command,
     .arity = -3,
     .group = "list",
     .since = "2.0.0",
     .flags = "WRITE,BLOCKING",
     .acl = "LIST",
     .keys = "RW+ACCESS+DELETE@index:1/range:-2,1,0",
     .syntax = "key ... timeout:double",
     .complexity = "O(N) where N is the number of keys.",
     .summary = "Removes the last element of the first of several lists that is not empty; "
                "waits for one if all are.",
     .history = "6.0.0 The time may have decimals."},
    {.name = "BLMPOP",
     .handler = blmpop_command,
     .arity = -5,
     .group = "list",
     .since = "7.0.0",
     .flags = "WRITE,BLOCKING",
     .acl = "LIST",
     .keys = "RW+ACCESS+DELETE@index:2/keynum:0,1,1",
     .syntax = "timeout:double numkeys:integer key ... where=<LEFT|RIGHT> [COUNT "
               "count:integer]",
     .complexity = "O(N+M) where N is the number of keys and M that of elements returned.",
     .summary = "Removes elements from the first of several lists that is not empty; waits for"
                " some if all are."},
};
}  // namespace

CommandFamily list_move_commands() {
  return kListMoveRows;
}

}  // namespace spinel::server
