#include "server/migrate_connections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using testing::ElementsAre;

constexpr int kTimeoutMs = 30'000;

// Listens at all addresses of this machine.
class Listener {
 public:
  Listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_, 256), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~Listener() { ::close(socket_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int port() const { return port_; }
  int accept() const { return ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC); }

 private:
  int socket_;
  int port_ = 0;
};

TEST(MigrateConnections, AreKeptPerTarget) {
  const Listener listener;
  MigrateConnections connections;
  const auto first = connections.open("127.0.0.1", listener.port(), kTimeoutMs, 0);
  ASSERT_NE(first.connection, nullptr);
  EXPECT_EQ(connections.open("127.0.0.1", listener.port(), kTimeoutMs, 1).connection,
            first.connection);
  EXPECT_NE(connections.open("127.0.0.2", listener.port(), kTimeoutMs, 1).connection,
            first.connection);
  EXPECT_EQ(connections.size(), 2u);
  connections.close(first.connection);
  EXPECT_EQ(connections.size(), 1u);
}

TEST(MigrateConnections, AreClosedAfterTenSecondsWithoutUse) {
  const Listener listener;
  MigrateConnections connections;
  connections.open("127.0.0.1", listener.port(), kTimeoutMs, 1000);
  connections.open("127.0.0.2", listener.port(), kTimeoutMs, 1000);
  connections.open("127.0.0.1", listener.port(), kTimeoutMs, 3000);
  connections.close_idle(11'000);
  EXPECT_EQ(connections.size(), 2u);
  connections.close_idle(11'001);
  EXPECT_EQ(connections.size(), 1u);
  connections.close_idle(13'001);
  EXPECT_EQ(connections.size(), 0u);
}

TEST(MigrateConnections, TheOneUnusedLongestMakesRoom) {
  const Listener listener;
  MigrateConnections connections;
  const auto open = [&](int i) {
    return connections.open("127.0.0." + std::to_string(i), listener.port(), kTimeoutMs, i);
  };
  for (int i = 1; i <= 64; ++i) ASSERT_NE(open(i).connection, nullptr);
  connections.open("127.0.0.1", listener.port(), kTimeoutMs, 100);  // now the second is the oldest
  EXPECT_EQ(connections.size(), 64u);
  ASSERT_NE(open(65).connection, nullptr);
  EXPECT_EQ(connections.size(), 64u);
  connections.close_idle(10'002);  // would close the second
  EXPECT_EQ(connections.size(), 64u);
}

TEST(MigrateConnections, LinesAreReadInPieces) {
  const Listener listener;
  MigrateConnections connections;
  MigrateConnection* connection =
      connections.open("localhost", listener.port(), kTimeoutMs, 0).connection;
  ASSERT_NE(connection, nullptr);
  const int peer = listener.accept();
  std::thread target([peer] {
    for (const std::string_view piece : {"+O", "K\r", "\n-second\n+th"}) {
      EXPECT_EQ(::send(peer, piece.data(), piece.size(), 0), static_cast<ssize_t>(piece.size()));
    }
    const std::string endless(70'000, 'x');
    EXPECT_EQ(::send(peer, endless.data(), endless.size(), 0), 70'000);
  });
  std::string line;
  EXPECT_EQ(connection->read_line(line, kTimeoutMs), MigrateConnection::Status::kOk);
  EXPECT_EQ(line, "+OK");
  EXPECT_EQ(connection->read_line(line, kTimeoutMs), MigrateConnection::Status::kOk);
  EXPECT_EQ(line, "-second");
  EXPECT_EQ(connection->read_line(line, kTimeoutMs), MigrateConnection::Status::kFailed);
  target.join();
  ::close(peer);
}

TEST(MigrateConnections, TheEffectIsOneDelOfTheAcknowledgedKeys) {
  const Listener listener;
  TestServer server;
  server.config.notify_keyspace_events = UINT32_MAX;
  server.run("MSET", "a", "1", "b", "2", "c", "3");
  server.take_effects();
  server.take_events();
  const int64_t dirty = server.server.dirty;
  std::thread target([&listener] {
    const int peer = listener.accept();
    constexpr std::string_view kReplies = "+OK\r\n+OK\r\n-ERR no\r\n+OK\r\n";
    EXPECT_EQ(::send(peer, kReplies.data(), kReplies.size(), 0),
              static_cast<ssize_t>(kReplies.size()));
    char byte;
    while (::recv(peer, &byte, 1, 0) > 0) continue;
    ::close(peer);
  });
  const std::string port = std::to_string(listener.port());
  EXPECT_EQ(server.run("MIGRATE", "127.0.0.1", port, "", "0", "30000", "KEYS", "a", "b", "c"),
            error("ERR Target instance replied with error: ERR no"));
  server.server.migrate_connections.close_idle(INT64_MAX);
  target.join();
  EXPECT_THAT(server.take_effects(), ElementsAre("DEL a c"));
  EXPECT_THAT(server.take_events(), ElementsAre("del a", "del c"));
  EXPECT_EQ(server.server.dirty, dirty + 2);
}

}  // namespace
}  // namespace spinel::server
