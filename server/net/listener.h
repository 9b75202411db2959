// Listening sockets, as `bind`, `port` and `unixsocket` describe them.
#pragma once

#include <memory>
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

struct ListenResult {
  std::vector<std::unique_ptr<Listener>> listeners;
  std::string error;  // empty: all went well
};

// Opens all sockets that `config` asks for, or none. An address with a leading '-' may be missing
// on this machine.
ListenResult make_listeners(EventLoop& loop, const Config& config);

}  // namespace spinel::server::net
