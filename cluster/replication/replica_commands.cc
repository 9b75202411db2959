// PSYNC, SYNC and REPLCONF as a master answers them.
#include <algorithm>
#include <fmt/format.h>

#include "cluster/replication/node.h"
#include "cluster/replication/replicas.h"
#include "server/engine/context.h"
#include "server/log/log.h"
#include "server/server.h"
#include "storage/base/numbers.h"

namespace spinel::cluster {

using server::Client;
using server::CommandContext;

namespace {

// Longer than any host name.
constexpr size_t kMostAddressBytes = 255;

}  // namespace

// --- PSYNC and SYNC

// Whether this node serves replicas now. If not, the refusal was sent.
bool Replicas::may_psync(CommandContext& ctx) {
  Client& client = ctx.client();
  const bool is_psync = ctx.arity() > 1;
  if (is_psync && ctx.arg_is(3, "failover")) {
    // The master hands its role over to this node.
    server::log_warning("The master with replication ID {} asks this node to take over",
                        ctx.arg(1));
    if (!node_.is_replica()) {
      ctx.error("ERR PSYNC FAILOVER can't be sent to a master.");
      return false;
    }
    if (!storage::equals_ignore_case(ctx.arg(1), node_.history.id())) {
      ctx.error("ERR PSYNC FAILOVER replid must match my replid.");
      return false;
    }
    server::log_notice("This node becomes a master: {} handed over", client.address);
    node_.promote();
  }
  if (node_.failover.active()) {
    ctx.error("NOMASTERLINK Can't SYNC while failing over");
    return false;
  }
  if (node_.is_replica() && !node_.upstream.connected()) {
    ctx.error("NOMASTERLINK Can't SYNC while not connected with my master");
    return false;
  }
  if (!client.output.empty()) {
    ctx.error("ERR SYNC and PSYNC are invalid with pending output");
    return false;
  }
  const ReplicaTraits& traits = replica_of(client).traits;
  if (traits.filtered() && !traits.takes_eof_mark) {
    ctx.error("ERR Filtered replica requires EOF capability");
    return false;
  }
  return true;
}

void Replicas::psync(CommandContext& ctx) {
  Client& client = ctx.client();
  if (client.is_replica() || client.monitor) return;
  if (!may_psync(ctx)) return;
  ReplicaClient& replica = replica_of(client);
  server::log_notice("Replica {} asks for the data", replica.name());
  const bool is_psync = ctx.arity() > 1;
  if (is_psync) {
    const auto wanted = ctx.integer(2);
    if (!wanted) return;
    if (continue_partially(ctx, ctx.arg(1), *wanted)) return;
    if (!ctx.arg(1).starts_with('?')) ++node_.server.stats.sync_partial_err;
    server::log_notice("Replica {} asks for a full copy", replica.name());
  }
  ++node_.server.stats.sync_full;
  begin_full_sync(client, is_psync);
}

bool Replicas::continue_partially(CommandContext& ctx, std::string_view id, int64_t wanted) {
  History& history = node_.history;
  ReplicaClient& replica = replica_of(ctx.client());
  if (!history.can_continue(id, wanted)) {
    if (id.starts_with('?')) return false;
    server::log_notice(
        "Partial resynchronization not possible for replica {}: it asks for byte {} of history {}; "
        "this node has bytes {} to {} of {}, which is history {} up to byte {}",
        replica.name(), wanted, id, history.first_byte(), history.offset(), history.id(),
        history.second_id(), history.second_offset());
    return false;
  }
  attach(replica);
  replica.wait_for_copy(true, node_.server.monotonic_ms());
  replica.continue_stream(history.reader_at(wanted), node_.server.monotonic_ms());
  std::erase_if(absent_, [&](const Absent& absent) { return absent.name == replica.name(); });
  ++node_.server.stats.sync_partial_ok;
  ctx.reply.simple(replica.traits.knows_continue_id ? fmt::format("CONTINUE {}", history.id())
                                                    : std::string("CONTINUE"));
  server::log_notice(
      "Replica {} goes on without a full copy: it is sent {} bytes of the backlog, from offset {} "
      "on",
      replica.name(), history.offset() + 1 - wanted, wanted);
  sent_to_ = 0;  // has it sent what is there
  node_.update_role();
  return true;
}

void Replicas::begin_full_sync(Client& client, bool acknowledges) {
  History& history = node_.history;
  ReplicaClient& replica = replica_of(client);
  attach(replica);
  replica.wait_for_copy(acknowledges, node_.server.monotonic_ms());
  measure_spare_memory();
  if (!history.has_backlog()) {
    history.create_backlog();
    server::log_notice("The replication backlog begins, and the replication ID is {} now",
                       history.id());
  }
  if (full_sync_.join(replica)) {
    server::log_notice("Replica {} is sent the snapshot that is being written", replica.name());
  } else if (node_.server.child.running()) {
    server::log_notice("Replica {} waits until the child that runs has ended", replica.name());
  }
}

// --- REPLCONF

void Replicas::replconf(CommandContext& ctx) {
  // What is read from a file tells nothing of a replica.
  if (ctx.session.client() == nullptr) return;
  if (ctx.arity() % 2 == 0) return ctx.syntax_error();
  ReplicaClient& replica = replica_of(ctx.client());
  for (size_t i = 1; i < ctx.arity(); i += 2) {
    if (!configure(ctx, replica, i)) return;
  }
  ctx.reply.ok();
}

// Takes the pair of words at `index`. Returns whether the rest is to be taken, too; if not, all was
// said.
bool Replicas::configure(CommandContext& ctx, ReplicaClient& replica, size_t index) {
  ReplicaTraits& traits = replica.traits;
  const std::string_view value = ctx.arg(index + 1);
  if (ctx.arg_is(index, "listening-port")) {
    const auto port = ctx.integer(index + 1);
    if (!port) return false;
    traits.listening_port = *port;
    return true;
  }
  if (ctx.arg_is(index, "ip-address")) {
    if (value.size() > kMostAddressBytes) {
      ctx.error(
          fmt::format("ERR REPLCONF ip-address provided by replica instance is too long: {} bytes",
                      value.size()));
      return false;
    }
    traits.announced_ip = value;
    return true;
  }
  if (ctx.arg_is(index, "capa")) {
    if (ctx.arg_is(index + 1, "eof")) traits.takes_eof_mark = true;
    if (ctx.arg_is(index + 1, "psync2")) traits.knows_continue_id = true;
    return true;
  }
  if (ctx.arg_is(index, "ack")) {
    acknowledge(replica, ctx, index);
    return false;
  }
  if (ctx.arg_is(index, "getack")) return false;  // asked of a replica, by its master
  if (ctx.arg_is(index, "rdb-only")) {
    const auto only = ctx.integer_between(index + 1, 0, 1,
                                          "ERR value is out of range, value must between 0 and 1");
    if (!only) return false;
    traits.only_copy = *only == 1;
    return true;
  }
  if (ctx.arg_is(index, "rdb-filter-only")) {
    traits.without_data = traits.without_functions = true;
    // Words separated by spaces; "functions" is the only one.
    for (size_t begin = 0; begin < value.size();) {
      const size_t end = std::min(value.find(' ', begin), value.size());
      const std::string_view word = value.substr(begin, end - begin);
      begin = end + 1;
      if (word.empty()) continue;
      if (!storage::equals_ignore_case(word, "functions")) {
        ctx.error(fmt::format("ERR Unsupported rdb-filter-only option: {}", word));
        return false;
      }
      traits.without_functions = false;
    }
    return true;
  }
  ctx.error(fmt::format("ERR Unrecognized REPLCONF option: {}", ctx.arg(index)));
  return false;
}

void Replicas::acknowledge(ReplicaClient& replica, CommandContext& ctx, size_t index) {
  if (!replica.attached()) return;
  const auto offset = storage::parse_int64(ctx.arg(index + 1));
  if (!offset) return;
  int64_t synced_offset = -1;
  if (index + 3 < ctx.arity() && ctx.arg_is(index + 2, "fack")) {
    synced_offset = storage::parse_int64(ctx.arg(index + 3)).value_or(-1);
  }
  replica.acknowledge(*offset, synced_offset, node_.server.monotonic_ms());
  node_.server.blocked.retry_waits();
  if (node_.server.role.too_few_replicas) node_.update_role();
  node_.server.shutdown.poll();
}

}  // namespace spinel::cluster
