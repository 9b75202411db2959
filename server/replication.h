// What the rest of a node asks of replication, and what replication tells the rest of a node.
// cluster/replication implements the interface; a server without it is a master that nobody
// follows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spinel::server {

class CommandContext;
class InfoWriter;

// What a node may do at present. Replication sets it; commands and periodic work go by it.
struct NodeRole {
  bool is_replica = false;
  // Clients may not write: a replica with replica-read-only.
  bool read_only = false;
  // Clients may not read either: the master is out of reach, and replica-serve-stale-data is no.
  bool stale = false;
  // A master that fewer replicas follow than min-replicas-to-write asks for.
  bool too_few_replicas = false;
  // A replica leaves eviction to its master: replica-ignore-maxmemory.
  bool leaves_eviction_to_master = false;

  bool restricts_commands() const { return read_only || stale || too_few_replicas; }
};

// What makes a client a replica: what it is sent besides replies. Belongs to the client, and goes
// with it.
class ReplicaFeed {
 public:
  virtual ~ReplicaFeed() = default;
  // Whether PSYNC or SYNC made the client a replica; REPLCONF alone does not.
  virtual bool attached() const = 0;
  // The next bytes to send behind the output buffer, in one piece; empty if there is nothing to
  // send now. Valid until `consume`.
  virtual std::string_view peek() = 0;
  virtual void consume(size_t bytes) = 0;
  // Bytes that wait to be sent: they count against client-output-buffer-limit.
  virtual uint64_t pending_bytes() const = 0;
};

class Replication {
 public:
  virtual ~Replication() = default;

  // --- the event loop
  // Some times a second.
  virtual void cron() {}
  // The commands of a turn have run, and output is about to be sent.
  virtual void end_turn() {}
  // No turn is under way: what takes long and serves events meanwhile may run.
  virtual void between_turns() {}

  // --- commands
  virtual void psync(CommandContext& ctx);  // PSYNC and SYNC
  virtual void replconf(CommandContext& ctx);
  virtual void replicaof(CommandContext& ctx);
  virtual void failover_command(CommandContext& ctx);
  virtual void role(CommandContext& ctx);
  virtual void write_info(InfoWriter& info) const;
  // DEBUG CHANGE-REPL-ID.
  virtual void change_id() {}

  // --- WAIT and WAITAOF. Positions are those of the log of effects.
  // How many replicas have what was written up to `position`.
  virtual size_t replicas_that_have(uint64_t /*position*/) const { return 0; }
  // How many have it in their synced append only files.
  virtual size_t replicas_that_synced(uint64_t /*position*/) const { return 0; }
  // Has replicas asked, at the end of the turn, how far they are. Clients that wait (BlockReason
  // kWait) are tried again when one answers.
  virtual void ask_for_acknowledgements() {}

  // --- persistence
  // The fields that an RDB file gets: which history the data belong to, and how far.
  using Fields = std::vector<std::pair<std::string, std::string>>;
  virtual Fields rdb_fields() const { return {}; }
  // At the start: a file was loaded that has these of them.
  virtual void on_loaded(const Fields& /*fields*/) {}
  // A child that wrote a snapshot has ended; `ok`: the file is there.
  virtual void on_snapshot_end(bool /*ok*/) {}
  // Whether shutting down should wait for replicas that have not all yet. Sends them the rest.
  virtual bool replicas_lag() { return false; }
  // Logs how many replicas have all, and which have not: the server ends now.
  virtual void report_lag() const {}

  // --- memory
  // What the backlog holds by its configuration, and with what is kept for replicas besides.
  virtual uint64_t backlog_bytes() const { return 0; }
  virtual uint64_t stream_bytes() const { return 0; }
};

}  // namespace spinel::server
