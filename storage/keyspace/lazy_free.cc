#include "storage/keyspace/lazy_free.h"

#include <chrono>

#include "storage/base/memory.h"
#include "storage/keyspace/object.h"

namespace spinel::storage {

namespace {
// Below both, freeing is faster than waking a thread.
constexpr size_t kLargeBytes = 1 << 20;
constexpr size_t kManyAllocations = 64;
}  // namespace

LazyFree::LazyFree() : thread_([this] { run(); }) {}

LazyFree::~LazyFree() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

bool LazyFree::worth_it(Encoding encoding, const void* object) {
  return free_effort(encoding, object) > kManyAllocations ||
         object_bytes(encoding, object) > kLargeBytes;
}

void LazyFree::enqueue(Encoding encoding, void* object) {
  const uint64_t bytes = object_bytes(encoding, object);
  enqueue(Job{.encoding = encoding, .object = object, .bytes = bytes});
}

void LazyFree::enqueue(std::unique_ptr<Database::Contents> contents) {
  const uint64_t keys = contents->table.size();
  const uint64_t bytes = contents->table.memory_bytes() + contents->slab.used_bytes();
  enqueue(Job{.contents = std::move(contents), .objects = keys, .bytes = bytes});
}

void LazyFree::enqueue(Job job) {
  pending_.fetch_add(job.objects, std::memory_order_relaxed);
  pending_bytes_.fetch_add(job.bytes, std::memory_order_relaxed);
  {
    std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
}

void LazyFree::drain() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return pending() == 0; });
}

void LazyFree::wait(int64_t timeout_us) {
  std::unique_lock lock(mutex_);
  const uint64_t before = pending();
  if (before == 0) return;
  idle_.wait_for(lock, std::chrono::microseconds(timeout_us),
                 [this, before] { return pending() != before; });
}

void LazyFree::run() {
  register_memory_thread();
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    if (job.object != nullptr) Database::free_object(job.encoding, job.object, nullptr);
    job.contents.reset();
    freed_.fetch_add(job.objects, std::memory_order_relaxed);
    lock.lock();
    pending_.fetch_sub(job.objects, std::memory_order_relaxed);
    pending_bytes_.fetch_sub(job.bytes, std::memory_order_relaxed);
    idle_.notify_all();
  }
}

}  // namespace spinel::storage
