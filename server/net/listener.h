// Listening sockets, as `bind`, `port` and `unixsocket` describe them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/config/config.h"

namespace spinel::server::net {

class EventLoop;

// A listening socket. Accepts connections after `start`.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void start() = 0;
  // Allows the system to bind another socket of this process to an address that includes this one.
  virtual void allow_overlap(bool allowed) = 0;
};

// The listening sockets of the server.
class Listeners {
 public:
  explicit Listeners(EventLoop& loop) : loop_(loop) {}

  // Opens the sockets of `config` that are not open yet, then closes those that it does not name.
  // An address with a leading '-' may be missing on this machine. On failure returns the error and
  // changes nothing.
  std::optional<std::string> update(const Config& config);
  void close() { open_.clear(); }
  bool empty() const { return open_.empty(); }

 private:
  struct Open {
    std::string address;  // "127.0.0.1:6379", "[::1]:6379" or the path of a Unix socket
    uint16_t port;        // 0 for a Unix socket
    std::unique_ptr<Listener> listener;
  };
  class Update;

  EventLoop& loop_;
  std::vector<Open> open_;
};

}  // namespace spinel::server::net
