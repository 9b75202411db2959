// Where a member stands: ZRANK and ZREVRANK.
//
// Beside the rank, which tells members of the same score apart by their bytes, there are two more
// ways to count places, as leaderboards show them: DENSE counts distinct scores, and with
// COMPETITION members of the same score share the best place among them.
#include <optional>

#include "server/commands/sorted_set/sorted_set_support.h"
#include "server/engine/command_errors.h"
#include "server/engine/context.h"
#include "server/engine/families.h"

namespace spinel::server {
namespace {

using storage::ConstItem;
using storage::Item;
using storage::SortedSet;
using storage::Type;

enum class Places : uint8_t { kEach, kDense, kCompetition };

struct RankOptions {
  bool with_score = false;
  Places places = Places::kEach;
};

std::optional<RankOptions> rank_options(CommandContext& ctx) {
  RankOptions options;
  for (size_t i = 3; i < ctx.arity(); ++i) {
    if (ctx.arg_is(i, "WITHSCORE") && !options.with_score) {
      options.with_score = true;
    } else if (ctx.arg_is(i, "DENSE") && options.places == Places::kEach) {
      options.places = Places::kDense;
    } else if (ctx.arg_is(i, "COMPETITION") && options.places == Places::kEach) {
      options.places = Places::kCompetition;
    } else if (ctx.arity() == 4) {
      ctx.syntax_error();
      return std::nullopt;
    } else {
      // Redis has one option only.
      ctx.error(wrong_arity_error(ctx.command));
      return std::nullopt;
    }
  }
  return options;
}

// How many places are before the member's, from the lowest or (`reverse`) the highest score on.
size_t place_of(const SortedSet& set, const SortedSet::Found& member, Places places, bool reverse) {
  switch (places) {
    case Places::kDense:
      return reverse ? set.distinct_scores() - 1 - set.dense_rank(member) : set.dense_rank(member);
    case Places::kCompetition:
      return reverse ? set.size() - set.count_below(member.score, true)
                     : set.count_below(member.score, false);
    case Places::kEach:
      break;
  }
  return reverse ? set.size() - 1 - set.rank(member) : set.rank(member);
}

void reply_rank(CommandContext& ctx, bool reverse) {
  const std::optional<RankOptions> options = rank_options(ctx);
  if (!options) return;
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!ctx.check_type(item, Type::kSortedSet)) return;
  const SortedSet::Found member = item ? sorted_set_at(item).find(ctx.arg(2)) : SortedSet::Found();
  if (!member) return options->with_score ? ctx.reply.null_array() : ctx.reply.null();
  if (options->with_score) ctx.reply.array(2);
  ctx.reply.integer(
      static_cast<int64_t>(place_of(sorted_set_at(item), member, options->places, reverse)));
  if (options->with_score) ctx.reply.number(member.score);
}

void zrank_command(CommandContext& ctx) {
  reply_rank(ctx, false);
}

void zrevrank_command(CommandContext& ctx) {
  reply_rank(ctx, true);
}

constexpr CommandRow kSortedSetRankRows[] = {
    {.name = "ZRANK",
     .handler = zrank_command,
     .arity = -3,
     .group = "sorted-set",
     .since = "2.0.0",
     .flags = "READONLY,FAST",
     .acl = "SORTEDSET",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key member:string [WITHSCORE@7.2.0] [places=<DENSE|COMPETITION>]",
     .complexity = "O(log(N))",
     .summary = "Returns the rank of a member, the lowest score first.",
     .history = "7.2.0 Option `WITHSCORE`."},
    {.name = "ZREVRANK",
     .handler = zrevrank_command,
     .arity = -3,
     .group = "sorted-set",
     .since = "2.0.0",
     .flags = "READONLY,FAST",
     .acl = "SORTEDSET",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key member:string [WITHSCORE@7.2.0] [places=<DENSE|COMPETITION>]",
     .complexity = "O(log(N))",
     .summary = "Returns the rank of a member, the highest score first.",
     .history = "7.2.0 Option `WITHSCORE`."},
};

}  // namespace

CommandFamily sorted_set_rank_commands() {
  return kSortedSetRankRows;
}

}  // namespace spinel::server
