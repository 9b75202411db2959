// INFO, COMMAND, MEMORY, SLOWLOG, LATENCY, DEBUG, MONITOR, TIME, LOLWUT. CONFIG and SHUTDOWN have
// files of their own.

#include "tests/support/server_test.h"

#include <algorithm>
#include <regex>
#include <set>

namespace spinel::test {
namespace {

using ServerCommandsTest = ServerTest;
using OwnServerCommandsTest = OwnServerTest;

const Reply kNotAnInteger = error("ERR value is not an integer or out of range");
const Reply kSyntax = error("ERR syntax error");

Reply wrong_arity(const std::string& command) {
  return error("ERR wrong number of arguments for '" + command + "' command");
}
Reply unknown_subcommand(const std::string& container, const std::string& subcommand) {
  return error("ERR unknown subcommand '" + subcommand + "'. Try " + container + " HELP.");
}

bool matches(const std::string& text, const std::string& pattern) {
  return std::regex_search(text, std::regex(pattern));
}

// --- INFO ---

std::vector<std::string> sections(const std::string& info) {
  std::vector<std::string> names;
  for (const std::string& row : split(info, '\n')) {
    if (row.starts_with("# ")) names.push_back(row.substr(2, row.size() - 3));
  }
  return names;
}

TEST_F(ServerCommandsTest, InfoSections) {
  using List = std::vector<std::string>;
  const List usual{"Server", "Clients", "Memory",     "Persistence", "Stats",   "Replication",
                   "CPU",    "Modules", "Errorstats", "Cluster",     "Keyspace"};
  const List all{"Server",       "Clients", "Memory",  "Persistence",  "Stats",
                 "Replication",  "CPU",     "Modules", "Commandstats", "Errorstats",
                 "Latencystats", "Cluster", "Keyspace"};
  EXPECT_EQ(sections(run("INFO").text), usual);
  EXPECT_EQ(sections(run("INFO", "default").text), usual);
  EXPECT_EQ(sections(run("INFO", "all").text), all);
  EXPECT_EQ(sections(run("INFO", "everything").text), all);
  EXPECT_EQ(sections(run("INFO", "SERVER", "clients", "bogus").text), (List{"Server", "Clients"}));
  EXPECT_EQ(sections(run("INFO", "cpu", "cpu").text), (List{"CPU"}));
  EXPECT_EQ(run("INFO", "bogus"), bulk(""));
  EXPECT_EQ(run3("INFO", "cpu").type, Reply::Type::kVerbatim);
  const std::string cpu = run("INFO", "cpu").text;
  EXPECT_TRUE(cpu.starts_with("# CPU\r\nused_cpu_sys:")) << cpu;
  EXPECT_TRUE(cpu.ends_with("\r\n")) << cpu;
}

TEST_F(ServerCommandsTest, InfoHasTheFieldsThatMonitoringReads) {
  const std::string text = run("INFO", "everything").text;
  for (const char* field : {"redis_version",
                            "redis_mode",
                            "os",
                            "arch_bits",
                            "multiplexing_api",
                            "process_id",
                            "run_id",
                            "tcp_port",
                            "server_time_usec",
                            "uptime_in_seconds",
                            "uptime_in_days",
                            "hz",
                            "configured_hz",
                            "lru_clock",
                            "executable",
                            "connected_clients",
                            "maxclients",
                            "client_recent_max_input_buffer",
                            "client_recent_max_output_buffer",
                            "blocked_clients",
                            "used_memory",
                            "used_memory_human",
                            "used_memory_rss",
                            "used_memory_peak",
                            "used_memory_overhead",
                            "used_memory_startup",
                            "used_memory_dataset",
                            "total_system_memory",
                            "maxmemory",
                            "maxmemory_policy",
                            "mem_fragmentation_ratio",
                            "mem_clients_normal",
                            "mem_allocator",
                            "lazyfree_pending_objects",
                            "lazyfreed_objects",
                            "loading",
                            "rdb_changes_since_last_save",
                            "rdb_last_save_time",
                            "rdb_last_bgsave_status",
                            "aof_enabled",
                            "total_connections_received",
                            "total_commands_processed",
                            "instantaneous_ops_per_sec",
                            "total_net_input_bytes",
                            "total_net_output_bytes",
                            "rejected_connections",
                            "expired_keys",
                            "expired_stale_perc",
                            "expired_time_cap_reached_count",
                            "evicted_keys",
                            "keyspace_hits",
                            "keyspace_misses",
                            "pubsub_channels",
                            "total_error_replies",
                            "total_reads_processed",
                            "total_writes_processed",
                            "role",
                            "connected_slaves",
                            "master_replid",
                            "master_repl_offset",
                            "used_cpu_sys",
                            "used_cpu_user",
                            "cluster_enabled"}) {
    EXPECT_NE(info_field(text, field), "") << field;
  }
  EXPECT_EQ(info_field(text, "tcp_port"), std::to_string(server().port()));
  EXPECT_EQ(info_field(text, "process_id"), std::to_string(server().pid()));
  EXPECT_EQ(info_field(text, "role"), "master");
  EXPECT_TRUE(matches(info_field(text, "run_id"), "^[0-9a-f]{40}$"));
  EXPECT_TRUE(matches(info_field(text, "used_memory_human"), "^[0-9.]+[BKMG]$"));
}

TEST_F(ServerCommandsTest, SpinelInfoNamesBothVersions) {
  if (against_redis_7_0()) GTEST_SKIP() << "Spinel's own fields";
  EXPECT_EQ(info("redis_version"), "7.2.4");
  EXPECT_NE(run("INFO", "server").text.find("spinel"), std::string::npos);
}

TEST_F(ServerCommandsTest, InfoKeyspace) {
  EXPECT_EQ(run("INFO", "keyspace"), bulk("# Keyspace\r\n"));
  run("MSET", "a", 1, "b", 2);
  run("SET", "c", 3, "PX", 1'000'000);
  run("SELECT", 9);
  run("SET", "d", 1);
  const std::string text = run("INFO", "keyspace").text;
  EXPECT_TRUE(matches(text, "db0:keys=3,expires=1,avg_ttl=[0-9]+\r\n")) << text;
  EXPECT_TRUE(matches(text, "db9:keys=1,expires=0,avg_ttl=0\r\n")) << text;
  // Once the active expiry cycle has looked.
  EXPECT_TRUE(wait_until([&] {
    return matches(run("INFO", "keyspace").text, "db0:keys=3,expires=1,avg_ttl=9[0-9]{5}\r\n");
  }));
  SKIP_WITHOUT_COMMAND("HEXPIRE");
  run("HSET", "h", "f", "v");
  run("HEXPIRE", "h", 1000, "FIELDS", 1, "f");
  EXPECT_TRUE(
      matches(run("INFO", "keyspace").text, "db9:keys=2,expires=0,avg_ttl=0,subexpiry=1\r\n"));
}

TEST_F(OwnServerCommandsTest, InfoCountsWhatHappens) {
  start();
  const auto commands = info_number("total_commands_processed");
  run("SET", "a", 1);
  run("GET", "a");
  run("GET", "none");
  run("EXISTS", "a", "none");
  run("TTL", "none");
  EXPECT_GE(info_number("total_commands_processed"), commands + 5);
  EXPECT_EQ(info_number("keyspace_hits"), 2);
  EXPECT_EQ(info_number("keyspace_misses"), 3);
  const auto connections = info_number("total_connections_received");
  server().raw().run("PING");
  EXPECT_EQ(info_number("total_connections_received"), connections + 1);
  run("SET", "gone", 1, "PX", 1);
  EXPECT_TRUE(wait_until([&] { return info_number("expired_keys") == 1; }));
}

/// What INFO tells of the event loop at one moment.
struct LoopTimes {
  explicit LoopTimes(Client& client) {
    const std::string stats = client.run("INFO", "stats").text;
    const auto number = [&](const char* field) { return std::stoll(info_field(stats, field)); };
    cycles = number("eventloop_cycles");
    total_us = number("eventloop_duration_sum");
    commands_us = number("eventloop_duration_cmd_sum");
  }
  long long cycles, total_us, commands_us;
};

TEST_F(OwnServerCommandsTest, InfoMeasuresTheEventLoop) {
  start();
  SKIP_ON_REDIS_7_0("does not measure its event loop");
  const LoopTimes before(client());
  EXPECT_GT(before.cycles, 0);
  EXPECT_GT(before.commands_us, 0);
  EXPECT_GE(before.total_us, before.commands_us);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(run("DEBUG", "SLEEP", "0.02"), ok());
  const LoopTimes after(client());
  EXPECT_GE(after.cycles, before.cycles + 20);
  EXPECT_GE(after.commands_us, before.commands_us + 400'000);
  EXPECT_GE(after.total_us, before.total_us + 400'000);
  EXPECT_GE(after.total_us, after.commands_us);
  ASSERT_TRUE(wait_until([this] {
    run("DEBUG", "SLEEP", "0.01");
    return info_number("instantaneous_eventloop_cycles_per_sec") > 0 &&
           info_number("instantaneous_eventloop_duration_usec") > 100;
  }));
  EXPECT_EQ(line("CONFIG RESETSTAT"), ok());
  EXPECT_LT(LoopTimes(client()).commands_us, after.commands_us);
}

TEST_F(OwnServerCommandsTest, WaitingIsNoTimeOfTheEventLoop) {
  start();
  SKIP_ON_REDIS_7_0("does not measure its event loop");
  const auto began = Clock::now();
  const LoopTimes before(client());
  const auto uptime = info_number("uptime_in_seconds");
  ASSERT_TRUE(wait_until([&] { return info_number("uptime_in_seconds") > uptime + 1; }));
  const LoopTimes after(client());
  const auto passed_us =
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began).count();
  EXPECT_LT(after.total_us - before.total_us, passed_us);
}

TEST_F(OwnServerCommandsTest, Commandstats) {
  start();
  run("SET", "a", 1);
  run("INCR", "a");
  run("SET", "a", "x");
  run("INCR", "a");
  run("INCR");
  run("CONFIG", "GET", "port");
  std::string text = run("INFO", "commandstats").text;
  EXPECT_TRUE(matches(text,
                      "cmdstat_set:calls=2,usec=[0-9]+,usec_per_call=[0-9.]+,"
                      "rejected_calls=0,failed_calls=0\r\n"))
      << text;
  EXPECT_TRUE(matches(text,
                      "cmdstat_incr:calls=2,usec=[0-9]+,usec_per_call=[0-9.]+,"
                      "rejected_calls=1,failed_calls=1\r\n"))
      << text;
  EXPECT_TRUE(matches(text, "cmdstat_config\\|get:calls=1,")) << text;
  EXPECT_EQ(line("CONFIG RESETSTAT"), ok());
  text = run("INFO", "commandstats").text;
  EXPECT_EQ(text.find("cmdstat_set"), std::string::npos) << text;
}

TEST_F(OwnServerCommandsTest, Errorstats) {
  start();
  EXPECT_EQ(run("INFO", "errorstats"), bulk("# Errorstats\r\n"));
  run("nosuch");
  run("GET");
  run("AUTH", "nobody", "x");
  const std::string text = run("INFO", "errorstats").text;
  EXPECT_NE(text.find("errorstat_ERR:count=2\r\n"), std::string::npos) << text;
  EXPECT_NE(text.find("errorstat_WRONGPASS:count=1\r\n"), std::string::npos) << text;
  EXPECT_EQ(info_number("total_error_replies"), 3);
}

TEST_F(OwnServerCommandsTest, Latencystats) {
  start();
  run("SET", "a", 1);
  const std::string text = run("INFO", "latencystats").text;
  EXPECT_TRUE(
      matches(text, "latency_percentiles_usec_set:p50=[0-9.]+,p99=[0-9.]+,p99.9=[0-9.]+\r\n"))
      << text;
  EXPECT_EQ(line("CONFIG SET latency-tracking-info-percentiles \"0 50 100\""), ok());
  EXPECT_TRUE(matches(run("INFO", "latencystats").text,
                      "latency_percentiles_usec_set:p0=[0-9.]+,p50=[0-9.]+,p100=[0-9.]+\r\n"));
  EXPECT_EQ(line("CONFIG SET latency-tracking no"), ok());
  EXPECT_EQ(run("INFO", "latencystats").text.find("usec_set"), std::string::npos);
}

// --- COMMAND ---

TEST_F(ServerCommandsTest, CommandListAndCount) {
  const Reply count = run("COMMAND", "COUNT");
  ASSERT_EQ(count.type, Reply::Type::kInteger);
  const auto all = run("COMMAND", "LIST").sorted_texts();
  const auto is_subcommand = [](const std::string& name) { return name.find('|') != name.npos; };
  EXPECT_EQ(
      static_cast<std::int64_t>(all.size()) - std::count_if(all.begin(), all.end(), is_subcommand),
      count.number);
  EXPECT_EQ(static_cast<std::int64_t>(run("COMMAND").elements.size()), count.number);
  EXPECT_EQ(static_cast<std::int64_t>(run("COMMAND", "INFO").elements.size()), count.number);
  for (const char* name : {"get", "set", "config", "config|get", "ping"}) {
    EXPECT_TRUE(std::binary_search(all.begin(), all.end(), name)) << name;
  }
  EXPECT_EQ(line("COMMAND LIST FILTERBY PATTERN get*x").texts(), std::vector<std::string>{"getex"});
  EXPECT_EQ(line("COMMAND LIST FILTERBY MODULE none"), array({}));
  EXPECT_EQ(line("COMMAND LIST FILTERBY ACLCAT bogus"), array({}));
  const auto strings = line("COMMAND LIST FILTERBY ACLCAT string").sorted_texts();
  EXPECT_EQ(strings, (std::vector<std::string>{
                         "append",   "decr",     "decrby", "get",    "getdel",      "getex",
                         "getrange", "getset",   "incr",   "incrby", "incrbyfloat", "lcs",
                         "mget",     "mset",     "msetnx", "psetex", "set",         "setex",
                         "setnx",    "setrange", "strlen", "substr"}));
  expect_session({{"COMMAND LIST BOGUS", kSyntax},
                  {"COMMAND LIST FILTERBY BOGUS x", kSyntax},
                  {"COMMAND LIST FILTERBY PATTERN", kSyntax},
                  {"COMMAND BOGUS", unknown_subcommand("COMMAND", "BOGUS")}});
}

TEST_F(ServerCommandsTest, CommandInfo) {
  const Reply reply = line("COMMAND INFO GET bogus config|get");
  ASSERT_EQ(reply.elements.size(), 3U);
  EXPECT_TRUE(reply.elements[1].is_null());
  const Reply& get = reply.elements[0];
  ASSERT_EQ(get.elements.size(), 10U) << get;
  EXPECT_EQ(get.elements[0], bulk("get"));
  EXPECT_EQ(get.elements[1], integer(2));
  EXPECT_EQ(get.elements[2], array({status("readonly"), status("fast")}));
  EXPECT_EQ(get.elements[3], integer(1));
  EXPECT_EQ(get.elements[4], integer(1));
  EXPECT_EQ(get.elements[5], integer(1));
  EXPECT_EQ(get.elements[6], array({status("@read"), status("@string"), status("@fast")}));
  EXPECT_EQ(get.elements[7], array({}));
  EXPECT_EQ(
      get.elements[8],
      array({array(
          {bulk("flags"), array({status("RO"), status("access")}), bulk("begin_search"),
           array({bulk("type"), bulk("index"), bulk("spec"), array({bulk("index"), integer(1)})}),
           bulk("find_keys"),
           array({bulk("type"), bulk("range"), bulk("spec"),
                  array({bulk("lastkey"), integer(0), bulk("keystep"), integer(1), bulk("limit"),
                         integer(0)})})})}));
  EXPECT_EQ(get.elements[9], array({}));
  EXPECT_EQ(reply.elements[2].elements[0], bulk("config|get"));
  const Reply resp3_reply = run3("COMMAND", "INFO", "get");
  ASSERT_EQ(resp3_reply.elements.size(), 1U);
  EXPECT_EQ(resp3_reply.elements[0].elements[2], set({status("readonly"), status("fast")}));
}

TEST_F(ServerCommandsTest, CommandDocs) {
  const Reply reply = run3("COMMAND", "DOCS", "set", "bogus");
  ASSERT_EQ(reply.type, Reply::Type::kMap);
  ASSERT_EQ(reply.elements.size(), 2U);
  const Reply& set_docs = reply.at("set");
  EXPECT_EQ(set_docs.at("since"), bulk("1.0.0"));
  EXPECT_EQ(set_docs.at("group"), bulk("string"));
  EXPECT_EQ(set_docs.at("complexity"), bulk("O(1)"));
  EXPECT_NE(set_docs.at("summary").text, "");
  const Reply& arguments = set_docs.at("arguments");
  ASSERT_EQ(arguments.elements.size(), 5U) << set_docs;
  EXPECT_EQ(arguments.elements[0].at("name"), bulk("key"));
  EXPECT_EQ(arguments.elements[0].at("type"), bulk("key"));
  EXPECT_EQ(arguments.elements[0].at("key_spec_index"), integer(0));
  EXPECT_EQ(arguments.elements[2].at("type"), bulk("oneof"));
  EXPECT_EQ(arguments.elements[2].at("flags"), set({status("optional")}));
  EXPECT_EQ(run3("COMMAND", "DOCS", "bogus"), map({}));
  const Reply all = run3("COMMAND", "DOCS");
  EXPECT_EQ(static_cast<std::int64_t>(all.elements.size()), 2 * run("COMMAND", "COUNT").number);
}

TEST_F(ServerCommandsTest, CommandGetkeys) {
  const auto keys_and_flags = [](const std::string& key, std::vector<Reply> flags) {
    return array({bulk(key), array(std::move(flags))});
  };
  expect_session(
      {{"COMMAND GETKEYS SET a b", bulks({"a"})},
       {"COMMAND GETKEYS mset a 1 b 2", bulks({"a", "b"})},
       {"COMMAND GETKEYS DEL a b c", bulks({"a", "b", "c"})},
       {"COMMAND GETKEYS COPY a b", bulks({"a", "b"})},
       {"COMMAND GETKEYS MEMORY USAGE a", bulks({"a"})},
       {"COMMAND GETKEYSANDFLAGS SET a b",
        array({keys_and_flags("a", {status("OW"), status("update")})})},
       {"COMMAND GETKEYSANDFLAGS GET a",
        array({keys_and_flags("a", {status("RO"), status("access")})})},
       {"COMMAND GETKEYSANDFLAGS COPY a b REPLACE",
        array({keys_and_flags("a", {status("RO"), status("access")}),
               keys_and_flags("b", {status("OW"), status("update")})})},
       {"COMMAND GETKEYS bogus x", error("ERR Invalid command specified")},
       {"COMMAND GETKEYS PING x", error("ERR The command has no key arguments")},
       {"COMMAND GETKEYSANDFLAGS PING x", error("ERR The command has no key arguments")},
       {"COMMAND GETKEYS GET a b", error("ERR Invalid number of arguments specified for command")},
       {"COMMAND GETKEYS", wrong_arity("command|getkeys")}});
}

// --- MEMORY ---

TEST_F(ServerCommandsTest, MemoryUsage) {
  EXPECT_EQ(run("MEMORY", "USAGE", "none"), nil());
  run("SET", "small", 1);
  run("SET", "big", std::string(100'000, 'x'));
  EXPECT_INTEGER_BETWEEN(run("MEMORY", "USAGE", "small"), 8, 200);
  EXPECT_INTEGER_BETWEEN(run("MEMORY", "USAGE", "big"), 100'000, 150'000);
  EXPECT_INTEGER_BETWEEN(line("MEMORY USAGE big SAMPLES 0"), 100'000, 150'000);
  expect_session({{"MEMORY USAGE big SAMPLES", kSyntax},
                  {"MEMORY USAGE big SAMPLES -1", kSyntax},
                  {"MEMORY USAGE big SAMPLES x", kNotAnInteger},
                  {"MEMORY USAGE big BOGUS 1", kSyntax},
                  {"MEMORY USAGE", wrong_arity("memory|usage")},
                  {"MEMORY", wrong_arity("memory")},
                  {"MEMORY BOGUS", unknown_subcommand("MEMORY", "BOGUS")}});
}

TEST_F(ServerCommandsTest, MemoryReports) {
  EXPECT_EQ(run("MEMORY", "PURGE"), ok());
  EXPECT_EQ(run("MEMORY", "DOCTOR").type, Reply::Type::kString);
  EXPECT_EQ(run("MEMORY", "MALLOC-STATS").type, Reply::Type::kString);
  run("SET", "a", 1);
  const Reply stats = run3("MEMORY", "STATS");
  ASSERT_EQ(stats.type, Reply::Type::kMap);
  for (const char* field :
       {"peak.allocated", "total.allocated", "startup.allocated", "clients.normal",
        "overhead.total", "keys.count", "keys.bytes-per-key", "dataset.bytes"}) {
    EXPECT_EQ(stats.at(field).type, Reply::Type::kInteger) << field;
  }
  EXPECT_EQ(stats.at("dataset.percentage").type, Reply::Type::kDouble);
  EXPECT_EQ(stats.at("fragmentation").type, Reply::Type::kDouble);
  EXPECT_EQ(stats.at("keys.count"), integer(1));
  EXPECT_EQ(stats.at("db.0").type, Reply::Type::kMap);
}

// --- SLOWLOG ---

TEST_F(OwnServerCommandsTest, Slowlog) {
  start({.arguments = {"--slowlog-log-slower-than", "0", "--slowlog-max-len", "20"}});
  RawConnection connection = server().raw();
  connection.run("CLIENT", "SETNAME", "slow-one");
  connection.run("SLOWLOG", "RESET");
  connection.run("SET", "key", "value");
  const Reply entries = connection.run("SLOWLOG", "GET", 1);
  ASSERT_EQ(entries.elements.size(), 1U);
  const Reply& entry = entries.elements[0];
  ASSERT_EQ(entry.elements.size(), 6U) << entry;
  EXPECT_EQ(entry.elements[0].type, Reply::Type::kInteger);
  EXPECT_GT(entry.elements[1].number, 1'500'000'000);
  EXPECT_GE(entry.elements[2].number, 0);
  EXPECT_EQ(entry.elements[3], bulks({"SET", "key", "value"}));
  EXPECT_EQ(entry.elements[4], bulk(connection.local_address()));
  EXPECT_EQ(entry.elements[5], bulk("slow-one"));

  for (int i = 0; i < 30; ++i) connection.run("PING");
  EXPECT_EQ(connection.run("SLOWLOG", "LEN"), integer(20));
  EXPECT_EQ(connection.run("SLOWLOG", "GET").elements.size(), 10U);
  EXPECT_EQ(connection.run("SLOWLOG", "GET", -1).elements.size(), 20U);
  EXPECT_EQ(connection.run("SLOWLOG", "GET", 0), array({}));
  expect_session({{"CONFIG SET slowlog-log-slower-than -1", ok()},
                  {"SLOWLOG RESET", ok()},
                  {"PING", status("PONG")},
                  {"SLOWLOG LEN", integer(0)},
                  {"SLOWLOG GET -2", error("ERR count should be greater than or equal to -1")},
                  {"SLOWLOG GET x", error("ERR count should be greater than or equal to -1")},
                  {"SLOWLOG BOGUS", unknown_subcommand("SLOWLOG", "BOGUS")}});
}

TEST_F(OwnServerCommandsTest, SlowlogShortensLongCommands) {
  start({.arguments = {"--slowlog-log-slower-than", "0"}});
  std::vector<std::string> command{"MGET"};
  for (int i = 0; i < 40; ++i) command.push_back("key" + std::to_string(i));
  RawConnection connection = server().raw();
  connection.run("SET", "key", std::string(200, 'x'));
  connection.command(command);
  const Reply entries = connection.run("SLOWLOG", "GET", 2);
  ASSERT_EQ(entries.elements.size(), 2U);
  const auto many = entries.elements[0].elements[3].texts();
  ASSERT_EQ(many.size(), 32U);
  EXPECT_EQ(many[31], "... (10 more arguments)");
  EXPECT_EQ(entries.elements[1].elements[3].texts()[2],
            std::string(128, 'x') + "... (72 more bytes)");
}

TEST_F(OwnServerCommandsTest, SlowlogTakesOnlyTheSlow) {
  start({.arguments = {"--slowlog-log-slower-than", "20000"}});
  line("DEBUG SLEEP 0.05");
  const Reply entries = run("SLOWLOG", "GET");
  ASSERT_GE(entries.elements.size(), 1U);
  const Reply& entry = entries.elements.back();
  EXPECT_EQ(entry.elements[3], bulks({"DEBUG", "SLEEP", "0.05"}));
  EXPECT_GE(entry.elements[2].number, 50'000);
}

// --- LATENCY ---

TEST_F(OwnServerCommandsTest, Latency) {
  start({.arguments = {"--latency-monitor-threshold", "20"}});
  EXPECT_EQ(line("LATENCY HISTORY command"), array({}));
  line("DEBUG SLEEP 0.05");
  const Reply history = line("LATENCY HISTORY command");
  ASSERT_GE(history.elements.size(), 1U);
  EXPECT_GE(history.elements[0].elements[1].number, 50);
  const Reply latest = line("LATENCY LATEST");
  ASSERT_GE(latest.elements.size(), 1U);
  bool found = false;
  for (const Reply& event : latest.elements) {
    ASSERT_EQ(event.elements.size(), 4U);
    found = found || event.elements[0] == bulk("command");
  }
  EXPECT_TRUE(found) << latest;
  EXPECT_TRUE(line("LATENCY GRAPH command").text.starts_with("command - high "));
  EXPECT_NE(line("LATENCY DOCTOR").text, "");
  expect_session({{"LATENCY GRAPH none", error("ERR No samples available for event 'none'")},
                  {"LATENCY RESET none", integer(0)},
                  {"LATENCY RESET command", integer(1)},
                  {"LATENCY HISTORY command", array({})},
                  {"LATENCY BOGUS", unknown_subcommand("LATENCY", "BOGUS")}});
}

TEST_F(OwnServerCommandsTest, LatencyHistogram) {
  start();
  for (int i = 0; i < 10; ++i) run("SET", "a", i);
  run("CONFIG", "GET", "port");
  const Reply one = run3("LATENCY", "HISTOGRAM", "set");
  ASSERT_EQ(one.type, Reply::Type::kMap) << one;
  EXPECT_EQ(one.at("set").at("calls"), integer(10));
  const Reply& buckets = one.at("set").at("histogram_usec");
  ASSERT_GE(buckets.elements.size(), 2U);
  EXPECT_EQ(buckets.elements.back(), integer(10));
  EXPECT_EQ(run3("LATENCY", "HISTOGRAM", "none"), map({}));
  EXPECT_EQ(run3("LATENCY", "HISTOGRAM", "config").at("config|get").at("calls"), integer(1));
}

// --- MONITOR ---

TEST_F(ServerCommandsTest, MonitorShowsWhatOthersRun) {
  RawConnection monitor = server().raw();
  ASSERT_EQ(monitor.run("MONITOR"), ok());
  RawConnection other = server().raw();
  other.run("SELECT", 3);
  other.run("SET", "k\"ey", std::string("a\0\r\n\xff\\", 6));
  other.run("NOSUCH");
  other.run("AUTH", "nobody", "secret");
  other.run("PING");
  const auto expect_line = [&](int db, const std::string& words_shown) {
    const Reply shown = monitor.read_reply();
    ASSERT_EQ(shown.type, Reply::Type::kStatus) << shown;
    const auto bracket = shown.text.find(" [");
    ASSERT_NE(bracket, std::string::npos) << shown;
    EXPECT_TRUE(matches(shown.text.substr(0, bracket), "^[0-9]+\\.[0-9]{6}$")) << shown;
    EXPECT_EQ(shown.text.substr(bracket + 1),
              "[" + std::to_string(db) + " " + other.local_address() + "] " + words_shown);
  };
  expect_line(3, "\"SELECT\" \"3\"");
  expect_line(3, "\"SET\" \"k\\\"ey\" \"a\\x00\\r\\n\\xff\\\\\"");
  expect_line(3, "\"AUTH\" \"(redacted)\" \"(redacted)\"");
  expect_line(3, "\"PING\"");
  EXPECT_EQ(monitor.run("RESET"), status("RESET"));
  EXPECT_EQ(monitor.run("PING"), status("PONG"));
  EXPECT_EQ(run("MONITOR", "x"), wrong_arity("monitor"));
}

// --- DEBUG ---

TEST_F(ServerCommandsTest, DebugSleep) {
  const auto before = Clock::now();
  EXPECT_EQ(line("DEBUG SLEEP 0.1"), ok());
  EXPECT_GE(Clock::now() - before, milliseconds(100));
}

TEST_F(ServerCommandsTest, DebugDigest) {
  const std::string nothing(40, '0');
  EXPECT_EQ(line("DEBUG DIGEST"), status(nothing));
  run("SET", "a", 1);
  run("SET", "b", "text");
  const Reply digest = line("DEBUG DIGEST");
  EXPECT_NE(digest, status(nothing));
  run("FLUSHALL");
  run("SET", "b", "text");
  run("SET", "a", 1);
  EXPECT_EQ(line("DEBUG DIGEST"), digest) << "the order of writing does not matter";
  run("SET", "c", 1);
  EXPECT_NE(line("DEBUG DIGEST"), digest);
  const Reply values = line("DEBUG DIGEST-VALUE a c none");
  ASSERT_EQ(values.elements.size(), 3U);
  EXPECT_EQ(values.elements[0], values.elements[1]);
  EXPECT_EQ(values.elements[2], status(nothing));
}

TEST_F(ServerCommandsTest, DebugObject) {
  run("SET", "a", "some text");
  const Reply object = line("DEBUG OBJECT a");
  EXPECT_TRUE(matches(object.text,
                      "^Value at:0x[0-9a-f]+ refcount:[0-9]+ encoding:embstr "
                      "serializedlength:10 lru:[0-9]+ lru_seconds_idle:[0-9]+$"))
      << object;
  EXPECT_EQ(line("DEBUG OBJECT none"), error("ERR no such key"));
}

TEST_F(ServerCommandsTest, DebugPopulate) {
  expect_session({{"SET key:1 mine", ok()},
                  {"DEBUG POPULATE 3", ok()},
                  {"MGET key:0 key:1 key:2", bulks({"value:0", "mine", "value:2"})},
                  {"DEBUG POPULATE 2 pre 10", ok()},
                  {"STRLEN pre:1", integer(10)},
                  {"DBSIZE", integer(5)},
                  {"DEBUG POPULATE x", error("ERR value is out of range, must be positive")}});
}

TEST_F(ServerCommandsTest, DebugErrorsAndHelp) {
  const auto unknown = [](const std::string& name) {
    return error("ERR unknown subcommand or wrong number of arguments for '" + name +
                 "'. Try DEBUG HELP.");
  };
  expect_session({{"DEBUG ERROR \"MYCODE my text\"", error("MYCODE my text")},
                  {"DEBUG BOGUS", unknown("BOGUS")},
                  {"DEBUG SET-ACTIVE-EXPIRE", unknown("SET-ACTIVE-EXPIRE")},
                  {"DEBUG", wrong_arity("debug")},
                  {"DEBUG HTSTATS 99", error("ERR Out of range database")},
                  {"DEBUG HTSTATS x", kNotAnInteger},
                  {"DEBUG CHANGE-REPL-ID", ok()},
                  {"DEBUG PAUSE-CRON 1", ok()},
                  {"DEBUG PAUSE-CRON 0", ok()},
                  {"DEBUG REPLYBUFFER PEAK-RESET-TIME 100", ok()},
                  {"DEBUG REPLYBUFFER PEAK-RESET-TIME NEVER", ok()},
                  {"DEBUG REPLYBUFFER PEAK-RESET-TIME RESET", ok()},
                  {"DEBUG REPLYBUFFER RESIZING 0", ok()},
                  {"DEBUG REPLYBUFFER RESIZING 1", ok()},
                  {"DEBUG QUICKLIST-PACKED-THRESHOLD 10b", ok()},
                  {"DEBUG QUICKLIST-PACKED-THRESHOLD 0", ok()}});
  const Reply help = line("DEBUG HELP");
  ASSERT_GT(help.elements.size(), 10U);
  EXPECT_EQ(help.elements[0],
            status("DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
}

TEST_F(ServerCommandsTest, DebugStringmatchLen) {
  SKIP_ON_REDIS_7_0("has no DEBUG STRINGMATCH-LEN");
  EXPECT_EQ(line("DEBUG STRINGMATCH-LEN 1000000 *a").type, Reply::Type::kInteger);
}

TEST_F(ServerCommandsTest, DebugLogWritesToTheLog) {
  EXPECT_EQ(line("DEBUG LOG needle-in-the-log"), ok());
  EXPECT_NE(server().log().find("DEBUG LOG: needle-in-the-log"), std::string::npos);
}

TEST_F(OwnServerCommandsTest, DebugIsRefusedByDefault) {
  start({.arguments = {"--enable-debug-command", "no"}});
  const Reply refusal = error(
      "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", "
      "you can run it from a local connection, otherwise you need to set this option in the "
      "configuration file, and then restart the server.");
  EXPECT_EQ(line("DEBUG SLEEP 0"), refusal);
  EXPECT_EQ(line("CONFIG SET enable-debug-command yes"),
            error("ERR CONFIG SET failed (possibly related to argument 'enable-debug-command') - "
                  "can't set immutable config"));
}

TEST_F(OwnServerCommandsTest, DebugLocalAllowsTheLoopback) {
  start({.arguments = {"--enable-debug-command", "local"}});
  EXPECT_EQ(line("DEBUG SLEEP 0"), ok());
}

// --- the rest ---

TEST_F(ServerCommandsTest, Time) {
  const Reply first = run("TIME");
  ASSERT_EQ(first.elements.size(), 2U);
  const Reply second = run("TIME");
  const auto micros = [](const Reply& time) {
    return std::stoll(time.elements[0].text) * 1'000'000 + std::stoll(time.elements[1].text);
  };
  EXPECT_LE(micros(first), micros(second));
  EXPECT_LT(std::stoll(first.elements[1].text), 1'000'000);
  EXPECT_EQ(run("TIME", "x"), wrong_arity("time"));
}

TEST_F(ServerCommandsTest, Lolwut) {
  EXPECT_NE(run("LOLWUT").text.find(info("redis_version")), std::string::npos);
  EXPECT_NE(line("LOLWUT VERSION 5 10 2 2").text, "");
  EXPECT_NE(line("LOLWUT VERSION 6 20 10").text, "");
  EXPECT_EQ(line("LOLWUT VERSION x"), kNotAnInteger);
  EXPECT_EQ(run3("LOLWUT").type, Reply::Type::kVerbatim);
}

TEST_F(ServerCommandsTest, RoleAndLastsave) {
  EXPECT_EQ(run("ROLE"), array({bulk("master"), integer(0), array({})}));
  EXPECT_GT(run("LASTSAVE").number, 1'500'000'000);
}

TEST_F(ServerCommandsTest, HelpOfEveryContainer) {
  for (const char* container :
       {"CLIENT", "COMMAND", "CONFIG", "MEMORY", "SLOWLOG", "LATENCY", "OBJECT", "DEBUG"}) {
    const Reply help = run(container, "HELP");
    ASSERT_GT(help.elements.size(), 2U) << container;
    EXPECT_EQ(help.elements.front(),
              status(std::string(container) +
                     " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
    EXPECT_EQ(help.elements.back(), status("    Prints this help.")) << container;
    for (const Reply& row : help.elements) EXPECT_EQ(row.type, Reply::Type::kStatus);
  }
}

}  // namespace
}  // namespace spinel::test
