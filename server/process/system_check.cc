#include "server/process/system_check.h"

#include <ctime>
#include <fmt/format.h>
#include <fstream>
#include <optional>
#include <sys/resource.h>

#include "server/log/print.h"

namespace spinel::server {
namespace {

using State = CheckResult::State;

constexpr char kClocksource[] = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

std::optional<std::string> first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return line;
}

int64_t microseconds(const timeval& time) {
  return int64_t{time.tv_sec} * 1'000'000 + time.tv_usec;
}

constexpr SystemCheck kChecks[] = {{"slow-clocksource", check_slow_clocksource},
                                   {"xen-clocksource", check_xen_clocksource},
                                   {"overcommit", check_overcommit},
                                   {"THP", check_transparent_huge_pages}};

}  // namespace

std::span<const SystemCheck> system_checks() {
  return kChecks;
}

CheckResult check_slow_clocksource() {
  constexpr int64_t kSpentUs = 50'000;
  constexpr int kReadings = 1000;
  rusage before{};
  rusage after{};
  if (::getrusage(RUSAGE_SELF, &before) != 0) return {.state = State::kUnknown};
  int64_t user_us = 0;
  int64_t system_us = 0;
  do {
    timespec now{};
    for (int i = 0; i < kReadings; ++i) ::clock_gettime(CLOCK_MONOTONIC, &now);
    if (::getrusage(RUSAGE_SELF, &after) != 0) return {.state = State::kUnknown};
    user_us = microseconds(after.ru_utime) - microseconds(before.ru_utime);
    system_us = microseconds(after.ru_stime) - microseconds(before.ru_stime);
  } while (user_us + system_us < kSpentUs);
  constexpr int64_t kSlowPercent = 10;
  if (system_us * 100 <= (user_us + system_us) * kSlowPercent) return {};
  return {.state = State::kWarning,
          .advice = fmt::format(
              "Reading the clock takes a system call here, which slows every command down. The "
              "current clocksource is '{0}'. To try another, run 'echo tsc > {1}' as root; to keep "
              "it, add 'clocksource=tsc' to the command line of the kernel.",
              first_line(kClocksource).value_or("unknown"), kClocksource)};
}

CheckResult check_xen_clocksource() {
  const auto current = first_line(kClocksource);
  if (!current) return {.state = State::kUnknown};
  if (*current != "xen") return {};
  return {
      .state = State::kWarning,
      .advice =
          "Your system is configured to use the 'xen' clocksource, which might lead to degraded "
          "performance. Run 'spinel-server --check-system' to see whether it does "
          "[slow-clocksource]."};
}

CheckResult check_overcommit() {
  const auto setting = first_line("/proc/sys/vm/overcommit_memory");
  if (!setting) return {.state = State::kUnknown};
  if (*setting == "1") return {};
  return {.state = State::kWarning,
          .advice =
              "Memory overcommit must be enabled! Without it, a background save or replication may "
              "fail under low memory condition. Being disabled, it can also cause failures without "
              "low memory condition, see https://github.com/jemalloc/jemalloc/issues/1328. To fix "
              "this issue add 'vm.overcommit_memory = 1' to /etc/sysctl.conf and then reboot or "
              "run the command 'sysctl vm.overcommit_memory=1' for this to take effect."};
}

CheckResult check_transparent_huge_pages() {
  const auto setting = first_line("/sys/kernel/mm/transparent_hugepage/enabled");
  if (!setting) return {.state = State::kUnknown};
  if (setting->find("[always]") == std::string::npos) return {};
  return {.state = State::kWarning,
          .advice =
              "You have Transparent Huge Pages (THP) support enabled in your kernel. This will "
              "create latency and memory usage issues with Spinel. To fix this issue run the "
              "command 'echo madvise > /sys/kernel/mm/transparent_hugepage/enabled' as root, and "
              "add it to your /etc/rc.local in order to retain the setting after a reboot. Spinel "
              "must be restarted after THP is disabled (set to 'madvise' or 'never')."};
}

int report_system_checks(std::span<const SystemCheck> checks, std::FILE* out) {
  int status = 0;
  for (const SystemCheck& check : checks) {
    const CheckResult result = check.run();
    switch (result.state) {
      case State::kOk:
        print(out, "[{}]...OK\n", check.name);
        break;
      case State::kUnknown:
        print(out, "[{}]...skipped\n", check.name);
        break;
      case State::kWarning:
        print(out, "[{}]...WARNING:\n{}\n", check.name, result.advice);
        status = 1;
        break;
    }
  }
  return status;
}

}  // namespace spinel::server
