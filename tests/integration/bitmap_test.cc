#include <string>

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

using BitmapTest = ServerTest;

const Reply kWrongType = error("WRONGTYPE Operation against a key holding the wrong kind of value");
const Reply kNotAnInteger = error("ERR value is not an integer or out of range");
const Reply kSyntax = error("ERR syntax error");
const Reply kBadOffset = error("ERR bit offset is not an integer or out of range");
const Reply kBadBit = error("ERR bit is not an integer or out of range");

Reply wrong_arity(const std::string& command) {
  return error("ERR wrong number of arguments for '" + command + "' command");
}

TEST_F(BitmapTest, SetbitAndGetbit) {
  expect_session({{"SETBIT b 7 1", integer(0)},
                  {"SETBIT b 7 1", integer(1)},
                  {"GETBIT b 7", integer(1)},
                  {"GETBIT b 6", integer(0)},
                  {"GETBIT b 4294967295", integer(0)},
                  {"SETBIT b 100 0", integer(0)},
                  {"STRLEN b", integer(13)},
                  {"SETBIT b 7 0", integer(1)},
                  {"GETBIT none 0", integer(0)},
                  {"EXISTS none", integer(0)},
                  {"SETBIT zero 0 0", integer(0)},
                  {"STRLEN zero", integer(1)},
                  {"SET n 123", ok()},
                  {"GETBIT n 2", integer(1)},
                  {"SETBIT n 7 0", integer(1)},
                  {"GET n", bulk("023")},
                  {"OBJECT ENCODING n", bulk("raw")}});
}

TEST_F(BitmapTest, SetbitAndGetbitRefuse) {
  expect_session({{"SETBIT b -1 1", kBadOffset},
                  {"SETBIT b 4294967296 1", kBadOffset},
                  {"SETBIT b 9223372036854775807 1", kBadOffset},
                  {"SETBIT b abc 1", kBadOffset},
                  {"SETBIT b 01 1", kBadOffset},
                  {"SETBIT b #1 1", kBadOffset},
                  {"SETBIT b 0 2", kBadBit},
                  {"SETBIT b 0 -1", kBadBit},
                  {"SETBIT b 0 x", kBadBit},
                  {"GETBIT b -1", kBadOffset},
                  {"GETBIT b 4294967296", kBadOffset},
                  {"GETBIT b", wrong_arity("getbit")},
                  {"SETBIT b 0", wrong_arity("setbit")},
                  {"EXISTS b", integer(0)},
                  {"RPUSH l a", integer(1)},
                  {"SETBIT l -1 1", kBadOffset},
                  {"SETBIT l 0 3", kBadBit},
                  {"SETBIT l 0 1", kWrongType},
                  {"GETBIT l 0", kWrongType}});
}

TEST_F(BitmapTest, Bitcount) {
  expect_session({{"SET s foobar", ok()},
                  {"SET e \"\"", ok()},
                  {"RPUSH l a", integer(1)},
                  {"BITCOUNT s", integer(26)},
                  {"BITCOUNT s 0 0", integer(4)},
                  {"BITCOUNT s 1 1", integer(6)},
                  {"BITCOUNT s -2 -1", integer(7)},
                  {"BITCOUNT s -1 -2", integer(0)},
                  {"BITCOUNT s 5 30 BIT", integer(17)},
                  {"BITCOUNT s 9 9 bit", integer(1)},
                  {"BITCOUNT s 0 1 BYTE", integer(10)},
                  {"BITCOUNT s -100 -90", integer(4)},
                  {"BITCOUNT s -90 -100", integer(0)},
                  {"BITCOUNT s 3 1", integer(0)},
                  {"BITCOUNT s 100 200", integer(0)},
                  {"BITCOUNT s -100 2", integer(16)},
                  {"BITCOUNT s -9223372036854775808 9223372036854775807 bit", integer(26)},
                  {"BITCOUNT e", integer(0)},
                  {"BITCOUNT e 0 -1", integer(0)},
                  {"BITCOUNT none", integer(0)},
                  {"BITCOUNT none 0 -1 BIT", integer(0)},
                  {"BITCOUNT s 0", kSyntax},
                  {"BITCOUNT s 0 1 FOO", kSyntax},
                  {"BITCOUNT s 0 1 BIT X", kSyntax},
                  {"BITCOUNT s 0 x FOO", kNotAnInteger},
                  {"BITCOUNT s x 0", kNotAnInteger},
                  {"BITCOUNT", wrong_arity("bitcount")},
                  {"BITCOUNT l", kWrongType}});
}

