#include "server/engine/table.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <utility>

#include "server/engine/text.h"
#include "server/log/print.h"
#include "storage/base/assert.h"
#include "storage/base/bytes.h"

namespace spinel::server {

namespace {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), storage::ascii_lower);
  return lower;
}

// Calls `take` with each comma-separated word; false as soon as `take` says so or a word is empty.
template <typename Take>
bool each_word(std::string_view list, Take take) {
  while (!list.empty()) {
    const std::string_view word = take_until(list, ",");
    if (word.empty() || !take(word)) return false;
  }
  return true;
}

bool parse_flags(std::string_view column, CommandFlags& flags) {
  return each_word(column, [&flags](std::string_view word) {
    const std::optional<CommandFlags> flag = command_flag_from_name(word);
    if (flag) flags |= *flag;
    return flag.has_value();
  });
}

bool parse_categories(std::string_view column, AclCategories& categories) {
  return each_word(column, [&categories](std::string_view word) {
    const std::optional<AclCategories> category = acl_category_from_name(word);
    if (category) categories |= *category;
    return category.has_value();
  });
}

bool is_known_doc_flags(std::string_view column) {
  return each_word(column,
                   [](std::string_view word) { return word == "DEPRECATED" || word == "SYSCMD"; });
}

bool is_well_formed_history(std::string_view column) {
  while (!column.empty()) {
    std::string_view entry = take_until(column, " ; ");
    if (take_until(entry, " ").empty() || entry.empty()) return false;
  }
  return true;
}

bool is_well_formed_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == ' ';
  };
  return !name.empty() && std::ranges::all_of(name, fits) && std::ranges::count(name, ' ') <= 1 &&
         name.front() != ' ' && name.back() != ' ';
}

bool is_index_range(const KeySpec& spec) {
  return spec.begin == KeySpec::Begin::kIndex && spec.find == KeySpec::Find::kRange &&
         spec.limit <= 1;
}

// The first/last/step triple covers the specifications of its kind that follow upon each other;
// clients that know nothing else need the flag to learn that there is more.
void derive_legacy_triple(Command& command) {
  for (const KeySpec& spec : command.key_specs) {
    const int last = spec.last_key >= 0 ? spec.index + spec.last_key : spec.last_key;
    const bool starts = command.first_key == 0;
    const bool follows = spec.index == command.last_key + 1 && spec.key_step == command.key_step;
    if (!is_index_range(spec) || !(starts || follows)) {
      command.flags |= CommandFlags::kMovableKeys;
      continue;
    }
    if (starts) {
      command.first_key = spec.index;
      command.key_step = spec.key_step;
    }
    command.last_key = last;
  }
  command.has_plain_keys = command.key_specs.size() == 1 && is_index_range(command.key_specs[0]) &&
                           !any(command.key_specs[0].flags & KeyFlags::kNotKey) &&
                           command.key_finder == nullptr;
}

std::string parse_columns(const CommandRow& row, Command& command) {
  if (!parse_flags(row.flags, command.flags)) return "unknown flag";
  AclCategories named = AclCategories::kNone;
  if (!parse_categories(row.acl, named)) return "unknown ACL category";
  command.acl = derive_acl_categories(named, command.flags);
  each_word(row.tips, [&command](std::string_view word) {
    command.tips.push_back(lower_case(word));
    return true;
  });

  KeySpecsParse keys = parse_key_specs(row.keys);
  if (!keys.error.empty()) return keys.error;
  command.key_specs = std::move(keys.specs);
  derive_legacy_triple(command);

  SyntaxParse syntax = parse_syntax(row.syntax, static_cast<int>(command.key_specs.size()));
  if (!syntax.error.empty()) return "syntax: " + syntax.error;
  command.arguments = std::move(syntax.arguments);
  return {};
}

[[noreturn]] void abort_on_row(const CommandRow& row, std::string_view error) {
  print(stderr, "command row '{}': {}\n", row.name, error);
  std::abort();
}

}  // namespace

std::string parse_row(const CommandRow& row, Command& command) {
  command.row = &row;
  command.handler = row.handler;
  command.arity = row.arity;
  command.key_finder = row.key_finder;
  command.name = lower_case(row.name);
  std::ranges::replace(command.name, ' ', '|');
  if (!is_well_formed_name(row.name)) return "bad name";
  if (row.arity == 0) return "no arity";
  if (row.group.empty() || row.since.empty() || row.summary.empty()) {
    return "group, since or summary missing";
  }
  if (!is_known_doc_flags(row.doc_flags)) return "unknown doc flag";
  if (!is_well_formed_history(row.history)) return "history entry without version or text";
  return parse_columns(row, command);
}

