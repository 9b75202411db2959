#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/base/clock.h"
#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using storage::Encoding;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kFarMs = "99999999999000";
constexpr std::string_view kFarSeconds = "99999999999";
const std::string kSyntaxError = error("ERR syntax error");
const std::string kNotInteger = error("ERR value is not an integer or out of range");

std::string invalid_expiry(std::string_view command) {
  return error("ERR invalid expire time in '" + std::string(command) + "' command");
}

class StringCommands : public testing::Test {
 protected:
  template <typename... Args>
  std::string run(const Args&... args) {
    return server_.run(args...);
  }
  // Runs a command for what it leaves behind; what it told of that is forgotten.
  template <typename... Args>
  void given(const Args&... args) {
    server_.run(args...);
    server_.take_effects();
    server_.take_events();
  }
  int64_t expiry(std::string_view key) { return server_.entry(key).expire_at_ms(); }
  Encoding encoding(std::string_view key) { return server_.entry(key).encoding(); }

  TestServer server_;
};

TEST_F(StringCommands, SetStoresAndGetReads) {
  EXPECT_EQ(run("SET", "key", "value"), kOk);
  EXPECT_EQ(run("GET", "key"), bulk("value"));
  EXPECT_THAT(server_.take_effects(), ElementsAre("SET key value"));
  EXPECT_THAT(server_.take_events(), ElementsAre("new key", "set key"));
  EXPECT_EQ(run("SET", "key", ""), kOk);
  EXPECT_EQ(run("GET", "key"), bulk(""));
  EXPECT_THAT(server_.take_events(), ElementsAre("set key"));
  EXPECT_EQ(run("GET", "missing"), kNull);
  EXPECT_THAT(server_.take_events(), ElementsAre("keymiss missing"));
}

TEST_F(StringCommands, KeysAndValuesMayBeAnyBytes) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  for (const size_t size : {0, 1, 44, 45, 255, 256, 1023, 1024, 1025, 100'000}) {
    std::string value;
    while (value.size() < size) value += all;
    value.resize(size);
    EXPECT_EQ(run("SET", all, value), kOk);
    EXPECT_EQ(run("GET", all), bulk(value)) << size;
  }
  EXPECT_EQ(run("SET", "", "empty key"), kOk);
  EXPECT_EQ(run("GET", ""), bulk("empty key"));
}

TEST_F(StringCommands, PipelinesAreAnsweredInOrder) {
  EXPECT_EQ(server_.send(request({"SET", "a", "1"}) + request({"GET", "a"}) +
                         request({"SET", "a", "2"}) + request({"GET", "a"})),
            kOk + bulk("1") + kOk + bulk("2"));
}

TEST_F(StringCommands, ExpiredKeysAreMissing) {
  given("SET", "key", "value");
  server_.expire_now("key");
  EXPECT_EQ(run("GET", "key"), kNull);
  EXPECT_THAT(server_.take_effects(), ElementsAre("DEL key"));
  EXPECT_THAT(server_.take_events(), ElementsAre("expired key", "keymiss key"));
}

TEST_F(StringCommands, AWriteToAnExpiredKeyTellsItsEndFirst) {
  given("SET", "key", "value");
  server_.expire_now("key");
  EXPECT_EQ(run("SET", "key", "new", "KEEPTTL"), kOk);
  EXPECT_EQ(expiry("key"), storage::kNoExpiry);
  EXPECT_THAT(server_.take_effects(),
              ElementsAre("MULTI", "DEL key", "SET key new KEEPTTL", "EXEC"));
  EXPECT_THAT(server_.take_events(), ElementsAre("expired key", "new key", "set key"));
}

