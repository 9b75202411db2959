#include "server/client_registry.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <string>

#include "server/client_description.h"
#include "server/log/log.h"
#include "server/server.h"

namespace spinel::server {

namespace {

// What a client that has not authenticated may leave unread.
constexpr size_t kMaxUnauthenticatedOutput = 1 << 20;
constexpr int64_t kMemoryWarningPeriodMs = 1000;
// Redis keeps the first so many bytes of output in a buffer of the connection, which does not count
// against client-output-buffer-limit, and the rest in blocks of at least the other size.
constexpr size_t kUncountedOutput = 16 * 1024;
constexpr size_t kLeastCountedOutput = 20 * 1024;
// Room that is asked for and then not used does not make an output buffer overflow.
constexpr size_t kUnusedRoom = 64;

// Bytes that count against client-output-buffer-limit.
size_t counted_output(size_t pending) {
  if (pending <= kUncountedOutput) return 0;
  return std::max(pending - kUncountedOutput, kLeastCountedOutput);
}

// The largest output of which no more than `limit` counts.
size_t most_output(size_t limit) {
  return kUncountedOutput + (limit < kLeastCountedOutput ? 0 : limit);
}

const OutputBufferLimit& output_limit(const Client& client) {
  const ClientClass kind = client.is_replica()      ? ClientClass::kReplica
                           : client.is_subscriber() ? ClientClass::kPubsub
                                                    : ClientClass::kNormal;
  return client.server.config.client_output_buffer_limit[static_cast<size_t>(kind)];
}

// No replica is disconnected for less than what the backlog holds in any case.
size_t limit_of_replica(size_t limit, const Config& config) {
  return limit == 0 ? 0 : std::max<size_t>(limit, config.repl_backlog_size_bytes);
}

}  // namespace

void ClientRegistry::add(Client& client) {
  by_id_.emplace(client.id, &client);
  set_output_limit(client);
}

void ClientRegistry::remove(Client& client) {
  std::erase(monitors, &client);
  server_.pubsub.unsubscribe_all(client);
  server_.tracking.stop(client);
  memory.remove(client);
  by_id_.erase(client.id);
}

Client* ClientRegistry::find(uint64_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() || found->second->closing ? nullptr : found->second;
}

void ClientRegistry::close(Client& client, CloseReason reason, int error) {
  if (client.closing) return;
  switch (reason) {
    case CloseReason::kKilled:
    case CloseReason::kReplied:
      break;
    case CloseReason::kLeft:
      log_client(LogLevel::kVerbose, "Client closed its connection", client);
      break;
    case CloseReason::kReadFailed:
      log_client(LogLevel::kVerbose,
                 fmt::format("Cannot read from client ({})", std::strerror(error)), client);
      break;
    case CloseReason::kWriteFailed:
      log_client(LogLevel::kVerbose,
                 fmt::format("Cannot write to client ({})", std::strerror(error)), client);
      break;
    case CloseReason::kIdle:
      log_client(LogLevel::kVerbose, "Closing idle client", client);
      break;
    case CloseReason::kQueryBuffer:
      log_client(LogLevel::kWarning, "Closing client over client-query-buffer-limit", client);
      ++server_.stats.client_query_buffer_limit_disconnections;
      break;
    case CloseReason::kOutputBuffer:
      log_client(LogLevel::kWarning, "Closing client over its client-output-buffer-limit", client);
      ++server_.stats.client_output_buffer_limit_disconnections;
      break;
    case CloseReason::kMemory:
      log_client(LogLevel::kNotice, "Evicting client", client);
      ++server_.stats.evicted_clients;
      break;
  }
  client.closing = true;
  client.transport().close();
  server_.pubsub.unsubscribe_all(client);
  server_.tracking.stop(client);
  memory.remove(client);
}

void ClientRegistry::close_after_command(Client& client, CloseReason reason) {
  if (&client != server_.current_client) return close(client, reason);
  client.close_after_reply = true;
  client.transport().output_ready();
}

void ClientRegistry::set_output_limit(Client& client) {
  const size_t hard_bytes = output_limit(client).hard_bytes;
  const size_t limit = hard_bytes == 0 ? 0 : most_output(hard_bytes) + kUnusedRoom;
  client.output.set_limit(limit);
  if (client.subscriber != nullptr) client.subscriber->deferred.set_limit(limit);
}

void ClientRegistry::check_output_limit(Client& client) {
  if (exceeds_output_limit(client)) close(client, CloseReason::kOutputBuffer);
}

bool ClientRegistry::exceeds_output_limit(Client& client) {
  OutputBufferLimit limit = output_limit(client);
  memory.update(client);
  size_t pending = client.output.size();
  if (client.is_replica()) [[unlikely]] {
    // The backlog is there anyway.
    limit.hard_bytes = limit_of_replica(limit.hard_bytes, server_.config);
    limit.soft_bytes = limit_of_replica(limit.soft_bytes, server_.config);
    pending += client.replica->pending_bytes();
  }
  const size_t counted = counted_output(pending);
  bool over = client.output.overflowed() || (limit.hard_bytes != 0 && counted > limit.hard_bytes);
  if (!client.authenticated && !server_.config.requirepass.empty() &&
      pending > kMaxUnauthenticatedOutput) {
    over = true;  // all it can have asked for is errors
  }
  if (limit.soft_bytes != 0 && counted > limit.soft_bytes) {
    const int64_t now_ms = server_.monotonic_ms();
    if (client.output_over_soft_limit_since_ms == 0) {
      client.output_over_soft_limit_since_ms = now_ms;
    } else if (now_ms - client.output_over_soft_limit_since_ms > limit.soft_s * 1000) {
      over = true;
    }
  } else {
    client.output_over_soft_limit_since_ms = 0;
  }
  return over;
}

void ClientRegistry::apply_memory_limit() {
  const Config& config = server_.config;
  uint64_t limit = 0;
  if (config.maxmemory_clients >= 0) {
    limit = static_cast<uint64_t>(config.maxmemory_clients);
  } else {  // so many percent
    const auto percent = static_cast<unsigned __int128>(-config.maxmemory_clients);
    limit = static_cast<uint64_t>(config.maxmemory_bytes * percent / 100);
  }
  memory.set_limit(limit);
  for (const auto& [id, client] : by_id_) {
    memory.limited() ? memory.update(*client) : memory.remove(*client);
  }
}

void ClientRegistry::evict_largest() {
  while (memory.over()) {
    Client* client = memory.largest();
    if (client == nullptr) {
      const int64_t now_ms = server_.monotonic_ms();
      if (now_ms - memory_warned_at_ms_ < kMemoryWarningPeriodMs) return;
      memory_warned_at_ms_ = now_ms;
      log_warning("Clients exceed maxmemory-clients, and none is left that may be closed");
      return;
    }
    // A buffer that was large once is no reason to go.
    const uint64_t before = memory.total_bytes();
    client->output.release_idle_memory(0);
    memory.update(*client);
    if (memory.total_bytes() < before) continue;
    close(*client, CloseReason::kMemory);
  }
}

}  // namespace spinel::server
