#pragma once

#include <span>
#include <string_view>
#include <vector>

// A command is one row of data. Everything that speaks about commands (COMMAND and its subcommands,
// ACL categories, arity errors, key extraction for redirection) reads the row; nothing is said
// twice.
namespace spinel::server {

class CommandContext;
struct KeyRef;

using CommandHandler = void (*)(CommandContext&);
using CommandArgs = std::span<const std::string_view>;

// Finds the keys of one invocation where the key specification alone cannot. Appends to `keys`;
// false if the arguments make no sense.
using KeyFinder = bool (*)(CommandArgs args, std::vector<KeyRef>& keys);

// One row, written next to its handler as a constexpr value. Columns that do not apply are left
// out. All strings must live as long as the program. CommandTable checks them at start and aborts
// naming a bad row.
struct CommandRow {
  // "GET"; a subcommand is "CONFIG GET", its row comes after that of its container "CONFIG".
  std::string_view name;
  // Null for a container that does nothing by itself.
  CommandHandler handler = nullptr;
  // Number of arguments with the command's name (and subcommand's); negative: at least that many.
  int arity = 0;
  // As COMMAND DOCS names it: "string", "sorted-set", ...
  std::string_view group = {};
  std::string_view since = {};
  // CommandFlags by name: "WRITE,DENYOOM,FAST".
  std::string_view flags = {};
  // ACL categories beyond those that follow from the flags: "KEYSPACE,DANGEROUS".
  std::string_view acl = {};
  // Hints for clients: "NONDETERMINISTIC_OUTPUT,REQUEST_POLICY:ALL_SHARDS".
  std::string_view tips = {};
  // Key specifications, " ; " between them: "OW+UPDATE@index:1/range:0,1,0 ;
  // RO+ACCESS@index:2/keynum:0,1,1". A remark may follow a specification in parentheses. The
  // notation is described in key_spec.h.
  std::string_view keys = {};
  // Overrides extraction by specification for this command.
  KeyFinder key_finder = nullptr;
  // Arguments after the name: "key value:string [condition=<NX|XX>@2.6.12] [GET]". See syntax.h.
  std::string_view syntax = {};
  std::string_view complexity = {};
  // One sentence of our own.
  std::string_view summary = {};
  // Changes over time, " ; " between them: "4.0.0 Mode `ASYNC`. ; 6.2.0 Mode `SYNC`."
  std::string_view history = {};
  std::string_view deprecated_since = {};
  std::string_view replaced_by = {};
  // "DEPRECATED", "SYSCMD".
  std::string_view doc_flags = {};
};

// The rows of one file of handlers.
using CommandFamily = std::span<const CommandRow>;

}  // namespace spinel::server
