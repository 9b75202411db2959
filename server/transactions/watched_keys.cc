#include "server/transactions/watched_keys.h"

#include "server/client.h"
#include "storage/base/assert.h"
#include "storage/keyspace/keyspace.h"

namespace spinel::server {

namespace {

// What a watch takes beside the bytes of its key: the nodes of both tables.
constexpr size_t kWatchOverhead = 160;

size_t watch_bytes(std::string_view key) {
  return kWatchOverhead + key.size();
}

}  // namespace

WatchedKeys::~WatchedKeys() {
  if (is_registered_) modified_keys_.remove(*this);
}

WatchedKeys::Presence WatchedKeys::presence(int database, std::string_view key) const {
  const storage::Item item = keyspace_.database(database).find(storage::Key(key));
  if (!item) return Presence::kAbsent;
  return item.may_expire() && keyspace_.is_expired(*item) ? Presence::kExpired : Presence::kPresent;
}

void WatchedKeys::watch(Client& client, std::string_view key) {
  ClientWatches& watches = client.watches;
  if (watches.broken) return;
  const DatabaseKeyView wanted(client.database, key);
  auto found = keys_.find(wanted);
  if (found == keys_.end()) found = keys_.try_emplace(DatabaseKey(client.database, key)).first;
  Watchers& watchers = found->second;
  if (!watches.places.try_emplace(&*found, watchers.size()).second) return;
  watchers.push_back({&client, presence(client.database, key) == Presence::kExpired});
  watches.memory_bytes += watch_bytes(key);
  if (watches.count() == 1) ++client_count_;
  update_registration();
}

void WatchedKeys::unwatch(Client& client) {
  if (client.watches.idle()) return;
  forget_keys(client);
  client.watches.broken = false;
  update_registration();
}

bool WatchedKeys::is_broken(const Client& client) const {
  if (client.watches.broken) return true;
  for (const auto& [key, place] : client.watches.places) {
    if (!key->second[place].was_expired &&
        presence(key->first.first, key->first.second) == Presence::kExpired) {
      return true;
    }
  }
  return false;
}

void WatchedKeys::forget_keys(Client& client) {
  ClientWatches& watches = client.watches;
  if (watches.places.empty()) return;
  for (const auto& [key, place] : watches.places) {
    Watchers& watchers = key->second;
    if (place + 1 < watchers.size()) {
      watchers[place] = watchers.back();
      watchers[place].client->watches.places[key] = place;
    }
    watchers.pop_back();
    if (watchers.empty()) keys_.erase(keys_.find(key->first));
  }
  watches.places.clear();
  watches.memory_bytes = 0;
  --client_count_;
}

void WatchedKeys::update_registration() {
  if (is_registered_ == !keys_.empty()) return;
  is_registered_ = !keys_.empty();
  is_registered_ ? modified_keys_.add(*this) : modified_keys_.remove(*this);
}

void WatchedKeys::touch(Key& key, bool is_removal) {
  // Whoever's watch is broken leaves, and the last one takes the key along.
  std::vector<Client*> broken;
  for (Watcher& watcher : key.second) {
    if (is_removal && watcher.was_expired) {
      watcher.was_expired = false;
    } else {
      broken.push_back(watcher.client);
    }
  }
  for (Client* client : broken) {
    client->watches.broken = true;
    forget_keys(*client);
  }
}

void WatchedKeys::on_key_modified(int database, std::string_view key) {
  const auto found = keys_.find(DatabaseKeyView(database, key));
  if (found == keys_.end()) return;
  // The removal of an expired key is told while it is still there.
  touch(*found, presence(database, key) != Presence::kPresent);
}

template <typename Visit>
void WatchedKeys::for_each_key(int database, Visit&& visit) {
  // Each visit may remove any keys, so it is told keys that are looked up again.
  std::vector<std::string> keys;
  for (const auto& [key, watchers] : keys_) {
    if (key.first == database) keys.push_back(key.second);
  }
  for (const std::string& key : keys) {
    const auto found = keys_.find(DatabaseKeyView(database, key));
    if (found != keys_.end()) visit(*found);
  }
}

void WatchedKeys::on_database_flushed(int database) {
  for_each_key(database, [&](Key& key) {
    if (presence(database, key.first.second) != Presence::kAbsent) touch(key, true);
  });
}

void WatchedKeys::on_loaded() {
  for (int i = 0; i < keyspace_.database_count(); ++i) {
    for_each_key(i, [&](Key& key) {
      if (presence(i, key.first.second) == Presence::kPresent) touch(key, false);
    });
  }
}

void WatchedKeys::on_databases_swapped(int first, int second) {
  if (first == second) return;
  const auto touch_swapped = [this](int database, int other) {
    for_each_key(database, [&](Key& key) {
      const std::string_view name = key.first.second;
      const Presence now = presence(database, name);
      const Presence before = presence(other, name);
      if (now == Presence::kAbsent && before == Presence::kAbsent) return;
      touch(key, now != Presence::kPresent);
    });
  };
  touch_swapped(first, second);
  touch_swapped(second, first);
}

}  // namespace spinel::server
