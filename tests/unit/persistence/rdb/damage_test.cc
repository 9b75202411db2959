// Files that were cut off or changed give an error or a value: never a crash, and never more memory
// than they are large. Sanitized builds see the rest.
#include <gtest/gtest.h>

#include "storage/base/memory.h"
#include "tests/unit/persistence/rdb/support.h"

namespace spinel::persistence::rdb {
namespace {

using test::DataSet;
using test::numbered;

// Something of each type and encoding, as we write it, and as others did.
std::string file_of_all() {
  DataSet data;
  data.set("string", "text");
  data.set("integer", "123456", 1'800'000'000'000);
  data.set("compressed", std::string(300, 'x'));
  data.set("long", std::string(1500, 'y') + "z");
  data.put_list("list", numbered("element:", 30));
  data.put_list("nodes", {std::string(9000, 'x'), "a", std::string(9000, 'y')});
  data.put_set("intset", numbered("", 10));
  data.put_set("set", {"a", "b", "1"});
  data.put_sorted_set("zset", {{"a", 1}, {"b", 0.1}, {"c", 1e300}});
  data.put_sorted_set("skiplist", {{std::string(70, 'x'), 1}, {"b", 0.1}});
  data.put_hash("hash", {{"a", "1"}, {"b", "text"}});
  data.put_hash("table", {{"a", std::string(70, 'x')}});
  data.put_hash("expiring", {{"a", "1", 1'800'000'000'000}, {"b", "text"}});
  data.put_hash("expiring table", {{"a", std::string(70, 'x'), 1'800'000'000'000}, {"b", ""}});
  std::string file = data.save({.aux = {{"redis-ver", "7.2.4"}}});
  file.resize(file.size() - 1 - sizeof(uint64_t));
  std::string records = file.substr(9);
  const std::vector<std::string> pairs = {"a", "1", "b", "2"};
  records += test::key_record(ValueType::kHashZipmap, "zipmap", test::plain(test::zipmap(pairs)));
  records += test::key_record(ValueType::kHashZiplist, "zh", test::plain(test::ziplist(pairs)));
  records +=
      test::key_record(ValueType::kSortedSetZiplist, "zz", test::plain(test::ziplist(pairs)));
  records += test::key_record(ValueType::kListQuicklist, "zl",
                              test::length(1) + test::plain(test::ziplist(pairs)));
  records += test::key_record(ValueType::kSetListpack, "ls", test::plain(test::listpack(pairs)));
  records += test::key_record(ValueType::kSortedSetText, "zt",
                              test::length(1) + test::plain("m") + "\x03" + "1.5");
  return test::file_of(12, records);
}

TEST(RdbDamage, WhatIsCutOffAnywhereIsAnError) {
  const std::string file = file_of_all();
  DataSet whole;
  ASSERT_TRUE(whole.load(file).ok);
  for (size_t size = 0; size < file.size(); ++size) {
    // In memory of its own, so that a sanitizer sees an overread.
    const std::vector<char> cut(file.begin(), file.begin() + static_cast<ptrdiff_t>(size));
    DataSet data;
    const LoadResult result = data.load({cut.data(), cut.size()});
    ASSERT_FALSE(result.ok) << size;
    ASSERT_FALSE(result.error.cause.empty());
    ASSERT_LE(result.error.offset, size);
  }
}

TEST(RdbDamage, AnyBitFlippedIsNoticedByTheChecksum) {
  const std::string file = file_of_all();
  for (size_t bit = 0; bit < file.size() * 8; bit += 7) {
    std::string damaged = file;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    // The version may become one without a checksum.
    if (bit / 8 < 9) continue;
    DataSet data;
    ASSERT_FALSE(data.load(damaged).ok) << bit;
  }
}

TEST(RdbDamage, AnyBitFlippedBehindAChecksumOfZeroGivesAnErrorOrAValue) {
  std::string file = file_of_all();
  file.replace(file.size() - 8, 8, 8, '\0');
  size_t refused = 0;
  for (size_t bit = 0; bit < (file.size() - 8) * 8; ++bit) {
    std::string damaged = file;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    DataSet data;
    const LoadResult result = data.load(damaged);
    if (!result.ok) ++refused;
    // What was loaded can be saved.
    if (bit % 64 == 0) data.save();
  }
  EXPECT_GT(refused, 1000u);
}

TEST(RdbDamage, ClaimedSizesTakeNoMemory) {
  const std::string huge = test::length(uint64_t{1} << 40);
  const std::string large = test::length(uint64_t{3} << 30);
  std::vector<std::string> payloads;
  const auto add = [&](ValueType type, const std::string& payload) {
    payloads.push_back(test::file_of(12, test::key_record(type, "k", payload)));
  };
  for (const std::string& size : {huge, large}) {
    for (const ValueType type :
         {ValueType::kString, ValueType::kList, ValueType::kSet, ValueType::kSortedSet,
          ValueType::kSortedSetText, ValueType::kHash, ValueType::kHashListpack,
          ValueType::kListQuicklist, ValueType::kListQuicklist2, ValueType::kSetIntset}) {
      add(type, size);
    }
    add(ValueType::kHashExpiry, std::string(8, '\0') + size);
    add(ValueType::kString, "\xc3" + test::length(20) + size + std::string(20, 'x'));
    add(ValueType::kString, "\xc3" + size + size + std::string(20, 'x'));
  }
  const size_t before = storage::used_memory();
  for (const std::string& file : payloads) {
    DataSet data;
    EXPECT_FALSE(data.load(file).ok);
    EXPECT_LT(storage::used_memory(), before + (size_t{1} << 20));
  }
}

}  // namespace
}  // namespace spinel::persistence::rdb
