#include "storage/types/hyperloglog_self_test.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "storage/base/random.h"
#include "storage/types/hyperloglog.h"

namespace spinel::storage::hll {

namespace {

using Packed = std::array<uint8_t, kPackedSize>;
using Failure = std::optional<std::string>;

bool same(const Registers& a, const Registers& b) {
  return std::memcmp(a.values, b.values, kRegisters) == 0;
}

// Single registers are read as they were written, and their neighbours with them.
Failure check_registers(Random& random) {
  Packed packed = {};
  Registers expected;
  for (size_t round = 0; round < 4 * kRegisters; ++round) {
    const size_t index = random.below(kRegisters);
    const auto value = static_cast<uint8_t>(random.below(kMaxRegister + 1));
    set_packed_register(packed.data(), index, value);
    expected.values[index] = value;
  }
  for (size_t index = 0; index < kRegisters; ++index) {
    if (packed_register(packed.data(), index) != expected.values[index]) {
      return "register " + std::to_string(index) + " is not what was stored";
    }
  }
  return std::nullopt;
}

// All registers at once: what any kernel does is what can be done one by one.
Failure check_kernels(const Kernels& tested, Random& random) {
  Packed packed = {};
  Registers expected;
  Registers merged;
  Registers maximum;
  Histogram expected_counts = {};
  for (size_t index = 0; index < kRegisters; ++index) {
    const auto value = static_cast<uint8_t>(random.below(kMaxRegister + 1));
    set_packed_register(packed.data(), index, value);
    expected.values[index] = value;
    merged.values[index] = static_cast<uint8_t>(random.below(kMaxRegister + 1));
    maximum.values[index] = std::max(value, merged.values[index]);
    ++expected_counts[value];
  }
  Registers unpacked;
  Packed repacked;
  Histogram counts = {};
  tested.unpack(packed.data(), unpacked);
  tested.merge(packed.data(), merged);
  tested.pack(expected, repacked.data());
  tested.count(expected, counts);
  if (same(unpacked, expected) && same(merged, maximum) && repacked == packed &&
      counts == expected_counts) {
    return std::nullopt;
  }
  return std::string("the ") + tested.name + " code computes registers wrongly";
}

// Frees the string of a HyperLogLog at the end.
class Sketch {
 public:
  Sketch() : hll(HyperLogLog::create()) {}
  ~Sketch() { RawString::destroy(hll.value()); }
  Sketch(const Sketch&) = delete;
  Sketch& operator=(const Sketch&) = delete;

  HyperLogLog hll;
};

// Counts are right within five times the standard error, and do not depend on the form.
Failure check_counts() {
  constexpr uint64_t kElements = 1'000'000;
  constexpr size_t kMaxSparseBytes = 3000;
  const double allowed = 5 * 1.04 / std::sqrt(double{kRegisters});
  Sketch dense;
  Sketch adaptive;
  dense.hll.make_dense();
  uint64_t checkpoint = 1;
  for (uint64_t element = 1; element <= kElements; ++element) {
    const std::string_view bytes(reinterpret_cast<const char*>(&element), sizeof element);
    dense.hll.add(bytes, 0);
    adaptive.hll.add(bytes, kMaxSparseBytes);
    if (element != checkpoint) continue;
    checkpoint = checkpoint * 3 / 2 + 1;
    const std::optional<uint64_t> count = dense.hll.view().count();
    if (adaptive.hll.view().count() != count) {
      return "forms differ at " + std::to_string(element) + " elements";
    }
    const double error = std::abs(static_cast<double>(*count) - static_cast<double>(element));
    if (error > std::max(1.0, allowed * static_cast<double>(element))) {
      return "count of " + std::to_string(element) + " elements is " + std::to_string(*count);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> self_test() {
  Random random(1);
  if (Failure failure = check_registers(random)) return failure;
  for (const Kernels& tested : supported_kernels()) {
    if (Failure failure = check_kernels(tested, random)) return failure;
  }
  return check_counts();
}

}  // namespace spinel::storage::hll
