// Files that travel from redis-server to Spinel and back. At each step the digest of all data and
// the expiry of each key are the same, and the checking tools of Redis accept what Spinel wrote.

#include <algorithm>
#include <filesystem>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

#include "tests/differential/every_value.h"
#include "tests/support/aof_files.h"
#include "tests/support/server_process.h"
#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

/// All that a server holds, as far as it must agree.
struct Contents {
  std::string digest;
  std::map<std::string, std::int64_t> expiries_ms;  ///< by database and key

  bool operator==(const Contents&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Contents& contents) {
  return out << contents.digest << " with " << contents.expiries_ms.size() << " expiries";
}

Reply run(RawConnection& connection, const Command& command) {
  Reply reply = connection.command(command);
  EXPECT_TRUE(reply.is_reply() && !reply.is_error()) << printable(command[0]) << ": " << reply;
  return reply;
}

Contents contents_of(ServerProcess& server) {
  RawConnection connection = server.raw();
  Contents contents;
  contents.digest = run(connection, {"DEBUG", "DIGEST"}).text;
  for (const std::string db : {"0", "1", "5", "7", "15"}) {
    run(connection, {"SELECT", db});
    for (const std::string& key : run(connection, {"KEYS", "*"}).texts()) {
      const std::int64_t time_ms = run(connection, {"PEXPIRETIME", key}).number;
      if (time_ms != -1) contents.expiries_ms[db + " " + key] = time_ms;
    }
  }
  return contents;
}

/// A step of a journey: a server that loads what the last one wrote.
ServerOptions at(const TempDir& directory, const std::string& binary,
                 std::vector<std::string> arguments = {}) {
  ServerOptions options;
  options.binary = binary;
  options.directory = directory.path();
  options.arguments = std::move(arguments);
  return options;
}

class Interchange : public testing::Test {
 protected:
  Interchange() : random_(20'261'130) {}

  void fill(ServerProcess& server, int half) {
    RawConnection connection = server.raw();
    for (const Command& command : every_value(half, random_)) run(connection, command);
    if (run(connection, {"COMMAND", "INFO", "MULTI"}).elements.at(0).is_null()) return;
    for (const Command& command : std::vector<Command>{
             {"MULTI"}, {"SET", "unit:a", "1"}, {"RPUSH", "unit:b", "1", "2"}, {"EXEC"}}) {
      run(connection, command);
    }
  }

  static void rewrite(ServerProcess& server) {
    RawConnection connection = server.raw();
    run(connection, {"BGREWRITEAOF"});
    ASSERT_TRUE(wait_until([&] {
      const std::string info = connection.run("INFO", "persistence").text;
      return info_field(info, "aof_rewrite_in_progress") == "0" &&
             info_field(info, "aof_rewrite_scheduled") == "0";
    }));
    EXPECT_EQ(info_field(connection.run("INFO", "persistence").text, "aof_last_bgrewrite_status"),
              "ok");
  }

  void expect_rdb_accepted() {
    const ProgramResult check = run_program({"redis-check-rdb", directory_.file("dump.rdb")});
    EXPECT_TRUE(check.status.clean()) << check.output;
    EXPECT_NE(check.output.find("RDB looks OK"), std::string::npos) << check.output;
  }

  void expect_aof_accepted() {
    const ProgramResult check =
        run_program({"redis-check-aof", aof_path(directory_.path(), "appendonly.aof.manifest")});
    EXPECT_TRUE(check.status.clean()) << check.output;
    EXPECT_NE(check.output.find("All AOF files and manifest are valid"), std::string::npos)
        << check.output;
  }

