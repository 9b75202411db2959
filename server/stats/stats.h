// The counters behind INFO, most of them in its section "stats". Plain fields of the thread that
// executes commands: whoever does the work increments them, INFO reads them.
#pragma once

#include <cstdint>

namespace spinel::server {

// Counters that CONFIG RESETSTAT sets back to zero.
struct Stats {
  // Connections and traffic.
  int64_t total_connections_received = 0;
  int64_t rejected_connections = 0;  // over maxclients, or refused by protected mode
  int64_t total_commands_processed = 0;
  // Of clients only, and of replication only. INFO's total_net_*_bytes are the sums of both.
  int64_t total_net_input_bytes = 0;
  int64_t total_net_output_bytes = 0;
  int64_t total_net_repl_input_bytes = 0;
  int64_t total_net_repl_output_bytes = 0;
  int64_t total_reads_processed = 0;   // read events
  int64_t total_writes_processed = 0;  // write events
  int64_t io_threaded_reads_processed = 0;
  int64_t io_threaded_writes_processed = 0;
  int64_t client_query_buffer_limit_disconnections = 0;
  int64_t client_output_buffer_limit_disconnections = 0;
  int64_t reply_buffer_shrinks = 0;
  int64_t reply_buffer_expands = 0;

  // Errors.
  int64_t total_error_replies = 0;
  int64_t unexpected_error_replies = 0;  // errors while following a master or loading the AOF
  int64_t acl_access_denied_auth = 0;
  int64_t acl_access_denied_cmd = 0;
  int64_t acl_access_denied_key = 0;
  int64_t acl_access_denied_channel = 0;
  int64_t dump_payload_sanitizations = 0;

  // Keyspace.
  int64_t keyspace_hits = 0;
  int64_t keyspace_misses = 0;
  int64_t expired_subkeys = 0;  // fields of hashes
  int64_t expired_keys = 0;
  double expired_stale_perc = 0;  // an estimate, 0..100
  int64_t expired_time_cap_reached_count = 0;
  int64_t expire_cycle_cpu_us = 0;  // INFO shows milliseconds
  int64_t evicted_keys = 0;
  int64_t evicted_clients = 0;
  int64_t total_eviction_exceeded_time_us = 0;  // INFO shows milliseconds
  int64_t lazyfreed_objects = 0;                // section "memory"

  // Active defragmentation.
  int64_t active_defrag_hits = 0;
  int64_t active_defrag_misses = 0;
  int64_t active_defrag_key_hits = 0;
  int64_t active_defrag_key_misses = 0;
  int64_t total_active_defrag_time_us = 0;  // INFO shows milliseconds

  // Persistence and replication.
  int64_t latest_fork_us = 0;  // INFO: latest_fork_usec
  int64_t total_forks = 0;
  int64_t rdb_saves = 0;     // section "persistence"
  int64_t aof_rewrites = 0;  // section "persistence"
  int64_t aof_rewrites_consecutive_failures = 0;
  int64_t aof_delayed_fsync = 0;  // section "persistence"
  int64_t sync_full = 0;
  int64_t sync_partial_ok = 0;
  int64_t sync_partial_err = 0;

  // The event loop. INFO shows microseconds.
  int64_t eventloop_cycles = 0;
  int64_t eventloop_duration_ns = 0;          // INFO: eventloop_duration_sum
  int64_t eventloop_duration_command_ns = 0;  // INFO: eventloop_duration_cmd_sum

  // CONFIG RESETSTAT. Rates, command, error and latency statistics are reset by their own owners.
  void reset() { *this = Stats(); }
};

// The highest value seen. CONFIG RESETSTAT leaves it alone.
class MemoryPeak {
 public:
  void observe(int64_t used_bytes) {
    if (used_bytes > peak_bytes_) peak_bytes_ = used_bytes;
  }
  int64_t peak_bytes() const { return peak_bytes_; }

 private:
  int64_t peak_bytes_ = 0;
};

}  // namespace spinel::server
