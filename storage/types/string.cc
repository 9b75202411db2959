#include "storage/types/string.h"

#include <algorithm>
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
  return string;
}

void RawString::destroy(RawString* string) {
  free_bytes(string, string->allocated_bytes());
}

RawString* RawString::resize(RawString* string, size_t new_size) {
  if (new_size > string->capacity) {
    const size_t wanted = new_size + std::min(new_size, kMaxSpareBytes);
    const size_t block = usable_size(sizeof(RawString) + wanted);
    string = static_cast<RawString*>(reallocate_bytes(string, string->allocated_bytes(), block));
    string->capacity = block - sizeof(RawString);
  }
  if (new_size > string->size) {
    std::memset(string->bytes() + string->size, 0, new_size - string->size);
  }
  string->size = new_size;
  return string;
}

}  // namespace spinel::storage
