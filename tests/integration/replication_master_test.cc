// A master and who follows it: redis-server as a replica, and replicas that are nothing but a
// socket, for each step of the handshake, the full copy and the stream.

#include <csignal>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <vector>

#include "tests/support/replica_wire.h"
#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

std::string replication_info(const ServerProcess& server, const std::string& field) {
  return info_field(server.client().run("INFO", "replication").text, field);
}

long long offset_of(const ServerProcess& server) {
  return std::atoll(replication_info(server, "master_repl_offset").c_str());
}

class ReplicationMaster : public OwnServerTest {
 protected:
  void start_master(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"--repl-diskless-sync-delay", "0"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    start_with(arguments);
  }

  /// A redis-server that follows `master`, or the server of this test.
  std::unique_ptr<ServerProcess> redis_replica(const ServerProcess* master = nullptr) {
    ServerOptions options;
    options.binary = oracle_binary();
    options.arguments = {"--replicaof", "127.0.0.1",
                         std::to_string((master == nullptr ? server() : *master).port()),
                         "--repl-diskless-sync-delay", "0"};
    return std::make_unique<ServerProcess>(std::move(options));
  }

  bool wait_for_link(const ServerProcess& replica) {
    return wait_until([&] { return replication_info(replica, "master_link_status") == "up"; });
  }
  bool wait_for_online(std::size_t count) {
    return wait_until([&] {
      const std::string text = run("INFO", "replication").text;
      std::size_t online = 0;
      for (std::size_t at = 0; (at = text.find("state=online", at)) != std::string::npos; ++at) {
        ++online;
      }
      return online == count;
    });
  }
  bool wait_for_stat(const std::string& field, long long value) {
    return wait_until([&] { return info_number(field) >= value; });
  }
  bool wait_for_log(const std::string& text) {
    return wait_until([&] { return server().log().find(text) != std::string::npos; });
  }

  /// Waits until `replica` has all that its master has, and the same data: keys may expire between
  /// looking at the one and at the other.
  void expect_same_data(const ServerProcess& replica) {
    EXPECT_TRUE(wait_until([&] { return offset_of(replica) == offset_of(server()); }))
        << offset_of(replica) << " of " << offset_of(server());
    EXPECT_TRUE(wait_until([&] {
      return replica.client().run("DEBUG", "DIGEST") == run("DEBUG", "DIGEST");
    })) << "the data differ";
  }

  /// Has a socket replica ask for a full copy; returns what it is told of the history.
  static std::vector<std::string> ask_for_full(ReplicaWire& wire) {
    EXPECT_EQ(wire.ask({"REPLCONF", "capa", "eof", "capa", "psync2"}), "+OK");
    wire.send({"PSYNC", "?", "-1"});
    return words(wire.line_with_text());
  }
  /// The same, up to where the stream begins.
  static std::vector<std::string> become_online(ReplicaWire& wire) {
    const std::vector<std::string> told = ask_for_full(wire);
    EXPECT_EQ(wire.take_copy().substr(0, 5), "REDIS");
    acknowledge(wire, std::atoll(told[2].c_str()));
    return told;
  }
  static void acknowledge(ReplicaWire& wire, long long offset) {
    wire.send({"REPLCONF", "ACK", std::to_string(offset)});
  }

  void write_something(int rounds) {
    RawConnection connection = server().raw();
    for (int i = 0; i < rounds; ++i) {
      const std::string n = std::to_string(i % 97);
      connection.pipeline({{"SELECT", std::to_string(i % 3)},
                           {"SET", "string:" + n, std::string(static_cast<std::size_t>(i), 'v')},
                           {"INCRBYFLOAT", "float:" + n, "1.25"},
                           {"HSET", "hash:" + n, "field" + std::to_string(i), n},
                           {"ZADD", "zset:" + n, n, "m" + std::to_string(i)},
                           {"SADD", "set:" + n, "a" + std::to_string(i), "b" + std::to_string(i)},
                           {"SPOP", "set:" + n},
                           {"RPUSH", "list:" + n, "x", "y", "z"},
                           {"LPOP", "list:" + n},
                           {"SET", "short:" + n, "gone", "PX", "20"},
                           {"MULTI"},
                           {"INCR", "counter"},
                           {"SETBIT", "bits", std::to_string(i * 31), "1"},
                           {"EXEC"}});
    }
  }
};

// --- redis-server follows

TEST_F(ReplicationMaster, RedisFollowsThroughAPipe) {
  start_master();
  write_something(200);
  const auto replica = redis_replica();
  ASSERT_TRUE(wait_for_link(*replica)) << replica->log();
  write_something(200);
  expect_same_data(*replica);
  EXPECT_EQ(info_number("sync_full"), 1);
  EXPECT_EQ(info("connected_slaves"), "1");
  EXPECT_NE(info("slave0").find("state=online"), std::string::npos);
  EXPECT_NE(server().log().find("Background RDB transfer started by pid"), std::string::npos);
  EXPECT_NE(server().log().find("Diskless rdb transfer, done reading from pipe, 1 replicas"),
            std::string::npos);
}

