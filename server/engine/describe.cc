#include "server/engine/describe.h"

#include <algorithm>
#include <string>
#include <vector>

#include "server/engine/text.h"
#include "storage/base/bytes.h"

namespace spinel::server {

namespace {

using resp::ReplyWriter;

void reply_simple_set(ReplyWriter& reply, const std::vector<std::string>& words) {
  reply.set(words.size());
  for (const std::string& word : words) reply.simple(word);
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), storage::ascii_lower);
  return lower;
}

void reply_pair(ReplyWriter& reply, std::string_view key, std::string_view value) {
  reply.bulk(key);
  reply.bulk(value);
}

void reply_pair(ReplyWriter& reply, std::string_view key, int64_t value) {
  reply.bulk(key);
  reply.integer(value);
}

void reply_flags(ReplyWriter& reply, CommandFlags flags) {
  std::vector<std::string> names;
  for (const CommandFlagName& entry : command_flag_names()) {
    if (entry.is_public && any(flags & entry.flag)) names.push_back(lower_case(entry.name));
  }
  reply_simple_set(reply, names);
}

void reply_categories(ReplyWriter& reply, AclCategories categories) {
  std::vector<std::string> names;
  for (const AclCategoryName& entry : acl_category_names()) {
    if (any(categories & entry.category)) names.push_back("@" + std::string(entry.name));
  }
  reply_simple_set(reply, names);
}

// The map {type, spec} that both halves of a key specification are; the pairs of `spec` follow.
void begin_spec(ReplyWriter& reply, std::string_view half, std::string_view type, size_t pairs) {
  reply.bulk(half);
  reply.map(2);
  reply_pair(reply, "type", type);
  reply.bulk("spec");
  reply.map(pairs);
}

void reply_begin_search(ReplyWriter& reply, const KeySpec& spec) {
  switch (spec.begin) {
    case KeySpec::Begin::kUnknown:
      begin_spec(reply, "begin_search", "unknown", 0);
      break;
    case KeySpec::Begin::kIndex:
      begin_spec(reply, "begin_search", "index", 1);
      reply_pair(reply, "index", spec.index);
      break;
    case KeySpec::Begin::kKeyword:
      begin_spec(reply, "begin_search", "keyword", 2);
      reply_pair(reply, "keyword", spec.keyword);
      reply_pair(reply, "startfrom", spec.start_from);
      break;
  }
}

void reply_find_keys(ReplyWriter& reply, const KeySpec& spec) {
  switch (spec.find) {
    case KeySpec::Find::kUnknown:
      begin_spec(reply, "find_keys", "unknown", 0);
      break;
    case KeySpec::Find::kRange:
      begin_spec(reply, "find_keys", "range", 3);
      reply_pair(reply, "lastkey", spec.last_key);
      reply_pair(reply, "keystep", spec.key_step);
      reply_pair(reply, "limit", spec.limit);
      break;
    case KeySpec::Find::kKeynum:
      begin_spec(reply, "find_keys", "keynum", 3);
      reply_pair(reply, "keynumidx", spec.keynum_index);
      reply_pair(reply, "firstkey", spec.first_key);
      reply_pair(reply, "keystep", spec.key_step);
      break;
  }
}

void reply_key_spec(ReplyWriter& reply, const KeySpec& spec) {
  reply.map(spec.notes.empty() ? 3 : 4);
  if (!spec.notes.empty()) reply_pair(reply, "notes", spec.notes);
  reply.bulk("flags");
  reply_key_flags(reply, spec.flags);
  reply_begin_search(reply, spec);
  reply_find_keys(reply, spec);
}

std::vector<std::string> argument_flags(const Argument& argument) {
  std::vector<std::string> flags;
  if (argument.optional) flags.emplace_back("optional");
  if (argument.multiple) flags.emplace_back("multiple");
  if (argument.multiple_token) flags.emplace_back("multiple_token");
  return flags;
}

