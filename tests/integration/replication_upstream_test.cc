// A replica and whom it follows: redis-server as a master, and a master that is nothing but a
// socket, for each step of the handshake, the full copy and the stream.

#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/fault_test.h"
#include "tests/support/master_wire.h"
#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

const std::string kId(40, 'a');
const std::string kOtherId(40, 'b');

class ReplicationReplica : public FaultTest {
 protected:
  std::string replication(const std::string& field) {
    return info_field(run("INFO", "replication").text, field);
  }
  bool wait_for_field(const std::string& field, const std::string& value) {
    return wait_until([&] { return replication(field) == value; });
  }
  bool wait_for_log(const std::string& text) {
    return wait_until([&] { return server().log().find(text) != std::string::npos; });
  }
};

// --- redis-server is followed

class ReplicationOfRedis : public ReplicationReplica {
 protected:
  void SetUp() override {
    ServerOptions options;
    options.binary = oracle_binary();
    options.arguments = {"--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"};
    master_ = std::make_unique<ServerProcess>(std::move(options));
  }

  void follow() {
    ASSERT_EQ(run("REPLICAOF", "127.0.0.1", std::to_string(master_->port())), ok());
    ASSERT_TRUE(wait_for_field("master_link_status", "up")) << server().log();
  }
  std::string master_info(const std::string& section, const std::string& field) {
    return info_field(master_->client().run("INFO", section).text, field);
  }
  void expect_same() {
    EXPECT_TRUE(wait_until([&] {
      return replication("master_repl_offset") ==
                 master_info("replication", "master_repl_offset") &&
             run("DEBUG", "DIGEST") == master_->client().run("DEBUG", "DIGEST");
    })) << replication("master_repl_offset")
        << " of " << master_info("replication", "master_repl_offset");
  }
  void write(int rounds) {
    RawConnection connection = master_->raw();
    for (int i = 0; i < rounds; ++i) {
      const std::string n = std::to_string(i % 89);
      connection.pipeline({{"SELECT", std::to_string(i % 4)},
                           {"SET", "string:" + n, std::string(static_cast<std::size_t>(i), 'v')},
                           {"INCRBYFLOAT", "float:" + n, "1.5"},
                           {"HSET", "hash:" + n, "f" + std::to_string(i), n},
                           {"ZADD", "zset:" + n, n, "m" + std::to_string(i)},
                           {"SADD", "set:" + n, "a" + std::to_string(i), "b"},
                           {"SPOP", "set:" + n},
                           {"RPUSH", "list:" + n, "x", "y"},
                           {"LPOP", "list:" + n},
                           {"SET", "short:" + n, "x", "PX", "30"},
                           {"XADD", "stream", "*", "f", n},
                           {"DEL", "stream"},
                           {"MULTI"},
                           {"INCR", "counter"},
                           {"SELECT", "5"},
                           {"APPEND", "log", n},
                           {"EXEC"}});
    }
  }

  std::unique_ptr<ServerProcess> master_;
};

struct CopyMode {
  std::string name;
  std::string diskless_sync;
  std::string diskless_load;
};

class CopyOfRedis : public ReplicationOfRedis, public testing::WithParamInterface<CopyMode> {};

TEST_P(CopyOfRedis, HoldsTheSameAtTheSameOffset) {
  start_with({"--repl-diskless-load", GetParam().diskless_load});
  master_->client().run("CONFIG", "SET", "repl-diskless-sync", GetParam().diskless_sync);
  ASSERT_EQ(run("SET", "old", "data"), ok());
  write(100);
  follow();
  EXPECT_EQ(run("EXISTS", "old"), integer(0));
  write(100);
  expect_same();
  EXPECT_EQ(names_in(server().directory()), GetParam().diskless_load == "swapdb"
                                                ? std::vector<std::string>{}
                                                : std::vector<std::string>{"dump.rdb"});
}

