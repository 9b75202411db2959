// A node of a list: up to some kilobytes of elements in one block of bytes. A short list is a node
// and nothing else.
//
//   header | gap | elements | gap | checkpoints
//
// Elements are encoded as in storage/containers/listpack_entry.h and stand back to back. The free
// bytes are in front of them, behind them or both, so that a push or a pop at either end moves
// nothing. No element knows the length of the one before it, which would cost a byte each: to read
// the last one, or one in the middle, a node of many elements keeps the offset of every 16th.
//
// Elements are numbered: one pushed at the front has the number before that of the first. Those
// whose number is a multiple of 16 have a checkpoint, so that a push changes at most one of them.
// Numbers wrap around at 2^16.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/containers/listpack_entry.h"

namespace spinel::storage {

enum class ListEnd : uint8_t { kFront, kBack };

// How much a node may hold. One element alone may always be larger.
struct ListNodeLimits {
  size_t bytes;     // of the block; at most 64 KiB
  size_t elements;  // at least 1
};

// Lives in a block of its own, which changes may move: they take the node and return where it is
// now. A compressed node tells how many elements it has and nothing more. Indexes are those of
// elements, from 0, and are in range.
class ListNode {
 public:
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;

  // An empty node with room for an element of `bytes`.
  static ListNode* create(size_t bytes);
  // A node with the elements that are encoded in `raw`.
  static ListNode* from_raw(std::span<const unsigned char> raw, size_t elements);
  static void destroy(ListNode* node);
  static ListNode* duplicate(const ListNode* node);

  size_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  // Bytes of the elements; needs a node that is not compressed.
  size_t element_bytes() const { return end_ - begin_; }
  // Bytes of the block as allocated.
  size_t allocated_bytes() const;
  // Whether an element of `bytes` may join those that are here.
  bool has_room(size_t bytes, const ListNodeLimits& limits) const {
    return count_ == 0 || has_room_for(1, bytes, limits);
  }

  // The same within the limits even where it is the only one.
  bool fits(size_t bytes, const ListNodeLimits& limits) const {
    return has_room_for(1, bytes, limits);
  }
  // Whether it may grow by `bytes` without another element.
  bool can_grow(size_t bytes, const ListNodeLimits& limits) const {
    return has_room_for(0, bytes, limits);
  }

  // --- reading
  // All elements, encoded.
  std::span<const unsigned char> raw() const { return {bytes() + begin_, element_bytes()}; }
  const unsigned char* at(size_t index) const { return bytes() + offset_of(index); }
  const unsigned char* end() const { return bytes() + end_; }
  // Puts the indexes of the elements equal to `item` into `found`, in ascending order; of more than
  // `limit`, those nearest to `from`.
  void find_equal(const ListpackItem& item, ListEnd from, size_t limit,
                  std::vector<uint16_t>& found) const;

  // --- changing. The block grows as far as `limits` say, and beyond only for what was asked to be
  // put in; items must not view the node.
  static ListNode* push(ListNode* node, ListEnd end, const ListpackItem& item,
                        const ListNodeLimits& limits);
  // Removes `elements` elements at an end. The block keeps its size.
  void pop(ListEnd end, size_t elements);
  static ListNode* insert(ListNode* node, size_t index, const ListpackItem& item,
                          const ListNodeLimits& limits);
  static ListNode* replace(ListNode* node, size_t index, const ListpackItem& item,
                           const ListNodeLimits& limits);
  void erase(size_t index, size_t elements);
  // Removes the elements at `indexes`, which are in ascending order.
  void erase_each(std::span<const uint16_t> indexes);
  // Moves the elements from `index` on to a new node, which is returned.
  ListNode* split(size_t index);
  // Puts the elements of `other` behind those of `node`, and destroys it. Together they must stay
  // within 64 KiB.
  static ListNode* join(ListNode* node, ListNode* other);
  // Gives back what is free.
  static ListNode* trim(ListNode* node);
  // Gives back what is free if that is most of the block: for a node that was popped from.
  static ListNode* trim_if_sparse(ListNode* node);

  // An element that is to stay alone: nothing has room beside it.
  bool alone() const { return (flags_ & kAlone) != 0; }
  void set_alone() { flags_ |= kAlone; }

  // --- compression
  bool compressed() const { return (flags_ & kCompressed) != 0; }
  // Compresses the node, unless too little would be won by it.
  static ListNode* compress(ListNode* node);
  static ListNode* decompress(ListNode* node);
  // A copy that is not compressed.
  static ListNode* decompressed(const ListNode* node);
  // Bytes of the elements of a node that may be compressed, and what they take now.
  size_t uncompressed_bytes() const;
  size_t stored_bytes() const { return end_ - begin_; }

 private:
  static constexpr size_t kHeader = 16;
  static constexpr size_t kStride = 16;
  // With fewer elements than this, walking is as fast as looking at a checkpoint.
  static constexpr size_t kMinIndexed = 32;
  static constexpr uint8_t kAlone = 1;
  static constexpr uint8_t kCompressed = 2;

  ListNode() = default;

  unsigned char* bytes() { return reinterpret_cast<unsigned char*>(this); }
  const unsigned char* bytes() const { return reinterpret_cast<const unsigned char*>(this); }

  // Bytes of the checkpoints of a node with 2^log2 of them; 0: none.
  static size_t index_bytes(unsigned log2) { return log2 == 0 ? 0 : sizeof(uint16_t) << log2; }
  // What `count` elements need, whatever their numbers.
  static unsigned index_log2(size_t count);
  size_t index_begin() const { return capacity_ - index_bytes(index_log2_); }
  bool has_room_for(size_t elements, size_t bytes, const ListNodeLimits& limits) const;

  static ListNode* allocate(size_t capacity, unsigned index_log2);
  // Sees to it that `gap` bytes are free at that end, and that so many more elements can be
  // indexed.
  static ListNode* make_room(ListNode* node, ListEnd end, size_t gap, size_t elements,
                             const ListNodeLimits& limits);
  static ListNode* relayout(ListNode* node, size_t capacity, size_t begin, unsigned index_log2);
  void slide(size_t begin);

  // Offset of an element from the start of the block; that of index count() is end_.
  uint32_t offset_of(size_t index) const;
  uint16_t* checkpoint(unsigned number) {
    auto* all = reinterpret_cast<uint16_t*>(bytes() + index_begin());
    return all + (number / kStride & ((1u << index_log2_) - 1));
  }
  const uint16_t* checkpoint(unsigned number) const {
    return const_cast<ListNode*>(this)->checkpoint(number);
  }
  // Notes where the elements from `index` on are, the first of which is at `offset`.
  void index_from(size_t index, uint32_t offset);
  void reindex() { index_from(0, begin_); }
  void note(size_t index, uint32_t offset) {
    const unsigned number = first_ + static_cast<unsigned>(index);
    if (index_log2_ != 0 && number % kStride == 0) {
      *checkpoint(number) = static_cast<uint16_t>(offset);
    }
  }

  uint32_t capacity_;  // bytes of the block
  uint32_t end_;       // offset behind the last element; of a compressed node, behind its data
  uint16_t begin_;     // offset of the first element
  uint16_t count_;
  uint16_t first_;  // number of the first element
  uint8_t index_log2_;
  uint8_t flags_;
};

}  // namespace spinel::storage
