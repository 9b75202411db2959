#include <gtest/gtest.h>

#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

// Everything is slow.
Config everything_logged() {
  Config config;
  config.slowlog_log_slower_than_us = 0;
  return config;
}

TEST(SlowlogCommands, GetReturnsEntriesNewestFirst) {
  TestServer server(everything_logged());
  server.client.client().address = "127.0.0.1:5000";
  server.client.client().name = "worker";
  server.run("SET", "a", "1");
  server.run("GET", "a");
  EXPECT_EQ(server.run("SLOWLOG", "LEN"), integer(2));
  const std::string reply = server.run("SLOWLOG", "GET", "2");
  // The newest is SLOWLOG LEN itself. Times differ from run to run: what does not is compared.
  EXPECT_EQ(reply.substr(0, 12), "*2\r\n*6\r\n:2\r\n");
  const std::string newest =
      array({bulk("SLOWLOG"), bulk("LEN")}) + bulk("127.0.0.1:5000") + bulk("worker");
  const std::string second =
      array({bulk("GET"), bulk("a")}) + bulk("127.0.0.1:5000") + bulk("worker");
  EXPECT_NE(reply.find(newest + "*6\r\n:1\r\n"), std::string::npos) << reply;
  EXPECT_TRUE(reply.ends_with(second)) << reply;
}

TEST(SlowlogCommands, CountSelects) {
  TestServer server(everything_logged());
  for (int i = 0; i < 15; ++i) server.run("PING");
  server.config.slowlog_log_slower_than_us = -1;
  EXPECT_EQ(server.run("SLOWLOG", "GET").substr(0, 5), "*10\r\n");
  EXPECT_EQ(server.run("SLOWLOG", "GET", "-1").substr(0, 5), "*15\r\n");
  EXPECT_EQ(server.run("SLOWLOG", "GET", "9999999999999").substr(0, 5), "*15\r\n");
  EXPECT_EQ(server.run("SLOWLOG", "GET", "3").substr(0, 4), "*3\r\n");
  EXPECT_EQ(server.run("SLOWLOG", "GET", "0"), "*0\r\n");
  EXPECT_EQ(server.run("SLOWLOG", "RESET"), kOk);
  EXPECT_EQ(server.run("SLOWLOG", "GET"), "*0\r\n");
  EXPECT_EQ(server.run("SLOWLOG", "LEN"), integer(0));
}

TEST(SlowlogCommands, AShorterLogIsSeenAtOnce) {
  TestServer server(everything_logged());
  for (int i = 0; i < 9; ++i) server.run("PING");
  server.config.slowlog_log_slower_than_us = 1'000'000'000;
  server.config.slowlog_max_len = 4;
  EXPECT_EQ(server.run("SLOWLOG", "LEN"), integer(4));
  server.config.slowlog_max_len = 2;
  EXPECT_EQ(server.run("SLOWLOG", "GET", "-1").substr(0, 4), "*2\r\n");
}

TEST(SlowlogCommands, Errors) {
  TestServer server;
  const std::string bad_count = error("ERR count should be greater than or equal to -1");
  EXPECT_EQ(server.run("SLOWLOG", "GET", "-2"), bad_count);
  EXPECT_EQ(server.run("SLOWLOG", "GET", "x"), bad_count);
  EXPECT_EQ(server.run("SLOWLOG", "GET", "99999999999999999999"), bad_count);
  EXPECT_EQ(
      server.run("SLOWLOG", "GET", "1", "2"),
      error("ERR unknown subcommand or wrong number of arguments for 'GET'. Try SLOWLOG HELP."));
  EXPECT_EQ(server.run("SLOWLOG"), error("ERR wrong number of arguments for 'slowlog' command"));
  EXPECT_EQ(server.run("SLOWLOG", "LEN", "x"),
            error("ERR wrong number of arguments for 'slowlog|len' command"));
  EXPECT_EQ(server.run("SLOWLOG", "NOPE"),
            error("ERR unknown subcommand 'NOPE'. Try SLOWLOG HELP."));
  EXPECT_EQ(server.run("SLOWLOG", "HELP").substr(0, 14), "*12\r\n+SLOWLOG ");
}

}  // namespace
}  // namespace spinel::server
