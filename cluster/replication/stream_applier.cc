#include "cluster/replication/stream_applier.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <utility>

#include "server/log/log.h"
#include "server/server.h"
#include "storage/base/bytes.h"
#include "storage/base/numbers.h"

namespace spinel::cluster {

namespace {

using server::CommandArgs;
using server::resp::RequestParser;

// Commands that are run together, so that what they touch is fetched together.
constexpr size_t kBatch = 128;
// How much of a command that failed the log shows.
constexpr size_t kMostShown = 128;

bool is(CommandArgs args, size_t index, std::string_view word) {
  return index < args.size() && storage::equals_ignore_case(args[index], word);
}

}  // namespace

StreamApplier::StreamApplier(server::Server& server, server::Client& client,
                             std::function<void()> acknowledge)
    : server_(server),
      client_(client),
      acknowledge_(std::move(acknowledge)),
      replayer_(server, client,
                [this](CommandArgs args, const std::string& error) { report(args, error); }),
      logged_database_(client.database) {}

StreamApplier::Step StreamApplier::read(std::string_view input, size_t& at) {
  if (at == input.size()) return Step::kIncomplete;
  const char first = input[at];
  if (first != '*' && first != '\n' && first != '\r') {
    error_ = "what it sends is no array";
    return Step::kFailed;
  }
  args_.clear();
  size_t consumed = 0;
  const server::resp::RequestLimits limits{.max_bulk_bytes = INT64_MAX};
  switch (parser_.parse(input.substr(at), limits, args_, consumed)) {
    case RequestParser::Status::kIncomplete:
      return Step::kIncomplete;
    case RequestParser::Status::kError:
      error_ = parser_.error();
      return Step::kFailed;
    case RequestParser::Status::kRequest:
      break;
  }
  at += consumed;
  return Step::kCommand;
}

size_t StreamApplier::apply(std::string_view input) {
  server_.update_time();
  logged_ = 0;
  size_t done = 0;  // whole units
  size_t at = scanned_;
  bool in_transaction = scanned_ > 0;
  for (;;) {
    const size_t begin = at;
    if (read(input, at) != Step::kCommand) break;
    if (in_transaction) {
      if (args_.size() != 1 || !is(args_, 0, "exec")) continue;
      in_transaction = false;
      add_transaction(input.substr(done, at - done));
    } else if (args_.size() == 1 && is(args_, 0, "multi")) {
      in_transaction = true;
      continue;
    } else if (is(args_, 0, "replconf")) {
      if (is(args_, 1, "getack")) {
        finish(input, begin);
        acknowledge_();
      }
    } else if (!args_.empty() && !is(args_, 0, "ping")) {
      add(args_);
    }
    done = at;
  }
  finish(input, done);
  scanned_ = in_transaction ? at - done : 0;
  return done;
}

void StreamApplier::add_transaction(std::string_view unit) {
  RequestParser parser;
  std::vector<std::string_view> args;
  for (size_t at = 0; at < unit.size();) {
    args.clear();
    size_t consumed = 0;
    const server::resp::RequestLimits limits{.max_bulk_bytes = INT64_MAX};
    if (parser.parse(unit.substr(at), limits, args, consumed) != RequestParser::Status::kRequest) {
      return;  // cannot be: it was read before
    }
    at += consumed;
    const bool is_frame = args.size() == 1 && (is(args, 0, "multi") || is(args, 0, "exec"));
    if (!args.empty() && !is_frame) add(args);
  }
}

void StreamApplier::add(CommandArgs args) {
  if (!replayer_.add(args)) {
    run();
    return report(args, "ERR unknown command, or wrong number of arguments");
  }
  if (replayer_.size() >= kBatch) run();
}

void StreamApplier::run() {
  if (replayer_.size() == 0) return;
  const storage::Keyspace::IgnoreExpiry ignore_expiry(server_.keyspace);
  const server::EffectStream::Suspension suspension(server_.effects);
  replayer_.run();
}

void StreamApplier::finish(std::string_view input, size_t end) {
  if (end == logged_) return;
  run();
  if (server_.effects.selected_database() < 0) {
    // A file that was begun meanwhile does not know which database is selected.
    const storage::IntegerText text(logged_database_);
    const std::string_view select[] = {"SELECT", text.view()};
    server_.effects.add_last(logged_database_, select);
  }
  server_.effects.append_applied(input.substr(logged_, end - logged_), client_.database);
  logged_ = end;
  logged_database_ = client_.database;
  server_.blocked.serve();
}

void StreamApplier::report(CommandArgs args, const std::string& error) {
  std::string shown;
  for (const std::string_view arg : args) {
    if (shown.size() >= kMostShown) break;
    if (!shown.empty()) shown += ' ';
    shown += arg.substr(0, kMostShown - std::min(shown.size(), kMostShown));
  }
  ++server_.stats.unexpected_error_replies;
  server::log_warning(
      "== CRITICAL == This replica is sending an error to its master: '{}' after processing the "
      "command '{}'",
      error, shown);
  if (server_.config.propagation_error_behavior == server::PropagationErrorBehavior::kIgnore) {
    return;
  }
  server::log_warning("propagation-error-behavior has the server end after such an error");
  std::_Exit(1);
}

}  // namespace spinel::cluster
