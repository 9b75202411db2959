#include "tests/support/raw_connection.h"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace spinel::test {

namespace {

constexpr std::size_t kReadBytes = 256 * 1024;

Reply no_reply(Reply::Type type) {
  Reply reply;
  reply.type = type;
  return reply;
}

int poll_timeout_ms(Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now()).count();
  return left < 0 ? 0 : static_cast<int>(left) + 1;
}

/// Connects a fresh socket and leaves it non-blocking. -1 when refused.
int connected_socket(int family, const sockaddr* address, socklen_t size,
                     const RawConnection::Options& options) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (options.receive_buffer_bytes > 0) {
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &options.receive_buffer_bytes, sizeof(int));
  }
  if (!options.source_address.empty()) {
    sockaddr_in source{};
    source.sin_family = AF_INET;
    ::inet_pton(AF_INET, options.source_address.c_str(), &source.sin_addr);
    if (::bind(fd, reinterpret_cast<sockaddr*>(&source), sizeof source) != 0) {
      ::close(fd);
      return -1;
    }
  }
  int result = 0;
  do {
    result = ::connect(fd, address, size);
  } while (result != 0 && errno == EINTR);
  if (result != 0) {
    ::close(fd);
    return -1;
  }
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  if (family != AF_UNIX) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  return fd;
}

}  // namespace

RawConnection::RawConnection(RawConnection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      peer_closed_(other.peer_closed_),
      reader_(std::move(other.reader_)) {}

RawConnection& RawConnection::operator=(RawConnection&& other) noexcept {
  if (this == &other) return *this;
  close();
  fd_ = std::exchange(other.fd_, -1);
  peer_closed_ = other.peer_closed_;
  reader_ = std::move(other.reader_);
  return *this;
}

RawConnection RawConnection::tcp(const std::string& address, int port, const Options& options) {
  RawConnection connection;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(static_cast<std::uint16_t>(port));
    connection.fd_ =
        connected_socket(AF_INET, reinterpret_cast<sockaddr*>(&v4), sizeof v4, options);
  } else if (::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(static_cast<std::uint16_t>(port));
    connection.fd_ =
        connected_socket(AF_INET6, reinterpret_cast<sockaddr*>(&v6), sizeof v6, options);
  }
  return connection;
}

RawConnection RawConnection::unix_socket(const std::string& path) {
  RawConnection connection;
  sockaddr_un address{};
  if (path.size() >= sizeof address.sun_path) return connection;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  connection.fd_ =
      connected_socket(AF_UNIX, reinterpret_cast<sockaddr*>(&address), sizeof address, Options{});
  return connection;
}

std::string RawConnection::local_address() const {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(fd_, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  char text[INET6_ADDRSTRLEN] = {};
  if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return std::string(text) + ":" + std::to_string(ntohs(v4.sin_port));
  }
  if (storage.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    return "[" + std::string(text) + "]:" + std::to_string(ntohs(v6.sin6_port));
  }
  return {};
}

bool RawConnection::wait_for(short events, Clock::time_point deadline) const {
  while (true) {
    pollfd descriptor{fd_, events, 0};
    const int ready = ::poll(&descriptor, 1, poll_timeout_ms(deadline));
    if (ready > 0) return true;
    if (ready == 0 && Clock::now() >= deadline) return false;
    if (ready < 0 && errno != EINTR) return false;
  }
}

std::size_t RawConnection::send_some(std::string_view bytes) {
  std::size_t sent = 0;
  while (fd_ >= 0 && sent < bytes.size()) {
    const ssize_t taken =
        ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken < 0 && errno == EINTR) continue;
    if (taken <= 0) break;
    sent += static_cast<std::size_t>(taken);
  }
  return sent;
}

bool RawConnection::send(std::string_view bytes, milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  while (fd_ >= 0) {
    errno = 0;
    bytes.remove_prefix(send_some(bytes));
    if (bytes.empty()) return true;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return false;
    if (!wait_for(POLLOUT, deadline)) return false;
  }
  return false;
}

RawConnection::ReadResult RawConnection::read_some(Clock::time_point deadline) {
  static thread_local std::vector<char> chunk(kReadBytes);
  while (fd_ >= 0 && !peer_closed_) {
    const ssize_t got = ::recv(fd_, chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (got > 0) {
      reader_.feed({chunk.data(), static_cast<std::size_t>(got)});
      return ReadResult::kData;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) {
      peer_closed_ = true;
      break;
    }
    if (!wait_for(POLLIN, deadline)) return ReadResult::kTimeout;
  }
  return ReadResult::kClosed;
}

Reply RawConnection::read_reply(milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  while (true) {
    if (auto reply = reader_.next()) return std::move(*reply);
    switch (read_some(deadline)) {
      case ReadResult::kData:
        break;
      case ReadResult::kClosed:
        return no_reply(Reply::Type::kClosed);
      case ReadResult::kTimeout:
        return no_reply(Reply::Type::kTimeout);
    }
  }
}

std::string RawConnection::read_until_closed(bool* closed, milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  ReadResult result = ReadResult::kData;
  while (result == ReadResult::kData) result = read_some(deadline);
  if (closed != nullptr) *closed = result == ReadResult::kClosed;
  return reader_.take_pending();
}

bool RawConnection::closes(milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  ReadResult result = ReadResult::kData;
  while (result == ReadResult::kData) result = read_some(deadline);
  return result == ReadResult::kClosed;
}

Reply RawConnection::command(const std::vector<std::string>& arguments) {
  if (!send(encode_command(arguments))) return no_reply(Reply::Type::kClosed);
  return read_reply();
}

std::vector<Reply> RawConnection::exchange(std::string_view requests, std::size_t replies,
                                           milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  std::vector<Reply> out;
  out.reserve(replies);
  while (out.size() < replies) {
    requests.remove_prefix(send_some(requests));
    if (auto reply = reader_.next()) {
      const bool usable = reply->is_reply();
      out.push_back(std::move(*reply));
      if (!usable) break;
      continue;
    }
    const short events = requests.empty() ? POLLIN : POLLIN | POLLOUT;
    if (!wait_for(events, deadline)) {
      out.push_back(no_reply(Reply::Type::kTimeout));
      break;
    }
    // Only takes what is there: with requests left, the wait may have ended for want of writing.
    if (read_some(Clock::now()) == ReadResult::kClosed) {
      if (auto reply = reader_.next()) {
        out.push_back(std::move(*reply));
        continue;
      }
      out.push_back(no_reply(Reply::Type::kClosed));
      break;
    }
  }
  return out;
}

std::vector<Reply> RawConnection::pipeline(const std::vector<std::vector<std::string>>& commands) {
  std::string requests;
  for (const auto& command : commands) requests += encode_command(command);
  return exchange(requests, commands.size());
}

void RawConnection::half_close() {
  if (fd_ >= 0) ::shutdown(fd_, SHUT_WR);
}

void RawConnection::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void RawConnection::reset() {
  const linger now{1, 0};
  if (fd_ >= 0) ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

}  // namespace spinel::test
