#include "persistence/rdb/loader.h"

#include <gtest/gtest.h>

#include "tests/unit/persistence/rdb/support.h"

namespace spinel::persistence::rdb {
namespace {

using test::DataSet;
using test::file_of;
using test::key_record;
using test::length;
using test::little_endian;
using test::opcode;
using test::plain;
using test::RecordingObserver;

std::string string_record(std::string_view key, std::string_view value) {
  return key_record(ValueType::kString, key, plain(value));
}

// Gives bytes as a file does: of memory no progress is reported.
class StringSource final : public ByteSource {
 public:
  explicit StringSource(std::string_view bytes) : bytes_(bytes) {}
  ReadResult read(void* to, size_t size) override {
    const size_t length = bytes_.copy(static_cast<char*>(to), size);
    bytes_.remove_prefix(length);
    return {length, 0};
  }

 private:
  std::string_view bytes_;
};

std::string cause_of(const std::string& file) {
  DataSet data;
  const LoadResult result = data.load(file);
  EXPECT_EQ(result.ok, result.error.cause.empty());
  return result.error.cause;
}

TEST(RdbLoader, AFileOfNothing) {
  DataSet data;
  const std::string file = file_of(11, "");
  const LoadResult result = data.load(file);
  EXPECT_TRUE(result.ok);
  EXPECT_EQ(result.file.version, 11);
  EXPECT_TRUE(result.file.has_checksum);
  EXPECT_EQ(result.file.end_offset, file.size());
}

TEST(RdbLoader, Headers) {
  EXPECT_EQ(cause_of(""), "unexpected end of data");
  EXPECT_NE(cause_of("REDIX0011\xff"), "");
  EXPECT_NE(cause_of("REDIS0000\xff"), "");
  EXPECT_NE(cause_of("REDISabcd\xff"), "");
  EXPECT_EQ(cause_of("REDIS0001\xff"), "");
  EXPECT_EQ(cause_of("REDIS0004\xff"), "");
  EXPECT_NE(cause_of("REDIS0005\xff"), "");  // from here on there is a checksum
  EXPECT_EQ(cause_of(test::with_magic("REDIS0012", "")), "");
  EXPECT_EQ(cause_of(test::with_magic("REDIS0019", "")), "");
  EXPECT_EQ(cause_of(test::with_magic("VALKEY080", "")), "");
}

TEST(RdbLoader, ChecksumsAreComparedUnlessTheyAreZero) {
  std::string file = file_of(11, string_record("a", "b"));
  std::string damaged = file;
  damaged[13] = 'c';
  EXPECT_EQ(cause_of(damaged), "the checksum is wrong: the file is damaged");
  damaged.replace(damaged.size() - 8, 8, 8, '\0');
  EXPECT_EQ(cause_of(damaged), "");
  DataSet data;
  data.options.verify_checksum = false;
  file[file.size() - 1] ^= 1;
  EXPECT_TRUE(data.load(file).ok);
}

TEST(RdbLoader, WhatFollowsTheEndIsLeftAlone) {
  const std::string file = file_of(11, string_record("a", "b"));
  const std::string tail = std::string(3'000'000, '*') + "end";
  const std::string both = file + tail;
  DataSet data;
  StringSource source(both);
  ByteReader reader(source);
  RecordingObserver observer;
  const LoadResult result = load(reader, data.keyspace, data.options, observer);
  ASSERT_TRUE(result.ok);
  EXPECT_EQ(result.file.end_offset, file.size());
  EXPECT_EQ(reader.position(), file.size());
  std::string rest;
  EXPECT_TRUE(reader.append(rest, tail.size()));
  EXPECT_EQ(rest, tail);
}

TEST(RdbLoader, FieldsOfTheHeadGoToTheObserver) {
  DataSet data;
  RecordingObserver observer;
  const std::string aux = opcode(Opcode::kAux) + plain("redis-ver") + plain("7.2.4") +
                          opcode(Opcode::kAux) + plain("never-heard-of") + "\xc0\x07";
  ASSERT_TRUE(data.load(file_of(11, aux), observer).ok);
  EXPECT_EQ(observer.aux["redis-ver"], "7.2.4");
  EXPECT_EQ(observer.aux["never-heard-of"], "7");
}

TEST(RdbLoader, ExpiriesBelongToTheNextKey) {
  const std::string records =
      opcode(Opcode::kExpirySeconds) + little_endian(int32_t{1'800'000'000}) +
      string_record("seconds", "1") + opcode(Opcode::kExpiryMs) +
      little_endian(int64_t{1'800'000'000'123}) + string_record("ms", "1") +
      string_record("none", "1") + opcode(Opcode::kExpiryMs) + little_endian(int64_t{-1}) +
      string_record("never", "1") + opcode(Opcode::kExpiryMs) + little_endian(int64_t{5}) +
      string_record("passed", "1");
  DataSet data;
  LoadResult result = data.load(file_of(11, records));
  ASSERT_TRUE(result.ok) << result.error.cause;
  EXPECT_EQ(data.find("seconds")->expire_at_ms(), 1'800'000'000'000);
  EXPECT_EQ(data.find("ms")->expire_at_ms(), 1'800'000'000'123);
  EXPECT_FALSE(data.find("none")->has_expiry());
  EXPECT_FALSE(data.find("never")->has_expiry());
  EXPECT_FALSE(data.find("passed"));
  EXPECT_EQ(result.keys_expired, 1u);
  EXPECT_EQ(result.keys_loaded, 4u);

  DataSet replica;
  replica.options.drop_expired = false;
  result = replica.load(file_of(11, records));
  ASSERT_TRUE(replica.find("passed"));
  EXPECT_EQ(replica.find("passed")->expire_at_ms(), 5);
  EXPECT_EQ(result.keys_loaded, 5u);
}

TEST(RdbLoader, KeysGoWhereTheFileSays) {
  const std::string records = string_record("a", "0") + opcode(Opcode::kSelectDb) + length(15) +
                              string_record("a", "15") + opcode(Opcode::kSelectDb) + length(1) +
                              string_record("a", "1");
  DataSet data;
  ASSERT_TRUE(data.load(file_of(11, records)).ok);
  for (const int index : {0, 1, 15}) {
    const storage::Item item = data.keyspace.database(index).find(storage::Key("a"));
    ASSERT_TRUE(item);
    EXPECT_EQ(item->integer(), index);
  }
  EXPECT_EQ(cause_of(file_of(11, opcode(Opcode::kSelectDb) + length(16))),
            "database 16 does not exist here: 16 are configured (databases)");
}

TEST(RdbLoader, SizesAreHintsOnly) {
  DataSet data;
  const std::string records = opcode(Opcode::kResizeDb) + length(UINT64_MAX) + length(UINT64_MAX) +
                              string_record("a", "1") + opcode(Opcode::kResizeDb) + length(0) +
                              length(0) + string_record("b", "2");
  ASSERT_TRUE(data.load(file_of(11, records)).ok);
  EXPECT_EQ(data.database().size(), 2u);
  EXPECT_LT(data.database().table_bytes(), 10'000u);
}

TEST(RdbLoader, TablesDoNotGrowStepByStep) {
  DataSet from;
  for (int i = 0; i < 100'000; ++i) from.set("key:" + std::to_string(i), "value");
  const std::string file = from.save();
  DataSet data;
  ASSERT_TRUE(data.load(file).ok);
  EXPECT_FALSE(data.database().resizing());
  EXPECT_EQ(data.database().table_statistics().buckets[0],
            from.database().table_statistics().buckets[0]);
}

TEST(RdbLoader, DuplicateKeysAreErrorsOrReplace) {
  const std::string file =
      file_of(11, string_record("other", "x") + string_record("a", "1") + string_record("a", "2"));
  EXPECT_EQ(cause_of(file), "key 'a' in database 0 exists already");
  DataSet data;
  data.options.replace_existing = true;
  data.set("a", "0");
  data.set("kept", "0");
  ASSERT_TRUE(data.load(file).ok);
  EXPECT_EQ(data.find("a")->integer(), 2);
  EXPECT_EQ(data.find("kept")->integer(), 0);
  DataSet full;
  full.set("other", "0");
  const LoadResult result = full.load(file);
  EXPECT_FALSE(result.ok);
  EXPECT_EQ(result.error.offset, 9u);
}

TEST(RdbLoader, OpcodesThatAreSkipped) {
  const std::string known = opcode(Opcode::kSlotInfo) + length(1) + length(2) + length(3) +
                            opcode(Opcode::kEnterprise1) + length(77) +
                            opcode(Opcode::kEnterprise2) + length(77) + opcode(Opcode::kIdle) +
                            length(9) + opcode(Opcode::kFrequency) + "\x05";
  const std::string key = string_record("a", "1");
  EXPECT_EQ(cause_of(file_of(12, known + key)), "");
  const std::string slot_import = opcode(Opcode::kSlotImportOrKeyMetadata) +
                                  plain(std::string(40, 'j')) + length(2) + length(1) + length(2) +
                                  length(5) + length(6);
  EXPECT_EQ(cause_of(test::with_magic("VALKEY080", slot_import + key)), "");
  const std::string metadata = opcode(Opcode::kSlotImportOrKeyMetadata) + length(1) + "spec" +
                               length(2) + length(5) + length(0);
  EXPECT_EQ(cause_of(file_of(13, metadata + key)), "");
}

TEST(RdbLoader, OpcodesThatAreRefused) {
  EXPECT_EQ(cause_of(file_of(11, opcode(Opcode::kFunction2) + plain("#!lua name=x\n"))),
            "the library of functions '#!lua name=x': functions are not supported");
  EXPECT_NE(cause_of(file_of(11, opcode(Opcode::kFunctionOld))), "");
  EXPECT_NE(cause_of(file_of(15, opcode(Opcode::kHashTemplate))), "");
  EXPECT_EQ(cause_of(file_of(11, "\xc8")), "unknown type or opcode 200");
}

TEST(RdbLoader, ErrorsNameTheKeyAndThePlace) {
  const std::string file = file_of(
      11, string_record("a", "1") + key_record(ValueType::kSet, "s\n'", length(9) + "\x82"));
  DataSet data;
  const LoadResult result = data.load(file);
  EXPECT_EQ(result.error.cause, "key 's\\x0a\\x27' in database 0, a set: invalid length");
  EXPECT_EQ(result.error.offset, 20u);
}

TEST(RdbLoader, ProgressIsReportedAndMayStop) {
  DataSet from;
  for (int i = 0; i < 3000; ++i) from.set("key:" + std::to_string(i), std::string(1000, 'x'));
  const std::string file = from.save({.compress = false});
  DataSet data;
  data.options.progress_every_bytes = 500'000;
  RecordingObserver observer;
  StringSource source(file);
  ByteReader reader(source);
  ASSERT_TRUE(load(reader, data.keyspace, data.options, observer).ok);
  EXPECT_GE(observer.progress.size(), 3u);
  EXPECT_EQ(data.contents(), from.contents());

  observer.progress.clear();
  observer.max_progress = 1;
  DataSet stopped;
  stopped.options.progress_every_bytes = 500'000;
  StringSource again(file);
  ByteReader second(again);
  const LoadResult result = load(second, stopped.keyspace, stopped.options, observer);
  EXPECT_FALSE(result.ok);
  EXPECT_TRUE(result.stopped);
  EXPECT_EQ(result.error.cause, "stopped");
}

}  // namespace
}  // namespace spinel::persistence::rdb
