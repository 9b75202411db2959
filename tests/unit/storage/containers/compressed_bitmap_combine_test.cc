#include <array>
#include <bit>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "storage/base/memory.h"
#include "storage/base/random.h"
#include "storage/containers/compressed_bitmap.h"
#include "tests/support/effort.h"
#include "tests/unit/storage/containers/bitmap_model.h"

namespace spinel::storage {
namespace {

namespace model = bitmap_model;
using bits::Operation;
using model::Texture;
using Form = CompressedBitmap::Form;
using Source = CompressedBitmap::Source;

constexpr std::array kOperations = {Operation::kAnd,  Operation::kOr,    Operation::kXor,
                                    Operation::kDiff, Operation::kDiff1, Operation::kAndOr,
                                    Operation::kOne};

bool takes_one(Operation operation) {
  return operation == Operation::kAnd || operation == Operation::kOr ||
         operation == Operation::kXor || operation == Operation::kOne;
}

struct Destroy {
  void operator()(CompressedBitmap* bitmap) const { CompressedBitmap::destroy(bitmap); }
};
using Bitmap = std::unique_ptr<CompressedBitmap, Destroy>;

std::string bytes_of(const CompressedBitmap& bitmap) {
  std::string bytes(bitmap.size_bytes(), 'x');
  bitmap.read(0, {reinterpret_cast<unsigned char*>(bytes.data()), bytes.size()});
  return bytes;
}

// The sources of one operation, with their bytes; which of them are flat is the caller's choice.
class Sources {
 public:
  void add(std::string bytes, bool flat) {
    bitmaps_.push_back(flat ? nullptr : Bitmap(CompressedBitmap::from_bytes(bytes)));
    bytes_.push_back(std::move(bytes));
  }

  void check(Operation operation) const {
    std::vector<Source> sources;
    size_t size = 0;
    for (size_t i = 0; i < bytes_.size(); ++i) {
      const bool flat = bitmaps_[i] == nullptr;
      sources.push_back(
          {bitmaps_[i].get(), flat ? std::string_view(bytes_[i]) : std::string_view()});
      size = std::max(size, bytes_[i].size());
    }
    const Bitmap result(CompressedBitmap::combine(operation, sources, size));
    const std::string expected = model::combine(operation, bytes_);
    ASSERT_EQ(result->size_bytes(), size);
    ASSERT_TRUE(bytes_of(*result) == expected) << describe(operation);
    ASSERT_EQ(result->count(), bits::count(reinterpret_cast<const unsigned char*>(expected.data()),
                                           expected.size()));
    // And is in order inside: it can be changed and is known in size.
    ASSERT_GE(result->approximate_bytes() + 64, result->memory_bytes());
    ASSERT_LE(result->approximate_bytes(), result->memory_bytes());
    for (uint64_t offset = 3; offset < size * 8; offset += size / 2 + 1) {
      ASSERT_EQ(result->set(offset, true), model::get(expected, offset));
      ASSERT_TRUE(result->set(offset, false));
    }
  }

 private:
  std::string describe(Operation operation) const {
    std::string text = "operation " + std::to_string(static_cast<int>(operation));
    for (size_t i = 0; i < bytes_.size(); ++i) {
      const char* form = bitmaps_[i] == nullptr                    ? " flat "
                         : bitmaps_[i]->form() == Form::kPositions ? " positions "
                                                                   : " roaring ";
      text += form + std::to_string(bytes_[i].size());
    }
    return text;
  }

