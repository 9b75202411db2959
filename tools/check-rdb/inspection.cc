#include "tools/check-rdb/inspection.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "persistence/file/byte_source.h"
#include "persistence/file/file_system.h"
#include "tools/common/seen_keys.h"

namespace spinel::check_rdb {

namespace {

using persistence::ByteReader;
using persistence::rdb::FileHandler;
using persistence::rdb::KeyRecord;
using persistence::rdb::Value;
using persistence::rdb::ValueReader;

class Inspector final : public FileHandler {
 public:
  Inspector(Report& report, const ByteReader& reader, size_t top, int64_t now_ms,
            const OnFound& on_found)
      : report_(report), reader_(reader), top_(top), now_ms_(now_ms), on_found_(on_found) {
    report_.doing = "start";
  }

  void on_aux(std::string_view name, std::string_view value) override {
    report_.aux.emplace_back(name, value);
    found("AUX FIELD " + std::string(name) + " = '" + std::string(value) + "'");
  }
  bool on_database(ByteReader&, uint64_t index) override {
    found("Selecting DB ID " + std::to_string(index));
    return true;
  }
  void on_sizes(uint64_t, uint64_t) override {}
  bool on_function(ByteReader& reader, std::string_view source) override {
    if (report_.functions++ == 0) {
      refuse(reader.position(),
             persistence::rdb::describe_library(source) + ": functions are not supported");
    }
    return true;
  }
  void on_module_aux(std::string_view module) override { add_module(module); }
  bool on_key(ByteReader& reader, const KeyRecord& record, ValueReader& values) override;
  bool on_end(ByteReader&) override {
    report_.doing = "check-sum";
    return true;
  }

 private:
  void found(const std::string& text) {
    report_.doing = "read-type";
    on_found_(reader_.position(), text);
  }
  void add_module(std::string_view module) {
    if (std::ranges::count(report_.modules, module) == 0) report_.modules.emplace_back(module);
  }
  void refuse(uint64_t offset, std::string cause) {
    report_.refusals.push_back({offset, std::move(cause), true});
  }
  void note_size(const KeyRecord& record, uint64_t bytes);

  Report& report_;
  const ByteReader& reader_;
  const size_t top_;
  const int64_t now_ms_;
  const OnFound& on_found_;
  bool has_module_keys_ = false;
  tools::SeenKeys seen_;
};

bool Inspector::on_key(ByteReader& reader, const KeyRecord& record, ValueReader& values) {
  report_.doing = "read-object-value";
  report_.last_key = persistence::rdb::printable_key(record.key);
  Value value;
  if (!persistence::rdb::read_value(reader, record, values, value)) return false;
  if (!seen_.add(reader, record, value, now_ms_)) return false;
  report_.doing = "read-type";
  report_.last_key.clear();
  if (const std::string& module = values.skipped_module(); !module.empty()) {
    add_module(module);
    if (!std::exchange(has_module_keys_, true)) {
      refuse(record.offset, persistence::rdb::describe_module_key(record, module));
    }
  }
  ++report_.keys;
  if (record.expire_at_ms != storage::kNoExpiry) {
    ++report_.expires;
    if (record.expire_at_ms < now_ms_) ++report_.already_expired;
  }
  note_size(record, reader.position() - record.offset);
  return true;
}

void Inspector::note_size(const KeyRecord& record, uint64_t bytes) {
  const std::string type(persistence::rdb::value_type_name(record.type));
  TypeTotal& total = report_.types[type];
  ++total.keys;
  total.bytes += bytes;
  std::vector<KeyFound>& largest = report_.largest;
  if (top_ == 0 || (largest.size() == top_ && bytes <= largest.back().bytes)) return;
  if (largest.size() == top_) largest.pop_back();
  const auto behind = std::ranges::upper_bound(largest, bytes, std::greater<>(), &KeyFound::bytes);
  largest.insert(behind,
                 {record.database, persistence::rdb::printable_key(record.key), type, bytes});
}

}  // namespace

Report inspect(const std::string& path, size_t top, int64_t now_ms, const OnFound& on_found,
               const OnProgress& on_progress) {
  Report report;
  report.path = path;
  persistence::File file;
  if (const auto error = file.open(path, persistence::File::Mode::kRead); !error.ok()) {
    report.doing = "start";
    report.error.cause = std::string("cannot open the file: ") + std::strerror(error.error);
    return report;
  }
  persistence::FileSource source(file);
  ByteReader reader(source);
  report.file_bytes = reader.total_bytes().value_or(0);
  constexpr uint64_t kProgressBytes = uint64_t{1} << 20;
  reader.set_progress(
      [&](uint64_t position) {
        on_progress(position, report.file_bytes);
        return true;
      },
      kProgressBytes);
  const persistence::rdb::ValueLimits limits;
  Inspector inspector(report, reader, top, now_ms, on_found);
  report.ok = persistence::rdb::read_file(reader, limits, true, inspector, report.file);
  report.error = reader.error();
  if (report.ok) {
    report.checksum = report.file.has_checksum ? ChecksumState::kOk : ChecksumState::kNone;
  } else if (report.doing == "check-sum" && report.file.has_checksum) {
    report.checksum = ChecksumState::kWrong;
  }
  return report;
}

}  // namespace spinel::check_rdb