INSTANTIATE_TEST_SUITE_P(Modes, CopyOfRedis,
                         testing::Values(CopyMode{"PipeToDisk", "yes", "disabled"},
                                         CopyMode{"FileToDisk", "no", "disabled"},
                                         CopyMode{"PipeToFullDatabase", "yes", "on-empty-db"},
                                         CopyMode{"PipeBeside", "yes", "swapdb"},
                                         CopyMode{"FileBeside", "no", "swapdb"}),
                         [](const testing::TestParamInfo<CopyMode>& mode) {
                           return mode.param.name;
                         });

TEST_F(ReplicationOfRedis, IsLoadedFromTheConnectionWhereThereIsNothing) {
  start_with({"--repl-diskless-load", "on-empty-db"});
  write(50);
  follow();
  EXPECT_TRUE(names_in(server().directory()).empty());
  write(50);
  expect_same();
}

TEST_F(ReplicationOfRedis, GoesOnAfterTheLinkIsCut) {
  start_with({});
  write(20);
  follow();
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(master_->client().run("CLIENT", "KILL", "TYPE", "replica"), integer(1));
    write(20);
    ASSERT_TRUE(
        wait_until([&] { return master_info("stats", "sync_partial_ok") == std::to_string(i); }));
    expect_same();
  }
  EXPECT_EQ(run("CLIENT", "KILL", "TYPE", "master"), integer(1));
  ASSERT_TRUE(wait_until([&] { return master_info("stats", "sync_partial_ok") == "4"; }));
  expect_same();
  EXPECT_EQ(master_info("stats", "sync_full"), "1");
}

TEST_F(ReplicationOfRedis, GoesOnAfterARestart) {
  start_with({"--replicaof", "127.0.0.1", std::to_string(master_->port())});
  ASSERT_TRUE(wait_for_field("master_link_status", "up"));
  write(30);
  expect_same();
  ASSERT_EQ(run("SAVE"), ok());
  server().restart();
  reconnect();
  write(10);
  ASSERT_TRUE(wait_for_field("master_link_status", "up"));
  expect_same();
  EXPECT_EQ(master_info("stats", "sync_full"), "1");
  EXPECT_EQ(master_info("stats", "sync_partial_ok"), "1");
}

TEST_F(ReplicationOfRedis, KeepsAnAppendOnlyFileOfWhatItApplied) {
  start_with({"--appendonly", "yes"});
  write(30);
  master_->client().run("SET", "before", "x");
  follow();
  write(30);
  expect_same();
  ASSERT_TRUE(wait_until([&] {
    const std::string text = run("INFO", "persistence").text;
    return info_field(text, "aof_rewrite_in_progress") == "0" &&
           info_field(text, "aof_rewrite_scheduled") == "0";
  }));
  // A file that begins in the midst of the stream has to say which database that is about.
  RawConnection writer = master_->raw();
  writer.pipeline({{"SELECT", "7"}, {"SET", "first", "1"}});
  expect_same();
  ASSERT_EQ(run("BGREWRITEAOF").type, Reply::Type::kStatus);
  ASSERT_TRUE(wait_until([&] {
    return info_field(run("INFO", "persistence").text, "aof_rewrite_in_progress") == "0";
  }));
  writer.pipeline({{"SET", "second", "2"}});
  expect_same();
  const Reply digest = run("DEBUG", "DIGEST");
  ASSERT_EQ(run("REPLICAOF", "NO", "ONE"), ok());
  server().restart();
  reconnect();
  ASSERT_EQ(run("SELECT", "7"), ok());
  EXPECT_EQ(run("GET", "second"), bulk("2"));
  EXPECT_EQ(run("DEBUG", "DIGEST"), digest);
}

