#include "storage/types/string.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "storage/base/memory.h"

namespace spinel::storage {

namespace {
constexpr size_t kMaxSpareBytes = 1 << 20;
}

RawString* RawString::create(size_t size, size_t capacity) {
  const size_t block = usable_size(sizeof(RawString) + std::max(size, capacity));
  auto* string = static_cast<RawString*>(allocate_bytes(block));
  string->size = size;
  string->capacity = block - sizeof(RawString);
  string->references = 1;
  return string;
}

void RawString::destroy(RawString* string) {
  std::atomic_ref references(string->references);
  // Whoever holds the only reference is alone with the string.
  if (references.load(std::memory_order_acquire) != 1 &&
      references.fetch_sub(1, std::memory_order_acq_rel) != 1) {
    return;
  }
  free_bytes(string, string->allocated_bytes());
}

void RawString::share(RawString* string) {
  std::atomic_ref(string->references).fetch_add(1, std::memory_order_relaxed);
}

bool RawString::is_shared() const {
  return std::atomic_ref(const_cast<uint32_t&>(references)).load(std::memory_order_acquire) != 1;
}

RawString* RawString::copy(const RawString& string) {
  RawString* copy = create(string.size, string.size);
  std::memcpy(copy->bytes(), string.bytes(), string.size);
  return copy;
}

RawString* RawString::reserve(RawString* string, size_t capacity) {
  if (capacity <= string->capacity) return string;
  const size_t block = usable_size(sizeof(RawString) + capacity);
  string = static_cast<RawString*>(reallocate_bytes(string, string->allocated_bytes(), block));
  string->capacity = block - sizeof(RawString);
  return string;
}

RawString* RawString::resize(RawString* string, size_t new_size) {
  if (new_size > string->capacity) {
    string = reserve(string, new_size + std::min(new_size, kMaxSpareBytes));
  }
  if (new_size > string->size) {
    std::memset(string->bytes() + string->size, 0, new_size - string->size);
  }
  string->size = new_size;
  return string;
}

}  // namespace spinel::storage
