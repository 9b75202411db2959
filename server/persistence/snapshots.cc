#include "server/persistence/snapshots.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <unistd.h>

#include "server/log/log.h"
#include "server/persistence/background_child.h"
#include "server/persistence/file_advice.h"
#include "server/server.h"
#include "server/version.h"
#include "storage/base/clock.h"
#include "storage/base/memory.h"

namespace spinel::server {

namespace rdb = persistence::rdb;

namespace {

// How long after a failure a save point is not tried again.
constexpr int64_t kRetryAfterS = 5;

constexpr std::string_view kRefusal =
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to "
    "disk. Commands that may modify the data set are disabled, because this instance is configured "
    "to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error "
    "option). Please check the Redis logs for details about the RDB error.";

std::string working_directory() {
  char path[4096];
  return getcwd(path, sizeof path) == nullptr ? std::string("(unknown)") : std::string(path);
}

// One line: what failed, where, why, and what to do.
std::string describe(const rdb::SaveFileResult& result) {
  return fmt::format("{} in {} (offset {}). {}", result.error.text(), working_directory(),
                     result.saved.bytes, file_advice(result.error.error));
}

}  // namespace

rdb::SaveOptions rdb_save_options(const Server& server, bool aof_base) {
  const Config& config = server.config;
  rdb::SaveOptions options;
  options.key_delay_us = config.rdb_key_save_delay_us;
  options.compress = config.rdbcompression;
  options.checksum = config.rdbchecksum;
  if (config.maxmemory_bytes > 0) {
    using Access = rdb::SaveOptions::Access;
    const MaxmemoryPolicy policy = config.maxmemory_policy;
    if (policy == MaxmemoryPolicy::kAllkeysLru || policy == MaxmemoryPolicy::kVolatileLru) {
      options.access = Access::kIdle;
    } else if (server.keyspace.access.lfu) {
      options.access = Access::kFrequency;
    }
  }
  options.aux = {{"redis-ver", std::string(kRedisVersion)},
                 {"redis-bits", "64"},
                 {"ctime", std::to_string(server.now_ms() / 1000)},
                 {"used-mem", std::to_string(storage::used_memory())},
                 {"aof-base", aof_base ? "1" : "0"}};
  // Behind the base of an append only file come further writes, of which none tells its offset.
  Replication::Fields fields;
  if (!aof_base) fields = server.replication->rdb_fields();
  options.aux.insert(options.aux.end() - 1, fields.begin(), fields.end());
  return options;
}

Snapshots::Snapshots(Server& server) : server_(server), last_save_s_(server.started_at_ms / 1000) {}

std::string Snapshots::temporary_path(int64_t pid) const {
  return fmt::format("temp-{}.rdb", pid);
}

bool Snapshots::has_save_points() const {
  return !server_.config.save.empty();
}

std::string_view Snapshots::write_refusal() const {
  const bool refused =
      !last_background_ok_ && server_.config.stop_writes_on_bgsave_error && has_save_points();
  return refused ? kRefusal : std::string_view();
}

bool Snapshots::save() {
  const Config& config = server_.config;
  server_.update_time();
  const auto result =
      rdb::save_file(server_.keyspace, config.dbfilename, temporary_path(getpid()),
                     rdb_save_options(server_, false), config.rdb_save_incremental_fsync);
  if (!result.error.ok()) {
    log_warning("Cannot save the snapshot {}: {}", config.dbfilename, describe(result));
    return false;
  }
  log_notice("DB saved on disk");
  server_.dirty = 0;
  last_save_s_ = storage::wall_clock_ms() / 1000;
  last_background_ok_ = true;
  return true;
}

bool Snapshots::start() {
  const Config& config = server_.config;
  server_.update_time();
  last_try_s_ = server_.now_ms() / 1000;
  ++server_.stats.rdb_saves;
  rdb::SaveOptions options = rdb_save_options(server_, false);
  options.consume_values = true;
  const auto work = [&](persistence::ChildProcess::Reporter& reporter) {
    options.progress = child_progress(server_, ChildKind::kSnapshot, reporter);
    const auto result =
        rdb::save_file(server_.keyspace, config.dbfilename, temporary_path(getpid()), options,
                       config.rdb_save_incremental_fsync);
    if (!result.error.ok()) return describe(result);
    reporter.report(result.saved.keys, result.saved.bytes);
    log_notice("DB saved on disk");
    return std::string();
  };
  const int error = server_.child.start(
      ChildKind::kSnapshot, work, [this](const persistence::ChildEnd& end) { on_child_end(end); });
  if (error != 0) {
    last_background_ok_ = false;
    log_warning(
        "Cannot save in the background: fork failed: {}. There is too little memory, or "
        "vm.overcommit_memory is not 1",
        std::strerror(error));
    return false;
  }
  is_scheduled_ = false;
  child_started_s_ = last_try_s_;
  server_dirty_at_fork_ = server_.dirty;
  child_pid_ = server_.child.pid();
  log_notice("Background saving started by pid {}", child_pid_);
  return true;
}

void Snapshots::on_child_end(const persistence::ChildEnd& end) {
  using How = persistence::ChildEnd::How;
  const int64_t now_s = storage::wall_clock_ms() / 1000;
  switch (end.how) {
    case How::kDone:
      log_notice("Background saving terminated with success");
      server_.dirty -= server_dirty_at_fork_;
      last_save_s_ = now_s;
      last_background_ok_ = true;
      break;
    case How::kFailed:
      log_warning("Background saving error: {}", end.cause);
      last_background_ok_ = false;
      break;
    case How::kKilled:
      log_warning(
          "Background saving terminated by signal {}{}", end.signal,
          end.signal == SIGKILL ? ". Perhaps memory ran out: see the log of the kernel" : "");
      unlink(temporary_path(child_pid_).c_str());
      // SIGUSR1 is how somebody ends it on purpose.
      if (end.signal != SIGUSR1) last_background_ok_ = false;
      break;
  }
  last_copied_bytes_ = end.progress.copied_bytes;
  last_background_s_ = now_s - child_started_s_;
  server_.replication->on_snapshot_end(end.how == How::kDone);
}

void Snapshots::stop_child() {
  if (!server_.child.running(ChildKind::kSnapshot)) return;
  const std::string path = temporary_path(server_.child.pid());
  server_.child.kill(SIGUSR1);
  const int64_t began_us = storage::monotonic_us();
  unlink(path.c_str());
  server_.latency.record(latency_event::kRdbUnlinkTempFile,
                         (storage::monotonic_us() - began_us) / 1000,
                         server_.config.latency_monitor_threshold_ms, server_.now_ms() / 1000);
}

void Snapshots::remove_sync_file(const std::string& path) const {
  const Config& config = server_.config;
  if (!config.rdb_del_sync_files || config.appendonly || has_save_points()) return;
  persistence::remove_file(path);
}

void Snapshots::on_flushall() {
  stop_child();
  if (has_save_points()) save();
}

bool Snapshots::save_point_due() const {
  const int64_t now_s = server_.now_ms() / 1000;
  if (!last_background_ok_ && now_s - last_try_s_ <= kRetryAfterS) return false;
  const auto& points = server_.config.save;
  const auto due = std::find_if(points.begin(), points.end(), [&](const SavePoint& point) {
    return server_.dirty >= point.changes && now_s - last_save_s_ > point.seconds;
  });
  if (due == points.end()) return false;
  log_notice("{} changes in {} seconds. Saving...", due->changes, due->seconds);
  return true;
}

void Snapshots::cron() {
  if (server_.child.running()) return;
  const int64_t now_s = server_.now_ms() / 1000;
  const bool may_retry = last_background_ok_ || now_s - last_try_s_ > kRetryAfterS;
  if ((is_scheduled_ && may_retry) || save_point_due()) start();
}

}  // namespace spinel::server
