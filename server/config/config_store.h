// CONFIG GET, SET and REWRITE over the live configuration.
#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/config/config.h"

namespace spinel::server {

struct Option;

// Applies a changed configuration. On failure changes nothing and returns the reason, with which
// the error reply ends. Must succeed with values that it succeeded with before.
using ApplyHook = std::function<std::optional<std::string>(const Config&)>;

class ConfigStore {
 public:
  // `config` must outlive the store, and only the store may change it from now on.
  explicit ConfigStore(Config& config);

  // Calls `hook` once for each set() that changes any of the named options.
  void on_change(std::initializer_list<std::string_view> options, ApplyHook hook);

  // Returns the names and values that match any of the patterns, each name once, for a glob in the
  // order of the table. A pattern without * ? [ is a name, which is returned in the given spelling.
  std::vector<std::pair<std::string, std::string>> get(
      std::span<const std::string_view> patterns) const;

  // Sets all pairs, or sets none and returns the error reply, such as
  // "ERR CONFIG SET failed (possibly related to argument 'hz') - argument couldn't be parsed into
  // an integer". References into the configuration's strings and vectors do not survive the call.
  // `client_is_local` (loopback or Unix socket) decides if enable-protected-configs is local.
  std::optional<std::string> set(
      std::span<const std::pair<std::string_view, std::string_view>> pairs, bool client_is_local);

  // Writes the configuration to its file. Returns the error reply on failure.
  std::optional<std::string> rewrite() const;

 private:
  struct Hook {
    std::vector<const Option*> options;
    ApplyHook apply;
  };
  struct Assignment;

  std::optional<std::string> resolve(
      std::span<const std::pair<std::string_view, std::string_view>> pairs, bool client_is_local,
      std::vector<Assignment>& assignments) const;
  std::optional<std::string> assign(const std::vector<Assignment>& assignments);
  std::optional<std::string> apply_changes(const std::vector<Assignment>& assignments,
                                           const Config& before);
  void restore(const Config& before, std::span<const Hook* const> applied);

  Config& config_;
  std::vector<Hook> hooks_;
};

}  // namespace spinel::server
