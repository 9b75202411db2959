// Append-only files that cannot be written, synced, rewritten or loaded: what clients are told,
// what is in the log, and that nothing that was acknowledged is lost.

#include <filesystem>

#include "tests/support/fault_test.h"

namespace spinel::test {
namespace {

Reply refusal(const std::string& cause) {
  return error("MISCONF Errors writing to the AOF file: " + cause);
}

class AofFault : public FaultTest {
 protected:
  void start_aof(const std::string& policy, const std::vector<std::string>& more = {},
                 const std::string& directory = {}) {
    ServerOptions options;
    options.directory = directory;
    options.arguments = {"--appendonly", "yes", "--appendfsync", policy};
    options.arguments.insert(options.arguments.end(), more.begin(), more.end());
    start(options);
  }

  std::string increment() { return last_increment(server().directory()); }

  /// The server ends with status 1 since it cannot keep a promise; `command` gets no reply.
  void expect_end(const std::vector<std::string>& command) {
    EXPECT_EQ(run_command(command).type, Reply::Type::kClosed);
    server().expect_crash();
    const ExitStatus end = server().wait_for_exit();
    EXPECT_TRUE(end.exited) << end.to_string();
    EXPECT_EQ(end.code, 1) << end.to_string();
  }
  Reply run_command(const std::vector<std::string>& command) { return client().command(command); }

  void start_again() {
    server().start();
    reconnect();
  }

  /// Everything on disk is in order, and loads as what is in memory now.
  void expect_good_files() {
    const Reply digest = run("DEBUG", "DIGEST");
    kill_and_start();
    EXPECT_EQ(run("DEBUG", "DIGEST"), digest);
    expect_accepted("redis-check-aof", aof_path(server().directory(), "appendonly.aof.manifest"));
  }

