// Rows of the option table: limits of clients and memory.
#include <limits>

#include "server/config/options.h"

namespace spinel::server {
namespace {

constexpr uint64_t kLeastQueryLimit = 1 << 20;

std::vector<Option> clients() {
  return {
      {.name = "maxclients",
       .value = integer(&Config::maxclients, 1),
       .comment =
           "Connections at a time; further ones get an error. Lowered at startup if the process\n"
           "may not open as many files.\n"},
      {.name = "client-query-buffer-limit",
       .value = memory(&Config::client_query_buffer_limit_bytes, kLeastQueryLimit),
       .comment =
           "Bytes of unfinished requests that a client may pile up before it is disconnected.\n"},
      {.name = "proto-max-bulk-len",
       .value = memory(&Config::proto_max_bulk_len_bytes, kLeastQueryLimit),
       .comment = "Longest single string in a request or as a value. More than 3gb has the effect "
                  "of\n3gb.\n"},
      {.name = "client-output-buffer-limit",
       .value = output_buffer_limits_value(),
       .comment =
           "Replies that may wait for a client that does not read them. A class (normal, replica\n"
           "or pubsub), a hard limit, a soft limit, and for how many seconds the soft one may be\n"
           "exceeded. 0: no limit.\n"},
      {.name = "maxmemory-clients",
       .value = maxmemory_clients_value(),
       .comment =
           "Memory of all clients together, in bytes or in percent of maxmemory; beyond it the\n"
           "largest are disconnected, but for those with CLIENT NO-EVICT. At least 128kb. 0: no\n"
           "limit.\n"},
      {.name = "tracking-table-max-keys",
       .value = integer(&Config::tracking_table_max_keys),
       .comment = "Keys remembered for client-side caching. 0: no limit.\n"},
  };
}

std::vector<Option> memory_use() {
  return {
      {.name = "maxmemory",
       .value = memory(&Config::maxmemory_bytes, 0, std::numeric_limits<uint64_t>::max()),
       .comment =
           "Memory that data may take; beyond it keys are evicted or writes fail. 0: no limit.\n"},
      {.name = "maxmemory-policy",
       .value =
           choice(&Config::maxmemory_policy, {{"volatile-lru", MaxmemoryPolicy::kVolatileLru},
                                              {"volatile-lfu", MaxmemoryPolicy::kVolatileLfu},
                                              {"volatile-random", MaxmemoryPolicy::kVolatileRandom},
                                              {"volatile-ttl", MaxmemoryPolicy::kVolatileTtl},
                                              {"allkeys-lru", MaxmemoryPolicy::kAllkeysLru},
                                              {"allkeys-lfu", MaxmemoryPolicy::kAllkeysLfu},
                                              {"allkeys-random", MaxmemoryPolicy::kAllkeysRandom},
                                              {"noeviction", MaxmemoryPolicy::kNoeviction}}),
       .comment =
           "Which keys to evict: volatile-... only keys with a time to live, allkeys-... any; by\n"
           "last use (lru), by frequency (lfu), at random (random), or those that expire soonest\n"
           "(volatile-ttl). noeviction: none; writes that need memory fail.\n"},
      {.name = "maxmemory-samples",
       .value = integer(&Config::maxmemory_samples, 1),
       .comment = "Keys compared for each eviction. More give a better choice and take longer.\n"},
      {.name = "maxmemory-eviction-tenacity",
       .value = integer(&Config::maxmemory_eviction_tenacity, 0, 100),
       .comment =
           "How long a command may wait for evictions: 0 hardly at all, 100 without limit.\n"},
      {.name = "lfu-log-factor",
       .value = integer(&Config::lfu_log_factor),
       .comment = "How slowly a key's frequency counter grows with its uses.\n"},
      {.name = "lfu-decay-time",
       .value = integer(&Config::lfu_decay_time_minutes),
       .comment = "Minutes without use after which that counter drops by one. 0: it never does.\n"},
      {.name = "active-expire-effort",
       .value = integer(&Config::active_expire_effort, 1, 10),
       .comment =
           "Effort for finding expired keys that nobody reads, 1 to 10. More saves memory and "
           "takes CPU.\n"},
      {.name = "activerehashing",
       .value = yes_no(&Config::activerehashing),
       .comment = "Spend a little idle time on resizing tables, so that memory is freed sooner.\n"},
      {.name = "jemalloc-bg-thread",
       .value = yes_no(&Config::jemalloc_bg_thread),
       .comment = "Let the allocator return unused memory in a thread of its own.\n"},
  };
}

std::vector<Option> lazy_free() {
  return {
      {.name = "lazyfree-lazy-eviction",
       .value = yes_no(&Config::lazyfree_lazy_eviction),
       .comment = "Free evicted values in the background.\n"},
      {.name = "lazyfree-lazy-expire",
       .value = yes_no(&Config::lazyfree_lazy_expire),
       .comment = "Free expired values in the background.\n"},
      {.name = "lazyfree-lazy-server-del",
       .value = yes_no(&Config::lazyfree_lazy_server_del),
       .comment = "Free values that RENAME, SET and others replace in the background.\n"},
      {.name = "lazyfree-lazy-user-del",
       .value = yes_no(&Config::lazyfree_lazy_user_del),
       .comment = "Make DEL work like UNLINK.\n"},
      {.name = "lazyfree-lazy-user-flush",
       .value = yes_no(&Config::lazyfree_lazy_user_flush),
       .comment =
           "Let FLUSHDB, FLUSHALL and SCRIPT FLUSH mean ASYNC where they do not say SYNC.\n"},
  };
}

std::vector<Option> defragmentation() {
  return {
      {.name = "activedefrag",
       .value = yes_no(&Config::activedefrag),
       .support = Support::kRefused,
       .comment = "Move data while running, to return fragmented memory.\n"},
      {.name = "active-defrag-ignore-bytes",
       .value = memory(&Config::active_defrag_ignore_bytes, 1),
       .support = Support::kIgnored,
       .comment = "Fragmentation that defragmentation leaves alone, in bytes.\n"},
      {.name = "active-defrag-threshold-lower",
       .value = integer(&Config::active_defrag_threshold_lower_percent, 0, 1000),
       .support = Support::kIgnored,
       .comment = "Fragmentation at which it starts, in percent.\n"},
      {.name = "active-defrag-threshold-upper",
       .value = integer(&Config::active_defrag_threshold_upper_percent, 0, 1000),
       .support = Support::kIgnored,
       .comment = "Fragmentation at which it makes the most effort, in percent.\n"},
      {.name = "active-defrag-cycle-min",
       .value = integer(&Config::active_defrag_cycle_min_percent, 1, 99),
       .support = Support::kIgnored,
       .comment = "Its least effort, in percent of CPU time.\n"},
      {.name = "active-defrag-cycle-max",
       .value = integer(&Config::active_defrag_cycle_max_percent, 1, 99),
       .support = Support::kIgnored,
       .comment = "Its greatest effort, in percent of CPU time.\n"},
      {.name = "active-defrag-max-scan-fields",
       .value = integer(&Config::active_defrag_max_scan_fields, 1),
       .support = Support::kIgnored,
       .comment = "Elements of one value that it checks at a time.\n"},
  };
}

}  // namespace

std::vector<OptionSection> memory_options() {
  return {{"Clients", clients()},
          {"Memory", memory_use()},
          {"Lazy freeing", lazy_free()},
          {"Defragmentation", with_reason("it needs a modified Jemalloc", defragmentation())}};
}

}  // namespace spinel::server
