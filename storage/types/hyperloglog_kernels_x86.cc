// AVX2 and AVX-512. Functions, not files, are compiled for them: what this file shares with others
// stays runnable everywhere.
#include "storage/types/hyperloglog_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

namespace spinel::storage::hll {
namespace {

// From here on registers are counted one by one: so few are left that it takes less than going
// through all of them once for each value that they may have.
constexpr uint32_t kFew = 512;

// --- AVX2: 24 bytes are 32 registers

#define SPINEL_AVX2 [[gnu::target("avx2")]]

constexpr size_t kAvx2Bytes = 24;
constexpr size_t kAvx2Registers = 32;

// Puts three bytes in the low bits of each 32, then spreads their four times six bits.
SPINEL_AVX2 inline __m256i unpack_avx2(const uint8_t* packed) {
  // The upper half is loaded from four bytes earlier, so as not to read what is behind the block.
  const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(packed));
  const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(packed + 8));
  const __m256i groups = _mm256_shuffle_epi8(
      _mm256_set_m128i(high, low),
      _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1,  //
                       4, 5, 6, -1, 7, 8, 9, -1, 10, 11, 12, -1, 13, 14, 15, -1));
  const __m256i first = _mm256_and_si256(groups, _mm256_set1_epi32(0x0000003f));
  const __m256i second =
      _mm256_and_si256(_mm256_slli_epi32(groups, 2), _mm256_set1_epi32(0x00003f00));
  const __m256i third =
      _mm256_and_si256(_mm256_slli_epi32(groups, 4), _mm256_set1_epi32(0x003f0000));
  const __m256i fourth =
      _mm256_and_si256(_mm256_slli_epi32(groups, 6), _mm256_set1_epi32(0x3f000000));
  return _mm256_or_si256(_mm256_or_si256(first, second), _mm256_or_si256(third, fourth));
}

SPINEL_AVX2 void unpack_all_avx2(const uint8_t* packed, Registers& to) {
  for (size_t i = 0; i < kRegisters; i += kAvx2Registers, packed += kAvx2Bytes) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(to.values + i), unpack_avx2(packed));
  }
}

SPINEL_AVX2 void merge_avx2(const uint8_t* packed, Registers& to) {
  for (size_t i = 0; i < kRegisters; i += kAvx2Registers, packed += kAvx2Bytes) {
    auto* at = reinterpret_cast<__m256i*>(to.values + i);
    _mm256_store_si256(at, _mm256_max_epu8(_mm256_load_si256(at), unpack_avx2(packed)));
  }
}

SPINEL_AVX2 void pack_avx2(const Registers& from, uint8_t* packed) {
  for (size_t i = 0; i < kRegisters; i += kAvx2Registers, packed += kAvx2Bytes) {
    const __m256i values = _mm256_load_si256(reinterpret_cast<const __m256i*>(from.values + i));
    // Two registers to 12 bits of 16, four to 24 of 32, then the empty bytes are left out.
    const __m256i pairs = _mm256_maddubs_epi16(values, _mm256_set1_epi16(0x4001));
    const __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x10000001));
    const __m256i dense = _mm256_shuffle_epi8(
        fours, _mm256_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1,  //
                                0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    const __m128i high = _mm256_extracti128_si256(dense, 1);
    // The first store writes four bytes too many, which the next ones set right.
    _mm_storeu_si128(reinterpret_cast<__m128i*>(packed), _mm256_castsi256_si128(dense));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(packed + 12), high);
    _mm_storeu_si32(packed + 20, _mm_srli_si128(high, 8));
  }
}

SPINEL_AVX2 inline uint32_t sum_avx2(__m256i bytes) {
  const __m256i sums = _mm256_sad_epu8(bytes, _mm256_setzero_si256());
  return static_cast<uint32_t>(_mm256_extract_epi64(sums, 0) + _mm256_extract_epi64(sums, 1) +
                               _mm256_extract_epi64(sums, 2) + _mm256_extract_epi64(sums, 3));
}

