#include "storage/containers/roaring_set.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "storage/base/assert.h"
#include "storage/base/memory.h"
#include "storage/containers/roaring_containers.h"

namespace spinel::storage {

namespace {

using containers::Container;

constexpr uint32_t kPerChunk = 65536;
// A bitset becomes an array again only well below what an array holds at most: a bit that toggles
// at that line would convert it each time.
constexpr int32_t kArrayAgain = DEFAULT_MAX_SIZE * 3 / 4;
// More runs than that are larger than a bitset.
constexpr int32_t kMostRuns = static_cast<int32_t>(RoaringSet::kChunkBytes / sizeof(rle16_t)) - 1;

roaring_array_t& rows(roaring_bitmap_t* bitmap) {
  return bitmap->high_low_container;
}
Container at(const roaring_array_t& array, int32_t index) {
  return {array.containers[index], array.typecodes[index]};
}

// One block for the pointers, keys and types of so many containers.
size_t directory_bytes(const roaring_array_t& array) {
  constexpr size_t kRow = sizeof(void*) + sizeof(uint16_t) + sizeof(uint8_t);
  return array.allocation_size == 0
             ? 0
             : usable_size(static_cast<size_t>(array.allocation_size) * kRow);
}

roaring_bitmap_t* new_bitmap(size_t capacity) {
  roaring_bitmap_t* bitmap = roaring_bitmap_create_with_capacity(static_cast<uint32_t>(capacity));
  if (bitmap == nullptr) out_of_memory(sizeof(roaring_bitmap_t));
  return bitmap;
}

// The first row whose key is not below `key`.
int32_t lower_row(const roaring_array_t& array, uint32_t key) {
  return static_cast<int32_t>(std::lower_bound(array.keys, array.keys + array.size, key) -
                              array.keys);
}

void append(roaring_array_t& array, uint32_t key, Container container) {
  ra_append(&array, static_cast<uint16_t>(key), container.data, container.type);
}

}  // namespace

RoaringSet::RoaringSet() : bitmap_(new_bitmap(0)) {
  bytes_ = measure_memory();
}

RoaringSet::RoaringSet(roaring_bitmap_s* bitmap) : bitmap_(bitmap) {
  if (bitmap_ == nullptr) out_of_memory(sizeof(roaring_bitmap_t));
  optimize();
}

RoaringSet::RoaringSet(RoaringSet&& other) noexcept
    : bitmap_(std::exchange(other.bitmap_, nullptr)),
      count_(std::exchange(other.count_, 0)),
      bytes_(std::exchange(other.bytes_, 0)),
      optimized_(std::exchange(other.optimized_, 0)) {}

RoaringSet& RoaringSet::operator=(RoaringSet&& other) noexcept {
  std::swap(bitmap_, other.bitmap_);
  std::swap(count_, other.count_);
  std::swap(bytes_, other.bytes_);
  std::swap(optimized_, other.optimized_);
  return *this;
}

RoaringSet::~RoaringSet() {
  if (bitmap_ != nullptr) roaring_bitmap_free(bitmap_);
}

RoaringSet RoaringSet::duplicate() const {
  return RoaringSet(roaring_bitmap_copy(bitmap_));
}

RoaringSet RoaringSet::from_positions(const PositionSet& positions) {
  roaring_bitmap_t* bitmap = new_bitmap(0);
  std::vector<uint32_t> chunk;  // those of one container, which leaves may divide
  const auto flush = [&] {
    if (!chunk.empty()) append(rows(bitmap), chunk.front() / kPerChunk, containers::make(chunk));
    chunk.clear();
  };
  positions.visit([&](std::span<const uint32_t> leaf) {
    for (const uint32_t position : leaf) {
      if (!chunk.empty() && chunk.front() / kPerChunk != position / kPerChunk) flush();
      chunk.push_back(position);
    }
  });
  flush();
  return RoaringSet(bitmap);
}

PositionSet RoaringSet::to_positions() const {
  PositionSet positions;
  std::vector<uint32_t> chunk(kPerChunk);
  const roaring_array_t& array = rows(bitmap_);
  for (int32_t i = 0; i < array.size; ++i) {
    const int count = container_to_uint32_array(chunk.data(), array.containers[i],
                                                array.typecodes[i], array.keys[i] * kPerChunk);
    for (int j = 0; j < count; ++j) positions.append(chunk[static_cast<size_t>(j)]);
  }
  return positions;
}

size_t RoaringSet::containers() const {
  return static_cast<size_t>(rows(bitmap_).size);
}

size_t RoaringSet::measure_memory() const {
  const roaring_array_t& array = rows(bitmap_);
  size_t bytes = usable_size(sizeof(roaring_bitmap_t)) + directory_bytes(array);
  for (int32_t i = 0; i < array.size; ++i) bytes += containers::memory_bytes(at(array, i));
  return bytes;
}

bool RoaringSet::contains(uint32_t position) const {
  return roaring_bitmap_contains(bitmap_, position);
}

void RoaringSet::replace_container(int32_t index, void* container, uint8_t type) {
  roaring_array_t& array = rows(bitmap_);
  bytes_ -= containers::memory_bytes(at(array, index));
  container_free(array.containers[index], array.typecodes[index]);
  ra_set_container_at_index(&array, index, container, type);
  bytes_ += containers::memory_bytes({container, type});
}

void RoaringSet::remove_container(int32_t index) {
  bytes_ -= containers::memory_bytes(at(rows(bitmap_), index));
  ra_remove_at_index_and_free(&rows(bitmap_), index);
}

void RoaringSet::insert_container(int32_t index, uint16_t key, uint16_t position) {
  roaring_array_t& array = rows(bitmap_);
  array_container_t* container = array_container_create();
  if (container == nullptr) out_of_memory(sizeof(array_container_t));
  array_container_append(container, position);
  bytes_ -= directory_bytes(array);
  ra_insert_new_key_value_at(&array, index, key, container, ARRAY_CONTAINER_TYPE_CODE);
  bytes_ += directory_bytes(array);
  bytes_ += containers::memory_bytes({container, ARRAY_CONTAINER_TYPE_CODE});
}

bool RoaringSet::insert(uint32_t position) {
  roaring_array_t& array = rows(bitmap_);
  const auto key = static_cast<uint16_t>(position / kPerChunk);
  const auto low = static_cast<uint16_t>(position % kPerChunk);
  const int32_t index = ra_get_index(&array, key);
  if (index < 0) {
    insert_container(-index - 1, key, low);
    ++count_;
    return true;
  }
  switch (array.typecodes[index]) {
    case ARRAY_CONTAINER_TYPE_CODE: {
      auto* container = static_cast<array_container_t*>(array.containers[index]);
      const int32_t capacity = container->capacity;
      const int added = array_container_try_add(container, low, DEFAULT_MAX_SIZE);
      if (added == 0) return false;
      if (added < 0) {
        bitset_container_t* bitset = bitset_container_from_array(container);
        bitset_container_set(bitset, low);
        replace_container(index, bitset, BITSET_CONTAINER_TYPE_CODE);
      } else if (container->capacity != capacity) {
        bytes_ -= capacity == 0 ? 0 : usable_size(static_cast<size_t>(capacity) * sizeof(uint16_t));
        bytes_ += usable_size(static_cast<size_t>(container->capacity) * sizeof(uint16_t));
      }
      break;
    }
    case RUN_CONTAINER_TYPE_CODE: {
      auto* container = static_cast<run_container_t*>(array.containers[index]);
      const size_t before = containers::memory_bytes(at(array, index));
      if (!run_container_add(container, low)) return false;
      bytes_ += containers::memory_bytes(at(array, index)) - before;
      if (container->n_runs > kMostRuns) optimize_container(index);
      break;
    }
    default:
      if (!bitset_container_add(static_cast<bitset_container_t*>(array.containers[index]), low)) {
        return false;
      }
  }
  ++count_;
  return true;
}

bool RoaringSet::erase(uint32_t position) {
  roaring_array_t& array = rows(bitmap_);
  const auto low = static_cast<uint16_t>(position % kPerChunk);
  const int32_t index = ra_get_index(&array, static_cast<uint16_t>(position / kPerChunk));
  if (index < 0) return false;
  switch (array.typecodes[index]) {
    case ARRAY_CONTAINER_TYPE_CODE: {
      auto* container = static_cast<array_container_t*>(array.containers[index]);
      if (!array_container_remove(container, low)) return false;
      if (container->cardinality == 0) remove_container(index);
      break;
    }
    case RUN_CONTAINER_TYPE_CODE: {
      auto* container = static_cast<run_container_t*>(array.containers[index]);
      const size_t before = containers::memory_bytes(at(array, index));
      if (!run_container_remove(container, low)) return false;
      bytes_ += containers::memory_bytes(at(array, index)) - before;
      if (container->n_runs == 0) {
        remove_container(index);
      } else if (container->n_runs > kMostRuns) {
        optimize_container(index);
      }
      break;
    }
    default: {
      auto* container = static_cast<bitset_container_t*>(array.containers[index]);
      if (!bitset_container_remove(container, low)) return false;
      if (container->cardinality <= kArrayAgain) {
        replace_container(index, array_container_from_bitset(container), ARRAY_CONTAINER_TYPE_CODE);
      }
    }
  }
  --count_;
  return true;
}

void RoaringSet::optimize_container(int32_t index) {
  roaring_array_t& array = rows(bitmap_);
  bytes_ -= containers::memory_bytes(at(array, index));
  const Container better = containers::optimized(at(array, index));
  ra_set_container_at_index(&array, index, better.data, better.type);
  bytes_ += containers::memory_bytes(better);
}

void RoaringSet::optimize_next() {
  const int32_t size = rows(bitmap_).size;
  if (size == 0) return;
  if (optimized_ >= size) optimized_ = 0;
  optimize_container(optimized_++);
}

void RoaringSet::optimize() {
  roaring_array_t& array = rows(bitmap_);
  count_ = 0;
  for (int32_t i = 0; i < array.size; ++i) {
    const Container better = containers::optimized(at(array, i));
    ra_set_container_at_index(&array, i, better.data, better.type);
    count_ += containers::count(better);
  }
  ra_shrink_to_fit(&array);
  bytes_ = measure_memory();
}

uint64_t RoaringSet::count_range(uint32_t first, uint32_t last) const {
  const roaring_array_t& array = rows(bitmap_);
  const uint32_t last_key = last / kPerChunk;
  uint64_t sum = 0;
  for (int32_t i = lower_row(array, first / kPerChunk); i < array.size; ++i) {
    const uint32_t key = array.keys[i];
    if (key > last_key) break;
    const uint32_t from = key == first / kPerChunk ? first % kPerChunk : 0;
    const uint32_t to = key == last_key ? last % kPerChunk : kPerChunk - 1;
    const bool whole = from == 0 && to == kPerChunk - 1;
    const Container container = at(array, i);
    sum += whole ? containers::count(container) : containers::count_range(container, from, to);
  }
  return sum;
}

std::optional<uint32_t> RoaringSet::next(uint32_t from) const {
  const roaring_array_t& array = rows(bitmap_);
  const uint32_t from_key = from / kPerChunk;
  for (int32_t i = lower_row(array, from_key); i < array.size; ++i) {
    const uint32_t key = array.keys[i];
    const uint32_t found = containers::next(at(array, i), key == from_key ? from % kPerChunk : 0);
    if (found < kPerChunk) return key * kPerChunk + found;
  }
  return std::nullopt;
}

uint64_t RoaringSet::next_missing(uint32_t from) const {
  const roaring_array_t& array = rows(bitmap_);
  uint64_t expected = from;
  for (int32_t i = lower_row(array, from / kPerChunk); i < array.size; ++i) {
    if (array.keys[i] != expected / kPerChunk) break;
    const uint64_t base = uint64_t{array.keys[i]} * kPerChunk;
    expected =
        base + containers::next_missing(at(array, i), static_cast<uint32_t>(expected - base));
    if (expected < base + kPerChunk) break;
  }
  return expected;
}

void RoaringSet::read(size_t first_byte, std::span<unsigned char> to) const {
  const roaring_array_t& array = rows(bitmap_);
  const size_t end_byte = first_byte + to.size();
  for (int32_t i = lower_row(array, static_cast<uint32_t>(first_byte / kChunkBytes));
       i < array.size; ++i) {
    const size_t base = array.keys[i] * kChunkBytes;
    if (base >= end_byte) break;
    const size_t begin = std::max(base, first_byte);
    const size_t end = std::min(base + kChunkBytes, end_byte);
    containers::read(at(array, i), begin - base, to.subspan(begin - first_byte, end - begin));
  }
}

uint32_t RoaringSet::next_chunk(uint32_t key) const {
  const roaring_array_t& array = rows(bitmap_);
  const int32_t index = lower_row(array, key);
  return index < array.size ? array.keys[index] : kChunks;
}

const unsigned char* RoaringSet::chunk(uint32_t key, unsigned char* scratch) const {
  const roaring_array_t& array = rows(bitmap_);
  const int32_t index = ra_get_index(&array, static_cast<uint16_t>(key));
  if (index < 0) return nullptr;
  const Container container = at(array, index);
  if (container.type == BITSET_CONTAINER_TYPE_CODE) {
    const auto* bitset = static_cast<const bitset_container_t*>(container.data);
    return reinterpret_cast<const unsigned char*>(bitset->array);
  }
  std::memset(scratch, 0, kChunkBytes);
  containers::read(container, 0, {scratch, kChunkBytes});
  return scratch;
}

void RoaringSet::put_chunk(uint32_t key, const unsigned char* bytes) {
  roaring_array_t& array = rows(bitmap_);
  const Container container = containers::make(bytes);
  const int32_t index = ra_get_index(&array, static_cast<uint16_t>(key));
  if (index >= 0) {
    count_ -= containers::count(at(array, index));
    if (container.data == nullptr) return remove_container(index);
    replace_container(index, container.data, container.type);
  } else {
    if (container.data == nullptr) return;
    bytes_ -= directory_bytes(array);
    ra_insert_new_key_value_at(&array, -index - 1, static_cast<uint16_t>(key), container.data,
                               container.type);
    bytes_ += directory_bytes(array) + containers::memory_bytes(container);
  }
  count_ += containers::count(container);
}

bool RoaringSet::Cursor::seek(uint32_t position) {
  const roaring_array_t& array = rows(set_.bitmap_);
  const uint32_t key = position / kPerChunk;
  if (at_ < array.size && array.keys[at_] < key) {
    at_ = ra_advance_until(&array, static_cast<uint16_t>(key), at_);
  }
  if (at_ >= array.size || array.keys[at_] != key) return false;
  return container_contains(array.containers[at_], static_cast<uint16_t>(position % kPerChunk),
                            array.typecodes[at_]);
}

}  // namespace spinel::storage
