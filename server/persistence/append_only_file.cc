#include "server/persistence/append_only_file.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <utility>
#include <vector>

#include "persistence/file/replacement_file.h"
#include "persistence/rdb/save_file.h"
#include "server/log/log.h"
#include "server/persistence/file_advice.h"
#include "server/persistence/snapshots.h"
#include "server/server.h"
#include "storage/base/clock.h"

namespace spinel::server {

namespace aof = persistence::aof;
using persistence::File;
using persistence::FileError;

namespace {

constexpr int64_t kSyncPeriodMs = 1000;
// How long writes wait for a sync before they are made all the same.
constexpr int64_t kMaxWaitMs = 2000;
constexpr int64_t kRetryPeriodMs = 1000;
constexpr int64_t kErrorLogPeriodMs = 30'000;

// An empty base: what is written later stands in the incremental files.
FileError write_first_base(Server& server, const std::string& path, bool as_rdb) {
  const std::string temporary = path + ".temp";
  if (as_rdb) {
    return persistence::rdb::save_file(server.keyspace, path, temporary,
                                       rdb_save_options(server, true), false)
        .error;
  }
  persistence::ReplacementFile file;
  FileError error = file.create(temporary);
  return error.ok() ? file.commit(path) : error;
}

std::string timestamp_line(int64_t unix_s) {
  return fmt::format("#TS:{}\r\n", unix_s);
}

}  // namespace

AppendOnlyFile::AppendOnlyFile(Server& server) : server_(server) {}

void AppendOnlyFile::report_failure(std::string text) {
  log_warning("{}", text);
  last_failure_ = std::move(text);
}

bool AppendOnlyFile::always() const {
  return server_.config.appendfsync == DiskAppendFsync::kAlways;
}

void AppendOnlyFile::apply_policy() {
  const bool gate = state_ == State::kOn && always();
  if (!gate && server_.reply_gate.active()) {
    drain_thread();
  }
  server_.reply_gate.set_active(gate);
}

// --- writing

void AppendOnlyFile::hand_over() {
  ReplyGate& gate = server_.reply_gate;
  if (reader_->available() == 0) {
    if (gate.active() && batches_.empty()) gate.set_all_durable();
  } else {
    if (pending_since_s_ == 0) pending_since_s_ = server_.now_ms() / 1000;
    if (!gate.active()) {
      if (write_error_ == 0 || server_.monotonic_ms() >= next_retry_ms_) write(Urgency::kMayWait);
    } else if (batches_.empty()) {
      submit_always();
    }
  }
  if (!gate.active()) sync_if_due();
}

// Hands all effects to the thread as one batch. While it is under way, those of further turns
// gather for the next one.
void AppendOnlyFile::submit_always() {
  aof::SyncThread::Job job{.file = file_, .sync = true};
  const uint64_t bytes = reader_->available();
  if (server_.config.aof_timestamp_enabled && pending_since_s_ != last_timestamp_s_) {
    last_timestamp_s_ = pending_since_s_;
    job.prefix = timestamp_line(last_timestamp_s_);
  }
  pending_since_s_ = 0;
  while (reader_->available() > 0) job.to_write.push_back(reader_->take());
  const uint64_t job_bytes = bytes + job.prefix.size();
  const uint64_t number = thread_.submit(std::move(job));
  batches_.push_back({number, file_, server_.reply_gate.end_generation(), job_bytes,
                      reader_->position(), storage::monotonic_us()});
}

void AppendOnlyFile::on_event() {
  thread_.clear_event();
  // A job that is done by now has told of its failure.
  const uint64_t done_job = thread_.done();
  take_failure();
  finish_batches(done_job);
  // WAITAOF
  server_.blocked.retry_waits();
  server_.blocked.serve();
}

bool AppendOnlyFile::synced_up_to(uint64_t position) const {
  if (state_ != State::kOn) return false;
  if (position <= synced_position_) return true;
  return reader_->available() == 0 && file_bytes_ == synced_bytes_ && thread_.idle() && !failing();
}

void AppendOnlyFile::finish_batches(uint64_t done_job) {
  while (!batches_.empty() && batches_.front().job <= done_job) {
    const Batch& batch = batches_.front();
    server_.reply_gate.set_durable(batch.generation);
    synced_position_ = batch.position;
    server_.latency.record(latency_event::kAofFsyncAlways,
                           (storage::monotonic_us() - batch.began_us) / 1000,
                           server_.config.latency_monitor_threshold_ms, server_.now_ms() / 1000);
    if (batch.file == file_) {
      file_bytes_ += batch.bytes;
      synced_bytes_ = file_bytes_;
    } else {
      earlier_bytes_ += batch.bytes;
    }
    batches_.pop_front();
    write_succeeded();
  }
}

void AppendOnlyFile::take_failure() {
  if (const auto failure = thread_.take_failure()) {
    if (server_.reply_gate.active()) {
      log_warning(
          "Cannot write the append only file: {}, behind offset {}. With 'appendfsync always' the "
          "server ends, as it could not keep what it promises. {}, and start it again",
          failure->error.text(), file_bytes_, file_advice(failure->error.error));
      std::_Exit(1);
    }
    return sync_failed(failure->error, failure->job);
  }
  if (last_sync_job_ > failed_job_ && thread_.done() >= last_sync_job_) sync_succeeded();
}

// What was written before `job` of the thread may not be on disk.
void AppendOnlyFile::sync_failed(const FileError& error, uint64_t job) {
  if (sync_error_ == 0) {
    log_warning(
        "Cannot sync the append only file: {}, up to offset {}. Writes are refused until that "
        "works. {}",
        error.text(), file_bytes_, file_advice(error.error));
  }
  sync_error_ = error.error;
  failed_job_ = job;
  synced_bytes_ = 0;
}

void AppendOnlyFile::sync_succeeded() {
  synced_position_ = std::max(synced_position_, syncing_position_);
  if (std::exchange(sync_error_, 0) == 0) return;
  log_warning(
      "The append only file can be synced again. It is rewritten, since the system may have "
      "dropped what it could not write");
  is_rewrite_scheduled_ = true;
}

void AppendOnlyFile::write_succeeded() {
  if (std::exchange(write_error_, 0) == 0) return;
  log_warning("The append only file can be written again: writes are accepted");
}

void AppendOnlyFile::drain_thread() {
  thread_.wait_for(thread_.submitted());
  take_failure();
  finish_batches(thread_.done());
}

// Whether writing now could wait for the disk, and has not waited long enough.
bool AppendOnlyFile::must_wait_for_sync() {
  if (thread_.idle()) {
    waiting_since_ms_ = 0;
    return false;
  }
  const int64_t now_ms = server_.monotonic_ms();
  if (waiting_since_ms_ == 0) waiting_since_ms_ = now_ms;
  if (now_ms - waiting_since_ms_ < kMaxWaitMs) return true;
  waiting_since_ms_ = 0;
  ++server_.stats.aof_delayed_fsync;
  log_notice(
      "Syncing the append only file takes long: the disk is busy. It is written to all the "
      "same, which may slow the server down");
  return false;
}

bool AppendOnlyFile::write(Urgency urgency) {
  if (urgency == Urgency::kMayWait && must_wait_for_sync()) return false;
  const int64_t began_us = storage::monotonic_us();
  const bool sync_under_way = !thread_.idle();
  if (!write_timestamp()) return false;
  while (reader_->available() > 0) {
    const std::string_view bytes = reader_->peek();
    uint64_t written = 0;
    const FileError error = file_->write(bytes.data(), bytes.size(), written);
    if (!error.ok()) {
      const uint64_t start_bytes = file_bytes_;
      file_bytes_ += written;
      write_failed(error, start_bytes);
      // What could not be taken back is there.
      reader_->advance(file_bytes_ - start_bytes);
      return false;
    }
    file_bytes_ += written;
    reader_->advance(written);
  }
  pending_since_s_ = 0;
  write_succeeded();
  const int64_t took_ms = (storage::monotonic_us() - began_us) / 1000;
  const int64_t threshold_ms = server_.config.latency_monitor_threshold_ms;
  const int64_t now_s = server_.now_ms() / 1000;
  const std::string_view cause = sync_under_way            ? latency_event::kAofWritePendingFsync
                                 : server_.child.running() ? latency_event::kAofWriteActiveChild
                                                           : latency_event::kAofWriteAlone;
  server_.latency.record(cause, took_ms, threshold_ms, now_s);
  server_.latency.record(latency_event::kAofWrite, took_ms, threshold_ms, now_s);
  return true;
}

bool AppendOnlyFile::write_timestamp() {
  if (!server_.config.aof_timestamp_enabled || pending_since_s_ == 0 ||
      pending_since_s_ == last_timestamp_s_) {
    return true;
  }
  const std::string line = timestamp_line(pending_since_s_);
  uint64_t written = 0;
  const uint64_t start_bytes = file_bytes_;
  const FileError error = file_->write(line.data(), line.size(), written);
  file_bytes_ += written;
  if (error.ok()) {
    last_timestamp_s_ = pending_since_s_;
    return true;
  }
  write_failed(error, start_bytes);
  return false;
}

// A write failed midway; the file had `start_bytes` before. Takes back what was written of it, so
// that the file ends with a whole write.
void AppendOnlyFile::write_failed(const FileError& error, uint64_t start_bytes) {
  if (file_bytes_ > start_bytes && file_->truncate(start_bytes).ok()) file_bytes_ = start_bytes;
  const bool is_new = write_error_ == 0;
  write_error_ = error.error;
  next_retry_ms_ = server_.monotonic_ms() + kRetryPeriodMs;
  if (!is_new && server_.monotonic_ms() < next_error_log_ms_) return;
  next_error_log_ms_ = server_.monotonic_ms() + kErrorLogPeriodMs;
  report_failure(fmt::format(
      "Cannot write the append only file: {} at offset {}. Writes are refused until that "
      "works; it is tried again every second. {}",
      error.text(), file_bytes_, file_advice(error.error)));
}

void AppendOnlyFile::sync_if_due() {
  if (server_.config.appendfsync == DiskAppendFsync::kNo || !thread_.idle()) return;
  if (file_bytes_ == synced_bytes_ && sync_error_ == 0) return;
  const int64_t now_ms = server_.monotonic_ms();
  if (now_ms - last_sync_ms_ < kSyncPeriodMs) return;
  if (server_.config.no_appendfsync_on_rewrite && server_.child.running()) return;
  last_sync_ms_ = now_ms;
  synced_bytes_ = file_bytes_;
  syncing_position_ = reader_->position();
  last_sync_job_ = thread_.submit({.file = file_, .sync = true});
}

bool AppendOnlyFile::flush_and_sync() {
  if (!reader_ || !file_) return true;
  if (server_.reply_gate.active()) {
    if (reader_->available() > 0) submit_always();
    drain_thread();
    return true;
  }
  drain_thread();
  if (!write(Urgency::kNow)) return false;
  const FileError error = file_->sync_data();
  if (!error.ok()) {
    sync_failed(error, thread_.submitted());
    return false;
  }
  synced_bytes_ = file_bytes_;
  syncing_position_ = reader_->position();
  sync_succeeded();
  return true;
}

void AppendOnlyFile::cron() {
  end_turn();  // what waited for a sync, or could not be written
  finish_removal();
  if (server_.child.running()) return;
  if (is_rewrite_scheduled_ && may_retry()) {
    start_rewrite();
  } else if (growth_is_due() && may_retry()) {
    log_notice("Starting automatic rewriting of AOF on {}% growth", growth_percent());
    start_rewrite();
  }
}

// --- files

aof::Location AppendOnlyFile::location() const {
  return {.directory_name = server_.config.appenddirname, .prefix = server_.config.appendfilename};
}

// The directory lasts, too.
bool AppendOnlyFile::make_directory() {
  const std::string directory = location().directory();
  FileError error = persistence::make_directory(directory);
  if (error.ok()) error = persistence::sync_directory_of(directory);
  if (error.ok()) return true;
  report_failure(fmt::format("Cannot make the directory of the append only file: {}. {}",
                             error.text(), file_advice(error.error)));
  return false;
}

bool AppendOnlyFile::read_manifest(OldFile old_file) {
  using Kind = aof::DirectoryState::Kind;
  aof::DirectoryState state = aof::read_directory(location());
  switch (state.kind) {
    case Kind::kNothing:
    case Kind::kManifest:
      break;
    case Kind::kOldFile: {
      if (old_file == OldFile::kLeave) {
        state.manifest = {};
        break;
      }
      const FileError error = aof::adopt_old_file(location(), state.manifest);
      if (!error.ok()) {
        log_warning("Cannot move the append only file {} into {}: {}. {}",
                    server_.config.appendfilename, server_.config.appenddirname, error.text(),
                    file_advice(error.error));
        return false;
      }
      log_notice("The append only file {}, of a server before Redis 7, was moved into {}",
                 server_.config.appendfilename, server_.config.appenddirname);
      break;
    }
    case Kind::kBad:
      log_warning("*** FATAL AOF MANIFEST FILE ERROR ***");
      log_warning("{} in line {} of {}: {}. Restore the manifest, or list the files by hand",
                  state.manifest_error.cause, state.manifest_error.line, location().manifest_path(),
                  state.manifest_error.content);
      return false;
    case Kind::kFailed:
      report_failure(fmt::format("Cannot read the manifest of the append only file: {}. {}",
                                 state.file_error.text(), file_advice(state.file_error.error)));
      return false;
  }
  manifest_ = std::move(state.manifest);
  warn_about_unlisted_files();
  return true;
}

void AppendOnlyFile::warn_about_unlisted_files() const {
  const auto& names = manifest_->unlisted;
  if (names.empty()) return;
  log_warning(
      "{} has {} files of an append only file, such as {}, and no manifest names them: they are "
      "not "
      "loaded, and none is overwritten. If they are needed, stop the server, restore {}, and start "
      "it again",
      location().directory(), names.size(), names.front(), location().manifest_path());
}

bool AppendOnlyFile::write_manifest(const aof::Manifest& manifest) {
  const FileError error = aof::write_manifest(location(), manifest);
  if (!error.ok()) {
    report_failure(fmt::format("Cannot write the manifest of the append only file: {}. {}",
                               error.text(), file_advice(error.error)));
    return false;
  }
  manifest_ = manifest;
  return true;
}

std::shared_ptr<File> AppendOnlyFile::open_file(const std::string& path, bool is_new) {
  FileError error;
  if (is_new) {
    error = persistence::remove_file(path);
    if (error.error == ENOENT) error = {};
  }
  auto file = std::make_shared<File>();
  if (error.ok()) error = file->open(path, File::Mode::kAppend);
  if (error.ok() && is_new) error = persistence::sync_directory_of(path);
  if (error.ok()) return file;
  report_failure(fmt::format("Cannot open the append only file: {}. {}", error.text(),
                             file_advice(error.error)));
  return nullptr;
}

void AppendOnlyFile::switch_to(std::shared_ptr<File> file) {
  close_file();
  persistence::FileStatus status;
  file->status(status);
  file_ = std::move(file);
  file_bytes_ = status.size_bytes;
  synced_bytes_ = 0;
  last_timestamp_s_ = 0;
}

// Nobody waits for the sync.
void AppendOnlyFile::close_file() {
  if (!file_) return;
  earlier_bytes_ += file_bytes_;
  file_bytes_ = 0;
  thread_.submit({.file = std::exchange(file_, nullptr), .sync = true});
}

void AppendOnlyFile::measure_files() {
  aof::AofSizes sizes;
  const FileError error = aof::measure_files(location(), *manifest_, sizes);
  if (!error.ok()) {
    log_warning(
        "Cannot measure the append only file: {}. INFO tells a wrong size until the next rewrite",
        error.text());
  }
  base_bytes_ = sizes.base_bytes;
  earlier_bytes_ = sizes.total_bytes - std::min(sizes.total_bytes, file_bytes_);
}

// Files are removed before the manifest forgets them, so that none is left over by a crash.
void AppendOnlyFile::remove_history() {
  if (server_.config.aof_disable_auto_gc || manifest_->history.empty()) return;
  aof::SyncThread::Job job;
  for (const aof::ManifestFile& file : manifest_->history) {
    job.to_remove.push_back(path_of(file.name));
  }
  remover_.submit(std::move(job));
  is_removing_ = true;
}

void AppendOnlyFile::finish_removal() {
  if (!is_removing_ || !remover_.idle()) return;
  is_removing_ = false;
  if (const auto failure = remover_.take_failure()) {
    log_warning(
        "Cannot remove an append only file that is no longer needed: {}. The next rewrite tries "
        "again",
        failure->error.text());
    return;
  }
  aof::Manifest without = *manifest_;
  without.history.clear();
  write_manifest(without);
}

// --- start, stop and configuration

// As with Redis, the data begin empty where there are no files yet, whatever a snapshot holds.
void AppendOnlyFile::warn_about_snapshot() const {
  persistence::FileStatus snapshot;
  persistence::get_status(server_.config.dbfilename, snapshot);
  if (!snapshot.exists) return;
  log_warning(
      "The append only file begins empty, and {} is not loaded. To keep what is in it, start "
      "with 'appendonly no', and then use CONFIG SET appendonly yes",
      server_.config.dbfilename);
}

bool AppendOnlyFile::start_new_files() {
  aof::Manifest first = *manifest_;  // of old times there may be history
  const bool as_rdb = server_.config.aof_use_rdb_preamble;
  const aof::ManifestFile base = first.next_base(server_.config.appendfilename, as_rdb);
  if (!make_directory()) return false;
  const FileError error = write_first_base(server_, path_of(base.name), as_rdb);
  if (!error.ok()) {
    log_warning("Cannot make the first append only file: {}. {}", error.text(),
                file_advice(error.error));
    return false;
  }
  warn_about_snapshot();
  first.replace_base(base, 0);
  return begin_increment(first);
}

// Adds a new incremental file, which is there before `manifest` lists it, and writes to it.
bool AppendOnlyFile::begin_increment(aof::Manifest manifest) {
  const std::string name = manifest.add_increment(server_.config.appendfilename).name;
  std::shared_ptr<File> file = open_file(path_of(name), true);
  if (!file || !write_manifest(manifest)) return false;
  switch_to(std::move(file));
  return true;
}

// Nobody is served yet, so it may take its time.
void AppendOnlyFile::delete_history_at_start() {
  if (server_.config.aof_disable_auto_gc) return;
  const FileError error = aof::delete_history(location(), *manifest_);
  if (!error.ok()) {
    log_warning(
        "Cannot remove an append only file that is no longer needed: {}. The next rewrite tries "
        "again",
        error.text());
  }
}

bool AppendOnlyFile::start() {
  if (!read_manifest(OldFile::kAdopt)) return false;
  const bool is_empty = manifest_->load_order().empty();
  if (!is_empty && load_files() != LoadEnd::kOk) return false;
  if (is_empty) {
    if (!start_new_files()) return false;
  } else if (manifest_->increments.empty()) {
    if (!begin_increment(*manifest_)) return false;
  } else {
    std::shared_ptr<File> last = open_file(path_of(manifest_->increments.back().name), false);
    if (!last) return false;
    switch_to(std::move(last));
  }
  measure_files();
  delete_history_at_start();
  reader_.emplace(server_.effects.reader());
  state_ = State::kOn;
  apply_policy();
  return true;
}

std::optional<std::string> AppendOnlyFile::set_enabled(bool enable) {
  if (server_.loading.active()) {
    log_warning("appendonly cannot be changed while data are loaded: try again afterwards");
    return "Unable to change appendonly while loading. Check server logs.";
  }
  if (enable == enabled()) return std::nullopt;
  if (!enable) {
    flush_and_sync();
    if (server_.child.running(ChildKind::kAofRewrite)) server_.child.kill(SIGUSR1);
    server_.reply_gate.set_active(false);
    reader_.reset();
    close_file();
    state_ = State::kOff;
    is_rewrite_scheduled_ = false;
    write_error_ = sync_error_ = 0;
    return std::nullopt;
  }
  // A rewrite that was begun before does not see what is written now.
  if (server_.child.running(ChildKind::kAofRewrite)) server_.child.kill(SIGUSR1);
  state_ = State::kWaitForRewrite;
  if (server_.child.running()) {
    is_rewrite_scheduled_ = true;
    log_notice("The append only file begins when the snapshot is done");
    return std::nullopt;
  }
  if (start_rewrite()) return std::nullopt;
  state_ = State::kOff;
  reader_.reset();
  close_file();
  is_rewrite_scheduled_ = false;
  return "Unable to turn on AOF. Check server logs.";
}

bool AppendOnlyFile::prepare_shutdown(bool force) {
  if (state_ == State::kOff) return true;
  if (server_.child.running(ChildKind::kAofRewrite)) {
    if (state_ == State::kWaitForRewrite) {
      if (!force) {
        log_warning(
            "The first append only file is being written: the server cannot end before. Wait for "
            "it, or use SHUTDOWN FORCE");
        return false;
      }
      log_warning("The first append only file is not complete, but the shutdown is forced");
    }
    server_.child.kill(SIGUSR1);
  }
  remover_.wait_for(remover_.submitted());
  finish_removal();
  return flush_and_sync() || force;
}

std::string AppendOnlyFile::write_refusal() const {
  const int error = write_error_ != 0 ? write_error_ : sync_error_;
  if (error == 0) return {};
  return fmt::format("MISCONF Errors writing to the AOF file: {}", std::strerror(error));
}

}  // namespace spinel::server
