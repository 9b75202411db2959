#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/base/clock.h"
#include "tests/unit/server/process/child.h"
#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

Config debug_config() {
  Config config;
  config.enable_debug_command = ProtectedAccess::kYes;
  return config;
}

class DebugTest : public ::testing::Test {
 protected:
  template <typename... Args>
  std::string debug(const Args&... args) {
    return server_.run("DEBUG", args...);
  }
  template <typename... Args>
  std::string run(const Args&... args) {
    return server_.run(args...);
  }
  static std::string unknown(const std::string& name) {
    return error("ERR unknown subcommand or wrong number of arguments for '" + name +
                 "'. Try DEBUG HELP.");
  }

  TestServer server_{debug_config()};
};

TEST(Debug, NeedsToBeEnabled) {
  TestServer server;
  EXPECT_THAT(server.run("DEBUG", "SLEEP", "0"), HasSubstr("DEBUG command not allowed"));
}

TEST_F(DebugTest, UnknownOrWrongNumberOfArguments) {
  EXPECT_EQ(debug("FOO"), unknown("FOO"));
  EXPECT_EQ(debug("a\r\nb"), unknown("a  b"));
  EXPECT_EQ(debug("sleep"), unknown("sleep"));
  EXPECT_EQ(debug("help", "x"), unknown("help"));
  EXPECT_EQ(debug("replybuffer", "foo", "1"), unknown("replybuffer"));
  EXPECT_EQ(debug(std::string(300, 'x')), unknown(std::string(128, 'x')));
}

TEST_F(DebugTest, Help) {
  EXPECT_THAT(debug("HELP"), HasSubstr("+POPULATE <count> [<prefix>] [<size>]\r\n"));
}

TEST_F(DebugTest, Sleep) {
  const int64_t before_ms = storage::monotonic_us() / 1000;
  EXPECT_EQ(debug("SLEEP", "0.02"), kOk);
  EXPECT_GE(storage::monotonic_us() / 1000 - before_ms, 19);
  for (const auto text : {"0", "x", "-1", "nan", "inf"}) EXPECT_EQ(debug("SLEEP", text), kOk);
}

TEST_F(DebugTest, Object) {
  const auto encoded = [this](std::string_view value) {
    run("SET", "key", value);
    return debug("OBJECT", "key");
  };
  const auto as = [](const std::string& encoding, size_t length) {
    return AllOf(HasSubstr("+Value at:0x"),
                 HasSubstr(" refcount:1 encoding:" + encoding +
                           " serializedlength:" + std::to_string(length) + " lru:"),
                 HasSubstr(" lru_seconds_idle:0\r\n"));
  };
  EXPECT_EQ(debug("OBJECT", "key"), error("ERR no such key"));
  EXPECT_THAT(encoded("hello"), as("embstr", 6));
  EXPECT_THAT(encoded("12"), as("int", 2));
  EXPECT_THAT(encoded("-128"), as("int", 2));
  EXPECT_THAT(encoded("1000"), as("int", 3));
  EXPECT_THAT(encoded("-12345"), as("int", 3));
  EXPECT_THAT(encoded("1234567890"), as("int", 5));
  EXPECT_THAT(encoded("-2147483648"), as("int", 5));
  EXPECT_THAT(encoded("12345678901"), as("int", 12));
  EXPECT_THAT(encoded(std::string(63, 'x')), as("raw", 64));
  EXPECT_THAT(encoded(std::string(64, 'x')), as("raw", 66));
  EXPECT_THAT(encoded(std::string(16384, 'x')), as("raw", 16389));
  run("SET", "key", "12345");
  run("APPEND", "key", "5");
  EXPECT_THAT(debug("OBJECT", "key"), as("raw", 5));
}

