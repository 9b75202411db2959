// SIGINT and SIGTERM, which stop the server.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>

namespace spinel::server {

struct ShutdownSignal {
  int number = 0;    // SIGINT or SIGTERM
  pid_t sender = 0;  // process id; 0 if the system sent it, as for Ctrl-C at a terminal
  uid_t user = 0;    // of the sender
};

// Handles SIGINT and SIGTERM while it lives. There may be one at a time. A SIGINT that follows
// another of these signals ends the process at once with status 1: a server in the middle of a long
// command cannot answer the first one.
class ShutdownSignals {
 public:
  // Throws std::system_error if the system has no descriptor left.
  ShutdownSignals();
  ~ShutdownSignals();
  ShutdownSignals(const ShutdownSignals&) = delete;
  ShutdownSignals& operator=(const ShutdownSignals&) = delete;

  // Becomes readable when the first signal arrives. The caller closes it.
  int descriptor() const { return descriptor_; }
  // The first signal that arrived.
  std::optional<ShutdownSignal> received() const;
  // The server goes on in spite of it: the next signal is a first one again.
  void forget();

 private:
  int descriptor_;
};

// "SIGTERM from process 4711 of user 0", or "SIGINT" if the system sent it.
std::string describe_signal(const ShutdownSignal& signal);

}  // namespace spinel::server
