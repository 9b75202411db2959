// BITOP with compressed sources. What is cheapest decides, in this order:
//
// - Where the result can only hold positions of one source that is kept as positions (AND; DIFF and
//   ANDOR by their first), these are looked up in the others, whatever those are and however large.
// - Sources that are all positions are merged.
// - Few sources, and very sparse ones, are libroaring's to combine, unless one is flat.
// - What is left goes by chunks of 8 KiB through the same kernels as flat strings, and only through
//   chunks where the result can hold anything.
#include <algorithm>
#include <cstring>
#include <deque>
#include <utility>
#include <vector>

#include "storage/base/assert.h"
#include "storage/containers/compressed_bitmap.h"

namespace spinel::storage {

namespace {

using bits::Operation;
using Positions = std::vector<uint32_t>;
using Ones = std::variant<PositionSet, RoaringSet>;

constexpr size_t kChunkBytes = RoaringSet::kChunkBytes;

// A source by its form; the others are null or empty.
struct Operand {
  const PositionSet* positions = nullptr;
  const RoaringSet* chunks = nullptr;
  std::string_view flat;

  bool is_flat() const { return positions == nullptr && chunks == nullptr; }
  // How many ones a compressed one has.
  uint64_t count() const { return positions != nullptr ? positions->count() : chunks->count(); }
  bool empty() const { return is_flat() ? flat.empty() : count() == 0; }
};
using Operands = std::span<const Operand>;

Positions collect(const PositionSet& set) {
  Positions positions;
  positions.reserve(set.count());
  set.visit([&](std::span<const uint32_t> leaf) {
    positions.insert(positions.end(), leaf.begin(), leaf.end());
  });
  return positions;
}

// Looking up in an operand positions that ascend.
class Lookup {
 public:
  explicit Lookup(const Operand& operand) : flat_(operand.flat) {
    if (operand.positions != nullptr) in_positions_.emplace(*operand.positions);
    if (operand.chunks != nullptr) in_chunks_.emplace(*operand.chunks);
  }

  bool contains(uint32_t position) {
    if (in_positions_) return in_positions_->seek(position);
    if (in_chunks_) return in_chunks_->seek(position);
    const size_t byte = position / 8;
    return byte < flat_.size() &&
           (static_cast<unsigned char>(flat_[byte]) >> (position % 8) & 1) != 0;
  }

 private:
  std::optional<PositionSet::Cursor> in_positions_;
  std::optional<RoaringSet::Cursor> in_chunks_;
  std::string_view flat_;
};

// Which of some positions were found in operands.
class Found {
 public:
  explicit Found(size_t count) : found_(count, 0) {}

  // Looks all of them up; `positions` ascend.
  void look_up(const Positions& positions, const Operand& operand) {
    // A walk through both lists takes a few steps where a lookup takes one, but shorter ones.
    constexpr uint64_t kStepsOfLookup = 8;
    if (operand.positions != nullptr &&
        operand.positions->count() < positions.size() * kStepsOfLookup) {
      return walk(positions, *operand.positions);
    }
    Lookup lookup(operand);
    for (size_t i = 0; i < positions.size(); ++i)
      found_[i] |= lookup.contains(positions[i]) ? 1 : 0;
  }

  // Keeps of the positions those that were found, or those that were not.
  void keep(Positions& positions, bool found) const {
    size_t kept = 0;
    for (size_t i = 0; i < positions.size(); ++i) {
      positions[kept] = positions[i];
      kept += (found_[i] != 0) == found ? 1 : 0;
    }
    positions.resize(kept);
  }

 private:
  void walk(const Positions& positions, const PositionSet& set) {
    size_t i = 0;
    set.visit([&](std::span<const uint32_t> leaf) {
      // No branch on which of the two is ahead: that would be foretold only half the time.
      for (size_t j = 0; j < leaf.size() && i < positions.size();) {
        const uint32_t x = positions[i];
        const uint32_t y = leaf[j];
        found_[i] |= static_cast<uint8_t>(x == y);
        i += static_cast<size_t>(x <= y);
        j += static_cast<size_t>(y <= x);
      }
    });
  }

  std::vector<uint8_t> found_;
};

// One of the two halves in which lists are merged.
struct Half {
  const uint32_t* a;
  const uint32_t* a_end;
  const uint32_t* b;
  const uint32_t* b_end;
  uint32_t* to;

