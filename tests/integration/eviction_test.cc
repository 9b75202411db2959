// What happens at maxmemory, by policy.

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

const Reply kOutOfMemory = error("OOM command not allowed when used memory > 'maxmemory'.");

class EvictionTest : public OwnServerTest {
 protected:
  static constexpr long long kRoomBytes = 4'000'000;
  static constexpr int kValueBytes = 10'000;

  /// A server that may take about kRoomBytes of data.
  void start_with_policy(const std::string& policy) {
    start_with({"--maxmemory-policy", policy, "--maxmemory-samples", "10"});
    limit_bytes_ = info_number("used_memory") + kRoomBytes;
    ASSERT_EQ(run("CONFIG", "SET", "maxmemory", limit_bytes_), ok());
  }

  Reply write(const std::string& key, bool with_expiry, long long seconds = 100'000) {
    const std::string value(kValueBytes, 'v');
    return with_expiry ? run("SET", key, value, "EX", seconds) : run("SET", key, value);
  }

  /// Writes keys until keys go. They begin with `prefix`.
  void write_until_eviction(const std::string& prefix, bool with_expiry) {
    for (int i = 0; i < 2000 && info_number("evicted_keys") == 0; ++i) {
      ASSERT_EQ(write(prefix + std::to_string(i), with_expiry), ok());
    }
    EXPECT_GT(info_number("evicted_keys"), 0);
  }

  long long limit_bytes_ = 0;
};

TEST_F(EvictionTest, NoevictionRefusesWritesAndServesReads) {
  start_with_policy("noeviction");
  Reply reply = ok();
  for (int i = 0; i < 2000 && reply == ok(); ++i) reply = write("key:" + std::to_string(i), true);
  EXPECT_EQ(reply, kOutOfMemory);
  EXPECT_EQ(run("GET", "key:0").type, Reply::Type::kString);
  EXPECT_EQ(run("INCR", "counter"), kOutOfMemory);
  EXPECT_EQ(run("SET", "key:0", "v"), kOutOfMemory);
  EXPECT_EQ(run("EXPIRE", "key:0", 1000), integer(1));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(run("DEL", "key:" + std::to_string(i)), integer(1));
  EXPECT_EQ(run("INCR", "counter"), integer(1));
  EXPECT_EQ(info_number("evicted_keys"), 0);
  ASSERT_EQ(line("CONFIG SET maxmemory 0"), ok());
  EXPECT_EQ(write("key:again", false), ok());
}

TEST_F(EvictionTest, EveryPolicyKeepsTheLimit) {
  for (const char* policy : {"allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru",
                             "volatile-lfu", "volatile-random", "volatile-ttl"}) {
    SCOPED_TRACE(policy);
    start_with_policy(policy);
    for (int i = 0; i < 1500; ++i) {
      ASSERT_EQ(write("key:" + std::to_string(i), true, 1000 + i), ok());
    }
    const auto keys = run("DBSIZE").number;
    EXPECT_NEAR(static_cast<double>(keys + info_number("evicted_keys")), 1500, 20)
        << "asking may evict, too";
    EXPECT_GT(keys, 100);
    EXPECT_LT(keys, 600);
    EXPECT_LT(info_number("used_memory"), limit_bytes_ + kRoomBytes / 4);
    EXPECT_EQ(info("maxmemory_policy"), policy);
    OwnServerTest::TearDown();
  }
}

TEST_F(EvictionTest, VolatilePoliciesSpareKeysWithoutExpiry) {
  for (const char* policy : {"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"}) {
    SCOPED_TRACE(policy);
    start_with_policy(policy);
    for (int i = 0; i < 100; ++i) ASSERT_EQ(write("stays:" + std::to_string(i), false), ok());
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(write("goes:" + std::to_string(i), true), ok());
    EXPECT_GT(info_number("evicted_keys"), 0);
    for (int i = 0; i < 100; ++i) {
      EXPECT_EQ(run("EXISTS", "stays:" + std::to_string(i)), integer(1)) << i;
    }
    OwnServerTest::TearDown();
  }
}

