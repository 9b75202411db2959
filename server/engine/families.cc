#include "server/engine/families.h"

#include <vector>

namespace spinel::server {

std::span<const CommandFamily> all_command_families() {
  // clang-format off
  static const std::vector<CommandFamily> families = {
      admin_commands(),
      bitfield_commands(),
      bitmap_commands(),
      bitop_commands(),
      client_commands(),
      command_commands(),
      config_commands(),
      connection_commands(),
      debug_commands(),
      dump_commands(),
      expire_commands(),
      generic_commands(),
      geo_commands(),
      geo_search_commands(),
      hash_commands(),
      hash_counter_commands(),
      hash_expire_commands(),
      hash_getex_commands(),
      hash_walk_commands(),
      hyperloglog_commands(),
      info_commands(),
      latency_commands(),
      list_commands(),
      list_move_commands(),
      memory_commands(),
      migrate_commands(),
      object_commands(),
      persistence_commands(),
      pubsub_commands(),
      replication_commands(),
      scan_commands(),
      set_algebra_commands(),
      set_commands(),
      set_random_commands(),
      slowlog_commands(),
      sort_commands(),
      sorted_set_algebra_commands(),
      sorted_set_commands(),
      sorted_set_pop_commands(),
      sorted_set_range_commands(),
      sorted_set_rank_commands(),
      sorted_set_walk_commands(),
      string_commands(),
      string_counter_commands(),
      string_lcs_commands(),
      string_range_commands(),
      tracking_commands(),
      transaction_commands(),
      wait_commands(),
  };
  // clang-format on
  return families;
}

}  // namespace spinel::server
