// Who follows this node: handshakes, full copies, the stream, and what replicas acknowledge.
//
// The stream is the log of effects. Each replica has a place of its own in it, and the bytes exist
// once, in blocks that the backlog and all replicas share. The backlog keeps them for who comes
// back: `repl-backlog-size` in any case, and from where a replica stands that is or was here a
// short time ago, within what client-output-buffer-limit lets a replica hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/replication/full_sync.h"
#include "cluster/replication/replica_client.h"

namespace spinel::server {
class Client;
class CommandContext;
class InfoWriter;
}  // namespace spinel::server

namespace spinel::cluster {

class History;
class Node;

class Replicas {
 public:
  explicit Replicas(Node& node) : node_(node), full_sync_(node, *this) {}
  ~Replicas();
  Replicas(const Replicas&) = delete;
  Replicas& operator=(const Replicas&) = delete;

  void psync(server::CommandContext& ctx);
  void replconf(server::CommandContext& ctx);
  // Pings, timeouts, full copies that are due. Called some times a second.
  void cron();
  // Has the stream sent, and trims the backlog.
  void end_turn();
  // Closes the connections of all, so that they come back and ask how to go on.
  void disconnect_all();
  void on_snapshot_end(bool ok) { full_sync_.on_snapshot_end(ok); }

  struct Summary {
    std::string host;  // as it announces itself, or else as it connected from
    int port;
    bool is_online;
    int64_t acknowledged_offset;
  };
  std::vector<Summary> summaries() const;
  size_t online_count() const;
  // Those that min-replicas-to-write counts.
  size_t good_count() const;
  size_t that_have(int64_t offset) const;
  size_t that_synced(int64_t offset) const;
  void ask_for_acknowledgements() { ack_wanted_ = true; }
  // Who acknowledged so much has all effects.
  int64_t effects_offset() const;
  // Whether some do not have all effects.
  bool lag() const;
  void report_lag() const;

  // connected_slaves, min_slaves_good_slaves and a line each.
  void write_info(server::InfoWriter& info) const;
  // The third element of a master's ROLE.
  void write_role(server::CommandContext& ctx) const;

  // --- for ReplicaClient and FullSync
  // In the order in which they came. Connections that are being closed are among them.
  const std::vector<ReplicaClient*>& attached() const { return attached_; }
  const History& history() const;
  // Closes the connection of `replica` at the end of the turn that follows.
  void close_later(ReplicaClient& replica) { to_close_.push_back(&replica); }
  // How much of the stream may be kept for a full copy that is under way, whatever
  // client-output-buffer-limit says.
  uint64_t spare_bytes() const { return spare_bytes_; }
  // Its client goes away.
  void remove(ReplicaClient& replica);

 private:
  // A replica that left: what it lacks is kept for a while.
  struct Absent {
    std::string name;
    uint64_t position;  // of the log, from which on it lacks all
    int64_t until_ms;   // monotonic
  };

  bool may_psync(server::CommandContext& ctx);
  bool continue_partially(server::CommandContext& ctx, std::string_view id, int64_t wanted);
  void begin_full_sync(server::Client& client, bool acknowledges);
  void attach(ReplicaClient& replica);
  ReplicaClient& replica_of(server::Client& client);
  bool configure(server::CommandContext& ctx, ReplicaClient& replica, size_t index);
  void acknowledge(ReplicaClient& replica, server::CommandContext& ctx, size_t index);
  // Appends what is no effect to the stream.
  void append_to_stream(std::string_view command);
  void every_second();
  void keep_alive();
  void ping();
  void drop_silent_ones();
  void expire_backlog();
  void log_progress() const;
  void measure_spare_memory();
  void trim_backlog();
  // From which position of the log on `replica` may still want the stream.
  uint64_t wanted_from(const ReplicaClient& replica) const;
  // How many bytes are kept for one replica.
  uint64_t most_kept_bytes() const;
  void remember(const ReplicaClient& replica);

  Node& node_;
  std::vector<ReplicaClient*> attached_;
  std::vector<ReplicaClient*> unattached_;  // REPLCONF came from them
  std::vector<ReplicaClient*> to_close_;
  std::vector<Absent> absent_;
  FullSync full_sync_;
  uint64_t sent_to_ = 0;  // the end of the log when output was last sent
  bool ack_wanted_ = false;
  // The positions of the log between which pings and the like came last.
  uint64_t own_begin_ = 0;
  uint64_t own_end_ = 0;
  uint64_t spare_bytes_ = 0;
  uint64_t asked_at_ = 0;       // the end of the log when acknowledgements were last asked for
  int64_t next_second_ms_ = 0;  // monotonic
  int64_t last_ping_ms_ = 0;    // monotonic
  int64_t alone_since_ms_ = 0;  // monotonic; 0: there are replicas
};

}  // namespace spinel::cluster
