// Rows of the option table: replication and cluster.
#include "server/config/options.h"

namespace spinel::server {
namespace {

constexpr std::string_view kNoCluster = "cluster mode is not available yet";
constexpr int64_t kLeastBacklog = 16 << 10;

ConfigError check_hostname(const std::string& name) {
  if (name.size() > 255) return "Hostnames must be less than 256 characters";
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '.') {
      return "Hostnames may only contain alphanumeric characters, hyphens or dots";
    }
  }
  return std::nullopt;
}

ConfigError check_nodename(const std::string& name) {
  for (const char c : name) {
    if (c <= ' ' || c > '~' ||
        std::string_view("\"#'(),;<=>@[\\]{|}").find(c) != std::string_view::npos) {
      return "Announced human node name contained invalid character";
    }
  }
  return std::nullopt;
}

std::vector<Option> replicas() {
  return {
      {.name = "replicaof",
       .alias = "slaveof",
       .value = replicaof_value(),
       .flags = kImmutable,
       .comment = "Host and port of the master that this server copies. no one: it is a master.\n",
       .example = "192.0.2.1 6379"},
      {.name = "masterauth",
       .value = text(&Config::masterauth),
       .comment = "Password for the master.\n"},
      {.name = "masteruser",
       .value = text(&Config::masteruser),
       .comment = "User that this password belongs to. Empty: the default user.\n"},
      {.name = "replica-serve-stale-data",
       .alias = "slave-serve-stale-data",
       .value = yes_no(&Config::replica_serve_stale_data),
       .comment = "Whether a replica answers while it has no connection to its master.\n"},
      {.name = "replica-read-only",
       .alias = "slave-read-only",
       .value = yes_no(&Config::replica_read_only),
       .comment = "Whether a replica refuses writes of clients.\n"},
      {.name = "replica-ignore-maxmemory",
       .alias = "slave-ignore-maxmemory",
       .value = yes_no(&Config::replica_ignore_maxmemory),
       .comment = "Whether a replica leaves eviction to its master.\n"},
      {.name = "replica-lazy-flush",
       .alias = "slave-lazy-flush",
       .value = yes_no(&Config::replica_lazy_flush),
       .comment = "Whether a replica frees its old data in the background before a full copy.\n"},
      {.name = "replica-ignore-disk-write-errors",
       .value = yes_no(&Config::replica_ignore_disk_write_errors),
       .comment = "Whether a replica continues when it cannot write its own files.\n"},
      {.name = "replica-priority",
       .alias = "slave-priority",
       .value = integer(&Config::replica_priority),
       .comment = "The replica with the lowest number is promoted first. 0: never.\n"},
      {.name = "replica-announced",
       .value = yes_no(&Config::replica_announced),
       .comment = "Whether this replica is listed as one.\n"},
      {.name = "replica-announce-ip",
       .alias = "slave-announce-ip",
       .value = text(&Config::replica_announce_ip),
       .comment = "Address by which others reach this replica. Empty: the one its master sees.\n"},
      {.name = "replica-announce-port",
       .alias = "slave-announce-port",
       .value = integer(&Config::replica_announce_port, 0, 65535),
       .comment = "Port by which others reach this replica. 0: the one it listens on.\n"},
      {.name = "repl-diskless-sync",
       .value = yes_no(&Config::repl_diskless_sync),
       .comment = "Send a full copy straight to the sockets, without a file.\n"},
      {.name = "repl-diskless-sync-delay",
       .value = integer(&Config::repl_diskless_sync_delay_s),
       .comment = "Seconds that such a copy waits for more replicas.\n"},
      {.name = "repl-diskless-sync-max-replicas",
       .value = integer(&Config::repl_diskless_sync_max_replicas),
       .comment = "Number of replicas with which it starts at once. 0: it always waits.\n"},
      {.name = "repl-diskless-load",
       .value = choice(&Config::repl_diskless_load, {{"disabled", DisklessLoad::kDisabled},
                                                     {"on-empty-db", DisklessLoad::kOnEmptyDb},
                                                     {"swapdb", DisklessLoad::kSwapdb}}),
       .comment =
           "Load a full copy straight from the socket: disabled, on-empty-db, or swapdb (keeping\n"
           "the old data until the new is complete).\n"},
      {.name = "repl-ping-replica-period",
       .alias = "repl-ping-slave-period",
       .value = integer(&Config::repl_ping_replica_period_s, 1),
       .comment = "Seconds between pings of a master.\n"},
      {.name = "repl-timeout",
       .value = integer(&Config::repl_timeout_s, 1),
       .comment = "Seconds of silence after which the other side counts as lost.\n"},
      {.name = "repl-disable-tcp-nodelay",
       .value = yes_no(&Config::repl_disable_tcp_nodelay),
       .comment = "Fewer packets to replicas, at the price of delay.\n"},
      {.name = "repl-backlog-size",
       .value = memory(&Config::repl_backlog_size_bytes, 1, INT64_MAX, kLeastBacklog),
       .comment = "Writes kept for replicas that come back, so that they need no full copy.\n"},
      {.name = "repl-backlog-ttl",
       .value = integer(&Config::repl_backlog_ttl_s),
       .comment = "Seconds that they are kept after the last replica left. 0: forever.\n"},
      {.name = "min-replicas-to-write",
       .alias = "min-slaves-to-write",
       .value = integer(&Config::min_replicas_to_write),
       .comment = "Refuse writes unless so many replicas follow closely.\n"},
      {.name = "min-replicas-max-lag",
       .alias = "min-slaves-max-lag",
       .value = integer(&Config::min_replicas_max_lag_s),
       .comment = "Seconds that a replica may be behind and still count for that.\n"},
      {.name = "propagation-error-behavior",
       .value = choice(&Config::propagation_error_behavior,
                       {{"ignore", PropagationErrorBehavior::kIgnore},
                        {"panic", PropagationErrorBehavior::kPanic},
                        {"panic-on-replicas", PropagationErrorBehavior::kPanicOnReplicas}}),
       .comment = "When a replicated command fails: ignore, panic, or panic-on-replicas.\n"},
  };
}

