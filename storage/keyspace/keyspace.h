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
  // `fields` of the hash at `key` expired and were removed from it; others are left.
  virtual void on_fields_expire(Database& database, const Key& key,
                                std::span<const std::string> fields) = 0;
  // All `field_count` fields of the hash at `key` expired. The removal of the key follows.
  virtual void on_hash_expire(Database& database, const Key& key, size_t field_count) = 0;
};

// For a keyspace that nobody but its owner wants to know of.
class SilentObserver final : public KeyspaceObserver {
 public:
  void on_remove(Database&, const Key&, RemovalReason) override {}
  void on_fields_expire(Database&, const Key&, std::span<const std::string>) override {}
  void on_hash_expire(Database&, const Key&, size_t) override {}
};

// What looking for an expired key does. Fields of hashes are treated in the same way, and a hash
// whose fields all expired is an expired key.
enum class ExpiryMode : uint8_t {
  // Removes the key: the rule.
  kRemove,
  // Treats the key as missing, but removes it only to make place for what a command writes there.
  kHide,
  // Finds the key as if it did not expire.
  kIgnore,
};

class Keyspace {
 public:
  Keyspace(int databases, KeyspaceObserver& observer);

  int database_count() const { return static_cast<int>(databases_.size()); }
  // Needs 0 <= index < database_count().
  Database& database(int index) { return *databases_[static_cast<size_t>(index)]; }
  const Database& database(int index) const { return *databases_[static_cast<size_t>(index)]; }

  // Unix milliseconds, set by the server before it executes commands, so that a command sees one
  // time.
  int64_t now_ms() const { return now_ms_; }
  void set_now(int64_t now_ms) {
    now_ms_ = now_ms;
    access.set_now(now_ms);
    update_expiry();
  }

  // --- the expiry mode, derived from three inputs
  ExpiryMode expiry_mode() const { return expiry_mode_; }
  // Clients are paused: the dataset must not change. Hides.
  void set_expiry_paused(bool paused) {
    is_expiry_paused_ = paused;
    update_expiry();
  }
  // This is a replica: keys are removed when its master says so. Hides.
  void set_master_expires(bool expires) {
    is_master_expiring_ = expires;
    update_expiry();
  }
  // Ignores expiry while it lives, whatever else is set: for a stream of effects or a file that is
  // applied. It was written when the keys were there, and says when they are to be removed.
  class IgnoreExpiry {
   public:
    explicit IgnoreExpiry(Keyspace& keyspace) : keyspace_(keyspace) {
      ++keyspace_.ignoring_expiry_;
      keyspace_.update_expiry();
    }
    ~IgnoreExpiry() {
      --keyspace_.ignoring_expiry_;
      keyspace_.update_expiry();
    }
    IgnoreExpiry(const IgnoreExpiry&) = delete;
    IgnoreExpiry& operator=(const IgnoreExpiry&) = delete;

   private:
    Keyspace& keyspace_;
  };

  // What expired before that is expired: now, or no time at all where expiry is ignored.
  int64_t expiry_time_ms() const { return expiry_time_ms_; }
  bool is_expired(const Entry& entry) const {
    return entry.expired(expiry_time_ms_) ||
           (entry.type() == Type::kHash && has_expired_fields_only(entry));
  }
  // Whether a command that gives a key or field the expiry `time_ms` removes it at once instead,
  // since that time has come. Where a master or a stream removes keys, the key waits for that.
  bool is_over(int64_t time_ms) const {
    return time_ms <= now_ms_ && !is_master_expiring_ && ignoring_expiry_ == 0;
  }

  // The entry of `key`, or nothing if it expired. In the mode kRemove, it is then removed, and so
  // are expired fields of a hash, all of them if it is small. Does not count as an access.
  ConstItem find(Database& database, const Key& key) {
    const Item item = database.find(key);
    if (item && item.may_expire()) [[unlikely]]
      return check_expiry(database, item, key, Purpose::kRead);
    return item;
  }

  // As `find`, for a command that may store a value at `key`: removes what expired in the mode
  // kHide as well. Hidden, it would stay beside the new one.
  Item find_for_write(Database& database, const Key& key) {
    const Item item = database.find(key);
    if (item && item.may_expire()) [[unlikely]]
      return check_expiry(database, item, key, Purpose::kWrite);
    return item;
  }

  // As `find`, for a command that removes the key: also finds what is hidden.
  Item find_to_remove(Database& database, const Key& key) {
    const Item item = database.find(key);
    if (item && item.may_expire()) [[unlikely]]
      return check_expiry(database, item, key, Purpose::kRemove);
    return item;
  }

  // Counts as a use of the key.
  void touch(const ConstItem& item) { access.touch(const_cast<Entry&>(*item)); }

  // Notifies the observer and removes the key at `item`. `lazy`: see Database::erase.
  void remove(Database& database, Item item, const Key& key, RemovalReason reason, LazyFree* lazy);
  // Removes an expired key.
  void expire(Database& database, Item item, const Key& key) {
    remove(database, item, key, RemovalReason::kExpired, lazy(lazy_expire));
  }
  enum class FieldExpiry : uint8_t { kNothingDue, kSomeRemoved, kKeyRemoved };
  // Removes expired fields of the value at `item`, or `key` if no others are left. Looks at up to
  // `max_buckets` buckets of a large hash that has others: call it again until nothing is due.
  FieldExpiry expire_fields(Database& database, Item item, const Key& key, size_t max_buckets);
  // Removes a key to make room.
  void evict(Database& database, Item item, const Key& key) {
    remove(database, item, key, RemovalReason::kEvicted, lazy(lazy_eviction));
  }

  LazyFree* lazy(bool on) { return on ? &lazy_free : nullptr; }

  // --- configuration
  bool lazy_expire = false;
  bool lazy_eviction = false;

  Random random;
  AccessClock access;
  LazyFree lazy_free;

 private:
  enum class Purpose : uint8_t { kRead, kWrite, kRemove };

  void update_expiry();
  // What `find` and its like return for a key that may expire.
  Item check_expiry(Database& database, Item item, const Key& key, Purpose purpose);
  // Requires a hash.
  bool has_expired_fields_only(const Entry& entry) const;
  void expire_hash(Database& database, Item item, const Key& key);

  std::vector<std::unique_ptr<Database>> databases_;
  KeyspaceObserver& observer_;
  int64_t now_ms_ = 0;
  int64_t expiry_time_ms_ = 0;
  bool is_expiry_paused_ = false;
  bool is_master_expiring_ = false;
  int ignoring_expiry_ = 0;  // living IgnoreExpiry
  ExpiryMode expiry_mode_ = ExpiryMode::kRemove;
};

}  // namespace spinel::storage
