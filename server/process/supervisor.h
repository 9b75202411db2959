// Telling the service manager that started the server how it is doing: systemd through its
// notification socket, upstart by stopping once.
#pragma once

#include <string>
#include <string_view>

#include "server/config/config.h"

namespace spinel::server {

class Supervisor {
 public:
  Supervisor() = default;

  // Finds out whether the supervision asked for (kAuto: whichever there is) is there, and says so
  // in the log. Under upstart the process stops itself until the service manager lets it go on:
  // that is the signal of readiness.
  static Supervisor start(Supervision wanted);

  // kNo, kUpstart or kSystemd. INFO calls it "process_supervised".
  Supervision kind() const { return kind_; }

  // The server takes connections from now on.
  void notify_ready() const;
  // A line of text for the service manager's users.
  void notify_status(std::string_view status) const;
  // The server is on its way out.
  void notify_stopping() const;

 private:
  void send(std::string_view message) const;

  Supervision kind_ = Supervision::kNo;
  std::string socket_path_;  // '@' first: in the abstract namespace
};

// "no", "upstart" or "systemd".
std::string_view supervision_name(Supervision kind);

}  // namespace spinel::server
