// One connected client as commands see it. The socket behind it belongs to server/net.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "server/client_memory.h"
#include "server/resp/output_buffer.h"
#include "server/resp/reply_writer.h"
#include "server/resp/request_parser.h"
#include "server/session.h"
#include "server/transactions/watched_keys.h"

namespace spinel::server {

class Server;
class Transaction;
struct ClientTracking;
struct Command;
struct Subscriber;
class ReplicaFeed;

// What a client asks of whatever carries its bytes. server/net implements it over a socket; tests
// need none.
class ClientTransport {
 public:
  virtual ~ClientTransport() = default;
  // There is output to send: it is sent before the loop turn ends.
  virtual void output_ready() = 0;
  // The client may execute commands again (it was blocked or paused): process the input that waits.
  virtual void resume_input() = 0;
  // Ends the connection without sending what is pending. The client lives on until the loop turn
  // ends.
  virtual void close() = 0;
  // Bytes received and not yet executed, and the memory held for them.
  virtual size_t query_buffer_bytes() const = 0;
  virtual size_t query_buffer_capacity() const = 0;
  // What those bytes begin with, if that is a request of which the end is still to come.
  virtual resp::PartialRequest partial_request() const = 0;
  virtual int descriptor() const = 0;
};

// What a client waits for while it executes nothing. One place for all commands that block.
enum class BlockReason : uint8_t { kNone, kWait, kKeys, kPaused, kShutdown };

// CLIENT REPLY.
enum class ReplyMode : uint8_t { kOn, kOff, kSkipNext, kSkipThis };

// A session with a connection. Lives inside its transport, registered with the server under its id
// while it lives. Only the server's thread touches it.
class Client final : public Session {
 public:
  Client(Server& server_in, ClientTransport& transport);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  const uint64_t id;
  Server& server;

  // --- identity
  std::string lib_name;
  std::string lib_version;
  std::string address;        // "127.0.0.1:51234" or "/path/to.sock:0"
  std::string local_address;  // the same of this end
  bool authenticated = false;
  bool unix_socket = false;
  bool loopback = false;

  // --- protocol state
  ReplyMode reply_mode = ReplyMode::kOn;
  bool no_evict = false;
  bool monitor = false;
  // Set by QUIT and protocol errors: closed once its output is sent; nothing it sends is executed
  // any more.
  bool close_after_reply = false;
  // The connection is being closed now; ignore it.
  bool closing = false;
  // A command of this client is being executed: pushes wait until its reply is complete.
  bool executing = false;

  // --- pub/sub (see server/pubsub); null until the first subscription
  std::unique_ptr<Subscriber> subscriber;

  // --- replication (see server/replication.h)
  std::unique_ptr<ReplicaFeed> replica;  // since REPLCONF, PSYNC or SYNC; null before
  // The connection to this node's master.
  bool is_master = false;
  // Where the effects of its last command that wrote ended in the log of effects.
  uint64_t last_write_position = 0;

  // --- transactions (see server/transactions)
  std::unique_ptr<Transaction> transaction;  // since MULTI; null outside
  ClientWatches watches;

  // --- client-side caching (see server/tracking); null while the client tracks no keys
  std::unique_ptr<ClientTracking> tracking;

  // --- blocking (see server/blocking)
  BlockReason blocked = BlockReason::kNone;
  // How long the command that waits has run so far.
  uint64_t blocked_command_ns = 0;

  // --- statistics, as CLIENT LIST shows them
  int64_t created_at_ms = 0;
  int64_t last_interaction_ms = 0;
  const Command* last_command = nullptr;
  // The generation of writes that must be on disk before the output is sent; see ReplyGate.
  uint64_t held_until = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  int64_t output_over_soft_limit_since_ms = 0;  // 0: not over it
  ClientShare memory_share;

  resp::OutputBuffer output;
  resp::ReplyWriter reply;

  ClientTransport& transport() { return transport_; }
  const ClientTransport& transport() const { return transport_; }
  // Memory held for this client, as CLIENT LIST's tot-mem.
  size_t memory_bytes() const;
  // Whether it has subscriptions.
  bool is_subscriber() const;
  // Whether it is sent the stream of effects.
  bool is_replica() const { return replica != nullptr && is_attached_replica(); }
  // Connected from this machine.
  bool is_local() const { return unix_socket || loopback; }

 private:
  bool is_attached_replica() const;

  ClientTransport& transport_;
};

}  // namespace spinel::server
