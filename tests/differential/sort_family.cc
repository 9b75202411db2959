#include "tests/differential/families.h"

namespace spinel::test {

namespace {

std::string number(Random& random) {
  static const std::vector<std::string> kTexts = {"",     "0x10", "1e3", "inf",  "-inf",
                                                  " 7",   "-0",   "0.5", "-2.5", "007",
                                                  "1e20", "5.0",  "nan", "5 "};
  if (random.chance(random.chance(20) ? 30 : 1)) return random.pick(kTexts);
  return std::to_string(random.between(-30, 30));
}

std::string word(Random& random) {
  if (random.chance(50)) return std::to_string(random.below(25));
  std::string text(1 + random.below(3), 'a');
  for (char& c : text) c = static_cast<char>('a' + random.below(3));
  return text;
}

/// What the weights of elements are stored at; a few keys hold other types.
std::string weight_key(Random& random) {
  return "w_" + (random.chance(50) ? number(random) : word(random));
}
std::string hash_key(Random& random) {
  return "h_" + (random.chance(50) ? number(random) : word(random));
}

/// Lists, sets and sorted sets.
std::string numbers_key(Random& random) {
  return "sort:" + std::to_string(random.below(6));
}
std::string words_key(Random& random) {
  return "sort:" + std::to_string(6 + random.below(6));
}
/// Only what has an order of its own can be compared where sorting leaves that as it is.
std::string list_key(Random& random) {
  return "sort:" + std::to_string(12 + random.below(5));
}
std::string sorted_set_key(Random& random) {
  return "sort:" + std::to_string(17 + random.below(3));
}

std::string by_pattern(Random& random) {
  static const std::vector<std::string> kPatterns = {
      "w_*", "h_*->f", "none_*", "h_*->g", "w_*", "h_*->none", "h_*->f", "*", "w_*->f", "nosort*"};
  return random.pick(kPatterns);
}

std::string get_pattern(Random& random) {
  static const std::vector<std::string> kPatterns = {"#",      "w_*", "h_*->f", "h_*->g", "none_*",
                                                     "nostar", "*",   "h_*->",  "w_*->f", "##",
                                                     "h_*>f",  "**",  "->*"};
  return random.pick(kPatterns);
}

}  // namespace

const Family& sort_family() {
  static const Family kFamily{
      "sort",
      {
          {20, "RPUSH {numbers} {number}...", false},
          {20, "SADD {numbers} {number}...", false},
          {14, "ZADD {numbers} {score} {number} {score} {number}", false},
          {20, "RPUSH {words} {word}...", false},
          {20, "SADD {words} {word}...", false},
          {14, "ZADD {words} {score} {word} {score} {word}", false},
          {14, "DEL {numbers}"},
          {14, "DEL {words}"},
          {30, "SET {weight} {number}", false},
          {10, "SET {weight} {word}", false},
          {8, "DEL {weight}"},
          {30, "HSET {hash} f {number} g {word}", false},
          {6, "HDEL {hash} f", false},
          {6, "DEL {hash}"},
          {2, "(SADD|RPUSH) {hash} {word}", false},
          {3, "FLUSHALL"},
          {20, "RPUSH {list} {number}...", false},
          {10, "RPUSH {list} {word}...", false},
          {20, "ZADD {zset} {score} {number} {score} {word}", false},
          {4, "(DEL|LPOP) ({list}|{zset})"},
          {30, "(SORT|SORT_RO) {numbers} [ASC|DESC] [LIMIT {offset} {offset}]", false},
          {20, "(SORT|SORT_RO) {numbers} [BY {by}] [GET {get}] [GET {get}] [ASC|DESC]", false},
          {20, "SORT {numbers} BY {by} [LIMIT {offset} {offset}] [GET {get}]... [DESC]", false},
          {10, "SORT {words} [LIMIT {offset} {offset}] [DESC]", false},
          {30, "(SORT|SORT_RO) {words} ALPHA [ASC|DESC] [LIMIT {offset} {offset}] [GET {get}]",
           false},
          {20, "SORT {words} [BY {by}] [GET {get}] [GET {get}]", false},
          {20, "SORT {list} BY {by} ALPHA [DESC] [GET {get}]..."},
          {20, "SORT ({list}|{zset}) BY (nosort|#|w_|->) [DESC] [LIMIT {offset} {offset}] [GET #]"},
          {10, "SORT ({list}|{zset}) BY nosort [DESC] [LIMIT {offset} {offset}] STORE {list}"},
          {10, "SORT {numbers} [BY {by}] [LIMIT {offset} {offset}] [GET {get}]... STORE {list}",
           false},
          {10, "SORT {words} ALPHA [DESC] [GET {get}] STORE {words}"},
          {6, "SORT {words} BY nosort [DESC] [LIMIT {offset} {offset}] STORE {list}", false},
          {6,
           "SORT {list} [ASC|DESC|LIMIT {offset} {offset}|BY {by}|GET {get}|STORE "
           "{list}|{junk}]..."},
          {4, "SORT_RO {numbers} STORE {numbers}"},
          {4, "SORT {hash} [STORE {list}]"},
          {8, "LRANGE {list} 0 -1"},
          {6, "COMMAND GETKEYS SORT {numbers} [BY {by}|LIMIT 1 2|STORE {words}|GET store]..."},
      },
      {
          {"number", number},
          {"word", word},
          {"weight", weight_key},
          {"hash", hash_key},
          {"numbers", numbers_key},
          {"words", words_key},
          {"list", list_key},
          {"zset", sorted_set_key},
          {"by", by_pattern},
          {"get", get_pattern},
          {"score", [](Random& random) { return std::to_string(random.between(-9, 9)); }},
          {"offset",
           [](Random& random) {
             return random.chance(90) ? std::to_string(random.between(-2, 12))
                                      : std::to_string(random.between(INT64_MIN, INT64_MAX));
           }},
      }};
  return kFamily;
}

}  // namespace spinel::test