TEST_F(DebugTest, SeesExpiredKeysAndLeavesThem) {
  run("SET", "key", "value", "EX", "100");
  server_.expire_now("key");
  server_.take_effects();
  EXPECT_THAT(debug("OBJECT", "key"), HasSubstr("+Value at:"));
  EXPECT_THAT(debug("SDSLEN", "key"), HasSubstr("+key_sds_len:3"));
  EXPECT_THAT(debug("DIGEST-VALUE", "key"), Not(HasSubstr("+0000000000")));
  EXPECT_TRUE(server_.take_effects().empty());
}

TEST_F(DebugTest, Sdslen) {
  EXPECT_EQ(debug("SDSLEN", "key"), error("ERR no such key"));
  run("SET", "key", "12");
  EXPECT_EQ(debug("SDSLEN", "key"), error("ERR Not an sds encoded string."));
  run("SET", "key", "hello");
  EXPECT_EQ(debug("SDSLEN", "key"),
            "+key_sds_len:3, key_sds_avail:0, key_zmalloc: 4, val_sds_len:5, val_sds_avail:0, "
            "val_zmalloc: 6\r\n");
  run("SET", "key", std::string(2000, 'x'));
  run("APPEND", "key", "y");
  EXPECT_THAT(debug("SDSLEN", "key"), HasSubstr(" val_sds_len:2001, val_sds_avail:"));
}

TEST_F(DebugTest, Populate) {
  server_.take_effects();
  EXPECT_EQ(debug("POPULATE", "3"), kOk);
  EXPECT_EQ(run("GET", "key:0"), bulk("value:0"));
  EXPECT_EQ(run("GET", "key:2"), bulk("value:2"));
  EXPECT_EQ(run("GET", "key:3"), kNull);
  EXPECT_EQ(debug("POPULATE", "2", "long", "10"), kOk);
  EXPECT_EQ(run("GET", "long:1"), bulk(std::string("value:1\0\0\0", 10)));
  EXPECT_EQ(debug("POPULATE", "1", "short", "3"), kOk);
  EXPECT_EQ(run("GET", "short:0"), bulk("val"));
  EXPECT_EQ(debug("POPULATE", "1", "plain", "0"), kOk);
  EXPECT_EQ(run("GET", "plain:0"), bulk("value:0"));
  // What is there stays, and nobody else hears of it.
  EXPECT_EQ(debug("POPULATE", "4", "key", "5"), kOk);
  EXPECT_EQ(run("GET", "key:0"), bulk("value:0"));
  EXPECT_EQ(run("GET", "key:3"), bulk("value"));
  EXPECT_TRUE(server_.take_effects().empty());
  EXPECT_EQ(server_.server.dirty, 0);
}

TEST_F(DebugTest, PopulateReplacesWhatExpiredDuringAPause) {
  run("SET", "key:0", "old", "PX", "100000");
  EXPECT_EQ(run("CLIENT", "PAUSE", "100000", "WRITE"), kOk);
  server_.expire_now("key:0");
  EXPECT_EQ(run("GET", "key:0"), kNull);
  EXPECT_EQ(run("DBSIZE"), integer(1)) << "a pause keeps what is there";
  EXPECT_EQ(debug("POPULATE", "1"), kOk);
  EXPECT_EQ(run("DBSIZE"), integer(1));
  EXPECT_EQ(run("GET", "key:0"), bulk("value:0"));
  EXPECT_EQ(run("CLIENT", "UNPAUSE"), kOk);
  EXPECT_EQ(run("DEL", "key:0"), integer(1));
  EXPECT_EQ(run("GET", "key:0"), kNull);
}

TEST_F(DebugTest, PopulateRefusesBadNumbers) {
  const std::string negative = error("ERR value is out of range, must be positive");
  EXPECT_EQ(debug("POPULATE", "x"), negative);
  EXPECT_EQ(debug("POPULATE", "-1"), negative);
  EXPECT_EQ(debug("POPULATE", "1", "key", "-1"), negative);
  EXPECT_EQ(debug("POPULATE", "1", "key", "x"), negative);
  EXPECT_EQ(debug("POPULATE", "1", "key", "9223372036854775807"),
            error("ERR string exceeds maximum allowed size (proto-max-bulk-len)"));
  EXPECT_EQ(debug("POPULATE", "1", "key", "2", "x"), unknown("POPULATE"));
}

