// RDB snapshots: SAVE, BGSAVE, save points, what happens when they fail, and loading at the start.

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/process.h"
#include "tests/support/server_test.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"

namespace spinel::test {
namespace {

const Reply kMisconf = error(
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to "
    "disk. Commands that may modify the data set are disabled, because this instance is configured "
    "to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error "
    "option). Please check the Redis logs for details about the RDB error.");

class SnapshotTest : public OwnServerTest {
 protected:
  std::string file(const std::string& name = "dump.rdb") {
    return server().directory() + "/" + name;
  }
  bool exists(const std::string& name = "dump.rdb") { return std::filesystem::exists(file(name)); }
  // Files of a snapshot that was not finished.
  std::vector<std::string> temporary_files() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(server().directory())) {
      const std::string name = entry.path().filename();
      if (name.starts_with("temp-")) names.push_back(name);
    }
    return names;
  }
  bool wait_for_info(const std::string& field, const std::string& value) {
    return wait_until([&] { return info(field) == value; });
  }
  // A snapshot that takes until it is killed.
  void start_endless_snapshot() {
    ASSERT_EQ(run("CONFIG", "SET", "rdb-key-save-delay", "10000000"), ok());
    ASSERT_EQ(run("SET", "k", "v"), ok());
    ASSERT_EQ(run("SET", "k2", "v"), ok());
    ASSERT_EQ(run("BGSAVE"), status("Background saving started"));
    ASSERT_TRUE(wait_until([&] { return !temporary_files().empty(); }));
  }
  // From now on nothing can be saved, although this may be root: the name is a directory's.
  void block_file() {
    std::filesystem::remove(file());
    std::filesystem::create_directory(file());
    std::ofstream(file() + "/in-the-way").put('x');
  }
  void unblock_file() { std::filesystem::remove_all(file()); }
};

TEST_F(SnapshotTest, SaveWritesWhatALaterStartLoads) {
  start();
  run("SET", "text", "hello");
  run("SET", "number", "17", "EX", "1000");
  run("RPUSH", "list", "a", "b");
  run("SADD", "set", "x");
  run("ZADD", "zset", "1.5", "m");
  run("HSET", "hash", "f", "v");
  run("SELECT", "9");
  run("SET", "elsewhere", "1");
  const Reply digest = run("DEBUG", "DIGEST");
  EXPECT_EQ(info_number("rdb_changes_since_last_save"), 8) << "an expiry is a change";
  EXPECT_EQ(run("SAVE"), ok());
  EXPECT_EQ(info_number("rdb_changes_since_last_save"), 0);
  EXPECT_EQ(info_number("rdb_saves"), 1);
  EXPECT_TRUE(temporary_files().empty());
  server().restart();
  Client fresh = server().client();
  EXPECT_EQ(fresh.run("DEBUG", "DIGEST"), digest);
  EXPECT_INTEGER_BETWEEN(fresh.run("TTL", "number"), 900, 1000);
  const std::string persistence = fresh.run("INFO", "persistence").text;
  EXPECT_EQ(info_field(persistence, "rdb_last_load_keys_loaded"), "7");
  EXPECT_EQ(info_field(persistence, "rdb_last_load_keys_expired"), "0");
  EXPECT_EQ(info_field(persistence, "rdb_changes_since_last_save"), "0");
  EXPECT_EQ(info_field(persistence, "loading"), "0");
}

