// The executable: reads the configuration, sets the process up and runs the loop.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "server/config/config.h"
#include "server/log/log.h"
#include "server/net/event_loop.h"
#include "server/server.h"
#include "storage/base/memory.h"

int main(int argc, char** argv) {
  using namespace spinel;
  storage::register_memory_thread();
  server::Config config;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--port") == 0) config.port = std::atoi(argv[i + 1]);
  }
  config.bind = {"127.0.0.1"};
  server::Server server(config);
  server::net::EventLoop loop(server);
  if (const auto error = loop.listen()) {
    server::log_warning("{}", *error);
    return 1;
  }
  server::log_notice("Ready to accept connections");
  loop.run();
  return 0;
}
