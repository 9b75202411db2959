// Unions, intersections and differences of sorted sets, and of sets, whose members score 1.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <optional>
#include <variant>
#include <vector>

#include "server/commands/sorted_set/sorted_set_support.h"
#include "server/engine/context.h"
#include "server/engine/families.h"
#include "storage/base/numbers.h"
#include "storage/types/set.h"

namespace spinel::server {
namespace {

using storage::ConstItem;
using storage::Item;
using storage::Set;
using storage::SetMember;
using storage::SortedSet;
using storage::Type;

// One input: nothing, a set or a sorted set. Stays valid as long as no value changes, even while
// other keys are looked up.
class Input {
 public:
  Input() = default;
  explicit Input(const ConstItem& item) {
    if (item->type() == Type::kSet) {
      value_ = Set(item->encoding(), item->object());
    } else {
      value_ = sorted_set_at(item);
    }
  }

  double weight = 1;

  // Whether both are the value of one key.
  bool same_as(const Input& other) const {
    return object() != nullptr && object() == other.object();
  }
  size_t size() const {
    if (const Set* set = std::get_if<Set>(&value_)) return set->size();
    if (const SortedSet* set = std::get_if<SortedSet>(&value_)) return set->size();
    return 0;
  }
  // The member's score, weighted, or nothing. May be NaN: what is combined with it is not.
  std::optional<double> find(std::string_view member) const {
    if (const Set* set = std::get_if<Set>(&value_)) {
      if (set->contains(SetMember(member))) return weight;
    } else if (const SortedSet* sorted = std::get_if<SortedSet>(&value_)) {
      if (const SortedSet::Found found = sorted->find(member)) return found.score * weight;
    }
    return std::nullopt;
  }
  // Calls `visit(member, weighted score)` for all members until it returns false. Infinity times
  // zero is 0 here.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    if (const Set* set = std::get_if<Set>(&value_)) {
      set->for_each([&](const SetMember& member) -> bool {
        char digits[storage::kMaxInt64Chars];
        return visit(member.bytes(digits), weight);
      });
    } else if (const SortedSet* sorted = std::get_if<SortedSet>(&value_)) {
      for_each_scored(*sorted, visit);
    }
  }

 private:
  const void* object() const {
    if (const Set* set = std::get_if<Set>(&value_)) return set->object();
    if (const SortedSet* set = std::get_if<SortedSet>(&value_)) return set->object();
    return nullptr;
  }
  template <typename Visit>
  void for_each_scored(const SortedSet& set, Visit&& visit) const {
    // In pieces, so that it can end early.
    constexpr size_t kPiece = 256;
    bool goes_on = true;
    for (size_t first = 0; goes_on && first < set.size(); first += kPiece) {
      set.visit(first, std::min(kPiece, set.size() - first), false,
                [&](std::string_view member, double score) {
                  const double weighted = score * weight;
                  goes_on = goes_on && visit(member, std::isnan(weighted) ? 0 : weighted);
                });
    }
  }

  std::variant<std::monostate, Set, SortedSet> value_;
};

enum class Aggregate : uint8_t { kSum, kMin, kMax };

// Only `b` may be NaN, and the result never is: as Redis, the sum is 0 then, and otherwise `a`.
double combine(double a, double b, Aggregate aggregate) {
  switch (aggregate) {
    case Aggregate::kMin:
      return b < a ? b : a;
    case Aggregate::kMax:
      return b > a ? b : a;
    case Aggregate::kSum:
      break;
  }
  const double sum = a + b;
  return std::isnan(sum) ? 0 : sum;
}

// --- arguments

enum class Operation : uint8_t { kUnion, kIntersection, kDifference, kCardinality };

struct Arguments {
  std::vector<Input> inputs = {};
  Aggregate aggregate = Aggregate::kSum;
  bool with_scores = false;
  size_t limit = 0;  // kCardinality; 0: none
};

// The number of keys at `index`; nothing after the error was sent.
std::optional<size_t> key_count(CommandContext& ctx, size_t index) {
  const std::optional<int64_t> count = ctx.integer(index);
  if (!count) return std::nullopt;
  if (*count < 1) {
    ctx.error(fmt::format("ERR at least 1 input key is needed for '{}' command", ctx.command.name));
    return std::nullopt;
  }
  if (static_cast<uint64_t>(*count) > ctx.arity() - index - 1) {
    ctx.syntax_error();
    return std::nullopt;
  }
  return static_cast<size_t>(*count);
}

