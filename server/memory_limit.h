// Keeps the server within maxmemory.
#pragma once

#include <cstdint>

#include "storage/keyspace/eviction.h"

namespace spinel::server {

class Server;

class MemoryLimit {
 public:
  explicit MemoryLimit(Server& server) : server_(server) {}

  // Bytes that count against maxmemory: all that is in use, the buffers of clients too.
  static uint64_t used_bytes();
  // Bytes in use that do not count: effects on their way to the append only file and to replicas,
  // beyond the backlog. Evicting keys makes more of them.
  uint64_t not_counted_bytes() const;
  // Whether there is memory for a command that may take more, after evicting what the policy
  // allows. Requires that there is a limit.
  bool make_room();
  // Goes on with an eviction that ended for want of time.
  void continue_eviction();

  const storage::Eviction& eviction() const { return eviction_; }
  void reset_statistics() { eviction_.reset_statistics(); }

 private:
  bool may_evict() const;
  storage::EvictionResult evict();
  uint64_t limit_bytes() const;

  Server& server_;
  storage::Eviction eviction_;
  bool is_unfinished_ = false;  // the last run ended for want of time
};

}  // namespace spinel::server
