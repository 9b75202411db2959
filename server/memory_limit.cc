#include "server/memory_limit.h"

#include <algorithm>

#include "server/server.h"
#include "storage/base/clock.h"
#include "storage/base/memory.h"

namespace spinel::server {

namespace {

storage::EvictionPolicy eviction_policy(MaxmemoryPolicy policy) {
  using storage::EvictionOrder;
  switch (policy) {
    case MaxmemoryPolicy::kVolatileLru:
      return {EvictionOrder::kLru, true};
    case MaxmemoryPolicy::kVolatileLfu:
      return {EvictionOrder::kLfu, true};
    case MaxmemoryPolicy::kVolatileRandom:
      return {EvictionOrder::kRandom, true};
    case MaxmemoryPolicy::kVolatileTtl:
      return {EvictionOrder::kTtl, true};
    case MaxmemoryPolicy::kAllkeysLru:
      return {EvictionOrder::kLru, false};
    case MaxmemoryPolicy::kAllkeysLfu:
      return {EvictionOrder::kLfu, false};
    case MaxmemoryPolicy::kAllkeysRandom:
      return {EvictionOrder::kRandom, false};
    case MaxmemoryPolicy::kNoeviction:
      break;
  }
  return {};
}

}  // namespace

uint64_t MemoryLimit::used_bytes() {
  return storage::used_memory();
}

uint64_t MemoryLimit::not_counted_bytes() const {
  const uint64_t log_bytes = server_.effects.log().memory_bytes();
  return log_bytes - std::min(log_bytes, server_.replication->backlog_bytes());
}

uint64_t MemoryLimit::limit_bytes() const {
  return server_.config.maxmemory_bytes + not_counted_bytes();
}

storage::EvictionResult MemoryLimit::evict() {
  const Config& config = server_.config;
  const int64_t start_us = storage::monotonic_us();
  const uint64_t evicted_before = eviction_.evicted_keys();
  const auto result = eviction_.run(server_.keyspace,
                                    {.max_bytes = limit_bytes(),
                                     .policy = eviction_policy(config.maxmemory_policy),
                                     .samples = config.maxmemory_samples,
                                     .tenacity = config.maxmemory_eviction_tenacity},
                                    used_bytes);
  is_unfinished_ = result == storage::EvictionResult::kRunning;
  if (eviction_.evicted_keys() != evicted_before) {
    server_.latency.record(latency_event::kEvictionCycle,
                           (storage::monotonic_us() - start_us) / 1000,
                           config.latency_monitor_threshold_ms, server_.now_ms() / 1000);
  }
  return result;
}

// Not while the data must stay as they are: clients are paused, what is being loaded needs them, or
// the master decides.
bool MemoryLimit::may_evict() const {
  return !server_.pause.active() && !server_.loading.active() &&
         !server_.role.leaves_eviction_to_master;
}

bool MemoryLimit::make_room() {
  if (!may_evict()) return true;
  if (used_bytes() <= limit_bytes()) return true;
  return evict() != storage::EvictionResult::kFail;
}

void MemoryLimit::continue_eviction() {
  if (is_unfinished_ && may_evict()) evict();
}

}  // namespace spinel::server
