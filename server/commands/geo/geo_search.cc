// What is within a circle or a box: GEOSEARCH, GEOSEARCHSTORE, and GEORADIUS and its relatives,
// which they replace.
//
// What a search finds and does not sort stands in the order of the cells that it walks
// (storage/types/geo_area.h), and within a cell in the order of the sorted set.
#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "server/commands/geo/geo_query.h"
#include "server/commands/geo/geo_support.h"
#include "server/commands/sorted_set/sorted_set_support.h"
#include "server/engine/context.h"
#include "server/engine/families.h"
#include "storage/base/numbers.h"
#include "storage/types/geo.h"
#include "storage/types/geo_area.h"

namespace spinel::server {
namespace {

using storage::ConstItem;
using storage::Item;
using storage::SortedSet;
using storage::Type;
using storage::geo::Area;

// --- searching

struct Match {
  double score;
  double distance_m;  // if the query measures
  SortedSet::Place place;
  size_t number;  // in the order of finding
};

// The order of sorted matches. What is equally far comes in the order of finding.
struct Precedes {
  GeoOrder order;

  bool operator()(const Match& a, const Match& b) const {
    if (a.distance_m == b.distance_m) return a.number < b.number;
    return (a.distance_m < b.distance_m) == (order == GeoOrder::kNearestFirst);
  }
};

// What was found, and of that, if the query sorts and wants few, only what may still be among them:
// at twice as many as it wants, the worse half goes, and what is worse than all the rest is not
// even kept from then on. That takes constant time for each, and no more memory than the reply.
class Matches {
 public:
  explicit Matches(const GeoQuery& query) : query_(query), precedes_{query.order} {
    constexpr size_t kFew = 1 << 20;
    if (query.order != GeoOrder::kNone && query.count > 0 && query.count < kFew) {
      most_ = std::max<size_t>(2 * query.count, 128);
    }
  }

  // Returns whether more are wanted.
  bool add(double score, double distance_m, SortedSet::Place place) {
    const Match match{score, distance_m, place, found_++};
    if (worst_ && !precedes_(match, *worst_)) return true;
    matches_.push_back(match);
    if (query_.any) return matches_.size() < query_.count;
    if (matches_.size() == most_) cut();
    return true;
  }

  // The result, in its order.
  std::vector<Match> finish() {
    if (query_.order == GeoOrder::kNone) return std::move(matches_);
    if (query_.count > 0 && matches_.size() > query_.count) cut();
    std::sort(matches_.begin(), matches_.end(), precedes_);
    return std::move(matches_);
  }

 private:
  void cut() {
    const auto last = matches_.begin() + static_cast<std::ptrdiff_t>(query_.count) - 1;
    std::nth_element(matches_.begin(), last, matches_.end(), precedes_);
    matches_.erase(last + 1, matches_.end());
    worst_ = matches_.back();
  }

