// MULTI, EXEC, DISCARD, WATCH and UNWATCH.

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

const Reply kQueued = status("QUEUED");
const Reply kDiscarded = error("EXECABORT Transaction discarded because of previous errors.");
const Reply kNoExec = error("ERR EXEC without MULTI");

using TransactionTest = ServerTest;

TEST_F(TransactionTest, RunsWhatWasQueued) {
  expect_session({{"MULTI", ok()},
                  {"SET a 1", kQueued},
                  {"INCR a", kQueued},
                  {"LPUSH a x", kQueued},
                  {"GET a", kQueued},
                  {"EXEC", array({ok(), integer(2),
                                  error("WRONGTYPE Operation against a key holding the wrong kind "
                                        "of value"),
                                  bulk("2")})},
                  {"EXEC", kNoExec},
                  {"MULTI", ok()},
                  {"EXEC", array({})}});
  run3("MULTI");
  run3("HSET", "h", "f", "v");
  run3("HGETALL", "h");
  EXPECT_EQ(run3("EXEC").elements.at(1).type, Reply::Type::kMap);
}

TEST_F(TransactionTest, NothingRunsBeforeExec) {
  expect_session({{"MULTI", ok()}, {"SET a 1", kQueued}});
  EXPECT_EQ(run3("EXISTS", "a"), integer(0));
  expect_session({{"DISCARD", ok()}, {"EXISTS a", integer(0)}, {"EXEC", kNoExec}});
  expect_session({{"DISCARD", error("ERR DISCARD without MULTI")}});
}

TEST_F(TransactionTest, ARefusedCommandDiscardsAll) {
  const std::vector<std::pair<std::string, Reply>> refused = {
      {"NOSUCH a", error("ERR unknown command 'NOSUCH', with args beginning with: 'a' ")},
      {"GET", error("ERR wrong number of arguments for 'get' command")},
      {"WATCH", error("ERR wrong number of arguments for 'watch' command")},
      {"MULTI x", error("ERR wrong number of arguments for 'multi' command")},
      {"SAVE", error("ERR Command not allowed inside a transaction")},
      {"SHUTDOWN", error("ERR Command not allowed inside a transaction")}};
  for (const auto& [text, reply] : refused) {
    expect_session({{"MULTI", ok()},
                    {"SET a 1", kQueued},
                    {text, reply},
                    {"SET a 2", kQueued},
                    {"EXEC", kDiscarded},
                    {"EXISTS a", integer(0)},
                    {"EXEC", kNoExec}});
  }
}

TEST_F(TransactionTest, SomeErrorsDiscardNothing) {
  expect_session({{"MULTI", ok()},
                  {"MULTI", error("ERR MULTI calls can not be nested")},
                  {"WATCH a", error("ERR WATCH inside MULTI is not allowed")},
                  {"SET a 1", kQueued},
                  {"UNWATCH", kQueued},
                  {"EXEC", array({ok(), ok()})}});
}

TEST_F(TransactionTest, ARefusedExecTellsWhy) {
  const Reply reason = error(
      "EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command");
  expect_session({{"EXEC x", reason},
                  {"MULTI", ok()},
                  {"SET a 1", kQueued},
                  {"EXEC x", reason},
                  {"EXEC", kNoExec}});
}

TEST_F(TransactionTest, BlockingCommandsAnswerAtOnce) {
  for (const char* command : {"MULTI", "BLPOP l 0", "BLMOVE l m LEFT RIGHT 0", "BZPOPMIN z 0",
                              "BLMPOP 0 1 l LEFT", "WAIT 1 0"}) {
    line(command);
    resp3().command(words(command));
  }
  EXPECT_EQ(line("EXEC"), array({nil(), nil(), nil(), nil(), integer(0)}));
  EXPECT_EQ(run3("EXEC"), array({nil(), nil(), nil(), nil(), integer(0)}));
  // The session can wait again.
  EXPECT_EQ(line("BLPOP l 0.01"), nil());
}

