#include "server/engine/command_errors.h"

#include <algorithm>

#include "storage/base/bytes.h"

namespace spinel::server {

namespace {

// How much of what a client sent is repeated to it, in bytes.
constexpr size_t kMaxEchoBytes = 128;

// The part of `text` that is repeated: not too much of it and nothing from a NUL on.
std::string_view echo(std::string_view text, size_t max_bytes = kMaxEchoBytes) {
  text = text.substr(0, max_bytes);
  return text.substr(0, text.find('\0'));
}

}  // namespace

std::string unknown_command_error(const CommandTable& table, CommandArgs args) {
  if (table.find(args[0]) != nullptr) {
    std::string container(args[0]);
    std::ranges::transform(container, container.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    });
    return "ERR unknown subcommand '" + std::string(echo(args[1])) + "'. Try " + container +
           " HELP.";
  }
  std::string beginning;
  for (size_t i = 1; i < args.size() && beginning.size() < kMaxEchoBytes; ++i) {
    const std::string_view shown = echo(args[i], kMaxEchoBytes - beginning.size());
    beginning.append("'").append(shown).append("' ");
  }
  return "ERR unknown command '" + std::string(echo(args[0])) +
         "', with args beginning with: " + beginning;
}

std::string wrong_arity_error(const Command& command) {
  return "ERR wrong number of arguments for '" + command.name + "' command";
}

}  // namespace spinel::server
