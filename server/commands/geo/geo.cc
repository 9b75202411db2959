// Places: adding them, and asking for those that are known. A set of places is a sorted set whose
// scores are places (storage/types/geo.h); every command of sorted sets works on it.
#include "storage/types/geo.h"

#include <optional>
#include <string_view>
#include <vector>

#include "server/commands/geo/geo_support.h"
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
using storage::geo::Point;

// --- GEOADD

// Longitude, latitude, member.
constexpr size_t kTriple = 3;

// Reads all options up to the first longitude, whose index it returns, or nothing after the error
// was sent.
std::optional<size_t> read_geoadd_options(CommandContext& ctx, AddOptions& options) {
  size_t i = 2;
  for (; i < ctx.arity(); ++i) {
    if (ctx.arg_is(i, "NX")) {
      options.only_new = true;
    } else if (ctx.arg_is(i, "XX")) {
      options.only_existing = true;
    } else if (ctx.arg_is(i, "CH")) {
      options.count_changes = true;
    } else {
      break;
    }
  }
  const size_t left = ctx.arity() - i;
  if (left == 0 || left % kTriple != 0 || (options.only_new && options.only_existing)) {
    ctx.syntax_error();
    return std::nullopt;
  }
  return i;
}

// The effect is a ZADD of the scores: it does not depend on how coordinates are read and rounded.
void propagate_as_zadd(CommandContext& ctx, size_t first_triple, Scores& scores) {
  if (!ctx.server.effects.active()) return;
  std::vector<char> digits(scores.size() * storage::kMaxDoubleChars);
  std::vector<std::string_view> effect;
  effect.reserve(first_triple + 2 * scores.size());
  effect.assign(ctx.args.begin(), ctx.args.begin() + static_cast<std::ptrdiff_t>(first_triple));
  effect[0] = "ZADD";
  char* to = digits.data();
  for (size_t i = 0; i < scores.size(); ++i, to += storage::kMaxDoubleChars) {
    effect.emplace_back(to, storage::format_double(scores[i], to));
    effect.push_back(ctx.arg(first_triple + kTriple * i + 2));
  }
  ctx.propagate(effect);
}

void geoadd_command(CommandContext& ctx) {
  AddOptions options;
  const std::optional<size_t> first_triple = read_geoadd_options(ctx, options);
  if (!first_triple) return;
  Scores scores((ctx.arity() - *first_triple) / kTriple);
  for (size_t i = 0; i < scores.size(); ++i) {
    const std::optional<Point> point = read_point(ctx, *first_triple + kTriple * i);
    if (!point) return;
    scores[i] = storage::geo::encode(*point);
  }
  if (add_members(ctx, options, scores, *first_triple + 2, kTriple) > 0) {
    propagate_as_zadd(ctx, *first_triple, scores);
  }
}

// --- GEOPOS, GEOHASH, GEODIST

// The place of a member of the set at `item`, which may be absent.
std::optional<Point> place_of(const ConstItem& item, std::string_view member) {
  if (!item) return std::nullopt;
  const SortedSet::Found found = sorted_set_at(item).find(member);
  if (!found) return std::nullopt;
  return storage::geo::decode(found.score);
}

void geopos_command(CommandContext& ctx) {
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!ctx.check_type(item, Type::kSortedSet)) return;
  ctx.reply.array(ctx.arity() - 2);
  for (size_t i = 2; i < ctx.arity(); ++i) {
    if (const std::optional<Point> place = place_of(item, ctx.arg(i))) {
      reply_point(ctx, *place);
    } else {
      ctx.reply.null_array();
    }
  }
}

void geohash_command(CommandContext& ctx) {
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!ctx.check_type(item, Type::kSortedSet)) return;
  ctx.reply.array(ctx.arity() - 2);
  for (size_t i = 2; i < ctx.arity(); ++i) {
    if (const std::optional<Point> place = place_of(item, ctx.arg(i))) {
      const auto text = storage::geo::geohash(*place);
      ctx.reply.bulk({text.data(), text.size()});
    } else {
      ctx.reply.null();
    }
  }
}

void geodist_command(CommandContext& ctx) {
  std::optional<double> unit = 1;
  if (ctx.arity() == 5) {
    unit = read_unit(ctx, 4);
    if (!unit) return;
  } else if (ctx.arity() > 5) {
    return ctx.syntax_error();
  }
  const ConstItem item = ctx.find_read(ctx.key(1));
  if (!ctx.check_type(item, Type::kSortedSet)) return;
  const std::optional<Point> from = place_of(item, ctx.arg(2));
  const std::optional<Point> to = place_of(item, ctx.arg(3));
  if (!from || !to) return ctx.reply.null();
  reply_distance(ctx, storage::geo::distance_m(*from, *to) / *unit);
}

constexpr CommandRow kGeoRows[] = {
    {.name = "GEOADD",
     .handler = geoadd_command,
     .arity = -5,
     .group = "geo",
     .since = "3.2.0",
     .flags = "WRITE,DENYOOM",
     .acl = "GEO",
     .keys = "RW+UPDATE@index:1/range:0,1,0",
     .syntax = "key [condition=<NX|XX>@6.2.0] [change=CH@6.2.0] "
               "data=<longitude:double latitude:double member:string> ...",
     .complexity = "O(log(N)) for each member",
     .summary = "Adds members with their places, or moves members to other places.",
     .history = "6.2.0 Options `CH`, `NX` and `XX`."},
    {.name = "GEOPOS",
     .handler = geopos_command,
     .arity = -2,
     .group = "geo",
     .since = "3.2.0",
     .flags = "READONLY",
     .acl = "GEO",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key [member:string ...]",
     .complexity = "O(1) for each member",
     .summary = "Returns the longitudes and latitudes of members."},
    {.name = "GEOHASH",
     .handler = geohash_command,
     .arity = -2,
     .group = "geo",
     .since = "3.2.0",
     .flags = "READONLY",
     .acl = "GEO",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key [member:string ...]",
     .complexity = "O(1) for each member",
     .summary = "Returns the geohashes of members."},
    {.name = "GEODIST",
     .handler = geodist_command,
     .arity = -4,
     .group = "geo",
     .since = "3.2.0",
     .flags = "READONLY",
     .acl = "GEO",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key member1:string member2:string [unit=<m|km|ft|mi>]",
     .complexity = "O(1)",
     .summary = "Returns the distance between two members."},
};

}  // namespace

CommandFamily geo_commands() {
  return kGeoRows;
}

}  // namespace spinel::server
