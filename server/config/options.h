// The table of all options, one row for each. CONFIG GET, SET and REWRITE, loading, and
// redis.conf.sample read these rows and nothing else.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/config/value_kind.h"

namespace spinel::server {

// Bits of Option::flags.
inline constexpr uint32_t kImmutable = 1;  // set only at startup
inline constexpr uint32_t kProtected = 2;  // at run time only with enable-protected-configs
inline constexpr uint32_t kHidden = 4;     // CONFIG GET shows it only for its exact name
inline constexpr uint32_t kFileOnly = 8;   // a directive, unknown to CONFIG GET and SET
inline constexpr uint32_t kAlwaysRewritten = 16;

enum class Support {
  kFull,
  kIgnored,  // accepted, stored and printed without effect, which does no harm
  kRefused,  // only the default is accepted: ignoring another value would do harm
};

struct Option {
  std::string_view name;
  std::string_view alias = {};  // name in former versions; empty = none
  Value value = nullptr;
  uint32_t flags = 0;
  Support support = Support::kFull;
  std::string_view reason = {};   // why it is ignored or refused, as a clause
  std::string_view comment = {};  // for redis.conf.sample; lines end in \n
  std::string_view example = {};  // value that the sample shows in a comment instead of the default
};

struct OptionSection {
  std::string_view title;
  std::vector<Option> options;
};

class OptionTable {
 public:
  // A row, and the name or alias that matched, in lower case.
  struct Match {
    const Option* option = nullptr;
    std::string_view name = {};
  };

  static const OptionTable& instance();

  // Finds an option by its name or alias in any case. The option is null if there is none.
  Match find(std::string_view name) const;

  const std::vector<OptionSection>& sections() const { return sections_; }

  // Calls `visit` for every option in the order of the table.
  void for_each(const std::function<void(const Option&)>& visit) const;

 private:
  OptionTable();

  std::vector<OptionSection> sections_;
  std::unordered_map<std::string_view, const Option*> by_name_;
};

// Returns whether `name` is a directive of former versions, accepted with one argument and ignored.
bool is_retired_directive(std::string_view name);

// Parses the words of a line, or of a value at run time, into `config`. Splits a list that is given
// as one word, checks the number of words, and refuses unsupported values.
ConfigError parse_option(const Option& option, Config& config, ConfigWords words,
                         ValueOrigin origin);

// Returns whether the option's value differs from that of a server without any configuration.
bool differs_from_default(const Option& option, const Config& config);

// Returns `rows`, with `reason` in those that are ignored or refused and have no reason yet.
std::vector<Option> with_reason(std::string_view reason, std::vector<Option> rows);

// The rows, one function for each file of the table.
std::vector<OptionSection> network_options();
std::vector<OptionSection> general_options();
std::vector<OptionSection> memory_options();
std::vector<OptionSection> data_options();
std::vector<OptionSection> persistence_options();
std::vector<OptionSection> cluster_options();

}  // namespace spinel::server
