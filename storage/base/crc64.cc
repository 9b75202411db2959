#include "storage/base/crc64.h"

#include <array>

#include "storage/base/bytes.h"

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

uint64_t crc64(uint64_t crc, const void* data, size_t size) {
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

}  // namespace spinel::storage
