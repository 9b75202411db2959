// For tests of what is not to be allocated, not even for a moment.
#pragma once

#include <cstddef>
#include <sys/resource.h>

namespace spinel::server {

// Looks at the most physical memory that this process ever had.
class PeakMemory {
 public:
  // Whether it grew by less than `bytes` since this was made. Under sanitizers, which keep what was
  // freed for a while, nothing is known.
  bool grew_less_than(size_t bytes) const {
#ifdef SPINEL_SANITIZED
    return bytes > 0;
#else
    return peak_bytes() - before_ < bytes;
#endif
  }

 private:
  static size_t peak_bytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<size_t>(usage.ru_maxrss) * 1024;
  }

  size_t before_ = peak_bytes();
};

}  // namespace spinel::server
