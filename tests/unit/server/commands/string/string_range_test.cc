#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using storage::Encoding;
using testing::ElementsAre;
using testing::IsEmpty;

const std::string kTooLong = error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
const std::string kNotInteger = error("ERR value is not an integer or out of range");

TEST(StringRange, AppendMakesAndLengthens) {
  TestServer server;
  EXPECT_EQ(server.run("APPEND", "key", "Hello"), integer(5));
  EXPECT_EQ(server.run("APPEND", "key", " World"), integer(11));
  EXPECT_EQ(server.run("APPEND", "key", ""), integer(11));
  EXPECT_EQ(server.run("GET", "key"), bulk("Hello World"));
  EXPECT_THAT(server.take_effects(),
              ElementsAre("APPEND key Hello", "APPEND key  World", "APPEND key "));
  EXPECT_THAT(server.take_events(),
              ElementsAre("new key", "append key", "append key", "append key"));
  EXPECT_EQ(server.run("APPEND", "empty", ""), integer(0));
  EXPECT_EQ(server.run("GET", "empty"), bulk(""));
}

TEST(StringRange, AppendKeepsTheExpiry) {
  TestServer server;
  server.run("SET", "key", "1", "PXAT", "99999999999000");
  server.run("APPEND", "key", "2");
  EXPECT_EQ(server.entry("key").expire_at_ms(), 99999999999000);
}

TEST(StringRange, AppendedStringsStayRaw) {
  TestServer server;
  server.run("APPEND", "new", "5");
  EXPECT_EQ(server.entry("new").encoding(), Encoding::kInt32);
  server.run("SET", "key", "5");
  server.run("APPEND", "key", "");
  EXPECT_EQ(server.entry("key").encoding(), Encoding::kRaw);
  server.run("APPEND", "key", "6");
  EXPECT_EQ(server.run("INCR", "key"), integer(57));
  EXPECT_EQ(server.entry("key").encoding(), Encoding::kInt32);
}

TEST(StringRange, ManyAppendsAddUp) {
  TestServer server;
  std::string expected;
  for (int i = 0; i < 3000; ++i) {
    const std::string part(static_cast<size_t>(i % 97), static_cast<char>('a' + i % 26));
    expected += part;
    EXPECT_EQ(server.run("APPEND", "key", part), integer(static_cast<int64_t>(expected.size())));
  }
  EXPECT_EQ(server.run("GET", "key"), bulk(expected));
}

TEST(StringRange, StrlenTellsTheSize) {
  TestServer server;
  EXPECT_EQ(server.run("STRLEN", "missing"), integer(0));
  EXPECT_THAT(server.take_events(), ElementsAre("keymiss missing"));
  server.run("SET", "integer", "-9223372036854775808");
  EXPECT_EQ(server.run("STRLEN", "integer"), integer(20));
  server.run("SET", "large", std::string(5000, 'x'));
  EXPECT_EQ(server.run("STRLEN", "large"), integer(5000));
}

TEST(StringRange, GetrangeCutsOffWhatLiesOutside) {
  TestServer server;
  server.run("SET", "key", "Hello World");
  struct Case {
    std::string_view start, end, expected;
  };
  const Case cases[] = {
      {"0", "3", "Hell"},
      {"-3", "-1", "rld"},
      {"0", "-1", "Hello World"},
      {"10", "100", "d"},
      {"11", "100", ""},
      {"5", "3", ""},
      {"-1", "-5", ""},
      {"-100", "-50", "H"},  // an end before the start is the first byte
      {"0", "-100", "H"},
      {"3", "-100", ""},
      {"-50", "-100", ""},
      {"-9223372036854775808", "9223372036854775807", "Hello World"},
  };
  for (const Case& range : cases) {
    EXPECT_EQ(server.run("GETRANGE", "key", range.start, range.end), bulk(range.expected))
        << range.start << " " << range.end;
    EXPECT_EQ(server.run("SUBSTR", "key", range.start, range.end), bulk(range.expected));
  }
  server.run("SET", "integer", "12345");
  EXPECT_EQ(server.run("GETRANGE", "integer", "1", "-2"), bulk("234"));
  server.run("SET", "empty", "");
  EXPECT_EQ(server.run("GETRANGE", "empty", "0", "-1"), bulk(""));
  EXPECT_EQ(server.run("GETRANGE", "missing", "0", "-1"), bulk(""));
  EXPECT_EQ(server.run("GETRANGE", "missing", "x", "1"), kNotInteger);
  EXPECT_EQ(server.run("GETRANGE", "missing", "1", "x"), kNotInteger);
}