  Random random_;
  TempDir directory_;
};

TEST_F(Interchange, SnapshotsThereAndBack) {
  for (const std::string compress : {"yes", "no"}) {
    SCOPED_TRACE("rdbcompression " + compress);
    const std::vector<std::string> arguments = {"--rdbcompression", compress};
    Contents before;
    {
      ServerProcess redis(at(directory_, oracle_binary(), arguments));
      fill(redis, 0);
      fill(redis, 1);
      before = contents_of(redis);
      EXPECT_GT(before.expiries_ms.size(), 9u);
      ASSERT_EQ(redis.client().run("SAVE"), ok());
    }
    {
      ServerProcess spinel(at(directory_, server_binary(), arguments));
      ASSERT_EQ(contents_of(spinel), before);
      std::filesystem::remove(directory_.file("dump.rdb"));
      ASSERT_EQ(spinel.client().run("SAVE"), ok());
      expect_rdb_accepted();
      ASSERT_EQ(spinel.client().run("DEBUG", "RELOAD"), ok());
      ASSERT_EQ(contents_of(spinel), before);
      std::filesystem::remove(directory_.file("dump.rdb"));
      ASSERT_EQ(spinel.client().run("BGSAVE"), status("Background saving started"));
      ASSERT_TRUE(wait_until([&] {
        return info_field(spinel.client().run("INFO", "persistence").text,
                          "rdb_bgsave_in_progress") == "0";
      }));
      expect_rdb_accepted();
    }
    {
      ServerProcess redis(at(directory_, oracle_binary(), arguments));
      ASSERT_EQ(contents_of(redis), before);
    }
    std::filesystem::remove(directory_.file("dump.rdb"));
  }
}

class AofInterchange : public Interchange, public testing::WithParamInterface<const char*> {
 protected:
  std::vector<std::string> arguments() const {
    return {"--appendonly",
            "yes",
            "--aof-use-rdb-preamble",
            GetParam(),
            "--auto-aof-rewrite-percentage",
            "0"};
  }
};

TEST_P(AofInterchange, AppendOnlyFilesThereAndBack) {
  Contents half;
  Contents whole;
  {
    ServerProcess redis(at(directory_, oracle_binary(), arguments()));
    fill(redis, 0);
    rewrite(redis);
    fill(redis, 1);
    half = contents_of(redis);
  }
  {
    ServerProcess spinel(at(directory_, server_binary(), arguments()));
    ASSERT_EQ(contents_of(spinel), half);
    rewrite(spinel);
    EXPECT_TRUE(wait_until([&] { return read_manifest(directory_.path()).size() == 2; }))
        << "what the rewrite replaced is removed a little later";
    expect_aof_accepted();
    spinel.restart();
    ASSERT_EQ(contents_of(spinel), half);
  }
  {
    ServerProcess redis(at(directory_, oracle_binary(), arguments()));
    ASSERT_EQ(contents_of(redis), half);
  }
  {
    // Now in Spinel's own commands, behind a base of Redis.
    ServerProcess spinel(at(directory_, server_binary(), arguments()));
    fill(spinel, 0);
    fill(spinel, 1);
    whole = contents_of(spinel);
  }
  expect_aof_accepted();
  ServerProcess redis(at(directory_, oracle_binary(), arguments()));
  EXPECT_EQ(contents_of(redis), whole);
}

// Each of them with timestamps, which the other takes for comments.
TEST_P(AofInterchange, WithTimestamps) {
  std::vector<std::string> options = arguments();
  options.insert(options.end(), {"--aof-timestamp-enabled", "yes"});
  Contents before;
  {
    ServerProcess redis(at(directory_, oracle_binary(), options));
    fill(redis, 0);
    before = contents_of(redis);
  }
  {
    ServerProcess spinel(at(directory_, server_binary(), options));
    ASSERT_EQ(contents_of(spinel), before);
    fill(spinel, 1);
    EXPECT_NE(read_file(last_increment(directory_.path())).find("#TS:"), std::string::npos);
    rewrite(spinel);
    ASSERT_EQ(spinel.client().run("SET", "last", "1"), ok());
    before = contents_of(spinel);
  }
  expect_aof_accepted();
  ServerProcess redis(at(directory_, oracle_binary(), options));
  EXPECT_EQ(contents_of(redis), before);
}

INSTANTIATE_TEST_SUITE_P(Base, AofInterchange, testing::Values("yes", "no"), [](const auto& test) {
  return std::string(test.param) == "yes" ? "Rdb" : "Commands";
});

// --- the single file of Redis before 7

class OldAof : public Interchange {
 protected:
  /// What a server makes of `content` as appendonly.aof: its data, or its exit status; and the
  /// files that it leaves.
  struct Outcome {
    int exit_code = 0;
    Contents contents;
    std::vector<std::string> files;
    std::string manifest;

