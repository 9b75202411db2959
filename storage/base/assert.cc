#include "storage/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace spinel::storage {

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "=== ASSERTION FAILED ===\n%s:%d '%s' is not true\n", file, line,
               expression);
  std::abort();
}

}  // namespace spinel::storage
