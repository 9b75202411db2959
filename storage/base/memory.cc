#include "storage/base/memory.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fcntl.h>
#include <mutex>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

#include "storage/base/assert.h"

#ifdef SPINEL_SANITIZED
// GCC has the runtime but not its header.
extern "C" size_t __sanitizer_get_current_allocated_bytes();
extern "C" size_t __sanitizer_get_heap_size();
#endif

#ifndef SPINEL_SANITIZED
// jemalloc reads this when it starts. Blocks from a mebibyte on go back to the system as soon as
// they are freed, not after ten seconds: they are outgrown tables, which would count as resident
// for as long as the next doubling is away.
extern "C" {
const char* malloc_conf = "oversize_threshold:1048576";
}
#endif

namespace spinel::storage {

constinit thread_local std::atomic<int64_t> thread_idle_bytes{0};

void out_of_memory(size_t size) {
  std::fprintf(stderr, "=== OUT OF MEMORY ===\nCould not allocate %zu bytes\n", size);
  std::abort();
}

size_t resident_set_bytes() {
  const int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[128];
  const ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  if (length <= 0) return 0;
  text[length] = '\0';
  size_t total_pages = 0;
  size_t resident_pages = 0;
  if (std::sscanf(text, "%zu %zu", &total_pages, &resident_pages) != 2) return 0;
  return resident_pages * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

namespace {

constexpr size_t kMaxThreads = 64;

struct Balance {
  int64_t allocated = 0;  // and not freed; 0 where the allocator does not count per thread
  int64_t idle = 0;

  Balance& operator+=(const Balance& other) {
    allocated += other.allocated;
    idle += other.idle;
    return *this;
  }
};

// The counters of one thread, the allocator's and ours. Their owner writes them as it goes; a
// reader may be a moment behind.
struct ThreadCounters {
  const uint64_t* allocated = nullptr;
  const uint64_t* freed = nullptr;
  const std::atomic<int64_t>* idle = nullptr;

  static ThreadCounters of_this_thread();
  Balance balance() const {
    return {.allocated = static_cast<int64_t>(__atomic_load_n(allocated, __ATOMIC_RELAXED) -
                                              __atomic_load_n(freed, __ATOMIC_RELAXED)),
            .idle = idle->load(std::memory_order_relaxed)};
  }
};

// Held for a few instructions: by whoever reads the sum, and by threads that come and go.
class SpinLock {
 public:
  void lock() {
    while (locked_.exchange(true, std::memory_order_acquire)) std::this_thread::yield();
  }
  void unlock() { locked_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> locked_{false};
};

// The counters of living threads and the balance of those that ended. The counters of a thread are
// gone when it has ended, so it can end only while nobody reads them.
class Registry {
 public:
  void add(ThreadCounters counters) {
    const std::lock_guard lock(lock_);
    SPINEL_ASSERT(count_ < kMaxThreads);
    threads_[count_++] = counters;
  }

  void remove(ThreadCounters counters) {
    const std::lock_guard lock(lock_);
    size_t at = 0;
    while (at < count_ && threads_[at].idle != counters.idle) ++at;
    SPINEL_ASSERT(at < count_);
    ended_ += counters.balance();
    threads_[at] = threads_[--count_];
  }

  Balance balance() {
    const std::lock_guard lock(lock_);
    Balance sum = ended_;
    for (size_t i = 0; i < count_; ++i) sum += threads_[i].balance();
    return sum;
  }

 private:
  SpinLock lock_;
  size_t count_ = 0;
  Balance ended_;
  ThreadCounters threads_[kMaxThreads];
};
constinit Registry registry;

// Lives as long as its thread.
class Registration {
 public:
  Registration() : counters_(ThreadCounters::of_this_thread()) { registry.add(counters_); }
  ~Registration() { registry.remove(counters_); }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

 private:
  ThreadCounters counters_;
};

}  // namespace

void register_memory_thread() {
  thread_local const Registration registration;
}

int64_t idle_memory() {
  return registry.balance().idle;
}

#ifdef SPINEL_SANITIZED

// The sanitizers bring their own allocator; jemalloc is not linked. Figures are those it has.

namespace {

ThreadCounters ThreadCounters::of_this_thread() {
  static constexpr uint64_t kNotCounted = 0;
  return {.allocated = &kNotCounted, .freed = &kNotCounted, .idle = &thread_idle_bytes};
}

}  // namespace

size_t used_memory() {
  const auto allocated = static_cast<int64_t>(__sanitizer_get_current_allocated_bytes());
  return static_cast<size_t>(std::max<int64_t>(allocated - idle_memory(), 0));
}

size_t usable_size(size_t size) {
  return size == 0 ? 1 : size;
}

AllocatorStats allocator_stats() {
  AllocatorStats stats;
  stats.allocated = __sanitizer_get_current_allocated_bytes();
  stats.active = stats.allocated;
  stats.resident = stats.allocated;
  stats.mapped = __sanitizer_get_heap_size();
  return stats;
}

std::string allocator_report() {
  return "Stats not supported for the current allocator";
}

void purge_allocator() {}

void set_allocator_background_thread(bool) {}

std::string allocator_name() {
  return "libc";
}

#else

namespace {

// Reads a figure of the allocator; zero where this build of it does not have it.
template <typename T>
T read_control(const char* name) {
  T value{};
  size_t size = sizeof value;
  if (mallctl(name, &value, &size, nullptr, 0) != 0) return T{};
  return value;
}

ThreadCounters ThreadCounters::of_this_thread() {
  const ThreadCounters counters{.allocated = read_control<uint64_t*>("thread.allocatedp"),
                                .freed = read_control<uint64_t*>("thread.deallocatedp"),
                                .idle = &thread_idle_bytes};
  // Without statistics in the allocator there is no accounting: better not to start than to evict
  // blindly.
  SPINEL_ASSERT(counters.allocated != nullptr && counters.freed != nullptr);
  return counters;
}

}  // namespace

size_t used_memory() {
  const Balance balance = registry.balance();
  return static_cast<size_t>(std::max<int64_t>(balance.allocated - balance.idle, 0));
}

size_t usable_size(size_t size) {
  return nallocx(size == 0 ? 1 : size, 0);
}

AllocatorStats allocator_stats() {
  uint64_t epoch = 1;
  size_t size = sizeof epoch;
  mallctl("epoch", &epoch, &size, &epoch, size);
  AllocatorStats stats;
  stats.allocated = read_control<size_t>("stats.allocated");
  stats.active = read_control<size_t>("stats.active");
  stats.resident = read_control<size_t>("stats.resident");
  stats.retained = read_control<size_t>("stats.retained");
  stats.mapped = read_control<size_t>("stats.mapped");
  stats.metadata = read_control<size_t>("stats.metadata");
  return stats;
}

std::string allocator_report() {
  std::string report;
  malloc_stats_print(
      [](void* to, const char* text) { static_cast<std::string*>(to)->append(text); }, &report,
      nullptr);
  return report;
}

void purge_allocator() {
  mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
  char command[64];
  std::snprintf(command, sizeof command, "arena.%d.purge", MALLCTL_ARENAS_ALL);
  mallctl(command, nullptr, nullptr, nullptr, 0);
}

void set_allocator_background_thread(bool on) {
  mallctl("background_thread", nullptr, nullptr, &on, sizeof on);
}

std::string allocator_name() {
  // The version reads "5.3.0-0-g<commit>".
  std::string version = read_control<const char*>("version");
  version.resize(std::min(version.size(), version.find('-')));
  return "jemalloc-" + version;
}

#endif

void discard_pages(void* begin, size_t size) {
  static const auto page_bytes = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto from = (reinterpret_cast<uintptr_t>(begin) + page_bytes - 1) & ~(page_bytes - 1);
  const auto to = (reinterpret_cast<uintptr_t>(begin) + size) & ~(page_bytes - 1);
  if (from < to) madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
}

}  // namespace spinel::storage
