// Memory: sized allocation for containers, and how much is in use, exactly and at once.
// jemalloc counts per thread what was allocated and freed, and we count per thread what containers
// keep idle; the sum over the threads is the figure that eviction needs.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#ifndef SPINEL_SANITIZED
#include <jemalloc/jemalloc.h>
#endif

namespace spinel::storage {

// Says what failed and aborts: a server that cannot allocate cannot keep its promises.
[[noreturn]] void out_of_memory(size_t size);

// Never null. The bytes are given back with free_bytes and the same size.
inline void* allocate_bytes(size_t size) {
  void* bytes = std::malloc(size);
  if (__builtin_expect(bytes == nullptr, 0)) out_of_memory(size);
  return bytes;
}

inline void* allocate_zeroed(size_t size) {
  void* bytes = std::calloc(1, size);
  if (__builtin_expect(bytes == nullptr, 0)) out_of_memory(size);
  return bytes;
}

// `size` is what was asked for, or what usable_size() makes of that. Null is allowed.
inline void free_bytes(void* bytes, [[maybe_unused]] size_t size) {
#ifdef SPINEL_SANITIZED
  std::free(bytes);
#else
  if (bytes != nullptr) sdallocx(bytes, size, 0);
#endif
}

// Keeps the first min(old_size, new_size) bytes. Null is allowed with old_size 0.
inline void* reallocate_bytes(void* bytes, [[maybe_unused]] size_t old_size, size_t new_size) {
  void* moved = std::realloc(bytes, new_size == 0 ? 1 : new_size);
  if (__builtin_expect(moved == nullptr, 0)) out_of_memory(new_size);
  return moved;
}

// How many bytes an allocation of `size` really occupies and may use.
size_t usable_size(size_t size);

// Counts the calling thread's allocations from now on and, where it has any, from before. Once a
// thread is enough. Every thread that allocates or frees what others share must call it, and must
// be joined by the main thread.
void register_memory_thread();

// Gives the whole pages among `size` bytes from `begin` on back to the system. What they held is
// lost; the memory stays allocated.
void discard_pages(void* begin, size_t size);

// Bytes allocated and not freed, less idle ones. Main thread only; a few loads, no lock.
size_t used_memory();

// Adds to the number of bytes that containers hold but do not use. What one thread adds another may
// take away, so that a container may be freed by a thread that did not fill it; each must have
// called register_memory_thread.
inline void adjust_idle_memory(int64_t delta_bytes);

// The sum of that over all threads. Main thread only.
int64_t idle_memory();

// The allocator's own view, refreshed by the call. All in bytes.
struct AllocatorStats {
  size_t allocated = 0;  // in use by the program
  size_t active = 0;     // pages that hold at least one allocation
  size_t resident = 0;   // pages the allocator has in physical memory
  size_t retained = 0;   // address space kept for reuse without physical memory
  size_t mapped = 0;     // address space in active extents
  size_t metadata = 0;   // the allocator's own bookkeeping

  // What is lost to pages that are used in part, and to pages not yet given back.
  size_t fragmentation_bytes() const { return active > allocated ? active - allocated : 0; }
  double fragmentation_ratio() const { return ratio(active, allocated); }
  size_t resident_overhead_bytes() const { return resident > active ? resident - active : 0; }
  double resident_overhead_ratio() const { return ratio(resident, active); }

 private:
  static double ratio(size_t a, size_t b) {
    return b == 0 ? 1.0 : static_cast<double>(a) / static_cast<double>(b);
  }
};
AllocatorStats allocator_stats();

// The allocator's statistics as text, for a person to read.
std::string allocator_report();

// Gives pages that hold nothing back to the system.
void purge_allocator();

// Whether a thread of the allocator's own gives pages back that held nothing for some seconds;
// without, only later allocations do. Not before the process has forked for the last time to become
// a daemon.
void set_allocator_background_thread(bool on);

// Such as "jemalloc-5.3.0"; "libc" in sanitized builds.
std::string allocator_name();

// Physical memory of the process as the kernel counts it; 0 if it does not tell.
size_t resident_set_bytes();

// The calling thread's share of idle_memory; may be negative. Written by its thread only.
extern constinit thread_local std::atomic<int64_t> thread_idle_bytes;

inline void adjust_idle_memory(int64_t delta_bytes) {
  // No other thread writes it, so this need not be one operation.
  thread_idle_bytes.store(thread_idle_bytes.load(std::memory_order_relaxed) + delta_bytes,
                          std::memory_order_relaxed);
}

}  // namespace spinel::storage
