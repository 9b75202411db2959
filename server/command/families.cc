#include "server/command/families.h"

#include <vector>

namespace spinel::server {

std::span<const CommandFamily> all_command_families() {
  static const std::vector<CommandFamily> families = {
      client_commands(),  command_commands(), connection_commands(),
      latency_commands(), slowlog_commands(), string_commands(),
  };
  return families;
}

}  // namespace spinel::server
