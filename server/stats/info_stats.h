// Section "stats" of INFO.
#pragma once

#include <cstdint>

#include "server/stats/info_writer.h"
#include "server/stats/instantaneous.h"
#include "server/stats/stats.h"

namespace spinel::server {

// What the section shows of the state of other parts, as opposed to what was counted.
struct StatsGauges {
  int64_t current_eviction_exceeded_time_ms =
      0;  // since memory went over maxmemory; 0 if it is not
  int64_t pubsub_channels = 0;
  int64_t pubsub_patterns = 0;
  int64_t pubsubshard_channels = 0;
  int64_t migrate_cached_sockets = 0;
  int64_t replica_expires_tracked_keys = 0;
  int64_t current_active_defrag_time_ms = 0;
  int64_t tracking_total_keys = 0;
  int64_t tracking_total_items = 0;
  int64_t tracking_total_prefixes = 0;
};

// Writes the section if it was asked for.
void write_stats_section(InfoWriter& info, const Stats& stats, const InstantaneousRates& rates,
                         const StatsGauges& gauges);

}  // namespace spinel::server
