// Running in the background, and the file that tells others the process id.
#pragma once

#include <optional>
#include <string>

namespace spinel::server {

// Goes on in a child process that has no terminal and whose standard streams are /dev/null; the
// calling process exits. To be called before any thread starts. Returns the error's text if there
// could be no child.
std::optional<std::string> daemonize();

// Writes the process id and a line end to `path`. A failure is logged and otherwise harmless.
void create_pid_file(const std::string& path);

// Removes what create_pid_file() wrote.
void remove_pid_file(const std::string& path);

}  // namespace spinel::server
