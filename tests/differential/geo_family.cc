#include <cstdio>

#include "tests/differential/families.h"

namespace spinel::test {

namespace {

std::string member(Random& random) {
  switch (random.below(20)) {
    case 0:
      return "";
    case 1:
      return std::to_string(random.below(300));
    case 2:
      return std::string(static_cast<std::size_t>(random.between(62, 66)), 'm');
    default:
      return "m" + std::to_string(random.below(200));
  }
}

std::string decimal(Random& random, double low, double high) {
  const double unit = static_cast<double>(random.below(1'000'000'000)) / 1e9;
  char text[40];
  std::snprintf(text, sizeof text, "%.9f", low + unit * (high - low));
  return text;
}

std::string bad_number(Random& random) {
  static const std::vector<std::string> kTexts = {
      "abc", "", " 1", "nan", "inf", "-inf", "1e400", "180.0001", "-180.5", "85.05112879", "1e300"};
  return random.pick(kTexts);
}

/// Half of all places are in one region, where small areas find something. No two places are equal:
/// in what order Redis sorts those, and which of them COUNT keeps, is up to its sorting.
std::string longitude(Random& random) {
  switch (random.below(60)) {
    case 0:
      return random.chance(10) ? bad_number(random) : "180";
    case 1:
      return "-180";
    case 2:
      return "0";
    default:
      break;
  }
  switch (random.below(8)) {
    case 0:
    case 1:
      return decimal(random, -180, 180);
    case 2:
      return decimal(random, 179.5, 180);
    case 3:
      return decimal(random, -180, -179.5);
    default:
      return decimal(random, 13, 14);
  }
}

std::string latitude(Random& random) {
  if (random.chance(random.chance(10) ? 5 : 0)) return bad_number(random);
  switch (random.below(10)) {
    case 0:
    case 1:
      return decimal(random, -85.05112878, 85.05112878);
    case 2:
      return decimal(random, 84, 85.05112878);
    case 3:
      return decimal(random, -85.05112878, -84);
    case 4:
      return decimal(random, -0.01, 0.01);
    default:
      return decimal(random, 38, 39);
  }
}

std::string size(Random& random) {
  static const std::vector<std::string> kTexts = {
      "0", "-0", "-1", "inf", "abc", "nan", "1e300", "1e-300", "20037726.37", "100000000", "1", ""};
  if (random.chance(6)) return random.pick(kTexts);
  double size = static_cast<double>(1 + random.below(1000)) / 100;
  for (std::uint64_t i = random.below(7); i > 0; --i) size *= 10;
  char text[40];
  std::snprintf(text, sizeof text, "%.6g", size);
  return text;
}

std::string unit(Random& random) {
  static const std::vector<std::string> kUnits = {"m", "m", "m", "m", "m", "km", "KM", "ft", "Mi"};
  return random.chance(1) ? "xx" : random.pick(kUnits);
}

std::string count(Random& random) {
  static const std::vector<std::string> kTexts = {
      "0", "-1", "abc", "1.5", "9223372036854775807", "99999999999999999999"};
  return random.chance(4) ? random.pick(kTexts) : std::to_string(1 + random.below(12));
}

/// Scores that are no places, or places of others.
std::string code(Random& random) {
  static const std::vector<std::string> kTexts = {"1.5",
                                                  "-5",
                                                  "1e30",
                                                  "inf",
                                                  "-inf",
                                                  "-0.5",
                                                  "4503599627370496",
                                                  "4503599627370495",
                                                  "9007199254740993",
                                                  "13510798882111488",
                                                  "9223372036854775808",
                                                  "18446744073709551616",
                                                  "-9223372036854775809",
                                                  "3479099956230698.5"};
  if (random.chance(30)) return random.pick(kTexts);
  return std::to_string(random.below(std::uint64_t{1} << 54));
}

/// What is stored with distances for scores: many of those are one place.
std::string distances_key(Random& random) {
  return "distances" + std::to_string(random.below(3));
}
/// Scores that were not made by GEOADD.
std::string codes_key(Random& random) {
  return "codes" + std::to_string(random.below(3));
}

}  // namespace

const Family& geo_family() {
  static const Family kFamily{
      "geo",
      {
          {40, "GEOADD {key} {lon} {lat} {member}"},
          {30, "GEOADD {key} {lon} {lat} {member} {lon} {lat} {member} {lon} {lat} {member}"},
          {14, "GEOADD {key} [NX|XX] [CH] {lon} {lat} {member} [{lon} {lat} {member}]"},
          {4, "GEOADD {key} [NX|XX|CH|GT|INCR]... {lon} {lat} {member}"},
          {20, "GEOPOS {key} {member}..."},
          {12, "GEOHASH {key} {member}..."},
          {20, "GEODIST {key} {member} {member} [{unit}]"},
          {30,
           "GEOSEARCH {key} (FROMMEMBER {member}|FROMLONLAT {lon} {lat}) BYRADIUS {size} {unit} "
           "[WITHDIST] [WITHHASH] [WITHCOORD]"},
          {30,
           "GEOSEARCH {key} (FROMMEMBER {member}|FROMLONLAT {lon} {lat}) BYBOX {size} {size} "
           "{unit} [WITHDIST] [WITHCOORD]"},
          {30,
           "GEOSEARCH {key} (FROMMEMBER {member}|FROMLONLAT {lon} {lat}) (BYRADIUS {size} {unit}|"
           "BYBOX {size} {size} {unit}) [ASC|DESC] [COUNT {n} [ANY]] [WITHDIST|WITHHASH]"},
          {4,
           "GEOSEARCH {key} [FROMMEMBER {member}|FROMLONLAT {lon} {lat}|BYRADIUS {size} {unit}|"
           "BYBOX {size} {size} {unit}]... [FROMLONLAT {lon} {lat}] [BYRADIUS {size} {unit}] "
           "[ANY|ASC|COUNT {n}|WITHDIST|STOREDIST|{junk}]..."},
          {12,
           "GEOSEARCHSTORE {key} {key} (FROMMEMBER {member}|FROMLONLAT {lon} {lat}) (BYRADIUS "
           "{size} {unit}|BYBOX {size} {size} {unit}) [ASC|DESC] [COUNT {n} [ANY]]",
           false},
          {12,
           "GEOSEARCHSTORE {distances} {key} (FROMMEMBER {member}|FROMLONLAT {lon} {lat}) "
           "(BYRADIUS {size} {unit}|BYBOX {size} {size} {unit}) STOREDIST [ASC|DESC] [COUNT {n} "
           "[ANY]]",
           false},
          {2,
           "GEOSEARCHSTORE {distances} {key} [FROMLONLAT {lon} {lat}] [BYRADIUS {size} {unit}] "
           "[ANY|COUNT {n}|WITHDIST|STORE|STOREDIST|{junk}]...",
           false},
          {20,
           "(GEORADIUS|GEORADIUS_RO) {key} {lon} {lat} {size} {unit} [WITHCOORD] [WITHDIST] "
           "[WITHHASH] [COUNT {n} [ANY]] [ASC|DESC]"},
          {20,
           "(GEORADIUSBYMEMBER|GEORADIUSBYMEMBER_RO) {key} {member} {size} {unit} [WITHDIST] "
           "[COUNT {n} [ANY]] [ASC|DESC]"},
          {6, "GEORADIUS {key} {lon} {lat} {size} {unit} [COUNT {n}] STORE {key}", false},
          {6, "GEORADIUSBYMEMBER {key} {member} {size} {unit} STORE {key}", false},
          {6, "GEORADIUS {key} {lon} {lat} {size} {unit} STOREDIST {distances}", false},
          {3,
           "(GEORADIUS|GEORADIUS_RO) {key} {lon} {lat} {size} {unit} [WITHDIST|STORE {distances}|"
           "STOREDIST {distances}|ANY|COUNT {n}|ASC]...",
           false},
          {6, "ZADD {codes} {code} {member} {code} {member}", false},
          {6, "(GEOPOS|GEOHASH) {codes} {member}..."},
          {4, "GEODIST {codes} {member} {member}"},
          {6,
           "GEOSEARCH {codes} (FROMMEMBER {member}|FROMLONLAT {lon} {lat}) (BYRADIUS {size} {unit}|"
           "BYBOX {size} {size} {unit}) [WITHDIST] [WITHHASH]",
           false},
          {6, "ZRANGE {key} 0 -1 WITHSCORES"},
          {4, "ZREM {key} {member}..."},
          {3, "COMMAND GETKEYS GEORADIUS {key} 1 1 1 m [STORE {key}|STOREDIST {key}|COUNT 1]..."},
          {2, "COMMAND GETKEYSANDFLAGS GEORADIUSBYMEMBER {key} a 1 m [STORE {key}|STOREDIST]..."},
          {2, "COMMAND GETKEYS (GEOSEARCHSTORE|GEOSEARCH|GEOADD|GEOPOS) {key}..."},
          {2,
           "COMMAND INFO (GEOADD|GEODIST|GEOHASH|GEOPOS|GEORADIUS|GEORADIUSBYMEMBER|"
           "GEORADIUSBYMEMBER_RO|GEORADIUS_RO|GEOSEARCH|GEOSEARCHSTORE)"},
          {2, "DEL {key}"},
          {1, "SET {key} {value}"},
          {1, "RENAME {key} {key}"},
          {6, "OBJECT ENCODING {key}"},
          {1, "CONFIG SET zset-max-listpack-entries (128|8|0)", false},
      },
      {
          {"member", member},
          {"lon", longitude},
          {"lat", latitude},
          {"size", size},
          {"unit", unit},
          {"n", count},
          {"code", code},
          {"distances", distances_key},
          {"codes", codes_key},
      }};
  return kFamily;
}

}  // namespace spinel::test
