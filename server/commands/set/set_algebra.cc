// Several sets together: what all of them have, any of them has, or only the first.
#include "storage/types/set_algebra.h"

#include "server/commands/set/set_support.h"
#include "server/engine/context.h"
#include "server/engine/families.h"

namespace spinel::server {
namespace {

using storage::ConstItem;
using storage::Item;
using storage::Key;
using storage::Presence;
using storage::Set;
using storage::SetMember;
using storage::Type;

// The sets at several keys. Those that exist; the objects stay where they are while others are
// looked up.
struct Sources {
  std::vector<Set> sets;
  bool first_exists = true;
  bool all_exist = true;
};

// The sets at the keys `first` to before `end`. Nothing if one of them is of another type:
// WRONGTYPE has been sent.
std::optional<Sources> find_sources(CommandContext& ctx, size_t first, size_t end) {
  Sources sources;
  sources.sets.reserve(end - first);
  for (size_t index = first; index < end; ++index) {
    const ConstItem item = ctx.find_read(ctx.key(index));
    if (!ctx.check_type(item, Type::kSet)) return std::nullopt;
    if (item) {
      sources.sets.push_back(set_at(item));
    } else {
      sources.all_exist = false;
      if (index == first) sources.first_exists = false;
    }
  }
  return sources;
}

// A set that is only needed for a moment.
class TemporarySet {
 public:
  TemporarySet() : set_(Set::create()) {}
  ~TemporarySet() { Set::destroy(set_.encoding(), set_.object()); }
  TemporarySet(const TemporarySet&) = delete;
  TemporarySet& operator=(const TemporarySet&) = delete;

  Set& operator*() { return set_; }
  Set* operator->() { return &set_; }
  // Leaves it to the caller, and an empty one here.
  Set release() { return std::exchange(set_, Set::create()); }

