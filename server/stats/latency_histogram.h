// How long the calls of one command took: a histogram with 2 significant digits over 1 ns .. 1 s.
//
// The range is cut into octaves (one per power of two) and each octave into 128 equal steps, so a
// value is known within 1 %. That is the resolution that INFO latencystats and LATENCY HISTOGRAM
// are specified by. An octave takes 1 KB when the first value falls into it; a command lives in two
// or three of them. Recording is an index computation and two increments. Not thread safe: owned by
// the thread that executes commands.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace spinel::server {

class LatencyHistogram {
 public:
  static constexpr uint64_t kMaxValueNs = 1'000'000'000;  // longer calls count as this long

  // One step of LATENCY HISTOGRAM: `count` calls took at most `upper_bound_us`.
  struct CumulativeBucket {
    int64_t upper_bound_us;
    uint64_t count;
    bool operator==(const CumulativeBucket&) const = default;
  };

  void record_ns(uint64_t duration_ns) {
    const uint64_t value = duration_ns < 1             ? 1
                           : duration_ns > kMaxValueNs ? kMaxValueNs
                                                       : duration_ns;
    const int octave = octave_of(value);
    if (!octaves_[octave]) [[unlikely]]
      octaves_[octave] = std::make_unique<Octave>();
    ++(*octaves_[octave])[step_of(value, octave)];
    ++total_;
  }

  uint64_t total() const { return total_; }

  // The largest duration in the step that holds the `percentile`th (0..100) call; for 0 the
  // smallest of the first step. 0 if nothing was recorded.
  uint64_t percentile_ns(double percentile) const;

  // The cumulative distribution at powers of two, without the steps that add no call.
  std::vector<CumulativeBucket> cumulative_us() const;

  // Appends "latency_percentiles_usec_<name>:p50=0.001,p99=1.003\r\n", as INFO latencystats has it.
  void append_info(std::string& out, std::string_view name,
                   const std::vector<double>& percentiles) const;

  void reset();

 private:
  static constexpr int kStepBits = 7;
  static constexpr int kSteps = 1 << kStepBits;
  static constexpr int kOctaves = 24;  // the last one ends at 2^30 - 1 ns
  using Octave = std::array<uint64_t, kSteps>;

  // Octave 0 holds 0..127 in steps of 1; octave n holds [2^(n+6), 2^(n+7)) in steps of 2^(n-1).
  static int octave_of(uint64_t value) {
    const int width = std::bit_width(value);
    return width <= kStepBits ? 0 : width - kStepBits;
  }
  static int shift_of(int octave) { return octave == 0 ? 0 : octave - 1; }
  static uint64_t step_of(uint64_t value, int octave) {
    return (value >> shift_of(octave)) & (kSteps - 1);
  }
  static uint64_t lowest_in_step(int octave, int step) {
    return octave == 0 ? step : static_cast<uint64_t>(kSteps + step) << shift_of(octave);
  }
  static uint64_t highest_in_step(int octave, int step) {
    return lowest_in_step(octave, step) + (uint64_t{1} << shift_of(octave)) - 1;
  }

  std::array<std::unique_ptr<Octave>, kOctaves> octaves_;
  uint64_t total_ = 0;
};

}  // namespace spinel::server
