#include "server/client.h"

#include <algorithm>

#include "server/pubsub/subscriptions.h"
#include "server/replication.h"
#include "server/server.h"
#include "server/transactions/transaction.h"

namespace spinel::server {

Client::Client(Server& server_in, ClientTransport& transport)
    : Session(this),
      id(server_in.clients.next_id()),
      server(server_in),
      reply(output),
      transport_(transport) {
  created_at_ms = last_interaction_ms = server.now_ms();
  authenticated = server.config.requirepass.empty();
  server.clients.add(*this);
}

Client::~Client() {
  closing = true;
  server.watched_keys.unwatch(*this);
  server.blocked.forget(*this);
  server.clients.remove(*this);
}

bool Client::is_subscriber() const {
  return subscriber != nullptr && subscriber->active();
}

bool Client::is_attached_replica() const {
  return replica->attached();
}

size_t Client::memory_bytes() const {
  // The arguments of a command that is executed are part of the query buffer.
  const size_t waiting_bytes =
      blocked == BlockReason::kNone ? 0 : server.blocked.memory_bytes(*this);
  return sizeof(Client) + output.memory_bytes() + transport_.query_buffer_capacity() +
         (tracking == nullptr ? 0 : tracking->memory_bytes()) +
         (subscriber == nullptr ? 0 : subscriber->memory_bytes()) +
         transport_.partial_request().memory_bytes + waiting_bytes +
         (transaction == nullptr ? 0 : transaction->memory_bytes()) + watches.memory_bytes +
         name.capacity() + lib_name.capacity() + lib_version.capacity();
}

}  // namespace spinel::server
