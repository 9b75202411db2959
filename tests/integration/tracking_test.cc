// CLIENT TRACKING and its relatives, in every mode and both protocols.

#include <string>
#include <vector>

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

Reply invalidation(const std::vector<std::string>& keys) {
  return push({bulk("invalidate"), bulks(keys)});
}
Reply flush() {
  return push({bulk("invalidate"), nil()});
}
Reply message_of(const std::vector<std::string>& keys) {
  return array({bulk("message"), bulk("__redis__:invalidate"), bulks(keys)});
}
Reply broken_redirect(std::int64_t id) {
  return push({bulk("tracking-redir-broken"), integer(id)});
}

class TrackingTest : public ServerTest {
 protected:
  static Reply ask(RawConnection& connection, const std::string& text) {
    return connection.command(words(text));
  }
  /// Nothing has been sent to the connection beside what was read.
  static void expect_quiet(RawConnection& connection) {
    const Reply reply = ask(connection, "PING");
    EXPECT_TRUE(reply == status("PONG") || reply == bulks({"pong", ""})) << reply;
  }
  static std::int64_t id_of(RawConnection& connection) {
    return ask(connection, "CLIENT ID").number;
  }

  RawConnection tracking(const std::string& options = "") {
    RawConnection connection = server().resp3();
    EXPECT_EQ(ask(connection, "CLIENT TRACKING ON " + options), ok());
    return connection;
  }
  static std::vector<std::string> flags(RawConnection& connection) {
    return ask(connection, "CLIENT TRACKINGINFO").at("flags").texts();
  }
  /// The value of a field in the line of CLIENT LIST.
  std::string listed(std::int64_t id, const std::string& field) {
    const std::string line = run("CLIENT", "LIST", "ID", std::to_string(id)).text;
    for (const std::string& part : split(line, ' ')) {
      if (part.starts_with(field + "=")) return part.substr(field.size() + 1);
    }
    return "";
  }
};

TEST_F(TrackingTest, RefusesWhatDoesNotFitTogether) {
  RawConnection client = server().raw();
  const std::string prefix = "CLIENT TRACKING ON ";
  EXPECT_EQ(ask(client, "CLIENT TRACKING maybe"), error("ERR syntax error"));
  EXPECT_EQ(ask(client, prefix + "nonsense"), error("ERR syntax error"));
  EXPECT_EQ(ask(client, prefix + "REDIRECT"), error("ERR syntax error"));
  EXPECT_EQ(ask(client, prefix + "PREFIX"), error("ERR syntax error"));
  EXPECT_EQ(ask(client, prefix + "REDIRECT x"),
            error("ERR value is not an integer or out of range"));
  const Reply no_such_client = error("ERR The client ID you want redirect to does not exist");
  EXPECT_EQ(ask(client, prefix + "REDIRECT 999999"), no_such_client);
  EXPECT_EQ(ask(client, prefix + "REDIRECT 0"), no_such_client);
  EXPECT_EQ(ask(client, "CLIENT TRACKING OFF REDIRECT -1"), no_such_client);
  const std::string self = std::to_string(id_of(client));
  EXPECT_EQ(ask(client, prefix + "REDIRECT " + self + " REDIRECT " + self),
            error("ERR A client can only redirect to a single other client"));
  EXPECT_EQ(ask(client, prefix + "PREFIX a"),
            error("ERR PREFIX option requires BCAST mode to be enabled"));
  EXPECT_EQ(ask(client, prefix + "BCAST OPTIN"),
            error("ERR OPTIN and OPTOUT are not compatible with BCAST"));
  EXPECT_EQ(ask(client, prefix + "OPTIN OPTOUT"),
            error("ERR You can't specify both OPTIN mode and OPTOUT mode"));
  EXPECT_EQ(flags(client), std::vector<std::string>{"off"});

  EXPECT_EQ(ask(client, prefix + "OPTIN"), ok());
  EXPECT_EQ(ask(client, prefix + "OPTOUT"),
            error("ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this "
                  "client, and then re-enabling it with a different mode."));
  EXPECT_EQ(ask(client, prefix + "BCAST"),
            error("ERR You can't switch BCAST mode on/off before disabling tracking for this "
                  "client, and then re-enabling it with a different mode."));
  EXPECT_EQ(ask(client, "CLIENT TRACKING OFF"), ok());
  EXPECT_EQ(ask(client, "CLIENT TRACKING OFF"), ok());
}

