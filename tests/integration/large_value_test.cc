// Large strings, which are received into the memory that becomes the value and sent from where they
// lie: whatever happens to a value meanwhile, a reply has the bytes of its time.

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

constexpr std::size_t kSize = 300'000;

class LargeValueTest : public OwnServerTest {
 protected:
  const std::string old_value_ = std::string(kSize, 'o');
  const std::string new_value_ = std::string(kSize + 10, 'n');
};

// The replies wait until all commands of the pipeline have run.
TEST_F(LargeValueTest, RepliesKeepTheBytesOfTheirTime) {
  start();
  const std::vector<std::vector<std::string>> changes = {
      {"DEL", "key"},
      {"UNLINK", "key"},
      {"APPEND", "key", "more"},
      {"SETRANGE", "key", "5", "xyz"},
      {"SETBIT", "key", "7", "0"},
      {"SETBIT", "key", "99999999", "1"},
      {"BITFIELD", "key", "SET", "u8", "0", "1"},
      {"BITOP", "NOT", "key", "other"},
      {"SET", "key", new_value_},
      {"SET", "key", "small"},
      {"MSET", "key", new_value_},
      {"GETSET", "key", new_value_},
      {"GETDEL", "key"},
      {"RENAME", "key", "moved"},
      {"RPUSH", "list", "x"},
      {"FLUSHALL", "SYNC"},
      {"FLUSHALL", "ASYNC"},
  };
  for (const std::vector<std::string>& change : changes) {
    ASSERT_EQ(run("FLUSHALL"), ok());
    ASSERT_EQ(run("SET", "key", old_value_), ok());
    ASSERT_EQ(run("SET", "other", old_value_), ok());
    RawConnection connection = server().raw();
    const std::vector<Reply> replies = connection.pipeline({{"PING"},
                                                            {"GET", "key"},
                                                            {"GETRANGE", "key", "1", "-2"},
                                                            {"MGET", "key", "none", "other"},
                                                            change,
                                                            {"GET", "other"},
                                                            {"ECHO", "end"}});
    ASSERT_EQ(replies.size(), 7U) << change[0];
    EXPECT_TRUE(replies[1] == bulk(old_value_)) << change[0];
    EXPECT_TRUE(replies[2] == bulk(old_value_.substr(2))) << change[0];
    EXPECT_TRUE(replies[3] == array({bulk(old_value_), nil(), bulk(old_value_)})) << change[0];
    EXPECT_EQ(replies[6], bulk("end")) << change[0];
  }
  EXPECT_EQ(run("SET", "key", old_value_), ok());
  EXPECT_TRUE(run("SET", "key", new_value_, "GET") == bulk(old_value_));
  EXPECT_TRUE(run("GETEX", "key", "EX", "100") == bulk(new_value_));
}

TEST_F(LargeValueTest, ASlowReaderGetsWhatItAskedForAlthoughTheKeyIsGone) {
  start();
  constexpr int kReplies = 100;
  ASSERT_EQ(run("SET", "key", old_value_), ok());
  const long long before = info_number("used_memory");
  RawConnection slow = server().raw({.receive_buffer_bytes = 4096});
  std::string requests;
  for (int i = 0; i < kReplies; ++i) requests += encode_command({"GET", "key"});
  ASSERT_TRUE(slow.send(requests));
  EXPECT_TRUE(wait_until([&] { return info_number("total_commands_processed") > kReplies; }));
  EXPECT_LT(info_number("used_memory") - before, 10 * static_cast<long long>(kSize))
      << "the value is not copied for each reply";
  EXPECT_EQ(run("SETRANGE", "key", "0", "changed"), integer(kSize));
  EXPECT_EQ(run("DEL", "key"), integer(1));
  for (int i = 0; i < kReplies; ++i) ASSERT_TRUE(slow.read_reply() == bulk(old_value_)) << i;
  slow.close();
  EXPECT_TRUE(wait_until(
      [&] { return info_number("used_memory") < before - static_cast<long long>(kSize) / 2; }));
}