// Finds the `count` inputs from `index` on. False after WRONGTYPE was sent.
bool find_inputs(CommandContext& ctx, size_t index, size_t count, Arguments& arguments) {
  arguments.inputs.reserve(count);
  for (size_t i = index; i < index + count; ++i) {
    const ConstItem item = ctx.find_read(ctx.key(i));
    if (!item) {
      arguments.inputs.emplace_back();
      continue;
    }
    if (item->type() != Type::kSet && !ctx.check_type(item, Type::kSortedSet)) return false;
    arguments.inputs.emplace_back(item);
  }
  return true;
}

// Reads WEIGHTS at `index`, which moves on to its last argument. False after the error was sent.
bool read_weights(CommandContext& ctx, size_t& index, Arguments& arguments) {
  for (Input& input : arguments.inputs) {
    const std::optional<double> weight = ctx.number(++index, "ERR weight value is not a float");
    if (!weight) return false;
    input.weight = *weight;
  }
  return true;
}

bool read_aggregate(CommandContext& ctx, size_t index, Arguments& arguments) {
  if (ctx.arg_is(index, "SUM")) {
    arguments.aggregate = Aggregate::kSum;
  } else if (ctx.arg_is(index, "MIN")) {
    arguments.aggregate = Aggregate::kMin;
  } else if (ctx.arg_is(index, "MAX")) {
    arguments.aggregate = Aggregate::kMax;
  } else {
    ctx.syntax_error();
    return false;
  }
  return true;
}

bool read_cardinality_limit(CommandContext& ctx, size_t index, Arguments& arguments) {
  constexpr std::string_view kNegative = "ERR LIMIT can't be negative";
  const std::optional<int64_t> limit = ctx.integer(index, kNegative);
  if (!limit) return false;
  if (*limit < 0) {
    ctx.error(kNegative);
    return false;
  }
  arguments.limit = static_cast<size_t>(*limit);
  return true;
}

// Reads everything from the number of keys at `index` on. `store`: the result is not replied.
// Nothing after the error was sent.
std::optional<Arguments> read_arguments(CommandContext& ctx, size_t index, Operation operation,
                                        bool store) {
  Arguments arguments;
  const std::optional<size_t> count = key_count(ctx, index);
  if (!count || !find_inputs(ctx, index + 1, *count, arguments)) return std::nullopt;
  const bool combines = operation == Operation::kUnion || operation == Operation::kIntersection;
  for (size_t i = index + 1 + *count; i < ctx.arity(); ++i) {
    const size_t left = ctx.arity() - i - 1;
    if (combines && left >= *count && ctx.arg_is(i, "WEIGHTS")) {
      if (!read_weights(ctx, i, arguments)) return std::nullopt;
    } else if (combines && left >= 1 && ctx.arg_is(i, "AGGREGATE")) {
      if (!read_aggregate(ctx, ++i, arguments)) return std::nullopt;
    } else if (operation == Operation::kCardinality && left >= 1 && ctx.arg_is(i, "LIMIT")) {
      if (!read_cardinality_limit(ctx, ++i, arguments)) return std::nullopt;
    } else if (operation != Operation::kCardinality && !store && ctx.arg_is(i, "WITHSCORES")) {
      arguments.with_scores = true;
    } else {
      ctx.syntax_error();
      return std::nullopt;
    }
  }
  return arguments;
}

// --- operations

// The smallest first: less to look at, and the order in which scores are added up, which decides
// how sums are rounded.
void sort_by_size(std::vector<Input>& inputs) {
  std::stable_sort(inputs.begin(), inputs.end(),
                   [](const Input& a, const Input& b) { return a.size() < b.size(); });
}

SortedSet unite(Arguments& arguments) {
  sort_by_size(arguments.inputs);
  SortedSet result = SortedSet::create();
  for (const Input& input : arguments.inputs) {
    input.for_each([&](std::string_view member, double score) {
      const SortedSet::Found found = result.find(member);
      if (found) {
        result.set_score(found, combine(found.score, score, arguments.aggregate));
      } else {
        result.insert(found, member, score, kBuildLarge);
      }
      return true;
    });
  }
  return result;
}