TEST_F(TrackingTest, RefusesOverlappingPrefixes) {
  RawConnection client = server().raw();
  const auto existing = [](const std::string& one, const std::string& other) {
    return error("ERR Prefix '" + one + "' overlaps with an existing prefix '" + other +
                 "'. Prefixes for a single client must not overlap.");
  };
  EXPECT_EQ(ask(client, "CLIENT TRACKING ON BCAST PREFIX ab PREFIX a"),
            error("ERR Prefix 'ab' overlaps with another provided prefix 'a'. Prefixes for a "
                  "single client must not overlap."));
  EXPECT_EQ(ask(client, "CLIENT TRACKING ON BCAST PREFIX foo PREFIX bar"), ok());
  EXPECT_EQ(ask(client, "CLIENT TRACKING ON BCAST PREFIX foobar"), existing("foobar", "foo"));
  EXPECT_EQ(ask(client, "CLIENT TRACKING ON BCAST PREFIX fo"), existing("fo", "foo"));
  EXPECT_EQ(ask(client, "CLIENT TRACKING ON BCAST PREFIX foo"), existing("foo", "foo"));
  EXPECT_EQ(ask(client, "CLIENT TRACKING ON BCAST PREFIX zed NOLOOP"), ok());
  EXPECT_EQ(ask(client, "CLIENT TRACKINGINFO"),
            array({bulk("flags"), bulks({"on", "bcast", "noloop"}), bulk("redirect"), integer(0),
                   bulk("prefixes"), bulks({"bar", "foo", "zed"})}));
  EXPECT_EQ(info_number("tracking_total_prefixes"), 3);
  EXPECT_EQ(ask(client, "CLIENT TRACKING OFF"), ok());
  EXPECT_EQ(info_number("tracking_total_prefixes"), 0);
}

TEST_F(TrackingTest, CachingIsForOptInAndOptOut) {
  RawConnection client = server().raw();
  const Reply not_now = error(
      "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or "
      "OPTOUT mode enabled");
  const Reply not_yes =
      error("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.");
  const Reply not_no =
      error("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.");
  EXPECT_EQ(ask(client, "CLIENT CACHING YES"), not_now);
  EXPECT_EQ(ask(client, "CLIENT TRACKING ON"), ok());
  EXPECT_EQ(ask(client, "CLIENT CACHING YES"), not_yes);
  EXPECT_EQ(ask(client, "CLIENT TRACKING ON OPTIN"), ok());
  EXPECT_EQ(ask(client, "CLIENT CACHING NO"), not_no);
  EXPECT_EQ(ask(client, "CLIENT CACHING x"), error("ERR syntax error"));
  EXPECT_EQ(ask(client, "CLIENT CACHING YES"), ok());
  EXPECT_EQ(flags(client), (std::vector<std::string>{"on", "optin", "caching-yes"}));
  EXPECT_TRUE(ask(client, "NOSUCH").is_error());
  EXPECT_EQ(flags(client), (std::vector<std::string>{"on", "optin"}));
  EXPECT_EQ(ask(client, "CLIENT TRACKING OFF"), ok());
  EXPECT_EQ(ask(client, "CLIENT TRACKING ON OPTOUT"), ok());
  EXPECT_EQ(ask(client, "CLIENT CACHING YES"), not_yes);
  EXPECT_EQ(ask(client, "CLIENT CACHING NO"), ok());
  EXPECT_EQ(flags(client), (std::vector<std::string>{"on", "optout", "caching-no"}));
}