const std::string kZeroDigest = "+0000000000000000000000000000000000000000\r\n";

TEST_F(DebugTest, Digest) {
  EXPECT_EQ(debug("DIGEST"), kZeroDigest);
  run("SET", "a", "1");
  const std::string one = debug("DIGEST");
  EXPECT_THAT(one, MatchesRegex("\\+[0-9a-f]{40}\r\n"));
  EXPECT_NE(one, kZeroDigest);
  run("SET", "a", "1", "EX", "1000");
  const std::string expiring = debug("DIGEST");
  EXPECT_NE(expiring, one);
  run("SET", "a", "1", "EX", "2000");
  EXPECT_EQ(debug("DIGEST"), expiring);
  run("SET", "a", "1");
  EXPECT_EQ(debug("DIGEST"), one);
}

TEST_F(DebugTest, DigestValue) {
  EXPECT_EQ(debug("DIGEST-VALUE"), "*0\r\n");
  run("MSET", "a", "x", "b", "x", "c", "y");
  const std::string a = debug("DIGEST-VALUE", "a").substr(4);
  EXPECT_EQ(debug("DIGEST-VALUE", "b", "none", "a"), array({a, kZeroDigest, a}));
  EXPECT_NE(debug("DIGEST-VALUE", "c").substr(4), a);
}

TEST_F(DebugTest, Switches) {
  Server& server = server_.server;
  EXPECT_EQ(debug("SET-ACTIVE-EXPIRE", "0"), kOk);
  EXPECT_FALSE(server.debug.active_expire);
  EXPECT_EQ(debug("SET-ACTIVE-EXPIRE", "1"), kOk);
  EXPECT_TRUE(server.debug.active_expire);
  EXPECT_EQ(debug("PAUSE-CRON", "1"), kOk);
  EXPECT_TRUE(server.debug.cron_paused);
  EXPECT_EQ(debug("PAUSE-CRON", "x"), kOk);
  EXPECT_FALSE(server.debug.cron_paused);
  EXPECT_EQ(debug("REPLYBUFFER", "RESIZING", "0"), kOk);
  EXPECT_FALSE(server.debug.reply_buffer_resizing);
  EXPECT_EQ(debug("REPLYBUFFER", "peak-reset-time", "never"), kOk);
  EXPECT_EQ(server.debug.reply_buffer_idle_ms, -1);
  EXPECT_EQ(debug("REPLYBUFFER", "PEAK-RESET-TIME", "100"), kOk);
  EXPECT_EQ(server.debug.reply_buffer_idle_ms, 100);
  EXPECT_EQ(debug("REPLYBUFFER", "PEAK-RESET-TIME", "x"),
            error("ERR value is not an integer or out of range"));
  EXPECT_EQ(debug("REPLYBUFFER", "PEAK-RESET-TIME", "RESET"), kOk);
  EXPECT_EQ(server.debug.reply_buffer_idle_ms, kReplyBufferIdleMs);
}

TEST_F(DebugTest, QuicklistPackedThreshold) {
  EXPECT_EQ(debug("QUICKLIST-PACKED-THRESHOLD", "100b"), kOk);
  EXPECT_EQ(server_.server.debug.list_large_element_bytes, 100u);
  EXPECT_EQ(debug("QUICKLIST-PACKED-THRESHOLD", "0"), kOk);
  EXPECT_EQ(server_.server.debug.list_large_element_bytes, kListLargeElementBytes);
  for (const auto text : {"4gb", "x", "-1"}) {
    EXPECT_EQ(debug("QUICKLIST-PACKED-THRESHOLD", text),
              error("ERR argument must be a memory value bigger than 1 and smaller than 4gb"));
  }
}

