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

// Puts `options` into effect. Returns the text of the error if the file cannot be opened for
// appending, and then leaves everything as it was.
std::optional<std::string> configure_logging(const LogOptions& options);

// Changes the level only (CONFIG SET loglevel).
void set_log_level(LogLevel level);

// The role that lines carry from now on in this process.
void set_log_role(LogRole role);

// That role as one character of text. Async-signal-safe.
std::string_view log_role_text();

// Writes one line if `level` is enabled. The file is opened again when it was moved or removed, so
// log rotation needs no signal.
void log(LogLevel level, std::string_view message);

// Writes `text` as it is (no prefix, no line end added) if `level` is enabled: for banners.
void log_raw(LogLevel level, std::string_view text);

// The descriptor that lines go to now. Async-signal-safe: the crash handler writes to it.
int log_descriptor();

// True if lines go to standard output.
bool log_is_stdout();

namespace log_detail {
inline std::atomic<LogLevel> enabled_level{LogLevel::kNotice};
void log_formatted(LogLevel level, fmt::string_view format, fmt::format_args args);
}  // namespace log_detail

inline bool log_enabled(LogLevel level) {
  return level >= log_detail::enabled_level.load(std::memory_order_relaxed) &&
         level < LogLevel::kNothing;
}

// Formats only if the level is enabled. The format string is checked at compile time.
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