TEST_F(TrackingTest, TellsOnceOfEachKeyThatWasRead) {
  RawConnection reader = tracking();
  EXPECT_EQ(ask(reader, "MGET a b"), array({nil(), nil()}));
  EXPECT_EQ(ask(reader, "HGETALL h").elements.size(), 0U);
  EXPECT_EQ(info_number("tracking_total_keys"), 3);
  EXPECT_EQ(info_number("tracking_clients"), 1);
  EXPECT_EQ(run("MSET", "b", "1", "a", "1", "c", "1"), ok());
  EXPECT_EQ(reader.read_reply(), invalidation({"b"}));
  EXPECT_EQ(reader.read_reply(), invalidation({"a"}));
  EXPECT_EQ(run("SET", "a", "2"), ok());
  expect_quiet(reader);
  EXPECT_EQ(run("HSET", "h", "f", "1"), integer(1));
  EXPECT_EQ(reader.read_reply(), invalidation({"h"}));
  // A key is one in all databases.
  EXPECT_EQ(ask(reader, "GET a"), bulk("2"));
  RawConnection other = server().raw();
  EXPECT_EQ(ask(other, "SELECT 3"), ok());
  EXPECT_EQ(ask(other, "SET a 1"), ok());
  EXPECT_EQ(reader.read_reply(), invalidation({"a"}));
  // Writes that return what they find do not read.
  EXPECT_EQ(ask(reader, "GETEX a"), bulk("2"));
  EXPECT_EQ(info_number("tracking_total_keys"), 0);
}

TEST_F(TrackingTest, TellsOfOwnWritesBehindTheirReplies) {
  RawConnection client = tracking();
  EXPECT_EQ(ask(client, "GET a"), nil());
  EXPECT_EQ(ask(client, "SET a 1"), ok());
  EXPECT_EQ(client.read_reply(), invalidation({"a"}));
  EXPECT_EQ(ask(client, "GET a"), bulk("1"));
  EXPECT_EQ(ask(client, "MULTI"), ok());
  for (const char* text : {"GET a", "SET a 2", "GET a"}) ask(client, text);
  EXPECT_EQ(ask(client, "EXEC"), array({bulk("1"), ok(), bulk("2")}));
  EXPECT_EQ(client.read_reply(), invalidation({"a"}));
  EXPECT_EQ(run("SET", "a", "3"), ok());  // the read within EXEC counts
  EXPECT_EQ(client.read_reply(), invalidation({"a"}));
}

TEST_F(TrackingTest, NoloopTellsOnlyOfWritesOfOthers) {
  RawConnection client = tracking("NOLOOP");
  EXPECT_EQ(ask(client, "GET a"), nil());
  EXPECT_EQ(ask(client, "SET a 1"), ok());
  expect_quiet(client);
  EXPECT_EQ(run("SET", "a", "2"), ok());
  expect_quiet(client);  // its own write ended the tracking of the key
  EXPECT_EQ(ask(client, "GET a"), bulk("2"));
  EXPECT_EQ(run("DEL", "a"), integer(1));
  EXPECT_EQ(client.read_reply(), invalidation({"a"}));
  EXPECT_EQ(ask(client, "FLUSHALL"), ok());
  EXPECT_EQ(client.read_reply(), flush());
}

TEST_F(TrackingTest, TellsOfExpiryWhereverItIsNoticed) {
  RawConnection client = tracking();
  run("SET", "a", "1", "PX", "20");
  EXPECT_EQ(ask(client, "GET a"), bulk("1"));
  EXPECT_EQ(client.read_reply(), invalidation({"a"}));  // by itself

  EXPECT_EQ(run("DEBUG", "SET-ACTIVE-EXPIRE", "0"), ok());
  RawConnection noloop = tracking("NOLOOP");
  run("SET", "a", "1", "PX", "50");
  EXPECT_EQ(ask(client, "GET a"), bulk("1"));
  EXPECT_EQ(ask(noloop, "GET a"), bulk("1"));
  EXPECT_TRUE(wait_until([&] {
    return run("OBJECT", "FREQ", "a").is_error_with("ERR no such") ||
           run("EXISTS", "a") == integer(0);
  }));
  EXPECT_EQ(client.read_reply(), invalidation({"a"}));
  EXPECT_EQ(noloop.read_reply(), invalidation({"a"}));
  EXPECT_EQ(run("DEBUG", "SET-ACTIVE-EXPIRE", "1"), ok());
}

TEST_F(TrackingTest, FlushesAndSwaps) {
  RawConnection reader = tracking();
  RawConnection broadcast = tracking("BCAST PREFIX x");
  EXPECT_EQ(ask(reader, "GET a"), nil());
  for (const char* text : {"FLUSHALL", "FLUSHDB", "SWAPDB 0 1", "SWAPDB 0 1"}) {
    if (against_redis_7_0() && std::string(text).starts_with("SWAPDB")) continue;
    EXPECT_EQ(line(text), ok());
    EXPECT_EQ(reader.read_reply(), flush()) << text;
    EXPECT_EQ(broadcast.read_reply(), flush()) << text;
  }
  expect_quiet(reader);
  expect_quiet(broadcast);
  EXPECT_EQ(info_number("tracking_total_keys"), 0);
}

