#include "persistence/rdb/file_reader.h"

#include <cctype>
#include <cstring>

#include "persistence/rdb/module_value.h"
#include "persistence/rdb/primitives.h"
#include "storage/base/numbers.h"

namespace spinel::persistence::rdb {

namespace {

class FileParser {
 public:
  FileParser(ByteReader& reader, const ValueLimits& limits, FileHandler& handler,
             FileSummary& summary)
      : reader_(reader), limits_(limits), handler_(handler), summary_(summary) {}

  bool read(bool verify_checksum) {
    if (read_all(verify_checksum)) return true;
    if (!is_known_version()) explain_version();
    return false;
  }

 private:
  bool read_all(bool verify_checksum) {
    reader_.start_checksum(verify_checksum);
    if (!read_header()) return false;
    ValueReader values(reader_, limits_, summary_.dialect);
    for (;;) {
      const uint64_t offset = reader_.position();
      const uint8_t head = reader_.byte();
      if (!reader_.ok()) return false;
      if (static_cast<Opcode>(head) == Opcode::kEnd) break;
      if (!read_record(head, offset, values)) return false;
    }
    return handler_.on_end(reader_) && read_checksum(verify_checksum);
  }
  int newest_known_version() const {
    return summary_.dialect == Dialect::kValkey ? kFirstValkeyVersion : kNewestWholeVersion;
  }
  bool is_known_version() const { return summary_.version <= newest_known_version(); }
  void explain_version();
  bool read_header();
  bool read_record(uint8_t head, uint64_t offset, ValueReader& values);
  bool read_key(uint8_t type, uint64_t offset, ValueReader& values);
  bool read_checksum(bool verify);
  bool read_aux();
  bool read_sizes();
  bool skip_slot_import();
  bool skip_key_metadata();
  bool skip_lengths(int count) {
    for (; count > 0; --count) read_length(reader_);
    return reader_.ok();
  }

