#include "server/server.h"

#include "persistence/file/file_faults.h"
#include "server/client_description.h"
#include "server/config/notify_flags.h"
#include "server/engine/families.h"
#include "server/log/log.h"
#include "storage/base/clock.h"
#include "storage/base/memory.h"
#include "storage/base/random.h"

namespace spinel::server {

namespace {

constexpr size_t kIdDigits = 40;
// Buckets of a resize moved at a time by the periodic work, and the time it may take in all.
constexpr size_t kResizeBuckets = 128;
constexpr int64_t kResizeBudgetUs = 1000;
// dynamic-hz: from how many clients a round on there are more rounds, and how many at most.
constexpr size_t kClientsPerRound = 200;
constexpr int kMaxRoundsPerSecond = 500;

bool uses_lfu(MaxmemoryPolicy policy) {
  return policy == MaxmemoryPolicy::kAllkeysLfu || policy == MaxmemoryPolicy::kVolatileLfu;
}

// Has the calls fail that a test wants to fail. Nobody else sets the option.
void apply_file_faults(const Config& config) {
  std::vector<persistence::FaultRule> rules;
  std::string wrong;
  persistence::parse_fault_rules(config.debug_file_faults, rules, wrong);
  persistence::set_fault_rules(std::move(rules));
}

std::optional<storage::Type> type_at(Client& client, std::string_view key) {
  storage::Keyspace& keyspace = client.server.keyspace;
  const storage::ConstItem item =
      keyspace.find(keyspace.database(client.database), storage::Key(key));
  return item ? std::optional(item->type()) : std::nullopt;
}

}  // namespace

Server::Server(Config& config_in, WallClock wall_clock)
    : config(config_in),
      config_store(config_in),
      commands(all_command_families()),
      keyspace(config_in.databases, *this),
      dispatcher(*this),
      blocked(
          modified_keys,
          [](Client& client, CommandArgs args, WakeReason wake) {
            client.server.dispatcher.execute(client, args, wake);
          },
          type_at),
      command_stats(commands.id_count()),
      run_id(storage::random_hex(kIdDigits)),
      started_at_ms(wall_clock()),
      wall_clock_(wall_clock) {
  for (const CommandRename& rename : config.rename_commands) {
    commands.rename(rename.from, rename.to);
  }
  apply_config();
  apply_file_faults(config);
  clients.apply_memory_limit();
  watch_config();
  update_time();
  memory_at_start = storage::used_memory();
}

Server::~Server() = default;

void Server::apply_config() {
  keyspace.access.lfu = uses_lfu(config.maxmemory_policy);
  keyspace.access.lfu_log_factor = config.lfu_log_factor;
  keyspace.access.lfu_decay_minutes = config.lfu_decay_time_minutes;
  keyspace.lazy_expire = config.lazyfree_lazy_expire;
  keyspace.lazy_eviction = config.lazyfree_lazy_eviction;
  storage::set_allocator_background_thread(config.jemalloc_bg_thread);
  for (int i = 0; i < keyspace.database_count(); ++i) {
    keyspace.database(i).set_replaced_values(keyspace.lazy(config.lazyfree_lazy_server_del));
  }
}

void Server::watch_config() {
  config_store.on_change(
      {"maxmemory-policy", "lfu-log-factor", "lfu-decay-time", "lazyfree-lazy-expire",
       "lazyfree-lazy-eviction", "lazyfree-lazy-server-del", "jemalloc-bg-thread"},
      [this](const Config&) {
        apply_config();
        return std::optional<std::string>();
      });
  config_store.on_change({"maxmemory-clients", "maxmemory"}, [this](const Config&) {
    clients.apply_memory_limit();
    return std::optional<std::string>();
  });
  config_store.on_change({"maxmemory"}, [](const Config& changed) {
    const uint64_t used_bytes = MemoryLimit::used_bytes();
    if (changed.maxmemory_bytes != 0 && changed.maxmemory_bytes < used_bytes) {
      log_warning(
          "maxmemory is now {}, below the {} bytes in use: keys are evicted or writes fail, as "
          "maxmemory-policy says",
          changed.maxmemory_bytes, used_bytes);
    }
    return std::optional<std::string>();
  });
  config_store.on_change({"client-output-buffer-limit"}, [this](const Config&) {
    for (const auto& [id, client] : clients) clients.set_output_limit(*client);
    return std::optional<std::string>();
  });
  config_store.on_change({"appendonly"}, [this](const Config& changed) {
    return append_only_file.set_enabled(changed.appendonly);
  });
  config_store.on_change({"debug-file-faults"}, [](const Config& changed) {
    apply_file_faults(changed);
    return std::optional<std::string>();
  });
  config_store.on_change({"appendfsync"}, [this](const Config&) {
    append_only_file.apply_policy();
    return std::optional<std::string>();
  });
  config_store.on_change({"loglevel"}, [](const Config& changed) {
    set_log_level(changed.loglevel);
    return std::optional<std::string>();
  });
  config_store.on_change({"slowlog-max-len"}, [this](const Config& changed) {
    slowlog.trim(static_cast<size_t>(changed.slowlog_max_len));
    return std::optional<std::string>();
  });
  config_store.on_change({"latency-tracking"}, [this](const Config& changed) {
    if (!changed.latency_tracking) {
      for (CommandStats& one : command_stats) one.reset_latency();
    }
    return std::optional<std::string>();
  });
  config_store.on_change({"requirepass"}, [this](const Config& changed) {
    // As with ACL SETUSER: who is in stays in, and without a password everybody is.
    if (changed.requirepass.empty()) {
      for (const auto& [id, client] : clients) client->authenticated = true;
    }
    return std::optional<std::string>();
  });
}

void Server::update_time() {
  keyspace.set_now(wall_clock_());
  monotonic_ms_ = storage::monotonic_us() / 1000;
}

int64_t Server::next_deadline_ms() const {
  const int64_t deadline = blocked.next_deadline_ms();
  if (!pause.active()) return deadline;
  return deadline == 0 ? pause.ends_at_ms() : std::min(deadline, pause.ends_at_ms());
}

void Server::serve_deadlines() {
  update_time();
  if (pause.active()) pause.end_expired(monotonic_ms_);
  blocked.serve_timeouts(monotonic_ms_);
}

int Server::rounds_per_second() const {
  int rounds = config.hz;
  while (config.dynamic_hz && rounds < kMaxRoundsPerSecond &&
         clients.size() / static_cast<size_t>(rounds) > kClientsPerRound) {
    rounds = std::min(2 * rounds, kMaxRoundsPerSecond);
  }
  return rounds;
}

void Server::cron() {
  update_time();
  if (debug.cron_paused) return;
  storage::TickClock::refine();
  memory_peak.observe(static_cast<int64_t>(storage::used_memory()));
  if (monotonic_ms_ - rates_sampled_at_ms_ >= InstantaneousRates::kSamplePeriodMs) {
    rates_sampled_at_ms_ = monotonic_ms_;
    rates.sample(stats, storage::monotonic_us());
  }
  replication->cron();
  shutdown.poll();
  if (loading.active()) return;
  child.poll();
  append_only_file.cron();
  snapshots.cron();
  expire_cycle(false);
  migrate_connections.close_idle(monotonic_ms_);
  if (config.activerehashing && !storage::resizes_paused) continue_resizes();
}

void Server::before_sleep() {
  if (loading.active()) return;
  expire_cycle(true);
  memory_limit.continue_eviction();
}

void Server::end_turn(uint64_t began_ticks) {
  const uint64_t ticks = storage::TickClock::now_ticks() - began_ticks;
  ++stats.eventloop_cycles;
  stats.eventloop_duration_ns += static_cast<int64_t>(storage::TickClock::ticks_to_ns(ticks));
}

void Server::expire_cycle(bool fast) {
  if (!debug.active_expire || debug.cron_paused) return;
  const int effort = config.active_expire_effort;
  const int64_t budget_us =
      fast ? storage::ActiveExpire::fast_budget_us(effort)
           : storage::ActiveExpire::slow_budget_us(rounds_per_second(), effort);
  const auto result =
      active_expire_.run(keyspace, {.time_budget_us = budget_us, .effort = effort, .fast = fast});
  if (result.elapsed_us == 0) return;
  stats.expire_cycle_cpu_us += result.elapsed_us;
  stats.expired_stale_perc = active_expire_.stale_percent();
  if (result.time_limit_reached) ++stats.expired_time_cap_reached_count;
  latency.record(latency_event::kExpireCycle, result.elapsed_us / 1000,
                 config.latency_monitor_threshold_ms, now_ms() / 1000);
}

void Server::continue_resizes() {
  const int64_t stop_us = storage::monotonic_us() + kResizeBudgetUs;
  for (int i = 0; i < keyspace.database_count(); ++i) {
    while (keyspace.database(i).resize_step(kResizeBuckets)) {
      if (storage::monotonic_us() >= stop_us) return;
    }
  }
}

void Server::reset_statistics() {
  stats.reset();
  rates.reset();
  error_stats.reset();
  for (CommandStats& one : command_stats) one.reset();
  keyspace.lazy_free.reset_freed();
  memory_limit.reset_statistics();
  active_expire_.reset_stale_percent();
}

void Server::propagate(storage::Database& database, CommandArgs effect) {
  if (dispatcher.depth() > 0) return effects.add(database.index, effect);
  effects.add_last(database.index, effect);
}

void Server::on_remove(storage::Database& database, const storage::Key& key,
                       storage::RemovalReason reason) {
  if (reason == storage::RemovalReason::kDeleted) {
    modified_keys.modified(database.index, key.bytes);
  } else {
    modified_keys.modified_unasked(database.index, key.bytes);
  }
  const auto notify = [&](uint32_t event_class, std::string_view event) {
    events.notify(config.notify_keyspace_events, event_class, database.index, event, key.bytes);
  };
  const auto propagate_removal = [&](bool lazy) {
    const std::string_view effect[] = {removal_command(lazy), key.bytes};
    propagate(database, effect);
  };
  switch (reason) {
    case storage::RemovalReason::kDeleted:
      return notify(kNotifyGeneric, "del");
    case storage::RemovalReason::kExpired:
      ++stats.expired_keys;
      propagate_removal(config.lazyfree_lazy_expire);
      return notify(kNotifyExpired, "expired");
    case storage::RemovalReason::kEvicted:
      ++stats.evicted_keys;
      propagate_removal(config.lazyfree_lazy_eviction);
      return notify(kNotifyEvicted, "evicted");
  }
}

void Server::on_fields_expire(storage::Database& database, const storage::Key& key,
                              std::span<const std::string> fields) {
  stats.expired_subkeys += static_cast<int64_t>(fields.size());
  modified_keys.modified_unasked(database.index, key.bytes);
  std::vector<std::string_view> effect = {"HDEL", key.bytes};
  effect.insert(effect.end(), fields.begin(), fields.end());
  propagate(database, effect);
  events.notify(config.notify_keyspace_events, kNotifyHash, database.index, "hexpired", key.bytes);
}

void Server::on_hash_expire(storage::Database& database, const storage::Key& key,
                            size_t field_count) {
  stats.expired_subkeys += static_cast<int64_t>(field_count);
  const std::string_view effect[] = {removal_command(config.lazyfree_lazy_expire), key.bytes};
  propagate(database, effect);
  events.notify(config.notify_keyspace_events, kNotifyHash, database.index, "hexpired", key.bytes);
}

}  // namespace spinel::server
