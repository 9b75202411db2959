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
              "Reading the clock takes a system call with the clocksource '{0}', which slows down "
              "every command. Try 'echo tsc > {1}' as root. To keep it, add 'clocksource=tsc' to "
              "the kernel's command line.",
              first_line(kClocksource).value_or("unknown"), kClocksource)};
}

CheckResult check_xen_clocksource() {
  const auto current = first_line(kClocksource);
  if (!current) return {.state = State::kUnknown};
  if (*current != "xen") return {};
  return {
      .state = State::kWarning,
      .advice =
          "The clocksource is 'xen', which can be slow. 'spinel-server --check-system' measures it "
          "[slow-clocksource]."};
}

CheckResult check_overcommit() {
  const auto setting = first_line("/proc/sys/vm/overcommit_memory");
  if (!setting) return {.state = State::kUnknown};
  if (*setting == "1") return {};
  return {
      .state = State::kWarning,
      .advice =
          "vm.overcommit_memory is not 1: the kernel may refuse memory to a snapshot or to "
          "the allocator although there is enough. Run 'sysctl vm.overcommit_memory=1' as root, "
          "and add 'vm.overcommit_memory = 1' to /etc/sysctl.conf to keep it."};
}

CheckResult check_transparent_huge_pages() {
  const auto setting = first_line("/sys/kernel/mm/transparent_hugepage/enabled");
  if (!setting) return {.state = State::kUnknown};
  if (setting->find("[always]") == std::string::npos) return {};
  return {
      .state = State::kWarning,
      .advice =
          "Transparent huge pages (THP) are on, which makes writes slow and takes more memory "
          "while a child process runs. Run 'echo madvise > "
          "/sys/kernel/mm/transparent_hugepage/enabled' as root and restart the server. To keep "
          "it, run that at every boot."};
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
