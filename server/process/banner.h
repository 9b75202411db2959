// The first lines of the log.
#pragma once

#include <string>
#include <string_view>

namespace spinel::server {

// Logs that the server starts, its version, and whether it has a configuration.
void log_start(bool configured);

// Logs the mode and port in a line, or with `as_logo` in a picture.
void log_banner(std::string_view mode, int port, bool as_logo);

// Returns whether the log goes to a terminal, where the picture is the default.
bool log_goes_to_terminal();

// Returns the picture, for tests.
std::string render_logo(std::string_view mode, int port);

}  // namespace spinel::server
