// The configuration of a server: one plain struct that hot paths read directly.
//
// A field is named after its option with '_' for '-' and, where the option's name does not say it,
// the unit. The initialisers below are the only place of the defaults. The option's row in the
// table (server/config/options.h) has everything else: its text form, its range, and whether it may
// change at run time. The struct belongs to the command thread. Only load_config() and
// ConfigStore::set() change it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "server/log/log_level.h"
#include "storage/types/string.h"

namespace spinel::server {

enum class MaxmemoryPolicy {
  kVolatileLru,
  kVolatileLfu,
  kVolatileRandom,
  kVolatileTtl,
  kAllkeysLru,
  kAllkeysLfu,
  kAllkeysRandom,
  kNoeviction,
};

enum class Supervision { kNo, kUpstart, kSystemd, kAuto };
enum class DiskAppendFsync { kEverysec, kAlways, kNo };
enum class DisklessLoad { kDisabled, kOnEmptyDb, kSwapdb };
enum class SanitizeDump { kNo, kYes, kClients };
enum class OomScoreAdjust { kNo, kRelative, kAbsolute };
enum class EndpointType { kIp, kHostname, kUnknown };
enum class PropagationErrorBehavior { kIgnore, kPanic, kPanicOnReplicas };
enum class TlsAuthClients { kNo, kYes, kOptional };

// Who may use a protected feature: nobody, everybody, or clients on a loopback or Unix socket.
enum class ProtectedAccess { kNo, kYes, kLocal };

// Flags of shutdown-on-sigterm and shutdown-on-sigint.
inline constexpr uint32_t kShutdownSignalSave = 1;
inline constexpr uint32_t kShutdownSignalNosave = 2;
inline constexpr uint32_t kShutdownSignalNow = 4;
inline constexpr uint32_t kShutdownSignalForce = 8;

// Index into Config::client_output_buffer_limit.
enum class ClientClass { kNormal = 0, kReplica = 1, kPubsub = 2 };
inline constexpr size_t kClientClasses = 3;

// A client is closed when its pending output exceeds `hard_bytes`, or exceeds `soft_bytes` for
// `soft_s`. 0 = no limit.
struct OutputBufferLimit {
  uint64_t hard_bytes = 0;
  uint64_t soft_bytes = 0;
  int64_t soft_s = 0;
  bool operator==(const OutputBufferLimit&) const = default;
};

// A snapshot is due after at least `changes` writes within `seconds`.
struct SavePoint {
  int64_t seconds = 0;
  int64_t changes = 0;
  bool operator==(const SavePoint&) const = default;
};

// One `rename-command` line; an empty new name removes the command.
struct CommandRename {
  std::string from;
  std::string to;
  bool operator==(const CommandRename&) const = default;
};

struct Config {
  // Network
  std::vector<std::string> bind = {"*", "-::*"};  // a leading '-': may be missing on this machine
  std::string bind_source_addr;
  bool protected_mode = true;
  int port = 6379;  // 0 = no TCP listener
  int tcp_backlog = 511;
  std::string unixsocket;
  mode_t unixsocketperm = 0;  // 0 = what the umask gives
  int timeout_s = 0;          // idle clients are closed after this; 0 = never
  int tcp_keepalive_s = 300;  // 0 = off
  uint32_t socket_mark_id = 0;
  int max_new_connections_per_cycle = 10;
  int max_new_tls_connections_per_cycle = 1;

  // TLS
  int tls_port = 0;
  std::string tls_cert_file;
  std::string tls_key_file;
  std::string tls_key_file_pass;
  std::string tls_client_cert_file;
  std::string tls_client_key_file;
  std::string tls_client_key_file_pass;
  std::string tls_dh_params_file;
  std::string tls_ca_cert_file;
  std::string tls_ca_cert_dir;
  TlsAuthClients tls_auth_clients = TlsAuthClients::kYes;
  bool tls_replication = false;
  bool tls_cluster = false;
  std::string tls_protocols;
  std::string tls_ciphers;
  std::string tls_ciphersuites;
  bool tls_prefer_server_ciphers = false;
  bool tls_session_caching = true;
  int tls_session_cache_size = 20480;
  int tls_session_cache_timeout_s = 300;

