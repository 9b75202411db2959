// Writes a keyspace as the commands that make it: the base of an append-only file where
// `aof-use-rdb-preamble` is off. In a forked child, or while nothing else runs: takes no lock,
// starts no thread and changes nothing. Needs no memory in proportion to any value.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "persistence/file/byte_sink.h"
#include "storage/keyspace/keyspace.h"

namespace spinel::persistence::aof {

struct RewriteOptions {
  // What "#TS:" in front of all says (aof-timestamp-enabled).
  std::optional<int64_t> timestamp_seconds = {};
  // Called about each `progress_every_bytes` with the keys and bytes written; writing stops if it
  // returns false.
  std::function<bool(uint64_t keys, uint64_t bytes)> progress = {};
  uint64_t progress_every_bytes = uint64_t{1} << 20;
};

struct RewriteResult {
  // The errno of a write that failed, ECANCELED if it was stopped; 0: all is written.
  int error = 0;
  uint64_t keys = 0;
  uint64_t bytes = 0;  // where the error was, after one

  bool ok() const { return error == 0; }
};

// All keys, those that expired and were not removed yet, too. Nothing is synced.
RewriteResult rewrite(storage::Keyspace& keyspace, ByteSink& sink, const RewriteOptions& options);

}  // namespace spinel::persistence::aof
