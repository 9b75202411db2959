// Limits and settings of the operating system.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "server/config/config.h"

namespace spinel::server {

// Descriptors for everything but clients: listeners, log, files, epoll, ...
inline constexpr uint64_t kReservedDescriptors = 32;

// Raises the limit of open files for `maxclients` as far as the system allows, and logs the result.
// Returns the number of clients that fit, at most `maxclients`, or nothing if not even one fits:
// then the server cannot start.
std::optional<uint32_t> adjust_open_files_limit(uint32_t maxclients);

// For CONFIG SET maxclients: raises the limit of open files, and returns whether that succeeded.
// Logs nothing.
bool can_open_files_for(uint32_t maxclients);

// Returns the number of clients that the hard limit of open files allows.
uint64_t most_clients_allowed();

// Logs settings of the system that harm snapshots, replication or latency (see system_check.h).
// With `disable_thp`, switches off transparent huge pages for this process.
void warn_about_system_settings(bool disable_thp);

// Logs if the kernel caps the queue of connections that wait to be accepted.
void warn_about_tcp_backlog(int tcp_backlog);

// Sets how readily the kernel kills this process when memory runs out: `value` alone (kAbsolute),
// or added to the score from the start of the process (kRelative). kNo restores that score. Returns
// the error.
std::optional<std::string> set_oom_score_adjustment(OomScoreAdjust mode, int value);

}  // namespace spinel::server
