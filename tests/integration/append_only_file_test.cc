// The append only file: what is in it after a restart, its policies, and rewriting.

#include <csignal>
#include <filesystem>
#include <optional>
#include <poll.h>

#include "tests/support/process.h"
#include "tests/support/server_test.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"

namespace spinel::test {
namespace {

class AppendOnlyFileTest : public OwnServerTest {
 protected:
  void start_appending(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"--appendonly", "yes"});
    start_with(std::move(more));
  }
  std::string aof_path(const std::string& name) {
    return server().directory() + "/appendonlydir/" + name;
  }
  std::string aof_file(const std::string& name) { return read_file(aof_path(name)); }
  std::string manifest() { return aof_file("appendonly.aof.manifest"); }
  // A client of the server, which may have been started again.
  Client& now() {
    now_.emplace(server().client());
    return *now_;
  }
  bool wait_for_info(const std::string& field, const std::string& value) {
    return wait_until(
        [&] { return info_field(now().run("INFO", "persistence").text, field) == value; });
  }
  // Waits until everything is written: with `everysec` not before a sync under way is over.
  void settle() { ASSERT_TRUE(wait_for_info("aof_buffer_length", "0")); }
  void rewrite() {
    ASSERT_EQ(now().run("BGREWRITEAOF"), status("Background append only file rewriting started"));
    ASSERT_TRUE(wait_for_info("aof_rewrite_in_progress", "0"));
    ASSERT_TRUE(wait_for_info("aof_last_bgrewrite_status", "ok"));
  }
  // Every type, an expiry, effects that differ from the command, several effects of one.
  void write_all_kinds() {
    for (const char* line :
         {"SET text hello", "SET number 17 EX 1000", "INCR number", "INCRBYFLOAT float 1.5",
          "RPUSH list a b c", "LPOP list", "SADD set x y z", "SPOP set", "ZADD zset 1 a 2 b",
          "HSET hash f v g w", "HEXPIRE hash 1000 FIELDS 1 f", "SETBIT bits 1000000 1",
          "PFADD hll a b c", "SELECT 3", "SET elsewhere 1", "SELECT 0", "SET short 1 PX 1"}) {
      const Reply reply = this->line(line);
      ASSERT_FALSE(reply.type == Reply::Type::kError) << line << reply;
    }
  }

  std::optional<Client> now_;
};

TEST_F(AppendOnlyFileTest, ARestartBringsBackWhatWasWritten) {
  for (const char* policy : {"always", "everysec", "no"}) {
    ServerProcess own({.arguments = {"--appendonly", "yes", "--appendfsync", policy}});
    Client client = own.client();
    for (const char* line : {"SET text hello", "SET number 17 EX 1000", "INCR number",
                             "RPUSH list a b c", "SPOP set", "ZADD zset 1.5 a", "HSET h f v"}) {
      client.command(words(line));
    }
    const Reply digest = client.run("DEBUG", "DIGEST");
    if (std::string(policy) == "everysec") {
      // Writes wait for a sync under way.
      ASSERT_TRUE(wait_until([&] {
        return info_field(client.run("INFO", "persistence").text, "aof_buffer_length") == "0";
      }));
    }
    own.kill9();
    own.start();
    Client again = own.client();
    EXPECT_EQ(again.run("DEBUG", "DIGEST"), digest) << policy;
    EXPECT_INTEGER_BETWEEN(again.run("TTL", "number"), 900, 1000);
    EXPECT_EQ(again.run("CONFIG", "GET", "appendfsync"),
              array({bulk("appendfsync"), bulk(policy)}));
  }
}

