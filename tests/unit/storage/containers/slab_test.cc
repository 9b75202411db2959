#include "storage/containers/slab.h"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <vector>

#include "storage/base/memory.h"
#include "storage/base/random.h"
#include "tests/unit/storage/idle_memory.h"

namespace spinel::storage {
namespace {

constexpr size_t kPage = 4096;

// A block filled with bytes that tell it from every other one.
struct Block {
  unsigned char* bytes;
  size_t size;
  unsigned char mark;

  void fill() const { std::memset(bytes, mark, size); }
  bool intact() const {
    return std::all_of(bytes, bytes + size, [this](unsigned char byte) { return byte == mark; });
  }
};

Block take(SlabAllocator& slab, size_t size, uint64_t number) {
  const Block block{static_cast<unsigned char*>(slab.allocate(size)), size,
                    static_cast<unsigned char>(number * 37 + 11)};
  block.fill();
  return block;
}

// Bytes of blocks that come out of pages.
size_t bytes_in_pages(const std::vector<Block>& blocks) {
  size_t sum = 0;
  for (const Block& block : blocks) {
    if (block.size <= SlabAllocator::kMaxBlock) sum += SlabAllocator::block_size(block.size);
  }
  return sum;
}

TEST(Slab, BlockSizesAreEightBytesApartAndHoldWhatWasAskedFor) {
  for (size_t size = 1; size <= SlabAllocator::kMaxBlock; ++size) {
    EXPECT_EQ(SlabAllocator::block_size(size), (size + 7) / 8 * 8);
  }
  for (size_t size = SlabAllocator::kMaxBlock + 1; size < 5000; size += 7) {
    EXPECT_GE(SlabAllocator::block_size(size), size);
    EXPECT_EQ(SlabAllocator::block_size(size), usable_size(size));
  }
}

void check_random_allocations(size_t page_size) {
  constexpr uint64_t kSeed = 20240601;
  SCOPED_TRACE(kSeed);
  Random random(kSeed);
  const int64_t idle_before = count_idle_memory();
  {
    SlabAllocator slab(page_size);
    std::vector<Block> blocks;
    // Waves: the number of blocks goes up and down, so that pages fill, empty and fill again.
    for (uint64_t step = 0; step < 120'000; ++step) {
      const uint64_t wave = step / 20'000 % 2;
      if (blocks.empty() || random.below(10) < (wave == 0 ? 7u : 2u)) {
        const size_t size = random.below(20) == 0 ? 1 + random.below(3000) : 1 + random.below(300);
        blocks.push_back(take(slab, size, step));
        ASSERT_EQ(reinterpret_cast<uintptr_t>(blocks.back().bytes) % 8, 0u);
      } else {
        std::swap(blocks[random.below(blocks.size())], blocks.back());
        ASSERT_TRUE(blocks.back().intact()) << "step " << step;
        slab.deallocate(blocks.back().bytes, blocks.back().size);
        blocks.pop_back();
      }
      if (step % 1000 == 0) {
        const size_t idle = slab.idle_bytes();
        ASSERT_EQ((idle + bytes_in_pages(blocks)) % page_size, 0u);
        ASSERT_EQ(count_idle_memory() - idle_before, static_cast<int64_t>(idle));
      }
    }
    for (const Block& block : blocks) {
      ASSERT_TRUE(block.intact());
      slab.deallocate(block.bytes, block.size);
    }
    // At most one page stays for each class.
    EXPECT_LE(slab.idle_bytes(),
              page_size * SlabAllocator::kMaxBlock / SlabAllocator::kGranularity);
  }
  EXPECT_EQ(count_idle_memory(), idle_before);
}

TEST(Slab, RandomAllocationsKeepTheirContents) {
  check_random_allocations(SlabAllocator::kLargePage);
  check_random_allocations(SlabAllocator::kSmallPage);
}

TEST(Slab, CountsTheBlocksThatAreNotInPages) {
  SlabAllocator slab;
  void* small = slab.allocate(SlabAllocator::kMaxBlock);
  void* large = slab.allocate(SlabAllocator::kMaxBlock + 1);
  EXPECT_EQ(slab.large_blocks(), 1u);
  slab.deallocate(large, SlabAllocator::kMaxBlock + 1);
  slab.deallocate(small, SlabAllocator::kMaxBlock);
  EXPECT_EQ(slab.large_blocks(), 0u);
}

TEST(Slab, WastesLittleOfAPage) {
  for (size_t size = 8; size <= SlabAllocator::kMaxBlock; size += 8) {
    SlabAllocator slab;
    std::vector<Block> blocks;
    do {
      blocks.push_back(take(slab, size, blocks.size()));
    } while (slab.idle_bytes() >= size + 32);
    // The page's head, and what is left behind the last block.
    EXPECT_GE(blocks.size() * size, kPage - 32 - size) << size;
    for (const Block& block : blocks) {
      EXPECT_TRUE(block.intact());
      slab.deallocate(block.bytes, size);
    }
  }
}

TEST(Slab, GivesPagesBackExceptTheLastOfAClass) {
  SlabAllocator slab;
  std::vector<Block> blocks;
  for (uint64_t i = 0; i < 10'000; ++i) blocks.push_back(take(slab, 56, i));
  EXPECT_LT(slab.idle_bytes(), blocks.size() * 56 / 50);
  // From the middle outwards, so that pages empty in no particular order.
  for (size_t i = 0; i < blocks.size(); ++i) {
    const size_t middle = blocks.size() / 2;
    const size_t at = i % 2 == 0 ? middle + i / 2 : middle - 1 - i / 2;
    slab.deallocate(blocks[at].bytes, 56);
  }
  EXPECT_EQ(slab.idle_bytes(), kPage);
  // And the page that stayed is used again.
  const Block again = take(slab, 56, 1);
  EXPECT_EQ(slab.idle_bytes(), kPage - 56);
  slab.deallocate(again.bytes, 56);
}

TEST(Slab, FreedBlocksAreUsedAgainBeforeNewPages) {
  SlabAllocator slab;
  std::vector<Block> blocks;
  for (uint64_t i = 0; i < 1000; ++i) blocks.push_back(take(slab, 40, i));
  const size_t idle_before = slab.idle_bytes();
  for (size_t i = 0; i < blocks.size(); i += 3) slab.deallocate(blocks[i].bytes, 40);
  EXPECT_GT(slab.idle_bytes(), idle_before);
  for (size_t i = 0; i < blocks.size(); i += 3) blocks[i] = take(slab, 40, i);
  EXPECT_EQ(slab.idle_bytes(), idle_before);
  for (const Block& block : blocks) {
    EXPECT_TRUE(block.intact());
    slab.deallocate(block.bytes, 40);
  }
}

TEST(Slab, LargeBlocksBypassThePages) {
  SlabAllocator slab;
  for (const size_t size :
       {SlabAllocator::kMaxBlock + 1, size_t{1000}, size_t{4096}, size_t{70'000}}) {
    const Block block = take(slab, size, size);
    EXPECT_EQ(slab.idle_bytes(), 0u);
    EXPECT_TRUE(block.intact());
    slab.deallocate(block.bytes, size);
  }
  EXPECT_EQ(slab.idle_bytes(), 0u);
}

TEST(Slab, PagesWithLiveBlocksAreFreedWithIt) {
  const int64_t idle_before = count_idle_memory();
  {
    SlabAllocator slab;
    for (uint64_t i = 0; i < 5000; ++i) take(slab, 8 + i % 200, i);
  }
  EXPECT_EQ(count_idle_memory(), idle_before);
}

}  // namespace
}  // namespace spinel::storage
