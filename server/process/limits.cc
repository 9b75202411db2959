#include "server/process/limits.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "server/log/log.h"

namespace spinel::server {
namespace {

std::optional<std::string> read_first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return line;
}

std::optional<int> read_number(const char* path) {
  std::ifstream file(path);
  int value = 0;
  if (!(file >> value)) return std::nullopt;
  return value;
}

struct RaisedLimit {
  uint64_t limit;
  int error;  // of the first attempt, 0 if it succeeded
};

// The highest limit up to `wanted` that the kernel grants; never lower than `current`.
RaisedLimit raise_open_files_limit(uint64_t current, uint64_t wanted) {
  constexpr uint64_t kStep = 16;
  int first_error = 0;
  for (uint64_t limit = wanted; limit > current; limit -= std::min(kStep, limit - current)) {
    const rlimit request{limit, limit};
    if (::setrlimit(RLIMIT_NOFILE, &request) == 0) return {limit, first_error};
    if (first_error == 0) first_error = errno;
  }
  return {current, first_error};
}

// Memory that is promised but not there would be denied to a child that shares all of it with this
// process.
void warn_about_overcommit() {
  const auto overcommit = read_number("/proc/sys/vm/overcommit_memory");
  if (!overcommit || *overcommit == 1) return;
  log_warning(
      "WARNING Memory overcommit must be enabled! Without it, a background save or replication may "
      "fail under low memory "
      "condition. Being disabled, it can also cause failures without low memory condition, see "
      "https://github.com/jemalloc/jemalloc/issues/1328. To fix this issue add "
      "'vm.overcommit_memory = 1' to "
      "/etc/sysctl.conf and then reboot or run the command 'sysctl vm.overcommit_memory=1' for "
      "this to take effect.");
}

void handle_transparent_huge_pages(bool disable) {
  if (!transparent_huge_pages_always()) return;
  if (disable && ::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0) return;
  log_warning(
      "WARNING You have Transparent Huge Pages (THP) support enabled in your kernel. This will "
      "create latency and memory "
      "usage issues with Spinel. To fix this issue run the command 'echo madvise > "
      "/sys/kernel/mm/transparent_hugepage/enabled' as root, and add it to your /etc/rc.local in "
      "order to retain the "
      "setting after a reboot. Spinel must be restarted after THP is disabled (set to 'madvise' or "
      "'never').");
}

constexpr char kOomFile[] = "/proc/self/oom_score_adj";
std::optional<int> oom_score_at_start;

std::optional<std::string> write_oom_score(int score) {
  errno = 0;
  std::ofstream file(kOomFile);
  file << score;
  file.close();
  if (!file) return fmt::format("Unable to write oom_score_adj: {}", std::strerror(errno));
  return std::nullopt;
}

}  // namespace

std::optional<uint32_t> adjust_open_files_limit(uint32_t maxclients) {
  const uint64_t needed = maxclients + kReservedDescriptors;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    log_warning(
        "Unable to obtain the current NOFILE limit ({}), assuming 1024 and setting the max clients "
        "configuration "
        "accordingly.",
        std::strerror(errno));
    return std::min<uint32_t>(maxclients, 1024 - kReservedDescriptors);
  }
  const uint64_t original = limit.rlim_cur;
  if (original >= needed) return maxclients;
  const RaisedLimit raised = raise_open_files_limit(original, needed);
  if (raised.limit >= needed) {
    log_notice("Increased maximum number of open files to {} (it was originally set to {}).",
               needed, original);
    return maxclients;
  }
  if (raised.limit <= kReservedDescriptors) {
    log_warning(
        "Your current 'ulimit -n' of {} is not enough for the server to start. Please increase "
        "your open file limit to "
        "at least {}. Exiting.",
        original, needed);
    return std::nullopt;
  }
  const auto fitting = static_cast<uint32_t>(raised.limit - kReservedDescriptors);
  log_warning("You requested maxclients of {} requiring at least {} max file descriptors.",
              maxclients, needed);
  log_warning("Server can't set maximum open files to {} because of OS error: {}.", needed,
              std::strerror(raised.error));
  log_warning(
      "Current maximum open files is {}. maxclients has been reduced to {} to compensate for low "
      "ulimit. If you need higher "
      "maxclients increase 'ulimit -n'.",
      raised.limit, fitting);
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

void warn_about_memory_settings(bool disable_thp) {
  warn_about_overcommit();
  handle_transparent_huge_pages(disable_thp);
}

void warn_about_tcp_backlog(int tcp_backlog) {
  const auto kernel_limit = read_number("/proc/sys/net/core/somaxconn");
  if (!kernel_limit || *kernel_limit <= 0 || *kernel_limit >= tcp_backlog) return;
  log_warning(
      "WARNING: The TCP backlog setting of {} cannot be enforced because "
      "/proc/sys/net/core/somaxconn is set to the lower "
      "value of {}.",
      tcp_backlog, *kernel_limit);
}

bool transparent_huge_pages_always() {
  const auto setting = read_first_line("/sys/kernel/mm/transparent_hugepage/enabled");
  return setting && setting->find("[always]") != std::string::npos;
}

std::optional<std::string> set_oom_score_adjustment(OomScoreAdjust mode, int value) {
  if (!oom_score_at_start) {
    if (mode == OomScoreAdjust::kNo) return std::nullopt;
    oom_score_at_start = read_number(kOomFile);
    if (!oom_score_at_start) return "Unable to read oom_score_adj";
  }
  constexpr int kLowest = -1000, kHighest = 1000;
  int score = *oom_score_at_start;
  if (mode == OomScoreAdjust::kAbsolute) score = value;
  if (mode == OomScoreAdjust::kRelative) score += value;
  return write_oom_score(std::clamp(score, kLowest, kHighest));
}

}  // namespace spinel::server
