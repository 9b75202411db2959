#include "storage/types/lcs.h"

#include <algorithm>
#include <array>
#include <bit>
#include <new>
#include <utility>

#include "storage/base/assert.h"

namespace spinel::storage {

namespace {

constexpr size_t kBits = 64;

size_t words_for(size_t bits) {
  return (bits + kBits - 1) / kBits;
}

std::unique_ptr<uint64_t[]> try_allocate(size_t words) {
  return std::unique_ptr<uint64_t[]>(new (std::nothrow) uint64_t[words]);
}

// Where in `b` each byte that `a` has occurs, one bit a position.
class Occurrences {
 public:
  Occurrences(std::string_view a, std::string_view b) : words_(words_for(b.size())) {
    index_.fill(kNone);
    size_t distinct = 0;
    for (const char c : a) {
      size_t& index = index_[static_cast<unsigned char>(c)];
      if (index == kNone) index = distinct++;
    }
    masks_ = try_allocate(distinct * words_);
    if (!masks_) return;
    std::fill_n(masks_.get(), distinct * words_, 0);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t index = index_[static_cast<unsigned char>(b[j])];
      if (index != kNone) masks_[index * words_ + j / kBits] |= uint64_t{1} << (j % kBits);
    }
  }

  bool valid() const { return masks_ != nullptr; }
  // Needs a byte of `a`.
  const uint64_t* of(char c) const {
    return masks_.get() + index_[static_cast<unsigned char>(c)] * words_;
  }

 private:
  static constexpr size_t kNone = SIZE_MAX;

  size_t words_;
  std::array<size_t, 256> index_;
  std::unique_ptr<uint64_t[]> masks_;
};

// Makes the row below `from`; a zero bit is a column at which the length grows. `to` may be `from`.
void next_row(const uint64_t* from, const uint64_t* occurrences, size_t words, uint64_t* to) {
  bool carry = false;
  for (size_t w = 0; w < words; ++w) {
    const uint64_t row = from[w];
    const uint64_t met = row & occurrences[w];
    uint64_t sum = 0;
    const bool overflowed = __builtin_add_overflow(row, met, &sum);
    carry = __builtin_add_overflow(sum, uint64_t{carry}, &sum) || overflowed;
    to[w] = sum | (row & ~occurrences[w]);
  }
}

size_t count_zeros(const uint64_t* row, size_t words) {
  size_t zeros = 0;
  for (size_t w = 0; w < words; ++w) zeros += static_cast<size_t>(std::popcount(~row[w]));
  return zeros;
}

}  // namespace

size_t lcs_length(std::string_view a, std::string_view b) {
  if (a.size() < b.size()) std::swap(a, b);
  const size_t words = words_for(b.size());
  const Occurrences occurrences(a, b);
  SPINEL_ASSERT(occurrences.valid());  // a few kilobytes, as the shorter string is `b`
  const std::unique_ptr<uint64_t[]> row = std::make_unique<uint64_t[]>(words);
  std::fill_n(row.get(), words, ~uint64_t{0});
  for (const char c : a) next_row(row.get(), occurrences.of(c), words, row.get());
  return count_zeros(row.get(), words);
}

CommonSubsequence::CommonSubsequence(std::string_view a, std::string_view b)
    : a_(a), b_(b), words_(words_for(b.size())) {
  const Occurrences occurrences(a, b);
  // One row more than strings have bytes, so that the first has one to start from.
  std::unique_ptr<uint64_t[]> rows = try_allocate((a.size() + 1) * words_);
  if (!rows || !occurrences.valid()) return;
  uint64_t* last = rows.get();
  std::fill_n(last, words_, ~uint64_t{0});
  for (const char c : a) {
    next_row(last, occurrences.of(c), words_, last + words_);
    last += words_;
  }
  length_ = count_zeros(last, words_);
  rows_ = std::move(rows);
}

}  // namespace spinel::storage
