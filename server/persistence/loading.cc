#include "server/persistence/loading.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <fmt/format.h>
#include <sys/stat.h>
#include <utility>

#include "server/log/log.h"
#include "server/persistence/snapshots.h"
#include "server/persistence/value_limits.h"
#include "server/server.h"
#include "storage/base/clock.h"

namespace spinel::server {

namespace rdb = persistence::rdb;

namespace {
constexpr int64_t kLogPeriodMs = 5000;
}

void Loading::begin(std::string what, uint64_t total_bytes, Beside beside) {
  server_.update_time();
  async_ = beside == Beside::kServedData;
  active_ = !async_;
  what_ = std::move(what);
  started_s_ = server_.now_ms() / 1000;
  started_ms_ = server_.monotonic_ms();
  next_log_ms_ = started_ms_ + kLogPeriodMs;
  total_bytes_ = total_bytes;
  earlier_bytes_ = loaded_bytes_ = rdb_used_memory_ = 0;
}

void Loading::end() {
  active_ = async_ = false;
}

bool Loading::advance(uint64_t loaded_bytes) {
  loaded_bytes_ = earlier_bytes_ + loaded_bytes;
  if (total_bytes_ != 0) loaded_bytes_ = std::min(loaded_bytes_, total_bytes_);
  server_.update_time();
  if (server_.monotonic_ms() >= next_log_ms_) log_progress();
  // Within a command nothing else can run.
  if (serve_events_ && server_.dispatcher.depth() == 0) serve_events_();
  return !server_.shutdown_request();
}

double Loading::loaded_percent() const {
  if (total_bytes_ == 0) return 0;
  return 100.0 * static_cast<double>(loaded_bytes_) / static_cast<double>(total_bytes_);
}

int64_t Loading::seconds_left() const {
  if (loaded_bytes_ == 0 || total_bytes_ == 0) return 1;
  const int64_t so_far_s = (server_.monotonic_ms() - started_ms_) / 1000;
  return static_cast<int64_t>(static_cast<double>(so_far_s) *
                              static_cast<double>(total_bytes_ - loaded_bytes_) /
                              static_cast<double>(loaded_bytes_));
}

void Loading::log_progress() {
  next_log_ms_ = server_.monotonic_ms() + kLogPeriodMs;
  if (total_bytes_ == 0) {
    log_notice("Loading {}: {} MB so far", what_, loaded_bytes_ >> 20);
    return;
  }
  log_notice("Loading {}: {:.0f}%, {} of {} MB, about {} seconds left", what_, loaded_percent(),
             loaded_bytes_ >> 20, total_bytes_ >> 20, seconds_left());
}

void Loading::count_keys(const rdb::LoadResult& result) {
  last_keys_loaded_ = result.keys_loaded;
  last_keys_expired_ = result.keys_expired;
}

rdb::LoadOptions Loading::load_options(const SnapshotOptions& options) const {
  return {.limits = value_limits(server_),
          .drop_expired = options.drop_expired,
          .replace_existing = options.replace_existing,
          .skip_module_keys = server_.config.rdb_skip_module_keys,
          .verify_checksum = server_.config.rdbchecksum,
          .key_delay_us = server_.config.key_load_delay_us,
          .progress_every_bytes =
              static_cast<uint64_t>(server_.config.loading_process_events_interval_bytes)};
}

Loading::Result Loading::load_snapshot(const std::string& path, const SnapshotOptions& options) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0 && errno == ENOENT) return Result::kNoFile;
  const int64_t began_us = storage::monotonic_us();
  begin(path, static_cast<uint64_t>(status.st_size));
  LoggingLoadObserver observer(server_);
  const rdb::LoadResult result =
      rdb::load_file(path, server_.keyspace, load_options(options), observer);
  end();
  count_keys(result);
  if (result.stopped) return Result::kStopped;
  if (!result.ok) {
    log_warning("Cannot load {}: {} at offset {}. {}", path, result.error.cause,
                result.error.offset,
                result.error.is_unsupported
                    ? kUnsupportedAdvice
                    : "Examine it with spinel-check-rdb, and restore it from a backup or move it "
                      "away");
    return Result::kFailed;
  }
  log_notice("Done loading RDB, keys loaded: {}, keys expired: {}.", result.keys_loaded,
             result.keys_expired);
  if (result.module_keys_skipped > 0) {
    log_warning(
        "{} keys of modules in {} were left out (rdb-skip-module-keys): the next snapshot will not "
        "have them. Keep a copy of the file if they are needed",
        result.module_keys_skipped, path);
  }
  log_notice("DB loaded from disk: {:.3f} seconds",
             static_cast<double>(storage::monotonic_us() - began_us) / 1e6);
  if (options.tell_replication) server_.replication->on_loaded(observer.replication_fields());
  return Result::kLoaded;
}

