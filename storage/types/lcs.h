// The longest common subsequence of two byte strings.
//
// L(i, j), the length for the first i bytes of `a` and the first j of `b`, grows by nothing or one
// from each j to the next. So a row of that table is kept as one bit a column, and the next row is
// made from it with a few operations on whole words (H. Hyyrö, Bit-parallel LCS-length computation
// revisited, 2004): 64 cells at once, in a thirty-second of the memory that lengths would take.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace spinel::storage {

// Only how long it is. Takes O(a.size() * b.size() / 64) time, and memory for one row.
size_t lcs_length(std::string_view a, std::string_view b);

// Which it is. Takes the same time, and a bit for each pair of bytes.
class CommonSubsequence {
 public:
  // `a` and `b` must outlive it.
  CommonSubsequence(std::string_view a, std::string_view b);

  // False if there was not enough memory; then there is nothing else to ask for.
  bool valid() const { return rows_ != nullptr; }
  size_t length() const { return length_; }

  // Calls `visit(size_t a_position, size_t b_position)` for each byte of the subsequence, from the
  // last to the first. Where several are the longest, it is the one found by walking back from the
  // ends of both strings, taking equal bytes wherever they are met and else giving up the last byte
  // of `b` unless only that of `a` can be spared.
  template <typename Visit>
  void for_each_backwards(Visit&& visit) const {
    size_t i = a_.size();
    size_t j = b_.size();
    while (i > 0 && j > 0) {
      if (a_[i - 1] == b_[j - 1]) {
        visit(--i, --j);
      } else if (grows_at(i, j)) {
        --i;
      } else {
        --j;
      }
    }
  }

 private:
  // Whether L(i, j) is more than L(i, j - 1).
  bool grows_at(size_t i, size_t j) const {
    const uint64_t word = rows_[i * words_ + (j - 1) / 64];
    return (word >> ((j - 1) % 64) & 1) == 0;
  }

  std::string_view a_;
  std::string_view b_;
  size_t words_;  // in a row
  std::unique_ptr<uint64_t[]> rows_;
  size_t length_ = 0;
};

}  // namespace spinel::storage
