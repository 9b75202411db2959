// MONITOR: a copy of every command that is executed, for those who asked to watch.
#pragma once

#include "server/engine/table.h"

namespace spinel::server {

class Client;
class Server;

// Sends the command to all clients in MONITOR mode. Administrative commands are not shown, secrets
// are left out.
void feed_monitors(Server& server, const Client& client, const Command& command, CommandArgs args);

}  // namespace spinel::server