void LoggingLoadObserver::on_aux(std::string_view name, std::string_view value) {
  int64_t number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  if (name == "redis-ver" || name == "valkey-ver") {
    log_notice("Loading an RDB file of {} {}", name.substr(0, name.find('-')), value);
  } else if (name == "ctime") {
    log_notice("The RDB file was written {} seconds ago",
               std::max<int64_t>(server_.now_ms() / 1000 - number, 0));
  } else if (name == "used-mem") {
    server_.loading.set_rdb_used_memory(static_cast<uint64_t>(std::max<int64_t>(number, 0)));
    log_notice("The data in the RDB file took {:.2f} MB of memory when it was written",
               static_cast<double>(number) / (1 << 20));
  } else if (name.starts_with("repl-")) {
    replication_fields_.emplace_back(name, value);
  } else if (name.starts_with('%')) {
    log_notice("RDB field {}: {}", name, value);
  }
}

void LoggingLoadObserver::on_module_skipped(std::string_view module, std::string_view key) {
  if (module == last_module_) return;
  last_module_ = module;
  if (key.empty()) {
    log_warning(
        "What the module {} keeps beside keys is left out: the next snapshot will not have it",
        module);
  } else {
    log_warning("Keys of the module {} are left out, the first is {}", module,
                rdb::printable_key(key));
  }
}

bool LoggingLoadObserver::on_progress(uint64_t bytes_read) {
  return server_.loading.advance(bytes_read);
}

void empty_keyspace(Server& server) {
  for (int i = 0; i < server.keyspace.database_count(); ++i) {
    storage::Database& database = server.keyspace.database(i);
    if (database.size() == 0) continue;
    server.modified_keys.flushed(i);
    database.clear(nullptr);
  }
}

bool load_data_at_start(Server& server) {
  if (server.config.appendonly) return server.append_only_file.start();
  const Loading::SnapshotOptions options{.drop_expired = !server.role.is_replica,
                                         .tell_replication = true};
  switch (server.loading.load_snapshot(server.config.dbfilename, options)) {
    case Loading::Result::kLoaded:
    case Loading::Result::kNoFile:
      return true;
    case Loading::Result::kStopped:
      return false;
    case Loading::Result::kFailed:
      log_warning("Fatal error loading the DB, check server logs. Exiting.");
      return false;
  }
  return false;
}

std::string_view reload_snapshot(Server& server, const ReloadOptions& options) {
  server.snapshots.stop_child();  // what it saves is older
  if (options.save && !server.snapshots.save()) return "ERR";
  if (options.flush) empty_keyspace(server);
  switch (
      server.loading.load_snapshot(server.config.dbfilename, {.replace_existing = options.merge})) {
    case Loading::Result::kLoaded:
      break;
    case Loading::Result::kFailed:
      log_warning("Half of the data is loaded, and must not be served: the server ends");
      std::_Exit(1);
    case Loading::Result::kNoFile:
    case Loading::Result::kStopped:
      return "ERR Error trying to load the RDB dump, check server logs.";
  }
  server.modified_keys.loaded();
  log_warning("DEBUG RELOAD loaded {}", server.config.dbfilename);
  return {};
}

}  // namespace spinel::server