TEST_F(DebugTest, StringMatchLen) {
  EXPECT_EQ(debug("STRINGMATCH-LEN", "5", "?????"), integer(1));
  EXPECT_EQ(debug("STRINGMATCH-LEN", "5", "????"), integer(0));
  // A star matches no empty text: Redis's matcher ends with the text.
  EXPECT_EQ(debug("STRINGMATCH-LEN", "0", "*"), integer(0));
  // Exponential for a naive matcher.
  EXPECT_EQ(debug("STRINGMATCH-LEN", "3000", "*a*a*a*a*a*a*a*a*a*a*b"), integer(0));
  EXPECT_EQ(debug("STRINGMATCH-LEN", "x", "*"),
            error("ERR value is not an integer or out of range"));
  EXPECT_EQ(debug("STRINGMATCH-LEN", "-1", "*"), error("ERR value is out of range"));
}

TEST_F(DebugTest, Htstats) {
  const std::string none =
      "Hash table 0 stats (main hash table):\nNo stats available for empty dictionaries\n";
  EXPECT_EQ(debug("HTSTATS", "0"), bulk("[Dictionary HT]\n" + none +
                                        "[Expires HT]\nNo stats available for empty "
                                        "dictionaries\n"));
  run("SET", "a", "1");
  run("SET", "b", "1", "EX", "100");
  const std::string brief = debug("HTSTATS", "0");
  EXPECT_THAT(brief, HasSubstr(" table size: 1\n number of elements: 2\n[Expires HT]\n"));
  EXPECT_THAT(brief, HasSubstr(" number of elements: 1\n"));
  EXPECT_THAT(debug("HTSTATS", "0", "full"),
              HasSubstr(" max chain length: 2\n avg chain length (computed): 2.00\n"));
  EXPECT_EQ(debug("HTSTATS", "0", "x"), error("ERR syntax error"));
  EXPECT_EQ(debug("HTSTATS", "x"), error("ERR value is not an integer or out of range"));
  for (const auto index : {"-1", "16"}) {
    EXPECT_EQ(debug("HTSTATS", index), error("ERR Out of range database"));
  }
}

TEST_F(DebugTest, HtstatsSeesAResize) {
  std::string stats;
  for (int i = 0; i < 20'000 && stats.find("rehashing target") == std::string::npos; ++i) {
    run("SET", std::to_string(i), "x");
    if (i > 1000) stats = debug("HTSTATS", "0");
  }
  EXPECT_THAT(stats, HasSubstr("Hash table 1 stats (rehashing target):\n table size: "));
}

TEST_F(DebugTest, StringsHaveNeitherTableNorListpack) {
  EXPECT_EQ(debug("HTSTATS-KEY", "key"), error("ERR no such key"));
  EXPECT_EQ(debug("LISTPACK", "key"), error("ERR no such key"));
  run("SET", "key", "value");
  EXPECT_EQ(debug("HTSTATS-KEY", "key"),
            error("ERR The value stored at the specified key is not represented using an hash "
                  "table"));
  EXPECT_EQ(debug("LISTPACK", "key"), error("ERR Not a listpack encoded object."));
}

TEST_F(DebugTest, EveryListpackCanBePrinted) {
  run("HSET", "hash", "f", "v");
  run("SADD", "set", "a", "b");
  run("ZADD", "zset", "1", "a");
  run("RPUSH", "list", "a");
  for (const auto key : {"hash", "set", "zset", "list"}) {
    testing::internal::CaptureStdout();
    EXPECT_EQ(debug("LISTPACK", key), "+Listpack structure printed on stdout\r\n") << key;
    EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr(" elements")) << key;
  }
  run("SADD", "integers", "1");
  EXPECT_EQ(debug("LISTPACK", "integers"), error("ERR Not a listpack encoded object."));
}

