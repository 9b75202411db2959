// What DUMP gives and RESTORE takes: a value's type and payload, then the version that it is
// written in and a checksum.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "persistence/file/byte_reader.h"
#include "persistence/rdb/value.h"

namespace spinel::persistence::rdb {

// Appends the value of `entry` to `to`.
void dump_value(const storage::Entry& entry, bool compress, std::string& to);

// Reads such a value.
class DumpReader {
 public:
  enum class Status : uint8_t {
    kOk,
    kWrongFooter,  // too short, of a newer version, or damaged
    kBadData,      // of an unknown type, damaged in a way that the sum does not tell, or empty
  };

  // Both outlive it.
  DumpReader(std::string_view payload, const ValueLimits& limits);

  Status read();
  // The value; needs kOk. A short string is valid as long as this object.
  Value& value() { return value_; }
  // How many listpacks and intsets were checked within it.
  uint64_t checked_blobs() const { return values_.checked_blobs(); }
  // What is wrong with the data, for logs.
  const ReadError& error() const { return reader_.error(); }

 private:
  bool footer_is_right_;
  ByteReader reader_;
  ValueReader values_;
  Value value_;
};

}  // namespace spinel::persistence::rdb
