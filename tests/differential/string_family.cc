#include "tests/differential/families.h"

namespace spinel::test {

namespace {

/// Never one that makes both servers write hundreds of megabytes.
std::string setrange_offset(Random& random) {
  switch (random.below(10)) {
    case 0:
      return std::to_string(random.between(-2, 0));
    case 1:
      return std::to_string(random.between(0, 5000));
    case 2:
      return random.chance(50) ? "536870912" : "9223372036854775807";
    default:
      return std::to_string(random.below(80));
  }
}

std::string subsequence_key(Random& random) {
  return "lcs" + std::to_string(random.below(6));
}

std::string subsequence_text(Random& random) {
  std::string text(random.below(60), 'a');
  for (char& c : text) c = static_cast<char>('a' + random.below(3));
  return text;
}

}  // namespace

const Family& string_family() {
  static const Family kFamily{
      "string",
      {
          {30, "GET {key}"},
          {20, "SET {key} {value}"},
          {20, "SET {key} {int}"},
          {30,
           "SET {key} {value} [NX|XX|GET] [EX {s}|PX {ms}|EXAT {at}|PXAT {pat}|KEEPTTL] "
           "[NX|XX|GET|KEEPTTL]"},
          {10, "SET {key} {value} [GET] [EX {s}|PX {ms}|EXAT {at}|PXAT {pat}|KEEPTTL]... [NX|XX]"},
          {4, "SET {key} {value} {junk}..."},
          {4, "SET {key} {value} (EX|PX|EXAT|PXAT) {bad-time}"},
          {6, "SETNX {key} {value}"},
          {6, "SETEX {key} {s} {value}"},
          {6, "PSETEX {key} {ms} {value}"},
          {2, "(SETEX|PSETEX) {key} {bad-time} {value}"},
          {8, "GETSET {key} {value}"},
          {8, "GETDEL {key}"},
          {12, "GETEX {key} [EX {s}|PX {ms}|EXAT {at}|PXAT {pat}|PERSIST]"},
          {2, "GETEX {key} (EX|PX|EXAT|PXAT) {bad-time}"},
          {2, "GETEX {key} [EX {s}|PX {ms}|EXAT {at}|PXAT {pat}|PERSIST]..."},
          {12, "APPEND {key} {value}"},
          {8, "STRLEN {key}"},
          {12, "(GETRANGE|SUBSTR) {key} {index} {index}"},
          {12, "SETRANGE {key} {offset} {value}"},
          {12, "(INCR|DECR) {key}"},
          {14, "(INCRBY|DECRBY) {key} {int}"},
          {14, "INCRBYFLOAT {key} {float}"},
          {8, "MGET {key}..."},
          {6, "MSET {key} {value}"},
          {6, "MSET {key} {value} {key} {value} {key} {value}"},
          {6, "MSETNX {key} {value} {key} {int}"},
          {2, "(MSET|MSETNX|MGET|DEL) {key}..."},
          {6, "SET {lcs-key} {lcs-text}"},
          {8, "LCS {lcs-key} {lcs-key} [LEN] [IDX] [MINMATCHLEN {count}] [WITHMATCHLEN]"},
          {4, "LCS {lcs-key} {lcs-key} [LEN|IDX|MINMATCHLEN {index}|WITHMATCHLEN]..."},
          {3, "DEL {key}..."},
          {6, "EXISTS {key}..."},
          {4, "PTTL {key}"},
          {4, "PEXPIRETIME {key}"},
          {8, "OBJECT ENCODING {key}"},
          {2, "TYPE {key}"},
      },
      {
          {"offset", setrange_offset},
          {"lcs-key", subsequence_key},
          {"lcs-text", subsequence_text},
      }};
  return kFamily;
}

}  // namespace spinel::test