std::vector<Option> cluster() {
  return {
      {.name = "cluster-enabled",
       .value = yes_no(&Config::cluster_enabled),
       .flags = kImmutable,
       .support = Support::kRefused,
       .comment = "Run as a node of a cluster.\n"},
      {.name = "cluster-config-file",
       .value = text(&Config::cluster_config_file),
       .flags = kImmutable,
       .support = Support::kIgnored,
       .comment = "File with the node's state of the cluster. Do not edit it.\n"},
      {.name = "cluster-port",
       .value = integer(&Config::cluster_port, 0, 65535),
       .flags = kImmutable,
       .support = Support::kIgnored,
       .comment = "Port for connections between nodes. 0: the client port plus 10000.\n"},
      {.name = "cluster-node-timeout",
       .value = integer(&Config::cluster_node_timeout_ms),
       .support = Support::kIgnored,
       .comment = "Milliseconds after which a silent node counts as failing.\n"},
      {.name = "cluster-replica-validity-factor",
       .alias = "cluster-slave-validity-factor",
       .value = integer(&Config::cluster_replica_validity_factor),
       .support = Support::kIgnored,
       .comment = "A replica out of touch for longer than this many timeouts does not stand for\n"
                  "election. 0: it always does.\n"},
      {.name = "cluster-migration-barrier",
       .value = integer(&Config::cluster_migration_barrier),
       .support = Support::kIgnored,
       .comment = "Replicas that a master must keep when one moves to a master without any.\n"},
      {.name = "cluster-allow-replica-migration",
       .value = yes_no(&Config::cluster_allow_replica_migration),
       .support = Support::kIgnored,
       .comment = "Whether replicas move on their own at all.\n"},
      {.name = "cluster-require-full-coverage",
       .value = yes_no(&Config::cluster_require_full_coverage),
       .support = Support::kIgnored,
       .comment = "Answer no queries while any slot has no node.\n"},
      {.name = "cluster-replica-no-failover",
       .alias = "cluster-slave-no-failover",
       .value = yes_no(&Config::cluster_replica_no_failover),
       .support = Support::kIgnored,
       .comment = "Never take over from the master, except by command.\n"},
      {.name = "cluster-allow-reads-when-down",
       .value = yes_no(&Config::cluster_allow_reads_when_down),
       .support = Support::kIgnored,
       .comment = "Serve reads even while the cluster is down.\n"},
      {.name = "cluster-allow-pubsubshard-when-down",
       .value = yes_no(&Config::cluster_allow_pubsubshard_when_down),
       .support = Support::kIgnored,
       .comment = "Serve sharded Pub/Sub even while the cluster is down.\n"},
      {.name = "cluster-link-sendbuf-limit",
       .value = memory(&Config::cluster_link_sendbuf_limit_bytes, 0, UINT64_MAX),
       .support = Support::kIgnored,
       .comment =
           "Memory for what waits to be sent to one node; beyond it the link is closed. 0: no\n"
           "limit.\n"},
      {.name = "cluster-announce-ip",
       .value = text(&Config::cluster_announce_ip),
       .support = Support::kIgnored,
       .comment = "Address that is announced to others. Empty: the one they see.\n"},
      {.name = "cluster-announce-port",
       .value = integer(&Config::cluster_announce_port, 0, 65535),
       .support = Support::kIgnored,
       .comment = "Port that is announced. 0: the one it listens on.\n"},
      {.name = "cluster-announce-tls-port",
       .value = integer(&Config::cluster_announce_tls_port, 0, 65535),
       .support = Support::kIgnored,
       .comment = "Port for TLS that is announced.\n"},
      {.name = "cluster-announce-bus-port",
       .value = integer(&Config::cluster_announce_bus_port, 0, 65535),
       .support = Support::kIgnored,
       .comment = "Port of the cluster bus that is announced.\n"},
      {.name = "cluster-announce-hostname",
       .value = text(&Config::cluster_announce_hostname, check_hostname),
       .support = Support::kIgnored,
       .comment = "Host name that is announced.\n"},
      {.name = "cluster-announce-human-nodename",
       .value = text(&Config::cluster_announce_human_nodename, check_nodename),
       .support = Support::kIgnored,
       .comment = "Name of this node in logs.\n"},
      {.name = "cluster-preferred-endpoint-type",
       .value = choice(&Config::cluster_preferred_endpoint_type,
                       {{"ip", EndpointType::kIp},
                        {"hostname", EndpointType::kHostname},
                        {"unknown-endpoint", EndpointType::kUnknown}}),
       .support = Support::kIgnored,
       .comment =
           "What redirections name: ip, hostname, or unknown-endpoint (the client keeps the host\n"
           "that it used).\n"},
  };
}

}  // namespace

std::vector<OptionSection> cluster_options() {
  return {{"Replication", replicas()}, {"Cluster", with_reason(kNoCluster, cluster())}};
}

}  // namespace spinel::server
