#include "tests/differential/families.h"

namespace spinel::test {

namespace {

/// Few enough that elements are found again, of every size that is stored in a way of its own.
std::string element(Random& random) {
  static const std::vector<std::string> kElements = {
      "a",   "b",   "c",    "",      "0",     "7",         "127",     "128",
      "-1",  "01",  "4095", "-4096", "-4097", "32768",     "8388608", "9223372036854775807",
      "1.5", "x y", "\r\n", "1 ",    "-0",    "2147483648"};
  switch (random.below(20)) {
    case 0:
      return std::string(63 + random.below(2), 'm');
    case 1:
      return std::string(random.chance(20) ? 4095 + random.below(2) : 300, 'l');
    default:
      return random.pick(kElements);
  }
}

std::string rank(Random& random) {
  return random.chance(95) ? std::to_string(random.between(-4, 4)) : "-9223372036854775808";
}

/// None that makes a server wait for long.
std::string timeout(Random& random) {
  static const std::vector<std::string> kBad = {"-1",  "-0.5", "abc",  "",   "1e400",
                                                "inf", "nan",  "-inf", "1 ", "1e16"};
  return random.chance(70) ? "0.001" : random.pick(kBad);
}

std::string node_size(Random& random) {
  static const std::vector<std::string> kSizes = {"-2", "-1", "-5", "1", "3", "8", "32"};
  return random.pick(kSizes);
}

}  // namespace

const Family& list_family() {
  static const Family kFamily{
      "list",
      {
          {50, "(LPUSH|RPUSH) {key} {element}..."},
          {20, "(LPUSH|RPUSH) {key} {element}... {element}... {element}... {value}..."},
          {6, "(LPUSHX|RPUSHX) {key} {element}..."},
          {24, "(LPOP|RPOP) {key}"},
          {6, "(LPOP|RPOP) {key} {count}"},
          {3, "(LPOP|RPOP) {key} {junk}"},
          {8, "LLEN {key}"},
          {20, "LINDEX {key} {index}"},
          {20, "LRANGE {key} {index} {index}"},
          {6, "LRANGE {key} 0 -1"},
          {14, "LSET {key} {index} {element}"},
          {14, "LINSERT {key} (BEFORE|AFTER) {element} {element}"},
          {10, "LREM {key} {index} {element}"},
          {4, "LTRIM {key} {index} {index}"},
          {3, "LTRIM {key} 1 -2"},
          {14, "LPOS {key} {element} [RANK {rank}] [COUNT {count}] [MAXLEN {count}]"},
          {4,
           "LPOS {key} {element} [RANK {junk}|COUNT {junk}|MAXLEN {junk}|RANK {rank}|{junk}]..."},
          {16, "LMOVE {key} {key} (LEFT|RIGHT) (LEFT|RIGHT)"},
          {3, "LMOVE {key} {key} (LEFT|{junk}) (RIGHT|{junk})"},
          {8, "RPOPLPUSH {key} {key}"},
          {8, "LMPOP 1 {key} (LEFT|RIGHT) [COUNT {count}]"},
          {6, "LMPOP 2 {key} {key} (LEFT|RIGHT) [COUNT {count}]"},
          {4, "LMPOP {count} {key}... (LEFT|RIGHT) [COUNT {junk}|{junk}]"},
          {6, "(BLPOP|BRPOP) {key}... {timeout}", false},
          {5, "BLMOVE {key} {key} (LEFT|RIGHT) (LEFT|RIGHT|{junk}) {timeout}", false},
          {4, "BRPOPLPUSH {key} {key} {timeout}", false},
          {4, "BLMPOP {timeout} 2 {key} {key} (LEFT|RIGHT) [COUNT {count}]", false},
          {2, "BLMPOP {timeout} {count} {key}... (LEFT|RIGHT|{junk}) [COUNT {junk}]", false},
          {2, "CONFIG SET list-max-listpack-size {node-size}", false},
          {2, "CONFIG SET list-compress-depth (0|0|1|2)", false},
          {10, "SET {key} {value}"},
          {4, "(GET|STRLEN) {key}"},
          {6, "(DEL|UNLINK) {key}"},
          {4, "COPY {key} {key} [REPLACE]"},
          {4, "RENAME {key} {key}"},
          {2, "PEXPIREAT {key} {pat}"},
          {4, "TYPE {key}"},
          {4, "OBJECT ENCODING {key}"},
          {3,
           "COMMAND GETKEYS (LPUSH {key} {element}|LMOVE {key} {key} LEFT LEFT|BLPOP {key}... 0|"
           "LMPOP {count} {key}... LEFT|BLMPOP 0 {count} {key}... LEFT|BRPOPLPUSH {key} {key} 0)"},
      },
      {
          {"element", element},
          {"rank", rank},
          {"timeout", timeout},
          {"node-size", node_size},
      }};
  return kFamily;
}

}  // namespace spinel::test
