// With `appendfsync always` nobody hears of data that are not on disk yet, while all that has
// nothing to do with them is answered.

#include <csignal>

#include "tests/support/fault_test.h"

namespace spinel::test {
namespace {

constexpr milliseconds kSync{1500};

class HeldReplies : public FaultTest {
 protected:
  /// Starts a server where `key`, `other` and `gone` are on disk. From now on syncs take long.
  bool start_slow() {
    start_with({"--appendonly", "yes", "--appendfsync", "always"});
    if (!has_faults()) return false;
    EXPECT_EQ(run("MSET", "key", "old", "other", "x", "gone", "x"), ok());
    set_faults("fsync:incr.aof:delay=" + std::to_string(kSync.count()));
    return true;
  }

  /// A connection that sent the line and reads later.
  RawConnection asking(const std::string& text) {
    RawConnection connection = server().raw();
    EXPECT_TRUE(connection.send(encode_command(words(text))));
    return connection;
  }

  /// A round trip: what was sent before has been executed, as far as it will be.
  void expect_serving() { EXPECT_EQ(run("GET", "other"), bulk("x")); }

  static bool is_held(RawConnection& connection) {
    return connection.read_reply(milliseconds(0)).type == Reply::Type::kTimeout;
  }
};

TEST_F(HeldReplies, OfWritesAndOfReadsThatSawThem) {
  if (!start_slow()) GTEST_SKIP() << "the files of this server cannot be made to wait";
  const auto begin = Clock::now();
  RawConnection writer = asking("SET key new");
  expect_serving();
  RawConnection remover = asking("DEL gone");
  expect_serving();
  struct Question {
    std::string text;
    Reply reply;
  };
  const std::vector<Question> questions = {
      {"GET key", bulk("new")},
      {"EXISTS gone", integer(0)},
      {"STRLEN key", integer(3)},
      {"DBSIZE", integer(2)},
      {"SETNX key again", integer(0)},
      {"TTL key", integer(-1)},
      {"MGET other key", bulks({"x", "new"})},
      {"TYPE gone", status("none")},
  };
  std::vector<RawConnection> readers;
  readers.reserve(questions.size());
  for (const Question& question : questions) readers.push_back(asking(question.text));
  RawConnection keys = asking("KEYS *");
  RawConnection scan = asking("SCAN 0 COUNT 100");
  expect_serving();
  EXPECT_TRUE(is_held(writer));
  EXPECT_TRUE(is_held(remover));
  for (std::size_t i = 0; i < questions.size(); ++i) {
    EXPECT_TRUE(is_held(readers[i])) << questions[i].text;
  }
  EXPECT_TRUE(is_held(keys));
  EXPECT_TRUE(is_held(scan));
  expect_serving();
  EXPECT_LT(Clock::now() - begin, kSync) << "too slow a machine to see anything";

  EXPECT_EQ(writer.read_reply(), ok());
  EXPECT_GE(Clock::now() - begin, kSync);
  EXPECT_EQ(remover.read_reply(), integer(1));
  for (std::size_t i = 0; i < questions.size(); ++i) {
    EXPECT_EQ(readers[i].read_reply(), questions[i].reply) << questions[i].text;
  }
  EXPECT_EQ(keys.read_reply().sorted_texts(), (std::vector<std::string>{"key", "other"}));
  EXPECT_EQ(scan.read_reply().elements.at(1).sorted_texts(),
            (std::vector<std::string>{"key", "other"}));
}

TEST_F(HeldReplies, KeepTheOrderOfTheirConnection) {
  if (!start_slow()) GTEST_SKIP() << "the files of this server cannot be made to wait";
  RawConnection connection = server().raw();
  std::string requests;
  for (const char* text :
       {"GET other", "SET key 1", "GET other", "GET key", "INCR key", "GET other"}) {
    requests += encode_command(words(text));
  }
  const std::vector<Reply> replies = connection.exchange(requests, 6);
  EXPECT_EQ(replies,
            (std::vector<Reply>{bulk("x"), ok(), bulk("x"), bulk("1"), integer(2), bulk("x")}));
}

// Writes that arrive while a sync runs share the next one.
TEST_F(HeldReplies, OfManyClientsShareSyncs) {
  if (!start_slow()) GTEST_SKIP() << "the files of this server cannot be made to wait";
  const auto begin = Clock::now();
  std::vector<RawConnection> writers;
  for (int i = 0; i < 50; ++i) writers.push_back(asking("SET k" + std::to_string(i) + " v"));
  for (RawConnection& writer : writers) EXPECT_EQ(writer.read_reply(), ok());
  EXPECT_LT(Clock::now() - begin, 4 * kSync);
}

TEST_F(HeldReplies, OfClientsThatWaitedForTheKey) {
  if (!start_slow()) GTEST_SKIP() << "the files of this server cannot be made to wait";
  RawConnection waiting = asking("BLPOP queue 0");
  ASSERT_TRUE(wait_for_info("blocked_clients", "1"));
  const auto begin = Clock::now();
  RawConnection writer = asking("RPUSH queue element");
  expect_serving();
  EXPECT_TRUE(is_held(waiting));
  EXPECT_EQ(waiting.read_reply(), bulks({"queue", "element"}));
  EXPECT_EQ(writer.read_reply(), integer(1));
  EXPECT_GE(Clock::now() - begin, kSync);
}

// A client that is gone, and one whose replies were held when the server was told to end.
TEST_F(HeldReplies, OfClientsThatGo) {
  if (!start_slow()) GTEST_SKIP() << "the files of this server cannot be made to wait";
  const long long before = info_number("rdb_changes_since_last_save");
  {
    RawConnection gone = asking("SET key 1");
    expect_serving();
  }
  RawConnection writer = asking("SET key 2");
  ASSERT_TRUE(wait_until([&] { return info_number("rdb_changes_since_last_save") == before + 2; }));
  server().send_signal(SIGTERM);
  const Reply reply = writer.read_reply();
  EXPECT_TRUE(reply == ok() || reply.type == Reply::Type::kClosed) << reply;
  EXPECT_TRUE(server().wait_for_exit().clean());
  server().start();
  reconnect();
  EXPECT_EQ(run("GET", "key"), bulk("2"));
}

}  // namespace
}  // namespace spinel::test
