// Whoever modifies a key, the observers are notified.
#include "server/engine/modified_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "storage/base/memory.h"
#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class ModifiedKeysTest : public testing::Test, private ModifiedKeyObserver {
 protected:
  ModifiedKeysTest() { server_.server.modified_keys.add(*this); }
  ~ModifiedKeysTest() override { server_.server.modified_keys.remove(*this); }

  // What the observer was told while the command ran: "0 key", "flushed 0", "swapped 0 1".
  template <typename... Args>
  std::vector<std::string> told_by(const Args&... args) {
    told_.clear();
    server_.run(args...);
    return std::exchange(told_, {});
  }

  void on_key_modified(int database, std::string_view key) override {
    told_.push_back(std::to_string(database) + " " + std::string(key));
  }
  void on_database_flushed(int database) override {
    told_.push_back("flushed " + std::to_string(database));
  }
  void on_loaded() override { told_.emplace_back("loaded"); }
  void on_databases_swapped(int first, int second) override {
    told_.push_back("swapped " + std::to_string(first) + " " + std::to_string(second));
  }

  std::vector<std::string> told_;
  TestServer server_;
};

TEST_F(ModifiedKeysTest, Writes) {
  EXPECT_THAT(told_by("SET", "a", "1"), ElementsAre("0 a"));
  EXPECT_THAT(told_by("MSET", "a", "1", "b", "2"), ElementsAre("0 a", "0 b"));
  EXPECT_THAT(told_by("RENAME", "a", "c"), UnorderedElementsAre("0 a", "0 c"));
  EXPECT_THAT(told_by("COPY", "c", "c", "DB", "3"), ElementsAre("3 c"));
  EXPECT_THAT(told_by("MOVE", "b", "2"), UnorderedElementsAre("0 b", "2 b"));
  EXPECT_THAT(told_by("RPUSH", "l", "x"), ElementsAre("0 l"));
  EXPECT_THAT(told_by("SUNIONSTORE", "d", "none"), IsEmpty());
}

TEST_F(ModifiedKeysTest, ReadsAndWhatChangesNothing) {
  server_.run("SADD", "s", "x");
  EXPECT_THAT(told_by("SMEMBERS", "s"), IsEmpty());
  EXPECT_THAT(told_by("SADD", "s", "x"), IsEmpty());
  EXPECT_THAT(told_by("DEL", "none"), IsEmpty());
  EXPECT_THAT(told_by("LPUSH", "s", "x"), IsEmpty());
}

TEST_F(ModifiedKeysTest, Removals) {
  server_.run("MSET", "a", "1", "b", "2", "c", "3");
  server_.run("SADD", "s", "x");
  EXPECT_THAT(told_by("DEL", "a"), ElementsAre("0 a"));
  EXPECT_THAT(told_by("GETDEL", "b"), ElementsAre("0 b"));
  EXPECT_THAT(told_by("EXPIRE", "c", "-1"), ElementsAre("0 c"));
  EXPECT_THAT(told_by("SPOP", "s", "5"), ElementsAre("0 s"));
}

TEST_F(ModifiedKeysTest, Expiry) {
  server_.run("SET", "a", "1", "PX", "100000");
  server_.run("HSET", "h", "f", "1");
  server_.run("HPEXPIRE", "h", "100000", "FIELDS", "1", "f");
  server_.expire_now("a");
  EXPECT_THAT(told_by("GET", "a"), ElementsAre("0 a"));
}

TEST_F(ModifiedKeysTest, Eviction) {
  storage::register_memory_thread();
  server_.run("SET", "a", "1");
  server_.run("CONFIG", "SET", "maxmemory-policy", "allkeys-random");
  server_.run("CONFIG", "SET", "maxmemory", "1");
  EXPECT_THAT(told_by("SET", "b", "1"), Contains("0 a"));
}

TEST_F(ModifiedKeysTest, WholeDatabases) {
  server_.run("SET", "a", "1");
  EXPECT_THAT(told_by("SWAPDB", "0", "1"), ElementsAre("swapped 0 1"));
  // Empty ones, too: who remembers keys may know some that are not there.
  EXPECT_THAT(told_by("FLUSHDB"), ElementsAre("flushed 0"));
  server_.run("SET", "b", "1");
  EXPECT_THAT(told_by("FLUSHDB"), ElementsAre("flushed 0"));
  EXPECT_THAT(told_by("FLUSHALL"), AllOf(SizeIs(16), Contains("flushed 1")));
}

}  // namespace
}  // namespace spinel::server