TEST_F(SnapshotTest, KeysThatExpiredMeanwhileAreLeftOut) {
  start();
  run("SET", "gone", "1", "PX", "1");
  run("SET", "stays", "1");
  run("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  ASSERT_EQ(run("SAVE"), ok());
  ASSERT_TRUE(wait_until([&] { return run("EXISTS", "gone") == integer(0); }));
  server().restart();
  Client fresh = server().client();
  EXPECT_EQ(fresh.run("DBSIZE"), integer(1));
  EXPECT_EQ(info_field(fresh.run("INFO", "persistence").text, "rdb_last_load_keys_expired"), "1");
}

TEST_F(SnapshotTest, BgsaveSavesInAChild) {
  start();
  run("SET", "a", "1");
  const long long before = run("LASTSAVE").number;
  EXPECT_EQ(run("BGSAVE"), status("Background saving started"));
  ASSERT_TRUE(wait_for_info("rdb_bgsave_in_progress", "0"));
  EXPECT_EQ(info("rdb_last_bgsave_status"), "ok");
  EXPECT_EQ(info("rdb_changes_since_last_save"), "0");
  EXPECT_GE(run("LASTSAVE").number, before);
  EXPECT_GE(info_number("rdb_last_bgsave_time_sec"), 0);
  EXPECT_GT(info_number("latest_fork_usec"), 0);
  EXPECT_EQ(info_number("total_forks"), 1);
  EXPECT_TRUE(exists());
  const std::string log = server().log();
  EXPECT_NE(log.find("Background saving started by pid "), std::string::npos);
  EXPECT_NE(log.find(":C "), std::string::npos) << "the child logs in its role";
  EXPECT_NE(log.find("Background saving terminated with success"), std::string::npos);
  EXPECT_EQ(run("BGSAVE", "later"), error("ERR syntax error"));
}

TEST_F(SnapshotTest, ChangesDuringASnapshotCountForTheNext) {
  start();
  start_endless_snapshot();
  run("SET", "more", "1");
  EXPECT_EQ(info("rdb_changes_since_last_save"), "3");
  EXPECT_EQ(run("SAVE"), error("ERR Background save already in progress"));
  EXPECT_EQ(run("BGSAVE"), error("ERR Background save already in progress"));
  EXPECT_EQ(run("BGSAVE", "SCHEDULE"), error("ERR Background save already in progress"));
}

TEST_F(SnapshotTest, ProgressIsShown) {
  start();
  for (int i = 0; i < 200; ++i) run("SET", "key:" + std::to_string(i), "v");
  ASSERT_EQ(run("CONFIG", "SET", "rdb-key-save-delay", "100000"), ok());
  ASSERT_EQ(run("BGSAVE"), status("Background saving started"));
  ASSERT_TRUE(wait_until([&] { return info_number("current_save_keys_processed") > 0; }));
  EXPECT_EQ(info("current_save_keys_total"), "200");
  EXPECT_NE(info("current_fork_perc"), "0.00");
  EXPECT_EQ(info("rdb_bgsave_in_progress"), "1");
  EXPECT_GE(info_number("rdb_current_bgsave_time_sec"), 0);
  EXPECT_EQ(info("rdb_last_bgsave_time_sec"), "-1");
}

TEST_F(SnapshotTest, AKilledChildLeavesThePreviousFile) {
  start_with({"--save", "3600", "1"});
  run("SET", "old", "1");
  ASSERT_EQ(run("SAVE"), ok());
  const std::string before = read_file(file());
  start_endless_snapshot();
  // Of all children of the server, the one that saves.
  const std::string name = temporary_files().at(0);
  const int child = std::stoi(name.substr(5));
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  ASSERT_TRUE(wait_for_info("rdb_bgsave_in_progress", "0"));
  EXPECT_EQ(info("rdb_last_bgsave_status"), "err");
  EXPECT_EQ(read_file(file()), before);
  EXPECT_EQ(run("SET", "x", "1"), kMisconf);
  EXPECT_EQ(run("GET", "old"), bulk("1"));
  EXPECT_TRUE(temporary_files().empty());
  run("CONFIG", "SET", "rdb-key-save-delay", "0");  // for the snapshot at the end
}

TEST_F(SnapshotTest, AChildEndedOnPurposeIsNoError) {
  start();
  start_endless_snapshot();
  const int child = std::stoi(temporary_files().at(0).substr(5));
  ASSERT_EQ(::kill(child, SIGUSR1), 0);
  ASSERT_TRUE(wait_for_info("rdb_bgsave_in_progress", "0"));
  EXPECT_EQ(info("rdb_last_bgsave_status"), "ok");
}

TEST_F(SnapshotTest, FlushallEndsTheSnapshotAndSaves) {
  start_with({"--save", "3600", "1"});
  start_endless_snapshot();
  EXPECT_EQ(run("FLUSHALL"), ok());
  EXPECT_EQ(info("rdb_bgsave_in_progress"), "0");
  EXPECT_EQ(info("rdb_changes_since_last_save"), "0");
  EXPECT_TRUE(temporary_files().empty());
  EXPECT_TRUE(exists());
  server().restart();
  EXPECT_EQ(server().client().run("DBSIZE"), integer(0));
}

TEST_F(SnapshotTest, SavePointsStartSnapshots) {
  start();
  run("SET", "a", "1");
  run("SET", "b", "1");
  ASSERT_EQ(run("CONFIG", "SET", "save", "1 2"), ok());
  EXPECT_TRUE(wait_until([&] { return exists(); }));
  ASSERT_TRUE(wait_for_info("rdb_changes_since_last_save", "0"));
  EXPECT_NE(server().log().find("2 changes in 1 seconds. Saving..."), std::string::npos);
}

TEST_F(SnapshotTest, WritesAreRefusedAfterAFailure) {
  start_with({"--save", "3600", "1"});
  run("SET", "a", "1");
  block_file();
  EXPECT_EQ(run("SAVE"), error("ERR"));
  EXPECT_EQ(run("SET", "a", "2"), ok()) << "a failed SAVE refuses nothing";
  EXPECT_EQ(run("BGSAVE"), status("Background saving started"));
  ASSERT_TRUE(wait_for_info("rdb_last_bgsave_status", "err"));
  EXPECT_EQ(run("SET", "a", "3"), kMisconf);
  EXPECT_EQ(run("PING"), kMisconf);
  EXPECT_EQ(run("GET", "a"), bulk("2"));
  EXPECT_EQ(run("CONFIG", "SET", "stop-writes-on-bgsave-error", "no"), ok());
  EXPECT_EQ(run("SET", "a", "3"), ok());
  EXPECT_EQ(run("CONFIG", "SET", "stop-writes-on-bgsave-error", "yes"), ok());
  EXPECT_EQ(run("SET", "a", "4"), kMisconf);
  EXPECT_EQ(run("CONFIG", "SET", "save", ""), ok());
  EXPECT_EQ(run("SET", "a", "4"), ok()) << "without save points nobody relies on snapshots";
  EXPECT_EQ(run("CONFIG", "SET", "save", "3600 1"), ok());
  unblock_file();
  EXPECT_EQ(run("SAVE"), ok());
  EXPECT_EQ(run("SET", "a", "5"), ok());
  EXPECT_EQ(info("rdb_last_bgsave_status"), "ok");
  EXPECT_NE(server().log().find("rename of "), std::string::npos) << "the log says what failed";
}

TEST_F(SnapshotTest, ShutdownSavesAsConfiguredAndAsked) {
  struct Case {
    std::vector<std::string> arguments;
    std::vector<std::string> command;
    bool saved;
  };
  const std::vector<Case> cases = {
      {{}, {"SHUTDOWN"}, false},
      {{}, {"SHUTDOWN", "SAVE"}, true},
      {{"--save", "3600", "1"}, {"SHUTDOWN"}, true},
      {{"--save", "3600", "1"}, {"SHUTDOWN", "NOSAVE"}, false},
  };
  for (const Case& one : cases) {
    ServerProcess own({.arguments = one.arguments});
    Client client = own.client();
    client.run("SET", "a", "1");
    EXPECT_EQ(client.command(one.command).type, Reply::Type::kClosed);
    EXPECT_TRUE(own.wait_for_exit().clean());
    EXPECT_EQ(std::filesystem::exists(own.directory() + "/dump.rdb"), one.saved) << one.command[0];
  }
}

TEST_F(SnapshotTest, SignalsSaveAsConfigured) {
  struct Case {
    std::vector<std::string> arguments;
    int signal;
    bool saved;
  };
  const std::vector<Case> cases = {
      {{"--save", "3600", "1"}, SIGTERM, true},
      {{"--save", "3600", "1", "--shutdown-on-sigterm", "nosave"}, SIGTERM, false},
      {{"--shutdown-on-sigint", "save"}, SIGINT, true},
      {{"--shutdown-on-sigint", "save"}, SIGTERM, false},
  };
  for (const Case& one : cases) {
    ServerProcess own({.arguments = one.arguments});
    own.client().run("SET", "a", "1");
    EXPECT_TRUE(own.stop_and_wait(one.signal).clean());
    EXPECT_EQ(std::filesystem::exists(own.directory() + "/dump.rdb"), one.saved);
  }
}

TEST_F(SnapshotTest, AShutdownThatCannotSaveIsRefused) {
  start_with({"--save", "3600", "1"});
  run("SET", "a", "1");
  block_file();
  EXPECT_EQ(run("SHUTDOWN"), error("ERR Errors trying to SHUTDOWN. Check logs."));
  server().send_signal(SIGTERM);
  ASSERT_TRUE(
      wait_until([&] { return server().log().find("scheduling shutdown") != std::string::npos; }));
  EXPECT_EQ(run("GET", "a"), bulk("1"));
  // The next signal counts again.
  unblock_file();
  EXPECT_TRUE(server().stop_and_wait(SIGTERM).clean());
  EXPECT_TRUE(exists());
}

TEST_F(SnapshotTest, AForcedShutdownEndsAllTheSame) {
  start_with({"--save", "3600", "1"});
  run("SET", "a", "1");
  block_file();
  EXPECT_EQ(run("SHUTDOWN", "FORCE").type, Reply::Type::kClosed);
  EXPECT_TRUE(server().wait_for_exit().clean());
}

TEST_F(SnapshotTest, ShutdownEndsAChildAndRemovesItsFile) {
  start();
  start_endless_snapshot();
  EXPECT_EQ(run("SHUTDOWN").type, Reply::Type::kClosed);
  EXPECT_TRUE(server().wait_for_exit().clean());
  EXPECT_TRUE(temporary_files().empty());
}

// A server with a dump that it takes long to load: `keys` keys.
class SlowLoadTest : public SnapshotTest {
 protected:
  void start_slowly(int keys) {
    start_with({"--key-load-delay", "20000", "--loading-process-events-interval-bytes", "1024"});
    run("DEBUG", "POPULATE", keys);
    ASSERT_EQ(run("SAVE"), ok());
    server().kill9();
  }
};

TEST_F(SlowLoadTest, ASignalEndsAServerThatLoads) {
  start_slowly(100);
  const int port = server().port();
  const std::string content = read_file(file());
  std::thread killer([&] {
    wait_until([&] { return Client::tcp("127.0.0.1", port).run("PING").is_error_with("LOADING"); });
  });
  ChildProcess child = ChildProcess::start(
      {server_binary(), "--port", std::to_string(port), "--bind", "127.0.0.1", "--dir",
       server().directory(), "--save", "3600 1", "--key-load-delay", "20000",
       "--loading-process-events-interval-bytes", "1024"},
      {.input = -1, .output_path = file("second.log"), .working_directory = server().directory()});
  killer.join();
  child.send_signal(SIGTERM);
  const auto end = child.wait();
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->clean()) << end->to_string();
  EXPECT_EQ(read_file(file()), content) << "what is half loaded is not saved";
  const std::string log = read_file(file("second.log"));
  EXPECT_NE(log.find("bye bye"), std::string::npos) << log;
}

