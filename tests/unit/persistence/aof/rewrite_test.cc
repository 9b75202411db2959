#include "persistence/aof/rewrite.h"

#include <cerrno>
#include <gtest/gtest.h>
#include <limits>
#include <map>

#include "persistence/aof/record_reader.h"
#include "storage/base/numbers.h"
#include "storage/containers/compressed_bitmap.h"
#include "storage/keyspace/bitmap.h"
#include "tests/unit/persistence/rdb/support.h"

namespace spinel::persistence::aof {
namespace {

using rdb::test::DataSet;
using rdb::test::numbered;

using Command = std::vector<std::string>;

std::string rewritten(DataSet& data, const RewriteOptions& options = {}) {
  std::string text;
  StringSink sink(text);
  const RewriteResult result = rewrite(data.keyspace, sink, options);
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(result.bytes, text.size());
  return text;
}

// All commands; an annotation is a command of one argument.
std::vector<Command> commands_of(const std::string& text) {
  ByteReader bytes(text);
  RecordReader reader(bytes);
  std::vector<Command> commands;
  RecordReader::Status status;
  do {
    status = reader.read_batch();
    for (const Record& record : reader.records()) {
      if (record.kind == Record::Kind::kAnnotation) {
        commands.push_back({std::string(record.annotation)});
      } else {
        commands.emplace_back(record.arguments.begin(), record.arguments.end());
      }
    }
  } while (status == RecordReader::Status::kMore);
  EXPECT_EQ(status, RecordReader::Status::kEnd) << reader.error().cause;
  return commands;
}

// Gathers what commands say until each key is whole.
class Replay {
 public:
  explicit Replay(const std::vector<Command>& commands) {
    for (const Command& command : commands) apply(command);
  }

  void put_into(DataSet& data) {
    for (const auto& [key, value] : strings_) data.set(key, value);
    for (const auto& [key, elements] : lists_) data.put_list(key, elements);
    for (const auto& [key, members] : sets_) data.put_set(key, members);
    for (const auto& [key, members] : sorted_sets_) data.put_sorted_set(key, members);
    for (const auto& [key, by_name] : hashes_) {
      std::vector<DataSet::Field> fields;
      for (const auto& [name, field] : by_name) fields.push_back(field);
      data.put_hash(key, fields);
    }
    for (const auto& [key, at_ms] : expiries_) {
      storage::Item item = data.find(key);
      data.database().set_expiry(item, at_ms);
    }
  }

 private:
  void apply(const Command& command) {
    const std::string& name = command[0];
    const std::string& key = command[1];
    if (name == "SELECT") return;
    if (name == "PEXPIREAT") {
      expiries_[key] = std::stoll(command[2]);
      return;
    }
    EXPECT_TRUE(expiries_.count(key) == 0) << key;
    if (name == "SET") {
      strings_[key] = command[2];
    } else if (name == "RPUSH" || name == "SADD") {
      EXPECT_LE(command.size(), 2u + 64);
      auto& elements = name == "SADD" ? sets_[key] : lists_[key];
      elements.insert(elements.end(), command.begin() + 2, command.end());
    } else if (name == "ZADD") {
      EXPECT_LE(command.size(), 2u + 128);
      for (size_t i = 2; i < command.size(); i += 2) {
        sorted_sets_[key][command[i + 1]] = *storage::parse_double(command[i]);
      }
    } else if (name == "HMSET") {
      EXPECT_LE(command.size(), 2u + 128);
      for (size_t i = 2; i < command.size(); i += 2) {
        hashes_[key][command[i]] = {command[i], command[i + 1]};
      }
    } else if (name == "HPEXPIREAT") {
      EXPECT_EQ(command[3], "FIELDS");
      EXPECT_EQ(command[4], std::to_string(command.size() - 5));
      for (size_t i = 5; i < command.size(); ++i) {
        hashes_[key].at(command[i]).expire_at_ms = std::stoll(command[2]);
      }
    } else {
      ADD_FAILURE() << name;
    }
  }