TEST_F(AppendOnlyFileTest, FilesAreThoseOfRedis) {
  start_appending();
  EXPECT_EQ(manifest(),
            "file appendonly.aof.1.base.rdb seq 1 type b\n"
            "file appendonly.aof.1.incr.aof seq 1 type i\n");
  EXPECT_TRUE(aof_file("appendonly.aof.1.base.rdb").starts_with("REDIS"));
  EXPECT_EQ(aof_file("appendonly.aof.1.incr.aof"), "");
  run("SET", "a", "1");
  run("SET", "a", "2");
  settle();
  EXPECT_EQ(aof_file("appendonly.aof.1.incr.aof"),
            "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n"
            "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n2\r\n");
  rewrite();
  // Once what it replaced is removed.
  EXPECT_TRUE(wait_until([&] {
    return manifest() ==
           "file appendonly.aof.2.base.rdb seq 2 type b\n"
           "file appendonly.aof.2.incr.aof seq 2 type i\n";
  })) << manifest();
  run("SET", "a", "3");
  settle();
  EXPECT_EQ(aof_file("appendonly.aof.2.incr.aof"),
            "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n3\r\n");
  EXPECT_TRUE(
      wait_until([&] { return !std::filesystem::exists(aof_path("appendonly.aof.1.incr.aof")); }));
  EXPECT_FALSE(std::filesystem::exists(aof_path("appendonly.aof.1.base.rdb")));
}

TEST_F(AppendOnlyFileTest, ARewriteKeepsWhatIsWrittenMeanwhile) {
  for (const char* preamble : {"yes", "no"}) {
    start_appending({"--aof-use-rdb-preamble", preamble});
    write_all_kinds();
    rewrite();
    write_all_kinds();
    const Reply digest = run("DEBUG", "DIGEST");
    server().restart();
    EXPECT_EQ(now().run("DEBUG", "DIGEST"), digest) << preamble;
    EXPECT_NE(manifest().find(*preamble == 'y' ? ".base.rdb" : ".base.aof"), std::string::npos);
    EXPECT_EQ(now().run("DEBUG", "LOADAOF"), ok());
    EXPECT_EQ(now().run("DEBUG", "DIGEST"), digest) << preamble;
    TearDown();
  }
}

TEST_F(AppendOnlyFileTest, ADumpIsNotLookedAt) {
  start_appending();
  run("SET", "in-both", "1");
  ASSERT_EQ(run("SAVE"), ok());
  run("SET", "in-aof", "1");
  settle();
  server().kill9();
  server().start();
  EXPECT_EQ(now().run("EXISTS", "in-both", "in-aof"), integer(2));
}

TEST_F(AppendOnlyFileTest, SwitchedOnAndOffAtRunTime) {
  start();
  run("SET", "before", "1");
  EXPECT_EQ(info("aof_enabled"), "0");
  EXPECT_EQ(run("CONFIG", "SET", "appendonly", "yes"), ok());
  run("SET", "after", "1");
  ASSERT_TRUE(wait_for_info("aof_rewrite_in_progress", "0"));
  EXPECT_EQ(info("aof_enabled"), "1");
  run("SET", "later", "1");
  EXPECT_EQ(run("CONFIG", "SET", "appendonly", "no"), ok());
  run("SET", "off", "1");
  ASSERT_EQ(run("CONFIG", "REWRITE").type, Reply::Type::kError) << "there is no file";
  const std::string directory = server().directory();
  server().kill9();
  ServerProcess* const old = &server();
  ChildProcess child = ChildProcess::start(
      {server_binary(), "--port", std::to_string(old->port()), "--bind", "127.0.0.1", "--dir",
       directory, "--appendonly", "yes"},
      {.input = -1, .output_path = directory + "/second.log", .working_directory = directory});
  ASSERT_TRUE(wait_until([&] { return now().run("PING") == status("PONG"); }));
  EXPECT_EQ(now().run("EXISTS", "before", "after", "later", "off"), integer(3));
  child.send_signal(SIGTERM);
  child.wait();
}

TEST_F(AppendOnlyFileTest, RewritesAreRefusedAndScheduled) {
  start_appending({"--rdb-key-save-delay", "10000000"});
  run("SET", "a", "1");
  run("SET", "b", "1");
  ASSERT_EQ(run("BGREWRITEAOF"), status("Background append only file rewriting started"));
  EXPECT_EQ(run("BGREWRITEAOF"),
            error("ERR Background append only file rewriting already in progress"));
  EXPECT_EQ(run("BGSAVE"),
            error("ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE "
                  "SCHEDULE in order to schedule a BGSAVE whenever possible."));
  EXPECT_EQ(run("BGSAVE", "SCHEDULE"), status("Background saving scheduled"));
  EXPECT_EQ(info("aof_rewrite_in_progress"), "1");
}