TEST_F(TransactionTest, WatchedKeysAbort) {
  RawConnection other = server().raw();
  expect_session({{"SET k 1", ok()}, {"WATCH k j", ok()}});
  EXPECT_EQ(other.run("INCR", "k"), integer(2));
  expect_session({{"MULTI", ok()}, {"SET k 9", kQueued}, {"EXEC", nil()}, {"GET k", bulk("2")}});
  // The watch was for one EXEC.
  other.run("INCR", "k");
  expect_session({{"MULTI", ok()}, {"GET k", kQueued}, {"EXEC", array({bulk("3")})}});

  RawConnection resp2 = server().raw();
  for (RawConnection* connection : {&resp2, &resp3()}) {
    connection->run("WATCH", "k");
    other.run("INCR", "k");
    connection->run("MULTI");
    EXPECT_EQ(connection->run("EXEC"), connection == &resp2 ? null_array() : nil());
  }
  // What UNWATCH and DISCARD forget does not abort.
  for (const char* forget : {"UNWATCH", "MULTI", "RESET"}) {
    resp2.run("WATCH", "k");
    other.run("INCR", "k");
    resp2.run(forget);
    if (forget == std::string("MULTI")) {
      EXPECT_EQ(resp2.run("DISCARD"), ok());
    }
    resp2.run("MULTI");
    EXPECT_EQ(resp2.run("EXEC"), array({})) << forget;
  }
}

TEST_F(TransactionTest, AbortedTransactionsForgetTheWatch) {
  RawConnection other = server().raw();
  line("WATCH k");
  other.run("SET", "k", 1);
  expect_session({{"MULTI", ok()},
                  {"GET", error("ERR wrong number of arguments for 'get' command")},
                  {"EXEC", kDiscarded},
                  {"MULTI", ok()},
                  {"EXEC", array({})}});
}

TEST_F(TransactionTest, LoadingAbortsWhereAKeyWas) {
  line("SET k 1");
  line("WATCH k");
  EXPECT_EQ(run3("DEBUG", "RELOAD"), ok());
  expect_session({{"MULTI", ok()}, {"EXEC", nil()}, {"WATCH absent", ok()}});
  EXPECT_EQ(run3("DEBUG", "RELOAD"), ok());
  expect_session({{"MULTI", ok()}, {"EXEC", array({})}});
}

TEST_F(TransactionTest, ResetAndQuitRunAtOnce) {
  RawConnection connection = server().raw();
  connection.run("MULTI");
  connection.run("SET", "a", 1);
  EXPECT_EQ(connection.run("RESET"), status("RESET"));
  EXPECT_EQ(connection.run("EXEC"), kNoExec);
  connection.run("MULTI");
  connection.run("SET", "a", 1);
  EXPECT_EQ(connection.run("QUIT"), ok());
  EXPECT_EQ(run("EXISTS", "a"), integer(0));
}

TEST_F(TransactionTest, HelloChangesTheProtocolWithinExec) {
  RawConnection connection = server().raw();
  connection.run("MULTI");
  connection.run("HELLO", 3);
  connection.run("HGETALL", "none");
  const Reply reply = connection.run("EXEC");
  ASSERT_EQ(reply.elements.size(), 2u);
  EXPECT_EQ(reply.elements[0].type, Reply::Type::kMap);
  EXPECT_EQ(reply.elements[1].type, Reply::Type::kMap);
}

TEST_F(TransactionTest, ClientReplyWorksOnEachReply) {
  const auto expect_bytes = [&](const std::string& requests, const std::string& replies) {
    RawConnection connection = server().raw();
    std::string all;
    for (const std::string& text : split(requests + ";QUIT", ';')) {
      all += encode_command(words(text));
    }
    connection.send(all);
    EXPECT_EQ(connection.read_until_closed(), replies + "+OK\r\n") << requests;
  };
  const std::string queued = "+QUEUED\r\n";
  expect_bytes("MULTI;SET a 1;CLIENT REPLY OFF;SET a 2;CLIENT REPLY ON;GET a;EXEC;PING",
               "+OK\r\n" + queued + queued + queued + queued + queued +
                   "*5\r\n+OK\r\n+OK\r\n$1\r\n2\r\n+PONG\r\n");
  expect_bytes("CLIENT REPLY OFF;MULTI;SET a 1;CLIENT REPLY ON;SET a 2;EXEC;PING",
               "+OK\r\n+OK\r\n+PONG\r\n");
  expect_bytes("MULTI;SET a 1;CLIENT REPLY SKIP;SET a 2;EXEC;ECHO no;ECHO yes",
               "+OK\r\n" + queued + queued + queued + "*3\r\n+OK\r\n+OK\r\n$3\r\nyes\r\n");
}

