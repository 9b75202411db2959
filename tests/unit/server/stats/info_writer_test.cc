#include "server/stats/info_writer.h"

#include <gtest/gtest.h>
#include <set>

#include "server/stats/info_stats.h"

namespace spinel::server {
namespace {

InfoSelection select(std::vector<std::string_view> arguments) {
  return InfoSelection::from_arguments(arguments);
}

std::string heads(const InfoSelection& selection) {
  InfoWriter info(selection);
  for (size_t i = 0; i < kInfoSections; ++i) info.begin(static_cast<InfoSection>(i));
  return info.text();
}

TEST(InfoSelection, DefaultLeavesOutTheLongSections) {
  const std::string expected =
      "# Server\r\n\r\n# Clients\r\n\r\n# Memory\r\n\r\n# Persistence\r\n\r\n# Stats\r\n\r\n"
      "# Replication\r\n\r\n# CPU\r\n\r\n# Modules\r\n\r\n# Errorstats\r\n\r\n# Cluster\r\n\r\n"
      "# Keyspace\r\n";
  EXPECT_EQ(heads(select({})), expected);
  EXPECT_EQ(heads(select({"DEFAULT"})), expected);
  EXPECT_EQ(heads(select({"default", "cpu", "nope"})), expected);
}

TEST(InfoSelection, AllAndEverything) {
  for (size_t i = 0; i < kInfoSections; ++i) {
    EXPECT_TRUE(select({"All"}).has(static_cast<InfoSection>(i)));
    EXPECT_TRUE(select({"keyspace", "everything"}).has(static_cast<InfoSection>(i)));
  }
}

TEST(InfoSelection, NamedSectionsComeInTheirOwnOrder) {
  EXPECT_EQ(heads(select({"keyspace", "CPU", "CommandStats"})),
            "# CPU\r\n\r\n# Commandstats\r\n\r\n# Keyspace\r\n");
  EXPECT_EQ(heads(select({"nope"})), "");
  EXPECT_EQ(heads(select({""})), "");
}

TEST(InfoWriter, Fields) {
  InfoWriter info(select({"memory"}));
  EXPECT_FALSE(info.begin(InfoSection::kServer));
  ASSERT_TRUE(info.begin(InfoSection::kMemory));
  info.field("a", int64_t{-5});
  info.field("b", UINT64_MAX);
  info.field("c", "text");
  info.field("d", std::string_view("{}"));
  info.field("e", true);
  info.fixed("f", 1.005, 2);
  info.fixed("g", 2.5, 6);
  info.percent("h", 99.836);
  info.human_bytes("i", 1043512);
  info.line("db{}:keys={}", 0, 3);
  EXPECT_EQ(info.text(),
            "# Memory\r\na:-5\r\nb:18446744073709551615\r\nc:text\r\nd:{}\r\ne:1\r\nf:1.00\r\n"
            "g:2.500000\r\nh:99.84%\r\ni:1019.05K\r\ndb0:keys=3\r\n");
}

TEST(InfoWriter, HumanBytes) {
  EXPECT_EQ(human_bytes(0), "0B");
  EXPECT_EQ(human_bytes(1023), "1023B");
  EXPECT_EQ(human_bytes(1024), "1.00K");
  EXPECT_EQ(human_bytes(33792), "33.00K");
  EXPECT_EQ(human_bytes(1250440), "1.19M");
  EXPECT_EQ(human_bytes(25276510208), "23.54G");
  EXPECT_EQ(human_bytes(uint64_t{1} << 40), "1.00T");
  EXPECT_EQ(human_bytes(uint64_t{1} << 50), "1.00P");
  EXPECT_EQ(human_bytes(UINT64_MAX), "16.00E");
}

TEST(InfoStats, SectionHasEveryFieldOnce) {
  Stats stats;
  stats.total_net_input_bytes = 100;
  stats.total_net_repl_input_bytes = 11;
  stats.expire_cycle_cpu_us = 4999;
  stats.expired_stale_perc = 1.239;
  StatsGauges gauges;
  gauges.current_eviction_exceeded_time_ms = 3;
  stats.total_eviction_exceeded_time_us = 7000;
  InfoWriter info(select({"stats"}));
  write_stats_section(info, stats, InstantaneousRates(), gauges);
  const std::string& text = info.text();
  for (const auto line :
       {"total_connections_received:0", "total_net_input_bytes:111",
        "total_net_repl_input_bytes:11", "instantaneous_input_kbps:0.00", "expired_stale_perc:1.24",
        "expire_cycle_cpu_milliseconds:4", "total_eviction_exceeded_time:10",
        "current_eviction_exceeded_time:3", "slave_expires_tracked_keys:0",
        "client_output_buffer_limit_disconnections:0", "acl_access_denied_channel:0"}) {
    EXPECT_NE(text.find("\r\n" + std::string(line) + "\r\n"), std::string::npos) << line;
  }
  std::set<std::string> names;
  size_t lines = 0;
  for (size_t at = text.find("\r\n") + 2; at < text.size(); at = text.find("\r\n", at) + 2) {
    names.insert(text.substr(at, text.find(':', at) - at));
    ++lines;
  }
  EXPECT_EQ(names.size(), lines);
  EXPECT_EQ(lines, 62u);

  InfoWriter other(select({"cpu"}));
  write_stats_section(other, stats, InstantaneousRates(), gauges);
  EXPECT_EQ(other.text(), "");
}

}  // namespace
}  // namespace spinel::server
