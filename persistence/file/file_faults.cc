#include "persistence/file/file_faults.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unistd.h>
#include <utility>

namespace spinel::persistence {

namespace internal {

std::atomic<FaultRules*> active_fault_rules = nullptr;

// Read by any thread, also in a child that was forked while another thread read it: no locks.
class FaultRules {
 public:
  explicit FaultRules(std::vector<FaultRule> rules)
      : rules_(std::move(rules)), calls_(rules_.size()) {}

  const FaultRule* find(FileOperation operation, std::string_view path) {
    const FaultRule* found = nullptr;
    for (size_t i = 0; i < rules_.size(); ++i) {
      const FaultRule& rule = rules_[i];
      if (rule.operation != operation || path.find(rule.path_part) == path.npos) continue;
      const uint64_t earlier = calls_[i].fetch_add(1, std::memory_order_relaxed);
      const bool applies = earlier >= rule.skip && earlier - rule.skip < rule.times;
      if (applies && found == nullptr) found = &rule;
    }
    if (found != nullptr) faults.fetch_add(1, std::memory_order_relaxed);
    return found;
  }

  std::atomic<uint64_t> faults = 0;

 private:
  const std::vector<FaultRule> rules_;
  std::vector<std::atomic<uint64_t>> calls_;  // that each rule counted
};

Fault apply_fault_rules(FaultRules& rules, FileOperation operation, std::string_view path) {
  const FaultRule* rule = rules.find(operation, path);
  if (rule == nullptr) return {};
  switch (rule->action) {
    case FaultRule::Action::kError:
      return {rule->error, false};
    case FaultRule::Action::kShort:
      return {0, true};
    case FaultRule::Action::kDelay:
      std::this_thread::sleep_for(std::chrono::milliseconds(rule->delay_ms));
      return {};
    case FaultRule::Action::kKill:
      ::kill(getpid(), SIGKILL);
      return {};
  }
  return {};
}

}  // namespace internal

namespace {

constexpr std::array<std::pair<std::string_view, FileOperation>, 10> kOperations = {{
    {"open", FileOperation::kOpen},
    {"read", FileOperation::kRead},
    {"write", FileOperation::kWrite},
    {"fsync", FileOperation::kSync},
    {"writeback", FileOperation::kWriteBack},
    {"truncate", FileOperation::kTruncate},
    {"rename", FileOperation::kRename},
    {"unlink", FileOperation::kRemove},
    {"mkdir", FileOperation::kMakeDirectory},
    {"dirsync", FileOperation::kSyncDirectory},
}};

// Takes what stands before the next separator, or all, away from `text`.
std::string_view take_part(std::string_view& text, char separator) {
  const size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

bool parse_number(std::string_view text, uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// The number in text that is `name` and a number.
bool parse_setting(std::string_view text, std::string_view name, uint64_t& value) {
  return text.starts_with(name) && parse_number(text.substr(name.size()), value);
}

std::optional<int> errno_of_name(std::string_view name) {
  constexpr int kLast = 133;
  for (int error = 1; error <= kLast; ++error) {
    const char* known = strerrorname_np(error);
    if (known != nullptr && name == known) return error;
  }
  return std::nullopt;
}

bool parse_action(std::string_view text, FaultRule& rule) {
  if (text == "kill") {
    rule.action = FaultRule::Action::kKill;
  } else if (text == "short") {
    rule.action = FaultRule::Action::kShort;
    return rule.operation == FileOperation::kRead || rule.operation == FileOperation::kWrite;
  } else if (parse_setting(text, "delay=", rule.delay_ms)) {
    rule.action = FaultRule::Action::kDelay;
  } else if (const std::optional<int> error = errno_of_name(text)) {
    rule.error = *error;
  } else {
    return false;
  }
  return true;
}

bool parse_rule(std::string_view text, FaultRule& rule, std::string& error) {
  const auto wrong = [&error](std::string_view part) {
    error = part;
    return false;
  };
  const std::string_view name = take_part(text, ':');
  const auto* const operation =
      std::find_if(kOperations.begin(), kOperations.end(),
                   [&](const auto& known) { return known.first == name; });
  if (operation == kOperations.end()) return wrong(name);
  rule.operation = operation->second;
  rule.path_part = take_part(text, ':');
  const std::string_view action = take_part(text, ':');
  if (!parse_action(action, rule)) return wrong(action);
  while (!text.empty()) {
    const std::string_view setting = take_part(text, ':');
    if (!parse_setting(setting, "skip=", rule.skip) &&
        !parse_setting(setting, "times=", rule.times)) {
      return wrong(setting);
    }
  }
  return true;
}

}  // namespace

bool parse_fault_rules(std::string_view text, std::vector<FaultRule>& rules, std::string& error) {
  std::vector<FaultRule> parsed;
  while (!text.empty()) {
    const std::string_view part = take_part(text, ';');
    if (part.empty()) continue;
    if (!parse_rule(part, parsed.emplace_back(), error)) return false;
  }
  rules = std::move(parsed);
  return true;
}

void set_fault_rules(std::vector<FaultRule> rules) {
  static std::mutex mutex;
  // Never destroyed: threads may make calls until the process ends.
  static auto& all = *new std::vector<std::unique_ptr<internal::FaultRules>>;
  const std::scoped_lock lock(mutex);
  internal::FaultRules* next = nullptr;
  if (!rules.empty()) {
    next = all.emplace_back(std::make_unique<internal::FaultRules>(std::move(rules))).get();
  }
  internal::active_fault_rules.store(next, std::memory_order_release);
}

uint64_t fault_count() {
  const internal::FaultRules* rules = internal::active_fault_rules.load(std::memory_order_acquire);
  return rules == nullptr ? 0 : rules->faults.load(std::memory_order_relaxed);
}

}  // namespace spinel::persistence
