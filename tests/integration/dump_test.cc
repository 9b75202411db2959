// DUMP and RESTORE as clients see them: the order of checks, each error, and what is left behind.

#include "tests/support/server_test.h"

namespace spinel::test {
namespace {

using DumpTest = ServerTest;
using OwnDumpTest = OwnServerTest;

const Reply kSyntax = error("ERR syntax error");
const Reply kBusy = error("BUSYKEY Target key name already exists.");
const Reply kNotAnInteger = error("ERR value is not an integer or out of range");
const Reply kBadTtl = error("ERR Invalid TTL value, must be >= 0");
const Reply kBadFooter = error("ERR DUMP payload version or checksum are wrong");
const Reply kBadData = error("ERR Bad data format");

/// "hello" as Redis 7.2 has it.
const std::string kHello("\x00\x05hello\x0b\x00\x0a\xad\x62\x05\x98\xab\xc9\x83", 17);
/// The same as Redis 7.0 has it.
const std::string kHello7("\x00\x05hello\x0a\x00\x63\x72\xdf\x76\x65\x34\x20\x0a", 17);

TEST_F(DumpTest, DumpGivesTheBytesOfRedis) {
  run("SET", "key", "hello");
  EXPECT_EQ(run("DUMP", "key"), bulk(kHello7));
  EXPECT_EQ(run("DUMP", "none"), nil());
  EXPECT_EQ(run3("DUMP", "none").type, Reply::Type::kNull);
  EXPECT_EQ(run("DUMP"), error("ERR wrong number of arguments for 'dump' command"));
}

TEST_F(DumpTest, RestoreTakesThem) {
  SKIP_ON_REDIS_7_0("payloads of 7.2 are too new for it");
  expect_session({{"SET other x", ok()}});
  for (const std::string& payload : {kHello, kHello7}) {
    EXPECT_EQ(run("RESTORE", "key", 0, payload, "REPLACE"), ok());
    EXPECT_EQ(run("GET", "key"), bulk("hello"));
    EXPECT_EQ(run("PTTL", "key"), integer(-1));
  }
}

TEST_F(DumpTest, TheTtlIsMillisecondsFromNowOrAUnixTime) {
  EXPECT_EQ(run("RESTORE", "a", 100'000, kHello7), ok());
  EXPECT_INTEGER_BETWEEN(run("PTTL", "a"), 1, 100'000);
  EXPECT_EQ(run("RESTORE", "b", 33'177'117'420'000, kHello7, "absttl"), ok());
  EXPECT_EQ(run("PEXPIRETIME", "b"), integer(33'177'117'420'000));
  EXPECT_EQ(run("RESTORE", "a", 0, kHello7, "REPLACE"), ok());
  EXPECT_EQ(run("PTTL", "a"), integer(-1));
  // A Unix time that has passed: no error, and no key.
  EXPECT_EQ(run("RESTORE", "c", 1, kHello7, "ABSTTL"), ok());
  EXPECT_EQ(run("RESTORE", "a", 1, kHello7, "ABSTTL", "REPLACE"), ok());
  EXPECT_EQ(run("EXISTS", "a", "b", "c"), integer(1));
}

TEST_F(DumpTest, ChecksComeInTheirOrder) {
  run("SET", "busy", "x");
  const std::string junk = "short";
  const auto restore = [&](const auto&... arguments) { return run("RESTORE", arguments...); };
  // 1. options
  EXPECT_EQ(restore("busy", "x", junk, "BOGUS"), kSyntax);
  EXPECT_EQ(restore("busy", "x", junk, "IDLETIME"), kSyntax);
  EXPECT_EQ(restore("busy", "x", junk, "FREQ"), kSyntax);
  EXPECT_EQ(restore("busy", "x", junk, "IDLETIME", 1, "FREQ", 1), kSyntax);
  EXPECT_EQ(restore("busy", "x", junk, "FREQ", 1, "IDLETIME", 1), kSyntax);
  EXPECT_EQ(restore("busy", "x", junk, "IDLETIME", -1),
            error("ERR Invalid IDLETIME value, must be >= 0"));
  EXPECT_EQ(restore("busy", "x", junk, "IDLETIME", "soon"), kNotAnInteger);
  for (const int frequency : {-1, 256}) {
    EXPECT_EQ(restore("busy", "x", junk, "FREQ", frequency),
              error("ERR Invalid FREQ value, must be >= 0 and <= 255"));
  }
  // 2. the key
  EXPECT_EQ(restore("busy", "x", junk), kBusy);
  EXPECT_EQ(restore("busy", "x", junk, "IDLETIME", 1, "IDLETIME", 2), kBusy);
  // 3. the time
  EXPECT_EQ(restore("busy", "x", junk, "REPLACE"), kNotAnInteger);
  EXPECT_EQ(restore("free", -1, junk), kBadTtl);
  // 4. the footer
  EXPECT_EQ(restore("free", 0, junk), kBadFooter);
  EXPECT_EQ(restore("free", 0, ""), kBadFooter);
  EXPECT_EQ(restore("free", 0, kHello7.substr(0, 16)), kBadFooter);
  std::string flipped = kHello7;
  flipped[3] = 'E';
  EXPECT_EQ(restore("free", 0, flipped), kBadFooter);
  // 5. the data, even if the key would not be stored
  const std::string list_in_pieces("\x0c\x01\x61\x0a\x00\x5c\xf1\xd5\x70\xae\xaa\x10\xe3", 13);
  const std::string empty_list("\x01\x00\x0a\x00\x5b\xf8\x25\xcc\x6c\x17\x43\x56", 12);
  const std::string no_type("\x08\x00\x0a\x00\xc1\xce\xc9\x41\x5e\xa5\xcd\x10", 12);
  const std::string nothing("\x0a\x00\x5d\x9b\x5c\x40\x0f\x7f\xa2\xda", 10);
  for (const std::string& bad : {list_in_pieces, empty_list, no_type, nothing}) {
    EXPECT_EQ(restore("free", 0, bad), kBadData) << printable(bad);
    EXPECT_EQ(restore("free", 1, bad, "ABSTTL"), kBadData) << printable(bad);
  }
  EXPECT_EQ(run("GET", "busy"), bulk("x"));
  EXPECT_EQ(run("EXISTS", "free"), integer(0));
  EXPECT_EQ(run("RESTORE", "free", 0),
            error("ERR wrong number of arguments for 'restore' command"));
}

TEST_F(DumpTest, BytesBetweenValueAndFooterAreIgnored) {
  const std::string junk("\x00\x01\x61junk\x00\x00\xc0\xa1\xcb\x87\xf9\xcf\x1e\x0e", 17);
  EXPECT_EQ(run("RESTORE", "key", 0, junk), ok());
  EXPECT_EQ(run("GET", "key"), bulk("a"));
}

TEST_F(DumpTest, RestoreAskingIsTheSame) {
  EXPECT_EQ(run("RESTORE-ASKING", "key", 0, kHello7), ok());
  EXPECT_EQ(run("RESTORE-ASKING", "key", 0, kHello7), kBusy);
  EXPECT_EQ(run("RESTORE-ASKING", "key", 0, kHello7, "REPLACE"), ok());
  EXPECT_EQ(run("GET", "key"), bulk("hello"));
}

TEST_F(OwnDumpTest, IdleTimeAndFrequencyAreKept) {
  start();
  ASSERT_EQ(run("RESTORE", "idle", 0, kHello7, "IDLETIME", 5000), ok());
  EXPECT_INTEGER_BETWEEN(run("OBJECT", "IDLETIME", "idle"), 5000, 5060);
  ASSERT_EQ(run("RESTORE", "idle", 0, kHello7, "REPLACE", "FREQ", 9), ok());
  EXPECT_INTEGER_BETWEEN(run("OBJECT", "IDLETIME", "idle"), 0, 60);
  ASSERT_EQ(run("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu"), ok());
  ASSERT_EQ(run("RESTORE", "often", 0, kHello7, "FREQ", 200), ok());
  EXPECT_INTEGER_BETWEEN(run("OBJECT", "FREQ", "often"), 198, 200);
  ASSERT_EQ(run("RESTORE", "often", 0, kHello7, "REPLACE", "FREQ", 0), ok());
  EXPECT_EQ(run("OBJECT", "FREQ", "often"), integer(0));
  // An idle time says nothing there: the key counts as new.
  ASSERT_EQ(run("RESTORE", "often", 0, kHello7, "REPLACE", "IDLETIME", 5000), ok());
  EXPECT_INTEGER_BETWEEN(run("OBJECT", "FREQ", "often"), 4, 5);
}

TEST_F(OwnDumpTest, CompressionIsAnOption) {
  start();
  run("SET", "key", std::string(1000, 'x'));
  const Reply compressed = run("DUMP", "key");
  EXPECT_LT(compressed.text.size(), 50U);
  ASSERT_EQ(run("CONFIG", "SET", "rdbcompression", "no"), ok());
  const Reply plain = run("DUMP", "key");
  EXPECT_EQ(plain.text.size(), 1013U);
  for (const Reply& payload : {compressed, plain}) {
    EXPECT_EQ(run("RESTORE", "copy", 0, payload.text, "REPLACE"), ok());
    EXPECT_EQ(run("GET", "copy"), bulk(std::string(1000, 'x')));
  }
}

// INFO counts listpacks and intsets that were looked into because the option asks for it.
TEST_F(OwnDumpTest, SanitizationsAreCounted) {
  start();
  run("HSET", "hash", "field", "value");
  run("SADD", "set", 1, 2, 3);
  run("SET", "string", "value");
  const std::vector<std::pair<std::string, int>> keys = {{"hash", 1}, {"set", 1}, {"string", 0}};
  for (const auto& [option, counted] :
       std::vector<std::pair<std::string, bool>>{{"no", false}, {"yes", true}, {"clients", true}}) {
    ASSERT_EQ(run("CONFIG", "SET", "sanitize-dump-payload", option), ok());
    for (const auto& [key, blobs] : keys) {
      const long long before = info_number("dump_payload_sanitizations");
      ASSERT_EQ(run("RESTORE", "copy", 0, run("DUMP", key).text, "REPLACE"), ok());
      EXPECT_EQ(info_number("dump_payload_sanitizations") - before, counted ? blobs : 0)
          << option << " " << key;
    }
  }
}

TEST_F(OwnDumpTest, EncodingsFollowTheConfiguration) {
  start_with({"--hash-max-listpack-entries", "2", "--set-max-intset-entries", "2",
              "--zset-max-listpack-entries", "2"});
  run("HSET", "hash", "a", 1, "b", 2);
  run("SADD", "set", 1, 2);
  run("ZADD", "zset", 1, "a", 2, "b");
  const std::vector<std::pair<std::string, std::string>> before = {
      {"hash", "listpack"}, {"set", "intset"}, {"zset", "listpack"}};
  const std::vector<std::string> after = {"hashtable", "hashtable", "skiplist"};
  std::vector<std::string> payloads;
  for (const auto& [key, encoding] : before) {
    EXPECT_EQ(run("OBJECT", "ENCODING", key), bulk(encoding));
    payloads.push_back(run("DUMP", key).text);
  }
  for (const char* option : {"hash-max-listpack-entries", "set-max-intset-entries",
                             "set-max-listpack-entries", "zset-max-listpack-entries"}) {
    run("CONFIG", "SET", option, 1);
  }
  for (size_t i = 0; i < before.size(); ++i) {
    ASSERT_EQ(run("RESTORE", before[i].first, 0, payloads[i], "REPLACE"), ok());
    EXPECT_EQ(run("OBJECT", "ENCODING", before[i].first), bulk(after[i]));
  }
}

TEST_F(DumpTest, FieldsKeepTheirExpiries) {
  SKIP_WITHOUT_COMMAND("HPEXPIREAT");
  for (const int fields : {3, 2000}) {  // a listpack, a table
    run("DEL", "hash");
    for (int i = 0; i < fields; ++i) run("HSET", "hash", "field" + std::to_string(i), i);
    ASSERT_EQ(run("HPEXPIREAT", "hash", 33'177'117'420'000, "FIELDS", 2, "field0", "field1"),
              array({integer(1), integer(1)}));
    ASSERT_EQ(run("RESTORE", "copy", 0, run("DUMP", "hash").text, "REPLACE"), ok());
    EXPECT_EQ(run("HPEXPIRETIME", "copy", "FIELDS", 3, "field0", "field1", "field2"),
              array({integer(33'177'117'420'000), integer(33'177'117'420'000), integer(-1)}));
    EXPECT_EQ(run("HLEN", "copy"), integer(fields));
    EXPECT_EQ(run("OBJECT", "ENCODING", "copy"), run("OBJECT", "ENCODING", "hash"));
  }
  // Once they are restored, they expire like others.
  run("RESTORE", "copy", 0, run("DUMP", "hash").text, "REPLACE");
  run("HPEXPIRE", "copy", 1, "FIELDS", 1, "field2");
  EXPECT_TRUE(wait_until([&] { return run("HLEN", "copy") == integer(1999); }));
}

TEST_F(DumpTest, LargeValuesGoThereAndBack) {
  std::string noise(3'000'000, '\0');
  std::uint64_t state = 1;
  for (char& byte : noise) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    byte = static_cast<char>(state >> 56);
  }
  run("SET", "string", noise);
  run("RPUSH", "list", noise, "a", noise);
  run("SETBIT", "bitmap", 4'000'000'000, 1);
  for (const char* key : {"string", "list", "bitmap"}) {
    const Reply payload = run("DUMP", key);
    ASSERT_EQ(run("RESTORE", "copy", 0, payload.text, "REPLACE"), ok());
    if (std::string_view(key) != "bitmap") {
      EXPECT_EQ(run("DEBUG", "DIGEST-VALUE", "copy"), run("DEBUG", "DIGEST-VALUE", key));
    }
  }
  EXPECT_EQ(run("BITCOUNT", "copy"), integer(1));
  EXPECT_EQ(run("GETBIT", "copy", 4'000'000'000), integer(1));
}

}  // namespace
}  // namespace spinel::test
