// A string of bits as plain bytes, with the operations of CompressedBitmap written as simply as can
// be, and bytes of every texture to try them on.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "storage/base/random.h"
#include "storage/containers/bit_kernels.h"

namespace spinel::storage::bitmap_model {

inline bool get(const std::string& bytes, uint64_t offset) {
  if (offset / 8 >= bytes.size()) return false;
  return (static_cast<unsigned char>(bytes[offset / 8]) >> (7 - offset % 8) & 1) != 0;
}

inline void set(std::string& bytes, uint64_t offset, bool value) {
  if (offset / 8 >= bytes.size()) bytes.resize(offset / 8 + 1);
  const auto bit = static_cast<char>(1U << (7 - offset % 8));
  bytes[offset / 8] = static_cast<char>(value ? bytes[offset / 8] | bit : bytes[offset / 8] & ~bit);
}

inline uint64_t count(const std::string& bytes, uint64_t first, uint64_t last) {
  uint64_t sum = 0;
  for (uint64_t i = first; i <= last; ++i) sum += get(bytes, i) ? 1 : 0;
  return sum;
}

inline std::optional<uint64_t> find(const std::string& bytes, bool value, uint64_t first,
                                    uint64_t last) {
  for (uint64_t i = first; i <= last; ++i) {
    if (get(bytes, i) == value) return i;
  }
  return std::nullopt;
}

inline std::string combine(bits::Operation operation, const std::vector<std::string>& sources) {
  size_t size = 0;
  for (const std::string& source : sources) size = std::max(size, source.size());
  std::string result(size, '\0');
  for (size_t i = 0; i < size; ++i) {
    const auto byte = [&](size_t source) {
      return i < sources[source].size() ? static_cast<unsigned char>(sources[source][i]) : 0U;
    };
    const unsigned first = byte(0);
    unsigned all = first;
    unsigned odd = first;
    unsigned any_other = 0;
    unsigned once = first;
    unsigned more = 0;
    for (size_t s = 1; s < sources.size(); ++s) {
      all &= byte(s);
      odd ^= byte(s);
      any_other |= byte(s);
      more |= once & byte(s);
      once = (once | byte(s)) & ~more;
    }
    unsigned value = 0;
    switch (operation) {
      case bits::Operation::kAnd:
        value = all;
        break;
      case bits::Operation::kOr:
        value = first | any_other;
        break;
      case bits::Operation::kXor:
        value = odd;
        break;
      case bits::Operation::kNot:
        value = ~first;
        break;
      case bits::Operation::kDiff:
        value = first & ~any_other;
        break;
      case bits::Operation::kDiff1:
        value = any_other & ~first;
        break;
      case bits::Operation::kAndOr:
        value = first & any_other;
        break;
      case bits::Operation::kOne:
        value = once;
        break;
    }
    result[i] = static_cast<char>(value);
  }
  return result;
}

enum class Texture : uint8_t {
  kZeros,
  kFew,        // some ones in all
  kSparse,     // one in a thousand
  kScattered,  // one in fifty
  kHalf,
  kRuns,   // long ones and long gaps
  kMixed,  // each 8 KiB another
  kOnes,
};
inline constexpr Texture kTextures[] = {Texture::kZeros,     Texture::kFew,  Texture::kSparse,
                                        Texture::kScattered, Texture::kHalf, Texture::kRuns,
                                        Texture::kMixed,     Texture::kOnes};

inline std::string make(Random& random, Texture texture, size_t size) {
  std::string bytes(size, texture == Texture::kOnes ? '\xff' : '\0');
  const auto scatter = [&](uint64_t ones) {
    for (uint64_t i = 0; i < ones && size > 0; ++i) set(bytes, random.below(size * 8), true);
  };
  switch (texture) {
    case Texture::kZeros:
    case Texture::kOnes:
      break;
    case Texture::kFew:
      scatter(10);
      break;
    case Texture::kSparse:
      scatter(size * 8 / 1000);
      break;
    case Texture::kScattered:
      scatter(size * 8 / 50);
      break;
    case Texture::kHalf:
      for (char& byte : bytes) byte = static_cast<char>(random.next());
      break;
    case Texture::kRuns:
      for (uint64_t at = random.below(3000); at < size * 8; at += random.below(6000)) {
        const uint64_t end = std::min<uint64_t>(at + random.below(6000), size * 8);
        for (; at < end; ++at) set(bytes, at, true);
      }
      break;
    case Texture::kMixed:
      for (size_t at = 0; at < size; at += 8192) {
        const size_t part = std::min<size_t>(8192, size - at);
        Texture of_part = kTextures[random.below(std::size(kTextures))];
        if (of_part == Texture::kMixed) of_part = Texture::kZeros;
        bytes.replace(at, part, make(random, of_part, part));
      }
      break;
  }
  return bytes;
}

}  // namespace spinel::storage::bitmap_model