  const GeoQuery& query_;
  const Precedes precedes_;
  std::vector<Match> matches_;
  std::optional<Match> worst_;
  size_t found_ = 0;
  size_t most_ = SIZE_MAX;
};

std::vector<Match> search(const SortedSet& set, const GeoQuery& query) {
  const Area area = query.area();
  Matches matches(query);
  const auto measure = [&](double score, SortedSet::Place place) {
    const std::optional<double> distance = area.distance_m(score);
    return !distance || matches.add(score, *distance, place);
  };
  const auto test = [&](double score, SortedSet::Place place) {
    return !area.contains(score) || matches.add(score, 0, place);
  };
  for (const Area::Cell& cell : area.cells()) {
    const bool goes_on = query.measures() ? set.visit_scores(cell.first, cell.end, measure)
                                          : set.visit_scores(cell.first, cell.end, test);
    if (!goes_on) break;
  }
  return matches.finish();
}

// --- results

// Calls `visit(std::string_view member, const Match&)` for each.
template <typename Visit>
void for_each_member(const SortedSet& set, const std::vector<Match>& matches, Visit&& visit) {
  // So many members are on their way to the cache before they are asked for.
  constexpr size_t kAhead = 8;
  for (size_t i = 0; i < matches.size() && i < kAhead; ++i) set.prefetch_member(matches[i].place);
  for (size_t i = 0; i < matches.size(); ++i) {
    if (i + kAhead < matches.size()) set.prefetch_member(matches[i + kAhead].place);
    char scratch[storage::kMaxDoubleChars];
    visit(set.member_at(matches[i].place, scratch), matches[i]);
  }
}

void reply_matches(CommandContext& ctx, const SortedSet& set, const GeoQuery& query,
                   const std::vector<Match>& matches) {
  const size_t extras = query.extras();
  ctx.reply.array(matches.size());
  for_each_member(set, matches, [&](std::string_view member, const Match& match) {
    if (extras > 0) ctx.reply.array(1 + extras);
    ctx.reply.bulk(member);
    if (query.with_distance) reply_distance(ctx, match.distance_m / query.unit_m);
    if (query.with_code) ctx.reply.integer(static_cast<int64_t>(match.score));
    if (query.with_point) reply_point(ctx, storage::geo::decode(match.score));
  });
}

void store_matches(CommandContext& ctx, const GeoForm& form, const SortedSet& set,
                   const GeoQuery& query, const std::vector<Match>& matches) {
  SortedSet result = SortedSet::create();
  for_each_member(set, matches, [&](std::string_view member, const Match& match) {
    const double score = query.store_distances ? match.distance_m / query.unit_m : match.score;
    result.insert(result.find(member), member, score, kBuildLarge);
  });
  result.compact(sorted_set_limits(ctx));
  store_sorted_set(ctx, query.destination, result,
                   form.stores ? "geosearchstore" : "georadiusstore",
                   static_cast<int64_t>(matches.size()));
}

void search_command(CommandContext& ctx, const GeoForm& form) {
  const ConstItem item = ctx.find_read(ctx.key(form.source));
  if (!ctx.check_type(item, Type::kSortedSet)) return;
  const std::optional<GeoQuery> query = read_geo_query(ctx, form, item);
  if (!query) return;
  if (!item) {
    if (query->destination == 0) return ctx.reply.array(0);
    return store_sorted_set(ctx, query->destination, SortedSet::create(), "");
  }
  const SortedSet set = sorted_set_at(item);
  const std::vector<Match> matches = search(set, *query);
  if (query->destination == 0) return reply_matches(ctx, set, *query, matches);
  store_matches(ctx, form, set, *query, matches);
}

void geosearch_command(CommandContext& ctx) {
  search_command(ctx, {});
}

void geosearchstore_command(CommandContext& ctx) {
  search_command(ctx, {.source = 2, .stores = true});
}

void georadius_command(CommandContext& ctx) {
  search_command(ctx, {.center = GeoForm::Center::kPoint, .may_store = true});
}

void georadius_ro_command(CommandContext& ctx) {
  search_command(ctx, {.center = GeoForm::Center::kPoint});
}

void georadiusbymember_command(CommandContext& ctx) {
  search_command(ctx, {.center = GeoForm::Center::kMember, .may_store = true});
}

void georadiusbymember_ro_command(CommandContext& ctx) {
  search_command(ctx, {.center = GeoForm::Center::kMember});
}

constexpr CommandRow kGeoSearchRows[] = {
    {.name = "GEOSEARCH",
     .handler = geosearch_command,
     .arity = -7,
     .group = "geo",
     .since = "6.2.0",
     .flags = "READONLY",
     .acl = "GEO",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key from=<FROMMEMBER member:string|FROMLONLAT fromlonlat=<longitude:double "
               "latitude:double>> by=<circle=<BYRADIUS radius:double unit=<m|km|ft|mi>>|"
               "box=<BYBOX width:double height:double unit=<m|km|ft|mi>>> [order=<ASC|DESC>] "
               "[count-block=<COUNT count:integer [ANY]>] [WITHCOORD] [WITHDIST] [WITHHASH]",
     .complexity = "O(N+log(M)) with N members in the cells around the area and M in the set",
     .summary = "Returns the members within a circle or a box.",
     .history = "7.0.0 Units may be in upper case."},
    {.name = "GEOSEARCHSTORE",
     .handler = geosearchstore_command,
     .arity = -8,
     .group = "geo",
     .since = "6.2.0",
     .flags = "WRITE,DENYOOM",
     .acl = "GEO",
     .keys = "OW+UPDATE@index:1/range:0,1,0 ; RO+ACCESS@index:2/range:0,1,0",
     .syntax = "destination source from=<FROMMEMBER member:string|FROMLONLAT fromlonlat="
               "<longitude:double latitude:double>> by=<circle=<BYRADIUS radius:double "
               "unit=<m|km|ft|mi>>|box=<BYBOX width:double height:double unit=<m|km|ft|mi>>> "
               "[order=<ASC|DESC>] [count-block=<COUNT count:integer [ANY]>] [STOREDIST]",
     .complexity = "O(N+log(M)) with N members in the cells around the area and M in the set",
     .summary = "Stores the members within a circle or a box, with their places or distances.",
     .history = "7.0.0 Units may be in upper case."},
    {.name = "GEORADIUS",
     .handler = georadius_command,
     .arity = -6,
     .group = "geo",
     .since = "3.2.0",
     .flags = "WRITE,DENYOOM",
     .acl = "GEO",
     .keys = "RO+ACCESS@index:1/range:0,1,0 ; OW+UPDATE@keyword:STORE@6/range:0,1,0 ; "
             "OW+UPDATE@keyword:STOREDIST@6/range:0,1,0",
     .syntax = "key longitude:double latitude:double radius:double unit=<m|km|ft|mi> [WITHCOORD] "
               "[WITHDIST] [WITHHASH] [count-block=<COUNT count:integer [ANY@6.2.0]>] "
               "[order=<ASC|DESC>] [store=<STORE storekey=key#1|STOREDIST storedistkey=key#2>]",
     .complexity = "O(N+log(M)) with N members in the cells around the area and M in the set",
     .summary = "Returns the members within a circle around a place, or stores them.",
     .history = "6.2.0 Option `ANY` of `COUNT`. ; 7.0.0 Units may be in upper case.",
     .deprecated_since = "6.2.0",
     .replaced_by = "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument",
     .doc_flags = "DEPRECATED"},
    {.name = "GEORADIUS_RO",
     .handler = georadius_ro_command,
     .arity = -6,
     .group = "geo",
     .since = "3.2.10",
     .flags = "READONLY",
     .acl = "GEO",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key longitude:double latitude:double radius:double unit=<m|km|ft|mi> [WITHCOORD] "
               "[WITHDIST] [WITHHASH] [count-block=<COUNT count:integer [ANY@6.2.0]>] "
               "[order=<ASC|DESC>]",
     .complexity = "O(N+log(M)) with N members in the cells around the area and M in the set",
     .summary = "Returns the members within a circle around a place.",
     .history = "6.2.0 Option `ANY` of `COUNT`. ; 7.0.0 Units may be in upper case.",
     .deprecated_since = "6.2.0",
     .replaced_by = "`GEOSEARCH` with the `BYRADIUS` argument",
     .doc_flags = "DEPRECATED"},
    {.name = "GEORADIUSBYMEMBER",
     .handler = georadiusbymember_command,
     .arity = -5,
     .group = "geo",
     .since = "3.2.0",
     .flags = "WRITE,DENYOOM",
     .acl = "GEO",
     .keys = "RO+ACCESS@index:1/range:0,1,0 ; OW+UPDATE@keyword:STORE@5/range:0,1,0 ; "
             "OW+UPDATE@keyword:STOREDIST@5/range:0,1,0",
     .syntax = "key member:string radius:double unit=<m|km|ft|mi> [WITHCOORD] [WITHDIST] "
               "[WITHHASH] [count-block=<COUNT count:integer [ANY@6.2.0]>] [order=<ASC|DESC>] "
               "[store=<STORE storekey=key#1|STOREDIST storedistkey=key#2>]",
     .complexity = "O(N+log(M)) with N members in the cells around the area and M in the set",
     .summary = "Returns the members within a circle around one of them, or stores them.",
     .history = "6.2.0 Option `ANY` of `COUNT`. ; 7.0.0 Units may be in upper case.",
     .deprecated_since = "6.2.0",
     .replaced_by =
         "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments",
     .doc_flags = "DEPRECATED"},
    {.name = "GEORADIUSBYMEMBER_RO",
     .handler = georadiusbymember_ro_command,
     .arity = -5,
     .group = "geo",
     .since = "3.2.10",
     .flags = "READONLY",
     .acl = "GEO",
     .keys = "RO+ACCESS@index:1/range:0,1,0",
     .syntax = "key member:string radius:double unit=<m|km|ft|mi> [WITHCOORD] [WITHDIST] "
               "[WITHHASH] [count-block=<COUNT count:integer [ANY@6.2.0]>] [order=<ASC|DESC>]",
     .complexity = "O(N+log(M)) with N members in the cells around the area and M in the set",
     .summary = "Returns the members within a circle around one of them.",
     .history = "6.2.0 Option `ANY` of `COUNT`. ; 7.0.0 Units may be in upper case.",
     .deprecated_since = "6.2.0",
     .replaced_by = "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments",
     .doc_flags = "DEPRECATED"},
};

}  // namespace

CommandFamily geo_search_commands() {
  return kGeoSearchRows;
}

}  // namespace spinel::server