  ByteReader& reader_;
  const ValueLimits& limits_;
  FileHandler& handler_;
  FileSummary& summary_;
  StringReader first_;
  std::string copy_;
  uint64_t database_ = 0;
  KeyRecord next_{};  // what was said of the next key
};

// That comes first: what else is wrong may be a consequence.
void FileParser::explain_version() {
  reader_.explain("version " + std::to_string(summary_.version) +
                  " is newer than those that are known here, up to " +
                  std::to_string(newest_known_version()));
  reader_.doubt_error();
}

bool FileParser::read_header() {
  constexpr size_t kHeader = 9;
  constexpr std::string_view kRedisMagic = "REDIS";
  constexpr std::string_view kValkeyMagic = "VALKEY";
  const unsigned char* bytes = reader_.take(kHeader);
  if (bytes == nullptr) return false;
  const std::string_view header(reinterpret_cast<const char*>(bytes), kHeader);
  std::string_view digits;
  if (header.starts_with(kRedisMagic)) {
    digits = header.substr(kRedisMagic.size());
  } else if (header.starts_with(kValkeyMagic)) {
    digits = header.substr(kValkeyMagic.size());
    summary_.dialect = Dialect::kValkey;
  } else {
    return reader_.fail_at(0, "this is no RDB file: it begins with neither REDIS nor VALKEY");
  }
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') break;
    summary_.version = summary_.version * 10 + (digit - '0');
  }
  return summary_.version > 0 || reader_.fail_at(0, "the version of the file is no number");
}

bool FileParser::read_record(uint8_t head, uint64_t offset, ValueReader& values) {
  switch (static_cast<Opcode>(head)) {
    case Opcode::kExpirySeconds:
      next_.expire_at_ms = int64_t{reader_.number<int32_t>()} * 1000;
      if (next_.expire_at_ms < 0) next_.expire_at_ms = storage::kNoExpiry;
      return reader_.ok();
    case Opcode::kExpiryMs:
      next_.expire_at_ms = reader_.number<int64_t>();
      return reader_.ok();
    case Opcode::kIdle:
      next_.idle_seconds = read_length(reader_);
      return reader_.ok();
    case Opcode::kFrequency:
      next_.frequency = reader_.byte();
      return reader_.ok();
    case Opcode::kSelectDb:
      database_ = read_length(reader_);
      return reader_.ok() && handler_.on_database(reader_, database_);
    case Opcode::kResizeDb:
      return read_sizes();
    case Opcode::kAux:
      return read_aux();
    case Opcode::kModuleAux: {
      std::string module;
      if (!skip_module_aux(reader_, module)) return false;
      handler_.on_module_aux(module);
      return true;
    }
    case Opcode::kFunction2: {
      const std::string_view source = first_.read(reader_);
      return reader_.ok() && handler_.on_function(reader_, source);
    }
    case Opcode::kFunctionOld:
      return reader_.refuse("functions of a release candidate of Redis 7.0 cannot be read");
    case Opcode::kSlotInfo:
      return skip_lengths(3);
    case Opcode::kSlotImportOrKeyMetadata:
      return summary_.dialect == Dialect::kValkey ? skip_slot_import() : skip_key_metadata();
    case Opcode::kHashTemplate:
      return reader_.refuse("hash templates (opcode 242) are not supported");
    case Opcode::kEnterprise1:
    case Opcode::kEnterprise2:
      return skip_lengths(1);
    case Opcode::kEnd:
      break;
  }
  return read_key(head, offset, values);
}

bool FileParser::read_aux() {
  copy_ = first_.read(reader_);
  const std::string_view value = first_.read(reader_);
  if (reader_.ok()) handler_.on_aux(copy_, value);
  return reader_.ok();
}

bool FileParser::read_sizes() {
  const uint64_t keys = read_length(reader_);
  const uint64_t expires = read_length(reader_);
  if (reader_.ok()) handler_.on_sizes(keys, expires);
  return reader_.ok();
}

// A transfer of slots between nodes of Valkey that was under way: its name, and the slots.
bool FileParser::skip_slot_import() {
  first_.read(reader_);
  for (uint64_t ranges = read_length(reader_); ranges > 0 && reader_.ok(); --ranges) {
    skip_lengths(2);
  }
  return reader_.ok();
}

// What modules keep of the next key.
bool FileParser::skip_key_metadata() {
  constexpr size_t kClassBytes = 4;
  for (uint64_t classes = read_length(reader_); classes > 0 && reader_.ok(); --classes) {
    if (reader_.skip(kClassBytes)) skip_module_fields(reader_);
  }
  return reader_.ok();
}

bool FileParser::read_key(uint8_t type, uint64_t offset, ValueReader& values) {
  if (value_type_name(type) == "unknown") {
    return reader_.fail_at(offset, "unknown type or opcode " + std::to_string(type));
  }
  copy_ = first_.read(reader_, kMaxElementBytes);
  if (!reader_.ok()) return false;
  next_.database = database_;
  next_.key = copy_;
  next_.type = type;
  next_.offset = offset;
  if (!handler_.on_key(reader_, next_, values)) return false;
  next_ = {};
  return true;
}

bool FileParser::read_checksum(bool verify) {
  if (summary_.version >= kFirstVersionWithChecksum) {
    const uint64_t computed = reader_.checksum();
    const uint64_t offset = reader_.position();
    const auto stored = reader_.number<uint64_t>();
    if (!reader_.ok()) return false;
    summary_.has_checksum = stored != 0;
    if (verify && stored != 0 && stored != computed) {
      return reader_.fail_at(offset, "the checksum is wrong: the file is damaged");
    }
  }
  summary_.end_offset = reader_.position();
  return true;
}

}  // namespace

bool read_file(ByteReader& reader, const ValueLimits& limits, bool verify_checksum,
               FileHandler& handler, FileSummary& summary) {
  return FileParser(reader, limits, handler, summary).read(verify_checksum);
}

bool read_value(ByteReader& reader, const KeyRecord& record, ValueReader& values, Value& value) {
  if (values.read(record.type, value)) return true;
  reader.explain("key " + printable_key(record.key) + " in database " +
                 std::to_string(record.database) + ", a " +
                 std::string(value_type_name(record.type)));
  return false;
}

bool fail_as_duplicate(ByteReader& reader, uint64_t database, std::string_view key,
                       uint64_t offset) {
  return reader.fail_at(offset, "key " + printable_key(key) + " in database " +
                                    std::to_string(database) + " exists already");
}

std::string describe_module_key(const KeyRecord& record, std::string_view module) {
  return "key " + printable_key(record.key) + " in database " + std::to_string(record.database) +
         " belongs to the module " + std::string(module) +
         ", and modules are not supported (rdb-skip-module-keys leaves such keys out)";
}

std::string describe_library(std::string_view source) {
  return "the library of functions " + printable_key(source.substr(0, source.find('\n')));
}

std::string printable_key(std::string_view key) {
  constexpr size_t kMaxShown = 128;
  std::string text = "'";
  for (const char c : key.substr(0, kMaxShown)) {
    constexpr char kDigits[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= ' ' && byte < 0x7f && c != '\'' && c != '\\') {
      text += c;
    } else {
      text += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 0xf]};
    }
  }
  text += '\'';
  if (key.size() > kMaxShown) text += "...";
  return text;
}

}  // namespace spinel::persistence::rdb
