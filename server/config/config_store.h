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

// Puts a changed configuration into effect, and leaves everything as it was if it cannot: then it
// returns the reason, as it ends an error reply. It must succeed with values it succeeded with
// before.
using ApplyHook = std::function<std::optional<std::string>(const Config&)>;

class ConfigStore {
 public:
  // Works on `config`, which must outlive it and be changed by nobody else from now on.
  explicit ConfigStore(Config& config);

  // Calls `hook` once for every set() that changed any of the named options.
  void on_change(std::initializer_list<std::string_view> options, ApplyHook hook);

  // Names and values that any of the patterns matches, each name once, in the table's order for a
  // glob. A pattern without * ? [ is a name, whose spelling is returned as it was given.
  std::vector<std::pair<std::string, std::string>> get(
      std::span<const std::string_view> patterns) const;

  // Sets all of the pairs, or none: then it returns the reply, such as
  // "ERR CONFIG SET failed (possibly related to argument 'hz') - argument couldn't be parsed into
  // an integer". References into the configuration's strings and vectors do not survive the call.
  // `client_is_local` (loopback or Unix socket) decides where enable-protected-configs says local.
  std::optional<std::string> set(
      std::span<const std::pair<std::string_view, std::string_view>> pairs, bool client_is_local);

  // Writes the configuration to the file it was loaded from. Returns the reply if that fails.
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
