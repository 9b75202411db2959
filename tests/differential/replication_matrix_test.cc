// A master, its replica, and a replica of that, each of them Spinel or redis-server: after random
// commands of every family, with expiry, blocking pops and transactions, all hold the same data at
// the same offset.

#include <cctype>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "tests/differential/families.h"
#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

constexpr std::uint64_t kSeed = 20'261'201;
constexpr int kCommandsPerFamily = 400;

struct Chain {
  std::string name;
  std::string master;
  std::string replica;
  std::string sub_replica;
};

std::vector<Chain> chains() {
  std::vector<Chain> all;
  const auto binary_of = [](bool redis) { return redis ? oracle_binary() : std::string(); };
  for (int bits = 0; bits < 8; ++bits) {
    std::string name;
    for (const int bit : {4, 2, 1}) name += (bits & bit) != 0 ? "Redis" : "Spinel";
    all.push_back(
        {name, binary_of((bits & 4) != 0), binary_of((bits & 2) != 0), binary_of((bits & 1) != 0)});
  }
  return all;
}

std::unique_ptr<ServerProcess> start(const std::string& binary) {
  ServerOptions options;
  options.binary = binary;
  options.arguments = {"--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"};
  return std::make_unique<ServerProcess>(std::move(options));
}

std::string info(ServerProcess& server, const std::string& field) {
  return info_field(server.client().run("INFO", "replication").text, field);
}

/// Whether the command is no write that replicas hear of: it is left out.
bool is_about_the_server(std::string name) {
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name == "CONFIG" || name == "DEBUG" || name == "CLIENT";
}

std::string digest(ServerProcess& server) {
  return server.client().run("DEBUG", "DIGEST").text;
}

class ReplicationMatrix : public testing::TestWithParam<Chain> {
 protected:
  void SetUp() override {
    master_ = start(GetParam().master);
    replica_ = start(GetParam().replica);
    sub_replica_ = start(GetParam().sub_replica);
  }

  void follow(ServerProcess& server, const ServerProcess& whom) {
    ASSERT_EQ(server.client().run("REPLICAOF", "127.0.0.1", std::to_string(whom.port())),
              status("OK"));
    ASSERT_TRUE(wait_until([&] { return info(server, "master_link_status") == "up"; }))
        << server.log();
  }

  void run_family(const Family& family) {
    Generator generator(family, kSeed);
    Client client = master_->client();
    for (int i = 0; i < kCommandsPerFamily; ++i) {
      const Command command = generator.next();
      if (is_about_the_server(command[0])) {
        continue;
      }
      if (!client.connected()) client = master_->client();
      // Now and then within a transaction, or on a key that will expire soon.
      const bool in_transaction = generator.random().chance(10);
      if (in_transaction) {
        client.run("MULTI");
        client.command(command);
        client.run("SELECT", std::to_string(generator.random().below(3)));
        client.run("INCR", "counter");
        client.run("EXEC");
      } else {
        client.command(command);
      }
      if (generator.random().chance(5)) {
        client.run("SET", "short:" + std::to_string(i), "x", "PX",
                   std::to_string(1 + generator.random().below(50)));
      }
    }
  }

  void pop_while_blocked() {
    RawConnection waiting = master_->raw();
    Client client = master_->client();
    for (int i = 0; i < 20; ++i) {
      const std::string key = "queue:" + std::to_string(i);
      waiting.send("*3\r\n$5\r\nBLPOP\r\n$" + std::to_string(key.size()) + "\r\n" + key +
                   "\r\n$1\r\n0\r\n");
      ASSERT_TRUE(wait_until([&] {
        return client.run("INFO", "clients").text.find("blocked_clients:1") != std::string::npos;
      }));
      client.run("RPUSH", key, "a", "b");
      EXPECT_EQ(waiting.read_reply().elements.size(), 2U);
    }
  }

