// How a client is named and described, for the commands that show or change it.
#pragma once

#include <string>
#include <string_view>

#include "server/engine/spec.h"
#include "server/log/log_level.h"

namespace spinel::server {

class Client;

inline constexpr std::string_view kInvalidClientName =
    "ERR Client names cannot contain spaces, newlines or special characters.";

// Whether `text` may be a client's or a library's name: printable ASCII without spaces, or nothing.
bool is_client_attribute(std::string_view text);

// The client as a line of CLIENT LIST, without the line end. `executing` are the arguments of the
// command that it executes this moment, if it does.
std::string describe_client(const Client& client, CommandArgs executing = {});

// Logs "`event`: " and the description of `client`.
void log_client(LogLevel level, std::string_view event, const Client& client);

}  // namespace spinel::server
