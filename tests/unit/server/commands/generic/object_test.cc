#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kAdjust =
    "Please note that when switching between policies at runtime LRU and LFU data will take some "
    "time to adjust.";

class ObjectCommands : public testing::Test {
 protected:
  template <typename... Args>
  std::string run(const Args&... args) {
    return server_.run(args...);
  }
  void use(std::string_view policy, std::string_view maxmemory = "0") {
    EXPECT_EQ(run("CONFIG", "SET", "maxmemory-policy", policy, "maxmemory", maxmemory), kOk);
  }

  TestServer server_;
};

TEST_F(ObjectCommands, EncodingsOfStrings) {
  run("SET", "small", "12");
  run("SET", "large", "-9223372036854775808");
  run("SET", "empty", "");
  run("SET", "44", std::string(44, 'x'));
  run("SET", "45", std::string(45, 'x'));
  run("SET", "1024", std::string(1024, 'x'));
  run("SET", "1025", std::string(1025, 'x'));
  EXPECT_EQ(run("OBJECT", "ENCODING", "small"), bulk("int"));
  EXPECT_EQ(run("OBJECT", "ENCODING", "large"), bulk("int"));
  EXPECT_EQ(run("OBJECT", "ENCODING", "empty"), bulk("embstr"));
  EXPECT_EQ(run("OBJECT", "ENCODING", "44"), bulk("embstr"));
  EXPECT_EQ(run("OBJECT", "ENCODING", "45"), bulk("raw"));
  EXPECT_EQ(run("object", "encoding", "1024"), bulk("raw"));
  EXPECT_EQ(run("OBJECT", "ENCODING", "1025"), bulk("raw"));
}

TEST_F(ObjectCommands, MissingKeys) {
  run("SET", "old", "x");
  server_.expire_now("old");
  server_.take_effects();
  server_.take_events();
  for (const char* subcommand : {"ENCODING", "FREQ", "IDLETIME", "REFCOUNT"}) {
    EXPECT_EQ(run("OBJECT", subcommand, "missing"), kNull);
  }
  EXPECT_THAT(server_.take_events(), IsEmpty());
  EXPECT_EQ(server_.server.stats.keyspace_misses, 4);
  EXPECT_EQ(run("OBJECT", "ENCODING", "old"), kNull);
  EXPECT_THAT(server_.take_events(), ElementsAre("expired old"));
  EXPECT_THAT(server_.take_effects(), ElementsAre("DEL old"));
}

TEST_F(ObjectCommands, IdletimeNeedsLru) {
  run("SET", "key", "x");
  storage::AccessClock& clock = server_.server.keyspace.access;
  server_.entry("key").set_access(clock.with_idle_seconds(1000));
  const std::string first = run("OBJECT", "IDLETIME", "key");
  const int64_t idle = std::stoll(first.substr(1));
  EXPECT_GE(idle, 1000);  // the clock may have moved on
  EXPECT_LT(idle, 2000);
  EXPECT_GE(clock.idle_seconds(server_.entry("key")), 1000);  // asking is no access
  EXPECT_EQ(run("OBJECT", "FREQ", "key"),
            error("ERR An LFU maxmemory policy is not selected, access frequency not tracked. " +
                  std::string(kAdjust)));
}

TEST_F(ObjectCommands, FreqNeedsLfu) {
  use("volatile-lfu");
  EXPECT_EQ(run("CONFIG", "SET", "lfu-decay-time", "0"), kOk);  // whatever time passes
  run("SET", "key", "x");
  EXPECT_EQ(run("OBJECT", "FREQ", "key"), integer(5));
  EXPECT_EQ(run("OBJECT", "FREQ", "key"), integer(5));
  server_.entry("key").set_access(server_.server.keyspace.access.with_frequency(200));
  EXPECT_EQ(run("OBJECT", "FREQ", "key"), integer(200));
  EXPECT_EQ(run("OBJECT", "IDLETIME", "key"),
            error("ERR An LFU maxmemory policy is selected, idle time not tracked. " +
                  std::string(kAdjust)));
  EXPECT_EQ(run("OBJECT", "IDLETIME", "missing"), kNull);
}

TEST_F(ObjectCommands, RefcountPretendsThatSmallIntegersAreShared) {
  const std::string shared = integer(2147483647);
  const std::pair<const char*, std::string> cases[] = {
      {"0", shared},      {"9999", shared},     {"10000", integer(1)},
      {"-1", integer(1)}, {"text", integer(1)}, {"12345678901", integer(1)},
  };
  for (const auto& [value, expected] : cases) {
    run("SET", "key", value);
    EXPECT_EQ(run("OBJECT", "REFCOUNT", "key"), expected) << value;
  }
  run("SET", "key", "1");
  constexpr std::string_view kPlenty = "1024gb";
  use("allkeys-lru");
  EXPECT_EQ(run("OBJECT", "REFCOUNT", "key"), shared);
  for (const char* policy : {"allkeys-lru", "allkeys-lfu", "volatile-lru", "volatile-lfu"}) {
    use(policy, kPlenty);
    EXPECT_EQ(run("OBJECT", "REFCOUNT", "key"), integer(1));
  }
  for (const char* policy : {"volatile-ttl", "volatile-random", "allkeys-random", "noeviction"}) {
    use(policy, kPlenty);
    EXPECT_EQ(run("OBJECT", "REFCOUNT", "key"), shared);
  }
}

TEST_F(ObjectCommands, HelpListsEverySubcommand) {
  const std::string help = run("OBJECT", "HELP");
  EXPECT_THAT(help, HasSubstr("+OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
  for (const char* line : {"+ENCODING <key>\r\n", "+FREQ <key>\r\n", "+IDLETIME <key>\r\n",
                           "+REFCOUNT <key>\r\n", "+HELP\r\n"}) {
    EXPECT_THAT(help, HasSubstr(line));
  }
}

TEST_F(ObjectCommands, WrongCalls) {
  EXPECT_EQ(run("OBJECT"), error("ERR wrong number of arguments for 'object' command"));
  EXPECT_EQ(run("OBJECT", "FOO"), error("ERR unknown subcommand 'FOO'. Try OBJECT HELP."));
  EXPECT_EQ(run("OBJECT", "ENCODING"),
            error("ERR wrong number of arguments for 'object|encoding' command"));
  EXPECT_EQ(run("OBJECT", "HELP", "me"),
            error("ERR wrong number of arguments for 'object|help' command"));
}

}  // namespace
}  // namespace spinel::server
