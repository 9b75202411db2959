// Loads an RDB file into a keyspace.
#pragma once

#include <cstdint>
#include <string_view>

#include "persistence/file/byte_reader.h"
#include "persistence/rdb/file_reader.h"
#include "persistence/rdb/value.h"
#include "storage/keyspace/keyspace.h"

namespace spinel::persistence::rdb {

// Is told of what does not go into the keyspace. What it does not care about it leaves alone.
class LoadObserver {
 public:
  virtual ~LoadObserver() = default;

  // A field of the file's head, known or not.
  virtual void on_aux(std::string_view /*name*/, std::string_view /*value*/) {}
  // A library of functions. What it returns is why it cannot be loaded; null: it was.
  virtual const char* on_function(std::string_view /*source*/) {
    return "functions are not supported";
  }
  // A value of a module, or what a module keeps beside keys (then `key` is empty), was left out.
  virtual void on_module_skipped(std::string_view /*module*/, std::string_view /*key*/) {}
  // So many bytes were read. Loading stops if this returns false.
  virtual bool on_progress(uint64_t /*bytes_read*/) { return true; }
};

struct LoadOptions {
  ValueLimits limits;
  // Keys that expired before the keyspace's time are left out: not on replicas, and not where they
  // are the base of an AOF, whose commands must find them.
  bool drop_expired = true;
  // What to do with a key that is there already: it is an error, or the file's takes its place.
  bool replace_existing = false;
  // Leaves out keys with values of modules, which cannot be kept. Otherwise they are an error, so
  // that nobody loses them unawares.
  bool skip_module_keys = false;
  bool verify_checksum = true;
  // As SaveOptions::key_delay_us, with LoadObserver::on_progress.
  int key_delay_us = 0;
  uint64_t progress_every_bytes = uint64_t{2} << 20;
};

struct LoadResult {
  bool ok = false;
  bool stopped = false;  // by on_progress: then it is not ok
  ReadError error;       // if not ok: then some keys are loaded
  FileSummary file;
  uint64_t keys_loaded = 0;
  uint64_t keys_expired = 0;         // left out
  uint64_t empty_keys = 0;           // collections without elements, left out
  uint64_t module_keys_skipped = 0;  // left out
};

// Loads what `reader` gives, which stands behind the end of the file afterwards. Needs the
// keyspace's time to be set.
LoadResult load(ByteReader& reader, storage::Keyspace& keyspace, const LoadOptions& options,
                LoadObserver& observer);

}  // namespace spinel::persistence::rdb