  std::vector<std::string> bytes_;
  std::vector<Bitmap> bitmaps_;
};

TEST(CompressedBitmapCombine, IsThatOfTheBytesForEachPairOfTextures) {
  Random random(20250303);
  for (const Texture a : model::kTextures) {
    for (const Texture b : model::kTextures) {
      if (random.below(100) >= static_cast<uint64_t>(test::effort(100))) continue;
      const std::string first = model::make(random, a, 30'000);
      const std::string second = model::make(random, b, 25'000);
      for (const int flat : {0, 1, 2}) {  // none, the first, the second
        Sources sources;
        sources.add(first, flat == 1);
        sources.add(second, flat == 2);
        for (const Operation operation : kOperations) {
          sources.check(operation);
          ASSERT_FALSE(HasFatalFailure()) << static_cast<int>(a) << ' ' << static_cast<int>(b);
        }
      }
    }
  }
}

TEST(CompressedBitmapCombine, IsThatOfTheBytesForAnyMix) {
  constexpr uint64_t kSeed = 20250304;
  Random random(kSeed);
  for (int round = 0; round < test::effort(600); ++round) {
    Sources sources;
    const uint64_t count = random.below(6) + 1;
    const uint64_t compressed = random.below(count);
    const bool only_compressed = random.below(2) == 0;
    const bool only_sparse = random.below(4) == 0;
    for (uint64_t i = 0; i < count; ++i) {
      Texture texture = model::kTextures[random.below(std::size(model::kTextures))];
      if (only_sparse) texture = random.below(2) == 0 ? Texture::kFew : Texture::kSparse;
      const size_t size = random.below(10) == 0 ? 0 : random.below(40'000);
      const bool flat = i != compressed && !only_compressed && random.below(2) == 0;
      sources.add(model::make(random, texture, size), flat);
    }
    for (const Operation operation : kOperations) {
      if (count == 1 && !takes_one(operation)) continue;
      sources.check(operation);
      ASSERT_FALSE(HasFatalFailure()) << round;
    }
  }
}

TEST(CompressedBitmapCombine, TakesASourceMoreThanOnce) {
  Random random(20250305);
  for (const Texture texture : model::kTextures) {
    const std::string bytes = model::make(random, texture, 20'000);
    const Bitmap bitmap(CompressedBitmap::from_bytes(bytes));
    const std::vector<Source> sources(3, Source{bitmap.get(), {}});
    for (const Operation operation : kOperations) {
      const Bitmap result(CompressedBitmap::combine(operation, sources, bytes.size()));
      ASSERT_TRUE(bytes_of(*result) == model::combine(operation, {bytes, bytes, bytes}))
          << static_cast<int>(operation);
    }
  }
}

TEST(CompressedBitmapCombine, TakesManySources) {
  Random random(20250306);
  Sources sources;
  for (int i = 0; i < test::effort(150); ++i) {
    const Texture texture = i % 10 == 9 ? Texture::kScattered : Texture::kFew;
    sources.add(model::make(random, texture, random.below(30'000)), i % 25 == 24);
  }
  for (const Operation operation : kOperations) sources.check(operation);
}

// Days of four billion ids: the model is which days an id was seen on.
TEST(CompressedBitmapCombine, CombinesSparseDaysOfFourBillionIds) {
  constexpr size_t kDays = 10;
  constexpr uint64_t kIds = uint64_t{1} << 32;
  Random random(20250307);
  std::vector<Bitmap> days;
  std::vector<Source> sources;
  std::map<uint64_t, unsigned> seen;
  for (size_t day = 0; day < kDays; ++day) {
    days.emplace_back(CompressedBitmap::create(0));
    for (int i = 0; i < 5000; ++i) {
      // Some come every day.
      const uint64_t id =
          i < 500 ? kIds - 1 - static_cast<uint64_t>(i) * 1'000'000 : random.below(kIds);
      days.back()->set(id, true);
      seen[id] |= 1U << day;
    }
    sources.push_back({days.back().get(), {}});
  }
  for (const Operation operation : kOperations) {
    const Bitmap result(CompressedBitmap::combine(operation, sources, kIds / 8));
    EXPECT_EQ(result->form(), Form::kPositions);
    uint64_t expected = 0;
    for (const auto& [id, on] : seen) {
      const bool first = (on & 1) != 0;
      const bool other = on >> 1 != 0;
      const int times = std::popcount(on);
      const bool in = operation == Operation::kAnd     ? times == kDays
                      : operation == Operation::kOr    ? true
                      : operation == Operation::kXor   ? times % 2 == 1
                      : operation == Operation::kDiff  ? first && !other
                      : operation == Operation::kDiff1 ? !first && other
                      : operation == Operation::kAndOr ? first && other
                                                       : times == 1;
      ASSERT_EQ(result->get(id), in) << static_cast<int>(operation) << ' ' << id;
      expected += in ? 1 : 0;
    }
    EXPECT_EQ(result->count(), expected);
  }
}

#ifndef SPINEL_SANITIZED
TEST(CompressedBitmapCombine, LeavesNothingBehind) {
  register_memory_thread();
  Random random(20250308);
  for (int round = 0; round < 40; ++round) {
    std::vector<std::string> bytes;
    std::vector<Bitmap> bitmaps;
    std::vector<Source> sources;
    for (int i = 0; i < 4; ++i) {
      const Texture texture = model::kTextures[random.below(std::size(model::kTextures))];
      bytes.push_back(model::make(random, texture, 30'000));
    }
    for (const std::string& source : bytes) {
      const bool flat = random.below(4) == 0;
      bitmaps.emplace_back(CompressedBitmap::from_bytes(source));
      sources.push_back(
          {flat ? nullptr : bitmaps.back().get(), flat ? source : std::string_view()});
    }
    for (const Operation operation : kOperations) {
      const size_t before = used_memory();
      Bitmap result(CompressedBitmap::combine(operation, sources, 30'000));
      ASSERT_EQ(result->memory_bytes(), used_memory() - before);
      result.reset();
      ASSERT_EQ(used_memory(), before) << static_cast<int>(operation);
    }
  }
}
#endif

}  // namespace
}  // namespace spinel::storage
