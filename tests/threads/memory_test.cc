// The account of memory while several threads allocate, free, and hand over what they allocated.

#include "storage/base/memory.h"

#include <array>
#include <atomic>
#include <gtest/gtest.h>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "storage/base/clock.h"
#include "storage/containers/slab.h"

namespace spinel::storage {
namespace {

constexpr size_t kMegabyte = 1 << 20;

// Blocks on their way from one thread to another.
class Belt {
 public:
  void put(void* block) {
    const std::lock_guard lock(mutex_);
    blocks_.push_back(block);
  }
  std::vector<void*> take_all() {
    const std::lock_guard lock(mutex_);
    return std::exchange(blocks_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<void*> blocks_;
};

class MemoryThreads : public testing::Test {
 protected:
  MemoryThreads() { register_memory_thread(); }
};

TEST_F(MemoryThreads, TheSumHoldsWhileBlocksPassBetweenThreads) {
  constexpr size_t kSize = 64 * 1024;
  constexpr int kBlocks = 2000;
  constexpr int kMostOnTheBelt = 64;
  const size_t before = used_memory();
  Belt belt;
  std::atomic<int> on_the_belt{0};
  std::thread freer([&] {
    register_memory_thread();
    for (int freed = 0; freed < kBlocks;) {
      for (void* block : belt.take_all()) {
        free_bytes(block, kSize);
        ++freed;
        --on_the_belt;
      }
    }
  });
  for (int i = 0; i < kBlocks; ++i) {
    while (on_the_belt >= kMostOnTheBelt) std::this_thread::yield();
    ++on_the_belt;
    belt.put(allocate_bytes(kSize));
    adjust_idle_memory(16);
    EXPECT_LE(used_memory(), before + (kMostOnTheBelt + 1) * kSize + kMegabyte);
  }
  freer.join();
  EXPECT_LE(used_memory(), before + kMegabyte);
  EXPECT_GE(used_memory() + kMegabyte, before);
  adjust_idle_memory(-16 * kBlocks);
}

TEST_F(MemoryThreads, ThreadsComeAndGoWhileMemoryIsRead) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 25;
  const size_t before = used_memory();
  for (int round = 0; round < kRounds; ++round) {
    std::atomic<int> running{kThreads};
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&running] {
        register_memory_thread();
        for (int i = 0; i < 50; ++i) free_bytes(allocate_bytes(kMegabyte), kMegabyte);
        --running;
      });
    }
    while (running > 0) EXPECT_LE(used_memory(), before + (kThreads + 1) * kMegabyte);
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_LE(used_memory(), before + kMegabyte);
}

// What a database hands over: the blocks of one slab are freed elsewhere, while the main thread
// fills another one.
TEST_F(MemoryThreads, IdleMemoryIsCountedWhicheverThreadFrees) {
  constexpr size_t kSize = 40;
  const int64_t idle_before = idle_memory();
  for (int round = 0; round < 20; ++round) {
    auto given_away = std::make_unique<SlabAllocator>();
    std::vector<void*> blocks;
    blocks.reserve(3000);
    for (int i = 0; i < 3000; ++i) blocks.push_back(given_away->allocate(kSize));
    std::thread other([&given_away, &blocks] {
      register_memory_thread();
      for (void* block : blocks) given_away->deallocate(block, kSize);
      given_away.reset();
    });
    SlabAllocator own;
    for (int i = 0; i < 3000; ++i) own.deallocate(own.allocate(kSize), kSize);
    other.join();
    ASSERT_EQ(idle_memory(), idle_before + static_cast<int64_t>(own.idle_bytes()));
  }
}

TEST_F(MemoryThreads, TicksAreReadAnywhereWhileTheirRateIsRefined) {
  constexpr int kRounds = 2000;
  std::array<std::thread, 2> readers;
  std::atomic<bool> backwards{false};
  for (std::thread& reader : readers) {
    reader = std::thread([&backwards] {
      for (int i = 0; i < kRounds; ++i) {
        const uint64_t start = TickClock::now_ticks();
        const uint64_t end = TickClock::now_ticks();
        if (end < start || TickClock::ticks_to_us(end - start) > 3'600'000'000) backwards = true;
      }
    });
  }
  for (int i = 0; i < kRounds / 10; ++i) TickClock::refine();
  for (std::thread& reader : readers) reader.join();
  EXPECT_FALSE(backwards);
}

}  // namespace
}  // namespace spinel::storage
