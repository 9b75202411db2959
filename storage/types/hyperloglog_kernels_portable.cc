// What any CPU can run, and what the other kernels are tested against.
#include <algorithm>

#include "storage/types/hyperloglog_kernels.h"

namespace spinel::storage::hll {
namespace {

// Three bytes hold four registers.
constexpr size_t kGroups = kRegisters / 4;

struct Group {
  uint8_t values[4];
};

Group unpack_group(const uint8_t* packed) {
  const unsigned bits = packed[0] | unsigned{packed[1]} << 8 | unsigned{packed[2]} << 16;
  return {{static_cast<uint8_t>(bits & kMaxRegister),
           static_cast<uint8_t>(bits >> 6 & kMaxRegister),
           static_cast<uint8_t>(bits >> 12 & kMaxRegister), static_cast<uint8_t>(bits >> 18)}};
}

void unpack(const uint8_t* packed, Registers& to) {
  for (size_t i = 0; i < kGroups; ++i) {
    const Group group = unpack_group(packed + 3 * i);
    std::copy_n(group.values, 4, to.values + 4 * i);
  }
}

void merge(const uint8_t* packed, Registers& to) {
  for (size_t i = 0; i < kGroups; ++i) {
    const Group group = unpack_group(packed + 3 * i);
    uint8_t* values = to.values + 4 * i;
    for (size_t k = 0; k < 4; ++k) values[k] = std::max(values[k], group.values[k]);
  }
}

void pack(const Registers& from, uint8_t* packed) {
  for (size_t i = 0; i < kGroups; ++i) {
    const uint8_t* values = from.values + 4 * i;
    const unsigned bits = values[0] | unsigned{values[1]} << 6 | unsigned{values[2]} << 12 |
                          unsigned{values[3]} << 18;
    packed[3 * i] = static_cast<uint8_t>(bits);
    packed[3 * i + 1] = static_cast<uint8_t>(bits >> 8);
    packed[3 * i + 2] = static_cast<uint8_t>(bits >> 16);
  }
}

void count(const Registers& registers, Histogram& counts) {
  // Neighbours are often equal, and an increment has to wait for the one before it of the same
  // counter: so neighbours are counted apart.
  constexpr size_t kApart = 4;
  uint32_t apart[kApart][kMaxRegister + 1] = {};
  for (size_t i = 0; i < kRegisters; i += kApart) {
    for (size_t k = 0; k < kApart; ++k) ++apart[k][registers.values[i + k]];
  }
  for (const auto& part : apart) {
    for (size_t value = 0; value < counts.size(); ++value) counts[value] += part[value];
  }
}

}  // namespace

const Kernels kPortableKernels = {"portable", unpack, merge, pack, count};

}  // namespace spinel::storage::hll
