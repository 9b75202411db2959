#include "tools/check-aof/file_check.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "persistence/file/byte_source.h"
#include "persistence/file/file_system.h"
#include "persistence/rdb/file_reader.h"
#include "tools/common/seen_keys.h"

namespace spinel::check_aof {

namespace {

using persistence::ByteReader;
using persistence::File;
using persistence::aof::Record;
using persistence::aof::RecordReader;
using persistence::rdb::KeyRecord;
using persistence::rdb::Value;
using persistence::rdb::ValueReader;

// Reads values and drops them.
class PreambleHandler final : public persistence::rdb::FileHandler {
 public:
  PreambleHandler(Preamble& preamble, int64_t now_ms) : preamble_(preamble), now_ms_(now_ms) {}

  void on_aux(std::string_view name, std::string_view value) override {
    preamble_.aux.emplace_back(name, value);
  }
  bool on_database(ByteReader&, uint64_t) override { return true; }
  void on_sizes(uint64_t, uint64_t) override {}
  bool on_function(ByteReader& reader, std::string_view source) override {
    if (!std::exchange(has_functions_, true)) {
      preamble_.refusals.push_back(
          {reader.position(),
           persistence::rdb::describe_library(source) + ": functions are not supported", true});
    }
    return true;
  }
  void on_module_aux(std::string_view) override {}
  bool on_key(ByteReader& reader, const KeyRecord& record, ValueReader& values) override {
    ++preamble_.keys;
    if (record.expire_at_ms != storage::kNoExpiry) {
      ++preamble_.expires;
      if (record.expire_at_ms < now_ms_) ++preamble_.already_expired;
    }
    Value value;
    if (!persistence::rdb::read_value(reader, record, values, value)) return false;
    const std::string& module = values.skipped_module();
    if (!module.empty() && !std::exchange(has_module_keys_, true)) {
      preamble_.refusals.push_back(
          {record.offset, persistence::rdb::describe_module_key(record, module), true});
    }
    // A server keeps those that expired, as commands may follow that count on them.
    return seen_.add(reader, record, value, INT64_MIN);
  }
  bool on_end(ByteReader&) override { return true; }

 private:
  Preamble& preamble_;
  const int64_t now_ms_;
  bool has_functions_ = false;
  bool has_module_keys_ = false;
  tools::SeenKeys seen_;
};

Preamble check_preamble(ByteReader& bytes, int64_t now_ms) {
  Preamble preamble;
  PreambleHandler handler(preamble, now_ms);
  persistence::rdb::FileSummary summary;
  preamble.ok = persistence::rdb::read_file(bytes, {}, true, handler, summary);
  preamble.error = bytes.error();
  preamble.end_offset = summary.end_offset;
  preamble.has_checksum = summary.has_checksum;
  bytes.start_checksum(false);  // what follows has none
  return preamble;
}

// A command's lines, as redis-check-aof counts them.
uint64_t lines_of(const Record& record) {
  return record.kind == Record::Kind::kAnnotation ? 0 : 1 + 2 * record.arguments.size();
}

void check_records(ByteReader& bytes, std::optional<int64_t> until_seconds, FileReport& report) {
  RecordReader reader(bytes);
  uint64_t lines = 1;
  bool in_transaction = false;
  report.valid_bytes = bytes.position();
  do {
    report.status = reader.read_batch();
    for (const Record& record : reader.records()) {
      const std::optional<int64_t> time =
          until_seconds ? persistence::aof::timestamp_of(record.annotation) : std::nullopt;
      if (time && *time > *until_seconds) {
        report.later_offset = record.offset;
        report.status = RecordReader::Status::kMore;
        return;
      }
      lines += lines_of(record);
      if (record.kind == Record::Kind::kMulti) in_transaction = true;
      if (record.kind == Record::Kind::kExec) in_transaction = false;
      if (in_transaction) continue;
      report.valid_bytes = record.end_offset;
      report.valid_lines = lines;
    }
  } while (report.status == RecordReader::Status::kMore);
  report.error = reader.error();
}

}  // namespace

FileReport check_file(const std::string& path, std::optional<int64_t> until_seconds, int64_t now_ms,
                      const OnProgress& on_progress) {
  constexpr uint64_t kProgressBytes = uint64_t{1} << 20;
  FileReport report;
  File file;
  report.file_error = file.open(path, File::Mode::kRead);
  persistence::FileStatus status;
  if (report.file_error.ok()) report.file_error = file.status(status);
  if (!report.file_error.ok()) return report;
  report.size_bytes = status.size_bytes;
  persistence::FileSource source(file);
  ByteReader bytes(source);
  bytes.set_progress(
      [&](uint64_t position) {
        on_progress(position, report.size_bytes);
        return true;
      },
      kProgressBytes);
  if (begins_with_rdb(path)) {
    report.preamble = check_preamble(bytes, now_ms);
    if (!report.preamble->ok) return report;
  }
  check_records(bytes, until_seconds, report);
  return report;
}

bool begins_with_rdb(const std::string& path) {
  char head[8];
  size_t head_bytes = 0;
  File file;
  if (!file.open(path, File::Mode::kRead).ok()) return false;
  if (!file.read(head, sizeof head, head_bytes).ok()) return false;
  const std::string_view text(head, head_bytes);
  return text.starts_with("REDIS") || text.starts_with("VALKEY");
}

}  // namespace spinel::check_aof
