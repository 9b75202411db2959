// Looks through an RDB file without keeping its values: what is in it, and what is wrong with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "persistence/rdb/file_reader.h"

namespace spinel::check_rdb {

// A key in the file. `bytes` are those of its record: expiry, key and value as they are stored.
struct KeyFound {
  uint64_t database = 0;
  std::string key;  // printable, in quotes
  std::string type;
  uint64_t bytes = 0;
};

struct TypeTotal {
  uint64_t keys = 0;
  uint64_t bytes = 0;
};

enum class ChecksumState : uint8_t { kNotReached, kOk, kWrong, kNone };

struct Report {
  std::string path;
  uint64_t file_bytes = 0;
  persistence::rdb::FileSummary file;
  std::vector<std::pair<std::string, std::string>> aux;  // in the file's order
  uint64_t keys = 0;
  uint64_t expires = 0;              // keys with an expiry
  uint64_t already_expired = 0;      // those whose time has come
  uint64_t functions = 0;            // libraries
  std::vector<std::string> modules;  // whose data were skipped, each once
  std::map<std::string, TypeTotal> types;
  std::vector<KeyFound> largest;  // the largest first
  ChecksumState checksum = ChecksumState::kNotReached;

  // Why a server refuses the file although nothing of it is damaged: the first cause of each kind.
  std::vector<persistence::ReadError> refusals;

  // --- the first error
  bool ok = false;  // all was read, and is sound
  persistence::ReadError error;
  std::string doing;     // what was being read: "read-object-value", ...
  std::string last_key;  // being read, printable; empty: none
};

enum class Verdict : uint8_t { kGood, kRefused, kDamaged };
inline Verdict verdict_of(const Report& report) {
  if (!report.ok && !report.error.is_unsupported) return Verdict::kDamaged;
  return report.ok && report.refusals.empty() ? Verdict::kGood : Verdict::kRefused;
}

// Is told what is found, in the file's order. `offset` is where it ends.
using OnFound = std::function<void(uint64_t offset, const std::string& text)>;
// Is told now and then how many bytes of how many were read.
using OnProgress = std::function<void(uint64_t bytes, uint64_t total_bytes)>;

// Reads the file at `path` to its end or to the first error. Needs as much memory as the largest
// value takes, and about 50 bytes for each key. `top` is how many of the largest keys to note;
// `now_ms` the Unix time.
Report inspect(const std::string& path, size_t top, int64_t now_ms, const OnFound& on_found,
               const OnProgress& on_progress);

}  // namespace spinel::check_rdb