TEST_F(TransactionTest, MonitorIsNotForTransactions) {
  expect_session({{"MULTI", ok()},
                  {"MONITOR", kQueued},
                  {"EXEC", array({error("ERR MONITOR isn't allowed for DENY BLOCKING client")})}});
}

TEST_F(TransactionTest, MonitorsSeeExecAfterItsCommands) {
  RawConnection monitor = server().raw();
  EXPECT_EQ(monitor.run("MONITOR"), ok());
  for (const char* command : {"MULTI", "SET a 1", "NOSUCH", "EXEC", "MULTI", "SET a 1", "EXEC"}) {
    line(command);
  }
  for (const char* seen :
       {"\"MULTI\"", "\"EXEC\"", "\"MULTI\"", "\"SET\" \"a\" \"1\"", "\"EXEC\""}) {
    const Reply reply = monitor.read_reply();
    EXPECT_TRUE(reply.text.ends_with(seen)) << reply << " is not " << seen;
  }
}

TEST_F(TransactionTest, TheSlowLogHasTheCommandsNotExec) {
  const std::string before = config("slowlog-log-slower-than");
  run("CONFIG", "SET", "slowlog-log-slower-than", 0);
  run("SLOWLOG", "RESET");
  for (const char* command : {"MULTI", "SET a 1", "INCR a", "EXEC"}) line(command);
  const Reply log = run("SLOWLOG", "GET");
  run("CONFIG", "SET", "slowlog-log-slower-than", before);
  ASSERT_GE(log.elements.size(), 3u);
  EXPECT_EQ(log.elements[0].elements.at(3), bulks({"INCR", "a"}));
  EXPECT_EQ(log.elements[1].elements.at(3), bulks({"SET", "a", "1"}));
  EXPECT_EQ(log.elements[2].elements.at(3), bulks({"MULTI"}));
}

TEST_F(TransactionTest, ClientListShowsTransactions) {
  RawConnection other = server().raw();
  const auto mine = [&] {
    const std::string id = std::to_string(other.run("CLIENT", "ID").number);
    return run("CLIENT", "LIST", "ID", id).text;
  };
  EXPECT_NE(mine().find(" flags=N "), std::string::npos) << mine();
  EXPECT_NE(mine().find(" multi=-1 "), std::string::npos) << mine();
  other.run("WATCH", "k", "j");
  if (!against_redis_7_0()) {
    EXPECT_NE(mine().find(" watch=2 "), std::string::npos) << mine();
  }
  run("SET", "k", 1);
  EXPECT_NE(mine().find(" flags=d "), std::string::npos) << mine();
  const std::string id = std::to_string(other.run("CLIENT", "ID").number);
  other.run("MULTI");
  other.run("GET", "k");
  other.run("GET", "k");
  const std::string queued = run("CLIENT", "LIST", "ID", id).text;
  EXPECT_NE(queued.find(" flags=xd "), std::string::npos) << queued;
  EXPECT_NE(queued.find(" multi=2 "), std::string::npos) << queued;
  EXPECT_EQ(queued.find(" multi-mem=0 "), std::string::npos) << queued;
  EXPECT_EQ(other.run("EXEC"), null_array());
  EXPECT_NE(mine().find(" flags=N "), std::string::npos) << mine();
}

TEST_F(TransactionTest, InfoCountsWatches) {
  SKIP_ON_REDIS_7_0("it has no such fields");
  line("WATCH a b");
  run3("WATCH", "b", "c");
  RawConnection asking = server().raw();
  const std::string text = asking.run("INFO", "clients").text;
  EXPECT_EQ(info_field(text, "watching_clients"), "2");
  EXPECT_EQ(info_field(text, "total_watched_keys"), "3");
}

