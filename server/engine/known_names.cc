#include "server/engine/known_names.h"

#include <algorithm>
#include <unordered_set>

#include "server/engine/families.h"
#include "storage/base/bytes.h"

namespace spinel::server {
namespace {

// One a line.
// clang-format off
constexpr std::string_view kToCome[] = {
    "ACL",
    "ASKING",
    "CLUSTER",
    "EVAL",
    "EVALSHA",
    "EVALSHA_RO",
    "EVAL_RO",
    "FCALL",
    "FCALL_RO",
    "FUNCTION",
    "MODULE",
    "READONLY",
    "READWRITE",
    "SCRIPT",
    "XACK",
    "XADD",
    "XAUTOCLAIM",
    "XCLAIM",
    "XDEL",
    "XGROUP",
    "XINFO",
    "XLEN",
    "XPENDING",
    "XRANGE",
    "XREAD",
    "XREADGROUP",
    "XREVRANGE",
    "XSETID",
    "XTRIM",
};
// clang-format on

std::string upper_case(std::string_view text) {
  std::string upper(text);
  std::ranges::transform(upper, upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return upper;
}

// Whether there is such a command before any rename.
bool is_original_name(std::string_view name) {
  static const std::unordered_set<std::string_view> names = [] {
    std::unordered_set<std::string_view> all(std::begin(kToCome), std::end(kToCome));
    for (const CommandFamily& family : all_command_families()) {
      for (const CommandRow& row : family) all.insert(row.name);
    }
    return all;
  }();
  // The name of a subcommand has a space in it and names nothing that can be renamed.
  return name.find(' ') == std::string_view::npos && names.contains(upper_case(name));
}

bool is_name_after(std::span<const CommandRename> renames, std::string_view name) {
  if (name.empty()) return false;
  for (auto rename = renames.rbegin(); rename != renames.rend(); ++rename) {
    if (storage::equals_ignore_case(rename->to, name)) return true;
    if (storage::equals_ignore_case(rename->from, name)) return false;
  }
  return is_original_name(name);
}

}  // namespace

std::span<const std::string_view> commands_to_come() {
  return kToCome;
}

std::optional<std::string> rename_error(std::span<const CommandRename> earlier,
                                        std::string_view from, std::string_view to) {
  if (!is_name_after(earlier, from)) return "No such command in rename-command";
  // The old name is free from here on: a command may be renamed to what it is called.
  if (to.empty() || storage::equals_ignore_case(from, to)) return std::nullopt;
  if (is_name_after(earlier, to)) return "Target command name already exists";
  return std::nullopt;
}

}  // namespace spinel::server
