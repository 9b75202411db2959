#if defined(__x86_64__)
#include <immintrin.h>

#define SPINEL_BITS_PATH avx512
#define SPINEL_BITS_TARGET [[gnu::target("avx512f,avx512vpopcntdq,popcnt")]]
#define SPINEL_BITS_WIDTH 64
#include "storage/containers/bit_kernels_impl.h"

namespace spinel::storage::bits {

constinit const Kernels kAvx512Kernels = avx512::kernels();

}  // namespace spinel::storage::bits
#endif