// Calls `visit(member, combined score)` for all members that all inputs have, until it returns
// false.
template <typename Visit>
void intersect(Arguments& arguments, Visit&& visit) {
  sort_by_size(arguments.inputs);
  const Input& smallest = arguments.inputs.front();
  smallest.for_each([&](std::string_view member, double score) {
    for (size_t i = 1; i < arguments.inputs.size(); ++i) {
      const std::optional<double> other = arguments.inputs[i].find(member);
      if (!other) return true;
      score = combine(score, *other, arguments.aggregate);
    }
    return visit(member, score);
  });
}

SortedSet intersection(Arguments& arguments) {
  SortedSet result = SortedSet::create();
  intersect(arguments, [&](std::string_view member, double score) {
    result.insert(result.find(member), member, score, kBuildLarge);
    return true;
  });
  return result;
}

SortedSet difference(const Arguments& arguments) {
  const std::vector<Input>& inputs = arguments.inputs;
  SortedSet result = SortedSet::create();
  const auto is_first = [&](const Input& input) { return input.same_as(inputs.front()); };
  if (std::any_of(inputs.begin() + 1, inputs.end(), is_first)) return result;
  inputs.front().for_each([&](std::string_view member, double score) {
    const bool elsewhere = std::any_of(inputs.begin() + 1, inputs.end(), [&](const Input& input) {
      return input.find(member).has_value();
    });
    if (!elsewhere) result.insert(result.find(member), member, score, kBuildLarge);
    return true;
  });
  return result;
}

SortedSet result_of(Operation operation, Arguments& arguments) {
  switch (operation) {
    case Operation::kUnion:
      return unite(arguments);
    case Operation::kDifference:
      return difference(arguments);
    case Operation::kIntersection:
    case Operation::kCardinality:
      break;
  }
  return intersection(arguments);
}

void reply_result(CommandContext& ctx, Operation operation) {
  std::optional<Arguments> arguments = read_arguments(ctx, 1, operation, false);
  if (!arguments) return;
  const SortedSet result = result_of(operation, *arguments);
  MemberReply reply(ctx.reply, score_form(ctx, arguments->with_scores));
  reply.begin(result.size());
  visit_interval(result, {.first = 0, .count = result.size()}, false, reply);
  SortedSet::destroy(result.encoding(), result.object());
}

void store_result(CommandContext& ctx, Operation operation, std::string_view event) {
  std::optional<Arguments> arguments = read_arguments(ctx, 2, operation, true);
  if (!arguments) return;
  SortedSet result = result_of(operation, *arguments);
  result.compact(sorted_set_limits(ctx));
  store_sorted_set(ctx, 1, result, event);
}

void zunion_command(CommandContext& ctx) {
  reply_result(ctx, Operation::kUnion);
}

void zinter_command(CommandContext& ctx) {
  reply_result(ctx, Operation::kIntersection);
}

void zdiff_command(CommandContext& ctx) {
  reply_result(ctx, Operation::kDifference);
}

void zunionstore_command(CommandContext& ctx) {
  store_result(ctx, Operation::kUnion, "zunionstore");
}

void zinterstore_command(CommandContext& ctx) {
  store_result(ctx, Operation::kIntersection, "zinterstore");
}

void zdiffstore_command(CommandContext& ctx) {
  store_result(ctx, Operation::kDifference, "zdiffstore");
}

void zintercard_command(CommandContext& ctx) {
  std::optional<Arguments> arguments = read_arguments(ctx, 1, Operation::kCardinality, false);
  if (!arguments) return;
  size_t count = 0;
  intersect(*arguments, [&](std::string_view, double) { return ++count != arguments->limit; });
  ctx.reply.integer(static_cast<int64_t>(count));
}

