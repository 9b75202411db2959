#include "storage/containers/intset.h"

#include <gtest/gtest.h>
#include <iterator>
#include <limits>
#include <set>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/random.h"

namespace spinel::storage {
namespace {

using Limits64 = std::numeric_limits<int64_t>;

// An intset and what should be in it.
class Pair {
 public:
  Pair() : set_(Intset::create()) {}
  ~Pair() { Intset::destroy(set_); }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  const Intset& set() const { return *set_; }

  void insert(int64_t value) {
    ASSERT_EQ(Intset::insert(set_, value), model_.insert(value).second) << value;
  }
  void erase(int64_t value) { ASSERT_EQ(Intset::erase(set_, value), model_.erase(value) == 1); }
  void check() const {
    ASSERT_EQ(set_->count(), model_.size());
    size_t index = 0;
    for (const int64_t value : model_) {
      ASSERT_EQ(set_->at(index++), value);
      ASSERT_TRUE(set_->contains(value));
    }
  }
  void check_seek(int64_t value, size_t from) const {
    auto expected = model_.lower_bound(value);
    const auto start = std::next(model_.begin(), static_cast<ptrdiff_t>(from));
    size_t index = static_cast<size_t>(std::distance(model_.begin(), expected));
    if (expected != model_.end() && (start == model_.end() || *expected < *start)) index = from;
    ASSERT_EQ(set_->seek(value, from), std::max(index, from)) << value << " from " << from;
  }
  size_t width() const { return load_unaligned<uint32_t>(set_->raw().data()); }

 private:
  Intset* set_;
  std::set<int64_t> model_;
};

TEST(IntsetTest, AgreesWithAModelUnderRandomChanges) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const uint64_t bits = 8 + random.below(57);  // some never become wide, others at once
    Pair pair;
    for (int step = 0; step < 1000; ++step) {
      const auto value = static_cast<int64_t>(random.next()) >> (64 - bits);
      if (random.below(3) != 0) {
        pair.insert(value);
      } else {
        pair.erase(pair.set().empty() || random.below(3) == 0
                       ? value
                       : pair.set().at(random.below(pair.set().count())));
      }
      if (step % 20 == 0) pair.check();
      pair.check_seek(value, random.below(pair.set().count() + 1));
      if (testing::Test::HasFatalFailure()) return;
    }
    pair.check();
  }
}

TEST(IntsetTest, IsAsWideAsItsWidestElementEverWas) {
  Pair pair;
  EXPECT_EQ(pair.width(), 2u);
  pair.insert(32767);
  pair.insert(-32768);
  EXPECT_EQ(pair.width(), 2u);
  pair.insert(32768);
  EXPECT_EQ(pair.width(), 4u);
  pair.insert(-2147483648);
  pair.insert(2147483647);
  EXPECT_EQ(pair.width(), 4u);
  pair.insert(-2147483649);
  EXPECT_EQ(pair.width(), 8u);
  pair.erase(-2147483649);
  EXPECT_EQ(pair.width(), 8u);
  pair.check();
}

TEST(IntsetTest, WidensAtBothEnds) {
  for (const int64_t wide :
       {int64_t{1} << 20, -(int64_t{1} << 20), Limits64::max(), Limits64::min()}) {
    Pair pair;
    for (int64_t value = -10; value < 10; ++value) pair.insert(value);
    pair.insert(wide);
    pair.check();
  }
}

TEST(IntsetTest, HoldsTheExtremes) {
  Pair pair;
  pair.insert(Limits64::max());
  pair.insert(Limits64::min());
  pair.insert(0);
  pair.check();
  EXPECT_FALSE(pair.set().contains(1));
  pair.erase(1);
  pair.erase(Limits64::min());
  pair.check();
}

TEST(IntsetTest, BytesAreAsDocumented) {
  Pair pair;
  pair.insert(5);
  pair.insert(-1);
  EXPECT_EQ(pair.set().raw(), std::string_view("\x02\0\0\0\x02\0\0\0\xff\xff\x05\0", 12));
}

TEST(IntsetTest, DuplicateIsIndependent) {
  Intset* set = Intset::create();
  Intset::insert(set, 1);
  Intset* copy = Intset::duplicate(set);
  Intset::insert(set, 2);
  EXPECT_EQ(copy->count(), 1u);
  EXPECT_TRUE(copy->contains(1));
  Intset::destroy(set);
  Intset::destroy(copy);
}

}  // namespace
}  // namespace spinel::storage
