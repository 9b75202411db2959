// The clients that are connected, and what they may cost together and each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "server/client_memory.h"

namespace spinel::server {

class Client;
class Server;

// Why a connection is closed. Decides what is logged and counted.
enum class CloseReason : uint8_t {
  kKilled,   // CLIENT KILL, or a request that is an attack
  kReplied,  // all was sent after QUIT or a protocol error
  kLeft,     // the peer closed it
  kReadFailed,
  kWriteFailed,
  kIdle,          // option timeout
  kQueryBuffer,   // client-query-buffer-limit
  kOutputBuffer,  // client-output-buffer-limit
  kMemory,        // maxmemory-clients
};

class ClientRegistry {
 public:
  explicit ClientRegistry(Server& server) : server_(server) {}

  // --- every live client. One enters when it connects and leaves when it is destroyed.
  uint64_t next_id() { return next_id_++; }
  void add(Client& client);
  void remove(Client& client);
  size_t size() const { return by_id_.size(); }
  // Null if there is none, or if it is being closed.
  Client* find(uint64_t id) const;
  // In the order of ids, as pairs of id and client.
  auto begin() const { return by_id_.begin(); }
  auto end() const { return by_id_.end(); }

  // Clients in MONITOR mode.
  std::vector<Client*> monitors;

  // --- closing
  // Ends the connection of `client` without sending what is pending. It lives on until the turn of
  // the event loop ends. Does nothing to one that is being closed. `error` is the errno of a
  // failure.
  void close(Client& client, CloseReason reason, int error = 0);
  // The same, but for the client whose command is being executed, which gets its reply first.
  void close_after_command(Client& client, CloseReason reason);

  // --- limits
  // Caps the output buffer of `client` at the hard limit of its class.
  void set_output_limit(Client& client);
  // Whether what `client` has pending, which may have grown, exceeds client-output-buffer-limit.
  bool exceeds_output_limit(Client& client);
  // Closes `client` if it does.
  void check_output_limit(Client& client);
  // Applies maxmemory-clients as the configuration has it now.
  void apply_memory_limit();
  // Closes the clients that hold the most until the others keep within maxmemory-clients.
  void evict() {
    if (memory.over()) [[unlikely]]
      evict_largest();
  }
  // What clients hold in memory, as far as maxmemory-clients needs it.
  ClientMemory memory;

 private:
  void evict_largest();

  Server& server_;
  std::map<uint64_t, Client*> by_id_;
  uint64_t next_id_ = 1;
  int64_t memory_warned_at_ms_ = 0;
};

}  // namespace spinel::server
