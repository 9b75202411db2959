#include <algorithm>
#include <limits>
#include <set>

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

using GenericTest = ServerTest;

const Reply kNotAnInteger = error("ERR value is not an integer or out of range");
const Reply kSyntax = error("ERR syntax error");
const Reply kNoSuchKey = error("ERR no such key");
const Reply kOutOfRangeDb = error("ERR DB index is out of range");
constexpr std::int64_t kFar = 33177117420000;  // in the year 3021, in milliseconds

Reply wrong_arity(const std::string& command) {
  return error("ERR wrong number of arguments for '" + command + "' command");
}

TEST_F(GenericTest, DelUnlinkExistsTouch) {
  expect_session({{"MSET a 1 b 2 c 3", ok()},
                  {"EXISTS a b none a", integer(3)},
                  {"TOUCH a b none a", integer(3)},
                  {"DEL a none a", integer(1)},
                  {"UNLINK b c b", integer(2)},
                  {"DBSIZE", integer(0)},
                  {"DEL a", integer(0)},
                  {"DEL", wrong_arity("del")},
                  {"UNLINK", wrong_arity("unlink")},
                  {"EXISTS", wrong_arity("exists")},
                  {"TOUCH", wrong_arity("touch")}});
}

TEST_F(GenericTest, UnlinkOfALargeValueTakesItsMemoryBack) {
  std::string value;
  value.resize(20'000'000, 'x');
  run("SET", "big", value);
  EXPECT_GT(info_number("used_memory"), 20'000'000);
  EXPECT_EQ(run("UNLINK", "big"), integer(1));
  EXPECT_TRUE(wait_until([&] { return info_number("used_memory") < 20'000'000; }));
}

#ifndef SPINEL_SANITIZED  // their allocators count what they keep back
// Collections have slabs of their own, whose idle bytes are counted by whichever thread frees them.
TEST_F(GenericTest, FlushingInTheBackgroundDoesNotDriftUsedMemory) {
  std::vector<std::vector<std::string>> fill;
  for (int key = 0; key < 1500; ++key) {
    std::vector<std::string>& command = fill.emplace_back();
    command = {"SADD", "s:" + std::to_string(key)};
    for (int i = 0; i < 400; ++i) command.push_back("m" + std::to_string(i));
  }
  const auto used_after_a_round = [&] {
    server().raw().pipeline(fill);
    server().raw().pipeline({{"FLUSHALL", "ASYNC"}, {"DEBUG", "POPULATE", "150000"}});
    EXPECT_EQ(run("FLUSHALL", "SYNC"), ok());
    EXPECT_TRUE(wait_until([&] { return info_number("lazyfree_pending_objects") == 0; }));
    return info_number("used_memory");
  };
  const long long used_at_first = used_after_a_round();
  for (int round = 0; round < 4; ++round) EXPECT_NEAR(used_after_a_round(), used_at_first, 65536);
}
#endif

TEST_F(GenericTest, Type) {
  expect_session({{"TYPE none", status("none")},
                  {"SET a 1", ok()},
                  {"TYPE a", status("string")},
                  {"TYPE", wrong_arity("type")}});
}

TEST_F(GenericTest, Keys) {
  run("MSET", "hello", 1, "hallo", 2, "hxllo", 3, "hllo", 4, "heeeello", 5, "a[b", 6, "a\\b", 7);
  const auto keys = [&](const std::string& pattern) { return run("KEYS", pattern).sorted_texts(); };
  using List = std::vector<std::string>;
  EXPECT_EQ(keys("h?llo"), (List{"hallo", "hello", "hxllo"}));
  EXPECT_EQ(keys("h*llo"), (List{"hallo", "heeeello", "hello", "hllo", "hxllo"}));
  EXPECT_EQ(keys("h[ae]llo"), (List{"hallo", "hello"}));
  EXPECT_EQ(keys("h[^e]llo"), (List{"hallo", "hxllo"}));
  EXPECT_EQ(keys("h[a-f]llo"), (List{"hallo", "hello"}));
  EXPECT_EQ(keys("h[f-a]llo"), (List{"hallo", "hello"}));
  EXPECT_EQ(keys("a\\[b"), (List{"a[b"}));
  EXPECT_EQ(keys("a\\\\b"), (List{"a\\b"}));
  EXPECT_EQ(keys("hello"), (List{"hello"}));
  EXPECT_EQ(keys("HELLO"), List{});
  EXPECT_EQ(keys("nothing*"), List{});
  EXPECT_EQ(keys("*").size(), 7U);
  EXPECT_EQ(keys("**").size(), 7U);
  EXPECT_EQ(keys(""), List{});
  EXPECT_EQ(run("KEYS"), wrong_arity("keys"));
}