  void expect_rewrite(const std::string& outcome) {
    const Reply started = run("BGREWRITEAOF");
    EXPECT_TRUE(!started.is_error() || outcome == "err") << started;
    ASSERT_TRUE(wait_for_info("aof_rewrite_in_progress", "0"));
    EXPECT_EQ(info("aof_last_bgrewrite_status"), outcome);
  }
};

// --- writing

TEST_F(AofFault, AlwaysEndsTheServerWhenTheDiskIsFull) {
  SmallDisk& disk = mount(100);
  SKIP_WITHOUT_DISK(disk);
  start_aof("always", {}, disk.path());
  EXPECT_EQ(run("SET", "small", "kept"), ok());
  expect_end({"SET", "large", noise(200'000)});
  expect_log_line({"incr.aof", "No space left on device"});
  disk.resize(2000);
  start_again();
  EXPECT_EQ(run("GET", "small"), bulk("kept"));
  EXPECT_EQ(run("EXISTS", "large"), integer(0));
}

TEST_F(AofFault, AlwaysEndsTheServerWhenAFaultBreaksItsPromise) {
  start_aof("always");
  SKIP_WITHOUT_FAULTS();
  for (const auto& [rule, cause] : std::vector<std::pair<std::string, std::string>>{
           {"fsync:incr.aof:EIO", "Input/output error"},
           {"write:incr.aof:EIO", "Input/output error"},
           {"write:incr.aof:short", "No space left on device"}}) {
    SCOPED_TRACE(rule);
    EXPECT_EQ(run("SET", "before", rule), ok());
    set_faults(rule);
    expect_end({"SET", "refused", rule});
    expect_log_line({"incr.aof", cause});
    start_again();
    EXPECT_EQ(run("GET", "before"), bulk(rule));
    EXPECT_EQ(run("DEL", "refused").type, Reply::Type::kInteger);
  }
}

TEST_F(AofFault, EverysecRefusesWritesWhileTheDiskIsFull) {
  SmallDisk& disk = mount(100);
  SKIP_WITHOUT_DISK(disk);
  start_aof("everysec", {}, disk.path());
  EXPECT_EQ(run("SET", "small", "kept"), ok());
  EXPECT_EQ(run("SET", "large", noise(200'000)), ok()) << "nobody knows yet";
  ASSERT_TRUE(wait_for_reply({"SET", "a", "1"}, refusal("No space left on device")));
  EXPECT_EQ(run("DEL", "small"), refusal("No space left on device"));
  EXPECT_EQ(run("PING"), refusal("No space left on device"));
  EXPECT_EQ(run("GET", "small"), bulk("kept"));
  EXPECT_EQ(info("aof_last_write_status"), "err");
  expect_log_line({"incr.aof", "No space left on device"});
  disk.resize(2000);
  ASSERT_TRUE(wait_for_reply({"SET", "a", "1"}, ok()));
  EXPECT_EQ(info("aof_last_write_status"), "ok");
  EXPECT_EQ(run("STRLEN", "large"), integer(200'000));
  // What was accepted before the failure is there, too.
  ASSERT_TRUE(wait_for_info("aof_buffer_length", "0"));
  expect_good_files();
  EXPECT_EQ(run("STRLEN", "large"), integer(200'000));
}

TEST_F(AofFault, EverysecRefusesWritesUntilAllIsWell) {
  start_aof("everysec");
  SKIP_WITHOUT_FAULTS();
  for (const auto& [rule, cause] : std::vector<std::pair<std::string, std::string>>{
           {"write:incr.aof:EIO", "Input/output error"},
           {"write:incr.aof:short", "No space left on device"},
           {"fsync:incr.aof:EIO", "Input/output error"}}) {
    SCOPED_TRACE(rule);
    set_faults(rule);
    EXPECT_EQ(run("SET", "accepted", rule), ok());
    ASSERT_TRUE(wait_for_reply({"SET", "a", "1"}, refusal(cause)));
    EXPECT_EQ(run("PING"), refusal(cause));
    EXPECT_EQ(run("GET", "accepted"), bulk(rule));
    EXPECT_EQ(info("aof_last_write_status"), "err");
    expect_log_line({"incr.aof", cause});
    set_faults("");
    ASSERT_TRUE(wait_for_reply({"SET", "a", rule}, ok()));
    EXPECT_EQ(info("aof_last_write_status"), "ok");
    ASSERT_TRUE(wait_for_info("aof_buffer_length", "0"));
    expect_good_files();
    EXPECT_EQ(run("GET", "accepted"), bulk(rule));
  }
}

TEST_F(AofFault, WithoutSyncsAFailedWriteRefusesWritesToo) {
  start_aof("no");
  SKIP_WITHOUT_FAULTS();
  set_faults("write:incr.aof:EDQUOT");
  EXPECT_EQ(run("SET", "accepted", "1"), ok());
  ASSERT_TRUE(wait_for_reply({"SET", "a", "1"}, refusal("Disk quota exceeded")));
  set_faults("");
  ASSERT_TRUE(wait_for_reply({"SET", "a", "1"}, ok()));
  ASSERT_TRUE(wait_for_info("aof_buffer_length", "0"));
  expect_good_files();
}

// --- rewriting

TEST_F(AofFault, ARewriteMayFailAnywhere) {
  start_aof("everysec", {"--auto-aof-rewrite-percentage", "0"});
  SKIP_WITHOUT_FAULTS();
  run("SET", "first", noise(1000));
  expect_rewrite("ok");
  for (const char* rule :
       {"open:temp-rewriteaof:EACCES", "write:temp-rewriteaof:ENOSPC", "write:temp-rewriteaof:kill",
        "fsync:temp-rewriteaof:EIO", "rename:temp-rewriteaof:EIO", "rename:base.rdb:EIO",
        "open:incr.aof:EACCES", "write:temp-appendonly.aof.manifest:ENOSPC",
        "fsync:temp-appendonly.aof.manifest:EIO", "rename:appendonly.aof.manifest:EIO"}) {
    SCOPED_TRACE(rule);
    EXPECT_EQ(run("SET", "key", rule), ok());
    set_faults(rule);
    expect_rewrite("err");
    EXPECT_EQ(run("SET", "key", std::string("after ") + rule), ok());
    set_faults("");
    ASSERT_TRUE(wait_for_info("aof_buffer_length", "0"));
    expect_good_files();
    for (const std::string& name : names_in(server().directory())) {
      EXPECT_FALSE(name.starts_with("temp-")) << name;
    }
  }
  expect_rewrite("ok");
  expect_good_files();
}

// The second manifest of a rewrite: base and files are in place, but not named yet.
TEST_F(AofFault, TheLastStepOfARewriteMayFail) {
  start_aof("everysec", {"--auto-aof-rewrite-percentage", "0"});
  SKIP_WITHOUT_FAULTS();
  for (const char* rule :
       {"rename:appendonly.aof.manifest:EIO:skip=1", "write:appendonly.aof.manifest:EIO:skip=1"}) {
    SCOPED_TRACE(rule);
    EXPECT_EQ(run("SET", "key", rule), ok());
    set_faults(rule);
    run("BGREWRITEAOF");
    ASSERT_TRUE(wait_for_info("aof_rewrite_in_progress", "0"));
    EXPECT_EQ(run("SET", "key", std::string("after ") + rule), ok());
    set_faults("");
    ASSERT_TRUE(wait_for_info("aof_buffer_length", "0"));
    expect_good_files();
  }
}

TEST_F(AofFault, ARewriteOnAFullDisk) {
  SmallDisk& disk = mount(400);
  SKIP_WITHOUT_DISK(disk);
  start_aof("everysec", {"--auto-aof-rewrite-percentage", "0"}, disk.path());
  EXPECT_EQ(run("SET", "large", noise(250'000)), ok());
  ASSERT_TRUE(wait_for_info("aof_buffer_length", "0"));
  expect_rewrite("err");
  EXPECT_EQ(run("SET", "small", "1"), ok());
  disk.resize(4000);
  expect_rewrite("ok");
  expect_good_files();
  EXPECT_EQ(run("STRLEN", "large"), integer(250'000));
}

// --- loading

class DamagedAof : public AofFault {
 protected:
  /// Leaves a stopped server. `sizes_` are those of the file after each of the writes.
  void stopped_server(const std::vector<std::string>& more = {}) {
    start_aof("always", more);
    for (int i = 0; i < 5; ++i) {
      EXPECT_EQ(run("RPUSH", "list", "element " + std::to_string(i)), integer(i + 1));
      sizes_.push_back(file_size(increment()));
    }
    path_ = increment();
    server().stop_and_wait();
    whole_ = read_file(path_);
    ASSERT_EQ(static_cast<std::int64_t>(whole_.size()), sizes_.back());
  }

  void expect_refusal(const std::vector<std::string>& log_words) {
    const std::string before = read_file(path_);
    EXPECT_EQ(server().start_and_fail().code, 1);
    EXPECT_EQ(read_file(path_), before) << "the file stays as it is";
    expect_log_line(log_words);
  }

  std::vector<std::int64_t> sizes_;
  std::string path_;
  std::string whole_;
};

TEST_F(DamagedAof, ATornTailIsCut) {
  stopped_server();
  const std::int64_t last = sizes_[3];  // where the last record begins
  for (std::int64_t size = last; size < sizes_[4]; size += 3) {
    SCOPED_TRACE(size);
    write_file(path_, whole_.substr(0, static_cast<std::size_t>(size)));
    start_again();
    EXPECT_EQ(run("LLEN", "list"), integer(4));
    EXPECT_EQ(file_size(path_), last);
    if (size > last) {
      expect_log_line({"appendonly.aof.1.incr.aof", std::to_string(last), "aof-load-truncated"});
    }
    server().stop_and_wait();
  }
  write_file(path_, whole_);
  start_again();
  EXPECT_EQ(run("LLEN", "list"), integer(5));
}

TEST_F(DamagedAof, ATornTailIsRefusedWithoutLeave) {
  stopped_server({"--aof-load-truncated", "no"});
  for (const std::int64_t cut : {1, 2, 7}) {
    write_file(path_, whole_.substr(0, whole_.size() - static_cast<std::size_t>(cut)));
    expect_refusal({"appendonly.aof.1.incr.aof", "offset"});
  }
  write_file(path_, whole_);
  start_again();
}

TEST_F(DamagedAof, RubbishIsNotCut) {
  stopped_server();
  const auto third = static_cast<std::size_t>(sizes_[1]);
  for (const std::string& damaged :
       {whole_.substr(0, third) + "x" + whole_.substr(third + 1),  // instead of *
        whole_.substr(0, third) + "*3\r\n%5" + whole_.substr(third + 6),
        whole_.substr(0, third) + encode_command({"NOSUCHCOMMAND"}) + whole_.substr(third),
        "rubbish" + whole_}) {
    write_file(path_, damaged);
    expect_refusal({"appendonly.aof.1.incr.aof", "offset"});
  }
  write_file(path_, whole_);
  start_again();
}

// What it has written is not damage: it must not be cut off, whatever is allowed.
TEST_F(DamagedAof, ACommandThatIsMissingHereIsNamed) {
  stopped_server({"--aof-load-corrupt-tail-max-size", "1000000"});
  const std::string add = encode_command({"xadd", "s", "*", "f", "v"});
  for (const std::string& tail :
       {add, encode_command({"MULTI"}) + add + encode_command({"EXEC"})}) {
    write_file(path_, whole_ + tail);
    expect_refusal(
        {"appendonly.aof.1.incr.aof", "'xadd'", "offset", "not damaged", "BGREWRITEAOF"});
  }
  write_file(path_, whole_);
  start_again();
}

TEST_F(DamagedAof, FilesOfALostManifestAreNamedAndKept) {
  stopped_server();
  const std::string directory = server().directory();
  const std::string manifest = aof_path(directory, "appendonly.aof.manifest");
  const std::string content = read_file(manifest);
  const std::string base = aof_path(directory, "appendonly.aof.1.base.rdb");
  const std::string base_content = read_file(base);
  std::filesystem::remove(manifest);
  start_again();
  expect_log_line({"2 files", "appendonly.aof.1.base.rdb", "no manifest names them",
                   "appendonly.aof.manifest"});
  EXPECT_EQ(run("DBSIZE"), integer(0));
  EXPECT_EQ(run("SET", "a", "1"), ok());
  server().stop_and_wait();
  EXPECT_EQ(read_file(path_), whole_);
  EXPECT_EQ(read_file(base), base_content);
  write_file(manifest, content);
  start_again();
  EXPECT_EQ(run("LLEN", "list"), integer(5));
}

TEST_F(DamagedAof, ADamagedBaseIsRefused) {
  start_aof("everysec");
  for (int i = 0; i < 100; ++i) run("SET", "key:" + std::to_string(i), noise(50));
  expect_rewrite("ok");
  std::string base;
  for (const AofFile& file : read_manifest(server().directory())) {
    if (file.type == 'b') base = file.name;
  }
  path_ = aof_path(server().directory(), base);
  server().stop_and_wait();
  whole_ = read_file(path_);
  for (const std::string& damaged :
       {whole_.substr(0, whole_.size() / 2), whole_.substr(0, whole_.size() - 4)}) {
    write_file(path_, damaged);
    expect_refusal({base, "offset"});
  }
  std::string flipped = whole_;
  flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 4);
  write_file(path_, flipped);
  expect_refusal({base, "offset"});
  write_file(path_, whole_);
  start_again();
  EXPECT_EQ(run("DBSIZE"), integer(100));
}

TEST_F(DamagedAof, AMissingFileIsNamed) {
  stopped_server();
  std::filesystem::rename(path_, path_ + ".away");
  EXPECT_EQ(server().start_and_fail().code, 1);
  expect_log_line({"appendonly.aof.1.incr.aof"});
  EXPECT_FALSE(std::filesystem::exists(path_)) << "no empty file takes its place";
  std::filesystem::rename(path_ + ".away", path_);
  start_again();
  EXPECT_EQ(run("LLEN", "list"), integer(5));
}

TEST_F(DamagedAof, ABadManifestIsNamed) {
  stopped_server();
  const std::string manifest = aof_path(server().directory(), "appendonly.aof.manifest");
  const std::string good = read_file(manifest);
  for (const char* content : {"", "rubbish\n", "file appendonly.aof.1.incr.aof seq 1 type i"}) {
    write_file(manifest, content);
    EXPECT_EQ(server().start_and_fail().code, 1);
    expect_log_line({"appendonly.aof.manifest"});
    EXPECT_EQ(read_file(manifest), content);
  }
  write_file(manifest, good);
  start_again();
  EXPECT_EQ(run("LLEN", "list"), integer(5));
}

TEST_F(DamagedAof, ADirectoryThatCannotBeMade) {
  stopped_server();
  const std::string directory = server().file("appendonlydir");
  std::filesystem::rename(directory, directory + ".away");
  write_file(directory, "a file");
  EXPECT_EQ(server().start_and_fail().code, 1);
  expect_log_line({"appendonlydir"});
  std::filesystem::remove(directory);
  std::filesystem::rename(directory + ".away", directory);
  start_again();
}

TEST_F(DamagedAof, ADiskThatCannotBeRead) {
  stopped_server();
  start_again();
  SKIP_WITHOUT_FAULTS();
  server().stop_and_wait();
  for (const auto& [rule, file] : std::vector<std::pair<std::string, std::string>>{
           {"read:incr.aof:EIO", "appendonly.aof.1.incr.aof"},
           {"open:incr.aof:EACCES", "appendonly.aof.1.incr.aof"},
           {"read:base:EIO", "appendonly.aof.1.base.rdb"},
           {"read:manifest:EIO", "appendonly.aof.manifest"}}) {
    SCOPED_TRACE(rule);
    server().set_arguments({"--appendonly", "yes", "--debug-file-faults", rule});
    EXPECT_EQ(server().start_and_fail().code, 1);
    expect_log_line({file, rule.ends_with("EIO") ? "Input/output error" : "Permission denied"});
    EXPECT_EQ(read_file(path_), whole_) << "an error is no torn tail";
  }
  server().set_arguments({"--appendonly", "yes"});
  start_again();
  EXPECT_EQ(run("LLEN", "list"), integer(5));
}

// --- switching on at run time

TEST_F(AofFault, AWaitAfterFailuresIsLogged) {
  start_aof("everysec");
  SKIP_WITHOUT_FAULTS();
  set_faults("rename:temp-rewriteaof-bg:ENOSPC");
  for (int i = 0; i < 3; ++i) expect_rewrite("err");
  expect_log_line({"failed 3 times in a row", "No space left on device", "in 60 seconds"});
  set_faults("");
  expect_rewrite("ok");
}

TEST_F(AofFault, SwitchingOnMayFail) {
  SmallDisk& disk = mount(1000);
  SKIP_WITHOUT_DISK(disk);
  ServerOptions options;
  options.directory = disk.path();
  start(options);
  EXPECT_EQ(run("SET", "a", "1"), ok());
  disk.make_read_only();
  EXPECT_EQ(run("CONFIG", "SET", "appendonly", "yes"),
            error("ERR CONFIG SET failed (possibly related to argument 'appendonly') - Unable to "
                  "turn on AOF. Check server logs."));
  expect_log_line({"appendonly", "Read-only file system"});
  EXPECT_EQ(config("appendonly"), "no");
  EXPECT_EQ(run("SET", "a", "2"), ok());
  disk.make_writable();
  EXPECT_EQ(run("CONFIG", "SET", "appendonly", "yes"), ok());
  ASSERT_TRUE(wait_for_info("aof_rewrite_in_progress", "0"));
  EXPECT_EQ(run("SET", "b", "3"), ok());
  server().set_arguments({"--appendonly", "yes"});
  ASSERT_TRUE(wait_for_info("aof_buffer_length", "0"));
  expect_good_files();
  EXPECT_EQ(run("MGET", "a", "b"), bulks({"2", "3"}));
}

}  // namespace
}  // namespace spinel::test
