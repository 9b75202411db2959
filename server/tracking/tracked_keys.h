// The keys that clients may have in their caches, each with the numbers of those clients.
//
// There may be a million of them or more, so a key costs one block of a slab (two numbers, the
// clients, the bytes of the key) and its slot in the hash table. A key is one in all databases, as
// messages of invalidation name no database.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/random.h"
#include "storage/containers/hash_table.h"
#include "storage/containers/slab.h"

namespace spinel::server {

class TrackedKeys {
 public:
  using ClientId = uint64_t;

  // `is_tracking` says whether a client is still to be told: those that are not leave a key that
  // more clients come to, and else go with the key.
  explicit TrackedKeys(std::function<bool(ClientId)> is_tracking);
  ~TrackedKeys() { clear(); }
  TrackedKeys(const TrackedKeys&) = delete;
  TrackedKeys& operator=(const TrackedKeys&) = delete;

  // `client` may have `key` in its cache from now on.
  void add(std::string_view key, ClientId client);
  // Forgets `key` and puts its clients into `clients`, in order of their numbers. False if the key
  // is not there.
  bool take(std::string_view key, std::vector<ClientId>& clients);
  // Does that with a key chosen at random. There must be one.
  void take_any(std::string& key, std::vector<ClientId>& clients);
  void clear();

  bool empty() const { return table_.empty(); }
  size_t size() const { return table_.size(); }
  // Clients of all keys.
  size_t item_count() const { return items_; }
  size_t memory_bytes() const { return table_.memory_bytes() + slab_->page_bytes() + large_bytes_; }

 private:
  // What stands before the clients, in ascending order, and the bytes of the key. There is room for
  // the next power of two of clients.
  struct Entry;
  struct Traits {
    static uint64_t hash(uint64_t slot);
    static bool equal(uint64_t slot, std::string_view key);
    static const void* address(uint64_t slot) { return reinterpret_cast<const void*>(slot); }
  };
  using Table = storage::HashTable<Traits>;

  Entry* make(std::string_view key, std::span<const ClientId> clients);
  void free(Entry* entry);
  void take(Table::Slot* slot, uint64_t hash, std::vector<ClientId>& clients);

  std::function<bool(ClientId)> is_tracking_;
  Table table_;
  std::unique_ptr<storage::SlabAllocator> slab_;
  size_t items_ = 0;
  size_t large_bytes_ = 0;  // of entries that are no block of the slab
  storage::Random random_;
};

}  // namespace spinel::server
