#include <gtest/gtest.h>

#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

constexpr int64_t kThreshold = 5;

void spike(TestServer& server, std::string_view event, int64_t ms, int64_t at_s) {
  server.server.latency.record(event, ms, kThreshold, at_s);
}

TEST(LatencyCommands, LatestAndHistory) {
  TestServer server;
  EXPECT_EQ(server.run("LATENCY", "LATEST"), "*0\r\n");
  spike(server, "command", 30, 100);
  spike(server, "command", 20, 102);
  spike(server, "fork", 9, 103);
  EXPECT_EQ(server.run("LATENCY", "LATEST"),
            array({array({bulk("command"), integer(102), integer(20), integer(30)}),
                   array({bulk("fork"), integer(103), integer(9), integer(9)})}));
  EXPECT_EQ(server.run("LATENCY", "HISTORY", "command"),
            array({array({integer(100), integer(30)}), array({integer(102), integer(20)})}));
  EXPECT_EQ(server.run("LATENCY", "HISTORY", "COMMAND"), "*0\r\n");
}

TEST(LatencyCommands, ResetCountsEvents) {
  TestServer server;
  for (const auto event : {"command", "fork", "expire-cycle"}) spike(server, event, 10, 100);
  EXPECT_EQ(server.run("LATENCY", "RESET", "FORK", "nope", "fork"), integer(1));
  EXPECT_EQ(server.run("LATENCY", "RESET"), integer(2));
  EXPECT_EQ(server.run("LATENCY", "RESET"), integer(0));
}

TEST(LatencyCommands, GraphIsVerbatimText) {
  TestServer server;
  EXPECT_EQ(server.run("LATENCY", "GRAPH", "nope"),
            error("ERR No samples available for event 'nope'"));
  spike(server, "command", 30, server.server.now_ms() / 1000);
  const std::string resp2 = server.run("LATENCY", "GRAPH", "command");
  EXPECT_EQ(resp2[0], '$');
  EXPECT_NE(resp2.find("command - high 30 ms, low 30 ms (all time high 30 ms)\n-----"),
            std::string::npos);
  server.client.client().reply.set_resp3(true);
  const std::string resp3 = server.run("LATENCY", "GRAPH", "command");
  EXPECT_EQ(resp3[0], '=');
  EXPECT_NE(resp3.find("\r\ntxt:command - high 30 ms"), std::string::npos);
}

TEST(LatencyCommands, DoctorKnowsTheConfiguration) {
  TestServer server;
  EXPECT_NE(server.run("LATENCY", "DOCTOR").find("The latency monitor is off"), std::string::npos);
  server.config.latency_monitor_threshold_ms = kThreshold;
  EXPECT_NE(server.run("LATENCY", "DOCTOR").find("No latency events"), std::string::npos);
  server.config.appendfsync = DiskAppendFsync::kAlways;
  spike(server, "aof-write-alone", 50, server.server.now_ms() / 1000);
  EXPECT_NE(server.run("LATENCY", "DOCTOR").find("appendfsync always makes"), std::string::npos);
}

TEST(LatencyCommands, HistogramOfCommandsAndSubcommands) {
  TestServer server;
  EXPECT_EQ(server.run("LATENCY", "HISTOGRAM", "get"), "*0\r\n");
  auto& stats = server.server.command_stats;
  const auto id = [&](std::string_view name) { return server.server.commands.find_full(name)->id; };
  stats[id("get")].record_call_with_latency(5000, false);
  stats[id("get")].record_call_with_latency(20000, false);
  const std::string get =
      bulk("get") + array({bulk("calls"), integer(2), bulk("histogram_usec"),
                           array({integer(8), integer(1), integer(33), integer(2)})});
  EXPECT_EQ(server.run("LATENCY", "HISTOGRAM", "GET", "nope", "set", "get"), "*4\r\n" + get + get);

  stats[id("slowlog|len")].record_call_with_latency(1000, false);
  const std::string slowlog_len =
      bulk("slowlog|len") +
      array({bulk("calls"), integer(1), bulk("histogram_usec"), array({integer(1), integer(1)})});
  EXPECT_EQ(server.run("LATENCY", "HISTOGRAM", "SLOWLOG"), "*2\r\n" + slowlog_len);
  EXPECT_EQ(server.run("LATENCY", "HISTOGRAM", "slowlog|len"), "*2\r\n" + slowlog_len);

  const std::string all = server.run("LATENCY", "HISTOGRAM");
  EXPECT_NE(all.find(get), std::string::npos) << all;
  EXPECT_NE(all.find(slowlog_len), std::string::npos) << all;
  EXPECT_NE(all.find(bulk("latency|histogram")), std::string::npos) << all;
  EXPECT_EQ(all.substr(0, 4), "*6\r\n") << all;
}

TEST(LatencyCommands, HistogramIsAMapInResp3) {
  TestServer server;
  server.client.client().reply.set_resp3(true);
  EXPECT_EQ(server.run("LATENCY", "HISTOGRAM", "nope"), "%0\r\n");
  server.server.command_stats[server.server.commands.find_full("get")->id].record_call_with_latency(
      3000, false);
  EXPECT_EQ(
      server.run("LATENCY", "HISTOGRAM", "get"),
      "%1\r\n$3\r\nget\r\n%2\r\n$5\r\ncalls\r\n:1\r\n$14\r\nhistogram_usec\r\n%1\r\n:4\r\n:1\r\n");
}

TEST(LatencyCommands, Errors) {
  TestServer server;
  EXPECT_EQ(server.run("LATENCY"), error("ERR wrong number of arguments for 'latency' command"));
  EXPECT_EQ(server.run("LATENCY", "GRAPH"),
            error("ERR wrong number of arguments for 'latency|graph' command"));
  EXPECT_EQ(server.run("LATENCY", "foo"), error("ERR unknown subcommand 'foo'. Try LATENCY HELP."));
  EXPECT_EQ(server.run("LATENCY", "HELP").substr(0, 14), "*17\r\n+LATENCY ");
}

}  // namespace
}  // namespace spinel::server
