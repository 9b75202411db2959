// The text of INFO, for the command and for crash reports.
#pragma once

#include <string>

#include "server/stats/info_writer.h"

namespace spinel::server {

class Server;

// The sections that `selection` names. Takes locks and memory of the allocator.
std::string describe_server(Server& server, InfoSelection selection);

}  // namespace spinel::server
