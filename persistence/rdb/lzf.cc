#include "persistence/rdb/lzf.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <lzf.h>

#include "storage/base/bytes.h"

namespace spinel::persistence::rdb {

namespace {

constexpr size_t kMaxLiterals = 32;
constexpr size_t kMinCopy = 3;
constexpr size_t kMaxCopy = 264;
constexpr size_t kMaxDistance = 8192;

// liblzf looks matches up in a table of half a megabyte, which costs a short text more cache misses
// than it has bytes. This is the same with a table in proportion: Redis's values are short.
template <unsigned Bits>
class ShortCompressor {
 public:
  ShortCompressor(std::string_view text, char* to, size_t room)
      : text_(reinterpret_cast<const unsigned char*>(text.data())),
        size_(text.size()),
        to_(reinterpret_cast<unsigned char*>(to)),
        begin_(to_),
        end_(to_ + room) {}

  size_t run() {
    static_assert(kMaxShort <= UINT16_MAX);
    uint16_t places[size_t{1} << Bits];  // plus one; 0: none
    std::memset(places, 0, sizeof places);
    size_t literals = 0;  // where those begin that were not written yet
    for (size_t at = 0; at + sizeof(uint32_t) <= size_;) {
      const uint32_t three = three_bytes(at);
      uint16_t& place = places[three * 2654435761u >> (32 - Bits)];
      const size_t before = place;
      place = static_cast<uint16_t>(at + 1);
      if (before == 0 || three_bytes(before - 1) != three) {
        ++at;
        continue;
      }
      const size_t from = before - 1;
      const size_t length = match_length(from, at);
      if (!write_literals(literals, at) || !write_copy(at - from, length)) return 0;
      at += length;
      literals = at;
    }
    return write_literals(literals, size_) ? static_cast<size_t>(to_ - begin_) : 0;
  }

  static constexpr size_t kMaxShort = 4096;
  static_assert(kMaxShort <= kMaxDistance);

 private:
  uint32_t three_bytes(size_t at) const {
    return storage::load_unaligned<uint32_t>(text_ + at) & 0xffffff;
  }
  size_t match_length(size_t from, size_t at) const {
    const size_t most = std::min(size_ - at, kMaxCopy);
    size_t length = kMinCopy;
    while (length < most && text_[from + length] == text_[at + length]) ++length;
    return length;
  }
  bool write_literals(size_t from, size_t to) {
    while (from < to) {
      const size_t count = std::min(to - from, kMaxLiterals);
      if (static_cast<size_t>(end_ - to_) < 1 + count) return false;
      *to_++ = static_cast<unsigned char>(count - 1);
      std::memcpy(to_, text_ + from, count);
      to_ += count;
      from += count;
    }
    return true;
  }
  bool write_copy(size_t distance, size_t length) {
    constexpr size_t kLong = 7;
    if (end_ - to_ < 3) return false;
    const size_t offset = distance - 1;
    const size_t stored = length - 2;
    *to_++ = static_cast<unsigned char>(std::min(stored, kLong) << 5 | offset >> 8);
    if (stored >= kLong) *to_++ = static_cast<unsigned char>(stored - kLong);
    *to_++ = static_cast<unsigned char>(offset);
    return true;
  }

  const unsigned char* text_;
  size_t size_;
  unsigned char* to_;
  unsigned char* begin_;
  unsigned char* end_;
};

}  // namespace

size_t lzf_compress_into(std::string_view text, char* to, size_t room) {
  constexpr unsigned kSmall = 8;
  constexpr unsigned kMedium = 10;
  constexpr unsigned kLarge = 12;
  if (text.size() <= size_t{1} << kSmall) return ShortCompressor<kSmall>(text, to, room).run();
  if (text.size() <= size_t{1} << kMedium) return ShortCompressor<kMedium>(text, to, room).run();
  if (text.size() <= ShortCompressor<kLarge>::kMaxShort) {
    return ShortCompressor<kLarge>(text, to, room).run();
  }
  return lzf_compress(text.data(), static_cast<unsigned>(text.size()), to,
                      static_cast<unsigned>(room));
}

bool lzf_expand(std::string_view compressed, char* to, size_t size) {
  if (compressed.empty() || size == 0) return compressed.empty() && size == 0;
  return lzf_decompress(compressed.data(), static_cast<unsigned>(compressed.size()), to,
                        static_cast<unsigned>(size)) == size;
}

}  // namespace spinel::persistence::rdb
