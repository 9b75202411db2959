// kill -9 at random moments under load. What clients were told before is there after a restart, as
// far as the fsync policy promises, and nothing is torn.
//
// SPINEL_CRASH_ROUNDS sets how often each test kills the server, SPINEL_CRASH_SEED what it chooses.

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <gtest/gtest.h>
#include <iostream>
#include <thread>

#include "tests/crash/load.h"
#include "tests/support/aof_files.h"
#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

using std::chrono::microseconds;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = ::getenv(name);
  if (text == nullptr) return otherwise;
  std::uint64_t value = otherwise;
  std::from_chars(text, text + std::char_traits<char>::length(text), value);
  return value;
}

class CrashTest : public testing::Test {
 protected:
  CrashTest() : seed_(from_environment("SPINEL_CRASH_SEED", std::random_device{}())) {
    std::cout << "SPINEL_CRASH_SEED=" << seed_ << "\n";
    random_.seed(seed_);
  }

  static int rounds(int otherwise) {
    return static_cast<int>(
        from_environment("SPINEL_CRASH_ROUNDS", static_cast<std::uint64_t>(otherwise)));
  }

  /// In [0, bound].
  std::int64_t up_to(std::int64_t bound) {
    return std::uniform_int_distribution<std::int64_t>(0, bound)(random_);
  }
  bool chance(int percent) { return up_to(99) < percent; }
  /// Lets the server work for a while that is different each time.
  void pass(milliseconds at_most) {
    std::this_thread::sleep_for(microseconds(up_to(microseconds(at_most).count())));
  }

  /// Kills the server, and what it forked: at once, or once it ended by itself.
  void kill(ServerProcess& server, bool children_too) {
    const std::vector<pid_t> children = children_of(server.pid());
    server.kill9();
    for (const pid_t child : children) {
      if (children_too) ::kill(child, SIGKILL);
      EXPECT_TRUE(wait_until([&] { return !is_alive(child); })) << "process " << child << " stays";
    }
  }

  /// Starts the server and kills it while it loads, or soon after.
  void start_in_vain(ServerProcess& server, milliseconds at_most) {
    server.launch();
    pass(at_most);
    kill(server, true);
  }

  static void run(ServerProcess& server, const Command& command) {
    const Reply reply = server.client().command(command);
    EXPECT_FALSE(reply.is_error() || !reply.is_reply()) << command[0] << ": " << reply;
  }

  /// Children that save take their time.
  static void slow_children_down(ServerProcess& server) {
    run(server, {"CONFIG", "SET", "rdb-key-save-delay", "1000"});
  }

  const std::uint64_t seed_;
  std::mt19937_64 random_;
};

/// What a disk has for certain at some moment: the last incremental file up to a size, and what
/// clients knew before that size was taken.
struct Mark {
  Versions known;
  std::string path;
  std::int64_t size_bytes = 0;
};

Mark mark_now(const Load& load, const ServerProcess& server) {
  Mark mark;
  mark.known = load.known();
  mark.path = last_increment(server.directory());
  mark.size_bytes = file_size(mark.path);
  return mark;
}

// A power cut may take all that was not synced. So the file is cut as well: anywhere behind what it
// held when the last reply came that counts.
TEST_F(CrashTest, AlwaysLosesNothingThatAClientKnowsOf) {
  ServerProcess server({.arguments = {"--appendonly", "yes", "--appendfsync", "always"}});
  // Redis 7.0 may cut a file behind a MULTI, and then applies only parts of later transactions.
  const bool cuts = !is_redis_7_0(server);
  Load load({}, random_(), server);
  for (int round = 0; round < rounds(10) && !HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    slow_children_down(server);
    run(server, {"CONFIG", "SET", "aof-use-rdb-preamble", chance(50) ? "yes" : "no"});
    load.start(server);
    ASSERT_TRUE(load.await_writes(1 + up_to(300), server));
    const std::int64_t disturbance = up_to(3);
    if (disturbance == 1) run(server, {"BGREWRITEAOF"});
    if (disturbance == 2) run(server, {"BGSAVE"});
    pass(milliseconds(150));
    const Mark mark = mark_now(load, server);
    pass(milliseconds(20));
    ASSERT_TRUE(server.running());
    kill(server, true);
    load.stop();
    Versions required = load.known();
    if (cuts && chance(50) && mark.path == last_increment(server.directory())) {
      const std::int64_t end = file_size(mark.path);
      ASSERT_GE(end, mark.size_bytes);
      resize_file(mark.path, mark.size_bytes + up_to(end - mark.size_bytes));
      required = mark.known;
    }
    for (std::int64_t i = up_to(2); i > 0; --i) start_in_vain(server, milliseconds(30));
    server.start();
    load.check(server, required);
  }
}

