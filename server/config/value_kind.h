// How one option's value is read, checked and printed. Rows of the option table own these.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "server/config/config.h"

namespace spinel::server {

// The reason why a value is refused, in Redis's words; nothing on success.
using ConfigError = std::optional<std::string>;
using ConfigWords = std::span<const std::string>;

// Where a value comes from. Lists that add up over several lines of a file are replaced as a whole
// at run time, and by the first line of a start.
enum class ValueOrigin { kFirstLine, kFurtherLine, kRuntime };

class ValueKind {
 public:
  virtual ~ValueKind() = default;

  // True if the value is a list of words; else parse() is given exactly one.
  virtual bool takes_many() const { return false; }

  // Checks and stores. On error `config` may be left with part of the value.
  virtual ConfigError parse(Config& config, ConfigWords words, ValueOrigin origin) const = 0;

  // What CONFIG GET answers.
  virtual std::string print(const Config& config) const = 0;

  // What stands behind the name in a file, one element a line, quoted where needed. With
  // `complete` all that the value consists of, else at least what is not the default.
  virtual std::vector<std::string> lines(const Config& config, bool complete) const;
};

using Value = std::shared_ptr<const ValueKind>;

// One name of an enumeration and the number that its field holds.
struct Choice {
  std::string_view name;
  int number;
};

// Checks a text; returns the reason if it cannot be taken.
using TextCheck = ConfigError (*)(const std::string& text);

namespace value_detail {
struct IntegerField {
  std::function<int64_t(const Config&)> get;
  std::function<void(Config&, int64_t)> set;
};
Value make_integer(IntegerField field, int64_t low, int64_t high, int64_t least, int64_t most);
Value make_choice(IntegerField field, std::vector<Choice> choices);

template <typename T>
IntegerField integer_field(T Config::*field) {
  return {[field](const Config& config) { return static_cast<int64_t>(config.*field); },
          [field](Config& config, int64_t number) { config.*field = static_cast<T>(number); }};
}
}  // namespace value_detail

Value yes_no(bool Config::*field);

// Takes low..high (by default what the field can hold, but no more than a signed 64 bit number).
template <typename T>
Value integer(T Config::*field, int64_t low = 0,
              int64_t high = std::numeric_limits<T>::max() > uint64_t{INT64_MAX}
                                 ? INT64_MAX
                                 : static_cast<int64_t>(std::numeric_limits<T>::max())) {
  return value_detail::make_integer(value_detail::integer_field(field), low, high, low, high);
}

// Takes low..high, and stores what is outside least..most as the nearer of the two.
template <typename T>
Value clamped_integer(T Config::*field, int64_t low, int64_t high, int64_t least, int64_t most) {
  return value_detail::make_integer(value_detail::integer_field(field), low, high, least, most);
}

template <typename E>
struct Named {
  std::string_view name;
  E value;
};

// One of some names, compared without case. Of several names of one value the first is printed.
template <typename E>
Value choice(E Config::*field, std::initializer_list<Named<std::type_identity_t<E>>> names) {
  std::vector<Choice> choices;
  for (const auto& each : names) choices.push_back({each.name, static_cast<int>(each.value)});
  return value_detail::make_choice(value_detail::integer_field(field), std::move(choices));
}

// A size, with units; `least` is what smaller sizes are rounded up to.
Value memory(uint64_t Config::*field, uint64_t low = 0, uint64_t high = INT64_MAX,
             uint64_t least = 0);

Value text(std::string Config::*field, TextCheck check = nullptr);

Value unixsocketperm_value();
Value working_directory_value();
Value bind_value();
Value save_value();
Value output_buffer_limits_value();
Value maxmemory_clients_value();
Value oom_score_adj_values_value();
Value percentiles_value();
Value notify_events_value();
Value shutdown_signal_value(uint32_t Config::*field);
Value replicaof_value();

// File-only directives: their lines add up.
Value rename_command_value();
Value loadmodule_value();
Value user_value();

}  // namespace spinel::server
