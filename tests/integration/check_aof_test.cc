// spinel-check-aof beside redis-check-aof, on files that redis-server wrote and on what damage
// makes of them.
#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/rdb_files.h"
#include "tests/support/resp_reader.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tool.h"
#include "tests/support/wait.h"

namespace spinel::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifest = "appendonly.aof.manifest";
constexpr const char* kIncrement = "appendonly.aof.2.incr.aof";
constexpr const char* kBase = "appendonly.aof.2.base.rdb";

// What a tool says that both tools say: not the fields of an RDB file, nor where exactly and why
// reading ended.
std::string common_lines(const std::string& output) {
  std::istringstream lines(output);
  std::string line;
  std::string kept;
  while (std::getline(lines, line)) {
    if (line.find("AUX FIELD") != std::string::npos || line.find("Selecting DB") != line.npos ||
        line.find("additional info") != line.npos || line.starts_with("0x") ||
        line.ends_with("format error") || line.empty()) {
      continue;
    }
    const size_t number = line.find("ok_up_to_line");
    const bool is_valid = line.ends_with("diff=0");
    kept += (number == line.npos || is_valid ? line : line.substr(0, number)) + "\n";
  }
  return kept;
}

class CheckAof : public testing::Test {
 protected:
  // An append-only directory of redis-server: a base, and an increment with all sorts of commands.
  static void SetUpTestSuite() {
    files_ = new TempDir;
    ServerProcess server({.binary = oracle_binary(), .arguments = {"--appendonly", "yes"}});
    Client client = server.client();
    for (int i = 0; i < 100; ++i)
      client.run("SET", "key:" + std::to_string(i), std::string(i, 'x'));
    client.run("SET", "expiring", "x", "EX", "1000000");
    client.run("RPUSH", "list", "a", "b", "1");
    client.run("BGREWRITEAOF");
    ASSERT_TRUE(wait_until([&] {
      return client.run("INFO", "persistence").text.find("aof_rewrite_in_progress:0") !=
                 std::string::npos &&
             fs::exists(server.directory() + "/appendonlydir/" + kBase);
    }));
    client.run("SET", "after", "a\r\nb");
    client.run("MULTI");
    client.run("INCR", "counter");
    client.run("SADD", "set", "a", "");
    client.run("EXEC");
    client.run("HSET", "hash", "f", std::string(1000, 'v'));
    server.stop_and_wait();
    fs::copy(server.directory() + "/appendonlydir", files_->file("good"));
  }
  static void TearDownTestSuite() {
    delete files_;
    files_ = nullptr;
  }

  // A fresh copy of the good files.
  std::string fresh(const std::string& name) const {
    fs::remove_all(directory_.file(name));
    fs::copy(files_->file("good"), directory_.file(name));
    return directory_.file(name);
  }
  static std::string good(const std::string& name) {
    return read_file(files_->file("good/" + name));
  }

  static ProgramResult spinel(std::vector<std::string> arguments, const std::string& input = {}) {
    arguments.insert(arguments.begin(), tool_binary("spinel-check-aof"));
    return run_program(arguments, input);
  }
  static ProgramResult redis(std::vector<std::string> arguments, const std::string& input = {}) {
    arguments.insert(arguments.begin(), "redis-check-aof");
    return run_program(arguments, input);
  }

  // Both tools judge the file alike, and cut it to the same bytes, which redis-check-aof accepts.
  void expect_same_judgement(const std::string& damaged, const std::string& what) {
    SCOPED_TRACE(what);
    const std::string path = directory_.file("single.aof");
    write_file(path, damaged);
    const ProgramResult expected = redis({path});
    const ProgramResult actual = spinel({path});
    EXPECT_EQ(actual.status.code, expected.status.code);
    EXPECT_EQ(common_lines(actual.output), common_lines(expected.output));
    EXPECT_EQ(read_file(path), damaged);
    spinel({"--fix", path}, "y\n");
    const std::string cut = read_file(path);
    EXPECT_EQ(redis({path}).status.code, 0);
    EXPECT_EQ(spinel({path}).status.code, 0);
    write_file(path, damaged);
    redis({"--fix", path}, "y\n");
    EXPECT_EQ(read_file(path), cut);
  }

  static TempDir* files_;
  TempDir directory_;
};

TempDir* CheckAof::files_ = nullptr;

TEST_F(CheckAof, AcceptsWhatRedisWrote) {
  const std::string path = fresh("a") + "/" + kManifest;
  const ProgramResult actual = spinel({path});
  EXPECT_EQ(actual.status.code, 0) << actual.output;
  EXPECT_TRUE(actual.output.ends_with("All AOF files and manifest are valid\n")) << actual.output;
  EXPECT_NE(actual.output.find("[info] 102 keys read\n[info] 1 expires\n"), std::string::npos);
  EXPECT_EQ(common_lines(actual.output), common_lines(redis({path}).output));
}

