// INFO: everything there is to know about the server, in sections of lines.
#include "server/info.h"

#include <algorithm>
#include <filesystem>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "server/engine/context.h"
#include "server/engine/families.h"
#include "server/memory_report.h"
#include "server/process/supervisor.h"
#include "server/stats/info_stats.h"
#include "server/stats/info_writer.h"
#include "server/version.h"
#include "storage/base/clock.h"

namespace spinel::server {
namespace {

// "listener0:name=tcp,bind=127.0.0.1,bind=::1,port=6379"
void write_listeners(InfoWriter& info, const Config& config) {
  int number = 0;
  if (config.port != 0) {
    std::string binds;
    for (const std::string& address : config.bind) binds += ",bind=" + address;
    info.line("listener{}:name=tcp{},port={}", number++, binds, config.port);
  }
  if (!config.unixsocket.empty()) {
    info.line("listener{}:name=unix,bind={}", number, config.unixsocket);
  }
}

void write_server(InfoWriter& info, const Server& server) {
  if (!info.begin(InfoSection::kServer)) return;
  static const std::string executable = [] {
    std::error_code ignored;
    return std::filesystem::read_symlink("/proc/self/exe", ignored).string();
  }();
  utsname system{};
  uname(&system);
  const int64_t now_us = storage::wall_clock_us();
  const int64_t uptime_s = (now_us / 1000 - server.started_at_ms) / 1000;
  info.field("redis_version", kRedisVersion);
  info.field("spinel_version", kSpinelVersion);
  info.field("redis_git_sha1", "00000000");
  info.field("redis_git_dirty", 0);
  info.line("redis_build_id:{:016x}", build_id());
  info.field("redis_mode", "standalone");
  info.line("os:{} {} {}", system.sysname, system.release, system.machine);
  info.field("arch_bits", static_cast<int>(sizeof(void*) * 8));
  info.field("monotonic_clock", "POSIX clock_gettime");
  info.field("multiplexing_api", "epoll");
  info.field("atomicvar_api", "c11-builtin");
  info.line("gcc_version:{}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
  info.field("process_id", ::getpid());
  info.field("process_supervised", supervision_name(server.supervision));
  info.field("run_id", server.run_id);
  info.field("tcp_port", server.config.port);
  info.field("server_time_usec", now_us);
  info.field("uptime_in_seconds", uptime_s);
  info.field("uptime_in_days", uptime_s / (24 * 3600));
  info.field("hz", server.rounds_per_second());
  info.field("configured_hz", server.config.hz);
  info.field("lru_clock", (now_us / 1'000'000) & 0xffffff);
  info.field("executable", executable);
  info.field("config_file", server.config.config_file);
  info.field("io_threads_active", 0);
  write_listeners(info, server.config);
}

void write_clients(InfoWriter& info, const Server& server) {
  if (!info.begin(InfoSection::kClients)) return;
  size_t largest_input = 0;
  size_t largest_output = 0;
  size_t replicas = 0;
  for (const auto& [id, client] : server.clients) {
    largest_input = std::max(largest_input, client->transport().query_buffer_capacity());
    largest_output = std::max(largest_output, client->output.size());
    if (client->is_replica()) ++replicas;
  }
  info.field("connected_clients", server.clients.size() - replicas);
  info.field("cluster_connections", 0);
  info.field("maxclients", server.config.maxclients);
  info.field("client_recent_max_input_buffer", largest_input);
  info.field("client_recent_max_output_buffer", largest_output);
  info.field("blocked_clients", server.blocked.count());
  info.field("tracking_clients", server.tracking.client_count());
  info.field("pubsub_clients", server.pubsub.client_count());
  info.field("watching_clients", server.watched_keys.client_count());
  info.field("clients_in_timeout_table", server.blocked.deadline_count());
  info.field("total_watched_keys", server.watched_keys.key_count());
  info.field("total_blocking_keys", server.blocked.keys_waited_for());
  info.field("total_blocking_keys_on_nokey", 0);
}

void write_memory(InfoWriter& info, const Server& server) {
  if (!info.begin(InfoSection::kMemory)) return;
  const MemoryReport memory = measure_memory(server);
  const auto bytes = [&info](std::string_view name, std::string_view human, size_t value) {
    info.field(name, value);
    info.human_bytes(human, value);
  };
  bytes("used_memory", "used_memory_human", memory.used);
  bytes("used_memory_rss", "used_memory_rss_human", memory.resident_set);
  bytes("used_memory_peak", "used_memory_peak_human", memory.peak);
  info.percent("used_memory_peak_perc", memory.peak_percent());
  info.field("used_memory_overhead", memory.overhead);
  info.field("used_memory_startup", memory.startup);
  info.field("used_memory_dataset", memory.dataset());
  info.percent("used_memory_dataset_perc", memory.dataset_percent());
  info.field("allocator_allocated", memory.allocator.allocated);
  info.field("allocator_active", memory.allocator.active);
  info.field("allocator_resident", memory.allocator.resident);
  bytes("total_system_memory", "total_system_memory_human", memory.system);
  info.field("used_memory_lua", 0);
  info.field("used_memory_vm_eval", 0);
  info.human_bytes("used_memory_lua_human", 0);
  info.field("used_memory_scripts_eval", 0);
  info.field("number_of_cached_scripts", 0);
  info.field("number_of_functions", 0);
  info.field("number_of_libraries", 0);
  info.field("used_memory_vm_functions", 0);
  bytes("used_memory_vm_total", "used_memory_vm_total_human", 0);
  info.field("used_memory_functions", 0);
  bytes("used_memory_scripts", "used_memory_scripts_human", 0);
  bytes("maxmemory", "maxmemory_human", server.config.maxmemory_bytes);
  info.field("maxmemory_policy", policy_name(server.config.maxmemory_policy));
  info.fixed("allocator_frag_ratio", memory.allocator.fragmentation_ratio());
  info.field("allocator_frag_bytes", memory.allocator.fragmentation_bytes());
  info.fixed("allocator_rss_ratio", memory.allocator.resident_overhead_ratio());
  info.field("allocator_rss_bytes", memory.allocator.resident_overhead_bytes());
  info.fixed("rss_overhead_ratio", memory.rss_overhead_ratio());
  info.field("rss_overhead_bytes", memory.rss_overhead_bytes());
  info.fixed("mem_fragmentation_ratio", memory.fragmentation_ratio());
  info.field("mem_fragmentation_bytes", memory.fragmentation_bytes());
  info.field("mem_not_counted_for_evict", server.memory_limit.not_counted_bytes());
  info.field("mem_replication_backlog", memory.backlog);
  info.field("mem_total_replication_buffers", server.replication->stream_bytes());
  info.field("mem_clients_slaves", memory.replicas);
  info.field("mem_clients_normal", memory.clients);
  info.field("mem_cluster_links", 0);
  info.field("mem_aof_buffer",
             server.append_only_file.enabled() ? server.effects.log().memory_bytes() : 0);
  info.field("mem_allocator", storage::allocator_name());
  info.field("active_defrag_running", 0);
  info.field("lazyfree_pending_objects", server.keyspace.lazy_free.pending());
  info.field("lazyfreed_objects", server.keyspace.lazy_free.freed());
}

std::string_view ok_or_err(bool ok) {
  return ok ? "ok" : "err";
}

void write_child(InfoWriter& info, const Server& server) {
  const BackgroundChild& child = server.child;
  const bool running = child.running();
  const persistence::ChildProgress progress =
      running ? child.progress() : persistence::ChildProgress();
  const uint64_t total = running ? child.keys_total() : 0;
  const int64_t measured_ms = progress.copied_at_unix_ms;
  info.field("current_cow_peak", running ? child.copied_peak_bytes() : 0);
  info.field("current_cow_size", progress.copied_bytes);
  info.field("current_cow_size_age", measured_ms == 0 ? 0 : (server.now_ms() - measured_ms) / 1000);
  info.fixed(
      "current_fork_perc",
      total == 0 ? 0 : 100.0 * static_cast<double>(progress.keys) / static_cast<double>(total));
  info.field("current_save_keys_processed", progress.keys);
  info.field("current_save_keys_total", total);
}

void write_append_only_file(InfoWriter& info, const Server& server) {
  const AppendOnlyFile& aof = server.append_only_file;
  info.field("aof_current_size", aof.current_size_bytes());
  info.field("aof_base_size", aof.base_size_bytes());
  info.field("aof_pending_rewrite", aof.rewrite_scheduled());
  info.field("aof_buffer_length", aof.buffer_bytes());
  info.field("aof_pending_bio_fsync", aof.sync_pending());
  info.field("aof_delayed_fsync", server.stats.aof_delayed_fsync);
}

void write_loading(InfoWriter& info, const Loading& loading) {
  info.field("loading_start_time", loading.started_s());
  info.field("loading_total_bytes", loading.total_bytes());
  info.field("loading_rdb_used_mem", loading.rdb_used_memory());
  info.field("loading_loaded_bytes", loading.loaded_bytes());
  info.fixed("loading_loaded_perc", loading.loaded_percent());
  info.field("loading_eta_seconds", loading.seconds_left());
}

void write_persistence(InfoWriter& info, const Server& server) {
  if (!info.begin(InfoSection::kPersistence)) return;
  const Snapshots& snapshots = server.snapshots;
  const bool saving = server.child.running(ChildKind::kSnapshot);
  info.field("loading", server.loading.active());
  info.field("async_loading", server.loading.async());
  write_child(info, server);
  info.field("rdb_changes_since_last_save", server.dirty);
  info.field("rdb_bgsave_in_progress", saving);
  info.field("rdb_last_save_time", snapshots.last_save_s());
  info.field("rdb_last_bgsave_status", ok_or_err(!snapshots.failing()));
  info.field("rdb_last_bgsave_time_sec", snapshots.last_background_s());
  info.field("rdb_current_bgsave_time_sec", saving ? server.child.seconds_running() : -1);
  info.field("rdb_saves", server.stats.rdb_saves);
  info.field("rdb_last_cow_size", snapshots.last_copied_bytes());
  info.field("rdb_last_load_keys_expired", server.loading.last_keys_expired());
  info.field("rdb_last_load_keys_loaded", server.loading.last_keys_loaded());
  const AppendOnlyFile& aof = server.append_only_file;
  const bool rewriting = server.child.running(ChildKind::kAofRewrite);
  info.field("aof_enabled", aof.enabled());
  info.field("aof_rewrite_in_progress", rewriting);
  info.field("aof_rewrite_scheduled", aof.rewrite_scheduled());
  info.field("aof_last_rewrite_time_sec", aof.last_rewrite_s());
  info.field("aof_current_rewrite_time_sec", rewriting ? server.child.seconds_running() : -1);
  info.field("aof_last_bgrewrite_status", ok_or_err(aof.last_rewrite_ok()));
  info.field("aof_rewrites", server.stats.aof_rewrites);
  info.field("aof_rewrites_consecutive_failures", server.stats.aof_rewrites_consecutive_failures);
  info.field("aof_last_write_status", ok_or_err(!aof.failing()));
  info.field("aof_last_cow_size", aof.last_copied_bytes());
  info.field("module_fork_in_progress", 0);
  info.field("module_fork_last_cow_size", 0);
  if (aof.enabled()) write_append_only_file(info, server);
  if (server.loading.active() || server.loading.async()) write_loading(info, server.loading);
}

void write_replication(InfoWriter& info, const Server& server) {
  if (!info.begin(InfoSection::kReplication)) return;
  server.replication->write_info(info);
}

void write_cpu(InfoWriter& info) {
  if (!info.begin(InfoSection::kCpu)) return;
  const auto times = [&info](int who, std::string_view system, std::string_view user) {
    rusage usage{};
    getrusage(who, &usage);
    info.line("{}:{}.{:06}", system, usage.ru_stime.tv_sec, usage.ru_stime.tv_usec);
    info.line("{}:{}.{:06}", user, usage.ru_utime.tv_sec, usage.ru_utime.tv_usec);
  };
  times(RUSAGE_SELF, "used_cpu_sys", "used_cpu_user");
  times(RUSAGE_CHILDREN, "used_cpu_sys_children", "used_cpu_user_children");
  times(RUSAGE_THREAD, "used_cpu_sys_main_thread", "used_cpu_user_main_thread");
}

void write_commands(InfoWriter& info, const Server& server) {
  const auto each = [&server](auto&& write) {
    for (uint32_t id = 0; id < server.commands.id_count(); ++id) {
      write(server.commands.by_id(id).name, server.command_stats[id]);
    }
  };
  if (info.begin(InfoSection::kCommandstats)) {
    each([&info](const std::string& name, const CommandStats& stats) {
      if (!stats.empty()) stats.append_info(info.text(), name);
    });
  }
  if (info.begin(InfoSection::kErrorstats)) server.error_stats.append_info(info.text());
  if (info.begin(InfoSection::kLatencystats)) {
    each([&](const std::string& name, const CommandStats& stats) {
      if (stats.latency().total() > 0) {
        stats.latency().append_info(info.text(), name,
                                    server.config.latency_tracking_info_percentiles);
      }
    });
  }
}

void write_keyspace(InfoWriter& info, Server& server) {
  if (!info.begin(InfoSection::kKeyspace)) return;
  for (int i = 0; i < server.keyspace.database_count(); ++i) {
    const storage::Database& database = server.keyspace.database(i);
    if (database.size() == 0) continue;
    // Redis 7.4 has `subexpiry`, 7.2 does not: it is shown where a hash makes use of 7.4 as well.
    const std::string subexpiry =
        database.volatile_fields_count() == 0
            ? ""
            : fmt::format(",subexpiry={}", database.volatile_fields_count());
    info.line("db{}:keys={},expires={},avg_ttl={}{}", i, database.size(), database.volatile_count(),
              database.average_ttl_ms(), subexpiry);
  }
}

}  // namespace

std::string describe_server(Server& server, InfoSelection selection) {
  InfoWriter info(selection);
  write_server(info, server);
  write_clients(info, server);
  write_memory(info, server);
  write_persistence(info, server);
  write_stats_section(
      info, server.stats, server.rates,
      {.current_eviction_exceeded_time_ms = server.memory_limit.eviction().exceeded_us() / 1000,
       .pubsub_channels = static_cast<int64_t>(server.pubsub.count(TopicKind::kChannel)),
       .pubsub_patterns = static_cast<int64_t>(server.pubsub.count(TopicKind::kPattern)),
       .pubsubshard_channels = static_cast<int64_t>(server.pubsub.count(TopicKind::kShardChannel)),
       .migrate_cached_sockets = static_cast<int64_t>(server.migrate_connections.size()),
       .tracking_total_keys = static_cast<int64_t>(server.tracking.key_count()),
       .tracking_total_items = static_cast<int64_t>(server.tracking.item_count()),
       .tracking_total_prefixes = static_cast<int64_t>(server.tracking.prefix_count())});
  write_replication(info, server);
  write_cpu(info);
  info.begin(InfoSection::kModules);
  write_commands(info, server);
  if (info.begin(InfoSection::kCluster)) info.field("cluster_enabled", 0);
  write_keyspace(info, server);
  return std::move(info.text());
}

namespace {

void info_command(CommandContext& ctx) {
  const auto selection = InfoSelection::from_arguments(ctx.args.subspan(1));
  ctx.reply.verbatim("txt", describe_server(ctx.server, selection));
}

constexpr CommandRow kInfoRows[] = {
    {.name = "INFO",
     .handler = info_command,
     .arity = -1,
     .group = "server",
     .since = "1.0.0",
     .flags = "LOADING,STALE,SENTINEL",
     .acl = "DANGEROUS",
     .tips = "NONDETERMINISTIC_OUTPUT,REQUEST_POLICY:ALL_SHARDS,RESPONSE_POLICY:SPECIAL",
     .syntax = "[section:string ...]",
     .complexity = "O(1)",
     .summary = "Reports the state and the counters of the server.",
     .history = "7.0.0 Several sections in one call."},
};

}  // namespace

CommandFamily info_commands() {
  return kInfoRows;
}

}  // namespace spinel::server
