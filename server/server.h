// The server's state: everything that commands work on, in one place, used by one thread.
// It knows no socket: server/net brings clients and time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/blocking/blocked_clients.h"
#include "server/client.h"
#include "server/client_registry.h"
#include "server/config/config.h"
#include "server/config/config_store.h"
#include "server/engine/dispatch.h"
#include "server/engine/effects.h"
#include "server/engine/keyspace_events.h"
#include "server/engine/modified_keys.h"
#include "server/engine/table.h"
#include "server/memory_limit.h"
#include "server/migrate_connections.h"
#include "server/pause.h"
#include "server/persistence/append_only_file.h"
#include "server/persistence/background_child.h"
#include "server/persistence/loading.h"
#include "server/persistence/reply_gate.h"
#include "server/persistence/shutdown.h"
#include "server/persistence/snapshots.h"
#include "server/pubsub/subscriptions.h"
#include "server/replication.h"
#include "server/stats/command_stats.h"
#include "server/stats/instantaneous.h"
#include "server/stats/latency_monitor.h"
#include "server/stats/slowlog.h"
#include "server/stats/stats.h"
#include "server/tracking/tracking.h"
#include "server/transactions/watched_keys.h"
#include "storage/base/clock.h"
#include "storage/keyspace/active_expire.h"
#include "storage/keyspace/keyspace.h"

namespace spinel::server {

inline constexpr int64_t kReplyBufferIdleMs = 2000;
inline constexpr uint64_t kListLargeElementBytes = uint64_t{1} << 30;

// What DEBUG switches.
struct DebugSwitches {
  // Whether expired keys that nobody asks for are looked for and removed.
  bool active_expire = true;
  // Whether the periodic work rests.
  bool cron_paused = false;
  // Whether the buffers of quiet clients shrink, and after how many quiet milliseconds (-1: never).
  bool reply_buffer_resizing = true;
  int64_t reply_buffer_idle_ms = kReplyBufferIdleMs;
  // From which size on an element of a list gets a node of its own.
  uint64_t list_large_element_bytes = kListLargeElementBytes;
};

class Server final : private storage::KeyspaceObserver {
 public:
  // Gives the Unix time in milliseconds.
  using WallClock = int64_t (*)();

  explicit Server(Config& config_in, WallClock wall_clock = storage::wall_clock_ms);
  ~Server() override;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Config& config;
  ConfigStore config_store;
  CommandTable commands;
  storage::Keyspace keyspace;
  Dispatcher dispatcher;
  ModifiedKeys modified_keys;
  WatchedKeys watched_keys{modified_keys, keyspace};
  BlockedClients blocked;
  EffectStream effects;
  KeyspaceEvents events;

  Stats stats;
  std::vector<CommandStats> command_stats;  // by Command::id
  ErrorStats error_stats;
  SlowLog slowlog;
  LatencyMonitor latency;
  InstantaneousRates rates;
  MemoryPeak memory_peak;
  size_t memory_at_start = 0;  // bytes in use once everything was set up

  const std::string run_id;     // 40 hex digits, new with every start
  const int64_t started_at_ms;  // Unix time
  // Which service manager looks after the process.
  Supervision supervision = Supervision::kNo;
  // Changes that commands made since the last snapshot. What expires or is evicted is no change.
  int64_t dirty = 0;

  // --- time
  // Unix time as of the current command. All expiry goes by it.
  int64_t now_ms() const { return keyspace.now_ms(); }
  // Reads the clock. Called before every batch of commands and after a slow one.
  void update_time();
  // Monotonic milliseconds, for deadlines.
  int64_t monotonic_ms() const { return monotonic_ms_; }

  // --- clients and memory
  ClientRegistry clients{*this};
  Subscriptions pubsub{*this};
  Tracking tracking{*this};
  Pause pause{keyspace, blocked};
  MemoryLimit memory_limit{*this};
  DebugSwitches debug;
  MigrateConnections migrate_connections;

  // --- turns of the event loop, which INFO tells the number and the time of
  // One that began when TickClock showed `began_ticks` is over.
  void end_turn(uint64_t began_ticks);

  // --- persistence
  BackgroundChild child{*this};
  Snapshots snapshots{*this};
  Loading loading{*this};
  ReplyGate reply_gate{modified_keys};
  AppendOnlyFile append_only_file{*this};

  // --- replication
  NodeRole role;
  // Never null. Whoever sets it outlives the server's last use of it.
  Replication* replication = &not_replicated_;

  // --- the client whose command is being executed, null between commands
  Client* current_client = nullptr;

  // --- periodic work
  // Times a second that cron() is to be called: `hz`; with dynamic-hz more if there are many
  // clients.
  int rounds_per_second() const;
  void cron();
  // Work for which there is no time in `cron` alone; called at the end of a turn.
  void before_sleep();
  // What must be done by a certain time before the next cron: monotonic milliseconds, 0 if nothing.
  int64_t next_deadline_ms() const;
  // Serves clients whose time is up.
  void serve_deadlines();

  // CONFIG RESETSTAT.
  void reset_statistics();

  // --- shutting down
  Shutdown shutdown{*this};
  // Called by it once all is done.
  void request_shutdown(ShutdownRequest request) { shutdown_request_ = request; }
  const std::optional<ShutdownRequest>& shutdown_request() const { return shutdown_request_; }

 private:
  Replication not_replicated_;

  // Copies what the configuration says about the keyspace's behaviour.
  void apply_config();
  void watch_config();
  void expire_cycle(bool fast);
  void continue_resizes();
  void on_remove(storage::Database& database, const storage::Key& key,
                 storage::RemovalReason reason) override;
  void on_fields_expire(storage::Database& database, const storage::Key& key,
                        std::span<const std::string> fields) override;
  void on_hash_expire(storage::Database& database, const storage::Key& key,
                      size_t field_count) override;
  // Propagates what no command did. Within a unit of execution it becomes a part of that.
  void propagate(storage::Database& database, CommandArgs effect);

  const WallClock wall_clock_;
  storage::ActiveExpire active_expire_;
  int64_t monotonic_ms_ = 0;
  int64_t rates_sampled_at_ms_ = 0;
  std::optional<ShutdownRequest> shutdown_request_;
};

}  // namespace spinel::server