SPINEL_AVX2 uint32_t count_equal_avx2(const Registers& registers, unsigned value) {
  // No lane of four counters can overflow: each sees 128 registers.
  static_assert(kRegisters / kAvx2Registers / 4 < 256);
  const __m256i wanted = _mm256_set1_epi8(static_cast<char>(value));
  __m256i counters[4] = {};
  const auto* at = reinterpret_cast<const __m256i*>(registers.values);
  for (size_t i = 0; i < kRegisters / kAvx2Registers; i += 4) {
    for (size_t k = 0; k < 4; ++k) {
      const __m256i equal = _mm256_cmpeq_epi8(_mm256_load_si256(at + i + k), wanted);
      counters[k] = _mm256_sub_epi8(counters[k], equal);
    }
  }
  uint32_t total = 0;
  for (const __m256i& counter : counters) total += sum_avx2(counter);
  return total;
}

SPINEL_AVX2 uint8_t least_avx2(const Registers& registers) {
  const auto* at = reinterpret_cast<const __m256i*>(registers.values);
  __m256i least = _mm256_load_si256(at);
  for (size_t i = 1; i < kRegisters / kAvx2Registers; ++i) {
    least = _mm256_min_epu8(least, _mm256_load_si256(at + i));
  }
  alignas(32) uint8_t lanes[kAvx2Registers];
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), least);
  uint8_t result = lanes[0];
  for (const uint8_t lane : lanes) result = lane < result ? lane : result;
  return result;
}

SPINEL_AVX2 void count_above_avx2(const Registers& registers, unsigned value, Histogram& counts) {
  const __m256i bound = _mm256_set1_epi8(static_cast<char>(value));
  for (size_t i = 0; i < kRegisters; i += kAvx2Registers) {
    const __m256i values =
        _mm256_load_si256(reinterpret_cast<const __m256i*>(registers.values + i));
    auto above = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpgt_epi8(values, bound)));
    for (; above != 0; above &= above - 1) {
      ++counts[registers.values[i + static_cast<size_t>(__builtin_ctz(above))]];
    }
  }
}

SPINEL_AVX2 void count_avx2(const Registers& registers, Histogram& counts) {
  uint32_t left = kRegisters;
  unsigned value = least_avx2(registers);
  for (; left > kFew; ++value) left -= counts[value] = count_equal_avx2(registers, value);
  if (left > 0) count_above_avx2(registers, value - 1, counts);
}

// --- AVX-512: 48 bytes are 64 registers

#define SPINEL_AVX512 [[gnu::target("avx512f,avx512bw,avx512vl,avx512vbmi,popcnt,bmi")]]

constexpr size_t kAvx512Bytes = 48;
constexpr size_t kAvx512Registers = 64;
constexpr __mmask64 kAvx512Mask = (__mmask64{1} << kAvx512Bytes) - 1;
// All lanes: the forms without a mask make GCC 12 warn of its own headers.
constexpr __mmask64 kAllLanes = ~__mmask64{0};

// Puts six bytes in each 64 bits, then takes eight times six bits out of those.
SPINEL_AVX512 inline __m512i unpack_avx512(const uint8_t* packed) {
  const __m512i spread = _mm512_set_epi8(
      0, 0, 47, 46, 45, 44, 43, 42, 0, 0, 41, 40, 39, 38, 37, 36, 0, 0, 35, 34, 33, 32, 31, 30,  //
      0, 0, 29, 28, 27, 26, 25, 24, 0, 0, 23, 22, 21, 20, 19, 18, 0, 0, 17, 16, 15, 14, 13, 12,  //
      0, 0, 11, 10, 9, 8, 7, 6, 0, 0, 5, 4, 3, 2, 1, 0);
  const __m512i shifts = _mm512_set1_epi64(0x2a241e18120c0600);
  const __m512i groups = _mm512_maskz_permutexvar_epi8(
      kAllLanes, spread, _mm512_maskz_loadu_epi8(kAvx512Mask, packed));
  return _mm512_and_si512(_mm512_maskz_multishift_epi64_epi8(kAllLanes, shifts, groups),
                          _mm512_set1_epi8(0x3f));
}

