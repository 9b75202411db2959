#include "persistence/rdb/dump.h"

#include "storage/base/bytes.h"
#include "storage/base/crc64.h"

namespace spinel::persistence::rdb {

namespace {

constexpr size_t kFooter = sizeof(uint16_t) + sizeof(uint64_t);

// The footer's version; 0 where there is no room for one.
int version_of(std::string_view payload) {
  if (payload.size() < kFooter) return 0;
  return storage::load_unaligned<uint16_t>(payload.data() + payload.size() - kFooter);
}

Dialect dialect_of(std::string_view payload) {
  return version_of(payload) >= kFirstValkeyVersion ? Dialect::kValkey : Dialect::kRedis;
}

bool has_right_footer(std::string_view payload) {
  if (payload.size() < kFooter) return false;
  const int version = version_of(payload);
  if (version > kNewestRedisVersion && version != kFirstValkeyVersion) return false;
  const size_t summed = payload.size() - sizeof(uint64_t);
  return storage::load_unaligned<uint64_t>(payload.data() + summed) ==
         storage::crc64(0, payload.data(), summed);
}

std::string_view without_footer(std::string_view payload) {
  return payload.substr(0, payload.size() < kFooter ? 0 : payload.size() - kFooter);
}

}  // namespace

void dump_value(const storage::Entry& entry, bool compress, std::string& to) {
  constexpr size_t kBuffer = size_t{1} << 12;
  StringSink sink(to);
  ByteWriter writer(sink, kBuffer);
  ValueWriter values(writer, compress);
  const ValueType type = ValueWriter::type_of(entry);
  writer.byte(static_cast<uint8_t>(type));
  values.write(type, entry);
  writer.number(static_cast<uint16_t>(ValueWriter::version_of(type)));
  writer.number(writer.checksum());
  writer.flush();
}

DumpReader::DumpReader(std::string_view payload, const ValueLimits& limits)
    : footer_is_right_(has_right_footer(payload)),
      reader_(without_footer(payload)),
      values_(reader_, limits, dialect_of(payload)) {}

DumpReader::Status DumpReader::read() {
  if (!footer_is_right_) return Status::kWrongFooter;
  const uint8_t type = reader_.byte();
  if (!reader_.ok() || !values_.read(type, value_)) return Status::kBadData;
  if (value_.is_nothing()) {
    reader_.fail(values_.skipped_module().empty() ? "the value is empty"
                                                  : "a module's value cannot be stored");
    return Status::kBadData;
  }
  return Status::kOk;
}

}  // namespace spinel::persistence::rdb
