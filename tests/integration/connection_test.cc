#include <map>

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

using ConnectionTest = ServerTest;
using OwnConnectionTest = OwnServerTest;

const Reply kNotAnInteger = error("ERR value is not an integer or out of range");
const Reply kSyntax = error("ERR syntax error");
const Reply kNoAuth = error("NOAUTH Authentication required.");
const Reply kWrongPass = error("WRONGPASS invalid username-password pair or user is disabled.");

Reply wrong_arity(const std::string& command) {
  return error("ERR wrong number of arguments for '" + command + "' command");
}

/// The fields of a row of CLIENT LIST.
std::map<std::string, std::string> client_fields(const std::string& row) {
  std::map<std::string, std::string> fields;
  for (const std::string& word : split(row, ' ')) {
    const auto equals = word.find('=');
    if (equals != std::string::npos) fields[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return fields;
}

std::string without_final_newline(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

TEST_F(ConnectionTest, PingAndEcho) {
  expect_session({{"PING", status("PONG")},
                  {"ping hello", bulk("hello")},
                  {"PING \"\"", bulk("")},
                  {"PING a b", wrong_arity("ping")},
                  {"ECHO hello", bulk("hello")},
                  {"ECHO", wrong_arity("echo")},
                  {"ECHO a b", wrong_arity("echo")}});
  EXPECT_EQ(run("ECHO", "a\r\nb"), bulk("a\r\nb"));
}

TEST_F(ConnectionTest, Select) {
  expect_session({{"SELECT 1", ok()},
                  {"SELECT 15", ok()},
                  {"SELECT 16", error("ERR DB index is out of range")},
                  {"SELECT -1", error("ERR DB index is out of range")},
                  {"SELECT x", kNotAnInteger},
                  {"SELECT 99999999999999999999", kNotAnInteger},
                  {"SELECT", wrong_arity("select")}});
}

TEST_F(ConnectionTest, QuitAnswersAndCloses) {
  RawConnection connection = server().raw();
  ASSERT_TRUE(connection.send("*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nQUIT\r\n*1\r\n$4\r\nPING\r\n"));
  bool closed = false;
  EXPECT_EQ(connection.read_until_closed(&closed), "+PONG\r\n+OK\r\n");
  EXPECT_TRUE(closed);
}

// --- HELLO and protocol versions ---

TEST_F(ConnectionTest, HelloTellsAboutTheServer) {
  RawConnection connection = server().raw();
  const Reply resp2 = connection.run("HELLO");
  EXPECT_EQ(resp2.type, Reply::Type::kArray);
  EXPECT_EQ(resp2.elements.size(), 14U) << resp2;
  EXPECT_EQ(resp2.at("server"), bulk("redis"));
  EXPECT_EQ(resp2.at("proto"), integer(2));
  EXPECT_EQ(resp2.at("mode"), bulk("standalone"));
  EXPECT_EQ(resp2.at("role"), bulk("master"));
  EXPECT_EQ(resp2.at("modules"), array({}));
  EXPECT_EQ(resp2.at("id"), connection.run("CLIENT", "ID"));
  EXPECT_EQ(resp2.at("version").text, info("redis_version"));

  const Reply third = connection.run("HELLO", 3);
  EXPECT_EQ(third.type, Reply::Type::kMap);
  EXPECT_EQ(third.at("proto"), integer(3));
  EXPECT_EQ(connection.run("GET", "none"), nil());
  EXPECT_EQ(connection.run("HELLO").type, Reply::Type::kMap);
  EXPECT_EQ(connection.run("HELLO", 2).at("proto"), integer(2));
  EXPECT_EQ(connection.run("HELLO").type, Reply::Type::kArray);
}

TEST_F(ConnectionTest, SpinelHelloVersionIsThatOfRedis72) {
  if (against_redis_7_0()) GTEST_SKIP() << "Spinel's own version";
  EXPECT_EQ(server().raw().run("HELLO").at("version"), bulk("7.2.4"));
}

TEST_F(ConnectionTest, HelloOptions) {
  expect_session(
      {{"HELLO 1", error("NOPROTO unsupported protocol version")},
       {"HELLO 4", error("NOPROTO unsupported protocol version")},
       {"HELLO x", error("ERR Protocol version is not an integer or out of range")},
       {"HELLO 2 SETNAME", error("ERR Syntax error in HELLO option 'SETNAME'")},
       {"HELLO 2 AUTH a", error("ERR Syntax error in HELLO option 'AUTH'")},
       {"HELLO 2 bogus", error("ERR Syntax error in HELLO option 'bogus'")},
       {"HELLO 2 AUTH nobody x", kWrongPass},
       {"HELLO 2 SETNAME \"a b\"",
        error("ERR Client names cannot contain spaces, newlines or special characters.")},
       {"CLIENT GETNAME", nil()}});
  EXPECT_EQ(line("HELLO 2 SETNAME me AUTH default anything").type, Reply::Type::kArray);
  EXPECT_EQ(line("CLIENT GETNAME"), bulk("me"));
}

TEST_F(ConnectionTest, AFailedHelloChangesNothing) {
  RawConnection connection = server().raw();
  EXPECT_EQ(connection.run("HELLO", 3, "AUTH", "nobody", "x"), kWrongPass);
  EXPECT_EQ(connection.run("HELLO").type, Reply::Type::kArray);
}

TEST_F(ConnectionTest, RepliesFollowTheProtocolWithinOnePipeline) {
  RawConnection connection = server().raw();
  const auto replies = connection.pipeline({{"CONFIG", "GET", "databases"},
                                            {"HELLO", "3"},
                                            {"CONFIG", "GET", "databases"},
                                            {"HELLO", "2"},
                                            {"CONFIG", "GET", "databases"}});
  ASSERT_EQ(replies.size(), 5U);
  EXPECT_EQ(replies[0], bulks({"databases", "16"}));
  EXPECT_EQ(replies[2], map({bulk("databases"), bulk("16")}));
  EXPECT_EQ(replies[4], bulks({"databases", "16"}));
}

TEST_F(ConnectionTest, DebugProtocolShowsEveryType) {
  const auto both = [&](const std::string& what, const Reply& resp2, const Reply& resp3_reply) {
    RawConnection second = server().raw();
    EXPECT_EQ(second.run("DEBUG", "PROTOCOL", what), resp2) << what;
    EXPECT_EQ(run3("DEBUG", "PROTOCOL", what), resp3_reply) << what;
  };
  both("string", bulk("Hello World"), bulk("Hello World"));
  both("integer", integer(12345), integer(12345));
  both("double", bulk("3.141"), real("3.141"));
  both("null", nil(), nil());
  both("array", array({integer(0), integer(1), integer(2)}),
       array({integer(0), integer(1), integer(2)}));
  both("set", array({integer(0), integer(1), integer(2)}),
       set({integer(0), integer(1), integer(2)}));
  both("true", integer(1), boolean(true));
  both("false", integer(0), boolean(false));
  both("verbatim", bulk("This is a verbatim\nstring"),
       verbatim("txt", "This is a verbatim\nstring"));
  both("map", array({integer(0), integer(0), integer(1), integer(1), integer(2), integer(0)}),
       map({integer(0), boolean(false), integer(1), boolean(true), integer(2), boolean(false)}));
  const std::string big = "1234567999999999999999999999999999999";
  Reply big_number;
  big_number.type = Reply::Type::kBigNumber;
  big_number.text = big;
  both("bignum", bulk(big), big_number);
}

// --- AUTH ---

TEST_F(ConnectionTest, AuthWithoutAPassword) {
  expect_session(
      {{"AUTH secret",
        error(
            "ERR AUTH <password> called without any password configured for the default user. Are "
            "you sure your configuration is correct?")},
       {"AUTH default anything", ok()},
       {"AUTH nobody anything", kWrongPass},
       {"AUTH", wrong_arity("auth")},
       {"AUTH a b c", kSyntax}});
}

TEST_F(OwnConnectionTest, RequirepassKeepsStrangersOut) {
  start_with({"--requirepass", "secret"});
  expect_session({{"GET key", kNoAuth},
                  {"PING", kNoAuth},
                  {"nosuch", error("ERR unknown command 'nosuch', with args beginning with: ")},
                  {"AUTH wrong", kWrongPass},
                  {"AUTH default wrong", kWrongPass},
                  {"AUTH other secret", kWrongPass},
                  {"CONFIG GET requirepass", kNoAuth},
                  {"HELLO 2 AUTH default wrong", kWrongPass},
                  {"AUTH secret", ok()},
                  {"GET key", nil()},
                  {"AUTH wrong", kWrongPass},
                  {"GET key", nil()},
                  {"RESET", status("RESET")},
                  {"GET key", kNoAuth},
                  {"AUTH default secret", ok()},
                  {"GET key", nil()},
                  {"CONFIG GET requirepass", bulks({"requirepass", "secret"})}});
}

TEST_F(OwnConnectionTest, RequirepassThroughHello) {
  start_with({"--requirepass", "secret"});
  RawConnection connection = server().raw();
  const Reply hello = connection.run("HELLO", 3, "AUTH", "default", "secret", "SETNAME", "me");
  EXPECT_EQ(hello.at("proto"), integer(3)) << hello;
  EXPECT_EQ(connection.run("CLIENT", "GETNAME"), bulk("me"));
}

TEST_F(OwnConnectionTest, HelloWithoutThePasswordSaysHowToGiveIt) {
  start();
  SKIP_ON_REDIS_7_0("forgets <proto> in the text");
  ASSERT_EQ(line("CONFIG SET requirepass secret"), ok());
  EXPECT_EQ(
      server().raw().run("HELLO", 3),
      error("NOAUTH HELLO must be called with the client already authenticated, otherwise the "
            "HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client "
            "and select the RESP protocol version at the same time"));
}

TEST_F(OwnConnectionTest, RequirepassMayChangeWhileRunning) {
  start();
  RawConnection old = server().raw();
  EXPECT_EQ(old.run("PING"), status("PONG"));
  EXPECT_EQ(line("CONFIG SET requirepass one"), ok());
  EXPECT_EQ(old.run("PING"), status("PONG")) << "connected before there was a password";
  EXPECT_EQ(server().raw().run("PING"), kNoAuth);
  EXPECT_EQ(server().raw().run("AUTH", "one"), ok());
  EXPECT_EQ(line("CONFIG SET requirepass \"\""), ok());
  EXPECT_EQ(server().raw().run("PING"), status("PONG"));
}

TEST_F(OwnConnectionTest, QuitNeedsNoPassword) {
  start_with({"--requirepass", "secret"});
  RawConnection connection = server().raw();
  EXPECT_EQ(connection.run("QUIT"), ok());
  EXPECT_TRUE(connection.closes());
}

// --- RESET ---

TEST_F(ConnectionTest, ResetForgetsWhatTheConnectionWas) {
  RawConnection connection = server().raw();
  connection.run("HELLO", 3, "SETNAME", "me");
  connection.run("SELECT", 5);
  connection.run("SET", "reset-key", "v");
  EXPECT_EQ(connection.run("RESET"), status("RESET"));
  EXPECT_EQ(connection.run("HELLO").type, Reply::Type::kArray);
  EXPECT_EQ(connection.run("CLIENT", "GETNAME"), nil());
  EXPECT_EQ(connection.run("GET", "reset-key"), nil());
  EXPECT_EQ(connection.run("RESET", "x"), wrong_arity("reset"));
}

TEST_F(ConnectionTest, ResetEndsReplyOff) {
  RawConnection connection = server().raw();
  ASSERT_TRUE(connection.send(encode_command({"CLIENT", "REPLY", "OFF"}) +
                              encode_command({"PING"}) + encode_command({"RESET"}) +
                              encode_command({"PING"})));
  EXPECT_EQ(connection.read_reply(), status("RESET"));
  EXPECT_EQ(connection.read_reply(), status("PONG"));
}

// --- CLIENT ---

TEST_F(ConnectionTest, ClientNames) {
  const Reply bad =
      error("ERR Client names cannot contain spaces, newlines or special characters.");
  expect_session({{"CLIENT GETNAME", nil()},
                  {"CLIENT SETNAME worker-1", ok()},
                  {"CLIENT GETNAME", bulk("worker-1")},
                  {"CLIENT SETNAME \"a b\"", bad},
                  {"CLIENT GETNAME", bulk("worker-1")},
                  {"CLIENT SETNAME \"\"", ok()},
                  {"CLIENT GETNAME", nil()},
                  {"CLIENT SETNAME", wrong_arity("client|setname")},
                  {"CLIENT GETNAME x", wrong_arity("client|getname")}});
  EXPECT_EQ(run("CLIENT", "SETNAME", "a\nb"), bad);
  EXPECT_EQ(run("CLIENT", "SETNAME", "\xc3\xa9"), bad);
}

TEST_F(ConnectionTest, ClientIdsGrow) {
  const Reply first = server().client().run("CLIENT", "ID");
  const Reply second = server().client().run("CLIENT", "ID");
  EXPECT_EQ(first.type, Reply::Type::kInteger);
  EXPECT_GT(first.number, 0);
  EXPECT_GT(second.number, first.number);
}

TEST_F(ConnectionTest, ClientListDescribesConnections) {
  RawConnection other = server().raw();
  other.run("CLIENT", "SETNAME", "other");
  other.run("SELECT", 3);
  const std::string list = run("CLIENT", "LIST").text;
  EXPECT_TRUE(list.ends_with('\n'));
  const auto rows = split(without_final_newline(list), '\n');
  EXPECT_GE(rows.size(), 2U);
  const std::string id = std::to_string(other.run("CLIENT", "ID").number);
  std::string row = run("CLIENT", "LIST", "ID", id).text;
  auto fields = client_fields(without_final_newline(row));
  EXPECT_EQ(fields["id"], id);
  EXPECT_EQ(fields["name"], "other");
  EXPECT_EQ(fields["addr"], other.local_address());
  EXPECT_EQ(fields["laddr"], "127.0.0.1:" + std::to_string(server().port()));
  EXPECT_EQ(fields["db"], "3");
  EXPECT_EQ(fields["flags"], "N");
  EXPECT_EQ(fields["cmd"], "client|id");
  EXPECT_EQ(fields["user"], "default");
  EXPECT_EQ(fields["multi"], "-1");
  EXPECT_EQ(fields["redir"], "-1");
  EXPECT_EQ(fields["resp"], "2");
  EXPECT_EQ(fields["sub"], "0");
  EXPECT_EQ(fields["events"], "r");
  for (const char* number : {"fd", "age", "idle", "psub", "ssub", "qbuf", "qbuf-free", "argv-mem",
                             "multi-mem", "rbs", "rbp", "obl", "oll", "omem", "tot-mem"}) {
    EXPECT_TRUE(fields.contains(number)) << number << " in " << row;
    EXPECT_EQ(fields[number].find_first_not_of("0123456789"), std::string::npos) << number;
  }
}

TEST_F(ConnectionTest, ClientListShowsTheArgumentsOfTheCallersCommand) {
  // All that was sent is still in the query buffer, of which the arguments are a part.
  auto fields = client_fields(without_final_newline(run("CLIENT", "INFO").text));
  EXPECT_EQ(fields["argv-mem"], std::to_string(std::string("CLIENTINFO").size()));
  EXPECT_EQ(fields["qbuf"], std::to_string(encode_command({"CLIENT", "INFO"}).size()));
  const std::string id = std::to_string(run("CLIENT", "ID").number);
  fields = client_fields(without_final_newline(run("CLIENT", "LIST", "ID", id).text));
  EXPECT_EQ(fields["argv-mem"], std::to_string(("CLIENTLISTID" + id).size()));
}

TEST_F(ConnectionTest, ClientListShowsTheArgumentsOfRequestsThatArrivedInPart) {
  RawConnection other = server().raw();
  const std::string id = std::to_string(other.run("CLIENT", "ID").number);
  const auto field = [&](const std::string& name) {
    return client_fields(without_final_newline(run("CLIENT", "LIST", "ID", id).text))[name];
  };
  EXPECT_EQ(field("argv-mem"), "0");
  ASSERT_TRUE(other.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$10\r\nab"));
  EXPECT_TRUE(wait_until([&] { return field("argv-mem") == "4"; })) << field("argv-mem");
  EXPECT_EQ(field("qbuf"), "2");
  ASSERT_TRUE(other.send("cd"));
  EXPECT_TRUE(wait_until([&] { return field("qbuf") == "4"; })) << field("qbuf");
  EXPECT_EQ(field("argv-mem"), "4");
  ASSERT_TRUE(other.send("efghij\r\n"));
  EXPECT_EQ(other.read_reply(), ok());
  EXPECT_EQ(field("argv-mem"), "0");
  EXPECT_EQ(field("qbuf"), "0");
}

TEST_F(ConnectionTest, ClientListShowsTheArgumentsOfBlockedCommands) {
  RawConnection other = server().raw();
  const std::string id = std::to_string(other.run("CLIENT", "ID").number);
  const auto fields = [&] {
    return client_fields(without_final_newline(run("CLIENT", "LIST", "ID", id).text));
  };
  const std::string waiting = encode_command({"GET", "later"});
  ASSERT_TRUE(other.send(encode_command({"WAIT", "1", "0"}) + waiting));
  EXPECT_TRUE(wait_until([&] { return fields()["flags"] == "b"; }));
  EXPECT_EQ(fields()["argv-mem"], "6");
  EXPECT_EQ(fields()["qbuf"], std::to_string(waiting.size()));
  EXPECT_EQ(run("CLIENT", "UNBLOCK", id), integer(1));
  EXPECT_EQ(other.read_reply(), integer(0));
  EXPECT_EQ(other.read_reply(), nil());
  EXPECT_EQ(fields()["argv-mem"], "0");
}

TEST_F(ConnectionTest, ClientListShowsWhoReadsTooSlowly) {
  RawConnection slow = server().raw({.receive_buffer_bytes = 4096});
  const std::string id = std::to_string(slow.run("CLIENT", "ID").number);
  const auto fields = [&] {
    return client_fields(without_final_newline(run("CLIENT", "LIST", "ID", id).text));
  };
  EXPECT_EQ(fields()["obl"], "0");
  EXPECT_EQ(fields()["oll"], "0");
  EXPECT_EQ(fields()["omem"], "0");
  run("SET", "long", std::string(1 << 20, 'x'));
  std::string requests;
  for (int i = 0; i < 32; ++i) requests += encode_command({"GET", "long"});
  ASSERT_TRUE(slow.send(requests));
  EXPECT_TRUE(wait_until([&] { return std::stoll(fields()["omem"]) > (1 << 20); }));
  auto shown = fields();
  EXPECT_GE(std::stoll(shown["oll"]), 1);
  EXPECT_LE(std::stoll(shown["obl"]), 16 * 1024);
  EXPECT_GE(std::stoll(shown["tot-mem"]), std::stoll(shown["omem"]) + std::stoll(shown["obl"]));
  EXPECT_EQ(shown["events"], "rw");
}

TEST_F(ConnectionTest, ClientTrackinginfo) {
  EXPECT_EQ(run("CLIENT", "TRACKINGINFO"),
            array({bulk("flags"), array({bulk("off")}), bulk("redirect"), integer(-1),
                   bulk("prefixes"), array({})}));
  EXPECT_EQ(run("CLIENT", "TRACKINGINFO", "x"), wrong_arity("client|trackinginfo"));
  const Reply resp3 = run3("CLIENT", "TRACKINGINFO");
  EXPECT_EQ(resp3.type, Reply::Type::kMap);
  EXPECT_EQ(resp3.at("flags").type, Reply::Type::kSet);
}

TEST_F(ConnectionTest, ClientListShowsTheOrderOfFieldsThatParsersKnow) {
  SKIP_ON_REDIS_7_0("has no lib-name and lib-ver");
  std::vector<std::string> names;
  for (const std::string& word : split(without_final_newline(run("CLIENT", "INFO").text), ' ')) {
    names.push_back(word.substr(0, word.find('=')));
  }
  EXPECT_EQ(names, (std::vector<std::string>{
                       "id",    "addr",      "laddr",    "fd",        "name", "age",   "idle",
                       "flags", "db",        "sub",      "psub",      "ssub", "multi", "watch",
                       "qbuf",  "qbuf-free", "argv-mem", "multi-mem", "rbs",  "rbp",   "obl",
                       "oll",   "omem",      "tot-mem",  "events",    "cmd",  "user",  "redir",
                       "resp",  "lib-name",  "lib-ver"}));
}

TEST_F(ConnectionTest, ClientListFilters) {
  RawConnection a = server().raw();
  RawConnection b = server().raw();
  const auto id_a = std::to_string(a.run("CLIENT", "ID").number);
  const auto id_b = std::to_string(b.run("CLIENT", "ID").number);
  const auto rows =
      split(without_final_newline(run("CLIENT", "LIST", "ID", id_a, id_b).text), '\n');
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(client_fields(rows[0])["id"], id_a);
  EXPECT_EQ(client_fields(rows[1])["id"], id_b);
  EXPECT_EQ(run("CLIENT", "LIST", "TYPE", "replica"), bulk(""));
  EXPECT_EQ(run("CLIENT", "LIST", "TYPE", "pubsub"), bulk(""));
  EXPECT_NE(run("CLIENT", "LIST", "TYPE", "normal").text.find("id=" + id_a), std::string::npos);
  expect_session({{"CLIENT LIST TYPE bogus", error("ERR Unknown client type 'bogus'")},
                  {"CLIENT LIST ID", kSyntax},
                  {"CLIENT LIST ID x", error("ERR Invalid client ID")},
                  {"CLIENT LIST BOGUS", kSyntax},
                  {"CLIENT LIST ID 999999999", bulk("")}});
}

TEST_F(ConnectionTest, ClientInfoIsTheRowOfTheCaller) {
  const Reply reply = run3("CLIENT", "INFO");
  EXPECT_EQ(reply.type, Reply::Type::kVerbatim);
  auto fields = client_fields(without_final_newline(reply.text.substr(4)));
  EXPECT_EQ(fields["id"], std::to_string(run3("CLIENT", "ID").number));
  EXPECT_EQ(fields["resp"], "3");
  EXPECT_EQ(fields["cmd"], "client|info");
}

TEST_F(ConnectionTest, ClientSetinfo) {
  SKIP_ON_REDIS_7_0("has no CLIENT SETINFO");
  RawConnection connection = server().raw();
  EXPECT_EQ(connection.run("CLIENT", "SETINFO", "lib-name", "redis-py"), ok());
  EXPECT_EQ(connection.run("CLIENT", "SETINFO", "LIB-VER", "4.3.4"), ok());
  auto fields = client_fields(without_final_newline(connection.run("CLIENT", "INFO").text));
  EXPECT_EQ(fields["lib-name"], "redis-py");
  EXPECT_EQ(fields["lib-ver"], "4.3.4");
  EXPECT_EQ(connection.run("CLIENT", "SETINFO", "lib-name", "a b"),
            error("ERR lib-name cannot contain spaces, newlines or special characters."));
  EXPECT_EQ(connection.run("CLIENT", "SETINFO", "bogus", "x"),
            error("ERR Unrecognized option 'bogus'"));
  EXPECT_EQ(connection.run("CLIENT", "SETINFO", "lib-name"), wrong_arity("client|setinfo"));
  EXPECT_EQ(connection.run("RESET"), status("RESET"));
  fields = client_fields(without_final_newline(connection.run("CLIENT", "INFO").text));
  EXPECT_EQ(fields["lib-name"], "redis-py") << "RESET keeps what the library said about itself";
}

TEST_F(ConnectionTest, ClientNoTouch) {
  SKIP_ON_REDIS_7_0("has no CLIENT NO-TOUCH");
  run("SET", "key", "text");
  EXPECT_EQ(run("CLIENT", "NO-TOUCH", "ON"), ok());
  EXPECT_TRUE(wait_until([&] {
    run("GET", "key");
    return run("OBJECT", "IDLETIME", "key").number >= 2;
  }));
  EXPECT_EQ(run("CLIENT", "NO-TOUCH", "off"), ok());
  EXPECT_TRUE(wait_until([&] {
    run("GET", "key");
    return run("OBJECT", "IDLETIME", "key").number <= 1;
  }));
  EXPECT_EQ(run("CLIENT", "NO-TOUCH", "x"), kSyntax);
}

TEST_F(ConnectionTest, ClientNoEvict) {
  expect_session({{"CLIENT NO-EVICT on", ok()},
                  {"CLIENT NO-EVICT OFF", ok()},
                  {"CLIENT NO-EVICT x", kSyntax},
                  {"CLIENT NO-EVICT", wrong_arity("client|no-evict")}});
}

TEST_F(ConnectionTest, ClientKillOldForm) {
  RawConnection victim = server().raw();
  EXPECT_EQ(victim.run("PING"), status("PONG"));
  EXPECT_EQ(run("CLIENT", "KILL", victim.local_address()), ok());
  EXPECT_TRUE(victim.closes());
  EXPECT_EQ(run("CLIENT", "KILL", victim.local_address()), error("ERR No such client"));
  EXPECT_EQ(run("CLIENT", "KILL", "1.2.3.4:5"), error("ERR No such client"));
  EXPECT_EQ(run("CLIENT", "KILL"), wrong_arity("client|kill"));
}

TEST_F(ConnectionTest, ClientKillFilters) {
  RawConnection a = server().raw();
  RawConnection b = server().raw();
  const auto id_a = a.run("CLIENT", "ID").number;
  EXPECT_EQ(run("CLIENT", "KILL", "ID", id_a), integer(1));
  EXPECT_TRUE(a.closes());
  EXPECT_EQ(run("CLIENT", "KILL", "ID", id_a), integer(0));
  EXPECT_EQ(run("CLIENT", "KILL", "ADDR", b.local_address(), "TYPE", "replica"), integer(0));
  EXPECT_EQ(b.run("PING"), status("PONG"));
  EXPECT_EQ(run("CLIENT", "KILL", "addr", b.local_address(), "type", "normal", "user", "default"),
            integer(1));
  EXPECT_TRUE(b.closes());
  EXPECT_EQ(run("PING"), status("PONG"));
}

TEST_F(ConnectionTest, ClientKillByLocalAddressSparesTheCaller) {
  RawConnection a = server().raw();
  RawConnection b = server().raw();
  a.run("PING");
  b.run("PING");
  const std::string local = "127.0.0.1:" + std::to_string(server().port());
  EXPECT_EQ(run("CLIENT", "KILL", "LADDR", local), integer(2));
  EXPECT_TRUE(a.closes());
  EXPECT_TRUE(b.closes());
  EXPECT_EQ(run("PING"), status("PONG"));
}

TEST_F(ConnectionTest, ClientKillMayHitTheCallerAfterItsReply) {
  RawConnection connection = server().raw();
  const auto id = std::to_string(connection.run("CLIENT", "ID").number);
  ASSERT_TRUE(connection.send(encode_command({"CLIENT", "KILL", "ID", id, "SKIPME", "NO"}) +
                              encode_command({"PING"})));
  bool closed = false;
  EXPECT_EQ(connection.read_until_closed(&closed), ":1\r\n");
  EXPECT_TRUE(closed);
}

TEST_F(ConnectionTest, ClientKillRefusesBadFilters) {
  expect_session({{"CLIENT KILL ID x", error("ERR client-id should be greater than 0")},
                  {"CLIENT KILL ID 0", error("ERR client-id should be greater than 0")},
                  {"CLIENT KILL TYPE bogus", error("ERR Unknown client type 'bogus'")},
                  {"CLIENT KILL USER bogus", error("ERR No such user 'bogus'")},
                  {"CLIENT KILL SKIPME maybe", kSyntax},
                  {"CLIENT KILL BOGUS 1", kSyntax},
                  {"CLIENT KILL ID 1 ADDR", kSyntax},
                  {"PING", status("PONG")}});
}

TEST_F(ConnectionTest, ClientReply) {
  RawConnection connection = server().raw();
  const auto command = [](const std::string& line) { return encode_command(words(line)); };
  ASSERT_TRUE(connection.send(command("PING 1") + command("CLIENT REPLY SKIP") +
                              command("PING skipped") + command("PING 2") +
                              command("CLIENT REPLY OFF") + command("PING off") +
                              command("nosuch") + command("CLIENT REPLY ON") + command("PING 3")));
  EXPECT_EQ(connection.read_reply(), bulk("1"));
  EXPECT_EQ(connection.read_reply(), bulk("2"));
  EXPECT_EQ(connection.read_reply(), ok());
  EXPECT_EQ(connection.read_reply(), bulk("3"));
  expect_session({{"CLIENT REPLY bogus", kSyntax}, {"CLIENT REPLY", wrong_arity("client|reply")}});
}

TEST_F(ConnectionTest, ClientErrorsAndHelp) {
  expect_session({{"CLIENT", wrong_arity("client")},
                  {"CLIENT BOGUS", error("ERR unknown subcommand 'BOGUS'. Try CLIENT HELP.")},
                  {"CLIENT HELP x", wrong_arity("client|help")}});
  const Reply help = line("CLIENT HELP");
  ASSERT_GT(help.elements.size(), 20U);
  EXPECT_EQ(help.elements.front(),
            status("CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
  EXPECT_EQ(help.elements.back(), status("    Prints this help."));
}

TEST_F(ConnectionTest, ConnectionsComeAndGo) {
  const auto connected = [&] { return info_number("connected_clients"); };
  EXPECT_TRUE(wait_until([&] { return connected() == 1; }));
  std::vector<RawConnection> crowd;
  for (int i = 0; i < 200; ++i) {
    crowd.push_back(server().raw());
    ASSERT_TRUE(crowd.back().connected());
  }
  for (RawConnection& connection : crowd) EXPECT_EQ(connection.run("PING"), status("PONG"));
  EXPECT_EQ(connected(), 201);
  for (std::size_t i = 0; i < crowd.size(); ++i) {
    if (i % 2 == 0) {
      crowd[i].close();
    } else {
      crowd[i].reset();
    }
  }
  EXPECT_TRUE(wait_until([&] { return connected() == 1; }));
}

}  // namespace
}  // namespace spinel::test
