// LATENCY DOCTOR: which advice follows from which event.
#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>

#include "server/stats/append_format.h"
#include "server/stats/latency_monitor.h"
#include "storage/base/assert.h"

namespace spinel::server {
namespace {

// In the order in which they are given.
enum Advice : unsigned {
  kEnableSlowlog = 1 << 0,
  kLowerSlowlogThreshold = 1 << 1,
  kLongerSlowlog = 1 << 2,
  kReadSlowlog = 1 << 3,
  kBusySystem = 1 << 4,
  kForkIsSlowHere = 1 << 5,
  kLocalDisks = 1 << 6,
  kFasterDisks = 1 << 7,
  kDiskContention = 1 << 8,
  kNoFsyncOnRewrite = 1 << 9,
  kRelaxFsync = 1 << 10,
  kShorterUnlinks = 1 << 11,
  kFewerExpiresAtOnce = 1 << 12,
  kSmallerObjects = 1 << 13,
  kMemoryPressure = 1 << 14,
  kHugePages = 1 << 15,
};

constexpr double kSlowForkGbPerS = 25;

struct Distribution {
  int64_t average_ms = 0;
  int64_t mean_deviation_ms = 0;
  double period_s = 0;
};

Distribution distribution_of(const LatencySeries& series, int64_t now_s) {
  const auto count = static_cast<int64_t>(series.size());
  SPINEL_ASSERT(count > 0);  // a series begins with an event
  Distribution result;
  for (size_t i = 0; i < series.size(); ++i) result.average_ms += series.sample(i).latency_ms;
  result.average_ms /= count;
  for (size_t i = 0; i < series.size(); ++i) {
    result.mean_deviation_ms += std::abs(series.sample(i).latency_ms - result.average_ms);
  }
  result.mean_deviation_ms /= count;
  result.period_s =
      static_cast<double>(now_s - series.sample(0).unix_time_s) / static_cast<double>(count);
  return result;
}

std::string_view fork_rate_verdict(double gb_per_s) {
  if (gb_per_s < 10) return "very slow";
  if (gb_per_s < kSlowForkGbPerS) return "slow";
  if (gb_per_s < 100) return "fast";
  return "very fast";
}

unsigned advice_on_commands(const LatencyDoctorFacts& facts) {
  unsigned advice = kReadSlowlog | kSmallerObjects;
  if (facts.slowlog_slower_than_us < 0 || facts.slowlog_max_length == 0) {
    advice |= kEnableSlowlog;
  } else if (facts.slowlog_slower_than_us / 1000 > facts.monitor_threshold_ms) {
    advice |= kLowerSlowlogThreshold;
  } else if (facts.slowlog_max_length < 32) {
    advice |= kLongerSlowlog;
  }
  return advice;
}

unsigned advice_on_disk(std::string_view event, const LatencyDoctorFacts& facts) {
  unsigned advice = kLocalDisks | kFasterDisks;
  if (event == latency_event::kAofWritePendingFsync ||
      event == latency_event::kAofWriteActiveChild) {
    advice |= kDiskContention;
    if (!facts.no_appendfsync_on_rewrite) advice |= kNoFsyncOnRewrite;
  }
  if (event == latency_event::kRdbUnlinkTempFile) advice |= kShorterUnlinks;
  if (facts.appendfsync_always) advice |= kRelaxFsync;
  return advice;
}

unsigned advice_on(std::string_view event, const LatencyDoctorFacts& facts) {
  unsigned advice = facts.transparent_huge_pages ? kHugePages : 0u;
  if (event == latency_event::kCommand || event == latency_event::kFastCommand) {
    if (event == latency_event::kFastCommand) advice |= kBusySystem;
    return advice | advice_on_commands(facts);
  }
  if (event == latency_event::kFork) {
    return facts.fork_rate_gb_per_s < kSlowForkGbPerS ? advice | kForkIsSlowHere : advice;
  }
  if (event.starts_with("aof-") || event.starts_with("rdb-")) {
    return advice | advice_on_disk(event, facts);
  }
  if (event == latency_event::kExpireCycle) return advice | kFewerExpiresAtOnce;
  if (event == latency_event::kExpireDel || event == latency_event::kEvictionDel) {
    return advice | kSmallerObjects;
  }
  if (event.starts_with("eviction-")) return advice | kMemoryPressure;
  return advice;
}

std::string advice_text(Advice advice, const LatencyDoctorFacts& facts) {
  switch (advice) {
    case kEnableSlowlog:
      return fmt::format(
          "The slow log is off, so nothing shows which commands are slow. To switch it on: CONFIG "
          "SET slowlog-log-slower-than {} and a slowlog-max-len above 0.",
          facts.monitor_threshold_ms * 1000);
    case kLowerSlowlogThreshold:
      return fmt::format(
          "The slow log misses commands that the latency monitor reports, since its threshold is "
          "higher. To align them: CONFIG SET slowlog-log-slower-than {}.",
          facts.monitor_threshold_ms * 1000);
    case kLongerSlowlog:
      return "The slow log keeps few entries. More cost little: CONFIG SET slowlog-max-len 1024.";
    case kReadSlowlog:
      return "SLOWLOG GET lists the slow commands with their arguments.";
    case kBusySystem:
      return "Commands that take next to no time were slow, so the server had to wait for a CPU. "
             "Check the load of this machine, and of other virtual machines on the same host. "
             "redis-cli --intrinsic-latency 100 measures the latency of the machine alone.";
    case kForkIsSlowHere:
      return "Starting a child process takes long on this machine. It takes less with less memory "
             "in one server, and on other types of virtual machines.";
    case kLocalDisks:
      return "Put the append only file and the snapshots on a local disk. Network volumes stall "
             "now and then.";
    case kFasterDisks:
      return "A disk with a lower write latency makes fsync and rewrites faster. Try the other "
             "advice first: an ordinary disk is usually enough.";
    case kDiskContention:
      return "The disk was busy while the append only file was written. Look for other processes "
             "that write a lot, and for snapshots and rewrites that run too often.";
    case kNoFsyncOnRewrite:
      return "no-appendfsync-on-rewrite yes stops the server from waiting for the disk while a "
             "child process writes. A crash during that time loses more writes.";
    case kRelaxFsync:
      return "appendfsync always makes every write wait for the disk. appendfsync everysec is much "
             "faster, and a crash loses at most about a second of writes.";
    case kFewerExpiresAtOnce:
      return "Many keys expire at about the same time. Add a random number of seconds to each time "
             "to live.";
    case kSmallerObjects:
      return "Deleting, expiring or evicting a large value takes time in proportion to its size. "
             "Use UNLINK and the lazyfree-lazy-* options, or split such values.";
    case kMemoryPressure:
      return "The server had to free a lot of memory at once: maxmemory was lowered, or a command "
             "stored a large value.";
    case kHugePages:
      return "Transparent huge pages (THP) make writes slow while a child process runs. Switch "
             "them off as root with: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled. "
             "Then restart the server.";
    case kShorterUnlinks:
      return "Removing temporary snapshots took long. Some file systems are slow at deleting large "
             "files.";
  }
  return {};
}

}  // namespace

std::string latency_doctor_report(const LatencyMonitor& monitor, const LatencyDoctorFacts& facts) {
  if (monitor.series().empty()) {
    if (facts.monitor_threshold_ms != 0) return "No latency events were recorded.\n";
    return "The latency monitor is off, so nothing was recorded. To switch it on: CONFIG SET "
           "latency-monitor-threshold <milliseconds>.\n";
  }
  std::string report = "Latency events of this server:\n\n";
  unsigned advice = 0;
  int number = 0;
  for (const LatencySeries& series : monitor.series()) {
    const Distribution distribution = distribution_of(series, facts.now_s);
    append_format(
        report,
        "{}. {}: {} recorded, {} ms on average, mean deviation {} ms, one every {:.2f} s, "
        "longest ever {} ms.",
        ++number, series.event(), series.size(), distribution.average_ms,
        distribution.mean_deviation_ms, distribution.period_s, series.all_time_max_ms());
    if (series.event() == latency_event::kFork) {
      append_format(report, " Fork copies {:.2f} GB/s, which is {}.", facts.fork_rate_gb_per_s,
                    fork_rate_verdict(facts.fork_rate_gb_per_s));
    }
    report += '\n';
    advice |= advice_on(series.event(), facts);
  }
  if (advice == 0) return report + "\nThere is no advice for these events.\n";
  report += "\nAdvice:\n\n";
  for (unsigned bit = kEnableSlowlog; bit <= kHugePages; bit <<= 1) {
    if (advice & bit) report += "- " + advice_text(static_cast<Advice>(bit), facts) + "\n";
  }
  return report;
}

}  // namespace spinel::server
