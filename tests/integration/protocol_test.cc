// What a client may and may not do on the wire.

#include <algorithm>
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <sys/socket.h>

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

using ProtocolTest = ServerTest;
using OwnProtocolTest = OwnServerTest;

const std::string kPing = "*1\r\n$4\r\nPING\r\n";

std::string protocol_error(const std::string& what) {
  return "-ERR Protocol error: " + what + "\r\n";
}

/// The server has taken in and handled what was sent on other connections before this call.
void let_server_catch_up(ServerProcess& server) {
  RawConnection connection = server.raw();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(connection.run("PING"), status("PONG"));
}

// --- requests that end the connection ---

struct BadRequest {
  std::string bytes;
  std::string error;
};

TEST_F(ProtocolTest, BrokenRequestsGetTheirErrorAndTheConnectionIsClosed) {
  const std::string multibulk = protocol_error("invalid multibulk length");
  const std::string bulk_length = protocol_error("invalid bulk length");
  const std::string quotes = protocol_error("unbalanced quotes in request");
  const auto expected_dollar = [](const std::string& got) {
    return protocol_error("expected '$', got '" + got + "'");
  };
  const BadRequest requests[] = {
      {"*abc\r\n", multibulk},
      {"*\r\n", multibulk},
      {"*1x\r\n", multibulk},
      {"*1 \r\n", multibulk},
      {"* 1\r\n", multibulk},
      {"*+1\r\n", multibulk},
      {"*01\r\n", multibulk},
      {"*2147483648\r\n", multibulk},
      {"*9223372036854775808\r\n", multibulk},
      {"*99999999999999999999999\r\n", multibulk},
      {"*1\r\n$abc\r\n", bulk_length},
      {"*1\r\n$\r\n", bulk_length},
      {"*1\r\n$-1\r\n", bulk_length},
      {"*1\r\n$04\r\n", bulk_length},
      {"*1\r\n$1x\r\n", bulk_length},
      {"*1\r\n$536870913\r\n", bulk_length},
      {"*1\r\n$9223372036854775808\r\n", bulk_length},
      {"*1\r\n+x\r\n", expected_dollar("+")},
      {"*1\r\n\r\n", expected_dollar(" ")},
      {"*1\r\n4\r\n", expected_dollar("4")},
      {"*1\r\n\xff\r\n", expected_dollar("\xff")},
      {"*1\r\r\n$4\r\nPING\r\n", expected_dollar(" ")},
      {"*3\r\n$3\r\nGET\r\n$1\r\na\r\n:1\r\n", expected_dollar(":")},
      {"*1\r\n*1\r\n$4\r\nPING\r\n", expected_dollar("*")},
      {"SET a \"b\r\n", quotes},
      {"SET a 'b\r\n", quotes},
      {"SET a \"b\"c\r\n", quotes},
      {"SET a 'b'c\r\n", quotes},
      {"SET a \"b\\\"\r\n", quotes},
      {std::string(70'000, 'x'), protocol_error("too big inline request")},
      {"*" + std::string(70'000, '1'), protocol_error("too big mbulk count string")},
      {"*1\r\n$" + std::string(70'000, '1'), protocol_error("too big bulk count string")},
  };
  for (const BadRequest& request : requests) {
    RawConnection connection = server().raw();
    ASSERT_TRUE(connection.send(kPing)) << printable(request.bytes);
    EXPECT_EQ(connection.read_reply(), status("PONG"));
    connection.send(request.bytes);
    bool closed = false;
    EXPECT_EQ(connection.read_until_closed(&closed), request.error) << printable(request.bytes);
    EXPECT_TRUE(closed) << printable(request.bytes);
  }
  EXPECT_EQ(run("PING"), status("PONG"));
}

TEST_F(ProtocolTest, CommandsBeforeABrokenRequestAreAnswered) {
  RawConnection connection = server().raw();
  ASSERT_TRUE(connection.send(kPing + kPing + "*x\r\n" + kPing));
  bool closed = false;
  EXPECT_EQ(connection.read_until_closed(&closed),
            "+PONG\r\n+PONG\r\n" + protocol_error("invalid multibulk length"));
  EXPECT_TRUE(closed);
}

TEST_F(OwnProtocolTest, BrowsersAreShutOutAndLoggedOnceAMinute) {
  start();
  for (const char* request : {"POST / HTTP/1.1\r\nContent-Length: 12\r\n\r\nSET hacked 1\r\n",
                              "GET / HTTP/1.1\r\nHost: localhost\r\n\r\nSET hacked 1\r\n",
                              "host: x\r\nSET hacked 1\r\n", "post\r\nSET hacked 1\r\n"}) {
    RawConnection connection = server().raw();
    ASSERT_TRUE(connection.send(request));
    EXPECT_TRUE(connection.closes()) << request;
    EXPECT_EQ(run("EXISTS", "hacked"), integer(0)) << request;
  }
  const std::string log = server().log();
  const size_t warning = log.find("SECURITY");
  EXPECT_NE(warning, std::string::npos);
  EXPECT_EQ(log.find("SECURITY", warning + 1), std::string::npos) << log;
}

// --- requests that are odd but right ---

struct OddRequest {
  std::string bytes;
  std::string reply;
};

TEST_F(ProtocolTest, OddRequestsThatRedisAccepts) {
  const std::string unknown = "-ERR unknown command ";
  const OddRequest requests[] = {
      {"PING\r\n", "+PONG\r\n"},
      {"PING\n", "+PONG\r\n"},
      {"ping\r\n", "+PONG\r\n"},
      {"\r\n\r\n\nPING\r\n", "+PONG\r\n"},
      {"  PING \t hello \r\n", "$5\r\nhello\r\n"},
      {"PING \"hello world\"\r\n", "$11\r\nhello world\r\n"},
      {"PING 'hello world'\r\n", "$11\r\nhello world\r\n"},
      {"PING \"\\x41\\x0a\\n\\r\\t\\b\\a\\\\\\\"\\q\"\r\n", "$10\r\nA\n\n\r\t\b\a\\\"q\r\n"},
      {"PING 'a\\'b\\n'\r\n", "$5\r\na'b\\n\r\n"},
      {"PING \"\"\r\n", "$0\r\n\r\n"},
      {"PING \"\\xZZ\"\r\n", "$3\r\nxZZ\r\n"},
      {"\"\\x50ING\"\r\n", "+PONG\r\n"},
      {"*0\r\nPING\r\n", "+PONG\r\n"},
      {"*-5\r\nPING\r\n", "+PONG\r\n"},
      {"*-1\r\n" + kPing, "+PONG\r\n"},
      {"*1\r\n$4\r\nPINGxx", "+PONG\r\n"},
      {"*1\rX$4\rXPINGXX", "+PONG\r\n"},
      {"*2\r\n$4\r\nPING\r\n$0\r\n\r\n", "$0\r\n\r\n"},
      {"*1\r\n$0\r\n\r\n", unknown + "'', with args beginning with: \r\n"},
      {"$4\r\nPING\r\n", unknown + "'$4', with args beginning with: \r\n+PONG\r\n"},
      {"+PING\r\n", unknown + "'+PING', with args beginning with: \r\n"},
      {"\"\"\r\n", unknown + "'', with args beginning with: \r\n"},
  };
  for (const OddRequest& request : requests) {
    RawConnection connection = server().raw();
    ASSERT_TRUE(connection.send(request.bytes + "QUIT\r\n"));
    EXPECT_EQ(connection.read_until_closed(), request.reply + "+OK\r\n")
        << printable(request.bytes);
  }
}

TEST_F(ProtocolTest, InlineAndMultibulkMix) {
  RawConnection connection = server().raw();
  ASSERT_TRUE(connection.send("SET a 1\r\n" + encode_command({"INCR", "a"}) + "GET a\nINCR a\r\n" +
                              encode_command({"GET", "a"})));
  EXPECT_EQ(connection.read_reply(), ok());
  EXPECT_EQ(connection.read_reply(), integer(2));
  EXPECT_EQ(connection.read_reply(), bulk("2"));
  EXPECT_EQ(connection.read_reply(), integer(3));
  EXPECT_EQ(connection.read_reply(), bulk("3"));
}

// --- streams cut anywhere ---

TEST_F(ProtocolTest, EverySplitPointOfAStreamGivesTheSameReplies) {
  const std::string stream = encode_command({"SET", "key", std::string("a\r\n\0*1\r\n", 8)}) +
                             encode_command({"GET", "key"}) + "*0\r\n" + "\r\nPING inline\r\n" +
                             encode_command({"nosuch", ""}) + encode_command({"INCR", "n"});
  const std::string replies =
      std::string("+OK\r\n$8\r\na\r\n\0*1\r\n\r\n$6\r\ninline\r\n", 31) +
      "-ERR unknown command 'nosuch', with args beginning with: '' \r\n:1\r\n+OK\r\n";
  for (std::size_t split_at = 1; split_at < stream.size(); ++split_at) {
    EXPECT_EQ(run("DEL", "n").type, Reply::Type::kInteger);
    RawConnection connection = server().raw();
    ASSERT_TRUE(connection.send(stream.substr(0, split_at)));
    let_server_catch_up(server());
    ASSERT_TRUE(connection.send(stream.substr(split_at) + "QUIT\r\n"));
    ASSERT_EQ(connection.read_until_closed(), replies) << "split at " << split_at;
  }
}

TEST_F(ProtocolTest, AStreamByteByByte) {
  const std::string stream =
      encode_command({"SET", "key", "value"}) + "GET key\r\n" + encode_command({"STRLEN", "key"});
  RawConnection connection = server().raw();
  for (const char byte : stream) {
    ASSERT_TRUE(connection.send(std::string(1, byte)));
    let_server_catch_up(server());
  }
  EXPECT_EQ(connection.read_reply(), ok());
  EXPECT_EQ(connection.read_reply(), bulk("value"));
  EXPECT_EQ(connection.read_reply(), integer(5));
}

TEST_F(ProtocolTest, DeepPipelines) {
  constexpr int kCommands = 100'000;
  std::string requests;
  for (int i = 0; i < kCommands; ++i) {
    requests += encode_command({"SET", "key:" + std::to_string(i % 1000), std::to_string(i)});
    requests += encode_command({"GET", "key:" + std::to_string(i % 1000)});
  }
  RawConnection connection = server().raw();
  const auto replies = connection.exchange(requests, 2 * kCommands);
  ASSERT_EQ(replies.size(), 2U * kCommands);
  for (int i = 0; i < kCommands; ++i) {
    ASSERT_EQ(replies[2 * i], ok()) << i;
    ASSERT_EQ(replies[2 * i + 1], bulk(std::to_string(i))) << i;
  }
}

TEST_F(ProtocolTest, APipelineThatIsReadOnlyAfterItWasSentWhole) {
  // 20 MB of replies wait in the server until the client turns to reading.
  const std::string value(100'000, 'v');
  run("SET", "key", value);
  RawConnection connection = server().raw();
  std::string requests;
  for (int i = 0; i < 200; ++i) requests += encode_command({"GET", "key"});
  ASSERT_TRUE(connection.send(requests));
  EXPECT_EQ(run("PING"), status("PONG")) << "others are served meanwhile";
  for (int i = 0; i < 200; ++i) ASSERT_EQ(connection.read_reply(), bulk(value)) << i;
}

TEST_F(ProtocolTest, LargeBulksInPieces) {
  std::string value;
  value.resize(40'000'000);
  for (std::size_t i = 0; i < value.size(); ++i) value[i] = static_cast<char>(i * 131 >> 7);
  RawConnection connection = server().raw();
  ASSERT_TRUE(connection.send("*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n$40000000\r\n"));
  let_server_catch_up(server());
  ASSERT_TRUE(connection.send(std::string_view(value).substr(0, 1)));
  let_server_catch_up(server());
  ASSERT_TRUE(connection.send(std::string_view(value).substr(1, 20'000'000)));
  ASSERT_TRUE(connection.send(std::string_view(value).substr(20'000'001)));
  let_server_catch_up(server());
  ASSERT_TRUE(connection.send("\r\n" + encode_command({"STRLEN", "big"})));
  EXPECT_EQ(connection.read_reply(), ok());
  EXPECT_EQ(connection.read_reply(), integer(40'000'000));
  EXPECT_EQ(connection.run("GET", "big").text, value);
}

TEST_F(ProtocolTest, ManyArguments) {
  std::vector<std::string> command(300'001, "k");
  command.front() = "DEL";
  run("SET", "k", 1);
  RawConnection connection = server().raw();
  EXPECT_EQ(connection.command(command), integer(1));
}

TEST_F(ProtocolTest, AnAnnouncedSizeTakesNoMemoryBeforeTheBytesCome) {
  std::vector<RawConnection> connections;
  const auto before = info_number("used_memory");
  for (int i = 0; i < 20; ++i) {
    connections.push_back(server().raw());
    ASSERT_TRUE(connections.back().send("*2147483647\r\n"));
    connections.push_back(server().raw());
    ASSERT_TRUE(connections.back().send("*2\r\n$4\r\nECHO\r\n$5000000\r\nx"));
  }
  let_server_catch_up(server());
  // 20 times 5 MB is what Redis sets aside for the bulks; a table of arguments would be far more.
  EXPECT_LT(info_number("used_memory") - before, 300'000'000);
}

TEST_F(OwnProtocolTest, ProtoMaxBulkLen) {
  start_with({"--proto-max-bulk-len", "1mb"});
  RawConnection connection = server().raw();
  EXPECT_EQ(connection.run("SET", "a", std::string(1 << 20, 'x')), ok());
  ASSERT_TRUE(connection.send("*2\r\n$4\r\nECHO\r\n$1048577\r\n"));
  bool closed = false;
  EXPECT_EQ(connection.read_until_closed(&closed), protocol_error("invalid bulk length"));
  EXPECT_TRUE(closed);
  EXPECT_EQ(run("APPEND", "a", "x"),
            error("ERR string exceeds maximum allowed size (proto-max-bulk-len)"));
}

// Lengths of elements have 32 bits: more is refused whatever the configuration allows.
TEST_F(OwnProtocolTest, NoArgumentAndNoStringIsLongerThanCanBeStored) {
  start_with({"--proto-max-bulk-len", "8gb"});
  EXPECT_EQ(config("proto-max-bulk-len"), "8589934592");
  for (const std::string command : {"SADD", "HSET", "SET", "RPUSH"}) {
    for (const char* length : {"3221225473", "4294967296", "4294967302", "8589934592"}) {
      RawConnection connection = server().raw();
      ASSERT_TRUE(connection.send("*3\r\n$" + std::to_string(command.size()) + "\r\n" + command +
                                  "\r\n$" + length + "\r\n"));
      EXPECT_EQ(connection.read_until_closed(), protocol_error("invalid bulk length")) << length;
    }
  }
  const Reply too_long = error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
  EXPECT_EQ(run("SETRANGE", "key", "3221225472", "x"), too_long);
  EXPECT_EQ(run("SETRANGE", "key", "4294967296", "x"), too_long);
  EXPECT_EQ(run("SETBIT", "key", "25769803776", "1"),
            error("ERR bit offset is not an integer or out of range"));
}

// --- before a password was given ---

TEST_F(OwnProtocolTest, StrangersMaySendOnlySmallRequests) {
  start_with({"--requirepass", "secret"});
  const auto answer = [&](const std::string& bytes) {
    RawConnection connection = server().raw();
    connection.send(bytes);
    bool closed = false;
    std::string reply = connection.read_until_closed(&closed);
    EXPECT_TRUE(closed) << printable(bytes);
    return reply;
  };
  EXPECT_EQ(answer("*11\r\n"), protocol_error("unauthenticated multibulk length"));
  EXPECT_EQ(answer("*1\r\n$16385\r\n"), protocol_error("unauthenticated bulk length"));
  EXPECT_EQ(answer("*3\r\n$4\r\nAUTH\r\n$1\r\nx\r\n$20000\r\n"),
            protocol_error("unauthenticated bulk length"));

  RawConnection connection = server().raw();
  EXPECT_EQ(connection.run("PING", 1, 2, 3, 4, 5, 6, 7, 8, 9),
            error("NOAUTH Authentication required."));
  EXPECT_EQ(connection.run("ECHO", std::string(16384, 'x')),
            error("NOAUTH Authentication required."));
  EXPECT_EQ(connection.run("AUTH", "secret"), ok());
  EXPECT_EQ(connection.run("MSET", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), ok());
  EXPECT_EQ(connection.run("ECHO", std::string(20000, 'x')), bulk(std::string(20000, 'x')));
}

TEST_F(OwnProtocolTest, WhoHasNotAuthenticatedGetsNoUnboundedBuffer) {
  start({.config = "requirepass secret\n"});
  RawConnection connection = server().raw();
  std::string requests;
  for (int i = 0; i < 10'000; ++i) requests += "PING\r\n";
  // Errors that nobody reads: more than sockets hold and the server is ready to keep.
  bool sending = true;
  for (int i = 0; i < 200 && sending; ++i) sending = connection.send(requests);
  EXPECT_FALSE(sending);
  RawConnection other = server().raw();
  EXPECT_EQ(other.run("AUTH", "secret"), ok());
}

TEST_F(OwnProtocolTest, StrangersMayPipelineTheirPasswordAndMore) {
  start_with({"--requirepass", "secret"});
  RawConnection connection = server().raw();
  const std::string value(50'000, 'v');
  const auto replies =
      connection.pipeline({{"GET", "a"}, {"AUTH", "secret"}, {"SET", "a", value}, {"GET", "a"}});
  EXPECT_EQ(replies, (std::vector<Reply>{error("NOAUTH Authentication required."), ok(), ok(),
                                         bulk(value)}));
}

// --- limits ---

TEST_F(OwnProtocolTest, TheQueryBufferIsLimited) {
  start_with({"--client-query-buffer-limit", "1mb"});
  RawConnection connection = server().raw();
  EXPECT_EQ(connection.run("ECHO", std::string(500'000, 'x')), bulk(std::string(500'000, 'x')));
  connection.send("*2\r\n$4\r\nECHO\r\n$100000000\r\n");
  const std::string megabyte(1 << 20, 'x');
  bool sent = true;
  for (int i = 0; i < 100 && sent; ++i) sent = connection.send(megabyte);
  EXPECT_TRUE(connection.closes());
  EXPECT_TRUE(wait_until([&] { return info_number("connected_clients") == 1; }));
  EXPECT_LT(info_number("used_memory"), 60'000'000);
}

TEST_F(OwnProtocolTest, WholeArgumentsDoNotCountAgainstTheLimitOfTheQueryBuffer) {
  start_with({"--client-query-buffer-limit", "1mb"});
  const std::string large(900'000, 'x');
  EXPECT_EQ(run("MSET", "a", large, "b", large, "c", large), ok());
  std::vector<std::string> push(1502, std::string(1000, 'y'));
  push[0] = "RPUSH";
  EXPECT_EQ(server().raw().command(push), integer(1500));
  std::vector<std::string> add = {"SADD", "set"};
  for (int i = 0; i < 150'000; ++i) add.push_back(std::to_string(i));
  EXPECT_EQ(server().raw().command(add), integer(150'000));
  EXPECT_EQ(info_number("client_query_buffer_limit_disconnections"), 0);
}

TEST_F(OwnProtocolTest, OneArgumentAndWhatWaitsBehindABlockedCommandCountAgainstThatLimit) {
  start_with({"--client-query-buffer-limit", "1mb"});
  constexpr std::size_t kLimit = 1 << 20;
  EXPECT_EQ(run("SET", "key", std::string(kLimit - 10, 'x')), ok());
  RawConnection one = server().raw();
  one.send(encode_command({"SET", "key", std::string(kLimit + 10, 'x')}));
  EXPECT_TRUE(one.closes());
  EXPECT_EQ(run("STRLEN", "key"), integer(kLimit - 10));
  RawConnection blocked = server().raw();
  blocked.send(encode_command({"BLPOP", "none", "0"}));
  for (int i = 0; i < 3000; ++i) blocked.send(encode_command({"SET", "k", std::string(1000, 'x')}));
  EXPECT_TRUE(blocked.closes());
  EXPECT_EQ(info_number("client_query_buffer_limit_disconnections"), 2);
}

TEST_F(OwnProtocolTest, SixteenKilobytesOfOutputAreFree) {
  start();
  ASSERT_EQ(line("CONFIG SET client-output-buffer-limit \"normal 1000 0 0\""), ok());
  for (const std::size_t size : {5000, 16'370}) {
    EXPECT_EQ(run("ECHO", std::string(size, 'x')), bulk(std::string(size, 'x')));
  }
  const auto closes_after_echo = [this](std::size_t size) {
    RawConnection connection = server().raw();
    connection.send(encode_command({"ECHO", std::string(size, 'x')}));
    return connection.read_reply() != bulk(std::string(size, 'x'));
  };
  EXPECT_TRUE(closes_after_echo(16'380));
  ASSERT_EQ(line("CONFIG SET client-output-buffer-limit \"normal 40000 0 0\""), ok());
  EXPECT_FALSE(closes_after_echo(50'000));
  EXPECT_TRUE(closes_after_echo(60'000));
}

TEST_F(OwnProtocolTest, AClientWithoutRepliesIsNotToldOfProtocolErrors) {
  start();
  for (const char* mode : {"OFF", "SKIP"}) {
    RawConnection connection = server().raw();
    connection.send(encode_command({"CLIENT", "REPLY", mode}) + "*x\r\n");
    EXPECT_EQ(connection.read_until_closed(), "") << mode;
  }
  RawConnection connection = server().raw();
  connection.send(encode_command({"CLIENT", "REPLY", "SKIP"}) + kPing + "*x\r\n");
  EXPECT_EQ(connection.read_until_closed(), "-ERR Protocol error: invalid multibulk length\r\n")
      << "one reply was skipped";
}

// What a client has the server hold is counted as its own, and goes back.
TEST_F(OwnProtocolTest, ARequestOfManyArgumentsIsNotRememberedForEver) {
  constexpr int kArguments = 500'000;
  start();
  const int64_t before = info_number("used_memory");
  const auto total_memory = [this](const std::string& name) {
    const std::string list = run("CLIENT", "LIST").text;
    const auto at = list.find(" name=" + name + " ");
    return std::stoll(list.substr(list.find(" tot-mem=", at) + 9));
  };
  std::string request = "*" + std::to_string(kArguments) + "\r\n$6\r\nEXISTS\r\n";
  for (int i = 0; i < kArguments - 2; ++i) request += "$1\r\nx\r\n";
  RawConnection connection = server().raw();
  ASSERT_EQ(connection.run("CLIENT", "SETNAME", "hoarder"), ok());
  ASSERT_TRUE(connection.send(request));
  EXPECT_TRUE(
      wait_until([&] { return info_number("used_memory") - before > kArguments * (7 + 16); }));
  EXPECT_GE(total_memory("hoarder"), kArguments * (7 + 16));
  EXPECT_GE(info_number("mem_clients_normal"), kArguments * (7 + 16));
  ASSERT_TRUE(connection.send("$1\r\nx\r\n"));
  EXPECT_EQ(connection.read_reply(), integer(0));
  EXPECT_LT(info_number("used_memory") - before, 64 << 10);

  // The same of one that waits with its arguments.
  RawConnection blocked = server().raw();
  ASSERT_EQ(blocked.run("CLIENT", "SETNAME", "blocked"), ok());
  std::vector<std::string> pop(kArguments, "x");
  pop.front() = "BLPOP";
  pop.back() = "0";
  ASSERT_TRUE(blocked.send(encode_command(pop)));
  ASSERT_TRUE(wait_until([&] { return info_number("blocked_clients") == 1; }));
  EXPECT_GE(total_memory("blocked"), kArguments * 32);
  blocked.close();
  EXPECT_TRUE(wait_until([&] { return info_number("used_memory") - before < 64 << 10; }));
}

// Whether a line of `log` has all of `parts`.
bool has_line(const std::string& log, const std::vector<std::string>& parts) {
  for (const std::string& line : split(log, '\n')) {
    const auto is_there = [&](const std::string& part) { return line.find(part) != line.npos; };
    if (std::all_of(parts.begin(), parts.end(), is_there)) return true;
  }
  return false;
}

TEST_F(OwnProtocolTest, TheLogDescribesClientsThatLeave) {
  start_with({"--loglevel", "verbose"});
  {
    RawConnection leaves = server().raw();
    ASSERT_EQ(leaves.run("CLIENT", "SETNAME", "leaver"), ok());
  }
  EXPECT_TRUE(wait_until([&] {
    return has_line(server().log(), {"closed", " name=leaver age=", " cmd=client|setname"});
  })) << server().log();
}

TEST_F(OwnProtocolTest, ASlowReaderIsCutOffAtTheHardLimit) {
  start();
  ASSERT_EQ(line("CONFIG SET client-output-buffer-limit \"normal 2mb 0 0\""), ok());
  run("SET", "key", std::string(100'000, 'x'));
  RawConnection slow = server().raw({.receive_buffer_bytes = 4096});
  ASSERT_EQ(slow.run("CLIENT", "SETNAME", "slow"), ok());
  std::string requests;
  for (int i = 0; i < 500; ++i) requests += encode_command({"GET", "key"});
  slow.send_some(requests);
  EXPECT_TRUE(wait_until([&] { return info_number("connected_clients") == 1; }));
  EXPECT_EQ(run("PING"), status("PONG"));
  EXPECT_TRUE(slow.closes());
  EXPECT_TRUE(has_line(server().log(), {"id=", " name=slow age=", " cmd=get"})) << server().log();
}

TEST_F(OwnProtocolTest, OneReplyBeyondTheHardLimitEndsTheClientBeforeItIsBuilt) {
  start();
  ASSERT_EQ(line("CONFIG SET client-output-buffer-limit \"normal 2mb 0 0\""), ok());
  run("SADD", "set", "member");
  run("ZADD", "zset", 1, "member");
  run("HSET", "hash", "field", "value");
  run("SET", "string", std::string(1'000'000, 'x'));
  std::vector<std::string> many = {"MGET"};
  many.resize(400, "string");
  const int64_t peak = info_number("used_memory_peak");
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"SRANDMEMBER", "set", "-9000000000000000000"},
        {"ZRANDMEMBER", "zset", "-9000000000000000000"},
        {"HRANDFIELD", "hash", "-9000000000000000000"},
        {"HRANDFIELD", "hash", "-4000000000000000000", "WITHVALUES"},
        many}) {
    RawConnection greedy = server().raw();
    greedy.send_some(encode_command(command));
    EXPECT_TRUE(greedy.closes()) << command[0];
    EXPECT_EQ(run("PING"), status("PONG"));
  }
  EXPECT_EQ(info_number("client_output_buffer_limit_disconnections"), 5);
  EXPECT_LT(info_number("used_memory_peak") - peak, 20'000'000);
}

TEST_F(OwnProtocolTest, AnAnswerCountsAsInteractionForTheTimeout) {
  start_with({"--timeout", "1"});
  EXPECT_EQ(run("BLPOP", "none", "2.5"), nil());
  // A look at idle clients comes several times a second: one of them falls into this wait.
  EXPECT_EQ(run("BLPOP", "none", "0.5"), nil());
  EXPECT_EQ(run("PING"), status("PONG"));
}

TEST_F(OwnProtocolTest, ASlowReaderIsCutOffWhenItStaysAboveTheSoftLimit) {
  start();
  ASSERT_EQ(line("CONFIG SET client-output-buffer-limit \"normal 0 1mb 1\""), ok());
  run("SET", "key", std::string(100'000, 'x'));
  RawConnection slow = server().raw({.receive_buffer_bytes = 4096});
  ASSERT_EQ(slow.run("CLIENT", "SETNAME", "slow"), ok());
  std::string requests;
  for (int i = 0; i < 200; ++i) requests += encode_command({"GET", "key"});
  ASSERT_TRUE(slow.send(requests));
  let_server_catch_up(server());
  // The limit is looked at as replies are added: the client asks for more once in a while.
  EXPECT_TRUE(wait_until([&] {
    slow.send_some(kPing);
    return info_number("connected_clients") == 1;
  }));
}

TEST_F(OwnProtocolTest, MaxclientsTurnsAwayWhoComesTooMany) {
  start_with({"--maxclients", "5"});
  EXPECT_TRUE(wait_until([&] { return info_number("connected_clients") == 1; }));
  std::vector<RawConnection> crowd;
  for (int i = 0; i < 4; ++i) {
    crowd.push_back(server().raw());
    EXPECT_EQ(crowd.back().run("PING"), status("PONG"));
  }
  RawConnection late = server().raw();
  bool closed = false;
  EXPECT_EQ(late.read_until_closed(&closed), "-ERR max number of clients reached\r\n");
  EXPECT_TRUE(closed);
  EXPECT_EQ(info_number("rejected_connections"), 1);
  crowd.pop_back();
  EXPECT_TRUE(wait_until([&] { return server().raw().run("PING") == status("PONG"); }));
  ASSERT_EQ(line("CONFIG SET maxclients 100"), ok());
  for (int i = 0; i < 20; ++i) {
    crowd.push_back(server().raw());
    EXPECT_EQ(crowd.back().run("PING"), status("PONG"));
  }
}

TEST_F(OwnProtocolTest, WhoLeavesMakesRoomForWhoComesAtTheSameTime) {
  start_with({"--maxclients", "2"});
  EXPECT_TRUE(wait_until([&] { return info_number("connected_clients") == 1; }));
  RawConnection leaving = server().raw();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(leaving.run("PING"), status("PONG"));
    RawConnection coming;
    {
      const Standstill standstill(server());
      coming = server().raw();
      leaving.half_close();
    }
    EXPECT_EQ(coming.run("PING"), status("PONG"));
    leaving = std::move(coming);
  }
}

TEST_F(OwnProtocolTest, WhoIsTurnedAwayHoldsUpNobody) {
  start_with({"--maxclients", "2"});
  EXPECT_TRUE(wait_until([&] { return info_number("connected_clients") == 1; }));
  RawConnection busy = server().raw();
  EXPECT_EQ(busy.run("PING"), status("PONG"));
  constexpr size_t kRequests = 10'000;
  std::string requests;
  for (size_t i = 0; i < kRequests; ++i) requests += kPing;
  RawConnection one_too_many;
  {
    const Standstill standstill(server());
    one_too_many = server().raw();
    requests.erase(0, busy.send_some(requests));
  }
  EXPECT_EQ(busy.exchange(requests, kRequests).size(), kRequests);
  EXPECT_EQ(one_too_many.read_reply(), error("ERR max number of clients reached"));
}

TEST_F(OwnProtocolTest, ListeningElsewhereWhileFullTurnsAwayWhoCameBefore) {
  start_with({"--maxclients", "2"});
  EXPECT_TRUE(wait_until([&] { return info_number("connected_clients") == 1; }));
  RawConnection operating = server().raw();
  EXPECT_EQ(operating.run("PING"), status("PONG"));
  RawConnection one_too_many;
  const ReservedPort other;
  {
    const Standstill standstill(server());
    one_too_many = server().raw();
    const std::string port = std::to_string(other.number());
    ASSERT_TRUE(operating.send(encode_command({"CONFIG", "SET", "port", port})));
  }
  EXPECT_EQ(operating.read_reply(), ok());
  EXPECT_EQ(one_too_many.read_reply(), error("ERR max number of clients reached"));
  RawConnection elsewhere = RawConnection::tcp("127.0.0.1", other.number());
  EXPECT_EQ(elsewhere.read_reply(), error("ERR max number of clients reached"));
}

TEST_F(ProtocolTest, AWaitingClientThatIsResetWhileItIsServedHarmsNobody) {
  RawConnection pushing = server().raw();
  for (int i = 0; i < 5; ++i) {
    RawConnection waiting = server().raw();
    ASSERT_TRUE(waiting.send(encode_command({"BLPOP", "list", "0"})));
    EXPECT_TRUE(wait_until([&] { return info_number("blocked_clients") == 1; }));
    {
      const Standstill standstill(server());
      ASSERT_TRUE(pushing.send(encode_command({"LPUSH", "list", "element"})));
      waiting.reset();
    }
    EXPECT_EQ(pushing.read_reply(), integer(1));
    EXPECT_EQ(run("PING"), status("PONG"));
    run("DEL", "list");
  }
}

// Urgent data ends a read early.
TEST_F(ProtocolTest, RequestsAfterUrgentDataAreAnswered) {
  RawConnection connection = server().raw();
  EXPECT_EQ(connection.run("PING"), status("PONG"));
  {
    const Standstill standstill(server());
    ASSERT_TRUE(connection.send(kPing));
    ASSERT_EQ(::send(connection.fd(), "!", 1, MSG_OOB), 1);
    ASSERT_TRUE(connection.send(kPing));
  }
  EXPECT_EQ(connection.read_reply(), status("PONG"));
  EXPECT_EQ(connection.read_reply(), status("PONG"));
}

TEST_F(OwnProtocolTest, IdleClientsAreClosedAfterTheTimeout) {
  start();
  RawConnection idle = server().raw();
  EXPECT_EQ(idle.run("PING"), status("PONG"));
  ASSERT_EQ(line("CONFIG SET timeout 1"), ok());
  EXPECT_TRUE(idle.closes());
}

// --- ends of connections ---

TEST_F(ProtocolTest, AHalfClosedPeerIsClosedAndItsCommandsStillRan) {
  RawConnection connection = server().raw();
  ASSERT_TRUE(connection.send(encode_command({"SET", "half", "closed"})));
  connection.half_close();
  EXPECT_TRUE(connection.closes());
  EXPECT_EQ(run("GET", "half"), bulk("closed"));
}

TEST_F(ProtocolTest, AHalfClosedPeerIsAnswered) {
  for (int i = 0; i < 5; ++i) {
    RawConnection connection;
    {
      const Standstill standstill(server());
      connection = server().raw();
      ASSERT_TRUE(connection.send(encode_command({"PING"})));
      connection.half_close();
    }
    EXPECT_EQ(connection.read_until_closed(), "+PONG\r\n");
  }
}

TEST_F(ProtocolTest, AHalfClosedPeerIsAnsweredWhatItWaitsFor) {
  RawConnection pushing = server().raw();
  RawConnection waiting = server().raw();
  ASSERT_TRUE(waiting.send(encode_command({"BLPOP", "list", "0"})));
  EXPECT_TRUE(wait_until([&] { return info_number("blocked_clients") == 1; }));
  // Who was served last comes first: the push before the end of the stream.
  EXPECT_EQ(pushing.run("PING"), status("PONG"));
  {
    const Standstill standstill(server());
    ASSERT_TRUE(pushing.send(encode_command({"LPUSH", "list", "element"})));
    waiting.half_close();
  }
  EXPECT_EQ(waiting.read_reply(), bulks({"list", "element"}));
}

// Requests that fill the server's reads to the last byte, or nearly.
TEST_F(ProtocolTest, RequestsOfTheSizeOfAReadAreAnswered) {
  for (const bool leaving : {false, true}) {
    for (const size_t capacity : {1024, 2048, 4096, 64 * 1024, 128 * 1024}) {
      for (const size_t size : {capacity - 1, capacity, capacity + 1}) {
        SCOPED_TRACE(testing::Message() << size << " bytes, leaving: " << leaving);
        const std::string nearly(size - 23, 'x');
        const size_t frame_bytes = encode_command({"ECHO", nearly}).size() - nearly.size();
        const std::string text(size - frame_bytes, 'x');
        const std::string request = encode_command({"ECHO", text});
        ASSERT_EQ(request.size(), size);
        RawConnection connection = server().raw();
        // Several, as reads grow by what was read before.
        for (int i = 0; i < 4; ++i) {
          ASSERT_TRUE(connection.send(request));
          if (leaving && i == 3) connection.half_close();
          ASSERT_EQ(connection.read_reply(), bulk(text));
        }
        if (leaving) {
          EXPECT_TRUE(connection.closes());
        }
      }
    }
  }
}

TEST_F(OwnProtocolTest, AQuietClientHoldsNoQueryBuffer) {
  start();
  RawConnection quiet = server().raw();
  const std::string id = std::to_string(quiet.run("CLIENT", "ID").number);
  const auto list = [&] { return run("CLIENT", "LIST", "ID", id).text; };
  EXPECT_NE(list().find(" qbuf=0 qbuf-free=1024 "), std::string::npos) << list();
  EXPECT_EQ(run("DEBUG", "REPLYBUFFER", "PEAK-RESET-TIME", "100"), ok());
  EXPECT_TRUE(wait_until([&] { return list().find(" qbuf=0 qbuf-free=0 ") != std::string::npos; }));
  EXPECT_EQ(quiet.run("PING"), status("PONG"));
}

TEST_F(ProtocolTest, AHalfSentRequestIsDroppedWithItsConnection) {
  EXPECT_TRUE(wait_until([&] { return info_number("connected_clients") == 1; }));
  for (int i = 0; i < 10; ++i) {
    RawConnection connection = server().raw();
    ASSERT_TRUE(connection.send("*3\r\n$3\r\nSET\r\n$4\r\nhalf\r\n$100\r\nonly"));
    if (i % 2 == 0) connection.reset();
  }
  EXPECT_TRUE(wait_until([&] { return info_number("connected_clients") == 1; }));
  EXPECT_EQ(run("EXISTS", "half"), integer(0));
}

TEST_F(ProtocolTest, APeerThatGoesWithoutReadingFreesItsReplies) {
  for (int i = 0; i < 100; ++i) run("RPUSH", "list", std::string(10'000, 'x'));
  EXPECT_TRUE(wait_until([&] { return info_number("connected_clients") == 1; }));
  {
    RawConnection connection = server().raw({.receive_buffer_bytes = 4096});
    std::string requests;
    for (int i = 0; i < 100; ++i) requests += encode_command({"LRANGE", "list", "0", "-1"});
    ASSERT_TRUE(connection.send(requests));
    EXPECT_TRUE(wait_until([&] { return info_number("used_memory") > 50'000'000; }));
  }
  EXPECT_TRUE(wait_until([&] { return info_number("connected_clients") == 1; }));
  EXPECT_TRUE(wait_until([&] { return info_number("used_memory") < 20'000'000; }));
}

TEST_F(ProtocolTest, AClientThatStaysActiveKeepsNoLargeOutputBuffer) {
  RawConnection active = server().raw();
  const std::string large(5'000'000, 'x');
  ASSERT_EQ(active.run("ECHO", large), bulk(large));
  // Asking keeps it active.
  EXPECT_TRUE(wait_until([&] {
    const std::string row = active.run("CLIENT", "INFO").text;
    return std::stoll(row.substr(row.find(" rbs=") + 5)) < 100'000;
  }));
}

TEST_F(ProtocolTest, ASlowReaderThatHasReadAllCostsNothing) {
  run("SET", "key", std::string(8'000'000, 'x'));
  RawConnection slow = server().raw({.receive_buffer_bytes = 4096});
  ASSERT_TRUE(slow.send(encode_command({"GET", "key"})));
  EXPECT_EQ(run("PING"), status("PONG"));  // by now the reply has found no room
  EXPECT_EQ(slow.read_reply().text.size(), 8'000'000u);
  const auto cycles = info_number("eventloop_cycles");
  const auto seconds = info_number("uptime_in_seconds");
  EXPECT_TRUE(wait_until([&] { return info_number("uptime_in_seconds") > seconds + 1; }));
  EXPECT_LT(info_number("eventloop_cycles") - cycles, 1000);
}

// --- addresses ---

// An IPv4 address of this machine besides those of the loopback interface; empty if there is none.
std::string outer_address() {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return {};
  std::string found;
  for (const ifaddrs* each = all; each != nullptr && found.empty(); each = each->ifa_next) {
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET) continue;
    const auto& address = reinterpret_cast<const sockaddr_in*>(each->ifa_addr)->sin_addr;
    if ((ntohl(address.s_addr) >> 24) == 127) continue;
    char text[INET_ADDRSTRLEN];
    if (::inet_ntop(AF_INET, &address, text, sizeof text) != nullptr) found = text;
  }
  ::freeifaddrs(all);
  return found;
}

TEST_F(OwnProtocolTest, AllOf127IsLocal) {
  start_with({"--enable-debug-command", "local"});
  SKIP_ON_REDIS_7_0("only 127.0.0.1 is local");
  RawConnection connection = server().raw({.source_address = "127.0.0.2"});
  EXPECT_EQ(connection.run("DEBUG", "LOG", "x"), ok());
}

TEST_F(OwnProtocolTest, ProtectedModeShutsOutOthersThanTheLoopback) {
  const std::string address = outer_address();
  if (address.empty()) GTEST_SKIP() << "this machine has no other address";
  start_with({"--bind", "127.0.0.1", address});
  const auto connect = [&] { return RawConnection::tcp(address, server().port()); };
  RawConnection connection = connect();
  const Reply reply = connection.read_reply();
  EXPECT_TRUE(reply.is_error_with("DENIED ")) << reply;
  EXPECT_NE(reply.text.find("protected mode"), std::string::npos) << reply;
  EXPECT_TRUE(connection.closes());

  ASSERT_EQ(line("CONFIG SET protected-mode no"), ok());
  EXPECT_EQ(connect().run("PING"), status("PONG"));
  ASSERT_EQ(line("CONFIG SET protected-mode yes"), ok());
  ASSERT_EQ(line("CONFIG SET requirepass secret"), ok());
  EXPECT_EQ(connect().run("AUTH", "secret"), ok());
}

TEST_F(OwnProtocolTest, UnixSocket) {
  const TempDir directory;
  const std::string path = directory.file("spinel.sock");
  start({.arguments = {"--unixsocket", path, "--unixsocketperm", "700"}, .unix_socket = path});
  EXPECT_EQ(run("SET", "a", 1), ok());
  EXPECT_EQ(RawConnection::unix_socket(path).run("GET", "a"), bulk("1"));
  EXPECT_EQ(RawConnection::tcp("127.0.0.1", server().port()).run("GET", "a"), bulk("1"));
  const std::string row = RawConnection::unix_socket(path).run("CLIENT", "INFO").text;
  EXPECT_NE(row.find(" addr=" + path + ":0 "), std::string::npos) << row;
  EXPECT_NE(row.find(" flags=U "), std::string::npos) << row;
  RawConnection monitor = server().raw();
  ASSERT_EQ(monitor.run("MONITOR"), ok());
  RawConnection::unix_socket(path).run("GET", "a");
  const std::string shown = monitor.read_reply().text;
  EXPECT_TRUE(shown.ends_with(" [0 unix:" + path + "] \"GET\" \"a\"")) << shown;
  const ProgramResult mode = run_program({"stat", "-c", "%a", path});
  EXPECT_EQ(mode.output, "700\n");
  server().stop_and_wait();
  EXPECT_FALSE(RawConnection::unix_socket(path).connected());
}

TEST_F(OwnProtocolTest, UnixSocketOnly) {
  const TempDir directory;
  const std::string path = directory.file("spinel.sock");
  start({.arguments = {"--unixsocket", path, "--port", "0"}, .unix_socket = path});
  EXPECT_EQ(run("PING"), status("PONG"));
  EXPECT_FALSE(RawConnection::tcp("127.0.0.1", server().port()).connected());
}

TEST_F(OwnProtocolTest, SeveralAddressesAndIpv6) {
  start_with({"--bind", "127.0.0.1", "127.0.0.3", "-::1", "-192.0.2.77"});
  EXPECT_EQ(
      RawConnection::tcp("127.0.0.3", server().port(), {.source_address = "127.0.0.1"}).run("PING"),
      status("PONG"));
  RawConnection v6 = RawConnection::tcp("::1", server().port());
  if (!v6.connected()) GTEST_SKIP() << "no IPv6 here";
  EXPECT_EQ(v6.run("PING"), status("PONG"));
  const std::string row = v6.run("CLIENT", "INFO").text;
  EXPECT_NE(row.find(" addr=" + v6.local_address() + " "), std::string::npos) << row;
}

}  // namespace
}  // namespace spinel::test