// Commands that store an argument take its memory; all others see it like any other argument.
TEST_F(LargeValueTest, ArgumentsAreWhatWasSent) {
  start();
  const std::string value = old_value_;
  const std::string other(40'000, 'x');
  EXPECT_EQ(run("SET", "a", value), ok());
  EXPECT_TRUE(run("GET", "a") == bulk(value));
  EXPECT_EQ(run("SETEX", "b", "100", value), ok());
  EXPECT_EQ(run("PSETEX", "c", "100000", value), ok());
  EXPECT_EQ(run("SETNX", "d", value), integer(1));
  EXPECT_EQ(run("SETNX", "d", other), integer(0));
  EXPECT_EQ(run("SET", "d", other, "NX"), nil());
  EXPECT_TRUE(run("GETSET", "d", other) == bulk(value));
  EXPECT_EQ(run("MSET", "e", value, "e", other, "f", value), ok());
  for (const char* key : {"a", "b", "c", "f"}) EXPECT_TRUE(run("GET", key) == bulk(value)) << key;
  for (const char* key : {"d", "e"}) EXPECT_TRUE(run("GET", key) == bulk(other)) << key;
  EXPECT_EQ(run("APPEND", "a", other), integer(value.size() + other.size()));
  EXPECT_EQ(run("RPUSH", "list", value, other, value), integer(3));
  EXPECT_TRUE(run("LINDEX", "list", 2) == bulk(value));
  EXPECT_EQ(run("HSET", "hash", value, other), integer(1));
  EXPECT_TRUE(run("HGET", "hash", value) == bulk(other));
  EXPECT_EQ(run("SET", value, other), ok()) << "as a key";
  EXPECT_TRUE(run("GET", value) == bulk(other));
  EXPECT_TRUE(run("ECHO", value) == bulk(value));
  EXPECT_EQ(run("LPUSH", "a", value),
            error("WRONGTYPE Operation against a key holding the wrong kind of value"));
  RawConnection blocked = server().raw();
  ASSERT_TRUE(blocked.send(encode_command({"BLPOP", other, "0"})));
  ASSERT_TRUE(wait_until([&] { return info_number("blocked_clients") == 1; }));
  EXPECT_EQ(run("RPUSH", other, value), integer(1));
  EXPECT_TRUE(blocked.read_reply() == array({bulk(other), bulk(value)}));
}

// Sharing a small part would keep the whole string alive, and copy it for each change.
TEST_F(LargeValueTest, APartOfALargeStringDoesNotKeepItAlive) {
  start();
  constexpr std::size_t kWhole = 8 << 20;
  ASSERT_EQ(run("SET", "big", std::string(kWhole, 'x')), ok());
  const long long before = info_number("used_memory");
  RawConnection slow = server().raw({.receive_buffer_bytes = 4096});
  for (int i = 0; i < 20; ++i) {
    slow.send_some(encode_command({"GETRANGE", "big", "0", "199999"}));
    ASSERT_EQ(run("SETRANGE", "big", "0", "y"), integer(kWhole));
  }
  EXPECT_LT(info_number("used_memory") - before, 20'000'000);
}

TEST_F(LargeValueTest, MemoryOfAnArgumentThatNeverEndsIsTheClients) {
  start();
  const long long before = info_number("used_memory");
  RawConnection connection = server().raw();
  ASSERT_TRUE(
      connection.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5000000\r\n" + std::string(2'000'000, 'x')));
  EXPECT_TRUE(wait_until(
      [&] { return run("CLIENT", "LIST").text.find(" qbuf=2000000 ") != std::string::npos; }));
  EXPECT_GT(info_number("mem_clients_normal"), 2'000'000);
  connection.close();
  EXPECT_TRUE(wait_until([&] { return info_number("used_memory") - before < 64 << 10; }));
}

}  // namespace
}  // namespace spinel::test