TEST_F(BitmapTest, Bitpos) {
  EXPECT_EQ(run("SET", "ff", "\xff\xff\xff"), ok());
  expect_session({{"SET e \"\"", ok()},
                  {"RPUSH l a", integer(1)},
                  {"BITPOS ff 1", integer(0)},
                  {"BITPOS ff 0", integer(24)},
                  {"BITPOS ff 0 1", integer(24)},
                  {"BITPOS ff 0 -1", integer(24)},
                  {"BITPOS ff 0 3", integer(-1)},
                  {"BITPOS ff 0 0 -1", integer(-1)},
                  {"BITPOS ff 0 0 5", integer(-1)},
                  {"BITPOS ff 0 2 1", integer(-1)},
                  {"BITPOS ff 1 2 1", integer(-1)},
                  {"BITPOS ff 0 0 -1 BIT", integer(-1)},
                  {"BITPOS ff 1 5 7 BIT", integer(5)},
                  {"BITPOS ff 1 24 24 BIT", integer(-1)},
                  {"BITPOS ff 1 1 1 BYTE", integer(8)},
                  {"BITPOS ff 1 -100 -50", integer(0)},
                  {"BITPOS ff 1 -50 -100", integer(0)},
                  {"BITPOS ff 1 -1 -2", integer(-1)},
                  {"SETBIT z 20 0", integer(0)},
                  {"BITPOS z 1", integer(-1)},
                  {"BITPOS z 0", integer(0)},
                  {"BITPOS z 0 1", integer(8)},
                  {"BITPOS z 0 10", integer(-1)},
                  {"BITPOS e 0", integer(-1)},
                  {"BITPOS e 1", integer(-1)},
                  {"BITPOS none 0", integer(0)},
                  {"BITPOS none 1", integer(-1)},
                  {"BITPOS none 0 3 5", integer(0)},
                  {"BITPOS ff 2", error("ERR The bit argument must be 1 or 0.")},
                  {"BITPOS ff x", kNotAnInteger},
                  {"BITPOS ff 1 x", kNotAnInteger},
                  {"BITPOS ff 1 0 x", kNotAnInteger},
                  {"BITPOS ff 1 0 x X", kSyntax},
                  {"BITPOS ff 1 0 1 X", kSyntax},
                  {"BITPOS ff 1 0 1 BIT X", kSyntax},
                  {"BITPOS ff", wrong_arity("bitpos")},
                  {"BITPOS l 2", error("ERR The bit argument must be 1 or 0.")},
                  {"BITPOS l 1", kWrongType}});
}

TEST_F(BitmapTest, ArgumentsAreReadBeforeTheKey) {
  SKIP_ON_REDIS_7_0("it looks for the key first");
  expect_session({{"RPUSH l a", integer(1)},
                  {"BITCOUNT none 0", kSyntax},
                  {"BITCOUNT none a b", kNotAnInteger},
                  {"BITCOUNT l 0 1 X", kSyntax},
                  {"BITPOS none 1 a", kNotAnInteger},
                  {"BITPOS none 1 0 1 X", kSyntax},
                  {"BITPOS l 1 a", kNotAnInteger}});
}

