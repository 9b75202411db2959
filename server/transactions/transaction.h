// The commands that a client has queued since MULTI.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/engine/batch_prefetch.h"
#include "server/engine/table.h"

namespace spinel::server {

class Client;

// Arguments are copied, one behind the other. A transaction lives from MULTI to EXEC or DISCARD.
class Transaction {
 public:
  struct Queued {
    const Command* command;
    size_t first_arg;
    size_t arg_count;
    KeyHash key_hash;
  };

  Transaction();

  // Adds a command that was admitted.
  void add(const Command& command, CommandArgs args);
  // A command was refused: EXEC will run nothing.
  void fail() { failed_ = true; }
  bool failed() const { return failed_; }

  size_t size() const { return commands_.size(); }
  size_t argument_bytes() const { return bytes_.size(); }
  size_t memory_bytes() const;
  // What EXEC needs to be allowed to: all that any of its commands does, and kLoading only if each
  // of them has it.
  CommandFlags exec_flags(CommandFlags own) const {
    return (own & ~not_allowed_) | (any_flags_ & kInherited);
  }

  // The commands in order, for BatchPrefetch and to be run. Nothing may be added any more.
  std::span<Queued> commands() { return commands_; }
  // Makes `args_of` valid.
  void finish();
  CommandArgs args_of(const Queued& queued) const {
    return {args_.data() + queued.first_arg, queued.arg_count};
  }

 private:
  static constexpr CommandFlags kInherited =
      CommandFlags::kWrite | CommandFlags::kDenyOom | CommandFlags::kMayReplicate;

  std::string bytes_;
  std::vector<size_t> ends_;  // of the arguments, in `bytes_`
  std::vector<Queued> commands_;
  std::vector<std::string_view> args_;
  CommandFlags any_flags_ = CommandFlags::kNone;
  CommandFlags not_allowed_ = CommandFlags::kNone;  // kLoading or nothing
  bool failed_ = false;
};

// Forgets what `client` queued and what it watches: DISCARD, and the end of EXEC.
void discard_transaction(Client& client);

}  // namespace spinel::server
