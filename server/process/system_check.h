// Settings of the operating system under which a data store runs badly: looked at when the server
// starts, and by `spinel-server --check-system`.
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
    kUnknown,  // the system does not tell
  };
  State state = State::kOk;
  std::string advice = {};  // what is wrong and what to do, one line; empty if nothing is wrong
};

struct SystemCheck {
  std::string_view name;
  CheckResult (*run)();
};

// All of them. Together they take about a tenth of a second.
std::span<const SystemCheck> system_checks();

// Whether the kernel spends time in a system call for each look at the clock. Takes 50 ms of CPU.
CheckResult check_slow_clocksource();
// Whether the clock is that of the Xen hypervisor, which is slow.
CheckResult check_xen_clocksource();
// Whether memory that is promised but not there would be denied to a child that shares all of it
// with this process.
CheckResult check_overcommit();
// Whether the kernel uses transparent huge pages without being asked.
CheckResult check_transparent_huge_pages();

// Runs `checks` and writes a line to `out` for each, `[name]...OK`, and what to do about those that
// fail. Returns the exit status: 0 if none fails, else 1.
int report_system_checks(std::span<const SystemCheck> checks, std::FILE* out);

}  // namespace spinel::server
