#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using storage::Encoding;
using testing::ElementsAre;
using testing::IsEmpty;

const std::string kNotInteger = error("ERR value is not an integer or out of range");
const std::string kNotFloat = error("ERR value is not a valid float");
const std::string kOverflow = error("ERR increment or decrement would overflow");
const std::string kNotFinite = error("ERR increment would produce NaN or Infinity");

TEST(StringCounter, CountsUpAndDown) {
  TestServer server;
  EXPECT_EQ(server.run("INCR", "key"), integer(1));
  EXPECT_EQ(server.run("INCRBY", "key", "41"), integer(42));
  EXPECT_EQ(server.run("DECR", "key"), integer(41));
  EXPECT_EQ(server.run("DECRBY", "key", "-9"), integer(50));
  EXPECT_EQ(server.run("INCRBY", "other", "0"), integer(0));
  EXPECT_THAT(server.take_effects(), ElementsAre("INCR key", "INCRBY key 41", "DECR key",
                                                 "DECRBY key -9", "INCRBY other 0"));
  EXPECT_THAT(server.take_events(), ElementsAre("new key", "incrby key", "incrby key", "incrby key",
                                                "incrby key", "new other", "incrby other"));
}

TEST(StringCounter, CrossesTheWidthOfEncodings) {
  TestServer server;
  server.run("SET", "key", "2147483647", "PXAT", "99999999999000");
  EXPECT_EQ(server.entry("key").encoding(), Encoding::kInt32);
  EXPECT_EQ(server.run("INCR", "key"), integer(2147483648));
  EXPECT_EQ(server.entry("key").encoding(), Encoding::kInt64);
  EXPECT_EQ(server.run("DECRBY", "key", "4294967297"), integer(-2147483649));
  EXPECT_EQ(server.run("INCR", "key"), integer(-2147483648));
  EXPECT_EQ(server.entry("key").encoding(), Encoding::kInt32);
  EXPECT_EQ(server.entry("key").expire_at_ms(), 99999999999000);
}

TEST(StringCounter, RefusesOverflow) {
  TestServer server;
  server.run("SET", "max", "9223372036854775807");
  EXPECT_EQ(server.run("INCR", "max"), kOverflow);
  EXPECT_EQ(server.run("DECRBY", "max", "-1"), kOverflow);
  server.run("SET", "min", "-9223372036854775808");
  EXPECT_EQ(server.run("DECR", "min"), kOverflow);
  EXPECT_EQ(server.run("INCRBY", "min", "-9223372036854775808"), kOverflow);
  EXPECT_EQ(server.run("INCRBY", "min", "9223372036854775807"), integer(-1));
  EXPECT_EQ(server.run("DECRBY", "max", "-9223372036854775808"),
            error("ERR decrement would overflow"));
  EXPECT_EQ(server.run("INCRBY", "max", "9223372036854775808"), kNotInteger);
  EXPECT_EQ(server.run("GET", "max"), bulk("9223372036854775807"));
}

TEST(StringCounter, WantsIntegersInTheirOneSpelling) {
  TestServer server;
  for (const std::string_view value :
       {"", "abc", " 1", "1 ", "+1", "01", "-0", "1.0", "1e3", "9223372036854775808"}) {
    server.run("SET", "key", value);
    server.take_effects();
    EXPECT_EQ(server.run("INCR", "key"), kNotInteger) << value;
    EXPECT_EQ(server.run("INCRBY", "missing", value), kNotInteger) << value;
    EXPECT_EQ(server.run("DECRBY", "missing", value), kNotInteger) << value;
    EXPECT_EQ(server.run("GET", "key"), bulk(value));
    EXPECT_THAT(server.take_effects(), IsEmpty());
  }
  EXPECT_EQ(server.run("GET", "missing"), kNull);
}