TEST_F(DebugTest, HtstatsOfAKey) {
  run("CONFIG", "SET", "hash-max-listpack-entries", "0", "set-max-listpack-entries", "0",
      "zset-max-listpack-entries", "0");
  run("HSET", "hash", "f", "v", "g", "v");
  run("SADD", "set", "a", "b");
  run("ZADD", "zset", "1", "a", "2", "b");
  for (const auto key : {"hash", "set", "zset"}) {
    EXPECT_EQ(debug("HTSTATS-KEY", key),
              bulk("Hash table 0 stats (main hash table):\n table size: 1\n number of elements: "
                   "2\n"))
        << key;
    EXPECT_THAT(debug("HTSTATS-KEY", key, "full"), HasSubstr(" max chain length: 2\n")) << key;
    EXPECT_EQ(debug("HTSTATS-KEY", key, "x"), error("ERR syntax error"));
  }
}

TEST_F(DebugTest, ErrorAndLog) {
  EXPECT_EQ(debug("ERROR", "foo bar"), "-foo bar\r\n");
  EXPECT_EQ(debug("ERROR", "foo\r\nbar"), "-foo  bar\r\n");
  EXPECT_EQ(debug("ERROR", ""), "-\r\n");
  EXPECT_EQ(debug("LOG", "a message of the test"), kOk);
  EXPECT_THAT(debug("STRUCTSIZE"), HasSubstr("bits:64 "));
}

struct ProtocolCase {
  const char* type;
  const char* resp2;
  const char* resp3;
};

TEST_F(DebugTest, Protocol) {
  const ProtocolCase cases[] = {
      {"string", "$11\r\nHello World\r\n", "$11\r\nHello World\r\n"},
      {"INTEGER", ":12345\r\n", ":12345\r\n"},
      {"double", "$5\r\n3.141\r\n", ",3.141\r\n"},
      {"null", "$-1\r\n", "_\r\n"},
      {"array", "*3\r\n:0\r\n:1\r\n:2\r\n", "*3\r\n:0\r\n:1\r\n:2\r\n"},
      {"set", "*3\r\n:0\r\n:1\r\n:2\r\n", "~3\r\n:0\r\n:1\r\n:2\r\n"},
      {"map", "*6\r\n:0\r\n:0\r\n:1\r\n:1\r\n:2\r\n:0\r\n",
       "%3\r\n:0\r\n#f\r\n:1\r\n#t\r\n:2\r\n#f\r\n"},
      {"attrib", "$39\r\nSome real reply following the attribute\r\n",
       "|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n$39\r\nSome real reply "
       "following the attribute\r\n"},
      {"push", "-ERR RESP2 is not supported by this command\r\n",
       ">2\r\n$16\r\nserver-cpu-usage\r\n:42\r\n$40\r\nSome real reply following the push "
       "reply\r\n"},
      {"verbatim", "$25\r\nThis is a verbatim\nstring\r\n",
       "=29\r\ntxt:This is a verbatim\nstring\r\n"},
      {"true", ":1\r\n", "#t\r\n"},
      {"false", ":0\r\n", "#f\r\n"},
      {"bignum", "$37\r\n1234567999999999999999999999999999999\r\n",
       "(1234567999999999999999999999999999999\r\n"},
  };
  for (const ProtocolCase& one : cases) {
    server_.client.client().reply.set_resp3(false);
    EXPECT_EQ(debug("PROTOCOL", one.type), one.resp2);
    server_.client.client().reply.set_resp3(true);
    EXPECT_EQ(debug("PROTOCOL", one.type), one.resp3);
  }
  EXPECT_THAT(debug("PROTOCOL", "foo"), HasSubstr("-ERR Wrong protocol type name."));
}

TEST_F(DebugTest, WaysToDie) {
  for (const auto way : {"ASSERT", "PANIC", "OOM", "SEGFAULT"}) {
    const int status = test::run_in_child([this, way] {
      ::close(STDERR_FILENO);
      std::signal(SIGABRT, SIG_DFL);
      debug(way);
    });
    // Sanitizers turn a fault into an exit of their own.
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) != 0) << way;
    EXPECT_FALSE(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) << way;
  }
}

}  // namespace
}  // namespace spinel::server
