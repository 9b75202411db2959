// What the geo commands share: coordinates, units and distances as arguments and in replies.
#pragma once

#include <cstddef>
#include <optional>

#include "server/engine/context.h"
#include "storage/types/geo.h"

namespace spinel::server {

// The point whose longitude and latitude are arguments `index` and `index + 1`, or nothing after
// the error was sent.
std::optional<storage::geo::Point> read_point(CommandContext& ctx, size_t index);

// How many metres the unit at `index` has, or nothing after the error was sent.
std::optional<double> read_unit(CommandContext& ctx, size_t index);

// Replies an array of longitude and latitude.
void reply_point(CommandContext& ctx, const storage::geo::Point& point);

// Replies a distance, which is not negative, with four decimals: a bulk string, in RESP3 as well.
void reply_distance(CommandContext& ctx, double distance);

// How the replies write them. Each writes without a terminating NUL and returns the length.
inline constexpr size_t kMaxDistanceChars = 320;
inline constexpr size_t kMaxCoordinateChars = 24;
size_t format_distance(double distance, char* out);
// Of at most 180 degrees, either way: up to 17 decimals.
size_t format_coordinate(double degrees, char* out);

}  // namespace spinel::server
