#include "storage/types/string.h"

#include <algorithm>
#include <cstring>

#include "storage/base/assert.h"
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

std::string_view string_bytes(const Entry& entry, IntegerText& scratch) {
  switch (entry.encoding()) {
    case Encoding::kInt32:
    case Encoding::kInt64:
      return {scratch.digits, format_int64(entry.integer(), scratch.digits)};
    case Encoding::kEmbedded:
      return entry.embedded();
    case Encoding::kRaw:
      return static_cast<const RawString*>(entry.object())->view();
    default:
      SPINEL_ASSERT(false);
      return {};
  }
}

size_t string_size(const Entry& entry) {
  IntegerText scratch;
  return string_bytes(entry, scratch).size();
}

}  // namespace spinel::storage
