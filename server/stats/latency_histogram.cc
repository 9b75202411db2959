#include "server/stats/latency_histogram.h"

#include <algorithm>
#include <cmath>

#include "server/stats/append_format.h"

namespace spinel::server {

uint64_t LatencyHistogram::percentile_ns(double percentile) const {
  const double share = std::clamp(percentile, 0.0, 100.0) / 100.0;
  const auto wanted = std::max<uint64_t>(
      1, static_cast<uint64_t>(std::llround(share * static_cast<double>(total_))));
  uint64_t seen = 0;
  for (int octave = 0; octave < kOctaves; ++octave) {
    if (!octaves_[octave]) continue;
    for (int step = 0; step < kSteps; ++step) {
      seen += (*octaves_[octave])[step];
      if (seen < wanted) continue;
      return percentile <= 0 ? lowest_in_step(octave, step) : highest_in_step(octave, step);
    }
  }
  return 0;
}

// The first bound is 1024 ns and each next one is twice that. A bound lies at the start of a step,
// and the whole step belongs to it: that is why the bounds in microseconds read 1, 2, 4, 8, 16, 33,
// 66, ... and not 32, 64.
std::vector<LatencyHistogram::CumulativeBucket> LatencyHistogram::cumulative_us() const {
  constexpr int kFirstBoundedOctave = 4;  // [1024, 2048) ns
  constexpr uint64_t kNsPerUs = 1000;
  std::vector<CumulativeBucket> buckets;
  uint64_t seen = 0;
  uint64_t reported = 0;
  const auto report = [&](uint64_t upper_bound_ns) {
    if (seen == reported) return;
    buckets.push_back({static_cast<int64_t>(upper_bound_ns / kNsPerUs), seen});
    reported = seen;
  };
  for (int octave = 0; octave < kOctaves; ++octave) {
    const auto count_of = [&](int step) {
      return octaves_[octave] ? (*octaves_[octave])[step] : 0;
    };
    seen += count_of(0);
    if (octave >= kFirstBoundedOctave) report(highest_in_step(octave, 0));
    for (int step = 1; step < kSteps; ++step) seen += count_of(step);
  }
  report(highest_in_step(kOctaves - 1, kSteps - 1));
  return buckets;
}

void LatencyHistogram::append_info(std::string& out, std::string_view name,
                                   const std::vector<double>& percentiles) const {
  append_format(out, "latency_percentiles_usec_{}:", name);
  const char* separator = "";
  for (const double percentile : percentiles) {
    append_format(out, "{}p{}={:.3f}", separator, percentile,
                  static_cast<double>(percentile_ns(percentile)) / 1000.0);
    separator = ",";
  }
  out += "\r\n";
}

void LatencyHistogram::reset() {
  for (auto& octave : octaves_) octave.reset();
  total_ = 0;
}

}  // namespace spinel::server
