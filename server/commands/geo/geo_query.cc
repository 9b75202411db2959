#include "server/commands/geo/geo_query.h"

#include <fmt/format.h>
#include <string_view>

#include "server/commands/geo/geo_support.h"
#include "server/commands/sorted_set/sorted_set_support.h"

namespace spinel::server {
namespace {

using storage::ConstItem;
using storage::Item;
using storage::SortedSet;

// Reads a command's arguments into a query. Methods that return false have sent the error.
class QueryReader {
 public:
  // `source` is what is at the key to search, which may be absent.
  QueryReader(CommandContext& ctx, const GeoForm& form, const ConstItem& source)
      : ctx_(ctx), form_(form), source_(source) {}

  std::optional<GeoQuery> read() {
    if (form_.stores) query_.destination = 1;
    size_t index = form_.source + 1;
    if (!read_fixed(index) || !read_options(index) || !check()) return std::nullopt;
    if (query_.count > 0 && query_.order == GeoOrder::kNone && !query_.any) {
      query_.order = GeoOrder::kNearestFirst;
    }
    return query_;
  }

 private:
  // What stands at a place of its own, from `index` on, which moves behind it.
  bool read_fixed(size_t& index) {
    if (form_.center == GeoForm::Center::kOption) return true;
    const size_t radius = form_.center == GeoForm::Center::kPoint ? index + 2 : index + 1;
    const size_t center = index;
    index = radius + 2;
    if (form_.center == GeoForm::Center::kPoint) return read_center(center) && read_radius(radius);
    // Without a set nobody looks at them.
    if (!source_) return true;
    return read_member(center) && read_radius(radius);
  }

  bool read_center(size_t index) {
    query_.center = read_point(ctx_, index);
    query_.from_point = true;
    return query_.center.has_value();
  }

  bool read_member(size_t index) {
    query_.from_member = true;
    if (!source_) return true;
    const SortedSet::Found found = sorted_set_at(source_).find(ctx_.arg(index));
    if (!found) {
      ctx_.error("ERR could not decode requested zset member");
      return false;
    }
    query_.center = storage::geo::decode(found.score);
    return true;
  }

  bool read_radius(size_t index) {
    query_.is_circle = true;
    return read_size(index, "ERR need numeric radius", query_.width) &&
           check_size(query_.width >= 0, "ERR radius cannot be negative") &&
           read_size_unit(index + 1);
  }

  bool read_box(size_t index) {
    query_.is_box = true;
    return read_size(index, "ERR need numeric width", query_.width) &&
           read_size(index + 1, "ERR need numeric height", query_.height) &&
           check_size(query_.width >= 0 && query_.height >= 0,
                      "ERR height or width cannot be negative") &&
           read_size_unit(index + 2);
  }

  bool read_size(size_t index, std::string_view error, double& size) {
    const std::optional<double> number = ctx_.number(index, error);
    if (number) size = *number;
    return number.has_value();
  }
  bool check_size(bool good, std::string_view error) {
    if (!good) ctx_.error(error);
    return good;
  }
  bool read_size_unit(size_t index) {
    const std::optional<double> unit = read_unit(ctx_, index);
    if (unit) query_.unit_m = *unit;
    return unit.has_value();
  }

  bool read_count(size_t index) {
    const std::optional<int64_t> count = ctx_.integer(index);
    if (!count) return false;
    if (*count <= 0) {
      ctx_.error("ERR COUNT must be > 0");
      return false;
    }
    query_.count = static_cast<size_t>(*count);
    return true;
  }

  bool read_options(size_t index) {
    for (; index < ctx_.arity(); ++index) {
      if (!read_flag(index) && !read_option(index)) return false;
    }
    return true;
  }

  // Options of one word. False if there is none.
  bool read_flag(size_t index) {
    if (ctx_.arg_is(index, "WITHDIST")) {
      query_.with_distance = true;
    } else if (ctx_.arg_is(index, "WITHHASH")) {
      query_.with_code = true;
    } else if (ctx_.arg_is(index, "WITHCOORD")) {
      query_.with_point = true;
    } else if (ctx_.arg_is(index, "ANY")) {
      query_.any = true;
    } else if (ctx_.arg_is(index, "ASC")) {
      query_.order = GeoOrder::kNearestFirst;
    } else if (ctx_.arg_is(index, "DESC")) {
      query_.order = GeoOrder::kFarthestFirst;
    } else if (form_.stores && ctx_.arg_is(index, "STOREDIST")) {
      query_.store_distances = true;
    } else {
      return false;
    }
    return true;
  }

  // Options with values; `index` moves on to the last one.
  bool read_option(size_t& index) {
    const size_t left = ctx_.arity() - index - 1;
    const size_t value = index + 1;
    const bool searches = form_.center == GeoForm::Center::kOption;
    const bool store_distances = ctx_.arg_is(index, "STOREDIST");
    if (left >= 1 && ctx_.arg_is(index, "COUNT")) {
      index += 1;
      return read_count(value);
    }
    if (form_.may_store && left >= 1 && (store_distances || ctx_.arg_is(index, "STORE"))) {
      index += 1;
      query_.destination = value;
      query_.store_distances = store_distances;
      return true;
    }
    if (searches && left >= 1 && !query_.from_point && ctx_.arg_is(index, "FROMMEMBER")) {
      index += 1;
      return read_member(value);
    }
    if (searches && left >= 2 && !query_.from_member && ctx_.arg_is(index, "FROMLONLAT")) {
      index += 2;
      return read_center(value);
    }
    if (searches && left >= 2 && !query_.is_box && ctx_.arg_is(index, "BYRADIUS")) {
      index += 2;
      return read_radius(value);
    }
    if (searches && left >= 3 && !query_.is_circle && ctx_.arg_is(index, "BYBOX")) {
      index += 3;
      return read_box(value);
    }
    ctx_.syntax_error();
    return false;
  }

  // Whether the options go together, and none is missing.
  bool check() {
    const bool searches = form_.center == GeoForm::Center::kOption;
    if (query_.destination != 0 && query_.extras() > 0) {
      ctx_.error(
          fmt::format("ERR {} is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
                      form_.stores ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS"));
    } else if (searches && !query_.from_member && !query_.from_point) {
      ctx_.error(fmt::format("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for {}",
                             ctx_.arg(0)));
    } else if (searches && !query_.is_circle && !query_.is_box) {
      ctx_.error(fmt::format("ERR exactly one of BYRADIUS and BYBOX can be specified for {}",
                             ctx_.arg(0)));
    } else if (query_.any && query_.count == 0) {
      ctx_.error("ERR the ANY argument requires COUNT argument");
    } else {
      return true;
    }
    return false;
  }

  CommandContext& ctx_;
  const GeoForm& form_;
  const ConstItem& source_;
  GeoQuery query_ = {};
};

}  // namespace

std::optional<GeoQuery> read_geo_query(CommandContext& ctx, const GeoForm& form,
                                       const ConstItem& source) {
  return QueryReader(ctx, form, source).read();
}

}  // namespace spinel::server
