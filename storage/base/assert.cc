#include "storage/base/assert.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace spinel::storage {
namespace {

std::atomic<AssertionReporter> current_reporter{nullptr};

}  // namespace

void assertion_failed(const char* expression, const char* file, int line) {
  if (const AssertionReporter reporter = current_reporter.load(); reporter != nullptr) {
    reporter(expression, file, line);
  } else {
    std::fprintf(stderr, "=== ASSERTION FAILED ===\n%s:%d '%s' is not true\n", file, line,
                 expression);
  }
  std::abort();
}

void set_assertion_reporter(AssertionReporter reporter) {
  current_reporter.store(reporter);
}

}  // namespace spinel::storage
