#include "storage/containers/intset.h"

#include <cstring>
#include <limits>

#include "storage/base/assert.h"
#include "storage/base/bytes.h"
#include "storage/base/memory.h"

namespace spinel::storage {

namespace {

template <typename Integer>
constexpr bool fits(int64_t value) {
  return value >= std::numeric_limits<Integer>::min() &&
         value <= std::numeric_limits<Integer>::max();
}

uint32_t width_of(int64_t value) {
  return fits<int16_t>(value) ? 2 : fits<int32_t>(value) ? 4 : 8;
}

int64_t read(const unsigned char* values, size_t index, uint32_t width) {
  switch (width) {
    case 2:
      return load_unaligned<int16_t>(values + index * 2);
    case 4:
      return load_unaligned<int32_t>(values + index * 4);
    default:
      return load_unaligned<int64_t>(values + index * 8);
  }
}

// The first index in [low, high) whose element is not below `value`, or `high`.
template <typename Integer>
size_t lower_bound(const unsigned char* values, size_t low, size_t high, int64_t value) {
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (load_unaligned<Integer>(values + middle * sizeof(Integer)) < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

size_t lower_bound(const unsigned char* values, size_t low, size_t high, int64_t value,
                   uint32_t width) {
  switch (width) {
    case 2:
      return lower_bound<int16_t>(values, low, high, value);
    case 4:
      return lower_bound<int32_t>(values, low, high, value);
    default:
      return lower_bound<int64_t>(values, low, high, value);
  }
}

}  // namespace

Intset* Intset::create() {
  auto* set = static_cast<Intset*>(allocate_bytes(usable_size(kHeader)));
  set->width_ = 2;
  set->count_ = 0;
  return set;
}

Intset* Intset::from_raw(std::string_view raw) {
  auto* set = static_cast<Intset*>(allocate_bytes(usable_size(raw.size())));
  std::memcpy(static_cast<void*>(set), raw.data(), raw.size());
  SPINEL_ASSERT(set->size_bytes() == raw.size());
  return set;
}

void Intset::destroy(Intset* set) {
  free_bytes(set, set->allocated_bytes());
}

Intset* Intset::duplicate(const Intset* set) {
  auto* copy = static_cast<Intset*>(allocate_bytes(set->allocated_bytes()));
  std::memcpy(static_cast<void*>(copy), set, set->size_bytes());
  return copy;
}

size_t Intset::allocated_bytes() const {
  return usable_size(size_bytes());
}

std::string_view Intset::raw() const {
  return {reinterpret_cast<const char*>(this), size_bytes()};
}

int64_t Intset::at(size_t index) const {
  return read(values(), index, width_);
}

bool Intset::contains(int64_t value) const {
  const size_t index = lower_bound(values(), 0, count_, value, width_);
  return index < count_ && at(index) == value;
}

size_t Intset::seek(int64_t value, size_t from) const {
  size_t step = 1;
  size_t high = from;  // all before it are below `value`, once the loop went past it
  while (high < count_ && at(high) < value) {
    from = high + 1;
    high += step;
    step *= 2;
  }
  return lower_bound(values(), from, high < count_ ? high : count_, value, width_);
}

void Intset::put(size_t index, int64_t value) {
  unsigned char* to = values() + index * width_;
  switch (width_) {
    case 2:
      return store_unaligned(to, static_cast<int16_t>(value));
    case 4:
      return store_unaligned(to, static_cast<int32_t>(value));
    default:
      return store_unaligned(to, value);
  }
}

Intset* Intset::resize(Intset* set, size_t old_bytes, size_t new_bytes) {
  const size_t old_block = usable_size(old_bytes);
  const size_t new_block = usable_size(new_bytes);
  if (old_block == new_block) return set;
  return static_cast<Intset*>(reallocate_bytes(set, old_block, new_block));
}

void Intset::widen_and_insert(Intset*& set, int64_t value, uint32_t width) {
  const uint32_t old_width = set->width_;
  const uint32_t count = set->count_;
  set = resize(set, set->size_bytes(), kHeader + (size_t{count} + 1) * width);
  set->width_ = width;
  set->count_ = count + 1;
  // What did not fit is below or above all the others. From the back, so that none is overwritten
  // before it was read.
  const size_t shift = value < 0 ? 1 : 0;
  for (size_t i = count; i-- > 0;) set->put(i + shift, read(set->values(), i, old_width));
  set->put(value < 0 ? 0 : count, value);
}

bool Intset::insert(Intset*& set, int64_t value) {
  SPINEL_ASSERT(set->count_ < std::numeric_limits<uint32_t>::max());
  const uint32_t width = width_of(value);
  if (width > set->width_) {
    widen_and_insert(set, value, width);
    return true;
  }
  size_t index = set->count_;
  if (index > 0 && set->at(index - 1) >= value) {
    index = lower_bound(set->values(), 0, set->count_, value, set->width_);
    if (set->at(index) == value) return false;
  }
  const size_t bytes = set->size_bytes();
  set = resize(set, bytes, bytes + set->width_);
  unsigned char* at = set->values() + index * set->width_;
  std::memmove(at + set->width_, at, (set->count_ - index) * set->width_);
  ++set->count_;
  set->put(index, value);
  return true;
}

bool Intset::erase(Intset*& set, int64_t value) {
  const size_t index = lower_bound(set->values(), 0, set->count_, value, set->width_);
  if (index == set->count_ || set->at(index) != value) return false;
  const size_t bytes = set->size_bytes();
  unsigned char* at = set->values() + index * set->width_;
  --set->count_;
  std::memmove(at, at + set->width_, (set->count_ - index) * set->width_);
  set = resize(set, bytes, bytes - set->width_);
  return true;
}

}  // namespace spinel::storage
