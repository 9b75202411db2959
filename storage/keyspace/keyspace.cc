#include "storage/keyspace/keyspace.h"

#include "storage/base/clock.h"

namespace spinel::storage {

Keyspace::Keyspace(int databases, KeyspaceObserver& observer)
    : random(random_seed()), access(random), observer_(observer) {
  for (int i = 0; i < databases; ++i) databases_.push_back(std::make_unique<Database>(i));
  set_now(wall_clock_ms());
}

Item Keyspace::expire_if_allowed(Database& database, Item item, const Key& key) {
  if (may_expire) expire(database, item, key);
  return {};
}

void Keyspace::expire(Database& database, Item item, const Key& key) {
  observer_.on_expire(database, key);
  database.erase(item, key, lazy(lazy_expire));
}

void Keyspace::evict(Database& database, Item item, const Key& key) {
  observer_.on_evict(database, key);
  database.erase(item, key, lazy(lazy_eviction));
}

}  // namespace spinel::storage
