// MIGRATE between Spinel and Redis in all directions, and to targets that misbehave.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/server_process.h"
#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

const Reply kNoKey = status("NOKEY");
const Reply kReadFailed = error("IOERR error or timeout reading to target instance");
const Reply kWriteFailed = error("IOERR error or timeout writing to target instance");

Reply target_error(const std::string& text) {
  return error("ERR Target instance replied with error: " + text);
}

std::string spinel_or_oracle(bool is_spinel) {
  return is_spinel ? server_binary() : oracle_binary();
}

// --- between real servers

struct Direction {
  bool from_spinel;
  bool to_spinel;
};

class MigrateBetweenServers : public testing::TestWithParam<Direction> {
 protected:
  MigrateBetweenServers()
      : source_server_({.binary = spinel_or_oracle(GetParam().from_spinel)}),
        target_server_({.binary = spinel_or_oracle(GetParam().to_spinel)}),
        source_(source_server_.raw()),
        target_(target_server_.raw()) {}

  template <typename... Arguments>
  Reply migrate(const Arguments&... arguments) {
    return source_.run("MIGRATE", "127.0.0.1", target_server_.port(), arguments...);
  }

  ServerProcess source_server_;
  ServerProcess target_server_;
  RawConnection source_;
  RawConnection target_;
};

INSTANTIATE_TEST_SUITE_P(Directions, MigrateBetweenServers,
                         testing::Values(Direction{true, true}, Direction{true, false},
                                         Direction{false, true}),
                         [](const testing::TestParamInfo<Direction>& direction) {
                           return std::string(direction.param.from_spinel ? "Spinel" : "Redis") +
                                  "To" + (direction.param.to_spinel ? "Spinel" : "Redis");
                         });