TEST_F(ReplicationOfRedis, IsPromoted) {
  start_with({});
  write(10);
  follow();
  expect_same();
  const std::string id = replication("master_replid");
  EXPECT_EQ(run("SET", "a", "b"), error("READONLY You can't write against a read only replica."));
  EXPECT_EQ(run("REPLICAOF", "127.0.0.1", std::to_string(master_->port())),
            status("OK Already connected to specified master"));
  EXPECT_EQ(run("ROLE").elements[3], bulk("connected"));
  ASSERT_EQ(run("REPLICAOF", "NO", "ONE"), ok());
  EXPECT_EQ(replication("role"), "master");
  EXPECT_EQ(replication("master_replid2"), id);
  EXPECT_EQ(run("SET", "a", "b"), ok());
  // The former master comes back, and needs no copy.
  master_->client().run("REPLICAOF", "127.0.0.1", std::to_string(server().port()));
  EXPECT_TRUE(wait_until([&] { return master_->client().run("GET", "a") == bulk("b"); }));
  EXPECT_EQ(info_number("sync_partial_ok"), 1);
  EXPECT_EQ(info_number("sync_full"), 0);
}

TEST_F(ReplicationOfRedis, BlockingPopsOfTheMasterArriveAsPops) {
  start_with({});
  follow();
  RawConnection waiting = master_->raw();
  waiting.send("*3\r\n$5\r\nBLPOP\r\n$1\r\nq\r\n$1\r\n0\r\n");
  ASSERT_TRUE(wait_until([&] { return master_info("clients", "blocked_clients") == "1"; }));
  master_->client().run("RPUSH", "q", "a", "b");
  EXPECT_EQ(waiting.read_reply().elements.size(), 2U);
  expect_same();
  EXPECT_EQ(run("LRANGE", "q", "0", "-1").elements.size(), 1U);
}

// --- a socket is followed

class ReplicationOfSocket : public ReplicationReplica {
 protected:
  void start_replica(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"--replicaof", "127.0.0.1", master_.port()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    start_with(arguments);
  }
  /// Follows with a full copy of `strings`, up to offset 100.
  void begin_stream(const std::vector<std::pair<std::string, std::string>>& strings) {
    master_.give_copy(kId, 100, rdb_of(strings));
    ASSERT_TRUE(wait_for_field("master_link_status", "up")) << server().log();
  }
  /// The master's next PSYNC comes, and wants this.
  void expect_asked(const std::string& id, const std::string& offset) {
    EXPECT_EQ(master_.handshake(), (std::vector<std::string>{"PSYNC", id, offset}))
        << server().log();
  }

  MasterWire master_;
};

TEST_F(ReplicationOfSocket, IntroducesItself) {
  start_replica({"--masteruser", "me", "--masterauth", "secret", "--replica-announce-ip", "1.2.3.4",
                 "--replica-announce-port", "77"});
  ASSERT_TRUE(master_.accept());
  EXPECT_EQ(master_.command(), std::vector<std::string>{"PING"});
  EXPECT_EQ(replication("master_link_status"), "down");
  master_.send("-NOAUTH Authentication required.\r\n");
  // All of it comes before any of it is answered.
  const std::vector<std::vector<std::string>> introduction = {
      {"AUTH", "me", "secret"},
      {"REPLCONF", "listening-port", "77"},
      {"REPLCONF", "ip-address", "1.2.3.4"},
      {"REPLCONF", "capa", "eof", "capa", "psync2"}};
  for (const auto& expected : introduction) EXPECT_EQ(master_.command(), expected);
  EXPECT_EQ(run("ROLE").elements[3], bulk("handshake"));
  master_.send("+OK\r\n-ERR no ports here\r\n-ERR\r\n\r\n-ERR\r\n");
  EXPECT_EQ(master_.command(),
            (std::vector<std::string>{"PSYNC", replication("master_replid"), "1"}));
}

