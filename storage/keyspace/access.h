// What the 24 access bits of an entry mean: when it was last used (LRU), or how often (LFU).
//
// LRU: the low 24 bits of the time in seconds. LFU, as Redis documents it: the upper 16 bits are
// the minutes at the last decay, the lower 8 a logarithmic counter that grows with falling
// probability and loses one for every `decay_minutes`.
#pragma once

#include <cstdint>

#include "storage/base/random.h"
#include "storage/keyspace/entry.h"

namespace spinel::storage {

class AccessClock {
 public:
  explicit AccessClock(Random& random) : random_(random) {}

  // --- configuration
  bool lfu = false;
  // Uses are not written down: while a forked child shares the memory, that would copy pages.
  bool frozen = false;
  int lfu_log_factor = 10;
  int lfu_decay_minutes = 1;

  // The server tells the time now and then; a second's resolution is enough.
  void set_now(int64_t now_ms) {
    seconds_ = static_cast<uint32_t>(now_ms / 1000) & 0xffffff;
    minutes_ = static_cast<uint32_t>(now_ms / 60000) & 0xffff;
  }

  // The bits of an entry just made.
  uint32_t initial() const { return lfu ? minutes_ << 8 | kInitialCounter : seconds_; }
  // The entry is being used.
  void touch(Entry& entry) {
    if (frozen) [[unlikely]]
      return;
    if (!lfu) {
      entry.set_access(seconds_);
    } else {
      touch_lfu(entry);
    }
  }
  // Seconds since the entry was used. Only with LRU.
  int64_t idle_seconds(const Entry& entry) const { return (seconds_ - entry.access()) & 0xffffff; }
  // The counter with the decay that is due. Only with LFU.
  uint32_t frequency(const Entry& entry) const;
  // The bits for an idle time or counter given from outside (RESTORE, loading).
  uint32_t with_idle_seconds(int64_t idle) const {
    return (seconds_ - static_cast<uint32_t>(idle)) & 0xffffff;
  }
  uint32_t with_frequency(uint8_t counter) const { return minutes_ << 8 | counter; }

 private:
  static constexpr uint32_t kInitialCounter = 5;

  void touch_lfu(Entry& entry);

  Random& random_;
  uint32_t seconds_ = 0;
  uint32_t minutes_ = 0;
};

}  // namespace spinel::storage
