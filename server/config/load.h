// Loads the configuration at startup: from a file, standard input and options.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/config/config.h"

namespace spinel::server {

// The sources in the order in which they are read; later values win.
struct ConfigSources {
  std::string file = {};     // path; empty = none
  bool read_stdin = false;   // standard input up to its end
  std::string options = {};  // lines in the format of the file, made from the command line
};

// Whether loading may read included files, change the directory and create the log file. Fuzz
// targets deny it.
enum class FileAccess { kAllowed, kDenied };

// Loads `sources` into `config`, which must be newly constructed. On failure returns a message for
// the user, with its line end; `config` must not be used then.
std::optional<std::string> load_config(Config& config, const ConfigSources& sources,
                                       FileAccess access = FileAccess::kAllowed);

}  // namespace spinel::server
