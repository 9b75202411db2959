#include "server/config/config_store.h"

#include <gtest/gtest.h>
#include <string>
#include <sys/stat.h>
#include <vector>

#include "server/config/load.h"
#include "tests/unit/server/config/temporary_directory.h"

namespace spinel::server {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;
using Answer = std::vector<std::pair<std::string, std::string>>;

class ConfigStoreTest : public TemporaryDirectory {
 protected:
  Answer get(const std::vector<std::string_view>& patterns) { return store_.get(patterns); }

  std::string value(std::string_view name) {
    const auto answer = get(std::vector{name});
    return answer.size() == 1 ? answer[0].second : "(none)";
  }

  // The reply of CONFIG SET.
  std::string set(const std::vector<Pair>& pairs, bool local = false) {
    return store_.set(pairs, local).value_or("OK");
  }

  static std::string failed(std::string_view argument, std::string_view reason) {
    return "ERR CONFIG SET failed (possibly related to argument '" + std::string(argument) +
           "') - " + std::string(reason);
  }

  Config config_;
  ConfigStore store_{config_};
};

TEST_F(ConfigStoreTest, GetsByName) {
  EXPECT_EQ(get({"timeout"}), (Answer{{"timeout", "0"}}));
  EXPECT_EQ(get({"MaxMemory"}), (Answer{{"MaxMemory", "0"}}));
  EXPECT_EQ(get({"lua-time-limit", "busy-reply-threshold"}),
            (Answer{{"lua-time-limit", "5000"}, {"busy-reply-threshold", "5000"}}));
  EXPECT_EQ(get({"timeout", "TIMEOUT"}), (Answer{{"timeout", "0"}}));
  EXPECT_EQ(get({"nosuch", "", "time\\out", "rename-command", "user", "include"}), Answer{});
}

TEST_F(ConfigStoreTest, GetsByPattern) {
  EXPECT_EQ(get({"MAXMEMORY-pol*"}), (Answer{{"maxmemory-policy", "noeviction"}}));
  EXPECT_EQ(get({"tim[e]out", "timeou?", "timeout"}), (Answer{{"timeout", "0"}}));
  EXPECT_EQ(get({"*-time-limit"}), (Answer{{"lua-time-limit", "5000"}}));
  EXPECT_EQ(get({"slave-pri*", "SLAVE-priority"}), (Answer{{"slave-priority", "100"}}));
  EXPECT_EQ(get({"t[imeout", "\\*"}), Answer{});
  EXPECT_EQ(get({"slave*"}).size(), 8u);
}

TEST_F(ConfigStoreTest, HidesSomeFromPatterns) {
  EXPECT_EQ(get({"watchdog*", "key-load-dela?"}), Answer{});
  EXPECT_EQ(get({"WATCHDOG-period"}), (Answer{{"WATCHDOG-period", "0"}}));
}

TEST_F(ConfigStoreTest, SetsSeveralAtOnce) {
  EXPECT_EQ(set({{"timeout", "5"}, {"maxmemory", "1mb"}}), "OK");
  EXPECT_EQ(config_.timeout_s, 5);
  EXPECT_EQ(config_.maxmemory_bytes, 1u << 20);
  EXPECT_EQ(set({{"slave-priority", "6"}, {"replica-priority", "7"}}), "OK");
  EXPECT_EQ(config_.replica_priority, 7);
}

TEST_F(ConfigStoreTest, SetsAllOrNothing) {
  ASSERT_EQ(set({{"timeout", "5"}}), "OK");
  EXPECT_EQ(set({{"timeout", "6"}, {"maxmemory", "zz"}}),
            failed("maxmemory", "argument must be a memory value"));
  EXPECT_EQ(set({{"timeout", "6"}, {"oom-score-adj-values", "1 2 x"}}),
            failed("oom-score-adj-values",
                   "Invalid oom-score-adj-values, elements must be between -2000 and 2000."));
  EXPECT_EQ(config_.timeout_s, 5);
  EXPECT_EQ(value("oom-score-adj-values"), "0 200 800");
}

TEST_F(ConfigStoreTest, RefusesBeforeItParses) {
  const std::string integer = "argument couldn't be parsed into an integer";
  const std::string immutable = "can't set immutable config";
  EXPECT_EQ(set({{"nosuch", "zz"}, {"timeout", "zz"}}),
            "ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'");
  EXPECT_EQ(set({{"timeout", "zz"}, {"nosuch", "1"}}),
            "ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'");
  for (const char* name : {"rename-command", "include", "user", "loadmodule"}) {
    EXPECT_EQ(set({{name, "x"}}), "ERR Unknown option or number of arguments for CONFIG SET - '" +
                                      std::string(name) + "'");
  }
  EXPECT_EQ(set({{"timeout", "zz"}, {"daemonize", "yes"}}), failed("daemonize", immutable));
  EXPECT_EQ(set({{"daemonize", "yes"}, {"nosuch", "1"}}), failed("daemonize", immutable));
  EXPECT_EQ(set({{"DAEMONIZE", "yes"}}), failed("DAEMONIZE", immutable));
  EXPECT_EQ(set({{"slaveof", "no one"}}), failed("slaveof", immutable));
  EXPECT_EQ(set({{"enable-debug-command", "yes"}}), failed("enable-debug-command", immutable));
  EXPECT_EQ(set({{"timeout", "zz"}, {"timeout", "7"}}), failed("timeout", "duplicate parameter"));
  EXPECT_EQ(set({{"TIMEOUT", "6"}, {"timeout", "7"}}), failed("timeout", "duplicate parameter"));
  EXPECT_EQ(set({{"hz", "zz"}, {"timeout", "zz"}}), failed("hz", integer));
  EXPECT_EQ(set({{"SLAVE-priority", "zz"}}), failed("slave-priority", integer));
  EXPECT_EQ(set({{"Lua-Time-Limit", "zz"}}), failed("lua-time-limit", integer));
}

TEST_F(ConfigStoreTest, SplitsListsAtSingleSpaces) {
  EXPECT_EQ(set({{"client-output-buffer-limit", "pubsub 1 2 3 normal 4k 5 6"}}), "OK");
  EXPECT_EQ(value("client-output-buffer-limit"),
            "normal 4000 5 6 slave 268435456 67108864 60 pubsub 1 2 3");
  EXPECT_EQ(set({{"client-output-buffer-limit", ""}}), "OK");
  const std::string count = "Wrong number of arguments in buffer limit configuration.";
  for (const char* value : {"normal  1  2  4", " normal 1 2 5 ", "normal 1 2"}) {
    EXPECT_EQ(set({{"client-output-buffer-limit", value}}),
              failed("client-output-buffer-limit", count));
  }
  EXPECT_EQ(set({{"save", "3 4 1 2"}}), "OK");
  EXPECT_EQ(set({{"save", "5 6"}}), "OK");
  EXPECT_EQ(value("save"), "5 6");
  EXPECT_EQ(set({{"save", "1 2  3 4"}}), failed("save", "Invalid save parameters"));
  EXPECT_EQ(set({{"save", "\"\""}}), failed("save", "Invalid save parameters"));
  EXPECT_EQ(set({{"save", ""}}), "OK");
  EXPECT_EQ(value("save"), "");
  EXPECT_EQ(set({{"bind", ""}}), "OK");
  EXPECT_TRUE(config_.bind.empty());
  EXPECT_EQ(set({{"shutdown-on-sigterm", ""}}),
            failed("shutdown-on-sigterm",
                   "argument(s) must be one of the following: default, save, nosave, now, force"));
}

TEST_F(ConfigStoreTest, TakesTextAsItIs) {
  EXPECT_EQ(set({{"requirepass", "\"a b\""}}), "OK");
  EXPECT_EQ(config_.requirepass, "\"a b\"");
  EXPECT_EQ(set({{"requirepass", std::string_view("a\0b", 3)}}), "OK");
  EXPECT_EQ(value("requirepass"), std::string("a\0b", 3));
}

TEST_F(ConfigStoreTest, RefusesWhatItCannotDo) {
  EXPECT_EQ(set({{"timeout", "9"}, {"tls-port", "6380"}}),
            failed("tls-port", "'tls-port 6380' is not supported: TLS is not available yet"));
  EXPECT_EQ(value("tls-port"), "0");
  EXPECT_EQ(config_.timeout_s, 0);
  EXPECT_EQ(set({{"tls-port", "0"}}), "OK");
}

TEST_F(ConfigStoreTest, GuardsProtectedOptions) {
  const std::string refused = "can't set protected config";
  EXPECT_EQ(set({{"dir", path()}}), failed("dir", refused));
  EXPECT_EQ(set({{"DIR", path()}}, true), failed("DIR", refused));
  EXPECT_EQ(set({{"dbfilename", "x"}}), failed("dbfilename", refused));
  config_.enable_protected_configs = ProtectedAccess::kLocal;
  EXPECT_EQ(set({{"dbfilename", "x"}}, false), failed("dbfilename", refused));
  EXPECT_EQ(set({{"dbfilename", "x"}}, true), "OK");
  config_.enable_protected_configs = ProtectedAccess::kYes;
  EXPECT_EQ(set({{"dbfilename", "y"}}, false), "OK");
  EXPECT_EQ(config_.dbfilename, "y");
}

TEST_F(ConfigStoreTest, MovesAndReturnsWithDir) {
  config_.enable_protected_configs = ProtectedAccess::kYes;
  const std::string start = std::filesystem::current_path().string();
  EXPECT_EQ(value("dir"), start);
  EXPECT_EQ(set({{"dir", "/no/such"}}), failed("dir", "No such file or directory"));
  EXPECT_EQ(set({{"dir", ""}}), failed("dir", "No such file or directory"));
  EXPECT_EQ(set({{"dir", path()}, {"hz", "zz"}}),
            failed("hz", "argument couldn't be parsed into an integer"));
  EXPECT_EQ(std::filesystem::current_path(), start);
  EXPECT_EQ(value("dir"), start);
  EXPECT_EQ(set({{"dir", path("../") + std::filesystem::path(path()).filename().string()}}), "OK");
  EXPECT_EQ(value("dir"), path());
  EXPECT_EQ(std::filesystem::current_path(), path());
}

TEST_F(ConfigStoreTest, CallsHooksOnceForWhatChanged) {
  int listens = 0;
  int levels = 0;
  store_.on_change({"port", "bind"}, [&](const Config&) {
    ++listens;
    return std::nullopt;
  });
  store_.on_change({"loglevel"}, [&](const Config& config) {
    EXPECT_EQ(config.loglevel, LogLevel::kDebug);
    ++levels;
    return std::nullopt;
  });
  EXPECT_EQ(set({{"port", "1"}, {"bind", "127.0.0.1"}, {"timeout", "3"}}), "OK");
  EXPECT_EQ(listens, 1);
  EXPECT_EQ(set({{"port", "1"}}), "OK");
  EXPECT_EQ(listens, 1);
  EXPECT_EQ(set({{"port", "zz"}, {"loglevel", "debug"}}),
            failed("port", "argument couldn't be parsed into an integer"));
  EXPECT_EQ(levels, 0);
  EXPECT_EQ(set({{"loglevel", "debug"}}), "OK");
  EXPECT_EQ(levels, 1);
}

TEST_F(ConfigStoreTest, TakesEverythingBackIfAHookFails) {
  std::vector<int> applied;
  store_.on_change({"hz"}, [&](const Config& config) {
    applied.push_back(config.hz);
    return std::nullopt;
  });
  store_.on_change({"port"}, [](const Config&) -> std::optional<std::string> {
    return "Unable to listen on this port. Check server logs.";
  });
  EXPECT_EQ(set({{"timeout", "5"}, {"hz", "20"}, {"PORT", "22222"}, {"bind", "zzz"}}),
            failed("port", "Unable to listen on this port. Check server logs."));
  EXPECT_EQ(applied, (std::vector<int>{20, 10}));
  EXPECT_EQ(config_.timeout_s, 0);
  EXPECT_EQ(config_.hz, 10);
  EXPECT_EQ(config_.port, 6379);
  EXPECT_EQ(value("bind"), "* -::*");
}

TEST_F(ConfigStoreTest, RewritesTheFile) {
  EXPECT_EQ(store_.rewrite(), "ERR The server is running without a config file");
  const std::string file = write("redis.conf", "timeout 5\n");
  chmod(file.c_str(), 0640);
  ASSERT_EQ(load_config(config_, {.file = file}), std::nullopt);
  ASSERT_EQ(set({{"timeout", "8"}, {"requirepass", "a b"}}), "OK");
  ASSERT_EQ(store_.rewrite(), std::nullopt);
  const std::string text = read(file);
  EXPECT_TRUE(text.starts_with("timeout 8\n\n# Generated by CONFIG REWRITE\n")) << text;
  EXPECT_NE(text.find("\nrequirepass \"a b\"\n"), std::string::npos) << text;
  struct stat status {};
  ASSERT_EQ(stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640u);
  const std::filesystem::directory_iterator files(path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1) << "a temporary file is left";
}

TEST_F(ConfigStoreTest, SaysWhyTheFileCannotBeRewritten) {
  std::filesystem::create_directory(path("sub"));
  const std::string file = write("sub/redis.conf", "timeout 5\n");
  ASSERT_EQ(load_config(config_, {.file = file}), std::nullopt);
  std::filesystem::remove(file);
  ASSERT_EQ(store_.rewrite(), std::nullopt);
  EXPECT_NE(read(file).find("timeout 5\n"), std::string::npos);
  std::filesystem::remove_all(path("sub"));
  EXPECT_EQ(store_.rewrite(), "ERR Rewriting config file: No such file or directory");
}

}  // namespace
}  // namespace spinel::server
