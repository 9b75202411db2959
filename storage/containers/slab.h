// Allocates the many small byte blocks that entries are, in size classes eight bytes apart.
//
// jemalloc's classes are sixteen bytes apart where most entries live (49 to 128 bytes), which would
// waste about seven bytes for each key. A slab page is one 4 KiB page from the general allocator,
// cut into blocks of one class.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace spinel::storage {

// Not thread-safe: one owner at a time. The owner may be handed to another thread together with all
// its blocks. Blocks are 8-byte aligned. Sizes above `kMaxBlock` go to the general allocator
// unchanged.
class SlabAllocator {
 public:
  static constexpr size_t kGranularity = 8;
  static constexpr size_t kMaxBlock = 256;

  SlabAllocator() = default;
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

  // The owner is about to become another thread's, whose blocks the main thread's account of idle
  // memory leaves out.
  void disown();

  // Bytes of all pages, and how many of them no block uses.
  size_t page_bytes() const { return page_count_ * kPageSize; }
  size_t idle_bytes() const { return page_bytes() - used_bytes_; }

 private:
  static constexpr size_t kPageSize = 4096;
  static constexpr size_t kClasses = kMaxBlock / kGranularity + 1;

  struct Page;

  Page* add_page(size_t size_class);
  void release_page(Page* page);
  void account(int64_t idle_delta);
  void link(Page* page);
  void unlink(Page* page);

  // For each class the pages that have room (first to be used first), and all the full ones.
  std::array<Page*, kClasses> open_{};
  std::array<Page*, kClasses> full_{};
  size_t page_count_ = 0;
  size_t used_bytes_ = 0;
  bool accounted_ = true;
};

}  // namespace spinel::storage