TEST_P(MigrateBetweenServers, ValuesOfAllTypesMoveWithTheirExpiries) {
  source_.run("SET", "string", std::string(100'000, 'x'));
  source_.run("RPUSH", "list", "a", "1", std::string(70, 'y'));
  source_.run("SADD", "set", "a", "b");
  source_.run("SADD", "intset", 1, 2, 3);
  source_.run("HSET", "hash", "f", "v", "g", std::string(100, 'z'));
  source_.run("ZADD", "zset", "1.5", "a", "-inf", "b");
  source_.run("PEXPIRE", "hash", 1'000'000);
  const std::string digest = source_.run("DEBUG", "DIGEST").text;
  EXPECT_EQ(migrate("string", 0, 5000), ok());
  EXPECT_EQ(migrate("", 0, 5000, "KEYS", "list", "none", "set", "intset", "hash", "zset"), ok());
  EXPECT_EQ(source_.run("DBSIZE"), integer(0));
  EXPECT_EQ(target_.run("DEBUG", "DIGEST").text, digest);
  EXPECT_INTEGER_BETWEEN(target_.run("PTTL", "hash"), 1, 1'000'000);
  EXPECT_EQ(target_.run("PTTL", "zset"), integer(-1));
}

TEST_P(MigrateBetweenServers, AValueThatTheTargetDoesNotKnowStays) {
  if (!GetParam().from_spinel) GTEST_SKIP() << "Redis 7.0 has no fields that expire";
  source_.run("HSET", "hash", "field", "value", "other", "value");
  source_.run("HPEXPIREAT", "hash", 33'177'117'420'000, "FIELDS", 1, "field");
  source_.run("SET", "string", "value");
  const Reply reply = migrate("", 0, 5000, "KEYS", "hash", "string");
  if (GetParam().to_spinel) {
    EXPECT_EQ(reply, ok());
    EXPECT_EQ(target_.run("HPEXPIRETIME", "hash", "FIELDS", 2, "field", "other"),
              array({integer(33'177'117'420'000), integer(-1)}));
  } else {
    EXPECT_EQ(reply, target_error("ERR DUMP payload version or checksum are wrong"));
    EXPECT_EQ(source_.run("KEYS", "*"), bulks({"hash"}));
    EXPECT_EQ(target_.run("KEYS", "*"), bulks({"string"}));
  }
}

TEST_P(MigrateBetweenServers, CopyKeepsTheKeyAndReplaceOverwrites) {
  source_.run("SET", "key", "new");
  target_.run("SET", "key", "old");
  EXPECT_EQ(migrate("key", 0, 5000), target_error("BUSYKEY Target key name already exists."));
  EXPECT_EQ(source_.run("GET", "key"), bulk("new"));
  EXPECT_EQ(target_.run("GET", "key"), bulk("old"));
  EXPECT_EQ(migrate("key", 0, 5000, "COPY", "REPLACE"), ok());
  EXPECT_EQ(source_.run("GET", "key"), bulk("new"));
  EXPECT_EQ(target_.run("GET", "key"), bulk("new"));
  EXPECT_EQ(migrate("key", 0, 5000, "replace"), ok());
  EXPECT_EQ(source_.run("EXISTS", "key"), integer(0));
}

TEST_P(MigrateBetweenServers, OneRefusedKeyOfThreeStays) {
  source_.run("MSET", "a", 1, "b", 2, "c", 3);
  target_.run("SET", "b", "old");
  EXPECT_EQ(migrate("", 0, 5000, "KEYS", "a", "b", "c"),
            target_error("BUSYKEY Target key name already exists."));
  EXPECT_EQ(source_.run("KEYS", "*"), bulks({"b"}));
  EXPECT_EQ(target_.run("MGET", "a", "b", "c"), bulks({"1", "old", "3"}));
}

TEST_P(MigrateBetweenServers, ADatabaseThatTheTargetLacksRefusesAllKeys) {
  source_.run("MSET", "a", 1, "b", 2);
  for (const int database : {16, 99}) {
    EXPECT_EQ(migrate("", database, 5000, "KEYS", "a", "b"),
              target_error("ERR DB index is out of range"));
    EXPECT_EQ(source_.run("EXISTS", "a", "b"), integer(2));
  }
  // The connection is good for other databases.
  target_.run("FLUSHALL");
  EXPECT_EQ(migrate("", 3, 5000, "KEYS", "a", "b"), ok());
  EXPECT_EQ(target_.run("DBSIZE"), integer(0));
  target_.run("SELECT", 3);
  EXPECT_EQ(target_.run("MGET", "a", "b"), bulks({"1", "2"}));
}

TEST_P(MigrateBetweenServers, ATargetWithAPassword) {
  ASSERT_EQ(target_.run("CONFIG", "SET", "requirepass", "secret"), ok());
  source_.run("SET", "key", "value");
  EXPECT_EQ(migrate("key", 0, 5000), target_error("NOAUTH Authentication required."));
  EXPECT_TRUE(migrate("key", 0, 5000, "AUTH", "wrong")
                  .is_error_with("ERR Target instance replied with error: WRONGPASS"));
  EXPECT_EQ(source_.run("EXISTS", "key"), integer(1));
  EXPECT_EQ(migrate("key", 0, 5000, "COPY", "AUTH", "secret"), ok());
  EXPECT_EQ(migrate("key", 0, 5000, "REPLACE", "AUTH2", "default", "secret"), ok());
  EXPECT_EQ(source_.run("EXISTS", "key"), integer(0));
}

TEST_P(MigrateBetweenServers, ATargetThatWasRestarted) {
  source_.run("MSET", "a", 1, "b", 2);
  ASSERT_EQ(migrate("a", 1, 5000), ok());
  target_server_.restart();
  EXPECT_EQ(migrate("b", 1, 5000), ok());
  target_ = target_server_.raw();
  target_.run("SELECT", 1);
  EXPECT_EQ(target_.run("EXISTS", "b"), integer(1));
}

// --- to a target that the test plays

/// A listening socket; the test accepts when it likes.
class FakeTarget {
 public:
  FakeTarget() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~FakeTarget() {
    close_connection();
    ::close(listener_);
  }
  FakeTarget(const FakeTarget&) = delete;
  FakeTarget& operator=(const FakeTarget&) = delete;

  int port() const { return port_; }
  void accept() {
    ASSERT_TRUE(readable(listener_)) << "nobody connected";
    close_connection();
    connection_ = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  }
  /// Reads the next commands, as words, until `count` of them are there.
  std::vector<std::string> read_commands(std::size_t count) {
    std::vector<std::string> commands;
    while (commands.size() < count) {
      const Reply command = read_command();
      if (command.type != Reply::Type::kArray) {
        ADD_FAILURE() << "no command: " << command;
        break;
      }
      std::string words;
      for (const Reply& word : command.elements) words += (words.empty() ? "" : " ") + word.text;
      commands.push_back(words);
    }
    return commands;
  }
  void send(const std::string& bytes) {
    ASSERT_EQ(::send(connection_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  bool is_closed_by_client() {
    char byte;
    return readable(connection_) && ::recv(connection_, &byte, 1, 0) == 0;
  }
  void close_connection() {
    if (connection_ >= 0) ::close(connection_);
    connection_ = -1;
    reader_ = RespReader();
  }

 private:
  static bool readable(int socket) {
    pollfd waiting{.fd = socket, .events = POLLIN, .revents = 0};
    return ::poll(&waiting, 1, static_cast<int>(kPatience.count())) == 1;
  }
  static Reply none_because(Reply::Type type) {
    Reply none;
    none.type = type;
    return none;
  }
  Reply read_command() {
    while (true) {
      if (std::optional<Reply> command = reader_.next()) return *command;
      char bytes[4096];
      if (!readable(connection_)) return none_because(Reply::Type::kTimeout);
      const ssize_t size = ::recv(connection_, bytes, sizeof bytes, 0);
      if (size <= 0) return none_because(Reply::Type::kClosed);
      reader_.feed({bytes, static_cast<std::size_t>(size)});
    }
  }

  int listener_ = -1;
  int connection_ = -1;
  int port_ = 0;
  RespReader reader_;
};

class MigrateToAFake : public testing::TestWithParam<bool> {
 protected:
  MigrateToAFake() : server_({.binary = spinel_or_oracle(GetParam())}), source_(server_.raw()) {
    source_.run("MSET", "a", 1, "b", 2, "c", 3);
    payload_a_ = source_.run("DUMP", "a").text;
    payload_b_ = source_.run("DUMP", "b").text;
  }

  template <typename... Arguments>
  void start(const Arguments&... arguments) {
    source_.send(
        encode_command(to_arguments("MIGRATE", "127.0.0.1", target_.port(), arguments...)));
  }
  Reply reply() { return source_.read_reply(); }

  ServerProcess server_;
  RawConnection source_;
  FakeTarget target_;
  std::string payload_a_;
  std::string payload_b_;
};

INSTANTIATE_TEST_SUITE_P(Sources, MigrateToAFake, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& is_spinel) {
                           return is_spinel.param ? "Spinel" : "Redis";
                         });

using Commands = std::vector<std::string>;

TEST_P(MigrateToAFake, WhatIsSent) {
  start("a", 5, 5000, "COPY");
  target_.accept();
  EXPECT_EQ(target_.read_commands(2), (Commands{"SELECT 5", "RESTORE a 0 " + payload_a_}));
  target_.send("+OK\r\n+OK\r\n");
  EXPECT_EQ(reply(), ok());
  // The connection is kept, with its database.
  start("", 5, 5000, "COPY", "REPLACE", "AUTH", "secret", "KEYS", "b", "none", "a");
  EXPECT_EQ(target_.read_commands(3),
            (Commands{"AUTH secret", "RESTORE b 0 " + payload_b_ + " REPLACE",
                      "RESTORE a 0 " + payload_a_ + " REPLACE"}));
  target_.send("+OK\r\n+OK\r\n");
  target_.send("+OK\r\n");
  EXPECT_EQ(reply(), ok());
  EXPECT_EQ(info_field(source_.run("INFO", "stats").text, "migrate_cached_sockets"), "1");
  start("a", 6, 5000, "COPY", "AUTH2", "user", "secret");
  EXPECT_EQ(target_.read_commands(3),
            (Commands{"AUTH user secret", "SELECT 6", "RESTORE a 0 " + payload_a_}));
  target_.send("+OK\r\n+OK\r\n-ERR no\r\n");
  EXPECT_EQ(reply(), target_error("ERR no"));
  // After an error, nothing is known of the database.
  start("a", 6, 5000, "COPY");
  EXPECT_EQ(target_.read_commands(2).at(0), "SELECT 6");
  target_.send("+OK\r\n+OK\r\n");
  EXPECT_EQ(reply(), ok());
}

TEST_P(MigrateToAFake, AnErrorForTheSecondOfThree) {
  start("", 0, 5000, "KEYS", "a", "b", "c");
  target_.accept();
  target_.read_commands(4);
  target_.send("+OK\r\n+OK\r\n-OOM of the target\r\n+OK\r\n");
  EXPECT_EQ(reply(), target_error("OOM of the target"));
  EXPECT_EQ(source_.run("KEYS", "*"), bulks({"b"}));
}

TEST_P(MigrateToAFake, ARefusedPasswordOrDatabaseAcknowledgesNothing) {
  start("", 0, 5000, "AUTH", "wrong", "KEYS", "a", "b");
  target_.accept();
  target_.read_commands(4);
  target_.send("-WRONGPASS\r\n-ERR db\r\n+OK\r\n+OK\r\n");
  EXPECT_EQ(reply(), target_error("WRONGPASS"));
  start("a", 0, 5000);
  target_.read_commands(2);
  target_.send("-ERR db\r\n+OK\r\n");
  EXPECT_EQ(reply(), target_error("ERR db"));
  EXPECT_EQ(source_.run("EXISTS", "a", "b", "c"), integer(3));
}

TEST_P(MigrateToAFake, ATargetThatNeverAnswers) {
  const auto begin = Clock::now();
  start("", 0, 300, "KEYS", "a", "b");
  EXPECT_EQ(reply(), kReadFailed);
  EXPECT_GE(Clock::now() - begin, milliseconds(250));
  target_.accept();
  target_.read_commands(3);
  EXPECT_TRUE(target_.is_closed_by_client());
  EXPECT_EQ(source_.run("EXISTS", "a", "b", "c"), integer(3));
}

TEST_P(MigrateToAFake, ATargetThatClosesMidway) {
  start("", 0, 5000, "KEYS", "a", "b", "c");
  target_.accept();
  target_.read_commands(4);
  target_.send("+OK\r\n+OK\r\n");
  target_.close_connection();
  EXPECT_EQ(reply(), kReadFailed);
  // What was acknowledged is gone.
  EXPECT_EQ(source_.run("EXISTS", "a", "b", "c"), integer(2));
  EXPECT_EQ(source_.run("EXISTS", "a"), integer(0));
}

TEST_P(MigrateToAFake, ALostConnectionIsReplacedOnce) {
  start("a", 0, 5000, "COPY");
  target_.accept();
  target_.read_commands(2);
  target_.close_connection();
  target_.accept();
  EXPECT_EQ(target_.read_commands(2).at(0), "SELECT 0");
  target_.send("+OK\r\n+OK\r\n");
  EXPECT_EQ(reply(), ok());
  // It is kept, closed by the target, and replaced; the new one fails, too.
  target_.close_connection();
  start("a", 0, 5000, "COPY");
  target_.accept();
  EXPECT_EQ(target_.read_commands(2).at(0), "SELECT 0");
  target_.close_connection();
  EXPECT_EQ(reply(), kReadFailed);
  EXPECT_EQ(info_field(source_.run("INFO", "stats").text, "migrate_cached_sockets"), "0");
}

TEST_P(MigrateToAFake, ATargetThatTakesNothing) {
  source_.run("CONFIG", "SET", "rdbcompression", "no");
  source_.run("SETRANGE", "large", 50'000'000, "x");
  start("large", 0, 300);
  EXPECT_EQ(reply(), kWriteFailed);
  EXPECT_EQ(source_.run("EXISTS", "large"), integer(1));
}

TEST_P(MigrateToAFake, NobodyListens) {
  const ReservedPort unused;
  EXPECT_EQ(source_.run("MIGRATE", "127.0.0.1", unused.number(), "a", 0, 5000), kWriteFailed);
  EXPECT_EQ(source_.run("MIGRATE", "127.0.0.1", "no port", "a", 0, 5000), kWriteFailed);
  const Reply unknown_host = error("IOERR error or timeout connecting to the client");
  EXPECT_EQ(source_.run("MIGRATE", "", 6379, "a", 0, 5000), unknown_host);
  EXPECT_EQ(source_.run("MIGRATE", "127.0.0.1", -1, "a", 0, 5000), unknown_host);
  EXPECT_EQ(source_.run("EXISTS", "a"), integer(1));
}

TEST_P(MigrateToAFake, ErrorsBeforeAnythingIsSent) {
  const auto migrate = [&](const auto&... arguments) {
    return source_.run("MIGRATE", "127.0.0.1", target_.port(), arguments...);
  };
  const Reply syntax = error("ERR syntax error");
  const Reply not_an_integer = error("ERR value is not an integer or out of range");
  const Reply key_beside_keys =
      error("ERR When using MIGRATE KEYS option, the key argument must be set to the empty string");
  EXPECT_EQ(migrate("a", "x", "x", "BOGUS"), syntax);
  EXPECT_EQ(migrate("a", 0, 300, "AUTH"), syntax);
  EXPECT_EQ(migrate("a", 0, 300, "AUTH2", "user"), syntax);
  EXPECT_EQ(migrate("a", "x", 300, "KEYS", "b"), key_beside_keys);
  EXPECT_EQ(migrate("none", "x", 300), not_an_integer);
  EXPECT_EQ(migrate("none", 0, "x"), not_an_integer);
  EXPECT_EQ(migrate("none", 0, 300), kNoKey);
  EXPECT_EQ(migrate("", 0, 300), kNoKey);
  EXPECT_EQ(migrate("", 0, 300, "KEYS"), kNoKey);
  EXPECT_EQ(migrate("", 0, 300, "KEYS", "none", "neither"), kNoKey);
  EXPECT_EQ(source_.run("MIGRATE", "", 0, "none", 0, 300), kNoKey);
  EXPECT_EQ(migrate("a", 0), error("ERR wrong number of arguments for 'migrate' command"));
}

TEST_P(MigrateToAFake, PasswordsAreNotLogged) {
  source_.run("CONFIG", "SET", "slowlog-log-slower-than", 0);
  const ReservedPort unused;
  source_.run("MIGRATE", "127.0.0.1", unused.number(), "a", 0, 300, "AUTH", "KEYS");
  source_.run("MIGRATE", "127.0.0.1", unused.number(), "a", 0, 300, "AUTH2", "user", "secret");
  const Reply log = source_.run("SLOWLOG", "GET", 2);
  ASSERT_EQ(log.elements.size(), 2U);
  const std::vector<std::string> shown = log.elements[0].elements[3].texts();
  EXPECT_EQ((std::vector<std::string>{shown.end() - 3, shown.end()}),
            (std::vector<std::string>{"AUTH2", "(redacted)", "(redacted)"}));
  EXPECT_EQ(log.elements[1].elements[3].texts().back(), "(redacted)");
}

}  // namespace
}  // namespace spinel::test
