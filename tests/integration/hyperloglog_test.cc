#include <gtest/gtest.h>

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

const Reply kWrongType = error("WRONGTYPE Operation against a key holding the wrong kind of value");
const Reply kNotValid = error("WRONGTYPE Key is not a valid HyperLogLog string value.");
const Reply kCorrupt = error("INVALIDOBJ Corrupted HLL object detected");

Reply wrong_arity(const std::string& command) {
  return error("ERR wrong number of arguments for '" + command + "' command");
}

/// A sparse HyperLogLog with these opcodes, its count out of date.
std::string sparse(const std::string& opcodes) {
  return std::string("HYLL\1\0\0\0\0\0\0\0\0\0\0\x80", 16) + opcodes;
}

class HyperLogLogTest : public ServerTest {
 protected:
  /// Adds `prefix:first` and so on, `count` of them, in pipelines of many elements a command.
  void add(const std::string& key, const std::string& prefix, int first, int count) {
    constexpr int kElementsPerCommand = 500;
    std::vector<std::vector<std::string>> commands;
    for (int i = first; i < first + count; ++i) {
      if ((i - first) % kElementsPerCommand == 0) commands.push_back({"PFADD", key});
      commands.back().push_back(prefix + ":" + std::to_string(i));
    }
    RawConnection connection = server().raw();
    for (const Reply& reply : connection.pipeline(commands)) {
      EXPECT_EQ(reply.type, Reply::Type::kInteger) << reply;
    }
  }
  void expect_near(const Reply& reply, double elements) {
    constexpr double kStandardError = 1.04 / 128;
    EXPECT_INTEGER_BETWEEN(reply, elements * (1 - 5 * kStandardError),
                           elements * (1 + 5 * kStandardError));
  }
};

TEST_F(HyperLogLogTest, CountsDifferentElements) {
  expect_session({{"PFADD k a b c d", integer(1)},
                  {"PFADD k a b", integer(0)},
                  {"PFADD k", integer(0)},
                  {"PFADD empty", integer(1)},
                  {"PFADD empty", integer(0)},
                  {"PFCOUNT k", integer(4)},
                  {"PFCOUNT empty", integer(0)},
                  {"PFCOUNT none", integer(0)},
                  {"PFCOUNT k empty none", integer(4)},
                  {"PFADD k2 d e", integer(1)},
                  {"PFCOUNT k k2", integer(5)},
                  {"TYPE k", status("string")},
                  {"OBJECT ENCODING k", bulk("raw")},
                  {"STRLEN empty", integer(18)},
                  {"EXISTS none", integer(0)}});
}

TEST_F(HyperLogLogTest, Merges) {
  expect_session({{"PFADD a 1 2 3", integer(1)},
                  {"PFADD b 3 4 5", integer(1)},
                  {"PFMERGE c a b none", ok()},
                  {"PFCOUNT c", integer(5)},
                  {"PFMERGE a b", ok()},
                  {"PFCOUNT a", integer(5)},
                  {"PFMERGE a a a", ok()},
                  {"PFCOUNT a", integer(5)},
                  {"PFMERGE empty none", ok()},
                  {"PFCOUNT empty", integer(0)},
                  {"PFMERGE d", ok()},
                  {"EXISTS d", integer(1)}});
}

TEST_F(HyperLogLogTest, WrongUseIsRefused) {
  line("LPUSH l x");
  line("SET s text");
  line("PFADD k x");
  expect_session({{"PFADD", wrong_arity("pfadd")},
                  {"PFCOUNT", wrong_arity("pfcount")},
                  {"PFMERGE", wrong_arity("pfmerge")},
                  {"PFDEBUG GETREG", wrong_arity("pfdebug")},
                  {"PFDEBUG GETREG k x", wrong_arity("pfdebug")},
                  {"PFSELFTEST x", wrong_arity("pfselftest")},
                  {"PFADD l x", kWrongType},
                  {"PFCOUNT l", kWrongType},
                  {"PFCOUNT k l", kWrongType},
                  {"PFMERGE k l", kWrongType},
                  {"PFMERGE l k", kWrongType},
                  {"PFDEBUG GETREG l", kWrongType},
                  {"PFADD s", kNotValid},
                  {"PFADD s x", kNotValid},
                  {"PFCOUNT s", kNotValid},
                  {"PFCOUNT k s", kNotValid},
                  {"PFMERGE k s", kNotValid},
                  {"PFMERGE s k", kNotValid},
                  {"PFMERGE new k s", kNotValid},
                  {"EXISTS new", integer(0)},
                  {"PFDEBUG ENCODING s", kNotValid},
                  {"PFDEBUG ENCODING none", error("ERR The specified key does not exist")},
                  {"PFDEBUG NOSUCH k", error("ERR Unknown PFDEBUG subcommand 'NOSUCH'")}});
}

