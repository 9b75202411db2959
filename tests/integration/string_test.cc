#include <algorithm>
#include <cstdint>
#include <limits>

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

using StringTest = ServerTest;

const Reply kWrongType = error("WRONGTYPE Operation against a key holding the wrong kind of value");
const Reply kNotAnInteger = error("ERR value is not an integer or out of range");
const Reply kNotAFloat = error("ERR value is not a valid float");
const Reply kSyntax = error("ERR syntax error");

Reply wrong_arity(const std::string& command) {
  return error("ERR wrong number of arguments for '" + command + "' command");
}
Reply bad_expiry(const std::string& command) {
  return error("ERR invalid expire time in '" + command + "' command");
}

std::int64_t unix_time_ms() {
  return std::chrono::duration_cast<milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

TEST_F(StringTest, SetAndGet) {
  expect_session({{"GET key", nil()},
                  {"SET key value", ok()},
                  {"GET key", bulk("value")},
                  {"set key other", ok()},
                  {"gEt key", bulk("other")},
                  {"SET \"\" empty-name", ok()},
                  {"GET \"\"", bulk("empty-name")},
                  {"SET empty \"\"", ok()},
                  {"GET empty", bulk("")},
                  {"STRLEN empty", integer(0)},
                  {"TYPE key", status("string")}});
}

TEST_F(StringTest, ValuesAreBinarySafe) {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  const std::string key = std::string("k\0\r\n", 4) + every_byte;
  EXPECT_EQ(run("SET", key, every_byte), ok());
  EXPECT_EQ(run("GET", key), bulk(every_byte));
  EXPECT_EQ(run("APPEND", key, std::string(3, '\0')), integer(259));
  EXPECT_EQ(run("GET", key), bulk(every_byte + std::string(3, '\0')));
}

TEST_F(StringTest, SetNxAndXx) {
  expect_session({{"SET key 1 XX", nil()},
                  {"EXISTS key", integer(0)},
                  {"SET key 1 NX", ok()},
                  {"SET key 2 NX", nil()},
                  {"GET key", bulk("1")},
                  {"SET key 3 xx", ok()},
                  {"GET key", bulk("3")},
                  {"SET key 4 NX XX", kSyntax},
                  {"SET key 4 XX NX", kSyntax},
                  {"GET key", bulk("3")}});
}

TEST_F(StringTest, SetMayNameAnOptionTwice) {
  expect_session({{"SET key 1 NX NX", ok()},
                  {"SET key 2 XX XX", ok()},
                  {"GET key", bulk("2")},
                  {"SET key 3 GET GET", bulk("2")}});
}

TEST_F(StringTest, SetGetReturnsTheOldValue) {
  expect_session({{"SET key 1 GET", nil()},
                  {"SET key 2 GET", bulk("1")},
                  {"SET key 3 NX GET", bulk("2")},
                  {"GET key", bulk("2")},
                  {"SET key 4 XX GET", bulk("2")},
                  {"GET key", bulk("4")},
                  {"SET missing 1 XX GET", nil()},
                  {"EXISTS missing", integer(0)},
                  {"SET fresh 1 NX GET", nil()},
                  {"GET fresh", bulk("1")}});
}

TEST_F(StringTest, SetWithExpiry) {
  run("SET", "ex", "v", "EX", 100);
  EXPECT_INTEGER_BETWEEN(run("TTL", "ex"), 40, 100);
  run("SET", "px", "v", "px", 100000);
  EXPECT_INTEGER_BETWEEN(run("PTTL", "px"), 40000, 100000);
  run("SET", "exat", "v", "EXAT", 33177117420);
  EXPECT_EQ(run("EXPIRETIME", "exat"), integer(33177117420));
  run("SET", "pxat", "v", "PXAT", 33177117420123);
  EXPECT_EQ(run("PEXPIRETIME", "pxat"), integer(33177117420123));
  EXPECT_EQ(run("EXPIRETIME", "pxat"), integer(33177117420));
}

TEST_F(StringTest, SetKeepTtl) {
  expect_session({{"SET key 1 PXAT 33177117420000", ok()},
                  {"SET key 2 KEEPTTL", ok()},
                  {"PEXPIRETIME key", integer(33177117420000)},
                  {"SET key 3 KEEPTTL GET", bulk("2")},
                  {"PEXPIRETIME key", integer(33177117420000)},
                  {"SET key 4", ok()},
                  {"PEXPIRETIME key", integer(-1)},
                  {"SET other 1 KEEPTTL", ok()},
                  {"PTTL other", integer(-1)}});
}

TEST_F(StringTest, SetWithATimeInThePastLeavesNothing) {
  expect_session({{"SET key 1", ok()},
                  {"SET key 2 PXAT 1", ok()},
                  {"GET key", nil()},
                  {"EXISTS key", integer(0)},
                  {"DBSIZE", integer(0)}});
}

TEST_F(StringTest, SetRefusesBadExpiry) {
  for (const char* option : {"EX", "PX", "EXAT", "PXAT"}) {
    EXPECT_EQ(run("SET", "key", "v", option), kSyntax);
    EXPECT_EQ(run("SET", "key", "v", option, "abc"), kNotAnInteger);
    EXPECT_EQ(run("SET", "key", "v", option, "1.5"), kNotAnInteger);
    EXPECT_EQ(run("SET", "key", "v", option, ""), kNotAnInteger);
    EXPECT_EQ(run("SET", "key", "v", option, "9223372036854775808"), kNotAnInteger);
    EXPECT_EQ(run("SET", "key", "v", option, 0), bad_expiry("set"));
    EXPECT_EQ(run("SET", "key", "v", option, -1), bad_expiry("set"));
  }
  const auto huge = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(run("SET", "key", "v", "EX", huge), bad_expiry("set"));
  EXPECT_EQ(run("SET", "key", "v", "EXAT", huge), bad_expiry("set"));
  EXPECT_EQ(run("SET", "key", "v", "PX", huge), bad_expiry("set"));
  EXPECT_EQ(run("SET", "key", "v", "EX", huge / 1000), bad_expiry("set"));
  EXPECT_EQ(run("EXISTS", "key"), integer(0));
}

TEST_F(StringTest, SetRefusesContradictingOptions) {
  for (const char* options :
       {"EX 10 PX 10", "EX 10 EXAT 33177117420", "PX 10 KEEPTTL", "KEEPTTL EX 10",
        "PXAT 33177117420000 KEEPTTL", "KEEPTTL PXAT 33177117420000", "BOGUS", "GET BOGUS"}) {
    EXPECT_EQ(line(std::string("SET key v ") + options), kSyntax) << options;
  }
  EXPECT_EQ(run("SET", "key"), wrong_arity("set"));
  EXPECT_EQ(run("SET"), wrong_arity("set"));
  EXPECT_EQ(run("EXISTS", "key"), integer(0));
}

TEST_F(StringTest, SetnxSetexPsetex) {
  expect_session({{"SETNX key 1", integer(1)},
                  {"SETNX key 2", integer(0)},
                  {"GET key", bulk("1")},
                  {"SETEX key 100 3", ok()},
                  {"GET key", bulk("3")},
                  {"PSETEX key 100000 4", ok()},
                  {"GET key", bulk("4")},
                  {"SETEX key 0 v", bad_expiry("setex")},
                  {"SETEX key -5 v", bad_expiry("setex")},
                  {"PSETEX key 0 v", bad_expiry("psetex")},
                  {"SETEX key x v", kNotAnInteger},
                  {"PSETEX key 9223372036854775807 v", bad_expiry("psetex")},
                  {"SETEX key 10", wrong_arity("setex")},
                  {"SETNX key", wrong_arity("setnx")}});
  EXPECT_INTEGER_BETWEEN(run("PTTL", "key"), 40000, 100000);
}

TEST_F(StringTest, GetsetAndGetdel) {
  expect_session({{"GETSET key 1", nil()},
                  {"GETSET key 2", bulk("1")},
                  {"PEXPIREAT key 33177117420000", integer(1)},
                  {"GETSET key 3", bulk("2")},
                  {"PTTL key", integer(-1)},
                  {"GETDEL key", bulk("3")},
                  {"GETDEL key", nil()},
                  {"EXISTS key", integer(0)},
                  {"GETDEL", wrong_arity("getdel")},
                  {"GETSET key", wrong_arity("getset")}});
}

TEST_F(StringTest, Getex) {
  expect_session({{"GETEX key", nil()},
                  {"GETEX key EX 10", nil()},
                  {"SET key v", ok()},
                  {"GETEX key", bulk("v")},
                  {"PTTL key", integer(-1)},
                  {"GETEX key PXAT 33177117420123", bulk("v")},
                  {"PEXPIRETIME key", integer(33177117420123)},
                  {"GETEX key", bulk("v")},
                  {"PEXPIRETIME key", integer(33177117420123)},
                  {"GETEX key PERSIST", bulk("v")},
                  {"PTTL key", integer(-1)},
                  {"GETEX key exat 33177117420", bulk("v")},
                  {"EXPIRETIME key", integer(33177117420)}});
  run("GETEX", "key", "EX", 100);
  EXPECT_INTEGER_BETWEEN(run("TTL", "key"), 40, 100);
  run("GETEX", "key", "PX", 100000);
  EXPECT_INTEGER_BETWEEN(run("PTTL", "key"), 40000, 100000);
  EXPECT_EQ(run("GETEX", "key", "PXAT", 1), bulk("v"));
  EXPECT_EQ(run("EXISTS", "key"), integer(0));
}

TEST_F(StringTest, GetexRefusesBadOptions) {
  run("SET", "key", "v");
  expect_session({{"GETEX key EX 0", bad_expiry("getex")},
                  {"GETEX key PX -1", bad_expiry("getex")},
                  {"GETEX key EX x", kNotAnInteger},
                  {"GETEX key EX", kSyntax},
                  {"GETEX key EX 10 PERSIST", kSyntax},
                  {"GETEX key PERSIST EX 10", kSyntax},
                  {"GETEX key KEEPTTL", kSyntax},
                  {"GETEX key NX", kSyntax},
                  {"GETEX key GET", kSyntax},
                  {"GETEX", wrong_arity("getex")},
                  {"PTTL key", integer(-1)}});
}

TEST_F(StringTest, MsetMgetMsetnx) {
  expect_session({{"MSET a 1 b 2 a 3", ok()},
                  {"MGET a b c a", array({bulk("3"), bulk("2"), nil(), bulk("3")})},
                  {"MSETNX c 4 a 5", integer(0)},
                  {"EXISTS c", integer(0)},
                  {"MSETNX c 4 d 5", integer(1)},
                  {"MGET c d", bulks({"4", "5"})},
                  {"MSETNX e 1 e 2", integer(1)},
                  {"GET e", bulk("2")},
                  {"MSET a", wrong_arity("mset")},
                  {"MSET a 1 b", wrong_arity("mset")},
                  {"MSETNX a 1 b", wrong_arity("msetnx")},
                  {"MGET", wrong_arity("mget")}});
}

TEST_F(StringTest, MsetDropsTheExpiry) {
  expect_session(
      {{"SET a 1 PXAT 33177117420000", ok()}, {"MSET a 2", ok()}, {"PTTL a", integer(-1)}});
}

TEST_F(StringTest, Append) {
  expect_session({{"APPEND key Hello", integer(5)},
                  {"APPEND key \" World\"", integer(11)},
                  {"GET key", bulk("Hello World")},
                  {"APPEND key \"\"", integer(11)},
                  {"APPEND new \"\"", integer(0)},
                  {"EXISTS new", integer(1)},
                  {"SET n 12", ok()},
                  {"APPEND n 3", integer(3)},
                  {"INCR n", integer(124)},
                  {"SET t v PXAT 33177117420000", ok()},
                  {"APPEND t w", integer(2)},
                  {"PEXPIRETIME t", integer(33177117420000)},
                  {"APPEND key", wrong_arity("append")}});
}

TEST_F(StringTest, Strlen) {
  expect_session({{"STRLEN none", integer(0)},
                  {"SET n 12345", ok()},
                  {"STRLEN n", integer(5)},
                  {"SET n -1", ok()},
                  {"STRLEN n", integer(2)},
                  {"SET n -9223372036854775808", ok()},
                  {"STRLEN n", integer(20)}});
}

TEST_F(StringTest, Getrange) {
  expect_session({{"SET key Hello", ok()},
                  {"GETRANGE key 0 0", bulk("H")},
                  {"GETRANGE key 1 3", bulk("ell")},
                  {"GETRANGE key 0 -1", bulk("Hello")},
                  {"GETRANGE key -3 -1", bulk("llo")},
                  {"GETRANGE key -100 100", bulk("Hello")},
                  {"GETRANGE key 3 1", bulk("")},
                  {"GETRANGE key 5 10", bulk("")},
                  {"GETRANGE key -1 -3", bulk("")},
                  {"GETRANGE key -100 -99", bulk("H")},
                  {"GETRANGE key -9223372036854775808 9223372036854775807", bulk("Hello")},
                  {"SUBSTR key 1 2", bulk("el")},
                  {"GETRANGE none 0 -1", bulk("")},
                  {"SET n 1234", ok()},
                  {"GETRANGE n 1 2", bulk("23")},
                  {"GETRANGE key a 1", kNotAnInteger},
                  {"GETRANGE key 1 a", kNotAnInteger},
                  {"GETRANGE key 1", wrong_arity("getrange")}});
}

TEST_F(StringTest, Setrange) {
  expect_session({{"SETRANGE key 0 Hello", integer(5)},
                  {"SETRANGE key 1 ipp", integer(5)},
                  {"GET key", bulk("Hippo")},
                  {"SETRANGE key 4 y!", integer(6)},
                  {"GET key", bulk("Hippy!")},
                  {"SETRANGE key 100 \"\"", integer(6)},
                  {"SETRANGE none 0 \"\"", integer(0)},
                  {"SETRANGE none 5 \"\"", integer(0)},
                  {"EXISTS none", integer(0)},
                  {"SET n 1234", ok()},
                  {"SETRANGE n 1 9", integer(4)},
                  {"INCR n", integer(1935)},
                  {"SETRANGE key -1 x", error("ERR offset is out of range")},
                  {"SETRANGE none -1 \"\"", error("ERR offset is out of range")},
                  {"SETRANGE key x y", kNotAnInteger},
                  {"SETRANGE key 1", wrong_arity("setrange")}});
  EXPECT_EQ(run("SETRANGE", "padded", 3, "x"), integer(4));
  EXPECT_EQ(run("GET", "padded"), bulk(std::string(3, '\0') + "x"));
  EXPECT_EQ(run("SETRANGE", "n", 6, "7"), integer(7));
  EXPECT_EQ(run("GET", "n"), bulk(std::string("1935\0\0", 6) + "7"));
}

TEST_F(StringTest, StringsAreLimitedTo512Megabytes) {
  const Reply too_long = error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
  expect_session({{"SETRANGE key 536870912 x", too_long},
                  {"SETRANGE key 4294967295 x", too_long},
                  {"SETRANGE key 9223372036854775807 x", too_long},
                  {"SET key v", ok()},
                  {"SETRANGE key 536870911 xy", too_long},
                  {"GET key", bulk("v")}});
}

TEST_F(StringTest, ASetrangeToTheLastByteOf512Megabytes) {
  EXPECT_EQ(run("SETRANGE", "key", 536870911, "x"), integer(536870912));
  EXPECT_EQ(run("STRLEN", "key"), integer(536870912));
  EXPECT_EQ(run("GETRANGE", "key", 536870910, -1), bulk(std::string("\0x", 2)));
  EXPECT_EQ(run("APPEND", "key", "y"),
            error("ERR string exceeds maximum allowed size (proto-max-bulk-len)"));
  EXPECT_EQ(run("DEL", "key"), integer(1));
}

TEST_F(StringTest, IncrAndDecr) {
  expect_session({{"INCR n", integer(1)},
                  {"INCR n", integer(2)},
                  {"INCRBY n 40", integer(42)},
                  {"DECR n", integer(41)},
                  {"DECRBY n 41", integer(0)},
                  {"DECR n", integer(-1)},
                  {"INCRBY n -9", integer(-10)},
                  {"DECRBY n -10", integer(0)},
                  {"GET n", bulk("0")},
                  {"DECR fresh", integer(-1)},
                  {"SET t 1 PXAT 33177117420000", ok()},
                  {"INCR t", integer(2)},
                  {"PEXPIRETIME t", integer(33177117420000)},
                  {"INCR", wrong_arity("incr")},
                  {"INCRBY n", wrong_arity("incrby")},
                  {"INCRBY n 1.5", kNotAnInteger},
                  {"INCRBY n \"\"", kNotAnInteger},
                  {"DECRBY n x", kNotAnInteger}});
}

TEST_F(StringTest, IncrStopsAtTheLimitsOf64Bits) {
  const Reply overflow = error("ERR increment or decrement would overflow");
  expect_session({{"SET n 9223372036854775807", ok()},
                  {"INCR n", overflow},
                  {"DECR n", integer(9223372036854775806)},
                  {"INCRBY n 2", overflow},
                  {"GET n", bulk("9223372036854775806")},
                  {"SET n -9223372036854775808", ok()},
                  {"DECR n", overflow},
                  {"INCRBY n -1", overflow},
                  {"INCRBY n 9223372036854775807", integer(-1)},
                  {"DECRBY n -9223372036854775808", error("ERR decrement would overflow")},
                  {"INCRBY n 9223372036854775808", kNotAnInteger}});
}

TEST_F(StringTest, IncrNeedsAnIntegerAsRedisWritesIt) {
  for (const char* value : {"abc", "", " 1", "1 ", "1.0", "+1", "01", "-0", "0x10", "1e3",
                            "9223372036854775808", "-9223372036854775809", "--1", "-"}) {
    EXPECT_EQ(run("SET", "n", value), ok());
    EXPECT_EQ(run("INCR", "n"), kNotAnInteger) << printable(value);
    EXPECT_EQ(run("GET", "n"), bulk(value));
  }
}

TEST_F(StringTest, Incrbyfloat) {
  expect_session({{"INCRBYFLOAT n 1", bulk("1")},
                  {"INCRBYFLOAT n 0.25", bulk("1.25")},
                  {"GET n", bulk("1.25")},
                  {"SET n 10.50", ok()},
                  {"INCRBYFLOAT n 0.1", bulk("10.6")},
                  {"INCRBYFLOAT n -5", bulk("5.6")},
                  {"SET n 5.0e3", ok()},
                  {"INCRBYFLOAT n 2.0e2", bulk("5200")},
                  {"SET n 3", ok()},
                  {"INCRBYFLOAT n 1.1", bulk("4.1")},
                  {"SET n 0", ok()},
                  {"INCRBYFLOAT n -0.0", bulk("0")},
                  {"INCRBYFLOAT n 1e-17", bulk("0.00000000000000001")},
                  {"SET n 1", ok()},
                  {"INCRBYFLOAT n 17179869184", bulk("17179869185")},
                  {"SET t 1 PXAT 33177117420000", ok()},
                  {"INCRBYFLOAT t 1", bulk("2")},
                  {"PEXPIRETIME t", integer(33177117420000)}});
}

TEST_F(StringTest, IncrbyfloatRefusesWhatIsNoFiniteNumber) {
  expect_session({{"SET n 1", ok()},
                  {"INCRBYFLOAT n abc", kNotAFloat},
                  {"INCRBYFLOAT n \"\"", kNotAFloat},
                  {"INCRBYFLOAT n nan", kNotAFloat},
                  {"INCRBYFLOAT n \" 1\"", kNotAFloat},
                  {"INCRBYFLOAT n \"1 \"", kNotAFloat},
                  {"INCRBYFLOAT n +inf", error("ERR increment would produce NaN or Infinity")},
                  {"INCRBYFLOAT n -inf", error("ERR increment would produce NaN or Infinity")},
                  {"GET n", bulk("1")},
                  {"SET n abc", ok()},
                  {"INCRBYFLOAT n 1", kNotAFloat},
                  {"SET n \"1 \"", ok()},
                  {"INCRBYFLOAT n 1", kNotAFloat},
                  {"INCRBYFLOAT n", wrong_arity("incrbyfloat")}});
}

TEST_F(StringTest, Lcs) {
  run("MSET", "a", "ohmytext", "b", "mynewtext");
  expect_session({{"LCS a b", bulk("mytext")},
                  {"LCS a b LEN", integer(6)},
                  {"LCS a none", bulk("")},
                  {"LCS a none LEN", integer(0)},
                  {"LCS none1 none2", bulk("")},
                  {"LCS a a", bulk("ohmytext")}});
  const auto range = [](int low, int high) { return array({integer(low), integer(high)}); };
  EXPECT_EQ(line("LCS a b IDX"),
            array({bulk("matches"),
                   array({array({range(4, 7), range(5, 8)}), array({range(2, 3), range(0, 1)})}),
                   bulk("len"), integer(6)}));
  EXPECT_EQ(line("LCS a b idx minmatchlen 4"),
            array({bulk("matches"), array({array({range(4, 7), range(5, 8)})}), bulk("len"),
                   integer(6)}));
  EXPECT_EQ(line("LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN"),
            array({bulk("matches"), array({array({range(4, 7), range(5, 8), integer(4)})}),
                   bulk("len"), integer(6)}));
  EXPECT_EQ(line("LCS a none IDX"), array({bulk("matches"), array({}), bulk("len"), integer(0)}));
}

TEST_F(StringTest, LcsInResp3IsAMap) {
  run3("MSET", "a", "xay", "b", "zaw");
  EXPECT_EQ(run3("LCS", "a", "b", "IDX"),
            map({bulk("matches"),
                 array({array({array({integer(1), integer(1)}), array({integer(1), integer(1)})})}),
                 bulk("len"), integer(1)}));
}

TEST_F(StringTest, LcsRefusesBadOptions) {
  run("MSET", "a", "x", "b", "y");
  expect_session({{"LCS a b LEN IDX",
                   error("ERR If you want both the length and indexes, please just use IDX.")},
                  {"LCS a b BOGUS", kSyntax},
                  {"LCS a b MINMATCHLEN", kSyntax},
                  {"LCS a b MINMATCHLEN x", kNotAnInteger},
                  {"LCS a b MINMATCHLEN -3", bulk("")},
                  {"LCS a", wrong_arity("lcs")}});
}

TEST_F(StringTest, LcsRefusesOtherTypes) {
  SKIP_WITHOUT_COMMAND("RPUSH");
  run("RPUSH", "list", "x");
  EXPECT_EQ(run("LCS", "list", "b"), error("ERR The specified keys must contain string values"));
}

TEST_F(StringTest, EncodingsFollowTheValue) {
  const std::string short_text(44, 'x');
  const std::string long_text(45, 'x');
  const auto encoding = [&](const std::string& value) {
    run("SET", "key", value);
    return run("OBJECT", "ENCODING", "key");
  };
  EXPECT_EQ(encoding("12345"), bulk("int"));
  EXPECT_EQ(encoding("-9223372036854775808"), bulk("int"));
  EXPECT_EQ(encoding("9223372036854775807"), bulk("int"));
  EXPECT_EQ(encoding("9223372036854775808"), bulk("embstr"));
  EXPECT_EQ(encoding("012"), bulk("embstr"));
  EXPECT_EQ(encoding("+1"), bulk("embstr"));
  EXPECT_EQ(encoding("-0"), bulk("embstr"));
  EXPECT_EQ(encoding("1.5"), bulk("embstr"));
  EXPECT_EQ(encoding(""), bulk("embstr"));
  EXPECT_EQ(encoding(short_text), bulk("embstr"));
  EXPECT_EQ(encoding(long_text), bulk("raw"));
}

TEST_F(StringTest, EncodingsFollowTheCommands) {
  expect_session({{"SET key 1", ok()},
                  {"APPEND key 2", integer(2)},
                  {"OBJECT ENCODING key", bulk("raw")},
                  {"INCR key", integer(13)},
                  {"OBJECT ENCODING key", bulk("int")},
                  {"SETRANGE key 0 9", integer(2)},
                  {"OBJECT ENCODING key", bulk("raw")},
                  {"GETSET key 5", bulk("93")},
                  {"OBJECT ENCODING key", bulk("int")},
                  {"INCRBYFLOAT key 1", bulk("6")},
                  {"OBJECT ENCODING key", bulk("embstr")},
                  {"APPEND fresh 1", integer(1)},
                  {"OBJECT ENCODING fresh", bulk("int")},
                  {"SETNX nx 7", integer(1)},
                  {"OBJECT ENCODING nx", bulk("int")},
                  {"MSET m 7", ok()},
                  {"OBJECT ENCODING m", bulk("int")}});
}

TEST_F(StringTest, LargeValues) {
  std::string value(5'000'000, 'a');
  for (std::size_t i = 0; i < value.size(); ++i) value[i] = static_cast<char>(i * 31 % 251);
  EXPECT_EQ(run("SET", "big", value), ok());
  EXPECT_EQ(run("GET", "big"), bulk(value));
  EXPECT_EQ(run("GETRANGE", "big", 4'000'000, 4'999'999), bulk(value.substr(4'000'000)));
  EXPECT_EQ(run("APPEND", "big", value), integer(10'000'000));
  EXPECT_EQ(run("GET", "big"), bulk(value + value));
  EXPECT_EQ(run("SET", "big", "small"), ok());
  EXPECT_EQ(run("GET", "big"), bulk("small"));
}

TEST_F(StringTest, MgetOfManyKeysInOneRequest) {
  std::vector<std::string> mset{"MSET"};
  std::vector<std::string> mget{"MGET"};
  std::vector<std::string> values;
  for (int i = 0; i < 10000; ++i) {
    mset.push_back("key:" + std::to_string(i));
    mset.push_back("value:" + std::to_string(i * i));
    mget.push_back("key:" + std::to_string(i));
    values.push_back("value:" + std::to_string(i * i));
  }
  EXPECT_EQ(client().command(mset), ok());
  EXPECT_EQ(client().command(mget), bulks(values));
  EXPECT_EQ(run("DBSIZE"), integer(10000));
}

TEST_F(StringTest, RepliesInResp3) {
  EXPECT_EQ(run3("GET", "none"), nil());
  EXPECT_EQ(run3("SET", "key", "v"), ok());
  EXPECT_EQ(run3("SET", "key", "v", "NX"), nil());
  EXPECT_EQ(run3("GET", "key"), bulk("v"));
  EXPECT_EQ(run3("MGET", "key", "none"), array({bulk("v"), nil()}));
  EXPECT_EQ(run3("INCRBYFLOAT", "n", "1.5"), bulk("1.5"));
  EXPECT_EQ(run3("INCR", "i"), integer(1));
}

TEST_F(StringTest, StringCommandsRefuseOtherTypes) {
  SKIP_WITHOUT_COMMAND("RPUSH");
  run("RPUSH", "list", "x");
  for (const char* command :
       {"GET list", "SET list v GET", "GETSET list v", "GETDEL list", "GETEX list", "APPEND list x",
        "STRLEN list", "GETRANGE list 0 -1", "SUBSTR list 0 -1", "SETRANGE list 0 x", "INCR list",
        "DECR list", "INCRBY list 1", "DECRBY list 1", "INCRBYFLOAT list 1"}) {
    EXPECT_EQ(line(command), kWrongType) << command;
  }
  expect_session({{"TYPE list", status("list")},
                  {"MGET list", array({nil()})},
                  {"SETNX list v", integer(0)},
                  {"MSETNX list v", integer(0)},
                  {"SET list v", ok()},
                  {"TYPE list", status("string")}});
}

TEST_F(StringTest, SetExpiryIsRelativeToTheServersClock) {
  const std::int64_t before = unix_time_ms();
  run("SET", "key", "v", "PX", 1'000'000);
  const std::int64_t after = unix_time_ms();
  EXPECT_INTEGER_BETWEEN(run("PEXPIRETIME", "key"), before + 999'000, after + 1'001'000);
}

}  // namespace
}  // namespace spinel::test
