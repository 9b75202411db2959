// Members chosen at random, and walking a sorted set bit by bit.
#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "server/commands/sorted_set/sorted_set_support.h"
#include "server/commands/support/scan_collection.h"
#include "server/engine/context.h"
#include "server/engine/families.h"
#include "storage/base/numbers.h"

namespace spinel::server {
namespace {

using storage::ConstItem;
using storage::Item;
using storage::Random;
using storage::SortedSet;
using storage::Type;

// --- ZRANDMEMBER

// `count` different ranks below `size`, all choices equally likely, in random order. Meant for
// `count` well below `size`: what was drawn twice is drawn again.
std::vector<size_t> draw_ranks(Random& random, size_t count, size_t size) {
  std::vector<size_t> ranks;
  ranks.reserve(count);
  while (ranks.size() < count) {
    while (ranks.size() < count) ranks.push_back(random.below(size));
    std::sort(ranks.begin(), ranks.end());
    ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
  }
  for (size_t i = count; i > 1; --i) std::swap(ranks[i - 1], ranks[random.below(i)]);
  return ranks;
}

// Visits `count` different members, at most as many as there are.
void visit_distinct(const SortedSet& set, size_t count, Random& random, MemberReply& reply) {
  // Drawing ranks costs a search each, walking costs the same for any count.
  constexpr size_t kDrawBelow = 8;
  size_t left = set.size();
  if (count < left / kDrawBelow) {
    for (const size_t rank : draw_ranks(random, count, left)) set.visit(rank, 1, false, reply);
    return;
  }
  // Each is taken with the chance that leaves all choices of the rest equally likely.
  set.for_each([&](std::string_view member, double score) {
    if (random.below(left--) >= count) return;
    --count;
    reply(member, score);
  });
}

void reply_random(CommandContext& ctx, const SortedSet& set, int64_t count, bool with_scores) {
  MemberReply reply(ctx.reply, score_form(ctx, with_scores));
  Random& random = ctx.server.keyspace.random;
  if (count >= 0) {
    const size_t members = std::min<size_t>(static_cast<uint64_t>(count), set.size());
    reply.begin(members);
    return visit_distinct(set, members, random, reply);
  }
  // There is no bound to how many may be asked for, so it ends when so much is pending that the
  // client will be disconnected for it.
  reply.begin(static_cast<size_t>(-count));
  for (int64_t i = count; i < 0 && !ctx.reply.overflowed(); ++i) set.random(random, reply);
}

// The count at argument 2; nothing after the error was sent.
std::optional<int64_t> random_count(CommandContext& ctx, bool with_scores) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const auto count = ctx.integer_between(
      2, -kMax, kMax,
      "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807");
  if (!count || !with_scores) return count;
  // What is replied must be countable as well.
  if (*count >= -kMax / 2 && *count <= kMax / 2) return count;
  ctx.error(errors::kOutOfRange);
  return std::nullopt;
}

void zrandmember_command(CommandContext& ctx) {
  const bool with_scores = ctx.arity() == 4 && ctx.arg_is(3, "WITHSCORES");
  std::optional<int64_t> count;
  if (ctx.arity() > 2) {
    count = random_count(ctx, with_scores);
    if (!count) return;
    if (ctx.arity() > 3 && !with_scores) return ctx.syntax_error();
  }
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!ctx.check_type(item, Type::kSortedSet)) return;
  if (!item) return count ? ctx.reply.array(0) : ctx.reply.null();
  if (count) return reply_random(ctx, sorted_set_at(item), *count, with_scores);
  sorted_set_at(item).random(ctx.server.keyspace.random,
                             [&ctx](std::string_view member, double) { ctx.reply.bulk(member); });
}

// --- ZSCAN

// Scores come as text in any protocol: those of a large set with all their digits.
void add_scanned(ScanReply& out, const SortedSet& set, std::string_view member, double score) {
  char digits[storage::kMaxDoubleChars];
  const size_t size = set.encoding() == storage::Encoding::kSkiplist
                          ? storage::format_double_17(score, digits)
                          : storage::format_double(score, digits);
  out.add(member);
  out.add(std::string_view(digits, size));
}

void zscan_command(CommandContext& ctx) {
  const auto scan = find_scanned(ctx, Type::kSortedSet, ScanKind::kOther);
  if (!scan) return;
  const SortedSet set = sorted_set_at(scan->item);
  reply_scan(ctx, *scan, [&](uint64_t cursor, ScanReply& out) {
    return set.scan(cursor, [&](std::string_view member, double score) {
      if (out.takes(member)) add_scanned(out, set, member, score);
    });
  });
}

constexpr CommandRow kSortedSetWalkRows[] = {
    {.name = "ZRANDMEMBER",
     .handler = zrandmember_command,
     .arity = -2,
     .group = "sorted-set",
     .since = "6.2.0",
     .flags = "READONLY",
     .acl = "SORTEDSET",
     .tips = "NONDETERMINISTIC_OUTPUT",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key [options=<count:integer [WITHSCORES]>]",
     .complexity = "O(log(N)) for each member returned",
     .summary = "Returns members chosen at random."},
    {.name = "ZSCAN",
     .handler = zscan_command,
     .arity = -3,
     .group = "sorted-set",
     .since = "2.8.0",
     .flags = "READONLY",
     .acl = "SORTEDSET",
     .tips = "NONDETERMINISTIC_OUTPUT",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key cursor:integer [MATCH pattern:pattern] [COUNT count:integer]",
     .complexity = "O(1) for every call, O(N) for a whole walk",
     .summary = "Walks the members and scores of a sorted set, some at each call."},
};

}  // namespace

CommandFamily sorted_set_walk_commands() {
  return kSortedSetWalkRows;
}

}  // namespace spinel::server
