// All databases of a server, and the rules that stand above a single one: expiry, access times,
// lazy freeing.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "storage/base/random.h"
#include "storage/keyspace/access.h"
#include "storage/keyspace/database.h"
#include "storage/keyspace/lazy_free.h"

namespace spinel::storage {

enum class RemovalReason : uint8_t {
  kDeleted,  // by a command, or as nothing was left in it
  kExpired,
  kEvicted,
};

// Is notified of removals: the deletion of an expired key is an effect that AOF and replicas must
// see, and an event for subscribers.
class KeyspaceObserver {
 public:
  virtual ~KeyspaceObserver() = default;
  // Called just before the key is removed; must not change the database.
  virtual void on_remove(Database& database, const Key& key, RemovalReason reason) = 0;
  // `fields` of the hash at `key` expired and were removed from it. If none are left, the removal
  // of the key follows.
  virtual void on_fields_expire(Database& database, const Key& key,
                                std::span<const std::string> fields) = 0;
};

class Keyspace {
 public:
  Keyspace(int databases, KeyspaceObserver& observer);

  int database_count() const { return static_cast<int>(databases_.size()); }
  // Needs 0 <= index < database_count().
  Database& database(int index) { return *databases_[static_cast<size_t>(index)]; }
  const Database& database(int index) const { return *databases_[static_cast<size_t>(index)]; }

  // The time by which keys expire: Unix milliseconds, set by the server before it executes
  // commands, so that a command sees one time.
  int64_t now_ms() const { return now_ms_; }
  void set_now(int64_t now_ms) {
    now_ms_ = now_ms;
    access.set_now(now_ms);
  }

  // The entry of `key`, or nothing; an expired one is removed, and so are expired fields of a hash,
  // all of them if it is small. Does not count as an access.
  Item find(Database& database, const Key& key) {
    const Item item = database.find(key);
    if (item && item.may_expire()) [[unlikely]]
      return expire_if_due(database, item, key);
    return item;
  }

  // As `find`, for a command that may store a value at `key`: an expired one is removed also while
  // `may_expire` is false. Hidden, it would stay beside the new one.
  Item find_for_write(Database& database, const Key& key) {
    Item item = database.find(key);
    if (item && item->has_expiry() && item->expired(now_ms_)) [[unlikely]] {
      expire(database, item, key);
      return {};
    }
    return item;
  }

  // Notifies the observer and removes the key at `item`. `lazy`: see Database::erase.
  void remove(Database& database, Item item, const Key& key, RemovalReason reason, LazyFree* lazy);
  // Removes an expired key.
  void expire(Database& database, Item item, const Key& key) {
    remove(database, item, key, RemovalReason::kExpired, lazy(lazy_expire));
  }
  enum class FieldExpiry : uint8_t { kNothingDue, kSomeRemoved, kKeyRemoved };
  // Removes expired fields of the value at `item`, and `key` if nothing is left. Looks at up to
  // `max_buckets` buckets of a large hash: call it again until nothing is due.
  FieldExpiry expire_fields(Database& database, Item item, const Key& key, size_t max_buckets);
  // Removes a key to make room.
  void evict(Database& database, Item item, const Key& key) {
    remove(database, item, key, RemovalReason::kEvicted, lazy(lazy_eviction));
  }

  LazyFree* lazy(bool on) { return on ? &lazy_free : nullptr; }

  // --- configuration
  bool lazy_expire = false;
  bool lazy_eviction = false;
  // While false, an expired key is hidden but stays, unless a command writes to it: its removal
  // comes from elsewhere (a master), or must wait.
  bool may_expire = true;

  Random random;
  AccessClock access;
  LazyFree lazy_free;

 private:
  Item expire_if_due(Database& database, Item item, const Key& key);

  std::vector<std::unique_ptr<Database>> databases_;
  KeyspaceObserver& observer_;
  int64_t now_ms_ = 0;
};

}  // namespace spinel::storage
