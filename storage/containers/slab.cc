#include "storage/containers/slab.h"

#include <new>

#include "storage/base/assert.h"
#include "storage/base/bytes.h"
#include "storage/base/memory.h"

#if defined(__SANITIZE_ADDRESS__)
#define SPINEL_POISON_BLOCKS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SPINEL_POISON_BLOCKS 1
#endif
#endif
#ifdef SPINEL_POISON_BLOCKS
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

namespace spinel::storage {

// The head of each page. Free blocks hold the offset of the next free one in their first two bytes;
// those behind `untouched` have never been used and are not in that list.
struct SlabAllocator::Page {
  Page* next;
  Page* previous;
  uint16_t free_head;  // offset of a free block, 0: none
  uint16_t untouched;  // offset of the first block never handed out
  uint16_t used;       // blocks handed out
  uint8_t size_class;
  bool full;

  size_t block_bytes() const { return size_class * kGranularity; }
  bool has_room(size_t page_size) const {
    return free_head != 0 || untouched + block_bytes() <= page_size;
  }
  char* at(size_t offset) { return reinterpret_cast<char*>(this) + offset; }
};

namespace {

constexpr size_t class_of(size_t size) {
  return (size + SlabAllocator::kGranularity - 1) / SlabAllocator::kGranularity;
}

}  // namespace

SlabAllocator::~SlabAllocator() {
  const auto release_all = [this](Page*& head) {
    while (Page* page = head) {
      unlink(page);
      release_page(page);
    }
  };
  for (Page*& head : open_) release_all(head);
  release_all(full_);
}

size_t SlabAllocator::block_size(size_t size) {
  return size <= kMaxBlock ? class_of(size) * kGranularity : usable_size(size);
}

SlabAllocator::Page*& SlabAllocator::list_of(const Page* page) {
  return page->full ? full_ : open_[page->size_class];
}

void SlabAllocator::link(Page* page) {
  Page*& head = list_of(page);
  page->previous = nullptr;
  page->next = head;
  if (head != nullptr) head->previous = page;
  head = page;
}

void SlabAllocator::unlink(Page* page) {
  Page*& head = list_of(page);
  if (page->previous != nullptr) {
    page->previous->next = page->next;
  } else {
    head = page->next;
  }
  if (page->next != nullptr) page->next->previous = page->previous;
}

SlabAllocator::Page* SlabAllocator::add_page(size_t size_class) {
  auto* page = static_cast<Page*>(::operator new (page_size_, std::align_val_t{page_size_}));
  *page = Page{.next = nullptr,
               .previous = nullptr,
               .free_head = 0,
               .untouched = sizeof(Page),
               .used = 0,
               .size_class = static_cast<uint8_t>(size_class),
               .full = false};
  ASAN_POISON_MEMORY_REGION(page + 1, page_size_ - sizeof(Page));
  link(page);
  ++page_count_;
  adjust_idle_memory(static_cast<int64_t>(page_size_));
  return page;
}

void SlabAllocator::release_page(Page* page) {
  ASAN_UNPOISON_MEMORY_REGION(page, page_size_);
  const size_t used = page->used * page->block_bytes();
  used_bytes_ -= used;
  --page_count_;
  adjust_idle_memory(-static_cast<int64_t>(page_size_ - used));
  ::operator delete (page, page_size_, std::align_val_t{page_size_});
}

void* SlabAllocator::allocate(size_t size) {
  SPINEL_ASSERT(size > 0);
  if (size > kMaxBlock) {
    ++large_blocks_;
    return allocate_bytes(size);
  }
  const size_t size_class = class_of(size);
  Page* page = open_[size_class];
  if (page == nullptr) page = add_page(size_class);
  const size_t bytes = page->block_bytes();
  char* block;
  if (page->free_head != 0) {
    block = page->at(page->free_head);
    ASAN_UNPOISON_MEMORY_REGION(block, bytes);
    page->free_head = load_unaligned<uint16_t>(block);
  } else {
    block = page->at(page->untouched);
    ASAN_UNPOISON_MEMORY_REGION(block, bytes);
    page->untouched = static_cast<uint16_t>(page->untouched + bytes);
  }
  ++page->used;
  used_bytes_ += bytes;
  adjust_idle_memory(-static_cast<int64_t>(bytes));
  if (!page->has_room(page_size_)) {
    unlink(page);
    page->full = true;
    link(page);
  }
  return block;
}

void SlabAllocator::deallocate(void* block, size_t size) {
  if (size > kMaxBlock) {
    --large_blocks_;
    free_bytes(block, size);
    return;
  }
  auto* page = reinterpret_cast<Page*>(reinterpret_cast<uintptr_t>(block) & ~(page_size_ - 1));
  SPINEL_ASSERT(page->size_class == class_of(size) && page->used > 0);
  used_bytes_ -= page->block_bytes();
  adjust_idle_memory(static_cast<int64_t>(page->block_bytes()));
  --page->used;
  if (page->full) {
    unlink(page);
    page->full = false;
    link(page);
  }
  store_unaligned<uint16_t>(block, page->free_head);
  page->free_head = static_cast<uint16_t>(static_cast<char*>(block) - page->at(0));
  ASAN_POISON_MEMORY_REGION(block, page->block_bytes());
  // One empty page a class is kept while it is the only open one, so that a key set and deleted in
  // turn does not allocate a page each time.
  if (page->used == 0 && (page->next != nullptr || page->previous != nullptr)) {
    unlink(page);
    release_page(page);
  }
}

}  // namespace spinel::storage
