#include "storage/types/lcs.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "storage/base/random.h"

namespace spinel::storage {
namespace {

// The textbook's table of lengths, and the walk back through it.
class Model {
 public:
  Model(std::string_view a, std::string_view b)
      : a_(a), b_(b), lengths_(a.size() + 1, std::vector<size_t>(b.size() + 1, 0)) {
    for (size_t i = 1; i <= a.size(); ++i) {
      for (size_t j = 1; j <= b.size(); ++j) {
        lengths_[i][j] = a[i - 1] == b[j - 1] ? lengths_[i - 1][j - 1] + 1
                                              : std::max(lengths_[i - 1][j], lengths_[i][j - 1]);
      }
    }
  }

  size_t length() const { return lengths_[a_.size()][b_.size()]; }
  std::vector<std::pair<size_t, size_t>> pairs() const {
    std::vector<std::pair<size_t, size_t>> found;
    size_t i = a_.size();
    size_t j = b_.size();
    while (i > 0 && j > 0) {
      if (a_[i - 1] == b_[j - 1]) {
        found.emplace_back(--i, --j);
      } else if (lengths_[i - 1][j] > lengths_[i][j - 1]) {
        --i;
      } else {
        --j;
      }
    }
    return found;
  }

 private:
  std::string_view a_;
  std::string_view b_;
  std::vector<std::vector<size_t>> lengths_;
};

void expect_as_model(std::string_view a, std::string_view b) {
  const Model model(a, b);
  EXPECT_EQ(lcs_length(a, b), model.length());
  const CommonSubsequence lcs(a, b);
  ASSERT_TRUE(lcs.valid());
  EXPECT_EQ(lcs.length(), model.length());
  std::vector<std::pair<size_t, size_t>> pairs;
  lcs.for_each_backwards([&](size_t i, size_t j) { pairs.emplace_back(i, j); });
  EXPECT_EQ(pairs, model.pairs());
}

TEST(Lcs, AgreesWithTheTableOfLengths) {
  expect_as_model("", "");
  expect_as_model("", "abc");
  expect_as_model("abc", "");
  expect_as_model("a", "a");
  expect_as_model("ohmytext", "mynewtext");
  constexpr uint64_t kSeed = 20240607;
  SCOPED_TRACE(kSeed);
  Random random(kSeed);
  const auto text = [&random](size_t size, size_t alphabet) {
    std::string bytes;
    for (size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(random.below(alphabet)));
    return bytes;
  };
  for (const size_t alphabet : {1, 2, 4, 26, 256}) {
    for (const size_t size : {1, 2, 63, 64, 65, 127, 128, 129, 300}) {
      expect_as_model(text(size, alphabet), text(1 + random.below(300), alphabet));
      expect_as_model(text(1 + random.below(300), alphabet), text(size, alphabet));
    }
  }
}

}  // namespace
}  // namespace spinel::storage
