#include "server/persistence/value_limits.h"

#include "server/engine/encoding_limits.h"
#include "server/server.h"

namespace spinel::server {

persistence::rdb::ValueLimits value_limits(const Server& server) {
  const Config& config = server.config;
  return {.set = set_limits(config),
          .sorted_set = sorted_set_limits(config),
          .hash = hash_limits(config),
          .list = list_options(config, server.debug.list_large_element_bytes),
          .compress_bitmaps = config.bitmap_compression};
}

}  // namespace spinel::server
