#include "storage/base/clock.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace spinel::storage {

namespace {

// Shorter than this a rate is not worth taking; longer than the other it does not get better.
constexpr int64_t kMinCalibrationNs = 1'000'000;
constexpr int64_t kFinalCalibrationNs = 10'000'000'000;

bool has_constant_counter() {
#if defined(__x86_64__)
  constexpr unsigned kPowerLeaf = 0x80000007;
  constexpr unsigned kInvariantBit = 1u << 8;
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(kPowerLeaf, &a, &b, &c, &d) != 0 && (d & kInvariantBit) != 0;
#else
  return false;
#endif
}

// Both clocks at one moment. Of several readings, the one that the scheduler disturbed least.
struct Moment {
  uint64_t ticks = 0;
  int64_t ns = 0;
};

Moment read_both() {
  Moment best;
  int64_t best_gap = INT64_MAX;
  for (int i = 0; i < 5; ++i) {
    const int64_t before = monotonic_ns();
    const uint64_t ticks = TickClock::now_ticks();
    const int64_t after = monotonic_ns();
    if (after - before >= best_gap) continue;
    best_gap = after - before;
    best = {ticks, before + best_gap / 2};
  }
  return best;
}

Moment start;
std::atomic<bool> is_final{false};

}  // namespace

bool TickClock::counter_is_constant_ = false;
std::atomic<uint64_t> TickClock::ns_per_tick_{0};

class TickClockStart {
 public:
  TickClockStart() {
    TickClock::counter_is_constant_ = has_constant_counter();
    if (!TickClock::counter_is_constant_) {
      TickClock::ns_per_tick_ = uint64_t{1} << TickClock::kFractionBits;
      is_final = true;
    }
    start = read_both();
  }
};

namespace {
const TickClockStart clock_start;
}

uint64_t TickClock::calibrate() {
  Moment now = read_both();
  while (now.ns - start.ns < kMinCalibrationNs || now.ticks <= start.ticks) now = read_both();
  const auto ns = static_cast<unsigned __int128>(now.ns - start.ns);
  const auto rate = static_cast<uint64_t>((ns << kFractionBits) / (now.ticks - start.ticks));
  ns_per_tick_.store(rate, std::memory_order_relaxed);
  return rate;
}

void TickClock::refine() {
  if (is_final.load(std::memory_order_relaxed)) return;
  if (monotonic_ns() - start.ns >= kFinalCalibrationNs) is_final = true;
  calibrate();
}

}  // namespace spinel::storage
