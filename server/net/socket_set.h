// Which of the clients' sockets are ready.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <sys/epoll.h>
#include <utility>

#include "server/net/asio.h"

namespace spinel::server::net {

// An epoll set of its own, in which a socket stands from its start to its end, level-triggered:
// epoll(7). Asio watches the set as one descriptor. Reading through Asio would cost each request a
// system call more: its reactor reads again until a socket says that it is empty, or calls
// epoll_ctl for each wait. The set costs one epoll_wait and one such epoll_ctl for all sockets that
// are ready together.
class SocketSet {
 public:
  // How many sockets `take_ready` tells of at most.
  static constexpr size_t kMostReady = 128;

  struct Ready {
    int descriptor;
    bool readable;  // there are bytes, the end of them, or an error
    bool writable;  // only if asked for
  };

  // Throws std::system_error if the system has no descriptor left.
  explicit SocketSet(const Executor& executor);

  // Adds a socket. Whether the system could: else errno says why.
  bool add(int descriptor);
  // Must come before the socket is closed.
  void remove(int descriptor);
  // Whether to tell of bytes to read, as at first, and of room to write. The end of both directions
  // and errors are told in any case, as readable.
  void watch(int descriptor, bool readable, bool writable);

  // Calls `handler` once, from the context, as soon as a socket is ready.
  template <typename Handler>
  void async_wait(Handler&& handler) {
    set_.async_wait(asio::posix::descriptor_base::wait_read, std::forward<Handler>(handler));
  }
  // Sockets that are ready now, each in its turn; does not wait. Valid until the next call.
  std::span<const Ready> take_ready();

 private:
  bool control(int operation, int descriptor, uint32_t events);

  Descriptor set_;
  std::array<epoll_event, kMostReady> events_;
  std::array<Ready, kMostReady> ready_;
};

}  // namespace spinel::server::net
