// A byte string that is mostly zero bits, kept as the positions of its ones.
//
// Two forms inside, chosen by what is smaller (compressed_bitmap_policy.h): sorted leaves of 32-bit
// positions, 4 to 5 bytes a one however far apart they are, and libroaring's containers where there
// are many ones, or long runs of them, in a range of 65,536. 20,000 ids spread over four billion
// would make 17,000 containers of 35 bytes each.
//
// The position of a bit is its offset ^ 7: bytes in their order, and inside a byte the machine's
// order of bits, so that a bitset container is just the string's bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "storage/containers/bit_kernels.h"
#include "storage/containers/compressed_bitmap_policy.h"
#include "storage/containers/position_set.h"
#include "storage/containers/roaring_set.h"

namespace spinel::storage {

class CompressedBitmap {
 public:
  static constexpr size_t kMinSizeBytes = bitmap_policy::kMinSizeBytes;
  static constexpr size_t kMaxSizeBytes = size_t{1} << 29;  // positions have 32 bits

  CompressedBitmap(const CompressedBitmap&) = delete;
  CompressedBitmap& operator=(const CompressedBitmap&) = delete;

  static CompressedBitmap* create(size_t size_bytes);  // all zero
  static CompressedBitmap* from_bytes(std::string_view bytes);
  static void destroy(CompressedBitmap* bitmap);
  CompressedBitmap* duplicate() const;

  size_t size_bytes() const { return size_bytes_; }  // the string's length
  void grow(size_t size_bytes);                      // to at least that; what is added is zero
  bool get(uint64_t offset) const;                   // beyond the end: false
  // Returns what it was. Makes the string hold `offset`, also for false.
  bool set(uint64_t offset, bool value);

  uint64_t count() const;  // constant time
  // Both ends belong to the range and lie in the string; bit 0 is the most significant one of the
  // first byte.
  uint64_t count_range(uint64_t first_bit, uint64_t last_bit) const;
  std::optional<uint64_t> find(bool value, uint64_t first_bit, uint64_t last_bit) const;

  // Bytes inside the string.
  void read(size_t offset_bytes, std::span<unsigned char> to) const;
  // Replaces bytes; the string grows to hold them.
  void write(size_t offset_bytes, std::string_view bytes);

  // A source of BITOP: compressed, or flat where that is null.
  struct Source {
    const CompressedBitmap* compressed = nullptr;
    std::string_view flat;
  };
  // BITOP with at least one compressed source; the result is `size_bytes` long, which no source
  // exceeds. kNot is not among them: what is sparse is dense after it. Ask the result whether it
  // should be flat.
  static CompressedBitmap* combine(bits::Operation operation, std::span<const Source> sources,
                                   size_t size_bytes);

  size_t memory_bytes() const;       // as allocated, counted anew
  size_t approximate_bytes() const;  // the same, as kept up to date; constant time
  size_t free_effort() const;        // about how many allocations

  // Whether it takes so much that it should be a flat string. Constant time; ask after changes.
  bool should_be_flat() const {
    return bitmap_policy::should_be_flat(approximate_bytes(), size_bytes_);
  }
  // Whether a flat string should be compressed. Not worth asking below kMinSizeBytes.
  static bool worth_compressing(std::string_view bytes);

  enum class Form : uint8_t { kPositions, kRoaring };
  Form form() const { return static_cast<Form>(ones_.index()); }

 private:
  using Ones = std::variant<PositionSet, RoaringSet>;

  CompressedBitmap(size_t size_bytes, Ones ones)
      : size_bytes_(size_bytes), ones_(std::move(ones)) {}
  ~CompressedBitmap() = default;

  unsigned char byte(size_t index) const;
  void write_bits(size_t offset_bytes, std::string_view bytes);
  void write_positions(PositionSet& positions, size_t offset_bytes, std::string_view bytes);
  void write_chunks(RoaringSet& chunks, size_t offset_bytes, std::string_view bytes);
  // To be called after that many bits changed: the one place where the form changes.
  void changed(uint64_t bits);
  void review_positions(const PositionSet& positions);
  void review_containers(RoaringSet& chunks);

  size_t size_bytes_;
  uint64_t changes_ = 0;   // since all positions or containers were reviewed
  uint64_t unlooked_ = 0;  // changes since a container was looked at
  Ones ones_;
};

// What positions would take as containers. Looks at each of them.
size_t estimate_containers(const PositionSet& positions);
// The form that is best for these, ascending, no two alike.
std::variant<PositionSet, RoaringSet> best_form(std::span<const uint32_t> positions);
std::variant<PositionSet, RoaringSet> best_form(RoaringSet chunks);

}  // namespace spinel::storage
