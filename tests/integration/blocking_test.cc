// Clients that wait: WAIT, CLIENT UNBLOCK, CLIENT PAUSE.

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

using BlockingTest = ServerTest;

constexpr milliseconds kNoTime{0};

TEST_F(BlockingTest, WaitForNoReplicasAnswersAtOnce) {
  const Reply bad_count = error("ERR value is not an integer or out of range");
  expect_session({{"WAIT 0 0", integer(0)},
                  {"WAIT 0 1000", integer(0)},
                  {"WAIT -1 0", integer(0)},
                  {"WAIT x 0", bad_count},
                  {"WAIT 0 x", error("ERR timeout is not an integer or out of range")},
                  {"WAIT 0 -1", error("ERR timeout is negative")}});
}

TEST_F(BlockingTest, WaitForReplicasThatAreNotThereTimesOut) {
  const auto before = Clock::now();
  EXPECT_EQ(line("WAIT 1 100"), integer(0));
  EXPECT_GE(Clock::now() - before, milliseconds(95));
}

class BlockedClient : public BlockingTest {
 protected:
  /// Blocks a connection for ever; fails the test when it does not block.
  void block() {
    blocked_ = server().raw();
    id_ = blocked_.run("CLIENT", "ID").number;
    ASSERT_TRUE(blocked_.send(encode_command({"WAIT", "1", "0"}) + encode_command({"PING"})));
    ASSERT_TRUE(wait_until([&] { return info_number("blocked_clients") == 1; }));
  }

  RawConnection blocked_;
  std::int64_t id_ = 0;
};

TEST_F(BlockedClient, IsShownAsBlockedAndRunsNothingMeanwhile) {
  block();
  const std::string row = run("CLIENT", "LIST", "ID", id_).text;
  EXPECT_NE(row.find(" flags=b "), std::string::npos) << row;
  EXPECT_NE(row.find(" cmd=wait "), std::string::npos) << row;
  EXPECT_EQ(blocked_.read_reply(kNoTime).type, Reply::Type::kTimeout);
}

TEST_F(BlockedClient, UnblockGivesTheReplyOfATimeout) {
  block();
  EXPECT_EQ(run("CLIENT", "UNBLOCK", id_), integer(1));
  EXPECT_EQ(blocked_.read_reply(), integer(0));
  EXPECT_EQ(blocked_.read_reply(), status("PONG"));
  EXPECT_EQ(run("CLIENT", "UNBLOCK", id_), integer(0));
  EXPECT_EQ(info_number("blocked_clients"), 0);
}

TEST_F(BlockedClient, UnblockWithAnError) {
  block();
  EXPECT_EQ(run("CLIENT", "UNBLOCK", id_, "ERROR"), integer(1));
  EXPECT_EQ(blocked_.read_reply(), error("UNBLOCKED client unblocked via CLIENT UNBLOCK"));
  EXPECT_EQ(blocked_.read_reply(), status("PONG"));
}

TEST_F(BlockedClient, GoesAwayCleanly) {
  block();
  blocked_.close();
  EXPECT_TRUE(wait_until([&] { return info_number("blocked_clients") == 0; }));
  EXPECT_EQ(run("CLIENT", "UNBLOCK", id_), integer(0));
}

TEST_F(BlockedClient, CanBeKilled) {
  block();
  EXPECT_EQ(run("CLIENT", "KILL", "ID", id_), integer(1));
  EXPECT_TRUE(blocked_.closes());
  EXPECT_TRUE(wait_until([&] { return info_number("blocked_clients") == 0; }));
}

