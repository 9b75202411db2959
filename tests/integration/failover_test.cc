// FAILOVER: what it refuses, and handing the master's role over to a replica of either kind.

#include <gtest/gtest.h>
#include <string>

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

ServerOptions options_of(const std::string& binary = "") {
  ServerOptions options;
  options.binary = binary;
  options.arguments = {"--repl-diskless-sync-delay", "0"};
  return options;
}

std::string replication(ServerProcess& server, const std::string& field) {
  return info_field(server.client().run("INFO", "replication").text, field);
}

class Failover : public testing::Test {
 protected:
  explicit Failover() : master_(options_of()) {}

  void follow(ServerProcess& replica, ServerProcess& master) {
    ASSERT_EQ(replica.client().run("REPLICAOF", "127.0.0.1", std::to_string(master.port())), ok());
    ASSERT_TRUE(wait_until([&] {
      return replication(master, "slave0").find("state=online") != std::string::npos;
    })) << master.log()
        << replica.log();
  }

  Reply failover(const std::string& words_after = "") {
    std::vector<std::string> command = {"FAILOVER"};
    std::size_t begin = 0;
    while (begin < words_after.size()) {
      const std::size_t end = std::min(words_after.find(' ', begin), words_after.size());
      command.push_back(words_after.substr(begin, end - begin));
      begin = end + 1;
    }
    return master_.client().command(command);
  }

  ServerProcess master_;
};

TEST_F(Failover, RefusesWhatMakesNoSense) {
  EXPECT_EQ(failover(), error("ERR FAILOVER requires connected replicas."));
  EXPECT_EQ(failover("ABORT"), error("ERR No failover in progress."));
  EXPECT_EQ(failover("TIMEOUT 0"), error("ERR FAILOVER timeout must be greater than 0"));
  EXPECT_EQ(failover("TIMEOUT x"), error("ERR value is not an integer or out of range"));
  EXPECT_EQ(failover("TO 127.0.0.1"), error("ERR syntax error"));
  EXPECT_EQ(failover("ABORT FORCE"), error("ERR syntax error"));
  ServerProcess replica(options_of());
  follow(replica, master_);
  const std::string port = std::to_string(replica.port());
  EXPECT_EQ(failover("FORCE"), error("ERR FAILOVER with force option requires both a timeout and "
                                     "target HOST and IP."));
  EXPECT_EQ(failover("TO 127.0.0.1 1"),
            error("ERR FAILOVER target HOST and PORT is not a replica."));
  EXPECT_EQ(replica.client().run("FAILOVER"),
            error("ERR FAILOVER is not valid when server is a replica."));
  EXPECT_EQ(replication(master_, "master_failover_state"), "no-failover");
}

TEST_F(Failover, AReplicaThatStandsStillKeepsTheMasterWaiting) {
  ServerProcess replica(options_of());
  follow(replica, master_);
  const Standstill standstill(replica);
  ASSERT_EQ(master_.client().run("SET", "key", "value"), ok());
  EXPECT_EQ(failover(), ok());
  EXPECT_EQ(replication(master_, "master_failover_state"), "waiting-for-sync");
  EXPECT_EQ(failover(), error("ERR FAILOVER already in progress."));
  EXPECT_EQ(master_.client().run("REPLICAOF", "NO", "ONE"),
            error("ERR REPLICAOF not allowed while failing over."));
  RawConnection writer = master_.raw();
  writer.send("SET paused 1\r\n");
  // Reads go on.
  EXPECT_EQ(master_.client().run("GET", "key"), bulk("value"));
  EXPECT_EQ(master_.client().run("CLIENT", "UNPAUSE"), ok());
  EXPECT_EQ(master_.client().run("EXISTS", "paused"), integer(0));
  EXPECT_EQ(failover("ABORT"), ok());
  EXPECT_EQ(writer.read_reply(), status("OK"));
  EXPECT_EQ(replication(master_, "master_failover_state"), "no-failover");
}

TEST_F(Failover, GivesUpInTime) {
  ServerProcess replica(options_of());
  follow(replica, master_);
  const Standstill standstill(replica);
  ASSERT_EQ(master_.client().run("SET", "key", "value"), ok());
  EXPECT_EQ(failover("TIMEOUT 200"), ok());
  EXPECT_TRUE(
      wait_until([&] { return replication(master_, "master_failover_state") == "no-failover"; }));
  EXPECT_EQ(replication(master_, "role"), "master");
  EXPECT_EQ(master_.client().run("SET", "key", "other"), ok());
}

class FailoverBetween : public testing::TestWithParam<std::pair<bool, bool>> {};

TEST_P(FailoverBetween, TheReplicaTakesOverWithAllThatWasWritten) {
  const auto binary_of = [](bool redis) { return redis ? oracle_binary() : std::string(); };
  ServerProcess first(options_of(binary_of(GetParam().first)));
  ServerProcess second(options_of(binary_of(GetParam().second)));
  ASSERT_EQ(second.client().run("REPLICAOF", "127.0.0.1", std::to_string(first.port())), ok());
  ASSERT_TRUE(wait_until([&] {
    return replication(first, "slave0").find("state=online") != std::string::npos;
  })) << first.log()
      << second.log();
  for (int i = 0; i < 100; ++i) {
    first.client().run("SET", "key:" + std::to_string(i), std::to_string(i));
  }
  ASSERT_EQ(first.client().run("FAILOVER", "TO", "127.0.0.1", std::to_string(second.port())), ok());
  EXPECT_TRUE(wait_until([&] {
    return replication(second, "role") == "master" && replication(first, "role") == "slave" &&
           replication(first, "master_link_status") == "up" &&
           replication(first, "master_failover_state") == "no-failover";
  })) << first.log()
      << second.log();
  EXPECT_EQ(second.client().run("DBSIZE"), integer(100));
  EXPECT_EQ(first.client().run("SET", "a", "b"),
            error("READONLY You can't write against a read only replica."));
  ASSERT_EQ(second.client().run("SET", "after", "1"), ok());
  EXPECT_TRUE(wait_until([&] { return first.client().run("GET", "after") == bulk("1"); }));
  // Nothing was copied as a whole but at the beginning.
  EXPECT_EQ(info_field(second.client().run("INFO", "stats").text, "sync_full"), "0");
}

INSTANTIATE_TEST_SUITE_P(Kinds, FailoverBetween,
                         testing::Values(std::pair(false, false), std::pair(false, true),
                                         std::pair(true, false)),
                         [](const testing::TestParamInfo<std::pair<bool, bool>>& kinds) {
                           const auto name = [](bool redis) { return redis ? "Redis" : "Spinel"; };
                           return std::string(name(kinds.param.first)) + "To" +
                                  name(kinds.param.second);
                         });

}  // namespace
}  // namespace spinel::test
