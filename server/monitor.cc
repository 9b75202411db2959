#include "server/monitor.h"

#include <fmt/format.h>

#include "server/client.h"
#include "server/engine/secrets.h"
#include "server/server.h"
#include "storage/base/clock.h"
#include "storage/base/split_args.h"

namespace spinel::server {

void feed_monitors(Server& server, const Client& client, const Command& command, CommandArgs args) {
  if (command.has(CommandFlags::kSkipMonitor | CommandFlags::kAdmin)) return;
  const int64_t now_us = storage::wall_clock_us();
  const std::string source =
      client.unix_socket ? "unix:" + server.config.unixsocket : client.address;
  std::string line = fmt::format("+{}.{:06} [{} {}]", now_us / 1'000'000, now_us % 1'000'000,
                                 client.database, source);
  for (std::string_view arg : without_secrets(command, args)) {
    line += ' ';
    line += storage::quote_arg(arg);
  }
  line += "\r\n";
  for (Client* monitor : server.clients.monitors) {
    monitor->output.append(line);
    if (server.reply_gate.active()) server.reply_gate.hold_for_all(*monitor);
    monitor->transport().output_ready();
    server.clients.check_output_limit(*monitor);
  }
}

}  // namespace spinel::server