  bool has_both() const { return a != a_end && b != b_end; }
  void step() {
    const uint32_t x = *a;
    const uint32_t y = *b;
    const auto from_a = static_cast<size_t>(x <= y);  // as a number: not to be made a branch
    *to++ = std::min(x, y);
    a += from_a;
    b += 1 - from_a;
  }
  void finish() {
    while (has_both()) step();
    to = std::copy(a, a_end, to);
    std::copy(b, b_end, to);
  }
};

// How many of the first `count` of two lists merged come from `a`.
size_t share_of(const Positions& a, const Positions& b, size_t count) {
  size_t low = count > b.size() ? count - b.size() : 0;
  size_t high = std::min(count, a.size());
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (a[middle] <= b[count - middle - 1]) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// Merges two ascending lists; what is in both is there twice. A step has to wait for the one
// before, so two halves go side by side.
Positions merge(const Positions& a, const Positions& b) {
  Positions merged(a.size() + b.size());
  const size_t middle = merged.size() / 2;
  const size_t of_a = share_of(a, b, middle);
  const uint32_t* a_middle = a.data() + of_a;
  const uint32_t* b_middle = b.data() + (middle - of_a);
  Half first{a.data(), a_middle, b.data(), b_middle, merged.data()};
  Half second{a_middle, a.data() + a.size(), b_middle, b.data() + b.size(), merged.data() + middle};
  while (first.has_both() && second.has_both()) {
    first.step();
    second.step();
  }
  first.finish();
  second.finish();
  return merged;
}

// How often a position is kept that so many sources have.
size_t times_kept(Operation operation, size_t times) {
  switch (operation) {
    case Operation::kXor:
      return times % 2;
    case Operation::kOne:
      return std::min<size_t>(times, 2);  // it must stay known that there was more than one
    default:
      return 1;
  }
}

void reduce(Operation operation, Positions& positions) {
  size_t kept = 0;
  for (size_t i = 0; i < positions.size();) {
    const uint32_t position = positions[i];
    size_t times = 1;
    while (i + times < positions.size() && positions[i + times] == position) ++times;
    for (size_t n = times_kept(operation, times); n > 0; --n) positions[kept++] = position;
    i += times;
  }
  positions.resize(kept);
}

void drop_repeated(Positions& positions) {
  size_t kept = 0;
  for (size_t i = 0; i < positions.size(); ++i) {
    const uint32_t position = positions[i];
    if (i + 1 < positions.size() && positions[i + 1] == position) {
      ++i;  // there are two at most
    } else {
      positions[kept++] = position;
    }
  }
  positions.resize(kept);
}

// OR, XOR or ONE. Merges in rounds, always the two that waited longest: each position is moved
// log2(operands) times.
Positions merge_all(Operation operation, Operands operands) {
  // Repeated positions are left where they are until they cost memory.
  constexpr size_t kReduceAbove = size_t{1} << 20;
  std::deque<Positions> waiting;
  for (const Operand& operand : operands) waiting.push_back(collect(*operand.positions));
  while (waiting.size() > 1) {
    waiting.push_back(merge(waiting[0], waiting[1]));
    waiting.pop_front();
    waiting.pop_front();
    if (waiting.back().size() > kReduceAbove) reduce(operation, waiting.back());
  }
  Positions merged = std::move(waiting.front());
  reduce(operation, merged);
  if (operation == Operation::kOne) drop_repeated(merged);
  return merged;
}

Positions merge_positions(Operation operation, Operands operands) {
  if (operation != Operation::kDiff1) return merge_all(operation, operands);
  Positions positions = merge_all(Operation::kOr, operands.subspan(1));
  Found found(positions.size());
  found.look_up(positions, operands.front());
  found.keep(positions, false);
  return positions;
}

// The positions that are looked up in the other operands, if the operation can go that way.
std::optional<Positions> look_up(Operation operation, Operands operands) {
  switch (operation) {
    case Operation::kAnd: {
      const Operand* fewest = nullptr;
      for (const Operand& operand : operands) {
        if (operand.positions != nullptr &&
            (fewest == nullptr || operand.positions->count() < fewest->positions->count())) {
          fewest = &operand;
        }
      }
      if (fewest == nullptr) return std::nullopt;
      Positions positions = collect(*fewest->positions);
      for (const Operand& operand : operands) {
        if (&operand == fewest) continue;
        Found found(positions.size());
        found.look_up(positions, operand);
        found.keep(positions, true);
      }
      return positions;
    }
    case Operation::kDiff:
    case Operation::kAndOr: {
      if (operands.front().positions == nullptr) return std::nullopt;
      Positions positions = collect(*operands.front().positions);
      Found found(positions.size());
      for (const Operand& operand : operands.subspan(1)) found.look_up(positions, operand);
      found.keep(positions, operation == Operation::kAndOr);
      return positions;
    }
    default:
      return std::nullopt;
  }
}

// The operands as sets of containers; those that are positions are converted, into `made`.
std::vector<const RoaringSet*> as_chunks(Operands operands, std::deque<RoaringSet>& made) {
  std::vector<const RoaringSet*> sets;
  for (const Operand& operand : operands) {
    if (operand.positions != nullptr) {
      sets.push_back(&made.emplace_back(RoaringSet::from_positions(*operand.positions)));
    } else {
      sets.push_back(operand.chunks);
    }
  }
  return sets;
}

class ChunkwiseCombination {
 public:
  ChunkwiseCombination(Operation operation, Operands operands)
      : operation_(operation),
        operands_(operands),
        next_(operands.size(), 0),
        scratch_(operands.size() * kChunkBytes) {
    for (size_t i = 0; i < operands_.size(); ++i) next_[i] = find_next(operands_[i], 0);
  }

  RoaringSet evaluate() {
    RoaringSet result;
    std::vector<std::string_view> parts(operands_.size());
    alignas(64) unsigned char combined[kChunkBytes];
    for (uint32_t key = next_key(0); key < RoaringSet::kChunks; key = next_key(key + 1)) {
      for (size_t i = 0; i < operands_.size(); ++i) parts[i] = part(i, key);
      bits::combine(operation_, parts, combined, kChunkBytes);
      result.put_chunk(key, combined);
    }
    return result;
  }

 private:
  // The bytes of one chunk; empty if they are all zero, shorter at the end of a flat string.
  std::string_view part(size_t index, uint32_t key) {
    const Operand& operand = operands_[index];
    const size_t offset = size_t{key} * kChunkBytes;
    if (operand.is_flat()) {
      return offset < operand.flat.size() ? operand.flat.substr(offset, kChunkBytes)
                                          : std::string_view();
    }
    unsigned char* scratch = scratch_.data() + index * kChunkBytes;
    if (operand.chunks != nullptr) {
      const unsigned char* bytes = operand.chunks->chunk(key, scratch);
      if (bytes == nullptr) return {};
      return {reinterpret_cast<const char*>(bytes), kChunkBytes};
    }
    std::memset(scratch, 0, kChunkBytes);
    operand.positions->read(offset, {scratch, kChunkBytes});
    return {reinterpret_cast<const char*>(scratch), kChunkBytes};
  }

  // The first chunk from `key` on in which an operand holds anything.
  static uint32_t find_next(const Operand& operand, uint32_t key) {
    if (key >= RoaringSet::kChunks) return RoaringSet::kChunks;
    if (operand.chunks != nullptr) return operand.chunks->next_chunk(key);
    if (operand.positions != nullptr) {
      const std::optional<uint32_t> next = operand.positions->next(key << 16);
      return next ? *next >> 16 : RoaringSet::kChunks;
    }
    const size_t offset = size_t{key} * kChunkBytes;
    if (offset >= operand.flat.size()) return RoaringSet::kChunks;
    const auto* bytes = reinterpret_cast<const unsigned char*>(operand.flat.data());
    const size_t at = offset + bits::find_other(bytes + offset, operand.flat.size() - offset, 0);
    return at < operand.flat.size() ? static_cast<uint32_t>(at / kChunkBytes) : RoaringSet::kChunks;
  }

  // The same for one of ours. Keys ascend: what was found is kept until it is passed, so that no
  // zeros are looked through twice.
  uint32_t next_in(size_t index, uint32_t key) {
    if (next_[index] < key) next_[index] = find_next(operands_[index], key);
    return next_[index];
  }
  uint32_t next_in_any(size_t from_index, uint32_t key) {
    uint32_t next = RoaringSet::kChunks;
    for (size_t i = from_index; i < operands_.size(); ++i) next = std::min(next, next_in(i, key));
    return next;
  }
  uint32_t next_in_all(uint32_t key) {
    for (size_t agreed = 0, i = 0; agreed < operands_.size(); i = (i + 1) % operands_.size()) {
      const uint32_t next = next_in(i, key);
      if (next == RoaringSet::kChunks) return next;
      agreed = next == key ? agreed + 1 : 1;
      key = next;
    }
    return key;
  }
  uint32_t next_in_first_and_any(uint32_t key) {
    for (;;) {
      const uint32_t first = next_in(0, key);
      if (first == RoaringSet::kChunks) return first;
      key = next_in_any(1, first);
      if (key == first || key == RoaringSet::kChunks) return key;
    }
  }

  // The first chunk from `key` on in which the result can hold anything.
  uint32_t next_key(uint32_t key) {
    switch (operation_) {
      case Operation::kAnd:
        return next_in_all(key);
      case Operation::kDiff:
        return next_in(0, key);
      case Operation::kDiff1:
        return next_in_any(1, key);
      case Operation::kAndOr:
        return next_in_first_and_any(key);
      default:
        return next_in_any(0, key);
    }
  }

  Operation operation_;
  Operands operands_;
  std::vector<uint32_t> next_;  // for each operand, what find_next() said last
  std::vector<unsigned char> scratch_;
};

// Leaves out what makes no difference. Nothing is left where the result is empty; one operand left
// alone is the result.
std::vector<Operand> without_empty(Operation operation, Operands operands) {
  const auto is_empty = [](const Operand& operand) { return operand.empty(); };
  const bool needs_all = operation == Operation::kAnd;
  const bool needs_first = operation == Operation::kDiff || operation == Operation::kAndOr;
  if (needs_all && std::any_of(operands.begin(), operands.end(), is_empty)) return {};
  if (needs_first && operands.front().empty()) return {};
  std::vector<Operand> left(operands.begin(), operands.end());
  std::erase_if(left, is_empty);
  const bool needs_others = operation == Operation::kDiff1 || operation == Operation::kAndOr;
  if (needs_others && left.size() == 1) left.clear();
  return left;
}

// libroaring combines two at a time, container by container; measured, it is ahead for few sources
// and for containers that are nearly empty.
bool suits_libroaring(Operation operation, Operands operands) {
  constexpr uint64_t kOnesOfChunk = 512;
  uint64_t ones = 0;
  size_t chunks = 1;
  for (const Operand& operand : operands) {
    if (operand.is_flat()) return false;
    ones += operand.count();
    if (operand.chunks != nullptr) chunks = std::max(chunks, operand.chunks->containers());
  }
  return operands.size() == 2 || operation == Operation::kAnd || ones / chunks < kOnesOfChunk;
}

Ones evaluate(Operation operation, Operands operands) {
  if (std::optional<Positions> positions = look_up(operation, operands)) {
    return best_form(*positions);
  }
  const auto is_positions = [](const Operand& operand) { return operand.positions != nullptr; };
  if (std::all_of(operands.begin(), operands.end(), is_positions)) {
    return best_form(merge_positions(operation, operands));
  }
  if (operands.size() == 1 && operands.front().chunks != nullptr) {
    return best_form(operands.front().chunks->duplicate());
  }
  if (!suits_libroaring(operation, operands)) {
    return best_form(ChunkwiseCombination(operation, operands).evaluate());
  }
  std::deque<RoaringSet> made;
  return best_form(RoaringSet::combine(operation, as_chunks(operands, made)));
}

}  // namespace

CompressedBitmap* CompressedBitmap::combine(bits::Operation operation,
                                            std::span<const Source> sources, size_t size_bytes) {
  SPINEL_ASSERT(operation != Operation::kNot && !sources.empty() && size_bytes <= kMaxSizeBytes);
  std::vector<Operand> operands;
  operands.reserve(sources.size());
  for (const Source& source : sources) {
    Operand& operand = operands.emplace_back();
    if (source.compressed == nullptr) {
      operand.flat = source.flat;
    } else if (const auto* chunks = std::get_if<RoaringSet>(&source.compressed->ones_)) {
      operand.chunks = chunks;
    } else {
      operand.positions = &std::get<PositionSet>(source.compressed->ones_);
    }
  }
  if (operation == Operation::kDiff1 && operands.front().empty()) {
    operation = Operation::kOr;  // of the others
    operands.erase(operands.begin());
  }
  const std::vector<Operand> left = without_empty(operation, operands);
  if (left.empty()) return new CompressedBitmap(size_bytes, PositionSet());
  // What one source alone is left of is itself, whatever the operation.
  const Operation effective = left.size() == 1 ? Operation::kOr : operation;
  return new CompressedBitmap(size_bytes, evaluate(effective, left));
}

}  // namespace spinel::storage