TEST_F(TrackingTest, OptInAndOptOut) {
  RawConnection in = tracking("OPTIN");
  RawConnection out = tracking("OPTOUT");
  EXPECT_EQ(ask(in, "GET a"), nil());
  EXPECT_EQ(ask(in, "CLIENT CACHING YES"), ok());
  EXPECT_EQ(ask(in, "GET b"), nil());
  EXPECT_EQ(ask(in, "GET c"), nil());
  EXPECT_EQ(ask(out, "GET a"), nil());
  EXPECT_EQ(ask(out, "CLIENT CACHING NO"), ok());
  EXPECT_EQ(ask(out, "GET b"), nil());
  EXPECT_EQ(ask(out, "GET c"), nil());
  EXPECT_EQ(run("MSET", "a", "1", "b", "1", "c", "1"), ok());
  EXPECT_EQ(in.read_reply(), invalidation({"b"}));
  EXPECT_EQ(out.read_reply(), invalidation({"a"}));
  EXPECT_EQ(out.read_reply(), invalidation({"c"}));
  // For a whole transaction, from before MULTI or from within.
  ask(in, "CLIENT CACHING YES");
  for (const char* text : {"MULTI", "GET a", "GET b", "EXEC", "GET c"}) ask(in, text);
  EXPECT_EQ(run("MSET", "a", "1", "b", "1", "c", "1"), ok());
  EXPECT_EQ(in.read_reply(), invalidation({"a"}));
  EXPECT_EQ(in.read_reply(), invalidation({"b"}));
  for (const char* text : {"MULTI", "GET a", "CLIENT CACHING YES", "GET b", "EXEC"}) ask(in, text);
  EXPECT_EQ(run("MSET", "a", "1", "b", "1"), ok());
  EXPECT_EQ(in.read_reply(), invalidation({"b"}));
  expect_quiet(in);
}

TEST_F(TrackingTest, BroadcastsOnceATurnByPrefix) {
  RawConnection client = tracking("BCAST PREFIX a PREFIX b");
  RawConnection all = tracking("BCAST");
  RawConnection noloop = tracking("BCAST PREFIX a NOLOOP");
  EXPECT_EQ(run("MSET", "a3", "1", "b2", "1", "a1", "1", "c", "1", "a3", "2"), ok());
  EXPECT_EQ(client.read_reply(), invalidation({"a1", "a3"}));
  EXPECT_EQ(client.read_reply(), invalidation({"b2"}));
  EXPECT_EQ(all.read_reply(), invalidation({"a1", "a3", "b2", "c"}));
  EXPECT_EQ(noloop.read_reply(), invalidation({"a1", "a3"}));
  EXPECT_EQ(ask(noloop, "SET a1 2"), ok());
  expect_quiet(noloop);
  EXPECT_EQ(client.read_reply(), invalidation({"a1"}));
  EXPECT_EQ(all.read_reply(), invalidation({"a1"}));
  EXPECT_EQ(info_number("tracking_total_prefixes"), 3);
  EXPECT_EQ(listed(id_of(client), "flags"), "tB");
}

TEST_F(TrackingTest, RedirectsToASubscriberOfResp2) {
  RawConnection target = server().raw();
  const std::int64_t id = id_of(target);
  RawConnection client = server().raw();
  EXPECT_EQ(ask(client, "CLIENT TRACKING ON REDIRECT " + std::to_string(id)), ok());
  EXPECT_EQ(ask(client, "CLIENT GETREDIR"), integer(id));
  EXPECT_EQ(listed(id_of(client), "redir"), std::to_string(id));
  EXPECT_EQ(listed(id, "redir"), "-1");
  EXPECT_EQ(ask(client, "GET a"), nil());
  EXPECT_EQ(run("SET", "a", "1"), ok());
  expect_quiet(target);  // it subscribed to nothing
  ask(target, "SUBSCRIBE __redis__:invalidate");
  EXPECT_EQ(ask(client, "GET a"), bulk("1"));
  EXPECT_EQ(run("SET", "a", "2"), ok());
  EXPECT_EQ(target.read_reply(), message_of({"a"}));
  EXPECT_EQ(ask(client, "GET a"), bulk("2"));
  EXPECT_EQ(ask(client, "SET a 3"), ok());
  EXPECT_EQ(target.read_reply(), message_of({"a"}));
  EXPECT_EQ(run("FLUSHALL"), ok());
  EXPECT_EQ(target.read_reply(), array({bulk("message"), bulk("__redis__:invalidate"), nil()}));
  expect_quiet(client);
}

