#include "storage/base/crc64.h"

#include <array>

#include "storage/base/bytes.h"
#include "storage/base/cpu_features.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace spinel::storage {

namespace {

// 0xad93d23594c935a9 with its bits in reverse order.
constexpr uint64_t kReflectedPolynomial = 0x95ac9329ac4bc9b5ULL;

using Tables = std::array<std::array<uint64_t, 256>, 8>;

// tables[k][b] is the sum of byte b followed by k zero bytes.
constexpr Tables make_tables() {
  Tables tables{};
  for (uint64_t byte = 0; byte < 256; ++byte) {
    uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? kReflectedPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (size_t k = 1; k < 8; ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint64_t crc = tables[k - 1][byte];
      tables[k][byte] = (crc >> 8) ^ tables[0][crc & 0xff];
    }
  }
  return tables;
}
constexpr Tables kTables = make_tables();

}  // namespace

namespace detail {

uint64_t crc64_tables(uint64_t crc, const void* data, size_t size) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
                "eight bytes are folded as a little-endian word");
  const auto* at = static_cast<const unsigned char*>(data);
  for (; size >= 8; at += 8, size -= 8) {
    crc ^= load_unaligned<uint64_t>(at);
    uint64_t next = 0;
    for (size_t k = 0; k < 8; ++k) next ^= kTables[7 - k][(crc >> (8 * k)) & 0xff];
    crc = next;
  }
  for (; size > 0; ++at, --size) crc = (crc >> 8) ^ kTables[0][(crc ^ *at) & 0xff];
  return crc;
}

#if defined(__x86_64__)

namespace {

// x^`power` modulo the polynomial, with its bits in reverse order.
constexpr uint64_t power_of_x(unsigned power) {
  uint64_t remainder = uint64_t{1} << 63;  // 1
  for (; power > 0; --power) {
    remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? kReflectedPolynomial : 0);
  }
  return remainder;
}

// What the two halves of 16 bytes are multiplied by, so that their sum may be added to the 16 bytes
// that stand `Bits` bits behind them. The first half is 64 places further from there. One place
// less than the distance, since the product of two reflected numbers is shifted by one.
template <unsigned Bits>
struct Fold {
  static constexpr uint64_t kFirstHalf = power_of_x(Bits + 63);
  static constexpr uint64_t kSecondHalf = power_of_x(Bits - 1);
};

template <unsigned Bits>
[[gnu::target("pclmul,sse4.1")]] inline __m128i fold(__m128i sum, __m128i next) {
  const __m128i by = _mm_set_epi64x(static_cast<int64_t>(Fold<Bits>::kSecondHalf),
                                    static_cast<int64_t>(Fold<Bits>::kFirstHalf));
  const __m128i first = _mm_clmulepi64_si128(sum, by, 0x00);
  const __m128i second = _mm_clmulepi64_si128(sum, by, 0x11);
  return _mm_xor_si128(_mm_xor_si128(first, second), next);
}

[[gnu::target("pclmul,sse4.1")]] inline __m128i load(const unsigned char* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

constexpr size_t kBlock = sizeof(__m128i);
constexpr size_t kLanes = 4;  // as many products as the multiplier has under way at once

}  // namespace

bool has_crc64_pclmul() {
  static const bool has = CpuFeatures::detect().pclmul;
  return has;
}

// Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction" (2009),
// but for the end: the 16 bytes that everything was folded into have the sum of all, which the
// tables find.
[[gnu::target("pclmul,sse4.1")]] uint64_t crc64_pclmul(uint64_t crc, const void* data,
                                                       size_t size) {
  if (size < kLanes * kBlock) return crc64_tables(crc, data, size);
  const auto* at = static_cast<const unsigned char*>(data);
  __m128i lanes[kLanes];
  for (size_t i = 0; i < kLanes; ++i) lanes[i] = load(at + i * kBlock);
  lanes[0] = _mm_xor_si128(lanes[0], _mm_cvtsi64_si128(static_cast<int64_t>(crc)));
  at += kLanes * kBlock;
  size -= kLanes * kBlock;
  for (; size >= kLanes * kBlock; at += kLanes * kBlock, size -= kLanes * kBlock) {
    for (size_t i = 0; i < kLanes; ++i) {
      lanes[i] = fold<kLanes * kBlock * 8>(lanes[i], load(at + i * kBlock));
    }
  }
  __m128i sum = lanes[0];
  for (size_t i = 1; i < kLanes; ++i) sum = fold<kBlock * 8>(sum, lanes[i]);
  for (; size >= kBlock; at += kBlock, size -= kBlock) sum = fold<kBlock * 8>(sum, load(at));
  unsigned char folded[kBlock];
  _mm_storeu_si128(reinterpret_cast<__m128i*>(folded), sum);
  return crc64_tables(crc64_tables(0, folded, sizeof folded), at, size);
}

#else

bool has_crc64_pclmul() {
  return false;
}

uint64_t crc64_pclmul(uint64_t crc, const void* data, size_t size) {
  return crc64_tables(crc, data, size);
}

#endif

}  // namespace detail

uint64_t crc64(uint64_t crc, const void* data, size_t size) {
  return detail::has_crc64_pclmul() ? detail::crc64_pclmul(crc, data, size)
                                    : detail::crc64_tables(crc, data, size);
}

}  // namespace spinel::storage
