#include "storage/containers/bit_kernels.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "storage/base/assert.h"
#include "storage/base/cpu_features.h"
#include "storage/containers/bit_kernels_path.h"

namespace spinel::storage::bits {
namespace {

const Kernels* kernels_of(Path path) {
#if defined(__x86_64__)
  if (path == Path::kAvx512) return &kAvx512Kernels;
  if (path == Path::kAvx2) return &kAvx2Kernels;
#endif
  SPINEL_ASSERT(path == Path::kPortable);
  return &kPortableKernels;
}

// What runs before `chosen` is initialised takes the path that is always there.
constinit const Kernels* current = &kPortableKernels;
[[maybe_unused]] const bool chosen = (use_path(best_path()), true);

const unsigned char* data(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// One run of `combine`: the result is made in segments in which the same sources have bytes left.
class Combination {
 public:
  Combination(Operation operation, std::span<const std::string_view> sources)
      : operation_(operation), count_(sources.size()) {
    if (first_is_special(operation)) {
      first_ = sources.front();
      has_first_ = true;
      sources = sources.subspan(1);
    }
    rest_.assign(sources.begin(), sources.end());
    // Those that end soonest stand last.
    std::sort(rest_.begin(), rest_.end(),
              [](std::string_view a, std::string_view b) { return a.size() > b.size(); });
    left_.reserve(count_);
  }

  void write(unsigned char* to, size_t size) {
    for (size_t at = 0; at < size;) {
      while (!rest_.empty() && rest_.back().size() <= at) rest_.pop_back();
      const size_t end = std::min(size, next_end(at));
      write_segment(at, to + at, end - at);
      at = end;
    }
  }

 private:
  bool first_reaches(size_t at) const { return has_first_ && first_.size() > at; }

  // Where the first of the sources ends that have bytes at `at`.
  size_t next_end(size_t at) const {
    size_t end = SIZE_MAX;
    if (!rest_.empty()) end = rest_.back().size();
    if (first_reaches(at)) end = std::min(end, first_.size());
    return end;
  }

  // Sources that ended are zero from there on: they decide the result, or they can be left out.
  void write_segment(size_t at, unsigned char* to, size_t size) {
    const bool first = first_reaches(at);
    left_.clear();
    if (first) left_.push_back(data(first_) + at);
    for (const std::string_view source : rest_) left_.push_back(data(source) + at);
    switch (operation_) {
      case Operation::kNot:
        return left_.empty() ? fill(to, 0xff, size) : run(Operation::kNot, to, size);
      case Operation::kAnd:
        return left_.size() < count_ ? fill(to, 0, size) : run(Operation::kAnd, to, size);
      case Operation::kDiff:
        return first ? run(rest_.empty() ? Operation::kOr : Operation::kDiff, to, size)
                     : fill(to, 0, size);
      case Operation::kAndOr:
        return first && !rest_.empty() ? run(Operation::kAndOr, to, size) : fill(to, 0, size);
      case Operation::kDiff1:
        if (rest_.empty()) return fill(to, 0, size);
        return run(first ? Operation::kDiff1 : Operation::kOr, to, size);
      case Operation::kOr:
      case Operation::kXor:
      case Operation::kOne:
        return left_.empty() ? fill(to, 0, size) : run(operation_, to, size);
    }
  }

  void run(Operation operation, unsigned char* to, size_t size) const {
    current->combine[static_cast<size_t>(operation)](left_.data(), left_.size(), to, size);
  }
  static void fill(unsigned char* to, unsigned char byte, size_t size) {
    std::memset(to, byte, size);
  }

  Operation operation_;
  size_t count_;
  bool has_first_ = false;
  std::string_view first_;                  // X, where it is treated otherwise
  std::vector<std::string_view> rest_;      // the others that have bytes left, longest first
  std::vector<const unsigned char*> left_;  // what the segment at hand is made of
};

// The bits of byte `index` that lie between the two bits.
unsigned char part(std::string_view bytes, size_t index, uint64_t first_bit, uint64_t last_bit) {
  unsigned byte = static_cast<unsigned char>(bytes[index]);
  if (index == first_bit / 8) byte &= 0xffu >> first_bit % 8;
  if (index == last_bit / 8) byte &= 0xffu << (7 - last_bit % 8);
  return static_cast<unsigned char>(byte);
}

}  // namespace

Path best_path() {
  const CpuFeatures cpu = CpuFeatures::detect();
  if (cpu.avx512 && cpu.avx512_vpopcntdq) return Path::kAvx512;
  return cpu.avx2 ? Path::kAvx2 : Path::kPortable;
}

void use_path(Path path) {
  SPINEL_ASSERT(path <= best_path());
  current = kernels_of(path);
}

uint64_t count(const unsigned char* bytes, size_t size) {
  return current->count(bytes, size);
}

size_t find_other(const unsigned char* bytes, size_t size, unsigned char skip) {
  return current->find_other(bytes, size, skip);
}

void combine(Operation operation, std::span<const std::string_view> sources, unsigned char* to,
             size_t size) {
  const size_t fewest = first_is_special(operation) ? 2 : 1;
  SPINEL_ASSERT(sources.size() >= fewest);
  SPINEL_ASSERT(operation != Operation::kNot || sources.size() == 1);
  Combination(operation, sources).write(to, size);
}

uint64_t count_range(std::string_view bytes, uint64_t first_bit, uint64_t last_bit) {
  if (first_bit > last_bit) return 0;
  SPINEL_ASSERT(last_bit / 8 < bytes.size());
  const size_t first = first_bit / 8;
  const size_t last = last_bit / 8;
  auto ones = static_cast<unsigned>(std::popcount(part(bytes, first, first_bit, last_bit)));
  if (first == last) return ones;
  ones += static_cast<unsigned>(std::popcount(part(bytes, last, first_bit, last_bit)));
  return ones + count(data(bytes) + first + 1, last - first - 1);
}

std::optional<uint64_t> find(std::string_view bytes, bool value, uint64_t first_bit,
                             uint64_t last_bit) {
  if (first_bit > last_bit) return std::nullopt;
  SPINEL_ASSERT(last_bit / 8 < bytes.size());
  const size_t last = last_bit / 8;
  const unsigned char skip = value ? 0x00 : 0xff;
  // The first byte of interest: that of `first_bit`, or one after it.
  size_t index = first_bit / 8;
  unsigned found = (static_cast<unsigned char>(bytes[index]) ^ skip) & (0xffu >> first_bit % 8);
  if (found == 0) {
    ++index;
    if (index <= last) index += find_other(data(bytes) + index, last - index + 1, skip);
    if (index > last) return std::nullopt;
    found = static_cast<unsigned char>(bytes[index]) ^ skip;
  }
  const uint64_t bit =
      uint64_t{index} * 8 + static_cast<unsigned>(std::countl_zero(static_cast<uint8_t>(found)));
  if (bit > last_bit) return std::nullopt;
  return bit;
}

}  // namespace spinel::storage::bits