TEST_F(AppendOnlyFileTest, ARewriteWaitsForASnapshot) {
  start_appending({"--rdb-key-save-delay", "10000000"});
  run("SET", "a", "1");
  run("SET", "b", "1");
  ASSERT_EQ(run("BGSAVE"), status("Background saving started"));
  EXPECT_EQ(run("BGREWRITEAOF"), status("Background append only file rewriting scheduled"));
  EXPECT_EQ(info("aof_rewrite_scheduled"), "1");
  run("CONFIG", "SET", "rdb-key-save-delay", "0");
  run("FLUSHALL");  // ends the snapshot
  EXPECT_TRUE(wait_until([&] { return manifest().find("seq 2 type b") != std::string::npos; }));
}

TEST_F(AppendOnlyFileTest, ItIsRewrittenWhenItHasGrown) {
  start_appending({"--auto-aof-rewrite-min-size", "10kb", "--auto-aof-rewrite-percentage", "100"});
  const std::string value(1000, 'x');
  for (int i = 0; i < 30; ++i) run("SET", "key", value);
  EXPECT_TRUE(wait_until([&] { return manifest().find("seq 2 type b") != std::string::npos; }));
  EXPECT_LT(info_number("aof_base_size"), 10'000);
  EXPECT_NE(server().log().find("Starting automatic rewriting of AOF"), std::string::npos);
}

TEST_F(AppendOnlyFileTest, AFailedRewriteLeavesEverythingInPlace) {
  start_appending();
  run("SET", "a", "1");
  run("CONFIG", "SET", "debug-file-faults", "rename:temp-rewriteaof-bg:EIO:times=1");
  ASSERT_EQ(run("BGREWRITEAOF"), status("Background append only file rewriting started"));
  ASSERT_TRUE(wait_for_info("aof_last_bgrewrite_status", "err"));
  EXPECT_EQ(info("aof_rewrites_consecutive_failures"), "1");
  run("SET", "b", "1");
  EXPECT_EQ(manifest(),
            "file appendonly.aof.1.base.rdb seq 1 type b\n"
            "file appendonly.aof.1.incr.aof seq 1 type i\n"
            "file appendonly.aof.2.incr.aof seq 2 type i\n");
  for (const auto& entry : std::filesystem::directory_iterator(server().directory())) {
    EXPECT_FALSE(entry.path().filename().string().starts_with("temp-")) << entry.path();
  }
  const Reply digest = run("DEBUG", "DIGEST");
  settle();
  server().kill9();
  server().start();
  EXPECT_EQ(now().run("DEBUG", "DIGEST"), digest);
  rewrite();
  EXPECT_EQ(info_field(now().run("INFO", "persistence").text, "aof_last_bgrewrite_status"), "ok");
}

TEST_F(AppendOnlyFileTest, WritesAreRefusedWhileNothingCanBeWritten) {
  start_appending({"--appendfsync", "no"});
  run("SET", "a", "1");
  run("CONFIG", "SET", "debug-file-faults", "write:incr.aof:ENOSPC");
  run("SET", "a", "2");
  EXPECT_EQ(run("SET", "a", "3"),
            error("MISCONF Errors writing to the AOF file: No space left on device"));
  EXPECT_EQ(run("PING").type, Reply::Type::kError);
  EXPECT_EQ(run("GET", "a"), bulk("2"));
  EXPECT_EQ(info("aof_last_write_status"), "err");
  run("CONFIG", "SET", "debug-file-faults", "");
  EXPECT_TRUE(wait_until([&] { return run("SET", "a", "4") == ok(); }));
  EXPECT_EQ(info("aof_last_write_status"), "ok");
  settle();
  server().kill9();
  server().start();
  EXPECT_EQ(now().run("GET", "a"), bulk("4"));
}

TEST_F(AppendOnlyFileTest, AShortWriteIsTakenBack) {
  start_appending({"--appendfsync", "no"});
  run("SET", "a", "1");
  const std::string before = aof_file("appendonly.aof.1.incr.aof");
  run("CONFIG", "SET", "debug-file-faults", "write:incr.aof:short:times=2");
  run("SET", "a", "2");
  EXPECT_EQ(run("SET", "a", "3").type, Reply::Type::kError);
  EXPECT_EQ(aof_file("appendonly.aof.1.incr.aof"), before);
  EXPECT_TRUE(wait_until([&] { return run("SET", "a", "4") == ok(); }));
  settle();
  server().kill9();
  server().start();
  EXPECT_EQ(now().run("GET", "a"), bulk("4"));
}

TEST_F(AppendOnlyFileTest, EverysecRefusesWritesWhileNothingCanBeSynced) {
  start_appending();
  run("CONFIG", "SET", "debug-file-faults", "fsync:incr.aof:EIO:times=2");
  run("SET", "a", "1");
  EXPECT_TRUE(wait_until([&] {
    return run("SET", "a", "2") ==
           error("MISCONF Errors writing to the AOF file: Input/output error");
  }));
  EXPECT_TRUE(wait_until([&] { return run("SET", "a", "3") == ok(); }));
  // What the system dropped is written anew.
  EXPECT_TRUE(wait_until([&] { return manifest().find("seq 2 type b") != std::string::npos; }));
}

TEST_F(AppendOnlyFileTest, AlwaysEndsTheServerIfItCannotBeKept) {
  for (const char* fault : {"fsync:incr.aof:EIO", "write:incr.aof:ENOSPC"}) {
    ServerProcess own({.arguments = {"--appendonly", "yes", "--appendfsync", "always"}});
    own.expect_crash();
    Client client = own.client();
    ASSERT_EQ(client.run("SET", "a", "1"), ok());
    client.run("CONFIG", "SET", "debug-file-faults", fault);
    EXPECT_EQ(client.run("SET", "a", "2").type, Reply::Type::kClosed) << "nobody hears of it";
    EXPECT_EQ(own.wait_for_exit().to_string(), "exit code 1");
    EXPECT_NE(own.log().find("Cannot write the append only file"), std::string::npos);
  }
}

TEST_F(AppendOnlyFileTest, AnOldFileThatStaysIsNoHarm) {
  start_appending({"--appendfsync", "always"});
  run("CONFIG", "SET", "debug-file-faults", "unlink:appendonly.aof.1:EPERM");
  run("SET", "a", "1");
  rewrite();
  EXPECT_NE(manifest().find("type h"), std::string::npos);
  EXPECT_TRUE(wait_until(
      [&] { return server().log().find("no longer needed: unlink of ") != std::string::npos; }));
  EXPECT_EQ(run("SET", "a", "2"), ok());
}

TEST_F(AppendOnlyFileTest, AlwaysHoldsRepliesUntilTheDiskHasIt) {
  start_appending({"--appendfsync", "always"});
  run("MSET", "a", "1", "b", "1");
  run("CONFIG", "SET", "debug-file-faults", "fsync:incr.aof:delay=1500");
  RawConnection writer = server().raw();
  RawConnection reader = server().raw();
  RawConnection counter = server().raw();
  const auto has_bytes = [](const RawConnection& connection) {
    pollfd event{connection.fd(), POLLIN, 0};
    return ::poll(&event, 1, 0) == 1;
  };
  const auto syncs = [&] { return info("aof_pending_bio_fsync") == "1"; };
  bool seen = false;
  // On a busy machine the sync may be over before all was asked: then again.
  for (int value = 2; !seen && value < 50; ++value) {
    ASSERT_TRUE(writer.send(encode_command({"SET", "a", std::to_string(value)})));
    ASSERT_TRUE(wait_until([&] { return syncs() || has_bytes(writer); }));
    ASSERT_TRUE(reader.send(encode_command({"GET", "a"})));
    ASSERT_TRUE(counter.send(encode_command({"DBSIZE"})));
    EXPECT_EQ(run("GET", "b"), bulk("1")) << "what nobody writes is answered";
    const bool held = !has_bytes(writer) && !has_bytes(reader) && !has_bytes(counter);
    if (syncs()) {
      EXPECT_TRUE(held);
      seen = true;
    }
    EXPECT_EQ(writer.read_reply(), ok());
    EXPECT_EQ(reader.read_reply(), bulk(std::to_string(value)));
    EXPECT_EQ(counter.read_reply(), integer(2));
  }
  EXPECT_TRUE(seen);
}

TEST_F(AppendOnlyFileTest, AClientThatLeavesWhileItIsHeldDoesNoHarm) {
  start_appending({"--appendfsync", "always"});
  run("CONFIG", "SET", "debug-file-faults", "fsync:incr.aof:delay=200");
  for (int i = 0; i < 5; ++i) {
    RawConnection leaving = server().raw();
    ASSERT_TRUE(leaving.send(encode_command({"INCR", "a"})));
  }
  RawConnection quitting = server().raw();
  ASSERT_TRUE(quitting.send(encode_command({"INCR", "a"}) + encode_command({"QUIT"})));
  EXPECT_EQ(quitting.read_reply().type, Reply::Type::kInteger);
  EXPECT_EQ(quitting.read_reply(), ok());
  EXPECT_TRUE(quitting.closes());
  EXPECT_TRUE(wait_until([&] { return run("GET", "a") == bulk("6"); }));
}

TEST_F(AppendOnlyFileTest, PoliciesChangeAtRunTime) {
  start_appending({"--appendfsync", "always"});
  for (const char* policy : {"everysec", "always", "no", "always", "everysec"}) {
    ASSERT_EQ(run("CONFIG", "SET", "appendfsync", policy), ok());
    for (int i = 0; i < 20; ++i)
      ASSERT_EQ(run("RPUSH", "list", policy).type, Reply::Type::kInteger);
  }
  const Reply list = run("LRANGE", "list", "0", "-1");
  EXPECT_EQ(list.elements.size(), 100U);
  settle();
  server().kill9();
  server().start();
  EXPECT_EQ(now().run("LRANGE", "list", "0", "-1"), list);
}

TEST_F(AppendOnlyFileTest, AHalfClosedClientIsAnswered) {
  start_appending({"--appendfsync", "always"});
  run("CONFIG", "SET", "debug-file-faults", "fsync:incr.aof:delay=100");
  RawConnection client = server().raw();
  ASSERT_TRUE(client.send(encode_command({"SET", "a", "1"})));
  client.half_close();
  EXPECT_EQ(client.read_reply(), ok());
  EXPECT_TRUE(client.closes());
}

TEST_F(AppendOnlyFileTest, ARewriteUnderAlwaysCountsEachFileByItself) {
  start_appending({"--appendfsync", "always"});
  run("SET", "a", "1");
  run("CONFIG", "SET", "debug-file-faults", "fsync:incr.aof:delay=300");
  RawConnection writer = server().raw();
  ASSERT_TRUE(writer.send(encode_command({"SET", "a", "2"})));
  ASSERT_TRUE(wait_until([&] { return info("aof_pending_bio_fsync") == "1"; }));
  run("BGREWRITEAOF");
  EXPECT_EQ(writer.read_reply(), ok());
  ASSERT_TRUE(wait_for_info("aof_rewrite_in_progress", "0"));
  run("CONFIG", "SET", "debug-file-faults", "");
  run("CONFIG", "SET", "appendfsync", "no");
  run("CONFIG", "SET", "debug-file-faults", "write:incr.aof:short:times=1");
  run("SET", "a", "3");
  EXPECT_TRUE(wait_until([&] { return run("SET", "a", "4") == ok(); }));
  settle();
  server().kill9();
  server().start();
  EXPECT_EQ(now().run("GET", "a"), bulk("4"));
}

TEST_F(AppendOnlyFileTest, AFileOfOldIsLeftAloneAtRunTime) {
  start();
  const std::string old = server().directory() + "/appendonly.aof";
  write_file(old, "*1\r\n$4\r\nPING\r\n");
  ASSERT_EQ(run("CONFIG", "SET", "appendonly", "yes"), ok());
  ASSERT_TRUE(wait_for_info("aof_rewrite_in_progress", "0"));
  rewrite();
  EXPECT_EQ(read_file(old), "*1\r\n$4\r\nPING\r\n");
}

TEST_F(AppendOnlyFileTest, AFailedRewriteGoesOnWithTheOldFile) {
  start_appending();
  run("SET", "a", "1");
  run("CONFIG", "SET", "debug-file-faults", "open:2.incr.aof:EMFILE:times=1");
  EXPECT_EQ(run("BGREWRITEAOF").type, Reply::Type::kError);
  run("SET", "a", "2");
  settle();
  EXPECT_EQ(manifest(),
            "file appendonly.aof.1.base.rdb seq 1 type b\n"
            "file appendonly.aof.1.incr.aof seq 1 type i\n");
  server().kill9();
  server().start();
  EXPECT_EQ(now().run("GET", "a"), bulk("2"));
}

TEST_F(AppendOnlyFileTest, HalfOfATransactionIsNotLoaded) {
  start_appending();
  run("SET", "a", "1");
  settle();
  server().kill9();
  const std::string path = aof_path("appendonly.aof.1.incr.aof");
  write_file(path, read_file(path) +
                       "*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n2\r\n"
                       "*1\r\n$7\r\nUNKNOWN\r\n*1\r\n$4\r\nEXEC\r\n");
  server().set_arguments({"--appendonly", "yes", "--aof-load-corrupt-tail-max-size", "1kb"});
  server().start();
  EXPECT_EQ(now().run("GET", "a"), bulk("1"));
}

TEST_F(AppendOnlyFileTest, TimestampsAreWrittenAndSkipped) {
  start_appending({"--aof-timestamp-enabled", "yes"});
  run("SET", "a", "1");
  EXPECT_TRUE(aof_file("appendonly.aof.1.incr.aof").starts_with("#TS:"));
  settle();
  server().kill9();
  server().start();
  EXPECT_EQ(now().run("GET", "a"), bulk("1"));
}

TEST_F(AppendOnlyFileTest, ExpiredKeysAreGoneAfterARestart) {
  start_appending();
  run("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  run("SET", "short", "1", "PX", "1");
  run("RPUSH", "list", "a");
  run("PEXPIRE", "list", "1");
  run("SET", "stays", "1");
  settle();
  server().kill9();
  server().start();
  EXPECT_TRUE(wait_until([&] { return now().run("DBSIZE") == integer(1); }));
  EXPECT_EQ(now().run("EXISTS", "short", "list"), integer(0));
}

// The last file ends within a command.
class TornTailTest : public AppendOnlyFileTest {
 protected:
  void tear(const std::string& tail) {
    start_appending();
    run("SET", "a", "1");
    settle();
    server().kill9();
    whole_ = aof_file("appendonly.aof.1.incr.aof");
    write_file(aof_path("appendonly.aof.1.incr.aof"), whole_ + tail);
  }
  // Whether a server starts with these files; its log.
  bool starts(const std::vector<std::string>& more, std::string& log) {
    const std::string directory = server().directory();
    std::vector<std::string> command = {
        server_binary(), "--port",    std::to_string(server().port()),
        "--bind",        "127.0.0.1", "--dir",
        directory,       "--save",    "",
        "--appendonly",  "yes"};
    command.insert(command.end(), more.begin(), more.end());
    const std::string log_path = directory + "/other.log";
    std::filesystem::remove(log_path);
    ChildProcess child = ChildProcess::start(
        command, {.input = -1, .output_path = log_path, .working_directory = directory});
    const bool up =
        wait_until([&] { return !child.running() || now().run("PING") == status("PONG"); });
    EXPECT_TRUE(up);
    const bool started = child.running();
    if (started) {
      value_ = now().run("GET", "a");
      child.send_signal(SIGTERM);
    }
    EXPECT_TRUE(child.wait());
    log = read_file(log_path);
    return started;
  }

  std::string whole_;
  Reply value_;
};

TEST_F(TornTailTest, IsCutOff) {
  for (const char* tail : {"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n", "*", "*1\r\n$5\r\nMULTI\r\n",
                           "*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n2\r\n"}) {
    tear(tail);
    std::string log;
    EXPECT_FALSE(starts({"--aof-load-truncated", "no"}, log)) << tail;
    EXPECT_NE(log.find("Unexpected end of file reading the append only file"), std::string::npos);
    EXPECT_NE(log.find("spinel-check-aof"), std::string::npos);
    EXPECT_EQ(aof_file("appendonly.aof.1.incr.aof"), whole_ + tail);
    EXPECT_TRUE(starts({}, log)) << tail << log;
    EXPECT_EQ(value_, bulk("1"));
    EXPECT_EQ(aof_file("appendonly.aof.1.incr.aof"), whole_);
    EXPECT_NE(log.find("Truncating the AOF"), std::string::npos);
    TearDown();
  }
}

TEST_F(TornTailTest, WhatMakesNoSenseIsCutOffOnlyIfAllowed) {
  for (const char* tail :
       {"garbage\r\n", "*1\r\n$7\r\nUNKNOWN\r\n", "*2\r\n$3\r\nSETx$1\r\na\r\n"}) {
    tear(tail);
    std::string log;
    EXPECT_FALSE(starts({}, log)) << tail;
    EXPECT_NE(log.find("Bad file format reading the append only file"), std::string::npos) << log;
    EXPECT_FALSE(starts({"--aof-load-corrupt-tail-max-size", "5"}, log)) << tail;
    EXPECT_EQ(aof_file("appendonly.aof.1.incr.aof"), whole_ + tail);
    EXPECT_TRUE(starts({"--aof-load-corrupt-tail-max-size", "100"}, log)) << tail << log;
    EXPECT_EQ(value_, bulk("1"));
    EXPECT_EQ(aof_file("appendonly.aof.1.incr.aof"), whole_);
    TearDown();
  }
}

TEST_F(TornTailTest, AMissingFileEndsTheStart) {
  tear("");
  std::filesystem::remove(aof_path("appendonly.aof.1.base.rdb"));
  std::string log;
  EXPECT_FALSE(starts({}, log));
  EXPECT_NE(log.find("appendonly.aof.1.base.rdb"), std::string::npos) << log;
}

TEST_F(TornTailTest, AnOldFileIsAdopted) {
  tear("");
  const std::string old = server().directory() + "/appendonly.aof";
  write_file(old, whole_);
  std::filesystem::remove_all(server().directory() + "/appendonlydir");
  std::string log;
  EXPECT_TRUE(starts({}, log)) << log;
  EXPECT_EQ(value_, bulk("1"));
  EXPECT_FALSE(std::filesystem::exists(old));
  EXPECT_NE(manifest().find("file appendonly.aof seq 1 type b\n"), std::string::npos);
}

TEST_F(AppendOnlyFileTest, ShutdownSyncsAndEndsARewrite) {
  start_appending({"--rdb-key-save-delay", "10000000"});
  run("SET", "a", "1");
  run("SET", "b", "1");
  ASSERT_EQ(run("BGREWRITEAOF"), status("Background append only file rewriting started"));
  EXPECT_EQ(run("SHUTDOWN").type, Reply::Type::kClosed);
  EXPECT_TRUE(server().wait_for_exit().clean());
  server().start();
  EXPECT_EQ(now().run("DBSIZE"), integer(2));
}

TEST_F(AppendOnlyFileTest, ShutdownWaitsForTheFirstFile) {
  start_with({"--rdb-key-save-delay", "10000000"});
  run("SET", "a", "1");
  run("SET", "b", "1");
  ASSERT_EQ(run("CONFIG", "SET", "appendonly", "yes"), ok());
  EXPECT_EQ(run("SHUTDOWN"), error("ERR Errors trying to SHUTDOWN. Check logs."));
  EXPECT_EQ(run("SHUTDOWN", "FORCE").type, Reply::Type::kClosed);
  EXPECT_TRUE(server().wait_for_exit().clean());
}

}  // namespace
}  // namespace spinel::test