TEST_F(CheckAof, JudgesEachCutAsRedisDoes) {
  const std::string increment = good(kIncrement);
  // In the long value, a few places stand for all.
  for (size_t size = 0; size <= increment.size(); size += size > 230 && size < 1180 ? 190 : 7) {
    expect_same_judgement(increment.substr(0, size), "cut at " + std::to_string(size));
  }
}

TEST_F(CheckAof, JudgesDamageAsRedisDoes) {
  const std::string increment = good(kIncrement);
  const std::string set = "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n";
  const std::string multi = "*1\r\n$5\r\nMULTI\r\n";
  for (const std::string& tail :
       {std::string(20, '\0'), std::string("x"), std::string("*3\r\n#3\r\n"),
        std::string("*1\n$4\r\nPING\r\n"), std::string("*1\r\n$99999999\r\nPING\r\n"), multi + set,
        multi + multi, std::string("*1\r\n$4\r\nexec\r\n"), "#TS:5\r\n" + set}) {
    expect_same_judgement(increment + tail, tail);
  }
  // With an RDB file in front of the commands.
  const std::string base = good(kBase);
  expect_same_judgement(base, "preamble alone");
  expect_same_judgement(base + increment, "preamble");
  expect_same_judgement(base + increment.substr(0, 90), "preamble and cut");
}

TEST_F(CheckAof, OnlyAYesCuts) {
  const std::string path = directory_.file("single.aof");
  const std::string damaged = good(kIncrement) + "*1\r\n$4";
  write_file(path, damaged);
  for (const char* answer : {"n\n", "\n", ""}) {
    const ProgramResult result = spinel({"--fix", path}, answer);
    EXPECT_EQ(result.status.code, 1);
    EXPECT_NE(result.output.find("Aborting..."), std::string::npos);
    EXPECT_EQ(read_file(path), damaged);
  }
  const ProgramResult result = spinel({"--fix", "--yes", path});
  EXPECT_EQ(result.status.code, 0);
  EXPECT_NE(result.output.find("Successfully truncated AOF " + path), std::string::npos);
  EXPECT_EQ(read_file(path), good(kIncrement));
}

TEST_F(CheckAof, OfSeveralFilesOnlyTheLastIsCut) {
  const std::string directory = fresh("a");
  const std::string manifest = directory + "/" + kManifest;
  write_file(directory + "/" + kIncrement, good(kIncrement) + "*1\r\n$4");
  const std::string damaged = read_file(directory + "/" + kIncrement);
  fs::copy(directory, directory_.file("b"));

  write_file(directory + "/last", "");
  write_file(manifest, read_file(manifest) + "file last seq 3 type i\n");
  ProgramResult result = spinel({"--fix", "--yes", manifest});
  EXPECT_EQ(result.status.code, 1);
  EXPECT_NE(result.output.find("because it is not the last file"), std::string::npos);
  EXPECT_EQ(read_file(directory + "/" + kIncrement), damaged);
  EXPECT_EQ(common_lines(result.output), common_lines(redis({"--fix", manifest}, "y\n").output));

  const std::string other = directory_.file("b/") + kManifest;
  result = spinel({"--fix", other}, "y\n");
  EXPECT_EQ(result.status.code, 0) << result.output;
  EXPECT_EQ(read_file(directory_.file("b/") + kIncrement), good(kIncrement));
  EXPECT_EQ(redis({other}).status.code, 0);
}

TEST_F(CheckAof, ADamagedBaseIsNeverCut) {
  const std::string directory = fresh("a");
  std::string base = good(kBase);
  base[base.size() - 4] ^= 1;  // in the checksum
  write_file(directory + "/" + kBase, base);
  const ProgramResult result = spinel({"--fix", "--yes", directory + "/" + kManifest});
  EXPECT_EQ(result.status.code, 1);
  EXPECT_NE(result.output.find("--- RDB ERROR DETECTED ---"), std::string::npos);
  EXPECT_NE(result.output.find("RDB preamble of AOF file is not sane, aborting."),
            std::string::npos);
  EXPECT_EQ(read_file(directory + "/" + kBase), base);
}