TEST_F(BlockingTest, UnblockRefusesBadArguments) {
  expect_session(
      {{"CLIENT UNBLOCK 999999999", integer(0)},
       {"CLIENT UNBLOCK x", error("ERR value is not an integer or out of range")},
       {"CLIENT UNBLOCK 1 BOGUS", error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")}});
}

TEST_F(BlockingTest, ShutdownDoesNotWaitForTheBlocked) {
  ServerProcess own;
  RawConnection blocked = own.raw();
  ASSERT_TRUE(blocked.send(encode_command({"WAIT", "1", "0"})));
  RawConnection control = own.raw();
  ASSERT_TRUE(wait_until(
      [&] { return info_field(control.run("INFO", "clients").text, "blocked_clients") == "1"; }));
  EXPECT_TRUE(own.stop_and_wait().clean());
}

// --- CLIENT PAUSE ---

TEST_F(BlockingTest, PauseOfWritesLetsReadsThrough) {
  run("SET", "a", 1);
  ASSERT_EQ(line("CLIENT PAUSE 100000 WRITE"), ok());
  RawConnection reader = server().raw();
  RawConnection writer = server().raw();
  EXPECT_EQ(reader.run("GET", "a"), bulk("1"));
  ASSERT_TRUE(writer.send(encode_command({"INCR", "a"}) + encode_command({"GET", "a"})));
  ASSERT_TRUE(wait_until([&] { return info_number("blocked_clients") == 1; }));
  EXPECT_EQ(writer.read_reply(kNoTime).type, Reply::Type::kTimeout);
  EXPECT_EQ(reader.run("GET", "a"), bulk("1"));
  EXPECT_EQ(line("CLIENT UNPAUSE"), ok());
  EXPECT_EQ(writer.read_reply(), integer(2));
  EXPECT_EQ(writer.read_reply(), bulk("2"));
  EXPECT_EQ(info_number("blocked_clients"), 0);
}

TEST_F(BlockingTest, PauseEndsByItself) {
  RawConnection writer = server().raw();
  const auto before = Clock::now();
  ASSERT_EQ(line("CLIENT PAUSE 200 WRITE"), ok());
  EXPECT_EQ(writer.run("SET", "a", 1), ok());
  EXPECT_GE(Clock::now() - before, milliseconds(190));
}

TEST_F(BlockingTest, PauseOfAllHoldsEveryCommand) {
  RawConnection other = server().raw();
  const auto before = Clock::now();
  ASSERT_EQ(line("CLIENT PAUSE 200"), ok());
  EXPECT_EQ(other.run("PING"), status("PONG"));
  EXPECT_GE(Clock::now() - before, milliseconds(190));
}

TEST_F(BlockingTest, RequestsThatComeAfterAPauseAreReadFromTheirBeginning) {
  RawConnection connection = server().raw();
  for (int round = 0; round < 20; ++round) {
    ASSERT_TRUE(connection.send(encode_command({"CLIENT", "PAUSE", "1"}) +
                                encode_command({"PING", "held back"}) +
                                encode_command({"PING", "waiting"})));
    EXPECT_EQ(connection.read_reply(), ok());
    EXPECT_EQ(connection.read_reply(), bulk("held back"));
    EXPECT_EQ(connection.read_reply(), bulk("waiting"));
    EXPECT_EQ(connection.run("PING", "next"), bulk("next"));
  }
}

TEST_F(BlockingTest, ACommandThatBlocksAfterAPauseKeepsItsOwnTimeout) {
  RawConnection other = server().raw();
  ASSERT_EQ(line("CLIENT PAUSE 50"), ok());
  EXPECT_EQ(other.run("WAIT", "1", "20"), integer(0));
}

TEST_F(BlockingTest, AFarDeadlineDoesNotDisturbOthers) {
  RawConnection other = server().raw();
  ASSERT_TRUE(other.send(encode_command({"WAIT", "1", "9000000000000000"})));
  ASSERT_TRUE(wait_until([&] { return info_number("blocked_clients") == 1; }));
  EXPECT_EQ(line("PING"), status("PONG"));
}

TEST_F(BlockingTest, PausedKeysDoNotExpire) {
  // In one go: the pause has begun before the key's time can be over.
  const auto replies = server().raw().pipeline(
      {{"SET", "a", "1", "PX", "50"}, {"CLIENT", "PAUSE", "100000", "WRITE"}});
  ASSERT_EQ(replies, (std::vector<Reply>{ok(), ok()}));
  ASSERT_TRUE(wait_until([&] { return run("GET", "a").is_null(); }));
  EXPECT_EQ(run("DBSIZE"), integer(1)) << "hidden, but not removed";
  EXPECT_EQ(line("CLIENT UNPAUSE"), ok());
  EXPECT_TRUE(wait_until([&] { return run("DBSIZE") == integer(0); }));
}

TEST_F(BlockingTest, PauseRefusesBadArguments) {
  expect_session({{"CLIENT PAUSE x", error("ERR timeout is not an integer or out of range")},
                  {"CLIENT PAUSE -1", error("ERR timeout is negative")},
                  {"CLIENT PAUSE 99999999999999999999",
                   error("ERR timeout is not an integer or out of range")},
                  {"CLIENT PAUSE 1 BOGUS", error("ERR CLIENT PAUSE mode must be WRITE or ALL")},
                  {"CLIENT UNPAUSE", ok()}});
  if (against_redis_7_0()) return;  // its pause ends before it begins
  EXPECT_EQ(run("CLIENT", "PAUSE", "9223372036854775807"), error("ERR timeout is out of range"));
}

}  // namespace
}  // namespace spinel::test