TEST_F(BitmapTest, Bitop) {
  expect_session({{"SET a abc", ok()},
                  {"SET b abcdef", ok()},
                  {"SET i 12", ok()},
                  {"SET e \"\"", ok()},
                  {"BITOP AND d a b", integer(6)}});
  EXPECT_EQ(run("GET", "d"), bulk(std::string("abc\0\0\0", 6)));
  expect_session({{"BITOP or d a none e", integer(3)},
                  {"GET d", bulk("abc")},
                  {"BITOP XOR d a b", integer(6)}});
  EXPECT_EQ(run("GET", "d"), bulk(std::string("\0\0\0def", 6)));
  expect_session({{"BITOP NOT d i", integer(2)},
                  {"GET d", bulk("\xce\xcd")},
                  {"OBJECT ENCODING d", bulk("raw")},
                  {"BITOP AND d a none", integer(3)},
                  {"BITOP OR a a", integer(3)},
                  {"GET a", bulk("abc")},
                  {"EXPIRE d 100", integer(1)},
                  {"BITOP OR d a", integer(3)},
                  {"TTL d", integer(-1)},
                  {"BITOP OR d e none", integer(0)},
                  {"EXISTS d", integer(0)},
                  {"BITOP OR d e none", integer(0)},
                  {"RPUSH l x", integer(1)},
                  {"BITOP AND l a b", integer(6)},
                  {"TYPE l", status("string")}});
}

TEST_F(BitmapTest, BitopRefuses) {
  expect_session(
      {{"SET a abc", ok()},
       {"RPUSH l x", integer(1)},
       {"BITOP", wrong_arity("bitop")},
       {"BITOP AND d", wrong_arity("bitop")},
       {"BITOP FOO d a", kSyntax},
       {"BITOP FOO d l", kSyntax},
       {"BITOP NOT d a a", error("ERR BITOP NOT must be called with a single source key.")},
       {"BITOP AND d a l", kWrongType},
       {"BITOP AND d l none", kWrongType},
       {"BITOP NOT d l", kWrongType},
       {"EXISTS d", integer(0)}});
}

TEST_F(BitmapTest, OperationsOfRedis8) {
  SKIP_ON_REDIS_7_0("it has four operations");
  // 1100 1010, 1010 1100, 1111 0000
  EXPECT_EQ(run("SET", "x", "\xca"), ok());
  EXPECT_EQ(run("SET", "y", "\xac"), ok());
  EXPECT_EQ(run("SET", "z", "\xf0"), ok());
  expect_session(
      {{"BITOP DIFF d x y", integer(1)},
       {"GET d", bulk("\x42")},
       {"BITOP DIFF d x y z", integer(1)},
       {"GET d", bulk("\x02")},
       {"BITOP DIFF1 d x y z", integer(1)},
       {"GET d", bulk("\x34")},
       {"BITOP andor d x y z", integer(1)},
       {"GET d", bulk("\xc8")},
       {"BITOP ONE d x y z", integer(1)},
       {"GET d", bulk("\x16")},
       {"BITOP ONE d x", integer(1)},
       {"GET d", bulk("\xca")},
       {"BITOP DIFF d x none", integer(1)},
       {"GET d", bulk("\xca")},
       {"BITOP DIFF d x", error("ERR BITOP DIFF must be called with at least two source keys.")},
       {"BITOP diff1 d x", error("ERR BITOP DIFF1 must be called with at least two source keys.")},
       {"BITOP ANDOR d x",
        error("ERR BITOP ANDOR must be called with at least two source keys.")}});
}

TEST_F(BitmapTest, RepliesAreIntegersInResp3) {
  EXPECT_EQ(run3("SETBIT", "b", "9", "1"), integer(0));
  EXPECT_EQ(run3("GETBIT", "b", "9"), integer(1));
  EXPECT_EQ(run3("BITCOUNT", "b"), integer(1));
  EXPECT_EQ(run3("BITPOS", "b", "1"), integer(9));
  EXPECT_EQ(run3("BITPOS", "none", "1"), integer(-1));
  EXPECT_EQ(run3("BITOP", "NOT", "d", "b"), integer(2));
}

// --- kept compressed, which nothing but OBJECT ENCODING and the memory show

class SparseBitmapTest : public OwnServerTest {
 protected:
  void SetUp() override {
    start();
    if (against_redis_7_0()) GTEST_SKIP() << "Redis keeps all strings flat";
  }
};

