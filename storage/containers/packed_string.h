// Bytes with their length before them, as they stand inside the blocks of collections: one byte of
// length where that is enough, else a byte of 255 and four of length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "storage/base/assert.h"
#include "storage/base/bytes.h"

namespace spinel::storage {

class PackedString {
 public:
  // Bytes that a string of `length` takes, length included. `length` is below 2^32.
  static constexpr size_t size_for(size_t length) {
    return length + (length < kLong ? 1 : 1 + sizeof(uint32_t));
  }

  // Writes `text` at `at`, where there is room for size_for(text.size()), and returns the end.
  static unsigned char* write(unsigned char* at, std::string_view text) {
    if (text.size() < kLong) {
      *at++ = static_cast<unsigned char>(text.size());
    } else {
      SPINEL_ASSERT(text.size() <= UINT32_MAX);
      *at++ = kLong;
      store_unaligned<uint32_t>(at, static_cast<uint32_t>(text.size()));
      at += sizeof(uint32_t);
    }
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    return at + text.size();
  }

  // The string at `at`; what follows it begins at the end of the view.
  static std::string_view read(const unsigned char* at) {
    if (*at < kLong) return {reinterpret_cast<const char*>(at + 1), *at};
    return {reinterpret_cast<const char*>(at + 1 + sizeof(uint32_t)),
            load_unaligned<uint32_t>(at + 1)};
  }

 private:
  static constexpr unsigned char kLong = 255;
};

}  // namespace spinel::storage
