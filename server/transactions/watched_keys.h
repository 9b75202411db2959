// The keys that clients WATCH. A change of one breaks the watch of everyone who watches it: their
// next EXEC runs nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/engine/modified_keys.h"
#include "storage/base/hash.h"

namespace spinel::storage {
class Keyspace;
}

namespace spinel::server {

class Client;
struct ClientWatches;

// Registered as an observer only while somebody watches, so other servers pay nothing.
class WatchedKeys final : private ModifiedKeyObserver {
 public:
  WatchedKeys(ModifiedKeys& modified_keys, storage::Keyspace& keyspace)
      : modified_keys_(modified_keys), keyspace_(keyspace) {}
  ~WatchedKeys();

  // `client` watches `key` of its database from now on. Does nothing if it does already, or if its
  // watch is broken anyway.
  void watch(Client& client, std::string_view key);
  // `client` watches nothing any more, and its watch counts as unbroken.
  void unwatch(Client& client);
  // Whether a key that `client` watches has changed, or has expired since.
  bool is_broken(const Client& client) const;

  // --- for INFO
  size_t client_count() const { return client_count_; }
  size_t key_count() const { return keys_.size(); }

 private:
  friend struct ClientWatches;

  struct Watcher {
    Client* client;
    // The key had expired when the watch began, and was still there: its removal changes nothing.
    bool was_expired;
  };
  using DatabaseKey = std::pair<int, std::string>;
  using DatabaseKeyView = std::pair<int, std::string_view>;
  struct Hash {
    using is_transparent = void;
    size_t operator()(const DatabaseKeyView& key) const {
      constexpr uint64_t kOdd = 0x9e3779b97f4a7c15ULL;
      return storage::hash_bytes(key.second) + static_cast<uint64_t>(key.first) * kOdd;
    }
    size_t operator()(const DatabaseKey& key) const {
      return (*this)(DatabaseKeyView(key.first, key.second));
    }
  };
  struct Equal {
    using is_transparent = void;
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return a.first == b.first && std::string_view(a.second) == std::string_view(b.second);
    }
  };
  using Watchers = std::vector<Watcher>;
  using Keys = std::unordered_map<DatabaseKey, Watchers, Hash, Equal>;
  using Key = Keys::value_type;
  enum class Presence : uint8_t { kAbsent, kExpired, kPresent };

  Presence presence(int database, std::string_view key) const;
  // Breaks the watches of `key`. `is_removal`: it is about to be removed, or is gone.
  void touch(Key& key, bool is_removal);
  // Takes all watches of `client` out of `keys_`.
  void forget_keys(Client& client);
  // Registers as an observer or ends that, after somebody began or ceased to watch.
  void update_registration();
  void on_key_modified(int database, std::string_view key) override;
  void on_database_flushed(int database) override;
  void on_loaded() override;
  void on_databases_swapped(int first, int second) override;
  // Calls `visit` with each watched key of `database`. It may end watches.
  template <typename Visit>
  void for_each_key(int database, Visit&& visit);

  ModifiedKeys& modified_keys_;
  storage::Keyspace& keyspace_;
  Keys keys_;
  size_t client_count_ = 0;  // that watch a key
  bool is_registered_ = false;
};

// What one client watches. Belongs to WatchedKeys, lives in Client.
struct ClientWatches {
  // A watched key changed, so that the others need not be watched any more.
  bool broken = false;
  // Where the client is among the watchers of each key.
  std::unordered_map<WatchedKeys::Key*, size_t> places;
  // Memory held for the watches, about.
  size_t memory_bytes = 0;

  size_t count() const { return places.size(); }
  bool idle() const { return places.empty() && !broken; }
};

}  // namespace spinel::server
