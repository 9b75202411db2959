// Replication of one node: what it has (History), who follows it (Replicas), and whom it follows
// (Upstream). Implements what the server asks of replication.
#pragma once

#include "cluster/replication/failover.h"
#include "cluster/replication/history.h"
#include "cluster/replication/replicas.h"
#include "cluster/replication/upstream.h"
#include "server/replication.h"

namespace spinel::server {
class Server;
namespace net {
class EventLoop;
}
}  // namespace spinel::server

namespace spinel::cluster {

class Node final : public server::Replication {
 public:
  // Both outlive it. Follows the master that the configuration names, once the data are loaded.
  Node(server::Server& server_in, server::net::EventLoop& loop_in);
  ~Node() override;

  server::Server& server;
  server::net::EventLoop& loop;
  History history;
  Replicas replicas{*this};
  Upstream upstream{*this};
  Failover failover{*this};

  bool is_replica() const { return upstream.active(); }
  // Sets what the server's commands and periodic work go by, after something of that changed.
  void update_role();

  // --- changes of the role
  // Follows the master at `host`:`port` instead of whom it follows now.
  void follow(const std::string& host, int port);
  // Becomes a master that its replicas can go on with.
  void promote();

  // --- server::Replication
  void cron() override;
  void end_turn() override;
  void between_turns() override;
  void psync(server::CommandContext& ctx) override;
  void replconf(server::CommandContext& ctx) override;
  void replicaof(server::CommandContext& ctx) override;
  void failover_command(server::CommandContext& ctx) override;
  void role(server::CommandContext& ctx) override;
  void write_info(server::InfoWriter& info) const override;
  void change_id() override;
  size_t replicas_that_have(uint64_t position) const override;
  size_t replicas_that_synced(uint64_t position) const override;
  void ask_for_acknowledgements() override;
  Fields rdb_fields() const override;
  void on_loaded(const Fields& fields) override;
  void on_snapshot_end(bool ok) override { replicas.on_snapshot_end(ok); }
  bool replicas_lag() override;
  void report_lag() const override { replicas.report_lag(); }
  uint64_t backlog_bytes() const override;
  uint64_t stream_bytes() const override { return history.memory_bytes(); }

 private:
  // Of what comes before `position` of the log; 0 for who never wrote.
  int64_t written_offset(uint64_t position) const;
  void write_history_info(server::InfoWriter& info) const;
  void unblock_clients();
};

}  // namespace spinel::cluster