TEST_F(ReplicationMaster, RedisFollowsThroughAFile) {
  start_master({"--repl-diskless-sync", "no"});
  write_something(200);
  const auto replica = redis_replica();
  ASSERT_TRUE(wait_for_link(*replica)) << replica->log();
  write_something(200);
  expect_same_data(*replica);
  struct stat status {};
  EXPECT_EQ(stat(server().file("dump.rdb").c_str(), &status), 0) << "an ordinary snapshot";
}

TEST_F(ReplicationMaster, ASnapshotForReplicasAloneCanBeRemoved) {
  start_master({"--repl-diskless-sync", "no", "--rdb-del-sync-files", "yes"});
  write_something(20);
  const auto replica = redis_replica();
  ASSERT_TRUE(wait_for_link(*replica)) << replica->log();
  expect_same_data(*replica);
  struct stat status {};
  EXPECT_NE(stat(server().file("dump.rdb").c_str(), &status), 0);
}

TEST_F(ReplicationMaster, OneChildServesAllWhoWait) {
  start_with({"--repl-diskless-sync-delay", "60", "--repl-diskless-sync-max-replicas", "3"});
  write_something(100);
  const auto first = redis_replica();
  const auto second = redis_replica();
  EXPECT_EQ(info_number("total_forks"), 0);
  const auto third = redis_replica();
  for (const auto* replica : {&first, &second, &third}) ASSERT_TRUE(wait_for_link(**replica));
  EXPECT_EQ(info_number("total_forks"), 1);
  EXPECT_EQ(info_number("sync_full"), 3);
  write_something(100);
  for (const auto* replica : {&first, &second, &third}) expect_same_data(**replica);
}

TEST_F(ReplicationMaster, ASubReplicaHasTheSameStream) {
  start_master();
  write_something(50);
  const auto replica = redis_replica();
  ASSERT_TRUE(wait_for_link(*replica));
  const auto sub_replica = redis_replica(replica.get());
  ASSERT_TRUE(wait_for_link(*sub_replica));
  write_something(100);
  expect_same_data(*replica);
  expect_same_data(*sub_replica);
  EXPECT_EQ(replication_info(*sub_replica, "master_replid"), info("master_replid"));
}

TEST_F(ReplicationMaster, RedisGoesOnWhereItWasCutOff) {
  start_master();
  const auto replica = redis_replica();
  ASSERT_TRUE(wait_for_link(*replica));
  for (int round = 1; round <= 3; ++round) {
    write_something(20);
    EXPECT_EQ(run("CLIENT", "KILL", "TYPE", round % 2 == 0 ? "slave" : "replica"), integer(1));
    write_something(20);
    ASSERT_TRUE(wait_for_stat("sync_partial_ok", round));
    ASSERT_TRUE(wait_for_online(1));
    expect_same_data(*replica);
  }
  EXPECT_EQ(info_number("sync_full"), 1);
  EXPECT_EQ(info_number("sync_partial_err"), 0);
}

// What is written while a replica is away is much more than the backlog holds by itself.
TEST_F(ReplicationMaster, WhatAReplicaLacksIsKeptForAWhile) {
  start_master({"--repl-backlog-size", "16kb"});
  const auto replica = redis_replica();
  ASSERT_TRUE(wait_for_link(*replica));
  replica->suspend();
  EXPECT_EQ(run("CLIENT", "KILL", "TYPE", "replica"), integer(1));
  run("SET", "large", std::string(3'000'000, 'x'));
  write_something(50);
  replica->send_signal(SIGCONT);
  ASSERT_TRUE(wait_for_stat("sync_partial_ok", 1));
  expect_same_data(*replica);
  EXPECT_EQ(info_number("sync_full"), 1);
  // Then it is given back.
  ASSERT_TRUE(wait_until([&] {
    run("SET", "a", "b");
    return info_number("repl_backlog_histlen") < 32'000;
  })) << info("repl_backlog_histlen");
}