TEST_F(EvictionTest, VolatilePoliciesRefuseWritesWhenNothingMayGo) {
  for (const char* policy : {"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"}) {
    SCOPED_TRACE(policy);
    start_with_policy(policy);
    Reply reply = ok();
    for (int i = 0; i < 2000 && reply == ok(); ++i) {
      reply = write("key:" + std::to_string(i), false);
    }
    EXPECT_EQ(reply, kOutOfMemory);
    EXPECT_EQ(info_number("evicted_keys"), 0);
    OwnServerTest::TearDown();
  }
}

TEST_F(EvictionTest, AnEvictedKeyIsNoChangeToSave) {
  start_with_policy("allkeys-random");
  ASSERT_EQ(write("key", false), ok());
  const auto changes = info_number("rdb_changes_since_last_save");
  ASSERT_EQ(line("CONFIG SET maxmemory 1"), ok());
  EXPECT_TRUE(run("GET", "key").is_null());
  EXPECT_EQ(info_number("evicted_keys"), 1);
  EXPECT_EQ(info_number("rdb_changes_since_last_save"), changes);
}

TEST_F(EvictionTest, LruKeepsWhatIsUsed) {
  start_with_policy("allkeys-lru");
  ASSERT_EQ(write("hot", false), ok());
  for (int i = 0; i < 300; ++i) ASSERT_EQ(write("cold:" + std::to_string(i), false), ok());
  // Let the clock of idle times (one second a tick) tell the two apart.
  ASSERT_TRUE(wait_until([&] { return run("OBJECT", "IDLETIME", "cold:299").number >= 3; }));
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(run("GET", "hot").type, Reply::Type::kString) << i;
    ASSERT_EQ(write("new:" + std::to_string(i), false), ok());
  }
  EXPECT_GT(info_number("evicted_keys"), 100);
}

TEST_F(EvictionTest, LfuKeepsWhatIsUsedOften) {
  start_with_policy("allkeys-lfu");
  ASSERT_EQ(write("hot", false), ok());
  for (int i = 0; i < 2000; ++i) run("GET", "hot");
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(write("cold:" + std::to_string(i), false), ok());
  EXPECT_GT(info_number("evicted_keys"), 100);
  EXPECT_EQ(run("EXISTS", "hot"), integer(1));
}

TEST_F(EvictionTest, TtlTakesTheNearestEndFirst) {
  start_with_policy("volatile-ttl");
  for (int i = 0; i < 100; ++i) ASSERT_EQ(write("soon:" + std::to_string(i), true, 1000), ok());
  int late_written = 0;
  while (late_written < 2000 && info_number("evicted_keys") < 50) {
    ASSERT_EQ(write("late:" + std::to_string(late_written++), true, 1'000'000), ok());
  }
  const auto soon = run("KEYS", "soon:*").elements.size();
  const auto late_evicted = late_written - run("KEYS", "late:*").elements.size();
  EXPECT_LE(soon, 60U);
  // Samples of ten: now and then one holds no key that ends soon.
  EXPECT_LE(late_evicted, 15U);
}

TEST_F(EvictionTest, LoweringTheLimitMakesRoomAtOnce) {
  start_with_policy("allkeys-random");
  for (int i = 0; i < 300; ++i) ASSERT_EQ(write("key:" + std::to_string(i), false), ok());
  ASSERT_EQ(run("CONFIG", "SET", "maxmemory", limit_bytes_ - kRoomBytes / 2), ok());
  EXPECT_TRUE(wait_until([&] {
    run("SET", "poke", 1);
    return info_number("used_memory") < limit_bytes_ - kRoomBytes / 4;
  }));
  EXPECT_GT(info_number("evicted_keys"), 50);
}

}  // namespace
}  // namespace spinel::test
