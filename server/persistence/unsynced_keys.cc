#include "server/persistence/unsynced_keys.h"

#include <algorithm>
#include <utility>

namespace spinel::server {

namespace {
constexpr size_t kLeastEntries = 256;
// What is kept by `clear`.
constexpr size_t kMostIdleEntries = 16384;
}  // namespace

void UnsyncedKeys::clear() {
  if (used_ == 0) return;
  used_ = 0;
  if (entries_.size() > kMostIdleEntries) {
    entries_ = std::vector<Entry>();
  } else {
    std::fill(entries_.begin(), entries_.end(), Entry());
  }
}

void UnsyncedKeys::make_room(uint64_t durable) {
  const auto alive = static_cast<size_t>(
      std::count_if(entries_.begin(), entries_.end(),
                    [durable](const Entry& entry) { return entry.generation > durable; }));
  size_t size = kLeastEntries;
  while (size < alive * 4) size *= 2;
  const std::vector<Entry> old = std::exchange(entries_, std::vector<Entry>(size));
  used_ = 0;
  for (const Entry& entry : old) {
    if (entry.generation <= durable) continue;
    entries_[place_of(entry.hash)] = entry;
    ++used_;
  }
}

}  // namespace spinel::server