TEST_F(SparseBitmapTest, IdsMayBeFarApart) {
  const long long before = info_number("used_memory");
  expect_session({{"SETBIT day 4294967295 1", integer(0)},
                  {"SETBIT day 4294967295 1", integer(1)},
                  {"SETBIT day 5 1", integer(0)},
                  {"SETBIT day 2000000000 1", integer(0)},
                  {"STRLEN day", integer(536870912)},
                  {"OBJECT ENCODING day", bulk("roaring")},
                  {"BITCOUNT day", integer(3)},
                  {"BITCOUNT day 1 -2", integer(1)},
                  {"BITCOUNT day 6 -1 BIT", integer(2)},
                  {"BITPOS day 1", integer(5)},
                  {"BITPOS day 1 1", integer(2000000000)},
                  {"BITPOS day 0 0 0", integer(0)},
                  {"BITPOS day 1 250000001", integer(4294967295)},
                  {"GETBIT day 2000000000", integer(1)},
                  {"GETBIT day 2000000001", integer(0)},
                  {"GETRANGE day 0 0", bulk("\x04")},
                  {"GETRANGE day -1 -1", bulk("\x01")},
                  {"COPY day copy", integer(1)},
                  {"SETBIT copy 6 1", integer(0)},
                  {"BITOP AND both day copy", integer(536870912)},
                  {"BITCOUNT both", integer(3)},
                  {"BITOP XOR other day copy none", integer(536870912)},
                  {"BITPOS other 1", integer(6)},
                  {"BITCOUNT other", integer(1)},
                  {"OBJECT ENCODING other", bulk("roaring")},
                  {"INCR day", kNotAnInteger},
                  {"APPEND day x", error("ERR string exceeds maximum allowed size "
                                         "(proto-max-bulk-len)")},
                  {"UNLINK day", integer(1)}});
  EXPECT_LT(info_number("used_memory") - before, 1 << 20);
}

TEST_F(SparseBitmapTest, ABitmapFillsUpAndIsFlatThen) {
  constexpr int kIds = 400'000;
  expect_session({{"SETBIT day 399999 1", integer(0)}, {"OBJECT ENCODING day", bulk("roaring")}});
  std::string requests;
  std::string expected(kIds / 8, '\0');
  expected.back() = '\x01';
  int sent = 0;
  for (int id = 0; id < kIds; id += 3) {
    requests += encode_command({"SETBIT", "day", std::to_string(id), "1"});
    expected[static_cast<std::size_t>(id / 8)] |= static_cast<char>(0x80 >> id % 8);
    ++sent;
  }
  RawConnection connection = server().raw();
  connection.exchange(requests, static_cast<std::size_t>(sent));
  EXPECT_EQ(run("OBJECT", "ENCODING", "day"), bulk("raw"));
  EXPECT_EQ(run("GET", "day"), bulk(expected));
  EXPECT_EQ(run("BITCOUNT", "day"), integer(sent));
}

TEST_F(SparseBitmapTest, TheOptionTurnsItOff) {
  EXPECT_EQ(config("bitmap-compression"), "yes");
  expect_session({{"SETBIT kept 1000000 1", integer(0)},
                  {"CONFIG SET bitmap-compression no", ok()},
                  {"SETBIT flat 1000000 1", integer(0)},
                  {"OBJECT ENCODING flat", bulk("raw")},
                  {"OBJECT ENCODING kept", bulk("roaring")},
                  {"BITOP OR kept kept", integer(125001)},
                  {"OBJECT ENCODING kept", bulk("raw")}});
}

TEST_F(SparseBitmapTest, TheLimitOfLengthsHolds) {
  expect_session({{"CONFIG SET proto-max-bulk-len 1048576", ok()},
                  {"SETBIT b 8388607 1", integer(0)},
                  {"SETBIT b 8388608 1", kBadOffset},
                  {"GETBIT b 8388608", kBadOffset},
                  {"BITPOS b 1", integer(8388607)}});
}

}  // namespace
}  // namespace spinel::test
