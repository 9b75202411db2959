// What one path of bit_kernels.h consists of. Only for the bit_kernels*.cc files.
#pragma once

#include "storage/containers/bit_kernels.h"

namespace spinel::storage::bits {

// Whether X is treated otherwise than the rest.
constexpr bool first_is_special(Operation operation) {
  return operation == Operation::kDiff || operation == Operation::kDiff1 ||
         operation == Operation::kAndOr;
}

// Combines `count` sources of at least `size` bytes each, X first.
using CombineKernel = void (*)(const unsigned char* const* sources, size_t count, unsigned char* to,
                               size_t size);

struct Kernels {
  uint64_t (*count)(const unsigned char* bytes, size_t size);
  size_t (*find_other)(const unsigned char* bytes, size_t size, unsigned char skip);
  CombineKernel combine[kOperationCount];  // by Operation
};

extern const Kernels kPortableKernels;
#if defined(__x86_64__)
extern const Kernels kAvx2Kernels;
extern const Kernels kAvx512Kernels;
#endif

}  // namespace spinel::storage::bits
