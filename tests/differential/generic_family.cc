#include "tests/differential/families.h"

namespace spinel::test {

namespace {

std::string unknown_name(Random& random) {
  static const std::vector<std::string> kNames = {
      "nosuch",          "",           "GET ", "ge",      "gett", "\r\nGET",
      "object|encoding", "config get", "*",    "'quoted'"};
  return random.chance(80) ? random.pick(kNames) : std::string(random.below(200), 'n');
}

}  // namespace

const Family& generic_family() {
  static const Family kFamily{
      "generic",
      {
          {60, "SET {key} {value}"},
          {20, "SET {key} {value} PXAT {future}"},
          {20, "GET {key}"},
          {20, "(DEL|UNLINK) {key}"},
          {4, "(DEL|UNLINK) {key}..."},
          {8, "EXISTS {key}..."},
          {6, "TOUCH {key}..."},
          {8, "TYPE {key}"},
          {20, "(RENAME|RENAMENX) {key} {key}"},
          {20, "COPY {key} {key} [REPLACE]"},
          {10, "COPY {key} {key} DB {db} [REPLACE]"},
          {4, "COPY {key} {key} [REPLACE|DB {db}|DB {junk}|{junk}]..."},
          {20, "MOVE {key} {db}"},
          {10, "SELECT {db}"},
          {2, "SWAPDB {db} {db}"},
          {1, "(FLUSHDB|FLUSHALL) [SYNC|ASYNC]"},
          {1, "(FLUSHDB|FLUSHALL) {junk}"},
          {8, "DBSIZE"},
          {16, "EXPIRE {key} {s} [NX|XX|GT|LT]"},
          {16, "PEXPIRE {key} {ms} [NX|XX|GT|LT]"},
          {16, "EXPIREAT {key} {at} [NX|XX|GT|LT]"},
          {16, "PEXPIREAT {key} {pat} [NX|XX|GT|LT]"},
          {8, "(EXPIREAT {key} {at}|PEXPIREAT {key} {pat}) [NX|XX|GT|LT|{junk}]..."},
          {6, "(EXPIRE|PEXPIRE|EXPIREAT) {key} {bad-time} [NX|XX|GT|LT]"},
          {10, "PERSIST {key}"},
          {20, "(TTL|PTTL|EXPIRETIME|PEXPIRETIME) {key}"},
          {6, "KEYS {pattern}"},
          {3, "RANDOMKEY"},
          {8, "SCAN 0 COUNT 100000 [MATCH {pattern}] [TYPE (string|list|STRING|bogus)]"},
          {2, "SCAN 0 TYPE string COUNT 100000 MATCH {pattern}"},
          {4, "SCAN {junk} [COUNT {junk}] [{junk}]"},
          {8, "OBJECT ENCODING {key}"},
          {2, "OBJECT (REFCOUNT|FREQ) {key}"},
          {2, "OBJECT IDLETIME none"},
          {1, "OBJECT {junk} [{key}]"},
          {3, "{unknown} {value}..."},
          {2, "{unknown}"},
          {3, "WAIT {wait-count} (0|1|-1|abc|1.5)", false},
      },
      {
          // A key that is set in the past counts in DBSIZE until somebody looks at it.
          {"future",
           [](Random& random) { return std::to_string(random.pick(absolute_times_ms())); }},
          {"unknown", unknown_name},
          {"wait-count",
           [](Random& random) {
             static const std::vector<std::string> kCounts = {"0", "-1", "abc", "1.5", "-100"};
             return random.pick(kCounts);
           }},
      }};
  return kFamily;
}

}  // namespace spinel::test
