// The delays of rdb-key-save-delay and key-load-delay, which make small files take long.
#pragma once

#include <cstdint>
#include <unistd.h>

namespace spinel::persistence::rdb {

// Sleeps `delay_us` microseconds; if that is negative, one microsecond after every -delay_us keys.
inline void sleep_after_key(int delay_us, uint64_t keys) {
  if (delay_us > 0) {
    usleep(static_cast<useconds_t>(delay_us));
  } else if (keys % static_cast<uint64_t>(-static_cast<int64_t>(delay_us)) == 0) {
    usleep(1);
  }
}

}  // namespace spinel::persistence::rdb
