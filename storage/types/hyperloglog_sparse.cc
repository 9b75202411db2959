#include "storage/types/hyperloglog_sparse.h"

#include <algorithm>
#include <cstring>

#include "storage/base/assert.h"

namespace spinel::storage::hll {

namespace {

char value_opcode(unsigned value, uint32_t run) {
  return static_cast<char>(0x80 | (value - 1) << 2 | (run - 1));
}

}  // namespace

void Replacement::add_zeros(uint32_t run) {
  if (run == 0) return;
  const uint32_t field = run - 1;
  if (run > kMaxShortZeros) bytes[size++] = static_cast<char>(0x40 | field >> 8);
  bytes[size++] = static_cast<char>(field);
}

void Replacement::add_values(unsigned value, uint32_t run) {
  if (run != 0) bytes[size++] = value_opcode(value, run);
}

Replacement replace_register(const Opcode& opcode, uint32_t position, unsigned value) {
  SPINEL_ASSERT(position < opcode.run && value >= 1 && value <= kMaxSparseValue);
  const uint32_t behind = opcode.run - position - 1;
  Replacement replacement;
  if (opcode.value == 0) {
    replacement.add_zeros(position);
    replacement.add_values(value, 1);
    replacement.add_zeros(behind);
  } else {
    replacement.add_values(opcode.value, position);
    replacement.add_values(value, 1);
    replacement.add_values(opcode.value, behind);
  }
  return replacement;
}

bool SparseCursor::seek(std::string_view opcodes, uint32_t index) {
  if (index < at_.first_register) *this = {};
  const size_t steps_before = steps_;
  Place at = at_;
  while (at.offset < opcodes.size()) {
    const Opcode opcode = opcode_at(opcodes, at.offset);
    if (index - at.first_register < opcode.run) {
      at_ = at;
      known_ = std::min(known_ + steps_ - steps_before, kRemembered);
      return true;
    }
    passed_[steps_++ % kRemembered] = at;
    at.offset += opcode.size;
    at.first_register += opcode.run;
  }
  *this = {};
  return false;
}

void SparseCursor::edited() {
  // The one before may have been joined with what was found, those before it are as they were.
  if (known_ < 2) {
    *this = {};
  } else {
    at_ = place_before();
    --steps_;
    --known_;
  }
}

size_t join_runs(char* opcodes, size_t size, size_t from) {
  constexpr int kSteps = 5;
  size_t offset = from;
  for (int step = 0; step < kSteps && offset < size; ++step) {
    const std::string_view bytes(opcodes, size);
    const Opcode left = opcode_at(bytes, offset);
    const size_t next = offset + left.size;
    if (left.value != 0 && next < size) {
      const Opcode right = opcode_at(bytes, next);
      if (right.value == left.value && left.run + right.run <= kMaxValueRun) {
        opcodes[offset] = value_opcode(left.value, left.run + right.run);
        std::memmove(opcodes + next, opcodes + next + 1, size - next - 1);
        --size;
        continue;  // what was joined may be joined with what follows
      }
    }
    offset = next;
  }
  return size;
}

}  // namespace spinel::storage::hll
