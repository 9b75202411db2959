// Listening sockets, as `bind`, `port` and `unixsocket` describe them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/config/config.h"

namespace spinel::server::net {

class EventLoop;

// One listening socket. Listens when made; accepts from `start` on; closes when destroyed.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void start() = 0;
};

struct ListenError {
  std::string text;
  bool of_tcp;  // else of the Unix socket
};

struct ListenResult {
  std::vector<std::unique_ptr<Listener>> listeners;  // of no use after an error
  std::optional<ListenError> error;
};

// Opens all sockets that `config` asks for, which may be none. An address with a leading '-' may be
// missing on this machine.
ListenResult make_listeners(EventLoop& loop, const Config& config);

}  // namespace spinel::server::net
