// Settings of the operating system that harm the server. Checked when it starts, and by
// `spinel-server --check-system`.
#pragma once

#include <cstdio>
#include <span>
#include <string>
#include <string_view>

namespace spinel::server {

struct CheckResult {
  enum class State {
    kOk,
    kWarning,
    kUnknown,  // the system does not say
  };
  State state = State::kOk;
  std::string advice = {};  // the problem and its remedy in one line; empty if kOk
};

struct SystemCheck {
  std::string_view name;
  CheckResult (*run)();
};

// Returns all checks. Together they take about a tenth of a second.
std::span<const SystemCheck> system_checks();

// Checks whether reading the clock takes a system call. Takes 50 ms of CPU.
CheckResult check_slow_clocksource();
// Checks whether the clocksource is that of the Xen hypervisor, which can be slow.
CheckResult check_xen_clocksource();
// Checks whether the kernel may refuse memory to a child process that shares all memory with this
// one.
CheckResult check_overcommit();
// Checks whether the kernel uses transparent huge pages by default.
CheckResult check_transparent_huge_pages();

// Runs `checks` and writes a line for each to `out`, such as `[name]...OK`, and the advice of those
// that fail. Returns the exit status: 0 if none fails, else 1.
int report_system_checks(std::span<const SystemCheck> checks, std::FILE* out);

}  // namespace spinel::server