TEST_F(GenericTest, Randomkey) {
  EXPECT_EQ(run("RANDOMKEY"), nil());
  run("MSET", "a", 1, "b", 2, "c", 3);
  std::set<std::string> seen;
  EXPECT_TRUE(wait_until([&] {
    seen.insert(run("RANDOMKEY").text);
    return seen.size() == 3;
  }));
  EXPECT_EQ(seen, (std::set<std::string>{"a", "b", "c"}));
}

TEST_F(GenericTest, RandomkeyOfExpiredKeysEnds) {
  ASSERT_EQ(line("DEBUG SET-ACTIVE-EXPIRE 0"), ok());
  for (int i = 0; i < 100; ++i) run("SET", "key" + std::to_string(i), "v", "PX", 1);
  EXPECT_TRUE(wait_until([&] { return run("RANDOMKEY").is_null(); }));
  EXPECT_EQ(line("DEBUG SET-ACTIVE-EXPIRE 1"), ok());
}

TEST_F(GenericTest, Rename) {
  expect_session({{"SET a 1 PXAT 33177117420000", ok()},
                  {"SET b 2", ok()},
                  {"RENAME a b", ok()},
                  {"EXISTS a", integer(0)},
                  {"GET b", bulk("1")},
                  {"PEXPIRETIME b", integer(kFar)},
                  {"RENAME none b", kNoSuchKey},
                  {"RENAME b b", ok()},
                  {"GET b", bulk("1")},
                  {"RENAMENX b c", integer(1)},
                  {"SET d 3", ok()},
                  {"RENAMENX c d", integer(0)},
                  {"RENAMENX c c", integer(0)},
                  {"MGET c d", bulks({"1", "3"})},
                  {"RENAMENX none x", kNoSuchKey},
                  {"RENAME none none", kNoSuchKey},
                  {"RENAME a", wrong_arity("rename")},
                  {"RENAMENX a", wrong_arity("renamenx")}});
}

TEST_F(GenericTest, RenameOntoAKeyWithExpiryDropsIt) {
  expect_session({{"SET a 1", ok()},
                  {"SET b 2 PXAT 33177117420000", ok()},
                  {"RENAME a b", ok()},
                  {"PTTL b", integer(-1)}});
}

TEST_F(GenericTest, Copy) {
  expect_session({{"SET a 1 PXAT 33177117420000", ok()},
                  {"COPY a b", integer(1)},
                  {"GET b", bulk("1")},
                  {"PEXPIRETIME b", integer(kFar)},
                  {"SET a 2", ok()},
                  {"COPY a b", integer(0)},
                  {"GET b", bulk("1")},
                  {"COPY a b REPLACE", integer(1)},
                  {"GET b", bulk("2")},
                  {"PTTL b", integer(-1)},
                  {"COPY none c", integer(0)},
                  {"COPY a a DB 1", integer(1)},
                  {"COPY a a DB 1", integer(0)},
                  {"COPY a a DB 1 REPLACE", integer(1)},
                  {"COPY a x DB 1 replace", integer(1)},
                  {"COPY a a", error("ERR source and destination objects are the same")},
                  {"COPY a a REPLACE", error("ERR source and destination objects are the same")},
                  {"COPY none none", error("ERR source and destination objects are the same")},
                  {"COPY a b DB", kSyntax},
                  {"COPY a b BOGUS", kSyntax},
                  {"COPY a b DB x", kNotAnInteger},
                  {"COPY a b DB 16", kOutOfRangeDb},
                  {"COPY a b DB -1", kOutOfRangeDb},
                  {"COPY a", wrong_arity("copy")},
                  {"SELECT 1", ok()},
                  {"MGET a x", bulks({"2", "2"})}});
}

TEST_F(GenericTest, CopyIsIndependentOfItsSource) {
  const std::string value(1000, 'x');
  run("SET", "a", value);
  run("COPY", "a", "b");
  run("APPEND", "a", "y");
  EXPECT_EQ(run("GET", "b"), bulk(value));
  EXPECT_EQ(run("GET", "a"), bulk(value + "y"));
}

