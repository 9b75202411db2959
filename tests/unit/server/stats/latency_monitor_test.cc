#include "server/stats/latency_monitor.h"

#include <gtest/gtest.h>

#include "server/stats/sparkline.h"

namespace spinel::server {
namespace {

constexpr int64_t kStart = 1795410731;
constexpr int64_t kThreshold = 5;

std::string dashes() {
  return std::string(80, '-');
}

TEST(LatencyMonitor, RemembersTheWorstOfEachSecond) {
  LatencyMonitor monitor;
  monitor.record("command", 10, kThreshold, kStart);
  monitor.record("command", 30, kThreshold, kStart);
  monitor.record("command", 20, kThreshold, kStart);
  monitor.record("command", 5, kThreshold, kStart + 3);
  const LatencySeries* series = monitor.find("command");
  ASSERT_NE(series, nullptr);
  ASSERT_EQ(series->size(), 2u);
  EXPECT_EQ(series->sample(0), (LatencySample{kStart, 30}));
  EXPECT_EQ(series->latest(), (LatencySample{kStart + 3, 5}));
  EXPECT_EQ(series->all_time_max_ms(), 30);
}

TEST(LatencyMonitor, ThresholdDecidesAndZeroIsOff) {
  LatencyMonitor monitor;
  monitor.record("command", 4, kThreshold, kStart);
  monitor.record("command", 4000, 0, kStart);
  EXPECT_TRUE(monitor.series().empty());
}

TEST(LatencyMonitor, RingKeepsTheLast160Seconds) {
  LatencyMonitor monitor;
  for (int i = 0; i < 165; ++i) monitor.record("fork", 1000 - i, kThreshold, kStart + i);
  const LatencySeries* series = monitor.find("fork");
  ASSERT_EQ(series->size(), 160u);
  for (int i = 0; i < 160; ++i) {
    EXPECT_EQ(series->sample(i), (LatencySample{kStart + 5 + i, 1000 - 5 - i}));
  }
  EXPECT_EQ(series->all_time_max_ms(), 1000);
}

TEST(LatencyMonitor, ResetsByNameInAnyCaseOrAll) {
  LatencyMonitor monitor;
  for (const auto event : {"command", "fork", "expire-cycle"}) {
    monitor.record(event, 10, kThreshold, kStart);
  }
  EXPECT_EQ(monitor.find("FORK"), nullptr);
  EXPECT_TRUE(monitor.reset("FORK"));
  EXPECT_FALSE(monitor.reset("fork"));
  EXPECT_EQ(monitor.reset_all(), 2u);
  EXPECT_EQ(monitor.reset_all(), 0u);
}

// The graphs are what redis-server drew for the same samples.
TEST(LatencyMonitor, GraphOfOneSample) {
  LatencyMonitor monitor;
  monitor.record("command", 140, kThreshold, kStart);
  EXPECT_EQ(monitor.find("command")->graph(kStart),
            "command - high 140 ms, low 140 ms (all time high 140 ms)\n" + dashes() +
                "\n \n \n \n_\n \n0\ns\n");
}

TEST(LatencyMonitor, GraphScalesAndLabels) {
  LatencyMonitor monitor;
  int64_t now = kStart;
  for (const int64_t ms : {140, 201, 279, 22, 246, 136, 34, 88, 65, 198, 248, 134}) {
    monitor.record("command", ms, kThreshold, now++);
  }
  EXPECT_EQ(monitor.find("command")->graph(now - 1),
            "command - high 279 ms, low 22 ms (all time high 279 ms)\n" + dashes() +
                "\n"
                "  # o     o \n"
                " #| |    #| \n"
                "#|| |# _ ||#\n"
                "|||_||_|#|||\n"
                "            \n"
                "119876543210\n"
                "10ssssssssss\n"
                "ss          \n");
}

TEST(LatencyMonitor, GraphWrapsAfter80Columns) {
  LatencyMonitor monitor;
  for (int i = 0; i < 81; ++i) monitor.record("command", 10 + i % 2, kThreshold, kStart + i);
  const std::string graph = monitor.find("command")->graph(kStart + 80);
  std::string top, bottom;
  for (int i = 0; i < 80; ++i) (top += i % 2 ? '#' : ' ', bottom += i % 2 ? '|' : '_');
  EXPECT_NE(graph.find("\n" + top + "\n"), std::string::npos) << graph;
  EXPECT_NE(graph.find("\n" + bottom + "\n"), std::string::npos) << graph;
  EXPECT_TRUE(graph.ends_with("\n\n \n \n \n_\n \n0\ns\n")) << graph;
}

TEST(LatencyMonitor, GraphLabelsGrowWithAge) {
  LatencyMonitor monitor;
  const int64_t now = kStart;
  monitor.record("fork", 9, kThreshold, now - 2 * 86400);
  monitor.record("fork", 9, kThreshold, now - 3 * 3600 - 5);
  monitor.record("fork", 9, kThreshold, now - 119);
  monitor.record("fork", 9, kThreshold, now - 59);
  EXPECT_TRUE(monitor.find("fork")->graph(now).ends_with("\n2315\ndhm9\n   s\n"));
}

TEST(Sparkline, NothingToDraw) {
  EXPECT_EQ(render_sparkline({}), "");
}

LatencyDoctorFacts facts() {
  LatencyDoctorFacts result;
  result.now_s = kStart;
  result.monitor_threshold_ms = kThreshold;
  result.slowlog_slower_than_us = 1000;
  result.slowlog_max_length = 128;
  return result;
}

TEST(LatencyDoctor, SpeaksWithoutEvents) {
  LatencyMonitor monitor;
  LatencyDoctorFacts disabled = facts();
  disabled.monitor_threshold_ms = 0;
  EXPECT_TRUE(latency_doctor_report(monitor, disabled).starts_with("The latency monitor is off"));
  EXPECT_TRUE(latency_doctor_report(monitor, facts()).starts_with("No latency events"));
}

TEST(LatencyDoctor, DescribesEventsAndAdvises) {
  LatencyMonitor monitor;
  monitor.record("command", 200, kThreshold, kStart - 4);
  monitor.record("command", 100, kThreshold, kStart - 3);
  monitor.record("command", 10, kThreshold, kStart - 2);
  monitor.record("command", 50, kThreshold, kStart);
  monitor.record("fork", 3, 1, kStart - 9);
  LatencyDoctorFacts about = facts();
  about.fork_rate_gb_per_s = 30.12;
  about.slowlog_slower_than_us = -1;
  const std::string report = latency_doctor_report(monitor, about);
  EXPECT_TRUE(report.starts_with("Latency events of this server:\n")) << report;
  EXPECT_NE(report.find("\n1. command: 4 recorded, 90 ms on average, mean deviation 60 ms, one "
                        "every 1.00 s, longest ever 200 ms.\n"),
            std::string::npos)
      << report;
  EXPECT_NE(report.find("\n2. fork: 1 recorded, 3 ms on average, mean deviation 0 ms, one every "
                        "9.00 s, longest ever 3 ms. Fork copies 30.12 GB/s, which is fast.\n"),
            std::string::npos)
      << report;
  EXPECT_NE(report.find("CONFIG SET slowlog-log-slower-than 5000"), std::string::npos) << report;
  EXPECT_EQ(report.find("Transparent huge pages"), std::string::npos) << report;
}

TEST(LatencyDoctor, AdviceFollowsTheEvent) {
  const auto report_on = [](std::string_view event, LatencyDoctorFacts about) {
    LatencyMonitor monitor;
    monitor.record(event, 100, kThreshold, kStart);
    return latency_doctor_report(monitor, about);
  };
  const auto mentions = [](const std::string& report, const char* word) {
    return report.find(word) != std::string::npos;
  };
  LatencyDoctorFacts about = facts();
  EXPECT_TRUE(mentions(report_on(latency_event::kExpireCycle, about), "expire at about"));
  EXPECT_TRUE(mentions(report_on(latency_event::kEvictionCycle, about), "maxmemory"));
  EXPECT_TRUE(mentions(report_on(latency_event::kEvictionDel, about), "UNLINK"));
  EXPECT_TRUE(mentions(report_on(latency_event::kAofWritePendingFsync, about),
                       "no-appendfsync-on-rewrite"));
  EXPECT_FALSE(mentions(report_on(latency_event::kAofWriteAlone, about), "appendfsync always"));
  EXPECT_TRUE(mentions(report_on(latency_event::kWhileBlockedCron, about), "no advice"));
  about.appendfsync_always = true;
  about.transparent_huge_pages = true;
  EXPECT_TRUE(mentions(report_on(latency_event::kAofWriteAlone, about), "appendfsync always"));
  EXPECT_TRUE(mentions(report_on(latency_event::kFastCommand, about), "huge pages"));
  EXPECT_FALSE(mentions(report_on(latency_event::kFastCommand, about), "slowlog-log-slower-than"));
  about.slowlog_slower_than_us = 6000;
  EXPECT_TRUE(mentions(report_on(latency_event::kCommand, about), "slowlog-log-slower-than 5000"));
  about.slowlog_slower_than_us = 0;
  about.slowlog_max_length = 10;
  EXPECT_TRUE(mentions(report_on(latency_event::kCommand, about), "slowlog-max-len 1024"));
}

}  // namespace
}  // namespace spinel::server
