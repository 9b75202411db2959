#include "cluster/replication/failover.h"

#include <algorithm>
#include <utility>

#include "cluster/replication/node.h"
#include "server/engine/context.h"
#include "server/log/log.h"
#include "server/server.h"

namespace spinel::cluster {

using server::CommandContext;

namespace {
// A pause without an end of its own.
constexpr int64_t kForever = INT64_MAX;
}  // namespace

std::string_view Failover::state_name() const {
  switch (state_) {
    case State::kNone:
      return "no-failover";
    case State::kWaitingForSync:
      return "waiting-for-sync";
    case State::kInProgress:
      return "failover-in-progress";
  }
  return {};
}

bool Failover::read_options(CommandContext& ctx, Options& options) {
  for (size_t i = 1; i < ctx.arity(); ++i) {
    if (ctx.arg_is(i, "TIMEOUT") && i + 1 < ctx.arity() && !options.has_timeout) {
      const auto timeout_ms = ctx.integer(++i);
      if (!timeout_ms) return false;
      if (*timeout_ms <= 0) {
        ctx.error("ERR FAILOVER timeout must be greater than 0");
        return false;
      }
      options.has_timeout = true;
      options.timeout_ms = *timeout_ms;
    } else if (ctx.arg_is(i, "ABORT") && ctx.arity() == 2) {
      options.abort = true;
    } else if (ctx.arg_is(i, "TO") && i + 2 < ctx.arity() && !options.has_target) {
      const auto port = ctx.integer(i + 2);
      if (!port) return false;
      options.has_target = true;
      options.host = ctx.arg(i + 1);
      options.port = static_cast<int>(*port);
      i += 2;
    } else if (ctx.arg_is(i, "FORCE") && !options.force) {
      options.force = true;
    } else {
      ctx.syntax_error();
      return false;
    }
  }
  return true;
}

std::string_view Failover::refusal(const Options& options) const {
  if (active()) return "ERR FAILOVER already in progress.";
  if (node_.is_replica()) return "ERR FAILOVER is not valid when server is a replica.";
  const auto replicas = node_.replicas.summaries();
  if (replicas.empty()) return "ERR FAILOVER requires connected replicas.";
  if (options.force && (!options.has_timeout || !options.has_target)) {
    return "ERR FAILOVER with force option requires both a timeout and target HOST and IP.";
  }
  if (!options.has_target) return {};
  const auto target = std::ranges::find_if(replicas, [&](const Replicas::Summary& replica) {
    return replica.host == options.host && replica.port == options.port;
  });
  if (target == replicas.end()) return "ERR FAILOVER target HOST and PORT is not a replica.";
  if (!target->is_online) return "ERR FAILOVER target replica is not online.";
  return {};
}

void Failover::command(CommandContext& ctx) {
  if (ctx.server.config.cluster_enabled) {
    return ctx.error(
        "ERR FAILOVER not allowed in cluster mode. Use CLUSTER FAILOVER command instead.");
  }
  Options options;
  if (!read_options(ctx, options)) return;
  if (options.abort) {
    if (!active()) return ctx.error("ERR No failover in progress.");
    abort("FAILOVER ABORT was called");
    return ctx.reply.ok();
  }
  if (const std::string_view error = refusal(options); !error.empty()) return ctx.error(error);
  state_ = State::kWaitingForSync;
  is_forced_ = options.force;
  deadline_ms_ = options.has_timeout ? ctx.server.monotonic_ms() + options.timeout_ms : 0;
  host_ = options.host;
  port_ = options.port;
  if (options.has_target) {
    server::log_notice("Failing over to {}:{} as soon as it has all writes", host_, port_);
  } else {
    server::log_notice("Failing over to the first replica that has all writes");
  }
  ctx.server.pause.begin(server::PauseReason::kFailover, server::PauseScope::kWrites, kForever);
  // Replicas acknowledge only once a second unless they are asked.
  node_.ask_for_acknowledgements();
  ctx.reply.ok();
}

bool Failover::target_has_everything() {
  const int64_t offset = node_.replicas.effects_offset();
  for (const Replicas::Summary& replica : node_.replicas.summaries()) {
    if (!host_.empty() && (replica.host != host_ || replica.port != port_)) continue;
    if (!replica.is_online || replica.acknowledged_offset < offset) continue;
    host_ = replica.host;
    port_ = replica.port;
    return true;
  }
  return false;
}

void Failover::advance() {
  if (state_ != State::kWaitingForSync) return;
  if (target_has_everything()) {
    server::log_notice("Replica {}:{} has all writes, and takes over", host_, port_);
    return hand_over();
  }
  if (deadline_ms_ == 0 || node_.server.monotonic_ms() < deadline_ms_) return;
  if (!is_forced_) return abort("the replica did not catch up in time");
  server::log_notice("Failover to {}:{} time out exceeded, failing over.", host_, port_);
  hand_over();
}

void Failover::hand_over() {
  state_ = State::kInProgress;
  node_.follow(host_, port_);
}

void Failover::on_accepted() {
  if (in_progress()) end();
}

void Failover::on_rejected() {
  if (in_progress()) abort("Failover target rejected psync request");
}

void Failover::abort(std::string_view reason) {
  server::log_notice("Gave up the failover: {}", reason);
  const bool followed = in_progress();
  end();
  if (followed) node_.promote();
}

void Failover::end() {
  state_ = State::kNone;
  deadline_ms_ = 0;
  host_.clear();
  node_.server.pause.end(server::PauseReason::kFailover);
}

}  // namespace spinel::cluster