  std::map<std::string, std::string> strings_;
  std::map<std::string, std::vector<std::string>> lists_;
  std::map<std::string, std::vector<std::string>> sets_;
  std::map<std::string, std::map<std::string, double>> sorted_sets_;
  std::map<std::string, std::map<std::string, DataSet::Field>> hashes_;
  std::map<std::string, int64_t> expiries_;
};

TEST(AofRewrite, EachTypeInEachSizeComesBack) {
  DataSet data;
  data.set("integer", "-12345");
  data.set("big", "9223372036854775807", 1'800'000'000'123);
  data.set("text", std::string("with\r\nand\0zero", 14));
  data.set("", "");
  data.set("long", std::string(300'000, 'x'));
  for (const size_t count : {1, 63, 64, 65, 128, 129, 1000, 20'000}) {
    const std::string suffix = std::to_string(count);
    data.put_list("list" + suffix, numbered("e", count));
    data.put_list("integers" + suffix, numbered("", count));
    data.put_set("set" + suffix, numbered("m", count));
    data.put_set("intset" + suffix, numbered("", count));
    std::map<std::string, double> members;
    std::vector<DataSet::Field> fields;
    std::vector<DataSet::Field> expiring;
    for (size_t i = 0; i < count; ++i) {
      members["m" + std::to_string(i)] = static_cast<double>(i) / 7;
      fields.push_back({"f" + std::to_string(i), std::to_string(i)});
      expiring.push_back(
          {std::to_string(i), "v",
           i % 3 == 0 ? storage::kNoExpiry : 1'800'000'000'000 + static_cast<int64_t>(i / 100)});
    }
    data.put_sorted_set("sorted" + suffix, members);
    data.put_hash("hash" + suffix, fields);
    data.put_hash("expiring" + suffix, expiring);
  }
  data.put_sorted_set("scores", {{"a", std::numeric_limits<double>::infinity()},
                                 {"b", -std::numeric_limits<double>::infinity()},
                                 {"c", 0.1},
                                 {"d", 1e300},
                                 {"e", -3}});
  DataSet loaded;
  Replay(commands_of(rewritten(data))).put_into(loaded);
  EXPECT_TRUE(loaded.contents() == data.contents());
}

TEST(AofRewrite, DatabasesAreSelectedAndTheTimestampIsFirst) {
  DataSet data;
  data.set("a", "b", 1'800'000'000'000);
  const storage::Key key("c");
  storage::Item item = data.keyspace.database(5).find(key);
  data.keyspace.database(5).set_string(key, item, "d", storage::kNoExpiry,
                                       data.keyspace.access.initial());
  RewriteOptions options;
  options.timestamp_seconds = 1'700'000'000;
  EXPECT_EQ(commands_of(rewritten(data, options)),
            (std::vector<Command>{{"#TS:1700000000"},
                                  {"SELECT", "0"},
                                  {"SET", "a", "b"},
                                  {"PEXPIREAT", "a", "1800000000000"},
                                  {"SELECT", "5"},
                                  {"SET", "c", "d"}}));
  DataSet empty;
  EXPECT_EQ(rewritten(empty), "");
}

TEST(AofRewrite, ASparseBitmapIsWrittenAsItsBytes) {
  std::string bytes(storage::CompressedBitmap::kMinSizeBytes + 100'003, '\0');
  bytes[70'000] = 'x';
  bytes.back() = '\1';
  DataSet data;
  const storage::Key key("bits");
  storage::Item item = data.database().find(key);
  data.database().set_object(key, item, storage::Encoding::kCompressedBitmap,
                             storage::CompressedBitmap::from_bytes(bytes), storage::kNoExpiry, 0);
  const std::vector<Command> commands = commands_of(rewritten(data));
  ASSERT_EQ(commands.size(), 2u);
  EXPECT_TRUE(commands[1][2] == bytes);
}

// Has room for so many bytes.
class FullSink final : public ByteSink {
 public:
  explicit FullSink(size_t room) : room_(room) {}
  int write(const void*, size_t size) override {
    if (size > room_) return ENOSPC;
    room_ -= size;
    return 0;
  }

 private:
  size_t room_;
};

TEST(AofRewrite, EndsWithTheFirstErrorOrWhenItIsStopped) {
  DataSet data;
  for (int i = 0; i < 100'000; ++i) data.set("key:" + std::to_string(i), std::string(50, 'x'));
  FullSink full(1'000'000);
  EXPECT_EQ(rewrite(data.keyspace, full, {}).error, ENOSPC);
  std::string text;
  StringSink sink(text);
  RewriteOptions options;
  uint64_t last_keys = 0;
  size_t calls = 0;
  options.progress = [&](uint64_t keys, uint64_t bytes) {
    EXPECT_GE(keys, last_keys);
    EXPECT_GE(bytes, keys * 50);
    last_keys = keys;
    return ++calls < 3;
  };
  const RewriteResult result = rewrite(data.keyspace, sink, options);
  EXPECT_EQ(result.error, ECANCELED);
  EXPECT_EQ(calls, 3u);
  EXPECT_LT(result.keys, 100'000u);
}

}  // namespace
}  // namespace spinel::persistence::aof
