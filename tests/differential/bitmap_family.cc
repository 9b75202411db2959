#include "tests/differential/families.h"

namespace spinel::test {

namespace {

/// Short strings, whose bits are close together.
std::string small_key(Random& random) {
  return "bit:" + std::to_string(random.below(8));
}

/// Long ones, which Spinel keeps compressed until they fill up. Few: Redis keeps megabytes of each.
std::string large_key(Random& random) {
  return "bit:large" + std::to_string(random.below(4));
}

std::string near_offset(Random& random) {
  return std::to_string(random.below(random.chance(90) ? 200 : 5000));
}

std::int64_t far(Random& random) {
  const auto scale = random.below(100);
  const std::uint64_t bound = scale < 40   ? 300'000
                              : scale < 75 ? 3'000'000
                              : scale < 96 ? 10'000'000
                                           : 24'000'000;
  return static_cast<std::int64_t>(random.below(bound));
}

std::string far_offset(Random& random) {
  return std::to_string(far(random));
}

std::string far_byte(Random& random) {
  return std::to_string(far(random) / 8);
}

/// Of a byte or of a bit, from either end.
std::string far_index(Random& random) {
  const std::int64_t index = random.chance(50) ? far(random) / 8 : far(random);
  return std::to_string(random.chance(30) ? -index : index);
}

std::string bad_offset(Random& random) {
  static const std::vector<std::string> kTexts = {"-1",  "4294967296", "9223372036854775807",
                                                  "abc", "",           "01",
                                                  "1.5", "#1",         "-9223372036854775808"};
  return random.pick(kTexts);
}

}  // namespace

// Commands that write at an offset are not broken: the offset might become one for which Redis
// needs half a gigabyte.
const Family& bitmap_family() {
  static const Family kFamily{
      "bitmap",
      {
          {40, "SETBIT {small} {near} (0|1)", false},
          {4, "(SETBIT {small} {bad-offset} (0|1)|SETBIT {small} {near} (2|-1|x))", false},
          {16, "GETBIT {small} {near}"},
          {2, "GETBIT {small} {bad-offset}"},
          {18, "BITCOUNT {small} [{index} {index} [BYTE|BIT]]"},
          {4, "BITCOUNT {small} {index} [{index}|{junk}] [BYTE|BIT|{junk}]..."},
          {24, "BITPOS {small} (0|1) [{index} [{index} [BYTE|BIT]]]"},
          {4, "BITPOS {small} (0|1|2|{junk}) {index} [{index}|{junk}] [BYTE|BIT|{junk}]..."},
          {20, "BITOP (AND|OR|XOR) {small} {small}..."},
          {6, "BITOP NOT {small} {small}"},
          {4, "BITOP (AND|OR|XOR|NOT|{junk}) {small} {small}... {small}..."},
          {10, "SET {small} {value}"},
          {4, "SET {small} {int} PXAT {pat}"},
          {8, "SETRANGE {small} {near} {value}", false},
          {8, "APPEND {small} {value}"},
          {14, "GET {small}"},
          {8, "GETRANGE {small} {index} {index}"},
          {6, "STRLEN {small}"},
          {4, "(INCR|DECR) {small}"},
          {6, "(COPY|RENAME) {small} {small}"},
          {4, "COPY {small} {small} REPLACE"},
          {8, "DEL {small}"},
          {2, "RPUSH {small} {value}"},
          {4, "PEXPIRETIME {small}"},
          {6, "OBJECT ENCODING {small}"},
          {2, "TYPE {small}"},

          {70, "SETBIT {large} {far} (1|1|1|0)", false},
          {20, "GETBIT {large} {far}"},
          {6, "BITCOUNT {large}"},
          {12, "BITCOUNT {large} {far-index} {far-index} [BYTE|BIT]"},
          {16, "BITPOS {large} (0|1) [{far-index} [{far-index} [BYTE|BIT]]]"},
          {3, "BITOP (AND|OR|XOR) {large} {large}..."},
          {1, "BITOP (AND|OR|XOR) {large} {large}... {small}..."},
          {1, "BITOP (AND|OR|XOR) {small} {large} {small}"},
          {1, "BITOP NOT {large} {large}"},
          {6, "SETRANGE {large} {far-byte} {value}", false},
          {6, "APPEND {large} {value}"},
          {2, "GETRANGE {large} {far-byte} {far-byte}"},
          {8, "GETRANGE {large} {index} {index}"},
          {1, "GET {large}"},
          {10, "STRLEN {large}"},
          {2, "(INCR|DECR|INCRBYFLOAT) {large}"},
          {2, "(COPY|RENAME) {large} {large}"},
          {2, "COPY {large} {large} REPLACE"},
          {6, "DEL {large}"},
          {2, "EXPIREAT {large} {at}"},
          {8, "OBJECT ENCODING {large}"},
      },
      {
          {"small", small_key},
          {"large", large_key},
          {"near", near_offset},
          {"far", far_offset},
          {"far-byte", far_byte},
          {"far-index", far_index},
          {"bad-offset", bad_offset},
      }};
  return kFamily;
}

}  // namespace spinel::test
