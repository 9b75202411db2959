#include "storage/keyspace/keyspace.h"

#include "storage/base/clock.h"
#include "storage/types/hash.h"

namespace spinel::storage {

Keyspace::Keyspace(int databases, KeyspaceObserver& observer)
    : random(random_seed()), access(random), observer_(observer) {
  for (int i = 0; i < databases; ++i) databases_.push_back(std::make_unique<Database>(i));
  set_now(wall_clock_ms());
}

Item Keyspace::expire_if_due(Database& database, Item item, const Key& key) {
  if (item->expired(now_ms_)) {
    if (may_expire) expire(database, item, key);
    return {};
  }
  // No more than a command that looks at one field can bear.
  constexpr size_t kMaxBuckets = 1;
  if (!may_expire) return item;
  const FieldExpiry done = expire_fields(database, item, key, kMaxBuckets);
  return done == FieldExpiry::kKeyRemoved ? Item() : item;
}

Keyspace::FieldExpiry Keyspace::expire_fields(Database& database, Item item, const Key& key,
                                              size_t max_buckets) {
  if (!item.has_volatile_fields()) return FieldExpiry::kNothingDue;
  Hash hash(item->encoding(), item->object());
  if (hash.next_expiry_ms() >= now_ms_) return FieldExpiry::kNothingDue;
  std::vector<std::string> fields;
  hash.take_expired(now_ms_, max_buckets, fields);
  database.update_object(item, hash.encoding(), hash.object());
  if (fields.empty()) return FieldExpiry::kSomeRemoved;
  observer_.on_fields_expire(database, key, fields);
  if (!hash.empty()) return FieldExpiry::kSomeRemoved;
  remove(database, item, key, RemovalReason::kDeleted, lazy(lazy_expire));
  return FieldExpiry::kKeyRemoved;
}

void Keyspace::remove(Database& database, Item item, const Key& key, RemovalReason reason,
                      LazyFree* lazy) {
  observer_.on_remove(database, key, reason);
  database.erase(item, key, lazy);
}

}  // namespace spinel::storage
