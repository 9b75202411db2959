#include "storage/keyspace/entry_string.h"

#include "storage/base/assert.h"
#include "storage/base/memory.h"
#include "storage/containers/compressed_bitmap.h"
#include "storage/types/string.h"

namespace spinel::storage {

char* StringScratch::large_room(size_t size) {
  if (large_ != nullptr) release();
  large_ = static_cast<char*>(allocate_bytes(size));
  large_size_ = size;
  return large_;
}

void StringScratch::release() {
  free_bytes(large_, large_size_);
  large_ = nullptr;
}

namespace {

const CompressedBitmap& compressed(const Entry& entry) {
  return *static_cast<const CompressedBitmap*>(entry.object());
}

std::string_view materialise(const CompressedBitmap& bitmap, size_t first, size_t count,
                             StringScratch& scratch) {
  if (count == 0) return {};
  char* to = scratch.room(count);
  bitmap.read(first, {reinterpret_cast<unsigned char*>(to), count});
  return {to, count};
}

}  // namespace

std::string_view string_bytes(const Entry& entry, StringScratch& scratch) {
  switch (entry.encoding()) {
    case Encoding::kInt32:
    case Encoding::kInt64: {
      char* digits = scratch.room(kMaxInt64Chars);
      return {digits, format_int64(entry.integer(), digits)};
    }
    case Encoding::kEmbedded:
      return entry.embedded();
    case Encoding::kRaw:
      return static_cast<const RawString*>(entry.object())->view();
    case Encoding::kCompressedBitmap:
      return materialise(compressed(entry), 0, compressed(entry).size_bytes(), scratch);
    default:
      SPINEL_ASSERT(false);
      return {};
  }
}

std::string_view string_part(const Entry& entry, size_t first, size_t count,
                             StringScratch& scratch) {
  if (entry.encoding() == Encoding::kCompressedBitmap) {
    SPINEL_ASSERT(first + count <= compressed(entry).size_bytes());
    return materialise(compressed(entry), first, count, scratch);
  }
  const std::string_view bytes = string_bytes(entry, scratch);
  SPINEL_ASSERT(first + count <= bytes.size());
  return bytes.substr(first, count);
}

size_t string_size(const Entry& entry) {
  if (entry.encoding() == Encoding::kCompressedBitmap) return compressed(entry).size_bytes();
  StringScratch scratch;
  return string_bytes(entry, scratch).size();
}

}  // namespace spinel::storage
