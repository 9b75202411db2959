// CRC-64 with Jones' polynomial (0xad93d23594c935a9, reflected, no inversion): what ends RDB files
// and DUMP payloads.
#pragma once

#include <cstddef>
#include <cstdint>

namespace spinel::storage {

// Continues `crc` (0 to begin) over the bytes: crc64(crc64(0, a), b) is the sum of a followed by b.
uint64_t crc64(uint64_t crc, const void* data, size_t size);

namespace detail {
// The forms of crc64, which chooses by what the CPU can do; tests compare them.
uint64_t crc64_tables(uint64_t crc, const void* data, size_t size);
// Whether the next one may be called here.
bool has_crc64_pclmul();
uint64_t crc64_pclmul(uint64_t crc, const void* data, size_t size);
}  // namespace detail

}  // namespace spinel::storage
