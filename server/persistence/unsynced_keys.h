// The keys that were modified by writes which are not on disk yet, each with the generation of its
// latest one: a table of hashes, so that two keys may be taken for one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace spinel::server {

// Generations begin at 1 and grow. Entries up to the durable one are dead, and are dropped when
// the table would have to grow.
class UnsyncedKeys {
 public:
  // `generation` is at least that of every call before.
  void add(uint64_t hash, uint64_t generation, uint64_t durable) {
    if (used_ * 2 >= entries_.size()) make_room(durable);
    Entry& entry = entries_[place_of(hash)];
    if (entry.generation == 0) ++used_;
    entry = {hash, generation};
  }
  // 0 if the key is not there.
  uint64_t generation_of(uint64_t hash) const {
    return entries_.empty() ? 0 : entries_[place_of(hash)].generation;
  }
  // Forgets all, and gives back what an unusual number of keys needed.
  void clear();
  size_t memory_bytes() const { return entries_.capacity() * sizeof(Entry); }

 private:
  struct Entry {
    uint64_t hash = 0;
    uint64_t generation = 0;  // 0: empty
  };

  size_t place_of(uint64_t hash) const {
    size_t place = hash & (entries_.size() - 1);
    while (entries_[place].generation != 0 && entries_[place].hash != hash) {
      place = (place + 1) & (entries_.size() - 1);
    }
    return place;
  }
  void make_room(uint64_t durable);

  std::vector<Entry> entries_;  // a power of two, or none
  size_t used_ = 0;
};

}  // namespace spinel::server
