// Applies a master's stream: the commands that its writes had as their effect, and a few that are
// about replication itself.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/engine/replayer.h"
#include "server/resp/request_parser.h"

namespace spinel::server {
class Client;
class Server;
}  // namespace spinel::server

namespace spinel::cluster {

// Units are applied whole, a transaction when its EXEC is there. What was applied goes into the log
// of effects as the bytes it came in.
class StreamApplier {
 public:
  // `client` is the master's, whose selected database is that of the stream. `acknowledge` is
  // called when the master asks how far this node is, and finds everything before that applied.
  StreamApplier(server::Server& server, server::Client& client, std::function<void()> acknowledge);

  // Applies the whole units that `input` begins with, and returns how many bytes they are. The rest
  // is to be passed again, with more behind it. Once `failed`, nothing more may be passed.
  size_t apply(std::string_view input);
  bool failed() const { return !error_.empty(); }
  // What is wrong with the stream.
  const std::string& error() const { return error_; }
  // How many bytes the input needs at least to go on, as far as is known.
  size_t expected_bytes() const { return scanned_ + parser_.expected_bytes(); }

 private:
  enum class Step : uint8_t { kCommand, kIncomplete, kFailed };
  // Reads one command at `at` of `input` into `args_`, and moves `at` behind it.
  Step read(std::string_view input, size_t& at);
  // Adds the commands of a transaction that is there in whole.
  void add_transaction(std::string_view unit);
  void add(server::CommandArgs args);
  // What was added takes effect, and all of `input` up to `end` goes into the log.
  void finish(std::string_view input, size_t end);
  void run();
  void report(server::CommandArgs args, const std::string& error);

  server::Server& server_;
  server::Client& client_;
  const std::function<void()> acknowledge_;
  server::Replayer replayer_;
  server::resp::RequestParser parser_;
  std::vector<std::string_view> args_;
  // So much of a transaction of which the end is to come was read, behind what was applied.
  size_t scanned_ = 0;
  size_t logged_ = 0;    // of the input
  int logged_database_;  // that is selected behind what was logged
  std::string error_;
};

}  // namespace spinel::cluster
