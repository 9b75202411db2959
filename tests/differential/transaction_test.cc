// Several clients that watch, queue and change the same few keys: the same to the server under test
// and to Redis, one reply at a time. Which transactions run depends on the order of commands, so
// each command waits for the one before.

#include <array>
#include <gtest/gtest.h>
#include <iostream>

#include "tests/differential/differences.h"
#include "tests/differential/generator.h"
#include "tests/support/server_process.h"

namespace spinel::test {
namespace {

constexpr std::uint64_t kSeed = 20'261'201;
constexpr int kCommands = 30'000;
constexpr std::size_t kClients = 4;
constexpr std::size_t kShownCommands = 30;

const Family& transaction_family() {
  static const std::vector<std::string> keys = {"k1", "k2", "k3", "k4"};
  static const Family family{
      .name = "transactions",
      .commands = {{30, "MULTI"},
                   {24, "EXEC"},
                   {5, "DISCARD"},
                   {24, "WATCH {k} [{k}]"},
                   {4, "UNWATCH"},
                   {2, "RESET", false},
                   {3, "SELECT (0|1)"},
                   {12, "SET {k} {v} [EX 1000|PXAT 1|NX|XX|GET]"},
                   {8, "GET {k}"},
                   {4, "MGET {k} {k}"},
                   {6, "INCR {k}"},
                   {4, "APPEND {k} {v}"},
                   {5, "DEL {k} [{k}]"},
                   {3, "RENAME {k} {k}"},
                   {3, "COPY {k} {k} [REPLACE]"},
                   {2, "MOVE {k} (0|1)"},
                   {3, "EXPIRE {k} (1000|-1) [NX|XX]"},
                   {2, "PERSIST {k}"},
                   {2, "GETEX {k} [PERSIST|EX 1000]"},
                   {5, "LPUSH {k} {v}"},
                   {3, "LPOP {k}"},
                   {2, "BLPOP {k} {k} 0.001", false},
                   {2, "BLMOVE {k} {k} LEFT RIGHT 0.001", false},
                   {4, "SADD {k} {v}"},
                   {3, "SREM {k} {v}"},
                   {2, "SUNIONSTORE {k} {k} {k}"},
                   {2, "SORT {k} ALPHA STORE {k}"},
                   {3, "ZADD {k} 1 {v}"},
                   {2, "ZRANGESTORE {k} {k} 0 -1"},
                   {3, "HSET {k} f {v}"},
                   {2, "HDEL {k} f"},
                   {3, "SETBIT {k} 7 (0|1)"},
                   {2, "BITOP AND {k} {k} {k}"},
                   {2, "PFADD {k} {v}"},
                   {2, "SETRANGE {k} 1 {v}"},
                   {3, "EXISTS {k}"},
                   {3, "TYPE {k}"},
                   {2, "TOUCH {k}"},
                   {1, "SWAPDB (0|1) (0|1)"},
                   {1, "FLUSHDB"},
                   {1, "FLUSHALL"},
                   {1, "SAVE now", false},
                   {1, "NOSUCH {k}"}},
      .pools = {{"k", [](Random& random) { return random.pick(keys); }},
                {"v", [](Random& random) { return std::to_string(random.below(5)); }}}};
  return family;
}

std::string text_of(std::size_t client, const Command& command) {
  std::string text = "client " + std::to_string(client) + ":";
  for (const std::string& argument : command) text += " " + printable(argument, 80);
  return text;
}

TEST(TransactionDifferentialTest, SeveralClientsGetTheRepliesOfRedis) {
  ServerProcess ours;
  ServerOptions options;
  options.binary = oracle_binary();
  ServerProcess theirs(options);
  std::array<RawConnection, kClients> our_clients;
  std::array<RawConnection, kClients> their_clients;
  for (std::size_t i = 0; i < kClients; ++i) {
    our_clients[i] = ours.raw();
    their_clients[i] = theirs.raw();
  }
  Generator generator(transaction_family(), kSeed);
  std::cout << "seed " << kSeed << "\n";
  std::vector<std::string> history;
  int run = 0;
  int aborted = 0;
  for (int i = 0; i < kCommands; ++i) {
    const std::size_t client = generator.random().below(kClients);
    const Command command = generator.next();
    history.push_back(text_of(client, command));
    const std::string request = encode_command(command);
    ASSERT_TRUE(our_clients[client].send(request) && their_clients[client].send(request));
    const Reply our_reply = our_clients[client].read_reply();
    const Reply their_reply = their_clients[client].read_reply();
    if (!our_reply.is_reply() || !replies_agree(command, our_reply, their_reply)) {
      std::string before;
      const std::size_t shown = std::min(history.size(), kShownCommands);
      for (auto row = history.end() - static_cast<std::ptrdiff_t>(shown); row != history.end();
           ++row) {
        before += "  " + *row + "\n";
      }
      FAIL() << "command " << i << "\n  ours:  " << our_reply << "\n  Redis: " << their_reply
             << "\n"
             << before;
    }
    if (command.size() == 1 && command[0].size() == 4) {
      if (our_reply.type == Reply::Type::kArray) ++run;
      if (our_reply == nil() || our_reply == null_array()) ++aborted;
    }
  }
  // The stream is worth something: many transactions ran, and watches broke many.
  EXPECT_GT(run, kCommands / 100);
  EXPECT_GT(aborted, kCommands / 200);
  EXPECT_EQ(ours.raw().run("DEBUG", "DIGEST"), theirs.raw().run("DEBUG", "DIGEST"));
}

}  // namespace
}  // namespace spinel::test
