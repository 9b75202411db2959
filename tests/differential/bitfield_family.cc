#include "tests/differential/families.h"

namespace spinel::test {

namespace {

/// A quarter of the fields is wide, and some are not of this world.
std::string field_type(Random& random) {
  static const std::vector<std::string> kEdges = {"u1",  "i1",  "u63", "i63", "i64",
                                                  "u32", "i32", "u64", "i65", "u0",
                                                  "u08", "I8",  "u",   "i-8", ""};
  if (random.chance(12)) return random.pick(kEdges);
  const bool is_signed = random.chance(50);
  const std::int64_t widest = random.chance(25) ? (is_signed ? 64 : 63) : 12;
  return (is_signed ? "i" : "u") + std::to_string(random.between(1, widest));
}

/// Mostly where strings are, so that fields overlap; sometimes far out, or nowhere. What both
/// servers would write hundreds of megabytes for is not among them.
std::string bit_offset(Random& random) {
  static const std::vector<std::string> kNowhere = {"-1",
                                                    "#-1",
                                                    "#",
                                                    "##1",
                                                    "x",
                                                    "",
                                                    "4294967296",
                                                    "#4294967296",
                                                    "9223372036854775807",
                                                    "9223372036854775808"};
  switch (random.below(16)) {
    case 0:
      return random.pick(kNowhere);
    case 1:
      return std::to_string(random.below(70'000));
    case 2:
    case 3:
    case 4:
      return "#" + std::to_string(random.below(20));
    case 5:
      return "#" + std::to_string(random.below(400));
    default:
      return std::to_string(random.below(100));
  }
}

/// Where reading costs nothing.
std::string far_offset(Random& random) {
  static const std::vector<std::string> kFar = {
      "4294967295",          "4294967288",           "#536870911",          "#536870912",
      "#288230376151711744", "#6148914691236517206", "#9223372036854775807"};
  return random.pick(kFar);
}

std::string operand(Random& random) {
  static const std::vector<std::string> kEdges = {"9223372036854775807",
                                                  "-9223372036854775808",
                                                  "9223372036854775808",
                                                  "4294967296",
                                                  "-2147483649",
                                                  "1.5",
                                                  "x"};
  if (random.chance(8)) return random.pick(kEdges);
  const std::int64_t reach = random.chance(70) ? 300 : std::int64_t{1} << random.below(62);
  return std::to_string(random.between(-reach, reach));
}

}  // namespace

const Family& bitfield_family() {
  static const Family kFamily{
      "bitfield",
      {
          // Broken ones could write at junk offsets, which is half a gigabyte to both.
          {40, "BITFIELD {key} SET {type} {offset} {operand}", false},
          {40, "BITFIELD {key} INCRBY {type} {offset} {operand}", false},
          {30, "BITFIELD {key} OVERFLOW (WRAP|SAT|FAIL) SET {type} {offset} {operand}", false},
          {40, "BITFIELD {key} OVERFLOW (WRAP|SAT|FAIL) INCRBY {type} {offset} {operand}", false},
          {30,
           "BITFIELD {key} (GET {type} {offset}|SET {type} {offset} {operand}|INCRBY {type} "
           "{offset} {operand}|OVERFLOW WRAP|OVERFLOW SAT|OVERFLOW FAIL)...",
           false},
          {30,
           "BITFIELD {key} [OVERFLOW SAT|OVERFLOW FAIL] (SET u8 #1 {operand}|INCRBY i8 #1 "
           "{operand}|INCRBY i5 3 {operand}|INCRBY u13 2 {operand}|GET u32 0)...",
           false},
          {10, "BITFIELD {key} OVERFLOW FAIL SET u4 {offset} 99", false},
          {4, "BITFIELD {key} (SET|INCRBY) {type} {offset} {junk}", false},
          {4, "BITFIELD {key} (SET|INCRBY) {junk} {offset} {operand}", false},
          {4, "BITFIELD {key} (SET|INCRBY) {type} {offset} {operand} {junk}...", false},
          {30, "(BITFIELD|BITFIELD_RO) {key} (GET {type} {offset})..."},
          {10, "(BITFIELD|BITFIELD_RO) {key} GET {type} {far}"},
          {6,
           "BITFIELD_RO {key} (GET {type} {offset}|SET {type} {offset} {operand}|OVERFLOW SAT)..."},
          {4, "(BITFIELD|BITFIELD_RO) {key}"},
          {4, "BITFIELD {key} OVERFLOW {junk} GET {type} {offset}"},
          {4, "BITFIELD {key} (GET|SET|INCRBY|OVERFLOW|{junk})..."},
          // The same strings by other commands.
          {20, "GET {key}"},
          {6, "STRLEN {key}"},
          {6, "GETRANGE {key} {index} {index}"},
          {8, "SET {key} {value}"},
          {8, "SET {key} {int}"},
          {6, "APPEND {key} {value}"},
          {4, "INCR {key}"},
          {10, "DEL {key}"},
          {3, "COPY {key} {key} [REPLACE]"},
          {3, "RENAME {key} {key}"},
          {3, "EXPIRE {key} {s}"},
          {4, "PEXPIRETIME {key}"},
          {2, "TYPE {key}"},
          {3, "RPUSH {key} {value}"},
          {2, "COMMAND GETKEYSANDFLAGS BITFIELD {key} (GET u8 0|SET u8 0 1|OVERFLOW SAT)..."},
      },
      {
          {"type", field_type},
          {"offset", bit_offset},
          {"far", far_offset},
          {"operand", operand},
      }};
  return kFamily;
}

}  // namespace spinel::test
