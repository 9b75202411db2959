#include "server/log/log.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <mutex>
#include <pthread.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>
#include <utility>

namespace spinel::server {
namespace {

constexpr char kLevelMarks[] = {'.', '-', '*', '#'};
constexpr char kLinePattern[] = "%P:%* %d %b %Y %H:%M:%S.%e %& %v";
constexpr mode_t kLogFileMode = 0644;

std::atomic<char> current_role{static_cast<char>(LogRole::kMaster)};
std::atomic<int> current_descriptor{STDOUT_FILENO};

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::trace;
    case LogLevel::kVerbose:
      return spdlog::level::debug;
    case LogLevel::kNotice:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kNothing:
      break;
  }
  return spdlog::level::off;
}

class RoleFlag : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg&, const std::tm&, spdlog::memory_buf_t& out) override {
    out.push_back(current_role.load(std::memory_order_relaxed));
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<RoleFlag>();
  }
};

class LevelFlag : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    out.push_back(kLevelMarks[message.level]);
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<LevelFlag>();
  }
};

// Drops what cannot be written: the log must never stop the server.
void write_fully(int descriptor, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t written = ::write(descriptor, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    data += written;
    size -= static_cast<size_t>(written);
  }
}

int open_for_append(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, kLogFileMode);
}

// Standard output, or a file that is reopened when its name refers to another file.
class DescriptorSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  DescriptorSink() = default;
  DescriptorSink(std::string path, int descriptor)
      : path_(std::move(path)), descriptor_(descriptor) {
    remember_identity();
  }
  ~DescriptorSink() override {
    if (!path_.empty()) ::close(descriptor_);
  }

  int descriptor() const { return descriptor_; }

  void write(const char* data, size_t size) {
    reopen_if_moved();
    write_fully(descriptor_, data, size);
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    write(line.data(), line.size());
  }
  void flush_() override {}

 private:
  void remember_identity() {
    struct stat status {};
    if (::fstat(descriptor_, &status) == 0) {
      device_ = status.st_dev;
      inode_ = status.st_ino;
    }
  }

  void reopen_if_moved() {
    if (path_.empty()) return;
    struct stat status {};
    const bool same =
        ::stat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
    if (same) return;
    const int fresh = open_for_append(path_);
    if (fresh < 0) return;  // the old file is better than none
    // dup3 keeps the number, which the crash handler may just have read.
    ::dup3(fresh, descriptor_, O_CLOEXEC);
    ::close(fresh);
    remember_identity();
  }

  std::string path_;
  int descriptor_ = STDOUT_FILENO;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

class SyslogSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  SyslogSink(std::string ident, int facility) : ident_(std::move(ident)) {
    ::openlog(ident_.c_str(), LOG_PID | LOG_NDELAY | LOG_NOWAIT, facility);
  }
  ~SyslogSink() override { ::closelog(); }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    static constexpr int kPriorities[] = {LOG_DEBUG, LOG_INFO, LOG_NOTICE, LOG_WARNING};
    ::syslog(kPriorities[message.level], "%.*s", static_cast<int>(message.payload.size()),
             message.payload.data());
  }
  void flush_() override {}

 private:
  std::string ident_;  // openlog() keeps the pointer
};

// All state, behind one mutex. fork() locks it first, so that no child inherits it locked.
class LogState {
 public:
  LogState() {
    auto stdout_sink = std::make_shared<DescriptorSink>();
    install(stdout_sink, nullptr);
  }

  std::optional<std::string> configure(const LogOptions& options) {
    std::lock_guard lock(mutex_);
    std::shared_ptr<DescriptorSink> sink;
    if (options.file.empty()) {
      sink = std::make_shared<DescriptorSink>();
    } else {
      const int descriptor = open_for_append(options.file);
      if (descriptor < 0) return fmt::format("Can't open the log file: {}", std::strerror(errno));
      sink = std::make_shared<DescriptorSink>(options.file, descriptor);
    }
    syslog_sink_.reset();  // its closelog() must come before the next openlog()
    logger_.reset();
    std::shared_ptr<SyslogSink> syslog_sink;
    if (options.syslog) {
      syslog_sink = std::make_shared<SyslogSink>(options.syslog_ident, options.syslog_facility);
    }
    install(std::move(sink), std::move(syslog_sink));
    set_log_level(options.level);
    return std::nullopt;
  }

  void write_line(LogLevel level, std::string_view message) {
    std::lock_guard lock(mutex_);
    logger_->log(to_spdlog(level), spdlog::string_view_t(message.data(), message.size()));
  }

  void write_raw(std::string_view text) {
    std::lock_guard lock(mutex_);
    sink_->write(text.data(), text.size());
  }

  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  void install(std::shared_ptr<DescriptorSink> sink, std::shared_ptr<SyslogSink> syslog_sink) {
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<RoleFlag>('*').add_flag<LevelFlag>('&').set_pattern(kLinePattern);
    sink->set_formatter(std::move(formatter));
    current_descriptor.store(sink->descriptor(), std::memory_order_release);
    sink_ = std::move(sink);
    syslog_sink_ = std::move(syslog_sink);
    logger_ = std::make_unique<spdlog::logger>("spinel", sink_);
    if (syslog_sink_) logger_->sinks().push_back(syslog_sink_);
    // The level was checked before, in one place for lines and raw text.
    logger_->set_level(spdlog::level::trace);
  }

  std::mutex mutex_;
  std::shared_ptr<DescriptorSink> sink_;
  std::shared_ptr<SyslogSink> syslog_sink_;
  std::unique_ptr<spdlog::logger> logger_;
};

// Never destroyed: threads may log while others run exit handlers.
LogState& state() {
  static LogState* instance = [] {
    auto owned = std::make_unique<LogState>();
    ::pthread_atfork([] { state().lock(); }, [] { state().unlock(); }, [] { state().unlock(); });
    return owned.release();
  }();
  return *instance;
}

}  // namespace

std::optional<std::string> configure_logging(const LogOptions& options) {
  return state().configure(options);
}

void set_log_level(LogLevel level) {
  log_detail::enabled_level.store(level, std::memory_order_relaxed);
}

void set_log_role(LogRole role) {
  current_role.store(static_cast<char>(role), std::memory_order_relaxed);
}

std::string_view log_role_text() {
  switch (static_cast<LogRole>(current_role.load(std::memory_order_relaxed))) {
    case LogRole::kReplica:
      return "S";
    case LogRole::kChild:
      return "C";
    case LogRole::kSentinel:
      return "X";
    case LogRole::kMaster:
      break;
  }
  return "M";
}

void log(LogLevel level, std::string_view message) {
  if (log_enabled(level)) state().write_line(level, message);
}

void log_raw(LogLevel level, std::string_view text) {
  if (log_enabled(level)) state().write_raw(text);
}

int log_descriptor() {
  return current_descriptor.load(std::memory_order_acquire);
}

bool log_is_stdout() {
  return log_descriptor() == STDOUT_FILENO;
}

namespace log_detail {

void log_formatted(LogLevel level, fmt::string_view format, fmt::format_args args) {
  fmt::memory_buffer message;
  fmt::vformat_to(fmt::appender(message), format, args);
  state().write_line(level, std::string_view(message.data(), message.size()));
}

}  // namespace log_detail
}  // namespace spinel::server
