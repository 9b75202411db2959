// Sorted sets, member by member: ZADD and its relatives, scores, and removing.
//
// ZADD ... MAXLEN n keeps a leaderboard at its best n in the same step. Whoever reads the effects
// sees a plain ZADD, and then the removal of an interval of ranks.
#include <cmath>
#include <optional>
#include <vector>

#include "server/commands/sorted_set/sorted_set_support.h"
#include "server/engine/context.h"
#include "server/engine/families.h"
#include "storage/base/numbers.h"

namespace spinel::server {
namespace {

using storage::ConstItem;
using storage::Item;
using storage::SortedSet;
using storage::Type;

// --- ZADD, ZINCRBY

// Reads MAXLEN n [MIN|MAX] from `index` on, which moves on to its last argument. False after the
// error was sent.
bool read_max_length(CommandContext& ctx, size_t& index, AddOptions& options) {
  options.max_length_begin = index;
  const std::optional<int64_t> length = ctx.integer(++index);
  if (!length) return false;
  if (*length < 1) {
    ctx.error("ERR MAXLEN should be greater than 0");
    return false;
  }
  options.max_length = static_cast<size_t>(*length);
  options.keep_lowest = ctx.arg_is(index + 1, "MIN");
  if (options.keep_lowest || ctx.arg_is(index + 1, "MAX")) ++index;
  options.max_length_end = index + 1;
  return true;
}

// Whether an argument can be an option at all; a score mostly cannot.
bool is_word(std::string_view text) {
  return !text.empty() && static_cast<unsigned char>((text[0] | 0x20) - 'a') < 26;
}

// Reads all options; MAXLEN is one if a score and a member may follow it. Returns the argument that
// is the first score, or nothing after the error was sent.
std::optional<size_t> read_add_options(CommandContext& ctx, AddOptions& options,
                                       bool takes_max_length) {
  size_t i = 2;
  for (; i < ctx.arity() && is_word(ctx.arg(i)); ++i) {
    if (ctx.arg_is(i, "NX")) {
      options.only_new = true;
    } else if (ctx.arg_is(i, "XX")) {
      options.only_existing = true;
    } else if (ctx.arg_is(i, "GT")) {
      options.only_greater = true;
    } else if (ctx.arg_is(i, "LT")) {
      options.only_less = true;
    } else if (ctx.arg_is(i, "CH")) {
      options.count_changes = true;
    } else if (ctx.arg_is(i, "INCR")) {
      options.increment = true;
    } else if (takes_max_length && ctx.arg_is(i, "MAXLEN") && i + 3 < ctx.arity() &&
               options.max_length == 0) {
      if (!read_max_length(ctx, i, options)) return std::nullopt;
    } else {
      break;
    }
  }
  return i;
}

// Whether there are pairs, and options that go together. If not, the error has been sent.
bool check_add(CommandContext& ctx, const AddOptions& options, size_t first_pair) {
  const size_t left = ctx.arity() - first_pair;
  if (left == 0 || left % 2 != 0) {
    ctx.syntax_error();
  } else if (options.only_new && options.only_existing) {
    ctx.error("ERR XX and NX options at the same time are not compatible");
  } else if (int{options.only_new} + int{options.only_greater} + int{options.only_less} > 1) {
    ctx.error("ERR GT, LT, and/or NX options at the same time are not compatible");
  } else if (options.increment && left > 2) {
    ctx.error("ERR INCR option supports a single increment-element pair");
  } else {
    return true;
  }
  return false;
}

// What became of one pair.
struct AddResult {
  enum class Kind : uint8_t { kAdded, kUpdated, kUnchanged, kSkipped, kNotANumber };
  Kind kind;
  double score = 0;  // the member's score afterwards; if skipped or not a number, nothing
};

AddResult add_pair(SortedSet& set, std::string_view member, double score, const AddOptions& options,
                   const SortedSet::Limits& limits) {
  using Kind = AddResult::Kind;
  const SortedSet::Found found = set.find(member);
  if (!found) {
    if (options.only_existing) return {Kind::kSkipped};
    set.insert(found, member, score, limits);
    return {Kind::kAdded, score};
  }
  if (options.only_new) return {Kind::kSkipped};
  if (options.increment) {
    score += found.score;
    if (std::isnan(score)) return {Kind::kNotANumber};
  }
  if ((options.only_greater && score <= found.score) ||
      (options.only_less && score >= found.score)) {
    return {Kind::kSkipped};
  }
  if (score == found.score) return {Kind::kUnchanged, score};
  set.set_score(found, score);
  return {Kind::kUpdated, score};
}

// Removes what is beyond the best `max_length`; returns how many that were.
size_t trim(SortedSet& set, const AddOptions& options) {
  const size_t size = set.size();
  if (options.max_length == 0 || size <= options.max_length) return 0;
  const size_t excess = size - options.max_length;
  set.erase_range(options.keep_lowest ? options.max_length : 0, excess,
                  [](std::string_view, double) {});
  return excess;
}

// The effects of ZADD with MAXLEN: what it added, if anything, and what it cut off.
void propagate_without_max_length(CommandContext& ctx, const AddOptions& options, bool added,
                                  size_t trimmed) {
  if (!ctx.server.effects.active()) return;
  if (added) {
    std::vector<std::string_view> effect(ctx.args.begin(), ctx.args.end());
    const auto begin = effect.begin();
    effect.erase(begin + static_cast<std::ptrdiff_t>(options.max_length_begin),
                 begin + static_cast<std::ptrdiff_t>(options.max_length_end));
    ctx.propagate(effect);
  }
  if (trimmed == 0) return;
  const auto count = static_cast<int64_t>(trimmed);
  const storage::IntegerText bound(options.keep_lowest ? -count : count - 1);
  const std::string_view lowest[] = {"ZREMRANGEBYRANK", ctx.arg(1), "0", bound.view()};
  const std::string_view highest[] = {"ZREMRANGEBYRANK", ctx.arg(1), bound.view(), "-1"};
  ctx.propagate(options.keep_lowest ? highest : lowest);
}

// Stores the set if anything changed, and tells so.
void commit_added(CommandContext& ctx, WritableSortedSet& found, const AddOptions& options,
                  int64_t changes) {
  const size_t trimmed = trim(found.value(), options);
  if (changes == 0 && trimmed == 0) return;
  constexpr std::string_view kTrimmed = "zremrangebyrank";
  const std::string_view added = options.increment ? "zincr" : "zadd";
  found.commit(changes + static_cast<int64_t>(trimmed), kNotifyZset,
               changes > 0 ? added : kTrimmed);
  if (changes > 0 && trimmed > 0) ctx.notify(kNotifyZset, kTrimmed, ctx.arg(1));
  if (options.max_length > 0) {
    propagate_without_max_length(ctx, options, changes > 0, trimmed);
  }
}

// ZADD INCR and ZINCRBY: adds `amount` to one member's score and replies what it became.
void increment(CommandContext& ctx, const AddOptions& options, std::string_view member,
               double amount) {
  auto found = WritableSortedSet::find(ctx, ctx.key(1));
  if (!found) return;
  if (!found->exists() && options.only_existing) return ctx.reply.null();
  const AddResult result =
      add_pair(found->value(), member, amount, options, sorted_set_limits(ctx));
  using Kind = AddResult::Kind;
  if (result.kind == Kind::kNotANumber) {
    return ctx.error("ERR resulting score is not a number (NaN)");
  }
  const bool changed = result.kind == Kind::kAdded || result.kind == Kind::kUpdated;
  commit_added(ctx, *found, options, changed ? 1 : 0);
  if (result.kind == Kind::kSkipped) return ctx.reply.null();
  ctx.reply.number(result.score);
}

void zadd_command(CommandContext& ctx) {
  AddOptions options;
  const std::optional<size_t> first_pair = read_add_options(ctx, options, true);
  if (!first_pair || !check_add(ctx, options, *first_pair)) return;
  Scores scores((ctx.arity() - *first_pair) / 2);
  for (size_t i = 0; i < scores.size(); ++i) {
    const std::optional<double> score = ctx.number(*first_pair + 2 * i);
    if (!score) return;
    scores[i] = *score;
  }
  if (options.increment) return increment(ctx, options, ctx.arg(*first_pair + 1), scores[0]);
  add_members(ctx, options, scores, *first_pair + 1, 2);
}

void zincrby_command(CommandContext& ctx) {
  AddOptions options;
  // The increment stands where ZADD has options: if it is one, there is nothing behind it.
  if (read_add_options(ctx, options, false) != 2) return ctx.syntax_error();
  const std::optional<double> amount = ctx.number(2);
  if (!amount) return;
  options.increment = true;
  increment(ctx, options, ctx.arg(3), *amount);
}

// --- ZREM

void zrem_command(CommandContext& ctx) {
  auto found = WritableSortedSet::find(ctx, ctx.key(1));
  if (!found) return;
  if (!found->exists()) return ctx.reply.integer(0);
  SortedSet& set = found->value();
  int64_t removed = 0;
  for (size_t i = 2; i < ctx.arity() && !set.empty(); ++i) {
    const SortedSet::Found member = set.find(ctx.arg(i));
    if (!member) continue;
    set.erase(member);
    ++removed;
  }
  if (removed > 0) found->commit(removed, kNotifyZset, "zrem");
  ctx.reply.integer(removed);
}

// --- ZSCORE, ZMSCORE, ZCARD

void reply_score(CommandContext& ctx, const SortedSet& set, std::string_view member) {
  const SortedSet::Found found = set.find(member);
  if (!found) return ctx.reply.null();
  ctx.reply.number(found.score);
}

void zscore_command(CommandContext& ctx) {
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!item) return ctx.reply.null();
  if (!ctx.check_type(item, Type::kSortedSet)) return;
  reply_score(ctx, sorted_set_at(item), ctx.arg(2));
}

void zmscore_command(CommandContext& ctx) {
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!ctx.check_type(item, Type::kSortedSet)) return;
  ctx.reply.array(ctx.arity() - 2);
  for (size_t i = 2; i < ctx.arity(); ++i) {
    if (item) {
      reply_score(ctx, sorted_set_at(item), ctx.arg(i));
    } else {
      ctx.reply.null();
    }
  }
}

