#include "storage/keyspace/keyspace.h"

#include <limits>

#include "storage/base/clock.h"
#include "storage/types/hash.h"

namespace spinel::storage {

Keyspace::Keyspace(int databases, KeyspaceObserver& observer)
    : random(random_seed()), access(random), observer_(observer) {
  for (int i = 0; i < databases; ++i) databases_.push_back(std::make_unique<Database>(i));
  set_now(wall_clock_ms());
}

void Keyspace::update_expiry() {
  if (ignoring_expiry_ > 0) {
    expiry_mode_ = ExpiryMode::kIgnore;
    expiry_time_ms_ = std::numeric_limits<int64_t>::min();
    return;
  }
  expiry_mode_ = is_master_expiring_ || is_expiry_paused_ ? ExpiryMode::kHide : ExpiryMode::kRemove;
  expiry_time_ms_ = now_ms_;
}

bool Keyspace::has_expired_fields_only(const Entry& entry) const {
  return Hash(entry.encoding(), entry.object()).all_expired(expiry_time_ms_);
}

Item Keyspace::check_expiry(Database& database, Item item, const Key& key, Purpose purpose) {
  const bool is_key_expired = item->expired(expiry_time_ms_);
  if (is_key_expired || (item.has_volatile_fields() && has_expired_fields_only(*item))) {
    if (expiry_mode_ == ExpiryMode::kHide && purpose == Purpose::kRemove) return item;
    if (expiry_mode_ == ExpiryMode::kRemove || purpose == Purpose::kWrite) {
      is_key_expired ? expire(database, item, key) : expire_hash(database, item, key);
    }
    return {};
  }
  // No more than a command that looks at one field can bear.
  constexpr size_t kMaxBuckets = 1;
  if (expiry_mode_ == ExpiryMode::kRemove) expire_fields(database, item, key, kMaxBuckets);
  return item;
}

Keyspace::FieldExpiry Keyspace::expire_fields(Database& database, Item item, const Key& key,
                                              size_t max_buckets) {
  if (!item.has_volatile_fields()) return FieldExpiry::kNothingDue;
  Hash hash(item->encoding(), item->object());
  if (hash.next_expiry_ms() >= now_ms_) return FieldExpiry::kNothingDue;
  if (hash.all_expired(now_ms_)) {
    expire_hash(database, item, key);
    return FieldExpiry::kKeyRemoved;
  }
  std::vector<std::string> fields;
  hash.take_expired(now_ms_, max_buckets, fields);
  database.update_object(item, hash.encoding(), hash.object());
  if (!fields.empty()) observer_.on_fields_expire(database, key, fields);
  return FieldExpiry::kSomeRemoved;
}

void Keyspace::expire_hash(Database& database, Item item, const Key& key) {
  observer_.on_hash_expire(database, key, Hash(item->encoding(), item->object()).size());
  remove(database, item, key, RemovalReason::kDeleted, lazy(lazy_expire));
}

void Keyspace::remove(Database& database, Item item, const Key& key, RemovalReason reason,
                      LazyFree* lazy) {
  observer_.on_remove(database, key, reason);
  database.erase(item, key, lazy);
}

}  // namespace spinel::storage