  // General
  std::string dir;  // working directory, absolute; empty = not changed since the start
  bool daemonize = false;
  Supervision supervised = Supervision::kNo;
  std::string pidfile;  // empty with `daemonize yes` = kDefaultPidfile
  LogLevel loglevel = LogLevel::kNotice;
  std::string logfile;  // empty = standard output
  bool syslog_enabled = false;
  std::string syslog_ident = "redis";
  int syslog_facility = 16 << 3;  // LOG_LOCAL0, as <syslog.h> numbers them
  bool crash_log_enabled = true;
  bool crash_memcheck_enabled = true;
  bool use_exit_on_panic = false;
  int databases = 16;
  bool always_show_logo = false;
  bool set_proc_title = true;
  std::string proc_title_template = "{title} {listen-addr} {server-mode}";
  std::string locale_collate;
  std::string ignore_warnings;
  int watchdog_period_ms = 0;
  bool lua_enable_deprecated_api = false;
  bool disable_thp = true;
  std::string server_cpulist;
  std::string bio_cpulist;
  std::string aof_rewrite_cpulist;
  std::string bgsave_cpulist;
  OomScoreAdjust oom_score_adj = OomScoreAdjust::kNo;
  std::array<int, 3> oom_score_adj_values = {0, 200, 800};  // master, replica, background child
  int shutdown_timeout_s = 10;
  uint32_t shutdown_on_sigint = 0;   // kShutdownSignal... bits; 0 = default
  uint32_t shutdown_on_sigterm = 0;  // same

  // Security
  std::string requirepass;         // empty = no password
  std::vector<std::string> users;  // the text after `user` of each such line
  std::string aclfile;
  int64_t acllog_max_len = 128;
  bool acl_pubsub_default_allchannels = false;
  std::vector<CommandRename> rename_commands;
  ProtectedAccess enable_protected_configs = ProtectedAccess::kNo;
  ProtectedAccess enable_debug_command = ProtectedAccess::kNo;
  ProtectedAccess enable_module_command = ProtectedAccess::kNo;
  std::vector<std::string> loadmodules;

  // Clients
  uint32_t maxclients = 10000;
  uint64_t client_query_buffer_limit_bytes = 1ull << 30;
  uint64_t proto_max_bulk_len_bytes = 512ull << 20;
  // How long an argument or a string may be: as configured, but no longer than can be stored.
  uint64_t max_string_bytes() const {
    return std::min(proto_max_bulk_len_bytes, storage::kMaxStringBytes);
  }
  std::array<OutputBufferLimit, kClientClasses> client_output_buffer_limit = {{
      {0, 0, 0},
      {256ull << 20, 64ull << 20, 60},
      {32ull << 20, 8ull << 20, 60},
  }};
  int64_t maxmemory_clients =
      0;  // bytes; negative: minus the percentage of maxmemory; 0 = no limit
  uint64_t tracking_table_max_keys = 1000000;

  // Memory
  uint64_t maxmemory_bytes = 0;  // 0 = no limit
  MaxmemoryPolicy maxmemory_policy = MaxmemoryPolicy::kNoeviction;
  int maxmemory_samples = 5;
  int maxmemory_eviction_tenacity = 10;
  int lfu_log_factor = 10;
  int lfu_decay_time_minutes = 1;
  int active_expire_effort = 1;
  bool lazyfree_lazy_eviction = false;
  bool lazyfree_lazy_expire = false;
  bool lazyfree_lazy_server_del = false;
  bool lazyfree_lazy_user_del = false;
  bool lazyfree_lazy_user_flush = false;
  bool activerehashing = true;
  bool jemalloc_bg_thread = true;
  bool activedefrag = false;
  uint64_t active_defrag_ignore_bytes = 100ull << 20;
  int active_defrag_threshold_lower_percent = 10;
  int active_defrag_threshold_upper_percent = 100;
  int active_defrag_cycle_min_percent = 1;
  int active_defrag_cycle_max_percent = 25;
  uint64_t active_defrag_max_scan_fields = 1000;

  // Encodings: the largest sizes of values in compact form
  uint64_t hash_max_listpack_entries = 512;
  uint64_t hash_max_listpack_value_bytes = 64;
  int list_max_listpack_size =
      -2;  // positive: entries per node; -1..-5: 4, 8, 16, 32, 64 kb per node
  int list_compress_depth = 0;
  uint64_t set_max_intset_entries = 512;
  uint64_t set_max_listpack_entries = 128;
  uint64_t set_max_listpack_value_bytes = 64;
  uint64_t zset_max_listpack_entries = 128;
  uint64_t zset_max_listpack_value_bytes = 64;
  uint64_t hll_sparse_max_bytes = 3000;
  bool bitmap_compression = true;
  uint64_t stream_node_max_bytes = 4096;
  int64_t stream_node_max_entries = 100;

