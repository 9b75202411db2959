// The account of idle memory, for tests that run in a thread that nobody registered.
#pragma once

#include <cstdint>

#include "storage/base/memory.h"

namespace spinel::storage {

inline int64_t count_idle_memory() {
  register_memory_thread();
  return idle_memory();
}

}  // namespace spinel::storage