    bool operator==(const Outcome&) const = default;
  };

  /// Puts files into a fresh directory by `prepare`, then starts `binary` there.
  static Outcome outcome(const std::string& binary,
                         const std::function<void(const std::string&)>& prepare) {
    const TempDir directory;
    prepare(directory.path());
    Outcome outcome;
    ServerOptions options = at(directory, binary, {"--appendonly", "yes"});
    options.started = false;
    ServerProcess server(options);
    server.launch();
    RawConnection connection;
    wait_until([&] {
      if (!server.running()) return true;
      connection = server.raw();
      return connection.run("PING") == status("PONG");
    });
    if (server.running()) {
      outcome.contents = contents_of(server);
      server.stop_and_wait();
    } else {
      server.expect_crash();
      outcome.exit_code = server.wait_for_exit().code;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory.path())) {
      outcome.files.push_back(std::filesystem::relative(entry.path(), directory.path()).string());
    }
    std::sort(outcome.files.begin(), outcome.files.end());
    outcome.manifest = read_file(aof_path(directory.path(), "appendonly.aof.manifest"));
    return outcome;
  }

  static void expect_same(const std::function<void(const std::string&)>& prepare) {
    const Outcome theirs = outcome(oracle_binary(), prepare);
    const Outcome ours = outcome(server_binary(), prepare);
    EXPECT_EQ(ours.exit_code, theirs.exit_code);
    EXPECT_EQ(ours.contents, theirs.contents);
    EXPECT_EQ(ours.files, theirs.files);
    EXPECT_EQ(ours.manifest, theirs.manifest);
  }

  static std::string commands() {
    return encode_command({"SELECT", "0"}) + encode_command({"SET", "a", "1"}) +
           encode_command({"RPUSH", "b", "1", "2"}) + encode_command({"SELECT", "3"}) +
           encode_command({"SET", "c", "3"}) + encode_command({"PEXPIREAT", "c", "4102444800123"});
  }

  std::string snapshot() {
    ServerProcess redis(at(directory_, oracle_binary()));
    fill(redis, 0);
    EXPECT_EQ(redis.client().run("SAVE"), ok());
    return read_file(directory_.file("dump.rdb"));
  }

  static void write(const std::string& directory, const std::string& name,
                    const std::string& content) {
    std::filesystem::create_directories(
        std::filesystem::path(directory + "/" + name).parent_path());
    write_file(directory + "/" + name, content);
  }
};

TEST_F(OldAof, CommandsAreAdopted) {
  expect_same([](const std::string& dir) { write(dir, "appendonly.aof", commands()); });
}

TEST_F(OldAof, APreambleWithATailIsAdopted) {
  const std::string content = snapshot() + commands();
  expect_same([&](const std::string& dir) { write(dir, "appendonly.aof", content); });
}

TEST_F(OldAof, EmptyFiles) {
  expect_same([](const std::string& dir) { write(dir, "appendonly.aof", ""); });
  expect_same([](const std::string&) {});
}

TEST_F(OldAof, TornTails) {
  const std::string whole = commands();
  for (const std::size_t size : {whole.size() - 1, whole.size() - 20, std::size_t{1}}) {
    SCOPED_TRACE(size);
    expect_same(
        [&](const std::string& dir) { write(dir, "appendonly.aof", whole.substr(0, size)); });
  }
  expect_same([&](const std::string& dir) {
    write(dir, "appendonly.aof",
          whole + encode_command({"MULTI"}) + encode_command({"SET", "d", "1"}));
  });
}

