// Running in the background, and the pid file.
#pragma once

#include <optional>
#include <string>

namespace spinel::server {

// Continues in a child process without a terminal, with its standard streams at /dev/null; the
// calling process exits. Must be called before any thread starts. Returns the error if no child
// could be created.
std::optional<std::string> daemonize();

// Writes the process id and a line end to `path`. Logs a failure.
void create_pid_file(const std::string& path);

// Removes the file of create_pid_file(). Logs a failure.
void remove_pid_file(const std::string& path);

}  // namespace spinel::server
