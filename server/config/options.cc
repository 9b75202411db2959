#include "server/config/options.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "storage/base/assert.h"
#include "storage/base/bytes.h"

namespace spinel::server {
namespace {

constexpr std::string_view kRetiredDirectives[] = {
    "list-max-ziplist-entries", "list-max-ziplist-value", "lua-replicate-commands"};

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), storage::ascii_lower);
  return lower;
}

// Splits at each single space: "a  b" has an empty word in the middle.
std::vector<std::string> split_at_spaces(std::string_view text) {
  std::vector<std::string> words;
  if (text.empty()) return words;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find(' ', start), text.size());
    words.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  return words;
}

const Config& default_config() {
  static const Config defaults;
  return defaults;
}

}  // namespace

OptionTable::OptionTable() {
  for (auto* part : {&network_options, &general_options, &memory_options, &data_options,
                     &persistence_options, &cluster_options}) {
    auto sections = part();
    std::move(sections.begin(), sections.end(), std::back_inserter(sections_));
  }
  for_each([this](const Option& option) {
    SPINEL_ASSERT(option.value != nullptr);
    for (const std::string_view name : {option.name, option.alias}) {
      const bool added = name.empty() || by_name_.emplace(name, &option).second;
      SPINEL_ASSERT(added);
    }
  });
}

const OptionTable& OptionTable::instance() {
  static const OptionTable table;
  return table;
}

OptionTable::Match OptionTable::find(std::string_view name) const {
  const auto found = by_name_.find(lower_case(name));
  if (found == by_name_.end()) return {};
  return {found->second, found->first};
}

void OptionTable::for_each(const std::function<void(const Option&)>& visit) const {
  for (const OptionSection& section : sections_) {
    for (const Option& option : section.options) visit(option);
  }
}

bool is_retired_directive(std::string_view name) {
  return std::any_of(
      std::begin(kRetiredDirectives), std::end(kRetiredDirectives),
      [&](std::string_view each) { return storage::equals_ignore_case(each, name); });
}

ConfigError parse_option(const Option& option, Config& config, ConfigWords words,
                         ValueOrigin origin) {
  std::vector<std::string> parts;
  if (option.value->takes_many()) {
    // `""` in a file is one empty word. At run time an empty value is the empty list.
    const bool split = words.size() == 1 && (origin == ValueOrigin::kRuntime || !words[0].empty());
    if (split && !(option.flags & kFileOnly)) {
      parts = split_at_spaces(words[0]);
      words = parts;
    }
  } else if (words.size() != 1) {
    return "wrong number of arguments";
  }
  if (auto error = option.value->parse(config, words, origin)) return error;
  if (option.support == Support::kRefused && differs_from_default(option, config)) {
    return fmt::format("'{} {}' is not supported: {}", option.name, option.value->print(config),
                       option.reason);
  }
  return std::nullopt;
}

std::vector<Option> with_reason(std::string_view reason, std::vector<Option> rows) {
  for (Option& row : rows) {
    if (row.support != Support::kFull && row.reason.empty()) row.reason = reason;
  }
  return rows;
}

bool differs_from_default(const Option& option, const Config& config) {
  return option.value->print(config) != option.value->print(default_config());
}

}  // namespace spinel::server
