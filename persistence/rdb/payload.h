// What the payloads of the types share. Only for the <type>_payload.cc files and value.cc.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/rdb/packed.h"
#include "persistence/rdb/value.h"
#include "storage/containers/listpack.h"

namespace spinel::persistence::rdb {

// Listpacks are written as such up to this size, since that takes as much memory again; larger ones
// element by element.
inline constexpr size_t kMaxPackedBytes = size_t{64} << 20;

// Elements of a small collection, encoded as ours are, one behind the other.
class PackedElements {
 public:
  // Works in memory that the caller keeps, and clears it.
  PackedElements(std::string& bytes, std::vector<uint32_t>& table) : bytes_(bytes), table_(table) {
    bytes_.clear();
  }

  void append(const storage::ListpackItem& item);
  // Text that spells an integer becomes one.
  void append(const storage::ListpackValue& value) {
    append(value.is_integer() ? storage::ListpackItem(value.integer)
                              : storage::ListpackItem(value.text));
  }
  size_t count() const { return count_; }
  // Whether all fit a listpack.
  bool fit() const { return bytes_.size() <= storage::Listpack::kMaxElementBytes; }
  // Whether no two of every `stride`th are the same, the first being the first of them.
  bool are_distinct(size_t stride) const;
  storage::Listpack* make_listpack() const;

  const unsigned char* begin() const {
    return reinterpret_cast<const unsigned char*>(bytes_.data());
  }
  const unsigned char* end() const { return begin() + bytes_.size(); }

 private:
  std::string& bytes_;
  std::vector<uint32_t>& table_;
  size_t count_ = 0;
};

// What a type's functions read with.
struct PayloadReader {
  explicit PayloadReader(ValueReader& from)
      : bytes(from.reader_),
        limits(from.limits_),
        dialect(from.dialect_),
        first(from.first_),
        checked_blobs(from.checked_blobs_),
        second(from.second_),
        copy(from.copy_),
        table(from.table_),
        elements(from.elements_) {}

  ByteReader& bytes;
  const ValueLimits& limits;
  Dialect dialect;
  StringReader& first;
  uint64_t& checked_blobs;

  // A string that is an element; valid until the next read.
  std::string_view element() { return first.read(bytes, kMaxElementBytes); }
  std::string_view element(const Length& length) {
    return first.read(bytes, length, kMaxElementBytes);
  }
  // The same, valid until the next call of this.
  std::string_view kept_element() {
    copy = element();
    return copy;
  }
  // A string with a packed collection in it; reading elements leaves it alone.
  std::string_view blob() { return second.read(bytes); }
  // Opens such a string.
  PackedReader open(PackedReader::Form form, std::string_view packed) {
    if (form == PackedReader::Form::kListpack) ++checked_blobs;
    return {form, packed};
  }
  PackedElements packed_elements() { return {elements, table}; }
  // How many elements of at least `element_bytes` to make room for where `claimed` are to follow.
  size_t expected_count(uint64_t claimed, size_t element_bytes) const {
    constexpr size_t kMost = size_t{1} << 24;  // what is damaged may claim all that the file has
    return std::min(bytes.plausible_count(claimed, element_bytes), kMost);
  }
  // Reads all elements of a packed collection, of which each `per_entry` belong together. False
  // after an error.
  bool read_packed(PackedReader::Form form, size_t per_entry, PackedElements& to);

 private:
  StringReader& second;
  std::string& copy;
  std::vector<uint32_t>& table;
  std::string& elements;
};

// Each reads a payload of the types that are theirs, and is false after an error.
bool read_string(PayloadReader& from, Value& value);
bool read_list(PayloadReader& from, ValueType type, Value& value);
bool read_set(PayloadReader& from, ValueType type, Value& value);
bool read_sorted_set(PayloadReader& from, ValueType type, Value& value);
bool read_hash(PayloadReader& from, ValueType type, Value& value);

// Each tells the type under which a value is written, and writes the payload.
void write_string(ValueWriter& to, const storage::Entry& entry);
void write_list(ValueWriter& to, const storage::List& list);
ValueType set_type(const storage::Set& set);
void write_set(ValueWriter& to, ValueType type, const storage::Set& set);
ValueType sorted_set_type(const storage::SortedSet& set);
void write_sorted_set(ValueWriter& to, ValueType type, const storage::SortedSet& set);
ValueType hash_type(const storage::Hash& hash);
void write_hash(ValueWriter& to, ValueType type, const storage::Hash& hash);

}  // namespace spinel::persistence::rdb
