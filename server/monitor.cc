#include "server/monitor.h"

#include <fmt/format.h>

#include "server/client.h"
#include "server/config/split_args.h"
#include "server/server.h"
#include "storage/base/clock.h"

namespace spinel::server {

void feed_monitors(Server& server, const Client& client, const Command& command, CommandArgs args) {
  if (command.has(CommandFlags::kSkipMonitor | CommandFlags::kAdmin)) return;
  const int64_t now_us = storage::wall_clock_us();
  std::string line = fmt::format("+{}.{:06} [{} {}]", now_us / 1'000'000, now_us % 1'000'000,
                                 client.database, client.address);
  const bool secret = command.name == "auth";
  for (size_t i = 0; i < args.size(); ++i) {
    line += ' ';
    line += quote_arg(secret && i > 0 ? "(redacted)" : args[i]);
  }
  line += "\r\n";
  for (Client* monitor : server.monitors) {
    monitor->output.append(line);
    monitor->transport().output_ready();
    server.check_output_limit(*monitor);
  }
}

}  // namespace spinel::server
