#include "tests/differential/families.h"

namespace spinel::test {

namespace {

/// Few enough that sets have members in common, and of all kinds.
std::string member(Random& random) {
  switch (random.below(12)) {
    case 0:
      return std::string(static_cast<std::size_t>(random.between(60, 70)), 'x');
    case 1:
      return std::string(static_cast<std::size_t>(random.between(250, 260)), 'y');
    case 2: {
      static const std::vector<std::string> kTexts = {"",
                                                      "0",
                                                      "-0",
                                                      "00",
                                                      "+1",
                                                      " 1",
                                                      "1.0",
                                                      std::string("bin\0\r\n\xff", 7),
                                                      "32767",
                                                      "32768",
                                                      "-32769",
                                                      "2147483648",
                                                      "4611686018427387903",
                                                      "4611686018427387904",
                                                      "-4611686018427387905",
                                                      "9223372036854775807",
                                                      "-9223372036854775808",
                                                      "9223372036854775808"};
      return random.pick(kTexts);
    }
    case 3:
    case 4:
    case 5:
      return "m" + std::to_string(random.below(200));
    default:
      return std::to_string(random.between(-20, 300));
  }
}

std::string number(Random& random) {
  return std::to_string(random.below(700));
}

/// Sets at these keys never have more than one member: what is popped from them is no surprise.
std::string single_key(Random& random) {
  return "single" + std::to_string(random.below(4));
}

/// A command that adds up to 4 * `groups` members.
std::string adds_many(const char* pool, int groups) {
  std::string syntax = "SADD {key}";
  for (int i = 0; i < groups; ++i) syntax += std::string(" {") + pool + "}...";
  return syntax;
}

}  // namespace

const Family& set_family() {
  static const std::string kManyNumbers = adds_many("number", 60);
  static const std::string kManyMembers = adds_many("member", 30);
  static const Family kFamily{
      "set",
      {
          {40, "SADD {key} {member}..."},
          {20, "SADD {key} {number}..."},
          {8, kManyNumbers},
          {6, kManyMembers},
          {30, "SREM {key} {member}..."},
          {8, "SREM {key} {number}..."},
          {16, "SISMEMBER {key} {member}"},
          {10, "SMISMEMBER {key} {member}..."},
          {12, "SCARD {key}"},
          {10, "SMEMBERS {key}"},
          {20, "SMOVE {key} {key} {member}"},
          {6, "SADD {single} only", false},
          {8, "SPOP {single} [0|1|2|{count}]", false},
          {3, "SPOP {key} 100000", false},
          {3, "SPOP none [{count}]", false},
          {3, "SPOP {key} (0|-1|abc|9223372036854775808|1 2)", false},
          {8, "SRANDMEMBER {key} [{count}|-5|abc|1.5|1 2]", false},
          {2, "SRANDMEMBER {key} (9223372036854775807|-9223372036854775808)", false},
          {16, "(SINTER|SUNION|SDIFF) {key}..."},
          {6, "(SINTER|SUNION|SDIFF) {key}... {key}... {key}..."},
          {20, "(SINTERSTORE|SUNIONSTORE|SDIFFSTORE) {key} {key}..."},
          {6, "(SINTERSTORE|SUNIONSTORE|SDIFFSTORE) {key} {key} {key}... {key}..."},
          {8, "SINTERCARD 1 {key} [LIMIT {count}]"},
          {12, "SINTERCARD 2 {key} {key} [LIMIT {count}]"},
          {4, "SINTERCARD {count} {key}... [LIMIT {count}|LIMIT {junk}]"},
          {10, "SSCAN {key} 0 COUNT 100000 [MATCH {pattern}|MATCH (m*|1?|*5)]"},
          {4, "SSCAN {key} (0|{junk}) [COUNT {junk}] [{junk}]"},
          {12, "DEL {key}..."},
          {6, "SET {key} {value}"},
          {4, "ZADD {key} 1 {member}"},
          {6, "(COPY|RENAME) {key} {key}"},
          {4, "(EXPIREAT {key} {at}|PERSIST {key})"},
          {6, "PEXPIRETIME {key}"},
          {10, "OBJECT ENCODING {key}"},
          {4, "TYPE {key}"},
      },
      {
          {"member", member},
          {"number", number},
          {"single", single_key},
      }};
  return kFamily;
}

}  // namespace spinel::test
