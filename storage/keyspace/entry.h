// One key with everything that belongs to it, packed into a single block of bytes:
//
//   byte 0      encoding (5 bits), and whether an expiry, a long key, a long value follow
//   bytes 1-3   LRU clock or LFU counter, 24 bits
//   8 bytes     expiry in Unix milliseconds, only if there is one
//   1 or 4      length of the key, then the key
//   payload     by encoding: an integer of 4 or 8 bytes; a short string with 1 or 4 bytes of length
//   before it;
//               or a pointer to what is too large or too much alive to be stored here
//
// A 15-byte key with a 32-byte string takes 53 bytes; with an integer 24.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "storage/base/bytes.h"
#include "storage/types/encoding.h"

namespace spinel::storage {

// A view of an entry's bytes. Entries are made, resized and freed by Database, which knows where
// they are kept. Everything but `set_access` and `store_*` leaves the bytes as they are.
class Entry {
 public:
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  Encoding encoding() const { return static_cast<Encoding>(bytes_[0] & kEncodingMask); }
  Type type() const { return encoding_type(encoding()); }

  bool has_expiry() const { return (bytes_[0] & kHasExpiry) != 0; }
  // Unix time in milliseconds, or kNoExpiry.
  int64_t expire_at_ms() const {
    return has_expiry() ? load_unaligned<int64_t>(bytes_ + kHeader) : kNoExpiry;
  }
  bool expired(int64_t now_ms) const { return has_expiry() && expire_at_ms() < now_ms; }

  std::string_view key() const {
    const unsigned char* at = bytes_ + kHeader + (has_expiry() ? sizeof(int64_t) : 0);
    if ((bytes_[0] & kLongKey) == 0) return {reinterpret_cast<const char*>(at + 1), *at};
    return {reinterpret_cast<const char*>(at + sizeof(uint32_t)), load_unaligned<uint32_t>(at)};
  }

  // 24 bits whose meaning the eviction policy gives: see storage/keyspace/access.h.
  uint32_t access() const {
    return bytes_[1] | uint32_t{bytes_[2]} << 8 | uint32_t{bytes_[3]} << 16;
  }
  void set_access(uint32_t access) {
    bytes_[1] = static_cast<unsigned char>(access);
    bytes_[2] = static_cast<unsigned char>(access >> 8);
    bytes_[3] = static_cast<unsigned char>(access >> 16);
  }

  // --- payloads; each needs the encoding it names
  bool is_integer() const { return encoding() <= Encoding::kInt64; }
  int64_t integer() const {
    return encoding() == Encoding::kInt32 ? load_unaligned<int32_t>(payload())
                                          : load_unaligned<int64_t>(payload());
  }
  // kEmbedded
  std::string_view embedded() const {
    const unsigned char* at = payload();
    if ((bytes_[0] & kLongValue) == 0) return {reinterpret_cast<const char*>(at + 1), *at};
    return {reinterpret_cast<const char*>(at + sizeof(uint32_t)), load_unaligned<uint32_t>(at)};
  }
  // All encodings whose payload is a pointer.
  bool has_object() const { return encoding() >= Encoding::kRaw; }
  void* object() const { return load_unaligned<void*>(payload()); }

  // Bytes of the block in use.
  size_t size_bytes() const;

  // Values longer than this live in an object of their own.
  static constexpr size_t kMaxEmbedded = 1024;

 private:
  friend class Database;

  static constexpr size_t kHeader = 4;
  static constexpr unsigned char kEncodingMask = 0x1f;
  static constexpr unsigned char kHasExpiry = 0x20;
  static constexpr unsigned char kLongKey = 0x40;
  static constexpr unsigned char kLongValue = 0x80;

  Entry() = default;

  const unsigned char* payload() const {
    const std::string_view k = key();
    return reinterpret_cast<const unsigned char*>(k.data() + k.size());
  }
  unsigned char* payload() { return const_cast<unsigned char*>(std::as_const(*this).payload()); }
  // As `embedded`, to be overwritten.
  char* embedded_data() { return const_cast<char*>(embedded().data()); }
  // Overwrites an object pointer, as when an object was reallocated.
  void store_object(void* object) { store_unaligned(payload(), object); }
  void store_encoding(Encoding encoding) {
    bytes_[0] = static_cast<unsigned char>((bytes_[0] & ~kEncodingMask) |
                                           static_cast<unsigned char>(encoding));
  }

  unsigned char bytes_[1];  // as many as size_bytes() says
};

// How the value is stored, as OBJECT ENCODING names it: "int", "embstr", "raw", ...
std::string_view encoding_name(const Entry& entry);

}  // namespace spinel::storage
