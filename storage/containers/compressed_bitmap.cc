#include "storage/containers/compressed_bitmap.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>
#include <vector>

#include "storage/base/assert.h"
#include "storage/base/bytes.h"
#include "storage/base/memory.h"
#include "storage/containers/roaring_containers.h"

namespace spinel::storage {

namespace {

constexpr size_t kChunkBytes = RoaringSet::kChunkBytes;
// Up to that many bytes are written bit by bit where they differ.
constexpr size_t kFewBytes = 256;

uint32_t position_of(uint64_t offset) {
  return static_cast<uint32_t>(offset ^ 7);
}

const unsigned char* data_of(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// The bits of a byte from the `first`th on, and up to the `last`th, the most significant being the
// 0th.
unsigned from_bit(uint64_t first) {
  return 0xffU >> (first % 8);
}
unsigned up_to_bit(uint64_t last) {
  return 0xffU & (0xffU << (7 - last % 8));
}

// Calls visit(position) for each one in `bytes`, the first of which has position 8 * first_byte.
template <typename Visit>
void visit_ones(std::string_view bytes, size_t first_byte, Visit&& visit) {
  const unsigned char* data = data_of(bytes);
  size_t at = 0;
  while (at < bytes.size()) {
    at += bits::find_other(data + at, bytes.size() - at, 0);
    const size_t size = std::min<size_t>(8, bytes.size() - at);
    uint64_t word = 0;
    std::memcpy(&word, data + at, size);
    for (; word != 0; word &= word - 1) {
      visit(static_cast<uint32_t>((first_byte + at) * 8 +
                                  static_cast<size_t>(std::countr_zero(word))));
    }
    at += size;
  }
}

// What bytes take as positions and as containers, or a part of that which is above `limit`.
struct Estimate {
  uint64_t ones = 0;
  size_t container_bytes = bitmap_policy::kEmptyBytes;

  size_t smallest() const {
    return std::min(bitmap_policy::positions_bytes(ones), container_bytes);
  }
};

Estimate estimate(std::string_view bytes, size_t limit) {
  Estimate sum;
  for (size_t at = 0; at < bytes.size() && sum.smallest() <= limit; at += kChunkBytes) {
    const std::string_view part = bytes.substr(at, kChunkBytes);
    const uint64_t ones = bits::count(data_of(part), part.size());
    if (ones == 0) continue;
    size_t runs = ones;
    // Runs are looked for only where they can make a difference.
    if (ones > 8) {
      unsigned char whole[kChunkBytes];
      const unsigned char* data = data_of(part);
      if (part.size() < kChunkBytes) {
        std::memset(whole, 0, sizeof whole);
        std::memcpy(whole, data, part.size());
        data = whole;
      }
      runs = containers::count_runs(data);
    }
    sum.ones += ones;
    sum.container_bytes += bitmap_policy::container_bytes(ones, runs);
  }
  return sum;
}

// Adds up what containers would take, position by position.
class ContainerEstimate {
 public:
  void add(std::span<const uint32_t> positions) {
    for (const uint32_t position : positions) {
      if (ones_ > 0 && position >> 16 == last_ >> 16) {
        ++ones_;
        runs_ += position == last_ + 1 ? 0 : 1;
      } else {
        close();
        ones_ = 1;
        runs_ = 1;
      }
      last_ = position;
    }
  }
  size_t bytes() {
    close();
    return bytes_;
  }

 private:
  void close() {
    if (ones_ > 0) bytes_ += bitmap_policy::container_bytes(ones_, runs_);
    ones_ = 0;
  }

  size_t bytes_ = bitmap_policy::kEmptyBytes;
  size_t ones_ = 0;
  size_t runs_ = 0;
  uint32_t last_ = 0;
};

}  // namespace

size_t estimate_containers(const PositionSet& positions) {
  ContainerEstimate sum;
  positions.visit([&](std::span<const uint32_t> leaf) { sum.add(leaf); });
  return sum.bytes();
}

std::variant<PositionSet, RoaringSet> best_form(std::span<const uint32_t> positions) {
  PositionSet set = PositionSet::from_sorted(positions);
  const size_t as_positions = bitmap_policy::positions_bytes(positions.size());
  // Mostly it is plain already from how many containers there would be.
  size_t chunks = 0;
  for (size_t i = 1; i < positions.size(); ++i) {
    chunks += positions[i] >> 16 != positions[i - 1] >> 16 ? 1 : 0;
  }
  if (chunks * bitmap_policy::container_bytes(1, 1) < as_positions &&
      estimate_containers(set) < as_positions) {
    return RoaringSet::from_positions(set);
  }
  return set;
}

std::variant<PositionSet, RoaringSet> best_form(RoaringSet chunks) {
  if (bitmap_policy::positions_bytes(chunks.count()) < chunks.memory_bytes()) {
    return chunks.to_positions();
  }
  return chunks;
}

CompressedBitmap* CompressedBitmap::create(size_t size_bytes) {
  SPINEL_ASSERT(size_bytes <= kMaxSizeBytes);
  return new CompressedBitmap(size_bytes, PositionSet());
}

CompressedBitmap* CompressedBitmap::from_bytes(std::string_view bytes) {
  SPINEL_ASSERT(bytes.size() <= kMaxSizeBytes);
  const Estimate sum = estimate(bytes, SIZE_MAX);
  if (bitmap_policy::positions_bytes(sum.ones) <= sum.container_bytes) {
    PositionSet positions;
    visit_ones(bytes, 0, [&](uint32_t position) { positions.append(position); });
    return new CompressedBitmap(bytes.size(), std::move(positions));
  }
  auto* bitmap = new CompressedBitmap(bytes.size(), RoaringSet());
  bitmap->write_chunks(std::get<RoaringSet>(bitmap->ones_), 0, bytes);
  return bitmap;
}

void CompressedBitmap::destroy(CompressedBitmap* bitmap) {
  delete bitmap;
}

CompressedBitmap* CompressedBitmap::duplicate() const {
  return std::visit(
      [&](const auto& ones) { return new CompressedBitmap(size_bytes_, ones.duplicate()); }, ones_);
}

bool CompressedBitmap::worth_compressing(std::string_view bytes) {
  const size_t limit = bitmap_policy::most_to_compress(bytes.size());
  return limit > 0 && bytes.size() <= kMaxSizeBytes && estimate(bytes, limit).smallest() <= limit;
}

void CompressedBitmap::grow(size_t size_bytes) {
  SPINEL_ASSERT(size_bytes <= kMaxSizeBytes);
  size_bytes_ = std::max(size_bytes_, size_bytes);
}

bool CompressedBitmap::get(uint64_t offset) const {
  if (offset / 8 >= size_bytes_) return false;
  return std::visit([&](const auto& ones) { return ones.contains(position_of(offset)); }, ones_);
}

bool CompressedBitmap::set(uint64_t offset, bool value) {
  grow(offset / 8 + 1);
  const uint32_t position = position_of(offset);
  const bool differs = std::visit(
      [&](auto& ones) { return value ? ones.insert(position) : ones.erase(position); }, ones_);
  if (!differs) return value;
  changed(1);
  return !value;
}

void CompressedBitmap::changed(uint64_t bits) {
  changes_ += bits;
  if (const auto* positions = std::get_if<PositionSet>(&ones_)) {
    if (changes_ >= bitmap_policy::changes_until_review(positions->count(), should_be_flat())) {
      review_positions(*positions);
    }
    return;
  }
  unlooked_ += bits;
  if (unlooked_ >= bitmap_policy::kChangesPerContainer) {
    review_containers(std::get<RoaringSet>(ones_));
  }
}

void CompressedBitmap::review_positions(const PositionSet& positions) {
  changes_ = 0;
  if (bitmap_policy::saves_enough(positions.memory_bytes(), estimate_containers(positions))) {
    ones_ = RoaringSet::from_positions(positions);
  }
}

void CompressedBitmap::review_containers(RoaringSet& chunks) {
  unlooked_ = 0;
  chunks.optimize_next();
  const auto positions_save_enough = [&] {
    return bitmap_policy::saves_enough(chunks.memory_bytes(),
                                       bitmap_policy::positions_bytes(chunks.count()));
  };
  if (!positions_save_enough() ||
      changes_ < bitmap_policy::changes_until_all_containers(chunks.memory_bytes())) {
    return;
  }
  // Containers are not what they were made for; as positions are compared with what they could be
  // when they come back, they must be now as well.
  changes_ = 0;
  chunks.optimize();
  if (positions_save_enough()) ones_ = chunks.to_positions();
}

uint64_t CompressedBitmap::count() const {
  return std::visit([](const auto& ones) { return ones.count(); }, ones_);
}

unsigned char CompressedBitmap::byte(size_t index) const {
  unsigned char value = 0;
  read(index, {&value, 1});
  return value;
}

uint64_t CompressedBitmap::count_range(uint64_t first_bit, uint64_t last_bit) const {
  SPINEL_ASSERT(first_bit <= last_bit && last_bit / 8 < size_bytes_);
  if (first_bit == 0 && last_bit == uint64_t{size_bytes_} * 8 - 1) return count();
  const size_t first_byte = first_bit / 8;
  const size_t last_byte = last_bit / 8;
  const unsigned head = from_bit(first_bit);
  const unsigned tail = up_to_bit(last_bit);
  if (first_byte == last_byte) {
    return static_cast<uint64_t>(std::popcount(byte(first_byte) & head & tail));
  }
  uint64_t sum = static_cast<uint64_t>(std::popcount(byte(first_byte) & head)) +
                 static_cast<uint64_t>(std::popcount(byte(last_byte) & tail));
  if (first_byte + 1 < last_byte) {
    const auto first = static_cast<uint32_t>((first_byte + 1) * 8);
    const auto last = static_cast<uint32_t>(last_byte * 8 - 1);
    sum += std::visit([&](const auto& ones) { return ones.count_range(first, last); }, ones_);
  }
  return sum;
}

std::optional<uint64_t> CompressedBitmap::find(bool value, uint64_t first_bit,
                                               uint64_t last_bit) const {
  SPINEL_ASSERT(first_bit <= last_bit && last_bit / 8 < size_bytes_);
  const size_t last_byte = last_bit / 8;
  // From byte to byte that holds such a bit. At most three: those at the ends may hold it outside
  // of the range only.
  for (uint64_t at = first_bit / 8; at <= last_byte; ++at) {
    const auto from = static_cast<uint32_t>(at * 8);
    if (value) {
      const std::optional<uint32_t> next =
          std::visit([&](const auto& ones) { return ones.next(from); }, ones_);
      if (!next) return std::nullopt;
      at = *next / 8;
    } else {
      at = std::visit([&](const auto& ones) { return ones.next_missing(from); }, ones_) / 8;
    }
    if (at > last_byte) return std::nullopt;
    unsigned bits = byte(at);
    if (!value) bits = ~bits & 0xffU;
    if (at == first_bit / 8) bits &= from_bit(first_bit);
    if (at == last_byte) bits &= up_to_bit(last_bit);
    if (bits != 0) {
      return at * 8 + static_cast<unsigned>(std::countl_zero(static_cast<uint8_t>(bits)));
    }
  }
  return std::nullopt;
}

void CompressedBitmap::read(size_t offset_bytes, std::span<unsigned char> to) const {
  SPINEL_ASSERT(offset_bytes <= size_bytes_ && to.size() <= size_bytes_ - offset_bytes);
  if (to.empty()) return;
  std::memset(to.data(), 0, to.size());
  std::visit([&](const auto& ones) { ones.read(offset_bytes, to); }, ones_);
}

void CompressedBitmap::write(size_t offset_bytes, std::string_view bytes) {
  grow(offset_bytes + bytes.size());
  if (bytes.size() <= kFewBytes) return write_bits(offset_bytes, bytes);
  if (auto* positions = std::get_if<PositionSet>(&ones_)) {
    const uint64_t ones = bits::count(data_of(bytes), bytes.size());
    // More than that are worth looking at all of them.
    if (ones <= bitmap_policy::changes_until_review(positions->count(), false)) {
      return write_positions(*positions, offset_bytes, bytes);
    }
    ones_ = RoaringSet::from_positions(*positions);
  }
  auto& chunks = std::get<RoaringSet>(ones_);
  write_chunks(chunks, offset_bytes, bytes);
  changed(bytes.size() / 8);
}

void CompressedBitmap::write_bits(size_t offset_bytes, std::string_view bytes) {
  unsigned char before[kFewBytes];
  read(offset_bytes, {before, bytes.size()});
  for (size_t i = 0; i < bytes.size(); ++i) {
    unsigned differing = before[i] ^ data_of(bytes)[i];
    for (; differing != 0; differing &= differing - 1) {
      const auto bit = static_cast<unsigned>(std::countr_zero(differing));
      set((uint64_t{offset_bytes} + i) * 8 + (bit ^ 7), (before[i] >> bit & 1) == 0);
    }
  }
}

void CompressedBitmap::write_positions(PositionSet& positions, size_t offset_bytes,
                                       std::string_view bytes) {
  const auto first = static_cast<uint32_t>(offset_bytes * 8);
  const auto last = static_cast<uint32_t>((offset_bytes + bytes.size()) * 8 - 1);
  uint64_t changes = positions.erase_range(first, last);
  visit_ones(bytes, offset_bytes, [&](uint32_t position) {
    positions.insert(position);
    ++changes;
  });
  changed(changes);
}

void CompressedBitmap::write_chunks(RoaringSet& chunks, size_t offset_bytes,
                                    std::string_view bytes) {
  unsigned char scratch[kChunkBytes];
  while (!bytes.empty()) {
    const auto key = static_cast<uint32_t>(offset_bytes / kChunkBytes);
    const size_t begin = offset_bytes % kChunkBytes;
    const size_t size = std::min(kChunkBytes - begin, bytes.size());
    const unsigned char* whole = data_of(bytes);
    if (size < kChunkBytes) {
      std::memset(scratch, 0, sizeof scratch);
      chunks.read(size_t{key} * kChunkBytes, scratch);
      std::memcpy(scratch + begin, bytes.data(), size);
      whole = scratch;
    }
    chunks.put_chunk(key, whole);
    bytes.remove_prefix(size);
    offset_bytes += size;
  }
}

size_t CompressedBitmap::memory_bytes() const {
  const auto* chunks = std::get_if<RoaringSet>(&ones_);
  const size_t inside =
      chunks != nullptr ? chunks->measure_memory() : std::get<PositionSet>(ones_).memory_bytes();
  return usable_size(sizeof(CompressedBitmap)) + inside;
}

size_t CompressedBitmap::approximate_bytes() const {
  return sizeof(CompressedBitmap) +
         std::visit([](const auto& ones) { return ones.memory_bytes(); }, ones_);
}

size_t CompressedBitmap::free_effort() const {
  return 1 + std::visit([](const auto& ones) { return ones.allocations(); }, ones_);
}

}  // namespace spinel::storage
