// The registers of a HyperLogLog: how they are packed, six bits each, and what is done to all of
// them at once, with the widest instructions that the CPU has. Which those are is found out once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace spinel::storage::hll {

inline constexpr size_t kRegisters = 16384;
inline constexpr size_t kRegisterBits = 6;
inline constexpr size_t kPackedSize = kRegisters * kRegisterBits / 8;
inline constexpr unsigned kMaxRegister = (1 << kRegisterBits) - 1;

// A byte for each register, none above kMaxRegister.
struct alignas(64) Registers {
  uint8_t values[kRegisters] = {};
};

// How many registers there are of each value.
using Histogram = std::array<uint32_t, kMaxRegister + 1>;

// One register among kPackedSize bytes, the first in the lowest bits. No byte outside is touched.
unsigned packed_register(const uint8_t* packed, size_t index);
void set_packed_register(uint8_t* packed, size_t index, unsigned value);

// One way to do what is done to all registers; `packed` is kPackedSize bytes at any address.
struct Kernels {
  const char* name;
  void (*unpack)(const uint8_t* packed, Registers& to);
  // Raises each of `to` to the one in `packed`, if that is greater.
  void (*merge)(const uint8_t* packed, Registers& to);
  void (*pack)(const Registers& from, uint8_t* packed);
  // Counts into `counts`, which is all zeros.
  void (*count)(const Registers& registers, Histogram& counts);
};

// All that this CPU can run, the plain one first, the best one last.
std::span<const Kernels> supported_kernels();
// The best of them.
const Kernels& kernels();

}  // namespace spinel::storage::hll