TEST_F(SlowLoadTest, ClientsAreAnsweredWhileTheServerLoads) {
  start_slowly(100);  // two seconds
  const int port = server().port();
  const Reply loading = error("LOADING Redis is loading the dataset in memory");
  bool seen = false;
  std::thread prober([&] {
    seen = wait_until([&] {
      Client client = Client::tcp("127.0.0.1", port);
      if (!client.connected()) return false;
      if (client.run("GET", "key:1") != loading) return false;
      EXPECT_EQ(client.run("PING"), loading);
      EXPECT_EQ(client.run("CONFIG", "GET", "port").type, Reply::Type::kArray);
      const std::string persistence = client.run("INFO", "persistence").text;
      EXPECT_EQ(info_field(persistence, "loading"), "1");
      EXPECT_NE(info_field(persistence, "loading_total_bytes"), "");
      EXPECT_NE(info_field(persistence, "loading_loaded_perc"), "");
      EXPECT_NE(info_field(persistence, "loading_eta_seconds"), "");
      return true;
    });
  });
  server().start();  // returns when it has loaded
  prober.join();
  EXPECT_TRUE(seen);
  EXPECT_EQ(server().client().run("DBSIZE"), integer(100));
}

TEST_F(SnapshotTest, ADamagedFileEndsTheStart) {
  start();
  run("DEBUG", "POPULATE", "100");
  ASSERT_EQ(run("SAVE"), ok());
  server().stop_and_wait();
  std::string content = read_file(file());
  content[content.size() / 2] ^= 1;
  write_file(file(), content);
  ChildProcess child = ChildProcess::start(
      {server_binary(), "--port", "0", "--unixsocket", file("sock"), "--dir", server().directory()},
      {.input = -1, .output_path = file("second.log"), .working_directory = server().directory()});
  const auto end = child.wait();
  ASSERT_TRUE(end);
  EXPECT_FALSE(end->clean()) << end->to_string();
  const std::string log = read_file(file("second.log"));
  EXPECT_NE(log.find("Cannot load dump.rdb: "), std::string::npos) << log;
  EXPECT_NE(log.find(" at offset "), std::string::npos) << log;
  EXPECT_EQ(read_file(file()), content) << "the file stays as it is";
}

