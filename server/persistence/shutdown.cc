#include "server/persistence/shutdown.h"

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

bool shut_down(Server& server, ShutdownRequest request) {
  log_warning("User requested shutdown...");
  // What is half loaded must not replace what it is loaded from.
  if (server.loading.active()) request = {.nosave = true, .now = request.now, .force = true};
  server.snapshots.stop_child();
  if (!server.append_only_file.prepare_shutdown(request.force)) return false;
  const bool save = request.save || (!request.nosave && server.snapshots.has_save_points());
  if (save) {
    log_notice("Saving the final snapshot before the end");
    if (!server.snapshots.save()) {
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
  server.request_shutdown(request);
  return true;
}

}  // namespace spinel::server