TEST_F(TrackingTest, TellsOfABrokenRedirection) {
  RawConnection target = server().raw();
  const std::int64_t id = id_of(target);
  RawConnection client = tracking("REDIRECT " + std::to_string(id));
  EXPECT_EQ(ask(client, "MGET a b"), array({nil(), nil()}));
  target.close();
  EXPECT_TRUE(wait_until([&] { return listed(id, "id").empty(); }));
  EXPECT_EQ(flags(client), std::vector<std::string>{"on"});
  EXPECT_EQ(run("SET", "a", "1"), ok());
  EXPECT_EQ(client.read_reply(), broken_redirect(id));
  EXPECT_EQ(flags(client), (std::vector<std::string>{"on", "broken_redirect"}));
  EXPECT_EQ(listed(id_of(client), "flags"), "tR");
  EXPECT_EQ(ask(client, "SET b 1"), ok());
  EXPECT_EQ(client.read_reply(), broken_redirect(id));
  EXPECT_EQ(ask(client, "CLIENT TRACKING ON"), ok());
  EXPECT_EQ(flags(client), std::vector<std::string>{"on"});
}

TEST_F(TrackingTest, ReplyOffDropsNoMessage) {
  RawConnection client = tracking();
  client.send("CLIENT REPLY OFF\r\nGET a\r\n");
  EXPECT_TRUE(wait_until([&] { return info_number("tracking_total_keys") == 1; }));
  EXPECT_EQ(run("SET", "a", "1"), ok());
  EXPECT_EQ(client.read_reply(), invalidation({"a"}));
  client.send("GET a\r\nSET a 2\r\n");
  EXPECT_EQ(client.read_reply(), invalidation({"a"}));
  EXPECT_EQ(ask(client, "CLIENT REPLY ON"), ok());
}

TEST_F(TrackingTest, EndsWithResetAndTheConnection) {
  {
    RawConnection client = tracking();
    RawConnection gone = tracking("BCAST");
    EXPECT_EQ(ask(client, "GET a"), nil());
    EXPECT_EQ(info_number("tracking_clients"), 2);
    EXPECT_EQ(ask(client, "RESET"), status("RESET"));
    EXPECT_EQ(flags(client), std::vector<std::string>{"off"});
    EXPECT_EQ(run("SET", "a", "1"), ok());
    expect_quiet(client);
  }
  EXPECT_TRUE(wait_until([&] { return info_number("tracking_clients") == 0; }));
  EXPECT_EQ(info_number("tracking_total_prefixes"), 0);
}

TEST_F(OwnServerTest, TrackingForgetsKeysBeyondItsLimit) {
  start_with({"--tracking-table-max-keys", "50"});
  RawConnection client = server().resp3();
  EXPECT_EQ(client.run("CLIENT", "TRACKING", "ON"), ok());
  std::vector<std::vector<std::string>> reads;
  for (int i = 0; i < 400; ++i) reads.push_back({"GET", "k" + std::to_string(i)});
  std::string requests;
  for (const auto& read : reads) requests += encode_command(read);
  const std::vector<Reply> replies = client.exchange(requests, 750);
  std::size_t told = 0;
  for (const Reply& reply : replies) {
    if (reply.type == Reply::Type::kPush) ++told;
  }
  EXPECT_EQ(told, 350U);
  EXPECT_EQ(info_number("tracking_total_keys"), 50);
  EXPECT_EQ(run("CONFIG", "SET", "tracking-table-max-keys", "10"), ok());
  EXPECT_TRUE(wait_until([&] { return info_number("tracking_total_keys") == 10; }));
}

}  // namespace
}  // namespace spinel::test
