// The command line of the executable.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "server/config/load.h"

namespace spinel::server {

enum class LaunchAction {
  kRun,           // load_config(sources), then serve
  kPrintVersion,  // print version_line() and end with 0
  kPrintHelp,     // print help_text() to standard error and end with 1
  kTestMemory,    // test test_memory_mb megabytes and end
  kCheckSystem,   // report_system_checks(), and end with what it returns
  kFail,          // print `message` to standard error and end with 1
};

struct Launch {
  LaunchAction action = LaunchAction::kRun;
  ConfigSources sources = {};
  int64_t test_memory_mb = 0;
  std::string message = {};
};

// Parses the arguments behind the program's name like redis-server:
// [file | -] [--option value...]... [-]
Launch parse_command_line(std::span<const std::string> arguments);

std::string version_line();
std::string help_text(std::string_view program);

}  // namespace spinel::server
