// Client-side caching on several connections of both protocols: the same replies, and the same
// messages to the same clients in the same order. What is different on purpose is left out: Redis
// does not tell of SWAPDB, nor a client with NOLOOP of a key that it found expired.

#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

#include "tests/differential/generator.h"
#include "tests/differential/pending.h"
#include "tests/support/resp_reader.h"
#include "tests/support/server_process.h"
#include "tests/support/wait.h"

namespace spinel::test {
namespace {

constexpr size_t kConnections = 6;  // the second half of them in RESP3
// From this number on clients are numbered alike on both sides.
constexpr long long kFirstId = 300;

class Side {
 public:
  explicit Side(const ServerOptions& options) : server_(options) {
    while (true) {
      control_ = server_.raw();
      if (control_.run("CLIENT", "ID").number >= kFirstId) break;
    }
    EXPECT_EQ(control_.run("CLIENT", "ID"), integer(kFirstId));
    ids_.resize(kConnections);
    connections_.resize(kConnections);
    for (size_t i = 0; i < kConnections; ++i) connect(i);
  }

  long long id(size_t index) const { return ids_[index]; }

  void reconnect(size_t index) {
    connections_[index].close();
    const std::string id = std::to_string(ids_[index]);
    EXPECT_TRUE(wait_until([&] { return control_.run("CLIENT", "LIST", "ID", id) == bulk(""); }));
    connect(index);
  }

  /// Sends the commands in one piece on one connection. Returns what each gets until it answers a
  /// PING.
  std::vector<std::vector<std::string>> run(size_t sender, const std::vector<Command>& commands) {
    std::vector<std::vector<std::string>> received(kConnections);
    std::string requests;
    for (const Command& command : commands) requests += encode_command(command);
    connections_[sender].send(requests);
    // Messages of broadcasts come at the end of the turn that ran the requests: this one is later.
    control_.run("PING");
    received[sender] = read_pending(connections_[sender]);
    for (size_t i = 0; i < kConnections; ++i) {
      if (i != sender) received[i] = read_pending(connections_[i]);
    }
    return received;
  }

  std::string flags(size_t index) {
    const std::string id = std::to_string(ids_[index]);
    const std::string line = control_.run("CLIENT", "LIST", "ID", id).text;
    const auto field = [&line](const std::string& name) {
      const size_t begin = line.find(" " + name + "=");
      return line.substr(begin, line.find_first_of(" \n", begin + 1) - begin);
    };
    return field("flags") + field("redir") + field("resp");
  }

 private:
  void connect(size_t index) {
    connections_[index] = index < kConnections / 2 ? server_.raw() : server_.resp3();
    ids_[index] = connections_[index].run("CLIENT", "ID").number;
  }

  ServerProcess server_;
  RawConnection control_;
  std::vector<RawConnection> connections_;
  std::vector<long long> ids_;
};

TEST(TrackingDuel, EveryClientIsToldTheSame) {
  Side spinel{{}};
  Side redis{{.binary = oracle_binary()}};
  const unsigned seed = 20'260'103;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto one_of = [&](const std::vector<std::string>& words) {
    return words[random() % words.size()];
  };
  const std::vector<std::string> keys = {"a", "ab", "abc", "b", "b:1", "c"};
  for (int step = 0; step < 6000 && !testing::Test::HasFailure(); ++step) {
    const size_t sender = random() % kConnections;
    ASSERT_EQ(spinel.id(sender), redis.id(sender));
    const std::string name = one_of(
        {"TRACKING", "TRACKING", "CACHING", "TRACKINGINFO", "GETREDIR", "OFF",  "GET",  "GET",
         "GET",      "MGET",     "EXISTS",  "SET",          "SET",      "MSET", "DEL",  "RENAME",
         "GETDEL",   "TYPE",     "FLUSHDB", "SUBSCRIBE",    "UNSUB",    "EXEC", "GONE", "BAD"});
    Command command = {name};
    std::vector<Command> commands;  // instead of one
    if (name == "TRACKING") {
      command = {"CLIENT", "TRACKING", "ON"};
      for (size_t i = random() % 4; i > 0; --i) {
        const std::string option =
            one_of({"REDIRECT", "PREFIX", "BCAST", "BCAST", "OPTIN", "OPTOUT", "NOLOOP"});
        command.push_back(option);
        if (option == "REDIRECT") {
          command.push_back(std::to_string(spinel.id(random() % kConnections)));
        }
        if (option == "PREFIX") command.push_back(one_of(keys));
      }
    } else if (name == "CACHING") {
      command = {"CLIENT", "CACHING", one_of({"YES", "NO"})};
    } else if (name == "TRACKINGINFO" || name == "GETREDIR") {
      command = {"CLIENT", name};
    } else if (name == "OFF") {
      command = {"CLIENT", "TRACKING", "OFF"};
    } else if (name == "MGET" || name == "EXISTS" || name == "DEL" || name == "RENAME") {
      command.insert(command.end(), {one_of(keys), one_of(keys)});
    } else if (name == "SET") {
      command.insert(command.end(), {one_of(keys), "v"});
    } else if (name == "MSET") {
      command.insert(command.end(), {one_of(keys), "v", one_of(keys), "w"});
    } else if (name == "FLUSHDB") {
      if (random() % 8 != 0) continue;
    } else if (name == "SUBSCRIBE") {
      command.emplace_back("__redis__:invalidate");
    } else if (name == "UNSUB") {
      command = {"UNSUBSCRIBE", "__redis__:invalidate"};
    } else if (name == "GONE") {
      if (random() % 8 != 0) continue;
      spinel.reconnect(sender);
      redis.reconnect(sender);
      continue;
    } else if (name == "EXEC") {
      commands = {{"MULTI"},
                  {"GET", one_of(keys)},
                  {"SET", one_of(keys), "x"},
                  {"MGET", one_of(keys), one_of(keys)},
                  {"DEL", one_of(keys)},
                  {"EXEC"}};
    } else if (name != "BAD") {
      command.push_back(one_of(keys));
    }
    if (commands.empty()) commands.push_back(command);
    const auto ours = spinel.run(sender, commands);
    const auto theirs = redis.run(sender, commands);
    for (size_t i = 0; i < kConnections; ++i) {
      EXPECT_EQ(ours[i], theirs[i]) << "step " << step << ": connection " << sender << " sent "
                                    << testing::PrintToString(commands) << ", " << i << " got this";
      EXPECT_EQ(spinel.flags(i), redis.flags(i)) << "step " << step << ", connection " << i;
    }
    // Redis tells a client that tracks again of what it read before it stopped; nobody needs that.
    if (name == "OFF") {
      spinel.reconnect(sender);
      redis.reconnect(sender);
    }
  }
}

}  // namespace
}  // namespace spinel::test