void reply_argument(ReplyWriter& reply, const Argument& argument) {
  const std::vector<std::string> flags = argument_flags(argument);
  const auto one = [](bool present) -> size_t { return present ? 1 : 0; };
  reply.map(2 + one(!argument.display_text.empty()) + one(argument.key_spec_index >= 0) +
            one(argument.token.has_value()) + one(!argument.since.empty()) +
            one(!argument.deprecated_since.empty()) + one(!flags.empty()) +
            one(!argument.arguments.empty()));
  reply_pair(reply, "name", argument.name);
  reply_pair(reply, "type", argument_type_name(argument.type));
  if (!argument.display_text.empty()) reply_pair(reply, "display_text", argument.display_text);
  if (argument.key_spec_index >= 0) reply_pair(reply, "key_spec_index", argument.key_spec_index);
  if (argument.token) reply_pair(reply, "token", *argument.token);
  if (!argument.since.empty()) reply_pair(reply, "since", argument.since);
  if (!argument.deprecated_since.empty()) {
    reply_pair(reply, "deprecated_since", argument.deprecated_since);
  }
  if (!flags.empty()) {
    reply.bulk("flags");
    reply_simple_set(reply, flags);
  }
  if (!argument.arguments.empty()) {
    reply.bulk("arguments");
    reply.array(argument.arguments.size());
    for (const Argument& child : argument.arguments) reply_argument(reply, child);
  }
}

std::vector<std::string_view> split(std::string_view list, std::string_view separator) {
  std::vector<std::string_view> parts;
  while (!list.empty()) parts.push_back(take_until(list, separator));
  return parts;
}

void reply_history(ReplyWriter& reply, const std::vector<std::string_view>& entries) {
  reply.bulk("history");
  reply.set(entries.size());
  for (std::string_view entry : entries) {
    reply.array(2);
    reply.bulk(take_until(entry, " "));
    reply.bulk(entry);
  }
}

void reply_doc_flags(ReplyWriter& reply, std::string_view column) {
  std::vector<std::string> flags;
  for (const std::string_view flag : split(column, ",")) flags.push_back(lower_case(flag));
  reply.bulk("doc_flags");
  reply_simple_set(reply, flags);
}

}  // namespace

void reply_key_flags(ReplyWriter& reply, KeyFlags flags) {
  std::vector<std::string> names;
  for (const KeyFlagName& entry : key_flag_names()) {
    if (any(flags & entry.flag)) names.emplace_back(entry.printed);
  }
  reply_simple_set(reply, names);
}

void reply_command_info(ReplyWriter& reply, const Command& command) {
  reply.array(10);
  reply.bulk(command.name);
  reply.integer(command.arity);
  reply_flags(reply, command.flags);
  reply.integer(command.first_key);
  reply.integer(command.last_key);
  reply.integer(command.key_step);
  reply_categories(reply, command.acl);
  reply.set(command.tips.size());
  for (const std::string& tip : command.tips) reply.bulk(tip);
  reply.set(command.key_specs.size());
  for (const KeySpec& spec : command.key_specs) reply_key_spec(reply, spec);
  // A command that is no container has the empty set there, which tells the two apart in RESP3.
  if (command.subcommands.empty()) return reply.set(0);
  reply.array(command.subcommands.size());
  for (const Command* subcommand : command.subcommands) reply_command_info(reply, *subcommand);
}

void reply_command_docs(ReplyWriter& reply, const Command& command) {
  const CommandRow& row = *command.row;
  const std::vector<std::string_view> history = split(row.history, " ; ");
  const auto one = [](bool present) -> size_t { return present ? 1 : 0; };
  reply.bulk(command.name);
  reply.map(3 + one(!row.complexity.empty()) + one(!row.doc_flags.empty()) +
            one(!row.deprecated_since.empty()) + one(!row.replaced_by.empty()) +
            one(!history.empty()) + one(!command.arguments.empty()) +
            one(!command.subcommands.empty()));
  reply_pair(reply, "summary", row.summary);
  reply_pair(reply, "since", row.since);
  reply_pair(reply, "group", row.group);
  if (!row.complexity.empty()) reply_pair(reply, "complexity", row.complexity);
  if (!row.doc_flags.empty()) reply_doc_flags(reply, row.doc_flags);
  if (!row.deprecated_since.empty()) reply_pair(reply, "deprecated_since", row.deprecated_since);
  if (!row.replaced_by.empty()) reply_pair(reply, "replaced_by", row.replaced_by);
  if (!history.empty()) reply_history(reply, history);
  if (!command.arguments.empty()) {
    reply.bulk("arguments");
    reply.array(command.arguments.size());
    for (const Argument& argument : command.arguments) reply_argument(reply, argument);
  }
  if (!command.subcommands.empty()) {
    reply.bulk("subcommands");
    reply.map(command.subcommands.size());
    for (const Command* subcommand : command.subcommands) reply_command_docs(reply, *subcommand);
  }
}

}  // namespace spinel::server