TEST_F(OldAof, Rubbish) {
  expect_same([](const std::string& dir) { write(dir, "appendonly.aof", "rubbish"); });
  expect_same([](const std::string& dir) {
    write(dir, "appendonly.aof", commands() + encode_command({"NOSUCHCOMMAND", "a"}));
  });
}

TEST_F(OldAof, OnlyWhereNothingNewerIs) {
  // An empty directory, one with a manifest of its own, one whose manifest names the old file.
  expect_same([](const std::string& dir) {
    write(dir, "appendonly.aof", commands());
    std::filesystem::create_directory(dir + "/appendonlydir");
  });
  expect_same([](const std::string& dir) {
    write(dir, "appendonly.aof", commands());
    write(dir, "appendonlydir/appendonly.aof.manifest",
          "file appendonly.aof.1.incr.aof seq 1 type i\n");
    write(dir, "appendonlydir/appendonly.aof.1.incr.aof", encode_command({"SET", "newer", "1"}));
  });
  expect_same([](const std::string& dir) {
    write(dir, "appendonly.aof", commands());
    write(dir, "appendonlydir/appendonly.aof.manifest", "file appendonly.aof seq 1 type b\n");
  });
  expect_same([](const std::string& dir) {
    write(dir, "dump.rdb", "never read");
    write(dir, "appendonly.aof", commands());
  });
}

// --- manifests and files as nobody leaves them

TEST_F(OldAof, StrangeManifests) {
  for (const char* manifest : {"",
                               "\n",
                               "# a comment\n",
                               "file a seq 1 type b\nfile b seq 2 type b\n",
                               "file a seq 1 type b",
                               "file a seq 1\n",
                               "file a seq 0 type i\n",
                               "file a seq x type i\n",
                               "file ../a seq 1 type i\n",
                               "file a seq 1 type x\n",
                               "file a seq 1 type i extra\n",
                               "file b seq 2 type i\nfile a seq 1 type i\n",
                               "file a seq 1 type i\nfile a seq 1 type i\n",
                               "file missing seq 1 type i\n",
                               "file missing seq 1 type b\n",
                               "seq 1 type i file a\n",
                               "FILE a SEQ 1 TYPE i\n",
                               "file a seq 1 type i startoffset 0\n",
                               "file \"a\" seq 1 type i\n",
                               "file \"a seq 1 type i\n",
                               "file a seq 1 type h\nfile b seq 2 type i\n",
                               "file b seq 1 type b\nfile a seq 5 type i\n"}) {
    SCOPED_TRACE(printable(manifest));
    expect_same([&](const std::string& dir) {
      write(dir, "appendonlydir/appendonly.aof.manifest", manifest);
      write(dir, "appendonlydir/a", encode_command({"SET", "a", "1"}));
      write(dir, "appendonlydir/b", encode_command({"SET", "b", "1"}));
    });
  }
}

// A file that is not the last is cut, too, but then the server ends: later files build on it.
TEST_F(OldAof, TornFilesInTheMiddle) {
  for (const char* torn : {"a", "b"}) {
    SCOPED_TRACE(torn);
    expect_same([&](const std::string& dir) {
      write(dir, "appendonlydir/appendonly.aof.manifest",
            "file a seq 1 type i\nfile b seq 2 type i\n");
      const std::string rest = "*3\r\n$3\r\nSET\r\n$1\r\nx";
      write(dir, "appendonlydir/a",
            encode_command({"SET", "a", "1"}) + (torn[0] == 'a' ? rest : ""));
      write(dir, "appendonlydir/b",
            encode_command({"SET", "b", "1"}) + (torn[0] == 'b' ? rest : ""));
    });
  }
}

}  // namespace
}  // namespace spinel::test
