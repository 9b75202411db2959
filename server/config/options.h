// The table of all options: one row each. CONFIG GET, SET and REWRITE, file and command line
// loading, and redis.conf.sample all read these rows and nothing else.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/config/value_kind.h"

namespace spinel::server {

// Bits of Option::flags.
inline constexpr uint32_t kImmutable = 1;  // only at startup
inline constexpr uint32_t kProtected = 2;  // at run time only with enable-protected-configs
inline constexpr uint32_t kHidden = 4;     // CONFIG GET answers to the exact name only
inline constexpr uint32_t kFileOnly = 8;   // a directive: not for CONFIG GET and SET
inline constexpr uint32_t kAlwaysRewritten = 16;

enum class Support {
  kFull,
  kIgnored,  // accepted, stored and printed without effect, which does no harm
  kRefused,  // only the default is accepted: ignoring another value would do harm
};

struct Option {
  std::string_view name;
  std::string_view alias = {};  // the name of former versions; empty = none
  Value value = nullptr;
  uint32_t flags = 0;
  Support support = Support::kFull;
  std::string_view reason = {};   // why it is ignored or refused, as a clause
  std::string_view comment = {};  // for redis.conf.sample; lines end in \n
  std::string_view example = {};  // what the sample shows commented out, if not the default
};

struct OptionSection {
  std::string_view title;
  std::vector<Option> options;
};

class OptionTable {
 public:
  // The row and the name it was found by: name or alias, in lower case.
  struct Match {
    const Option* option = nullptr;
    std::string_view name = {};
  };

  static const OptionTable& instance();

  // Looks `name` up without regard to case, as a name or an alias. The option is null if unknown.
  Match find(std::string_view name) const;

  const std::vector<OptionSection>& sections() const { return sections_; }

  // Calls for every option, in the table's order.
  void for_each(const std::function<void(const Option&)>& visit) const;

 private:
  OptionTable();

  std::vector<OptionSection> sections_;
  std::unordered_map<std::string_view, const Option*> by_name_;
};

// True for directives of former versions that are accepted with one argument and ignored.
bool is_retired_directive(std::string_view name);

// Reads the words of one line, or of one value at run time, into `config`: splits a list given as a
// single word, checks the number of words, and refuses what is not supported.
ConfigError parse_option(const Option& option, Config& config, ConfigWords words,
                         ValueOrigin origin);

// True if the option's value is not what a server without any configuration has.
bool differs_from_default(const Option& option, const Config& config);

// `rows`, in which those that are ignored or refused without a reason of their own have `reason`.
std::vector<Option> with_reason(std::string_view reason, std::vector<Option> rows);

// The rows, one function a file of the table.
std::vector<OptionSection> network_options();
std::vector<OptionSection> general_options();
std::vector<OptionSection> memory_options();
std::vector<OptionSection> data_options();
std::vector<OptionSection> persistence_options();
std::vector<OptionSection> cluster_options();

}  // namespace spinel::server
