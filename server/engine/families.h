#pragma once

#include <span>

#include "server/engine/spec.h"

// The list of all command families. A new file of handlers declares its function here and is added
// to the list in families.cc; that is all it takes for its commands to exist.
namespace spinel::server {

CommandFamily admin_commands();
CommandFamily bitfield_commands();
CommandFamily bitmap_commands();
CommandFamily bitop_commands();
CommandFamily client_commands();
CommandFamily command_commands();
CommandFamily config_commands();
CommandFamily connection_commands();
CommandFamily debug_commands();
CommandFamily dump_commands();
CommandFamily expire_commands();
CommandFamily generic_commands();
CommandFamily geo_commands();
CommandFamily geo_search_commands();
CommandFamily hash_commands();
CommandFamily hash_counter_commands();
CommandFamily hash_expire_commands();
CommandFamily hash_getex_commands();
CommandFamily hash_walk_commands();
CommandFamily hyperloglog_commands();
CommandFamily info_commands();
CommandFamily latency_commands();
CommandFamily list_commands();
CommandFamily list_move_commands();
CommandFamily memory_commands();
CommandFamily migrate_commands();
CommandFamily object_commands();
CommandFamily persistence_commands();
CommandFamily pubsub_commands();
CommandFamily replication_commands();
CommandFamily scan_commands();
CommandFamily set_algebra_commands();
CommandFamily set_commands();
CommandFamily set_random_commands();
CommandFamily slowlog_commands();
CommandFamily sort_commands();
CommandFamily sorted_set_algebra_commands();
CommandFamily sorted_set_commands();
CommandFamily sorted_set_pop_commands();
CommandFamily sorted_set_range_commands();
CommandFamily sorted_set_rank_commands();
CommandFamily sorted_set_walk_commands();
CommandFamily string_commands();
CommandFamily string_counter_commands();
CommandFamily string_lcs_commands();
CommandFamily string_range_commands();
CommandFamily tracking_commands();
CommandFamily transaction_commands();
CommandFamily wait_commands();

// All families; valid for the life of the program.
std::span<const CommandFamily> all_command_families();

}  // namespace spinel::server
