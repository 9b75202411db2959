#include "server/process/daemon.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <unistd.h>

#include "server/log/log.h"

namespace spinel::server {

std::optional<std::string> daemonize() {
  const pid_t child = ::fork();
  if (child < 0) return std::string("fork failed: ") + std::strerror(errno);
  if (child != 0) ::_exit(0);
  ::setsid();
  const int null = ::open("/dev/null", O_RDWR);
  if (null >= 0) {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, stream);
    if (null > STDERR_FILENO) ::close(null);
  }
  return std::nullopt;
}

void create_pid_file(const std::string& path) {
  errno = 0;
  std::ofstream file(path, std::ios::trunc);
  file << ::getpid() << '\n';
  file.close();
  if (!file) log_warning("Cannot write the pid file {}: {}", path, std::strerror(errno));
}

void remove_pid_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    log_warning("Cannot remove the pid file {}: {}", path, std::strerror(errno));
  }
}

}  // namespace spinel::server
