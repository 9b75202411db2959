// Whoever runs commands: a client, a script, a file being loaded, a master's stream.
#pragma once

#include <string>

namespace spinel::server {

class Client;

// What commands need to know of whoever runs them. Only a Client has a connection behind it: its
// transport, buffers and place in CLIENT LIST. Everything else is a session of its own.
class Session {
 public:
  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  int database = 0;
  std::string user = "default";
  std::string name;
  // Reads and writes leave access times as they are (CLIENT NO-TOUCH).
  bool no_touch = false;
  // A blocking command that finds nothing answers as if its time were up.
  bool deny_blocking = true;

  // Null unless this session is a client.
  Client* client() { return client_; }
  const Client* client() const { return client_; }

 protected:
  explicit Session(Client* client) : deny_blocking(false), client_(client) {}
  ~Session() = default;

 private:
  Client* client_ = nullptr;
};

}  // namespace spinel::server
