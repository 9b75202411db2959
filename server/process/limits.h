// What the operating system lets the server do, and what to tell the operator about it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "server/config/config.h"

namespace spinel::server {

// Descriptors that are not clients: listeners, log, files, epoll, ...
inline constexpr uint64_t kReservedDescriptors = 32;

// Raises the limit of open files so that `maxclients` fit, as far as it goes, and logs what came of
// it. Returns how many clients fit, at most `maxclients`; nothing if none do: the server cannot
// start then.
std::optional<uint32_t> adjust_open_files_limit(uint32_t maxclients);

// For CONFIG SET maxclients: whether the limit of open files can be raised for so many. Logs
// nothing.
bool can_open_files_for(uint32_t maxclients);

// How many clients the hard limit of open files leaves room for.
uint64_t most_clients_allowed();

// Logs the settings of the system under which saving, replication or latency will suffer (see
// system_check.h). With `disable_thp` this process does without transparent huge pages if it can.
void warn_about_system_settings(bool disable_thp);

// Logs if the kernel cuts the queue of connections that wait to be accepted.
void warn_about_tcp_backlog(int tcp_backlog);

// Tells the kernel how readily to kill this process when memory runs out: `value` alone
// (kAbsolute), or added to what the process started with (kRelative). kNo restores that if it was
// changed. Returns the error's text.
std::optional<std::string> set_oom_score_adjustment(OomScoreAdjust mode, int value);

}  // namespace spinel::server
