// HyperLogLog: how many different elements there were, within 0.81 %, in 12 KiB or less. An element
// is hashed; 14 bits choose one of 16384 registers, which keeps the greatest rank (position of the
// lowest one) seen among the others. Strings hold it, with the layout that Redis publishes:
//
//   bytes 0-3    "HYLL"
//   byte 4       0: dense, 1: sparse
//   bytes 5-7    not used
//   bytes 8-15   the last count, little-endian; the highest bit is set if it is out of date
//   then         dense: 12288 bytes of registers (hyperloglog_registers.h)
//                sparse: opcodes (hyperloglog_sparse.h)
//
// Clients can store any string, so whatever is read here may be corrupt behind its header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/types/hyperloglog_registers.h"
#include "storage/types/hyperloglog_sparse.h"
#include "storage/types/string.h"

namespace spinel::storage {

namespace hll {

inline constexpr size_t kHeaderSize = 16;
inline constexpr size_t kDenseSize = kHeaderSize + kPackedSize;

// What an element does: it raises this register to this rank, 1 to 51.
struct ElementRank {
  uint32_t index;
  unsigned rank;
};
ElementRank rank_element(std::string_view element);

// How many elements such registers tell of. As in Redis a count that 63 bits do not hold is 2^63.
uint64_t estimate(const Histogram& counts);

}  // namespace hll

// A string that is read as a HyperLogLog. Valid while its bytes are.
class HyperLogLogView {
 public:
  // Nothing if `bytes` is none, by its header and size.
  static std::optional<HyperLogLogView> of(std::string_view bytes);

  bool dense() const;
  // The last count, if it is up to date.
  std::optional<uint64_t> cached_count() const;
  // Counts. Nothing if it is corrupt.
  std::optional<uint64_t> count() const;
  // Raises `registers` to these. False if it is corrupt; they are of no use then.
  bool merge_into(hll::Registers& registers) const;
  // The opcodes of a sparse one as text: "Z:5938 v:2,1 z:10".
  std::string opcodes_text() const;

 private:
  friend class HyperLogLog;
  explicit HyperLogLogView(std::string_view bytes) : bytes_(bytes) {}

  const uint8_t* packed() const;
  std::string_view opcodes() const { return bytes_.substr(hll::kHeaderSize); }

  std::string_view bytes_;
};

// One that is changed in place. It moves as it grows: whoever keeps it takes `value()` back.
class HyperLogLog {
 public:
  enum class Change : uint8_t { kNone, kDone, kCorrupt };

  // An empty one, sparse.
  static RawString* create();
  // `value` is one, as HyperLogLogView::of says.
  explicit HyperLogLog(RawString* value);

  RawString* value() const { return value_; }
  HyperLogLogView view() const { return HyperLogLogView(value_->view()); }

  // Adds an element. A sparse one that would become larger than `max_sparse_bytes`, or cannot hold
  // the rank, becomes dense. After kCorrupt it is as before.
  Change add(std::string_view element, size_t max_sparse_bytes);
  // Raises its registers to `registers`, which are at least as high as its own. It must not be
  // corrupt. Becomes dense as in `add`.
  void raise_to(const hll::Registers& registers, size_t max_sparse_bytes);
  // False if it is corrupt, and as before.
  bool make_dense();

  // The count in the header. What changes registers says that it is out of date.
  void cache_count(uint64_t count);
  void forget_count();

 private:
  enum class Raised : uint8_t { kNo, kYes, kNeedsDense, kCorrupt };

  char* bytes() { return value_->bytes(); }
  uint8_t* packed() { return reinterpret_cast<uint8_t*>(bytes() + hll::kHeaderSize); }
  bool raise_dense(const hll::ElementRank& to);
  Raised raise_sparse(const hll::ElementRank& to, size_t max_sparse_bytes);
  void replace_opcode(size_t old_size, const hll::Replacement& replacement);
  // Makes room for a size, which is left as it is.
  void reserve(size_t size);

  RawString* value_;
  hll::SparseCursor cursor_;
};

}  // namespace spinel::storage
