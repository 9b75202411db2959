#include "server/engine/key_spec.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace spinel::server {
namespace {

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> result;
  while (!line.empty()) {
    const size_t space = line.find(' ');
    const std::string_view word = line.substr(0, space);
    result.push_back(word == "''" ? std::string_view() : word);
    line = space == line.npos ? std::string_view() : line.substr(space + 1);
  }
  return result;
}

// The keys that one specification finds in a command line, separated by spaces; "invalid" after
// those found before it failed.
std::string found(std::string_view spec, std::string_view line) {
  const KeySpecsParse parse = parse_key_specs(spec);
  if (!parse.error.empty() || parse.specs.size() != 1) return "error: " + parse.error;
  const std::vector<std::string_view> args = words(line);
  std::vector<KeyRef> keys;
  const bool fits = find_keys(parse.specs[0], args, keys);
  std::string result;
  for (const KeyRef& key : keys)
    result.append(result.empty() ? "" : " ").append(args.at(key.index));
  return fits ? result : result + "invalid";
}

std::string found_by(KeyFinder finder, std::string_view line) {
  const std::vector<std::string_view> args = words(line);
  std::vector<KeyRef> keys;
  if (!finder(args, keys)) return "invalid";
  std::string result;
  for (const KeyRef& key : keys) {
    result.append(result.empty() ? "" : " ").append(args.at(key.index)).append(":");
    for (const KeyFlagName& name : key_flag_names()) {
      if (any(key.flags & name.flag))
        result.append(1, name.name[0] == 'R' || name.name[0] == 'O' ? name.name[1] : name.name[0]);
    }
  }
  return result;
}

TEST(KeySpec, ParsesEveryPart) {
  const KeySpecsParse parse = parse_key_specs(
      "OW+UPDATE@index:1/range:0,1,0 ; RO+ACCESS@keyword:STREAMS@-4/range:-1,1,2 (a (nested) "
      "remark) ; "
      "RM+DELETE+INCOMPLETE@index:2/keynum:0,1,3 ; NOT_KEY@unknown/unknown");
  ASSERT_EQ(parse.error, "");
  ASSERT_EQ(parse.specs.size(), 4u);
  EXPECT_EQ(parse.specs[0].flags, KeyFlags::kOverwrite | KeyFlags::kUpdate);
  EXPECT_EQ(parse.specs[0].begin, KeySpec::Begin::kIndex);
  EXPECT_EQ(parse.specs[0].index, 1);
  EXPECT_EQ(parse.specs[0].find, KeySpec::Find::kRange);
  EXPECT_EQ(parse.specs[0].last_key, 0);
  EXPECT_EQ(parse.specs[0].key_step, 1);
  EXPECT_EQ(parse.specs[1].begin, KeySpec::Begin::kKeyword);
  EXPECT_EQ(parse.specs[1].keyword, "STREAMS");
  EXPECT_EQ(parse.specs[1].start_from, -4);
  EXPECT_EQ(parse.specs[1].last_key, -1);
  EXPECT_EQ(parse.specs[1].limit, 2);
  EXPECT_EQ(parse.specs[1].notes, "a (nested) remark");
  EXPECT_EQ(parse.specs[2].find, KeySpec::Find::kKeynum);
  EXPECT_EQ(parse.specs[2].keynum_index, 0);
  EXPECT_EQ(parse.specs[2].first_key, 1);
  EXPECT_EQ(parse.specs[2].key_step, 3);
  EXPECT_EQ(parse.specs[3].begin, KeySpec::Begin::kUnknown);
  EXPECT_EQ(parse.specs[3].find, KeySpec::Find::kUnknown);
  EXPECT_TRUE(parse_key_specs("").specs.empty());
}

TEST(KeySpec, RefusesWhatItCannotRead) {
  for (const char* text :
       {"RW", "RW@index:1", "@index:1/range:0,1,0", "XX@index:1/range:0,1,0",
        "RW@index:0/range:0,1,0", "RW@index:x/range:0,1,0", "RW@index:1/range:0,0,0",
        "RW@index:1/range:0,1", "RW@index:1/range:0,1,0,0", "RW@index:1/keynum:0,1,0",
        "RW@keyword:X/range:0,1,0", "RW@keyword:X@0/range:0,1,0", "RW@keyword:@1/range:0,1,0",
        "RW@unknown/range:0,1,0", "RW@index:1/unknown", "RW@index:1/range:0,1,0 remark)",
        "RW@index:1/range:0,1,0 ;RO@index:2/range:0,1,0", "RW@index:1 /range:0,1,0"}) {
    EXPECT_NE(parse_key_specs(text).error, "") << text;
  }
}

TEST(KeySpec, Ranges) {
  EXPECT_EQ(found("RO@index:1/range:0,1,0", "GET a"), "a");
  EXPECT_EQ(found("RO@index:1/range:1,1,0", "LCS a b LEN"), "a b");
  EXPECT_EQ(found("RO@index:1/range:1,1,0", "LCS a"), "invalid");
  EXPECT_EQ(found("RO@index:1/range:-1,1,0", "DEL a b c"), "a b c");
  EXPECT_EQ(found("RO@index:1/range:-2,1,0", "BLPOP a b 0"), "a b");
  EXPECT_EQ(found("RO@index:1/range:-1,2,0", "MSET a 1 b 2"), "a b");
  EXPECT_EQ(found("RO@index:1/range:-1,2,0", "MSET a 1 b"), "a b");
  EXPECT_EQ(found("RO@index:2/range:-1,1,0", "PFMERGE a"), "invalid");
}

