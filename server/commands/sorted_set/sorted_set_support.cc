#include "server/commands/sorted_set/sorted_set_support.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "storage/base/numbers.h"

namespace spinel::server {

using storage::Item;
using storage::Key;
using storage::SortedSet;

void store_sorted_set(CommandContext& ctx, size_t index, SortedSet result, std::string_view event,
                      int64_t changes) {
  const Key key = ctx.key(index);
  Item item = ctx.find_write(key);
  const size_t size = result.size();
  if (size > 0) {
    if (!item) ctx.created(key.bytes);
    ctx.db.set_object(key, item, result.encoding(), result.object(), storage::kNoExpiry,
                      ctx.new_access());
    ctx.changed(key.bytes, changes);
    ctx.notify(kNotifyZset, event, key.bytes);
  } else {
    SortedSet::destroy(result.encoding(), result.object());
    if (item) ctx.remove(item, key, ctx.server.config.lazyfree_lazy_server_del);
  }
  ctx.reply.integer(static_cast<int64_t>(size));
}

Interval interval_of_positions(int64_t start, int64_t stop, size_t size, bool reverse) {
  Interval interval = index_range(start, stop, size);
  if (reverse && !interval.empty()) interval.first = size - interval.first - interval.count;
  return interval;
}

Interval limited(Interval interval, int64_t offset, int64_t limit, bool reverse) {
  if (offset < 0 || static_cast<uint64_t>(offset) >= interval.count) return {};
  const size_t rest = interval.count - static_cast<size_t>(offset);
  const size_t count = limit < 0 ? rest : std::min<size_t>(rest, static_cast<uint64_t>(limit));
  return {.first = interval.first + (reverse ? rest - count : interval.count - rest),
          .count = count};
}

namespace {

Interval interval_between(size_t first, size_t end) {
  return {.first = first, .count = end > first ? end - first : 0};
}

// strtod's reading, more lenient than that of scores: spaces may stand in front, nothing at all is
// 0, what is too large is infinite, and what follows a NUL does not count.
std::optional<double> lenient_double(std::string_view text) {
  if (const std::optional<double> value = storage::parse_double(text)) return value;
  const std::string terminated(text);
  char* end = nullptr;
  const double value = std::strtod(terminated.c_str(), &end);
  if (*end != '\0' || std::isnan(value)) return std::nullopt;
  return value;
}

std::optional<ScoreBound> score_bound(std::string_view text) {
  const bool exclusive = text.starts_with('(');
  if (exclusive) text.remove_prefix(1);
  const std::optional<double> score = lenient_double(text);
  if (!score) return std::nullopt;
  return ScoreBound{.score = *score, .exclusive = exclusive};
}

std::optional<LexBound> lex_bound(std::string_view text) {
  using Kind = LexBound::Kind;
  // What follows a NUL does not count here, either.
  const std::string_view sign = text.substr(0, text.find('\0'));
  if (sign == "-") return LexBound{.kind = Kind::kBelowAll};
  if (sign == "+") return LexBound{.kind = Kind::kAboveAll};
  if (text.starts_with('[')) return LexBound{.kind = Kind::kInclusive, .bytes = text.substr(1)};
  if (text.starts_with('(')) return LexBound{.kind = Kind::kExclusive, .bytes = text.substr(1)};
  return std::nullopt;
}

// How many members come before the bound; `upper`: before or at it.
size_t count_to(const SortedSet& set, const LexBound& bound, bool upper) {
  switch (bound.kind) {
    case LexBound::Kind::kBelowAll:
      return 0;
    case LexBound::Kind::kAboveAll:
      return set.size();
    case LexBound::Kind::kInclusive:
      return set.count_below(bound.bytes, upper);
    case LexBound::Kind::kExclusive:
      break;
  }
  return set.count_below(bound.bytes, !upper);
}

// Whether the member comes before the bound; `upper`: before or at it.
bool precedes(std::string_view member, const LexBound& bound, bool upper) {
  switch (bound.kind) {
    case LexBound::Kind::kBelowAll:
      return false;
    case LexBound::Kind::kAboveAll:
      return true;
    case LexBound::Kind::kInclusive:
      return upper ? member <= bound.bytes : member < bound.bytes;
    case LexBound::Kind::kExclusive:
      break;
  }
  return upper ? member < bound.bytes : member <= bound.bytes;
}

bool one_score(const SortedSet& set) {
  double lowest = 0;
  double highest = 0;
  set.visit(0, 1, false, [&](std::string_view, double score) { lowest = score; });
  set.visit(set.size() - 1, 1, false, [&](std::string_view, double score) { highest = score; });
  return lowest == highest;
}

// What Redis finds in a listpack of several scores. The outermost members tell whether anything is
// in the range at all. A walk starts at the first member that is not before the range, unless that
// is behind it, and ends at the next one that is behind it; those skipped are not looked at.
Interval walk_of_bytes(const SortedSet& set, const LexRange& range, bool reverse, size_t offset) {
  const size_t size = set.size();
  const auto not_above = [&](std::string_view member) { return precedes(member, range.max, true); };
  const auto below = [&](std::string_view member) { return precedes(member, range.min, false); };
  const auto above = [&](std::string_view member) { return !not_above(member); };
  const auto not_below = [&](std::string_view member) { return !below(member); };
  if (set.run_length(0, 1, false, above) == 1) return {};
  if (set.run_length(size - 1, 1, false, below) == 1) return {};

  // Counted in the direction of the walk.
  const auto rank = [&](size_t position) { return reverse ? size - 1 - position : position; };
  const auto run = [&](size_t position, size_t count, const auto& up, const auto& down) {
    return reverse ? set.run_length(rank(position), count, true, down)
                   : set.run_length(position, count, false, up);
  };
  const size_t first = run(0, size, below, above);
  if (first == size || run(first, 1, not_above, not_below) == 0) return {};
  if (offset >= size - first) return {};
  const size_t from = first + offset;
  const size_t count = offset + run(from, size - from, not_above, not_below);
  return {.first = reverse ? size - first - count : first, .count = count};
}

}  // namespace

std::optional<ScoreRange> score_range(CommandContext& ctx, size_t min_index, size_t max_index) {
  const std::optional<ScoreBound> min = score_bound(ctx.arg(min_index));
  const std::optional<ScoreBound> max = score_bound(ctx.arg(max_index));
  if (!min || !max) {
    ctx.error("ERR min or max is not a float");
    return std::nullopt;
  }
  return ScoreRange{.min = *min, .max = *max};
}

Interval interval_of_scores(const SortedSet& set, const ScoreRange& range) {
  return interval_between(set.count_below(range.min.score, range.min.exclusive),
                          set.count_below(range.max.score, !range.max.exclusive));
}

std::optional<LexRange> lex_range(CommandContext& ctx, size_t min_index, size_t max_index) {
  const std::optional<LexBound> min = lex_bound(ctx.arg(min_index));
  const std::optional<LexBound> max = lex_bound(ctx.arg(max_index));
  if (!min || !max) {
    ctx.error("ERR min or max not valid string range item");
    return std::nullopt;
  }
  return LexRange{.min = *min, .max = *max};
}

Interval interval_of_bytes(const SortedSet& set, const LexRange& range, bool reverse,
                           int64_t offset) {
  const bool ordered = one_score(set);
  if (!ordered && set.encoding() == storage::Encoding::kListpackSortedSet) {
    return walk_of_bytes(set, range, reverse, offset < 0 ? 0 : static_cast<size_t>(offset));
  }
  Interval found =
      interval_between(count_to(set, range.min, false), count_to(set, range.max, true));
  if (ordered || found.empty()) return found;
  // The bounds were looked for one by one: stop at the first member outside them.
  const size_t count = set.run_length(reverse ? found.first + found.count - 1 : found.first,
                                      found.count, reverse, [&range](std::string_view member) {
                                        return !precedes(member, range.min, false) &&
                                               precedes(member, range.max, true);
                                      });
  if (reverse) found.first += found.count - count;
  found.count = count;
  return found;
}

}  // namespace spinel::server
