// What is saved is loaded again, for each type, at each size where its encoding changes.
#include <cerrno>
#include <gtest/gtest.h>
#include <limits>

#include "persistence/rdb/dump.h"
#include "storage/keyspace/bitmap.h"
#include "tests/unit/persistence/rdb/support.h"

namespace spinel::persistence::rdb {
namespace {

using test::DataSet;
using test::numbered;

// Saves, loads into another data set, and compares; returns the file.
std::string expect_round_trip(DataSet& from, const SaveOptions& options = {}) {
  const std::string file = from.save(options);
  DataSet to;
  to.keyspace.set_now(0);
  to.options.limits = from.options.limits;
  const LoadResult result = to.load(file);
  EXPECT_TRUE(result.ok) << result.error.offset << ": " << result.error.cause;
  EXPECT_EQ(result.file.end_offset, file.size());
  EXPECT_EQ(to.contents(), from.contents());
  // Each value by itself, as DUMP has it.
  from.database().for_each([&](const storage::Entry& entry) {
    std::string payload;
    dump_value(entry, options.compress, payload);
    DumpReader reader(payload, from.options.limits);
    ASSERT_EQ(reader.read(), DumpReader::Status::kOk) << reader.error().cause;
    DataSet one;
    DataSet other;
    const storage::Key key(entry.key());
    storage::Item item;
    reader.value().store(one.database(), key, item, entry.expire_at_ms(), 0);
    storage::Item copied = from.find(entry.key());
    other.database().copy(copied, key, entry.expire_at_ms());
    EXPECT_EQ(one.contents(), other.contents());
  });
  return file;
}

void expect_round_trip(DataSet&& from) {
  expect_round_trip(from);
}

std::vector<std::string> sized(size_t count, size_t longest) {
  std::vector<std::string> all = numbered("", count);
  if (!all.empty()) all.back() = std::string(longest, 'x');
  return all;
}

TEST(RdbRoundTrip, Strings) {
  DataSet data;
  for (const int64_t integer :
       {INT64_C(0), INT64_C(-1), INT64_C(127), INT64_C(-128), INT64_C(32768), INT64_C(2147483647),
        INT64_C(2147483648), INT64_MAX, INT64_MIN}) {
    data.set("integer:" + std::to_string(integer), std::to_string(integer));
  }
  for (size_t size : {0, 1, 20, 21, 255, 256, 1023, 1024, 1025, 5000, 300'000, 3'000'000}) {
    data.set("x:" + std::to_string(size), std::string(size, 'x'));
    std::string noise;
    for (uint32_t i = 0; i < size; ++i) noise.push_back(static_cast<char>(i * 2654435761u >> 23));
    data.set(noise.substr(0, 3000) + std::to_string(size), noise);
  }
  expect_round_trip(data);
  expect_round_trip(data, {.compress = false, .checksum = false});
}

TEST(RdbRoundTrip, KeysOfAnyBytesAndWithExpiry) {
  DataSet data;
  data.set("", "empty key");
  data.set(std::string("\0\xff\n", 3), "bytes");
  data.set(std::string(100'000, 'k'), "long");
  data.set("12345", "a number", 1'800'000'000'000);
  data.set("later", std::string(2000, 'y'), std::numeric_limits<int64_t>::max());
  data.set("1", "2", 1);
  expect_round_trip(data);
}

TEST(RdbRoundTrip, Lists) {
  DataSet data;
  for (const size_t count : {1, 15, 16, 17, 127, 128, 129, 5000}) {
    for (const size_t longest : {0, 1, 63, 64, 127, 128, 4095, 4096, 8000, 8192, 70'000}) {
      data.put_list(std::to_string(count) + ":" + std::to_string(longest), sized(count, longest));
    }
  }
  data.put_list("plain", {"a", std::string(3'000'000, 'x'), "b", std::string(1'000'000, 'y')});
  expect_round_trip(data);
}

TEST(RdbRoundTrip, ListsUnderOtherLimits) {
  for (const int size : {1, 3, 128, -1, -5}) {
    DataSet data;
    data.options.limits.list.max_listpack_size = size;
    data.options.limits.list.compress_depth = 1;
    data.put_list("list", numbered("element:", 3000));
    data.put_list("long", {std::string(100'000, 'x'), "y", std::string(200, 'z')});
    expect_round_trip(data);
  }
}

TEST(RdbRoundTrip, Sets) {
  DataSet data;
  for (const size_t count : {1, 2, 127, 128, 129, 511, 512, 513, 10'000}) {
    data.put_set("integers:" + std::to_string(count), numbered("", count));
    data.put_set("large:" + std::to_string(count), numbered("123456789012", count));
    data.put_set("texts:" + std::to_string(count), numbered("member:", count));
    data.put_set("mixed:" + std::to_string(count), sized(count, 3));
  }
  for (const size_t longest : {0, 63, 64, 65, 300, 70'000}) {
    data.put_set("longest:" + std::to_string(longest), sized(20, longest));
  }
  data.put_set("limits", {std::to_string(INT64_MAX), std::to_string(INT64_MIN),
                          std::to_string(int64_t{1} << 62), "0"});
  expect_round_trip(data);
}

TEST(RdbRoundTrip, SortedSets) {
  DataSet data;
  const double infinity = std::numeric_limits<double>::infinity();
  for (const size_t count : {1, 2, 127, 128, 129, 10'000}) {
    std::map<std::string, double> members;
    for (size_t i = 0; i < count; ++i) {
      members["m" + std::to_string(i)] = static_cast<double>(i * 7919 % count) / 4;
    }
    data.put_sorted_set("count:" + std::to_string(count), members);
    for (auto& [member, score] : members) score = 5;
    data.put_sorted_set("same:" + std::to_string(count), members);
  }
  const std::map<std::string, double> scores = {
      {"a", 0.1},    {"b", -infinity}, {"c", infinity}, {"d", 1e300},
      {"e", 5e-324}, {"f", 1e17},      {"g", -1e18},    {"h", 4611686018427387904.0},
      {"i", 1e19},   {"j", 3},         {"k", -0.0},     {"l", 9007199254740993.0},
      {"7", 7},      {"m", 0x1p53},    {"n", -0x1p53},  {"o", 1.7976931348623157e308},
      {"p", 1.0 / 3}};
  data.put_sorted_set("scores", scores);
  std::map<std::string, double> large = scores;
  large[std::string(65, 'x')] = 1;
  data.put_sorted_set("scores of a skiplist", large);
  data.put_sorted_set("64", {{std::string(64, 'x'), 1}, {"y", 2}});
  expect_round_trip(data);
}

TEST(RdbRoundTrip, Hashes) {
  DataSet data;
  for (const size_t count : {1, 2, 127, 128, 511, 512, 513, 10'000}) {
    std::vector<DataSet::Field> fields;
    for (size_t i = 0; i < count; ++i)
      fields.push_back({"f" + std::to_string(i), std::to_string(i)});
    data.put_hash("count:" + std::to_string(count), fields);
  }
  for (const size_t longest : {0, 63, 64, 65, 300, 70'000}) {
    data.put_hash("value:" + std::to_string(longest),
                  {{"f", std::string(longest, 'x')}, {"1", ""}});
    data.put_hash("field:" + std::to_string(longest),
                  {{std::string(longest, 'x'), "v"}, {"y", "-5"}});
  }
  const std::string file = expect_round_trip(data);
  EXPECT_EQ(file.substr(0, 9), "REDIS0010");
}

TEST(RdbRoundTrip, HashesWithExpiringFields) {
  DataSet data;
  for (const size_t count : {1, 5, 511, 512, 513, 2000}) {
    std::vector<DataSet::Field> fields;
    for (size_t i = 0; i < count; ++i) {
      const auto expire_at_ms = static_cast<int64_t>(1'800'000'000'000 + i * 7919 % 1000);
      fields.push_back({"f" + std::to_string(i), std::to_string(i),
                        i % 3 == 0 ? storage::kNoExpiry : expire_at_ms});
    }
    fields.back().expire_at_ms = kMaxFieldExpiryMs;
    data.put_hash("count:" + std::to_string(count), fields);
  }
  data.put_hash("passed", {{"a", "1", 5}, {"b", "2"}});
  data.put_hash("first", {{"a", "1", 1}});
  const std::string file = expect_round_trip(data);
  EXPECT_EQ(file.substr(0, 9), "REDIS0012");
}

TEST(RdbRoundTrip, AHashWhoseFieldsExpireNoMoreNeedsNoNewerVersion) {
  DataSet data;
  data.put_hash("h", {{"a", "1", 1'800'000'000'000}, {"b", "2"}});
  storage::Item item = data.find("h");
  storage::Hash hash(item->encoding(), item->object());
  hash.set_expiry(*hash.find(storage::HashField("a")), storage::kNoExpiry);
  data.database().update_object(item, hash.encoding(), hash.object());
  EXPECT_EQ(expect_round_trip(data).substr(0, 9), "REDIS0010");
}

TEST(RdbRoundTrip, Bitmaps) {
  DataSet data;
  const auto set_bit = [&](std::string_view name, uint64_t offset) {
    const storage::Key key(name);
    storage::Item item = data.database().find(key);
    storage::set_bit(data.database(), key, item, offset, true, 0, true);
  };
  for (const uint64_t offset : {0, 1, 77, 100'000, 100'001, 100'008, 10'000'000}) {
    set_bit("few", offset);
  }
  for (uint64_t i = 0; i < 5000; ++i) set_bit("some", i * 2654435761u % 40'000'000);
  for (uint64_t i = 0; i < 70'000; ++i) set_bit("runs", i % 1000 + i / 1000 * 500'000);
  for (const char* name : {"few", "some", "runs"}) {
    ASSERT_EQ(data.find(name)->encoding(), storage::Encoding::kCompressedBitmap);
  }
  const std::string file = expect_round_trip(data);
  EXPECT_LT(file.size(), 300'000u);
  DataSet loaded;
  ASSERT_TRUE(loaded.load(file).ok);
  for (const char* name : {"few", "some", "runs"}) {
    EXPECT_EQ(loaded.find(name)->encoding(), storage::Encoding::kCompressedBitmap);
  }
  loaded.options.limits.compress_bitmaps = false;
  loaded.options.replace_existing = true;
  ASSERT_TRUE(loaded.load(file).ok);
  EXPECT_EQ(loaded.find("few")->encoding(), storage::Encoding::kRaw);
  EXPECT_EQ(loaded.contents(), data.contents());
  expect_round_trip(data, {.compress = false});
}

TEST(RdbRoundTrip, AnyBytesOfABitmapAreCompressedRight) {
  uint32_t state = 1;
  const auto next = [&state] { return state = state * 1664525 + 1013904223; };
  for (int round = 0; round < 50; ++round) {
    std::string bytes(storage::CompressedBitmap::kMinSizeBytes + next() % 5000, '\0');
    for (uint32_t i = next() % 40; i > 0; --i) {
      const size_t at = next() % bytes.size();
      const size_t run = std::min<size_t>(next() % 40, bytes.size() - at);
      for (size_t k = 0; k < run; ++k)
        bytes[at + k] = static_cast<char>(next() >> 24 & next() >> 20);
    }
    DataSet data;
    const storage::Key key("b");
    storage::Item item;
    data.database().set_object(key, item, storage::Encoding::kCompressedBitmap,
                               storage::CompressedBitmap::from_bytes(bytes), -1, 0);
    expect_round_trip(data);
  }
}

TEST(RdbRoundTrip, AllDatabases) {
  DataSet data;
  for (int i = 0; i < 16; i += 3) {
    const std::string name = "key" + std::to_string(i);
    const storage::Key key(name);
    storage::Item item;
    data.keyspace.database(i).set_string(key, item, "value", -1, 0);
  }
  expect_round_trip(data);
  expect_round_trip(DataSet());
}

TEST(RdbRoundTrip, IdleTimesAndFrequencies) {
  for (const bool lfu : {false, true}) {
    DataSet data;
    data.keyspace.access.lfu = lfu;
    data.set("a", "1");
    data.find("a")->set_access(lfu ? data.keyspace.access.with_frequency(77)
                                   : data.keyspace.access.with_idle_seconds(5000));
    const std::string file =
        data.save({.access = lfu ? SaveOptions::Access::kFrequency : SaveOptions::Access::kIdle});
    DataSet loaded;
    loaded.keyspace.access.lfu = lfu;
    ASSERT_TRUE(loaded.load(file).ok);
    EXPECT_EQ(loaded.find("a")->access(), data.find("a")->access());
    // The other policy leaves them alone.
    DataSet other;
    other.keyspace.access.lfu = !lfu;
    ASSERT_TRUE(other.load(file).ok);
    EXPECT_EQ(other.find("a")->access(), other.keyspace.access.initial());
  }
}

TEST(RdbRoundTrip, SavingReportsProgressAndStops) {
  DataSet data;
  for (int i = 0; i < 20'000; ++i) data.set("key:" + std::to_string(i), std::string(100, 'x'));
  SaveOptions options;
  options.compress = false;
  options.progress_every_bytes = 300'000;
  uint64_t reports = 0;
  uint64_t last_keys = 0;
  options.progress = [&](uint64_t keys, uint64_t) {
    EXPECT_GT(keys, last_keys);
    last_keys = keys;
    return ++reports < 3;
  };
  std::string file;
  StringSink sink(file);
  const SaveResult result = save(data.keyspace, sink, options);
  EXPECT_EQ(result.error, ECANCELED);
  EXPECT_EQ(reports, 3u);
}

}  // namespace
}  // namespace spinel::persistence::rdb
