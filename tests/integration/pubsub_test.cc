// SUBSCRIBE, PUBLISH and their relatives in both protocols.

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

Reply confirmation(const std::string& verb, const std::string& name, int count) {
  return array({bulk(verb), bulk(name), integer(count)});
}

Reply as_push(Reply reply) {
  reply.type = Reply::Type::kPush;
  return reply;
}

Reply message(const std::string& channel, const std::string& text) {
  return bulks({"message", channel, text});
}

Reply only_allowed(const std::string& command) {
  return error("ERR Can't execute '" + command +
               "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in "
               "this context");
}

class PubsubTest : public ServerTest {
 protected:
  /// Sends a line and returns its first reply.
  static Reply ask(RawConnection& connection, const std::string& text) {
    return connection.command(words(text));
  }
  static void expect_replies(RawConnection& connection, const std::vector<Reply>& replies) {
    for (const Reply& reply : replies) EXPECT_EQ(connection.read_reply(), reply);
  }
};

TEST_F(PubsubTest, ConfirmsSubscriptionsAndTheirEnd) {
  RawConnection subscriber = server().raw();
  EXPECT_EQ(ask(subscriber, "SUBSCRIBE a b a"), confirmation("subscribe", "a", 1));
  expect_replies(subscriber,
                 {confirmation("subscribe", "b", 2), confirmation("subscribe", "a", 2)});
  EXPECT_EQ(ask(subscriber, "PSUBSCRIBE a*"), confirmation("psubscribe", "a*", 3));
  EXPECT_EQ(ask(subscriber, "SSUBSCRIBE a"), confirmation("ssubscribe", "a", 1));
  EXPECT_EQ(ask(subscriber, "UNSUBSCRIBE b none"), confirmation("unsubscribe", "b", 2));
  expect_replies(subscriber, {confirmation("unsubscribe", "none", 2)});
  EXPECT_EQ(ask(subscriber, "PUNSUBSCRIBE"), confirmation("punsubscribe", "a*", 1));
  EXPECT_EQ(ask(subscriber, "PUNSUBSCRIBE"), array({bulk("punsubscribe"), nil(), integer(1)}));
  EXPECT_EQ(ask(subscriber, "UNSUBSCRIBE"), confirmation("unsubscribe", "a", 0));
  EXPECT_EQ(ask(subscriber, "GET x"), only_allowed("get"));
  EXPECT_EQ(ask(subscriber, "SUNSUBSCRIBE"), confirmation("sunsubscribe", "a", 0));
  EXPECT_EQ(ask(subscriber, "GET x"), nil());
  EXPECT_EQ(run("PUBLISH", "a", "x"), integer(0));
}

TEST_F(PubsubTest, ConfirmsAsPushesInResp3) {
  EXPECT_EQ(run3("SUBSCRIBE", "a"), as_push(confirmation("subscribe", "a", 1)));
  EXPECT_EQ(run3("SUNSUBSCRIBE"), push({bulk("sunsubscribe"), nil(), integer(0)}));
  EXPECT_EQ(run3("PING"), status("PONG"));
  EXPECT_EQ(run3("GET", "none"), nil());
  EXPECT_EQ(run3("UNSUBSCRIBE"), as_push(confirmation("unsubscribe", "a", 0)));
}

TEST_F(PubsubTest, DeliversToChannelsThenToPatternsInTheOrderPublished) {
  RawConnection both = server().raw();
  ask(both, "SUBSCRIBE news.art");
  ask(both, "PSUBSCRIBE news.*");
  RawConnection shard = server().resp3();
  ask(shard, "SSUBSCRIBE news.art");
  EXPECT_EQ(run("PUBLISH", "news.art", "one"), integer(2));
  EXPECT_EQ(run("PUBLISH", "news.music", "two"), integer(1));
  EXPECT_EQ(run("PUBLISH", "other", "three"), integer(0));
  EXPECT_EQ(run("SPUBLISH", "news.art", "four"), integer(1));
  EXPECT_EQ(run("SPUBLISH", "news.music", "five"), integer(0));
  expect_replies(both,
                 {message("news.art", "one"), bulks({"pmessage", "news.*", "news.art", "one"}),
                  bulks({"pmessage", "news.*", "news.music", "two"})});
  EXPECT_EQ(shard.read_reply(), push({bulk("smessage"), bulk("news.art"), bulk("four")}));
}

