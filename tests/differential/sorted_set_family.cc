#include "tests/differential/families.h"

namespace spinel::test {

namespace {

/// Few, so that commands meet the same ones; some that are integers, long or binary.
std::string member(Random& random) {
  switch (random.below(24)) {
    case 0:
      return "";
    case 1:
      return std::to_string(random.between(-3, 70000));
    case 2:
      return std::string(static_cast<std::size_t>(random.between(60, 68)), 'm');
    case 3:
      return std::string("b\0\r\n\xff", 5) + std::to_string(random.below(3));
    case 4:
    case 5:
    case 6:
      return "m" + std::to_string(random.below(400));
    default:
      return "m" + std::to_string(random.below(40));
  }
}

/// Scores that many members share, and some at the edges of doubles.
std::string score(Random& random) {
  static const std::vector<std::string> kEdges = {"inf",
                                                  "-inf",
                                                  "+inf",
                                                  "1e308",
                                                  "-1e308",
                                                  "5e-324",
                                                  "0x10",
                                                  "1e17",
                                                  "-0",
                                                  "0.1",
                                                  "9007199254740993",
                                                  "4611686018427387904",
                                                  "1e22",
                                                  "1e-7",
                                                  "1e21",
                                                  "3.0e20",
                                                  "123456.789",
                                                  "-2.5e-10",
                                                  "1e-5",
                                                  "1e100",
                                                  "1e6",
                                                  ".5",
                                                  "5."};
  switch (random.below(10)) {
    case 0:
      return random.pick(kEdges);
    case 1:
      return std::to_string(random.between(-100'000, 100'000)) + "." +
             std::to_string(random.below(1000));
    case 2:
      return std::to_string(random.between(-1'000'000'000, 1'000'000'000));
    default:
      return std::to_string(random.between(-12, 12));
  }
}

std::string bound(Random& random) {
  static const std::vector<std::string> kTexts = {"-inf", "+inf", "inf", "(-inf", "(inf",
                                                  "",     " 1",   "(",   "1e400", "nan",
                                                  "((1",  "abc",  "1 ",  "0x5",   "(1e-400"};
  if (random.chance(12)) return random.pick(kTexts);
  return (random.chance(30) ? "(" : "") + score(random);
}

/// Sets whose scores are all equal: BYLEX promises nothing of others.
std::string lexical_key(Random& random) {
  return "lex" + std::to_string(random.below(4));
}

std::string word(Random& random) {
  std::string text(random.below(4), 'a');
  for (char& c : text) c = static_cast<char>('a' + random.below(4));
  return text;
}

/// Its members are words of few letters: too few for a skiplist, whose ranges of bytes across
/// scores are the server's own.
std::string mixed_key(Random& random) {
  return "mixed" + std::to_string(random.below(4));
}

std::string lexical_bound(Random& random) {
  switch (random.below(16)) {
    case 0:
    case 1:
    case 2:
      return "-";
    case 3:
    case 4:
    case 5:
      return "+";
    case 6:
      return random.chance(50) ? "" : word(random);
    default:
      return (random.chance(50) ? "[" : "(") + word(random);
  }
}

std::string weight(Random& random) {
  static const std::vector<std::string> kTexts = {"inf", "-inf", "0",   "1e300",
                                                  "nan", "abc",  "0.1", "-1"};
  return random.chance(20) ? random.pick(kTexts) : std::to_string(random.between(-4, 5));
}

std::string bad_count(Random& random) {
  static const std::vector<std::string> kTexts = {
      "abc", "1.5", "", " 1", "99999999999999999999", "-9223372036854775808"};
  return random.pick(kTexts);
}

std::string offset(Random& random) {
  return std::to_string(random.between(-2, 20));
}

}  // namespace

const Family& sorted_set_family() {
  static const Family kFamily{
      "sorted_set",
      {
          {40, "ZADD {key} {score} {member}"},
          {20, "ZADD {key} {score} {member} {score} {member} {score} {member} {score} {member}"},
          {20,
           "ZADD {key} [NX|XX] [GT|LT] [CH] [INCR] {score} {member} [{score} {member} {score} "
           "{member}]"},
          {4, "ZADD {key} [NX|XX|GT|LT|CH|INCR]... {float} {member} [{score} {member}]"},
          {20, "ZINCRBY {key} {score} {member}"},
          {14, "ZREM {key} {member}..."},
          {10, "ZSCORE {key} {member}"},
          {6, "ZMSCORE {key} {member}..."},
          {6, "ZCARD {key}"},
          {12, "(ZRANK|ZREVRANK) {key} {member}"},
          {14, "(ZRANGE|ZREVRANGE) {key} {index} {index} [WITHSCORES]"},
          {8, "ZRANGE {key} {index} {index} [REV] [WITHSCORES]"},
          {14, "ZRANGE {key} {bound} {bound} BYSCORE [REV] [LIMIT {offset} {offset}] [WITHSCORES]"},
          {14,
           "(ZRANGEBYSCORE|ZREVRANGEBYSCORE) {key} {bound} {bound} [WITHSCORES] [LIMIT {offset} "
           "{offset}]"},
          {3,
           "ZRANGE {key} {index} {bound} [BYSCORE|BYLEX|REV|LIMIT {offset} {junk}|WITHSCORES]..."},
          {6, "ZRANGESTORE {key} {key} {index} {index} [REV]"},
          {6, "ZRANGESTORE {key} {key} {bound} {bound} BYSCORE [REV] [LIMIT {offset} {offset}]"},
          {10, "ZCOUNT {key} {bound} {bound}"},
          {2, "ZREMRANGEBYRANK {key} {index} {index}"},
          {3, "ZREMRANGEBYRANK {key} {offset} {offset}"},
          {3, "ZREMRANGEBYSCORE {key} {bound} {score}"},
          {2, "ZREMRANGEBYSCORE {key} {score} {score}"},
          {6, "(ZPOPMIN|ZPOPMAX) {key} [{count}]"},
          {4, "ZMPOP 2 {key} {key} (MIN|MAX) [COUNT {count}]"},
          {2, "ZMPOP {count} {key}... (MIN|MAX) [COUNT {count}]"},
          {4, "(BZPOPMIN|BZPOPMAX) {key} {key} 0.001", false},
          {3, "BZMPOP 0.001 2 {key} {key} (MIN|MAX) [COUNT {count}]", false},
          {2, "(BZPOPMIN|BZPOPMAX) {key} (-1|abc|nan)", false},
          // A broken one might ask for billions of members.
          {6, "ZRANDMEMBER {key} [{count} [WITHSCORES]]", false},
          {2, "ZRANDMEMBER {key} {bad-count} [WITHSCORES|{junk}...]", false},
          {4, "ZSCAN {key} 0 [MATCH {pattern}] COUNT 100000"},
          {2, "ZSCAN {key} {junk} [COUNT {junk}]"},
          {6,
           "(ZUNION|ZINTER) 2 {key} {key} [WEIGHTS {weight} {weight}] [AGGREGATE (SUM|MIN|MAX)] "
           "[WITHSCORES]"},
          {4, "(ZUNION|ZINTER|ZDIFF) 3 {key} {key} {key} [WITHSCORES]"},
          {2,
           "(ZUNION|ZINTER|ZDIFF|ZINTERCARD) {count} {key}... [WEIGHTS {weight}...] [WITHSCORES]"},
          {6,
           "(ZUNIONSTORE|ZINTERSTORE) {key} 2 {key} {key} [WEIGHTS {weight} {weight}] [AGGREGATE "
           "(SUM|MIN|MAX)]"},
          {5, "(ZUNIONSTORE|ZINTERSTORE|ZDIFFSTORE) {key} 3 {key} {key} {key}"},
          {5, "ZDIFFSTORE {key} 2 {key} {key}"},
          {4, "ZINTERCARD 2 {key} {key} [LIMIT {count}]"},
          // A broken one might make a set of several scores, whose ranges of bytes are undefined.
          {20, "ZADD {lex} 0 {word} 0 {word} 0 {word}", false},
          {3, "ZREM {lex} {word}...", false},
          {8, "ZRANGE {lex} {lex-bound} {lex-bound} BYLEX [REV] [LIMIT {offset} {offset}]", false},
          {8,
           "(ZRANGEBYLEX|ZREVRANGEBYLEX) {lex} {lex-bound} {lex-bound} [LIMIT {offset} {offset}]",
           false},
          {6, "ZLEXCOUNT {lex} {lex-bound} {lex-bound}", false},
          {2, "ZRANGESTORE {lex} {lex} {lex-bound} {lex-bound} BYLEX [LIMIT {offset} {offset}]",
           false},
          {2, "ZREMRANGEBYLEX {lex} {lex-bound} {lex-bound}", false},
          {4, "DEL {key}"},
          {3, "SET {key} {value}"},
          {6, "SADD {key} {member}..."},
          {4, "SADD {key} {index}..."},
          {2, "RPUSH {key} {value}"},
          {2, "RENAME {key} {key}"},
          {3, "COPY {key} {key} [REPLACE]"},
          {2, "EXPIRE {key} 100000"},
          {8, "OBJECT ENCODING {key}"},
          {1, "CONFIG SET zset-max-listpack-entries (128|8|0)", false},
          {1, "CONFIG SET zset-max-listpack-value (64|4)", false},
      },
      {
          {"member", member},
          {"score", score},
          {"bound", bound},
          {"lex", lexical_key},
          {"word", word},
          {"lex-bound", lexical_bound},
          {"weight", weight},
          {"offset", offset},
          {"bad-count", bad_count},
      }};
  return kFamily;
}

const Family& sorted_set_bytes_family() {
  static const Family kFamily{
      "sorted_set_bytes",
      {
          {20, "ZADD {mixed} (0|1|2) {word} (0|1|2) {word}", false},
          {8, "ZREM {mixed} {word} {word} {word}", false},
          {20, "ZRANGE {mixed} {lex-bound} {lex-bound} BYLEX [REV] [LIMIT {offset} {offset}]",
           false},
          {20,
           "(ZRANGEBYLEX|ZREVRANGEBYLEX) {mixed} {lex-bound} {lex-bound} [LIMIT {offset} "
           "{offset}]",
           false},
          {20, "ZLEXCOUNT {mixed} {lex-bound} {lex-bound}", false},
          {4, "ZRANGESTORE {mixed} {mixed} {lex-bound} {lex-bound} BYLEX [REV]", false},
          {4, "ZREMRANGEBYLEX {mixed} {lex-bound} {lex-bound}", false},
          {1, "DEL {mixed}", false},
      },
      {
          {"mixed", mixed_key},
          {"word", word},
          {"lex-bound", lexical_bound},
          {"offset", offset},
      }};
  return kFamily;
}

}  // namespace spinel::test
