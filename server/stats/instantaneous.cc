#include "server/stats/instantaneous.h"

namespace spinel::server {

void RateMeter::sample(int64_t value, int64_t base, int64_t scale) {
  if (started_) {
    const int64_t base_growth = base - last_base_;
    const int64_t value_growth = value - last_value_;
    samples_[next_] = base_growth > 0 ? value_growth * scale / base_growth : 0;
    next_ = (next_ + 1) % kSamples;
  }
  started_ = true;
  last_value_ = value;
  last_base_ = base;
}

int64_t RateMeter::average() const {
  int64_t sum = 0;
  for (const int64_t sample : samples_) sum += sample;
  return sum / static_cast<int64_t>(kSamples);
}

void InstantaneousRates::sample(const Stats& stats, int64_t now_us) {
  constexpr int64_t kPerSecond = 1'000'000;
  const int64_t input = stats.total_net_input_bytes + stats.total_net_repl_input_bytes;
  const int64_t output = stats.total_net_output_bytes + stats.total_net_repl_output_bytes;
  commands_.sample(stats.total_commands_processed, now_us, kPerSecond);
  input_.sample(input, now_us, kPerSecond);
  output_.sample(output, now_us, kPerSecond);
  input_repl_.sample(stats.total_net_repl_input_bytes, now_us, kPerSecond);
  output_repl_.sample(stats.total_net_repl_output_bytes, now_us, kPerSecond);
  eventloop_cycles_.sample(stats.eventloop_cycles, now_us, kPerSecond);
  eventloop_duration_.sample(stats.eventloop_duration_ns, stats.eventloop_cycles, 1);
}

}  // namespace spinel::server