void zcard_command(CommandContext& ctx) {
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!ctx.check_type(item, Type::kSortedSet)) return;
  ctx.reply.integer(item ? static_cast<int64_t>(sorted_set_at(item).size()) : 0);
}

constexpr CommandRow kSortedSetRows[] = {
    {.name = "ZADD",
     .handler = zadd_command,
     .arity = -4,
     .group = "sorted-set",
     .since = "1.2.0",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "SORTEDSET",
     .keys = "RW+UPDATE@index:1/range:0,1,0",
     .syntax = "key [condition=<NX|XX>@3.0.2] [comparison=<GT|LT>@6.2.0] [change=CH@3.0.2] "
               "[increment=INCR@3.0.2] [trim=<MAXLEN length:integer [best=<MIN|MAX>]>] "
               "data=<score:double member:string> ...",
     .complexity = "O(log(N)) for each member, and for each that MAXLEN cuts off",
     .summary = "Adds members with their scores, or gives members other scores.",
     .history = "2.4.0 Takes several members. ; 3.0.2 Options `XX`, `NX`, `CH` and `INCR`. ; 6.2.0 "
                "Options `GT` and `LT`."},
    {.name = "ZINCRBY",
     .handler = zincrby_command,
     .arity = 4,
     .group = "sorted-set",
     .since = "1.2.0",
     .flags = "WRITE,DENYOOM,FAST",
     .acl = "SORTEDSET",
     .keys = "RW+ACCESS+UPDATE@index:1/range:0,1,0",
     .syntax = "key increment:integer member:string",
     .complexity = "O(log(N))",
     .summary = "Raises the score of a member; one that is missing counts as 0."},
    {.name = "ZREM",
     .handler = zrem_command,
     .arity = -3,
     .group = "sorted-set",
     .since = "1.2.0",
     .flags = "WRITE,FAST",
     .acl = "SORTEDSET",
     .keys = "RW+DELETE@index:1/range:0,1,0",
     .syntax = "key member:string ...",
     .complexity = "O(M*log(N)) with M members to remove",
     .summary = "Removes members from a sorted set.",
     .history = "2.4.0 Takes several members."},
    {.name = "ZSCORE",
     .handler = zscore_command,
     .arity = 3,
     .group = "sorted-set",
     .since = "1.2.0",
     .flags = "READONLY,FAST",
     .acl = "SORTEDSET",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key member:string",
     .complexity = "O(1)",
     .summary = "Returns the score of a member."},
    {.name = "ZMSCORE",
     .handler = zmscore_command,
     .arity = -3,
     .group = "sorted-set",
     .since = "6.2.0",
     .flags = "READONLY,FAST",
     .acl = "SORTEDSET",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key member:string ...",
     .complexity = "O(N) with N members asked for",
     .summary = "Returns the scores of several members."},
    {.name = "ZCARD",
     .handler = zcard_command,
     .arity = 2,
     .group = "sorted-set",
     .since = "1.2.0",
     .flags = "READONLY,FAST",
     .acl = "SORTEDSET",
     .keys = "RO@index:1/range:0,1,0",
     .syntax = "key",
     .complexity = "O(1)",
     .summary = "Counts the members of a sorted set."},
};

}  // namespace

int64_t add_members(CommandContext& ctx, const AddOptions& options, Scores& scores,
                    size_t first_member, size_t stride) {
  auto found = WritableSortedSet::find(ctx, ctx.key(1));
  if (!found) return 0;
  if (!found->exists() && options.only_existing) {
    ctx.reply.integer(0);
    return 0;
  }
  SortedSet& set = found->value();
  const SortedSet::Limits limits = sorted_set_limits(ctx);
  int64_t added = 0;
  int64_t updated = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    const std::string_view member = ctx.arg(first_member + i * stride);
    const AddResult result = add_pair(set, member, scores[i], options, limits);
    if (result.kind == AddResult::Kind::kAdded) ++added;
    if (result.kind == AddResult::Kind::kUpdated) ++updated;
  }
  commit_added(ctx, *found, options, added + updated);
  ctx.reply.integer(options.count_changes ? added + updated : added);
  return added + updated;
}

CommandFamily sorted_set_commands() {
  return kSortedSetRows;
}

}  // namespace spinel::server
