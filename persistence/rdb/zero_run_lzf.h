// Compresses bytes that are mostly zero, as LZF, while they come: for bitmaps, which nobody wants
// to have in memory as a whole. Only runs of zeroes are found, which is all there is to find.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace spinel::persistence::rdb {

// Calls `out(const unsigned char*, size_t)` with what is ready.
template <typename Out>
class ZeroRunLzf {
 public:
  explicit ZeroRunLzf(Out out) : out_(out) {}

  void zeroes(uint64_t count) { zeroes_ += count; }
  void bytes(const unsigned char* from, size_t size) {
    const unsigned char* end = from + size;
    while (from != end) {
      if (*from == 0) {
        ++zeroes_;
        ++from;
        // Most that follow are zero as well.
        for (uint64_t word; end - from >= 8; from += 8, zeroes_ += 8) {
          std::memcpy(&word, from, sizeof word);
          if (word != 0) break;
        }
      } else {
        if (zeroes_ > 0) end_run();
        literal(*from++);
      }
    }
  }
  void finish() {
    end_run();
    flush_literals();
  }

 private:
  static constexpr size_t kMaxLiterals = 32;
  static constexpr uint64_t kMinCopy = 3;
  static constexpr uint64_t kMaxCopy = 264;

  void literal(unsigned char byte) {
    literals_[1 + literal_count_++] = byte;
    if (literal_count_ == kMaxLiterals) flush_literals();
  }
  void flush_literals() {
    if (literal_count_ == 0) return;
    literals_[0] = static_cast<unsigned char>(literal_count_ - 1);
    out_(literals_, 1 + literal_count_);
    literal_count_ = 0;
  }
  // The first zero is a literal, the others are copies of the byte before.
  void end_run() {
    if (zeroes_ > kMinCopy) {
      literal(0);
      --zeroes_;
      flush_literals();
      while (zeroes_ >= kMinCopy) {
        const uint64_t length = std::min(zeroes_, kMaxCopy);
        copy(static_cast<unsigned>(length));
        zeroes_ -= length;
      }
    }
    for (; zeroes_ > 0; --zeroes_) literal(0);
  }
  void copy(unsigned length) {
    constexpr unsigned kLong = 7;
    const unsigned stored = length - 2;
    if (stored < kLong) {
      const unsigned char code[2] = {static_cast<unsigned char>(stored << 5), 0};
      out_(code, sizeof code);
    } else {
      const unsigned char code[3] = {static_cast<unsigned char>(kLong << 5),
                                     static_cast<unsigned char>(stored - kLong), 0};
      out_(code, sizeof code);
    }
  }

  Out out_;
  uint64_t zeroes_ = 0;
  size_t literal_count_ = 0;
  unsigned char literals_[1 + kMaxLiterals];
};

}  // namespace spinel::persistence::rdb
