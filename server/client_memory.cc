#include "server/client_memory.h"

#include <algorithm>
#include <bit>

#include "server/client.h"

namespace spinel::server {

void ClientMemory::set_limit(uint64_t bytes) {
  limit_bytes_ = bytes == 0 ? 0 : std::max(bytes, kLeastLimitBytes);
}

void ClientMemory::measure(Client& client) {
  // Replicas and the master have limits of their own.
  if (client.closing || client.is_replica() || client.is_master) return remove(client);
  ClientShare& share = client.memory_share;
  const uint64_t bytes = client.memory_bytes();
  total_bytes_ += bytes - share.bytes;
  share.bytes = bytes;
  const size_t bucket = client.no_evict ? 0 : static_cast<size_t>(std::bit_width(bytes));
  if (bucket == share.bucket) return;
  take_out_of_bucket(client);
  if (bucket == 0) return;
  share.bucket = bucket;
  share.place = buckets_[bucket].size();
  buckets_[bucket].push_back(&client);
}

void ClientMemory::remove(Client& client) {
  take_out_of_bucket(client);
  total_bytes_ -= client.memory_share.bytes;
  client.memory_share = {};
}

void ClientMemory::take_out_of_bucket(Client& client) {
  ClientShare& share = client.memory_share;
  if (share.bucket == 0) return;
  std::vector<Client*>& bucket = buckets_[share.bucket];
  bucket[share.place] = bucket.back();
  bucket[share.place]->memory_share.place = share.place;
  bucket.pop_back();
  share.bucket = 0;
}

Client* ClientMemory::largest() const {
  for (size_t i = kBuckets; i-- > 1;) {
    if (!buckets_[i].empty()) return buckets_[i].back();
  }
  return nullptr;
}

}  // namespace spinel::server
