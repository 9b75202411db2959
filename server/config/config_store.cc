#include "server/config/config_store.h"

#include <algorithm>
#include <fmt/format.h>
#include <unistd.h>

#include "server/config/config_file.h"
#include "server/config/options.h"
#include "server/config/rewrite.h"
#include "storage/base/assert.h"
#include "storage/base/glob.h"

namespace spinel::server {
namespace {

using Pairs = std::span<const std::pair<std::string_view, std::string_view>>;

std::string set_failed(std::string_view argument, std::string_view reason) {
  return fmt::format("ERR CONFIG SET failed (possibly related to argument '{}') - {}", argument,
                     reason);
}

bool is_pattern(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

// Collects names and values, each name once.
class MatchingOptions {
 public:
  explicit MatchingOptions(const Config& config) : config_(config) {}

  void add(const Option& option, std::string_view name, std::string_view spelling) {
    if (std::find(names_.begin(), names_.end(), name) != names_.end()) return;
    names_.push_back(name);
    pairs_.emplace_back(spelling, option.value->print(config_));
  }

  std::vector<std::pair<std::string, std::string>> take() { return std::move(pairs_); }

 private:
  const Config& config_;
  std::vector<std::string_view> names_;
  std::vector<std::pair<std::string, std::string>> pairs_;
};

}  // namespace

struct ConfigStore::Assignment {
  const Option* option;
  std::string_view name;  // the name or alias it was found by
  std::string_view value;
};

ConfigStore::ConfigStore(Config& config) : config_(config) {
  // Known from the start, so that a failed CONFIG SET dir can be undone.
  const Option& dir = *OptionTable::instance().find("dir").option;
  if (config_.dir.empty()) config_.dir = dir.value->print(config_);
}

void ConfigStore::on_change(std::initializer_list<std::string_view> options, ApplyHook hook) {
  Hook added;
  for (const std::string_view name : options) {
    added.options.push_back(OptionTable::instance().find(name).option);
    SPINEL_ASSERT(added.options.back() != nullptr);
  }
  added.apply = std::move(hook);
  hooks_.push_back(std::move(added));
}

std::vector<std::pair<std::string, std::string>> ConfigStore::get(
    std::span<const std::string_view> patterns) const {
  const OptionTable& table = OptionTable::instance();
  MatchingOptions answer(config_);
  for (const std::string_view pattern : patterns) {
    if (!is_pattern(pattern)) {
      const auto match = table.find(pattern);
      if (match.option == nullptr || (match.option->flags & kFileOnly)) continue;
      answer.add(*match.option, match.name, pattern);
      continue;
    }
    table.for_each([&](const Option& option) {
      if (option.flags & (kFileOnly | kHidden)) return;
      for (const std::string_view name : {option.name, option.alias}) {
        if (name.empty() || !storage::glob_match(pattern, name, true)) continue;
        answer.add(option, name, name);
      }
    });
  }
  return answer.take();
}

std::optional<std::string> ConfigStore::set(Pairs pairs, bool client_is_local) {
  std::vector<Assignment> assignments;
  if (auto error = resolve(pairs, client_is_local, assignments)) return error;
  // A copy of everything makes undoing simple. CONFIG SET is rare enough.
  const Config before = config_;
  if (auto error = assign(assignments)) {
    restore(before, {});
    return error;
  }
  return apply_changes(assignments, before);
}

// Finds the rows of all pairs. Returns the error reply if one of them may not be set.
std::optional<std::string> ConfigStore::resolve(Pairs pairs, bool client_is_local,
                                                std::vector<Assignment>& assignments) const {
  const bool may_set_protected =
      config_.enable_protected_configs == ProtectedAccess::kYes ||
      (config_.enable_protected_configs == ProtectedAccess::kLocal && client_is_local);
  for (const auto& [name, value] : pairs) {
    const auto match = OptionTable::instance().find(name);
    if (match.option == nullptr || (match.option->flags & kFileOnly)) {
      return fmt::format("ERR Unknown option or number of arguments for CONFIG SET - '{}'", name);
    }
    const uint32_t flags = match.option->flags;
    if (flags & kImmutable) return set_failed(name, "can't set immutable config");
    if ((flags & kProtected) && !may_set_protected) {
      return set_failed(name, "can't set protected config");
    }
    for (const Assignment& each : assignments) {
      if (each.name == match.name) return set_failed(name, "duplicate parameter");
    }
    assignments.push_back({match.option, match.name, value});
  }
  return std::nullopt;
}

std::optional<std::string> ConfigStore::assign(const std::vector<Assignment>& assignments) {
  for (const Assignment& each : assignments) {
    const std::string word(each.value);
    if (const auto reason =
            parse_option(*each.option, config_, {&word, 1}, ValueOrigin::kRuntime)) {
      return set_failed(each.name, *reason);
    }
  }
  return std::nullopt;
}

std::optional<std::string> ConfigStore::apply_changes(const std::vector<Assignment>& assignments,
                                                      const Config& before) {
  std::vector<const Hook*> applied;
  for (const Assignment& each : assignments) {
    if (each.option->value->print(config_) == each.option->value->print(before)) continue;
    for (const Hook& hook : hooks_) {
      if (std::find(hook.options.begin(), hook.options.end(), each.option) == hook.options.end() ||
          std::find(applied.begin(), applied.end(), &hook) != applied.end()) {
        continue;
      }
      // A hook that fails runs again with the old values, too: it may have changed something.
      applied.push_back(&hook);
      if (const auto reason = hook.apply(config_)) {
        restore(before, applied);
        return set_failed(each.name, *reason);
      }
    }
  }
  return std::nullopt;
}

void ConfigStore::restore(const Config& before, std::span<const Hook* const> applied) {
  if (config_.dir != before.dir && chdir(before.dir.c_str()) != 0) {
    // The old directory is gone: the process stays in the new one, and `dir` shows it.
    std::string here = std::move(config_.dir);
    config_ = before;
    config_.dir = std::move(here);
  } else {
    config_ = before;
  }
  for (const Hook* hook : applied) hook->apply(config_);
}

std::optional<std::string> ConfigStore::rewrite() const {
  const std::string& path = config_.config_file;
  if (path.empty()) return "ERR The server is running without a config file";
  std::string old_file;
  auto reason = access(path.c_str(), F_OK) == 0 ? read_file(path, old_file) : std::nullopt;
  if (!reason) reason = replace_file(path, rewritten_config(config_, old_file));
  if (!reason) return std::nullopt;
  return "ERR Rewriting config file: " + *reason;
}

}  // namespace spinel::server
