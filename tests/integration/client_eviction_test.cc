// What maxmemory-clients does to clients whose buffers take too much.

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

class ClientEvictionTest : public OwnServerTest {
 protected:
  static constexpr long long kLimitBytes = 2'000'000;

  void start_limited(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"--maxmemory-clients", std::to_string(kLimitBytes)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    start_with(arguments);
    // The one that looks must live to tell.
    ASSERT_EQ(line("CLIENT NO-EVICT ON"), ok());
  }

  /// A client whose unfinished request the server has to keep: so many bytes of it have arrived.
  RawConnection hoarder(const std::string& name, std::size_t bytes) {
    RawConnection connection = server().raw();
    EXPECT_EQ(connection.run("CLIENT", "SETNAME", name), ok());
    // The server may close it before all was sent.
    connection.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$" + std::to_string(bytes + 10) + "\r\n" +
                    std::string(bytes, 'x'));
    return connection;
  }
  bool listed(const std::string& name) {
    return run("CLIENT", "LIST").text.find(" name=" + name + " ") != std::string::npos;
  }
  /// All of it is in the server's hands.
  bool has_arrived(const std::string& name, std::size_t bytes) {
    const std::string list = run("CLIENT", "LIST").text;
    const auto at = list.find(" name=" + name + " ");
    return at != std::string::npos &&
           list.find(" qbuf=" + std::to_string(bytes) + " ", at) != std::string::npos;
  }
};

TEST_F(ClientEvictionTest, TheLargestGoesFirst) {
  start_limited();
  RawConnection small = hoarder("small", 100'000);
  RawConnection medium = hoarder("medium", 600'000);
  ASSERT_TRUE(wait_until([&] { return has_arrived("small", 100'000); }));
  ASSERT_TRUE(wait_until([&] { return has_arrived("medium", 600'000); }));
  EXPECT_EQ(info_number("evicted_clients"), 0);
  RawConnection large = hoarder("large", 3'000'000);
  EXPECT_TRUE(large.closes());
  EXPECT_TRUE(wait_until([&] { return !listed("large"); }));
  EXPECT_TRUE(listed("small"));
  EXPECT_TRUE(listed("medium"));
  EXPECT_EQ(info_number("evicted_clients"), 1);
  EXPECT_NE(server().log().find("Evicting client: id="), std::string::npos);
  for (RawConnection* left : {&small, &medium}) {
    ASSERT_TRUE(left->send(std::string(10, 'x') + "\r\n"));
    EXPECT_EQ(left->read_reply(), ok());
  }
}

TEST_F(ClientEvictionTest, WhoLeavesRepliesUnreadGoes) {
  start_limited();
  ASSERT_EQ(run("SET", "key", std::string(300'000, 'x')), ok());
  RawConnection greedy = server().raw();
  std::string requests;
  for (int i = 0; i < 1000; ++i) requests += encode_command({"GET", "key"});
  greedy.send_some(requests);
  EXPECT_TRUE(wait_until([&] { return info_number("evicted_clients") == 1; }));
  EXPECT_TRUE(greedy.closes());
  EXPECT_EQ(run("STRLEN", "key"), integer(300'000));
}

TEST_F(ClientEvictionTest, MonitorsGoToo) {
  start_limited();
  RawConnection monitor = server().raw();
  ASSERT_EQ(monitor.run("MONITOR"), ok());
  const std::string value(10'000, 'x');
  EXPECT_TRUE(wait_until([&] {
    for (int i = 0; i < 100; ++i) run("SET", "key", value);
    return info_number("evicted_clients") == 1;
  }));
  EXPECT_TRUE(monitor.closes());
}

TEST_F(ClientEvictionTest, NoEvictExempts) {
  start_limited();
  RawConnection exempt = server().raw();
  ASSERT_EQ(exempt.run("CLIENT", "SETNAME", "exempt"), ok());
  ASSERT_EQ(exempt.run("CLIENT", "NO-EVICT", "ON"), ok());
  RawConnection other = server().raw();
  ASSERT_EQ(other.run("PING"), status("PONG"));
  ASSERT_TRUE(exempt.send("*2\r\n$3\r\nGET\r\n$3000010\r\n" + std::string(3'000'000, 'x')));
  EXPECT_TRUE(other.closes()) << "what is exempt counts, and others make room for it";
  EXPECT_TRUE(wait_until([&] { return has_arrived("exempt", 3'000'000); }));
  EXPECT_EQ(info_number("evicted_clients"), 1);
  EXPECT_NE(server().log().find("Clients exceed maxmemory-clients"), std::string::npos);
  ASSERT_TRUE(exempt.send(std::string(10, 'x') + "\r\n"));
  EXPECT_EQ(exempt.read_reply(), nil());
}

TEST_F(ClientEvictionTest, TheLimitChangesAtRunTime) {
  start_with({"--maxmemory-clients", "0"});
  ASSERT_EQ(line("CLIENT NO-EVICT ON"), ok());
  RawConnection client = hoarder("client", 1'000'000);
  ASSERT_TRUE(wait_until([&] { return has_arrived("client", 1'000'000); }));
  expect_session({{"CONFIG SET maxmemory-clients 10%", ok()},  // of no maxmemory: no limit
                  {"CONFIG SET maxmemory 1gb", ok()},
                  {"PING", status("PONG")}});
  EXPECT_TRUE(listed("client"));
  ASSERT_EQ(line("CONFIG SET maxmemory-clients 500kb"), ok());
  EXPECT_TRUE(client.closes());
  RawConnection again = hoarder("again", 200'000);
  ASSERT_TRUE(wait_until([&] { return has_arrived("again", 200'000); }));
  ASSERT_EQ(line("CONFIG SET maxmemory 10mb maxmemory-clients 1%"), ok());
  EXPECT_TRUE(again.closes());
  EXPECT_EQ(info_number("evicted_clients"), 2);
}

TEST_F(ClientEvictionTest, ATinyLimitLetsClientsWork) {
  start_with({"--maxmemory-clients", "1"});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(server().raw().run("PING"), status("PONG"));
  EXPECT_EQ(run("PING"), status("PONG"));
  EXPECT_EQ(config("maxmemory-clients"), "1");
  EXPECT_EQ(info_number("evicted_clients"), 0);
}

}  // namespace
}  // namespace spinel::test