TEST_F(GenericTest, Move) {
  expect_session({{"SET a 1 PXAT 33177117420000", ok()},
                  {"MOVE a 1", integer(1)},
                  {"EXISTS a", integer(0)},
                  {"MOVE a 1", integer(0)},
                  {"SET a 2", ok()},
                  {"MOVE a 1", integer(0)},
                  {"GET a", bulk("2")},
                  {"MOVE a 0", error("ERR source and destination objects are the same")},
                  {"MOVE a 16", kOutOfRangeDb},
                  {"MOVE a -1", kOutOfRangeDb},
                  {"MOVE a x", kNotAnInteger},
                  {"MOVE a", wrong_arity("move")},
                  {"SELECT 1", ok()},
                  {"GET a", bulk("1")},
                  {"PEXPIRETIME a", integer(kFar)}});
}

TEST_F(GenericTest, ExpireAndItsRelatives) {
  expect_session({{"SET a 1", ok()},
                  {"TTL a", integer(-1)},
                  {"PTTL a", integer(-1)},
                  {"EXPIRETIME a", integer(-1)},
                  {"PEXPIRETIME a", integer(-1)},
                  {"TTL none", integer(-2)},
                  {"PTTL none", integer(-2)},
                  {"EXPIRETIME none", integer(-2)},
                  {"PEXPIRETIME none", integer(-2)},
                  {"EXPIREAT a 33177117420", integer(1)},
                  {"EXPIRETIME a", integer(33177117420)},
                  {"PEXPIRETIME a", integer(kFar)},
                  {"PEXPIREAT a 33177117420123", integer(1)},
                  {"PEXPIRETIME a", integer(33177117420123)},
                  {"EXPIRETIME a", integer(33177117420)},
                  {"PERSIST a", integer(1)},
                  {"PERSIST a", integer(0)},
                  {"PERSIST none", integer(0)},
                  {"TTL a", integer(-1)},
                  {"EXPIRE none 10", integer(0)},
                  {"PEXPIRE none 10", integer(0)},
                  {"EXPIREAT none 10", integer(0)},
                  {"PEXPIREAT none 10", integer(0)}});
  EXPECT_EQ(run("EXPIRE", "a", 100), integer(1));
  EXPECT_INTEGER_BETWEEN(run("TTL", "a"), 40, 100);
  EXPECT_EQ(run("PEXPIRE", "a", 200'000), integer(1));
  EXPECT_INTEGER_BETWEEN(run("PTTL", "a"), 140'000, 200'000);
}

TEST_F(GenericTest, ExpireInThePastDeletes) {
  for (const char* command : {"EXPIRE a -1", "EXPIRE a 0", "PEXPIRE a -1", "PEXPIRE a 0",
                              "EXPIREAT a 1", "PEXPIREAT a 1", "EXPIREAT a 0", "EXPIREAT a -5"}) {
    run("SET", "a", 1);
    EXPECT_EQ(line(command), integer(1)) << command;
    EXPECT_EQ(run("EXISTS", "a"), integer(0)) << command;
  }
}

TEST_F(GenericTest, ExpireConditions) {
  expect_session({{"SET a 1", ok()},
                  {"PEXPIREAT a 33177117420000 XX", integer(0)},
                  {"PEXPIREAT a 33177117420000 GT", integer(0)},
                  {"PEXPIREAT a 33177117420000 NX", integer(1)},
                  {"PEXPIREAT a 33177117420001 NX", integer(0)},
                  {"PEXPIREAT a 33177117420001 LT", integer(0)},
                  {"PEXPIREAT a 33177117420000 GT", integer(0)},
                  {"PEXPIREAT a 33177117420001 GT", integer(1)},
                  {"PEXPIREAT a 33177117420000 lt", integer(1)},
                  {"PEXPIREAT a 33177117420005 xx", integer(1)},
                  {"PEXPIREAT a 33177117420006 XX GT", integer(1)},
                  {"PEXPIREAT a 33177117420005 XX LT", integer(1)},
                  {"PEXPIRETIME a", integer(33177117420005)},
                  {"PERSIST a", integer(1)},
                  {"PEXPIREAT a 33177117420000 LT", integer(1)},
                  {"PEXPIREAT a 33177117420000 XX XX", integer(1)}});
}

TEST_F(GenericTest, ExpireRefusesBadConditions) {
  run("SET", "a", 1);
  const Reply nx = error("ERR NX and XX, GT or LT options at the same time are not compatible");
  const Reply gt = error("ERR GT and LT options at the same time are not compatible");
  expect_session({{"EXPIRE a 10 NX XX", nx},
                  {"EXPIRE a 10 NX GT", nx},
                  {"EXPIRE a 10 LT NX", nx},
                  {"EXPIRE a 10 GT LT", gt},
                  {"EXPIRE a 10 NX GT LT", nx},
                  {"EXPIRE a 10 BOGUS", error("ERR Unsupported option BOGUS")},
                  {"EXPIRE a x", kNotAnInteger},
                  {"EXPIRE a 1.5", kNotAnInteger},
                  {"EXPIRE none x", kNotAnInteger},
                  {"PEXPIRE a 9223372036854775808", kNotAnInteger},
                  {"EXPIRE a", wrong_arity("expire")},
                  {"PEXPIREAT a", wrong_arity("pexpireat")},
                  {"TTL a", integer(-1)}});
}

TEST_F(GenericTest, ExpireRefusesTimesThatOverflow) {
  run("SET", "a", 1);
  const auto huge = std::numeric_limits<std::int64_t>::max();
  const auto low = std::numeric_limits<std::int64_t>::min();
  for (const char* command : {"expire", "pexpire", "expireat"}) {
    const Reply refusal =
        error(std::string("ERR invalid expire time in '") + command + "' command");
    EXPECT_EQ(run(command, "a", huge), refusal);
  }
  EXPECT_EQ(run("expire", "a", low), error("ERR invalid expire time in 'expire' command"));
  EXPECT_EQ(run("expireat", "a", low), error("ERR invalid expire time in 'expireat' command"));
  EXPECT_EQ(run("EXPIRE", "a", huge / 1000), error("ERR invalid expire time in 'expire' command"));
  EXPECT_EQ(run("PEXPIREAT", "a", huge), integer(1));
  EXPECT_EQ(run("PEXPIRETIME", "a"), integer(huge));
}

TEST_F(GenericTest, Sort) {
  SKIP_WITHOUT_COMMAND("SORT");
  EXPECT_EQ(run("SORT", "none"), array({}));
}

// --- SCAN ---

class ScanTest : public ServerTest {
 protected:
  /// Follows the cursor to its end; the arguments come after the cursor.
  std::vector<std::string> scan_all(const std::string& arguments = "") {
    std::vector<std::string> found;
    std::string cursor = "0";
    do {
      const Reply reply = line("SCAN " + cursor + (arguments.empty() ? "" : " " + arguments));
      EXPECT_EQ(reply.elements.size(), 2U) << reply;
      if (reply.elements.size() != 2) break;
      cursor = reply.elements[0].text;
      for (const std::string& key : reply.elements[1].texts()) found.push_back(key);
    } while (cursor != "0" && found.size() < 1'000'000);
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  }

  void fill(int first, int last) {
    std::vector<std::string> command{"MSET"};
    for (int i = first; i < last; ++i) {
      command.push_back("key:" + std::to_string(i));
      command.push_back(std::to_string(i));
    }
    ASSERT_EQ(client().command(command), ok());
  }
};

TEST_F(ScanTest, FindsEveryKey) {
  EXPECT_EQ(line("SCAN 0"), array({bulk("0"), array({})}));
  fill(0, 1000);
  EXPECT_EQ(scan_all().size(), 1000U);
  EXPECT_EQ(scan_all("COUNT 1").size(), 1000U);
  EXPECT_EQ(scan_all("COUNT 100000").size(), 1000U);
  EXPECT_EQ(scan_all("count 7 match key:1*").size(), 111U);
}

TEST_F(ScanTest, MatchAndType) {
  fill(0, 100);
  EXPECT_EQ(scan_all("MATCH key:5"), (std::vector<std::string>{"key:5"}));
  EXPECT_EQ(scan_all("MATCH none*"), std::vector<std::string>{});
  EXPECT_EQ(scan_all("TYPE string").size(), 100U);
  EXPECT_EQ(scan_all("TYPE STRING").size(), 100U);
  EXPECT_EQ(scan_all("TYPE list").size(), 0U);
  EXPECT_EQ(scan_all("TYPE string MATCH key:?").size(), 10U);
  EXPECT_EQ(scan_all("MATCH none* MATCH key:?").size(), 10U);
}

TEST_F(ScanTest, ReturnsAllThatStaysThroughoutGrowthAndShrinking) {
  fill(0, 1000);
  std::set<std::string> found;
  std::string cursor = "0";
  int round = 0;
  do {
    const Reply reply = run("SCAN", cursor, "COUNT", 10);
    ASSERT_EQ(reply.elements.size(), 2U);
    cursor = reply.elements[0].text;
    for (const std::string& key : reply.elements[1].texts()) found.insert(key);
    if (round < 30) fill(1000 + round * 1000, 2000 + round * 1000);
    if (round == 40) {
      for (int i = 1000; i < 31000; i += 1000) {
        std::vector<std::string> command{"DEL"};
        for (int k = i; k < i + 1000; ++k) command.push_back("key:" + std::to_string(k));
        ASSERT_EQ(client().command(command), integer(1000));
      }
    }
    ++round;
  } while (cursor != "0" && round < 100'000);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(found.contains("key:" + std::to_string(i))) << "key:" << i;
  }
}

TEST_F(ScanTest, ExpiredKeysAreNotReturned) {
  ASSERT_EQ(line("DEBUG SET-ACTIVE-EXPIRE 0"), ok());
  fill(0, 10);
  for (int i = 0; i < 10; ++i) run("SET", "gone:" + std::to_string(i), 1, "PX", 1);
  EXPECT_TRUE(wait_until([&] { return scan_all().size() == 10; }));
  EXPECT_TRUE(scan_all("MATCH gone:*").empty());
  EXPECT_EQ(line("DEBUG SET-ACTIVE-EXPIRE 1"), ok());
}

TEST_F(ScanTest, RefusesBadArguments) {
  expect_session({{"SCAN x", error("ERR invalid cursor")},
                  {"SCAN \"\"", array({bulk("0"), array({})})},
                  {"SCAN 0 COUNT", kSyntax},
                  {"SCAN 0 COUNT 0", kSyntax},
                  {"SCAN 0 COUNT -1", kSyntax},
                  {"SCAN 0 COUNT x", kNotAnInteger},
                  {"SCAN 0 MATCH", kSyntax},
                  {"SCAN 0 BOGUS 1", kSyntax},
                  {"SCAN 0 TYPE", kSyntax},
                  {"SCAN", wrong_arity("scan")}});
}

TEST_F(ScanTest, AnyCursorIsAnswered) {
  fill(0, 100);
  for (const char* cursor : {"1", "18446744073709551615", "9223372036854775808", "12345678"}) {
    const Reply reply = run("SCAN", cursor);
    EXPECT_EQ(reply.elements.size(), 2U) << cursor << ": " << reply;
  }
  EXPECT_EQ(run("SCAN", "18446744073709551616"), error("ERR invalid cursor"));
}

// --- OBJECT ---

TEST_F(GenericTest, ObjectSubcommands) {
  expect_session(
      {{"SET a 1", ok()},
       {"OBJECT ENCODING a", bulk("int")},
       {"OBJECT REFCOUNT none", nil()},
       {"OBJECT ENCODING none", nil()},
       {"OBJECT IDLETIME none", nil()},
       {"OBJECT FREQ none", nil()},
       {"OBJECT FREQ a",
        error("ERR An LFU maxmemory policy is not selected, access frequency not tracked. "
              "Please note that when switching between policies at runtime LRU and LFU "
              "data will take some time to adjust.")},
       {"OBJECT ENCODING", wrong_arity("object|encoding")},
       {"OBJECT REFCOUNT a b", wrong_arity("object|refcount")},
       {"OBJECT", wrong_arity("object")},
       {"OBJECT BOGUS a", error("ERR unknown subcommand 'BOGUS'. Try OBJECT HELP.")}});
  run("SET", "s", "text");
  EXPECT_EQ(run("OBJECT", "REFCOUNT", "s"), integer(1));
  EXPECT_INTEGER_BETWEEN(run("OBJECT", "IDLETIME", "s"), 0, 60);
  const Reply help = run("OBJECT", "HELP");
  ASSERT_GT(help.elements.size(), 5U);
  EXPECT_EQ(help.elements[0],
            status("OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
}

TEST_F(GenericTest, ObjectIdletimeGrowsAndTouchResetsIt) {
  run("SET", "a", "text");
  EXPECT_TRUE(wait_until([&] { return run("OBJECT", "IDLETIME", "a").number >= 2; }));
  // More than once, should the machine stand still between the two.
  EXPECT_TRUE(wait_until([&] {
    EXPECT_EQ(run("TOUCH", "a"), integer(1));
    return run("OBJECT", "IDLETIME", "a").number <= 1;
  }));
}

TEST_F(GenericTest, TypeTtlAndExistsDoNotTouch) {
  run("SET", "a", "text");
  EXPECT_TRUE(wait_until([&] {
    run("TYPE", "a");
    run("TTL", "a");
    run("OBJECT", "ENCODING", "a");
    return run("OBJECT", "IDLETIME", "a").number >= 2;
  }));
}

TEST_F(OwnServerTest, ObjectFreqUnderAnLfuPolicy) {
  start_with({"--maxmemory-policy", "allkeys-lfu"});
  run("SET", "a", "text");
  EXPECT_INTEGER_BETWEEN(run("OBJECT", "FREQ", "a"), 1, 255);
  const auto before = run("OBJECT", "FREQ", "a").number;
  EXPECT_TRUE(wait_until([&] {
    run("GET", "a");
    return run("OBJECT", "FREQ", "a").number > before;
  }));
  EXPECT_EQ(
      run("OBJECT", "IDLETIME", "a"),
      error("ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that "
            "when switching between policies at runtime LRU and LFU data will take some time "
            "to adjust."));
}

// --- databases ---

TEST_F(GenericTest, DatabasesAreSeparate) {
  expect_session({{"SET a 0", ok()},
                  {"SELECT 15", ok()},
                  {"GET a", nil()},
                  {"SET a 15", ok()},
                  {"SET b 15", ok()},
                  {"DBSIZE", integer(2)},
                  {"SELECT 0", ok()},
                  {"DBSIZE", integer(1)},
                  {"GET a", bulk("0")},
                  {"SWAPDB 0 15", ok()},
                  {"DBSIZE", integer(2)},
                  {"GET a", bulk("15")},
                  {"FLUSHDB", ok()},
                  {"DBSIZE", integer(0)},
                  {"SELECT 15", ok()},
                  {"DBSIZE", integer(1)},
                  {"FLUSHALL", ok()},
                  {"DBSIZE", integer(0)}});
}

TEST_F(GenericTest, SwapdbRefusesBadIndexes) {
  expect_session({{"SWAPDB 0 0", ok()},
                  {"SWAPDB 0 16", kOutOfRangeDb},
                  {"SWAPDB -1 0", kOutOfRangeDb},
                  {"SWAPDB x 0", error("ERR invalid first DB index")},
                  {"SWAPDB 0 x", error("ERR invalid second DB index")},
                  {"SWAPDB 0", wrong_arity("swapdb")}});
}

TEST_F(GenericTest, FlushOptions) {
  expect_session({{"SET a 1", ok()},
                  {"FLUSHDB ASYNC", ok()},
                  {"DBSIZE", integer(0)},
                  {"SET a 1", ok()},
                  {"FLUSHALL sync", ok()},
                  {"DBSIZE", integer(0)},
                  {"FLUSHALL BOGUS", kSyntax},
                  {"FLUSHDB SYNC ASYNC", kSyntax}});
}

TEST_F(GenericTest, FlushallEmptiesEveryDatabase) {
  for (int db = 0; db < 16; ++db) {
    run("SELECT", db);
    run("SET", "key", db);
  }
  EXPECT_EQ(run("FLUSHALL"), ok());
  for (int db = 0; db < 16; ++db) {
    run("SELECT", db);
    EXPECT_EQ(run("DBSIZE"), integer(0)) << "database " << db;
  }
}

TEST_F(GenericTest, UnknownCommandsNameTheirArguments) {
  expect_session(
      {{"nosuch", error("ERR unknown command 'nosuch', with args beginning with: ")},
       {"nosuch a b", error("ERR unknown command 'nosuch', with args beginning with: 'a' 'b' ")}});
}

TEST_F(GenericTest, UnknownCommandsShowOnlyTheBeginningOfLongArguments) {
  const std::string name(200, 'n');
  const std::string argument(200, 'a');
  EXPECT_EQ(run(name, argument, "x"),
            error("ERR unknown command '" + std::string(128, 'n') +
                  "', with args beginning with: '" + std::string(128, 'a') + "' "));
  EXPECT_EQ(run("bad\r\nname", "a\nb"),
            error("ERR unknown command 'bad  name', with args beginning with: 'a b' "));
}

TEST_F(GenericTest, RepliesInResp3) {
  run3("SET", "a", 1);
  EXPECT_EQ(run3("KEYS", "*"), array({bulk("a")}));
  EXPECT_EQ(run3("SCAN", 0), array({bulk("0"), array({bulk("a")})}));
  EXPECT_EQ(run3("RANDOMKEY"), bulk("a"));
  EXPECT_EQ(run3("OBJECT", "ENCODING", "none"), nil());
  EXPECT_EQ(run3("COPY", "a", "b"), integer(1));
  EXPECT_EQ(run3("TYPE", "a"), status("string"));
}

}  // namespace
}  // namespace spinel::test
