#include "storage/types/hyperloglog.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "storage/base/assert.h"
#include "storage/base/bytes.h"
#include "storage/base/murmur_hash.h"
#include "storage/base/numbers.h"

namespace spinel::storage {

namespace hll {

namespace {

constexpr std::string_view kMagic = "HYLL";
constexpr size_t kEncodingOffset = 4;
constexpr size_t kCountOffset = 8;
constexpr char kDense = 0;
constexpr char kSparse = 1;
constexpr uint64_t kOutOfDate = uint64_t{1} << 63;

constexpr unsigned kIndexBits = 14;
constexpr unsigned kRankBits = 64 - kIndexBits;
static_assert(kRegisters == size_t{1} << kIndexBits);

// The two functions of "New cardinality estimation algorithms for HyperLogLog sketches" (Otmar
// Ertl, arXiv 1702.01284) that correct for registers which are still zero and for those at their
// end. The sums converge until a term no longer changes them.
double sigma(double x) {
  if (x == 1.0) return std::numeric_limits<double>::infinity();
  double weight = 1.0;
  double sum = x;
  for (double last = -1.0; sum != last;) {
    x *= x;
    last = sum;
    sum += x * weight;
    weight += weight;
  }
  return sum;
}

double tau(double x) {
  if (x == 0.0 || x == 1.0) return 0.0;
  double weight = 1.0;
  double sum = 1.0 - x;
  for (double last = -1.0; sum != last;) {
    x = std::sqrt(x);
    last = sum;
    weight *= 0.5;
    sum -= (1.0 - x) * (1.0 - x) * weight;
  }
  return sum / 3.0;
}

}  // namespace

ElementRank rank_element(std::string_view element) {
  constexpr uint64_t kSeed = 0xadc83b19;
  const uint64_t hash = murmur_hash(element, kSeed);
  // A one behind the last bit, so that there is one.
  const uint64_t rest = hash >> kIndexBits | uint64_t{1} << kRankBits;
  return {static_cast<uint32_t>(hash & (kRegisters - 1)),
          static_cast<unsigned>(__builtin_ctzll(rest)) + 1};
}

uint64_t estimate(const Histogram& counts) {
  constexpr double kAlpha = 0.721347520444481703680;  // 1 / (2 ln 2)
  constexpr double kSize = kRegisters;
  double z = kSize * tau((kSize - counts[kRankBits + 1]) / kSize);
  for (unsigned rank = kRankBits; rank >= 1; --rank) {
    z += counts[rank];
    z *= 0.5;
  }
  z += kSize * sigma(counts[0] / kSize);
  const double count = std::round(kAlpha * kSize * kSize / z);
  return count < 0x1p63 ? static_cast<uint64_t>(count) : uint64_t{1} << 63;
}

}  // namespace hll

using hll::ElementRank;
using hll::Histogram;
using hll::Opcode;
using hll::Registers;
using hll::Replacement;

// --- reading

std::optional<HyperLogLogView> HyperLogLogView::of(std::string_view bytes) {
  if (bytes.size() < hll::kHeaderSize || !bytes.starts_with(hll::kMagic)) return std::nullopt;
  const char encoding = bytes[hll::kEncodingOffset];
  const bool fits =
      encoding == hll::kSparse || (encoding == hll::kDense && bytes.size() == hll::kDenseSize);
  if (!fits) return std::nullopt;
  return HyperLogLogView(bytes);
}

bool HyperLogLogView::dense() const {
  return bytes_[hll::kEncodingOffset] == hll::kDense;
}

const uint8_t* HyperLogLogView::packed() const {
  return reinterpret_cast<const uint8_t*>(bytes_.data() + hll::kHeaderSize);
}

std::optional<uint64_t> HyperLogLogView::cached_count() const {
  const auto count = load_unaligned<uint64_t>(bytes_.data() + hll::kCountOffset);
  if ((count & hll::kOutOfDate) != 0) return std::nullopt;
  return count;
}

std::optional<uint64_t> HyperLogLogView::count() const {
  Histogram counts = {};
  if (dense()) {
    Registers registers;
    hll::kernels().unpack(packed(), registers);
    hll::kernels().count(registers, counts);
  } else {
    const bool whole = hll::for_each_run(
        opcodes(), [&counts](const Opcode& run, uint32_t) { counts[run.value] += run.run; });
    if (!whole) return std::nullopt;
  }
  return hll::estimate(counts);
}

bool HyperLogLogView::merge_into(Registers& registers) const {
  if (dense()) {
    hll::kernels().merge(packed(), registers);
    return true;
  }
  return hll::for_each_run(opcodes(), [&registers](const Opcode& run, uint32_t first) {
    if (run.value == 0) return;
    for (uint8_t* at = registers.values + first; at != registers.values + first + run.run; ++at) {
      *at = std::max(*at, run.value);
    }
  });
}

std::string HyperLogLogView::opcodes_text() const {
  std::string text;
  const auto append_number = [&text](uint32_t number) {
    char digits[kMaxInt64Chars];
    text.append(digits, format_int64(number, digits));
  };
  const std::string_view all = opcodes();
  for (size_t offset = 0; offset < all.size();) {
    const Opcode opcode = hll::opcode_at(all, offset);
    offset += opcode.size;
    if (!text.empty()) text.push_back(' ');
    if (opcode.value != 0) {
      text.append("v:");
      append_number(opcode.value);
      text.push_back(',');
    } else {
      text.append(opcode.size == 1 ? "z:" : "Z:");
    }
    append_number(opcode.run);
  }
  return text;
}

// --- changing

RawString* HyperLogLog::create() {
  Replacement zeros;
  zeros.add_zeros(hll::kRegisters);
  RawString* value =
      RawString::create(hll::kHeaderSize + zeros.size, hll::kHeaderSize + zeros.size);
  char* bytes = value->bytes();
  std::memset(bytes, 0, hll::kHeaderSize);
  std::memcpy(bytes, hll::kMagic.data(), hll::kMagic.size());
  bytes[hll::kEncodingOffset] = hll::kSparse;
  std::memcpy(bytes + hll::kHeaderSize, zeros.bytes.data(), zeros.size);
  HyperLogLog(value).forget_count();
  return value;
}

HyperLogLog::HyperLogLog(RawString* value) : value_(value) {
  SPINEL_ASSERT(HyperLogLogView::of(value->view()));
}

void HyperLogLog::cache_count(uint64_t count) {
  store_unaligned(bytes() + hll::kCountOffset, count);
}

void HyperLogLog::forget_count() {
  char* count = bytes() + hll::kCountOffset;
  store_unaligned(count, load_unaligned<uint64_t>(count) | hll::kOutOfDate);
}

HyperLogLog::Change HyperLogLog::add(std::string_view element, size_t max_sparse_bytes) {
  const ElementRank to = hll::rank_element(element);
  if (!view().dense()) {
    const Raised raised = raise_sparse(to, max_sparse_bytes);
    if (raised == Raised::kNo) return Change::kNone;
    if (raised == Raised::kCorrupt) return Change::kCorrupt;
    if (raised == Raised::kYes) {
      forget_count();
      return Change::kDone;
    }
    if (!make_dense()) return Change::kCorrupt;
  }
  if (!raise_dense(to)) return Change::kNone;
  forget_count();
  return Change::kDone;
}

void HyperLogLog::raise_to(const Registers& registers, size_t max_sparse_bytes) {
  for (uint32_t index = 0; index < hll::kRegisters && !view().dense(); ++index) {
    if (registers.values[index] == 0) continue;
    const Raised raised = raise_sparse({index, registers.values[index]}, max_sparse_bytes);
    SPINEL_ASSERT(raised != Raised::kCorrupt);
    if (raised == Raised::kNeedsDense) SPINEL_ASSERT(make_dense());
  }
  if (view().dense()) hll::kernels().pack(registers, packed());
  forget_count();
}

bool HyperLogLog::raise_dense(const ElementRank& to) {
  if (hll::packed_register(packed(), to.index) >= to.rank) return false;
  hll::set_packed_register(packed(), to.index, to.rank);
  return true;
}

HyperLogLog::Raised HyperLogLog::raise_sparse(const ElementRank& to, size_t max_sparse_bytes) {
  if (to.rank > hll::kMaxSparseValue) return Raised::kNeedsDense;
  const std::string_view opcodes = view().opcodes();
  if (!cursor_.seek(opcodes, to.index)) return Raised::kCorrupt;
  const Opcode opcode = hll::opcode_at(opcodes, cursor_.offset());
  if (opcode.value >= to.rank) return Raised::kNo;
  const Replacement replacement =
      hll::replace_register(opcode, to.index - cursor_.first_register(), to.rank);
  // One that is too large already may change as long as it does not grow.
  const bool grows = replacement.size > opcode.size;
  if (grows && value_->size + replacement.size - opcode.size > max_sparse_bytes) {
    return Raised::kNeedsDense;
  }
  replace_opcode(opcode.size, replacement);
  const size_t size = hll::join_runs(bytes() + hll::kHeaderSize, value_->size - hll::kHeaderSize,
                                     cursor_.previous_offset());
  value_->size = hll::kHeaderSize + size;
  cursor_.edited();
  return Raised::kYes;
}

void HyperLogLog::replace_opcode(size_t old_size, const Replacement& replacement) {
  const size_t offset = hll::kHeaderSize + cursor_.offset();
  // An opcode that lacks its second byte ends with the string. What replaces it is whole, else
  // registers would be lost.
  const size_t tail = std::min(offset + old_size, value_->size);
  const size_t tail_size = value_->size - tail;
  const size_t new_size = offset + replacement.size + tail_size;
  reserve(new_size);
  if (tail_size > 0) {
    std::memmove(bytes() + offset + replacement.size, bytes() + tail, tail_size);
  }
  std::memcpy(bytes() + offset, replacement.bytes.data(), replacement.size);
  value_->size = new_size;
}

void HyperLogLog::reserve(size_t size) {
  if (size <= value_->capacity) return;
  // It will grow further, but there are many small ones and none grows for long.
  RawString* larger = RawString::create(value_->size, size + size / 8);
  std::memcpy(larger->bytes(), value_->bytes(), value_->size);
  RawString::destroy(value_);
  value_ = larger;
}

bool HyperLogLog::make_dense() {
  if (view().dense()) return true;
  Registers registers;
  if (!view().merge_into(registers)) return false;
  RawString* value = RawString::create(hll::kDenseSize, hll::kDenseSize);
  std::memcpy(value->bytes(), bytes(), hll::kHeaderSize);
  RawString::destroy(value_);
  value_ = value;
  bytes()[hll::kEncodingOffset] = hll::kDense;
  hll::kernels().pack(registers, packed());
  return true;
}

}  // namespace spinel::storage
