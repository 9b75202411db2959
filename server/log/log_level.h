// Levels of log lines.
#pragma once

#include <cstdint>

namespace spinel::server {

// In rising order. kNothing as a threshold silences the log.
enum class LogLevel : uint8_t { kDebug, kVerbose, kNotice, kWarning, kNothing };

}  // namespace spinel::server
