// Which of the clients' sockets are ready.
#pragma once

#include <array>
#include <asio/posix/basic_stream_descriptor.hpp>
#include <span>
#include <sys/epoll.h>
#include <utility>

#include "server/net/asio.h"

namespace spinel::server::net {

// An epoll set of its own, in which a socket stands from its start to its end, edge-triggered:
// epoll(7). Asio watches the set as one descriptor. Reading through Asio would cost a system call
// more for each request: its reactor reads again until a socket says that it is empty, and to wait
// for readiness instead it calls epoll_ctl each time.
class SocketSet {
 public:
  // How many sockets `take_ready` tells of at most.
  static constexpr size_t kMostReady = 128;

  struct Ready {
    int descriptor;
    bool readable;  // there are bytes, or what `ended` says
    bool writable;
    bool ended;  // the peer sends no more, or an error is pending: reading tells, after all bytes
  };

  // Throws std::system_error if the system has no descriptor left.
  explicit SocketSet(const Executor& executor);

  // Adds a socket. Whether the system could: else errno says why.
  bool add(int descriptor);
  // Must come before the socket is closed.
  void remove(int descriptor);

  // Calls `handler` once, from the context, as soon as a socket is ready.
  template <typename Handler>
  void async_wait(Handler&& handler) {
    set_.async_wait(asio::posix::descriptor_base::wait_read, std::forward<Handler>(handler));
  }
  // The sockets that became ready since they were last told of; does not wait. Of a socket that had
  // more bytes than were read then nothing is told until further ones arrive. Valid until the next
  // call.
  std::span<const Ready> take_ready();

 private:
  asio::posix::basic_stream_descriptor<Executor> set_;
  std::array<epoll_event, kMostReady> events_;
  std::array<Ready, kMostReady> ready_;
};

}  // namespace spinel::server::net
