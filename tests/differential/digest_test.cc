// DEBUG DIGEST and DEBUG DIGEST-VALUE of the same data, made of what random streams seldom bring.
// These compare digests as well.

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "tests/differential/generator.h"
#include "tests/support/server_process.h"
#include "tests/support/wait.h"

namespace spinel::test {
namespace {

class DigestDuel : public testing::Test {
 protected:
  DigestDuel()
      : redis_server_({.binary = oracle_binary()}),
        spinel_(spinel_server_.raw()),
        redis_(redis_server_.raw()) {}

  void both(const Command& command) {
    const Reply ours = spinel_.command(command);
    const Reply theirs = redis_.command(command);
    ASSERT_FALSE(theirs.is_error()) << theirs;
    ASSERT_EQ(ours, theirs) << command[0] << " " << (command.size() > 1 ? command[1] : "");
  }
  /// Compares the digest of one key and that of everything.
  void compare(const std::string& key) {
    both({"DEBUG", "DIGEST-VALUE", key, "missing", key});
    both({"DEBUG", "DIGEST"});
  }
  /// Runs the command in the small encoding of its type, and again with many elements.
  void in_both_encodings(const Command& command, const std::vector<Command>& many) {
    both(command);
    compare(command[1]);
    for (const Command& more : many) both(more);
    compare(command[1]);
  }

  ServerProcess spinel_server_;
  ServerProcess redis_server_;
  RawConnection spinel_;
  RawConnection redis_;
};

std::string all_bytes() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

TEST_F(DigestDuel, NothingAndStrings) {
  compare("missing");
  for (const std::string& value : {std::string(), std::string("text"), std::string("12345"),
                                   std::string("-1"), std::string("9223372036854775807"),
                                   std::string("1e3"), all_bytes(), std::string(100'000, 'x')}) {
    both({"SET", "s", value});
    compare("s");
  }
  both({"SETBIT", "bits", "4000000", "1"});  // compressed
  compare("bits");
  both({"SET", all_bytes(), all_bytes()});
  compare(all_bytes());
}

TEST_F(DigestDuel, ExpiryCountsButNotItsTime) {
  both({"SET", "k", "v", "PXAT", "99999999999000"});
  compare("k");
  both({"PEXPIREAT", "k", "99999999999001"});
  compare("k");
  both({"RPUSH", "l", "a"});
  both({"PEXPIREAT", "l", "99999999999001"});
  compare("l");
  both({"PERSIST", "k"});
  compare("k");
  // What expired counts until it is removed.
  both({"DEBUG", "SET-ACTIVE-EXPIRE", "0"});
  both({"SET", "gone", "v", "PX", "1"});
  compare("gone");
  for (RawConnection* server : {&redis_, &spinel_}) {
    EXPECT_TRUE(wait_until([&] { return server->run("EXISTS", "gone") == integer(0); }));
  }
  compare("gone");
}

TEST_F(DigestDuel, Lists) {
  std::vector<Command> many;
  for (int i = 0; i < 3000; ++i) many.push_back({"RPUSH", "l", std::to_string(i * 1000)});
  many.push_back({"LPUSH", "l", std::string(20'000, 'y')});
  in_both_encodings({"RPUSH", "l", "b", "a", "1", "", "-9223372036854775808", all_bytes()}, many);
}

TEST_F(DigestDuel, Sets) {
  std::vector<Command> many;
  for (int i = 0; i < 1000; ++i) many.push_back({"SADD", "s", "member" + std::to_string(i)});
  in_both_encodings({"SADD", "s", "b", "a", "1", "", "0012", all_bytes()}, many);
  many.clear();
  for (int i = 0; i < 1000; ++i) many.push_back({"SADD", "i", std::to_string(i * 7)});
  in_both_encodings({"SADD", "i", "1", "-1", "9223372036854775807"}, many);
}

TEST_F(DigestDuel, SortedSets) {
  const std::vector<std::string> scores = {"0",
                                           "-0",
                                           "1",
                                           "-1",
                                           "0.1",
                                           "1.5",
                                           "3.1415926535897931",
                                           "1e17",
                                           "-1e17",
                                           "1e100",
                                           "1e-100",
                                           "5e-324",
                                           "+inf",
                                           "-inf",
                                           "9007199254740993",
                                           "123456789012345678"};
  Command command = {"ZADD", "z"};
  for (const std::string& score : scores) {
    command.push_back(score);
    command.push_back("member with " + score);
  }
  command.insert(command.end(), {"2", "17", "2", "", "2", all_bytes()});
  std::vector<Command> many;
  for (int i = 0; i < 1000; ++i) {
    many.push_back({"ZADD", "z", std::to_string(i) + "." + std::to_string(i), std::to_string(i)});
  }
  in_both_encodings(command, many);
}

TEST_F(DigestDuel, Hashes) {
  std::vector<Command> many;
  for (int i = 0; i < 1000; ++i) many.push_back({"HSET", "h", "f" + std::to_string(i), "v"});
  in_both_encodings({"HSET", "h", "f", "v", "1", "2", "", "", all_bytes(), all_bytes()}, many);
}

TEST_F(DigestDuel, SeveralDatabases) {
  for (const char* db : {"0", "3", "15"}) {
    both({"SELECT", db});
    both({"SET", "same", "value"});
    both({"SADD", "set", "a", "b", "c"});
    compare("same");
  }
  both({"SWAPDB", "0", "7"});
  compare("same");
  both({"FLUSHALL"});
  compare("same");
}

}  // namespace
}  // namespace spinel::test