// The connection is closed in a turn that also writes.
TEST_F(ReplicationMaster, WhatAReplicaLacksIsKeptFromTheTurnOnThatDropsIt) {
  start_master({"--repl-backlog-size", "16kb"});
  ReplicaWire wire(server());
  const std::vector<std::string> told = become_online(wire);
  ASSERT_TRUE(wait_for_online(1));
  run("SET", "a", "1");
  ASSERT_TRUE(wire.stream_has("SET"));
  const long long acknowledged = info_number("master_repl_offset");
  acknowledge(wire, acknowledged);
  ASSERT_TRUE(wait_until([&] { return info("slave0").find("offset=0") == std::string::npos; }));
  RawConnection connection = server().raw();
  const std::string value(30'000, 'x');
  std::vector<std::vector<std::string>> commands(10, {"SET", "a", value});
  commands.insert(commands.begin() + 5, {"CLIENT", "KILL", "TYPE", "replica"});
  connection.pipeline(commands);
  ReplicaWire again(server());
  again.send({"PSYNC", told[1], std::to_string(acknowledged + 1)});
  EXPECT_EQ(again.line(), "+CONTINUE");
}

TEST_F(ReplicationMaster, WhatIsTooMuchToKeepNeedsAFullCopy) {
  start_master(
      {"--repl-backlog-size", "16kb", "--client-output-buffer-limit", "replica 200kb 0 0"});
  const auto replica = redis_replica();
  ASSERT_TRUE(wait_for_link(*replica));
  replica->suspend();
  EXPECT_EQ(run("CLIENT", "KILL", "TYPE", "replica"), integer(1));
  run("SET", "large", std::string(3'000'000, 'x'));
  run("SET", "small", "x");
  replica->send_signal(SIGCONT);
  ASSERT_TRUE(wait_for_stat("sync_full", 2));
  ASSERT_TRUE(wait_for_online(1));
  expect_same_data(*replica);
  EXPECT_EQ(info_number("sync_partial_err"), 1);
}

TEST_F(ReplicationMaster, WhatIsPendingForAReplicaIsLimited) {
  start_master({"--client-output-buffer-limit", "replica 2mb 0 0"});
  const auto replica = redis_replica();
  ASSERT_TRUE(wait_for_link(*replica));
  replica->suspend();
  RawConnection connection = server().raw();
  const std::string value(100'000, 'x');
  // Until the sockets' buffers are full, and as much more as the limit.
  ASSERT_TRUE(wait_until([&] {
    connection.run("SET", "a", value);
    return info("connected_slaves") == "0";
  }));
  EXPECT_NE(server().log().find("raise 'client-output-buffer-limit"), std::string::npos)
      << "the log says what to do";
  replica->send_signal(SIGCONT);
  ASSERT_TRUE(wait_for_online(1));
  expect_same_data(*replica);
}

// To cut such a replica off would mean that it begins again, and is cut off again.
TEST_F(ReplicationMaster, WhatIsWrittenDuringAFullCopyIsKeptBeyondTheLimit) {
  start_master(
      {"--client-output-buffer-limit", "replica 100kb 0 0", "--repl-backlog-size", "16kb"});
  run("DEBUG", "POPULATE", 100);
  run("CONFIG", "SET", "rdb-key-save-delay", 20'000);
  ReplicaWire wire(server());
  const long long begin = std::atoll(ask_for_full(wire)[2].c_str());
  for (int i = 0; i < 30; ++i) run("SET", "a", std::string(100'000, 'x'));
  ASSERT_TRUE(wait_for_log("raise the limit to keep them in any case"));
  wire.take_copy();
  acknowledge(wire, begin);
  EXPECT_GT(wire.take(3'000'000).size(), 2'999'999U);
  ASSERT_TRUE(wait_for_online(1));
}

TEST_F(ReplicationMaster, RedisFollowsWhileDataIsWritten) {
  start_master();
  run("DEBUG", "POPULATE", 20'000, "key", 200);
  RawConnection writer = server().raw();
  std::string requests;
  for (int i = 0; i < 20'000; ++i) {
    requests += encode_command({"INCR", "counter:" + std::to_string(i % 500)});
  }
  ASSERT_TRUE(writer.send(requests.substr(0, requests.size() / 2)));
  const auto replica = redis_replica();
  writer.exchange(requests.substr(requests.size() / 2), 20'000);
  ASSERT_TRUE(wait_for_link(*replica));
  expect_same_data(*replica);
}

// --- the handshake, step by step

TEST_F(ReplicationMaster, AnswersAHandshakeLikeRedis) {
  start_master();
  ServerOptions options;
  options.binary = oracle_binary();
  options.arguments = {"--repl-diskless-sync-delay", "0"};
  ServerProcess redis(options);
  ReplicaWire ours(server());
  ReplicaWire theirs(redis);
  const std::vector<std::vector<std::string>> steps = {
      {"REPLCONF"},
      {"REPLCONF", "a"},
      {"REPLCONF", "a", "b"},
      {"REPLCONF", "listening-port"},
      {"REPLCONF", "listening-port", "abc"},
      {"REPLCONF", "listening-port", "70000"},
      {"REPLCONF", "listening-port", "-1"},
      {"REPLCONF", "listening-port", "99999999999"},
      {"REPLCONF", "ip-address", "1.2.3.4"},
      {"REPLCONF", "ip-address", std::string(300, 'x')},
      {"REPLCONF", "capa", "blah"},
      {"REPLCONF", "ack", "5"},
      {"REPLCONF", "ack", "x"},
      {"REPLCONF", "ack"},
      {"REPLCONF", "getack", "*"},
      {"REPLCONF", "rdb-only", "2"},
      {"REPLCONF", "rdb-only", "x"},
      {"REPLCONF", "rdb-only", "0"},
      {"REPLCONF", "rdb-filter-only", "x"},
      {"REPLCONF", "rdb-filter-only", ""},
      {"REPLCONF", "rdb-filter-only", "functions"},
      {"PSYNC", "?", "-1"},  // without capa eof
      {"REPLCONF", "capa", "eof", "version", "8.0.1"},
      {"REPLCONF", "listening-port", "1", "ack", "3", "capa", "eof"},
      {"PSYNC"},
      {"PSYNC", "x"},
      {"PSYNC", "a", "b"},
      {"PSYNC", "a", "b", "c"},
      {"PSYNC", "a", "1", "failover"},
  };
  for (const auto& step : steps) {
    std::string text;
    for (const std::string& word : step) text += word.substr(0, 40) + " ";
    EXPECT_EQ(ours.ask(step), theirs.ask(step)) << text;
  }
  ReplicaWire monitor(server());
  monitor.ask({"MONITOR"});
  monitor.ask({"PSYNC", "?", "-1"});  // is not answered
  EXPECT_EQ(info("connected_slaves"), "0");
  ReplicaWire pending(server());
  pending.send_bytes("PING\r\nPSYNC ? -1\r\n");
  EXPECT_EQ(pending.line(), "+PONG");
  EXPECT_EQ(pending.line(), "-ERR SYNC and PSYNC are invalid with pending output");
}

TEST_F(ReplicationMaster, AFullCopyWithAMarkIsFollowedByTheStreamOnceAcknowledged) {
  start_master();
  run("SET", "a", "1");
  ReplicaWire wire(server());
  const std::vector<std::string> told = ask_for_full(wire);
  EXPECT_EQ(told[0], "+FULLRESYNC");
  EXPECT_EQ(told[1], info("master_replid"));
  EXPECT_EQ(told[2], "0");
  const std::string copy = wire.take_copy();
  EXPECT_EQ(copy.substr(0, 5), "REDIS");
  EXPECT_NE(copy.find("repl-id(" + told[1]), std::string::npos);
  ASSERT_TRUE(wait_for_online(1));
  run("SET", "a", "2");
  EXPECT_TRUE(wire.is_silent(milliseconds(300))) << "before the first acknowledgement";
  acknowledge(wire, 0);
  const std::string stream =
      "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n2\r\n";
  EXPECT_EQ(wire.take(stream.size()), stream);
  EXPECT_EQ(info_number("master_repl_offset"), static_cast<long long>(stream.size()));
  EXPECT_NE(run("CLIENT", "LIST", "TYPE", "replica").text.find("flags=S"), std::string::npos);
  EXPECT_EQ(run("ROLE").elements[2].elements.size(), 1U);
  acknowledge(wire, static_cast<long long>(stream.size()));
  EXPECT_TRUE(wait_until([&] {
    return info("slave0") ==
           "ip=127.0.0.1,port=0,state=online,offset=" + std::to_string(stream.size()) + ",lag=0";
  })) << info("slave0");
  EXPECT_EQ(info("connected_clients"), "1") << "replicas are counted apart";
}

TEST_F(ReplicationMaster, SyncOfOldIsALengthAndTheStreamAtOnce) {
  start_master();
  run("SET", "a", "1");
  ReplicaWire wire(server());
  wire.send_bytes("SYNC\r\n");
  EXPECT_EQ(wire.take_copy().substr(0, 5), "REDIS");
  run("SET", "a", "2");
  EXPECT_TRUE(wire.stream_has("$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n2"));
  ASSERT_TRUE(wait_for_online(1));
}

TEST_F(ReplicationMaster, SomebodyMayWantNothingButTheCopy) {
  start_master();
  run("SET", "a", "some value");
  for (const bool with_data : {true, false}) {
    ReplicaWire wire(server());
    wire.ask({"REPLCONF", "capa", "eof", "rdb-only", "1"});
    if (!with_data) wire.ask({"REPLCONF", "rdb-filter-only", ""});
    wire.send({"PSYNC", "?", "-1"});
    EXPECT_EQ(wire.line_with_text().substr(0, 11), "+FULLRESYNC");
    EXPECT_EQ(wire.take_copy().find("some value") != std::string::npos, with_data);
    EXPECT_TRUE(wire.closes());
  }
}

TEST_F(ReplicationMaster, AReplicaThatGetsAnAnswerIsDisconnected) {
  start_master();
  run("SET", "a", "1");
  const std::vector<std::vector<std::string>> commands = {
      {"PING"}, {"GET", "a"}, {"SET", "a", "2"}, {"REPLCONF", "capa", "eof"}, {"NONSENSE"}};
  for (const auto& command : commands) {
    ReplicaWire wire(server());
    become_online(wire);
    wire.send({"PSYNC", "?", "-1"});  // is not answered
    wire.send(command);
    EXPECT_TRUE(wire.closes()) << command[0];
  }
  ReplicaWire wire(server());
  become_online(wire);
  wire.send_bytes("*1\r\n:1\r\n");
  bool closed = false;
  EXPECT_EQ(wire.rest(closed).find("-ERR"), std::string::npos) << "within the stream";
  EXPECT_TRUE(closed);
  EXPECT_NE(server().log().find("Replica generated a reply to command 'get', disconnecting it"),
            std::string::npos);
  EXPECT_EQ(run("GET", "a"), bulk("1"));
}

TEST_F(ReplicationMaster, ContinuesWhereAReplicaIsWithinTheBacklog) {
  start_master();
  ReplicaWire first(server());
  const std::string id = become_online(first)[1];
  run("SET", "a", "1");
  const long long end = info_number("master_repl_offset");
  struct Case {
    std::string id;
    long long offset;
    bool continues;
  };
  for (const Case& one : std::vector<Case>{{id, 1, true},
                                           {id, end, true},
                                           {id, end + 1, true},
                                           {id, end + 2, false},
                                           {id, 0, false},
                                           {id, -1, false},
                                           {std::string(40, '0'), 1, false},
                                           {std::string(40, 'a'), end, false}}) {
    for (const bool knows_id : {false, true}) {
      ReplicaWire wire(server());
      wire.ask({"REPLCONF", "capa", "eof"});
      if (knows_id) wire.ask({"REPLCONF", "capa", "psync2"});
      wire.send({"PSYNC", one.id, std::to_string(one.offset)});
      const std::string expected =
          one.continues ? (knows_id ? "+CONTINUE " + id : "+CONTINUE") : "+FULLRESYNC " + id;
      EXPECT_EQ(wire.line_with_text().substr(0, expected.size()), expected)
          << one.id << " " << one.offset;
      if (!one.continues || one.offset != 1) continue;
      EXPECT_TRUE(wire.stream_has("SELECT"));
    }
  }
  EXPECT_EQ(info_number("sync_partial_ok"), 6);
  EXPECT_EQ(info_number("sync_partial_err"), 10);
}

TEST_F(ReplicationMaster, AnswersWithALineNowAndThenUntilTheCopyBegins) {
  start_with({"--repl-diskless-sync-delay", "60"});
  ReplicaWire wire(server());
  wire.ask({"REPLCONF", "capa", "eof"});
  wire.send({"PSYNC", "?", "-1"});
  EXPECT_EQ(wire.line(), "");
  EXPECT_EQ(wire.line(), "");
  EXPECT_EQ(info("slave0"), "ip=127.0.0.1,port=0,state=wait_bgsave,offset=0,lag=0");
  EXPECT_EQ(run("CONFIG", "SET", "repl-diskless-sync-delay", "0"), ok());
  EXPECT_EQ(wire.line_with_text().substr(0, 11), "+FULLRESYNC");
}

TEST_F(ReplicationMaster, AReplicaJoinsASnapshotThatIsBeingWritten) {
  start_master({"--repl-diskless-sync", "no"});
  run("DEBUG", "POPULATE", 100);
  run("CONFIG", "SET", "rdb-key-save-delay", 20'000);
  ReplicaWire first(server());
  const std::vector<std::string> told = ask_for_full(first);
  run("SET", "later", "1");
  ReplicaWire second(server());
  EXPECT_EQ(ask_for_full(second), told) << "the same place in the history";
  ReplicaWire lesser(server());
  lesser.send({"PSYNC", "?", "-1"});
  EXPECT_EQ(lesser.line(), "") << "it knows less than the snapshot needs: it waits for the next";
  run("CONFIG", "SET", "rdb-key-save-delay", 0);
  for (ReplicaWire* wire : {&first, &second}) {
    const std::string copy = wire->take_copy();
    EXPECT_EQ(copy.substr(0, 5), "REDIS");
    EXPECT_EQ(copy.find("later"), std::string::npos);
    EXPECT_TRUE(wire->stream_has("later"));
  }
  EXPECT_EQ(lesser.line_with_text().substr(0, 11), "+FULLRESYNC");
  EXPECT_NE(lesser.take_copy().find("later"), std::string::npos);
  EXPECT_EQ(info_number("total_forks"), 2);
}

TEST_F(ReplicationMaster, TheChildEndsWhenNobodyIsLeft) {
  start_master();
  run("DEBUG", "POPULATE", 1000);
  run("CONFIG", "SET", "rdb-key-save-delay", 50'000);
  {
    ReplicaWire wire(server());
    ask_for_full(wire);
    ASSERT_TRUE(wait_until([&] { return info("rdb_bgsave_in_progress") == "1"; }));
  }
  ASSERT_TRUE(wait_until([&] { return info("rdb_bgsave_in_progress") == "0"; }));
  EXPECT_TRUE(wait_for_log("Diskless rdb transfer, last replica dropped, killing fork child"));
}

TEST_F(ReplicationMaster, AChildThatDiesDropsItsReplicas) {
  for (const char* diskless : {"yes", "no"}) {
    ServerOptions options;
    options.arguments = {"--repl-diskless-sync-delay", "0", "--repl-diskless-sync", diskless};
    ServerProcess master(options);
    Client client = master.client();
    client.run("DEBUG", "POPULATE", 1000);
    client.run("CONFIG", "SET", "rdb-key-save-delay", 50'000);
    ReplicaWire wire(master);
    ask_for_full(wire);
    ASSERT_TRUE(wait_until([&] { return !children_of(master.pid()).empty(); }));
    ::kill(children_of(master.pid())[0], SIGKILL);
    EXPECT_TRUE(wire.closes());
    client.run("CONFIG", "SET", "rdb-key-save-delay", 0);
    ReplicaWire again(master);
    become_online(again);
  }
}

// One replica reads nothing: the other one waits for it, but only so long, and the master's memory
// does not grow.
TEST_F(ReplicationMaster, AReplicaThatStallsInTheCopyIsDropped) {
  start_with({"--repl-diskless-sync-delay", "60", "--repl-diskless-sync-max-replicas", "2",
              "--repl-timeout", "2", "--rdbcompression", "no"});
  run("DEBUG", "POPULATE", 200, "key", 100'000);
  const long long before = info_number("used_memory");
  ReplicaWire stalled(server());
  stalled.ask({"REPLCONF", "capa", "eof"});
  stalled.send({"PSYNC", "?", "-1"});
  ReplicaWire reading(server());
  EXPECT_EQ(ask_for_full(reading)[0], "+FULLRESYNC");
  long long most = 0;
  std::thread reader([&] { EXPECT_GT(reading.take_copy().size(), 20'000'000U); });
  EXPECT_TRUE(wait_until([&] {
    most = std::max(most, info_number("used_memory"));
    return server().log().find("Disconnecting timedout replica (full sync)") != std::string::npos;
  }));
  EXPECT_LT(most - before, 8'000'000);
  reader.join();
}

TEST_F(ReplicationMaster, AReplicaThatIsSilentIsDropped) {
  start_master({"--repl-timeout", "2"});
  ReplicaWire wire(server());
  become_online(wire);
  ReplicaWire old(server());
  old.send({"SYNC"});
  old.take_copy();
  EXPECT_TRUE(wire.closes());
  EXPECT_NE(server().log().find("Disconnecting timedout replica (streaming sync)"),
            std::string::npos);
  EXPECT_EQ(info("connected_slaves"), "1") << "nobody expects SYNC to acknowledge anything";
}

TEST_F(ReplicationMaster, PingsAreAPartOfTheStream) {
  start_master({"--repl-ping-replica-period", "1"});
  ReplicaWire wire(server());
  become_online(wire);
  EXPECT_TRUE(wire.stream_has("*1\r\n$4\r\nping\r\n*1\r\n$4\r\nping\r\n"));
  EXPECT_GE(info_number("master_repl_offset"), 28);
}

TEST_F(ReplicationMaster, TheBacklogIsFreedWhenNobodyComesBack) {
  start_master({"--repl-backlog-ttl", "1"});
  std::string id;
  {
    ReplicaWire wire(server());
    id = become_online(wire)[1];
    EXPECT_EQ(info("repl_backlog_active"), "1");
  }
  ASSERT_TRUE(wait_until([&] { return info("repl_backlog_active") == "0"; }));
  EXPECT_NE(info("master_replid"), id);
}

TEST_F(ReplicationMaster, TheBacklogChangesItsSize) {
  start_master({"--repl-backlog-size", "1mb"});
  {
    ReplicaWire wire(server());
    wire.send({"SYNC"});  // acknowledges nothing
    wire.take_copy();
    for (int i = 0; i < 8; ++i) run("SET", "a", std::string(100'000, 'x'));
    ASSERT_TRUE(wire.stream_has("$100000"));
  }
  run("CONFIG", "SET", "client-output-buffer-limit", "replica 16384 0 0");
  EXPECT_GT(info_number("repl_backlog_histlen"), 800'000);
  run("CONFIG", "SET", "repl-backlog-size", "100kb");
  EXPECT_TRUE(wait_until([&] { return info_number("repl_backlog_histlen") <= 102'400; }));
}

// --- WAIT

TEST_F(ReplicationMaster, WaitCountsWhoAcknowledged) {
  start_master();
  ReplicaWire first(server());
  ReplicaWire second(server());
  become_online(first);
  become_online(second);
  ASSERT_TRUE(wait_for_online(2));
  RawConnection waiting = server().raw();
  EXPECT_EQ(waiting.run("WAIT", 2, 0), integer(2)) << "nothing was written: all have it";
  waiting.run("SET", "a", "1");
  const long long written = info_number("master_repl_offset");
  EXPECT_EQ(waiting.run("WAIT", 1, 50), integer(0));
  ASSERT_TRUE(waiting.send(encode_command({"WAIT", "2", "0"})));
  ASSERT_TRUE(wait_until([&] { return info("blocked_clients") == "1"; }));
  acknowledge(first, written - 1);
  acknowledge(second, written);
  ASSERT_TRUE(wait_until([&] { return info("slave1").find("offset=0") == std::string::npos; }));
  EXPECT_EQ(info("blocked_clients"), "1");
  acknowledge(first, written);
  EXPECT_EQ(waiting.read_reply(), integer(2));
  EXPECT_EQ(waiting.run("WAIT", 1, 0), integer(2));
  // Within a transaction nobody waits.
  waiting.run("SET", "a", "2");
  waiting.pipeline({{"MULTI"}, {"WAIT", "2", "0"}});
  EXPECT_EQ(waiting.run("EXEC"), array({integer(0)}));
}

TEST_F(ReplicationMaster, NobodyWaitsForReplicasOfAReplica) {
  start_master();
  RawConnection waiting = server().raw();
  waiting.run("SET", "a", "1");
  ASSERT_TRUE(waiting.send(encode_command({"WAIT", "1", "0"})));
  ASSERT_TRUE(wait_until([&] { return info("blocked_clients") == "1"; }));
  EXPECT_EQ(run("REPLICAOF", "127.0.0.1", "1"), ok());
  EXPECT_EQ(waiting.read_reply(),
            error("UNBLOCKED force unblock from blocking operation, instance state changed (master "
                  "-> replica?)"));
  EXPECT_TRUE(waiting.closes());
  EXPECT_TRUE(run("WAIT", 0, 0).is_error_with("ERR WAIT cannot be used with replica instances."));
  EXPECT_TRUE(
      run("WAITAOF", 0, 0, 0).is_error_with("ERR WAITAOF cannot be used with replica instances."));
}

TEST_F(ReplicationMaster, WaitWithAReplicaThatStandsStill) {
  start_master();
  const auto first = redis_replica();
  const auto second = redis_replica();
  ASSERT_TRUE(wait_for_online(2));
  run("SET", "a", "1");
  EXPECT_EQ(run("WAIT", 2, 0), integer(2));
  second->suspend();
  run("SET", "a", "2");
  EXPECT_EQ(run("WAIT", 2, 200), integer(1));
  second->send_signal(SIGCONT);
  EXPECT_EQ(run("WAIT", 2, 0), integer(2));
}

TEST_F(ReplicationMaster, WaitaofCountsFilesThatAreSynced) {
  start_master({"--appendonly", "yes"});
  ReplicaWire wire(server());
  become_online(wire);
  ASSERT_TRUE(wait_for_online(1));
  run("SET", "a", "1");
  EXPECT_EQ(run("WAITAOF", 1, 0, 0), array({integer(1), integer(0)}));
  const long long written = info_number("master_repl_offset");
  RawConnection waiting = server().raw();
  waiting.run("SET", "a", "2");
  ASSERT_TRUE(waiting.send(encode_command({"WAITAOF", "0", "1", "0"})));
  ASSERT_TRUE(wait_until([&] { return info("blocked_clients") == "1"; }));
  const long long now = info_number("master_repl_offset");
  wire.send({"REPLCONF", "ACK", std::to_string(now), "FACK", std::to_string(written)});
  ASSERT_TRUE(wait_until([&] { return info("slave0").find("offset=0") == std::string::npos; }));
  EXPECT_EQ(info("blocked_clients"), "1");
  wire.send({"REPLCONF", "ACK", std::to_string(now), "FACK", std::to_string(now)});
  EXPECT_EQ(waiting.read_reply().elements.at(1), integer(1));
}

// --- min-replicas and shutdown

TEST_F(ReplicationMaster, RefusesWritesWithTooFewReplicas) {
  start_master({"--min-replicas-to-write", "1", "--min-replicas-max-lag", "2"});
  const Reply refusal = error("NOREPLICAS Not enough good replicas to write.");
  EXPECT_EQ(run("SET", "a", "1"), refusal);
  const auto replica = redis_replica();
  ASSERT_TRUE(wait_until([&] { return run("SET", "a", "1") == ok(); }));
  EXPECT_EQ(info("min_slaves_good_slaves"), "1");
  replica->suspend();
  ASSERT_TRUE(wait_until([&] { return run("SET", "a", "1") == refusal; }));
  replica->send_signal(SIGCONT);
  ASSERT_TRUE(wait_until([&] { return run("SET", "a", "1") == ok(); }));
}

TEST_F(ReplicationMaster, AShutdownWaitsForReplicas) {
  start_master();
  const auto replica = redis_replica();
  ASSERT_TRUE(wait_for_online(1));
  replica->suspend();
  run("SET", "a", "last");
  RawConnection asking = server().raw();
  ASSERT_TRUE(asking.send(encode_command({"SHUTDOWN"})));
  ASSERT_TRUE(wait_until([&] { return info("blocked_clients") == "1"; }));
  RawConnection writing = server().raw();
  ASSERT_TRUE(writing.send(encode_command({"SET", "b", "too late"})));
  ASSERT_TRUE(wait_until([&] { return info("blocked_clients") == "2"; }));
  EXPECT_EQ(run("GET", "a"), bulk("last"));
  EXPECT_EQ(run("SHUTDOWN", "ABORT"), ok());
  EXPECT_EQ(asking.read_reply(), error("ERR Errors trying to SHUTDOWN. Check logs."));
  EXPECT_EQ(writing.read_reply(), ok());
  EXPECT_EQ(run("SHUTDOWN", "ABORT"), error("ERR No shutdown in progress."));
  ASSERT_TRUE(asking.send(encode_command({"SHUTDOWN"})));
  ASSERT_TRUE(wait_until([&] { return info("blocked_clients") == "1"; }));
  replica->send_signal(SIGCONT);
  EXPECT_TRUE(server().wait_for_exit().clean());
  EXPECT_NE(server().log().find("1 of 1 replicas are in sync"), std::string::npos);
  EXPECT_EQ(replica->client().run("GET", "b"), bulk("too late"));
}

// It is answered with what came before it: a master that waited for the bytes of its own question
// would ask for ever.
TEST_F(ReplicationMaster, AShutdownAsksOnce) {
  start_master();
  ReplicaWire wire(server());
  const long long begin = std::atoll(become_online(wire)[2].c_str());
  ASSERT_TRUE(wait_for_online(1));
  run("SET", "a", "last");
  const long long written = info_number("master_repl_offset");
  server().send_signal(SIGTERM);
  const std::string question = "GETACK\r\n$1\r\n*\r\n";
  const std::string stream = wire.take_through(question);
  EXPECT_EQ(stream.size(), static_cast<std::size_t>(written - begin) + 37);
  EXPECT_TRUE(wire.is_silent(milliseconds(300)));
  acknowledge(wire, written);
  EXPECT_TRUE(server().wait_for_exit().clean());
  EXPECT_NE(server().log().find("1 of 1 replicas are in sync"), std::string::npos);
}

TEST_F(ReplicationMaster, AShutdownWaitsOnlySoLong) {
  start_master({"--shutdown-timeout", "1"});
  ReplicaWire wire(server());
  become_online(wire);
  ASSERT_TRUE(wait_for_online(1));
  run("SET", "a", "last");
  EXPECT_TRUE(server().stop_and_wait().clean());
  EXPECT_NE(server().log().find("0 of 1 replicas are in sync"), std::string::npos);
  EXPECT_NE(server().log().find("Lagging replica 127.0.0.1"), std::string::npos);
}

// --- redis-cli

TEST_F(ReplicationMaster, RedisCliCopies) {
  start_master();
  run("SET", "a", "some value");
  const std::string port = std::to_string(server().port());
  for (const char* option : {"--rdb", "--functions-rdb"}) {
    const std::string path = server().file("copy.rdb");
    const ProgramResult result = run_program({"redis-cli", "-p", port, option, path});
    EXPECT_TRUE(result.status.clean()) << result.output;
    EXPECT_EQ(read_file(path).find("some value") != std::string::npos,
              std::string(option) == "--rdb");
    const ProgramResult check = run_program({"redis-check-rdb", path});
    EXPECT_TRUE(check.status.clean()) << check.output;
  }
}

}  // namespace
}  // namespace spinel::test
