// Shows on stderr how far reading has come.
#pragma once

#include <cstdint>
#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

namespace spinel::tools {

// On a terminal a bar; otherwise, of large files, a line for each tenth.
class Progress {
 public:
  void update(uint64_t bytes, uint64_t total_bytes) {
    if (total_bytes == 0) return;
    const auto percent = static_cast<int>(bytes * 100 / total_bytes);
    if (is_terminal_) {
      if (percent != shown_percent_) draw(percent);
    } else if (total_bytes >= kLargeBytes && percent / 10 > shown_percent_ / 10) {
      fmt::print(stderr, "[progress] {} % of {} bytes\n", percent, total_bytes);
      shown_percent_ = percent;
    }
  }
  // Before the next file. Removes the bar, to make place for a line.
  void clear() {
    if (is_terminal_ && shown_percent_ > 0) fmt::print(stderr, "\r\x1b[K");
    shown_percent_ = 0;
  }

 private:
  static constexpr uint64_t kLargeBytes = uint64_t{64} << 20;
  static constexpr int kWidth = 50;

  void draw(int percent) {
    const int full = percent * kWidth / 100;
    fmt::print(stderr, "\r[{:#<{}}{: <{}}] {:3} %", "", full, "", kWidth - full, percent);
    shown_percent_ = percent;
  }

  const bool is_terminal_ = ::isatty(STDERR_FILENO) != 0;
  int shown_percent_ = 0;
};

}  // namespace spinel::tools
