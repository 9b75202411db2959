// How the server's memory is used, measured once for INFO, MEMORY STATS and MEMORY DOCTOR.
#pragma once

#include <cstddef>
#include <string_view>

#include "server/config/config.h"
#include "storage/base/memory.h"

namespace spinel::server {

class Server;

// All in bytes.
struct MemoryReport {
  size_t used = 0;          // allocated and in use
  size_t peak = 0;          // the most that `used` ever was
  size_t startup = 0;       // `used` when the server had started
  size_t clients = 0;       // buffers and state of clients, without replicas
  size_t replicas = 0;      // the same of replicas, and what is kept for them beyond the backlog
  size_t backlog = 0;       // writes kept for replicas that come back
  size_t tables = 0;        // the keyspace's hash tables
  size_t overhead = 0;      // all of the above that is not data
  size_t resident_set = 0;  // physical memory of the process
  size_t system = 0;        // physical memory of the machine
  size_t keys = 0;          // number of keys
  storage::AllocatorStats allocator;

  size_t dataset() const { return used > overhead ? used - overhead : 0; }
  double dataset_percent() const;
  double peak_percent() const;
  double bytes_per_key() const;
  // Physical memory per byte that is in use.
  double fragmentation_ratio() const;
  int64_t fragmentation_bytes() const;
  // Physical memory per byte that the allocator has.
  double rss_overhead_ratio() const;
  int64_t rss_overhead_bytes() const;
};

MemoryReport measure_memory(const Server& server);

// "allkeys-lru" and so on.
std::string_view policy_name(MaxmemoryPolicy policy);

}  // namespace spinel::server
