#include "server/process/supervisor.h"

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/log/log.h"

namespace spinel::server {
namespace {

// Sends one datagram of NAME=value lines, like sd_notify(). Returns 0 or an errno.
int send_datagram(const std::string& path, std::string_view message) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() < 2 || path.size() > sizeof address.sun_path) return EINVAL;
  if (path.front() != '/' && path.front() != '@') return EINVAL;
  std::memcpy(address.sun_path, path.data(), path.size());
  if (path.front() == '@') address.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return errno;
  const ssize_t sent = ::sendto(descriptor, message.data(), message.size(), MSG_NOSIGNAL,
                                reinterpret_cast<const sockaddr*>(&address), length);
  const int error = sent < 0 ? errno : 0;
  ::close(descriptor);
  return error;
}

void stop_until_continued() {
  log_notice("Supervised by upstart: stopping until it lets the server go on");
  ::raise(SIGSTOP);
  ::unsetenv("UPSTART_JOB");  // children are not supervised
}

}  // namespace

Supervisor Supervisor::start(Supervision wanted) {
  Supervisor supervisor;
  const char* upstart_job = std::getenv("UPSTART_JOB");
  const char* notify_socket = std::getenv("NOTIFY_SOCKET");
  if (wanted == Supervision::kAuto) {
    wanted = upstart_job     ? Supervision::kUpstart
             : notify_socket ? Supervision::kSystemd
                             : Supervision::kNo;
  }
  if (wanted == Supervision::kUpstart) {
    if (upstart_job == nullptr) {
      log_warning("supervised is upstart, but UPSTART_JOB is not in the environment");
      return supervisor;
    }
    stop_until_continued();
    supervisor.kind_ = Supervision::kUpstart;
  } else if (wanted == Supervision::kSystemd) {
    if (notify_socket == nullptr) {
      log_warning("supervised is systemd, but NOTIFY_SOCKET is not in the environment");
      return supervisor;
    }
    supervisor.kind_ = Supervision::kSystemd;
    supervisor.socket_path_ = notify_socket;
    supervisor.notify_status("Starting");
    log_notice("Supervised by systemd, whose TimeoutStartSec and TimeoutStopSec must suffice");
  }
  return supervisor;
}

void Supervisor::notify_ready() const {
  send("READY=1\nSTATUS=Ready to accept connections\n");
}

void Supervisor::notify_status(std::string_view status) const {
  send(fmt::format("STATUS={}\n", status));
}

void Supervisor::notify_stopping() const {
  send("STOPPING=1\n");
}

void Supervisor::send(std::string_view message) const {
  if (kind_ != Supervision::kSystemd) return;
  if (const int error = send_datagram(socket_path_, message); error != 0) {
    log_warning("Cannot notify systemd at {}: {}", socket_path_, std::strerror(error));
  }
}

std::string_view supervision_name(Supervision kind) {
  switch (kind) {
    case Supervision::kUpstart:
      return "upstart";
    case Supervision::kSystemd:
      return "systemd";
    case Supervision::kAuto:
      return "auto";
    case Supervision::kNo:
      break;
  }
  return "no";
}

}  // namespace spinel::server
