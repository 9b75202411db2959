#include "server/persistence/background_child.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "server/log/log.h"
#include "server/process/cpu_affinity.h"
#include "server/process/limits.h"
#include "server/process/process_title.h"
#include "server/server.h"
#include "storage/base/clock.h"

namespace spinel::server {

namespace {

constexpr int64_t kLogPeriodMs = 5000;
// Index into Config::oom_score_adj_values.
constexpr size_t kChildOomScore = 2;

std::string_view title_of(ChildKind kind) {
  return kind == ChildKind::kSnapshot ? "redis-rdb-bgsave" : "redis-aof-rewrite";
}

std::string_view name_of(ChildKind kind) {
  return kind == ChildKind::kSnapshot ? "Background saving" : "Background AOF rewrite";
}

uint64_t key_count(const storage::Keyspace& keyspace) {
  uint64_t keys = 0;
  for (int i = 0; i < keyspace.database_count(); ++i) keys += keyspace.database(i).size();
  return keys;
}

double percent(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

void show_progress_in_title(const Server& server, ChildKind kind, uint64_t keys,
                            uint64_t keys_total) {
  const Config& config = server.config;
  std::string title = fmt::format("{} {}:{}", title_of(kind),
                                  config.bind.empty() ? "*" : config.bind[0], config.port);
  if (keys > 0) title += fmt::format(" {:.0f}%", percent(keys, keys_total));
  set_process_title(title);
}

}  // namespace

std::function<bool(uint64_t keys, uint64_t bytes)> child_progress(
    const Server& server, ChildKind kind, persistence::ChildProcess::Reporter& reporter) {
  return
      [&server, kind, &reporter, total = server.child.keys_total()](uint64_t keys, uint64_t bytes) {
        show_progress_in_title(server, kind, keys, total);
        return reporter.report(keys, bytes);
      };
}

void BackgroundChild::prepare_child(ChildKind kind) const {
  const Config& config = server_.config;
  set_log_role(LogRole::kChild);
  show_progress_in_title(server_, kind, 0, 0);
  set_thread_affinity(kind == ChildKind::kSnapshot ? config.bgsave_cpulist
                                                   : config.aof_rewrite_cpulist);
  if (config.oom_score_adj == OomScoreAdjust::kNo) return;
  const auto error =
      set_oom_score_adjustment(config.oom_score_adj, config.oom_score_adj_values[kChildOomScore]);
  if (error) log_warning("{}", *error);
}

int BackgroundChild::start(ChildKind kind, const Work& work, Done done, std::vector<int> kept) {
  kept.push_back(log_descriptor());
  const uint64_t keys_total = key_count(server_.keyspace);
  const int64_t began_us = storage::monotonic_us();
  const int error = process_.start(
      [this, kind, &work](persistence::ChildProcess::Reporter& reporter) {
        prepare_child(kind);
        return work(reporter);
      },
      kept);
  const int64_t took_us = storage::monotonic_us() - began_us;
  server_.latency.record(latency_event::kFork, took_us / 1000,
                         server_.config.latency_monitor_threshold_ms, server_.now_ms() / 1000);
  if (error != 0) return error;
  server_.stats.latest_fork_us = took_us;
  ++server_.stats.total_forks;
  kind_ = kind;
  done_ = std::move(done);
  keys_total_ = keys_total;
  copied_peak_bytes_ = 0;
  started_ms_ = server_.monotonic_ms();
  next_log_ms_ = started_ms_ + kLogPeriodMs;
  server_.keyspace.access.frozen = true;
  storage::resizes_paused = true;
  return 0;
}

int64_t BackgroundChild::seconds_running() const {
  return running() ? (server_.monotonic_ms() - started_ms_) / 1000 : -1;
}

void BackgroundChild::kill(int signal) {
  end(process_.kill(signal));
}

void BackgroundChild::poll() {
  const auto ended = process_.poll();
  copied_peak_bytes_ = std::max(copied_peak_bytes_, progress().copied_bytes);
  if (ended) return end(*ended);
  if (running() && server_.monotonic_ms() >= next_log_ms_) log_progress();
}

void BackgroundChild::log_progress() {
  next_log_ms_ = server_.monotonic_ms() + kLogPeriodMs;
  const double done = percent(progress().keys, keys_total_);
  if (done <= 0) return;
  const double running_s = static_cast<double>(server_.monotonic_ms() - started_ms_) / 1000;
  log_notice("{}: {:.0f}% of {} keys, {} MB written, {} MB copied, about {:.0f} seconds left",
             name_of(kind_), done, keys_total_, progress().bytes >> 20,
             progress().copied_bytes >> 20, running_s * (100 - done) / done);
}

void BackgroundChild::end(const persistence::ChildEnd& end) {
  server_.keyspace.access.frozen = false;
  storage::resizes_paused = false;
  copied_peak_bytes_ = 0;
  if (end.how == persistence::ChildEnd::How::kDone) {
    log_notice("{}: {} MB of memory were copied as they changed meanwhile", name_of(kind_),
               end.progress.copied_bytes >> 20);
  }
  std::exchange(done_, nullptr)(end);
}

}  // namespace spinel::server
