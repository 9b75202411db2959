#include "persistence/rdb/saver.h"

#include <cerrno>
#include <cstdio>

#include "persistence/file/byte_writer.h"
#include "persistence/rdb/key_delay.h"
#include "persistence/rdb/value.h"
#include "storage/base/memory.h"

namespace spinel::persistence::rdb {

namespace {

using storage::Database;
using storage::Entry;
using storage::Keyspace;

class Saver {
 public:
  Saver(Keyspace& keyspace, ByteSink& sink, const SaveOptions& options)
      : keyspace_(keyspace), options_(options), writer_(sink), values_(writer_, options.compress) {
    writer_.set_checksum(options.checksum);
    if (options.progress) {
      writer_.set_progress([this](uint64_t bytes) { return options_.progress(keys_, bytes); },
                           options.progress_every_bytes);
    }
  }

  SaveResult save() {
    write_header();
    for (int i = 0; i < keyspace_.database_count() && !options_.without_data; ++i) {
      write_database(keyspace_.database(i));
    }
    write_opcode(Opcode::kEnd);
    writer_.number(options_.checksum ? writer_.checksum() : uint64_t{0});
    writer_.flush();
    return {writer_.error(), keys_, writer_.position()};
  }

 private:
  void write_opcode(Opcode opcode) { writer_.byte(static_cast<uint8_t>(opcode)); }
  void write_header();
  void write_database(Database& database);
  void write_key(const Entry& entry);
  void release(storage::RawString& string);
  void rest();

  Keyspace& keyspace_;
  const SaveOptions& options_;
  ByteWriter writer_;
  ValueWriter values_;
  uint64_t keys_ = 0;
};

void Saver::write_header() {
  char header[16];
  const int size = std::snprintf(header, sizeof header, "REDIS%04d", version_needed(keyspace_));
  writer_.bytes({header, static_cast<size_t>(size)});
  for (const auto& [name, value] : options_.aux) {
    write_opcode(Opcode::kAux);
    values_.strings().write(writer_, name);
    values_.strings().write(writer_, value);
  }
}

void Saver::write_database(Database& database) {
  if (database.size() == 0) return;
  write_opcode(Opcode::kSelectDb);
  write_length(writer_, static_cast<uint64_t>(database.index));
  write_opcode(Opcode::kResizeDb);
  write_length(writer_, database.size());
  write_length(writer_, database.volatile_count());
  database.for_each([this](const Entry& entry) {
    if (writer_.ok()) write_key(entry);
  });
}

void Saver::write_key(const Entry& entry) {
  if (entry.has_expiry()) {
    write_opcode(Opcode::kExpiryMs);
    writer_.number(entry.expire_at_ms());
  }
  if (options_.access == SaveOptions::Access::kIdle) {
    write_opcode(Opcode::kIdle);
    write_length(writer_, static_cast<uint64_t>(keyspace_.access.idle_seconds(entry)));
  } else if (options_.access == SaveOptions::Access::kFrequency) {
    write_opcode(Opcode::kFrequency);
    writer_.byte(static_cast<uint8_t>(keyspace_.access.frequency(entry)));
  }
  const ValueType type = ValueWriter::type_of(entry);
  writer_.byte(static_cast<uint8_t>(type));
  values_.strings().write(writer_, entry.key());
  values_.write(type, entry);
  ++keys_;
  if (options_.consume_values && entry.encoding() == storage::Encoding::kRaw) {
    release(*static_cast<storage::RawString*>(entry.object()));
  }
  if (options_.key_delay_us != 0) [[unlikely]]
    rest();
}

void Saver::release(storage::RawString& string) {
  constexpr size_t kLeastBytes = size_t{64} << 10;
  const size_t bytes = string.allocated_bytes();
  if (bytes >= kLeastBytes) storage::discard_pages(string.bytes(), string.capacity);
}

void Saver::rest() {
  sleep_after_key(options_.key_delay_us, keys_);
  if (options_.progress && !options_.progress(keys_, writer_.position())) {
    writer_.fail(ECANCELED);
  }
}

}  // namespace

int version_needed(const Keyspace& keyspace) {
  for (int i = 0; i < keyspace.database_count(); ++i) {
    if (keyspace.database(i).volatile_fields_count() > 0) return kFieldExpiryVersion;
  }
  return kBaseVersion;
}

SaveResult save(Keyspace& keyspace, ByteSink& sink, const SaveOptions& options) {
  return Saver(keyspace, sink, options).save();
}

}  // namespace spinel::persistence::rdb
