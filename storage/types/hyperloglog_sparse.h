// The sparse form of a HyperLogLog: its registers in order, as runs. An opcode is one of
//
//   00xxxxxx            a run of x + 1 zeros
//   01xxxxxx yyyyyyyy   a run of xy + 1 zeros, x being the high bits
//   1vvvvvxx            a run of x + 1 registers with the value v + 1
//
// Opcodes come from clients, so nothing is taken for granted but that the bytes are there: runs can
// add up to more or less than there are registers, and the last opcode can lack its second byte,
// which then counts as 0.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/types/hyperloglog_registers.h"

namespace spinel::storage::hll {

inline constexpr unsigned kMaxSparseValue = 32;
inline constexpr uint32_t kMaxShortZeros = 64;
inline constexpr uint32_t kMaxValueRun = 4;

struct Opcode {
  uint32_t run;   // registers
  uint8_t value;  // theirs
  uint8_t size;   // bytes of the opcode
};

// The opcode at `offset`, which is inside of `opcodes`.
inline Opcode opcode_at(std::string_view opcodes, size_t offset) {
  const auto byte = static_cast<uint8_t>(opcodes[offset]);
  if ((byte & 0x80) != 0) {
    return {(byte & 3U) + 1, static_cast<uint8_t>((byte >> 2 & 0x1f) + 1), 1};
  }
  if ((byte & 0x40) == 0) return {byte + 1U, 0, 1};
  const uint32_t low = offset + 1 < opcodes.size() ? static_cast<uint8_t>(opcodes[offset + 1]) : 0;
  return {((byte & 0x3fU) << 8 | low) + 1, 0, 2};
}

// Calls `visit(const Opcode&, uint32_t first_register)` for each run. Returns whether they make up
// all registers; where they do not, it stops at the first run that is out of bounds.
template <typename Visit>
bool for_each_run(std::string_view opcodes, Visit&& visit) {
  uint32_t first = 0;
  for (size_t offset = 0; offset < opcodes.size();) {
    const Opcode opcode = opcode_at(opcodes, offset);
    if (opcode.run > kRegisters - first) return false;
    visit(opcode, first);
    first += opcode.run;
    offset += opcode.size;
  }
  return first == kRegisters;
}

// What takes the place of an opcode when one of its registers changes.
struct Replacement {
  std::array<char, 5> bytes;
  size_t size = 0;

  void add_zeros(uint32_t run);
  void add_values(unsigned value, uint32_t run);
};

// Opcodes for what `opcode` stands for, but with register `position` of its run being `value`, 1 to
// kMaxSparseValue.
Replacement replace_register(const Opcode& opcode, uint32_t position, unsigned value);

// A place among opcodes. Going on to a later register takes up where the last one was found.
class SparseCursor {
 public:
  // Finds the opcode that covers register `index`. False if the runs end before it.
  bool seek(std::string_view opcodes, uint32_t index);

  // The opcode that was found, and the first register of its run.
  size_t offset() const { return at_.offset; }
  uint32_t first_register() const { return at_.first_register; }
  // Where the opcode before it is; its own place if it is the first.
  size_t previous_offset() const { return known_ == 0 ? at_.offset : place_before().offset; }

  // The opcode found, the one before it or what follows have changed.
  void edited();

 private:
  struct Place {
    size_t offset = 0;
    uint32_t first_register = 0;
  };

  // Goes on to near the opcode that covers `index`, with another one between if it moves at all.
  void skip_blocks(std::string_view opcodes, uint32_t index);
  const Place& place_before() const { return passed_[(steps_ - 1) % kRemembered]; }

  Place at_;
  // The opcodes passed last, as many as `known_` says: at least one, if `at_` is not the first.
  static constexpr size_t kRemembered = 4;
  std::array<Place, kRemembered> passed_;
  size_t steps_ = 0;
  size_t known_ = 0;
};

// Joins neighbouring runs of one value near the opcode at `from`, the one before a change, as Redis
// does: of the five steps on from there each passes an opcode or joins two. Returns the new size.
size_t join_runs(char* opcodes, size_t size, size_t from);

}  // namespace spinel::storage::hll
