// A replica of redis-server, and of masters that do what no master should: it never serves a wrong
// data set as right, and heals.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <tuple>
#include <unistd.h>
#include <vector>

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

const std::string kId(40, 'a');
const std::string kOtherId(40, 'b');
const std::string kMark(40, 'm');

std::string info_field(ServerProcess& server, const std::string& section,
                       const std::string& field) {
  const std::string text = server.client().run("INFO", section).text;
  const std::size_t at = text.find("\n" + field + ":");
  if (at == std::string::npos) return "";
  const std::size_t begin = at + field.size() + 2;
  return text.substr(begin, text.find('\r', begin) - begin);
}

std::string replication(ServerProcess& server, const std::string& field) {
  return info_field(server, "replication", field);
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

/// A master that says what the test wants.
class FakeMaster {
 public:
  FakeMaster() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~FakeMaster() {
    hang_up();
    ::close(listener_);
  }
  FakeMaster(const FakeMaster&) = delete;
  FakeMaster& operator=(const FakeMaster&) = delete;

  int port() const { return port_; }

  /// Waits for the replica, in place of the connection there was.
  void accept() {
    hang_up();
    ASSERT_TRUE(readable(listener_));
    connection_ = ::accept(listener_, nullptr, nullptr);
    ASSERT_GE(connection_, 0);
  }
  void hang_up() {
    if (connection_ >= 0) ::close(connection_);
    connection_ = -1;
    received_.clear();
  }
  void send(const std::string& bytes) const {
    ASSERT_EQ(::send(connection_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  /// The words of the next command, "PSYNC ? -1"; empty if the replica hangs up.
  std::string command() {
    const std::string head = line();
    if (head.empty() || head[0] != '*') return head;
    std::string words;
    for (int i = 0; i < std::stoi(head.substr(1)); ++i) {
      line();  // its length: no word has a line end in it
      words += (i == 0 ? "" : " ") + line();
    }
    return words;
  }
  /// Answers the handshake up to PSYNC, and returns that.
  std::string shake_hands() {
    EXPECT_EQ(command(), "PING");
    send("+PONG\r\n");
    for (;;) {
      std::string next = command();
      if (!next.starts_with("REPLCONF")) return next;
      send("+OK\r\n");
    }
  }
  void full_resync(const std::string& rdb, const std::string& id = kId, int offset = 100) const {
    send("+FULLRESYNC " + id + " " + std::to_string(offset) + "\r\n$" + std::to_string(rdb.size()) +
         "\r\n" + rdb);
  }

 private:
  static bool readable(int descriptor) {
    pollfd one{descriptor, POLLIN, 0};
    return ::poll(&one, 1, static_cast<int>(milliseconds(kPatience).count())) == 1;
  }
  std::string line() {
    for (;;) {
      const std::size_t end = received_.find('\n');
      if (end != std::string::npos) {
        std::string found = received_.substr(0, end);
        received_.erase(0, end + 1);
        if (found.ends_with('\r')) found.pop_back();
        if (!found.empty()) return found;
        continue;
      }
      char bytes[4096];
      const ssize_t size = readable(connection_) ? ::recv(connection_, bytes, sizeof bytes, 0) : 0;
      if (size <= 0) return "";
      received_.append(bytes, static_cast<std::size_t>(size));
    }
  }

  int listener_ = -1;
  int connection_ = -1;
  int port_ = 0;
  std::string received_;
};

/// An RDB file with the key "copied".
std::string small_rdb() {
  ServerProcess source(options_with({}));
  source.client().run("SET", "copied", "yes");
  EXPECT_EQ(source.client().run("SAVE"), ok());
  return read_file(source.file("dump.rdb"));
}

class ReplicaOfFake : public testing::Test {
 protected:
  explicit ReplicaOfFake() : replica_(options_with({"--repl-timeout", "3"})) {}

  void SetUp() override {
    rdb_ = small_rdb();
    ASSERT_EQ(replica_.client().run("SET", "old", "data"), ok());
    follow(replica_, master_.port());
    master_.accept();
  }

  Reply get(const std::string& key) { return replica_.client().run("GET", key); }
  bool has_copy() {
    return wait_until([&] { return is_up(replica_) && get("copied") == bulk("yes"); });
  }

  FakeMaster master_;
  ServerProcess replica_;
  std::string rdb_;
};

TEST_F(ReplicaOfFake, IntroducesItselfAndAsksForItsHistory) {
  EXPECT_EQ(master_.command(), "PING");
  master_.send("-NOAUTH Authentication required.\r\n");
  EXPECT_EQ(master_.command(), "REPLCONF listening-port " + std::to_string(replica_.port()));
  EXPECT_EQ(master_.command(), "REPLCONF capa eof capa psync2");
  master_.send("-ERR unknown\r\n\n+OK\r\n");
  const std::string id = replication(replica_, "master_replid");
  EXPECT_EQ(master_.command(), "PSYNC " + id + " 1");
  master_.send("\n\n");
  master_.full_resync(rdb_);
  EXPECT_TRUE(has_copy()) << replica_.log();
  EXPECT_EQ(get("old"), nil());
  EXPECT_EQ(replication(replica_, "master_replid"), kId);
  EXPECT_EQ(replication(replica_, "slave_repl_offset"), "100");
}

TEST_F(ReplicaOfFake, KeepsItsDataWhenTheCopyIsDamaged) {
  for (const char* damage : {"checksum", "truncated", "magic"}) {
    EXPECT_TRUE(master_.shake_hands().starts_with("PSYNC "));
    std::string rdb = rdb_;
    if (damage == std::string("checksum")) rdb[rdb.size() - 1] ^= 1;
    if (damage == std::string("magic")) rdb[0] = 'X';
    if (damage == std::string("truncated")) {
      master_.send("+FULLRESYNC " + kId + " 100\r\n$" + std::to_string(rdb.size()) + "\r\n" +
                   rdb.substr(0, rdb.size() / 2));
    } else {
      master_.full_resync(rdb);
    }
    if (damage == std::string("truncated")) master_.hang_up();
    master_.accept();
    EXPECT_EQ(get("old"), bulk("data")) << damage << replica_.log();
    EXPECT_FALSE(is_up(replica_));
  }
  master_.shake_hands();
  master_.full_resync(rdb_);
  EXPECT_TRUE(has_copy()) << replica_.log();
}

TEST_F(ReplicaOfFake, TakesACopyUpToAMark) {
  master_.shake_hands();
  master_.send("+FULLRESYNC " + kId + " 7\r\n\n$EOF:" + kMark + "\r\n" + rdb_.substr(0, 20));
  master_.send(rdb_.substr(20) + kMark.substr(0, 11));
  master_.send(kMark.substr(11));
  EXPECT_EQ(master_.command(), "REPLCONF ACK 7");
  EXPECT_TRUE(has_copy()) << replica_.log();
}

TEST_F(ReplicaOfFake, AppliesTheStreamAndAcknowledgesIt) {
  master_.shake_hands();
  master_.full_resync(rdb_);
  ASSERT_TRUE(has_copy()) << replica_.log();
  // In pieces, and a transaction only when all of it is there.
  const std::string unit =
      "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1"
      "\r\n*2\r\n$4\r\nINCR\r\n$1\r\na\r\n*1\r\n$4\r\nEXEC\r\n";
  for (const char c : unit.substr(0, unit.size() - 5)) master_.send(std::string(1, c));
  const std::size_t before = unit.find("*1\r\n$5\r\nMULTI");
  EXPECT_TRUE(wait_until(
      [&] { return replication(replica_, "slave_repl_offset") == std::to_string(100 + before); }));
  EXPECT_EQ(get("a"), nil());
  master_.send(unit.substr(unit.size() - 5));
  const std::string all = std::to_string(100 + unit.size());
  EXPECT_TRUE(wait_until([&] { return get("a") == bulk("2"); }));
  EXPECT_EQ(replication(replica_, "slave_repl_offset"), all);
  EXPECT_TRUE(wait_until([&] { return master_.command() == "REPLCONF ACK " + all; }));
  master_.send("*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n");
  EXPECT_EQ(master_.command(), "REPLCONF ACK " + all);
}

TEST_F(ReplicaOfFake, GoesOnUnderAnotherId) {
  master_.shake_hands();
  master_.full_resync(rdb_);
  ASSERT_TRUE(has_copy()) << replica_.log();
  master_.accept();
  EXPECT_EQ(master_.shake_hands(), "PSYNC " + kId + " 101");
  master_.send("+CONTINUE " + kOtherId + "\r\n");
  EXPECT_TRUE(wait_until([&] { return is_up(replica_); }));
  EXPECT_EQ(replication(replica_, "master_replid"), kOtherId);
  EXPECT_EQ(replication(replica_, "master_replid2"), kId);
  EXPECT_EQ(replication(replica_, "second_repl_offset"), "101");
}

TEST_F(ReplicaOfFake, AsksAgainUnlessPsyncIsUnknown) {
  for (const char* answer : {"-LOADING not yet", "-NOMASTERLINK not yet", "+FULLRESYNC x"}) {
    EXPECT_TRUE(master_.shake_hands().starts_with("PSYNC "));
    master_.send(std::string(answer) + "\r\n");
    master_.accept();
  }
  master_.shake_hands();
  master_.send("-ERR unknown command\r\n");
  EXPECT_EQ(master_.command(), "SYNC");
  master_.send("$" + std::to_string(rdb_.size()) + "\r\n" + rdb_);
  EXPECT_TRUE(has_copy()) << replica_.log();
}

TEST_F(ReplicaOfFake, LeavesAMasterThatStandsStill) {
  // Within the handshake, before the copy, within it, and behind it.
  master_.accept();
  master_.shake_hands();
  master_.accept();
  master_.shake_hands();
  master_.send("+FULLRESYNC " + kId + " 1\r\n$" + std::to_string(rdb_.size()) + "\r\nREDIS");
  master_.accept();
  EXPECT_EQ(get("old"), bulk("data"));
  master_.shake_hands();
  master_.full_resync(rdb_);
  ASSERT_TRUE(has_copy()) << replica_.log();
  master_.accept();
  EXPECT_FALSE(is_up(replica_));
  EXPECT_EQ(get("copied"), bulk("yes"));
}

TEST_F(ReplicaOfFake, LeavesAMasterWhoseStreamMakesNoSense) {
  for (const std::string nonsense : {"SET a b\r\n", "*1\r\n$x\r\n", "*-5x\r\n"}) {
    master_.shake_hands();
    master_.full_resync(rdb_);
    ASSERT_TRUE(has_copy()) << replica_.log();
    master_.send(nonsense);
    master_.accept();
    EXPECT_EQ(get("a"), nil());
  }
}

TEST_F(ReplicaOfFake, ServesStaleDataUnlessToldNotTo) {
  EXPECT_EQ(get("old"), bulk("data"));
  EXPECT_EQ(replica_.client().run("SET", "old", "new"),
            error("READONLY You can't write against a read only replica."));
  ASSERT_EQ(replica_.client().run("CONFIG", "SET", "replica-serve-stale-data", "no"), ok());
  const Reply down =
      error("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.");
  EXPECT_EQ(get("old"), down);
  EXPECT_EQ(replica_.client().run("PING"), down);
  EXPECT_EQ(replica_.client().run("ROLE").elements.at(0), bulk("slave"));
  master_.shake_hands();
  master_.full_resync(rdb_);
  EXPECT_TRUE(has_copy()) << replica_.log();
}

TEST_F(ReplicaOfFake, HidesWhatExpiredUntilTheMasterRemovesIt) {
  master_.shake_hands();
  master_.full_resync(rdb_);
  ASSERT_TRUE(has_copy()) << replica_.log();
  master_.send("*5\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n$4\r\nPXAT\r\n$4\r\n1000\r\n");
  ASSERT_TRUE(wait_until([&] { return replica_.client().run("DBSIZE") == integer(2); }));
  EXPECT_EQ(get("k"), nil());
  EXPECT_EQ(replica_.client().run("DBSIZE"), integer(2));
  master_.send("*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n");
  EXPECT_TRUE(wait_until([&] { return replica_.client().run("DBSIZE") == integer(1); }));
}

TEST_F(ReplicaOfFake, ShowsItsMasterAsAClient) {
  master_.shake_hands();
  master_.full_resync(rdb_);
  ASSERT_TRUE(has_copy()) << replica_.log();
  const std::string list = replica_.client().run("CLIENT", "LIST", "TYPE", "master").text;
  EXPECT_NE(list.find("flags=M"), std::string::npos) << list;
  EXPECT_NE(list.find("user=(superuser)"), std::string::npos) << list;
  EXPECT_EQ(replica_.client().run("CLIENT", "KILL", "TYPE", "master"), integer(1));
  master_.accept();
  EXPECT_EQ(master_.shake_hands(), "PSYNC " + kId + " 101");
}

/// repl-diskless-load, and how the master sends.
class ReplicaOfRedis : public testing::TestWithParam<std::tuple<const char*, const char*>> {};

TEST_P(ReplicaOfRedis, HasTheSameDataAtTheSameOffset) {
  ServerProcess master(options_with(
      {"--repl-diskless-sync", std::get<1>(GetParam()), "--repl-diskless-sync-delay", "0"},
      oracle_binary()));
  ServerProcess replica(options_with({"--repl-diskless-load", std::get<0>(GetParam())}));
  Client client = master.client();
  for (int i = 0; i < 2000; ++i) {
    client.run("SELECT", std::to_string(i % 3));
    client.run("SET", "key:" + std::to_string(i), std::string(static_cast<std::size_t>(i), 'x'));
    client.run("ZADD", "zset", std::to_string(i), std::to_string(i));
  }
  replica.client().run("SET", "old", "data");
  follow(replica, master.port());
  ASSERT_TRUE(wait_until([&] { return is_up(replica); })) << replica.log();
  for (int i = 0; i < 2000; ++i) client.run("INCR", "counter:" + std::to_string(i % 7));
  const auto agree = [&] {
    return replication(master, "master_repl_offset") ==
               replication(replica, "master_repl_offset") &&
           master.client().run("DEBUG", "DIGEST") == replica.client().run("DEBUG", "DIGEST");
  };
  EXPECT_TRUE(wait_until(agree)) << replica.log();
  // Cut off, it goes on where it was.
  ASSERT_EQ(client.run("CLIENT", "KILL", "TYPE", "replica"), integer(1));
  client.run("SET", "after", "the cut");
  EXPECT_TRUE(wait_until(agree)) << replica.log();
  EXPECT_EQ(info_field(master, "stats", "sync_full"), "1");
  EXPECT_EQ(info_field(master, "stats", "sync_partial_ok"), "1");
  // With its file it goes on after a restart.
  ASSERT_EQ(replica.client().run("SAVE"), ok());
  replica.set_arguments({"--replicaof", "127.0.0.1", std::to_string(master.port())});
  replica.restart();
  EXPECT_TRUE(wait_until([&] { return is_up(replica) && agree(); })) << replica.log();
  EXPECT_EQ(info_field(master, "stats", "sync_full"), "1") << replica.log();
}

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
    return replica.client().run("GET", "after") == bulk("2") &&
           info_field(replica, "persistence", "aof_rewrite_in_progress") == "0" &&
           info_field(replica, "persistence", "aof_rewrite_scheduled") == "0";
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
  ASSERT_TRUE(wait_until([&] {
    return info_field(replica, "persistence", "aof_rewrite_in_progress") == "0" &&
           info_field(replica, "persistence", "aof_rewrite_scheduled") == "0";
  }));
  replica.set_arguments({"--appendonly", "yes"});
  replica.restart();
  EXPECT_EQ(replica.client().run("DBSIZE"), integer(75));
}

}  // namespace
}  // namespace spinel::test
