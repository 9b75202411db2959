// Rewriting the append only file: a forked child writes the data as they are, which become the new
// base, while effects from that moment on go to a new incremental file.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

#include "persistence/aof/rewrite.h"
#include "persistence/file/byte_sink.h"
#include "persistence/file/replacement_file.h"
#include "persistence/rdb/save_file.h"
#include "server/log/log.h"
#include "server/persistence/append_only_file.h"
#include "server/persistence/background_child.h"
#include "server/persistence/file_advice.h"
#include "server/persistence/snapshots.h"
#include "server/server.h"
#include "storage/base/clock.h"

namespace spinel::server {

namespace aof = persistence::aof;
namespace rdb = persistence::rdb;
using persistence::File;
using persistence::FileError;

namespace {

// After so many failures in a row the next try waits, twice as long each time.
constexpr int64_t kFailuresBeforeWait = 3;
constexpr int64_t kLongestWaitMinutes = 60;
constexpr size_t kSyncEveryBytes = size_t{4} << 20;

std::string child_path(int64_t pid) {
  return fmt::format("temp-rewriteaof-bg-{}.aof", pid);
}

std::string describe(const FileError& error, uint64_t offset) {
  return fmt::format("{} at offset {}. {}", error.text(), offset, file_advice(error.error));
}

// Writes the keyspace to `path`, in the child. Returns what went wrong.
std::string write_base(Server& server, const std::string& path,
                       persistence::ChildProcess::Reporter& reporter) {
  const Config& config = server.config;
  const auto progress = child_progress(server, ChildKind::kAofRewrite, reporter);
  const std::string temporary = fmt::format("temp-rewriteaof-{}.aof", getpid());
  if (config.aof_use_rdb_preamble) {
    rdb::SaveOptions options = rdb_save_options(server, true);
    options.consume_values = true;
    options.progress = progress;
    const rdb::SaveFileResult result = rdb::save_file(server.keyspace, path, temporary, options,
                                                      config.aof_rewrite_incremental_fsync);
    if (!result.error.ok()) return describe(result.error, result.saved.bytes);
    reporter.report(result.saved.keys, result.saved.bytes);
    return {};
  }
  persistence::ReplacementFile file;
  FileError error = file.create(temporary);
  if (!error.ok()) return describe(error, 0);
  persistence::FileSink sink(file.file(),
                             config.aof_rewrite_incremental_fsync ? kSyncEveryBytes : 0);
  aof::RewriteOptions options;
  if (config.aof_timestamp_enabled) options.timestamp_seconds = server.now_ms() / 1000;
  options.progress = progress;
  const aof::RewriteResult result = aof::rewrite(server.keyspace, sink, options);
  if (!result.ok()) return describe({"write", temporary, result.error}, result.bytes);
  error = file.commit(path);
  if (!error.ok()) return describe(error, result.bytes);
  reporter.report(result.keys, result.bytes);
  return {};
}

}  // namespace

AppendOnlyFile::RewriteStart AppendOnlyFile::request_rewrite() {
  if (server_.child.running(ChildKind::kAofRewrite)) return RewriteStart::kAlreadyRunning;
  if (server_.child.running() || server_.dispatcher.nested()) {
    is_rewrite_scheduled_ = true;
    // Somebody wants it: failures before do not matter.
    server_.stats.aof_rewrites_consecutive_failures = 0;
    return RewriteStart::kScheduled;
  }
  return start_rewrite() ? RewriteStart::kStarted : RewriteStart::kFailed;
}

// Requires that no child runs.
bool AppendOnlyFile::start_rewrite() {
  is_rewrite_scheduled_ = false;
  server_.update_time();
  ++server_.stats.aof_rewrites;
  rewrite_started_s_ = server_.now_ms() / 1000;
  if (state_ != State::kOn && !read_manifest(OldFile::kLeave)) {
    rewrite_failed();
    return false;
  }
  if (!make_directory() || (state_ == State::kOn && !begin_incremental_file()) ||
      (state_ == State::kWaitForRewrite && !begin_temporary_file())) {
    rewrite_failed();
    return false;
  }
  const auto work = [this](persistence::ChildProcess::Reporter& reporter) {
    return write_base(server_, child_path(getpid()), reporter);
  };
  const int fork_error =
      server_.child.start(ChildKind::kAofRewrite, work,
                          [this](const persistence::ChildEnd& end) { on_rewrite_end(end); });
  if (fork_error != 0) {
    report_failure(fmt::format(
        "Cannot rewrite the append only file: fork failed: {}. There is too little memory, "
        "or vm.overcommit_memory is not 1",
        std::strerror(fork_error)));
    rewrite_failed();
    return false;
  }
  child_pid_ = server_.child.pid();
  base_is_rdb_ = server_.config.aof_use_rdb_preamble;
  log_notice("Background append only file rewriting started by pid {}", child_pid_);
  return true;
}

// Effects up to now go to the old file, those from now on to a new one.
bool AppendOnlyFile::begin_incremental_file() {
  if (server_.reply_gate.active()) {
    if (reader_->available() > 0) submit_always();
  } else if (!write(Urgency::kNow)) {
    return false;
  }
  if (!begin_increment(*manifest_)) return false;
  server_.effects.select_anew();
  return true;
}

// Everything in memory will be in the base that the child writes. What follows goes to a file that
// counts only once the base is there.
bool AppendOnlyFile::begin_temporary_file() {
  std::shared_ptr<File> file = open_file(location().temporary_increment_path(), true);
  if (!file) return false;
  switch_to(std::move(file));
  reader_.emplace(server_.effects.reader());
  return true;
}

void AppendOnlyFile::rewrite_failed() {
  last_rewrite_ok_ = false;
  ++server_.stats.aof_rewrites_consecutive_failures;
  last_failure_ms_ = server_.monotonic_ms();
  if (state_ == State::kWaitForRewrite) is_rewrite_scheduled_ = true;
  if (const int64_t wait_s = retry_wait_s(); wait_s > 0) {
    log_warning(
        "Rewriting the append only file failed {} times in a row. The next try is in {} seconds, "
        "or "
        "at BGREWRITEAOF; until then {}. The last cause: {}",
        server_.stats.aof_rewrites_consecutive_failures, wait_s,
        state_ == State::kWaitForRewrite ? "nothing is written to it" : "it grows", last_failure_);
  }
}

void AppendOnlyFile::on_rewrite_end(const persistence::ChildEnd& end) {
  using How = persistence::ChildEnd::How;
  const std::string written_path = child_path(child_pid_);
  last_copied_bytes_ = end.progress.copied_bytes;
  last_rewrite_s_ = storage::wall_clock_ms() / 1000 - rewrite_started_s_;
  if (end.how == How::kDone && install_base(written_path)) {
    last_rewrite_ok_ = true;
    server_.stats.aof_rewrites_consecutive_failures = 0;
    log_notice("Background AOF rewrite finished successfully");
    return;
  }
  if (end.how == How::kFailed) {
    report_failure(fmt::format(
        "Background AOF rewrite terminated with error: {}. The files before stay in use",
        end.cause));
  } else if (end.how == How::kKilled) {
    report_failure(fmt::format(
        "Background AOF rewrite terminated by signal {}{}", end.signal,
        end.signal == SIGKILL ? ". Perhaps memory ran out: see the log of the kernel" : ""));
  }
  unlink(written_path.c_str());
  unlink(fmt::format("temp-rewriteaof-{}.aof", child_pid_).c_str());
  const bool on_purpose = end.how == How::kKilled && end.signal == SIGUSR1;
  if (!on_purpose) {
    rewrite_failed();
  } else if (state_ == State::kWaitForRewrite) {
    is_rewrite_scheduled_ = true;
  }
}

// The file that the child wrote becomes the base; what it replaces becomes history.
bool AppendOnlyFile::install_base(const std::string& written_path) {
  const Config& config = server_.config;
  const int64_t began_us = storage::monotonic_us();
  aof::Manifest next = *manifest_;
  const aof::ManifestFile base = next.next_base(config.appendfilename, base_is_rdb_);
  // Of what was written before, all is in the base; what is written now goes on.
  next.replace_base(base, state_ == State::kOn ? 1 : 0);
  FileError error = persistence::rename_file(written_path, path_of(base.name));
  if (error.ok()) error = persistence::sync_directory(location().directory());
  if (!error.ok()) {
    report_failure(fmt::format("Cannot install the rewritten append only file: {}. {}",
                               error.text(), file_advice(error.error)));
    return false;
  }
  if (state_ == State::kWaitForRewrite && !install_temporary_file(next)) return false;
  if (!write_manifest(next)) return false;
  server_.latency.record(latency_event::kAofRename, (storage::monotonic_us() - began_us) / 1000,
                         config.latency_monitor_threshold_ms, server_.now_ms() / 1000);
  if (state_ == State::kWaitForRewrite) {
    state_ = State::kOn;
    apply_policy();
  }
  measure_files();
  base_bytes_ = current_size_bytes();
  remove_history();
  return true;
}

// What was written while the first base was made becomes the first incremental file.
bool AppendOnlyFile::install_temporary_file(aof::Manifest& next) {
  if (!flush_and_sync()) return false;
  const std::string path = path_of(next.add_increment(server_.config.appendfilename).name);
  FileError error = persistence::rename_file(location().temporary_increment_path(), path);
  if (error.ok()) error = persistence::sync_directory(location().directory());
  if (!error.ok()) {
    report_failure(fmt::format("Cannot install the first append only file: {}. {}", error.text(),
                               file_advice(error.error)));
    return false;
  }
  // Opened again under its new name, which errors tell.
  std::shared_ptr<File> file = open_file(path, false);
  if (!file) return false;
  switch_to(std::move(file));
  return true;
}

bool AppendOnlyFile::growth_is_due() const {
  const Config& config = server_.config;
  if (state_ != State::kOn || config.auto_aof_rewrite_percentage == 0) return false;
  return current_size_bytes() > config.auto_aof_rewrite_min_size_bytes &&
         growth_percent() >= config.auto_aof_rewrite_percentage;
}

int64_t AppendOnlyFile::growth_percent() const {
  const double base = static_cast<double>(std::max<uint64_t>(base_bytes_, 1));
  return static_cast<int64_t>(static_cast<double>(current_size_bytes()) * 100 / base - 100);
}

// How long after the last failure nothing is tried.
int64_t AppendOnlyFile::retry_wait_s() const {
  const int64_t failures = server_.stats.aof_rewrites_consecutive_failures;
  if (failures < kFailuresBeforeWait) return 0;
  const int64_t doublings = std::min<int64_t>(failures - kFailuresBeforeWait, 10);
  return 60 * std::min(int64_t{1} << doublings, kLongestWaitMinutes);
}

bool AppendOnlyFile::may_retry() const {
  const int64_t wait_s = retry_wait_s();
  return wait_s == 0 || server_.monotonic_ms() - last_failure_ms_ >= wait_s * 1000;
}

}  // namespace spinel::server
