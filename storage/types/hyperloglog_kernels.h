// The kernels there are. Only for hyperloglog_registers.cc, which knows what the CPU can run.
#pragma once

#include "storage/types/hyperloglog_registers.h"

namespace spinel::storage::hll {

extern const Kernels kPortableKernels;
#if defined(__x86_64__)
extern const Kernels kAvx2Kernels;    // AVX2
extern const Kernels kAvx512Kernels;  // AVX-512 F, BW, VL, VBMI
#endif

}  // namespace spinel::storage::hll
