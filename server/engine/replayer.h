// Runs commands that were recorded as effects: those of an append only file, or a master's stream.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/engine/batch_prefetch.h"
#include "server/resp/output_buffer.h"
#include "server/resp/reply_writer.h"
#include "server/session.h"

namespace spinel::server {

class Client;
class Server;

// Collects commands and runs them in batches, so that what they touch is fetched together. What
// they reply is dropped.
class Replayer {
 public:
  explicit Replayer(Server& server) : server_(server), session_(own_session_), reply_(output_) {}

  // What an error that a command replied with is told to.
  using OnError = std::function<void(CommandArgs args, const std::string& error)>;
  // For the stream of `master`: commands count, monitors see them.
  Replayer(Server& server, Client& master, OnError on_error);

  // Adds a command; its arguments must stay where they are until `run`. False if the command is
  // unknown or has a wrong number of arguments: then nothing is added.
  bool add(CommandArgs args);
  // Runs what was added, in order.
  void run();
  // Forgets what was added and not run.
  void drop();
  // How many were added and not run.
  size_t size() const { return batch_.size(); }

  // Commands that ran, and those among them that replied with an error; the first such error.
  uint64_t commands() const { return commands_; }
  uint64_t errors() const { return errors_; }
  const std::string& first_error() const { return first_error_; }

 private:
  class ReplaySession final : public Session {};

  struct Request {
    const Command* command;
    uint32_t first_arg;
    uint32_t arg_count;
    int database;
    KeyHash key_hash;
  };

  CommandArgs args_of(const Request& request) const {
    return {args_.data() + request.first_arg, request.arg_count};
  }

  // Of a master's command that ran for so long.
  void count(const Request& request, uint64_t duration_ns, bool failed);

  Server& server_;
  ReplaySession own_session_;
  Session& session_;
  Client* master_ = nullptr;
  OnError on_error_;
  resp::OutputBuffer output_;
  resp::ReplyWriter reply_;
  BatchPrefetch prefetch_;
  std::vector<std::string_view> args_;
  std::vector<Request> batch_;
  int next_database_ = 0;  // after what was added
  uint64_t commands_ = 0;
  uint64_t errors_ = 0;
  std::string first_error_;
};

}  // namespace spinel::server
