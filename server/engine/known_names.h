// Which command names a configuration file may speak of: those of this server, and those of Redis
// 7.2 that it does not have yet, so that a redis.conf which takes one away is not refused.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/config/config.h"

namespace spinel::server {

// The commands of Redis 7.2 without a row here, in upper case. Whoever adds one takes it out.
std::span<const std::string_view> commands_to_come();

// What is wrong with renaming `from` to `to` (empty: taking it away) after `earlier` renames, or
// nothing.
std::optional<std::string> rename_error(std::span<const CommandRename> earlier,
                                        std::string_view from, std::string_view to);

}  // namespace spinel::server