TEST_F(CheckAof, RefusesManifestsThatRedisRefuses) {
  const std::string directory = fresh("a");
  const std::string path = directory + "/" + kManifest;
  const std::string good_manifest = read_file(path);
  for (const std::string& wrong :
       {good_manifest + "\n", good_manifest + "file x seq 0 type i\n",
        good_manifest + "file x/y seq 9 type i\n", good_manifest + "file x seq 9 type b\n",
        good_manifest + "file x seq 2 type i\n", good_manifest + "file x seq 9 type q\n",
        good_manifest + "file x seq 9 type i"}) {
    write_file(path, wrong);
    const ProgramResult expected = redis({path});
    const ProgramResult actual = spinel({path});
    EXPECT_EQ(actual.status.code, 1);
    EXPECT_EQ(expected.status.code, 1);
    // The cause is the last line of both.
    const std::string cause =
        actual.output.substr(actual.output.rfind('\n', actual.output.size() - 2));
    EXPECT_NE(expected.output.find(cause.substr(1)), std::string::npos) << actual.output;
  }
  write_file(path, "");
  EXPECT_EQ(spinel({path}).status.code, 1);
  write_file(path, good_manifest);
  fs::remove(directory + "/" + kIncrement);
  const ProgramResult missing = spinel({path});
  EXPECT_EQ(missing.status.code, 1);
  EXPECT_EQ(common_lines(missing.output), common_lines(redis({path}).output));
}

// Whether a server has a command is not for this tool to judge, so it cuts nothing there.
TEST_F(CheckAof, CommandsThatTheServerLacksAreValid) {
  const std::string path = directory_.file("single.aof");
  const std::string content = good(kIncrement) + encode_command({"XADD", "s", "*", "f", "v"});
  write_file(path, content);
  const ProgramResult result = spinel({"--fix", "--yes", path});
  EXPECT_EQ(result.status.code, 0) << result.output;
  EXPECT_EQ(read_file(path), content);
}

TEST_F(CheckAof, APreambleThatTheServerRefusesIsNoDamage) {
  const std::string directory = fresh("a");
  write_file(directory + "/" + kBase, rdb_with_module_key());
  ProgramResult result = spinel({directory + "/" + kManifest});
  EXPECT_EQ(result.status.code, 2) << result.output;
  EXPECT_NE(result.output.find("[refused] key 'json'"), std::string::npos) << result.output;
  EXPECT_EQ(result.output.find("are valid"), std::string::npos) << result.output;
  // Reading ends at a stream.
  write_file(directory + "/" + kBase, rdb_with("\x0f\x06" + std::string("events") + '\0'));
  result = spinel({directory + "/" + kManifest});
  EXPECT_EQ(result.status.code, 2) << result.output;
  EXPECT_EQ(result.output.find("RDB ERROR DETECTED"), std::string::npos) << result.output;
}

TEST_F(CheckAof, AMissingBaseHasNoFormat) {
  const std::string directory = fresh("a");
  fs::remove(directory + "/" + kBase);
  const ProgramResult result = spinel({directory + "/" + kManifest});
  EXPECT_EQ(result.status.code, 1);
  EXPECT_EQ(result.output.find("format"), std::string::npos) << result.output;
  EXPECT_NE(result.output.find(kBase), std::string::npos) << result.output;
}

TEST_F(CheckAof, CutsAtATimestampAsRedisDoes) {
  const std::string ping = "*1\r\n$4\r\nPING\r\n";
  const std::string content = "#TS:2\r\n" + ping + "#TS:4\r\n" + ping;
  const std::string path = directory_.file("single.aof");
  for (const char* until : {"1", "2", "3", "4", "5"}) {
    write_file(path, content);
    const ProgramResult expected = redis({"--truncate-to-timestamp", until, path});
    const std::string cut = read_file(path);
    write_file(path, content);
    const ProgramResult actual = spinel({"--truncate-to-timestamp", until, path});
    EXPECT_EQ(actual.output, expected.output);
    EXPECT_EQ(actual.status.code, expected.status.code);
    EXPECT_EQ(read_file(path), cut);
  }
}

TEST_F(CheckAof, ATransactionIsNotCutInTheMiddleByATimestamp) {
  const std::string ping = "*1\r\n$4\r\nPING\r\n";
  const std::string path = directory_.file("single.aof");
  write_file(path,
             "#TS:2\r\n" + ping + "*1\r\n$5\r\nMULTI\r\n#TS:4\r\n" + ping + "*1\r\n$4\r\nEXEC\r\n");
  EXPECT_EQ(spinel({"--truncate-to-timestamp", "3", path}).status.code, 0);
  EXPECT_EQ(read_file(path), "#TS:2\r\n" + ping);
}

TEST_F(CheckAof, WrongArgumentsAndMissingFilesAreErrors) {
  EXPECT_EQ(spinel({}).status.code, 1);
  EXPECT_EQ(spinel({"--unknown", "x"}).status.code, 1);
  EXPECT_EQ(spinel({"--fix", "--truncate-to-timestamp", "1", "x"}).status.code, 1);
  EXPECT_EQ(spinel({"--truncate-to-timestamp", "never", "x"}).status.code, 1);
  EXPECT_EQ(spinel({"--help"}).status.code, 0);
  const ProgramResult result = spinel({directory_.file("none")});
  EXPECT_EQ(result.status.code, 1);
  EXPECT_EQ(result.output, redis({directory_.file("none")}).output);
}

}  // namespace
}  // namespace spinel::test