TEST_F(TransactionTest, PausesHoldExecByWhatIsQueued) {
  RawConnection other = server().raw();
  expect_session({{"MULTI", ok()}, {"GET a", kQueued}});
  other.run("MULTI");
  other.run("SET", "a", 1);
  run3("CLIENT", "PAUSE", 100'000, "WRITE");
  EXPECT_EQ(line("EXEC"), array({nil()}));
  other.send(encode_command({"EXEC"}));
  EXPECT_EQ(run3("CLIENT", "UNPAUSE"), ok());
  EXPECT_EQ(other.read_reply(), array({ok()}));
  // A pause within a transaction begins after it.
  expect_session({{"MULTI", ok()},
                  {"CLIENT PAUSE 100000", kQueued},
                  {"CLIENT UNPAUSE", kQueued},
                  {"SET a 2", kQueued},
                  {"EXEC", array({ok(), ok(), ok()})}});
}

using OwnTransactionTest = OwnServerTest;

TEST_F(OwnTransactionTest, MemoryAtItsLimitRefusesQueuingAndExec) {
  start();
  const Reply oom = error("OOM command not allowed when used memory > 'maxmemory'.");
  expect_session({{"CONFIG SET maxmemory 1", ok()},
                  {"MULTI", ok()},
                  {"SET a 1", oom},
                  {"EXEC", kDiscarded},
                  {"CONFIG SET maxmemory 0", ok()},
                  {"MULTI", ok()},
                  {"SET a 1", kQueued}});
  run3("CONFIG", "SET", "maxmemory", 1);
  expect_session(
      {{"EXEC", error("EXECABORT Transaction discarded because of: OOM command not allowed when "
                      "used memory > 'maxmemory'.")},
       {"EXEC", kNoExec},
       {"MULTI", ok()},
       {"GET a", kQueued},
       {"EXEC", array({nil()})}});
}

TEST_F(OwnTransactionTest, BackgroundWorkIsScheduled) {
  start();
  expect_session(
      {{"MULTI", ok()},
       {"BGSAVE", kQueued},
       {"BGREWRITEAOF", kQueued},
       {"BGSAVE SCHEDULE", kQueued},
       {"BGSAVE x", kQueued},
       {"EXEC", array({status("Background saving scheduled"),
                       status("Background append only file rewriting scheduled"),
                       status("Background saving scheduled"), error("ERR syntax error")})}});
}

TEST_F(OwnTransactionTest, ARestartBringsBackWholeTransactions) {
  for (const char* policy : {"always", "everysec"}) {
    ServerProcess own({.arguments = {"--appendonly", "yes", "--appendfsync", policy}});
    RawConnection connection = own.raw();
    for (const char* command : {"MULTI", "SET a 1", "SELECT 3", "RPUSH l x y", "INCR n", "SELECT 0",
                                "LPOP none", "INCRBYFLOAT f 1.5", "EXEC"}) {
      connection.command(words(command));
    }
    own.kill9();
    own.start();
    connection = own.raw();
    EXPECT_EQ(connection.run("GET", "a"), bulk("1")) << policy;
    EXPECT_EQ(connection.run("GET", "f"), bulk("1.5")) << policy;
    connection.run("SELECT", 3);
    EXPECT_EQ(connection.run("LRANGE", "l", 0, -1), bulks({"x", "y"})) << policy;
    EXPECT_EQ(connection.run("GET", "n"), bulk("1")) << policy;
    EXPECT_NE(read_file(own.file("appendonlydir/appendonly.aof.1.incr.aof")).find("MULTI"),
              std::string::npos);
  }
}

TEST_F(OwnTransactionTest, AFileThatEndsWithinATransactionLosesAllOfIt) {
  start_with({"--appendonly", "yes", "--appendfsync", "always"});
  for (const char* command : {"SET before 1", "MULTI", "SET a 1", "SET b 1", "EXEC"}) line(command);
  server().kill9();
  const std::string path = server().file("appendonlydir/appendonly.aof.1.incr.aof");
  const std::string bytes = read_file(path);
  const size_t exec = bytes.rfind("*1\r\n$4\r\nEXEC");
  ASSERT_NE(exec, std::string::npos);
  write_file(path, bytes.substr(0, exec));
  server().start();
  reconnect();
  expect_session({{"MGET before a b", array({bulk("1"), nil(), nil()})}});
}

TEST_F(OwnTransactionTest, OutputStopsAtItsLimitWithinExec) {
  start_with({"--client-output-buffer-limit", "normal 1mb 0 0"});
  run("SETRANGE", "big", 200'000, "x");
  run3("MULTI");
  for (int i = 0; i < 50; ++i) run3("GET", "big");
  run3("INCR", "n");
  EXPECT_FALSE(run3("EXEC").is_reply());
  EXPECT_EQ(run("GET", "n"), bulk("1"));
}

}  // namespace
}  // namespace spinel::test
