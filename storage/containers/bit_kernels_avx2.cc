#if defined(__x86_64__)
#include <immintrin.h>

#define SPINEL_BITS_PATH avx2
#define SPINEL_BITS_TARGET [[gnu::target("avx2,popcnt")]]
#define SPINEL_BITS_WIDTH 32
#include "storage/containers/bit_kernels_impl.h"

namespace spinel::storage::bits {

constinit const Kernels kAvx2Kernels = avx2::kernels();

}  // namespace spinel::storage::bits
#endif