TEST_F(ReplicationOfSocket, TriesAgainAfterAnErrorOfTheHandshake) {
  start_replica({"--masterauth", "wrong"});
  ASSERT_TRUE(master_.accept());
  master_.command();
  master_.send("-LOADING Redis is loading the dataset in memory\r\n");
  EXPECT_TRUE(master_.closed_by_replica());
  ASSERT_TRUE(master_.accept());
  master_.command();
  master_.send("+PONG\r\n");
  EXPECT_EQ(master_.command(), (std::vector<std::string>{"AUTH", "wrong"}));
  master_.send("-WRONGPASS invalid username-password pair or user is disabled.\r\n");
  EXPECT_TRUE(master_.closed_by_replica());
  EXPECT_FALSE(master_.handshake().empty());
}

TEST_F(ReplicationOfSocket, KeepsItsHistoryWhileTheMasterCannotServe) {
  start_replica();
  begin_stream({{"k", "v"}});
  master_.close();
  for (const char* refusal : {"-NOMASTERLINK Can't SYNC while not connected with my master\r\n",
                              "-LOADING Redis is loading the dataset in memory\r\n"}) {
    expect_asked(kId, "101");
    EXPECT_EQ(run("GET", "k"), bulk("v"));
    master_.send("\r\n");
    master_.send(refusal);
    EXPECT_TRUE(master_.closed_by_replica());
  }
  expect_asked(kId, "101");
  master_.send("+CONTINUE\r\n");
  EXPECT_TRUE(wait_for_field("master_link_status", "up"));
  EXPECT_EQ(replication("master_replid"), kId);
}

TEST_F(ReplicationOfSocket, GoesOnUnderAnotherId) {
  start_replica();
  begin_stream({});
  master_.send_command({"SET", "a", "1"});
  const long long offset = 100 + static_cast<long long>(encode_command({"SET", "a", "1"}).size());
  ASSERT_TRUE(wait_for_field("slave_repl_offset", std::to_string(offset)));
  master_.close();
  expect_asked(kId, std::to_string(offset + 1));
  master_.send("+CONTINUE " + kOtherId + "\r\n");
  ASSERT_TRUE(wait_for_field("master_replid", kOtherId));
  EXPECT_EQ(replication("master_replid2"), kId);
  EXPECT_EQ(replication("second_repl_offset"), std::to_string(offset + 1));
}

TEST_F(ReplicationOfSocket, AsksAnOldMasterWithSync) {
  start_replica();
  EXPECT_FALSE(master_.handshake().empty());
  master_.send("-ERR unknown command 'PSYNC'\r\n");
  EXPECT_EQ(master_.command(), std::vector<std::string>{"SYNC"});
  const std::string rdb = rdb_of({{"old", "master"}});
  master_.send("\n\n$" + std::to_string(rdb.size()) + "\r\n" + rdb +
               encode_command({"SET", "a", "1"}));
  EXPECT_TRUE(wait_until([&] { return run("GET", "a") == bulk("1"); }));
  EXPECT_EQ(run("GET", "old"), bulk("master"));
  master_.close();
  expect_asked("?", "-1");
}

struct BadCopy {
  std::string name;
  std::string mode;
  /// What follows +FULLRESYNC; then the connection is closed if `cut`.
  std::string bytes;
  bool cut = false;
};

class BadCopyOfSocket : public ReplicationOfSocket, public testing::WithParamInterface<BadCopy> {};

TEST_P(BadCopyOfSocket, LeavesTheDataAsTheyWere) {
  start_with({"--repl-diskless-load", GetParam().mode});
  ASSERT_EQ(run("SET", "old", "data"), ok());
  ASSERT_EQ(run("REPLICAOF", "127.0.0.1", master_.port()), ok());
  ASSERT_EQ(master_.handshake().size(), 3U);
  master_.send("+FULLRESYNC " + kId + " 100\r\n" + GetParam().bytes);
  if (GetParam().cut) master_.close();
  ASSERT_EQ(master_.handshake().size(), 3U) << server().log();
  EXPECT_EQ(run("GET", "old"), bulk("data"));
  EXPECT_EQ(run("DBSIZE"), integer(1));
  const std::string rdb = rdb_of({{"new", "data"}});
  master_.send("+FULLRESYNC " + kId + " 100\r\n$" + std::to_string(rdb.size()) + "\r\n" + rdb);
  ASSERT_TRUE(wait_for_field("master_link_status", "up")) << server().log();
  EXPECT_EQ(run("GET", "new"), bulk("data"));
  EXPECT_EQ(run("DBSIZE"), integer(1));
  for (const std::string& name : names_in(server().directory())) EXPECT_EQ(name, "dump.rdb");
}