TEST_F(PubsubTest, CarriesAnyBytesOfAnySize) {
  RawConnection subscriber = server().raw();
  RawConnection resp3 = server().resp3();
  const std::string channel("a\0\r\nb", 5);
  subscriber.run("SUBSCRIBE", channel);
  resp3.run("SUBSCRIBE", channel);
  for (const size_t size : {0, 1, 400, 600, 16 * 1024, 100'000, 3'000'000}) {
    const std::string text(size, 'x');
    EXPECT_EQ(run("PUBLISH", channel, text), integer(2));
    EXPECT_EQ(subscriber.read_reply(), message(channel, text));
    EXPECT_EQ(resp3.read_reply(), as_push(message(channel, text)));
  }
}

TEST_F(PubsubTest, LimitsWhatASubscriberOfResp2MaySend) {
  RawConnection subscriber = server().raw();
  ask(subscriber, "SUBSCRIBE a");
  for (const char* command : {"GET x", "HELLO 3", "AUTH x", "PUBLISH a b", "MONITOR"}) {
    std::string name = words(command)[0];
    std::ranges::transform(name, name.begin(), [](char c) { return static_cast<char>(c | 32); });
    EXPECT_EQ(ask(subscriber, command), only_allowed(name));
  }
  EXPECT_EQ(ask(subscriber, "CONFIG GET save"), only_allowed("config|get"));
  EXPECT_EQ(ask(subscriber, "GET"), error("ERR wrong number of arguments for 'get' command"));
  EXPECT_TRUE(ask(subscriber, "NOSUCH").is_error_with("ERR unknown command"));
  EXPECT_EQ(ask(subscriber, "PING"), bulks({"pong", ""}));
  EXPECT_EQ(ask(subscriber, "PING hello"), bulks({"pong", "hello"}));
  EXPECT_EQ(ask(subscriber, "RESET"), status("RESET"));
  EXPECT_EQ(ask(subscriber, "PING"), status("PONG"));
  EXPECT_EQ(run("PUBSUB", "NUMSUB", "a"), array({bulk("a"), integer(0)}));
  ask(subscriber, "PSUBSCRIBE *");
  EXPECT_EQ(ask(subscriber, "QUIT"), ok());
  EXPECT_TRUE(subscriber.closes());
  EXPECT_TRUE(wait_until([&] { return run("PUBSUB", "NUMPAT") == integer(0); }));
}

TEST_F(PubsubTest, KeepsSubscriptionsWhenTheProtocolChanges) {
  RawConnection& subscriber = resp3();
  ask(subscriber, "SUBSCRIBE a");
  EXPECT_EQ(ask(subscriber, "HELLO 2").type, Reply::Type::kArray);
  run("PUBLISH", "a", "x");
  EXPECT_EQ(subscriber.read_reply(), message("a", "x"));
  EXPECT_EQ(ask(subscriber, "GET x"), only_allowed("get"));
}

TEST_F(PubsubTest, PushesComeBehindTheReplyOfTheClientsOwnCommand) {
  SKIP_ON_REDIS_7_0("it sends them before the reply");
  RawConnection& self = resp3();
  ask(self, "SUBSCRIBE a");
  EXPECT_EQ(ask(self, "PUBLISH a x"), integer(1));
  EXPECT_EQ(self.read_reply(), as_push(message("a", "x")));
  // The array of replies stays whole.
  SKIP_WITHOUT_COMMAND("MULTI");
  ask(self, "MULTI");
  ask(self, "PUBLISH a 1");
  ask(self, "PUBLISH a 2");
  EXPECT_EQ(ask(self, "EXEC"), array({integer(1), integer(1)}));
  expect_replies(self, {as_push(message("a", "1")), as_push(message("a", "2"))});
}

TEST_F(PubsubTest, ReplyOffDropsNoPush) {
  RawConnection subscriber = server().raw();
  subscriber.send("CLIENT REPLY OFF\r\nPING\r\nSUBSCRIBE a\r\nPING\r\n");
  EXPECT_EQ(subscriber.read_reply(), confirmation("subscribe", "a", 1));
  EXPECT_EQ(run("PUBLISH", "a", "x"), integer(1));
  EXPECT_EQ(subscriber.read_reply(), message("a", "x"));
  RawConnection& self = resp3();
  self.send("SUBSCRIBE b\r\nCLIENT REPLY OFF\r\nPUBLISH b x\r\nCLIENT REPLY ON\r\n");
  expect_replies(self,
                 {as_push(confirmation("subscribe", "b", 1)), as_push(message("b", "x")), ok()});
  self.send("CLIENT REPLY SKIP\r\nPUBLISH b y\r\nPING\r\n");
  expect_replies(self, {as_push(message("b", "y")), status("PONG")});
}

TEST_F(PubsubTest, InspectsChannelsAndPatterns) {
  RawConnection first = server().raw();
  RawConnection second = server().raw();
  first.run("SUBSCRIBE", "a1", "b1");
  first.read_reply();
  second.run("SUBSCRIBE", "a1");
  second.run("PSUBSCRIBE", "x*");
  first.run("PSUBSCRIBE", "x*");
  second.run("SSUBSCRIBE", "s1");
  EXPECT_EQ(run("PUBSUB", "CHANNELS").sorted_texts(), (std::vector<std::string>{"a1", "b1"}));
  EXPECT_EQ(line("PUBSUB channels a*"), bulks({"a1"}));
  EXPECT_EQ(line("PUBSUB NUMSUB"), array({}));
  EXPECT_EQ(line("PUBSUB NUMSUB a1 none"),
            array({bulk("a1"), integer(2), bulk("none"), integer(0)}));
  EXPECT_EQ(line("PUBSUB NUMPAT"), integer(1));
  EXPECT_EQ(line("PUBSUB SHARDCHANNELS"), bulks({"s1"}));
  EXPECT_EQ(line("PUBSUB SHARDCHANNELS a*"), array({}));
  EXPECT_EQ(line("PUBSUB SHARDNUMSUB s1 a1"),
            array({bulk("s1"), integer(1), bulk("a1"), integer(0)}));
  EXPECT_EQ(line("PUBSUB CHANNELS a b"),
            error("ERR unknown subcommand or wrong number of arguments for 'CHANNELS'. Try PUBSUB "
                  "HELP."));
  EXPECT_EQ(info_number("pubsub_channels"), 2);
  EXPECT_EQ(info_number("pubsub_patterns"), 1);
  EXPECT_EQ(info_number("pubsubshard_channels"), 1);
  if (!against_redis_7_0()) {
    EXPECT_EQ(info_number("pubsub_clients"), 2);
  }
  const std::string list = run("CLIENT", "LIST", "TYPE", "pubsub").text;
  EXPECT_NE(list.find(" flags=P db=0 sub=2 psub=1 ssub=0 "), std::string::npos) << list;
  EXPECT_NE(list.find(" flags=P db=0 sub=1 psub=1 ssub=1 "), std::string::npos) << list;
  EXPECT_EQ(std::ranges::count(list, '\n'), 2);
  EXPECT_EQ(line("CLIENT KILL TYPE pubsub"), integer(2));
  EXPECT_EQ(line("PUBSUB CHANNELS"), array({}));
  EXPECT_TRUE(first.closes());
  EXPECT_TRUE(second.closes());
}

class OwnPubsubTest : public OwnServerTest {};

TEST_F(OwnPubsubTest, ASlowSubscriberIsClosedAtItsLimitWhileOthersGetEverything) {
  start_with({"--client-output-buffer-limit", "pubsub 1mb 0 0"});
  RawConnection slow = server().raw({.receive_buffer_bytes = 4096});
  slow.run("SUBSCRIBE", "c");
  std::vector<RawConnection> readers;
  for (int i = 0; i < 3; ++i) {
    readers.push_back(server().raw());
    readers.back().run("SUBSCRIBE", "c");
  }
  // Each is read before the next, so only who does not read exceeds the limit.
  constexpr int kMessages = 20'000;
  const std::string filler(1000, '.');
  bool closed = false;
  for (int i = 0; i < kMessages && !closed; ++i) {
    const std::string text = std::to_string(i) + filler;
    const Reply sent = run("PUBLISH", "c", text);
    for (RawConnection& reader : readers) {
      ASSERT_EQ(reader.read_reply(), bulks({"message", "c", text}));
    }
    closed = sent == integer(3);
  }
  EXPECT_TRUE(closed);
  if (against_redis_7_0()) return;  // it does not count them
  EXPECT_EQ(info_number("client_output_buffer_limit_disconnections"), 1);
}

TEST_F(OwnPubsubTest, SubscriptionsCountAsMemoryOfTheClient) {
  start();
  RawConnection subscriber = server().raw();
  const long long id = subscriber.run("CLIENT", "ID").number;
  const auto total = [&] {
    const std::string text = run("CLIENT", "LIST", "ID", id).text;
    return std::stoll(text.substr(text.find("tot-mem=") + 8));
  };
  const long long before = total();
  const std::string name(10'000, 'n');
  for (int i = 0; i < 20; ++i) subscriber.run("PSUBSCRIBE", name + std::to_string(i));
  if (!against_redis_7_0()) {
    EXPECT_GE(total() - before, 200'000);
  }
  subscriber.run("RESET");
  EXPECT_LT(total() - before, 100'000);
}

TEST_F(OwnPubsubTest, TooManySubscriptionsExceedMaxmemoryClients) {
  start_with({"--maxmemory-clients", "2mb"});
  SKIP_ON_REDIS_7_0("it counts less for a subscription");
  RawConnection subscriber = server().raw();
  const std::string name(10'000, 'n');
  bool closed = false;
  for (int i = 0; i < 1000 && !closed; ++i) {
    closed = subscriber.run("SUBSCRIBE", name + std::to_string(i)).type == Reply::Type::kClosed;
  }
  EXPECT_TRUE(closed);
  EXPECT_EQ(run("PUBSUB", "CHANNELS"), array({}));
}

TEST_F(OwnPubsubTest, TheIdleTimeoutSparesSubscribers) {
  start_with({"--timeout", "1"});
  RawConnection idle = server().raw();
  idle.run("PING");
  RawConnection subscriber = server().raw();
  subscriber.run("SUBSCRIBE", "a");
  EXPECT_TRUE(idle.closes());
  EXPECT_EQ(run("PUBLISH", "a", "x"), integer(1));
  EXPECT_EQ(subscriber.read_reply(), bulks({"message", "a", "x"}));
}

TEST_F(OwnPubsubTest, AnnouncesKeyspaceEventsAsConfigured) {
  start();
  RawConnection subscriber = server().raw();
  subscriber.run("PSUBSCRIBE", "__key*__:*");
  const auto event = [](const std::string& channel, const std::string& text) {
    return bulks({"pmessage", "__key*__:*", channel, text});
  };
  run("SET", "k", "v");
  run("CONFIG", "SET", "notify-keyspace-events", "K$");
  run("SET", "k", "v");
  run("EXPIRE", "k", 100);
  run("CONFIG", "SET", "notify-keyspace-events", "Eg$");
  line("SELECT 3");
  run("SET", "k", "v", "EX", 100);
  run("CONFIG", "SET", "notify-keyspace-events", "g$");  // neither K nor E
  run("SET", "k", "v");
  run("CONFIG", "SET", "notify-keyspace-events", "KEx");
  line("PEXPIRE k 1");
  for (const Reply& expected :
       {event("__keyspace@0__:k", "set"), event("__keyevent@3__:set", "k"),
        event("__keyevent@3__:expire", "k"), event("__keyspace@3__:k", "expired"),
        event("__keyevent@3__:expired", "k")}) {
    EXPECT_EQ(subscriber.read_reply(), expected);
  }
}

TEST_F(OwnPubsubTest, AnEventOfTheClientsOwnCommandComesBehindItsReply) {
  start_with({"--notify-keyspace-events", "KAm"});
  SKIP_ON_REDIS_7_0("it sends them before the reply");
  run3("PSUBSCRIBE", "*");
  EXPECT_EQ(run3("MGET", "a", "b"), array({nil(), nil()}));
  for (const char* key : {"a", "b"}) {
    EXPECT_EQ(resp3().read_reply(),
              push({bulk("pmessage"), bulk("*"), bulk(std::string("__keyspace@0__:") + key),
                    bulk("keymiss")}));
  }
}

TEST_F(OwnPubsubTest, EventsOfWritesComeWithAppendfsyncAlways) {
  start_with({"--appendonly", "yes", "--appendfsync", "always", "--notify-keyspace-events", "KA"});
  RawConnection subscriber = server().raw();
  subscriber.run("SUBSCRIBE", "__keyspace@0__:k");
  EXPECT_EQ(run("SET", "k", "v"), ok());
  EXPECT_EQ(subscriber.read_reply(), bulks({"message", "__keyspace@0__:k", "set"}));
}

}  // namespace
}  // namespace spinel::test
