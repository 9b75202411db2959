#include "cluster/replication/replicas.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "cluster/replication/node.h"
#include "persistence/file/file_system.h"
#include "server/engine/context.h"
#include "server/log/log.h"
#include "server/server.h"
#include "server/stats/info_writer.h"
#include "storage/base/memory.h"

namespace spinel::cluster {

using server::Client;
using server::CloseReason;
using server::Config;
using State = ReplicaClient::State;

namespace {

constexpr std::string_view kPing = "*1\r\n$4\r\nping\r\n";
constexpr std::string_view kGetAck = "*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n";
constexpr int64_t kSecondMs = 1000;
// How long what a replica lacks that has left is kept, and of how many.
constexpr int64_t kAbsenceMs = 60'000;
constexpr size_t kMostAbsent = 64;
// For a replica where client-output-buffer-limit has no limit.
constexpr uint64_t kMostKeptBytes = uint64_t{256} << 20;
// Acknowledgements come once a second. Where more than this is kept for want of one, it is asked
// for.
constexpr uint64_t kAskAfterBytes = uint64_t{4} << 20;

// Memory that the system can give without swapping; 0 if it does not tell.
uint64_t available_system_bytes() {
  std::string text;
  if (!persistence::read_whole_file("/proc/meminfo", 1 << 16, text).ok()) return 0;
  constexpr std::string_view kField = "MemAvailable:";
  const size_t at = text.find(kField);
  return at == std::string::npos
             ? 0
             : std::strtoull(text.c_str() + at + kField.size(), nullptr, 10) * 1024;
}

const server::OutputBufferLimit& replica_limit(const Config& config) {
  return config.client_output_buffer_limit[static_cast<size_t>(server::ClientClass::kReplica)];
}

}  // namespace

Replicas::~Replicas() {
  // Their clients live on for a moment.
  for (ReplicaClient* replica : attached_) replica->replicas_ = nullptr;
  for (ReplicaClient* replica : unattached_) replica->replicas_ = nullptr;
}

const History& Replicas::history() const {
  return node_.history;
}

ReplicaClient& Replicas::replica_of(Client& client) {
  if (client.replica == nullptr) {
    auto replica = std::make_unique<ReplicaClient>(*this, client);
    unattached_.push_back(replica.get());
    client.replica = std::move(replica);
  }
  return static_cast<ReplicaClient&>(*client.replica);
}

void Replicas::attach(ReplicaClient& replica) {
  std::erase(unattached_, &replica);
  if (attached_.empty()) last_ping_ms_ = node_.server.monotonic_ms();
  attached_.push_back(&replica);
  alone_since_ms_ = 0;
  Client& client = replica.client();
  node_.server.clients.set_output_limit(client);
  if (!client.unix_socket && node_.server.config.repl_disable_tcp_nodelay) {
    const int off = 0;
    setsockopt(client.transport().descriptor(), IPPROTO_TCP, TCP_NODELAY, &off, sizeof off);
  }
}

void Replicas::remove(ReplicaClient& replica) {
  std::erase(unattached_, &replica);
  std::erase(to_close_, &replica);
  if (std::erase(attached_, &replica) == 0) return;
  if (!replica.attached()) return;
  server::log_warning("Lost the connection to replica {}", replica.name());
  if (replica.online() && replica.stream() != nullptr) remember(replica);
  if (attached_.empty()) alone_since_ms_ = node_.server.monotonic_ms();
}

void Replicas::remember(const ReplicaClient& replica) {
  if (!node_.history.has_backlog() || replica.traits.only_copy) return;
  const Config& config = node_.server.config;
  const auto& limit = replica_limit(config);
  const uint64_t least = limit.soft_bytes != 0 ? limit.soft_bytes : limit.hard_bytes;
  if (least != 0 && replica.pending_bytes() >= least) {
    server::log_warning(
        "Replica {} was {} MB behind. What it lacks is kept for {} seconds, up to {} MB. If it "
        "does not come back in time or keeps falling behind, raise 'client-output-buffer-limit "
        "replica' and 'repl-backlog-size'",
        replica.name(), replica.pending_bytes() >> 20, kAbsenceMs / 1000, most_kept_bytes() >> 20);
  }
  std::erase_if(absent_, [&](const Absent& other) { return other.name == replica.name(); });
  if (absent_.size() >= kMostAbsent) absent_.erase(absent_.begin());
  absent_.push_back(
      {replica.name(), wanted_from(replica), node_.server.monotonic_ms() + kAbsenceMs});
}

void Replicas::disconnect_all() {
  for (ReplicaClient* replica : attached_) {
    node_.server.clients.close(replica->client(), CloseReason::kKilled);
  }
}

// --- the stream

void Replicas::append_to_stream(std::string_view command) {
  server::EffectStream& effects = node_.server.effects;
  if (effects.log().end() != own_end_) own_begin_ = effects.log().end();
  effects.append_applied(command, effects.selected_database());
  own_end_ = effects.log().end();
}

// A replica answers GETACK with what came before it, and later acknowledgements take a second.
int64_t Replicas::effects_offset() const {
  const bool ends_with_own = own_end_ != 0 && node_.server.effects.log().end() == own_end_;
  return ends_with_own ? node_.history.offset_at(own_begin_) : node_.history.offset();
}

void Replicas::end_turn() {
  if (attached_.empty() && !node_.history.has_backlog()) return;
  if (ack_wanted_) {
    ack_wanted_ = false;
    // Who was asked and has not answered yet will do so.
    const bool is_asked = asked_at_ != 0 && asked_at_ == node_.server.effects.log().end();
    if (!node_.is_replica() && !is_asked && online_count() > 0) {
      append_to_stream(kGetAck);
      asked_at_ = node_.server.effects.log().end();
    }
  }
  for (ReplicaClient* replica : std::exchange(to_close_, {})) {
    node_.server.clients.close(replica->client(), CloseReason::kKilled);
  }
  full_sync_.start_if_due();
  full_sync_.end_turn();
  const uint64_t end = node_.server.effects.log().end();
  if (end == sent_to_) return;
  sent_to_ = end;
  for (ReplicaClient* replica : attached_) {
    if (replica->online()) replica->client().transport().output_ready();
    node_.server.clients.check_output_limit(replica->client());
  }
  trim_backlog();
}

uint64_t Replicas::most_kept_bytes() const {
  const uint64_t hard_bytes = replica_limit(node_.server.config).hard_bytes;
  return hard_bytes == 0 ? kMostKeptBytes
                         : std::max(hard_bytes, node_.server.config.repl_backlog_size_bytes);
}

// What it did not acknowledge may be lost with its connection.
uint64_t Replicas::wanted_from(const ReplicaClient& replica) const {
  const uint64_t position = replica.stream()->position();
  if (!replica.acknowledges() || replica.acknowledged_offset() == 0) return position;
  const uint64_t acknowledged = node_.history.position_at(replica.acknowledged_offset());
  const uint64_t end = node_.server.effects.log().end();
  return end - std::min(acknowledged, end) > most_kept_bytes() ? position
                                                               : std::min(position, acknowledged);
}

void Replicas::trim_backlog() {
  History& history = node_.history;
  const uint64_t size_bytes = node_.server.config.repl_backlog_size_bytes;
  if (!history.has_backlog() || history.memory_bytes() <= size_bytes) return;
  const uint64_t begin = history.backlog_position();
  const uint64_t end = node_.server.effects.log().end();
  uint64_t kept = end;
  // Those whose connection is being closed come back, too.
  for (const ReplicaClient* replica : attached_) {
    if (replica->stream() != nullptr) kept = std::min(kept, wanted_from(*replica));
  }
  std::erase_if(absent_, [&](const Absent& absent) {
    if (absent.position < begin) return true;
    if (end - absent.position <= most_kept_bytes()) return false;
    server::log_warning(
        "Replica {}, which is gone, lacks more than {} MB by now: it will need a full copy. Raise "
        "'client-output-buffer-limit replica' or 'repl-backlog-size' to keep more for it",
        absent.name, most_kept_bytes() >> 20);
    return true;
  });
  for (const Absent& absent : absent_) kept = std::min(kept, absent.position);
  history.trim(size_bytes, std::max(kept, begin));
  if (history.memory_bytes() > size_bytes + kAskAfterBytes && end - asked_at_ > kAskAfterBytes) {
    ack_wanted_ = true;
  }
}

// --- periodic work

void Replicas::cron() {
  const int64_t now_ms = node_.server.monotonic_ms();
  for (ReplicaClient* replica : attached_) replica->observe(now_ms);
  trim_backlog();
  if (now_ms < next_second_ms_) return;
  next_second_ms_ = now_ms + kSecondMs;
  std::erase_if(absent_, [&](const Absent& absent) { return absent.until_ms <= now_ms; });
  if (attached_.empty()) return expire_backlog();
  drop_silent_ones();
  measure_spare_memory();
  keep_alive();
  ping();
  log_progress();
}

// Tells replicas whose copy has not begun that this node is still there.
void Replicas::keep_alive() {
  for (ReplicaClient* replica : attached_) {
    if (replica->state() != State::kWaiting && replica->state() != State::kSaving) continue;
    replica->client().output.append("\n");
    replica->client().transport().output_ready();
  }
}

void Replicas::ping() {
  const int64_t now_ms = node_.server.monotonic_ms();
  if (now_ms - last_ping_ms_ < node_.server.config.repl_ping_replica_period_s * kSecondMs) return;
  if (node_.is_replica() || online_count() == 0 || node_.failover.active()) return;
  last_ping_ms_ = now_ms;
  append_to_stream(kPing);
}

void Replicas::drop_silent_ones() {
  const int64_t now_ms = node_.server.monotonic_ms();
  const int64_t timeout_ms = node_.server.config.repl_timeout_s * kSecondMs;
  for (ReplicaClient* replica : attached_) {
    if (replica->client().closing) continue;
    std::string_view when;
    if (replica->online() && replica->acknowledges() && replica->silent_ms(now_ms) > timeout_ms) {
      when = "streaming sync";
    } else if (replica->state() == State::kCopying && replica->stalled_ms(now_ms) > timeout_ms) {
      when = "full sync";
    } else {
      continue;
    }
    server::log_warning("Disconnecting timedout replica ({}): {}", when, replica->name());
    node_.server.clients.close(replica->client(), CloseReason::kKilled);
  }
}

// A quarter of the memory that is left, of which replicas that are sent a copy share the blocks.
void Replicas::measure_spare_memory() {
  spare_bytes_ = 0;
  if (std::ranges::none_of(attached_, [](const ReplicaClient* replica) {
        return replica->state() == State::kWaiting || replica->holds_stream();
      })) {
    return;
  }
  const Config& config = node_.server.config;
  uint64_t left_bytes = available_system_bytes();
  if (config.maxmemory_bytes > 0) {
    const uint64_t used = storage::used_memory();
    left_bytes =
        std::min(left_bytes, config.maxmemory_bytes - std::min(used, config.maxmemory_bytes));
  }
  spare_bytes_ = left_bytes / 4;
  const uint64_t limit = replica_limit(config).hard_bytes;
  for (ReplicaClient* replica : attached_) {
    if (!replica->holds_stream() || limit == 0 || replica->warned_of_limit_) continue;
    const uint64_t pending = replica->stream()->available();
    if (pending <= limit) continue;
    replica->warned_of_limit_ = true;
    server::log_warning(
        "{} MB were written since the full copy for replica {} began, which is more than "
        "'client-output-buffer-limit replica' allows. They are kept up to {} MB, as there is "
        "memory; "
        "raise the limit to keep them in any case",
        pending >> 20, replica->name(), spare_bytes_ >> 20);
  }
}

// Nobody came back for what is kept.
void Replicas::expire_backlog() {
  History& history = node_.history;
  const int64_t ttl_s = node_.server.config.repl_backlog_ttl_s;
  if (ttl_s == 0 || alone_since_ms_ == 0 || node_.is_replica() || !history.has_backlog()) return;
  if (node_.server.monotonic_ms() - alone_since_ms_ <= ttl_s * kSecondMs) return;
  history.drop_backlog();
  absent_.clear();
  server::log_notice("Freed the replication backlog: no replica was connected for {} seconds",
                     ttl_s);
}

void Replicas::log_progress() const {
  constexpr int64_t kPeriodMs = 5000;
  const int64_t now_ms = node_.server.monotonic_ms();
  for (const ReplicaClient* replica : attached_) {
    if (replica->state() != State::kCopying) continue;
    const int64_t ms = now_ms - replica->copy_began_ms_;
    if (ms < kPeriodMs || ms / kPeriodMs == (ms - kSecondMs) / kPeriodMs) continue;
    const uint64_t sent = replica->copied_bytes();
    const uint64_t total = replica->copy()->total_bytes();
    const double rate = static_cast<double>(sent) / static_cast<double>(ms) * 1000;
    const std::string rest =
        total == 0 || sent == 0
            ? std::string()
            : fmt::format(", {:.0f}%, about {:.0f} seconds left",
                          100.0 * static_cast<double>(sent) / static_cast<double>(total),
                          static_cast<double>(total - std::min(sent, total)) / rate);
    server::log_notice("Full copy to replica {}: {} MB sent, {:.1f} MB/s{}", replica->name(),
                       sent >> 20, rate / (1 << 20), rest);
  }
}

// --- what the rest of the node asks

std::vector<Replicas::Summary> Replicas::summaries() const {
  std::vector<Summary> summaries;
  for (const ReplicaClient* replica : attached_) {
    if (replica->client().closing) continue;
    summaries.push_back({replica->ip(), static_cast<int>(replica->traits.listening_port),
                         replica->online(), replica->acknowledged_offset()});
  }
  return summaries;
}

size_t Replicas::online_count() const {
  return static_cast<size_t>(std::ranges::count_if(attached_, [](const ReplicaClient* replica) {
    return replica->online() && !replica->client().closing;
  }));
}

size_t Replicas::good_count() const {
  const int64_t now_ms = node_.server.monotonic_ms();
  const int64_t most_ms = node_.server.config.min_replicas_max_lag_s * kSecondMs;
  return static_cast<size_t>(std::ranges::count_if(attached_, [&](const ReplicaClient* replica) {
    return replica->online() && !replica->client().closing &&
           replica->silent_ms(now_ms) / kSecondMs * kSecondMs <= most_ms;
  }));
}

size_t Replicas::that_have(int64_t offset) const {
  return static_cast<size_t>(std::ranges::count_if(attached_, [&](const ReplicaClient* replica) {
    return replica->online() && !replica->client().closing &&
           replica->acknowledged_offset() >= offset;
  }));
}

size_t Replicas::that_synced(int64_t offset) const {
  return static_cast<size_t>(std::ranges::count_if(attached_, [&](const ReplicaClient* replica) {
    return replica->online() && !replica->client().closing && replica->synced_offset() >= offset;
  }));
}

bool Replicas::lag() const {
  const int64_t offset = effects_offset();
  return std::ranges::any_of(attached_, [&](const ReplicaClient* replica) {
    return !replica->client().closing && replica->acknowledged_offset() < offset;
  });
}

void Replicas::report_lag() const {
  if (attached_.empty()) return;
  const int64_t now_ms = node_.server.monotonic_ms();
  const int64_t offset = effects_offset();
  size_t in_sync = 0;
  for (const ReplicaClient* replica : attached_) {
    if (replica->acknowledged_offset() >= offset) {
      ++in_sync;
      continue;
    }
    server::log_notice("Lagging replica {} reported offset {} behind master, lag={}, state={}.",
                       replica->name(), offset - replica->acknowledged_offset(),
                       replica->online() ? replica->silent_ms(now_ms) / kSecondMs : 0,
                       replica->state_name());
  }
  server::log_notice("{} of {} replicas are in sync when shutting down.", in_sync,
                     attached_.size());
}

void Replicas::write_info(server::InfoWriter& info) const {
  const Config& config = node_.server.config;
  const int64_t now_ms = node_.server.monotonic_ms();
  info.field("connected_slaves", attached_.size());
  if (config.min_replicas_to_write > 0 && config.min_replicas_max_lag_s > 0) {
    info.field("min_slaves_good_slaves", good_count());
  }
  int number = 0;
  for (const ReplicaClient* replica : attached_) {
    info.line("slave{}:ip={},port={},state={},offset={},lag={}", number++, replica->ip(),
              replica->traits.listening_port, replica->state_name(), replica->acknowledged_offset(),
              replica->online() ? replica->silent_ms(now_ms) / kSecondMs : 0);
  }
}

void Replicas::write_role(server::CommandContext& ctx) const {
  ctx.reply.array(online_count());
  for (const ReplicaClient* replica : attached_) {
    if (!replica->online() || replica->client().closing) continue;
    ctx.reply.array(3);
    ctx.reply.bulk(replica->ip());
    ctx.reply.bulk_integer(replica->traits.listening_port);
    ctx.reply.bulk_integer(replica->acknowledged_offset());
  }
}

}  // namespace spinel::cluster