std::vector<BadCopy> bad_copies() {
  const std::string rdb = rdb_of({{"new", "data"}, {"other", std::string(5000, 'x')}});
  std::string damaged = rdb;
  damaged[rdb.size() / 2] ^= 1;
  const std::string size = "$" + std::to_string(rdb.size()) + "\r\n";
  const std::string mark(40, 'm');
  const std::string other_mark(40, 'n');
  std::vector<BadCopy> all;
  for (const std::string mode : {"disabled", "swapdb"}) {
    const auto add = [&](const std::string& name, const std::string& bytes, bool cut = false) {
      all.push_back({(mode == "disabled" ? "Disk" : "Beside") + name, mode, bytes, cut});
    };
    add("CutBySize", size + rdb.substr(0, rdb.size() / 2), true);
    add("CutByMark", "$EOF:" + mark + "\r\n" + rdb.substr(0, rdb.size() / 2), true);
    add("CutBeforeTheMark", "$EOF:" + mark + "\r\n" + rdb, true);
    add("CutBeforeTheCopy", "\n\n", true);
    add("WrongMark", "$EOF:" + mark + "\r\n" + rdb + other_mark, true);
    add("Damaged", size + damaged);
    add("DamagedBeforeTheMark", "$EOF:" + mark + "\r\n" + damaged + mark);
    add("NoRdb", "$20\r\n" + std::string(20, 'z'));
    add("Nothing", "$0\r\n");
    add("NoSize", "$x\r\n");
    add("NoMark", "$EOF:short\r\n");
    add("Aborted", "-ERR BGSAVE failed, replication can't continue\r\n");
    add("NoCopyAtAll", "hello\r\n");
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Copies, BadCopyOfSocket, testing::ValuesIn(bad_copies()),
                         [](const testing::TestParamInfo<BadCopy>& copy) {
                           return copy.param.name;
                         });

TEST_F(ReplicationOfSocket, ServesNothingOfACopyThatItCouldNotLoad) {
  // Its checksum is right, but the value cannot be read.
  start_with({"--rdbchecksum", "no"});
  ASSERT_EQ(run("SET", "old", "data"), ok());
  ASSERT_EQ(run("REPLICAOF", "127.0.0.1", master_.port()), ok());
  std::string rdb = rdb_of({{"a", "1"}, {"b", std::string(100, 'x')}});
  rdb[rdb.find("b") + 1] = '\x07';
  master_.give_copy(kId, 100, rdb);
  expect_asked("?", "-1");
  EXPECT_EQ(run("DBSIZE"), integer(0));
  rdb = rdb_of({{"a", "1"}});
  master_.send("+FULLRESYNC " + kId + " 100\r\n$" + std::to_string(rdb.size()) + "\r\n" + rdb);
  ASSERT_TRUE(wait_for_field("master_link_status", "up")) << server().log();
  EXPECT_EQ(run("GET", "a"), bulk("1"));
}

TEST_F(ReplicationOfSocket, GivesUpOnAMasterThatFallsSilent) {
  start_replica({"--repl-timeout", "1"});
  // At PING, at PSYNC, within the copy, and within the stream.
  ASSERT_TRUE(master_.accept());
  EXPECT_TRUE(master_.closed_by_replica());
  ASSERT_FALSE(master_.handshake().empty());
  EXPECT_TRUE(master_.closed_by_replica());
  ASSERT_FALSE(master_.handshake().empty());
  master_.send("+FULLRESYNC " + kId + " 100\r\n$100\r\nREDIS0009");
  EXPECT_TRUE(master_.closed_by_replica());
  begin_stream({});
  EXPECT_TRUE(master_.closed_by_replica());
  ASSERT_EQ(run("CONFIG", "SET", "repl-diskless-load", "swapdb"), ok());
  ASSERT_FALSE(master_.handshake().empty());
  master_.send("+FULLRESYNC " + kId + " 100\r\n$100\r\nREDIS0009");
  EXPECT_TRUE(master_.closed_by_replica());
  EXPECT_FALSE(master_.handshake().empty());
}

TEST_F(ReplicationOfSocket, ServesOldDataWhileNewOnesAreLoadedBesideThem) {
  start_replica({"--repl-diskless-load", "swapdb"});
  begin_stream({{"k", "old"}});
  master_.close();
  ASSERT_EQ(master_.handshake().size(), 3U);
  const std::string rdb = rdb_of({{"k", "new"}});
  // Of the same history: what is there may be served.
  master_.send("+FULLRESYNC " + kId + " 500\r\n$" + std::to_string(rdb.size()) + "\r\n" +
               rdb.substr(0, 15));
  ASSERT_TRUE(wait_until(
      [&] { return info_field(run("INFO", "persistence").text, "async_loading") == "1"; }));
  EXPECT_EQ(run("GET", "k"), bulk("old"));
  EXPECT_EQ(run("REPLICAOF", "NO", "ONE"), error("LOADING Redis is loading the dataset in memory"));
  EXPECT_EQ(replication("master_sync_in_progress"), "1");
  master_.send(rdb.substr(15));
  ASSERT_TRUE(wait_for_field("master_link_status", "up"));
  EXPECT_EQ(run("GET", "k"), bulk("new"));
  // Of another one: it may not.
  master_.close();
  ASSERT_EQ(master_.handshake().size(), 3U);
  master_.send("+FULLRESYNC " + kOtherId + " 500\r\n$" + std::to_string(rdb.size()) + "\r\n" +
               rdb.substr(0, 15));
  ASSERT_TRUE(
      wait_for_reply({"GET", "k"}, error("LOADING Redis is loading the dataset in memory")));
  master_.send(rdb.substr(15));
  ASSERT_TRUE(wait_for_field("master_link_status", "up"));
}

TEST_F(ReplicationOfSocket, EndsWhileItLoads) {
  start_replica({"--repl-diskless-load", "on-empty-db"});
  ASSERT_EQ(master_.handshake().size(), 3U);
  master_.send("+FULLRESYNC " + kId + " 500\r\n$1000\r\nREDIS0009");
  ASSERT_TRUE(
      wait_for_reply({"GET", "k"}, error("LOADING Redis is loading the dataset in memory")));
  server().stop_and_wait();
}

TEST_F(ReplicationOfSocket, WaitsForTheEndOfATransaction) {
  start_replica();
  begin_stream({});
  const std::string multi = encode_command({"MULTI"});
  const std::string body = encode_command({"SET", "a", "1"}) + encode_command({"SELECT", "2"});
  const std::string rest = encode_command({"SET", "b", "2"}) + encode_command({"EXEC"});
  master_.send(multi + body + rest.substr(0, 9));
  ASSERT_TRUE(wait_until([&] {
    return replication("slave_read_repl_offset") ==
           std::to_string(100 + multi.size() + body.size() + 9);
  }));
  EXPECT_EQ(run("DBSIZE"), integer(0));
  EXPECT_EQ(replication("slave_repl_offset"), "100");
  master_.send(rest.substr(9));
  const std::size_t end = 100 + multi.size() + body.size() + rest.size();
  EXPECT_TRUE(wait_for_field("slave_repl_offset", std::to_string(end)));
  EXPECT_EQ(run("GET", "a"), bulk("1"));
  ASSERT_EQ(run("SELECT", "2"), ok());
  EXPECT_EQ(run("GET", "b"), bulk("2"));
  // What is not whole is asked for again; the database stays selected.
  master_.send(multi + body);
  master_.close();
  expect_asked(kId, std::to_string(end + 1));
  master_.send("+CONTINUE\r\n" + encode_command({"SET", "c", "3"}));
  EXPECT_TRUE(wait_until([&] { return run("GET", "c") == bulk("3"); }));
}

TEST_F(ReplicationOfSocket, AcknowledgesWhenAsked) {
  start_replica();
  begin_stream({});
  const std::string set = encode_command({"SET", "a", "1"});
  const std::string getack = encode_command({"REPLCONF", "GETACK", "*"});
  const std::string ping = encode_command({"ping"});
  master_.send(set + getack + ping + set);
  const auto before = static_cast<long long>(100 + set.size());
  EXPECT_TRUE(master_.acknowledges(before));
  EXPECT_TRUE(master_.acknowledges(
      before + static_cast<long long>(getack.size() + ping.size() + set.size())));
}

TEST_F(ReplicationOfSocket, LeavesAMasterThatSendsNonsense) {
  start_replica();
  begin_stream({});
  master_.send(encode_command({"SET", "a", "1"}) + "SET inline 1\r\n");
  EXPECT_TRUE(master_.closed_by_replica());
  const std::size_t offset = 100 + encode_command({"SET", "a", "1"}).size();
  expect_asked(kId, std::to_string(offset + 1));
  EXPECT_EQ(run("GET", "a"), bulk("1"));
  EXPECT_EQ(run("EXISTS", "inline"), integer(0));
  master_.send("+CONTINUE\r\n*1\r\n$x\r\n");
  EXPECT_TRUE(master_.closed_by_replica());
  EXPECT_TRUE(wait_for_log("Protocol error"));
}

TEST_F(ReplicationOfSocket, TellsOfErrorsOfTheStreamAndGoesOn) {
  start_replica();
  begin_stream({});
  master_.send(encode_command({"SET", "a", "1"}) + encode_command({"LPUSH", "a", "x"}) +
               encode_command({"NOSUCH", "x"}) + encode_command({"SET", "b", "2"}));
  EXPECT_TRUE(wait_until([&] { return run("GET", "b") == bulk("2"); }));
  EXPECT_EQ(info_number("unexpected_error_replies"), 2);
  expect_log_line({"== CRITICAL == This replica is sending an error to its master: 'WRONGTYPE",
                   "after processing the command 'LPUSH a x'"});
}

TEST_F(ReplicationOfSocket, HidesExpiredKeysUntilTheMasterRemovesThem) {
  start_replica();
  begin_stream({});
  master_.send_command({"SET", "k", "v", "PXAT", "1000"});
  ASSERT_TRUE(wait_until([&] { return run("DBSIZE") == integer(1); }));
  EXPECT_EQ(run("GET", "k"), nil());
  EXPECT_EQ(run("DBSIZE"), integer(1));
  // The master finds it all the same.
  master_.send_command({"APPEND", "k", "w"});
  master_.send_command({"PERSIST", "k"});
  EXPECT_TRUE(wait_until([&] { return run("GET", "k") == bulk("vw"); }));
  master_.send_command({"DEL", "k"});
  EXPECT_TRUE(wait_until([&] { return run("DBSIZE") == integer(0); }));
}

TEST_F(ReplicationOfSocket, AnswersMasterdownWithoutItsMaster) {
  start_replica({"--replica-serve-stale-data", "no"});
  const Reply down =
      error("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.");
  EXPECT_EQ(run("GET", "k"), down);
  EXPECT_EQ(run("PING"), down);
  begin_stream({{"k", "v"}});
  EXPECT_EQ(run("GET", "k"), bulk("v"));
  master_.close();
  EXPECT_TRUE(wait_for_reply({"GET", "k"}, down));
  EXPECT_EQ(run("ROLE").elements[4], integer(-1));
}

TEST_F(ReplicationOfSocket, ShowsItsMasterAsAClient) {
  start_replica({"--timeout", "1", "--maxmemory-clients", "1mb"});
  begin_stream({});
  const std::string list = run("CLIENT", "LIST", "TYPE", "master").text;
  EXPECT_NE(list.find(" flags=M"), std::string::npos) << list;
  EXPECT_NE(list.find(" user=(superuser) "), std::string::npos) << list;
  // A large value is no reason to part from it.
  const std::string large(8 << 20, 'x');
  master_.send_command({"SET", "large", large});
  ASSERT_TRUE(wait_until([&] { return run("STRLEN", "large") == integer(8 << 20); }));
  EXPECT_EQ(replication("master_link_status"), "up");
  EXPECT_GT(info_number("total_net_repl_input_bytes"), 8 << 20);
}

TEST_F(ReplicationOfSocket, TriesAgainWhenTheDiskIsFull) {
  start_with({});
  SKIP_WITHOUT_FAULTS();
  ASSERT_EQ(run("SET", "old", "data"), ok());
  const std::string rdb = rdb_of({{"new", std::string(100'000, 'x')}});
  const std::string copy =
      "+FULLRESYNC " + kId + " 100\r\n$" + std::to_string(rdb.size()) + "\r\n" + rdb;
  const std::vector<std::string> rules = {"open:temp-:ENOSPC:times=1", "write:temp-:ENOSPC:times=1",
                                          "write:temp-:short:times=1", "fsync:temp-:EIO:times=1",
                                          "rename:temp-:EIO:times=1"};
  ASSERT_EQ(run("REPLICAOF", "127.0.0.1", master_.port()), ok());
  for (const std::string& rule : rules) {
    set_faults(rule);
    ASSERT_EQ(master_.handshake().size(), 3U) << rule << server().log();
    master_.send(copy);
    EXPECT_TRUE(master_.closed_by_replica());
    EXPECT_EQ(run("GET", "old"), bulk("data")) << rule;
    EXPECT_TRUE(names_in(server().directory()).empty()) << rule;
  }
  set_faults("");
  ASSERT_EQ(master_.handshake().size(), 3U);
  master_.send(copy);
  ASSERT_TRUE(wait_for_field("master_link_status", "up"));
  EXPECT_EQ(run("STRLEN", "new"), integer(100'000));
}

TEST_F(ReplicationOfSocket, LeavesNoFileBehindIfItIsToLeaveNone) {
  start_replica({"--rdb-del-sync-files", "yes"});
  begin_stream({{"k", "v"}});
  EXPECT_TRUE(names_in(server().directory()).empty());
}

TEST_F(ReplicationOfSocket, TurnsToAnotherMasterAtAnyTime) {
  start_replica();
  MasterWire other;
  ASSERT_EQ(master_.handshake().size(), 3U);
  master_.send("+FULLRESYNC " + kId + " 100\r\n$1000\r\nREDIS");
  ASSERT_TRUE(wait_for_field("master_sync_read_bytes", "5"));
  EXPECT_EQ(replication("master_sync_total_bytes"), "1000");
  EXPECT_EQ(replication("master_sync_left_bytes"), "995");
  EXPECT_EQ(replication("master_sync_perc"), "0.50");
  ASSERT_EQ(run("REPLICAOF", "127.0.0.1", other.port()), ok());
  other.give_copy(kOtherId, 7, rdb_of({{"from", "other"}}));
  ASSERT_TRUE(wait_for_field("master_replid", kOtherId));
  EXPECT_TRUE(master_.closed_by_replica());
  EXPECT_EQ(run("GET", "from"), bulk("other"));
  EXPECT_EQ(names_in(server().directory()), std::vector<std::string>{"dump.rdb"});
}

}  // namespace
}  // namespace spinel::test
