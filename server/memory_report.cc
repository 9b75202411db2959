#include "server/memory_report.h"

#include <algorithm>
#include <array>
#include <unistd.h>

#include "server/server.h"

namespace spinel::server {

namespace {

double ratio(size_t a, size_t b) {
  return b == 0 ? 0.0 : static_cast<double>(a) / static_cast<double>(b);
}

int64_t difference(size_t a, size_t b) {
  return static_cast<int64_t>(a) - static_cast<int64_t>(b);
}

}  // namespace

double MemoryReport::dataset_percent() const {
  return used > startup ? 100 * ratio(dataset(), used - startup) : 0.0;
}
double MemoryReport::peak_percent() const {
  return 100 * ratio(used, peak);
}
double MemoryReport::bytes_per_key() const {
  return used > startup ? ratio(used - startup, keys) : 0.0;
}
double MemoryReport::fragmentation_ratio() const {
  return ratio(resident_set, used);
}
int64_t MemoryReport::fragmentation_bytes() const {
  return difference(resident_set, used);
}
double MemoryReport::rss_overhead_ratio() const {
  return ratio(resident_set, allocator.resident);
}
int64_t MemoryReport::rss_overhead_bytes() const {
  return difference(resident_set, allocator.resident);
}

MemoryReport measure_memory(const Server& server) {
  MemoryReport report;
  report.used = storage::used_memory();
  report.peak = std::max(report.used, static_cast<size_t>(server.memory_peak.peak_bytes()));
  report.startup = server.memory_at_start;
  for (const auto& [id, client] : server.clients) {
    (client->is_replica() ? report.replicas : report.clients) += client->memory_bytes();
  }
  report.backlog = server.replication->backlog_bytes();
  report.replicas += server.replication->stream_bytes() - report.backlog;
  for (int i = 0; i < server.keyspace.database_count(); ++i) {
    const storage::Database& database = server.keyspace.database(i);
    report.tables += database.table_bytes();
    report.keys += database.size();
  }
  report.overhead =
      report.startup + report.clients + report.replicas + report.backlog + report.tables;
  report.resident_set = storage::resident_set_bytes();
  report.system =
      static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  report.allocator = storage::allocator_stats();
  return report;
}

std::string_view policy_name(MaxmemoryPolicy policy) {
  static constexpr std::array<std::string_view, 8> kNames = {
      "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl",
      "allkeys-lru",  "allkeys-lfu",  "allkeys-random",  "noeviction"};
  return kNames[static_cast<size_t>(policy)];
}

}  // namespace spinel::server
