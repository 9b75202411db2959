// Adds many elements to a hash table, one after the other, and fetches the buckets of those that
// come next meanwhile: what is built from a file would wait for memory with every element.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "storage/containers/hash_table.h"

namespace spinel::storage {

// Besides what HashTable needs, `Traits` has
//   static K key(uint64_t slot)   what `find` takes
template <typename Traits>
class BatchInsert {
 public:
  // The table outlives this, and nobody else changes it.
  explicit BatchInsert(HashTable<Traits>& table) : table_(table) {}

  void add(uint64_t hash, uint64_t slot) {
    table_.prefetch_bucket(hash);
    Pending& place = pending_[added_ % kAhead];
    if (added_ >= kAhead) insert(place);
    place = {hash, slot};
    ++added_;
  }
  // Adds what is still to be added. Returns whether all keys are different; those that came again
  // are in the table nevertheless, more than once.
  bool finish() {
    for (size_t i = added_ < kAhead ? 0 : added_ - kAhead; i < added_; ++i) {
      insert(pending_[i % kAhead]);
    }
    added_ = 0;
    return all_different_;
  }

 private:
  static constexpr size_t kAhead = 16;

  struct Pending {
    uint64_t hash;
    uint64_t slot;
  };

  void insert(const Pending& element) {
    if (table_.find(Traits::key(element.slot), element.hash) != nullptr) all_different_ = false;
    table_.insert(element.hash, element.slot);
  }

  HashTable<Traits>& table_;
  std::array<Pending, kAhead> pending_;
  size_t added_ = 0;
  bool all_different_ = true;
};

}  // namespace spinel::storage
