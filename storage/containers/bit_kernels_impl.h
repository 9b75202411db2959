// The kernels, written once for any width of vector. Each path's .cc defines, and then includes
// this:
//   SPINEL_BITS_PATH    namespace that keeps the path's functions apart from the others'
//   SPINEL_BITS_TARGET  attribute that lets a function use the path's instructions
//   SPINEL_BITS_WIDTH   bytes of a vector
// A function that had no attribute, or a template shared by paths, could be taken by the linker
// for all of them, and then run on a CPU that lacks the instructions. So everything here has the
// attribute and is in the path's namespace.
#pragma once

#include <cstring>

#include "storage/containers/bit_kernels_path.h"

#define SPINEL_BITS_INLINE [[gnu::always_inline]] SPINEL_BITS_TARGET inline

namespace spinel::storage::bits::SPINEL_BITS_PATH {
namespace {

// Not a header of declarations: each path's .cc includes it once.
// NOLINTBEGIN(misc-definitions-in-headers)

// The compilers' own vectors: operators work on all lanes.
using Wide = uint64_t __attribute__((vector_size(SPINEL_BITS_WIDTH)));
constexpr size_t kWide = sizeof(Wide);

// As many as hide the latency of a load, and few enough for the registers there are.
struct Block {
  Wide a, b, c, d;

