// A small collection in one block of bytes: elements one after another, found by walking. What
// hashes, sets and sorted sets are while they are small; there is no cheaper way to store them, and
// a walk over a few hundred bytes costs less than a cache miss.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

#include "storage/containers/listpack_entry.h"

namespace spinel::storage {

// Lives in a block of its own, which changes move: they take the listpack and return where it is
// now. Positions are offsets from its start, so that they outlive a move; those at or behind a
// change do not mean the same element after it.
class Listpack {
 public:
  using Offset = uint32_t;

  Listpack(const Listpack&) = delete;
  Listpack& operator=(const Listpack&) = delete;

  // An empty one.
  static Listpack* create();
  // One of the `count` elements that stand in `raw`, encoded. They must have room: see has_room.
  static Listpack* from_raw(std::span<const unsigned char> raw, size_t count);
  static constexpr size_t kMaxElementBytes = (size_t{1} << 30) - 2 * sizeof(uint32_t);
  static void destroy(Listpack* list);
  static Listpack* duplicate(const Listpack* list);

  // Elements.
  size_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  // Bytes of elements.
  size_t element_bytes() const { return size_ - kHeader; }
  // Bytes of the block as allocated.
  size_t allocated_bytes() const;
  // Whether it may grow by so many bytes of elements. Whoever inserts asks before.
  bool has_room(size_t bytes) const { return size_ + bytes <= kMaxBytes; }

  // --- walking: for (at = begin(); at != end(); at = next(at))
  static constexpr Offset begin() { return kHeader; }
  Offset end() const { return size_; }
  Offset next(Offset at) const {
    return at + static_cast<Offset>(listpack_entry_size(bytes() + at));
  }
  // `elements` further on, at most to the end.
  Offset skip(Offset at, size_t elements) const {
    for (; elements > 0 && at != end(); --elements) at = next(at);
    return at;
  }
  ListpackValue value(Offset at) const { return read_listpack_entry(bytes() + at); }
  // Bytes of the elements from `from` to before `to`, as stored.
  std::span<const unsigned char> raw(Offset from, Offset to) const {
    return {bytes() + from, to - from};
  }
  // The first element equal to `item` among the one at `from` and every `stride`th behind it, or
  // end(). With a stride of 2, `from` being the first field, finds fields and not values.
  Offset find(const ListpackItem& item, size_t stride = 1, Offset from = kHeader) const;
  bool equals(Offset at, const ListpackItem& item) const {
    return item.equals(bytes() + at, end() - at);
  }

  // --- changing
  // Puts the items before the element at `at` (or at end()). They must not view this listpack.
  static Listpack* insert(Listpack* list, Offset at, std::span<const ListpackItem> items);
  static Listpack* insert(Listpack* list, Offset at, std::initializer_list<ListpackItem> items) {
    return insert(list, at, std::span(items.begin(), items.size()));
  }
  static Listpack* append(Listpack* list, std::initializer_list<ListpackItem> items) {
    return insert(list, list->end(), items);
  }
  // Replaces the element at `at`. `item` must not view this listpack.
  static Listpack* replace(Listpack* list, Offset at, const ListpackItem& item);
  // Removes up to `elements` elements from the one at `at` on.
  static Listpack* erase(Listpack* list, Offset at, size_t elements);

 private:
  static constexpr Offset kHeader = 2 * sizeof(uint32_t);
  static constexpr size_t kMaxBytes = 1 << 30;

  Listpack() = default;

  const unsigned char* bytes() const { return reinterpret_cast<const unsigned char*>(this); }
  unsigned char* bytes() { return reinterpret_cast<unsigned char*>(this); }
  // Makes the gap of `old_bytes` at `at` one of `new_bytes`.
  static Listpack* resize_gap(Listpack* list, Offset at, size_t old_bytes, size_t new_bytes);

  uint32_t size_;   // bytes, with this header; more may be allocated
  uint32_t count_;  // elements
};

}  // namespace spinel::storage
