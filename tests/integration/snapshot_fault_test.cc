// Snapshots that cannot be saved or loaded: what clients are told, what is in the log, and that the
// last good file stays.

#include <filesystem>

#include "tests/support/fault_test.h"
#include "tests/support/rdb_files.h"

namespace spinel::test {
namespace {

class SnapshotFault : public FaultTest {
 protected:
  std::string dump() { return server().file("dump.rdb"); }

  /// Both ways to save fail, and leave `before` in the file. `log_words` are in a line of the log.
  void expect_saving_to_fail(const std::string& before, const std::vector<std::string>& log_words) {
    EXPECT_EQ(run("SAVE"), error("ERR"));
    expect_log_line(log_words);
    EXPECT_EQ(read_file(dump()), before);
    EXPECT_EQ(info("rdb_last_bgsave_status"), "ok");
    EXPECT_EQ(run("SET", "refused", "not yet"), ok());
    EXPECT_EQ(run("BGSAVE"), status("Background saving started"));
    ASSERT_TRUE(wait_for_info("rdb_last_bgsave_status", "err"));
    EXPECT_EQ(read_file(dump()), before);
    EXPECT_EQ(run("SET", "refused", "now"), kSnapshotRefusal);
    EXPECT_EQ(run("DEL", "refused"), kSnapshotRefusal);
    EXPECT_EQ(run("PING"), kSnapshotRefusal);
    EXPECT_EQ(run("GET", "refused"), bulk("not yet"));
  }

  void expect_recovery() {
    EXPECT_EQ(run("BGSAVE"), status("Background saving started"));
    ASSERT_TRUE(wait_for_info("rdb_bgsave_in_progress", "0"));
    EXPECT_EQ(info("rdb_last_bgsave_status"), "ok");
    EXPECT_EQ(run("SET", "refused", "no more"), ok());
    EXPECT_EQ(run("SAVE"), ok());
    expect_accepted("redis-check-rdb", dump());
    kill_and_start();
    EXPECT_EQ(run("GET", "refused"), bulk("no more"));
  }

