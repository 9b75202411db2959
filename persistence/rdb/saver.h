// Writes a keyspace as an RDB file: in a forked child, or while nothing else runs. Takes no lock,
// starts no thread, changes nothing, and needs memory in proportion to no value but packed ones.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "persistence/file/byte_sink.h"
#include "storage/keyspace/keyspace.h"

namespace spinel::persistence::rdb {

struct SaveOptions {
  bool compress = true;  // rdbcompression
  bool checksum = true;  // rdbchecksum
  // What is told of how keys were used.
  enum class Access : uint8_t { kNone, kIdle, kFrequency } access = Access::kNone;
  // The fields of the head, in this order.
  std::vector<std::pair<std::string, std::string>> aux = {};
  // Whether the head and the end are all: somebody wants a file without the data.
  bool without_data = false;
  // This process needs the keyspace for nothing else, as it is a forked child: large values are
  // given back to the system once they are written. The parent can then change them without a copy.
  bool consume_values = false;
  // Rests so long after each key, and reports progress; negative: a microsecond after so many. For
  // tests.
  int key_delay_us = 0;
  // Called about each `progress_every_bytes` with the keys and bytes written; saving stops if it
  // returns false.
  std::function<bool(uint64_t keys, uint64_t bytes)> progress = {};
  uint64_t progress_every_bytes = uint64_t{1} << 20;
};

struct SaveResult {
  int error =
      0;  // the errno of a write that failed, ECANCELED if it was stopped; 0: all is written
  uint64_t keys = 0;
  uint64_t bytes = 0;  // where the error was, after one

  bool ok() const { return error == 0; }
};

// All keys, those that expired and were not removed yet, too. Nothing is synced.
SaveResult save(storage::Keyspace& keyspace, ByteSink& sink, const SaveOptions& options);

// The version that the file will have: the lowest one that has what the keyspace holds.
int version_needed(const storage::Keyspace& keyspace);

}  // namespace spinel::persistence::rdb
