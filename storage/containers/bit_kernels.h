// Counting, searching and combining the bits of plain byte arrays, with the widest instructions
// that the CPU has. Which those are is found out once, when the program starts.
//
// Nothing here allocates but `combine`, for its list of sources; nothing reads or writes outside
// of the bytes it was given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace spinel::storage::bits {

// From the least to the most able: plain C++, AVX2, AVX-512 with VPOPCNTDQ.
enum class Path : uint8_t { kPortable, kAvx2, kAvx512 };

// The best one that this CPU can take.
Path best_path();
// Tests only: makes all that follows take `path`, which is not above best_path().
void use_path(Path path);

// Number of ones.
uint64_t count(const unsigned char* bytes, size_t size);
// Index of the first byte that is not `skip` (0x00 or 0xff); `size` if there is none.
size_t find_other(const unsigned char* bytes, size_t size, unsigned char skip);

// What is made of a number of sources, bit by bit. X is the first source, the others are Y.
enum class Operation : uint8_t {
  kAnd,
  kOr,
  kXor,
  kNot,    // of the one source
  kDiff,   // in X and in no Y
  kDiff1,  // in a Y, but not in X
  kAndOr,  // in X and in a Y
  kOne,    // in exactly one source
};
inline constexpr size_t kOperationCount = 8;

// Writes the first `size` bytes of the result to `to`, which overlaps no source. Shorter sources
// count as if zeros followed. At least one source; kNot takes one only, and kDiff, kDiff1 and
// kAndOr take two or more. All sources are read side by side, once, and `to` is written once.
void combine(Operation operation, std::span<const std::string_view> sources, unsigned char* to,
             size_t size);

// Ranges of bits, the first being the most significant one of the first byte. Both ends belong to
// the range and lie in `bytes`; a range that ends before it begins is empty.
uint64_t count_range(std::string_view bytes, uint64_t first_bit, uint64_t last_bit);
// The first bit of the range that is `value`.
std::optional<uint64_t> find(std::string_view bytes, bool value, uint64_t first_bit,
                             uint64_t last_bit);

}  // namespace spinel::storage::bits
