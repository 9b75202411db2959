#pragma once

#include <chrono>
#include <functional>

namespace spinel::test {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// How long a test waits for anything before it calls it lost. Far more than is ever needed, so
/// that a loaded machine under sanitizers does not fail a correct server.
inline constexpr seconds kPatience{60};

/// Calls `condition` again and again until it holds. False when `patience` ran out first.
bool wait_until(const std::function<bool()>& condition, milliseconds patience = kPatience);

}  // namespace spinel::test
