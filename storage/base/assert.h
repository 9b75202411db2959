// Assertions that stay in release builds: a broken invariant stops the process before it can spoil
// data.
#pragma once

namespace spinel::storage {

// Prints where and what, then aborts; the crash handler logs the stack. Never returns.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

// Who is told about a failed assertion instead of the standard error stream (nullptr: that again).
using AssertionReporter = void (*)(const char* expression, const char* file, int line);
void set_assertion_reporter(AssertionReporter reporter);

}  // namespace spinel::storage

// Requires `condition` to hold, in every build. Keep the condition cheap: it runs on the command
// path.
#define SPINEL_ASSERT(condition)                                             \
  (__builtin_expect(!(condition), 0)                                         \
       ? ::spinel::storage::assertion_failed(#condition, __FILE__, __LINE__) \
       : static_cast<void>(0))
