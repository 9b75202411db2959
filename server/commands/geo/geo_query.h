// What a search command asks for, read from its arguments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "server/engine/context.h"
#include "storage/keyspace/database.h"
#include "storage/types/geo.h"
#include "storage/types/geo_area.h"

namespace spinel::server {

// Where a command has its arguments.
struct GeoForm {
  enum class Center : uint8_t { kOption, kPoint, kMember };

  Center center = Center::kOption;  // of the others a radius follows
  size_t source = 1;                // the key that is searched
  bool may_store = false;           // takes STORE and STOREDIST with a key
  bool stores = false;              // the result goes to argument 1
};

enum class GeoOrder : uint8_t { kNone, kNearestFirst, kFarthestFirst };

struct GeoQuery {
  // The centre is missing if it is a member of a set that does not exist.
  std::optional<storage::geo::Point> center = {};
  bool from_member = false, from_point = false;
  bool is_circle = false, is_box = false;
  double width = 0, height = 0;  // a circle's radius is its width
  double unit_m = 1;             // of these, and of distances that are replied or stored
  GeoOrder order = GeoOrder::kNone;
  size_t count = 0;  // 0: all
  bool any = false;
  bool with_point = false, with_distance = false, with_code = false;
  size_t destination = 0;  // argument to store at; 0: reply
  bool store_distances = false;

  size_t extras() const { return size_t{with_point} + size_t{with_distance} + size_t{with_code}; }
  bool measures() const { return with_distance || store_distances || order != GeoOrder::kNone; }
  storage::geo::Area area() const {
    if (is_circle) return storage::geo::Area::circle(*center, width * unit_m);
    return storage::geo::Area::box(*center, width * unit_m, height * unit_m);
  }
};

// Reads the arguments of `form` into a query, or returns nothing after the error was sent. `source`
// is what is at the key to search: nothing, or a sorted set.
std::optional<GeoQuery> read_geo_query(CommandContext& ctx, const GeoForm& form,
                                       const storage::ConstItem& source);

}  // namespace spinel::server
