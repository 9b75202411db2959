// The string type: integers and short strings live in their entry, longer or changing ones in a
// RawString, sparse bitmaps in a CompressedBitmap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace spinel::storage {

// A byte string with room to grow, allocated in one block with its header.
struct RawString {
  size_t size;
  size_t capacity;

  char* bytes() { return reinterpret_cast<char*>(this + 1); }
  const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
  std::string_view view() const { return {bytes(), size}; }
  size_t allocated_bytes() const { return sizeof(RawString) + capacity; }

  // A string of `size` bytes with undefined content and room for at least `capacity`.
  static RawString* create(size_t size, size_t capacity);
  static void destroy(RawString* string);
  // Makes `string` `new_size` bytes long and returns where it is now. What is added is zero. Room
  // grows by doubling up to a mebibyte of it, so that appending is amortised O(1).
  static RawString* resize(RawString* string, size_t new_size);
};

}  // namespace spinel::storage
