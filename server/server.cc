#include "server/server.h"

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
// What a client that has not authenticated may leave unread.
constexpr size_t kMaxUnauthenticatedOutput = 1 << 20;
constexpr int64_t kClientLimitWarningPeriodMs = 1000;
// Redis keeps the first so many bytes of output in a buffer of the connection, which does not count
// against client-output-buffer-limit, and the rest in blocks of at least the other size.
constexpr size_t kUncountedOutput = 16 * 1024;
constexpr size_t kLeastCountedOutput = 20 * 1024;
// Room that is asked for and then not used does not make an output buffer overflow.
constexpr size_t kUnusedRoom = 64;
// dynamic-hz: from how many clients a round on there are more rounds, and how many at most.
constexpr size_t kClientsPerRound = 200;
constexpr int kMaxRoundsPerSecond = 500;

bool uses_lfu(MaxmemoryPolicy policy) {
  return policy == MaxmemoryPolicy::kAllkeysLfu || policy == MaxmemoryPolicy::kVolatileLfu;
}

storage::EvictionPolicy eviction_policy(MaxmemoryPolicy policy) {
  using storage::EvictionOrder;
  switch (policy) {
    case MaxmemoryPolicy::kVolatileLru:
      return {EvictionOrder::kLru, true};
    case MaxmemoryPolicy::kVolatileLfu:
      return {EvictionOrder::kLfu, true};
    case MaxmemoryPolicy::kVolatileRandom:
      return {EvictionOrder::kRandom, true};
    case MaxmemoryPolicy::kVolatileTtl:
      return {EvictionOrder::kTtl, true};
    case MaxmemoryPolicy::kAllkeysLru:
      return {EvictionOrder::kLru, false};
    case MaxmemoryPolicy::kAllkeysLfu:
      return {EvictionOrder::kLfu, false};
    case MaxmemoryPolicy::kAllkeysRandom:
      return {EvictionOrder::kRandom, false};
    case MaxmemoryPolicy::kNoeviction:
      break;
  }
  return {};
}

// Bytes that count against client-output-buffer-limit.
size_t counted_output(size_t pending) {
  if (pending <= kUncountedOutput) return 0;
  return std::max(pending - kUncountedOutput, kLeastCountedOutput);
}

// The largest output of which no more than `limit` counts.
size_t most_output(size_t limit) {
  return kUncountedOutput + (limit < kLeastCountedOutput ? 0 : limit);
}

std::optional<storage::Type> type_at(Client& client, std::string_view key) {
  storage::Keyspace& keyspace = client.server.keyspace;
  const storage::ConstItem item =
      keyspace.find(keyspace.database(client.database), storage::Key(key));
  return item ? std::optional(item->type()) : std::nullopt;
}

}  // namespace