TEST_F(StringCommands, ValuesAreEncodedByWhatTheyAre) {
  struct Case {
    std::string value;
    Encoding encoding;
  };
  const Case cases[] = {{"0", Encoding::kInt32},
                        {"-2147483648", Encoding::kInt32},
                        {"2147483648", Encoding::kInt64},
                        {"-9223372036854775808", Encoding::kInt64},
                        {"9223372036854775808", Encoding::kEmbedded},
                        {"01", Encoding::kEmbedded},
                        {"+1", Encoding::kEmbedded},
                        {"-0", Encoding::kEmbedded},
                        {"", Encoding::kEmbedded},
                        {std::string(1024, 'x'), Encoding::kEmbedded},
                        {std::string(1025, 'x'), Encoding::kRaw}};
  for (const Case& before : cases) {
    for (const Case& after : cases) {
      given("SET", "key", before.value);
      EXPECT_EQ(encoding("key"), before.encoding) << before.value;
      given("SET", "key", after.value, "PXAT", kFarMs);
      EXPECT_EQ(encoding("key"), after.encoding) << after.value;
      EXPECT_EQ(run("GET", "key"), bulk(after.value));
      given("SET", "key", before.value, "KEEPTTL");
      EXPECT_EQ(run("GET", "key"), bulk(before.value));
      EXPECT_EQ(expiry("key"), 99999999999000);
    }
  }
}

TEST_F(StringCommands, SetNxStoresOnlyNewKeys) {
  EXPECT_EQ(run("SET", "key", "1", "NX"), kOk);
  EXPECT_EQ(run("SET", "key", "2", "nx"), kNull);
  EXPECT_EQ(run("GET", "key"), bulk("1"));
  EXPECT_THAT(server_.take_effects(), ElementsAre("SET key 1 NX"));
}

TEST_F(StringCommands, SetXxStoresOnlyExistingKeys) {
  EXPECT_EQ(run("SET", "key", "1", "XX"), kNull);
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  EXPECT_THAT(server_.take_events(), IsEmpty());
  given("SET", "key", "1");
  EXPECT_EQ(run("SET", "key", "2", "xx"), kOk);
  EXPECT_EQ(run("GET", "key"), bulk("2"));
}

TEST_F(StringCommands, SetGetRepliesTheOldValue) {
  EXPECT_EQ(run("SET", "key", "1", "GET"), kNull);
  EXPECT_THAT(server_.take_effects(), ElementsAre("SET key 1"));
  EXPECT_THAT(server_.take_events(), ElementsAre("keymiss key", "new key", "set key"));
  EXPECT_EQ(run("SET", "key", "2", "GET"), bulk("1"));
  EXPECT_EQ(run("SET", "key", "3", "XX", "GET"), bulk("2"));
  EXPECT_EQ(run("SET", "key", "4", "GET", "NX"), bulk("3"));
  EXPECT_EQ(run("GET", "key"), bulk("3"));
  EXPECT_THAT(server_.take_effects(), ElementsAre("SET key 2", "SET key 3 XX"));
  EXPECT_EQ(run("SET", "new", "5", "NX", "GET"), kNull);
  EXPECT_EQ(run("SET", "missing", "6", "GET", "XX"), kNull);
  EXPECT_EQ(run("SET", "new", "7", "GET", "KEEPTTL", "GET"), bulk("5"));
  EXPECT_THAT(server_.take_effects(), ElementsAre("SET new 5 NX", "SET new 7 KEEPTTL"));
}

TEST_F(StringCommands, SetDropsTheExpiryUnlessToldToKeepIt) {
  given("SET", "key", "1", "PXAT", kFarMs);
  EXPECT_EQ(run("SET", "key", "2", "KEEPTTL"), kOk);
  EXPECT_EQ(expiry("key"), 99999999999000);
  EXPECT_THAT(server_.take_effects(), ElementsAre("SET key 2 KEEPTTL"));
  EXPECT_EQ(run("SET", "key", "3"), kOk);
  EXPECT_EQ(expiry("key"), storage::kNoExpiry);
}