  /// A server with save points, which it never reaches, and a first snapshot. Returns that file.
  std::string start_saved(const std::string& directory = {}) {
    ServerOptions options;
    options.directory = directory;
    options.arguments = {"--save", "3600 1000000", "--enable-protected-configs", "yes"};
    start(options);
    return save_again();
  }
  std::string save_again() {
    EXPECT_EQ(run("SET", "first", noise(1000)), ok());
    EXPECT_EQ(run("SAVE"), ok());
    return read_file(dump());
  }
};

TEST_F(SnapshotFault, EachOperationMayFail) {
  start_saved();
  SKIP_WITHOUT_FAULTS();
  struct Case {
    std::string rule;
    std::string cause;
  };
  for (const auto& [rule, cause] : std::vector<Case>{
           {"open:temp-:EACCES", "Permission denied"},
           {"write:temp-:ENOSPC", "No space left on device"},
           {"write:temp-:EIO", "Input/output error"},
           {"write:temp-:short", "No space left on device"},
           {"fsync:temp-:EIO", "Input/output error"},
           {"rename:dump.rdb:EXDEV", "Invalid cross-device link"},
       }) {
    SCOPED_TRACE(rule);
    const std::string before = save_again();
    run("SET", "second", noise(100'000));
    set_faults(rule);
    expect_saving_to_fail(before, {"dump.rdb", "offset", cause});
    EXPECT_EQ(names_in(server().directory()), std::vector<std::string>{"dump.rdb"});
    set_faults("");
    expect_recovery();
  }
}

// Nobody knows whether a rename lasts if the directory cannot be synced. The file is whole.
TEST_F(SnapshotFault, ARenameThatMayNotLastIsAFailure) {
  start_saved();
  SKIP_WITHOUT_FAULTS();
  set_faults("dirsync::EIO");
  EXPECT_EQ(run("SAVE"), error("ERR"));
  expect_log_line({"dump.rdb", "Input/output error"});
  EXPECT_EQ(run("BGSAVE"), status("Background saving started"));
  ASSERT_TRUE(wait_for_info("rdb_last_bgsave_status", "err"));
  expect_accepted("redis-check-rdb", dump());
  set_faults("");
  expect_recovery();
}

TEST_F(SnapshotFault, AKilledChildLeavesTheOldFile) {
  const std::string before = start_saved();
  SKIP_WITHOUT_FAULTS();
  for (const char* rule : {"open:temp-:kill", "write:temp-:kill", "rename:dump.rdb:kill"}) {
    SCOPED_TRACE(rule);
    set_faults(rule);
    EXPECT_EQ(run("BGSAVE"), status("Background saving started"));
    ASSERT_TRUE(wait_for_info("rdb_last_bgsave_status", "err"));
    EXPECT_EQ(read_file(dump()), before);
    expect_log_line({"Background saving", "signal 9"});
    set_faults("");
    EXPECT_EQ(run("SAVE"), ok());
    EXPECT_EQ(info("rdb_last_bgsave_status"), "ok");
    std::filesystem::remove(dump());
    write_file(dump(), before);
  }
}

TEST_F(SnapshotFault, TheDiskIsFull) {
  SmallDisk& disk = mount(200);
  SKIP_WITHOUT_DISK(disk);
  const std::string before = start_saved(disk.path());
  EXPECT_EQ(run("SET", "large", noise(500'000)), ok());
  expect_saving_to_fail(before, {"dump.rdb", "offset", "No space left on device"});
  EXPECT_EQ(names_in(disk.path()), std::vector<std::string>{"dump.rdb"});
  disk.resize(2000);
  expect_recovery();
}

TEST_F(SnapshotFault, TheDirectoryIsReadOnly) {
  SmallDisk& disk = mount(1000);
  SKIP_WITHOUT_DISK(disk);
  const std::string before = start_saved(disk.path());
  disk.make_read_only();
  expect_saving_to_fail(before, {"dump.rdb", "Read-only file system"});
  disk.make_writable();
  expect_recovery();
}

TEST_F(SnapshotFault, TheDirectoryIsGone) {
  const std::string data = spare_directory().file("data");
  std::filesystem::create_directory(data);
  start_saved(data);
  std::filesystem::remove_all(data);
  expect_saving_to_fail("", {"dump.rdb", "No such file or directory"});
  std::filesystem::create_directory(data);
  EXPECT_EQ(run("SAVE"), error("ERR")) << "the new directory is another one";
  EXPECT_EQ(run("CONFIG", "SET", "dir", data), ok());
  expect_recovery();
}

TEST_F(SnapshotFault, SomethingIsInTheWay) {
  start_saved();
  std::filesystem::remove(dump());
  std::filesystem::create_directory(dump());
  write_file(dump() + "/x", "");
  EXPECT_EQ(run("SAVE"), error("ERR"));
  expect_log_line({"rename", "dump.rdb", "Is a directory"});
  EXPECT_EQ(names_in(server().directory()), std::vector<std::string>{"dump.rdb"});
  std::filesystem::remove_all(dump());
  expect_recovery();
}

TEST_F(SnapshotFault, ASavePointTriesAgain) {
  start_with({"--save", "1 1"});
  SKIP_WITHOUT_FAULTS();
  set_faults("write:temp-:EIO");
  EXPECT_EQ(run("SET", "a", "1"), ok());
  ASSERT_TRUE(wait_for_info("rdb_last_bgsave_status", "err"));
  EXPECT_EQ(run("SET", "a", "2"), kSnapshotRefusal);
  set_faults("");
  EXPECT_TRUE(wait_for_reply({"SET", "a", "2"}, ok()));
  EXPECT_EQ(info("rdb_last_bgsave_status"), "ok");
}

// --- loading

class DamagedSnapshot : public SnapshotFault {
 protected:
  /// Leaves a stopped server whose file has something of each type. Returns the file.
  std::string stopped_server() {
    start();
    for (int i = 0; i < 200; ++i) {
      const std::string n = std::to_string(i);
      run("SET", "string:" + n, "value of " + n);
      run("RPUSH", "list", "element " + n);
      run("SADD", "set", n);
      run("ZADD", "zset", n, "member " + n);
      run("HSET", "hash", "field " + n, n);
    }
    EXPECT_EQ(run("SAVE"), ok());
    server().stop_and_wait();
    return read_file(dump());
  }

  /// The server refuses to serve `content`, and leaves it as it is.
  void expect_refusal(const std::string& content, const std::vector<std::string>& log_words) {
    write_file(dump(), content);
    const ExitStatus end = server().start_and_fail();
    EXPECT_EQ(end.code, 1) << end.to_string();
    EXPECT_TRUE(end.exited);
    EXPECT_EQ(read_file(dump()), content);
    expect_log_line(log_words);
  }
};

TEST_F(DamagedSnapshot, CutOff) {
  const std::string whole = stopped_server();
  for (std::size_t i = 0; i < 12; ++i) {
    SCOPED_TRACE(i);
    expect_refusal(whole.substr(0, whole.size() * i / 12), {"dump.rdb", "offset"});
  }
  expect_refusal(whole.substr(0, whole.size() - 1), {"dump.rdb", "offset"});
  write_file(dump(), whole + "what follows is ignored");
  server().start();
}

TEST_F(DamagedSnapshot, ABitIsFlipped) {
  const std::string whole = stopped_server();
  for (std::size_t i = 0; i < 16; ++i) {
    SCOPED_TRACE(i);
    std::string damaged = whole;
    char& byte = damaged[i == 15 ? whole.size() - 3 : whole.size() * i / 15];
    byte = static_cast<char>(byte ^ 1 << i % 8);
    expect_refusal(damaged, {"dump.rdb", "offset"});
  }
  write_file(dump(), whole);
  server().start();
}

TEST_F(DamagedSnapshot, SomethingElse) {
  stopped_server();
  expect_refusal("", {"dump.rdb", "offset 0"});
  expect_refusal("no snapshot at all", {"dump.rdb", "offset"});
  expect_refusal("REDIS9999" + std::string(100, 'x'), {"dump.rdb", "offset"});
  std::filesystem::remove(dump());
  std::filesystem::create_directory(dump());
  EXPECT_EQ(server().start_and_fail().code, 1);
  expect_log_line({"dump.rdb", "Is a directory"});
  std::filesystem::remove(dump());
  server().start();
}

// Not damaged, but not supported: nothing is lost unawares.
TEST_F(DamagedSnapshot, KeysOfModulesAreLeftOutOnlyIfAllowed) {
  stopped_server();
  const std::string content = rdb_with_module_key();
  expect_refusal(content, {"dump.rdb", "'json'", "ReJSON-RL", "offset 11", "rdb-skip-module-keys"});
  server().set_arguments({"--rdb-skip-module-keys", "yes"});
  server().start();
  expect_log_line({"1 keys of modules in dump.rdb were left out"});
  EXPECT_EQ(server().client().run("DBSIZE"), integer(1));
}

TEST_F(DamagedSnapshot, StreamsAndFunctionsAreNamed) {
  stopped_server();
  expect_refusal(rdb_with("\x0f\x06" + std::string("events") + '\0'),
                 {"dump.rdb", "'events'", "streams are not supported", "offset"});
  expect_refusal(rdb_with("\xf5\x0f#!lua name=lib\n"),
                 {"dump.rdb", "#!lua name=lib", "functions are not supported", "offset"});
}

TEST_F(DamagedSnapshot, ADiskThatCannotBeRead) {
  start();
  SKIP_WITHOUT_FAULTS();
  run("SET", "large", noise(1'000'000));
  ASSERT_EQ(run("SAVE"), ok());
  server().stop_and_wait();
  for (const auto& [rule, cause] : std::vector<std::pair<std::string, std::string>>{
           {"open:dump.rdb:EACCES", "Permission denied"},
           {"read:dump.rdb:EIO:skip=2", "Input/output error"}}) {
    SCOPED_TRACE(rule);
    server().set_arguments({"--debug-file-faults", rule});
    EXPECT_EQ(server().start_and_fail().code, 1);
    expect_log_line({"dump.rdb", cause});
  }
  server().set_arguments({});
  server().start();
  EXPECT_EQ(server().client().run("STRLEN", "large"), integer(1'000'000));
}

}  // namespace
}  // namespace spinel::test
