// The commands of the server: built once at start from the rows, then only read.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/engine/acl_category.h"
#include "server/engine/command_flags.h"
#include "server/engine/key_spec.h"
#include "server/engine/name_map.h"
#include "server/engine/spec.h"
#include "server/engine/syntax.h"

namespace spinel::server {

// A row, parsed. Lives as long as its table and never moves.
struct Command {
  // What dispatch reads of every command comes first.
  CommandHandler handler = nullptr;  // null: only its subcommands can be called
  int arity = 0;
  CommandFlags flags = CommandFlags::kNone;
  AclCategories acl = AclCategories::kNone;
  // Dense over all commands and subcommands of the table: an index for arrays of counters.
  uint32_t id = 0;
  // The keys as the legacy triple tells them (COMMAND's elements 4 to 6), 0 if there are none.
  int first_key = 0;
  int last_key = 0;  // negative: counted from the end
  int key_step = 0;
  // No specification but the first, and the triple says it all: the fast path of extract_keys.
  bool has_plain_keys = false;
  KeyFinder key_finder = nullptr;
  std::vector<KeySpec> key_specs;
  const Command* parent = nullptr;
  std::vector<const Command*> subcommands;

  std::string name;  // lower case: "get", "config|get"
  const CommandRow* row = nullptr;
  std::vector<std::string> tips;  // lower case
  std::vector<Argument> arguments;

  bool has(CommandFlags any_of) const { return any(flags & any_of); }
  bool arity_fits(size_t argument_count) const {
    const auto count = static_cast<int64_t>(argument_count);
    return arity >= 0 ? count == arity : count >= -arity;
  }
  // "get" of "config|get".
  std::string_view own_name() const {
    return std::string_view(name).substr(parent ? parent->name.size() + 1 : 0);
  }
};

// Parses one row into `command` but for what depends on other rows. Returns what is wrong with it,
// or nothing.
std::string parse_row(const CommandRow& row, Command& command);

class CommandTable {
 public:
  // Aborts naming the row if one is wrong, is there twice or is a subcommand of nothing. The rows
  // must outlive the table.
  explicit CommandTable(std::span<const CommandFamily> families);
  CommandTable(const CommandTable&) = delete;
  CommandTable& operator=(const CommandTable&) = delete;

  // The command of that name in either case, no subcommand; null if there is none. Never allocates.
  const Command* find(std::string_view name) const { return by_name_.find(name); }
  // The subcommand of `container` of that name, "get".
  const Command* find(const Command& container, std::string_view subcommand) const {
    return by_subname_[container.id].find(subcommand);
  }
  // By full name: "get" or "config|get".
  const Command* find_full(std::string_view full_name) const;
  // The command that a client calls by `args` (not empty): with a container's subcommand if there
  // is one to be had. Null if the command or the subcommand is unknown; unknown_command_error()
  // says which.
  const Command* resolve(CommandArgs args) const {
    const Command* command = find(args[0]);
    if (command == nullptr || command->subcommands.empty() || args.size() == 1) return command;
    return find(*command, args[1]);
  }

  enum class RenameResult { kOk, kNoSuchCommand, kTargetExists };
  // `rename-command`: from now on find() knows the command by `to` only, or not at all if `to` is
  // empty. What the command tells about itself keeps its name. Only before clients are served.
  RenameResult rename(std::string_view from, std::string_view to);

  // The commands that clients can call, without subcommands, in the order of the rows. Allocates.
  std::vector<const Command*> commands() const;
  // The number of those.
  size_t size() const { return by_name_.size(); }
  // One more than the greatest id.
  uint32_t id_count() const { return static_cast<uint32_t>(commands_.size()); }
  // id < id_count(), whether or not the command is disabled.
  const Command& by_id(uint32_t id) const { return *commands_[id]; }

 private:
  void add(const CommandRow& row);

  std::vector<std::unique_ptr<Command>> commands_;  // by id
  NameMap<const Command> by_name_;
  std::vector<NameMap<const Command>> by_subname_;  // by the container's id
  // New names that rename() gave: the map only views them.
  std::vector<std::unique_ptr<std::string>> new_names_;
};

// Which of the arguments of an invocation to find.
enum class KeyScope {
  kKeys,
  // Shard channels as well: they choose a node as keys do.
  kKeysAndChannels,
};

// True if the command takes keys (or, in that scope, channels).
bool takes_keys(const Command& command, KeyScope scope = KeyScope::kKeys);

// Replaces `keys` by the keys of the invocation `args` (args[0] is the name), in the order of the
// specifications. False if the arguments make no sense to the specifications; `keys` has what was
// found until then. The arity must fit.
bool extract_keys(const Command& command, CommandArgs args, std::vector<KeyRef>& keys,
                  KeyScope scope = KeyScope::kKeys);

// The argument that is the first key, to prefetch it; 0 if there is none or it is not worth finding
// out.
size_t first_key_index(const Command& command, CommandArgs args);

}  // namespace spinel::server
