// The server's log: one line per event, in the format that operators grep.
//
//   pid:role DD Mon YYYY HH:MM:SS.mmm L message
//
// role is M (master), S (replica), C (child process) or X (sentinel); L is one of . - * # for
// debug, verbose, notice and warning. Times are local. Every function may be called from any
// thread, and from a forked child.
#pragma once

#include <atomic>
#include <cstdint>
#include <fmt/core.h>
#include <optional>
#include <string>
#include <string_view>

#include "server/log/log_level.h"

namespace spinel::server {

enum class LogRole : char { kMaster = 'M', kReplica = 'S', kChild = 'C', kSentinel = 'X' };

struct LogOptions {
  LogLevel level = LogLevel::kNotice;
  std::string file;  // "" is standard output
  bool syslog = false;
  std::string syslog_ident = "redis";
  int syslog_facility = 16 << 3;  // LOG_LOCAL0
};

// Applies `options`. If the file cannot be opened for appending, returns the error and changes
// nothing.
std::optional<std::string> configure_logging(const LogOptions& options);

// Changes only the level (CONFIG SET loglevel).
void set_log_level(LogLevel level);

// Sets the role in the lines of this process.
void set_log_role(LogRole role);

// Returns that role as one character. Async-signal-safe.
std::string_view log_role_text();

// Writes one line if `level` is enabled. Reopens a file that was moved or removed, so that log
// rotation needs no signal.
void log(LogLevel level, std::string_view message);

// Writes `text` without a prefix or line end if `level` is enabled: for banners.
void log_raw(LogLevel level, std::string_view text);

// Returns the descriptor that lines are written to. Async-signal-safe, for the crash handler.
int log_descriptor();

// Returns whether lines go to standard output.
bool log_is_stdout();

namespace log_detail {
inline std::atomic<LogLevel> enabled_level{LogLevel::kNotice};
void log_formatted(LogLevel level, fmt::string_view format, fmt::format_args args);
}  // namespace log_detail

inline bool log_enabled(LogLevel level) {
  return level >= log_detail::enabled_level.load(std::memory_order_relaxed) &&
         level < LogLevel::kNothing;
}

// Formats and writes a line if the level is enabled. The format is checked at compile time.
template <typename... Args>
inline void log_format(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (!log_enabled(level)) return;
  log_detail::log_formatted(level, format, fmt::make_format_args(args...));
}

template <typename... Args>
inline void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  log_format(LogLevel::kDebug, format, std::forward<Args>(args)...);
}

template <typename... Args>
inline void log_verbose(fmt::format_string<Args...> format, Args&&... args) {
  log_format(LogLevel::kVerbose, format, std::forward<Args>(args)...);
}

template <typename... Args>
inline void log_notice(fmt::format_string<Args...> format, Args&&... args) {
  log_format(LogLevel::kNotice, format, std::forward<Args>(args)...);
}

template <typename... Args>
inline void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log_format(LogLevel::kWarning, format, std::forward<Args>(args)...);
}

}  // namespace spinel::server
