// The string type: integers and short strings live in their entry, longer or changing ones in a
// RawString, sparse bitmaps in a CompressedBitmap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace spinel::storage {

// No key, string, member, field or element may be longer: lengths of most of them are kept in 32
// bits, as are those of blocks, which are rounded up by as much as a quarter.
inline constexpr uint64_t kMaxStringBytes = uint64_t{3} << 30;

// A byte string with room to grow, allocated in one block with its header.
//
// A reply that waits to be sent may share it, so that large values are not copied: whoever is about
// to change its bytes asks `is_shared` before, and changes a copy then. Only the thread that owns
// the data shares strings and changes them; any thread may give up a reference.
struct RawString {
  size_t size;
  size_t capacity;
  uint32_t references;  // shared between threads: only the functions below look at it

  char* bytes() { return reinterpret_cast<char*>(this + 1); }
  const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
  std::string_view view() const { return {bytes(), size}; }
  size_t allocated_bytes() const { return sizeof(RawString) + capacity; }

  // A string of `size` bytes with undefined content and room for at least `capacity`.
  static RawString* create(size_t size, size_t capacity);
  // Gives up a reference. The last one frees the string.
  static void destroy(RawString* string);
  // Adds a reference, to be given up with `destroy`.
  static void share(RawString* string);
  bool is_shared() const;
  // A string of its own with the same bytes.
  static RawString* copy(const RawString& string);
  // Makes room for `capacity` bytes and returns where the string is now. Requires that it is not
  // shared.
  static RawString* reserve(RawString* string, size_t capacity);
  // Makes `string`, which is not shared, `new_size` bytes long and returns where it is now. What is
  // added is zero. Room grows by doubling up to a mebibyte of it, so that appending is amortised
  // O(1).
  static RawString* resize(RawString* string, size_t new_size);
};

}  // namespace spinel::storage