  // Timers, events and observation
  int hz = 10;
  bool dynamic_hz = true;
  int64_t busy_reply_threshold_ms = 5000;
  uint32_t notify_keyspace_events = 0;         // kNotify... bits of server/config/notify_flags.h
  int64_t slowlog_log_slower_than_us = 10000;  // negative = off, 0 = every command
  int64_t slowlog_max_len = 128;
  int64_t latency_monitor_threshold_ms = 0;  // 0 = off
  bool latency_tracking = true;
  std::vector<double> latency_tracking_info_percentiles = {50, 99, 99.9};

  // Threads
  int io_threads = 1;
  bool io_threads_do_reads = false;

  // Snapshots
  std::vector<SavePoint> save = {{3600, 1}, {300, 100}, {60, 10000}};
  bool stop_writes_on_bgsave_error = true;
  bool rdbcompression = true;
  bool rdbchecksum = true;
  std::string dbfilename = "dump.rdb";
  bool rdb_del_sync_files = false;
  bool rdb_save_incremental_fsync = true;
  SanitizeDump sanitize_dump_payload = SanitizeDump::kNo;
  bool rdb_skip_module_keys = false;
  int rdb_key_save_delay_us = 0;
  int key_load_delay_us = 0;
  int loading_process_events_interval_bytes = 2 << 20;

  // Append only file
  bool appendonly = false;
  std::string appendfilename = "appendonly.aof";
  std::string appenddirname = "appendonlydir";
  DiskAppendFsync appendfsync = DiskAppendFsync::kEverysec;
  bool no_appendfsync_on_rewrite = false;
  int auto_aof_rewrite_percentage = 100;
  uint64_t auto_aof_rewrite_min_size_bytes = 64ull << 20;
  std::string debug_file_faults;  // see persistence/file/file_faults.h
  uint64_t aof_load_corrupt_tail_max_size_bytes = 0;
  bool aof_load_truncated = true;
  bool aof_use_rdb_preamble = true;
  bool aof_timestamp_enabled = false;
  bool aof_rewrite_incremental_fsync = true;
  bool aof_disable_auto_gc = false;

  // Replication
  std::string replicaof_host;  // empty = this server is a master
  int replicaof_port = 0;
  std::string masterauth;
  std::string masteruser;
  bool replica_serve_stale_data = true;
  bool replica_read_only = true;
  bool replica_ignore_maxmemory = true;
  bool replica_lazy_flush = false;
  bool replica_ignore_disk_write_errors = false;
  int replica_priority = 100;
  bool replica_announced = true;
  std::string replica_announce_ip;
  int replica_announce_port = 0;
  bool repl_diskless_sync = true;
  int repl_diskless_sync_delay_s = 5;
  int repl_diskless_sync_max_replicas = 0;
  DisklessLoad repl_diskless_load = DisklessLoad::kDisabled;
  int repl_ping_replica_period_s = 10;
  int repl_timeout_s = 60;
  bool repl_disable_tcp_nodelay = false;
  uint64_t repl_backlog_size_bytes = 1 << 20;
  int64_t repl_backlog_ttl_s = 3600;
  int min_replicas_to_write = 0;
  int min_replicas_max_lag_s = 10;
  PropagationErrorBehavior propagation_error_behavior = PropagationErrorBehavior::kIgnore;

  // Cluster
  bool cluster_enabled = false;
  std::string cluster_config_file = "nodes.conf";
  int cluster_port = 0;
  int64_t cluster_node_timeout_ms = 15000;
  int cluster_migration_barrier = 1;
  int cluster_replica_validity_factor = 10;
  bool cluster_require_full_coverage = true;
  bool cluster_replica_no_failover = false;
  bool cluster_allow_replica_migration = true;
  bool cluster_allow_reads_when_down = false;
  bool cluster_allow_pubsubshard_when_down = true;
  uint64_t cluster_link_sendbuf_limit_bytes = 0;
  std::string cluster_announce_ip;
  std::string cluster_announce_hostname;
  std::string cluster_announce_human_nodename;
  int cluster_announce_port = 0;
  int cluster_announce_tls_port = 0;
  int cluster_announce_bus_port = 0;
  EndpointType cluster_preferred_endpoint_type = EndpointType::kIp;

  // Set by load_config() besides the options
  std::string config_file;            // absolute path, empty when started without one
  std::vector<std::string> warnings;  // log lines about options that were accepted without effect
};

inline constexpr const char* kDefaultPidfile = "/var/run/redis.pid";

}  // namespace spinel::server
