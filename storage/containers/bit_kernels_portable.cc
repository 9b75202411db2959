// For any CPU: vectors of sixteen bytes are in the baseline of 64-bit x86 and ARM, and elsewhere
// the compiler takes them apart.
#define SPINEL_BITS_PATH portable
#define SPINEL_BITS_TARGET
#define SPINEL_BITS_WIDTH 16
#include "storage/containers/bit_kernels_impl.h"

namespace spinel::storage::bits {

constinit const Kernels kPortableKernels = portable::kernels();

}  // namespace spinel::storage::bits