CommandTable::CommandTable(std::span<const CommandFamily> families) {
  for (const CommandFamily& family : families) {
    for (const CommandRow& row : family) add(row);
  }
  for (const auto& command : commands_) {
    if (command->handler == nullptr && command->subcommands.empty()) {
      abort_on_row(*command->row, "neither handler nor subcommands");
    }
  }
}

void CommandTable::add(const CommandRow& row) {
  auto command = std::make_unique<Command>();
  if (const std::string error = parse_row(row, *command); !error.empty()) abort_on_row(row, error);
  command->id = id_count();
  by_subname_.emplace_back();

  const size_t bar = command->name.find('|');
  if (bar == std::string::npos) {
    if (find(command->name)) abort_on_row(row, "there is such a row already");
    by_name_.insert(command->name, command.get());
  } else {
    const Command* found = find(std::string_view(command->name).substr(0, bar));
    if (found == nullptr) abort_on_row(row, "no container before it");
    Command& container = *commands_[found->id];
    command->parent = &container;
    if (find(container, command->own_name())) abort_on_row(row, "there is such a row already");
    by_subname_[container.id].insert(command->own_name(), command.get());
    container.subcommands.push_back(command.get());
  }
  commands_.push_back(std::move(command));
}

const Command* CommandTable::find_full(std::string_view full_name) const {
  const size_t bar = full_name.find('|');
  const Command* command = find(full_name.substr(0, bar));
  if (command == nullptr || bar == std::string_view::npos) return command;
  return find(*command, full_name.substr(bar + 1));
}

CommandTable::RenameResult CommandTable::rename(std::string_view from, std::string_view to) {
  const Command* command = find(from);
  if (command == nullptr) return RenameResult::kNoSuchCommand;
  by_name_.erase(from);
  if (to.empty()) return RenameResult::kOk;
  if (find(to)) return RenameResult::kTargetExists;
  new_names_.push_back(std::make_unique<std::string>(to));
  by_name_.insert(*new_names_.back(), command);
  return RenameResult::kOk;
}

std::vector<const Command*> CommandTable::commands() const {
  std::vector<const Command*> reachable;
  reachable.reserve(by_name_.size());
  by_name_.for_each([&reachable](const Command& command) { reachable.push_back(&command); });
  std::ranges::sort(reachable, {}, [](const Command* command) { return command->id; });
  return reachable;
}

bool takes_keys(const Command& command, KeyScope scope) {
  return std::ranges::any_of(command.key_specs, [scope](const KeySpec& spec) {
    return scope == KeyScope::kKeysAndChannels || !any(spec.flags & KeyFlags::kNotKey);
  });
}

bool extract_keys(const Command& command, CommandArgs args, std::vector<KeyRef>& keys,
                  KeyScope scope) {
  keys.clear();
  if (command.has_plain_keys) {
    const auto count = static_cast<int>(args.size());
    const int last = command.last_key >= 0 ? command.last_key : count + command.last_key;
    const KeyFlags flags = command.key_specs[0].flags & ~KeyFlags::kVariable;
    if (last >= count) return false;
    for (int i = command.first_key; i <= last; i += command.key_step) {
      keys.push_back({static_cast<uint32_t>(i), flags});
    }
    return !keys.empty();
  }

  bool fits = true;
  if (command.key_finder) {
    fits = command.key_finder(args, keys);
  } else {
    for (const KeySpec& spec : command.key_specs) {
      if (spec.begin == KeySpec::Begin::kUnknown) continue;
      if (scope == KeyScope::kKeys && any(spec.flags & KeyFlags::kNotKey)) continue;
      fits = fits && find_keys(spec, args, keys);
    }
  }
  if (!command.has(CommandFlags::kNoMandatoryKeys)) return fits && !keys.empty();
  // What is wrong with the key count is the command's to tell: it can do with no key.
  if (!fits) keys.clear();
  return true;
}

size_t first_key_index(const Command& command, CommandArgs args) {
  if (command.first_key > 0) {
    return static_cast<size_t>(command.first_key) < args.size() ? command.first_key : 0;
  }
  if (command.key_specs.empty()) return 0;
  const KeySpec& spec = command.key_specs[0];
  if (spec.begin != KeySpec::Begin::kIndex || spec.find != KeySpec::Find::kKeynum) return 0;
  const size_t index = spec.index + spec.first_key;
  return index < args.size() ? index : 0;
}

}  // namespace spinel::server
