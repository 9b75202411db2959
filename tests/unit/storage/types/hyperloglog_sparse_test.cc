#include "storage/types/hyperloglog_sparse.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>

#include "storage/base/random.h"
#include "tests/support/effort.h"

namespace spinel::storage::hll {
namespace {

// Opcodes spelt out: z(run) in the shortest form, v(value, run).
std::string z(uint32_t run) {
  Replacement zeros;
  zeros.add_zeros(run);
  return {zeros.bytes.data(), zeros.size};
}
std::string v(unsigned value, uint32_t run) {
  Replacement values;
  values.add_values(value, run);
  return {values.bytes.data(), values.size};
}
std::string replaced(const std::string& opcode, uint32_t position, unsigned value) {
  const Replacement replacement = replace_register(opcode_at(opcode, 0), position, value);
  return {replacement.bytes.data(), replacement.size};
}
std::string joined(std::string opcodes, size_t from = 0) {
  opcodes.resize(join_runs(opcodes.data(), opcodes.size(), from));
  return opcodes;
}

TEST(HyperLogLogSparse, Opcodes) {
  EXPECT_EQ(z(1), std::string(1, '\0'));
  EXPECT_EQ(z(64), "\x3f");
  EXPECT_EQ(z(65), std::string("\x40\x40"));
  EXPECT_EQ(z(16384), "\x7f\xff");
  EXPECT_EQ(v(1, 1), "\x80");
  EXPECT_EQ(v(32, 4), "\xff");
  EXPECT_EQ(v(3, 2), "\x89");
  for (const uint32_t run : {1U, 2U, 64U, 65U, 256U, 257U, 16384U}) {
    const Opcode opcode = opcode_at(z(run), 0);
    EXPECT_EQ(opcode.run, run);
    EXPECT_EQ(opcode.value, 0);
    EXPECT_EQ(opcode.size, z(run).size());
  }
  for (unsigned value = 1; value <= kMaxSparseValue; ++value) {
    for (uint32_t run = 1; run <= kMaxValueRun; ++run) {
      const Opcode opcode = opcode_at(v(value, run), 0);
      EXPECT_EQ(opcode.run, run);
      EXPECT_EQ(opcode.value, value);
      EXPECT_EQ(opcode.size, 1);
    }
  }
}

TEST(HyperLogLogSparse, AnOpcodeThatIsCutOffGoesOnWithZero) {
  const Opcode opcode = opcode_at("\x41", 0);
  EXPECT_EQ(opcode.run, 257U);
  EXPECT_EQ(opcode.size, 2);
}

TEST(HyperLogLogSparse, RunsMustMakeUpAllRegisters) {
  const auto whole = [](const std::string& opcodes) {
    return for_each_run(opcodes, [](const Opcode&, uint32_t) {});
  };
  EXPECT_TRUE(whole(z(16384)));
  EXPECT_TRUE(whole(z(16000) + z(64) + z(316) + v(1, 4)));
  EXPECT_FALSE(whole(""));
  EXPECT_FALSE(whole(z(16383)));
  EXPECT_FALSE(whole(z(16383) + v(1, 2)));
  EXPECT_FALSE(whole(z(16384) + v(1, 1)));
  EXPECT_FALSE(whole(z(16384) + z(16384)));
  EXPECT_FALSE(whole("\x7f"));
  EXPECT_TRUE(whole(z(255) + "\x7f"));  // 255 and 63 * 256 + 0 + 1: the cut-off byte is 0
  EXPECT_FALSE(whole(z(256) + "\x7f"));
}

TEST(HyperLogLogSparse, ARegisterIsReplacedWithinItsRun) {
  EXPECT_EQ(replaced(z(1), 0, 5), v(5, 1));
  EXPECT_EQ(replaced(z(3), 0, 5), v(5, 1) + z(2));
  EXPECT_EQ(replaced(z(3), 1, 5), z(1) + v(5, 1) + z(1));
  EXPECT_EQ(replaced(z(3), 2, 5), z(2) + v(5, 1));
  EXPECT_EQ(replaced(z(16384), 64, 32), z(64) + v(32, 1) + z(16319));
  EXPECT_EQ(replaced(z(16384), 5000, 1), z(5000) + v(1, 1) + z(11383));
  EXPECT_EQ(replaced(v(2, 1), 0, 3), v(3, 1));
  EXPECT_EQ(replaced(v(2, 4), 0, 3), v(3, 1) + v(2, 3));
  EXPECT_EQ(replaced(v(2, 4), 2, 3), v(2, 2) + v(3, 1) + v(2, 1));
  EXPECT_EQ(replaced(v(2, 4), 3, 3), v(2, 3) + v(3, 1));
}

TEST(HyperLogLogSparse, NeighboursAreJoined) {
  EXPECT_EQ(joined(v(1, 1) + v(1, 1)), v(1, 2));
  EXPECT_EQ(joined(v(1, 1) + v(1, 1) + v(1, 2)), v(1, 4));
  EXPECT_EQ(joined(v(1, 1) + v(2, 1)), v(1, 1) + v(2, 1));
  EXPECT_EQ(joined(v(1, 3) + v(1, 2)), v(1, 3) + v(1, 2));
  EXPECT_EQ(joined(v(1, 4) + v(1, 1) + v(1, 3)), v(1, 4) + v(1, 4));
  EXPECT_EQ(joined(z(5) + v(1, 1) + v(1, 1) + z(5)), z(5) + v(1, 2) + z(5));
  EXPECT_EQ(joined(z(5) + z(5)), z(5) + z(5));
  // The second byte of a long run of zeros is none.
  EXPECT_EQ(joined("\x40\x80" + v(1, 1)), "\x40\x80" + v(1, 1));
  EXPECT_EQ(joined(v(1, 1) + v(1, 1) + z(1000), 1), v(1, 1) + v(1, 1) + z(1000));
}

TEST(HyperLogLogSparse, NoMoreThanFiveStepsAreTaken) {
  const std::string apart = v(1, 1) + v(2, 1) + v(1, 1) + v(2, 1);
  EXPECT_EQ(joined(apart + v(3, 1) + v(3, 1)), apart + v(3, 2));
  EXPECT_EQ(joined(apart + v(1, 1) + v(3, 1) + v(3, 1)), apart + v(1, 1) + v(3, 1) + v(3, 1));
  // A joint is a step as well.
  const std::string pairs = v(1, 1) + v(1, 1) + v(2, 1) + v(2, 1) + z(1) + v(4, 1) + v(4, 1);
  EXPECT_EQ(joined(pairs), v(1, 2) + v(2, 2) + z(1) + v(4, 1) + v(4, 1));
}

// Where an opcode is, found by going through all before it.
struct Found {
  bool any = false;
  size_t offset = 0;
  size_t previous = 0;
  uint64_t first_register = 0;
};

Found find_slowly(const std::string& opcodes, uint32_t index) {
  Found found;
  for (size_t offset = 0; offset < opcodes.size();) {
    const Opcode opcode = opcode_at(opcodes, offset);
    if (index < found.first_register + opcode.run) {
      found.any = true;
      found.offset = offset;
      return found;
    }
    found.first_register += opcode.run;
    found.previous = offset;
    offset += opcode.size;
  }
  return found;
}

void expect_found(SparseCursor& cursor, const std::string& opcodes, uint32_t index) {
  const Found expected = find_slowly(opcodes, index);
  ASSERT_EQ(cursor.seek(opcodes, index), expected.any);
  if (!expected.any) return;
  ASSERT_EQ(cursor.offset(), expected.offset);
  ASSERT_EQ(cursor.first_register(), expected.first_register);
  ASSERT_EQ(cursor.previous_offset(), expected.previous);
}

TEST(HyperLogLogSparse, ACursorFindsTheSameFromAnywhere) {
  Random random(3);
  for (const uint64_t longest : {64U, 70U, 200U, 3000U}) {
    std::string opcodes;
    for (uint32_t left = kRegisters; left > 0;) {
      const bool zeros = random.below(2) == 0;
      const auto run = static_cast<uint32_t>(
          std::min<uint64_t>(left, 1 + random.below(zeros ? longest : kMaxValueRun)));
      opcodes += zeros ? z(run) : v(1 + static_cast<unsigned>(random.below(32)), run);
      left -= run;
    }
    SparseCursor moving;
    for (int round = 0; round < 1000; ++round) {
      const auto index = static_cast<uint32_t>(random.below(kRegisters));
      SparseCursor fresh;
      ASSERT_NO_FATAL_FAILURE(expect_found(fresh, opcodes, index));
      ASSERT_NO_FATAL_FAILURE(expect_found(moving, opcodes, index));
      if (random.below(3) == 0) moving.edited();  // may be said at any time
    }
  }
}

TEST(HyperLogLogSparse, ACursorFindsItsWayThroughAnyBytes) {
  Random random(4);
  for (int round = 0; round < test::effort(20'000); ++round) {
    // Long runs of zeros only now and then, else the first few cover all there is.
    const uint64_t kinds = random.below(4) == 0 ? 256 : 128;
    std::string opcodes(random.below(300), '\0');
    for (char& byte : opcodes) {
      const uint64_t value = random.below(kinds);
      byte = static_cast<char>(kinds == 256 || value < 64 ? value : value + 64);
    }
    if (kinds == 128) {
      for (int i = 0; i < 4 && !opcodes.empty(); ++i)
        opcodes[random.below(opcodes.size())] = '\x40';
    }
    SparseCursor cursor;
    for (int i = 0; i < 4; ++i) {
      const auto index = static_cast<uint32_t>(random.below(kRegisters));
      ASSERT_NO_FATAL_FAILURE(expect_found(cursor, opcodes, index)) << "round " << round;
    }
  }
}

TEST(HyperLogLogSparse, ACursorFindsNothingBehindTheLastRun) {
  SparseCursor cursor;
  EXPECT_FALSE(cursor.seek("", 0));
  const std::string opcodes = z(100) + v(1, 1);
  EXPECT_FALSE(cursor.seek(opcodes, 101));
  EXPECT_TRUE(cursor.seek(opcodes, 100));
  EXPECT_EQ(cursor.offset(), 2U);
  EXPECT_EQ(cursor.previous_offset(), 0U);
  EXPECT_FALSE(cursor.seek(opcodes, 16383));
}

}  // namespace
}  // namespace spinel::storage::hll