 private:
  Set set_;
};

// --- what the three do with the sets found; each puts the members before a visitor

template <typename Visit>
void visit_intersection(Sources& sources, Visit&& visit) {
  if (sources.all_exist) storage::intersect(sources.sets, visit);
}

// With so many sets, looking in each of them for every member costs more than storing them.
constexpr size_t kMaxLookups = 8;

template <typename Visit>
void visit_union(CommandContext& ctx, Sources& sources, Visit&& visit) {
  if (sources.sets.size() <= kMaxLookups) return storage::unite(sources.sets, visit);
  const storage::SetLimits limits = set_limits(ctx);
  TemporarySet seen;
  for (const Set& set : sources.sets) {
    set.for_each([&](const SetMember& member) {
      if (seen->add(member, limits)) visit(member);
    });
  }
}

template <typename Visit>
void visit_difference(CommandContext& ctx, Sources& sources, Visit&& visit) {
  if (!sources.first_exists) return;
  if (sources.sets.size() <= kMaxLookups) return storage::subtract(sources.sets, visit);
  const storage::SetLimits limits = set_limits(ctx);
  TemporarySet others;
  for (size_t i = 1; i < sources.sets.size(); ++i) {
    sources.sets[i].for_each([&](const SetMember& member) { others->add(member, limits); });
  }
  const Set all_others[] = {*others};
  storage::select_members(sources.sets[0], all_others, Presence::kInNone, visit);
}

// --- replies

// Sends the members that `visit_all` visits.
template <typename VisitAll>
void reply_visited(CommandContext& ctx, VisitAll&& visit_all) {
  const size_t mark = ctx.reply.begin_deferred();
  size_t count = 0;
  visit_all([&](const SetMember& member) {
    reply_member(ctx.reply, member);
    ++count;
  });
  ctx.reply.end_deferred_set(mark, count);
}

void sinter_command(CommandContext& ctx) {
  std::optional<Sources> sources = find_sources(ctx, 1, ctx.arity());
  if (!sources) return;
  reply_visited(ctx, [&](auto&& visit) { visit_intersection(*sources, visit); });
}

void sunion_command(CommandContext& ctx) {
  std::optional<Sources> sources = find_sources(ctx, 1, ctx.arity());
  if (!sources) return;
  reply_visited(ctx, [&](auto&& visit) { visit_union(ctx, *sources, visit); });
}

void sdiff_command(CommandContext& ctx) {
  std::optional<Sources> sources = find_sources(ctx, 1, ctx.arity());
  if (!sources) return;
  reply_visited(ctx, [&](auto&& visit) { visit_difference(ctx, *sources, visit); });
}

// LIMIT of SINTERCARD, 0 if there is none or none is meant. If it cannot be read, the error has
// been sent.
std::optional<int64_t> cardinality_limit(CommandContext& ctx, size_t first) {
  constexpr std::string_view kNegative = "ERR LIMIT can't be negative";
  int64_t limit = 0;
  for (size_t i = first; i < ctx.arity(); i += 2) {
    if (!ctx.arg_is(i, "LIMIT") || i + 1 == ctx.arity()) {
      ctx.syntax_error();
      return std::nullopt;
    }
    const std::optional<int64_t> value = ctx.integer(i + 1, kNegative);
    if (!value) return std::nullopt;
    if (*value < 0) {
      ctx.error(kNegative);
      return std::nullopt;
    }
    limit = *value;
  }
  return limit;
}

void sintercard_command(CommandContext& ctx) {
  constexpr std::string_view kNoKeys = "ERR numkeys should be greater than 0";
  const std::optional<int64_t> keys = ctx.integer(1, kNoKeys);
  if (!keys) return;
  if (*keys < 1) return ctx.error(kNoKeys);
  if (static_cast<uint64_t>(*keys) > ctx.arity() - 2) {
    return ctx.error("ERR Number of keys can't be greater than number of args");
  }
  const size_t end = 2 + static_cast<size_t>(*keys);
  const std::optional<int64_t> limit = cardinality_limit(ctx, end);
  if (!limit) return;
  std::optional<Sources> sources = find_sources(ctx, 2, end);
  if (!sources) return;
  int64_t count = 0;
  if (*limit == 0) {
    visit_intersection(*sources, [&](const SetMember&) { ++count; });
  } else {
    visit_intersection(*sources, [&](const SetMember&) { return ++count < *limit; });
  }
  ctx.reply.integer(count);
}

// --- storing

// Stores `result` at the first argument's key, or removes that if there is nothing in it, and
// replies how much is. `event` is the keyspace event.
void store_result(CommandContext& ctx, TemporarySet& result, std::string_view event) {
  const Key key = ctx.key(1);
  Item item = ctx.find_write(key);
  const size_t size = result->size();
  if (size == 0) {
    if (item) ctx.remove(item, key, ctx.server.config.lazyfree_lazy_server_del);
    return ctx.reply.integer(0);
  }
  if (!item) ctx.created(key.bytes);
  const Set set = result.release();
  ctx.db.set_object(key, item, set.encoding(), set.object(), storage::kNoExpiry, ctx.new_access());
  ctx.changed(key.bytes);
  ctx.notify(kNotifySet, event, key.bytes);
  ctx.reply.integer(static_cast<int64_t>(size));
}

// A visitor that collects what it is shown.
auto add_to(CommandContext& ctx, Set& set) {
  return [limits = set_limits(ctx), &set](const SetMember& member) { set.add(member, limits); };
}

void sinterstore_command(CommandContext& ctx) {
  std::optional<Sources> sources = find_sources(ctx, 2, ctx.arity());
  if (!sources) return;
  TemporarySet result;
  visit_intersection(*sources, add_to(ctx, *result));
  store_result(ctx, result, "sinterstore");
}

void sunionstore_command(CommandContext& ctx) {
  std::optional<Sources> sources = find_sources(ctx, 2, ctx.arity());
  if (!sources) return;
  TemporarySet result;
  for (const Set& set : sources->sets) set.for_each(add_to(ctx, *result));
  store_result(ctx, result, "sunionstore");
}

// Whether Redis would take the members of the other sets out of a copy of the first. That copy
// keeps its encoding however little is left of it, which OBJECT ENCODING shows.
bool copies_first(const Sources& sources) {
  size_t lookups = 0;
  size_t removals = 0;
  for (const Set& set : sources.sets) {
    lookups += sources.sets[0].size();
    removals += set.size();
  }
  return lookups / 2 > removals;
}

void sdiffstore_command(CommandContext& ctx) {
  std::optional<Sources> sources = find_sources(ctx, 2, ctx.arity());
  if (!sources) return;
  TemporarySet result;
  if (sources->first_exists && copies_first(*sources)) {
    sources->sets[0].for_each(add_to(ctx, *result));
    for (size_t i = 1; i < sources->sets.size() && !result->empty(); ++i) {
      sources->sets[i].for_each([&](const SetMember& member) { result->remove(member); });
    }
  } else {
    visit_difference(ctx, *sources, add_to(ctx, *result));
  }
  store_result(ctx, result, "sdiffstore");
}

constexpr std::string_view kReadKeys = "RO+ACCESS@index:1/range:-1,1,0";
constexpr std::string_view kStoreKeys =
    "OW+UPDATE@index:1/range:0,1,0 ; RO+ACCESS@index:2/range:-1,1,0";

constexpr CommandRow kSetAlgebraRows[] = {
    {.name = "SINTER",
     .handler = sinter_command,
     .arity = -2,
     .group = "set",
     .since = "1.0.0",
     .flags = "READONLY",
     .acl = "SET",
     .tips = "NONDETERMINISTIC_OUTPUT_ORDER",
     .keys = kReadKeys,
     .syntax = "key ...",
     .complexity = "O(N*M) with N members in the smallest of M sets",
     .summary = "Lists the members that all of the sets have."},
    {.name = "SINTERCARD",
     .handler = sintercard_command,
     .arity = -3,
     .group = "set",
     .since = "7.0.0",
     .flags = "READONLY",
     .acl = "SET",
     .keys = "RO+ACCESS@index:1/keynum:0,1,1",
     .syntax = "numkeys:integer key ... [LIMIT limit:integer]",
     .complexity = "O(N*M) with N members in the smallest of M sets",
     .summary = "Counts the members that all of the sets have, up to a limit."},
    {.name = "SINTERSTORE",
     .handler = sinterstore_command,
     .arity = -3,
     .group = "set",
     .since = "1.0.0",
     .flags = "WRITE,DENYOOM",
     .acl = "SET",
     .keys = "RW+UPDATE@index:1/range:0,1,0 ; RO+ACCESS@index:2/range:-1,1,0",
     .syntax = "destination key ...",
     .complexity = "O(N*M) with N members in the smallest of M sets",
     .summary = "Stores the members that all of the sets have."},
    {.name = "SUNION",
     .handler = sunion_command,
     .arity = -2,
     .group = "set",
     .since = "1.0.0",
     .flags = "READONLY",
     .acl = "SET",
     .tips = "NONDETERMINISTIC_OUTPUT_ORDER",
     .keys = kReadKeys,
     .syntax = "key ...",
     .complexity = "O(N) with N members in all sets together",
     .summary = "Lists the members that any of the sets has."},
    {.name = "SUNIONSTORE",
     .handler = sunionstore_command,
     .arity = -3,
     .group = "set",
     .since = "1.0.0",
     .flags = "WRITE,DENYOOM",
     .acl = "SET",
     .keys = kStoreKeys,
     .syntax = "destination key ...",
     .complexity = "O(N) with N members in all sets together",
     .summary = "Stores the members that any of the sets has."},
    {.name = "SDIFF",
     .handler = sdiff_command,
     .arity = -2,
     .group = "set",
     .since = "1.0.0",
     .flags = "READONLY",
     .acl = "SET",
     .tips = "NONDETERMINISTIC_OUTPUT_ORDER",
     .keys = kReadKeys,
     .syntax = "key ...",
     .complexity = "O(N) with N members in all sets together",
     .summary = "Lists the members of the first set that no other has."},
    {.name = "SDIFFSTORE",
     .handler = sdiffstore_command,
     .arity = -3,
     .group = "set",
     .since = "1.0.0",
     .flags = "WRITE,DENYOOM",
     .acl = "SET",
     .keys = kStoreKeys,
     .syntax = "destination key ...",
     .complexity = "O(N) with N members in all sets together",
     .summary = "Stores the members of the first set that no other has."},
};

}  // namespace

CommandFamily set_algebra_commands() {
  return kSetAlgebraRows;
}

}  // namespace spinel::server
