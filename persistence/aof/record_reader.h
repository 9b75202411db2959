// Reads the records of an append-only file: commands as arrays of bulk strings, and annotations,
// which are lines that begin with '#'.
//
// A unit is what counts as a whole: a command outside of MULTI, or all from MULTI to EXEC. A file
// that ends within a unit, because its writer was stopped, is valid up to the end of the last one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/file/byte_reader.h"

namespace spinel::persistence::aof {

struct Record {
  enum class Kind : uint8_t { kCommand, kMulti, kExec, kAnnotation };

  Kind kind = Kind::kCommand;
  std::span<const std::string_view> arguments = {};  // the name first; none in annotations
  std::string_view annotation = {};                  // the line without its end
  uint64_t offset = 0;                               // of its first byte
  uint64_t end_offset = 0;
};

class RecordReader {
 public:
  enum class Status : uint8_t {
    kMore,       // there may be more records
    kEnd,        // the file ends between two units
    kTruncated,  // the file ends within a unit
    kBad,        // what follows is no record, or MULTI and EXEC do not match
    kFailed,     // the file cannot be read, or its reader was stopped
  };
  // As many as the dispatcher runs as one batch.
  static constexpr size_t kBatch = 128;

  // Reads from where `bytes` is, which outlives the reader and may read ahead. Offsets count from
  // where `bytes` began.
  explicit RecordReader(ByteReader& bytes);
  RecordReader(const RecordReader&) = delete;
  RecordReader& operator=(const RecordReader&) = delete;

  // Reads up to `max_records` records, which replace those of the batch before; at least one, if
  // the status is kMore. Says what is behind them; with any other status reading has ended.
  Status read_batch(size_t max_records = kBatch);
  // The records of the batch. They and their views are valid until the next batch is read.
  std::span<const Record> records() const { return records_; }

  // After kTruncated, kBad and kFailed: where, and why in the words of redis-check-aof.
  const ReadError& error() const { return error_; }
  // The end of the last whole unit of all batches so far.
  uint64_t units_end() const { return units_end_; }
  // Whether MULTI was read and EXEC not yet.
  bool in_transaction() const { return in_transaction_; }
  // The memory that it reads into: more than usual only for a large record.
  size_t buffer_bytes() const { return capacity_; }

 private:
  enum class Parsed : uint8_t { kRecord, kIncomplete, kBad };

  Parsed parse_record();
  Parsed parse_annotation(Record& record);
  Parsed parse_command(Record& record);
  Parsed parse_header(const char*& at, char prefix, uint64_t most, uint64_t& value);
  bool check_order(Record& record);
  bool refill();
  void make_room();
  Status status_at_end();
  Parsed bad(const char* at, std::string cause);
  uint64_t offset_of(const char* at) const {
    return buffer_offset_ + static_cast<uint64_t>(at - buffer_.get());
  }

  ByteReader& bytes_;
  std::unique_ptr<char[]> buffer_;
  size_t capacity_;
  char* end_;         // of what was read into the buffer
  const char* next_;  // the record to read next
  uint64_t buffer_offset_;
  // Of a record of which only a part is in the buffer: what it has at least, and the bulk string
  // that is cut.
  size_t needed_bytes_ = 0;
  const char* cut_at_ = nullptr;
  uint64_t cut_bytes_ = 0;

  std::vector<std::string_view> arguments_;  // of all records of the batch
  std::vector<Record> records_;
  uint64_t units_end_;
  bool in_transaction_ = false;
  bool at_end_ = false;
  Status status_ = Status::kMore;
  ReadError error_;
};

// The seconds of "#TS:<seconds>"; nothing for other annotations.
std::optional<int64_t> timestamp_of(std::string_view annotation);

}  // namespace spinel::persistence::aof
