// What the commands of sorted sets share: finding one, intervals of ranks, and replies of members
// with scores.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "server/commands/support/collection.h"
#include "server/commands/support/index_range.h"
#include "server/engine/context.h"
#include "server/engine/encoding_limits.h"
#include "storage/types/sorted_set.h"

namespace spinel::server {

using WritableSortedSet = WritableCollection<storage::SortedSet>;

// The set at `item`, which is there and is one; to be read only.
inline const storage::SortedSet sorted_set_at(const storage::ConstItem& item) {
  return {item->encoding(), item->object()};
}

inline storage::SortedSet::Limits sorted_set_limits(const CommandContext& ctx) {
  return sorted_set_limits(ctx.server.config);
}

// Stores `result` at argument `index` in place of whatever is there, which counts as `changes`, or
// removes that if the result is empty, and replies the number of members.
void store_sorted_set(CommandContext& ctx, size_t index, storage::SortedSet result,
                      std::string_view event, int64_t changes = 1);

// The limits of a set that is built as a result, in any order: large at once, because listpacks are
// slow to fill. `compact` makes it small afterwards if it may be.
inline constexpr storage::SortedSet::Limits kBuildLarge{.max_listpack_entries = 0,
                                                        .max_listpack_value_bytes = 0};

// --- adding members

struct AddOptions {
  bool only_new = false;                            // NX
  bool only_existing = false;                       // XX
  bool only_greater = false;                        // GT
  bool only_less = false;                           // LT
  bool count_changes = false;                       // CH
  bool increment = false;                           // INCR
  size_t max_length = 0;                            // MAXLEN; 0: any
  bool keep_lowest = false;                         // MAXLEN n MIN
  size_t max_length_begin = 0, max_length_end = 0;  // its arguments
};

// The scores of all members of a command, which are read before anything changes.
class Scores {
 public:
  explicit Scores(size_t count) : spilled_(count > kInline ? count : 0), count_(count) {}

  size_t size() const { return count_; }
  double* begin() { return spilled_.empty() ? inline_ : spilled_.data(); }
  double& operator[](size_t i) { return begin()[i]; }

 private:
  static constexpr size_t kInline = 16;
  double inline_[kInline];
  std::vector<double> spilled_;
  size_t count_;
};

// Adds the members at the arguments `first_member`, `first_member + stride` and so on to the set at
// argument 1, each with its score, and replies as ZADD does, as which it is announced. Returns how
// many members were added or given another score.
int64_t add_members(CommandContext& ctx, const AddOptions& options, Scores& scores,
                    size_t first_member, size_t stride);

// --- intervals: every range of a sorted set is one

// The members of ranks `first` to `first + count - 1`, counted from the lowest.
using Interval = IndexRange;

// As index_range, but counted from the highest member downwards if `reverse`.
Interval interval_of_positions(int64_t start, int64_t stop, size_t size, bool reverse);

// What is left after skipping `offset` members, at most `limit` (negative: all), from the lowest or
// (`reverse`) the highest on. Nothing if the offset is negative.
Interval limited(Interval interval, int64_t offset, int64_t limit, bool reverse);

struct ScoreBound {
  double score = 0;
  bool exclusive = false;
};

// Two bounds as ZRANGEBYSCORE takes them, the lower one's argument first.
struct ScoreRange {
  ScoreBound min, max;
};
// If the arguments make no range, the error has been sent. Likewise below.
std::optional<ScoreRange> score_range(CommandContext& ctx, size_t min_index, size_t max_index);
Interval interval_of_scores(const storage::SortedSet& set, const ScoreRange& range);

struct LexBound {
  enum class Kind : uint8_t { kBelowAll, kAboveAll, kInclusive, kExclusive };
  Kind kind = Kind::kInclusive;
  std::string_view bytes = {};
};

struct LexRange {
  LexBound min, max;
};
std::optional<LexRange> lex_range(CommandContext& ctx, size_t min_index, size_t max_index);
// The members between the bounds, in a set whose scores are all equal. Of other sets it means
// little: in a listpack, what Redis finds there going up or (`reverse`) down, having skipped
// `offset` members; in a skiplist, some interval of members between the bounds.
Interval interval_of_bytes(const storage::SortedSet& set, const LexRange& range, bool reverse,
                           int64_t offset);

// Visits the interval from its lowest or (`reverse`) its highest member on.
template <typename Visit>
void visit_interval(const storage::SortedSet& set, const Interval& interval, bool reverse,
                    Visit&& visit) {
  if (interval.empty()) return;
  set.visit(reverse ? interval.first + interval.count - 1 : interval.first, interval.count, reverse,
            visit);
}

// --- replies

enum class ScoreForm : uint8_t {
  kNone,   // members only
  kFlat,   // member, score, member, score
  kPairs,  // an array of two for each member
};

// How WITHSCORES shows scores to this client.
inline ScoreForm score_form(const CommandContext& ctx, bool with_scores) {
  if (!with_scores) return ScoreForm::kNone;
  return ctx.reply.resp3() ? ScoreForm::kPairs : ScoreForm::kFlat;
}

// Replies an array of members: `begin` once, then each is visited.
class MemberReply {
 public:
  MemberReply(resp::ReplyWriter& reply, ScoreForm form) : reply_(reply), form_(form) {}

  void begin(size_t members) { reply_.array(form_ == ScoreForm::kFlat ? 2 * members : members); }
  void operator()(std::string_view member, double score) {
    if (form_ == ScoreForm::kPairs) reply_.array(2);
    reply_.bulk(member);
    if (form_ != ScoreForm::kNone) reply_.number(score);
  }

 private:
  resp::ReplyWriter& reply_;
  ScoreForm form_;
};

}  // namespace spinel::server