constexpr CommandRow kSortedSetAlgebraRows[] = {
    {.name = "ZUNION",
     .handler = zunion_command,
     .arity = -3,
     .group = "sorted-set",
     .since = "6.2.0",
     .flags = "READONLY",
     .acl = "SORTEDSET",
     .keys = "RO+ACCESS@index:1/keynum:0,1,1",
     .syntax =
         "numkeys:integer key ... [WEIGHTS weight:integer ...] [AGGREGATE aggregate=<SUM|MIN|MAX>] "
         "[WITHSCORES]",
     .complexity = "O(N*log(M)) with N members in all inputs and M in the result",
     .summary = "Returns the members of any of several sorted sets, their scores combined."},
    {.name = "ZINTER",
     .handler = zinter_command,
     .arity = -3,
     .group = "sorted-set",
     .since = "6.2.0",
     .flags = "READONLY",
     .acl = "SORTEDSET",
     .keys = "RO+ACCESS@index:1/keynum:0,1,1",
     .syntax =
         "numkeys:integer key ... [WEIGHTS weight:integer ...] [AGGREGATE aggregate=<SUM|MIN|MAX>] "
         "[WITHSCORES]",
     .complexity = "O(N*K+M*log(M)) with N members in the smallest of K inputs and M in the result",
     .summary = "Returns the members that several sorted sets share, their scores combined."},
    {.name = "ZDIFF",
     .handler = zdiff_command,
     .arity = -3,
     .group = "sorted-set",
     .since = "6.2.0",
     .flags = "READONLY",
     .acl = "SORTEDSET",
     .keys = "RO+ACCESS@index:1/keynum:0,1,1",
     .syntax = "numkeys:integer key ... [WITHSCORES]",
     .complexity = "O(N*K+M*log(M)) with N members in the first of K inputs and M in the result",
     .summary = "Returns the members of a sorted set that others do not have."},
    {.name = "ZUNIONSTORE",
     .handler = zunionstore_command,
     .arity = -4,
     .group = "sorted-set",
     .since = "2.0.0",
     .flags = "WRITE,DENYOOM",
     .acl = "SORTEDSET",
     .keys = "OW+UPDATE@index:1/range:0,1,0 ; RO+ACCESS@index:2/keynum:0,1,1",
     .syntax = "destination numkeys:integer key ... [WEIGHTS weight:integer ...] [AGGREGATE "
               "aggregate=<SUM|MIN|MAX>]",
     .complexity = "O(N*log(M)) with N members in all inputs and M in the result",
     .summary = "Stores the members of any of several sorted sets, their scores combined."},
    {.name = "ZINTERSTORE",
     .handler = zinterstore_command,
     .arity = -4,
     .group = "sorted-set",
     .since = "2.0.0",
     .flags = "WRITE,DENYOOM",
     .acl = "SORTEDSET",
     .keys = "OW+UPDATE@index:1/range:0,1,0 ; RO+ACCESS@index:2/keynum:0,1,1",
     .syntax = "destination numkeys:integer key ... [WEIGHTS weight:integer ...] [AGGREGATE "
               "aggregate=<SUM|MIN|MAX>]",
     .complexity = "O(N*K+M*log(M)) with N members in the smallest of K inputs and M in the result",
     .summary = "Stores the members that several sorted sets share, their scores combined."},
    {.name = "ZDIFFSTORE",
     .handler = zdiffstore_command,
     .arity = -4,
     .group = "sorted-set",
     .since = "6.2.0",
     .flags = "WRITE,DENYOOM",
     .acl = "SORTEDSET",
     .keys = "OW+UPDATE@index:1/range:0,1,0 ; RO+ACCESS@index:2/keynum:0,1,1",
     .syntax = "destination numkeys:integer key ...",
     .complexity = "O(N*K+M*log(M)) with N members in the first of K inputs and M in the result",
     .summary = "Stores the members of a sorted set that others do not have."},
    {.name = "ZINTERCARD",
     .handler = zintercard_command,
     .arity = -3,
     .group = "sorted-set",
     .since = "7.0.0",
     .flags = "READONLY",
     .acl = "SORTEDSET",
     .keys = "RO+ACCESS@index:1/keynum:0,1,1",
     .syntax = "numkeys:integer key ... [LIMIT limit:integer]",
     .complexity = "O(N*K) with N members in the smallest of K inputs",
     .summary = "Counts the members that several sorted sets share, up to a limit."},
};

}  // namespace

CommandFamily sorted_set_algebra_commands() {
  return kSortedSetAlgebraRows;
}

}  // namespace spinel::server
