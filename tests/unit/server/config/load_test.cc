#include "server/config/load.h"

#include <gtest/gtest.h>
#include <string>
#include <unistd.h>
#include <vector>

#include "server/config/config_store.h"
#include "tests/unit/server/config/temporary_directory.h"

namespace spinel::server {
namespace {

std::string get(Config& config, std::string_view name) {
  const auto pairs = ConfigStore(config).get({&name, 1});
  return pairs.size() == 1 ? pairs[0].second : "(none)";
}

// The value that one option has after loading `text`, or the reason why loading failed.
std::string value_after(const std::string& text, std::string_view name) {
  Config config;
  if (const auto error = load_config(config, {.options = text})) {
    std::string reason = error->substr(0, error->size() - 1);
    return "error: " + reason.substr(reason.rfind('\n') + 1);
  }
  return get(config, name);
}

class LoadConfig : public TemporaryDirectory {};

TEST_F(LoadConfig, ReadsLines) {
  const std::string text =
      "\n# comment\n   # another\n\ttimeout\t 5  \r\nMAXCLIENTS \"77\"\n'port' '0'\n\n"
      "requirepass \"a\\x41\\n\\\"b\"\nlogfile ''\nsyslog-ident a\"b c\"\nmaxmemory 2GB";
  Config config;
  ASSERT_EQ(load_config(config, {.file = write("a.conf", text)}), std::nullopt);
  EXPECT_EQ(config.timeout_s, 5);
  EXPECT_EQ(config.maxclients, 77u);
  EXPECT_EQ(config.port, 0);
  EXPECT_EQ(config.requirepass, "aA\n\"b");
  EXPECT_EQ(config.syslog_ident, "ab c");
  EXPECT_EQ(config.maxmemory_bytes, 2ull << 30);
  EXPECT_EQ(config.config_file, path("a.conf"));
}

TEST_F(LoadConfig, LaterLinesWin) {
  EXPECT_EQ(value_after("timeout 5\nTIMEOUT 6", "timeout"), "6");
  EXPECT_EQ(value_after("slave-priority 5\nreplica-priority 6", "slave-priority"), "6");
  EXPECT_EQ(value_after("bind 127.0.0.2\nbind 127.0.0.1 -::1", "bind"), "127.0.0.1 -::1");
}

TEST_F(LoadConfig, SavePointsAddUpUntilTakenBack) {
  EXPECT_EQ(value_after("timeout 1", "save"), "3600 1 300 100 60 10000");
  EXPECT_EQ(value_after("save 5 6\nsave 7 8", "save"), "5 6 7 8");
  EXPECT_EQ(value_after("save 5 6\nsave \"\"\nsave 7 8", "save"), "7 8");
  EXPECT_EQ(value_after("save 5 6\nsave ''", "save"), "");
  EXPECT_EQ(value_after("save", "save"), "");
  EXPECT_EQ(value_after("save 7 8 9 10", "save"), "7 8 9 10");
  EXPECT_EQ(value_after("save \"7 8\"", "save"), "7 8");
  EXPECT_EQ(value_after("save 01 0", "save"), "1 0");
  for (const char* line : {"save 1", "save a b", "save 0 1", "save 1 -1", "save 1 2 3",
                           "save \"1 2\" \"3 4\"", "save \"1 2 \"", "save 1.5 2"}) {
    EXPECT_EQ(value_after(line, "save"), "error: Invalid save parameters") << line;
  }
}

TEST_F(LoadConfig, BufferLimitsChangeTheNamedClassesOnly) {
  constexpr std::string_view kName = "client-output-buffer-limit";
  const std::string rest = " slave 268435456 67108864 60 pubsub 33554432 8388608 60";
  EXPECT_EQ(value_after("client-output-buffer-limit normal 1mb 2 3", kName),
            "normal 1048576 2 3" + rest);
  EXPECT_EQ(value_after("client-output-buffer-limit normal 1 2 3 pubsub 4 5 6", kName),
            "normal 1 2 3 slave 268435456 67108864 60 pubsub 4 5 6");
  EXPECT_EQ(value_after("client-output-buffer-limit \"REPLICA 1 2 3\"", kName),
            "normal 0 0 0 slave 1 2 3 pubsub 33554432 8388608 60");
  EXPECT_EQ(value_after("client-output-buffer-limit", kName), "normal 0 0 0" + rest);
  const std::string count = "error: Wrong number of arguments in buffer limit configuration.";
  EXPECT_EQ(value_after("client-output-buffer-limit \"\"", kName), count);
  EXPECT_EQ(value_after("client-output-buffer-limit normal 1 2", kName), count);
  EXPECT_EQ(value_after("client-output-buffer-limit master 0 0 0", kName),
            "error: Invalid client class specified in buffer limit configuration.");
  EXPECT_EQ(value_after("client-output-buffer-limit normal 0 0 -1", kName),
            "error: Error in hard, soft or soft_seconds setting in buffer limit configuration.");
}

TEST_F(LoadConfig, ReadsEveryFormOfValue) {
  const struct {
    const char* line;
    const char* name;
    const char* value;
  } cases[] = {
      {"bind \"\"", "bind", ""},
      {"bind", "bind", ""},
      {"bind \"127.0.0.1 ::1\"", "bind", "127.0.0.1 ::1"},
      {"unixsocketperm 700", "unixsocketperm", "700"},
      {"unixsocketperm \"\"", "unixsocketperm", "0"},
      {"notify-keyspace-events KEA", "notify-keyspace-events", "AKE"},
      {"oom-score-adj relative", "oom-score-adj", "yes"},
      {"oom-score-adj-values -5 +6 7", "oom-score-adj-values", "-5 6 7"},
      {"latency-tracking-info-percentiles \"\"", "latency-tracking-info-percentiles", ""},
      {"latency-tracking-info-percentiles 50 1e1 99.99999 33.333333333",
       "latency-tracking-info-percentiles", "50 10 99.99999 33.333333"},
      {"latency-tracking-info-percentiles 100 0 -0", "latency-tracking-info-percentiles",
       "100 0 -0"},
      {"shutdown-on-sigterm force NOW save", "shutdown-on-sigterm", "save now force"},
      {"shutdown-on-sigint default nosave", "shutdown-on-sigint", "nosave"},
      {"maxmemory-clients 10%", "maxmemory-clients", "10%"},
      {"maxmemory-clients 0%", "maxmemory-clients", "0"},
      {"maxmemory-clients 1gb", "maxmemory-clients", "1073741824"},
      {"maxmemory 18446744073709551615", "maxmemory", "18446744073709551615"},
      {"maxmemory \"\"", "maxmemory", "0"},
      {"hz 1000", "hz", "500"},
      {"hz 0", "hz", "1"},
      {"repl-backlog-size 1", "repl-backlog-size", "16384"},
      {"loglevel NOTHING", "loglevel", "nothing"},
      {"syslog-facility local7", "syslog-facility", "local7"},
      {"maxmemory-policy ALLKEYS-LRU", "maxmemory-policy", "allkeys-lru"},
      {"list-max-ziplist-size -5", "list-max-listpack-size", "-5"},
      {"replicaof no one", "replicaof", ""},
      {"cluster-announce-hostname Ab-c.d9", "cluster-announce-hostname", "Ab-c.d9"},
      {"proc-title-template \"{title} {{ {port}\"", "proc-title-template", "{title} {{ {port}"},
      {"list-max-ziplist-entries 5", "timeout", "0"},
      {"lua-replicate-commands yes", "timeout", "0"},
      {"rdb-key-save-delay -7", "rdb-key-save-delay", "-7"},
  };
  for (const auto& each : cases)
    EXPECT_EQ(value_after(each.line, each.name), each.value) << each.line;
}

TEST_F(LoadConfig, RefusesWithRedisReasons) {
  const std::string bad = "Bad directive or wrong number of arguments";
  const std::string count = "wrong number of arguments";
  const std::string not_integer = "argument couldn't be parsed into an integer";
  const std::string sub = "Invalid oom-score-adj-values, elements must be between -2000 and 2000.";
  const std::pair<std::string, std::string> cases[] = {
      {"nosuch 1", bad},
      {"timeout=5", bad},
      {"include a b", bad},
      {"include", bad},
      {"rename-command get", bad},
      {"list-max-ziplist-entries", bad},
      {"\"\" 5", bad},
      {"timeout", count},
      {"timeout 1 2", count},
      {"timeout 5 # no comment", count},
      {"notify-keyspace-events K E", count},
      {"requirepass", count},
      {"oom-score-adj-values 1 2", count},
      {"replicaof a b c", count},
      {"requirepass \"abc", "Unbalanced quotes in configuration line"},
      {"requirepass \"abc\"d", "Unbalanced quotes in configuration line"},
      {"timeout \"\"", not_integer},
      {"timeout 05", not_integer},
      {"timeout +5", not_integer},
      {"timeout 5.0", not_integer},
      {"timeout 99999999999999999999", not_integer},
      {"timeout -1", "argument must be between 0 and 2147483647 inclusive"},
      {"port 65536", "argument must be between 0 and 65535 inclusive"},
      {"databases 0", "argument must be between 1 and 2147483647 inclusive"},
      {"maxclients 0", "argument must be between 1 and 4294967295 inclusive"},
      {"slowlog-max-len -1", "argument must be between 0 and 9223372036854775807 inclusive"},
      {"io-threads 129", "argument must be between 1 and 128 inclusive"},
      {"maxmemory 99zz", "argument must be a memory value"},
      {"maxmemory -1", "argument must be a memory value"},
      {"proto-max-bulk-len 1k",
       "argument must be between 1048576 and 9223372036854775807 inclusive"},
      {"maxmemory-clients -1", "argument must be a memory or percent value"},
      {"maxmemory-clients 010%", "argument must be a memory or percent value"},
      {"maxmemory-clients 101%", "percentage argument must be less or equal to 100"},
      {"daemonize maybe", "argument must be 'yes' or 'no'"},
      {"loglevel \"de bug\"",
       "argument(s) must be one of the following: debug, verbose, notice, warning, nothing"},
      {"shutdown-on-sigterm",
       "argument(s) must be one of the following: default, save, nosave, now, force"},
      {"shutdown-on-sigterm \"\"",
       "argument(s) must be one of the following: default, save, nosave, now, force"},
      {"shutdown-on-sigterm save nosave",
       "shutdown options SAVE and NOSAVE can't be used simultaneously"},
      {"unixsocketperm 999", "argument couldn't be parsed as an octal number"},
      {"unixsocketperm 1000", "argument must be between 0 and 777 inclusive"},
      {"bind a b c d e f g h i j k l m n o p q", "Too many bind addresses specified."},
      {"notify-keyspace-events Q", "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."},
      {"oom-score-adj-values 1 2 2001", sub},
      {"oom-score-adj-values a b c", sub},
      {"latency-tracking-info-percentiles 50 a",
       "Invalid latency-tracking-info-percentiles parameters"},
      {"latency-tracking-info-percentiles nan",
       "Invalid latency-tracking-info-percentiles parameters"},
      {"latency-tracking-info-percentiles 100.1",
       "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"},
      {"replicaof 127.0.0.1 zz", "Invalid master port"},
      {"replicaof 127.0.0.1 99999", "Invalid master port"},
      {"sentinel monitor a", "sentinel directive while not in sentinel mode"},
      {"dbfilename a/b", "dbfilename can't be a path, just a filename"},
      {"appendfilename \"\"", "appendfilename can't be empty"},
      {"appendfilename a/b", "appendfilename can't be a path, just a filename"},
      {"appenddirname \"\"", "appenddirname can't be empty"},
      {"appenddirname a/b", "appenddirname can't be a path, just a dirname"},
      {"cluster-announce-hostname a_b",
       "Hostnames may only contain alphanumeric characters, hyphens or dots"},
      {"cluster-announce-hostname " + std::string(256, 'a'),
       "Hostnames must be less than 256 characters"},
      {"proc-title-template \"{foo}\"", "template format is invalid or contains unknown variables"},
      {"proc-title-template \"{title\"",
       "template format is invalid or contains unknown variables"},
      {"proc-title-template \"{title}\"",
       "template format is invalid or contains unknown variables"},
      {"proc-title-template \"\"", "template format is invalid or contains unknown variables"},
      {"locale-collate no_SUCH", "Invalid locale name"},
      {"dir /no/such/directory", "No such file or directory"},
  };
  for (const auto& [line, reason] : cases) {
    EXPECT_EQ(value_after(line, "timeout"), "error: " + reason) << line;
  }
}

TEST_F(LoadConfig, RefusesWhatItCannotDo) {
  const std::pair<const char*, const char*> cases[] = {
      {"cluster-enabled yes",
       "'cluster-enabled yes' is not supported: cluster mode is not available yet"},
      {"tls-port 6380", "'tls-port 6380' is not supported: TLS is not available yet"},
      {"loadmodule /a.so x", "'loadmodule /a.so x' is not supported: modules are not available"},
      {"aclfile /a.acl", "'aclfile /a.acl' is not supported: ACL users are not available yet"},
      {"user alice on nopass +@all",
       "'user alice on nopass +@all' is not supported: ACL users are not available yet"},
  };
  for (const auto& [line, reason] : cases) {
    EXPECT_EQ(value_after(line, "timeout"), std::string("error: ") + reason);
  }
  for (const char* line : {"appendonly no", "cluster-enabled no", "tls-port 0", "aclfile \"\"",
                           "min-replicas-to-write 0", "user default on nopass ~* &* +@all",
                           "user default on nopass sanitize-payload ~* &* +@all", "io-threads 4"}) {
    EXPECT_EQ(value_after(line, "timeout"), "0") << line;
  }
}

TEST_F(LoadConfig, SaysWhereTheMistakeIs) {
  Config config;
  EXPECT_EQ(load_config(config, {.file = write("a.conf", "timeout 5\n\n  nosuch   1 \nport 1\n")}),
            "\n*** FATAL CONFIG FILE ERROR (Spinel " SPINEL_VERSION
            ") ***\n"
            "Reading the configuration from " +
                path("a.conf") +
                ", at line 3\n>>> 'nosuch   1'\n"
                "Bad directive or wrong number of arguments\n");
  const auto error = load_config(config, {.file = path("none.conf")});
  EXPECT_EQ(error, "Fatal error, can't open config file '" + path("none.conf") +
                       "': No such file or directory\n");
}

TEST_F(LoadConfig, OptionsFollowTheFile) {
  Config config;
  const std::string file = write("a.conf", "timeout 6\nmaxmemory 1mb\nsave 5 6");
  ASSERT_EQ(load_config(config, {.file = file, .options = "timeout \"7\"\nsave \"1\" \"2\""}),
            std::nullopt);
  EXPECT_EQ(config.timeout_s, 7);
  EXPECT_EQ(get(config, "save"), "5 6 1 2");
  Config other;
  const auto error = load_config(other, {.file = file, .options = "timeout \"7\"\nnosuch \"1\""});
  ASSERT_TRUE(error);
  EXPECT_NE(error->find("Reading the options of the command line\n>>> 'nosuch \"1\"'"),
            std::string::npos)
      << *error;
}

TEST_F(LoadConfig, ReadsIncludedFiles) {
  write("1.conf", "timeout 11\n");
  write("2.conf", "timeout 12\nmaxmemory 5");
  write("bad.conf", "port 1\ntimeout zz\n");
  const std::string include = "include " + path("");
  EXPECT_EQ(value_after("timeout 3\n" + include + "1.conf", "timeout"), "11");
  EXPECT_EQ(value_after(include + "1.conf\ntimeout 3", "timeout"), "3");
  EXPECT_EQ(value_after(include + "[0-9].conf", "timeout"), "12");
  EXPECT_EQ(value_after("INCLUDE '" + path("?.conf") + "'", "maxmemory"), "5");
  EXPECT_EQ(value_after(include + "*.none\ntimeout 3", "timeout"), "3");
  EXPECT_EQ(value_after(include + "none.conf", "timeout"),
            "error: Fatal error, can't open config file '" + path("none.conf") +
                "': No such file or directory");
  Config config;
  const auto error = load_config(config, {.options = "\n\n" + include + "bad.conf"});
  ASSERT_TRUE(error);
  EXPECT_NE(error->find("from " + path("bad.conf") + ", at line 2\n>>> 'timeout zz'"),
            std::string::npos)
      << *error;
}

TEST_F(LoadConfig, EndsWhereFilesIncludeThemselves) {
  write("self.conf", "include " + path("self.conf"));
  EXPECT_EQ(value_after("include " + path("self.conf"), "timeout"),
            "error: Fatal error, can't open config file '" + path("self.conf") +
                "': Too many levels of includes");
}

TEST_F(LoadConfig, ChangesTheDirectoryAtOnce) {
  std::filesystem::create_directory(path("sub"));
  write("sub/in.conf", "timeout 21\n");
  Config config;
  ASSERT_EQ(load_config(config, {.options = "dir " + path("sub") + "\ninclude in.conf"}),
            std::nullopt);
  EXPECT_EQ(config.timeout_s, 21);
  EXPECT_EQ(config.dir, path("sub"));
  EXPECT_EQ(get(config, "dir"), std::filesystem::current_path().string());
}

TEST_F(LoadConfig, MustBeAbleToWriteTheLog) {
  Config config;
  EXPECT_EQ(load_config(config, {.options = "logfile /no/such/log"}),
            "\n*** FATAL CONFIG FILE ERROR (Spinel " SPINEL_VERSION
            ") ***\n"
            "Can't open the log file: No such file or directory\n");
  Config other;
  EXPECT_EQ(load_config(other, {.options = "logfile " + path("log")}), std::nullopt);
  EXPECT_TRUE(std::filesystem::exists(path("log")));
}

TEST_F(LoadConfig, RefusesRenamesOfNoCommandAndOntoOthers) {
  const auto load = [](const std::string& lines) {
    Config config;
    return load_config(config, {.options = lines}).value_or("loaded");
  };
  const auto has = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  const char* no_such =
      "\n>>> 'rename-command FLUSHALLL \"\"'\nNo such command in rename-command\n";
  EXPECT_TRUE(has(load("rename-command FLUSHALLL \"\""), no_such));
  EXPECT_TRUE(has(load("rename-command \"\" x"), "No such command in rename-command\n"));
  EXPECT_TRUE(has(load("rename-command \"CONFIG GET\" x"), "No such command in rename-command\n"));
  EXPECT_TRUE(has(load("rename-command FLUSHALL GET"), "Target command name already exists\n"));
  // A later line finds the names as earlier ones left them.
  EXPECT_EQ(load("rename-command GET get"), "loaded");
  EXPECT_EQ(load("rename-command GET \"\"\nrename-command SET GET\nrename-command get x"),
            "loaded");
  EXPECT_TRUE(has(load("rename-command GET x\nrename-command get y"), "No such command"));
  EXPECT_TRUE(has(load("rename-command GET x\nrename-command SET X"), "already exists"));
  EXPECT_TRUE(has(load("rename-command GET \"\"\nrename-command SET \"\"\nrename-command \"\" x"),
                  "No such command"));
}

TEST_F(LoadConfig, RenamesCommandsThatAreToCome) {
  Config config;
  EXPECT_EQ(load_config(config, {.options = "rename-command module \"\""}), std::nullopt);
  Config onto_one;
  EXPECT_NE(load_config(onto_one, {.options = "rename-command GET MODULE"}), std::nullopt);
}

TEST_F(LoadConfig, KeepsRenamesAsData) {
  Config config;
  ASSERT_EQ(
      load_config(config, {.options = "rename-command CONFIG \"\"\nrename-command get fetch"}),
      std::nullopt);
  const std::vector<CommandRename> expected = {{"CONFIG", ""}, {"get", "fetch"}};
  EXPECT_EQ(config.rename_commands, expected);
  EXPECT_EQ(get(config, "rename-command"), "(none)");
}

TEST_F(LoadConfig, WarnsOfWhatHasNoEffect) {
  Config config;
  ASSERT_EQ(load_config(config,
                        {.options = "io-threads 4\nrdbcompression yes\ncrash-memcheck-enabled no"}),
            std::nullopt);
  ASSERT_EQ(config.warnings.size(), 1u);
  EXPECT_EQ(
      config.warnings[0],
      "These options are accepted but have no effect yet: crash-memcheck-enabled, io-threads");
}

TEST_F(LoadConfig, TouchesNoFilesIfDenied) {
  Config config;
  const std::string text =
      "include " + path("none.conf") + "\ndir /\nlogfile " + path("log") + "\ntimeout 9";
  ASSERT_EQ(load_config(config, {.options = text}, FileAccess::kDenied), std::nullopt);
  EXPECT_EQ(config.timeout_s, 9);
  EXPECT_FALSE(std::filesystem::exists(path("log")));
  EXPECT_NE(std::filesystem::current_path(), "/");
}

// The lines that Debian's package puts into /etc/redis/redis.conf.
TEST_F(LoadConfig, TakesDebiansConfiguration) {
  const std::string text = R"(
bind 127.0.0.1 -::1
protected-mode yes
port 6379
tcp-backlog 511
timeout 0
tcp-keepalive 300
# supervised auto
daemonize yes
pidfile /run/redis/redis-server.pid
loglevel notice
logfile /var/log/redis/redis-server.log
databases 16
always-show-logo no
set-proc-title yes
proc-title-template "{title} {listen-addr} {server-mode}"
stop-writes-on-bgsave-error yes
rdbcompression yes
rdbchecksum yes
dbfilename dump.rdb
rdb-del-sync-files no
dir /var/lib/redis
replica-serve-stale-data yes
replica-read-only yes
repl-diskless-sync yes
repl-diskless-sync-delay 5
repl-diskless-sync-max-replicas 0
repl-diskless-load disabled
repl-disable-tcp-nodelay no
replica-priority 100
acllog-max-len 128
lazyfree-lazy-eviction no
lazyfree-lazy-expire no
lazyfree-lazy-server-del no
replica-lazy-flush no
lazyfree-lazy-user-del no
lazyfree-lazy-user-flush no
oom-score-adj no
oom-score-adj-values 0 200 800
disable-thp yes
appendonly no
appendfilename "appendonly.aof"
appenddirname "appendonlydir"
appendfsync everysec
no-appendfsync-on-rewrite no
auto-aof-rewrite-percentage 100
auto-aof-rewrite-min-size 64mb
aof-load-truncated yes
aof-use-rdb-preamble yes
aof-timestamp-enabled no
slowlog-log-slower-than 10000
slowlog-max-len 128
latency-monitor-threshold 0
notify-keyspace-events ""
hash-max-listpack-entries 512
hash-max-listpack-value 64
list-max-listpack-size -2
list-compress-depth 0
set-max-intset-entries 512
zset-max-listpack-entries 128
zset-max-listpack-value 64
hll-sparse-max-bytes 3000
stream-node-max-bytes 4096
stream-node-max-entries 100
activerehashing yes
client-output-buffer-limit normal 0 0 0
client-output-buffer-limit replica 256mb 64mb 60
client-output-buffer-limit pubsub 32mb 8mb 60
hz 10
dynamic-hz yes
aof-rewrite-incremental-fsync yes
rdb-save-incremental-fsync yes
jemalloc-bg-thread yes
)";
  Config config;
  ASSERT_EQ(load_config(config, {.file = write("redis.conf", text)}, FileAccess::kDenied),
            std::nullopt);
  EXPECT_EQ(config.bind, (std::vector<std::string>{"127.0.0.1", "-::1"}));
  EXPECT_TRUE(config.daemonize);
  EXPECT_EQ(config.pidfile, "/run/redis/redis-server.pid");
  EXPECT_EQ(config.logfile, "/var/log/redis/redis-server.log");
  EXPECT_TRUE(config.warnings.empty());
}

TEST_F(LoadConfig, TakesTheInstalledConfiguration) {
  if (access("/etc/redis/redis.conf", R_OK) != 0) GTEST_SKIP() << "redis is not installed";
  Config config;
  EXPECT_EQ(load_config(config, {.file = "/etc/redis/redis.conf"}, FileAccess::kDenied),
            std::nullopt);
}

}  // namespace
}  // namespace spinel::server
