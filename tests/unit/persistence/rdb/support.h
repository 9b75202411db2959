// A keyspace of a test's own, and files made by hand.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/file/byte_reader.h"
#include "persistence/rdb/loader.h"
#include "persistence/rdb/saver.h"
#include "storage/keyspace/keyspace.h"
#include "storage/types/hash.h"

namespace spinel::persistence::rdb::test {

// Remembers what it is told.
class RecordingObserver final : public LoadObserver {
 public:
  void on_aux(std::string_view name, std::string_view value) override {
    aux[std::string(name)] = value;
  }
  void on_module_skipped(std::string_view module, std::string_view key) override {
    modules.emplace_back(std::string(module) + ":" + std::string(key));
  }
  bool on_progress(uint64_t bytes_read) override {
    progress.push_back(bytes_read);
    return progress.size() <= max_progress;
  }

  std::map<std::string, std::string> aux;
  std::vector<std::string> modules;
  std::vector<uint64_t> progress;
  size_t max_progress = SIZE_MAX;
};

// A data set, with the means to fill and to compare it.
class DataSet {
 public:
  DataSet() { keyspace.set_now(1'700'000'000'000); }

  storage::Database& database() { return keyspace.database(0); }
  storage::Item find(std::string_view key) { return database().find(storage::Key(key)); }

  void set(std::string_view key, std::string_view value, int64_t expire_at_ms = storage::kNoExpiry);
  template <typename Collection>
  void put(std::string_view key, const Collection& collection) {
    const storage::Key k(key);
    storage::Item item = database().find(k);
    database().set_object(k, item, collection.encoding(), collection.object(), storage::kNoExpiry,
                          keyspace.access.initial());
  }
  void put_list(std::string_view key, const std::vector<std::string>& elements);
  void put_set(std::string_view key, const std::vector<std::string>& members);
  void put_sorted_set(std::string_view key, const std::map<std::string, double>& members);
  struct Field {
    std::string name;
    std::string value;
    int64_t expire_at_ms = storage::kNoExpiry;
  };
  void put_hash(std::string_view key, const std::vector<Field>& fields);

  // All there is as text: keys, expiries, values, in an order that does not depend on encodings.
  std::string contents();

  std::string save(const SaveOptions& options = {});
  LoadResult load(std::string_view file);
  LoadResult load(std::string_view file, LoadObserver& observer);

  storage::SilentObserver silent;
  storage::Keyspace keyspace{16, silent};
  LoadOptions options;
};

// Elements "<prefix>0", "<prefix>1", ...
std::vector<std::string> numbered(std::string_view prefix, size_t count);

// --- bytes of files

std::string length(uint64_t value);
std::string plain(std::string_view text);  // a string as its bytes
template <typename T>
std::string little_endian(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}
std::string opcode(Opcode code);
std::string key_record(ValueType type, std::string_view key, std::string_view payload);
// With a header, the end and a checksum around it.
std::string file_of(int version, std::string_view records);
std::string with_magic(std::string_view magic, std::string_view records);

// Packed collections as old versions of Redis wrote them; integers where the text spells one.
std::string ziplist(const std::vector<std::string>& elements);
std::string zipmap(const std::vector<std::string>& elements);
std::string listpack(const std::vector<std::string>& elements);
std::string intset(const std::vector<int64_t>& integers, size_t width);

}  // namespace spinel::persistence::rdb::test
