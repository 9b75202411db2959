// Reads one file of an append-only file from its beginning to its end or its first error: an RDB
// file in front, if there is one, and commands.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "persistence/aof/record_reader.h"
#include "persistence/file/file_error.h"

namespace spinel::check_aof {

using persistence::FileError;
using persistence::ReadError;

// The RDB file in front.
struct Preamble {
  bool ok = false;
  ReadError error;
  // Why a server refuses it although it is not damaged: the first cause of each kind.
  std::vector<ReadError> refusals;
  uint64_t end_offset = 0;
  bool has_checksum = false;
  uint64_t keys = 0;
  uint64_t expires = 0;          // keys with an expiry
  uint64_t already_expired = 0;  // those whose time has come
  std::vector<std::pair<std::string, std::string>> aux;
};

struct FileReport {
  using Status = persistence::aof::RecordReader::Status;

  FileError file_error;  // the file could not be opened
  uint64_t size_bytes = 0;
  std::optional<Preamble> preamble;
  // What ended reading the commands. Means nothing after a preamble that is not ok.
  Status status = Status::kEnd;
  ReadError error;  // unless the status is kEnd or kMore
  // All before this is valid.
  uint64_t valid_bytes = 0;
  uint64_t valid_lines = 1;
  // An annotation with a later time than was asked for stands here; then the status is kMore.
  std::optional<uint64_t> later_offset;

  bool ok() const {
    return file_error.ok() && (!preamble || preamble->ok) &&
           (status == Status::kEnd || later_offset.has_value());
  }
};

// Is told now and then how many bytes of how many were read.
using OnProgress = std::function<void(uint64_t bytes, uint64_t total_bytes)>;

// Needs as much memory as the largest value or command takes. With `until_seconds`, stops at the
// first "#TS:" that is later. `now_ms` is the Unix time.
FileReport check_file(const std::string& path, std::optional<int64_t> until_seconds, int64_t now_ms,
                      const OnProgress& on_progress);

// Whether the file begins with an RDB file. False, too, if it cannot be read.
bool begins_with_rdb(const std::string& path);

}  // namespace spinel::check_aof
