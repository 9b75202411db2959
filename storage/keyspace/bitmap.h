// A string read and written by bits, whatever its encoding; and the rule by which strings are kept
// as compressed bitmaps.
//
// A string is flat (its bytes) unless it was written by bits and is mostly zeroes:
//   - It becomes compressed when SETBIT or BITFIELD make it, or lengthen it to at least twice its
//     size, if that pays (bitmap_policy::most_to_compress: half of 4 KiB or more). Looking at the
//     old bytes costs no more than zeroing the new ones would have.
//   - The result of BITOP is compressed if that pays, by the same measure; of flat strings only if
//     it takes a sixteenth of the bytes or less, so that BITOP on flat strings is as fast as
//     memory.
//   - It becomes flat again when a change leaves it with a compressed form that saves too little
//     (bitmap_policy::should_be_flat: above three quarters), when a piece of half its size or more
//     is written into it, or when it grows beyond CompressedBitmap::kMaxSizeBytes.
// Between the half and the three quarters nothing is converted, so a string does not go to and fro;
// those lines are drawn in storage/containers/compressed_bitmap_policy.h. What SET stores is flat:
// only bits tell that somebody means a bitmap.
//
// With `compress` false (the option bitmap-compression) nothing becomes compressed; what is stays
// so until it is rewritten.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "storage/base/numbers.h"
#include "storage/containers/bit_kernels.h"
#include "storage/containers/compressed_bitmap.h"
#include "storage/containers/compressed_bitmap_policy.h"
#include "storage/keyspace/database.h"

namespace spinel::storage {

// Bit 0 is the most significant of byte 0. Integers and embedded strings are seen as their text.
// Valid while the entry is unchanged.
class BitmapView {
 public:
  // Of the string at `item`; an absent one is empty.
  explicit BitmapView(const ConstItem& item) : BitmapView(item ? &*item : nullptr) {}
  explicit BitmapView(const Entry* entry);
  BitmapView(const BitmapView&) = delete;
  BitmapView& operator=(const BitmapView&) = delete;

  size_t size_bytes() const { return compressed_ ? compressed_->size_bytes() : flat_.size(); }
  // Beyond the end: false.
  bool get(uint64_t offset) const;
  uint64_t count() const;
  // Both ends are included and inside the string.
  uint64_t count_range(uint64_t first_bit, uint64_t last_bit) const;
  std::optional<uint64_t> find(bool value, uint64_t first_bit, uint64_t last_bit) const;
  // `width` (1 to 64) bits from `offset` on, the first being the most significant; those beyond the
  // end are zero.
  uint64_t field(uint64_t offset, unsigned width) const;

  // Copies the bytes from `offset_bytes` on, which must be there.
  void read(size_t offset_bytes, std::span<unsigned char> to) const;
  // How it is kept: null, and then `flat()` has the bytes.
  const CompressedBitmap* compressed() const { return compressed_; }
  std::string_view flat() const { return flat_; }

 private:
  std::string_view flat_;
  const CompressedBitmap* compressed_ = nullptr;
  char digits_[kMaxInt64Chars];  // of an integer
};

// --- writing. `item` is what `find(key)` gave: a string or nothing, and afterwards the string as
// stored. `access` is given to a new entry; the expiry stays.

struct BitChange {
  bool before;   // what the bit was
  bool changed;  // whether the bit or the string's length is not what it was
};
// Sets the bit at `offset` and makes the string as long as that takes.
BitChange set_bit(Database& database, const Key& key, Item& item, uint64_t offset, bool value,
                  uint32_t access, bool compress);

// Makes the string hold at least `size_bytes`, with zeroes at its end. Returns whether it got
// longer or came to be.
bool grow_bitmap(Database& database, const Key& key, Item& item, size_t size_bytes, uint32_t access,
                 bool compress);

// Sets `width` (1 to 64) bits from `offset` on to the low ones of `value`, most significant first,
// and makes the string as long as that takes.
void set_field(Database& database, const Key& key, Item& item, uint64_t offset, unsigned width,
               uint64_t value, uint32_t access, bool compress);

// Writes `bytes` at `offset_bytes`, and makes the string as long as that takes. What is compressed
// stays so by the rule above.
void write_string(Database& database, const Key& key, Item& item, size_t offset_bytes,
                  std::string_view bytes, uint32_t access);

// --- combining

// A string's value as Database::set_object takes it.
struct StringObject {
  Encoding encoding;
  void* object;
};

// Of `sources`, at least one of which is not empty, padded with zeroes to the longest. The bytes of
// the result are put into `reuse` if that is not null (it is no source), fits, and the result is
// flat.
StringObject combine_bitmaps(bits::Operation operation, std::span<const BitmapView* const> sources,
                             bool compress, RawString* reuse);

}  // namespace spinel::storage
