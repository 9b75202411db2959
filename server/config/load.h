// Builds the configuration at startup: from a file, from standard input, from options.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/config/config.h"

namespace spinel::server {

// Read in this order; later values win.
struct ConfigSources {
  std::string file = {};     // path; empty = none
  bool read_stdin = false;   // standard input up to its end
  std::string options = {};  // lines in the format of the file, as made of the command line
};

// Whether loading may read included files, change the directory and create the log file. Fuzzing
// denies it.
enum class FileAccess { kAllowed, kDenied };

// Reads `sources` into `config`, which must be as constructed. Returns the message that the process
// should end with, ready to be printed, or nothing; after an error `config` is not to be used.
std::optional<std::string> load_config(Config& config, const ConfigSources& sources,
                                       FileAccess access = FileAccess::kAllowed);

}  // namespace spinel::server
