#include "persistence/rdb/value.h"

#include <bit>
#include <cstring>
#include <span>

#include "persistence/rdb/module_value.h"
#include "persistence/rdb/payload.h"
#include "storage/base/assert.h"
#include "storage/base/hash.h"
#include "storage/keyspace/object.h"

namespace spinel::persistence::rdb {

using storage::Encoding;
using storage::Entry;
using storage::Type;

// --- values

Value Value::of_text(std::string_view text) {
  Value value;
  value.kind_ = Kind::kText;
  value.text_ = text;
  return value;
}

Value Value::of_object(Encoding encoding, void* object) {
  Value value;
  value.kind_ = Kind::kObject;
  value.encoding_ = encoding;
  value.object_ = object;
  return value;
}

void Value::destroy() {
  if (kind_ == Kind::kObject) storage::destroy_object(encoding_, object_);
}

void Value::swap(Value& other) noexcept {
  std::swap(kind_, other.kind_);
  std::swap(encoding_, other.encoding_);
  std::swap(object_, other.object_);
  std::swap(text_, other.text_);
}

Type Value::type() const {
  return kind_ == Kind::kObject ? storage::encoding_type(encoding_) : Type::kString;
}

void Value::store(storage::Database& database, const storage::Key& key, storage::Item& item,
                  int64_t expire_at_ms, uint32_t access) {
  SPINEL_ASSERT(!is_nothing());
  if (kind_ == Kind::kText) {
    database.set_string(key, item, text_, expire_at_ms, access);
  } else {
    database.set_object(key, item, encoding_, object_, expire_at_ms, access);
  }
  kind_ = Kind::kNothing;
}

// --- what payloads share

void PackedElements::append(const storage::ListpackItem& item) {
  const size_t old_size = bytes_.size();
  bytes_.resize(old_size + item.size());
  item.write(reinterpret_cast<unsigned char*>(bytes_.data() + old_size));
  ++count_;
}

storage::Listpack* PackedElements::make_listpack() const {
  return storage::Listpack::from_raw(std::span(begin(), end()), count_);
}

bool PackedElements::are_distinct(size_t stride) const {
  // The same value has the same bytes. The table has the offset of each, plus one.
  const size_t slots = std::bit_ceil(2 * (count_ / stride) + 1);
  table_.assign(slots, 0);
  const auto entry_at = [&](const unsigned char* at) {
    return std::string_view(reinterpret_cast<const char*>(at), storage::listpack_entry_size(at));
  };
  for (const unsigned char* at = begin(); at != end();) {
    const std::string_view entry = entry_at(at);
    size_t slot = storage::hash_bytes(entry) & (slots - 1);
    for (; table_[slot] != 0; slot = (slot + 1) & (slots - 1)) {
      if (entry_at(begin() + table_[slot] - 1) == entry) return false;
    }
    table_[slot] = static_cast<uint32_t>(at - begin()) + 1;
    for (size_t i = 0; i < stride; ++i) at += storage::listpack_entry_size(at);
  }
  return true;
}

bool PayloadReader::read_packed(PackedReader::Form form, size_t per_entry, PackedElements& to) {
  const uint64_t begin = bytes.position();
  PackedReader reader = open(form, blob());
  if (!bytes.ok()) return false;
  while (const auto element = reader.next()) to.append(*element);
  if (reader.error() != nullptr) return bytes.fail_at(begin, reader.error());
  if (to.count() % per_entry != 0) {
    return bytes.fail_at(begin, "a packed collection ends in the middle of an entry");
  }
  return to.fit() || bytes.fail_at(begin, "a packed collection is too large");
}

// --- reading

bool ValueReader::read(uint8_t type, Value& value) {
  PayloadReader from(*this);
  skipped_module_.clear();
  const auto value_type = static_cast<ValueType>(type);
  switch (value_type) {
    case ValueType::kString:
      return read_string(from, value);
    case ValueType::kList:
    case ValueType::kListZiplist:
    case ValueType::kListQuicklist:
    case ValueType::kListQuicklist2:
      return read_list(from, value_type, value);
    case ValueType::kSet:
    case ValueType::kSetIntset:
    case ValueType::kSetListpack:
      return read_set(from, value_type, value);
    case ValueType::kSortedSetText:
    case ValueType::kSortedSet:
    case ValueType::kSortedSetZiplist:
    case ValueType::kSortedSetListpack:
      return read_sorted_set(from, value_type, value);
    case ValueType::kHash:
    case ValueType::kHashZipmap:
    case ValueType::kHashZiplist:
    case ValueType::kHashListpack:
    case ValueType::kHashExpiryOld:
    case ValueType::kHashListpackExpiryOld:
    case ValueType::kHashExpiry:
    case ValueType::kHashListpackExpiry:
      return read_hash(from, value_type, value);
    case ValueType::kModule:
      return skip_module_value(reader_, skipped_module_);
    case ValueType::kModuleOld:
      return reader_.refuse("values of modules from before Redis 4.0 cannot be read");
    case ValueType::kStream:
    case ValueType::kStream2:
    case ValueType::kStream3:
    case ValueType::kStream4:
    case ValueType::kStream5:
      return reader_.refuse("streams are not supported");
  }
  return reader_.fail("unknown type " + std::to_string(type));
}

// --- writing

ValueType ValueWriter::type_of(const Entry& entry) {
  switch (entry.type()) {
    case Type::kString:
      return ValueType::kString;
    case Type::kList:
      return ValueType::kListQuicklist2;
    case Type::kSet:
      return set_type({entry.encoding(), entry.object()});
    case Type::kSortedSet:
      return sorted_set_type({entry.encoding(), entry.object()});
    case Type::kHash:
      return hash_type({entry.encoding(), entry.object()});
    case Type::kStream:
      break;
  }
  SPINEL_ASSERT(false);
  return ValueType::kString;
}

int ValueWriter::version_of(ValueType type) {
  return type == ValueType::kHashExpiry || type == ValueType::kHashListpackExpiry
             ? kFieldExpiryVersion
             : kBaseVersion;
}

void ValueWriter::write(ValueType type, const Entry& entry) {
  const Encoding encoding = entry.encoding();
  switch (entry.type()) {
    case Type::kString:
      return write_string(*this, entry);
    case Type::kList:
      return write_list(*this, {encoding, entry.object()});
    case Type::kSet:
      return write_set(*this, type, {encoding, entry.object()});
    case Type::kSortedSet:
      return write_sorted_set(*this, type, {encoding, entry.object()});
    case Type::kHash:
      return write_hash(*this, type, {encoding, entry.object()});
    case Type::kStream:
      break;
  }
  SPINEL_ASSERT(false);
}

}  // namespace spinel::persistence::rdb
