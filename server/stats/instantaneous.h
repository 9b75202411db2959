// Rates over the last 1.6 seconds, for INFO's instantaneous_* fields.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "server/stats/stats.h"

namespace spinel::server {

// The growth of a counter against the growth of a base (time, or another counter), averaged over
// the last 16 samples.
class RateMeter {
 public:
  static constexpr size_t kSamples = 16;

  // The growth of `value` per `scale` units of `base` since the last sample joins the average. The
  // first sample after construction or reset only sets the starting point. `base` that has not
  // grown counts as no growth.
  void sample(int64_t value, int64_t base, int64_t scale);

  // The mean of the samples; those not taken yet count as zero.
  int64_t average() const;

  void reset() { *this = RateMeter(); }

 private:
  std::array<int64_t, kSamples> samples_{};
  size_t next_ = 0;
  bool started_ = false;
  int64_t last_value_ = 0;
  int64_t last_base_ = 0;
};

// All the rates of INFO. sample() is to be called every kSamplePeriodMs.
class InstantaneousRates {
 public:
  static constexpr int64_t kSamplePeriodMs = 100;

  // `now_us` is monotonic.
  void sample(const Stats& stats, int64_t now_us);

  int64_t ops_per_second() const { return commands_.average(); }
  double input_kbps() const { return kbps(input_); }
  double output_kbps() const { return kbps(output_); }
  double input_repl_kbps() const { return kbps(input_repl_); }
  double output_repl_kbps() const { return kbps(output_repl_); }
  int64_t eventloop_cycles_per_second() const { return eventloop_cycles_.average(); }
  // Of one cycle.
  int64_t eventloop_duration_us() const { return eventloop_duration_.average() / 1000; }

  // CONFIG RESETSTAT: to be called together with Stats::reset().
  void reset() { *this = InstantaneousRates(); }

 private:
  static double kbps(const RateMeter& bytes) { return static_cast<double>(bytes.average()) / 1024; }

  RateMeter commands_;
  RateMeter input_;
  RateMeter output_;
  RateMeter input_repl_;
  RateMeter output_repl_;
  RateMeter eventloop_cycles_;
  RateMeter eventloop_duration_;
};

}  // namespace spinel::server
