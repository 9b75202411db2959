#include "server/persistence/shutdown.h"

#include <cstdint>
#include <utility>

#include "server/config/config.h"
#include "server/log/log.h"
#include "server/server.h"

namespace spinel::server {

ShutdownRequest shutdown_request_of(uint32_t signal_flags) {
  return {.save = (signal_flags & kShutdownSignalSave) != 0,
          .nosave = (signal_flags & kShutdownSignalNosave) != 0,
          .now = (signal_flags & kShutdownSignalNow) != 0,
          .force = (signal_flags & kShutdownSignalForce) != 0};
}

Shutdown::Start Shutdown::begin(ShutdownRequest request, std::function<void()> on_failure) {
  log_warning("User requested shutdown...");
  // What is half loaded must not replace what it is loaded from.
  if (server_.loading.active()) request = {.nosave = true, .now = true, .force = true};
  const int64_t timeout_ms = int64_t{server_.config.shutdown_timeout_s} * 1000;
  if (!request.now && timeout_ms > 0 && server_.replication->replicas_lag()) {
    const int64_t deadline_ms =
        waiting_ ? waiting_->deadline_ms : server_.monotonic_ms() + timeout_ms;
    log_notice("Waiting for replicas before the end, for {} seconds at most", timeout_ms / 1000);
    server_.pause.begin(PauseReason::kShutdown, PauseScope::kWrites, INT64_MAX);
    if (waiting_ && !on_failure) on_failure = std::move(waiting_->on_failure);
    waiting_ = {request, deadline_ms, std::move(on_failure)};
    return Start::kWaits;
  }
  if (finish(request)) return Start::kEnds;
  if (waiting_) go_on();
  return Start::kFailed;
}

void Shutdown::poll_waiting() {
  if (server_.monotonic_ms() < waiting_->deadline_ms && server_.replication->replicas_lag()) return;
  if (!finish(waiting_->request)) go_on();
}

void Shutdown::go_on() {
  const std::function<void()> on_failure = std::move(waiting_->on_failure);
  waiting_.reset();
  server_.pause.end(PauseReason::kShutdown);
  for (const auto& [id, client] : server_.clients) {
    if (client->blocked == BlockReason::kShutdown) server_.blocked.fail(*client, kFailedError);
  }
  // Within a command, those who wait are served when it ends.
  if (server_.dispatcher.depth() == 0) server_.blocked.serve();
  if (on_failure) on_failure();
}

bool Shutdown::abort() {
  if (!waiting_) return false;
  log_notice("The shutdown was called off");
  go_on();
  return true;
}

bool Shutdown::finish(ShutdownRequest request) {
  server_.replication->report_lag();
  server_.snapshots.stop_child();
  if (!server_.append_only_file.prepare_shutdown(request.force)) return false;
  const bool save = request.save || (!request.nosave && server_.snapshots.has_save_points());
  if (save) {
    log_notice("Saving the final snapshot before the end");
    if (!server_.snapshots.save()) {
      if (!request.force) {
        log_warning(
            "The server goes on, since its data cannot be saved. SHUTDOWN NOSAVE or FORCE "
            "ends it all the same");
        return false;
      }
      log_warning(
          "The data cannot be saved, but the shutdown is forced: what is not on disk is "
          "lost");
    }
  }
  server_.request_shutdown(request);
  return true;
}

}  // namespace spinel::server