// Here the file is cut where it was last synced, and the server ends while much is not synced yet.
TEST_F(CrashTest, APowerCutTakesOnlyWhatNobodyKnowsOf) {
  constexpr milliseconds kSync{40};
  ServerProcess server({.arguments = {"--appendonly", "yes", "--appendfsync", "always"}});
  if (server.client().run("CONFIG", "SET", "debug-file-faults", "") != ok()) {
    GTEST_SKIP() << "the syncs of this server cannot be slowed down";
  }
  Load load({}, random_(), server);
  for (int round = 0; round < rounds(10) && !HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    load.start(server);
    ASSERT_TRUE(load.await_writes(1 + up_to(300), server));
    run(server, {"CONFIG", "SET", "debug-file-faults",
                 "fsync:incr.aof:kill:skip=" + std::to_string(2 + up_to(6)) +
                     ";fsync:incr.aof:delay=" + std::to_string(kSync.count())});
    // Every sync takes so long that the size that it is for is seen.
    const std::string path = last_increment(server.directory());
    std::vector<std::int64_t> sizes{file_size(path)};
    bool missed = false;
    for (bool running = true; running;) {
      const auto begin = Clock::now();
      std::this_thread::sleep_for(milliseconds(1));
      running = server.running();
      if (const std::int64_t size = file_size(path); size != sizes.back()) sizes.push_back(size);
      missed = missed || Clock::now() - begin > kSync / 2;
    }
    server.kill9();  // takes note of its end
    load.stop();
    ASSERT_GE(sizes.size(), 2u);
    if (!missed) resize_file(path, sizes[sizes.size() - 2]);
    server.start();
    load.check(server, load.known());
  }
}

TEST_F(CrashTest, EverySecondLosesAtMostTwoSeconds) {
  ServerProcess server({.arguments = {"--appendonly", "yes", "--appendfsync", "everysec"}});
  Load load({}, random_(), server);
  for (int round = 0; round < rounds(2) && !HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    slow_children_down(server);
    load.start(server);
    pass(milliseconds(500));
    if (chance(50)) run(server, {"BGREWRITEAOF"});
    std::this_thread::sleep_for(milliseconds(2200));
    pass(milliseconds(300));
    ASSERT_TRUE(server.running());
    const Clock::time_point safe = Clock::now() - seconds(2);
    kill(server, true);
    load.stop();
    server.start();
    load.check(server, load.known_at(safe));
  }
}

// The snapshot before stays until the next is whole. A snapshot has all keys as they were at one
// moment.
TEST_F(CrashTest, ASnapshotIsTheOldOrTheNew) {
  ServerProcess server;
  Load load({}, random_(), server);
  for (int round = 0; round < rounds(10) && !HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    run(server, {"SAVE"});
    Versions required = load.known();
    slow_children_down(server);
    load.start(server);
    ASSERT_TRUE(load.await_writes(1 + up_to(300), server));
    const Versions at_fork = load.known();
    run(server, {"BGSAVE"});
    pass(milliseconds(80));
    const std::string info = server.client().run("INFO", "persistence").text;
    if (info_field(info, "rdb_bgsave_in_progress") == "0") required = at_fork;
    ASSERT_TRUE(server.running());
    kill(server, chance(50));
    load.stop();
    if (chance(30)) start_in_vain(server, milliseconds(20));
    server.start();
    load.check(server, required);
    const ProgramResult check = run_program({"redis-check-rdb", server.file("dump.rdb")});
    EXPECT_TRUE(check.status.clean()) << check.output;
  }
}

// Nobody is served half of the data, and what is there is loaded however often that was begun.
TEST_F(CrashTest, LoadingMayBeKilledAtAnyTime) {
  constexpr int kKeys = 20'000;
  const std::vector<std::string> arguments = {"--appendonly", "yes", "--aof-use-rdb-preamble",
                                              chance(50) ? "yes" : "no"};
  ServerProcess server({.arguments = arguments});
  run(server, {"DEBUG", "POPULATE", std::to_string(kKeys)});
  run(server, {"BGREWRITEAOF"});
  ASSERT_TRUE(wait_until([&] {
    const std::string info = server.client().run("INFO", "persistence").text;
    return info_field(info, "aof_rewrite_in_progress") == "0" &&
           info_field(info, "aof_last_bgrewrite_status") == "ok";
  }));
  std::string requests;
  for (int i = 0; i < kKeys; ++i) requests += encode_command({"INCR", "n:" + std::to_string(i)});
  ASSERT_EQ(server.raw().exchange(requests, kKeys).size(), static_cast<std::size_t>(kKeys));
  const Reply digest = server.client().run("DEBUG", "DIGEST");
  kill(server, true);
  // Loading is spread over a while.
  std::vector<std::string> slow = arguments;
  slow.insert(slow.end(), {"--key-load-delay", "2"});
  server.set_arguments(slow);
  int seen_loading = 0;
  for (int round = 0; round < rounds(10) && !HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    server.launch();
    RawConnection connection;
    ASSERT_TRUE(wait_until([&] {
      connection = server.raw();
      return connection.connected();
    }));
    const auto end = Clock::now() + microseconds(up_to(100'000));
    while (Clock::now() < end) {
      const Reply size = connection.run("DBSIZE");
      ASSERT_TRUE(size == integer(2 * kKeys) || size.is_error_with("LOADING")) << size;
      const Reply value = connection.run("GET", "n:" + std::to_string(kKeys - 1));
      ASSERT_TRUE(value == bulk("1") || value.is_error_with("LOADING")) << value;
      seen_loading += size.is_error_with("LOADING") ? 1 : 0;
    }
    kill(server, true);
  }
  EXPECT_GT(seen_loading, 0) << "loading was over before anybody asked";
  server.set_arguments(arguments);
  server.start();
  EXPECT_EQ(server.client().run("DEBUG", "DIGEST"), digest);
}

}  // namespace
}  // namespace spinel::test
