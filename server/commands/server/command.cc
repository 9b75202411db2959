// COMMAND: what clients can learn about commands, all of it read from the command table.
#include <optional>
#include <string_view>
#include <vector>

#include "server/commands/support/help.h"
#include "server/engine/context.h"
#include "server/engine/describe.h"
#include "server/engine/families.h"
#include "server/engine/table.h"
#include "server/server.h"
#include "storage/base/glob.h"

namespace spinel::server {

namespace {

void reply_all_infos(CommandContext& context) {
  const std::vector<const Command*> commands = context.server.commands.commands();
  context.reply.array(commands.size());
  for (const Command* command : commands) reply_command_info(context.reply, *command);
}

void command_command(CommandContext& context) {
  reply_all_infos(context);
}

void command_count_command(CommandContext& context) {
  context.reply.integer(static_cast<int64_t>(context.server.commands.size()));
}

void command_info_command(CommandContext& context) {
  if (context.arity() == 2) return reply_all_infos(context);
  context.reply.array(context.arity() - 2);
  for (size_t i = 2; i < context.arity(); ++i) {
    const Command* command = context.server.commands.find_full(context.arg(i));
    if (command) {
      reply_command_info(context.reply, *command);
    } else {
      context.reply.null();
    }
  }
}

// Unknown names are left out.
void command_docs_command(CommandContext& context) {
  std::vector<const Command*> commands;
  if (context.arity() == 2) commands = context.server.commands.commands();
  for (size_t i = 2; i < context.arity(); ++i) {
    const Command* command = context.server.commands.find_full(context.arg(i));
    if (command) commands.push_back(command);
  }
  context.reply.map(commands.size());
  for (const Command* command : commands) reply_command_docs(context.reply, *command);
}

// Replies the names of all commands and subcommands that `passes`.
template <typename Passes>
void reply_names(CommandContext& context, Passes passes) {
  std::vector<std::string_view> names;
  for (const Command* command : context.server.commands.commands()) {
    if (passes(*command)) names.push_back(command->name);
    for (const Command* subcommand : command->subcommands) {
      if (passes(*subcommand)) names.push_back(subcommand->name);
    }
  }
  context.reply.array(names.size());
  for (const std::string_view name : names) context.reply.bulk(name);
}

void command_list_command(CommandContext& context) {
  if (context.arity() == 2) return reply_names(context, [](const Command&) { return true; });
  if (context.arity() != 5 || !context.arg_is(2, "FILTERBY")) return context.syntax_error();
  const std::string_view value = context.arg(4);
  if (context.arg_is(3, "PATTERN")) {
    reply_names(context, [value](const Command& command) {
      return storage::glob_match(value, command.name, true);
    });
  } else if (context.arg_is(3, "ACLCAT")) {
    const AclCategories category = acl_category_from_name(value).value_or(AclCategories::kNone);
    reply_names(context,
                [category](const Command& command) { return any(command.acl & category); });
  } else if (context.arg_is(3, "MODULE")) {
    // Every command is the server's own.
    context.reply.array(0);
  } else {
    context.syntax_error();
  }
}

// The keys of the command line that the arguments from 2 on are; nullopt if the error has been
// sent.
std::optional<std::vector<KeyRef>> keys_of_inner_command(CommandContext& context) {
  const CommandArgs inner = context.args.subspan(2);
  const Command* command = context.server.commands.resolve(inner);
  std::vector<KeyRef> keys;
  if (command == nullptr) {
    context.error("ERR Invalid command specified");
  } else if (!takes_keys(*command)) {
    context.error("ERR The command has no key arguments");
  } else if (!command->arity_fits(inner.size())) {
    context.error("ERR Invalid number of arguments specified for command");
  } else if (!extract_keys(*command, inner, keys)) {
    context.error("ERR Invalid arguments specified for command");
  } else {
    return keys;
  }
  return std::nullopt;
}

void command_getkeys_command(CommandContext& context) {
  const std::optional<std::vector<KeyRef>> keys = keys_of_inner_command(context);
  if (!keys) return;
  context.reply.array(keys->size());
  for (const KeyRef& key : *keys) context.reply.bulk(context.arg(2 + key.index));
}

void command_getkeysandflags_command(CommandContext& context) {
  const std::optional<std::vector<KeyRef>> keys = keys_of_inner_command(context);
  if (!keys) return;
  context.reply.array(keys->size());
  for (const KeyRef& key : *keys) {
    context.reply.array(2);
    context.reply.bulk(context.arg(2 + key.index));
    reply_key_flags(context.reply, key.flags);
  }
}

void command_help_command(CommandContext& context) {
  reply_help(context.reply, "COMMAND",
             {
                 "(no subcommand)",
                 "    Describe every command.",
                 "COUNT",
                 "    Return how many commands there are.",
                 "LIST [FILTERBY (MODULE <name>|ACLCAT <category>|PATTERN <pattern>)]",
                 "    List the names of all commands, or of those that pass the filter.",
                 "INFO [<command-name> ...]",
                 "    Describe the commands that are named, or all.",
                 "DOCS [<command-name> ...]",
                 "    Document the commands that are named, or all.",
                 "GETKEYS <full-command>",
                 "    Return the keys of a command line.",
                 "GETKEYSANDFLAGS <full-command>",
                 "    Return the keys of a command line and how each is used.",
             });
}

constexpr CommandRow kCommandRows[] = {
    {.name = "COMMAND",
     .handler = command_command,
     .arity = -1,
     .group = "server",
     .since = "2.8.13",
     .flags = "LOADING,STALE,SENTINEL",
     .acl = "CONNECTION",
     .tips = "NONDETERMINISTIC_OUTPUT_ORDER",
     .complexity = "O(N)",
     .summary = "Describes every command of the server."},
    {.name = "COMMAND COUNT",
     .handler = command_count_command,
     .arity = 2,
     .group = "server",
     .since = "2.8.13",
     .flags = "LOADING,STALE,SENTINEL",
     .acl = "CONNECTION",
     .complexity = "O(1)",
     .summary = "Counts the commands of the server."},
    {.name = "COMMAND DOCS",
     .handler = command_docs_command,
     .arity = -2,
     .group = "server",
     .since = "7.0.0",
     .flags = "LOADING,STALE,SENTINEL",
     .acl = "CONNECTION",
     .tips = "NONDETERMINISTIC_OUTPUT_ORDER",
     .syntax = "[command-name:string ...]",
     .complexity = "O(N)",
     .summary = "Documents commands: what they do, their arguments and their past."},
    {.name = "COMMAND GETKEYS",
     .handler = command_getkeys_command,
     .arity = -3,
     .group = "server",
     .since = "2.8.13",
     .flags = "LOADING,STALE,SENTINEL",
     .acl = "CONNECTION",
     .syntax = "command:string [arg:string ...]",
     .complexity = "O(N)",
     .summary = "Extracts the keys of a command line."},
    {.name = "COMMAND GETKEYSANDFLAGS",
     .handler = command_getkeysandflags_command,
     .arity = -3,
     .group = "server",
     .since = "7.0.0",
     .flags = "LOADING,STALE,SENTINEL",
     .acl = "CONNECTION",
     .syntax = "command:string [arg:string ...]",
     .complexity = "O(N)",
     .summary = "Extracts the keys of a command line and says how each is used."},
    {.name = "COMMAND HELP",
     .handler = command_help_command,
     .arity = 2,
     .group = "server",
     .since = "5.0.0",
     .flags = "LOADING,STALE,SENTINEL",
     .acl = "CONNECTION",
     .complexity = "O(1)",
     .summary = "Lists the subcommands of COMMAND."},
    {.name = "COMMAND INFO",
     .handler = command_info_command,
     .arity = -2,
     .group = "server",
     .since = "2.8.13",
     .flags = "LOADING,STALE,SENTINEL",
     .acl = "CONNECTION",
     .tips = "NONDETERMINISTIC_OUTPUT_ORDER",
     .syntax = "[command-name:string ...]",
     .complexity = "O(N)",
     .summary = "Describes the commands that are named.",
     .history = "7.0.0 Without a name it describes all commands."},
    {.name = "COMMAND LIST",
     .handler = command_list_command,
     .arity = -2,
     .group = "server",
     .since = "7.0.0",
     .flags = "LOADING,STALE,SENTINEL",
     .acl = "CONNECTION",
     .tips = "NONDETERMINISTIC_OUTPUT_ORDER",
     .syntax = "[FILTERBY filterby=<MODULE module-name:string|ACLCAT category:string|PATTERN "
               "pattern:pattern>]",
     .complexity = "O(N)",
     .summary = "Lists the names of commands, all or those that pass a filter."},
};

}  // namespace

CommandFamily command_commands() {
  return kCommandRows;
}

}  // namespace spinel::server
