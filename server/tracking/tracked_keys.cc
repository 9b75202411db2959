#include "server/tracking/tracked_keys.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "storage/base/assert.h"
#include "storage/base/hash.h"

namespace spinel::server {

using storage::SlabAllocator;

struct TrackedKeys::Entry {
  uint32_t key_size;
  uint32_t count;  // of clients, at least one

  static size_t bytes_for(size_t key_size, size_t count) {
    return sizeof(Entry) + std::bit_ceil(count) * sizeof(ClientId) + key_size;
  }
  size_t bytes() const { return bytes_for(key_size, count); }
  bool is_full() const { return std::has_single_bit(count); }
  char* client_bytes() { return reinterpret_cast<char*>(this + 1); }
  const char* client_bytes() const { return reinterpret_cast<const char*>(this + 1); }
  ClientId client(size_t index) const {
    ClientId id;
    std::memcpy(&id, client_bytes() + index * sizeof id, sizeof id);
    return id;
  }
  std::string_view key() const {
    return {client_bytes() + std::bit_ceil(count) * sizeof(ClientId), key_size};
  }
  // How many clients have smaller numbers.
  size_t place_of(ClientId id) const {
    size_t low = 0;
    size_t high = count;
    while (low < high) {
      const size_t middle = (low + high) / 2;
      if (client(middle) < id) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
  void insert(size_t place, ClientId id) {
    SPINEL_ASSERT(!is_full());
    char* at = client_bytes() + place * sizeof id;
    std::memmove(at + sizeof id, at, (count - place) * sizeof id);
    std::memcpy(at, &id, sizeof id);
    ++count;
  }
  void copy_clients(std::vector<ClientId>& clients) const {
    clients.resize(count);
    std::memcpy(clients.data(), client_bytes(), count * sizeof(ClientId));
  }

  static Entry* of(uint64_t slot) { return reinterpret_cast<Entry*>(slot); }
  uint64_t as_slot() const { return reinterpret_cast<uint64_t>(this); }
};

uint64_t TrackedKeys::Traits::hash(uint64_t slot) {
  return storage::hash_bytes(Entry::of(slot)->key());
}

bool TrackedKeys::Traits::equal(uint64_t slot, std::string_view key) {
  return Entry::of(slot)->key() == key;
}

TrackedKeys::TrackedKeys(std::function<bool(ClientId)> is_tracking)
    : is_tracking_(std::move(is_tracking)),
      slab_(std::make_unique<SlabAllocator>()),
      random_(storage::random_seed()) {}

TrackedKeys::Entry* TrackedKeys::make(std::string_view key, std::span<const ClientId> clients) {
  const size_t bytes = Entry::bytes_for(key.size(), clients.size());
  auto* entry = static_cast<Entry*>(slab_->allocate(bytes));
  if (bytes > SlabAllocator::kMaxBlock) large_bytes_ += bytes;
  entry->key_size = static_cast<uint32_t>(key.size());
  entry->count = static_cast<uint32_t>(clients.size());
  std::memcpy(entry->client_bytes(), clients.data(), clients.size_bytes());
  char* const key_bytes = entry->client_bytes() + std::bit_ceil(clients.size()) * sizeof(ClientId);
  if (!key.empty()) std::memcpy(key_bytes, key.data(), key.size());
  return entry;
}

void TrackedKeys::free(Entry* entry) {
  const size_t bytes = entry->bytes();
  if (bytes > SlabAllocator::kMaxBlock) large_bytes_ -= bytes;
  slab_->deallocate(entry, bytes);
}

void TrackedKeys::add(std::string_view key, ClientId client) {
  const uint64_t hash = storage::hash_bytes(key);
  Table::Slot* const slot = table_.find(key, hash);
  if (slot == nullptr) {
    table_.insert(hash, make(key, {&client, 1})->as_slot());
    ++items_;
    return;
  }
  Entry* const entry = Entry::of(*slot);
  const size_t place = entry->place_of(client);
  if (place < entry->count && entry->client(place) == client) return;
  if (!entry->is_full()) {
    entry->insert(place, client);
    ++items_;
    return;
  }
  std::vector<ClientId> clients;
  entry->copy_clients(clients);
  std::erase_if(clients, [this](ClientId id) { return !is_tracking_(id); });
  clients.insert(std::ranges::lower_bound(clients, client), client);
  items_ += clients.size() - entry->count;
  *slot = make(entry->key(), clients)->as_slot();
  free(entry);
}

void TrackedKeys::take(Table::Slot* slot, uint64_t hash, std::vector<ClientId>& clients) {
  Entry* const entry = Entry::of(*slot);
  entry->copy_clients(clients);
  items_ -= entry->count;
  table_.erase(slot, hash);
  free(entry);
}

bool TrackedKeys::take(std::string_view key, std::vector<ClientId>& clients) {
  const uint64_t hash = storage::hash_bytes(key);
  Table::Slot* const slot = table_.find(key, hash);
  if (slot == nullptr) return false;
  take(slot, hash, clients);
  return true;
}

void TrackedKeys::take_any(std::string& key, std::vector<ClientId>& clients) {
  Table::Slot* const slot = table_.random(random_);
  SPINEL_ASSERT(slot != nullptr);
  key = Entry::of(*slot)->key();
  take(slot, storage::hash_bytes(key), clients);
}

void TrackedKeys::clear() {
  if (slab_->large_blocks() > 0) {
    table_.for_each([this](uint64_t slot) {
      Entry* const entry = Entry::of(slot);
      if (entry->bytes() > SlabAllocator::kMaxBlock) free(entry);
    });
  }
  table_.clear();
  slab_ = std::make_unique<SlabAllocator>();
  items_ = 0;
}

}  // namespace spinel::server
