#include "server/migrate_connections.h"

#include <algorithm>
#include <cerrno>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "storage/base/clock.h"

namespace spinel::server {

namespace {

using Status = MigrateConnection::Status;

int64_t monotonic_ms() {
  return storage::monotonic_us() / 1000;
}

// Waits until `socket` is ready for `events` or in error, up to `deadline_ms` (monotonic).
Status wait_for(int socket, short events, int64_t deadline_ms) {
  pollfd waiting{.fd = socket, .events = events, .revents = 0};
  while (true) {
    const int64_t left_ms = deadline_ms - monotonic_ms();
    if (left_ms <= 0) return Status::kTimeout;
    const int ready = ::poll(&waiting, 1, static_cast<int>(left_ms));
    if (ready > 0) return Status::kOk;
    if (ready < 0 && errno != EINTR) return Status::kFailed;
  }
}

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK;
}

bool connect_to(int socket, const addrinfo& address, int64_t deadline_ms) {
  if (::connect(socket, address.ai_addr, address.ai_addrlen) == 0) return true;
  if (errno != EINPROGRESS || wait_for(socket, POLLOUT, deadline_ms) != Status::kOk) return false;
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

// A socket connected to the first of `addresses` that accepts it, or -1.
int connect_to_any(const addrinfo* addresses, int timeout_ms) {
  const int64_t deadline_ms = monotonic_ms() + timeout_ms;
  for (const addrinfo* address = addresses; address != nullptr; address = address->ai_next) {
    const int socket =
        ::socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                 address->ai_protocol);
    if (socket < 0) continue;
    if (connect_to(socket, *address, deadline_ms)) {
      const int on = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return socket;
    }
    ::close(socket);
  }
  return -1;
}

std::string target_name(std::string_view host, int port) {
  return std::string(host) + ":" + std::to_string(port);
}

}  // namespace

// --- one connection

MigrateConnection::~MigrateConnection() {
  ::close(socket_);
}

Status MigrateConnection::write(std::string_view bytes, int timeout_ms) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (would_block()) {
      const Status status = wait_for(socket_, POLLOUT, monotonic_ms() + timeout_ms);
      if (status != Status::kOk) return status;
    } else if (errno != EINTR) {
      return Status::kFailed;
    }
  }
  return Status::kOk;
}

Status MigrateConnection::read_line(std::string& line, int timeout_ms) {
  const int64_t deadline_ms = monotonic_ms() + timeout_ms;
  constexpr size_t kPiece = 4096;
  char piece[kPiece];
  for (size_t searched = 0; received_.size() <= kMaxLine;) {
    const size_t end = received_.find('\n', searched);
    if (end != std::string::npos) {
      line = received_.substr(0, end);
      if (line.ends_with('\r')) line.pop_back();
      received_.erase(0, end + 1);
      return Status::kOk;
    }
    searched = received_.size();
    const ssize_t got = ::recv(socket_, piece, sizeof piece, 0);
    if (got > 0) {
      received_.append(piece, static_cast<size_t>(got));
    } else if (got < 0 && would_block()) {
      const Status status = wait_for(socket_, POLLIN, deadline_ms);
      if (status != Status::kOk) return status;
    } else if (got == 0 || errno != EINTR) {
      return Status::kFailed;
    }
  }
  return Status::kFailed;
}

// --- those that are kept

MigrateConnections::Opened MigrateConnections::open(std::string_view host, int port, int timeout_ms,
                                                    int64_t now_ms) {
  std::string target = target_name(host, port);
  const auto found = std::ranges::find(kept_, target, &Kept::target);
  if (found != kept_.end()) {
    found->used_at_ms = now_ms;
    return {found->connection.get(), Failure::kNone};
  }
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* addresses = nullptr;
  const std::string name(host);
  if (::getaddrinfo(name.c_str(), std::to_string(port).c_str(), &hints, &addresses) != 0) {
    return {nullptr, Failure::kUnknownHost};
  }
  const int socket = connect_to_any(addresses, timeout_ms);
  ::freeaddrinfo(addresses);
  if (socket < 0) return {nullptr, Failure::kRefused};
  if (kept_.size() == kMost) kept_.erase(std::ranges::min_element(kept_, {}, &Kept::used_at_ms));
  kept_.push_back({std::move(target), now_ms, std::make_unique<MigrateConnection>(socket)});
  return {kept_.back().connection.get(), Failure::kNone};
}

void MigrateConnections::close(const MigrateConnection* connection) {
  std::erase_if(kept_, [&](const Kept& kept) { return kept.connection.get() == connection; });
}

void MigrateConnections::close_idle(int64_t now_ms) {
  std::erase_if(kept_, [&](const Kept& kept) { return now_ms - kept.used_at_ms > kIdleMs; });
}

}  // namespace spinel::server
