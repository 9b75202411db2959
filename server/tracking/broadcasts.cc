#include "server/tracking/broadcasts.h"

#include <algorithm>

#include "server/client.h"
#include "storage/base/assert.h"

namespace spinel::server {

namespace {

// What is kept of the memory for changes when they have been told.
constexpr size_t kKeptBytes = 16 * 1024;

}  // namespace

void Broadcasts::Changes::add(std::string_view key, ClientId modifier) {
  if (places_.size() >= compact_at_) {
    // A transaction may modify the same keys over and over.
    Changes once;
    for (const Change& change : sorted()) {
      once.places_.push_back({once.bytes_.size(), change.key.size(), change.modifier});
      once.bytes_ += change.key;
    }
    once.compact_at_ = std::max(kFirstCompaction, 2 * once.places_.size());
    *this = std::move(once);
  }
  places_.push_back({bytes_.size(), key.size(), modifier});
  bytes_ += key;
}

std::vector<Broadcasts::Changes::Change> Broadcasts::Changes::sorted() const {
  std::vector<Change> all;
  all.reserve(places_.size());
  for (const Place& place : places_) {
    all.push_back({std::string_view(bytes_).substr(place.first, place.size), place.modifier});
  }
  std::ranges::sort(all, {}, &Change::key);
  size_t kept = 0;
  for (const Change& change : all) {
    if (kept > 0 && all[kept - 1].key == change.key) {
      if (all[kept - 1].modifier != change.modifier) all[kept - 1].modifier = kNobody;
    } else {
      all[kept++] = change;
    }
  }
  all.resize(kept);
  return all;
}

void Broadcasts::Changes::clear() {
  if (memory_bytes() > kKeptBytes) {
    *this = Changes();
    return;
  }
  bytes_.clear();
  places_.clear();
}

void Broadcasts::add(Client& client, std::string_view name) {
  auto found = prefixes_.find(name);
  if (found == prefixes_.end()) {
    auto prefix = std::make_unique<Prefix>();
    prefix->prefix = name;
    tree_.add(name, *prefix);
    found = prefixes_.emplace(std::string(name), std::move(prefix)).first;
  }
  found->second->clients.emplace(client.id, &client);
}

void Broadcasts::remove(Client& client, std::string_view name) {
  const auto found = prefixes_.find(name);
  SPINEL_ASSERT(found != prefixes_.end());
  Prefix& prefix = *found->second;
  prefix.clients.erase(client.id);
  if (!prefix.clients.empty()) return;
  std::erase(changed_, &prefix);
  tree_.remove(name, prefix);
  prefixes_.erase(found);
}

void Broadcasts::on_key_modified(std::string_view key, ClientId modifier) {
  tree_.for_each_prefix_of(key, [&](Prefix& prefix, size_t) {
    if (prefix.changes.empty()) changed_.push_back(&prefix);
    prefix.changes.add(key, modifier);
  });
}

void Broadcasts::sort_changed() {
  std::ranges::sort(changed_, {},
                    [](const Prefix* prefix) { return std::string_view(prefix->prefix); });
}

}  // namespace spinel::server
