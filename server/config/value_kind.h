// Reads, checks and prints the value of one option. Rows of the option table own these.
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

// The reason why a value is refused, in the words of Redis; nothing on success.
using ConfigError = std::optional<std::string>;
using ConfigWords = std::span<const std::string>;

// Where a value comes from. Some lists grow over several lines of a file. A value at run time, and
// the first line at startup, replace the whole list.
enum class ValueOrigin { kFirstLine, kFurtherLine, kRuntime };

class ValueKind {
 public:
  virtual ~ValueKind() = default;

  // Returns whether the value is a list of words. If not, parse() receives exactly one.
  virtual bool takes_many() const { return false; }

  // Checks and stores a value. On error `config` may have a part of it.
  virtual ConfigError parse(Config& config, ConfigWords words, ValueOrigin origin) const = 0;

  // Returns the value for CONFIG GET.
  virtual std::string print(const Config& config) const = 0;

  // Returns the text behind the name in a file, one element per line, quoted where needed. With
  // `complete` the whole value, else at least what differs from the default.
  virtual std::vector<std::string> lines(const Config& config, bool complete) const;
};

using Value = std::shared_ptr<const ValueKind>;

// A name of an enumeration and its number in the field.
struct Choice {
  std::string_view name;
  int number;
};

// Checks a text. Returns the reason if it is refused.
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

// Accepts low..high (by default what the field can hold, up to the largest signed 64 bit number).
template <typename T>
Value integer(T Config::*field, int64_t low = 0,
              int64_t high = std::numeric_limits<T>::max() > uint64_t{INT64_MAX}
                                 ? INT64_MAX
                                 : static_cast<int64_t>(std::numeric_limits<T>::max())) {
  return value_detail::make_integer(value_detail::integer_field(field), low, high, low, high);
}

// Accepts low..high, and stores the nearest number of least..most.
template <typename T>
Value clamped_integer(T Config::*field, int64_t low, int64_t high, int64_t least, int64_t most) {
  return value_detail::make_integer(value_detail::integer_field(field), low, high, least, most);
}

template <typename E>
struct Named {
  std::string_view name;
  E value;
};

// Accepts one of the names in any case. Prints the first of several names of a value.
template <typename E>
Value choice(E Config::*field, std::initializer_list<Named<std::type_identity_t<E>>> names) {
  std::vector<Choice> choices;
  for (const auto& each : names) choices.push_back({each.name, static_cast<int>(each.value)});
  return value_detail::make_choice(value_detail::integer_field(field), std::move(choices));
}

// Accepts a size with a unit. Smaller sizes than `least` are stored as `least`.
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

// Directives of a file, whose lines add up.
Value rename_command_value();
Value loadmodule_value();
Value user_value();

}  // namespace spinel::server
