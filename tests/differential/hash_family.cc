#include "tests/differential/families.h"

namespace spinel::test {

namespace {

/// Few enough to be met again, many enough to cross the limits of listpacks.
std::string field(Random& random) {
  switch (random.below(12)) {
    case 0:
      return std::to_string(random.between(-3, 12));
    case 1:
      return random.chance(70) ? "" : std::string(random.below(80), 'F');
    case 2:
      return std::string(1, static_cast<char>(random.below(256)));
    default:
      return "f" + std::to_string(random.below(14));
  }
}

std::string random_count(Random& random) {
  static const std::vector<std::string> kEdges = {"0",
                                                  "-1",
                                                  "9223372036854775807",
                                                  "4611686018427387903",
                                                  "4611686018427387904",
                                                  "-9223372036854775808",
                                                  "9223372036854775808",
                                                  "abc",
                                                  ""};
  // Nothing far below zero: that many fields would be sent.
  if (random.chance(20)) return random.pick(kEdges);
  return std::to_string(random.between(-30, 30));
}

}  // namespace

const Family& hash_family() {
  static const Family kFamily{
      "hash",
      {
          {40, "HSET {key} {field} {value}"},
          {30, "HSET {key} ({field} {value})..."},
          {10, "HSET {key} ({field} {int})..."},
          {4, "HSET {key} {field}..."},
          {10, "HMSET {key} ({field} {value})..."},
          {3, "HMSET {key} {field}..."},
          {20, "HSETNX {key} {field} {value}"},
          {30, "HGET {key} {field}"},
          {20, "HMGET {key} {field}..."},
          {20, "HGETALL {key}"},
          {10, "(HKEYS|HVALS) {key}"},
          {10, "HLEN {key}"},
          {10, "HSTRLEN {key} {field}"},
          {12, "HEXISTS {key} {field}"},
          {24, "HDEL {key} {field}..."},
          {20, "HINCRBY {key} {field} {int}"},
          {20, "HINCRBYFLOAT {key} {field} {float}"},
          {4, "(HINCRBY|HINCRBYFLOAT) {key} {field} {junk}"},
          {8, "HRANDFIELD {key}"},
          {12, "HRANDFIELD {key} {random-count}", false},
          {12, "HRANDFIELD {key} {random-count} WITHVALUES", false},
          {2, "HRANDFIELD {key} -4611686018427387904 WITHVALUES", false},
          {2, "HRANDFIELD {key} {small-count} {junk}...", false},
          {12, "HSCAN {key} 0 [MATCH {pattern}|MATCH f*|COUNT 1000] [COUNT 1000]"},
          {4, "HSCAN {key} 0 COUNT {count}"},
          {4, "HSCAN {key} {junk} [COUNT {junk}] [MATCH {pattern}] [{junk}]"},
          {12, "DEL {key}"},
          {6, "COPY {key} {key} [REPLACE]"},
          {4, "RENAME {key} {key}"},
          {2, "MOVE {key} {db}"},
          {8, "OBJECT ENCODING {key}"},
          {3, "TYPE {key}"},
          {3, "EXPIRE {key} {s}"},
          {3, "PERSIST {key}"},
          {4, "PEXPIRETIME {key}"},
          // Other types at the same keys.
          {10, "SET {key} {value}"},
          {3, "(APPEND|GETSET|SETNX) {key} {value}"},
          {3, "INCR {key}"},
          {2, "SET {key} {value} KEEPTTL"},
          // Where listpacks end.
          {1, "CONFIG SET hash-max-listpack-entries (0|3|8|16|512)", false},
          {1, "CONFIG SET hash-max-listpack-value (0|8|64|300)", false},
      },
      {
          {"field", field},
          {"random-count", random_count},
          {"small-count", [](Random& random) { return std::to_string(random.between(-9, 9)); }},
      }};
  return kFamily;
}

}  // namespace spinel::test
