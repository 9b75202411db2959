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
  if (gb_per_s < 10) return "terrible";
  if (gb_per_s < kSlowForkGbPerS) return "poor";
  if (gb_per_s < 100) return "good";
  return "excellent";
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
          "Some commands take long, and the slow log is off, so there is no telling which. Switch "
          "it on with "
          "'CONFIG SET slowlog-log-slower-than {}' and a 'slowlog-max-len' above 0.",
          facts.monitor_threshold_ms * 1000);
    case kLowerSlowlogThreshold:
      return fmt::format(
          "The slow log only keeps commands that are slower than what the latency monitor reports. "
          "Bring it down with "
          "'CONFIG SET slowlog-log-slower-than {}'.",
          facts.monitor_threshold_ms * 1000);
    case kLongerSlowlog:
      return "The slow log is short, so it soon forgets. 'CONFIG SET slowlog-max-len 1024' costs "
             "little.";
    case kReadSlowlog:
      return "Read the slow log (SLOWLOG GET): it names the commands that took too long, with "
             "their arguments.";
    case kBusySystem:
      return "Commands that need next to no time took long: the system did not give the server its "
             "processor. Look at "
             "the system's load, at other programs on the machine and at other virtual machines "
             "beside it. "
             "'redis-cli --intrinsic-latency 100' measures what the system alone is good for.";
    case kForkIsSlowHere:
      return "Creating a child process is slow on this machine, as it is on some virtual ones. "
             "Moving to another kind "
             "of instance, or keeping less memory in one process, shortens it.";
    case kLocalDisks:
      return "Keep the files on local disks, above all the append only file. Network volumes often "
             "stall.";
    case kFasterDisks:
      return "Disks with a lower write latency shorten both fsync and rewrites. Try everything "
             "else first: ordinary "
             "ones should do.";
    case kDiskContention:
      return "The disk was busy with something else while the append only file was written. Look "
             "for other processes "
             "that write much, and for saves and rewrites that run too often.";
    case kNoFsyncOnRewrite:
      return "'no-appendfsync-on-rewrite yes' avoids waiting for the disk while a child process "
             "writes, at the price "
             "of losing more in a crash during that time.";
    case kRelaxFsync:
      return "'appendfsync always' waits for the disk with every write. If a second of writes may "
             "be lost in a crash, "
             "'appendfsync everysec' is far faster.";
    case kFewerExpiresAtOnce:
      return "Many keys expire at about the same time. Spread their times to live, for instance by "
             "adding some random "
             "seconds to each.";
    case kSmallerObjects:
      return "Deleting, expiring or evicting a large object takes time in proportion to its size. "
             "Split such objects, "
             "or delete them with UNLINK and set the lazyfree-lazy-* options.";
    case kMemoryPressure:
      return "Memory had to be freed all at once, for example after 'maxmemory' was lowered or "
             "when a command stored a "
             "very large value.";
    case kHugePages:
      return "Transparent huge pages are on, which makes writes slow while a child process runs. "
             "As root: 'echo "
             "madvise > /sys/kernel/mm/transparent_hugepage/enabled', then restart the server.";
    case kShorterUnlinks:
      return "Removing temporary snapshot files took long. Some file systems need long to delete "
             "large files.";
  }
  return {};
}

std::string disabled_text() {
  return "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Spinel "
         "instance. You may use "
         "\"CONFIG SET latency-monitor-threshold <milliseconds>.\" in order to enable it.\n";
}

std::string healthy_text() {
  return "Dave, no latency spike was observed during the lifetime of this Spinel instance, not in "
         "the slightest bit. "
         "There is nothing here for you to worry about.\n";
}

}  // namespace

std::string latency_doctor_report(const LatencyMonitor& monitor, const LatencyDoctorFacts& facts) {
  if (monitor.series().empty()) {
    return facts.monitor_threshold_ms == 0 ? disabled_text() : healthy_text();
  }
  std::string report =
      "Dave, I have observed latency spikes in this Spinel instance. You don't mind talking about "
      "it, do you "
      "Dave?\n\n";
  unsigned advice = 0;
  int number = 0;
  for (const LatencySeries& series : monitor.series()) {
    const Distribution distribution = distribution_of(series, facts.now_s);
    append_format(report,
                  "{}. {}: {} latency spikes (average {}ms, mean deviation {}ms, period {:.2f} "
                  "sec). Worst all time "
                  "event {}ms.",
                  ++number, series.event(), series.size(), distribution.average_ms,
                  distribution.mean_deviation_ms, distribution.period_s, series.all_time_max_ms());
    if (series.event() == latency_event::kFork) {
      append_format(report, " Fork rate is {:.2f} GB/sec ({}).", facts.fork_rate_gb_per_s,
                    fork_rate_verdict(facts.fork_rate_gb_per_s));
    }
    report += '\n';
    advice |= advice_on(series.event(), facts);
  }
  if (advice == 0) return report + "\nI have no advice to give on these events.\n";
  report += "\nI have a few advices for you:\n\n";
  for (unsigned bit = kEnableSlowlog; bit <= kHugePages; bit <<= 1) {
    if (advice & bit) report += "- " + advice_text(static_cast<Advice>(bit), facts) + "\n";
  }
  return report;
}

}  // namespace spinel::server