  // All have what the master has, and nothing moves any more but expiry and pings.
  void expect_agreement() {
    const auto agree = [&] {
      const std::string offset = info(*master_, "master_repl_offset");
      return info(*replica_, "master_repl_offset") == offset &&
             info(*sub_replica_, "master_repl_offset") == offset &&
             digest(*replica_) == digest(*master_) && digest(*sub_replica_) == digest(*master_) &&
             info(*master_, "master_repl_offset") == offset;
    };
    EXPECT_TRUE(wait_until(agree))
        << info(*master_, "master_repl_offset") << " " << info(*replica_, "master_repl_offset")
        << " " << info(*sub_replica_, "master_repl_offset") << "\n"
        << digest(*master_) << " " << digest(*replica_) << " " << digest(*sub_replica_);
  }

  std::unique_ptr<ServerProcess> master_;
  std::unique_ptr<ServerProcess> replica_;
  std::unique_ptr<ServerProcess> sub_replica_;
};

TEST_P(ReplicationMatrix, AllHoldTheSameAtTheSameOffset) {
  // Some data come by full copy, the rest by the stream.
  run_family(string_family());
  run_family(list_family());
  follow(*replica_, *master_);
  run_family(hash_family());
  follow(*sub_replica_, *replica_);
  for (const Family* family :
       {&string_family(), &generic_family(), &list_family(), &set_family(), &sorted_set_family(),
        &bitmap_family(), &bitfield_family(), &hyperloglog_family(), &geo_family(), &sort_family(),
        &dump_family()}) {
    run_family(*family);
    if (HasFatalFailure()) return;
  }
  pop_while_blocked();
  expect_agreement();
}

TEST_P(ReplicationMatrix, WhoWasAwayGoesOnWhereItWas) {
  follow(*replica_, *master_);
  follow(*sub_replica_, *replica_);
  run_family(string_family());
  for (ServerProcess* away : {replica_.get(), sub_replica_.get()}) {
    ServerProcess& upstream = away == replica_.get() ? *master_ : *replica_;
    away->suspend();
    EXPECT_EQ(upstream.client().run("CLIENT", "KILL", "TYPE", "replica"), integer(1));
    run_family(set_family());
    away->send_signal(SIGCONT);
    ASSERT_TRUE(wait_until([&] {
      return info(upstream, "slave0").find("state=online") != std::string::npos;
    })) << away->log();
  }
  expect_agreement();
  const auto stat = [](ServerProcess& server, const std::string& field) {
    return info_field(server.client().run("INFO", "stats").text, field);
  };
  EXPECT_EQ(stat(*master_, "sync_full"), "1");
  EXPECT_EQ(stat(*master_, "sync_partial_ok"), "1");
  EXPECT_EQ(stat(*replica_, "sync_full"), "1");
}

TEST_P(ReplicationMatrix, TheSubReplicaFollowsThePromotedOne) {
  follow(*replica_, *master_);
  follow(*sub_replica_, *replica_);
  run_family(sorted_set_family());
  expect_agreement();
  ASSERT_EQ(replica_->client().run("REPLICAOF", "NO", "ONE"), status("OK"));
  ASSERT_EQ(replica_->client().run("SET", "promoted", "yes"), status("OK"));
  ASSERT_TRUE(wait_until([&] {
    return sub_replica_->client().run("GET", "promoted").text == "yes";
  })) << sub_replica_->log();
  // The former master comes back as a replica, and needs no full copy.
  follow(*master_, *replica_);
  ASSERT_TRUE(wait_until([&] { return digest(*master_) == digest(*replica_); }));
  EXPECT_EQ(info(*master_, "master_replid"), info(*replica_, "master_replid"));
  EXPECT_EQ(digest(*sub_replica_), digest(*replica_));
  EXPECT_EQ(info_field(replica_->client().run("INFO", "stats").text, "sync_full"), "1");
}

INSTANTIATE_TEST_SUITE_P(Chains, ReplicationMatrix, testing::ValuesIn(chains()),
                         [](const testing::TestParamInfo<Chain>& chain) {
                           return chain.param.name;
                         });

}  // namespace
}  // namespace spinel::test
