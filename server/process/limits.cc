#include "server/process/limits.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "server/log/log.h"
#include "server/process/system_check.h"

namespace spinel::server {
namespace {

std::optional<int> read_number(const char* path) {
  std::ifstream file(path);
  int value = 0;
  if (!(file >> value)) return std::nullopt;
  return value;
}

struct RaisedLimit {
  uint64_t limit;
  int error;  // errno of the first attempt; 0 if it succeeded
};

// Sets the highest limit up to `wanted` that the kernel grants; never lower than that of `now`.
RaisedLimit raise_open_files_limit(const rlimit& now, uint64_t wanted) {
  const auto grants = [&now](uint64_t limit) {
    const rlimit request{limit, std::max<rlim_t>(limit, now.rlim_max)};
    return ::setrlimit(RLIMIT_NOFILE, &request) == 0;
  };
  if (grants(wanted)) return {wanted, 0};
  const int error = errno;
  // All limits up to some number are granted, and none above: a binary search finds it.
  uint64_t granted = now.rlim_cur;
  for (uint64_t refused = wanted; refused - granted > 1;) {
    const uint64_t middle = granted + (refused - granted) / 2;
    (grants(middle) ? granted : refused) = middle;
  }
  return {granted, error};
}

void log_advice(const CheckResult& result) {
  if (result.state == CheckResult::State::kWarning) log_warning("WARNING {}", result.advice);
}

constexpr char kOomFile[] = "/proc/self/oom_score_adj";
std::optional<int> oom_score_at_start;

std::optional<std::string> write_oom_score(int score) {
  errno = 0;
  std::ofstream file(kOomFile);
  file << score;
  file.close();
  if (!file) return fmt::format("Cannot write oom_score_adj: {}", std::strerror(errno));
  return std::nullopt;
}

}  // namespace

std::optional<uint32_t> adjust_open_files_limit(uint32_t maxclients) {
  const uint64_t needed = maxclients + kReservedDescriptors;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    log_warning("Cannot read the limit of open files ({}): 1024 is assumed, and maxclients reduced",
                std::strerror(errno));
    return std::min<uint32_t>(maxclients, 1024 - kReservedDescriptors);
  }
  const uint64_t original = limit.rlim_cur;
  if (original >= needed) return maxclients;
  const RaisedLimit raised = raise_open_files_limit(limit, needed);
  if (raised.limit >= needed) {
    log_notice("Raised the limit of open files from {} to {}", original, needed);
    return maxclients;
  }
  if (raised.limit <= kReservedDescriptors) {
    log_warning(
        "The server cannot start with a limit of {} open files. Raise it ('ulimit -n') to {} for "
        "maxclients {}.",
        original, needed, maxclients);
    return std::nullopt;
  }
  const auto fitting = static_cast<uint32_t>(raised.limit - kReservedDescriptors);
  log_warning(
      "maxclients is reduced from {} to {}: it takes {} open files, and the limit cannot be raised "
      "beyond {} ({}). Raise 'ulimit -n'.",
      maxclients, fitting, needed, raised.limit, std::strerror(raised.error));
  return fitting;
}

bool can_open_files_for(uint32_t maxclients) {
  const uint64_t needed = maxclients + kReservedDescriptors;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  if (limit.rlim_cur >= needed) return true;
  limit = {needed, std::max<rlim_t>(limit.rlim_max, needed)};
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

uint64_t most_clients_allowed() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max <= kReservedDescriptors) return 0;
  return limit.rlim_max - kReservedDescriptors;
}

void warn_about_system_settings(bool disable_thp) {
  log_advice(check_xen_clocksource());
  log_advice(check_overcommit());
  const CheckResult huge_pages = check_transparent_huge_pages();
  if (huge_pages.state != CheckResult::State::kWarning) return;
  if (disable_thp && ::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0) return;
  log_advice(huge_pages);
}

void warn_about_tcp_backlog(int tcp_backlog) {
  const auto kernel_limit = read_number("/proc/sys/net/core/somaxconn");
  if (!kernel_limit || *kernel_limit <= 0 || *kernel_limit >= tcp_backlog) return;
  log_warning(
      "WARNING: tcp-backlog is {}, but the kernel caps it at {} (/proc/sys/net/core/somaxconn)",
      tcp_backlog, *kernel_limit);
}

std::optional<std::string> set_oom_score_adjustment(OomScoreAdjust mode, int value) {
  if (!oom_score_at_start) {
    if (mode == OomScoreAdjust::kNo) return std::nullopt;
    oom_score_at_start = read_number(kOomFile);
    if (!oom_score_at_start) return "Cannot read oom_score_adj";
  }
  constexpr int kLowest = -1000, kHighest = 1000;
  int score = *oom_score_at_start;
  if (mode == OomScoreAdjust::kAbsolute) score = value;
  if (mode == OomScoreAdjust::kRelative) score += value;
  return write_oom_score(std::clamp(score, kLowest, kHighest));
}

}  // namespace spinel::server
