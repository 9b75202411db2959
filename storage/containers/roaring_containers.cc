#include "storage/containers/roaring_containers.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "storage/base/assert.h"
#include "storage/base/bytes.h"
#include "storage/base/memory.h"
#include "storage/containers/bit_kernels.h"
#include "storage/containers/roaring_set.h"

namespace spinel::storage::containers {

namespace {

constexpr size_t kBytes = RoaringSet::kChunkBytes;
constexpr size_t kWords = kBytes / sizeof(uint64_t);
constexpr uint32_t kPositions = 65536;
constexpr size_t kMostInArray = DEFAULT_MAX_SIZE;

const array_container_t* as_array(Container c) {
  return static_cast<const array_container_t*>(c.data);
}
const run_container_t* as_runs(Container c) {
  return static_cast<const run_container_t*>(c.data);
}
const bitset_container_t* as_bitset(Container c) {
  return static_cast<const bitset_container_t*>(c.data);
}
const unsigned char* bytes_of(const bitset_container_t* bitset) {
  return reinterpret_cast<const unsigned char*>(bitset->array);
}

// The index of the first element of `array` that is not below `position`.
size_t lower_bound(const array_container_t* array, uint32_t position) {
  const uint16_t* begin = array->array;
  return static_cast<size_t>(std::lower_bound(begin, begin + array->cardinality, position) - begin);
}

// The index of the first run that ends at or above `position`.
size_t first_run(const run_container_t* runs, uint32_t position) {
  const rle16_t* begin = runs->runs;
  const auto is_before = [&](const rle16_t& run) {
    return uint32_t{run.value} + run.length < position;
  };
  return static_cast<size_t>(std::partition_point(begin, begin + runs->n_runs, is_before) - begin);
}

// Sets the bits [first, last] of `to`.
void fill(unsigned char* to, size_t first, size_t last) {
  const unsigned char head = static_cast<unsigned char>(0xff << (first % 8));
  const unsigned char tail = static_cast<unsigned char>(0xff >> (7 - last % 8));
  if (first / 8 == last / 8) {
    to[first / 8] |= head & tail;
    return;
  }
  to[first / 8] |= head;
  std::memset(to + first / 8 + 1, 0xff, last / 8 - first / 8 - 1);
  to[last / 8] |= tail;
}

enum class Form { kArray, kRuns, kBitset };

Form smallest(size_t ones, size_t runs) {
  const size_t array_bytes = ones <= kMostInArray ? ones * sizeof(uint16_t) : kBytes + 1;
  const size_t runs_bytes = runs * sizeof(rle16_t);
  if (runs_bytes < array_bytes && runs_bytes < kBytes) return Form::kRuns;
  return array_bytes <= kBytes ? Form::kArray : Form::kBitset;
}

template <typename T>
T* allocated(T* container) {
  if (container == nullptr) out_of_memory(sizeof(T));
  return container;
}

array_container_t* new_array(size_t ones) {
  return allocated(array_container_create_given_capacity(static_cast<int32_t>(ones)));
}
run_container_t* new_runs(size_t runs) {
  return allocated(run_container_create_given_capacity(static_cast<int32_t>(runs)));
}
bitset_container_t* new_bitset(size_t ones) {
  bitset_container_t* bitset = allocated(bitset_container_create());
  bitset->cardinality = static_cast<int32_t>(ones);
  return bitset;
}

// Puts one position behind the others, which are all below it.
void append(run_container_t* runs, uint16_t position) {
  if (runs->n_runs > 0) {
    rle16_t& last = runs->runs[runs->n_runs - 1];
    if (uint32_t{last.value} + last.length + 1 == position) {
      ++last.length;
      return;
    }
  }
  runs->runs[runs->n_runs++] = {position, 0};
}

// Calls visit(first, last) for each run of ones in 8 KiB.
template <typename Visit>
void visit_runs(const unsigned char* bytes, Visit&& visit) {
  bool open = false;
  uint32_t first = 0;
  for (size_t i = 0; i < kWords; ++i) {
    const uint64_t word = load_unaligned<uint64_t>(bytes + i * 8);
    if (word == (open ? ~uint64_t{0} : 0)) continue;
    // A bit is set where a run begins or has just ended.
    uint64_t edges = word ^ (word << 1 | (open ? 1 : 0));
    for (; edges != 0; edges &= edges - 1) {
      const auto at =
          static_cast<uint32_t>(i * 64) + static_cast<uint32_t>(std::countr_zero(edges));
      if (open) {
        visit(first, at - 1);
      } else {
        first = at;
      }
      open = !open;
    }
  }
  if (open) visit(first, kPositions - 1);
}

}  // namespace

size_t memory_bytes(Container c) {
  switch (c.type) {
    case ARRAY_CONTAINER_TYPE_CODE: {
      const auto capacity = static_cast<size_t>(as_array(c)->capacity);
      return usable_size(sizeof(array_container_t)) +
             (capacity == 0 ? 0 : usable_size(capacity * sizeof(uint16_t)));
    }
    case RUN_CONTAINER_TYPE_CODE: {
      const auto capacity = static_cast<size_t>(as_runs(c)->capacity);
      return usable_size(sizeof(run_container_t)) +
             (capacity == 0 ? 0 : usable_size(capacity * sizeof(rle16_t)));
    }
    default:
      return usable_size(sizeof(bitset_container_t)) + usable_size(kBytes);
  }
}

uint64_t count(Container c) {
  return static_cast<uint64_t>(container_get_cardinality(c.data, c.type));
}

size_t count_runs(const unsigned char* bytes) {
  uint64_t starts[kWords];
  uint64_t before = 0;
  for (size_t i = 0; i < kWords; ++i) {
    const uint64_t word = load_unaligned<uint64_t>(bytes + i * 8);
    starts[i] = word & ~(word << 1 | before);
    before = word >> 63;
  }
  return bits::count(reinterpret_cast<const unsigned char*>(starts), sizeof starts);
}

Container make(const unsigned char* bytes) {
  const size_t ones = bits::count(bytes, kBytes);
  if (ones == 0) return {};
  const size_t runs = count_runs(bytes);
  switch (smallest(ones, runs)) {
    case Form::kArray: {
      array_container_t* array = new_array(ones);
      for (size_t i = 0; i < kWords; ++i) {
        uint64_t word = load_unaligned<uint64_t>(bytes + i * 8);
        for (; word != 0; word &= word - 1) {
          const size_t bit = i * 64 + static_cast<size_t>(std::countr_zero(word));
          array->array[array->cardinality++] = static_cast<uint16_t>(bit);
        }
      }
      return {array, ARRAY_CONTAINER_TYPE_CODE};
    }
    case Form::kRuns: {
      run_container_t* to = new_runs(runs);
      visit_runs(bytes, [&](uint32_t first, uint32_t last) {
        to->runs[to->n_runs++] = {static_cast<uint16_t>(first),
                                  static_cast<uint16_t>(last - first)};
      });
      return {to, RUN_CONTAINER_TYPE_CODE};
    }
    default: {
      bitset_container_t* bitset = new_bitset(ones);
      std::memcpy(bitset->array, bytes, kBytes);
      return {bitset, BITSET_CONTAINER_TYPE_CODE};
    }
  }
}

Container make(std::span<const uint32_t> positions) {
  size_t runs = 1;
  for (size_t i = 1; i < positions.size(); ++i) {
    runs += positions[i] != positions[i - 1] + 1 ? 1 : 0;
  }
  switch (smallest(positions.size(), runs)) {
    case Form::kArray: {
      array_container_t* array = new_array(positions.size());
      for (const uint32_t position : positions) {
        array->array[array->cardinality++] = static_cast<uint16_t>(position);
      }
      return {array, ARRAY_CONTAINER_TYPE_CODE};
    }
    case Form::kRuns: {
      run_container_t* to = new_runs(runs);
      for (const uint32_t position : positions) append(to, static_cast<uint16_t>(position));
      return {to, RUN_CONTAINER_TYPE_CODE};
    }
    default: {
      bitset_container_t* bitset = new_bitset(0);
      for (const uint32_t position : positions) {
        bitset_container_set(bitset, static_cast<uint16_t>(position));
      }
      return {bitset, BITSET_CONTAINER_TYPE_CODE};
    }
  }
}

Container optimized(Container c) {
  size_t runs = 0;
  switch (c.type) {
    case ARRAY_CONTAINER_TYPE_CODE:
      runs = static_cast<size_t>(array_container_number_of_runs(as_array(c)));
      break;
    case RUN_CONTAINER_TYPE_CODE:
      runs = static_cast<size_t>(as_runs(c)->n_runs);
      break;
    default:
      runs = count_runs(bytes_of(as_bitset(c)));
  }
  const Form form = smallest(count(c), runs);
  const bool is_smallest = (form == Form::kArray && c.type == ARRAY_CONTAINER_TYPE_CODE) ||
                           (form == Form::kRuns && c.type == RUN_CONTAINER_TYPE_CODE) ||
                           (form == Form::kBitset && c.type == BITSET_CONTAINER_TYPE_CODE);
  if (is_smallest) {
    container_shrink_to_fit(c.data, c.type);
    return c;
  }
  alignas(32) unsigned char scratch[kBytes];
  const unsigned char* bytes = scratch;
  if (c.type == BITSET_CONTAINER_TYPE_CODE) {
    bytes = bytes_of(as_bitset(c));
  } else {
    std::memset(scratch, 0, sizeof scratch);
    read(c, 0, scratch);
  }
  const Container better = make(bytes);
  container_free(c.data, c.type);
  return better;
}

uint64_t count_range(Container c, uint32_t first, uint32_t last) {
  switch (c.type) {
    case ARRAY_CONTAINER_TYPE_CODE:
      return lower_bound(as_array(c), last + 1) - lower_bound(as_array(c), first);
    case RUN_CONTAINER_TYPE_CODE: {
      const run_container_t* runs = as_runs(c);
      uint64_t sum = 0;
      for (auto i = first_run(runs, first); i < static_cast<size_t>(runs->n_runs); ++i) {
        const uint32_t begin = runs->runs[i].value;
        if (begin > last) break;
        sum += std::min(begin + runs->runs[i].length, last) - std::max(begin, first) + 1;
      }
      return sum;
    }
    default:
      return bits::count(bytes_of(as_bitset(c)) + first / 8, (last - first + 1) / 8);
  }
}

namespace {

// The first bit in [from, 65,536) that is `value`.
uint32_t next_in_bitset(const bitset_container_t* bitset, uint32_t from, bool value) {
  const uint64_t flip = value ? 0 : ~uint64_t{0};
  const uint64_t first = (bitset->array[from / 64] ^ flip) >> (from % 64);
  if (first != 0) return from + static_cast<uint32_t>(std::countr_zero(first));
  size_t at = from / 64 + 1;
  at += bits::find_other(bytes_of(bitset) + at * 8, kBytes - at * 8, value ? 0 : 0xff) / 8;
  if (at == kWords) return kPositions;
  return static_cast<uint32_t>(at * 64) +
         static_cast<uint32_t>(std::countr_zero(bitset->array[at] ^ flip));
}

}  // namespace

uint32_t next(Container c, uint32_t from) {
  switch (c.type) {
    case ARRAY_CONTAINER_TYPE_CODE: {
      const size_t at = lower_bound(as_array(c), from);
      return at < count(c) ? as_array(c)->array[at] : kPositions;
    }
    case RUN_CONTAINER_TYPE_CODE: {
      const size_t at = first_run(as_runs(c), from);
      if (at == static_cast<size_t>(as_runs(c)->n_runs)) return kPositions;
      return std::max<uint32_t>(from, as_runs(c)->runs[at].value);
    }
    default:
      return next_in_bitset(as_bitset(c), from, true);
  }
}

uint32_t next_missing(Container c, uint32_t from) {
  switch (c.type) {
    case ARRAY_CONTAINER_TYPE_CODE: {
      const array_container_t* array = as_array(c);
      const auto size = static_cast<size_t>(array->cardinality);
      for (size_t at = lower_bound(array, from); at < size && array->array[at] == from; ++at)
        ++from;
      return from;
    }
    case RUN_CONTAINER_TYPE_CODE: {
      const run_container_t* runs = as_runs(c);
      const auto size = static_cast<size_t>(runs->n_runs);
      // One run may begin where the one before ends: libroaring does not always join them.
      for (size_t at = first_run(runs, from); at < size && runs->runs[at].value <= from; ++at) {
        from = uint32_t{runs->runs[at].value} + runs->runs[at].length + 1;
      }
      return from;
    }
    default:
      return next_in_bitset(as_bitset(c), from, false);
  }
}

void read(Container c, size_t first_byte, std::span<unsigned char> to) {
  const auto first = static_cast<uint32_t>(first_byte * 8);
  const auto last = static_cast<uint32_t>((first_byte + to.size()) * 8 - 1);
  switch (c.type) {
    case ARRAY_CONTAINER_TYPE_CODE: {
      const array_container_t* array = as_array(c);
      const size_t end = lower_bound(array, last + 1);
      for (size_t at = lower_bound(array, first); at < end; ++at) {
        const uint32_t bit = array->array[at] - first;
        to[bit / 8] |= static_cast<unsigned char>(1U << (bit % 8));
      }
      return;
    }
    case RUN_CONTAINER_TYPE_CODE: {
      const run_container_t* runs = as_runs(c);
      for (auto i = first_run(runs, first); i < static_cast<size_t>(runs->n_runs); ++i) {
        const uint32_t begin = runs->runs[i].value;
        if (begin > last) break;
        fill(to.data(), std::max(begin, first) - first,
             std::min(begin + runs->runs[i].length, last) - first);
      }
      return;
    }
    default:
      std::memcpy(to.data(), bytes_of(as_bitset(c)) + first_byte, to.size());
  }
}

}  // namespace spinel::storage::containers
