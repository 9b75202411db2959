#include "storage/types/hyperloglog_registers.h"

#include <algorithm>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/cpu_features.h"
#include "storage/types/hyperloglog_kernels.h"

namespace spinel::storage::hll {

namespace {

// Two bytes that hold a register, and how far it is shifted in them. At the very end they begin one
// byte earlier than elsewhere.
struct Place {
  size_t offset;
  unsigned shift;
};

Place place_of(size_t index) {
  const size_t bit = index * kRegisterBits;
  const size_t offset = std::min(bit / 8, kPackedSize - sizeof(uint16_t));
  return {offset, static_cast<unsigned>(bit - offset * 8)};
}

std::vector<Kernels> find_kernels() {
  std::vector<Kernels> found = {kPortableKernels};
#if defined(__x86_64__)
  const CpuFeatures cpu = CpuFeatures::detect();
  if (cpu.avx2) found.push_back(kAvx2Kernels);
  if (cpu.avx512 && cpu.avx512_vbmi) found.push_back(kAvx512Kernels);
#endif
  return found;
}

}  // namespace

unsigned packed_register(const uint8_t* packed, size_t index) {
  const Place place = place_of(index);
  return (load_unaligned<uint16_t>(packed + place.offset) >> place.shift) & kMaxRegister;
}

void set_packed_register(uint8_t* packed, size_t index, unsigned value) {
  const Place place = place_of(index);
  const unsigned others =
      load_unaligned<uint16_t>(packed + place.offset) & ~(kMaxRegister << place.shift);
  store_unaligned(packed + place.offset, static_cast<uint16_t>(others | value << place.shift));
}

std::span<const Kernels> supported_kernels() {
  static const std::vector<Kernels> found = find_kernels();
  return found;
}

const Kernels& kernels() {
  static const Kernels best = supported_kernels().back();
  return best;
}

}  // namespace spinel::storage::hll
