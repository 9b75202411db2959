#include "server/stats/info_stats.h"

namespace spinel::server {
namespace {

void write_traffic(InfoWriter& info, const Stats& stats, const InstantaneousRates& rates) {
  info.field("total_connections_received", stats.total_connections_received);
  info.field("total_commands_processed", stats.total_commands_processed);
  info.field("instantaneous_ops_per_sec", rates.ops_per_second());
  info.field("total_net_input_bytes",
             stats.total_net_input_bytes + stats.total_net_repl_input_bytes);
  info.field("total_net_output_bytes",
             stats.total_net_output_bytes + stats.total_net_repl_output_bytes);
  info.field("total_net_repl_input_bytes", stats.total_net_repl_input_bytes);
  info.field("total_net_repl_output_bytes", stats.total_net_repl_output_bytes);
  info.fixed("instantaneous_input_kbps", rates.input_kbps());
  info.fixed("instantaneous_output_kbps", rates.output_kbps());
  info.fixed("instantaneous_input_repl_kbps", rates.input_repl_kbps());
  info.fixed("instantaneous_output_repl_kbps", rates.output_repl_kbps());
  info.field("rejected_connections", stats.rejected_connections);
}

void write_keyspace(InfoWriter& info, const Stats& stats, const StatsGauges& gauges) {
  info.field("expired_subkeys", stats.expired_subkeys);  // since 7.4
  info.field("expired_keys", stats.expired_keys);
  info.fixed("expired_stale_perc", stats.expired_stale_perc);
  info.field("expired_time_cap_reached_count", stats.expired_time_cap_reached_count);
  info.field("expire_cycle_cpu_milliseconds", stats.expire_cycle_cpu_us / 1000);
  info.field("evicted_keys", stats.evicted_keys);
  info.field("evicted_clients", stats.evicted_clients);
  // The time of a spell that still lasts is part of the total.
  info.field("total_eviction_exceeded_time", stats.total_eviction_exceeded_time_us / 1000 +
                                                 gauges.current_eviction_exceeded_time_ms);
  info.field("current_eviction_exceeded_time", gauges.current_eviction_exceeded_time_ms);
  info.field("keyspace_hits", stats.keyspace_hits);
  info.field("keyspace_misses", stats.keyspace_misses);
}

void write_features(InfoWriter& info, const Stats& stats, const StatsGauges& gauges) {
  info.field("pubsub_channels", gauges.pubsub_channels);
  info.field("pubsub_patterns", gauges.pubsub_patterns);
  info.field("pubsubshard_channels", gauges.pubsubshard_channels);
  info.field("latest_fork_usec", stats.latest_fork_us);
  info.field("total_forks", stats.total_forks);
  info.field("migrate_cached_sockets", gauges.migrate_cached_sockets);
  info.field("slave_expires_tracked_keys", gauges.replica_expires_tracked_keys);
  info.field("active_defrag_hits", stats.active_defrag_hits);
  info.field("active_defrag_misses", stats.active_defrag_misses);
  info.field("active_defrag_key_hits", stats.active_defrag_key_hits);
  info.field("active_defrag_key_misses", stats.active_defrag_key_misses);
  info.field("total_active_defrag_time",
             stats.total_active_defrag_time_us / 1000 + gauges.current_active_defrag_time_ms);
  info.field("current_active_defrag_time", gauges.current_active_defrag_time_ms);
  info.field("tracking_total_keys", gauges.tracking_total_keys);
  info.field("tracking_total_items", gauges.tracking_total_items);
  info.field("tracking_total_prefixes", gauges.tracking_total_prefixes);
}

void write_errors_and_io(InfoWriter& info, const Stats& stats) {
  info.field("unexpected_error_replies", stats.unexpected_error_replies);
  info.field("total_error_replies", stats.total_error_replies);
  info.field("dump_payload_sanitizations", stats.dump_payload_sanitizations);
  info.field("total_reads_processed", stats.total_reads_processed);
  info.field("total_writes_processed", stats.total_writes_processed);
  info.field("io_threaded_reads_processed", stats.io_threaded_reads_processed);
  info.field("io_threaded_writes_processed", stats.io_threaded_writes_processed);
  info.field("client_query_buffer_limit_disconnections",
             stats.client_query_buffer_limit_disconnections);
  info.field("client_output_buffer_limit_disconnections",
             stats.client_output_buffer_limit_disconnections);
  info.field("reply_buffer_shrinks", stats.reply_buffer_shrinks);
  info.field("reply_buffer_expands", stats.reply_buffer_expands);
}

void write_eventloop_and_acl(InfoWriter& info, const Stats& stats,
                             const InstantaneousRates& rates) {
  info.field("eventloop_cycles", stats.eventloop_cycles);
  info.field("eventloop_duration_sum", stats.eventloop_duration_ns / 1000);
  info.field("eventloop_duration_cmd_sum", stats.eventloop_duration_command_ns / 1000);
  info.field("instantaneous_eventloop_cycles_per_sec", rates.eventloop_cycles_per_second());
  info.field("instantaneous_eventloop_duration_usec", rates.eventloop_duration_us());
  info.field("acl_access_denied_auth", stats.acl_access_denied_auth);
  info.field("acl_access_denied_cmd", stats.acl_access_denied_cmd);
  info.field("acl_access_denied_key", stats.acl_access_denied_key);
  info.field("acl_access_denied_channel", stats.acl_access_denied_channel);
}

}  // namespace

void write_stats_section(InfoWriter& info, const Stats& stats, const InstantaneousRates& rates,
                         const StatsGauges& gauges) {
  if (!info.begin(InfoSection::kStats)) return;
  write_traffic(info, stats, rates);
  info.field("sync_full", stats.sync_full);
  info.field("sync_partial_ok", stats.sync_partial_ok);
  info.field("sync_partial_err", stats.sync_partial_err);
  write_keyspace(info, stats, gauges);
  write_features(info, stats, gauges);
  write_errors_and_io(info, stats);
  write_eventloop_and_acl(info, stats, rates);
}

}  // namespace spinel::server
