// The end of the server: what SHUTDOWN and signals set going.
#pragma once

#include <cstdint>

namespace spinel::server {

class Server;

// What SHUTDOWN and signals ask for.
struct ShutdownRequest {
  bool save = false;
  bool nosave = false;
  bool now = false;
  bool force = false;
};

// The request that shutdown-on-sigterm or shutdown-on-sigint stands for.
ShutdownRequest shutdown_request_of(uint32_t signal_flags);

// Ends children and saves the data as asked for and configured. Then the server stops: its loop
// ends soon. Returns false, with the reason in the log, if the data cannot be saved and nobody
// forces it: then the server goes on.
bool shut_down(Server& server, ShutdownRequest request);

}  // namespace spinel::server
