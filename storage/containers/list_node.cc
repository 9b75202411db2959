#include "storage/containers/list_node.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <lzf.h>

#include "storage/base/assert.h"
#include "storage/base/memory.h"

namespace spinel::storage {

namespace {

// Below this, or if fewer bytes are won, it is not worth the work that decompressing will be.
constexpr size_t kMinCompressible = 48;
constexpr size_t kMinWon = 8;

constexpr size_t kMaxShared = 64 << 10;

// What an allocation that holds `size` bytes may as well hold. Checkpoints stand at its end, on
// even addresses.
size_t block_size(size_t size) {
  const size_t even = (size + 7) & ~size_t{7};
  return even <= kMaxShared ? usable_size(even) : even;
}

size_t grown(size_t needed, size_t limit) {
  // Small nodes are whole lists, and there may be millions of them.
  const size_t wanted = needed <= 1024 ? needed + needed / 4 : needed * 2;
  return block_size(wanted <= limit ? wanted : std::max(needed, limit));
}

}  // namespace

unsigned ListNode::index_log2(size_t count) {
  return count < kMinIndexed ? 0 : static_cast<unsigned>(std::bit_width(count / kStride));
}

bool ListNode::has_room_for(size_t elements, size_t bytes, const ListNodeLimits& limits) const {
  const size_t count = count_ + elements;
  return !alone() && count <= limits.elements &&
         kHeader + index_bytes(index_log2(count)) + element_bytes() + bytes <= limits.bytes;
}

ListNode* ListNode::allocate(size_t capacity, unsigned index_log2) {
  SPINEL_ASSERT(capacity <= UINT32_MAX);
  auto* node = static_cast<ListNode*>(allocate_bytes(capacity));
  node->capacity_ = static_cast<uint32_t>(capacity);
  node->begin_ = kHeader;
  node->end_ = kHeader;
  node->count_ = 0;
  node->first_ = 0;
  node->index_log2_ = static_cast<uint8_t>(index_log2);
  node->flags_ = 0;
  return node;
}

ListNode* ListNode::create(size_t bytes) {
  return allocate(block_size(kHeader + bytes), 0);
}

ListNode* ListNode::from_raw(std::span<const unsigned char> raw, size_t elements) {
  const unsigned log2 = index_log2(elements);
  ListNode* node = allocate(block_size(kHeader + raw.size() + index_bytes(log2)), log2);
  if (!raw.empty()) std::memcpy(node->bytes() + kHeader, raw.data(), raw.size());
  node->end_ += static_cast<uint32_t>(raw.size());
  node->count_ = static_cast<uint16_t>(elements);
  node->reindex();
  return node;
}

void ListNode::destroy(ListNode* node) {
  free_bytes(node, node->capacity_);
}

ListNode* ListNode::duplicate(const ListNode* node) {
  if (!node->compressed()) {
    ListNode* copy = from_raw(node->raw(), node->count_);
    copy->flags_ = node->flags_;
    return copy;
  }
  auto* copy = static_cast<ListNode*>(allocate_bytes(node->capacity_));
  std::memcpy(static_cast<void*>(copy), node, node->end_);
  return copy;
}

size_t ListNode::allocated_bytes() const {
  return usable_size(capacity_);
}

// --- layout

ListNode* ListNode::relayout(ListNode* node, size_t capacity, size_t begin, unsigned index_log2) {
  ListNode* to = allocate(capacity, index_log2);
  const size_t size = node->element_bytes();
  if (size != 0) std::memcpy(to->bytes() + begin, node->bytes() + node->begin_, size);
  to->begin_ = static_cast<uint16_t>(begin);
  to->end_ = static_cast<uint32_t>(begin + size);
  to->count_ = node->count_;
  to->first_ = node->first_;
  to->flags_ = node->flags_;
  to->reindex();
  destroy(node);
  return to;
}

void ListNode::slide(size_t begin) {
  const size_t size = element_bytes();
  std::memmove(bytes() + begin, bytes() + begin_, size);
  if (index_log2_ != 0) {
    for (size_t i = (kStride - first_ % kStride) % kStride; i < count_; i += kStride) {
      uint16_t& offset = *checkpoint(static_cast<unsigned>(first_ + i));
      offset = static_cast<uint16_t>(offset - begin_ + begin);
    }
  }
  begin_ = static_cast<uint16_t>(begin);
  end_ = static_cast<uint32_t>(begin + size);
}

ListNode* ListNode::make_room(ListNode* node, ListEnd end, size_t gap, size_t elements,
                              const ListNodeLimits& limits) {
  const size_t front = node->begin_ - kHeader;
  const size_t back = node->index_begin() - node->end_;
  const unsigned log2 = index_log2(node->count_ + elements);
  if (gap <= (end == ListEnd::kFront ? front : back) && log2 <= node->index_log2_) return node;

  const size_t used = node->element_bytes() + gap;
  const size_t needed = kHeader + index_bytes(log2) + used;
  size_t capacity = node->capacity_;
  // Elements move within the block only if that frees a good part of it, so that there are many
  // pushes to one move; or if the block must not grow.
  const bool stays =
      needed + used / 16 <= capacity || (needed <= capacity && capacity >= limits.bytes);
  if (!stays) capacity = std::max(capacity, grown(needed, limits.bytes));
  // Free bytes at the other end show that it is in use as well.
  const size_t free = capacity - needed;
  const size_t for_other_end = (end == ListEnd::kFront ? back : front) == 0 ? 0 : free / 2;
  const size_t begin =
      kHeader + (end == ListEnd::kFront ? gap + free - for_other_end : for_other_end);
  if (stays && log2 == node->index_log2_) {
    node->slide(begin);
    return node;
  }
  return relayout(node, capacity, begin, log2);
}

ListNode* ListNode::trim(ListNode* node) {
  const unsigned log2 = index_log2(node->count_);
  const size_t capacity = block_size(kHeader + node->element_bytes() + index_bytes(log2));
  return capacity < node->capacity_ ? relayout(node, capacity, kHeader, log2) : node;
}

ListNode* ListNode::trim_if_sparse(ListNode* node) {
  constexpr size_t kSmall = 128;
  const unsigned log2 = index_log2(node->count_);
  const size_t needed = kHeader + node->element_bytes() + index_bytes(log2);
  if (node->capacity_ <= kSmall || needed * 4 > node->capacity_) return node;
  return relayout(node, block_size(needed + needed / 2), kHeader, log2);
}

// --- finding

uint32_t ListNode::offset_of(size_t index) const {
  if (index == count_) return end_;
  const unsigned number = first_ + static_cast<unsigned>(index);
  uint32_t offset = begin_;
  size_t steps = index;
  if (index_log2_ != 0 && index >= number % kStride) {
    offset = *checkpoint(number);
    steps = number % kStride;
  }
  const unsigned char* at = bytes() + offset;
  for (; steps > 0; --steps) at += listpack_entry_size(at);
  return static_cast<uint32_t>(at - bytes());
}

void ListNode::index_from(size_t index, uint32_t offset) {
  if (index_log2_ == 0) return;
  for (; index < count_; ++index) {
    note(index, offset);
    offset += static_cast<uint32_t>(listpack_entry_size(bytes() + offset));
  }
}

void ListNode::find_equal(const ListpackItem& item, ListEnd from, size_t limit,
                          std::vector<uint16_t>& found) const {
  found.clear();
  const bool forward = from == ListEnd::kFront;
  uint16_t index = 0;
  for (const unsigned char* at = bytes() + begin_; at != end(); at += listpack_entry_size(at)) {
    if (forward && found.size() == limit) return;
    if (item.equals(at, static_cast<size_t>(end() - at))) found.push_back(index);
    ++index;
  }
  if (found.size() > limit) {
    found.erase(found.begin(), found.end() - static_cast<ptrdiff_t>(limit));
  }
}

// --- changing

ListNode* ListNode::push(ListNode* node, ListEnd end, const ListpackItem& item,
                         const ListNodeLimits& limits) {
  const auto size = static_cast<uint32_t>(item.size());
  if (node->empty()) {
    node = make_room(node, ListEnd::kBack, size, 1, limits);
    // All free bytes go to where the next push is likely to need them.
    const bool at_back = end == ListEnd::kFront && node->capacity_ < kMaxShared;
    node->begin_ = static_cast<uint16_t>(at_back ? node->index_begin() - size : kHeader);
    node->end_ = node->begin_ + size;
    node->count_ = 1;
    item.write(node->bytes() + node->begin_);
    node->note(0, node->begin_);
    return node;
  }
  node = make_room(node, end, size, 1, limits);
  if (end == ListEnd::kFront) {
    node->begin_ = static_cast<uint16_t>(node->begin_ - size);
    --node->first_;
    ++node->count_;
    item.write(node->bytes() + node->begin_);
    node->note(0, node->begin_);
  } else {
    item.write(node->bytes() + node->end_);
    node->note(node->count_, node->end_);
    node->end_ += size;
    ++node->count_;
  }
  return node;
}

void ListNode::pop(ListEnd end, size_t elements) {
  SPINEL_ASSERT(elements <= count_);
  if (elements == count_) {
    begin_ = kHeader;
    end_ = kHeader;
  } else if (end == ListEnd::kFront) {
    begin_ = static_cast<uint16_t>(offset_of(elements));
    first_ = static_cast<uint16_t>(first_ + elements);
  } else {
    end_ = offset_of(count_ - elements);
  }
  count_ = static_cast<uint16_t>(count_ - elements);
}

ListNode* ListNode::insert(ListNode* node, size_t index, const ListpackItem& item,
                           const ListNodeLimits& limits) {
  if (index == 0) return push(node, ListEnd::kFront, item, limits);
  if (index == node->count_) return push(node, ListEnd::kBack, item, limits);
  const auto size = static_cast<uint32_t>(item.size());
  node = make_room(node, ListEnd::kBack, size, 1, limits);
  const uint32_t offset = node->offset_of(index);
  unsigned char* at = node->bytes() + offset;
  std::memmove(at + size, at, node->end_ - offset);
  item.write(at);
  node->end_ += size;
  ++node->count_;
  node->index_from(index, offset);
  return node;
}

ListNode* ListNode::replace(ListNode* node, size_t index, const ListpackItem& item,
                            const ListNodeLimits& limits) {
  uint32_t offset = node->offset_of(index);
  const size_t old_size = listpack_entry_size(node->bytes() + offset);
  const size_t size = item.size();
  if (size > old_size) {
    node = make_room(node, ListEnd::kBack, size - old_size, 0, limits);
    offset = node->offset_of(index);
  }
  unsigned char* at = node->bytes() + offset;
  if (size != old_size) {
    std::memmove(at + size, at + old_size, node->end_ - offset - old_size);
    node->end_ = static_cast<uint32_t>(node->end_ - old_size + size);
  }
  item.write(at);
  if (size != old_size) node->index_from(index + 1, static_cast<uint32_t>(offset + size));
  return node;
}

void ListNode::erase(size_t index, size_t elements) {
  if (index == 0) return pop(ListEnd::kFront, elements);
  if (index + elements == count_) return pop(ListEnd::kBack, elements);
  const uint32_t from = offset_of(index);
  const uint32_t to = offset_of(index + elements);
  std::memmove(bytes() + from, bytes() + to, end_ - to);
  end_ -= to - from;
  count_ = static_cast<uint16_t>(count_ - elements);
  index_from(index, from);
}

void ListNode::erase_each(std::span<const uint16_t> indexes) {
  if (indexes.empty()) return;
  const size_t first = indexes[0];
  const uint32_t begin = offset_of(first);
  unsigned char* from = bytes() + begin;
  unsigned char* to = from;
  size_t next = 0;
  for (size_t i = first; i < count_; ++i) {
    const size_t size = listpack_entry_size(from);
    if (next < indexes.size() && indexes[next] == i) {
      ++next;
    } else {
      std::memmove(to, from, size);
      to += size;
    }
    from += size;
  }
  end_ = static_cast<uint32_t>(to - bytes());
  count_ = static_cast<uint16_t>(count_ - indexes.size());
  index_from(first, begin);
}

ListNode* ListNode::split(size_t index) {
  const uint32_t from = offset_of(index);
  const size_t moved = count_ - index;
  ListNode* rest = from_raw({bytes() + from, end_ - from}, moved);
  pop(ListEnd::kBack, moved);
  return rest;
}

ListNode* ListNode::join(ListNode* node, ListNode* other) {
  const size_t size = other->element_bytes();
  // Of the exact size: whoever pushes later sees to more.
  const unsigned log2 = index_log2(node->count_ + other->count_);
  const size_t needed = kHeader + node->element_bytes() + size + index_bytes(log2);
  node = relayout(node, block_size(needed), kHeader, log2);
  std::memcpy(node->bytes() + node->end_, other->bytes() + other->begin_, size);
  const uint32_t joined_at = node->end_;
  const size_t index = node->count_;
  node->end_ += static_cast<uint32_t>(size);
  node->count_ = static_cast<uint16_t>(node->count_ + other->count_);
  node->index_from(index, joined_at);
  destroy(other);
  return node;
}

// --- compression: the size of the elements stands before them

ListNode* ListNode::compress(ListNode* node) {
  const size_t size = node->element_bytes();
  if (node->compressed() || size < kMinCompressible) return node;
  const size_t room = kHeader + sizeof(uint32_t) + size - kMinWon;
  ListNode* to = allocate(room, 0);
  unsigned char* data = to->bytes() + kHeader + sizeof(uint32_t);
  const unsigned stored = lzf_compress(node->bytes() + node->begin_, static_cast<unsigned>(size),
                                       data, static_cast<unsigned>(size - kMinWon));
  if (stored == 0) {
    destroy(to);
    return node;
  }
  store_unaligned(to->bytes() + kHeader, static_cast<uint32_t>(size));
  const size_t capacity = block_size(kHeader + sizeof(uint32_t) + stored);
  to = static_cast<ListNode*>(reallocate_bytes(to, room, capacity));
  to->capacity_ = static_cast<uint32_t>(capacity);
  to->begin_ = kHeader + sizeof(uint32_t);
  to->end_ = static_cast<uint32_t>(to->begin_ + stored);
  to->count_ = node->count_;
  to->flags_ = node->flags_ | kCompressed;
  destroy(node);
  return to;
}

ListNode* ListNode::decompressed(const ListNode* node) {
  SPINEL_ASSERT(node->compressed());
  const size_t size = node->uncompressed_bytes();
  const unsigned log2 = index_log2(node->count_);
  ListNode* to = allocate(block_size(kHeader + size + index_bytes(log2)), log2);
  const unsigned read =
      lzf_decompress(node->bytes() + node->begin_, static_cast<unsigned>(node->stored_bytes()),
                     to->bytes() + kHeader, static_cast<unsigned>(size));
  SPINEL_ASSERT(read == size);
  to->end_ = static_cast<uint32_t>(kHeader + size);
  to->count_ = node->count_;
  to->flags_ = node->flags_ & static_cast<uint8_t>(~kCompressed);
  to->reindex();
  return to;
}

ListNode* ListNode::decompress(ListNode* node) {
  if (!node->compressed()) return node;
  ListNode* to = decompressed(node);
  destroy(node);
  return to;
}

size_t ListNode::uncompressed_bytes() const {
  return compressed() ? load_unaligned<uint32_t>(bytes() + kHeader) : element_bytes();
}

}  // namespace spinel::storage