TEST_F(StringCommands, ExpiriesAreToldAsTheTimeTheyMean) {
  struct Case {
    std::vector<std::string_view> command;
    int64_t in_ms;
  };
  const Case cases[] = {{{"SET", "key", "v", "EX", "100"}, 100'000},
                        {{"SET", "key", "v", "px", "100000"}, 100'000},
                        {{"SET", "key", "v", "XX", "PX", "5000", "GET"}, 5000},
                        {{"SETEX", "key", "7", "v"}, 7000},
                        {{"PSETEX", "key", "7000", "v"}, 7000}};
  for (const Case& expected : cases) {
    const int64_t before_ms = storage::wall_clock_ms();
    server_.client.run_args(expected.command);
    const int64_t after_ms = storage::wall_clock_ms();
    const int64_t expire_at_ms = expiry("key");
    EXPECT_GE(expire_at_ms, before_ms + expected.in_ms);
    EXPECT_LE(expire_at_ms, after_ms + expected.in_ms);
    EXPECT_THAT(server_.take_effects(),
                ElementsAre("SET key v PXAT " + std::to_string(expire_at_ms)));
  }
  server_.take_events();
  EXPECT_EQ(run("SET", "key", "v", "EXAT", kFarSeconds), kOk);
  EXPECT_EQ(run("SET", "key", "v", "PXAT", "9223372036854775807"), kOk);
  EXPECT_EQ(expiry("key"), INT64_MAX);
  EXPECT_THAT(server_.take_effects(),
              ElementsAre("SET key v PXAT 99999999999000", "SET key v PXAT 9223372036854775807"));
  EXPECT_THAT(server_.take_events(), ElementsAre("set key", "expire key", "set key", "expire key"));
}

TEST_F(StringCommands, SetAcceptsATimeThatIsOver) {
  EXPECT_EQ(run("SET", "key", "v", "PXAT", "1"), kOk);
  EXPECT_THAT(server_.take_effects(), ElementsAre("SET key v PXAT 1"));
  EXPECT_EQ(run("GET", "key"), kNull);
  EXPECT_THAT(server_.take_effects(), ElementsAre("DEL key"));
}

TEST_F(StringCommands, SetRefusesContradictionsAndUnknownWords) {
  const std::vector<std::vector<std::string_view>> refused = {{"NX", "XX"},
                                                              {"XX", "NX"},
                                                              {"EX"},
                                                              {"NX", "PX"},
                                                              {"EX", "1", "PX", "1"},
                                                              {"EX", "1", "KEEPTTL"},
                                                              {"KEEPTTL", "EX", "1"},
                                                              {"PERSIST"},
                                                              {"EXAT", "1", "EX", "1"},
                                                              {"foo"},
                                                              {""},
                                                              {"EX", "1", "EX"}};
  given("SET", "key", "old");
  for (const auto& options : refused) {
    std::vector<std::string_view> command = {"SET", "key", "value"};
    command.insert(command.end(), options.begin(), options.end());
    EXPECT_EQ(server_.client.run_args(command), kSyntaxError) << testing::PrintToString(options);
  }
  EXPECT_EQ(run("GET", "key"), bulk("old"));
  EXPECT_EQ(run("SET", "key", "v", "NX", "NX"), kNull);
  EXPECT_EQ(run("SET", "key", "v", "EX", "1", "EX", kFarSeconds), kOk);
  EXPECT_EQ(run("SET", "key", "v", "KEEPTTL", "KEEPTTL"), kOk);
}

TEST_F(StringCommands, ExpiriesMustBePositiveAndFit) {
  struct Case {
    std::vector<std::string_view> command;
    std::string reply;
  };
  const Case cases[] = {{{"SET", "key", "v", "EX", "0"}, invalid_expiry("set")},
                        {{"SET", "key", "v", "PX", "-1"}, invalid_expiry("set")},
                        {{"SET", "key", "v", "EXAT", "0"}, invalid_expiry("set")},
                        {{"SET", "key", "v", "EX", "9223372036854775807"}, invalid_expiry("set")},
                        {{"SET", "key", "v", "EX", "9223372036854775"}, invalid_expiry("set")},
                        {{"SET", "key", "v", "PX", "9223372036854775807"}, invalid_expiry("set")},
                        {{"SET", "key", "v", "EXAT", "9223372036854776"}, invalid_expiry("set")},
                        {{"SET", "key", "v", "EX", "abc"}, kNotInteger},
                        {{"SET", "key", "v", "EX", "1.5"}, kNotInteger},
                        {{"SET", "key", "v", "EX", ""}, kNotInteger},
                        {{"SET", "key", "v", "NX", "GET", "PX", "0"}, invalid_expiry("set")},
                        {{"SETEX", "key", "0", "v"}, invalid_expiry("setex")},
                        {{"SETEX", "key", "-5", "v"}, invalid_expiry("setex")},
                        {{"SETEX", "key", "9223372036854775807", "v"}, invalid_expiry("setex")},
                        {{"SETEX", "key", "x", "v"}, kNotInteger},
                        {{"PSETEX", "key", "0", "v"}, invalid_expiry("psetex")},
                        {{"PSETEX", "key", "9223372036854775807", "v"}, invalid_expiry("psetex")},
                        {{"GETEX", "key", "EX", "0"}, invalid_expiry("getex")},
                        {{"GETEX", "key", "PXAT", "-1"}, invalid_expiry("getex")},
                        {{"GETEX", "key", "PX", "x"}, kNotInteger}};
  given("SET", "key", "old");
  for (const Case& refused : cases) {
    EXPECT_EQ(server_.client.run_args(refused.command), refused.reply)
        << testing::PrintToString(refused.command);
  }
  EXPECT_EQ(run("GET", "key"), bulk("old"));
  EXPECT_EQ(expiry("key"), storage::kNoExpiry);
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  EXPECT_THAT(server_.take_events(), IsEmpty());
}

TEST_F(StringCommands, SetnxStoresOnlyNewKeys) {
  EXPECT_EQ(run("SETNX", "key", "1"), integer(1));
  EXPECT_EQ(run("SETNX", "key", "2"), integer(0));
  EXPECT_EQ(run("GET", "key"), bulk("1"));
  EXPECT_THAT(server_.take_effects(), ElementsAre("SETNX key 1"));
  EXPECT_THAT(server_.take_events(), ElementsAre("new key", "set key"));
}

TEST_F(StringCommands, GetsetReplacesAndDropsTheExpiry) {
  EXPECT_EQ(run("GETSET", "key", "1"), kNull);
  given("SET", "key", "2", "PXAT", kFarMs);
  EXPECT_EQ(run("GETSET", "key", "3"), bulk("2"));
  EXPECT_EQ(expiry("key"), storage::kNoExpiry);
  EXPECT_THAT(server_.take_effects(), ElementsAre("SET key 3"));
  EXPECT_THAT(server_.take_events(), ElementsAre("set key"));
}

TEST_F(StringCommands, GetdelReadsAndRemoves) {
  given("SET", "key", "value");
  EXPECT_EQ(run("GETDEL", "key"), bulk("value"));
  EXPECT_THAT(server_.take_effects(), ElementsAre("DEL key"));
  EXPECT_THAT(server_.take_events(), ElementsAre("del key"));
  EXPECT_EQ(run("GETDEL", "key"), kNull);
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  EXPECT_THAT(server_.take_events(), ElementsAre("keymiss key"));
}

TEST_F(StringCommands, RemovalsAreLazyAsConfigured) {
  const std::string large(100'000, 'x');
  given("CONFIG", "SET", "lazyfree-lazy-user-del", "yes");
  given("SET", "key", large);
  EXPECT_EQ(run("GETDEL", "key"), bulk(large));
  EXPECT_THAT(server_.take_effects(), ElementsAre("UNLINK key"));
  given("SET", "key", large);
  EXPECT_EQ(run("GETEX", "key", "PXAT", "1"), bulk(large));
  EXPECT_THAT(server_.take_effects(), ElementsAre("DEL key"));
  given("CONFIG", "SET", "lazyfree-lazy-expire", "yes");
  given("SET", "key", large);
  EXPECT_EQ(run("GETEX", "key", "PXAT", "1"), bulk(large));
  EXPECT_THAT(server_.take_effects(), ElementsAre("UNLINK key"));
}

TEST_F(StringCommands, GetexReadsAndChangesTheExpiry) {
  EXPECT_EQ(run("GETEX", "missing", "EX", "not looked at"), kNull);
  given("SET", "key", "value");
  EXPECT_EQ(run("GETEX", "key"), bulk("value"));
  EXPECT_EQ(run("GETEX", "key", "PERSIST"), bulk("value"));
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  EXPECT_THAT(server_.take_events(), IsEmpty());

  EXPECT_EQ(run("GETEX", "key", "PXAT", kFarMs), bulk("value"));
  EXPECT_EQ(run("GETEX", "key", "EXAT", kFarSeconds), bulk("value"));
  EXPECT_EQ(run("GETEX", "key", "PERSIST", "persist"), bulk("value"));
  EXPECT_EQ(expiry("key"), storage::kNoExpiry);
  EXPECT_THAT(server_.take_effects(), ElementsAre("PEXPIREAT key 99999999999000",
                                                  "PEXPIREAT key 99999999999000", "PERSIST key"));
  EXPECT_THAT(server_.take_events(), ElementsAre("expire key", "expire key", "persist key"));

  const int64_t before_ms = storage::wall_clock_ms();
  EXPECT_EQ(run("GETEX", "key", "EX", "100"), bulk("value"));
  const int64_t after_ms = storage::wall_clock_ms();
  EXPECT_GE(expiry("key"), before_ms + 100'000);
  EXPECT_LE(expiry("key"), after_ms + 100'000);
}

TEST_F(StringCommands, GetexRemovesWhatIsOver) {
  given("SET", "key", "value");
  EXPECT_EQ(run("GETEX", "key", "EXAT", "1"), bulk("value"));
  EXPECT_EQ(server_.server.keyspace.database(0).size(), 0);
  EXPECT_THAT(server_.take_effects(), ElementsAre("DEL key"));
  EXPECT_THAT(server_.take_events(), ElementsAre("del key"));
}

TEST_F(StringCommands, GetexRefusesContradictionsAndUnknownWords) {
  given("SET", "key", "value");
  const std::vector<std::vector<std::string_view>> refused = {{"EX"},
                                                              {"PERSIST", "EX", "1"},
                                                              {"EX", "1", "PERSIST"},
                                                              {"EX", "1", "PX", "1"},
                                                              {"KEEPTTL"},
                                                              {"NX"},
                                                              {"GET"},
                                                              {"foo"}};
  for (const std::string_view key : {"key", "missing"}) {
    for (const auto& options : refused) {
      std::vector<std::string_view> command = {"GETEX", key};
      command.insert(command.end(), options.begin(), options.end());
      EXPECT_EQ(server_.client.run_args(command), kSyntaxError) << testing::PrintToString(command);
    }
  }
}

TEST_F(StringCommands, MgetReadsManyKeys) {
  std::vector<std::string> words = {"MGET"};
  std::string expected;
  for (int i = 0; i < 300; ++i) {
    const std::string key = "key:" + std::to_string(i % 250);
    words.push_back(key);
    if (i % 3 == 0 && i < 250) given("SET", key, std::to_string(i));
    expected += i % 250 % 3 == 0 ? bulk(std::to_string(i % 250)) : kNull;
  }
  const std::vector<std::string_view> command(words.begin(), words.end());
  EXPECT_EQ(server_.client.run_args(command), "*300\r\n" + expected);
  EXPECT_EQ(run("MGET", "missing"), array({kNull}));
  EXPECT_THAT(server_.take_events().back(), "keymiss missing");
}

TEST_F(StringCommands, MsetStoresManyKeys) {
  std::vector<std::string> words = {"MSET"};
  for (int i = 0; i < 300; ++i) {
    words.push_back("key:" + std::to_string(i));
    words.push_back("value:" + std::to_string(i));
  }
  const std::vector<std::string_view> command(words.begin(), words.end());
  EXPECT_EQ(server_.client.run_args(command), kOk);
  EXPECT_EQ(server_.server.dirty, 300);
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(run("GET", "key:" + std::to_string(i)), bulk("value:" + std::to_string(i)));
  }
}

TEST_F(StringCommands, MsetTakesTheLastValueAndDropsExpiries) {
  given("SET", "a", "0", "PXAT", kFarMs);
  EXPECT_EQ(run("MSET", "a", "1", "b", "2", "a", "3"), kOk);
  EXPECT_EQ(run("MGET", "a", "b"), array({bulk("3"), bulk("2")}));
  EXPECT_EQ(expiry("a"), storage::kNoExpiry);
  EXPECT_THAT(server_.take_effects(), ElementsAre("MSET a 1 b 2 a 3"));
  EXPECT_THAT(server_.take_events(), ElementsAre("set a", "new b", "set b", "set a"));
}

TEST_F(StringCommands, MsetnxStoresAllOrNothing) {
  EXPECT_EQ(run("MSETNX", "a", "1", "b", "2"), integer(1));
  EXPECT_THAT(server_.take_effects(), ElementsAre("MSETNX a 1 b 2"));
  EXPECT_THAT(server_.take_events(), ElementsAre("new a", "set a", "new b", "set b"));
  EXPECT_EQ(run("MSETNX", "c", "3", "b", "4"), integer(0));
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  EXPECT_EQ(run("MGET", "a", "b", "c"), array({bulk("1"), bulk("2"), kNull}));
  EXPECT_EQ(run("MSETNX", "d", "1", "d", "2"), integer(1));
  EXPECT_EQ(run("GET", "d"), bulk("2"));
}

TEST_F(StringCommands, EveryKeyNeedsAValue) {
  EXPECT_EQ(run("MSET", "a", "1", "b"), error("ERR wrong number of arguments for 'mset' command"));
  EXPECT_EQ(run("MSETNX", "a", "1", "b"),
            error("ERR wrong number of arguments for 'msetnx' command"));
  EXPECT_EQ(run("GET", "a"), kNull);
}

TEST_F(StringCommands, ReadsCountHitsAndMisses) {
  given("SET", "key", "1");
  run("SETNX", "key", "2");
  run("INCR", "key");
  run("APPEND", "key", "2");
  run("SET", "key", "2", "XX");
  EXPECT_EQ(server_.server.stats.keyspace_hits + server_.server.stats.keyspace_misses, 0);
  run("GET", "key");
  run("STRLEN", "key");
  run("GETRANGE", "key", "0", "1");
  run("SET", "key", "2", "GET");
  run("GETSET", "key", "2");
  run("GETEX", "key");
  run("MGET", "key", "missing");
  run("GETDEL", "key");
  run("GETDEL", "key");
  EXPECT_EQ(server_.server.stats.keyspace_hits, 8);
  EXPECT_EQ(server_.server.stats.keyspace_misses, 2);
}

TEST_F(StringCommands, NullsFollowTheProtocol) {
  server_.client.client().reply.set_resp3(true);
  EXPECT_EQ(run("GET", "missing"), "_\r\n");
  EXPECT_EQ(run("MGET", "missing"), array({"_\r\n"}));
  EXPECT_EQ(run("SET", "missing", "v", "XX"), "_\r\n");
  EXPECT_EQ(run("GETRANGE", "missing", "0", "1"), bulk(""));
}

TEST_F(StringCommands, DatabasesAreApart) {
  server_.client.client().database = 3;
  run("SET", "key", "three", "PXAT", kFarMs);
  EXPECT_THAT(server_.take_effects(), ElementsAre("3: SET key three PXAT 99999999999000"));
  EXPECT_THAT(server_.take_events(), ElementsAre("3: new key", "3: set key", "3: expire key"));
  server_.client.client().database = 0;
  EXPECT_EQ(run("GET", "key"), kNull);
}

}  // namespace
}  // namespace spinel::server
