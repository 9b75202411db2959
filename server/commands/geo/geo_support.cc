#include "server/commands/geo/geo_support.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fmt/format.h>

#include "storage/base/assert.h"
#include "storage/base/numbers.h"

namespace spinel::server {

using storage::geo::Point;

std::optional<Point> read_point(CommandContext& ctx, size_t index) {
  const std::optional<double> longitude = ctx.number(index);
  if (!longitude) return std::nullopt;
  const std::optional<double> latitude = ctx.number(index + 1);
  if (!latitude) return std::nullopt;
  const Point point{.longitude = *longitude, .latitude = *latitude};
  if (storage::geo::is_on_map(point)) return point;
  ctx.error(fmt::format("ERR invalid longitude,latitude pair {:f},{:f}", *longitude, *latitude));
  return std::nullopt;
}

std::optional<double> read_unit(CommandContext& ctx, size_t index) {
  if (ctx.arg_is(index, "M")) return 1;
  if (ctx.arg_is(index, "KM")) return 1000;
  if (ctx.arg_is(index, "FT")) return 0.3048;
  if (ctx.arg_is(index, "MI")) return 1609.34;
  ctx.error("ERR unsupported unit provided. please use M, KM, FT, MI");
  return std::nullopt;
}

namespace {

void reply_coordinate(CommandContext& ctx, double degrees) {
  char digits[kMaxCoordinateChars];
  ctx.reply.number_of({digits, format_coordinate(degrees, digits)});
}

// Writes `number` with at least `digits` digits.
char* put_padded(uint64_t number, unsigned digits, char* out) {
  for (unsigned known = storage::count_digits(number); known < digits; ++known) *out++ = '0';
  return out + storage::format_uint64(number, out);
}

}  // namespace

void reply_point(CommandContext& ctx, const Point& point) {
  ctx.reply.array(2);
  reply_coordinate(ctx, point.longitude);
  reply_coordinate(ctx, point.latitude);
}

void reply_distance(CommandContext& ctx, double distance) {
  char digits[kMaxDistanceChars];
  ctx.reply.bulk({digits, format_distance(distance, digits)});
}

size_t format_distance(double distance, char* out) {
  // As "%.4f", which takes ten times as long. The product may be off by its last bit; where that
  // decides how it is rounded, the library does.
  constexpr double kExact = 0x1p40;
  constexpr double kDoubt = 1e-3;
  const double scaled = distance * 10'000;
  const double whole = std::floor(scaled);
  if (!(scaled < kExact) || std::abs(scaled - whole - 0.5) < kDoubt) {
    return static_cast<size_t>(std::snprintf(out, kMaxDistanceChars, "%.4f", distance));
  }
  const auto number = static_cast<uint64_t>(scaled - whole > 0.5 ? whole + 1 : whole);
  char* end = put_padded(number / 10'000, 1, out);
  *end++ = '.';
  return static_cast<size_t>(put_padded(number % 10'000, 4, end) - out);
}

size_t format_coordinate(double degrees, char* out) {
  // All decimals of a double are those of mantissa * 2^exponent * 10^17, rounded to an integer,
  // halves to even.
  constexpr unsigned kDecimals = 17;
  constexpr uint64_t kScale = 100'000'000'000'000'000;
  using Wide = unsigned __int128;
  SPINEL_ASSERT(std::abs(degrees) <= storage::geo::kMaxLongitude);
  int exponent = 0;
  const double fraction = std::frexp(std::abs(degrees), &exponent);
  const Wide scaled = static_cast<Wide>(static_cast<uint64_t>(std::ldexp(fraction, 53))) * kScale;
  // 53 bits and 57: shifted by more than 110 there is nothing left.
  const unsigned shift = std::min(static_cast<unsigned>(53 - exponent), 126U);
  const Wide half = Wide{1} << (shift - 1);
  const Wide rest = scaled & (2 * half - 1);
  auto number = static_cast<uint64_t>(scaled >> shift);
  if (rest > half || (rest == half && number % 2 == 1)) ++number;

  char* end = out;
  if (degrees < 0 && number > 0) *end++ = '-';
  end = put_padded(number / kScale, 1, end);
  if (number % kScale == 0) return static_cast<size_t>(end - out);
  *end++ = '.';
  end = put_padded(number % kScale, kDecimals, end);
  while (end[-1] == '0') --end;
  return static_cast<size_t>(end - out);
}

}  // namespace spinel::server
