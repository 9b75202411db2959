// From bytes to executed commands: parses all requests that a read brought, prefetches what they
// will touch, and runs them in order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/blocking/blocked_clients.h"
#include "server/client.h"
#include "server/engine/batch_prefetch.h"
#include "server/engine/spec.h"
#include "server/engine/table.h"
#include "server/resp/request_parser.h"

namespace spinel::server {

class Server;
class Transaction;

// What a client sent and was not executed yet.
struct PendingInput {
  Client* client;
  resp::RequestParser* parser;
  std::string_view bytes;
  size_t done = 0;  // how many of `bytes` are done with

  // --- of the dispatcher
  size_t parsed = 0;  // how many of `bytes` are requests that were executed or are about to be
  bool interrupted = false;  // the client may execute nothing more now
};

class Dispatcher {
 public:
  explicit Dispatcher(Server& server);

  // Executes what the inputs hold of complete requests, as far as their clients may execute
  // commands now, and sets `done` of each. The rest is to be passed again, from its first byte,
  // with more behind it. The requests of a client are executed in order, and those of different
  // clients in turns of up to a batch.
  void process(std::span<PendingInput> inputs);
  // The same for one client; returns what `done` would be.
  size_t process(Client& client, std::string_view input, resp::RequestParser& parser) {
    PendingInput one{.client = &client, .parser = &parser, .bytes = input};
    process({&one, 1});
    return one.done;
  }

  // Executes one command for `client`, whose wait is over for the reason `wake`. `args` is not
  // empty.
  void execute(Client& client, CommandArgs args, WakeReason wake = WakeReason::kNone);

  // Runs a command that was admitted, and has it reply to `reply`. Commands nest: within a handler
  // this runs a further command as a part of the same unit. What belongs to the unit (committing
  // effects, serving who waits, taking newer time) happens once, when its outermost command ends;
  // each command has statistics and a duration of its own.
  void call(Session& session, resp::ReplyWriter& reply, CommandArgs args, const Command& command,
            WakeReason wake = WakeReason::kNone) {
    call(session, reply, args, command, KeyHash(), wake);
  }
  // Runs a command that was recorded where it had its effect: nothing is counted, and nobody hears
  // of it but the one place for modified keys.
  void apply(Session& session, resp::ReplyWriter& reply, CommandArgs args, const Command& command,
             KeyHash key_hash);
  // Hands over the memory that holds `argument` of the command being executed, if it was received
  // into memory that can become a value. The argument stays readable as long as the new owner
  // leaves it as it is. Null: it must be copied.
  storage::RawString* take_large_argument(std::string_view argument) {
    if (argument.size() < resp::RequestParser::kLeastLarge || parser_ == nullptr) return nullptr;
    return parser_->take_block(argument);
  }
  // Runs what `client` queued, within EXEC: writes the array of replies.
  void call_queued(Client& client, Transaction& transaction);
  // How many commands are under way, one within the other.
  int depth() const { return depth_; }
  // Whether the command that runs is a part of another, as those of a transaction are.
  bool nested() const { return depth_ > 1; }

 private:
  // A parsed request of the batch.
  struct Request {
    PendingInput* input;
    uint32_t first_arg;
    uint32_t arg_count;
    size_t end;  // where it ends in the input
    const Command* command;
    KeyHash key_hash;
  };

  static constexpr size_t kBatch = 128;
  // Room for arguments that is kept between batches.
  static constexpr size_t kKeptArguments = 1024;

  // Does `work`, which executes commands, and counts how long they took.
  template <typename Work>
  void timed(Work&& work);
  // Runs the command that `client` was held back with by a pause that is over.
  void resume_command(Client& client);
  void process_batches(std::span<PendingInput> inputs);
  bool read_requests(PendingInput& input);
  void forget_batch(std::span<PendingInput> inputs);
  void run_batch();
  void prefetch_batch();
  storage::Database& database_of(const Request& request);
  CommandArgs args_of(const Request& request) const {
    return {args_.data() + request.first_arg, request.arg_count};
  }
  void run(Client& client, CommandArgs args, const Command* command, KeyHash key_hash,
           WakeReason wake);
  // Whether the command may run now. If not, the reply was sent or the client was blocked.
  bool admit(Client& client, CommandArgs args, const Command* command);
  void call(Session& session, resp::ReplyWriter& reply, CommandArgs args, const Command& command,
            KeyHash key_hash, WakeReason wake);
  // Whether the flags of a command, or for EXEC those of its transaction, allow it to run although
  // a file is being loaded, the data cannot be saved, or the node's role restricts what clients may
  // do; if not, the reply was sent.
  bool state_allows(Client& client, const Command& command, CommandFlags flags);
  std::string refusal_of_state(const Command& command, CommandFlags flags) const;
  // Within MULTI: queues the command unless it runs at once. Returns whether it does.
  bool runs_within_multi(Client& client, CommandArgs args, const Command& command);
  bool subscriber_may_execute(Client& client, const Command& command);
  static void send_deferred_pushes(Client& client);
  // Whether a command that the configuration must enable is; if not, the reply was sent.
  bool protected_command_allowed(Client& client, const Command& command);
  // Counts a command that ended after it ran for `duration_ns`.
  void record(const Session& session, const resp::ReplyWriter::Errors& errors, CommandArgs args,
              const Command& command, uint64_t duration_ns);
  // Ends the wait of `client` with an error reply, without calling the handler.
  void end_wait_with_error(Client& client, CommandArgs args, const Command& command);
  void reject(Client& client, const Command* command, std::string_view error);
  // Logs that `client` sent an HTTP request, at most once a minute.
  void warn_about_http(const Client& client);

  Server& server_;
  // Transactions treat these in ways of their own.
  const Command* exec_;
  std::array<const Command*, 5> never_queued_;  // besides EXEC
  std::vector<std::string_view> args_;          // of the whole batch
  std::vector<Request> batch_;
  BatchPrefetch prefetch_;
  uint64_t last_ticks_ = 0;  // when the previous command of the batch ended
  bool timing_ = false;      // within `timed`
  int depth_ = 0;
  resp::RequestParser* parser_ = nullptr;  // of the request that is executed
  int64_t next_http_warning_ms_ = 0;       // monotonic
};

}  // namespace spinel::server
