// Allocates the many small byte blocks that entries, members and fields are, in size classes eight
// bytes apart.
//
// jemalloc's classes are sixteen bytes apart where most entries live (49 to 128 bytes), which would
// waste about seven bytes for each key. A slab page is one page from the general allocator, cut
// into blocks of one class. Giving back all of them at once takes time by pages, not by blocks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace spinel::storage {

// Not thread-safe: one owner at a time. The owner may be handed to another thread together with all
// its blocks. Blocks are 8-byte aligned. Sizes above `kMaxBlock` go to the general allocator
// unchanged. Free blocks count as idle memory: see storage/base/memory.h.
class SlabAllocator {
 public:
  static constexpr size_t kGranularity = 8;
  static constexpr size_t kMaxBlock = 256;

  // Of a page, a power of two. What has few blocks wastes less with small pages; large ones have
  // less overhead.
  static constexpr size_t kLargePage = 4096;
  static constexpr size_t kSmallPage = 1024;

  explicit SlabAllocator(size_t page_size = kLargePage) : page_size_(page_size) {}
  // Frees every page. Blocks above `kMaxBlock` must have been freed before.
  ~SlabAllocator();
  SlabAllocator(const SlabAllocator&) = delete;
  SlabAllocator& operator=(const SlabAllocator&) = delete;

  // A block of at least `size` bytes, `size > 0`. Never null: running out of memory ends the
  // process.
  void* allocate(size_t size);
  // Returns a block; `size` as it was allocated with.
  void deallocate(void* block, size_t size);

  // Bytes a block of `size` really takes. Equal sizes in this sense are interchangeable in place.
  static size_t block_size(size_t size);

  // Bytes of all pages, and how many of them blocks use, and do not use.
  size_t page_bytes() const { return page_count_ * page_size_; }
  size_t used_bytes() const { return used_bytes_; }
  size_t idle_bytes() const { return page_bytes() - used_bytes_; }
  size_t page_count() const { return page_count_; }
  // Blocks above `kMaxBlock` that are in use: while there are none, nothing needs to be visited
  // before the allocator is destroyed.
  size_t large_blocks() const { return large_blocks_; }

 private:
  static constexpr size_t kClasses = kMaxBlock / kGranularity + 1;

  struct Page;

  Page* add_page(size_t size_class);
  void release_page(Page* page);
  void link(Page* page);
  void unlink(Page* page);

  Page*& list_of(const Page* page);

  // For each class the pages that have room (first to be used first), and all the full ones.
  std::array<Page*, kClasses> open_{};
  Page* full_ = nullptr;
  size_t page_size_;
  size_t page_count_ = 0;
  size_t large_blocks_ = 0;
  size_t used_bytes_ = 0;
};

}  // namespace spinel::storage
