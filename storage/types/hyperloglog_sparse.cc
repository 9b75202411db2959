#include "storage/types/hyperloglog_sparse.h"

#include <algorithm>
#include <cstring>

#include "storage/base/assert.h"
#include "storage/base/bytes.h"

namespace spinel::storage::hll {

namespace {

char value_opcode(unsigned value, uint32_t run) {
  return static_cast<char>(0x80 | (value - 1) << 2 | (run - 1));
}

// Opcodes are measured in blocks: to read one after the other, each has to wait for the one before.
constexpr size_t kBlock = 64;

struct BlockRuns {
  uint32_t registers;
  uint32_t bytes;  // kBlock, or one more if the last opcode goes beyond it
};

// Registers that an opcode stands for, if it is of one byte, else 0.
uint32_t short_run(uint8_t opcode) {
  if ((opcode & 0x80) != 0) return (opcode & 3U) + 1;
  return (opcode & 0x40) != 0 ? 0 : opcode + 1U;
}

// The sum of short_run of all bytes of a block.
uint32_t sum_short_runs(const char* block) {
  // The compilers' own vectors: operators work on all lanes, and what is true is -1.
  using Bytes = uint8_t __attribute__((vector_size(16)));
  using Pairs = uint16_t __attribute__((vector_size(16)));
  using Words = uint64_t __attribute__((vector_size(16)));
  Pairs sums = {};
  for (size_t i = 0; i < kBlock; i += sizeof(Bytes)) {
    const auto bytes = load_unaligned<Bytes>(block + i);
    const auto values = reinterpret_cast<Bytes>(bytes >= 0x80);
    const auto zeros = reinterpret_cast<Bytes>(bytes < 0x40);
    const Bytes runs = ((bytes & 3) & values) + (bytes & zeros) - (values | zeros);
    const auto pairs = reinterpret_cast<Pairs>(runs);
    sums += (pairs & 0xff) + (pairs >> 8);
  }
  const Words words = reinterpret_cast<Words>(sums);
  return static_cast<uint32_t>((words[0] + words[1]) * 0x0001000100010001 >> 48);
}

// The highest bit of each of eight bytes, that of the first in bit 0.
uint64_t highest_bits(uint64_t bytes) {
  return (bytes >> 7 & 0x0101010101010101) * 0x0102040810204080 >> 56;
}

// What the opcodes that begin in `block` stand for. One begins it, and there is a byte behind it.
BlockRuns measure_block(const char* block) {
  uint64_t long_zeros = 0;  // bytes that begin a long run of zeros, if they begin anything
  for (size_t i = 0; i < kBlock; i += 8) {
    const auto bytes = load_unaligned<uint64_t>(block + i);
    long_zeros |= highest_bits(bytes << 1 & ~bytes) << i;
  }
  BlockRuns runs = {sum_short_runs(block), kBlock};
  while (long_zeros != 0) {
    const auto at = static_cast<size_t>(__builtin_ctzll(long_zeros));
    const auto first = static_cast<uint8_t>(block[at]);
    const auto second = static_cast<uint8_t>(block[at + 1]);
    runs.registers += ((first & 0x3fU) << 8 | second) + 1;
    // The second byte begins nothing, so neither is it to be counted as if it did.
    if (at + 1 < kBlock) {
      runs.registers -= short_run(second);
    } else {
      ++runs.bytes;
    }
    long_zeros &= ~(uint64_t{3} << at);
  }
  return runs;
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
  skip_blocks(opcodes, index);
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

void SparseCursor::skip_blocks(std::string_view opcodes, uint32_t index) {
  // Stays a block behind, so that the opcode before the one to be found is known.
  Place behind = at_;
  for (Place at = at_; opcodes.size() - at.offset > kBlock;) {
    const BlockRuns runs = measure_block(opcodes.data() + at.offset);
    if (index - at.first_register < runs.registers) break;
    behind = at;
    at.offset += runs.bytes;
    at.first_register += runs.registers;
  }
  if (behind.offset == at_.offset) return;
  at_ = behind;
  known_ = 0;
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
