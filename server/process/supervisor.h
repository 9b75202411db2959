// Reports the state of the server to the service manager: to systemd through its notification
// socket, to upstart by stopping once.
#pragma once

#include <string>
#include <string_view>

#include "server/config/config.h"

namespace spinel::server {

class Supervisor {
 public:
  Supervisor() = default;

  // Looks for the wanted service manager in the environment (kAuto: for any), and logs the result.
  // Under upstart the process stops itself until the service manager continues it, which is the
  // signal of readiness.
  static Supervisor start(Supervision wanted);

  // kNo, kUpstart or kSystemd. INFO calls it "process_supervised".
  Supervision kind() const { return kind_; }

  // Reports that the server accepts connections.
  void notify_ready() const;
  // Sends a line of text for users of the service manager.
  void notify_status(std::string_view status) const;
  // Reports that the server is stopping.
  void notify_stopping() const;

 private:
  void send(std::string_view message) const;

  Supervision kind_ = Supervision::kNo;
  std::string socket_path_;  // a leading '@': in the abstract namespace
};

// Returns "no", "upstart" or "systemd".
std::string_view supervision_name(Supervision kind);

}  // namespace spinel::server
