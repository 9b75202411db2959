// Frees what takes long on a thread of its own, so that no client waits for it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>

#include "storage/keyspace/database.h"

namespace spinel::storage {

// The main thread hands over ownership; nothing is shared. Everything handed over is freed before
// destruction ends.
class LazyFree {
 public:
  LazyFree();
  ~LazyFree();
  LazyFree(const LazyFree&) = delete;
  LazyFree& operator=(const LazyFree&) = delete;

  // Whether freeing the object takes so long that handing it over pays.
  static bool worth_it(Encoding encoding, const void* object);

  void enqueue(Encoding encoding, void* object);
  void enqueue(std::unique_ptr<Database::Contents> contents);

  // Objects (keys, for a whole database) waiting to be freed, and freed since the last reset.
  uint64_t pending() const { return pending_.load(std::memory_order_relaxed); }
  uint64_t freed() const { return freed_.load(std::memory_order_relaxed); }
  // Bytes that what is pending will give back, as far as that can be told at once: without the
  // large values of a whole database.
  uint64_t pending_bytes() const { return pending_bytes_.load(std::memory_order_relaxed); }
  void reset_freed() { freed_.store(0, std::memory_order_relaxed); }
  // Waits until nothing is pending.
  void drain();
  // Waits until something more is freed, if anything is pending, and at most so long.
  void wait(int64_t timeout_us);

 private:
  struct Job {
    Encoding encoding = Encoding::kInt32;
    void* object = nullptr;
    std::unique_ptr<Database::Contents> contents = nullptr;
    uint64_t objects = 1;
    uint64_t bytes = 0;
  };

  void enqueue(Job job);
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable idle_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::atomic<uint64_t> pending_ = 0;
  std::atomic<uint64_t> pending_bytes_ = 0;
  std::atomic<uint64_t> freed_ = 0;
  std::thread thread_;  // last: it starts when all the above exists
};

}  // namespace spinel::storage
