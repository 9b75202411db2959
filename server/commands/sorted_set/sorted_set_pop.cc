// Taking the lowest or highest members out of sorted sets, waiting for them if need be.
#include <algorithm>
#include <optional>

#include "server/commands/sorted_set/sorted_set_support.h"
#include "server/commands/support/block_timeout.h"
#include "server/commands/support/multiple_pop.h"
#include "server/engine/context.h"
#include "server/engine/families.h"
#include "storage/base/numbers.h"

namespace spinel::server {
namespace {

using storage::Key;
using storage::SortedSet;
using storage::Type;

enum class End : uint8_t { kMin, kMax };

std::string_view pop_name(End end) {
  return end == End::kMin ? "ZPOPMIN" : "ZPOPMAX";
}

// Removes up to `count` members, at least one, from that end of a set that is not empty, and
// visits them before. Returns how many they were.
template <typename Begin, typename Visit>
int64_t pop(WritableSortedSet& found, End end, size_t count, Begin&& begin, Visit&& visit) {
  SortedSet& set = found.value();
  const size_t popped = std::min(count, set.size());
  const Interval interval{.first = end == End::kMin ? 0 : set.size() - popped, .count = popped};
  begin(popped);
  visit_interval(set, interval, end == End::kMax, visit);
  set.erase_range(interval.first, interval.count, [](std::string_view, double) {});
  const auto changes = static_cast<int64_t>(popped);
  found.commit(changes, kNotifyZset, end == End::kMin ? "zpopmin" : "zpopmax");
  return changes;
}

// --- ZPOPMIN, ZPOPMAX

// Without a count, one member and its score; with one, as WITHSCORES shows them.
void pop_command(CommandContext& ctx, End end) {
  if (ctx.arity() > 3) return ctx.syntax_error();
  size_t count = 1;
  if (ctx.arity() == 3) {
    const std::optional<int64_t> given = ctx.integer(2, errors::kNotPositive);
    if (!given) return;
    if (*given < 0) return ctx.error(errors::kNotPositive);
    count = static_cast<size_t>(*given);
  }
  auto found = WritableSortedSet::find(ctx, ctx.key(1));
  if (!found) return;
  if (!found->exists() || count == 0) return ctx.reply.array(0);
  MemberReply reply(ctx.reply, ctx.arity() == 3 ? score_form(ctx, true) : ScoreForm::kFlat);
  pop(
      *found, end, count, [&](size_t members) { reply.begin(members); }, reply);
}

void zpopmin_command(CommandContext& ctx) {
  pop_command(ctx, End::kMin);
}

void zpopmax_command(CommandContext& ctx) {
  pop_command(ctx, End::kMax);
}

// --- the first of several keys

struct KeyedSet {
  std::string_view key;
  WritableSortedSet set;
};

// The set at the first of `keys` that has one, or nothing. `failed`: there is a value of another
// type before it, and WRONGTYPE has been sent.
std::optional<KeyedSet> first_set(CommandContext& ctx, size_t first_key, size_t keys,
                                  bool& failed) {
  failed = false;
  for (size_t i = first_key; i < first_key + keys; ++i) {
    const Key key = ctx.key(i);
    auto found = WritableSortedSet::find(ctx, key);
    failed = !found.has_value();
    if (failed) return std::nullopt;
    if (found->exists()) return KeyedSet{key.bytes, std::move(*found)};
  }
  return std::nullopt;
}

// ZMPOP and BZMPOP: key, then the members as pairs, in any protocol.
void reply_popped(CommandContext& ctx, KeyedSet& found, End end, size_t count) {
  MemberReply reply(ctx.reply, ScoreForm::kPairs);
  const auto begin = [&](size_t members) {
    ctx.reply.array(2);
    ctx.reply.bulk(found.key);
    reply.begin(members);
  };
  const int64_t popped = pop(found.set, end, count, begin, reply);
  const storage::IntegerText popped_text(popped);
  const std::string_view effect[] = {pop_name(end), found.key, popped_text.view()};
  ctx.propagate(effect);
}

constexpr EndWords kEnds{.first = "MIN", .second = "MAX"};

// Pops from the first set there is. False if there is none: nothing was replied.
bool pop_first(CommandContext& ctx, const MultiplePop& arguments) {
  const End end = arguments.second_end ? End::kMax : End::kMin;
  bool failed = false;
  std::optional<KeyedSet> found = first_set(ctx, arguments.first_key, arguments.keys, failed);
  if (found) reply_popped(ctx, *found, end, arguments.count);
  return found || failed;
}

void zmpop_command(CommandContext& ctx) {
  const std::optional<MultiplePop> arguments = multiple_pop(ctx, 1, kEnds);
  if (!arguments) return;
  if (!pop_first(ctx, *arguments)) ctx.reply.null_array();
}

// --- waiting

void wait_for_keys(CommandContext& ctx, size_t first_key, size_t keys, int64_t timeout_ms) {
  ctx.block_on_keys(Type::kSortedSet, ctx.args.subspan(first_key, keys), timeout_ms);
}

void bzmpop_command(CommandContext& ctx) {
  if (ctx.wake == WakeReason::kTimeout) return ctx.reply.null_array();
  const std::optional<MultiplePop> arguments = multiple_pop(ctx, 2, kEnds);
  if (!arguments) return;
  const std::optional<int64_t> timeout_ms = block_timeout_ms(ctx, 1);
  if (!timeout_ms) return;
  if (pop_first(ctx, *arguments)) return;
  wait_for_keys(ctx, arguments->first_key, arguments->keys, *timeout_ms);
}

// BZPOPMIN and BZPOPMAX: key, member and score, in a flat array in any protocol.
void blocking_pop_command(CommandContext& ctx, End end) {
  if (ctx.wake == WakeReason::kTimeout) return ctx.reply.null_array();
  const size_t keys = ctx.arity() - 2;
  const std::optional<int64_t> timeout_ms = block_timeout_ms(ctx, ctx.arity() - 1);
  if (!timeout_ms) return;
  bool failed = false;
  std::optional<KeyedSet> found = first_set(ctx, 1, keys, failed);
  if (failed) return;
  if (!found) return wait_for_keys(ctx, 1, keys, *timeout_ms);
  MemberReply reply(ctx.reply, ScoreForm::kFlat);
  const auto begin = [&](size_t) {
    ctx.reply.array(3);
    ctx.reply.bulk(found->key);
  };
  pop(found->set, end, 1, begin, reply);
  const std::string_view effect[] = {pop_name(end), found->key};
  ctx.propagate(effect);
}

void bzpopmin_command(CommandContext& ctx) {
  blocking_pop_command(ctx, End::kMin);
}

void bzpopmax_command(CommandContext& ctx) {
  blocking_pop_command(ctx, End::kMax);
}

constexpr CommandRow kSortedSetPopRows[] = {
    {.name = "ZPOPMIN",
     .handler = zpopmin_command,
     .arity = -2,
     .group = "sorted-set",
     .since = "5.0.0",
     .flags = "WRITE,FAST",
     .acl = "SORTEDSET",
     .keys = "RW+ACCESS+DELETE@index:1/range:0,1,0",
     .syntax = "key [count:integer]",
     .complexity = "O(log(N)+M) with M members removed",
     .summary = "Removes the members with the lowest scores and returns them."},
    {.name = "ZPOPMAX",
     .handler = zpopmax_command,
     .arity = -2,
     .group = "sorted-set",
     .since = "5.0.0",
     .flags = "WRITE,FAST",
     .acl = "SORTEDSET",
     .keys = "RW+ACCESS+DELETE@index:1/range:0,1,0",
     .syntax = "key [count:integer]",
     .complexity = "O(log(N)+M) with M members removed",
     .summary = "Removes the members with the highest scores and returns them."},
    {.name = "ZMPOP",
     .handler = zmpop_command,
     .arity = -4,
     .group = "sorted-set",
     .since = "7.0.0",
     .flags = "WRITE",
     .acl = "SORTEDSET",
     .keys = "RW+ACCESS+DELETE@index:1/keynum:0,1,1",
     .syntax = "numkeys:integer key ... where=<MIN|MAX> [COUNT count:integer]",
     .complexity = "O(K)+O(log(N)+M) with K keys and M members removed",
     .summary = "Removes the lowest or highest members of the first sorted set that has any."},
    {.name = "BZPOPMIN",
     .handler = bzpopmin_command,
     .arity = -3,
     .group = "sorted-set",
     .since = "5.0.0",
     .flags = "WRITE,FAST,BLOCKING",
     .acl = "SORTEDSET",
     .keys = "RW+ACCESS+DELETE@index:1/range:-2,1,0",
     .syntax = "key ... timeout:double",
     .complexity = "O(log(N))",
     .summary = "Removes the member with the lowest score, waiting until there is one.",
     .history = "6.0.0 `timeout` may have a fraction."},
    {.name = "BZPOPMAX",
     .handler = bzpopmax_command,
     .arity = -3,
     .group = "sorted-set",
     .since = "5.0.0",
     .flags = "WRITE,FAST,BLOCKING",
     .acl = "SORTEDSET",
     .keys = "RW+ACCESS+DELETE@index:1/range:-2,1,0",
     .syntax = "key ... timeout:double",
     .complexity = "O(log(N))",
     .summary = "Removes the member with the highest score, waiting until there is one.",
     .history = "6.0.0 `timeout` may have a fraction."},
    {.name = "BZMPOP",
     .handler = bzmpop_command,
     .arity = -5,
     .group = "sorted-set",
     .since = "7.0.0",
     .flags = "WRITE,BLOCKING",
     .acl = "SORTEDSET",
     .keys = "RW+ACCESS+DELETE@index:2/keynum:0,1,1",
     .syntax = "timeout:double numkeys:integer key ... where=<MIN|MAX> [COUNT count:integer]",
     .complexity = "O(K)+O(log(N)+M) with K keys and M members removed",
     .summary = "Removes the lowest or highest members of the first sorted set that has any, "
                "waiting until one has."},
};

}  // namespace

CommandFamily sorted_set_pop_commands() {
  return kSortedSetPopRows;
}

}  // namespace spinel::server