TEST_F(SnapshotTest, DebugReload) {
  start();
  run("SET", "a", "1", "EX", "1000");
  EXPECT_EQ(run("DEBUG", "RELOAD"), ok());
  EXPECT_EQ(run("GET", "a"), bulk("1"));
  run("SET", "a", "2");
  run("SET", "b", "2");
  EXPECT_EQ(run("DEBUG", "RELOAD", "NOSAVE"), ok());
  EXPECT_EQ(run("GET", "a"), bulk("1"));
  EXPECT_EQ(run("EXISTS", "b"), integer(0));
  run("SET", "a", "2");
  run("SET", "b", "2");
  EXPECT_EQ(run("DEBUG", "RELOAD", "NOSAVE", "NOFLUSH", "MERGE"), ok());
  EXPECT_EQ(run("GET", "a"), bulk("1"));
  EXPECT_EQ(run("GET", "b"), bulk("2"));
  EXPECT_EQ(run("DEBUG", "RELOAD", "later"),
            error("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options."));
  std::filesystem::remove(file());
  EXPECT_EQ(run("DEBUG", "RELOAD", "NOSAVE"),
            error("ERR Error trying to load the RDB dump, check server logs."));
}

TEST_F(SnapshotTest, ALoadedKeyServesWhoWaitsForIt) {
  start();
  run("RPUSH", "list", "x");
  ASSERT_EQ(run("SAVE"), ok());
  run("DEL", "list");
  RawConnection waiting = server().raw();
  ASSERT_TRUE(waiting.send(encode_command({"BLPOP", "list", "0"})));
  ASSERT_TRUE(wait_for_info("blocked_clients", "1"));
  EXPECT_EQ(run("DEBUG", "RELOAD", "NOSAVE"), ok());
  EXPECT_EQ(waiting.read_reply(), array({bulk("list"), bulk("x")}));
}

TEST_F(SnapshotTest, OtherFileNamesAndDirectories) {
  start_with({"--enable-protected-configs", "yes"});
  std::filesystem::create_directory(file("sub"));
  EXPECT_EQ(run("CONFIG", "SET", "dbfilename", "a/b"),
            error("ERR CONFIG SET failed (possibly related to argument 'dbfilename') - dbfilename "
                  "can't be a path, just a filename"));
  EXPECT_EQ(run("CONFIG", "SET", "dbfilename", "other.rdb"), ok());
  EXPECT_EQ(run("CONFIG", "SET", "dir", file("sub")), ok());
  EXPECT_EQ(run("SAVE"), ok());
  EXPECT_TRUE(exists("sub/other.rdb"));
}

}  // namespace
}  // namespace spinel::test