TEST_F(HyperLogLogTest, MalformedOnesAreRefused) {
  const std::string header = sparse("");
  run("SET", "sum", sparse("\x7f\xfe"));
  run("SET", "cut", sparse("\x7f"));
  run("SET", "long", sparse("\x7f\xff\x80"));
  for (const char* key : {"sum", "cut", "long"}) {
    EXPECT_EQ(run("PFCOUNT", key), kCorrupt);
    EXPECT_EQ(run("PFCOUNT", key, key), kCorrupt);
    EXPECT_EQ(run("PFMERGE", "new", key), kCorrupt);
    EXPECT_EQ(run("PFDEBUG", "TODENSE", key), kCorrupt);
  }
  run("SET", "bare", header);
  EXPECT_EQ(run("PFADD", "bare", "x"), kCorrupt);
  const std::string dense = std::string("HYLL", 4) + std::string(12, '\0');
  run("SET", "dense", dense + std::string(12288, '\0'));
  EXPECT_EQ(run("PFADD", "dense", "x"), integer(1));
  run("SET", "dense", dense + std::string(12289, '\0'));
  EXPECT_EQ(run("PFADD", "dense", "x"), kNotValid);
  run("SET", "dense", dense + std::string(12287, '\0'));
  EXPECT_EQ(run("PFCOUNT", "dense"), kNotValid);
}

TEST_F(HyperLogLogTest, GrowsFromSparseToDenseAndCountsWell) {
  int added = 0;
  for (const int until : {10, 100, 1000, 10'000, 100'000, 300'000}) {
    add("hll", "visitor", added, until - added);
    added = until;
    expect_near(run("PFCOUNT", "hll"), until);
    EXPECT_EQ(run("PFCOUNT", "hll", "none"), run("PFCOUNT", "hll"));
  }
  EXPECT_EQ(run("PFDEBUG", "ENCODING", "hll"), status("dense"));
  EXPECT_EQ(run("STRLEN", "hll"), integer(12304));
}

TEST_F(HyperLogLogTest, AWeekOfDaysOverlaps) {
  // Each day 40000 visitors, of whom 30000 come again the day after.
  for (int day = 0; day < 7; ++day) {
    add("day" + std::to_string(day), "visitor", day * 10'000, 40'000);
  }
  expect_near(run("PFCOUNT", "day0"), 40'000);
  const Reply week = run("PFCOUNT", "day0", "day1", "day2", "day3", "day4", "day5", "day6");
  expect_near(week, 100'000);
  EXPECT_EQ(run("PFMERGE", "week", "day0", "day1", "day2", "day3", "day4", "day5", "day6"), ok());
  EXPECT_EQ(run("PFCOUNT", "week"), week);
}

TEST_F(HyperLogLogTest, StringsCanBeExchanged) {
  add("hll", "x", 0, 500);
  const std::string bytes = run("GET", "hll").text;
  EXPECT_EQ(run("SET", "copy", bytes), ok());
  EXPECT_EQ(run("PFCOUNT", "copy"), run("PFCOUNT", "hll"));
  add("hll", "x", 0, 500);
  EXPECT_EQ(run("GET", "copy"), run("GET", "hll"));
}

TEST_F(HyperLogLogTest, RepliesAreTheSameInResp3) {
  EXPECT_EQ(run3("PFADD", "k", "a"), integer(1));
  EXPECT_EQ(run3("PFCOUNT", "k"), integer(1));
  EXPECT_EQ(run3("PFMERGE", "m", "k"), ok());
  EXPECT_EQ(run3("PFDEBUG", "DECODE", "k"), bulk("Z:12711 v:2,1 Z:3672"));
  EXPECT_EQ(run3("PFDEBUG", "ENCODING", "k"), status("sparse"));
  const Reply registers = run3("PFDEBUG", "GETREG", "k");
  ASSERT_EQ(registers.elements.size(), 16384U);
  EXPECT_EQ(registers.elements[12711], integer(2));
  EXPECT_EQ(registers.elements[12712], integer(0));
  EXPECT_EQ(run3("PFDEBUG", "TODENSE", "k"), integer(0));
  EXPECT_EQ(run3("PFDEBUG", "DECODE", "k"), error("ERR HLL encoding is not sparse"));
}

TEST_F(HyperLogLogTest, TheSelfTestPasses) {
  EXPECT_EQ(run("PFSELFTEST"), ok());
}

class HyperLogLogConfigTest : public OwnServerTest {};

TEST_F(HyperLogLogConfigTest, TheSizeOfSparseOnesIsAnOption) {
  start_with({"--hll-sparse-max-bytes", "21"});
  EXPECT_EQ(run("PFADD", "k", "a"), integer(1));
  EXPECT_EQ(run("STRLEN", "k"), integer(21));
  EXPECT_EQ(run("PFADD", "k", "b"), integer(1));
  EXPECT_EQ(run("STRLEN", "k"), integer(12304));
  EXPECT_EQ(run("CONFIG", "SET", "hll-sparse-max-bytes", "0"), ok());
  EXPECT_EQ(run("PFADD", "none"), integer(1));
  EXPECT_EQ(run("STRLEN", "none"), integer(18));
  EXPECT_EQ(run("PFMERGE", "k2", "k"), ok());
  EXPECT_EQ(run("STRLEN", "k2"), integer(12304));
}

}  // namespace
}  // namespace spinel::test
