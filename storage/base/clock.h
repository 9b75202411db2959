// The clocks: wall time for expiry and replies, monotonic time for timeouts, the tick counter for
// timing commands.
#pragma once

#include <atomic>
#include <cstdint>
#include <ctime>

namespace spinel::storage {

// Time since the epoch; jumps when somebody sets the system's clock.
inline int64_t wall_clock_us() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * int64_t{1'000'000} + now.tv_nsec / 1000;
}
inline int64_t wall_clock_ms() {
  return wall_clock_us() / 1000;
}

// Time since some fixed moment; never goes back.
inline int64_t monotonic_ns() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
}
inline int64_t monotonic_us() {
  return monotonic_ns() / 1000;
}

// The cheapest clock there is, for timing single commands: the processor's counter where it runs at
// a constant rate, else the monotonic clock. Any thread may use it, from main() on.
class TickClock {
 public:
  static uint64_t now_ticks() {
#if defined(__x86_64__)
    if (counter_is_constant_) return __builtin_ia32_rdtsc();
#endif
    return static_cast<uint64_t>(monotonic_ns());
  }

  // The length of an interval of ticks. The first call may wait about a millisecond to learn the
  // rate.
  static uint64_t ticks_to_ns(uint64_t ticks) {
    uint64_t rate = ns_per_tick_.load(std::memory_order_relaxed);
    if (__builtin_expect(rate == 0, 0)) rate = calibrate();
    return static_cast<uint64_t>((static_cast<unsigned __int128>(ticks) * rate) >> kFractionBits);
  }
  static uint64_t ticks_to_us(uint64_t ticks) {
    return ticks_to_ns(ticks) / 1000;
  }

  // Measures the rate over the time since start, which makes it the better the later this is
  // called. Cheap; meant for the server's periodic work. Does nothing once the rate is known well
  // enough.
  static void refine();

 private:
  friend class TickClockStart;
  static constexpr int kFractionBits = 32;

  static uint64_t calibrate();

  static bool counter_is_constant_;
  static std::atomic<uint64_t> ns_per_tick_;  // fixed point; 0: not known yet
};

}  // namespace spinel::storage
