// For tests of what is not to be allocated, not even for a moment.
#pragma once

#include <cstddef>
#include <sys/resource.h>

namespace spinel::server {

// The most physical memory that this process ever had.
inline size_t peak_resident_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<size_t>(usage.ru_maxrss) * 1024;
}

}  // namespace spinel::server