TEST(StringCounter, AddsFractions) {
  TestServer server;
  struct Case {
    std::string_view before, amount, after;
  };
  const Case cases[] = {
      {"10.50", "0.1", "10.6"},
      {"5.0e3", "2.0e2", "5200"},
      {"3", "-3", "0"},
      {"-1", "0.5", "-0.5"},
      {"1.1", "0.1", "1.2"},
      {"0", "1e-17", "0.00000000000000001"},
      {"0", "1e-18", "0"},
      {"0x10", "0x1p3", "24"},
      {"9223372036854775807", "1", "9223372036854775808"},
      {"0", "100000000000000000000000", "100000000000000000000000"},
      {"-0", "-0", "0"},
  };
  for (const Case& sum : cases) {
    server.run("SET", "key", sum.before);
    EXPECT_EQ(server.run("INCRBYFLOAT", "key", sum.amount), bulk(sum.after))
        << sum.before << " + " << sum.amount;
    EXPECT_EQ(server.run("GET", "key"), bulk(sum.after));
  }
}

TEST(StringCounter, FractionsAreToldByTheirSum) {
  TestServer server;
  EXPECT_EQ(server.run("INCRBYFLOAT", "key", "3"), bulk("3"));
  EXPECT_EQ(server.entry("key").encoding(), Encoding::kEmbedded);
  server.run("SET", "key", "10", "PXAT", "99999999999000");
  server.take_effects();
  server.take_events();
  EXPECT_EQ(server.run("INCRBYFLOAT", "key", "0.5"), bulk("10.5"));
  EXPECT_EQ(server.entry("key").expire_at_ms(), 99999999999000);
  EXPECT_THAT(server.take_effects(), ElementsAre("SET key 10.5 KEEPTTL"));
  EXPECT_THAT(server.take_events(), ElementsAre("incrbyfloat key"));
}

TEST(StringCounter, IntegralSumsStayText) {
  TestServer server;
  server.run("SET", "key", "1");
  EXPECT_EQ(server.run("INCRBYFLOAT", "key", "2"), bulk("3"));
  EXPECT_EQ(server.entry("key").encoding(), Encoding::kEmbedded);
  EXPECT_EQ(server.run("COPY", "key", "copy"), integer(1));
  EXPECT_EQ(server.run("RENAME", "copy", "renamed"), kOk);
  EXPECT_EQ(server.entry("renamed").encoding(), Encoding::kEmbedded);
  EXPECT_EQ(server.run("INCR", "key"), integer(4));
  EXPECT_EQ(server.entry("key").encoding(), Encoding::kInt32);
}

TEST(StringCounter, RefusesWhatIsNoFiniteNumber) {
  TestServer server;
  server.run("SET", "key", "1");
  server.take_effects();
  for (const std::string_view amount : {"", "abc", " 1", "1 ", "nan", "1,5", "-", "1e5000"}) {
    EXPECT_EQ(server.run("INCRBYFLOAT", "key", amount), kNotFloat) << amount;
  }
  EXPECT_EQ(server.run("INCRBYFLOAT", "key", "inf"), kNotFinite);
  EXPECT_EQ(server.run("INCRBYFLOAT", "key", "-infinity"), kNotFinite);
  EXPECT_EQ(server.run("GET", "key"), bulk("1"));
  EXPECT_THAT(server.take_effects(), IsEmpty());
  server.run("SET", "text", "abc");
  EXPECT_EQ(server.run("INCRBYFLOAT", "text", "1"), kNotFloat);
  server.run("SET", "infinite", "inf");
  EXPECT_EQ(server.run("INCRBYFLOAT", "infinite", "-inf"), kNotFinite);
}

TEST(StringCounter, SumsMayHaveThousandsOfDigits) {
  TestServer server;
  const std::string reply = server.run("INCRBYFLOAT", "key", "1e4900");
  EXPECT_TRUE(reply.starts_with("$4901\r\n1"));
  EXPECT_EQ(server.run("GET", "key"), reply);
}

}  // namespace
}  // namespace spinel::server
