#include "server/engine/replayer.h"

#include <utility>

#include "server/monitor.h"
#include "server/server.h"
#include "storage/base/clock.h"
#include "storage/base/numbers.h"

namespace spinel::server {

Replayer::Replayer(Server& server, Client& master, OnError on_error)
    : server_(server),
      session_(master),
      master_(&master),
      on_error_(std::move(on_error)),
      reply_(output_) {}

bool Replayer::add(CommandArgs args) {
  const Command* command = server_.commands.resolve(args);
  if (command == nullptr || command->handler == nullptr || !command->arity_fits(args.size())) {
    return false;
  }
  if (batch_.empty()) next_database_ = session_.database;
  batch_.push_back({.command = command,
                    .first_arg = static_cast<uint32_t>(args_.size()),
                    .arg_count = static_cast<uint32_t>(args.size()),
                    .database = next_database_,
                    .key_hash = {}});
  args_.insert(args_.end(), args.begin(), args.end());
  if (command->name == "select") {
    const auto database = storage::parse_int64(args[1]);
    const int64_t count = server_.keyspace.database_count();
    if (database && *database >= 0 && *database < count) {
      next_database_ = static_cast<int>(*database);
    }
  }
  return true;
}

void Replayer::run() {
  prefetch_.run(
      std::span<Request>(batch_), [this](const Request& request) { return args_of(request); },
      [this](const Request& request) -> storage::Database& {
        return server_.keyspace.database(request.database);
      });
  uint64_t began_ticks = master_ == nullptr ? 0 : storage::TickClock::now_ticks();
  for (const Request& request : batch_) {
    server_.dispatcher.apply(session_, reply_, args_of(request), *request.command,
                             request.key_hash);
    output_.truncate(0);
    if (master_ != nullptr) {
      const uint64_t now_ticks = storage::TickClock::now_ticks();
      count(request, storage::TickClock::ticks_to_ns(now_ticks - began_ticks), reply_.has_errors());
      began_ticks = now_ticks;
    }
    if (!reply_.has_errors()) continue;
    resp::ReplyWriter::Errors errors = reply_.take_errors();
    errors_ += static_cast<uint64_t>(errors.count);
    if (on_error_) on_error_(args_of(request), errors.first);
    if (first_error_.empty()) first_error_ = request.command->name + ": " + errors.first;
  }
  commands_ += batch_.size();
  drop();
}

void Replayer::count(const Request& request, uint64_t duration_ns, bool failed) {
  ++server_.stats.total_commands_processed;
  CommandStats& stats = server_.command_stats[request.command->id];
  if (server_.config.latency_tracking) {
    stats.record_call_with_latency(duration_ns, failed);
  } else {
    stats.record_call(duration_ns, failed);
  }
  if (!server_.clients.monitors.empty()) {
    feed_monitors(server_, *master_, *request.command, args_of(request));
  }
}

void Replayer::drop() {
  batch_.clear();
  args_.clear();
}

}  // namespace spinel::server
