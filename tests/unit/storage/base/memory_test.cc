#include "storage/base/memory.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <gtest/gtest.h>
#include <thread>

namespace spinel::storage {
namespace {

constexpr size_t kMegabyte = 1 << 20;
constexpr size_t kNoise = kMegabyte / 4;  // what the test framework and starting threads allocate

class Memory : public testing::Test {
 protected:
  void SetUp() override { register_memory_thread(); }
};

TEST_F(Memory, UsedMemoryFollowsEachAllocation) {
  const size_t before = used_memory();
  void* bytes = allocate_bytes(kMegabyte);
  EXPECT_GE(used_memory(), before + kMegabyte);
  EXPECT_LE(used_memory(), before + kMegabyte + kNoise);
  free_bytes(bytes, kMegabyte);
  EXPECT_EQ(used_memory(), before);
}

TEST_F(Memory, SmallAllocationsCountToo) {
  constexpr size_t kCount = 10000;
  constexpr size_t kSize = 48;
  std::vector<void*> all(kCount);
  const size_t before = used_memory();
  for (void*& bytes : all) bytes = allocate_bytes(kSize);
  EXPECT_EQ(used_memory(), before + kCount * kSize);
  for (void* bytes : all) free_bytes(bytes, kSize);
  EXPECT_EQ(used_memory(), before);
}

TEST_F(Memory, WhatOneThreadAllocatesAnotherMayFree) {
  const size_t before = used_memory();
  void* handed_over = nullptr;
  std::thread worker([&handed_over] {
    register_memory_thread();
    handed_over = allocate_bytes(8 * kMegabyte);
  });
  worker.join();
  EXPECT_GE(used_memory() + kNoise, before + 8 * kMegabyte);
  free_bytes(handed_over, 8 * kMegabyte);
  EXPECT_LE(used_memory(), before + kNoise);

  handed_over = allocate_bytes(8 * kMegabyte);
  std::thread freer([handed_over] {
    register_memory_thread();
    free_bytes(handed_over, 8 * kMegabyte);
  });
  freer.join();
  EXPECT_LE(used_memory(), before + kNoise);
  EXPECT_GE(used_memory() + kNoise, before);
}

TEST_F(Memory, IdleBytesAreNotInUse) {
  const size_t before = used_memory();
  adjust_idle_memory(1000);
  EXPECT_EQ(used_memory(), before - 1000);
  adjust_idle_memory(-1000);
  EXPECT_EQ(used_memory(), before);
  const auto everything = static_cast<int64_t>(before + kMegabyte);
  adjust_idle_memory(everything);
  EXPECT_EQ(used_memory(), 0u);
  adjust_idle_memory(-everything);
}

TEST_F(Memory, ReallocationKeepsTheBytes) {
  auto* bytes = static_cast<char*>(reallocate_bytes(nullptr, 0, 10));
  std::ranges::copy(std::string_view("0123456789"), bytes);
  bytes = static_cast<char*>(reallocate_bytes(bytes, 10, 100000));
  EXPECT_EQ(std::string_view(bytes, 10), "0123456789");
  bytes = static_cast<char*>(reallocate_bytes(bytes, 100000, 4));
  EXPECT_EQ(std::string_view(bytes, 4), "0123");
  free_bytes(bytes, 4);
  free_bytes(nullptr, 0);
}

TEST_F(Memory, ZeroedBytesAreZero) {
  for (int round = 0; round < 3; ++round) {
    auto* bytes = static_cast<char*>(allocate_zeroed(1000));
    EXPECT_EQ(std::string_view(bytes, 1000), std::string(1000, '\0'));
    std::memset(bytes, 'x', 1000);
    free_bytes(bytes, 1000);
  }
}

TEST_F(Memory, UsableSizeIsWhatAnAllocationOccupies) {
  EXPECT_GE(usable_size(0), 1u);
  for (const size_t size : {1u, 8u, 9u, 33u, 500u, 5000u, 70000u}) {
    const size_t usable = usable_size(size);
    EXPECT_GE(usable, size);
    EXPECT_EQ(usable_size(usable), usable);
    const size_t before = used_memory();
    void* bytes = allocate_bytes(size);
    EXPECT_GE(used_memory() - before, size);
#ifndef SPINEL_SANITIZED
    EXPECT_EQ(used_memory() - before, usable);
#endif
    free_bytes(bytes, usable);
  }
}

TEST_F(Memory, AllocatorStatsAreInOrder) {
  const AllocatorStats before = allocator_stats();
  void* bytes = allocate_zeroed(16 * kMegabyte);
  std::memset(bytes, 1, 16 * kMegabyte);
  const AllocatorStats stats = allocator_stats();
  EXPECT_GE(stats.allocated, before.allocated + 15 * kMegabyte);
  EXPECT_GE(stats.active, stats.allocated);
  EXPECT_GE(stats.mapped, stats.active);
  EXPECT_GE(stats.fragmentation_ratio(), 1.0);
  EXPECT_EQ(stats.fragmentation_bytes(), stats.active - stats.allocated);
  EXPECT_GE(resident_set_bytes(), 16 * kMegabyte);
  free_bytes(bytes, 16 * kMegabyte);
  purge_allocator();
}

TEST_F(Memory, StatsOfNothingAreSane) {
  const AllocatorStats none;
  EXPECT_EQ(none.fragmentation_ratio(), 1.0);
  EXPECT_EQ(none.resident_overhead_ratio(), 1.0);
  EXPECT_EQ(none.fragmentation_bytes(), 0u);
  EXPECT_EQ(none.resident_overhead_bytes(), 0u);
}

#ifndef SPINEL_SANITIZED

// Far more threads than there is room for at a time. However a reading falls while one comes or
// goes, the thread is counted once: the bounds are closer together than what one thread allocates.
TEST_F(Memory, ThreadsComeAndGoWhileMemoryIsRead) {
  constexpr int kThreads = 300;
  const size_t before = used_memory();
  size_t left = 0;
  std::vector<void*> leftovers;
  for (int i = 0; i < kThreads; ++i) {
    std::atomic<void*> made{nullptr};
    std::atomic<bool> done{false};
    std::thread worker([&made, &done] {
      register_memory_thread();
      register_memory_thread();
      made = allocate_bytes(kMegabyte);
      done = true;
    });
    bool last = false;
    while (!last) {
      last = done;
      const size_t used = used_memory();
      EXPECT_GE(used + kNoise, before + left);
      EXPECT_LE(used, before + left + kMegabyte + kNoise);
      if (last) {
        EXPECT_GE(used + kNoise, before + left + kMegabyte);
      }
    }
    worker.join();
    if (i % 16 == 0) {
      left += kMegabyte;
      leftovers.push_back(made);
    } else {
      free_bytes(made, kMegabyte);
    }
    EXPECT_GE(used_memory() + kNoise, before + left);
    EXPECT_LE(used_memory(), before + left + kNoise);
  }
  for (void* bytes : leftovers) free_bytes(bytes, kMegabyte);
  EXPECT_LE(used_memory(), before + kNoise);
}

// Cached small blocks count as allocated for the allocator, not for us: hence the margin.
TEST_F(Memory, OurSumIsTheAllocatorsFigure) {
  std::vector<void*> all(100000);
  for (void*& bytes : all) bytes = allocate_bytes(100);
  const AllocatorStats stats = allocator_stats();
  EXPECT_NEAR(static_cast<double>(used_memory()), static_cast<double>(stats.allocated),
              4.0 * kMegabyte);
  for (void* bytes : all) free_bytes(bytes, 100);
}

TEST_F(Memory, PurgeGivesPagesBack) {
  constexpr size_t kSize = 64 * kMegabyte;
  void* bytes = allocate_bytes(kSize);
  std::memset(bytes, 1, kSize);
  free_bytes(bytes, kSize);
  purge_allocator();
  EXPECT_LT(allocator_stats().resident, used_memory() + kSize / 2);
}

TEST_F(Memory, TheAllocatorNamesItself) {
  EXPECT_EQ(allocator_name().rfind("jemalloc-5", 0), 0u) << allocator_name();
  EXPECT_EQ(allocator_name().find_first_not_of("jemalloc-0123456789."), std::string::npos);
  EXPECT_NE(allocator_report().find("Allocated:"), std::string::npos);
}

TEST(MemoryDeathTest, AnImpossibleAllocationEndsTheProcess) {
  const volatile size_t absurd = size_t{1} << 60;
  EXPECT_DEATH(allocate_bytes(absurd), "Could not allocate 1152921504606846976 bytes");
}

#endif

}  // namespace
}  // namespace spinel::storage
