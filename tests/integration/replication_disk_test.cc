// What a replica writes to its own disk: what its master sends, and what its own clients write.

#include <gtest/gtest.h>
#include <string>
#include <tuple>
#include <vector>

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

std::string info(ServerProcess& server, const std::string& section, const std::string& field) {
  return info_field(server.client().run("INFO", section).text, field);
}

std::string replication(ServerProcess& server, const std::string& field) {
  return info(server, "replication", field);
}

bool is_rewriting(ServerProcess& server) {
  return info(server, "persistence", "aof_rewrite_in_progress") == "1" ||
         info(server, "persistence", "aof_rewrite_scheduled") == "1";
}

ServerOptions options_with(std::vector<std::string> arguments, const std::string& binary = "") {
  ServerOptions options;
  options.binary = binary;
  options.arguments = std::move(arguments);
  return options;
}

void follow(ServerProcess& replica, int port) {
  ASSERT_EQ(replica.client().run("REPLICAOF", "127.0.0.1", std::to_string(port)), ok());
}

bool is_up(ServerProcess& replica) {
  return replication(replica, "master_link_status") == "up";
}

/// repl-diskless-load, and how the master sends.
class ReplicaOfRedis : public testing::TestWithParam<std::tuple<const char*, const char*>> {};

TEST_P(ReplicaOfRedis, WritesItsAppendOnlyFile) {
  ServerProcess master(options_with(
      {"--repl-diskless-sync", std::get<1>(GetParam()), "--repl-diskless-sync-delay", "0"},
      oracle_binary()));
  ServerProcess replica(
      options_with({"--repl-diskless-load", std::get<0>(GetParam()), "--appendonly", "yes"}));
  master.client().run("SET", "before", "1");
  follow(replica, master.port());
  ASSERT_TRUE(wait_until([&] { return is_up(replica); })) << replica.log();
  master.client().run("SET", "after", "2");
  ASSERT_TRUE(wait_until([&] {
    return replica.client().run("GET", "after") == bulk("2") && !is_rewriting(replica);
  })) << replica.log();
  const Reply digest = replica.client().run("DEBUG", "DIGEST");
  replica.restart();
  EXPECT_EQ(replica.client().run("GET", "after"), bulk("2"));
  EXPECT_EQ(replica.client().run("DEBUG", "DIGEST"), digest);
}

INSTANTIATE_TEST_SUITE_P(Ways, ReplicaOfRedis,
                         testing::Combine(testing::Values("disabled", "on-empty-db", "swapdb"),
                                          testing::Values("yes", "no")),
                         [](const auto& way) {
                           std::string name = std::get<0>(way.param);
                           std::erase(name, '-');
                           const bool diskless = std::string(std::get<1>(way.param)) == "yes";
                           return name + (diskless ? "Diskless" : "FromDisk");
                         });

TEST(ReplicaThatWrites, KeepsItsWritesToItself) {
  ServerProcess master(options_with({"--repl-diskless-sync-delay", "0"}));
  ServerProcess replica(options_with(
      {"--replica-read-only", "no", "--appendonly", "yes", "--repl-diskless-sync-delay", "0"}));
  ServerProcess below(options_with({}, oracle_binary()));
  follow(replica, master.port());
  ASSERT_TRUE(wait_until([&] { return is_up(replica); })) << replica.log();
  follow(below, replica.port());
  ASSERT_TRUE(wait_until([&] { return is_up(below); })) << below.log();
  for (int i = 0; i < 50; ++i) {
    master.client().run("SET", "theirs:" + std::to_string(i), "1");
    Client client = replica.client();
    client.run("SELECT", std::to_string(i % 2));
    EXPECT_EQ(client.run("SET", "own:" + std::to_string(i), "1"), ok());
  }
  ASSERT_TRUE(wait_until([&] {
    return replication(below, "master_repl_offset") == replication(master, "master_repl_offset") &&
           master.client().run("DEBUG", "DIGEST") == below.client().run("DEBUG", "DIGEST");
  })) << below.log();
  ASSERT_TRUE(wait_until([&] { return !is_rewriting(replica); }));
  replica.set_arguments({"--appendonly", "yes"});
  replica.restart();
  EXPECT_EQ(replica.client().run("DBSIZE"), integer(75));
}

}  // namespace
}  // namespace spinel::test