SPINEL_AVX512 void unpack_all_avx512(const uint8_t* packed, Registers& to) {
  for (size_t i = 0; i < kRegisters; i += kAvx512Registers, packed += kAvx512Bytes) {
    _mm512_store_si512(to.values + i, unpack_avx512(packed));
  }
}

SPINEL_AVX512 void merge_avx512(const uint8_t* packed, Registers& to) {
  for (size_t i = 0; i < kRegisters; i += kAvx512Registers, packed += kAvx512Bytes) {
    const __m512i merged = _mm512_max_epu8(_mm512_load_si512(to.values + i), unpack_avx512(packed));
    _mm512_store_si512(to.values + i, merged);
  }
}

SPINEL_AVX512 void pack_avx512(const Registers& from, uint8_t* packed) {
  const __m512i closed = _mm512_set_epi8(
      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 62, 61, 60, 58, 57, 56, 54, 53,  //
      52, 50, 49, 48, 46, 45, 44, 42, 41, 40, 38, 37, 36, 34, 33, 32, 30, 29, 28, 26, 25, 24, 22,
      21, 20, 18, 17, 16, 14, 13, 12, 10, 9, 8, 6, 5, 4, 2, 1, 0);
  for (size_t i = 0; i < kRegisters; i += kAvx512Registers, packed += kAvx512Bytes) {
    // As in pack_avx2.
    const __m512i pairs =
        _mm512_maddubs_epi16(_mm512_load_si512(from.values + i), _mm512_set1_epi16(0x4001));
    const __m512i fours = _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x10000001));
    _mm512_mask_storeu_epi8(packed, kAvx512Mask,
                            _mm512_maskz_permutexvar_epi8(kAllLanes, closed, fours));
  }
}

SPINEL_AVX512 void count_avx512(const Registers& registers, Histogram& counts) {
  __m512i least = _mm512_load_si512(registers.values);
  for (size_t i = kAvx512Registers; i < kRegisters; i += kAvx512Registers) {
    least = _mm512_min_epu8(least, _mm512_load_si512(registers.values + i));
  }
  uint32_t left = kRegisters;
  unsigned value = 0;
  while (_mm512_cmpeq_epi8_mask(least, _mm512_set1_epi8(static_cast<char>(value))) == 0) ++value;
  for (; left > kFew; ++value) {
    const __m512i wanted = _mm512_set1_epi8(static_cast<char>(value));
    uint64_t total = 0;
    for (size_t i = 0; i < kRegisters; i += kAvx512Registers) {
      total += static_cast<uint64_t>(__builtin_popcountll(
          _mm512_cmpeq_epi8_mask(_mm512_load_si512(registers.values + i), wanted)));
    }
    counts[value] = static_cast<uint32_t>(total);
    left -= counts[value];
  }
  if (left == 0) return;
  const __m512i bound = _mm512_set1_epi8(static_cast<char>(value));
  for (size_t i = 0; i < kRegisters; i += kAvx512Registers) {
    uint64_t rest = _mm512_cmpge_epu8_mask(_mm512_load_si512(registers.values + i), bound);
    for (; rest != 0; rest &= rest - 1) {
      ++counts[registers.values[i + static_cast<size_t>(__builtin_ctzll(rest))]];
    }
  }
}

}  // namespace

const Kernels kAvx2Kernels = {"AVX2", unpack_all_avx2, merge_avx2, pack_avx2, count_avx2};
const Kernels kAvx512Kernels = {"AVX-512", unpack_all_avx512, merge_avx512, pack_avx512,
                                count_avx512};

}  // namespace spinel::storage::hll

#endif