Server::Server(Config& config_in)
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
      replication_id(storage::random_hex(kIdDigits)),
      started_at_ms(storage::wall_clock_ms()) {
  for (const CommandRename& rename : config.rename_commands) {
    commands.rename(rename.from, rename.to);
  }
  apply_config();
  apply_client_limit();
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
    apply_client_limit();
    return std::optional<std::string>();
  });
  config_store.on_change({"maxmemory"}, [this](const Config& changed) {
    const uint64_t used_bytes = used_memory_for_eviction();
    if (changed.maxmemory_bytes != 0 && changed.maxmemory_bytes < used_bytes) {
      log_warning(
          "maxmemory is now {}, below the {} bytes in use: keys are evicted or writes fail, as "
          "maxmemory-policy says",
          changed.maxmemory_bytes, used_bytes);
    }
    return std::optional<std::string>();
  });
  config_store.on_change({"client-output-buffer-limit"}, [this](const Config&) {
    for (const auto& [id, client] : clients) set_output_limit(*client);
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

void Server::apply_client_limit() {
  uint64_t limit = 0;
  if (config.maxmemory_clients >= 0) {
    limit = static_cast<uint64_t>(config.maxmemory_clients);
  } else {  // so many percent
    const auto percent = static_cast<unsigned __int128>(-config.maxmemory_clients);
    limit = static_cast<uint64_t>(config.maxmemory_bytes * percent / 100);
  }
  client_memory.set_limit(limit);
  for (const auto& [id, client] : clients) {
    client_memory.limited() ? client_memory.update(*client) : client_memory.remove(*client);
  }
}

void Server::update_time() {
  keyspace.set_now(storage::wall_clock_ms());
  monotonic_ms_ = storage::monotonic_us() / 1000;
}

void Server::disconnect(Client& client) {
  if (client.closing) return;
  if (&client == current_client) {
    client.close_after_reply = true;
    client.transport().output_ready();
    return;
  }
  client.closing = true;
  client.transport().close();
}

void Server::set_output_limit(Client& client) {
  const size_t hard_bytes =
      config.client_output_buffer_limit[static_cast<size_t>(ClientClass::kNormal)].hard_bytes;
  client.output.set_limit(hard_bytes == 0 ? 0 : most_output(hard_bytes) + kUnusedRoom);
}

void Server::check_output_limit(Client& client) {
  const OutputBufferLimit& limit =
      config.client_output_buffer_limit[static_cast<size_t>(ClientClass::kNormal)];
  client_memory.update(client);
  const size_t pending = client.output.size();
  const size_t counted = counted_output(pending);
  bool over = client.output.overflowed() || (limit.hard_bytes != 0 && counted > limit.hard_bytes);
  if (!client.authenticated && !config.requirepass.empty() && pending > kMaxUnauthenticatedOutput) {
    over = true;  // all it can have asked for is errors
  }
  if (limit.soft_bytes != 0 && counted > limit.soft_bytes) {
    if (client.output_over_soft_limit_since_ms == 0) {
      client.output_over_soft_limit_since_ms = monotonic_ms_;
    } else if (monotonic_ms_ - client.output_over_soft_limit_since_ms > limit.soft_s * 1000) {
      over = true;
    }
  } else {
    client.output_over_soft_limit_since_ms = 0;
  }
  if (!over || client.closing) return;
  log_client(LogLevel::kWarning, "Closing client over its client-output-buffer-limit", client);
  ++stats.client_output_buffer_limit_disconnections;
  client.closing = true;
  client.transport().close();
}

void Server::evict_largest_clients() {
  while (client_memory.over()) {
    Client* client = client_memory.largest();
    if (client == nullptr) {
      if (monotonic_ms_ - client_limit_warned_at_ms_ < kClientLimitWarningPeriodMs) return;
      client_limit_warned_at_ms_ = monotonic_ms_;
      log_warning("Clients exceed maxmemory-clients, and none is left that may be closed");
      return;
    }
    // A buffer that was large once is no reason to go.
    const uint64_t before = client_memory.total_bytes();
    client->output.release_idle_memory(0);
    client_memory.update(*client);
    if (client_memory.total_bytes() < before) continue;
    log_client(LogLevel::kNotice, "Evicting client", *client);
    ++stats.evicted_clients;
    client->closing = true;
    client->transport().close();
    client_memory.remove(*client);
  }
}

void Server::pause(PauseScope scope, int64_t duration_ms) {
  pause_ends_at_ms_ = std::max(pause_ends_at_ms_, monotonic_ms_ + duration_ms);
  pause_scope_ = std::max(pause_scope_, scope);
  keyspace.set_expiry_paused(true);
}

void Server::unpause() {
  if (pause_scope_ == PauseScope::kNone) return;
  pause_scope_ = PauseScope::kNone;
  pause_ends_at_ms_ = 0;
  keyspace.set_expiry_paused(false);
  blocked.resume_paused();
}

int64_t Server::next_deadline_ms() const {
  const int64_t deadline = blocked.next_deadline_ms();
  if (pause_ends_at_ms_ == 0) return deadline;
  return deadline == 0 ? pause_ends_at_ms_ : std::min(deadline, pause_ends_at_ms_);
}

void Server::serve_deadlines() {
  update_time();
  if (pause_scope_ != PauseScope::kNone && pause_ends_at_ms_ <= monotonic_ms_) unpause();
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
  if (cron_paused) return;
  storage::TickClock::refine();
  memory_peak.observe(static_cast<int64_t>(storage::used_memory()));
  if (monotonic_ms_ - rates_sampled_at_ms_ >= InstantaneousRates::kSamplePeriodMs) {
    rates_sampled_at_ms_ = monotonic_ms_;
    rates.sample(stats, storage::monotonic_us());
  }
  expire_cycle(false);
  if (config.activerehashing) continue_resizes();
}

void Server::before_sleep() {
  expire_cycle(true);
  if (eviction_unfinished_ && pause_scope_ == PauseScope::kNone) evict();
}

void Server::end_turn(uint64_t began_ticks) {
  const uint64_t ticks = storage::TickClock::now_ticks() - began_ticks;
  ++stats.eventloop_cycles;
  stats.eventloop_duration_ns += static_cast<int64_t>(storage::TickClock::ticks_to_ns(ticks));
}

void Server::expire_cycle(bool fast) {
  if (!active_expire_enabled || cron_paused) return;
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

uint64_t Server::used_memory_for_eviction() const {
  return storage::used_memory();
}

storage::EvictionResult Server::evict() {
  const int64_t start_us = storage::monotonic_us();
  const uint64_t evicted_before = eviction_.evicted_keys();
  const auto result = eviction_.run(keyspace,
                                    {.max_bytes = config.maxmemory_bytes,
                                     .policy = eviction_policy(config.maxmemory_policy),
                                     .samples = config.maxmemory_samples,
                                     .tenacity = config.maxmemory_eviction_tenacity},
                                    [this] { return used_memory_for_eviction(); });
  eviction_unfinished_ = result == storage::EvictionResult::kRunning;
  if (eviction_.evicted_keys() != evicted_before) {
    latency.record(latency_event::kEvictionCycle, (storage::monotonic_us() - start_us) / 1000,
                   config.latency_monitor_threshold_ms, now_ms() / 1000);
  }
  return result;
}

bool Server::make_room() {
  if (pause_scope_ != PauseScope::kNone) return true;  // the dataset must stay as it is
  if (used_memory_for_eviction() <= config.maxmemory_bytes) return true;
  return evict() != storage::EvictionResult::kFail;
}

void Server::reset_statistics() {
  stats.reset();
  rates.reset();
  error_stats.reset();
  for (CommandStats& one : command_stats) one.reset();
  keyspace.lazy_free.reset_freed();
  eviction_.reset_statistics();
  active_expire_.reset_stale_percent();
}

void Server::propagate(storage::Database& database, CommandArgs effect) {
  if (dispatcher.depth() > 0) return effects.add(database.index, effect);
  effects.add_last(database.index, effect);
}

void Server::on_remove(storage::Database& database, const storage::Key& key,
                       storage::RemovalReason reason) {
  modified_keys.modified(database.index, key.bytes);
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
  modified_keys.modified(database.index, key.bytes);
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
