// Fields of hashes that expire: the commands of Redis 7.4, and HGETEX, HSETEX and HGETDEL of 8.0.
#include <chrono>

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

class HashExpiryTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    SKIP_WITHOUT_COMMAND("HSETEX");
  }
  // A field of `key` that lives shortly, and waits until its time is over. The clock is set after
  // it and lives longer.
  void set_and_outlive(const std::string& key, const std::string& field) {
    ASSERT_EQ(run("HSETEX", key, "PX", 1, "FIELDS", 1, field, "v"), integer(1));
    ASSERT_EQ(run("SET", "clock", "v", "PX", 3), ok());
    ASSERT_TRUE(wait_until([&] { return run("GET", "clock").is_null(); }));
  }
  Reply integers(const std::vector<std::int64_t>& values) {
    std::vector<Reply> elements;
    elements.reserve(values.size());
    for (const std::int64_t value : values) elements.push_back(integer(value));
    return array(elements);
  }
};

const Reply kWrongType = error("WRONGTYPE Operation against a key holding the wrong kind of value");
const Reply kNoFields =
    error("ERR Mandatory argument FIELDS is missing or not at the right position");
const Reply kNotPositive = error("ERR Parameter `numFields` should be greater than 0");
const Reply kCountNotPositive = error("ERR Number of fields must be a positive integer");
const Reply kWrongNumber =
    error("ERR The `numfields` parameter must match the number of arguments");
const Reply kNotAnInteger = error("ERR value is not an integer or out of range");

// Far away, so that no two looks at the clock matter.
constexpr std::int64_t kTimeMs = 33'177'117'420'000;
constexpr std::int64_t kTime = kTimeMs / 1000;

