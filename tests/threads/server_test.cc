// A whole server, with its threads, at work. Built with ThreadSanitizer, it reports its races to
// its log and its exit code, which ServerProcess looks at.

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

constexpr std::size_t kLargeBytes = (1 << 20) + 4096;  // such values are freed on another thread

class ServerThreads : public OwnServerTest {
 protected:
  // Sets, reads and removes values of all sizes in one pipeline, and expects each reply.
  void work(RawConnection& connection, const std::string& prefix) {
    const std::string large(kLargeBytes, 'x');
    std::vector<std::vector<std::string>> commands;
    std::vector<Reply> expected;
    const auto add = [&](std::vector<std::string> command, Reply reply) {
      commands.push_back(std::move(command));
      expected.push_back(std::move(reply));
    };
    for (int i = 0; i < 200; ++i) {
      const std::string key = prefix + std::to_string(i);
      add({"SET", key, "value:" + std::to_string(i)}, ok());
      add({"GET", key}, bulk("value:" + std::to_string(i)));
      if (i % 4 == 0) add({"DEL", key}, integer(1));
      if (i % 20 == 0) {
        add({"SET", key, large}, ok());
        add({"STRLEN", key}, integer(kLargeBytes));
        add({i % 40 == 0 ? "UNLINK" : "DEL", key}, integer(1));
      }
    }
    const std::vector<Reply> replies = connection.pipeline(commands);
    ASSERT_EQ(replies.size(), expected.size());
    for (std::size_t i = 0; i < replies.size(); ++i) EXPECT_EQ(replies[i], expected[i]) << i;
  }

  bool nothing_is_pending() { return info_number("lazyfree_pending_objects") == 0; }
};

TEST_F(ServerThreads, ValuesAreFreedInTheBackgroundWhileClientsWork) {
  start_with({"--lazyfree-lazy-user-del", "yes", "--lazyfree-lazy-server-del", "yes",
              "--lazyfree-lazy-expire", "yes", "--hz", "100"});
  std::vector<RawConnection> crowd(3);
  for (RawConnection& connection : crowd) connection = server().raw();
  for (int round = 0; round < 3; ++round) {
    for (RawConnection& connection : crowd) work(connection, "key:");
    EXPECT_EQ(run("DEBUG", "POPULATE", 5000), ok());
    EXPECT_EQ(run("SET", "expires", std::string(kLargeBytes, 'x'), "PX", 1), ok());
    EXPECT_GT(info_number("used_memory"), 0);
    EXPECT_EQ(run(round == 1 ? "FLUSHDB" : "FLUSHALL", "ASYNC"), ok());
    EXPECT_EQ(run("DBSIZE"), integer(0));
    EXPECT_EQ(run("MEMORY", "PURGE"), ok());
  }
  EXPECT_TRUE(wait_until([this] { return nothing_is_pending(); }));
  EXPECT_GT(info_number("lazyfreed_objects"), 3 * 5000);
  EXPECT_EQ(server().stop_and_wait().to_string(), "exit code 0");
}

TEST_F(ServerThreads, CollectionsOfAllTypesAreFreedInTheBackgroundWhileOthersAreMade) {
  start();
  RawConnection connection = server().raw();
  constexpr int kKeysOfEachType = 100;
  constexpr int kElements = 400;
  std::vector<std::vector<std::string>> fill;
  for (int key = 0; key < kKeysOfEachType; ++key) {
    std::vector<std::string> set = {"SADD", "set:" + std::to_string(key)};
    std::vector<std::string> list = {"RPUSH", "list:" + std::to_string(key)};
    std::vector<std::string> hash = {"HSET", "hash:" + std::to_string(key)};
    std::vector<std::string> sorted_set = {"ZADD", "zset:" + std::to_string(key)};
    for (int i = 0; i < kElements; ++i) {
      const std::string element = "element:" + std::to_string(i);
      set.push_back(element);
      list.push_back(element);
      hash.insert(hash.end(), {element, "value"});
      sorted_set.insert(sorted_set.end(), {std::to_string(i), element});
    }
    fill.insert(fill.end(), {set, list, hash, sorted_set});
  }
  for (int round = 0; round < 3; ++round) {
    for (const Reply& reply : connection.pipeline(fill)) EXPECT_EQ(reply, integer(kElements));
    // What is freed and what is made meet.
    std::vector<std::vector<std::string>> flush_and_fill = fill;
    flush_and_fill.insert(flush_and_fill.begin(), {"FLUSHALL", "ASYNC"});
    EXPECT_EQ(connection.pipeline(flush_and_fill).size(), fill.size() + 1);
    EXPECT_GT(info_number("used_memory"), 0);
    EXPECT_EQ(run("FLUSHALL", "ASYNC"), ok());
  }
  EXPECT_TRUE(wait_until([this] { return nothing_is_pending(); }));
  EXPECT_EQ(server().stop_and_wait().to_string(), "exit code 0");
}

TEST_F(ServerThreads, EvictionHandsOverWhatItEvicts) {
  start_with({"--maxmemory-policy", "allkeys-random", "--lazyfree-lazy-eviction", "yes"});
  const long long limit_bytes = info_number("used_memory") + 20LL * kLargeBytes;
  ASSERT_EQ(run("CONFIG", "SET", "maxmemory", limit_bytes), ok());
  const std::string large(kLargeBytes, 'x');
  for (int i = 0; i < 60; ++i) ASSERT_EQ(run("SET", "key:" + std::to_string(i), large), ok());
  EXPECT_GT(info_number("evicted_keys"), 30);
  EXPECT_TRUE(wait_until([this] { return nothing_is_pending(); }));
  EXPECT_EQ(server().stop_and_wait().to_string(), "exit code 0");
}

TEST_F(ServerThreads, ShutdownComesWhileMuchIsPending) {
  start();
  const std::string large(kLargeBytes, 'x');
  for (int i = 0; i < 30; ++i) ASSERT_EQ(run("SET", "key:" + std::to_string(i), large), ok());
  ASSERT_EQ(run("DEBUG", "POPULATE", 50'000), ok());
  RawConnection connection = server().raw();
  ASSERT_TRUE(connection.send(encode_command({"UNLINK", "key:0", "key:1", "key:2"}) +
                              encode_command({"FLUSHALL", "ASYNC"}) +
                              encode_command({"SHUTDOWN", "NOSAVE"})));
  EXPECT_EQ(server().wait_for_exit().to_string(), "exit code 0");
}

}  // namespace
}  // namespace spinel::test
