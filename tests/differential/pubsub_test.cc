// Pub/sub on several connections of both protocols: each gets the same from both servers.

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

#include "tests/differential/generator.h"
#include "tests/differential/pending.h"
#include "tests/support/server_process.h"

namespace spinel::test {
namespace {

constexpr size_t kConnections = 6;  // the second half of them in RESP3

class Side {
 public:
  explicit Side(const ServerOptions& options) : server_(options) {
    for (size_t i = 0; i < kConnections; ++i) {
      connections_.push_back(i < kConnections / 2 ? server_.raw() : server_.resp3());
    }
  }

  /// Sends the command on one connection. Returns what each gets until it answers a PING. In no
  /// order: that of a message's patterns and of a reply and its pushes is not the same.
  std::vector<std::vector<std::string>> run(size_t sender, const Command& command) {
    std::vector<std::vector<std::string>> received(kConnections);
    connections_[sender].send(encode_command(command));
    received[sender] = read_pending(connections_[sender]);
    for (size_t i = 0; i < kConnections; ++i) {
      if (i != sender) received[i] = read_pending(connections_[i]);
    }
    for (auto& replies : received) std::ranges::sort(replies);
    return received;
  }

 private:
  ServerProcess server_;
  std::vector<RawConnection> connections_;
};

TEST(PubsubDuel, EveryConnectionGetsTheSame) {
  Side spinel{{}};
  Side redis{{.binary = oracle_binary()}};
  std::mt19937 random(20'260'102);
  const auto one_of = [&](const std::vector<std::string>& words) {
    return words[random() % words.size()];
  };
  const std::vector<std::string> channels = {"a", "ab", "abc", "b", "b:1", "", "*", "a\r\nb"};
  const std::vector<std::string> patterns = {"*", "a*", "ab*", "a?", "[ab]", "b:*", "a", "\\*", ""};
  for (int step = 0; step < 3000 && !testing::Test::HasFailure(); ++step) {
    const size_t sender = random() % kConnections;
    Command command = {
        one_of({"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE",
                "SUNSUBSCRIBE", "PUBLISH", "PUBLISH", "PUBLISH", "PUBLISH", "SPUBLISH", "SPUBLISH",
                "NUMSUB", "NUMPAT", "SHARDNUMSUB", "CHANNELS", "RESET", "GET"})};
    const std::string name = command[0];
    const auto& names = name.starts_with("P") && name.ends_with("SCRIBE") ? patterns : channels;
    if (name.ends_with("SUBSCRIBE")) {
      // Which of several ends first, if no names are given, differs.
      for (size_t i = 1 + random() % 2; i > 0; --i) command.push_back(one_of(names));
    } else if (name.ends_with("PUBLISH")) {
      command.push_back(one_of(names));
      command.push_back("message " + std::to_string(step));
    } else if (name == "RESET") {
      if (sender >= kConnections / 2) continue;  // it ends RESP3
    } else if (name == "GET") {
      command.push_back("x");
    } else {
      command.insert(command.begin(), "PUBSUB");
      if (name.ends_with("NUMSUB")) command.insert(command.end(), {"a", "b", "none"});
      if (name == "CHANNELS") command.emplace_back("[ab]?c");
    }
    const auto ours = spinel.run(sender, command);
    const auto theirs = redis.run(sender, command);
    for (size_t i = 0; i < kConnections; ++i) {
      EXPECT_EQ(ours[i], theirs[i]) << "step " << step << ": connection " << sender << " sent "
                                    << testing::PrintToString(command) << ", " << i << " got this";
    }
  }
}

}  // namespace
}  // namespace spinel::test
