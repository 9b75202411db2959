#include "storage/containers/listpack.h"

#include <cstring>

#include "storage/base/assert.h"
#include "storage/base/memory.h"

namespace spinel::storage {

Listpack* Listpack::create() {
  auto* list = static_cast<Listpack*>(allocate_bytes(usable_size(kHeader)));
  list->size_ = kHeader;
  list->count_ = 0;
  return list;
}

Listpack* Listpack::from_raw(std::span<const unsigned char> raw, size_t count) {
  SPINEL_ASSERT(raw.size() <= kMaxElementBytes);
  const size_t size = kHeader + raw.size();
  auto* list = static_cast<Listpack*>(allocate_bytes(usable_size(size)));
  list->size_ = static_cast<uint32_t>(size);
  list->count_ = static_cast<uint32_t>(count);
  if (!raw.empty()) std::memcpy(list->bytes() + kHeader, raw.data(), raw.size());
  return list;
}

void Listpack::destroy(Listpack* list) {
  free_bytes(list, list->allocated_bytes());
}

Listpack* Listpack::duplicate(const Listpack* list) {
  auto* copy = static_cast<Listpack*>(allocate_bytes(list->allocated_bytes()));
  std::memcpy(static_cast<void*>(copy), list, list->size_);
  return copy;
}

size_t Listpack::allocated_bytes() const {
  return usable_size(size_);
}

Listpack::Offset Listpack::find(const ListpackItem& item, size_t stride, Offset from) const {
  for (Offset at = from; at < end(); at = skip(at, stride)) {
    if (equals(at, item)) return at;
  }
  return end();
}

Listpack* Listpack::resize_gap(Listpack* list, Offset at, size_t old_bytes, size_t new_bytes) {
  const size_t old_size = list->size_;
  const size_t new_size = old_size - old_bytes + new_bytes;
  SPINEL_ASSERT(new_size <= kMaxBytes);
  const size_t behind = old_size - at - old_bytes;
  const auto move_rest = [&] {
    unsigned char* gap = list->bytes() + at;
    if (behind != 0 && old_bytes != new_bytes) {
      std::memmove(gap + new_bytes, gap + old_bytes, behind);
    }
  };
  // The block shrinks behind the move, and grows before it.
  if (new_size < old_size) move_rest();
  const size_t old_block = usable_size(old_size);
  const size_t new_block = usable_size(new_size);
  if (old_block != new_block) {
    list = static_cast<Listpack*>(reallocate_bytes(list, old_block, new_block));
  }
  if (new_size >= old_size) move_rest();
  list->size_ = static_cast<uint32_t>(new_size);
  return list;
}

Listpack* Listpack::insert(Listpack* list, Offset at, std::span<const ListpackItem> items) {
  size_t bytes = 0;
  for (const ListpackItem& item : items) bytes += item.size();
  list = resize_gap(list, at, 0, bytes);
  unsigned char* to = list->bytes() + at;
  for (const ListpackItem& item : items) to = item.write(to);
  list->count_ += static_cast<uint32_t>(items.size());
  return list;
}

Listpack* Listpack::replace(Listpack* list, Offset at, const ListpackItem& item) {
  list = resize_gap(list, at, listpack_entry_size(list->bytes() + at), item.size());
  item.write(list->bytes() + at);
  return list;
}

Listpack* Listpack::erase(Listpack* list, Offset at, size_t elements) {
  Offset end = at;
  uint32_t erased = 0;
  for (; erased < elements && end != list->end(); ++erased) end = list->next(end);
  list->count_ -= erased;
  return resize_gap(list, at, end - at, 0);
}

}  // namespace spinel::storage
