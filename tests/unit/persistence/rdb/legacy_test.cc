// Values as versions of Redis from 2.6 on, and Valkey 9, wrote them, made by hand.
#include <gtest/gtest.h>

#include "persistence/rdb/dump.h"
#include "storage/base/crc64.h"
#include "tests/unit/persistence/rdb/support.h"

namespace spinel::persistence::rdb {
namespace {

using test::DataSet;
using test::file_of;
using test::intset;
using test::key_record;
using test::length;
using test::listpack;
using test::little_endian;
using test::numbered;
using test::opcode;
using test::plain;
using test::ziplist;
using test::zipmap;

constexpr int64_t kTime = 1'800'000'000'000;

std::string blob(std::string_view bytes) {
  return plain(bytes);
}

std::string strings(const std::vector<std::string>& all) {
  std::string bytes;
  for (const std::string& text : all) bytes += plain(text);
  return bytes;
}

std::string counted(const std::vector<std::string>& all) {
  return length(all.size()) + strings(all);
}

// Loads `records` and expects the contents of `expected`.
void expect_loaded(DataSet& expected, const std::string& file) {
  DataSet loaded;
  loaded.options.limits = expected.options.limits;
  const LoadResult result = loaded.load(file);
  ASSERT_TRUE(result.ok) << result.error.offset << ": " << result.error.cause;
  EXPECT_EQ(loaded.contents(), expected.contents());
}

void expect_refused(const std::string& file, const std::string& cause) {
  DataSet loaded;
  const LoadResult result = loaded.load(file);
  EXPECT_FALSE(result.ok);
  EXPECT_NE(result.error.cause.find(cause), std::string::npos) << result.error.cause;
}

// Refused, though nothing is damaged.
void expect_unsupported(const std::string& file, const std::string& cause) {
  expect_refused(file, cause);
  DataSet loaded;
  EXPECT_TRUE(loaded.load(file).error.is_unsupported) << cause;
}

void expect_value_refused(ValueType type, const std::string& payload, const std::string& cause) {
  expect_refused(file_of(11, key_record(type, "key", payload)), cause);
}

// Pairs "f0", "0", "f1", "1", ...
std::vector<std::string> pairs(size_t count) {
  std::vector<std::string> all;
  for (size_t i = 0; i < count; ++i) {
    all.push_back("f" + std::to_string(i));
    all.push_back(std::to_string(i));
  }
  return all;
}

TEST(RdbLegacy, Lists) {
  for (const size_t count : {1, 2, 300, 3000}) {
    const std::vector<std::string> elements = numbered("", count);
    DataSet expected;
    expected.put_list("list", elements);
    const std::vector<std::string> half(elements.begin(),
                                        elements.begin() + static_cast<ptrdiff_t>(count / 2));
    const std::vector<std::string> rest(elements.begin() + static_cast<ptrdiff_t>(count / 2),
                                        elements.end());
    expect_loaded(expected, file_of(1, key_record(ValueType::kList, "list", counted(elements))));
    expect_loaded(expected,
                  file_of(2, key_record(ValueType::kListZiplist, "list", blob(ziplist(elements)))));
    expect_loaded(expected,
                  file_of(7, key_record(ValueType::kListQuicklist, "list",
                                        length(2) + blob(ziplist(half)) + blob(ziplist(rest)))));
    expect_loaded(expected,
                  file_of(10, key_record(ValueType::kListQuicklist2, "list",
                                         length(2) + length(kPackedNode) + blob(listpack(half)) +
                                             length(kPackedNode) + blob(listpack(rest)))));
    std::string plain_nodes = length(count);
    for (const std::string& element : elements) plain_nodes += length(kPlainNode) + plain(element);
    expect_loaded(expected,
                  file_of(10, key_record(ValueType::kListQuicklist2, "list", plain_nodes)));
  }
  expect_value_refused(ValueType::kListQuicklist2, length(1) + length(3) + plain("x"),
                       "unknown form");
}

TEST(RdbLegacy, Sets) {
  for (const size_t count : {1, 128, 129, 512, 513, 2000}) {
    DataSet integers;
    integers.put_set("set", numbered("", count));
    std::vector<int64_t> ascending;
    for (size_t i = 0; i < count; ++i) ascending.push_back(static_cast<int64_t>(i));
    for (const size_t width : {2, 4, 8}) {
      expect_loaded(integers, file_of(2, key_record(ValueType::kSetIntset, "set",
                                                    blob(intset(ascending, width)))));
    }
    DataSet texts;
    const std::vector<std::string> members = numbered("m", count);
    texts.put_set("set", members);
    expect_loaded(texts, file_of(2, key_record(ValueType::kSet, "set", counted(members))));
    expect_loaded(texts,
                  file_of(11, key_record(ValueType::kSetListpack, "set", blob(listpack(members)))));
  }
  expect_value_refused(ValueType::kSet, counted({"a", "b", "a"}), "twice");
  expect_value_refused(ValueType::kSet, counted({"1", "2", "1"}), "twice");
  expect_value_refused(ValueType::kSetListpack, blob(listpack({"a", "b", "a"})), "twice");
  expect_value_refused(ValueType::kSetListpack, blob(listpack({"7", "b", "7"})), "twice");
  expect_value_refused(ValueType::kSetIntset, blob(intset({1, 1}, 2)), "ascending");
}

TEST(RdbLegacy, SortedSets) {
  for (const size_t count : {1, 2, 128, 129, 2000}) {
    DataSet expected;
    std::map<std::string, double> members;
    std::string text_scores = length(count);
    std::string binary_scores = length(count);
    std::vector<std::string> elements;
    std::vector<std::string> unordered;
    for (size_t i = 0; i < count; ++i) {
      const std::string member = "m" + std::to_string(i);
      const double score = static_cast<double>(i) / 4 - 10;
      char digits[storage::kMaxDoubleChars];
      const std::string text(digits, storage::format_double(score, digits));
      members[member] = score;
      text_scores += plain(member) + static_cast<char>(text.size()) + text;
      binary_scores += plain(member) + little_endian(score);
      elements.insert(elements.end(), {member, text});
      unordered.insert(unordered.begin(), {member, text});
    }
    expected.put_sorted_set("z", members);
    const std::pair<ValueType, std::string> forms[] = {
        {ValueType::kSortedSetText, text_scores},
        {ValueType::kSortedSet, binary_scores},
        {ValueType::kSortedSetZiplist, blob(ziplist(elements))},
        {ValueType::kSortedSetListpack, blob(listpack(elements))},
        {ValueType::kSortedSetListpack, blob(listpack(unordered))},
    };
    for (const auto& [type, payload] : forms) {
      expect_loaded(expected, file_of(10, key_record(type, "z", payload)));
    }
  }
  expect_value_refused(ValueType::kSortedSetText, length(1) + plain("m") + "\xfd", "no number");
  expect_value_refused(
      ValueType::kSortedSet,
      length(1) + plain("m") + little_endian(std::numeric_limits<double>::quiet_NaN()),
      "no number");
  expect_value_refused(
      ValueType::kSortedSet,
      length(2) + plain("m") + little_endian(1.0) + plain("m") + little_endian(2.0), "twice");
  expect_value_refused(ValueType::kSortedSetListpack, blob(listpack({"m", "1", "m", "2"})),
                       "twice");
  expect_value_refused(ValueType::kSortedSetListpack, blob(listpack({"m", "nan"})), "no number");
  expect_value_refused(ValueType::kSortedSetZiplist, blob(ziplist({"m", "1", "n"})), "middle");
}

TEST(RdbLegacy, Hashes) {
  for (const size_t count : {1, 5, 512, 513, 2000}) {
    DataSet expected;
    std::vector<DataSet::Field> fields;
    for (size_t i = 0; i < count; ++i) {
      fields.push_back({"f" + std::to_string(i), std::to_string(i)});
    }
    expected.put_hash("h", fields);
    expect_loaded(expected, file_of(2, key_record(ValueType::kHash, "h",
                                                  length(count) + strings(pairs(count)))));
    expect_loaded(expected,
                  file_of(3, key_record(ValueType::kHashZipmap, "h", blob(zipmap(pairs(count))))));
    expect_loaded(expected, file_of(4, key_record(ValueType::kHashZiplist, "h",
                                                  blob(ziplist(pairs(count))))));
    expect_loaded(expected, file_of(10, key_record(ValueType::kHashListpack, "h",
                                                   blob(listpack(pairs(count))))));
  }
  expect_value_refused(ValueType::kHash, length(2) + strings({"a", "1", "a", "2"}), "twice");
  expect_value_refused(ValueType::kHashZipmap, blob(zipmap({"a", "1", "a", "2"})), "twice");
  expect_value_refused(ValueType::kHashListpack, blob(listpack({"a", "1", "a", "2"})), "twice");
  expect_value_refused(ValueType::kHashListpack, blob(listpack({"a", "1", "b"})), "middle");
  expect_value_refused(ValueType::kHashZipmap, blob(zipmap({})), "empty");
}

TEST(RdbLegacy, HashesWhoseFieldsExpire) {
  DataSet expected;
  expected.put_hash("h", {{"a", "1", kTime}, {"b", "2", kTime + 5}, {"c", "3"}});
  const std::string first = little_endian(kTime);
  const std::vector<std::string> triples = {
      "a", "1", std::to_string(kTime), "b", "2", std::to_string(kTime + 5), "c", "3", "0"};
  expect_loaded(
      expected,
      file_of(12, key_record(ValueType::kHashExpiry, "h",
                             first + length(3) + length(1) + strings({"a", "1"}) + length(6) +
                                 strings({"b", "2"}) + length(0) + strings({"c", "3"}))));
  expect_loaded(expected, file_of(12, key_record(ValueType::kHashListpackExpiry, "h",
                                                 first + blob(listpack(triples)))));
  // As release candidates had them.
  const auto time = static_cast<uint64_t>(kTime);
  expect_loaded(expected, file_of(12, key_record(ValueType::kHashExpiryOld, "h",
                                                 length(3) + length(time) + strings({"a", "1"}) +
                                                     length(time + 5) + strings({"b", "2"}) +
                                                     length(0) + strings({"c", "3"}))));
  expect_loaded(expected, file_of(12, key_record(ValueType::kHashListpackExpiryOld, "h",
                                                 blob(listpack(triples)))));
  // The same number means something else to Valkey.
  const std::string of_valkey =
      key_record(ValueType::kHashExpiryOld, "h",
                 length(3) + strings({"a", "1"}) + first + strings({"b", "2"}) +
                     little_endian(kTime + 5) + strings({"c", "3"}) + little_endian(int64_t{-1}));
  expect_loaded(expected, test::with_magic("VALKEY080", of_valkey));
  expect_value_refused(ValueType::kHashListpackExpiry, first + blob(listpack({"a", "1", "never"})),
                       "out of range");
  expect_value_refused(ValueType::kHashListpackExpiry, first + blob(listpack({"a", "1", "-1"})),
                       "out of range");
  expect_value_refused(ValueType::kHashListpackExpiry,
                       first + blob(listpack({"a", "1", "5", "a", "2", "6"})), "twice");
  expect_value_refused(ValueType::kHashExpiry,
                       first + length(1) + length(UINT64_MAX) + strings({"a", "1"}),
                       "out of range");
  expect_value_refused(
      ValueType::kHashExpiry,
      little_endian(kMaxFieldExpiryMs + 2) + length(1) + length(1) + strings({"a", "1"}),
      "out of range");
}

TEST(RdbLegacy, EmptyCollectionsAreLeftOut) {
  std::string records;
  for (const ValueType type : {ValueType::kList, ValueType::kSet, ValueType::kSortedSet,
                               ValueType::kHash, ValueType::kListQuicklist2}) {
    records += key_record(type, "empty", length(0));
  }
  records += key_record(ValueType::kListZiplist, "empty", blob(ziplist({})));
  records += key_record(ValueType::kHashListpack, "empty", blob(listpack({})));
  records += key_record(ValueType::kString, "full", plain("x"));
  DataSet loaded;
  const LoadResult result = loaded.load(file_of(11, records));
  ASSERT_TRUE(result.ok) << result.error.cause;
  EXPECT_EQ(result.empty_keys, 7u);
  EXPECT_EQ(result.keys_loaded, 1u);
}

TEST(RdbLegacy, StreamsAreRefusedByKey) {
  for (const ValueType type : {ValueType::kStream, ValueType::kStream2, ValueType::kStream3}) {
    expect_unsupported(file_of(11, key_record(type, "events", length(0))),
                       "key 'events' in database 0, a stream: streams are not supported");
  }
  expect_unsupported(file_of(15, key_record(static_cast<ValueType>(28), "array", length(0))),
                     "unknown type or opcode 28");
}

TEST(RdbLegacy, FunctionsAreRefusedByLibrary) {
  expect_unsupported(file_of(10, opcode(Opcode::kFunction2) + plain("#!lua name=lib\nreturn 1")),
                     "the library of functions '#!lua name=lib': functions are not supported");
}

TEST(RdbLegacy, ANewerVersionIsNamedBeforeWhatElseIsWrong) {
  const std::string record = key_record(ValueType::kString, "k", plain("x"));
  DataSet loaded;
  EXPECT_TRUE(loaded.load(file_of(99, record)).ok) << "all of it is known";
  std::string damaged = file_of(99, record);
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  expect_unsupported(damaged,
                     "version 99 is newer than those that are known here, up to 12: the checksum");
  damaged = file_of(11, record);
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  DataSet other;
  EXPECT_FALSE(other.load(damaged).error.is_unsupported);
}

TEST(RdbLegacy, ValuesOfModulesAreRefusedOrLeftOut) {
  // "ReJSON-RL", version 3.
  const std::string id =
      std::string("\x81", 1) + std::string("\x45\xe2\x52\x38\xdf\x91\x2c\x03", 8);
  const std::string fields = length(2) + length(7) + length(1) + length(9) + length(3) +
                             little_endian(1.5f) + length(4) + little_endian(2.5) + length(5) +
                             plain("text") + length(5) + "\xc0\x05" + length(0);
  const std::string aux =
      opcode(Opcode::kModuleAux) + id + length(2) + length(1) + length(5) + plain("x") + length(0);
  const std::string file = file_of(9, aux + key_record(ValueType::kModule, "json", id + fields) +
                                          key_record(ValueType::kString, "after", plain("x")));
  expect_unsupported(file, "key 'json' in database 0 belongs to the module ReJSON-RL");
  DataSet loaded;
  loaded.options.skip_module_keys = true;
  test::RecordingObserver observer;
  const LoadResult result = loaded.load(file, observer);
  ASSERT_TRUE(result.ok) << result.error.cause;
  EXPECT_EQ(result.module_keys_skipped, 1u);
  EXPECT_EQ(result.keys_loaded, 1u);
  ASSERT_EQ(observer.modules.size(), 2u);
  EXPECT_EQ(observer.modules[0].substr(9), ":");
  EXPECT_EQ(observer.modules[1].substr(9), ":json");
  expect_refused(file_of(8, key_record(ValueType::kModuleOld, "m", id)), "Redis 4.0");
  expect_refused(file_of(9, key_record(ValueType::kModule, "m", id + length(6))), "unknown form");
}

TEST(RdbLegacy, PayloadsOfDump) {
  const auto with_footer = [](std::string payload, uint16_t version) {
    payload += little_endian(version);
    return payload + little_endian(storage::crc64(0, payload.data(), payload.size()));
  };
  const ValueLimits limits;
  const auto status = [&](const std::string& payload) {
    return DumpReader(payload, limits).read();
  };
  using Status = DumpReader::Status;
  // From the facts: a string of redis-server 7.2.
  const std::string hello("\x00\x05hello\x0b\x00\x0a\xad\x62\x05\x98\xab\xc9\x83", 17);
  DumpReader reader(hello, limits);
  ASSERT_EQ(reader.read(), Status::kOk);
  EXPECT_EQ(reader.value().text(), "hello");

  for (size_t size = 0; size < hello.size(); ++size) {
    EXPECT_EQ(status(hello.substr(0, size)), Status::kWrongFooter);
  }
  const std::string value = hello.substr(0, 7);
  EXPECT_EQ(status(with_footer(value, 0)), Status::kOk);
  EXPECT_EQ(status(with_footer(value, 15)), Status::kOk);
  EXPECT_EQ(status(with_footer(value, 16)), Status::kWrongFooter);
  EXPECT_EQ(status(with_footer(value, 80)), Status::kOk);
  EXPECT_EQ(status(with_footer(value + "junk", 11)), Status::kOk);
  EXPECT_EQ(status(with_footer(value.substr(0, 6), 11)), Status::kBadData);
  EXPECT_EQ(status(with_footer("", 11)), Status::kBadData);
  EXPECT_EQ(status(with_footer("\x08", 11)), Status::kBadData);
  EXPECT_EQ(status(with_footer(std::string("\x01\x00", 2), 11)), Status::kBadData);
  EXPECT_EQ(status(with_footer(std::string("\x15\x00\x00", 3), 11)), Status::kBadData);
  // Type 22 by the version of who wrote it.
  const std::string of_valkey =
      "\x16" + length(1) + strings({"a", "1"}) + little_endian(int64_t{kTime});
  EXPECT_EQ(status(with_footer(of_valkey, 80)), Status::kOk);
  EXPECT_EQ(status(with_footer(of_valkey, 12)), Status::kBadData);
}

}  // namespace
}  // namespace spinel::persistence::rdb
