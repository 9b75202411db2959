#include "cluster/replication/node.h"

#include <algorithm>
#include <fmt/format.h>

#include "server/engine/context.h"
#include "server/log/log.h"
#include "server/net/event_loop.h"
#include "server/server.h"
#include "server/stats/info_writer.h"
#include "storage/base/numbers.h"

namespace spinel::cluster {

using server::CommandContext;
using server::InfoWriter;

namespace {

constexpr int64_t kMostPort = 65535;
constexpr std::string_view kBecameReplica =
    "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)";

}  // namespace

Node::Node(server::Server& server_in, server::net::EventLoop& loop_in)
    : server(server_in), loop(loop_in), history(server_in.effects) {
  server.replication = this;
  for (const std::string_view option :
       {"replica-read-only", "replica-serve-stale-data", "replica-ignore-maxmemory",
        "min-replicas-to-write", "min-replicas-max-lag"}) {
    server.config_store.on_change({option}, [this](const server::Config&) {
      update_role();
      return std::optional<std::string>();
    });
  }
  if (!server.config.replicaof_host.empty()) {
    upstream.follow(server.config.replicaof_host, server.config.replicaof_port);
  }
  update_role();
}

Node::~Node() = default;

void Node::update_role() {
  const server::Config& config = server.config;
  server::NodeRole& role = server.role;
  role.is_replica = is_replica();
  role.read_only = role.is_replica && config.replica_read_only;
  role.stale = role.is_replica && !upstream.connected() && !config.replica_serve_stale_data;
  role.too_few_replicas = !role.is_replica && config.min_replicas_to_write > 0 &&
                          config.min_replicas_max_lag_s > 0 &&
                          replicas.good_count() < static_cast<size_t>(config.min_replicas_to_write);
  role.leaves_eviction_to_master = role.is_replica && config.replica_ignore_maxmemory;
  server.keyspace.set_master_expires(role.is_replica);
  server.effects.set_local(role.is_replica);
}

void Node::cron() {
  upstream.cron();
  replicas.cron();
  update_role();
}

void Node::end_turn() {
  replicas.end_turn();
  failover.advance();
}

void Node::between_turns() {
  upstream.between_turns();
}

void Node::psync(CommandContext& ctx) {
  replicas.psync(ctx);
}

void Node::replconf(CommandContext& ctx) {
  replicas.replconf(ctx);
}

void Node::replicaof(CommandContext& ctx) {
  if (ctx.server.config.cluster_enabled) {
    return ctx.error("ERR REPLICAOF not allowed in cluster mode.");
  }
  if (failover.active()) return ctx.error("ERR REPLICAOF not allowed while failing over.");
  if (ctx.arg_is(1, "no") && ctx.arg_is(2, "one")) {
    if (is_replica()) {
      server::log_notice("This node becomes a master: {} sent REPLICAOF NO ONE",
                         ctx.client().address);
      promote();
    }
    return ctx.reply.ok();
  }
  if (ctx.client().is_replica()) {
    return ctx.error("ERR Command is not valid when client is a replica.");
  }
  const auto port = storage::parse_int64(ctx.arg(2));
  if (!port || *port < 0 || *port > kMostPort) return ctx.error("ERR Invalid master port");
  const std::string host(ctx.arg(1));
  if (upstream.follows(host, static_cast<int>(*port))) {
    return ctx.reply.simple("OK Already connected to specified master");
  }
  server::log_notice("This node becomes a replica of {}:{}: {} sent REPLICAOF", host, *port,
                     ctx.client().address);
  follow(host, static_cast<int>(*port));
  ctx.reply.ok();
}

// Clients that wait for keys would wait in vain: a replica's keys change as its master says, and so
// would those that wait for replicas.
void Node::unblock_clients() {
  for (const auto& [id, client] : server.clients) {
    const server::BlockReason reason = client->blocked;
    if (reason != server::BlockReason::kKeys && reason != server::BlockReason::kWait) continue;
    if (!server.blocked.fail(*client, kBecameReplica)) continue;
    client->close_after_reply = true;
  }
}

void Node::follow(const std::string& host, int port) {
  const bool was_master = !is_replica();
  server.config.replicaof_host = host;
  server.config.replicaof_port = port;
  if (was_master) unblock_clients();
  upstream.follow(host, port);
  // They are to find out whether their history goes on.
  replicas.disconnect_all();
  update_role();
}

void Node::promote() {
  server.config.replicaof_host.clear();
  server.config.replicaof_port = 0;
  upstream.stop();
  history.promote();
  replicas.disconnect_all();
  update_role();
}

void Node::failover_command(CommandContext& ctx) {
  failover.command(ctx);
}

void Node::role(CommandContext& ctx) {
  if (is_replica()) return upstream.write_role(ctx);
  ctx.reply.array(3);
  ctx.reply.bulk("master");
  ctx.reply.integer(history.offset());
  replicas.write_role(ctx);
}

void Node::write_info(InfoWriter& info) const {
  info.field("role", is_replica() ? "slave" : "master");
  if (is_replica()) upstream.write_info(info);
  replicas.write_info(info);
  info.field("master_failover_state", failover.state_name());
  write_history_info(info);
}

void Node::write_history_info(InfoWriter& info) const {
  info.field("master_replid", history.id());
  info.field("master_replid2", history.second_id());
  info.field("master_repl_offset", history.offset());
  info.field("second_repl_offset", history.second_offset());
  info.field("repl_backlog_active", history.has_backlog());
  info.field("repl_backlog_size", server.config.repl_backlog_size_bytes);
  info.field("repl_backlog_first_byte_offset", history.first_byte());
  info.field("repl_backlog_histlen", history.length());
}

void Node::change_id() {
  history.begin_anew();
}

int64_t Node::written_offset(uint64_t position) const {
  return position != 0 && history.has_backlog() ? history.offset_at(position) : 0;
}

size_t Node::replicas_that_have(uint64_t position) const {
  return replicas.that_have(written_offset(position));
}

size_t Node::replicas_that_synced(uint64_t position) const {
  return replicas.that_synced(written_offset(position));
}

void Node::ask_for_acknowledgements() {
  replicas.ask_for_acknowledgements();
}

server::Replication::Fields Node::rdb_fields() const {
  if (!history.has_backlog()) return {};
  return {{"repl-stream-db", std::to_string(std::max(server.effects.selected_database(), 0))},
          {"repl-id", history.id()},
          {"repl-offset", std::to_string(history.offset())}};
}

void Node::on_loaded(const Fields& fields) {
  std::string id;
  std::optional<int64_t> offset;
  int64_t database = 0;
  for (const auto& [name, value] : fields) {
    if (name == "repl-id") id = value;
    if (name == "repl-offset") offset = storage::parse_int64(value);
    if (name == "repl-stream-db") database = storage::parse_int64(value).value_or(0);
  }
  if (id.size() != kNoReplicationId.size() || !offset || *offset < 0) return;
  if (is_replica()) {
    history.adopt(id, *offset);
    if (database >= 0 && database < server.keyspace.database_count()) {
      upstream.set_stream_database(static_cast<int>(database));
    }
  } else {
    history.adopt_as_second(id, *offset);
  }
}

bool Node::replicas_lag() {
  if (is_replica() || !replicas.lag()) return false;
  replicas.ask_for_acknowledgements();
  return true;
}

// What is kept beyond repl-backlog-size is there for replicas that lag behind.
uint64_t Node::backlog_bytes() const {
  return std::min<uint64_t>(history.memory_bytes(), server.config.repl_backlog_size_bytes);
}

}  // namespace spinel::cluster
