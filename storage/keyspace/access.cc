#include "storage/keyspace/access.h"

namespace spinel::storage {

uint32_t AccessClock::frequency(const Entry& entry) const {
  const uint32_t counter = entry.access() & 0xff;
  if (lfu_decay_minutes == 0) return counter;
  const uint32_t elapsed = (minutes_ - (entry.access() >> 8)) & 0xffff;
  const uint32_t periods = elapsed / static_cast<uint32_t>(lfu_decay_minutes);
  return periods > counter ? 0 : counter - periods;
}

void AccessClock::touch_lfu(Entry& entry) {
  uint32_t counter = frequency(entry);
  if (counter < 255) {
    const double above = counter > kInitialCounter ? counter - kInitialCounter : 0;
    if (random_.unit() < 1.0 / (above * lfu_log_factor + 1)) ++counter;
  }
  entry.set_access(minutes_ << 8 | counter);
}

}  // namespace spinel::storage