TEST(KeySpec, Keywords) {
  const char* xread = "RO@keyword:STREAMS@1/range:-1,1,2";
  EXPECT_EQ(found(xread, "XREAD streams a b 0 0"), "a b");
  EXPECT_EQ(found(xread, "XREAD COUNT 1 Streams a 0"), "a");
  EXPECT_EQ(found(xread, "XREAD STREAMS a b 0"), "a");
  EXPECT_EQ(found(xread, "XREAD STREAMS a"), "");
  EXPECT_EQ(found(xread, "XREAD STREAMS"), "");
  EXPECT_EQ(found(xread, "XREAD a b"), "");
  EXPECT_EQ(found("RO@keyword:STREAMS@4/range:-1,1,2", "XREADGROUP GROUP streams c STREAMS a 0"),
            "a");
  EXPECT_EQ(found("RW@keyword:KEYS@-2/range:-1,1,0", "MIGRATE h 1 x 0 9 KEYS a b"), "a b");
  EXPECT_EQ(found("RW@keyword:KEYS@-2/range:-1,1,0", "MIGRATE KEYS"), "");
  EXPECT_EQ(found("RW@keyword:KEYS@-9/range:-1,1,0", "MIGRATE KEYS a"), "");
}

TEST(KeySpec, Counts) {
  const char* zunionstore = "RO@index:2/keynum:0,1,1";
  EXPECT_EQ(found(zunionstore, "ZUNIONSTORE d 2 a b"), "a b");
  EXPECT_EQ(found(zunionstore, "ZUNIONSTORE d 2 a b WEIGHTS 1 2"), "a b");
  EXPECT_EQ(found(zunionstore, "ZUNIONSTORE d 02 a b"), "a b");
  for (const char* count : {"3", "0", "-1", "x", "''", "99999999999999999999",
                            "-99999999999999999999", "9223372036854775807"}) {
    EXPECT_EQ(found(zunionstore, std::string("ZUNIONSTORE d ") + count + " a b"), "invalid")
        << count;
  }
  EXPECT_EQ(found(zunionstore, "ZUNIONSTORE d"), "invalid");
  EXPECT_EQ(found("RO@index:1/keynum:0,1,2", "X 2 a 1 b"), "a b");
}

TEST(KeySpec, SetReadsIfItGets) {
  EXPECT_EQ(found_by(set_keys, "SET a b"), "a:WU");
  EXPECT_EQ(found_by(set_keys, "SET a get"), "a:WU");
  EXPECT_EQ(found_by(set_keys, "SET a b EX 10 get"), "a:WAU");
}

TEST(KeySpec, BitfieldWritesUnlessItOnlyGets) {
  EXPECT_EQ(found_by(bitfield_keys, "BITFIELD a"), "a:OA");
  EXPECT_EQ(found_by(bitfield_keys, "BITFIELD a get u8 0 GET u8 1"), "a:OA");
  EXPECT_EQ(found_by(bitfield_keys, "BITFIELD a GET u8"), "a:WAU");
  EXPECT_EQ(found_by(bitfield_keys, "BITFIELD a GET u8 0 SET u8 0 1"), "a:WAU");
  EXPECT_EQ(found_by(bitfield_keys, "BITFIELD a OVERFLOW FAIL"), "a:OA");
  EXPECT_EQ(found_by(bitfield_keys, "BITFIELD a GET u8 0 overflow x GET u8 1"), "a:OA");
  EXPECT_EQ(found_by(bitfield_keys, "BITFIELD a OVERFLOW"), "a:WAU");
  EXPECT_EQ(found_by(bitfield_keys, "BITFIELD a OVERFLOW SAT INCRBY u8 0 1"), "a:WAU");
}

TEST(KeySpec, SortStores) {
  EXPECT_EQ(found_by(sort_keys, "SORT a"), "a:OA");
  EXPECT_EQ(found_by(sort_keys, "SORT a BY store GET x store d STORE e"), "a:OA e:WU");
  EXPECT_EQ(found_by(sort_keys, "SORT a LIMIT 1 STORE"), "a:OA");
  EXPECT_EQ(found_by(sort_keys, "SORT a STORE"), "a:OA");
  EXPECT_EQ(found_by(sort_keys, "SORT a STORE STORE d"), "a:OA d:WU");
  EXPECT_EQ(found_by(sort_ro_keys, "SORT_RO a STORE d"), "a:OA");
}

TEST(KeySpec, MigrateHasOneKeyOrMany) {
  EXPECT_EQ(found_by(migrate_keys, "MIGRATE h 1 a 0 9"), "a:WAD");
  EXPECT_EQ(found_by(migrate_keys, "MIGRATE h 1 '' 0 9 COPY keys b c"), "b:WAD c:WAD");
  EXPECT_EQ(found_by(migrate_keys, "MIGRATE h 1 '' 0 9 AUTH keys KEYS b"), "b:WAD");
  EXPECT_EQ(found_by(migrate_keys, "MIGRATE h 1 '' 0 9 AUTH2 keys keys KEYS b"), "b:WAD");
  EXPECT_EQ(found_by(migrate_keys, "MIGRATE h 1 a 0 9 KEYS b"), "invalid");
  EXPECT_EQ(found_by(migrate_keys, "MIGRATE h 1 a 0 9 AUTH"), "a:WAD");
  EXPECT_EQ(found_by(migrate_keys, "MIGRATE h 1"), "invalid");
}

TEST(KeySpec, FindersTakeAnyNumberOfArguments) {
  for (const KeyFinder finder : {set_keys, bitfield_keys, sort_keys, sort_ro_keys, migrate_keys}) {
    EXPECT_EQ(found_by(finder, "X"), "invalid");
  }
}

}  // namespace
}  // namespace spinel::server
