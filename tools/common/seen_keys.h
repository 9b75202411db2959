// The keys of a file that were read already: a server refuses a file that has one twice.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "persistence/file/byte_reader.h"
#include "persistence/rdb/file_reader.h"
#include "storage/keyspace/database.h"

namespace spinel::tools {

class SeenKeys {
 public:
  // Adds a key whose value was read. False, with an error in `reader`, if it was added before. Keys
  // that a server leaves out are not added: those without elements, and those that expired before
  // `now_ms`.
  bool add(persistence::ByteReader& reader, const persistence::rdb::KeyRecord& record,
           const persistence::rdb::Value& value, int64_t now_ms) {
    const bool expires = record.expire_at_ms != storage::kNoExpiry;
    if (value.is_nothing() || (expires && record.expire_at_ms < now_ms)) return true;
    std::unique_ptr<storage::Database>& database = databases_[record.database];
    if (!database) database = std::make_unique<storage::Database>(0);
    const storage::Key key(record.key);
    storage::Item item = database->find(key);
    if (item) {
      return persistence::rdb::fail_as_duplicate(reader, record.database, record.key,
                                                 record.offset);
    }
    database->set_bytes(key, item, {}, storage::kNoExpiry, 0);
    return true;
  }

 private:
  std::map<uint64_t, std::unique_ptr<storage::Database>> databases_;
};

}  // namespace spinel::tools
