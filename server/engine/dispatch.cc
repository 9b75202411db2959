#include "server/engine/dispatch.h"

#include <algorithm>
#include <fmt/format.h>

#include "server/client_description.h"
#include "server/engine/command_errors.h"
#include "server/engine/context.h"
#include "server/engine/secrets.h"
#include "server/log/log.h"
#include "server/monitor.h"
#include "server/server.h"
#include "server/transactions/transaction.h"
#include "storage/base/clock.h"
#include "storage/containers/prefetch.h"

namespace spinel::server {

using storage::TickClock;

namespace {

// A command that ran longer than this makes the cached time worth refreshing for those after it.
constexpr uint64_t kSlowEnoughToRefreshTimeNs = 1'000'000;

constexpr int64_t kHttpWarningPeriodMs = 60'000;

bool may_write(CommandFlags flags) {
  return any(flags & (CommandFlags::kWrite | CommandFlags::kMayReplicate));
}

bool may_execute(const Client& client) {
  return !client.closing && !client.close_after_reply && client.blocked == BlockReason::kNone;
}

// Browsers that are tricked into posting to us send these as first words. Answering would invite
// more.
bool is_http(std::string_view name) {
  return storage::equals_ignore_case(name, "post") || storage::equals_ignore_case(name, "host:");
}

// A reply within the stream of effects would be taken for a part of it.
void disconnect_answered_replica(Client& client, const Command* command) {
  const std::string_view name = command == nullptr ? "<unknown>" : std::string_view(command->name);
  log_client(LogLevel::kWarning,
             fmt::format("Replica generated a reply to command '{}', disconnecting it", name),
             client);
  client.server.clients.close(client, CloseReason::kKilled);
}

}  // namespace

Dispatcher::Dispatcher(Server& server)
    : server_(server),
      exec_(server.commands.find("exec")),
      never_queued_{server.commands.find("discard"), server.commands.find("multi"),
                    server.commands.find("quit"), server.commands.find("reset"),
                    server.commands.find("watch")} {}

void Dispatcher::process(std::span<PendingInput> inputs) {
  server_.update_time();
  timed([&] { process_batches(inputs); });
  forget_batch(inputs);
}

// Nothing but commands takes time here: parsing is counted to the first of its batch.
template <typename Work>
void Dispatcher::timed(Work&& work) {
  last_ticks_ = TickClock::now_ticks();
  // What one command wakes runs within its time.
  if (std::exchange(timing_, true)) return work();
  const uint64_t began = last_ticks_;
  work();
  timing_ = false;
  server_.stats.eventloop_duration_command_ns +=
      static_cast<int64_t>(TickClock::ticks_to_ns(last_ticks_ - began));
}

void Dispatcher::resume_command(Client& client) {
  const std::vector<std::string> held_back = server_.blocked.take_resumed(client);
  if (held_back.empty()) return;
  const std::vector<std::string_view> args(held_back.begin(), held_back.end());
  run(client, args, server_.commands.resolve(args), {}, WakeReason::kNone);
}

void Dispatcher::process_batches(std::span<PendingInput> inputs) {
  for (size_t first = 0; first < inputs.size() && !server_.shutdown_request();) {
    args_.clear();
    batch_.clear();
    size_t next = first;
    for (; next < inputs.size(); ++next) {
      if (inputs[next].client->blocked == BlockReason::kPaused) {
        if (!batch_.empty()) break;  // what stands before it comes first
        resume_command(*inputs[next].client);
      }
      if (read_requests(inputs[next])) break;
    }
    if (batch_.size() > 1) prefetch_batch();
    run_batch();
    const size_t end = std::min(next + 1, inputs.size());
    for (PendingInput& input : inputs.subspan(first, end - first)) input.done = input.parsed;
    first = next;
  }
}

// Gives back what these requests needed and few others will.
void Dispatcher::forget_batch(std::span<PendingInput> inputs) {
  for (PendingInput& input : inputs) input.parser->forget_arguments();
  if (args_.capacity() <= kKeptArguments) return;
  args_.clear();
  args_.shrink_to_fit();
}

// Adds the next requests of `input` to the batch. Returns whether the batch must be executed now,
// before further requests of this or of other inputs are read. A protocol error is answered here if
// no request of the input stands before it, and else found again after the batch was executed.
bool Dispatcher::read_requests(PendingInput& input) {
  Client& client = *input.client;
  // Who was interrupted and may go on already has its input processed anew.
  if (input.interrupted || !may_execute(client)) return false;
  resp::RequestParser& parser = *input.parser;
  parser.forget_arguments();
  const resp::RequestLimits limits{
      .max_bulk_bytes = server_.config.max_string_bytes(),
      .authenticated = client.authenticated || server_.config.requirepass.empty()};
  const size_t first_request = batch_.size();
  // AUTH changes the limits for what follows: until then requests are read one by one.
  const size_t limit = limits.authenticated ? kBatch : std::min(first_request + 1, kBatch);
  while (batch_.size() < limit) {
    const auto first_arg = static_cast<uint32_t>(args_.size());
    size_t consumed = 0;
    switch (parser.parse(input.bytes.substr(input.parsed), limits, args_, consumed)) {
      case resp::RequestParser::Status::kIncomplete:
        return false;
      case resp::RequestParser::Status::kError:
        if (batch_.size() > first_request) {
          parser.reset();
          return true;
        }
        if (client.is_replica()) [[unlikely]] {
          disconnect_answered_replica(client, nullptr);
          return false;
        }
        if (client.reply_mode != ReplyMode::kOff && client.reply_mode != ReplyMode::kSkipThis) {
          client.reply.error(fmt::format("ERR {}", parser.error()));
          client.reply.take_errors();
        }
        server_.error_stats.record("ERR");
        ++server_.stats.total_error_replies;
        client.close_after_reply = true;
        log_client(LogLevel::kVerbose, parser.error(), client);
        return false;
      case resp::RequestParser::Status::kRequest:
        break;
    }
    input.parsed += consumed;
    if (args_.size() == first_arg) continue;  // an empty request asks for nothing
    batch_.push_back({.input = &input,
                      .first_arg = first_arg,
                      .arg_count = static_cast<uint32_t>(args_.size()) - first_arg,
                      .end = input.parsed,
                      .command = nullptr,
                      .key_hash = {}});
    batch_.back().command = server_.commands.resolve(args_of(batch_.back()));
  }
  return true;
}

void Dispatcher::run_batch() {
  for (const Request& request : batch_) {
    PendingInput& input = *request.input;
    if (input.interrupted) continue;
    Client& client = *input.client;
    if (may_execute(client) && !server_.shutdown_request()) {
      parser_ = input.parser;
      run(client, args_of(request), request.command, request.key_hash, WakeReason::kNone);
      parser_ = nullptr;
      input.done = request.end;
    }
    if (!may_execute(client) || server_.shutdown_request()) {
      // What was parsed behind this command is parsed again when the client may go on.
      input.interrupted = true;
      input.parsed = input.done;
      input.parser->reset();
    }
  }
}

storage::Database& Dispatcher::database_of(const Request& request) {
  return server_.keyspace.database(request.input->client->database);
}

void Dispatcher::prefetch_batch() {
  prefetch_.run(
      std::span<Request>(batch_), [this](const Request& request) { return args_of(request); },
      [this](const Request& request) -> storage::Database& { return database_of(request); });
}

void Dispatcher::execute(Client& client, CommandArgs args, WakeReason wake) {
  timed([&] { run(client, args, server_.commands.resolve(args), {}, wake); });
}

void Dispatcher::run(Client& client, CommandArgs args, const Command* command, KeyHash key_hash,
                     WakeReason wake) {
  // CLIENT REPLY decides before the command whether its reply is sent, so that CLIENT REPLY ON
  // answers.
  const size_t mark = client.output.size();
  const ReplyMode mode = client.reply_mode;
  const int database = client.database;
  const bool was_replica = client.is_replica();
  client.executing = true;
  if (wake == WakeReason::kError) {
    end_wait_with_error(client, args, *command);
  } else if (wake == WakeReason::kTimeout || admit(client, args, command)) {
    client.last_command = command;
    const uint64_t position = server_.effects.log().end();
    call(client, client.reply, args, *command, key_hash, wake);
    if (const uint64_t now_at = server_.effects.log().end(); now_at != position) {
      client.last_write_position = now_at;
    }
    if (server_.reply_gate.active()) [[unlikely]] {
      server_.reply_gate.hold(client, *command, args, database);
    }
  } else {
    client.blocked_command_ns = 0;  // if it waited, it was refused now
  }
  client.executing = false;
  if (client.blocked != BlockReason::kNone) {
    server_.clients.memory.update(client);
    send_deferred_pushes(client);
    return;
  }
  if (client.tracking != nullptr) [[unlikely]] {
    server_.tracking.on_reply(client, command);
  }
  // Only CLIENT REPLY ON moves a client from skipping to kOn, and it always answers.
  if ((mode == ReplyMode::kOff && client.reply_mode == ReplyMode::kOff) ||
      (mode == ReplyMode::kSkipThis && client.reply_mode != ReplyMode::kOn)) {
    client.output.truncate(mark);
  }
  if (mode == ReplyMode::kSkipThis && client.reply_mode == ReplyMode::kSkipThis) {
    client.reply_mode = ReplyMode::kOn;
  } else if (client.reply_mode == ReplyMode::kSkipNext) {
    client.reply_mode = ReplyMode::kSkipThis;
  }
  send_deferred_pushes(client);
  if (client.output.size() > mark || client.output.overflowed()) {
    if (was_replica) [[unlikely]] {
      client.output.truncate(mark);
      return disconnect_answered_replica(client, command);
    }
    client.transport().output_ready();
    server_.clients.check_output_limit(client);
  }
}

// Sends what was published to `client` while its command ran.
void Dispatcher::send_deferred_pushes(Client& client) {
  if (client.subscriber == nullptr) [[likely]]
    return;
  Subscriptions::flush_deferred(client);
}

// Whether `client` may execute the command although it is a subscriber; if not, the reply was sent.
bool Dispatcher::subscriber_may_execute(Client& client, const Command& command) {
  if (client.reply.resp3() || !client.is_subscriber()) return true;
  static constexpr std::string_view kAllowed[] = {"ping",      "psubscribe",   "punsubscribe",
                                                  "quit",      "reset",        "ssubscribe",
                                                  "subscribe", "sunsubscribe", "unsubscribe"};
  if (std::ranges::find(kAllowed, command.name) != std::end(kAllowed)) return true;
  reject(client, &command,
         fmt::format("ERR Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT "
                     "/ RESET are allowed in this context",
                     command.name));
  return false;
}

void Dispatcher::reject(Client& client, const Command* command, std::string_view error) {
  std::string aborted;
  if (command == exec_) [[unlikely]] {
    if (error.starts_with("ERR ")) error.remove_prefix(4);
    aborted = fmt::format("EXECABORT Transaction discarded because of: {}", error);
    error = aborted;
    discard_transaction(client);
  }
  if (client.transaction != nullptr) client.transaction->fail();
  client.reply.error(error);
  client.reply.take_errors();
  ++server_.stats.total_error_replies;
  server_.error_stats.record(error);
  if (command != nullptr) server_.command_stats[command->id].record_rejected();
}

bool Dispatcher::admit(Client& client, CommandArgs args, const Command* command) {
  server_.clients.evict();
  if (client.closing) return false;
  if (command == nullptr || command->handler == nullptr) {
    if (is_http(args[0])) {
      warn_about_http(client);
      server_.clients.close_after_command(client, CloseReason::kKilled);
      return false;
    }
    if (command != nullptr) {
      reject(client, command, wrong_arity_error(*command));
    } else {
      reject(client, nullptr, unknown_command_error(server_.commands, args));
    }
    return false;
  }
  if (!command->arity_fits(args.size())) {
    reject(client, command, wrong_arity_error(*command));
    return false;
  }
  CommandFlags flags = command->flags;
  if (client.transaction != nullptr) [[unlikely]] {
    if (command->has(CommandFlags::kNoMulti)) {
      reject(client, command, "ERR Command not allowed inside a transaction");
      return false;
    }
    if (command == exec_) flags = client.transaction->exec_flags(flags);
  }
  if (command->has(CommandFlags::kProtected) && !protected_command_allowed(client, *command)) {
    return false;
  }
  if (!client.authenticated && !server_.config.requirepass.empty() &&
      !command->has(CommandFlags::kNoAuth)) {
    reject(client, command, "NOAUTH Authentication required.");
    return false;
  }
  if (server_.config.maxmemory_bytes != 0 && !server_.memory_limit.make_room() &&
      any(flags & CommandFlags::kDenyOom)) {
    reject(client, command, "OOM command not allowed when used memory > 'maxmemory'.");
    return false;
  }
  if (server_.loading.active() || server_.loading.async() || server_.snapshots.failing() ||
      server_.append_only_file.failing() || server_.role.restricts_commands()) [[unlikely]] {
    if (!state_allows(client, *command, flags)) return false;
  }
  if (client.subscriber != nullptr) [[unlikely]] {
    if (!subscriber_may_execute(client, *command)) return false;
  }
  if (client.monitor || client.is_replica()) {
    // Observers: they are never paused, and stay away from the keys.
    if (command->has(CommandFlags::kReadonly) || may_write(command->flags)) {
      reject(client, command, "ERR Replica can't interact with the keyspace");
      return false;
    }
  } else if (const PauseScope pause = server_.pause.scope();
             pause == PauseScope::kAll || (pause == PauseScope::kWrites && may_write(flags))) {
    client.last_command = command;
    server_.blocked.block(client, BlockReason::kPaused, args, 0);
    return false;
  }
  if (client.transaction != nullptr) [[unlikely]] {
    return runs_within_multi(client, args, *command);
  }
  return true;
}

bool Dispatcher::runs_within_multi(Client& client, CommandArgs args, const Command& command) {
  if (&command == exec_ || std::ranges::find(never_queued_, &command) != never_queued_.end()) {
    return true;
  }
  client.last_command = &command;
  client.transaction->add(command, args);
  server_.clients.memory.update(client);
  client.reply.simple("QUEUED");
  return false;
}

void Dispatcher::call_queued(Client& client, Transaction& transaction) {
  transaction.finish();
  // What CLIENT REPLY OFF mutes is each reply, as if the commands stood alone.
  const auto reply_of = [&client](auto&& work) {
    const bool muted = client.reply_mode == ReplyMode::kOff;
    const size_t mark = client.output.size();
    work();
    if (muted && client.reply_mode == ReplyMode::kOff) client.output.truncate(mark);
  };
  const std::span<Transaction::Queued> commands = transaction.commands();
  reply_of([&] { client.reply.array(commands.size()); });
  const auto args_of = [&](const Transaction::Queued& queued) {
    return transaction.args_of(queued);
  };
  client.deny_blocking = true;
  for (size_t i = 0; i < commands.size(); ++i) {
    if (i % kBatch == 0 && commands.size() > 1) {
      prefetch_.run(commands.subspan(i, std::min(kBatch, commands.size() - i)), args_of,
                    [&](const Transaction::Queued&) -> storage::Database& {
                      return server_.keyspace.database(client.database);
                    });
    }
    const Transaction::Queued& queued = commands[i];
    const CommandArgs args = args_of(queued);
    const int database = client.database;
    reply_of([&] {
      call(client, client.reply, args, *queued.command, queued.key_hash, WakeReason::kNone);
    });
    if (server_.reply_gate.active()) [[unlikely]] {
      server_.reply_gate.hold(client, *queued.command, args, database);
    }
  }
  client.deny_blocking = false;
}

bool Dispatcher::state_allows(Client& client, const Command& command, CommandFlags flags) {
  const std::string refusal = refusal_of_state(command, flags);
  if (refusal.empty()) return true;
  reject(client, &command, refusal);
  return false;
}

// What state_allows replies; empty if the command may run.
std::string Dispatcher::refusal_of_state(const Command& command, CommandFlags flags) const {
  const NodeRole& role = server_.role;
  const bool writes = any(flags & CommandFlags::kWrite);
  if ((writes || command.name == "ping") && !role.is_replica && !server_.loading.active()) {
    std::string refusal(server_.snapshots.write_refusal());
    if (refusal.empty()) refusal = server_.append_only_file.write_refusal();
    if (!refusal.empty()) return refusal;
  }
  if (writes && role.too_few_replicas) return std::string(kTooFewReplicasError);
  if (writes && role.read_only) return std::string(kReadOnlyError);
  if (role.stale && !any(flags & CommandFlags::kStale)) return std::string(kStaleError);
  if (server_.loading.active() && !any(flags & CommandFlags::kLoading)) {
    return std::string(kLoadingError);
  }
  if (server_.loading.async() && any(flags & CommandFlags::kNoAsyncLoading)) {
    return std::string(kLoadingError);
  }
  return {};
}

void Dispatcher::warn_about_http(const Client& client) {
  const int64_t now_ms = server_.monotonic_ms();
  if (now_ms < next_http_warning_ms_) return;
  next_http_warning_ms_ = now_ms + kHttpWarningPeriodMs;
  log_warning(
      "SECURITY: closed the connection from {}, which sent an HTTP request (POST or Host:). A web "
      "page may be using a browser to send commands. Further ones are not logged for a minute.",
      client.address);
}

bool Dispatcher::protected_command_allowed(Client& client, const Command& command) {
  const bool debug = command.name.starts_with("debug");
  const ProtectedAccess access =
      debug ? server_.config.enable_debug_command : server_.config.enable_module_command;
  if (access == ProtectedAccess::kYes) return true;
  if (access == ProtectedAccess::kLocal && client.is_local()) return true;
  const std::string_view name = debug ? "DEBUG" : "MODULE";
  const std::string_view option = debug ? "debug" : "module";
  reject(client, &command,
         fmt::format("ERR {} command not allowed. If the enable-{}-command option is set to "
                     "\"local\", you can run it from a local connection, otherwise you need to set "
                     "this option in the configuration file, and then restart the server.",
                     name, option));
  return false;
}

void Dispatcher::call(Session& session, resp::ReplyWriter& reply, CommandArgs args,
                      const Command& command, KeyHash key_hash, WakeReason wake) {
  Client* const client = session.client();
  const uint64_t began_ticks = depth_ == 0 ? last_ticks_ : TickClock::now_ticks();
  const int database = session.database;
  ++depth_;
  if (depth_ == 1) server_.current_client = client;

  CommandContext context(server_, session, reply, command, args, wake);
  if (key_hash.known) {
    context.hashed_index_ = first_key_index(command, args);
    context.hash_ = key_hash.value;
  }
  command.handler(context);
  if (context.block_refused_) [[unlikely]] {
    CommandContext again(server_, session, reply, command, args, WakeReason::kTimeout);
    command.handler(again);
  }

  last_ticks_ = TickClock::now_ticks();
  uint64_t duration_ns = TickClock::ticks_to_ns(last_ticks_ - began_ticks);
  resp::ReplyWriter::Errors errors;
  if (reply.has_errors()) [[unlikely]]
    errors = reply.take_errors();
  if (client != nullptr && client->blocked != BlockReason::kNone) {
    client->blocked_command_ns += duration_ns;  // it is counted when it ends
  } else {
    if (wake != WakeReason::kNone) duration_ns += std::exchange(client->blocked_command_ns, 0);
    record(session, errors, args, command, duration_ns);
  }
  if (client != nullptr && client->tracking != nullptr) [[unlikely]] {
    server_.tracking.on_command(*client, command, args);
  }

  if (client != nullptr && !server_.clients.monitors.empty() && wake == WakeReason::kNone) {
    feed_monitors(server_, *client, command, args);
  }
  --depth_;
  if (context.changes_ > 0 && !context.effect_replaced_) {
    depth_ == 0 ? server_.effects.add_last(database, args) : server_.effects.add(database, args);
  }
  if (depth_ == 0) {
    server_.current_client = nullptr;
    if (duration_ns >= kSlowEnoughToRefreshTimeNs) server_.update_time();
    server_.effects.commit();
    server_.tracking.end_unit();
    server_.blocked.serve();
  }
}

void Dispatcher::apply(Session& session, resp::ReplyWriter& reply, CommandArgs args,
                       const Command& command, KeyHash key_hash) {
  ++depth_;
  CommandContext context(server_, session, reply, command, args, WakeReason::kNone);
  if (key_hash.known) {
    context.hashed_index_ = first_key_index(command, args);
    context.hash_ = key_hash.value;
  }
  command.handler(context);
  if (context.block_refused_) [[unlikely]] {
    CommandContext again(server_, session, reply, command, args, WakeReason::kTimeout);
    command.handler(again);
  }
  --depth_;
}

void Dispatcher::end_wait_with_error(Client& client, CommandArgs args, const Command& command) {
  client.reply.error(server_.blocked.wait_error());
  record(client, client.reply.take_errors(), args, command,
         std::exchange(client.blocked_command_ns, 0));
}

void Dispatcher::record(const Session& session, const resp::ReplyWriter::Errors& errors,
                        CommandArgs args, const Command& command, uint64_t duration_ns) {
  ++server_.stats.total_commands_processed;
  const bool failed = errors.count > 0;
  if (failed) {
    server_.stats.total_error_replies += errors.count;
    server_.error_stats.record(errors.first);
  }
  CommandStats& command_stats = server_.command_stats[command.id];
  if (server_.config.latency_tracking) {
    command_stats.record_call_with_latency(duration_ns, failed);
  } else {
    command_stats.record_call(duration_ns, failed);
  }
  // Everything below is for slow commands only.
  const int64_t slow_us = server_.config.slowlog_log_slower_than_us;
  if (duration_ns < kSlowEnoughToRefreshTimeNs && (slow_us < 0 || slow_us >= 1000)) return;
  const auto duration_us = static_cast<int64_t>(duration_ns / 1000);
  const int64_t now_s = storage::wall_clock_ms() / 1000;
  if (!command.has(CommandFlags::kSkipSlowlog)) {
    const Client* client = session.client();
    server_.slowlog.record(without_secrets(command, args), duration_us, now_s,
                           client != nullptr ? client->address : "", session.name,
                           {.slower_than_us = slow_us,
                            .max_length = static_cast<size_t>(server_.config.slowlog_max_len)});
  }
  server_.latency.record(
      command.has(CommandFlags::kFast) ? latency_event::kFastCommand : latency_event::kCommand,
      duration_us / 1000, server_.config.latency_monitor_threshold_ms, now_s);
}

}  // namespace spinel::server
