// What the tests of databases share.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/base/hash.h"
#include "storage/base/numbers.h"
#include "storage/base/random.h"
#include "storage/keyspace/database.h"
#include "storage/keyspace/entry_string.h"
#include "storage/keyspace/keyspace.h"

namespace spinel::storage {

// The same tables in every run. Must be made before the databases of a test.
struct FixedHashSeed {
  FixedHashSeed() { set_hash_seed(0x5eed); }
};

inline std::string value_of(const Entry& entry) {
  StringScratch scratch;
  return std::string(string_bytes(entry, scratch));
}

// Stores a value whether or not the key exists.
inline Item put(Database& database, std::string_view name, std::string_view value,
                int64_t expire_at_ms = kNoExpiry, uint32_t access = 0) {
  const Key key(name);
  Item item = database.find(key);
  database.set_string(key, item, value, expire_at_ms, access);
  return item;
}

inline std::optional<std::string> get(Database& database, std::string_view name) {
  const Item item = database.find(Key(name));
  if (!item) return std::nullopt;
  return value_of(*item);
}

// Random bytes, all of them possible.
inline std::string random_bytes(Random& random, size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.next());
  return bytes;
}

// "key:00000000042": fifteen bytes.
inline std::string key_number(uint64_t number) {
  char text[32];
  std::snprintf(text, sizeof text, "key:%011llu", static_cast<unsigned long long>(number));
  return text;
}

// Remembers what disappeared, and that it was still there when it was announced.
class RecordingObserver : public KeyspaceObserver {
 public:
  using Event = std::pair<int, std::string>;  // database, key

  void on_remove(Database& database, const Key& key, RemovalReason reason) override {
    std::vector<Event>* const events[] = {&deleted, &expired, &evicted};
    note(*events[static_cast<size_t>(reason)], database, key);
  }

  void on_fields_expire(Database& database, const Key& key,
                        std::span<const std::string> fields) override {
    for (const std::string& field : fields) {
      expired_fields.emplace_back(database.index, std::string(key.bytes) + " " + field);
    }
  }
  void on_hash_expire(Database& database, const Key& key, size_t field_count) override {
    note(expired_hashes, database, key);
    expired_hash_fields += field_count;
  }

  std::vector<Event> expired_fields;  // database, "key field"
  std::vector<Event> expired_hashes;
  size_t expired_hash_fields = 0;  // that those had
  std::vector<Event> deleted;      // by no command
  std::vector<Event> expired;
  std::vector<Event> evicted;
  bool all_were_present = true;

 private:
  void note(std::vector<Event>& events, Database& database, const Key& key) {
    all_were_present &= static_cast<bool>(database.find(key));
    events.emplace_back(database.index, std::string(key.bytes));
  }
};

}  // namespace spinel::storage
