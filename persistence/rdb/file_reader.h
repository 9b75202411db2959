// Reads an RDB file, whatever is done with what stands in it: loading it into a keyspace
// (loader.h), or looking at it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "persistence/file/byte_reader.h"
#include "persistence/rdb/value.h"
#include "storage/types/encoding.h"

namespace spinel::persistence::rdb {

// What a file says of a key, before its value.
struct KeyRecord {
  uint64_t database;
  std::string_view key;
  uint8_t type;
  uint64_t offset;                            // where the key's record begins
  int64_t expire_at_ms = storage::kNoExpiry;  // Unix milliseconds
  std::optional<uint64_t> idle_seconds = {};
  std::optional<uint8_t> frequency = {};
};

// Is told what stands in a file, in its order. What can fail returns false after an error, which
// `reader` must have then.
class FileHandler {
 public:
  virtual ~FileHandler() = default;

  virtual void on_aux(std::string_view name, std::string_view value) = 0;
  // The keys that follow belong to this database.
  virtual bool on_database(ByteReader& reader, uint64_t index) = 0;
  // It will be about so many, if the file tells the truth.
  virtual void on_sizes(uint64_t keys, uint64_t expires) = 0;
  // The source of a library of functions.
  virtual bool on_function(ByteReader& reader, std::string_view source) = 0;
  // Data that a module keeps beside keys were skipped.
  virtual void on_module_aux(std::string_view module) = 0;
  // A key: its value is to be read from `values`. The view of the key lasts until the call ends.
  virtual bool on_key(ByteReader& reader, const KeyRecord& record, ValueReader& values) = 0;
  // There are no more keys.
  virtual bool on_end(ByteReader& reader) = 0;
};

struct FileSummary {
  Dialect dialect = Dialect::kRedis;
  int version = 0;
  // Where the file ended; bytes may follow that are something else's: the tail of an AOF.
  uint64_t end_offset = 0;
  bool has_checksum = false;
};

// Reads a file from its header to its checksum, which is compared unless `verify_checksum` is
// false. Returns false after an error, which `reader` has. The handler may have been called before.
bool read_file(ByteReader& reader, const ValueLimits& limits, bool verify_checksum,
               FileHandler& handler, FileSummary& summary);

// Reads the value of a key. False after an error, which names the key.
bool read_value(ByteReader& reader, const KeyRecord& record, ValueReader& values, Value& value);

// Notes as an error that a key is in the file for the second time, or was there before. Returns
// false.
bool fail_as_duplicate(ByteReader& reader, uint64_t database, std::string_view key,
                       uint64_t offset);

// What errors say of a key of a module, and of a library of functions.
std::string describe_module_key(const KeyRecord& record, std::string_view module);
std::string describe_library(std::string_view source);

// A key as errors name it: quoted, and not too long.
std::string printable_key(std::string_view key);

}  // namespace spinel::persistence::rdb
