// The program spinel-check-rdb, on files that redis-server writes and on damaged ones.

#include <gtest/gtest.h>

#include "tests/support/rdb_files.h"
#include "tests/support/server_process.h"

namespace spinel::test {
namespace {

class CheckRdb : public testing::Test {
 protected:
  CheckRdb() : server_({.binary = oracle_binary()}), redis_(server_.raw()) {}

  void fill() {
    redis_.run("DEBUG", "SET-ACTIVE-EXPIRE", 0);
    redis_.run("SET", "string", std::string(1000, 'x'));
    redis_.run("SET", "with \"quotes\" and \n", "1", "EX", 100'000);
    redis_.run("SET", "expired", "1", "PX", 1);
    redis_.run("RPUSH", "list", "a", "b");
    redis_.run("SADD", "set", "a", "b");
    redis_.run("ZADD", "zset", 1, "a", 2, "b");
    redis_.run("SELECT", 9);
    redis_.run("HSET", "hash", "f", std::string(200, 'y') + "z0123456789z");
    redis_.run("CONFIG", "SET", "rdbcompression", "no");
  }
  /// Has the server write its file, and returns what is in it.
  std::string save() {
    EXPECT_EQ(redis_.run("SAVE"), ok());
    return read_file(path());
  }
  std::string path() const { return server_.directory() + "/dump.rdb"; }

  static ProgramResult check(const std::vector<std::string>& arguments) {
    const std::string server = server_binary();
    std::vector<std::string> command = {server.substr(0, server.rfind('/')) + "/spinel-check-rdb"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run_program(command);
  }
  /// Checks a file with this content.
  ProgramResult check_content(const std::string& content) {
    const std::string changed = server_.directory() + "/changed.rdb";
    write_file(changed, content);
    return check({changed});
  }
  static bool contains(const ProgramResult& result, const std::string& text) {
    return result.output.find(text) != std::string::npos;
  }

  ServerProcess server_;
  RawConnection redis_;
};

TEST_F(CheckRdb, TellsWhatIsInAGoodFile) {
  fill();
  save();
  const ProgramResult result = check({path()});
  EXPECT_TRUE(result.status.clean()) << result.output;
  for (const char* line :
       {"[offset 0] Checking RDB file ", "] AUX FIELD redis-ver = '7.0.15'\n",
        "] Selecting DB ID 0\n", "] Selecting DB ID 9\n", "] Checksum OK\n",
        "] \\o/ RDB looks OK! \\o/\n", "[info] 7 keys read\n", "[info] 2 expires\n",
        "[info] 1 already expired\n", "[info] version 10 of Redis\n", "[type] string: 3 keys, ",
        "[type] list: 1 keys, ", "[type] set: 1 keys, ", "[type] zset: 1 keys, ",
        "[type] hash: 1 keys, ", " bytes: 'hash' in DB 9, a hash\n"}) {
    EXPECT_TRUE(contains(result, line)) << line << result.output;
  }
  // The largest first: the type byte, the key with its length, the value with its length.
  EXPECT_TRUE(contains(result, "[large] 1010 bytes: 'string' in DB 0, a string\n[large] "))
      << result.output;
}

TEST_F(CheckRdb, ListsAsManyKeysAsAskedFor) {
  fill();
  save();
  EXPECT_FALSE(contains(check({path(), "--top", "0"}), "[large]"));
  const std::string output = check({"--top", "2", path()}).output;
  const std::size_t first = output.find("[large] 1010 bytes: 'string'");
  const std::size_t second = output.find("[large] ", first + 1);
  ASSERT_NE(first, std::string::npos) << output;
  EXPECT_NE(output.find("'hash'", second), std::string::npos) << output;
  EXPECT_EQ(output.find("[large] ", second + 1), std::string::npos) << output;
}

TEST_F(CheckRdb, WritesJson) {
  fill();
  const std::string content = save();
  const ProgramResult result = check({path(), "--json", "--top", "1"});
  EXPECT_TRUE(result.status.clean());
  EXPECT_TRUE(result.output.starts_with(
      "{\"file\":\"" + path() + "\",\"ok\":true,\"verdict\":\"good\",\"bytes\":" +
      std::to_string(content.size()) + ",\"dialect\":\"Redis\",\"version\":10,\"checksum\":\"ok\""))
      << result.output;
  for (const char* part :
       {",\"aux\":{\"redis-ver\":\"7.0.15\",", ",\"keys\":7,\"expires\":2,\"already_expired\":1,",
        "\"zset\":{\"keys\":1,\"bytes\":",
        "\"largest\":[{\"db\":0,\"key\":\"string\",\"type\":\"string\",\"bytes\":1010}]",
        ",\"error\":null}\n"}) {
    EXPECT_TRUE(contains(result, part)) << part << result.output;
  }
  EXPECT_TRUE(result.output.ends_with("}\n"));
  EXPECT_TRUE(
      contains(check({path(), "--json"}), R"("key":"with \"quotes\" and \\x0a","type":"string")"));
}

TEST_F(CheckRdb, AFileWithoutAChecksum) {
  const ServerProcess server({.binary = oracle_binary(), .arguments = {"--rdbchecksum", "no"}});
  RawConnection redis = server.raw();
  redis.run("SET", "key", "value");
  ASSERT_EQ(redis.run("SAVE"), ok());
  const ProgramResult result = check({server.directory() + "/dump.rdb"});
  EXPECT_TRUE(result.status.clean()) << result.output;
  EXPECT_FALSE(contains(result, "Checksum OK"));
  EXPECT_TRUE(contains(result, "RDB looks OK!"));
}

TEST_F(CheckRdb, EveryFlippedBitIsFound) {
  fill();
  const std::string content = save();
  ASSERT_TRUE(check_content(content).status.clean());
  constexpr std::size_t kHeader = 9;
  for (std::size_t at = kHeader; at < content.size(); at += content.size() / 60 + 1) {
    std::string damaged = content;
    damaged[at] = static_cast<char>(damaged[at] ^ 1 << at % 8);
    const ProgramResult result = check_content(damaged);
    EXPECT_TRUE(result.status.exited && result.status.code == 1) << at << result.output;
    EXPECT_TRUE(contains(result, "--- RDB ERROR DETECTED ---\n[offset ")) << result.output;
    EXPECT_FALSE(contains(result, "RDB looks OK!")) << result.output;
  }
}

TEST_F(CheckRdb, EveryCutIsFound) {
  fill();
  const std::string content = save();
  for (std::size_t size = 0; size < content.size(); size += content.size() / 40 + 1) {
    const ProgramResult result = check_content(content.substr(0, size));
    EXPECT_TRUE(result.status.exited && result.status.code == 1) << size << result.output;
    EXPECT_TRUE(contains(result, "[offset " + std::to_string(size) + "] ") ||
                contains(result, "unexpected end of file"))
        << size << result.output;
  }
}

TEST_F(CheckRdb, NamesTheKeyThatCannotBeRead) {
  redis_.run("HSET", "broken", "field", "value");
  std::string content = save();
  const std::size_t at = content.find(
      "\x85"
      "field");
  ASSERT_NE(at, std::string::npos);
  content[at] = '\xbf';  // a text of 63 bytes, which are not there
  const ProgramResult result = check_content(content);
  EXPECT_EQ(result.status.code, 1);
  EXPECT_TRUE(contains(result,
                       "[additional info] While doing: read-object-value\n"
                       "[additional info] Reading key 'broken'\n"
                       "[info] 0 keys read\n"))
      << result.output;
  EXPECT_TRUE(contains(check({"--json", server_.directory() + "/changed.rdb"}),
                       R"("doing":"read-object-value","key":"broken"}})"));
}

// Nothing is damaged, but the server does not load it: the exit status tells these apart.
TEST_F(CheckRdb, WhatTheServerRefusesIsNoDamage) {
  for (const auto& [content, cause] : std::vector<std::pair<std::string, std::string>>{
           {rdb_with_module_key(), "[refused] key 'json' in database 0 belongs to the module "},
           {rdb_with("\xf5\x0f#!lua name=lib\n"), "[refused] the library of functions '#!lua "},
           {rdb_with("\x0f\x06" + std::string("events") + '\0'), "streams are not supported"}}) {
    const ProgramResult result = check_content(content);
    EXPECT_TRUE(result.status.exited && result.status.code == 2) << result.output;
    EXPECT_TRUE(contains(result, cause)) << result.output;
    EXPECT_TRUE(contains(result, "spinel-server does not load this file")) << result.output;
    EXPECT_FALSE(contains(result, "RDB looks OK!")) << result.output;
    EXPECT_FALSE(contains(result, "RDB ERROR DETECTED")) << result.output;
    EXPECT_TRUE(contains(check({"--json", server_.directory() + "/changed.rdb"}),
                         R"("ok":false,"verdict":"refused")"));
  }
}

TEST_F(CheckRdb, AKeyThatComesTwiceIsAnError) {
  const std::string key(
      "\0\x03"
      "key"
      "\x01x",
      7);
  EXPECT_TRUE(check_content(rdb_with(key)).status.clean());
  const ProgramResult twice = check_content(rdb_with(key + key));
  EXPECT_EQ(twice.status.code, 1);
  EXPECT_TRUE(contains(twice, "[offset 16] key 'key' in database 0 exists already"))
      << twice.output;
  // In another database it is another key, and one that expired is left out.
  EXPECT_TRUE(check_content(rdb_with(key + std::string("\xfe\x01", 2) + key)).status.clean());
  const std::string expired = "\xfc\x01" + std::string(7, '\0') + key;
  EXPECT_TRUE(check_content(rdb_with(expired + key)).status.clean());
}

TEST_F(CheckRdb, BytesBehindTheEndAreMentioned) {
  redis_.run("SET", "key", "value");
  const ProgramResult result = check_content(save() + "*1\r\n$4\r\nPING\r\n");
  EXPECT_TRUE(result.status.clean()) << result.output;
  EXPECT_TRUE(contains(result, "[info] 14 bytes follow its end")) << result.output;
}

TEST_F(CheckRdb, WrongArgumentsAndFilesThatAreNotThere) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{}, {"--bogus", "x"}, {"x", "y"}, {"x", "--top", "-1"}}) {
    const ProgramResult result = check(arguments);
    EXPECT_TRUE(result.status.exited && result.status.code == 1) << result.output;
  }
  const ProgramResult missing = check({server_.directory() + "/missing.rdb"});
  EXPECT_TRUE(missing.status.exited && missing.status.code == 1);
  EXPECT_TRUE(contains(missing, "No such file or directory")) << missing.output;
  const ProgramResult no_rdb = check_content("this is something else");
  EXPECT_EQ(no_rdb.status.code, 1);
  EXPECT_TRUE(check({"--help"}).status.clean());
  EXPECT_TRUE(contains(check({"--help"}), "Exit status: 0"));
  EXPECT_TRUE(contains(check({"--version"}), "spinel-check-rdb "));
}

}  // namespace
}  // namespace spinel::test
