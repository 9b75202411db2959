// How values that are loaded or restored are stored.
#pragma once

#include "persistence/rdb/value.h"

namespace spinel::server {

class Server;

// What the configuration says of encodings and bitmaps at this moment.
persistence::rdb::ValueLimits value_limits(const Server& server);

}  // namespace spinel::server
