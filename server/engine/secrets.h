// What must not be shown to others of what a client sent.
#pragma once

#include <string_view>
#include <vector>

#include "server/engine/table.h"

namespace spinel::server {

// `args` with "(redacted)" in the place of passwords, for MONITOR and the slow log.
std::vector<std::string_view> without_secrets(const Command& command, CommandArgs args);

}  // namespace spinel::server
