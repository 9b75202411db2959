// Latency spikes by cause: for each event the worst duration of each second in which it took too
// long.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spinel::server {

// The names of events, as LATENCY HISTORY takes them.
namespace latency_event {
inline constexpr std::string_view kCommand = "command";
inline constexpr std::string_view kFastCommand = "fast-command";
inline constexpr std::string_view kCommandUnblocking = "command-unblocking";
inline constexpr std::string_view kExpireCycle = "expire-cycle";
inline constexpr std::string_view kExpireDel = "expire-del";
inline constexpr std::string_view kEvictionCycle = "eviction-cycle";
inline constexpr std::string_view kEvictionDel = "eviction-del";
inline constexpr std::string_view kEvictionLazyfree = "eviction-lazyfree";
inline constexpr std::string_view kActiveDefragCycle = "active-defrag-cycle";
inline constexpr std::string_view kWhileBlockedCron = "while-blocked-cron";
inline constexpr std::string_view kFork = "fork";
inline constexpr std::string_view kRdbUnlinkTempFile = "rdb-unlink-temp-file";
inline constexpr std::string_view kAofWrite = "aof-write";
inline constexpr std::string_view kAofWritePendingFsync = "aof-write-pending-fsync";
inline constexpr std::string_view kAofWriteActiveChild = "aof-write-active-child";
inline constexpr std::string_view kAofWriteAlone = "aof-write-alone";
inline constexpr std::string_view kAofFsyncAlways = "aof-fsync-always";
inline constexpr std::string_view kAofFstat = "aof-fstat";
inline constexpr std::string_view kAofRename = "aof-rename";
inline constexpr std::string_view kAofRewriteDiffWrite = "aof-rewrite-diff-write";
}  // namespace latency_event

struct LatencySample {
  int64_t unix_time_s = 0;
  int64_t latency_ms = 0;
  bool operator==(const LatencySample&) const = default;
};

// The last 160 seconds with a spike of one event.
class LatencySeries {
 public:
  static constexpr size_t kSamples = 160;

  explicit LatencySeries(std::string_view event) : event_(event) {}

  // Spikes within one second make one sample, the highest.
  void add(int64_t unix_time_s, int64_t latency_ms);

  const std::string& event() const { return event_; }
  int64_t all_time_max_ms() const { return all_time_max_ms_; }
  size_t size() const { return size_; }
  // 0 is the oldest; `index` must be below size().
  const LatencySample& sample(size_t index) const;
  const LatencySample& latest() const { return sample(size_ - 1); }

  // The event's samples drawn as a graph, under a line of its extremes: LATENCY GRAPH.
  std::string graph(int64_t now_s) const;

 private:
  std::string event_;
  std::array<LatencySample, kSamples> ring_{};
  size_t next_ = 0;
  size_t size_ = 0;
  int64_t all_time_max_ms_ = 0;
};

class LatencyMonitor {
 public:
  // Remembers a duration of at least `threshold_ms` (CONFIG latency-monitor-threshold; 0 switches
  // monitoring off). `event` must be one of the server's own names: memory is bounded by their
  // number.
  void record(std::string_view event, int64_t latency_ms, int64_t threshold_ms, int64_t now_s) {
    if (threshold_ms <= 0 || latency_ms < threshold_ms) [[likely]]
      return;
    add(event, latency_ms, now_s);
  }

  // In the order in which they first happened.
  const std::vector<LatencySeries>& series() const { return series_; }

  // nullptr if nothing was recorded under exactly that name.
  const LatencySeries* find(std::string_view event) const;

  // Forgets one event, whose name may be in any case; false if there was none.
  bool reset(std::string_view event);

  // Forgets all events and returns how many there were.
  size_t reset_all();

 private:
  void add(std::string_view event, int64_t latency_ms, int64_t now_s);

  std::vector<LatencySeries> series_;
};

// What LATENCY DOCTOR looks at beside the samples.
struct LatencyDoctorFacts {
  int64_t now_s = 0;
  int64_t monitor_threshold_ms = 0;
  int64_t slowlog_slower_than_us = 0;
  int64_t slowlog_max_length = 0;
  double fork_rate_gb_per_s = 0;  // 0: no fork yet
  bool appendfsync_always = false;
  bool no_appendfsync_on_rewrite = false;
  bool transparent_huge_pages = false;
};

// A report in prose: the events seen, and what usually helps against them.
std::string latency_doctor_report(const LatencyMonitor& monitor, const LatencyDoctorFacts& facts);

}  // namespace spinel::server
