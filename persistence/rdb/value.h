// One value as RDB has it: its type, one byte, and its payload. What is here serves saving,
// loading, DUMP and RESTORE. How each type looks stands in <type>_payload.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "persistence/file/byte_reader.h"
#include "persistence/file/byte_writer.h"
#include "persistence/rdb/format.h"
#include "persistence/rdb/packed.h"
#include "persistence/rdb/primitives.h"
#include "storage/keyspace/database.h"
#include "storage/types/hash.h"
#include "storage/types/list.h"
#include "storage/types/set.h"
#include "storage/types/sorted_set.h"

namespace spinel::persistence::rdb {

// What decides how values that are read are stored, as configured.
struct ValueLimits {
  storage::SetLimits set{512, 128, 64};
  storage::SortedSet::Limits sorted_set{128, 64};
  storage::HashLimits hash{512, 64};
  storage::ListOptions list;
  bool compress_bitmaps = true;  // bitmap-compression
};

// A value that was read and not stored yet.
class Value {
 public:
  // Nothing: a collection without elements, or what was skipped.
  Value() = default;
  // A short string; the bytes are the owner's.
  static Value of_text(std::string_view text);
  // Takes over the object.
  static Value of_object(storage::Encoding encoding, void* object);
  template <typename Collection>
  static Value of(const Collection& collection) {
    return of_object(collection.encoding(), collection.object());
  }
  ~Value() { destroy(); }
  Value(Value&& other) noexcept { swap(other); }
  Value& operator=(Value&& other) noexcept {
    Value(std::move(other)).swap(*this);
    return *this;
  }

  bool is_nothing() const { return kind_ == Kind::kNothing; }
  bool is_text() const { return kind_ == Kind::kText; }
  storage::Type type() const;
  std::string_view text() const { return text_; }
  // Needs an object.
  storage::Encoding encoding() const { return encoding_; }
  const void* object() const { return object_; }

  // Stores it; afterwards it is nothing. `item` is what `find(key)` gave, present or not.
  void store(storage::Database& database, const storage::Key& key, storage::Item& item,
             int64_t expire_at_ms, uint32_t access);
  // Has a short string view these bytes instead, which are the same.
  void move_text(std::string_view text) { text_ = text; }

 private:
  enum class Kind : uint8_t { kNothing, kText, kObject };

  void destroy();
  void swap(Value& other) noexcept;

  Kind kind_ = Kind::kNothing;
  storage::Encoding encoding_ = storage::Encoding::kEmbedded;
  void* object_ = nullptr;
  std::string_view text_;
};

// Reads values. One may read many, and keeps the memory that it needs for that.
class ValueReader {
 public:
  // All outlive it.
  ValueReader(ByteReader& reader, const ValueLimits& limits, Dialect dialect)
      : reader_(reader), limits_(limits), dialect_(dialect) {}

  // Reads the payload of a value of this type. False after an error, which the reader has then: any
  // bytes give a value or an error. A short string is valid until the next read.
  bool read(uint8_t type, Value& value);
  // The name of a module whose value was read last, and skipped, if it was one.
  const std::string& skipped_module() const { return skipped_module_; }
  // How many listpacks and intsets were checked so far, good or bad: INFO counts them.
  uint64_t checked_blobs() const { return checked_blobs_; }

 private:
  friend struct PayloadReader;

  ByteReader& reader_;
  const ValueLimits& limits_;
  Dialect dialect_;
  StringReader first_;
  StringReader second_;
  std::string copy_;
  std::vector<uint32_t> table_;
  std::string elements_;
  std::string skipped_module_;
  uint64_t checked_blobs_ = 0;
};

// Writes values.
class ValueWriter {
 public:
  // `writer` outlives it.
  explicit ValueWriter(ByteWriter& writer, bool compress = true)
      : writer_(writer), strings_{compress} {}

  // The type under which the value of `entry` is written, and the lowest version of files that has
  // it.
  static ValueType type_of(const storage::Entry& entry);
  static int version_of(ValueType type);
  // The payload. Only the first bytes of what is large are in memory at a time.
  void write(ValueType type, const storage::Entry& entry);

  ByteWriter& writer() { return writer_; }
  const StringWriter& strings() const { return strings_; }
  ListpackWriter& listpack() { return listpack_; }

 private:
  ByteWriter& writer_;
  StringWriter strings_;
  ListpackWriter listpack_;
};

}  // namespace spinel::persistence::rdb
