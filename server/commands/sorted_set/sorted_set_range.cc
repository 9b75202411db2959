// Ranges of sorted sets: ZRANGE in all its forms, counting, and removing.
//
// A range is one of positions, of scores or of bytes; each is turned into an interval of ranks.
#include <optional>

#include "server/commands/sorted_set/sorted_set_support.h"
#include "server/engine/context.h"
#include "server/engine/families.h"

namespace spinel::server {
namespace {

using storage::ConstItem;
using storage::Item;
using storage::SortedSet;
using storage::Type;

enum class By : uint8_t { kAny, kPosition, kScore, kLex };
enum class Direction : uint8_t { kAny, kForward, kReverse };

// What a command's name says about its range; kAny: options do.
struct RangeForm {
  By by = By::kAny;
  Direction direction = Direction::kAny;
  bool store = false;
};

struct RangeOptions {
  By by;
  Direction direction;
  bool with_scores = false;
  int64_t offset = 0;
  int64_t limit = -1;  // negative: all

  bool reverse() const { return direction == Direction::kReverse; }
};

// Reads LIMIT offset count at `index`, which moves on to its last argument. False after the error
// was sent.
bool read_limit(CommandContext& ctx, size_t& index, RangeOptions& options) {
  const std::optional<int64_t> offset = ctx.integer(++index);
  if (!offset) return false;
  const std::optional<int64_t> limit = ctx.integer(++index);
  if (!limit) return false;
  options.offset = *offset;
  options.limit = *limit;
  return true;
}

// Fills in what neither name nor options said; false after an error was sent.
bool check_range(CommandContext& ctx, RangeOptions& options) {
  if (options.by == By::kAny) options.by = By::kPosition;
  if (options.by == By::kPosition && options.limit != -1) {
    ctx.error(
        "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
    return false;
  }
  if (options.by == By::kLex && options.with_scores) {
    ctx.error("ERR syntax error, WITHSCORES not supported in combination with BYLEX");
    return false;
  }
  return true;
}

// The options from `index` on, or nothing after the error was sent.
std::optional<RangeOptions> range_options(CommandContext& ctx, size_t index,
                                          const RangeForm& form) {
  RangeOptions options{.by = form.by, .direction = form.direction};
  for (size_t i = index; i < ctx.arity(); ++i) {
    if (!form.store && ctx.arg_is(i, "WITHSCORES")) {
      options.with_scores = true;
    } else if (ctx.arg_is(i, "LIMIT") && i + 2 < ctx.arity()) {
      if (!read_limit(ctx, i, options)) return std::nullopt;
    } else if (options.direction == Direction::kAny && ctx.arg_is(i, "REV")) {
      options.direction = Direction::kReverse;
    } else if (options.by == By::kAny && ctx.arg_is(i, "BYSCORE")) {
      options.by = By::kScore;
    } else if (options.by == By::kAny && ctx.arg_is(i, "BYLEX")) {
      options.by = By::kLex;
    } else {
      ctx.syntax_error();
      return std::nullopt;
    }
  }
  if (!check_range(ctx, options)) return std::nullopt;
  return options;
}

// A range as the arguments describe it, whatever set it is applied to.
struct Range {
  By by = By::kPosition;
  bool reverse = false;
  int64_t start = 0, stop = 0;  // kPosition
  ScoreRange scores = {};       // kScore
  LexRange bytes = {};          // kLex
};

// Reads the two arguments from `index` on; in reverse, scores and bytes have the upper bound first.
// Nothing after the error was sent.
std::optional<Range> read_range(CommandContext& ctx, size_t index, By by, bool reverse) {
  Range range{.by = by, .reverse = reverse};
  const size_t lower = reverse ? index + 1 : index;
  const size_t upper = reverse ? index : index + 1;
  if (by == By::kScore) {
    const std::optional<ScoreRange> scores = score_range(ctx, lower, upper);
    if (!scores) return std::nullopt;
    range.scores = *scores;
  } else if (by == By::kLex) {
    const std::optional<LexRange> bytes = lex_range(ctx, lower, upper);
    if (!bytes) return std::nullopt;
    range.bytes = *bytes;
  } else {
    const std::optional<int64_t> start = ctx.integer(index);
    if (!start) return std::nullopt;
    const std::optional<int64_t> stop = ctx.integer(index + 1);
    if (!stop) return std::nullopt;
    range.start = *start;
    range.stop = *stop;
  }
  return range;
}

// `offset`: how many members will be left out of it.
Interval interval_of(const SortedSet& set, const Range& range, int64_t offset = 0) {
  switch (range.by) {
    case By::kScore:
      return interval_of_scores(set, range.scores);
    case By::kLex:
      return interval_of_bytes(set, range.bytes, range.reverse, offset);
    case By::kAny:
    case By::kPosition:
      break;
  }
  return interval_of_positions(range.start, range.stop, set.size(), range.reverse);
}

// --- ZRANGE and its older forms

// What follows the destination, if any, in the order that all forms share: key, bounds, options.
// `key_index` is that of the key that is read. Calls `use(set, interval, options)`, with an empty
// set if the key does not exist.
template <typename Use>
void with_range(CommandContext& ctx, size_t key_index, const RangeForm& form, Use&& use) {
  const std::optional<RangeOptions> options = range_options(ctx, key_index + 3, form);
  if (!options) return;
  const std::optional<Range> range =
      read_range(ctx, key_index + 1, options->by, options->reverse());
  if (!range) return;
  const ConstItem item = ctx.find_read(ctx.key(key_index));
  if (!ctx.check_type(item, Type::kSortedSet)) return;
  if (!item) return use(nullptr, Interval{}, *options);
  const SortedSet set = sorted_set_at(item);
  Interval interval = interval_of(set, *range, options->offset);
  if (options->by != By::kPosition) {
    interval = limited(interval, options->offset, options->limit, options->reverse());
  }
  use(&set, interval, *options);
}

void reply_range(CommandContext& ctx, By by, Direction direction) {
  with_range(ctx, 1, {.by = by, .direction = direction},
             [&ctx](const SortedSet* set, const Interval& interval, const RangeOptions& options) {
               MemberReply reply(ctx.reply, score_form(ctx, options.with_scores));
               reply.begin(interval.count);
               if (set != nullptr) visit_interval(*set, interval, options.reverse(), reply);
             });
}

void zrange_command(CommandContext& ctx) {
  reply_range(ctx, By::kAny, Direction::kAny);
}

void zrevrange_command(CommandContext& ctx) {
  reply_range(ctx, By::kPosition, Direction::kReverse);
}

void zrangebyscore_command(CommandContext& ctx) {
  reply_range(ctx, By::kScore, Direction::kForward);
}

void zrevrangebyscore_command(CommandContext& ctx) {
  reply_range(ctx, By::kScore, Direction::kReverse);
}

void zrangebylex_command(CommandContext& ctx) {
  reply_range(ctx, By::kLex, Direction::kForward);
}

void zrevrangebylex_command(CommandContext& ctx) {
  reply_range(ctx, By::kLex, Direction::kReverse);
}

// The members of an interval as a set of their own. Of positions it is known beforehand how many
// they are.
SortedSet copy_interval(const CommandContext& ctx, const SortedSet& from, const Interval& interval,
                        const RangeOptions& options) {
  SortedSet::Limits limits = sorted_set_limits(ctx);
  if (options.by == By::kPosition && interval.count > limits.max_listpack_entries) {
    limits.max_listpack_entries = 0;
  }
  SortedSet result = SortedSet::create();
  visit_interval(from, interval, options.reverse(), [&](std::string_view member, double score) {
    result.insert(result.find(member), member, score, limits);
  });
  return result;
}

void zrangestore_command(CommandContext& ctx) {
  with_range(ctx, 2, {.store = true},
             [&ctx](const SortedSet* set, const Interval& interval, const RangeOptions& options) {
               // Made whole before anything is replaced: the destination may be the source.
               store_sorted_set(ctx, 1,
                                set != nullptr ? copy_interval(ctx, *set, interval, options)
                                               : SortedSet::create(),
                                "zrangestore");
             });
}

// --- ZCOUNT, ZLEXCOUNT

void reply_count(CommandContext& ctx, By by) {
  const std::optional<Range> range = read_range(ctx, 2, by, false);
  if (!range) return;
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!ctx.check_type(item, Type::kSortedSet)) return;
  if (!item) return ctx.reply.integer(0);
  ctx.reply.integer(static_cast<int64_t>(interval_of(sorted_set_at(item), *range).count));
}

void zcount_command(CommandContext& ctx) {
  reply_count(ctx, By::kScore);
}

void zlexcount_command(CommandContext& ctx) {
  reply_count(ctx, By::kLex);
}

// --- ZREMRANGEBYRANK, ZREMRANGEBYSCORE, ZREMRANGEBYLEX

void remove_range(CommandContext& ctx, By by, std::string_view event) {
  const std::optional<Range> range = read_range(ctx, 2, by, false);
  if (!range) return;
  auto found = WritableSortedSet::find(ctx, ctx.key(1));
  if (!found) return;
  if (!found->exists()) return ctx.reply.integer(0);
  SortedSet& set = found->value();
  const Interval interval = interval_of(set, *range);
  const auto removed = static_cast<int64_t>(interval.count);
  if (removed > 0) {
    set.erase_range(interval.first, interval.count, [](std::string_view, double) {});
    found->commit(removed, kNotifyZset, event);
  }
  ctx.reply.integer(removed);
}

void zremrangebyrank_command(CommandContext& ctx) {
  remove_range(ctx, By::kPosition, "zremrangebyrank");
}

void zremrangebyscore_command(CommandContext& ctx) {
  remove_range(ctx, By::kScore, "zremrangebyscore");
}

void zremrangebylex_command(CommandContext& ctx) {
  remove_range(ctx, By::kLex, "zremrangebylex");
}

constexpr CommandRow kSortedSetRangeRows[] = {
    {.name = "ZRANGE",
     .handler = zrange_command,
     .arity = -4,
     .group = "sorted-set",
     .since = "1.2.0",
     .flags = "READONLY",
     .acl = "SORTEDSET",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key start:string stop:string [sortby=<BYSCORE|BYLEX>@6.2.0] [REV@6.2.0] "
               "[LIMIT limit=<offset:integer count:integer>@6.2.0] [WITHSCORES]",
     .complexity = "O(log(N)+M) with M members returned",
     .summary = "Returns the members within a range of ranks, scores or bytes.",
     .history = "6.2.0 Options `REV`, `BYSCORE`, `BYLEX` and `LIMIT`."},
    {.name = "ZRANGESTORE",
     .handler = zrangestore_command,
     .arity = -5,
     .group = "sorted-set",
     .since = "6.2.0",
     .flags = "WRITE,DENYOOM",
     .acl = "SORTEDSET",
     .keys = "OW+UPDATE@index:1/range:0,1,0 ; RO+ACCESS@index:2/range:0,1,0",
     .syntax = "dst src min:string max:string [sortby=<BYSCORE|BYLEX>] [REV] "
               "[LIMIT limit=<offset:integer count:integer>]",
     .complexity = "O(log(N)+M) with M members stored",
     .summary = "Stores the members within a range of ranks, scores or bytes under another key."},
    {.name = "ZREVRANGE",
     .handler = zrevrange_command,
     .arity = -4,
     .group = "sorted-set",
     .since = "1.2.0",
     .flags = "READONLY",
     .acl = "SORTEDSET",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key start:integer stop:integer [WITHSCORES]",
     .complexity = "O(log(N)+M) with M members returned",
     .summary = "Returns the members within a range of ranks, the highest score first.",
     .deprecated_since = "6.2.0",
     .replaced_by = "`ZRANGE` with the `REV` argument",
     .doc_flags = "DEPRECATED"},
    {.name = "ZRANGEBYSCORE",
     .handler = zrangebyscore_command,
     .arity = -4,
     .group = "sorted-set",
     .since = "1.0.5",
     .flags = "READONLY",
     .acl = "SORTEDSET",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key min:double max:double [WITHSCORES@2.0.0] "
               "[LIMIT limit=<offset:integer count:integer>]",
     .complexity = "O(log(N)+M) with M members returned",
     .summary = "Returns the members within a range of scores.",
     .history = "2.0.0 Option `WITHSCORES`.",
     .deprecated_since = "6.2.0",
     .replaced_by = "`ZRANGE` with the `BYSCORE` argument",
     .doc_flags = "DEPRECATED"},
    {.name = "ZREVRANGEBYSCORE",
     .handler = zrevrangebyscore_command,
     .arity = -4,
     .group = "sorted-set",
     .since = "2.2.0",
     .flags = "READONLY",
     .acl = "SORTEDSET",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key max:double min:double [WITHSCORES] "
               "[LIMIT limit=<offset:integer count:integer>]",
     .complexity = "O(log(N)+M) with M members returned",
     .summary = "Returns the members within a range of scores, the highest first.",
     .history = "2.1.6 `min` and `max` may be exclusive.",
     .deprecated_since = "6.2.0",
     .replaced_by = "`ZRANGE` with the `REV` and `BYSCORE` arguments",
     .doc_flags = "DEPRECATED"},
    {.name = "ZRANGEBYLEX",
     .handler = zrangebylex_command,
     .arity = -4,
     .group = "sorted-set",
     .since = "2.8.9",
     .flags = "READONLY",
     .acl = "SORTEDSET",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key min:string max:string [LIMIT limit=<offset:integer count:integer>]",
     .complexity = "O(log(N)+M) with M members returned",
     .summary = "Returns the members within a range of bytes, in a set of equal scores.",
     .deprecated_since = "6.2.0",
     .replaced_by = "`ZRANGE` with the `BYLEX` argument",
     .doc_flags = "DEPRECATED"},
    {.name = "ZREVRANGEBYLEX",
     .handler = zrevrangebylex_command,
     .arity = -4,
     .group = "sorted-set",
     .since = "2.8.9",
     .flags = "READONLY",
     .acl = "SORTEDSET",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key max:string min:string [LIMIT limit=<offset:integer count:integer>]",
     .complexity = "O(log(N)+M) with M members returned",
     .summary = "Returns the members within a range of bytes, the last first.",
     .deprecated_since = "6.2.0",
     .replaced_by = "`ZRANGE` with the `REV` and `BYLEX` arguments",
     .doc_flags = "DEPRECATED"},
    {.name = "ZCOUNT",
     .handler = zcount_command,
     .arity = 4,
     .group = "sorted-set",
     .since = "2.0.0",
     .flags = "READONLY,FAST",
     .acl = "SORTEDSET",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key min:double max:double",
     .complexity = "O(log(N))",
     .summary = "Counts the members within a range of scores."},
    {.name = "ZLEXCOUNT",
     .handler = zlexcount_command,
     .arity = 4,
     .group = "sorted-set",
     .since = "2.8.9",
     .flags = "READONLY,FAST",
     .acl = "SORTEDSET",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key min:string max:string",
     .complexity = "O(log(N))",
     .summary = "Counts the members within a range of bytes, in a set of equal scores."},
    {.name = "ZREMRANGEBYRANK",
     .handler = zremrangebyrank_command,
     .arity = 4,
     .group = "sorted-set",
     .since = "2.0.0",
     .flags = "WRITE",
     .acl = "SORTEDSET",
     .keys = "RW+DELETE@index:1/range:0,1,0",
     .syntax = "key start:integer stop:integer",
     .complexity = "O(log(N)+M) with M members removed",
     .summary = "Removes the members within a range of ranks."},
    {.name = "ZREMRANGEBYSCORE",
     .handler = zremrangebyscore_command,
     .arity = 4,
     .group = "sorted-set",
     .since = "1.2.0",
     .flags = "WRITE",
     .acl = "SORTEDSET",
     .keys = "RW+DELETE@index:1/range:0,1,0",
     .syntax = "key min:double max:double",
     .complexity = "O(log(N)+M) with M members removed",
     .summary = "Removes the members within a range of scores."},
    {.name = "ZREMRANGEBYLEX",
     .handler = zremrangebylex_command,
     .arity = 4,
     .group = "sorted-set",
     .since = "2.8.9",
     .flags = "WRITE",
     .acl = "SORTEDSET",
     .keys = "RW+DELETE@index:1/range:0,1,0",
     .syntax = "key min:string max:string",
     .complexity = "O(log(N)+M) with M members removed",
     .summary = "Removes the members within a range of bytes, in a set of equal scores."},
};

}  // namespace

CommandFamily sorted_set_range_commands() {
  return kSortedSetRangeRows;
}

}  // namespace spinel::server