  SPINEL_BITS_INLINE Block operator&(const Block& o) const {
    return {a & o.a, b & o.b, c & o.c, d & o.d};
  }
  SPINEL_BITS_INLINE Block operator|(const Block& o) const {
    return {a | o.a, b | o.b, c | o.c, d | o.d};
  }
  SPINEL_BITS_INLINE Block operator^(const Block& o) const {
    return {a ^ o.a, b ^ o.b, c ^ o.c, d ^ o.d};
  }
  SPINEL_BITS_INLINE Block operator~() const { return {~a, ~b, ~c, ~d}; }
};

template <typename Unit>
SPINEL_BITS_INLINE Unit load(const unsigned char* from) {
  Unit unit;
  std::memcpy(&unit, from, sizeof unit);
  return unit;
}
template <>
SPINEL_BITS_INLINE Block load<Block>(const unsigned char* from) {
  return {load<Wide>(from), load<Wide>(from + kWide), load<Wide>(from + 2 * kWide),
          load<Wide>(from + 3 * kWide)};
}

template <typename Unit>
SPINEL_BITS_INLINE void store(unsigned char* to, const Unit& unit) {
  std::memcpy(to, &unit, sizeof unit);
}
template <>
SPINEL_BITS_INLINE void store<Block>(unsigned char* to, const Block& block) {
  store(to, block.a);
  store(to + kWide, block.b);
  store(to + 2 * kWide, block.c);
  store(to + 3 * kWide, block.d);
}

constexpr size_t kCacheLine = 64;
constexpr size_t kAhead = 2048;           // bytes from a load to what is prefetched by it
constexpr size_t kLongSize = 2 * kAhead;  // from here on counting prefetches, and aligns its loads

// Asks for what the next turns will load. The CPU's own prefetchers stop at the end of a page, and
// lose track of many sources that are read side by side.
template <size_t kSize>
SPINEL_BITS_INLINE void prefetch_ahead(const unsigned char* from) {
  for (size_t line = 0; line < kSize; line += kCacheLine) __builtin_prefetch(from + kAhead + line);
}

template <typename Unit>
SPINEL_BITS_INLINE Unit load_ahead(const unsigned char* from) {
  if constexpr (sizeof(Unit) == sizeof(Block)) prefetch_ahead<sizeof(Block)>(from);
  return load<Unit>(from);
}

// --- counting

SPINEL_BITS_INLINE uint64_t ones_of(uint64_t word) {
#if SPINEL_BITS_WIDTH > 16
  return static_cast<uint64_t>(__builtin_popcountll(word));
#else  // where that would be a call
  word -= (word >> 1) & 0x5555555555555555;
  word = (word & 0x3333333333333333) + ((word >> 2) & 0x3333333333333333);
  word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0f;
  return (word * 0x0101010101010101) >> 56;
#endif
}

// What is left of a count when fewer bytes remain than the wide loop takes.
SPINEL_BITS_INLINE uint64_t count_words(const unsigned char* bytes, size_t size) {
  uint64_t ones = 0;
  for (; size >= 8; bytes += 8, size -= 8) ones += ones_of(load<uint64_t>(bytes));
  uint64_t rest = 0;
  for (; size > 0; ++bytes, --size) rest = rest << 8 | *bytes;
  return ones + ones_of(rest);
}

#if SPINEL_BITS_WIDTH < 64

// Ones in each lane.
SPINEL_BITS_INLINE Wide lane_ones(Wide lanes) {
  lanes -= (lanes >> 1) & 0x5555555555555555;
  lanes = (lanes & 0x3333333333333333) + ((lanes >> 2) & 0x3333333333333333);
  lanes = (lanes + (lanes >> 4)) & 0x0f0f0f0f0f0f0f0f;
  lanes += lanes >> 8;
  lanes += lanes >> 16;
  lanes += lanes >> 32;
  return lanes & 0x7f;
}

// Adds `b` and `c` to `sum`, each bit by itself, and returns the carries.
SPINEL_BITS_INLINE Wide carry_save(Wide& sum, Wide b, Wide c) {
  const Wide either = sum ^ b;
  const Wide carry = (sum & b) | (either & c);
  sum = either ^ c;
  return carry;
}

// Harley and Seal's method: a tree of carry-save adders over sixteen vectors, so that ones are
// counted in one vector of sixteen (Mula, Kurz and Lemire, "Faster Population Counts Using AVX2
// Instructions", 2016).
template <bool kLong>
SPINEL_BITS_INLINE uint64_t count_ones(const unsigned char* bytes, size_t size) {
  constexpr size_t kStep = 16 * kWide;
  Wide ones{}, twos{}, fours{}, eights{}, sixteens{};
  for (; size >= kStep; bytes += kStep, size -= kStep) {
    if constexpr (kLong) prefetch_ahead<kStep>(bytes);
    Wide fours_of[2], eights_of[2];
    for (size_t half = 0; half < 2; ++half) {
      for (size_t quarter = 0; quarter < 2; ++quarter) {
        const unsigned char* from = bytes + (half * 8 + quarter * 4) * kWide;
        const Wide low = carry_save(ones, load<Wide>(from), load<Wide>(from + kWide));
        const Wide high =
            carry_save(ones, load<Wide>(from + 2 * kWide), load<Wide>(from + 3 * kWide));
        fours_of[quarter] = carry_save(twos, low, high);
      }
      eights_of[half] = carry_save(fours, fours_of[0], fours_of[1]);
    }
    sixteens += lane_ones(carry_save(eights, eights_of[0], eights_of[1]));
  }
  const Wide lanes = 16 * sixteens + 8 * lane_ones(eights) + 4 * lane_ones(fours) +
                     2 * lane_ones(twos) + lane_ones(ones);
  uint64_t total = count_words(bytes, size);
  for (size_t lane = 0; lane < kWide / 8; ++lane) total += lanes[lane];
  return total;
}

#else  // VPOPCNTDQ counts each lane

SPINEL_BITS_INLINE Wide lane_ones(Wide lanes) {
  return reinterpret_cast<Wide>(_mm512_popcnt_epi64(reinterpret_cast<__m512i>(lanes)));
}

template <bool kLong>
SPINEL_BITS_INLINE uint64_t count_ones(const unsigned char* bytes, size_t size) {
  Block sums{};
  for (; size >= sizeof(Block); bytes += sizeof(Block), size -= sizeof(Block)) {
    if constexpr (kLong) prefetch_ahead<sizeof(Block)>(bytes);
    const Block block = load<Block>(bytes);
    sums.a += lane_ones(block.a);
    sums.b += lane_ones(block.b);
    sums.c += lane_ones(block.c);
    sums.d += lane_ones(block.d);
  }
  for (; size >= kWide; bytes += kWide, size -= kWide) sums.a += lane_ones(load<Wide>(bytes));
  const Wide lanes = sums.a + sums.b + sums.c + sums.d;
  uint64_t total = count_words(bytes, size);
  for (size_t lane = 0; lane < kWide / 8; ++lane) total += lanes[lane];
  return total;
}

#endif

// Where there is much to read, loads that cross cache lines cost a quarter of the speed.
SPINEL_BITS_TARGET uint64_t count(const unsigned char* bytes, size_t size) {
  if (size < kLongSize) return count_ones<false>(bytes, size);
  const size_t before = -reinterpret_cast<uintptr_t>(bytes) & (kCacheLine - 1);
  return count_words(bytes, before) + count_ones<true>(bytes + before, size - before);
}

// --- searching

SPINEL_BITS_INLINE bool any_bit(Wide lanes) {
#if SPINEL_BITS_WIDTH == 64
  const auto vector = reinterpret_cast<__m512i>(lanes);
  return _mm512_test_epi64_mask(vector, vector) != 0;
#elif SPINEL_BITS_WIDTH == 32
  const auto vector = reinterpret_cast<__m256i>(lanes);
  return _mm256_testz_si256(vector, vector) == 0;
#else
  return (lanes[0] | lanes[1]) != 0;
#endif
}

SPINEL_BITS_TARGET size_t find_other(const unsigned char* bytes, size_t size, unsigned char skip) {
  const uint64_t word = skip * uint64_t{0x0101010101010101};
  const Wide skipped = Wide{} + word;
  size_t at = 0;
  for (; size - at >= sizeof(Block); at += sizeof(Block)) {
    if (at >= kAhead) prefetch_ahead<sizeof(Block)>(bytes + at);  // most searches end before
    const Block block = load<Block>(bytes + at);
    const Wide other =
        (block.a ^ skipped) | (block.b ^ skipped) | (block.c ^ skipped) | (block.d ^ skipped);
    if (any_bit(other)) break;
  }
  while (size - at >= 8 && load<uint64_t>(bytes + at) == word) at += 8;
  while (at < size && bytes[at] == skip) ++at;
  return at;
}

// --- combining

// The result of all sources for the bytes at `offset`, as many as a Unit has.
template <Operation kOperation, typename Unit>
SPINEL_BITS_INLINE Unit fold(const unsigned char* const* sources, size_t count, size_t offset) {
  constexpr size_t kStart = first_is_special(kOperation) ? 1 : 0;
  Unit value = load_ahead<Unit>(sources[kStart] + offset);
  Unit repeated{};  // for kOne: in more sources than one
  for (size_t i = kStart + 1; i < count; ++i) {
    const Unit next = load_ahead<Unit>(sources[i] + offset);
    if constexpr (kOperation == Operation::kAnd) {
      value = value & next;
    } else if constexpr (kOperation == Operation::kXor) {
      value = value ^ next;
    } else {
      if constexpr (kOperation == Operation::kOne) repeated = repeated | (value & next);
      value = value | next;
    }
  }
  if constexpr (kOperation == Operation::kNot) value = ~value;
  if constexpr (kOperation == Operation::kOne) value = value & ~repeated;
  if constexpr (first_is_special(kOperation)) {
    const Unit first = load_ahead<Unit>(sources[0] + offset);
    if constexpr (kOperation == Operation::kDiff) value = first & ~value;
    if constexpr (kOperation == Operation::kDiff1) value = value & ~first;
    if constexpr (kOperation == Operation::kAndOr) value = value & first;
  }
  return value;
}

template <Operation kOperation, typename Unit>
SPINEL_BITS_INLINE void fold_to(const unsigned char* const* sources, size_t count,
                                unsigned char* to, size_t offset) {
  store<Unit>(to + offset, fold<kOperation, Unit>(sources, count, offset));
}

// Stores are aligned but for the first; it and the last one may overlap their neighbours, which
// then write the same again.
template <Operation kOperation>
SPINEL_BITS_TARGET void combine(const unsigned char* const* sources, size_t count,
                                unsigned char* to, size_t size) {
  size_t at = 0;
  if (size >= kWide) {
    fold_to<kOperation, Wide>(sources, count, to, 0);
    at = kWide - (reinterpret_cast<uintptr_t>(to) & (kWide - 1));
    for (; at + sizeof(Block) <= size; at += sizeof(Block)) {
      fold_to<kOperation, Block>(sources, count, to, at);
    }
    for (; at + kWide <= size; at += kWide) fold_to<kOperation, Wide>(sources, count, to, at);
    if (at < size) fold_to<kOperation, Wide>(sources, count, to, size - kWide);
  } else if (size >= 8) {
    for (; at + 8 <= size; at += 8) fold_to<kOperation, uint64_t>(sources, count, to, at);
    if (at < size) fold_to<kOperation, uint64_t>(sources, count, to, size - 8);
  } else {
    for (; at < size; ++at) fold_to<kOperation, unsigned char>(sources, count, to, at);
  }
}

constexpr Kernels kernels() {
  return {
      .count = count,
      .find_other = find_other,
      .combine = {combine<Operation::kAnd>, combine<Operation::kOr>, combine<Operation::kXor>,
                  combine<Operation::kNot>, combine<Operation::kDiff>, combine<Operation::kDiff1>,
                  combine<Operation::kAndOr>, combine<Operation::kOne>}};
}

// NOLINTEND(misc-definitions-in-headers)

}  // namespace
}  // namespace spinel::storage::bits::SPINEL_BITS_PATH