TEST(StringRange, SetrangeOverwritesAndPads) {
  TestServer server;
  server.run("SET", "key", "Hello World", "PXAT", "99999999999000");
  server.take_effects();
  server.take_events();
  EXPECT_EQ(server.run("SETRANGE", "key", "6", "Redis"), integer(11));
  EXPECT_EQ(server.run("GET", "key"), bulk("Hello Redis"));
  EXPECT_EQ(server.run("SETRANGE", "key", "13", "!"), integer(14));
  EXPECT_EQ(server.run("GET", "key"), bulk(std::string_view("Hello Redis\0\0!", 14)));
  EXPECT_EQ(server.entry("key").expire_at_ms(), 99999999999000);
  EXPECT_EQ(server.entry("key").encoding(), Encoding::kRaw);
  EXPECT_THAT(server.take_effects(), ElementsAre("SETRANGE key 6 Redis", "SETRANGE key 13 !"));
  EXPECT_THAT(server.take_events(), ElementsAre("setrange key", "setrange key"));
}

TEST(StringRange, SetrangeMakesAString) {
  TestServer server;
  EXPECT_EQ(server.run("SETRANGE", "key", "3", "x"), integer(4));
  EXPECT_EQ(server.run("GET", "key"), bulk(std::string_view("\0\0\0x", 4)));
  EXPECT_EQ(server.run("SETRANGE", "digit", "0", "5"), integer(1));
  EXPECT_EQ(server.entry("digit").encoding(), Encoding::kRaw);
  EXPECT_THAT(server.take_events(),
              ElementsAre("new key", "setrange key", "new digit", "setrange digit"));
  server.run("SET", "integer", "12345");
  EXPECT_EQ(server.run("SETRANGE", "integer", "1", "X"), integer(5));
  EXPECT_EQ(server.run("GET", "integer"), bulk("1X345"));
}

TEST(StringRange, SetrangeOfNothingChangesNothing) {
  TestServer server;
  EXPECT_EQ(server.run("SETRANGE", "missing", "536870912", ""), integer(0));
  server.run("SET", "key", "5");
  server.take_effects();
  server.take_events();
  EXPECT_EQ(server.run("SETRANGE", "key", "10", ""), integer(1));
  EXPECT_EQ(server.entry("key").encoding(), Encoding::kInt32);
  EXPECT_THAT(server.take_effects(), IsEmpty());
  EXPECT_THAT(server.take_events(), IsEmpty());
  EXPECT_EQ(server.server.keyspace.database(0).size(), 1);
}

TEST(StringRange, StringsMayNotGrowBeyondTheLimit) {
  TestServer server;
  EXPECT_EQ(server.run("SETRANGE", "key", "-1", "x"), error("ERR offset is out of range"));
  EXPECT_EQ(server.run("SETRANGE", "key", "x", "x"), kNotInteger);
  EXPECT_EQ(server.run("SETRANGE", "key", "536870912", "x"), kTooLong);
  EXPECT_EQ(server.run("SETRANGE", "key", "9223372036854775807", "x"), kTooLong);
  EXPECT_EQ(server.run("GET", "key"), kNull);

  EXPECT_EQ(server.run("CONFIG", "SET", "proto-max-bulk-len", "1mb"), kOk);
  EXPECT_EQ(server.run("SETRANGE", "key", "1048575", "x"), integer(1 << 20));
  EXPECT_EQ(server.run("APPEND", "key", "x"), kTooLong);
  EXPECT_EQ(server.run("SETRANGE", "key", "1048575", "xy"), kTooLong);
  EXPECT_EQ(server.run("APPEND", "key", ""), integer(1 << 20));
  EXPECT_EQ(server.run("STRLEN", "key"), integer(1 << 20));
}

}  // namespace
}  // namespace spinel::server
