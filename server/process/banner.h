// The first lines of the log.
#pragma once

#include <string>
#include <string_view>

namespace spinel::server {

// That the server starts, which version it is, and whether it was given a configuration.
void log_start(bool configured);

// How the server runs: a line of the log, or with `as_logo` a picture with the same facts.
void log_banner(std::string_view mode, int port, bool as_logo);

// Whether somebody looks at the log on a terminal, which is when the picture is shown by itself.
bool log_goes_to_terminal();

// The picture, for tests.
std::string render_logo(std::string_view mode, int port);

}  // namespace spinel::server
