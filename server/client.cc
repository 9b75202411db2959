#include "server/client.h"

#include <algorithm>

#include "server/server.h"

namespace spinel::server {

Client::Client(Server& server_in, ClientTransport& transport)
    : id(server_in.next_client_id++), server(server_in), reply(output), transport_(transport) {
  created_at_ms = last_interaction_ms = server.now_ms();
  authenticated = server.config.requirepass.empty();
  server.clients.emplace(id, this);
}

Client::~Client() {
  closing = true;
  server.blocked.unblock(*this);
  std::erase(server.monitors, this);
  server.clients.erase(id);
}

size_t Client::memory_bytes() const {
  return sizeof(Client) + output.capacity() + transport_.query_buffer_capacity() + argument_bytes +
         name.capacity() + lib_name.capacity() + lib_version.capacity();
}

}  // namespace spinel::server
