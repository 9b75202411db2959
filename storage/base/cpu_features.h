// What the CPU that we run on can do, for loops that are written for several kinds of them.
#pragma once

namespace spinel::storage {

// On other architectures than x86-64 nothing of it is there.
struct CpuFeatures {
  bool avx2;              // and POPCNT, which all have that have AVX2
  bool avx512;            // F, BW and VL: all lane sizes in vectors of 64 bytes, and masks
  bool avx512_vbmi;       // permutes single bytes
  bool avx512_vpopcntdq;  // counts bits
  bool pclmul;            // multiplies without carries, and SSE4.1

  static CpuFeatures detect() {
#if defined(__x86_64__)
    __builtin_cpu_init();  // this may run before constructors do
    return {
        .avx2 = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("popcnt") != 0,
        .avx512 = __builtin_cpu_supports("avx512f") != 0 &&
                  __builtin_cpu_supports("avx512bw") != 0 &&
                  __builtin_cpu_supports("avx512vl") != 0,
        .avx512_vbmi = __builtin_cpu_supports("avx512vbmi") != 0,
        .avx512_vpopcntdq = __builtin_cpu_supports("avx512vpopcntdq") != 0,
        .pclmul = __builtin_cpu_supports("pclmul") != 0 && __builtin_cpu_supports("sse4.1") != 0};
#else
    return {};
#endif
  }
};

}  // namespace spinel::storage