std::int64_t unix_time_ms() {
  return std::chrono::duration_cast<milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

TEST_F(HashExpiryTest, SetsAndTells) {
  run("HSET", "h", "a", "1", "b", "2");
  EXPECT_EQ(run("HPEXPIREAT", "h", kTimeMs, "FIELDS", 2, "a", "x"), integers({1, -2}));
  EXPECT_EQ(run("HPEXPIRETIME", "h", "FIELDS", 3, "a", "b", "x"), integers({kTimeMs, -1, -2}));
  EXPECT_EQ(run("HEXPIRETIME", "h", "FIELDS", 3, "a", "b", "x"), integers({kTime, -1, -2}));
  EXPECT_EQ(run("HEXPIREAT", "h", kTime + 5, "FIELDS", 1, "b"), integers({1}));
  EXPECT_EQ(run("HPEXPIRETIME", "h", "FIELDS", 1, "b"), integers({kTimeMs + 5000}));
  EXPECT_EQ(run("HEXPIRE", "h", 100'000, "FIELDS", 1, "a"), integers({1}));
  EXPECT_INTEGER_BETWEEN(run("HTTL", "h", "FIELDS", 1, "a").elements.at(0), 99'000, 100'000);
  EXPECT_EQ(run("HPEXPIRE", "h", 100'000'000, "FIELDS", 1, "a"), integers({1}));
  EXPECT_INTEGER_BETWEEN(run("HPTTL", "h", "FIELDS", 1, "a").elements.at(0), 99'000'000,
                         100'000'000);
  EXPECT_EQ(run("HTTL", "h", "FIELDS", 1, "x"), integers({-2}));
  EXPECT_EQ(run("HPERSIST", "h", "FIELDS", 3, "a", "x", "b"), integers({1, -2, 1}));
  EXPECT_EQ(run("HPERSIST", "h", "FIELDS", 1, "a"), integers({-1}));
  EXPECT_EQ(run("HTTL", "h", "FIELDS", 2, "a", "b"), integers({-1, -1}));
  EXPECT_EQ(run3("HPTTL", "h", "FIELDS", 1, "a"), integers({-1}));
}

TEST_F(HashExpiryTest, AMissingKeyHasNoFields) {
  for (const char* command :
       {"HEXPIRE k 9 FIELDS 2 a b", "HPEXPIRE k 9 FIELDS 2 a b", "HEXPIREAT k 9 FIELDS 2 a b",
        "HPEXPIREAT k 9 NX FIELDS 2 a b", "HTTL k FIELDS 2 a b", "HPTTL k FIELDS 2 a b",
        "HEXPIRETIME k FIELDS 2 a b", "HPEXPIRETIME k FIELDS 2 a b", "HPERSIST k FIELDS 2 a b"}) {
    EXPECT_EQ(line(command), integers({-2, -2})) << command;
  }
  EXPECT_EQ(line("HGETEX k FIELDS 2 a b"), array({nil(), nil()}));
  EXPECT_EQ(line("HGETDEL k FIELDS 2 a b"), array({nil(), nil()}));
  EXPECT_EQ(line("EXISTS k"), integer(0));
}

TEST_F(HashExpiryTest, OtherTypesAreRefused) {
  run("SET", "s", "v");
  for (const char* command :
       {"HEXPIRE s 9 FIELDS 1 a", "HPEXPIRE s 9 FIELDS 1 a", "HEXPIREAT s 9 FIELDS 1 a",
        "HPEXPIREAT s 9 FIELDS 1 a", "HTTL s FIELDS 1 a", "HPTTL s FIELDS 1 a",
        "HEXPIRETIME s FIELDS 1 a", "HPEXPIRETIME s FIELDS 1 a", "HPERSIST s FIELDS 1 a",
        "HGETEX s FIELDS 1 a", "HGETDEL s FIELDS 1 a", "HSETEX s FIELDS 1 a 1",
        // Before the arguments are read.
        "HEXPIRE s x FIELDS 1 a", "HTTL s FIELDS 0 a", "HPERSIST s FIELDZ 1 a",
        "HGETDEL s FIELDS 5 a"}) {
    EXPECT_EQ(line(command), kWrongType) << command;
  }
}

TEST_F(HashExpiryTest, Conditions) {
  run("HSET", "h", "none", "1", "some", "2");
  const auto expire = [this](std::int64_t seconds, const char* condition) {
    run("HPERSIST", "h", "FIELDS", 1, "none");
    run("HEXPIREAT", "h", kTime, "FIELDS", 1, "some");
    return run("HEXPIREAT", "h", seconds, condition, "FIELDS", 2, "none", "some");
  };
  EXPECT_EQ(expire(kTime, "NX"), integers({1, 0}));
  EXPECT_EQ(expire(kTime, "XX"), integers({0, 1}));
  EXPECT_EQ(expire(kTime + 1, "GT"), integers({0, 1}));
  EXPECT_EQ(expire(kTime, "GT"), integers({0, 0}));
  EXPECT_EQ(expire(kTime - 1, "gt"), integers({0, 0}));
  EXPECT_EQ(expire(kTime - 1, "LT"), integers({1, 1}));
  EXPECT_EQ(expire(kTime, "lt"), integers({1, 0}));
}

TEST_F(HashExpiryTest, ATimeInThePastDeletes) {
  run("HSET", "h", "a", "1", "b", "2", "c", "3", "d", "4");
  EXPECT_EQ(run("HEXPIRE", "h", 0, "FIELDS", 2, "a", "x"), integers({2, -2}));
  EXPECT_EQ(run("HEXPIREAT", "h", 1, "FIELDS", 1, "b"), integers({2}));
  EXPECT_EQ(run("HPEXPIREAT", "h", 1, "XX", "FIELDS", 1, "c"), integers({0}));
  EXPECT_EQ(run("HKEYS", "h"), bulks({"c", "d"}));
  EXPECT_EQ(run("HPEXPIRE", "h", 0, "FIELDS", 2, "c", "d"), integers({2, 2}));
  EXPECT_EQ(run("EXISTS", "h"), integer(0));
}

TEST_F(HashExpiryTest, ArgumentsThatMakeNoSense) {
  run("HSET", "h", "a", "1");
  const auto bad_time = [](const std::string& command) {
    return error("ERR invalid expire time in '" + command + "' command");
  };
  expect_session(
      {{"HEXPIRE h 9 FIELDS", error("ERR wrong number of arguments for 'hexpire' command")},
       {"HEXPIRE h 9 FIELDZ 1 a", kNoFields},
       {"HEXPIRE h 9 YY FIELDS 1 a", kNoFields},
       {"HEXPIRE h 9 NX XX FIELDS 1 a", kNoFields},
       {"HEXPIRE h 9 FIELDS 0 a", kNotPositive},
       {"HEXPIRE h 9 FIELDS -1 a", kNotPositive},
       {"HEXPIRE h 9 FIELDS x a", kNotPositive},
       {"HEXPIRE h 9 FIELDS 2 a", kWrongNumber},
       {"HEXPIRE h 9 FIELDS 1 a b", kWrongNumber},
       {"HEXPIRE h x FIELDS 1 a", kNotAnInteger},
       {"HEXPIRE h -1 FIELDS 1 a", error("ERR invalid expire time, must be >= 0")},
       {"HEXPIRE h 9223372036854775807 FIELDS 1 a", bad_time("hexpire")},
       {"HPEXPIRE h 9223372036854775807 FIELDS 1 a", bad_time("hpexpire")},
       {"HEXPIREAT h 9223372036854775 FIELDS 1 a", bad_time("hexpireat")},
       {"HPEXPIREAT h 70368744177663 FIELDS 1 a", bad_time("hpexpireat")},
       {"HPEXPIREAT h 70368744177662 FIELDS 1 a", integers({1})},
       {"HTTL h FIELDZ 1 a", kNoFields},
       {"HTTL h FIELDS 2 a", kWrongNumber},
       {"HTTL h FIELDS 0 a", kCountNotPositive},
       {"HPEXPIRETIME h FIELDS x a", kCountNotPositive},
       {"HPERSIST h FIELDS 0 a", kCountNotPositive},
       {"HGETDEL h FIELDZ 1 a", kNoFields},
       {"HGETDEL h FIELDS 0 a", kCountNotPositive},
       {"HGETDEL h FIELDS 2 a", kWrongNumber}});
}

TEST_F(HashExpiryTest, WritesDropOrKeepTheExpiry) {
  const auto expiry_after = [this](const std::string& command) {
    run("DEL", "h");
    run("HSET", "h", "a", "1");
    run("HPEXPIREAT", "h", kTimeMs, "FIELDS", 1, "a");
    EXPECT_FALSE(line(command).is_error()) << command;
    return run("HPEXPIRETIME", "h", "FIELDS", 1, "a").elements.at(0).number;
  };
  EXPECT_EQ(expiry_after("HSET h a 2"), -1);
  EXPECT_EQ(expiry_after("HMSET h a 2"), -1);
  EXPECT_EQ(expiry_after("HSETNX h a 2"), kTimeMs);
  EXPECT_EQ(expiry_after("HINCRBY h a 2"), kTimeMs);
  EXPECT_EQ(expiry_after("HINCRBYFLOAT h a 2.5"), kTimeMs);
  EXPECT_EQ(expiry_after("HSETEX h FIELDS 1 a 2"), -1);
  EXPECT_EQ(expiry_after("HSETEX h KEEPTTL FIELDS 1 a 2"), kTimeMs);
  EXPECT_EQ(expiry_after("HSETEX h EXAT 44000000000 FIELDS 1 a 2"), 44'000'000'000'000);
  EXPECT_EQ(expiry_after("HGETEX h FIELDS 1 a"), kTimeMs);
  EXPECT_EQ(expiry_after("HGETEX h PERSIST FIELDS 1 a"), -1);
  EXPECT_EQ(expiry_after("HGETEX h PXAT 44000000000001 FIELDS 1 a"), 44'000'000'000'001);
  EXPECT_EQ(expiry_after("RENAME h h"), kTimeMs);
  EXPECT_EQ(expiry_after("EXPIRE h 1000"), kTimeMs);
  EXPECT_EQ(expiry_after("HDEL h a"), -2);
}

TEST_F(HashExpiryTest, Encodings) {
  run("HSET", "h", "a", "1");
  EXPECT_EQ(run("OBJECT", "ENCODING", "h"), bulk("listpack"));
  run("HEXPIRE", "h", 1000, "FIELDS", 1, "a");
  EXPECT_EQ(run("OBJECT", "ENCODING", "h"), bulk("listpackex"));
  for (int i = 0; i < 600; ++i) run("HSET", "h", "f" + std::to_string(i), i);
  EXPECT_EQ(run("OBJECT", "ENCODING", "h"), bulk("hashtable"));
  EXPECT_INTEGER_BETWEEN(run("HTTL", "h", "FIELDS", 1, "a").elements.at(0), 900, 1000);
}

TEST_F(HashExpiryTest, AnExpiredFieldIsGoneForEveryCommand) {
  ASSERT_EQ(line("DEBUG SET-ACTIVE-EXPIRE 0"), ok());
  const std::vector<std::pair<std::string, Reply>> questions = {
      {"HGET h e", nil()},
      {"HMGET h e a", array({nil(), bulk("1")})},
      {"HGETALL h", bulks({"a", "1"})},
      {"HKEYS h", bulks({"a"})},
      {"HVALS h", bulks({"1"})},
      {"HLEN h", integer(1)},
      {"HEXISTS h e", integer(0)},
      {"HSTRLEN h e", integer(0)},
      {"HDEL h e", integer(0)},
      {"HSETNX h e new", integer(1)},
      {"HSET h e new", integer(1)},
      {"HINCRBY h e 5", integer(5)},
      {"HINCRBYFLOAT h e 0.5", bulk("0.5")},
      {"HRANDFIELD h", bulk("a")},
      {"HRANDFIELD h 5", bulks({"a"})},
      {"HRANDFIELD h -2", bulks({"a", "a"})},
      {"HSCAN h 0", array({bulk("0"), bulks({"a", "1"})})},
      {"HTTL h FIELDS 1 e", integers({-2})},
      {"HPERSIST h FIELDS 1 e", integers({-2})},
      {"HEXPIRE h 100 FIELDS 1 e", integers({-2})},
      {"HGETEX h FIELDS 1 e", array({nil()})},
      {"HGETDEL h FIELDS 1 e", array({nil()})},
      {"HSETEX h FXX FIELDS 1 e 1", integer(0)},
      {"HSETEX h FNX FIELDS 1 e 1", integer(1)},
  };
  for (const auto& [command, reply] : questions) {
    run("HSET", "h", "a", "1");
    set_and_outlive("h", "e");
    EXPECT_EQ(line(command), reply) << command;
    EXPECT_LT(run("HPTTL", "h", "FIELDS", 1, "e").elements.at(0).number, 0) << command;
    run("FLUSHALL");
  }
  EXPECT_EQ(line("DEBUG SET-ACTIVE-EXPIRE 1"), ok());
}

TEST_F(HashExpiryTest, AHashWhoseFieldsExpiredIsGone) {
  ASSERT_EQ(line("DEBUG SET-ACTIVE-EXPIRE 0"), ok());
  for (const char* command : {"EXISTS h", "HLEN h", "DEL h", "HGETALL h", "TYPE h"}) {
    set_and_outlive("h", "e");
    const Reply reply = line(command);
    EXPECT_TRUE(reply == integer(0) || reply == array({}) || reply == status("none"))
        << command << ": " << reply;
    EXPECT_EQ(run("DBSIZE"), integer(0)) << command;
  }
  EXPECT_EQ(line("DEBUG SET-ACTIVE-EXPIRE 1"), ok());
}

TEST_F(HashExpiryTest, TheActiveCycleRemovesFieldsAndHashes) {
  const long long expired_before = info_number("expired_subkeys");
  for (int i = 0; i < 500; ++i) {
    const std::string key = "h" + std::to_string(i);
    run("HSETEX", key, "PX", 1, "FIELDS", 2, "a", "1", "b", "2");
    if (i % 10 == 0) run("HSET", key, "stays", "v");
  }
  const long long changes = info_number("rdb_changes_since_last_save");
  EXPECT_TRUE(wait_until([&] { return run("DBSIZE") == integer(50); }));
  EXPECT_EQ(info_number("expired_subkeys"), expired_before + 1000);
  EXPECT_EQ(info_number("rdb_changes_since_last_save"), changes);
  EXPECT_EQ(run("HGETALL", "h10"), bulks({"stays", "v"}));
}

TEST_F(HashExpiryTest, TheActiveCycleEmptiesALargeHash) {
  RawConnection loader = server().raw();
  std::string requests;
  constexpr int kFields = 50'000;
  for (int i = 0; i < kFields; ++i) {
    requests += encode_command(
        {"HSETEX", "large", "PX", "100", "FIELDS", "1", "f" + std::to_string(i), "v"});
  }
  ASSERT_EQ(loader.exchange(requests, kFields).size(), static_cast<std::size_t>(kFields));
  run("HSET", "large", "stays", "v");
  EXPECT_TRUE(wait_until([&] { return run("HLEN", "large") == integer(1); }));
  EXPECT_EQ(run("HGETALL", "large"), bulks({"stays", "v"}));
}

TEST_F(HashExpiryTest, Hsetex) {
  const std::int64_t before_ms = unix_time_ms();
  EXPECT_EQ(line("HSETEX h EX 1000 FIELDS 2 a 1 b 2"), integer(1));
  const Reply times = run("HPEXPIRETIME", "h", "FIELDS", 2, "a", "b");
  EXPECT_INTEGER_BETWEEN(times.elements.at(0), before_ms + 1'000'000, unix_time_ms() + 1'000'000);
  EXPECT_EQ(times.elements.at(0), times.elements.at(1));
  EXPECT_EQ(line("HSETEX h FNX FIELDS 2 c 3 a 9"), integer(0));
  EXPECT_EQ(line("HEXISTS h c"), integer(0));
  EXPECT_EQ(line("HSETEX h FXX FIELDS 2 c 3 a 9"), integer(0));
  EXPECT_EQ(line("HSETEX h FXX PX 500000 FIELDS 2 b 3 a 9"), integer(1));
  EXPECT_EQ(line("HMGET h a b"), bulks({"9", "3"}));
  EXPECT_EQ(line("HSETEX h FIELDS 1 c 3 FNX"), integer(1)) << "options may come last";
  EXPECT_EQ(line("HSETEX new FXX FIELDS 1 c 3"), integer(0));
  EXPECT_EQ(line("EXISTS new"), integer(0));
  EXPECT_EQ(line("HSETEX gone PXAT 1 FIELDS 1 c 3"), integer(1));
  EXPECT_EQ(line("EXISTS gone"), integer(0));
  expect_session(
      {{"HSETEX h EX 9 PX 9 FIELDS 1 a 1",
        error("ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified")},
       {"HSETEX h EX 9 KEEPTTL FIELDS 1 a 1",
        error("ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified")},
       {"HSETEX h FNX FXX FIELDS 1 a 1",
        error("ERR Only one of FXX or FNX arguments can be specified")},
       {"HSETEX h EX 9 FNX KEEP 1 a 1", error("ERR unknown argument: KEEP")},
       {"HSETEX h FNX EX 9 KEEPTTL", error("ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL "
                                           "arguments can be specified")},
       {"HSETEX h FNX EXAT 9 PERSIST", error("ERR unknown argument: PERSIST")},
       {"HSETEX h FIELDS 0 a 1", error("ERR invalid number of fields")},
       {"HSETEX h FIELDS x a 1", error("ERR invalid number of fields")},
       {"HSETEX h FIELDS 2 a 1", error("ERR wrong number of arguments")},
       {"HSETEX h EX x FIELDS 1 a 1", kNotAnInteger},
       {"HSETEX h EX -1 FIELDS 1 a 1", error("ERR invalid expire time, must be >= 0")}});
}

TEST_F(HashExpiryTest, Hgetex) {
  run("HSET", "h", "a", "1", "b", "2");
  EXPECT_EQ(line("HGETEX h EX 1000 FIELDS 2 a x"), array({bulk("1"), nil()}));
  EXPECT_INTEGER_BETWEEN(run("HTTL", "h", "FIELDS", 1, "a").elements.at(0), 900, 1000);
  EXPECT_EQ(run("HTTL", "h", "FIELDS", 1, "b"), integers({-1}));
  EXPECT_EQ(run3("HGETEX", "h", "FIELDS", 2, "b", "x"), array({bulk("2"), nil()}));
  EXPECT_EQ(line("HGETEX h PX 0 FIELDS 2 a b"), bulks({"1", "2"}));
  EXPECT_EQ(line("EXISTS h"), integer(0));
  expect_session(
      {{"HGETEX h PERSIST EX 9 FIELDS 1 a",
        error("ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified")},
       {"HGETEX h KEEPTTL FIELDS 1 a", error("ERR unknown argument: KEEPTTL")},
       {"HGETEX h FIELDS 2 a", error("ERR wrong number of arguments")},
       {"HGETEX h PERSIST FIELDS 2 a", error("ERR wrong number of arguments")},
       {"HGETEX h FIELDS 0 a", error("ERR invalid number of fields")}});
}

TEST_F(HashExpiryTest, Hgetdel) {
  run("HSET", "h", "a", "1", "b", "2", "c", "3");
  EXPECT_EQ(line("HGETDEL h FIELDS 3 a x a"), array({bulk("1"), nil(), nil()}));
  EXPECT_EQ(line("HKEYS h"), bulks({"b", "c"}));
  EXPECT_EQ(run3("HGETDEL", "h", "FIELDS", 2, "c", "b"), bulks({"3", "2"}));
  EXPECT_EQ(line("EXISTS h"), integer(0));
}

}  // namespace
}  // namespace spinel::test
