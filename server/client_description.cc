#include "server/client_description.h"

#include <algorithm>
#include <fmt/format.h>

#include "server/log/log.h"
#include "server/replication.h"
#include "server/server.h"
#include "server/transactions/transaction.h"

namespace spinel::server {

bool is_client_attribute(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
}

namespace {

std::string client_flags(const Client& client) {
  std::string flags;
  if (client.is_replica()) flags += 'S';
  if (client.is_master) flags += 'M';
  if (client.monitor) flags += 'O';
  if (client.is_subscriber()) flags += 'P';
  if (client.transaction != nullptr) flags += 'x';
  if (client.blocked != BlockReason::kNone) flags += 'b';
  if (const ClientTracking* tracking = client.tracking.get()) {
    flags += 't';
    if (tracking->redirect_broken) flags += 'R';
    if (tracking->broadcasts()) flags += 'B';
  }
  if (client.watches.broken) flags += 'd';
  if (client.close_after_reply) flags += 'c';
  if (client.unix_socket) flags += 'U';
  if (client.no_evict) flags += 'e';
  if (client.no_touch) flags += 'T';
  return flags.empty() ? "N" : flags;
}

// What CLIENT LIST tells of a client's requests.
struct RequestBytes {
  size_t query;      // received, and not yet seen to be arguments
  size_t arguments;  // of the command that is executed, waits, or has arrived in part
};

RequestBytes measure_requests(const Client& client, CommandArgs executing) {
  RequestBytes bytes{client.transport().query_buffer_bytes(), 0};
  if (!executing.empty()) {
    for (const std::string_view arg : executing) bytes.arguments += arg.size();
  } else if (client.blocked != BlockReason::kNone) {
    bytes.arguments = client.server.blocked.argument_bytes(client);
  } else {
    const resp::PartialRequest partial = client.transport().partial_request();
    bytes.query -= std::min(partial.bytes, bytes.query);
    bytes.arguments = partial.argument_bytes;
  }
  return bytes;
}

// What CLIENT LIST tells of the replies that a client has yet to read. Redis keeps the first of
// them in a buffer of the connection and the rest in a list; whoever looks for slow readers reads
// omem.
struct PendingBytes {
  size_t in_buffer;
  size_t in_list;
  size_t list_blocks;
};

PendingBytes measure_output(const Client& client) {
  constexpr size_t kBufferBytes = 16 * 1024;
  const size_t of_stream = client.is_replica() ? client.replica->pending_bytes() : 0;
  const size_t pending = client.output.size() + of_stream;
  const size_t in_buffer = std::min(pending, kBufferBytes);
  const size_t in_list = pending - in_buffer;
  return {in_buffer, in_list, (in_list + kBufferBytes - 1) / kBufferBytes};
}

}  // namespace

std::string describe_client(const Client& client, CommandArgs executing) {
  const ClientTransport& transport = client.transport();
  const int64_t now_ms = client.server.now_ms();
  const RequestBytes requests = measure_requests(client, executing);
  const size_t buffered = transport.query_buffer_bytes();
  const PendingBytes pending = measure_output(client);
  const auto subscriptions = [&client](TopicKind kind) {
    return client.subscriber == nullptr ? 0 : client.subscriber->count(kind);
  };
  const Transaction* transaction = client.transaction.get();
  const int64_t queued = transaction == nullptr ? -1 : static_cast<int64_t>(transaction->size());
  const ClientTracking* tracking = client.tracking.get();
  const int64_t redirect =
      tracking == nullptr ? -1 : static_cast<int64_t>(tracking->options.redirect);
  return fmt::format(
      "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={} db={} sub={} psub={} ssub={} "
      "multi={} watch={} qbuf={} qbuf-free={} argv-mem={} multi-mem={} rbs={} rbp={} obl={} oll={} "
      "omem={} "
      "tot-mem={} events={} cmd={} user={} redir={} resp={} lib-name={} lib-ver={}",
      client.id, client.address, client.local_address, transport.descriptor(), client.name,
      (now_ms - client.created_at_ms) / 1000, (now_ms - client.last_interaction_ms) / 1000,
      client_flags(client), client.database, subscriptions(TopicKind::kChannel),
      subscriptions(TopicKind::kPattern), subscriptions(TopicKind::kShardChannel), queued,
      client.watches.count(), requests.query, transport.query_buffer_capacity() - buffered,
      requests.arguments, transaction == nullptr ? 0 : transaction->memory_bytes(),
      client.output.capacity(), pending.in_buffer, pending.in_buffer, pending.list_blocks,
      pending.in_list, client.memory_bytes(), pending.in_buffer > 0 ? "rw" : "r",
      client.last_command ? client.last_command->name : "NULL", client.user, redirect,
      client.reply.resp3() ? 3 : 2, client.lib_name, client.lib_version);
}

void log_client(LogLevel level, std::string_view event, const Client& client) {
  if (!log_enabled(level)) return;
  log(level, fmt::format("{}: {}", event, describe_client(client)));
}

}  // namespace spinel::server
