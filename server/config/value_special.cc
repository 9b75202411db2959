// Values with a special form.
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "server/config/memory_size.h"
#include "server/config/notify_flags.h"
#include "server/config/value_kind.h"
#include "server/engine/known_names.h"
#include "storage/base/bytes.h"
#include "storage/base/numbers.h"
#include "storage/base/split_args.h"

namespace spinel::server {
namespace {

constexpr size_t kMaxBindAddresses = 16;

// A value of several words.
class ListKind : public ValueKind {
 public:
  bool takes_many() const override { return true; }
};

// `save ""` and `bind ""` mean the empty list.
bool is_empty_list(ConfigWords words) {
  return words.empty() || (words.size() == 1 && words[0].empty());
}

// Returns whether a word needs no quotes in a file.
bool is_plain_word(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return c > ' ' && c <= '~' && c != '"' && c != '\'' && c != '\\' && c != '#';
  });
}

class UnixSocketPermissions : public ValueKind {
 public:
  ConfigError parse(Config& config, ConfigWords words, ValueOrigin) const override {
    const std::string& word = words[0];
    int64_t mode = 0;
    const char* end = word.data() + word.size();
    const auto [stop, status] = std::from_chars(word.data(), end, mode, 8);
    if (!word.empty() && (stop != end || status != std::errc())) {
      return "argument couldn't be parsed as an octal number";
    }
    if (mode < 0 || mode > 0777) return "argument must be between 0 and 777 inclusive";
    config.unixsocketperm = static_cast<mode_t>(mode);
    return std::nullopt;
  }

  std::string print(const Config& config) const override {
    return fmt::format("{:o}", static_cast<unsigned>(config.unixsocketperm));
  }
};

// Changes the directory of the process at once: relative paths on later lines refer to the new one.
class WorkingDirectory : public ValueKind {
 public:
  ConfigError parse(Config& config, ConfigWords words, ValueOrigin) const override {
    if (chdir(words[0].c_str()) != 0) return std::strerror(errno);
    config.dir = current();
    return std::nullopt;
  }

  std::string print(const Config& config) const override {
    return config.dir.empty() ? current() : config.dir;
  }

  std::vector<std::string> lines(const Config& config, bool) const override {
    return {storage::quote_arg(print(config))};
  }

 private:
  static std::string current() {
    char* path = getcwd(nullptr, 0);
    std::string directory = path == nullptr ? "" : path;
    std::free(path);
    return directory;
  }
};

class Bind : public ListKind {
 public:
  ConfigError parse(Config& config, ConfigWords words, ValueOrigin) const override {
    if (words.size() > kMaxBindAddresses) return "Too many bind addresses specified.";
    if (is_empty_list(words)) words = {};
    config.bind.assign(words.begin(), words.end());
    return std::nullopt;
  }

  std::string print(const Config& config) const override {
    return fmt::format("{}", fmt::join(config.bind, " "));
  }

  std::vector<std::string> lines(const Config& config, bool) const override {
    if (config.bind.empty()) return {"\"\""};
    std::string line;
    for (const std::string& address : config.bind) {
      if (!line.empty()) line += ' ';
      line += is_plain_word(address) ? address : storage::quote_arg(address);
    }
    return {line};
  }
};

class Save : public ListKind {
 public:
  ConfigError parse(Config& config, ConfigWords words, ValueOrigin origin) const override {
    std::vector<SavePoint> points;
    if (!is_empty_list(words)) {
      if (words.size() % 2 != 0) return kInvalid;
      for (size_t i = 0; i < words.size(); i += 2) {
        const auto seconds = read_number(words[i]);
        const auto changes = read_number(words[i + 1]);
        if (!seconds || !changes || *seconds < 1 || *changes < 0) return kInvalid;
        points.push_back({*seconds, *changes});
      }
      if (origin == ValueOrigin::kFurtherLine) {
        // CONFIG REWRITE repeats in the main file what an included file says.
        for (const SavePoint& point : points) {
          const auto same = std::find(config.save.begin(), config.save.end(), point);
          if (same == config.save.end()) config.save.push_back(point);
        }
        return std::nullopt;
      }
    }
    config.save = std::move(points);
    return std::nullopt;
  }

  std::string print(const Config& config) const override {
    return fmt::format("{}", fmt::join(points(config), " "));
  }

  std::vector<std::string> lines(const Config& config, bool) const override {
    if (config.save.empty()) return {"\"\""};
    return points(config);
  }

 private:
  static constexpr const char* kInvalid = "Invalid save parameters";

  // Accepts leading zeros.
  static std::optional<int64_t> read_number(const std::string& word) {
    int64_t number = 0;
    const char* end = word.data() + word.size();
    const auto [stop, status] = std::from_chars(word.data(), end, number);
    if (stop != end || status != std::errc() || number > INT32_MAX) return std::nullopt;
    return number;
  }

  static std::vector<std::string> points(const Config& config) {
    std::vector<std::string> texts;
    for (const SavePoint& point : config.save) {
      texts.push_back(fmt::format("{} {}", point.seconds, point.changes));
    }
    return texts;
  }
};

class OutputBufferLimits : public ListKind {
 public:
  ConfigError parse(Config& config, ConfigWords words, ValueOrigin) const override {
    if (words.size() % 4 != 0) return "Wrong number of arguments in buffer limit configuration.";
    for (size_t i = 0; i < words.size(); i += 4) {
      const auto index = class_index(words[i]);
      if (!index) return "Invalid client class specified in buffer limit configuration.";
      const auto limit = read_limit(words.subspan(i + 1, 3));
      if (!limit)
        return "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
      config.client_output_buffer_limit[*index] = *limit;
    }
    return std::nullopt;
  }

  std::string print(const Config& config) const override {
    std::vector<std::string> texts;
    for (size_t i = 0; i < kClientClasses; ++i) {
      const OutputBufferLimit& limit = config.client_output_buffer_limit[i];
      texts.push_back(fmt::format("{} {} {} {}", kPrintedNames[i], limit.hard_bytes,
                                  limit.soft_bytes, limit.soft_s));
    }
    return fmt::format("{}", fmt::join(texts, " "));
  }

  std::vector<std::string> lines(const Config& config, bool complete) const override {
    const Config defaults;
    std::vector<std::string> texts;
    for (size_t i = 0; i < kClientClasses; ++i) {
      const OutputBufferLimit& limit = config.client_output_buffer_limit[i];
      if (!complete && limit == defaults.client_output_buffer_limit[i]) continue;
      texts.push_back(fmt::format("{} {} {} {}", kNames[i], format_memory(limit.hard_bytes),
                                  format_memory(limit.soft_bytes), limit.soft_s));
    }
    return texts;
  }

 private:
  static constexpr std::string_view kNames[kClientClasses] = {"normal", "replica", "pubsub"};
  static constexpr std::string_view kPrintedNames[kClientClasses] = {"normal", "slave", "pubsub"};

  static std::optional<size_t> class_index(std::string_view word) {
    for (size_t i = 0; i < kClientClasses; ++i) {
      if (storage::equals_ignore_case(word, kNames[i]) ||
          storage::equals_ignore_case(word, kPrintedNames[i])) {
        return i;
      }
    }
    return std::nullopt;
  }

  static std::optional<OutputBufferLimit> read_limit(ConfigWords words) {
    const auto hard = parse_memory(words[0]);
    const auto soft = parse_memory(words[1]);
    std::string_view seconds = words[2];
    if (seconds.starts_with('+')) seconds.remove_prefix(1);
    int64_t soft_s = 0;
    const char* end = seconds.data() + seconds.size();
    const auto [stop, status] = std::from_chars(seconds.data(), end, soft_s);
    if (!hard || !soft || stop != end || status != std::errc()) return std::nullopt;
    if (soft_s < 0 || soft_s > INT32_MAX) return std::nullopt;
    return OutputBufferLimit{*hard, *soft, soft_s};
  }
};

class MaxmemoryClients : public ValueKind {
 public:
  ConfigError parse(Config& config, ConfigWords words, ValueOrigin) const override {
    constexpr const char* kMalformed = "argument must be a memory or percent value";
    // Redis also says this of a size that is too large.
    constexpr const char* kBeyond = "percentage argument must be less or equal to 100";
    std::string_view word = words[0];
    if (word.ends_with('%')) {
      word.remove_suffix(1);
      const auto percent = storage::parse_int64(word);
      if (!percent || *percent < 0) return kMalformed;
      if (*percent > 100) return kBeyond;
      config.maxmemory_clients = -*percent;
      return std::nullopt;
    }
    const auto bytes = parse_memory(word);
    if (!bytes) return kMalformed;
    if (*bytes > uint64_t{INT64_MAX}) return kBeyond;
    config.maxmemory_clients = static_cast<int64_t>(*bytes);
    return std::nullopt;
  }

  std::string print(const Config& config) const override {
    const int64_t limit = config.maxmemory_clients;
    return limit < 0 ? fmt::format("{}%", -limit) : std::to_string(limit);
  }

  std::vector<std::string> lines(const Config& config, bool) const override {
    if (config.maxmemory_clients < 0) return {print(config)};
    return {format_memory(static_cast<uint64_t>(config.maxmemory_clients))};
  }
};

class OomScoreAdjValues : public ListKind {
 public:
  ConfigError parse(Config& config, ConfigWords words, ValueOrigin) const override {
    auto& values = config.oom_score_adj_values;
    if (words.size() != values.size()) return "wrong number of arguments";
    for (size_t i = 0; i < values.size(); ++i) {
      std::string_view word = words[i];
      if (word.starts_with('+')) word.remove_prefix(1);
      const char* end = word.data() + word.size();
      const auto [stop, status] = std::from_chars(word.data(), end, values[i]);
      if (stop != end || status != std::errc() || std::abs(int64_t{values[i]}) > kLimit) {
        return "Invalid oom-score-adj-values, elements must be between -2000 and 2000.";
      }
    }
    return std::nullopt;
  }

  std::string print(const Config& config) const override {
    return fmt::format("{}", fmt::join(config.oom_score_adj_values, " "));
  }

 private:
  static constexpr int64_t kLimit = 2000;
};

class Percentiles : public ListKind {
 public:
  ConfigError parse(Config& config, ConfigWords words, ValueOrigin) const override {
    std::vector<double> percentiles;
    if (is_empty_list(words)) words = {};
    for (const std::string& word : words) {
      const auto percentile = storage::parse_double(word);
      if (!percentile) return "Invalid latency-tracking-info-percentiles parameters";
      if (*percentile < 0 || *percentile > 100) {
        return "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]";
      }
      percentiles.push_back(*percentile);
    }
    config.latency_tracking_info_percentiles = std::move(percentiles);
    return std::nullopt;
  }

  std::string print(const Config& config) const override {
    std::vector<std::string> texts;
    for (const double percentile : config.latency_tracking_info_percentiles) {
      std::string digits = fmt::format("{:.6f}", percentile);
      digits.erase(digits.find_last_not_of('0') + 1);
      if (digits.ends_with('.')) digits.pop_back();
      texts.push_back(std::move(digits));
    }
    return fmt::format("{}", fmt::join(texts, " "));
  }

  std::vector<std::string> lines(const Config& config, bool) const override {
    if (config.latency_tracking_info_percentiles.empty()) return {"\"\""};
    return {print(config)};
  }
};

class NotifyEvents : public ValueKind {
 public:
  ConfigError parse(Config& config, ConfigWords words, ValueOrigin) const override {
    const auto flags = parse_notify_flags(words[0]);
    if (!flags) return "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";
    config.notify_keyspace_events = *flags;
    return std::nullopt;
  }

  std::string print(const Config& config) const override {
    return format_notify_flags(config.notify_keyspace_events);
  }

  std::vector<std::string> lines(const Config& config, bool) const override {
    return {storage::quote_arg(print(config))};
  }
};

class ShutdownSignal : public ListKind {
 public:
  explicit ShutdownSignal(uint32_t Config::*field) : field_(field) {}

  ConfigError parse(Config& config, ConfigWords words, ValueOrigin) const override {
    constexpr const char* kMalformed =
        "argument(s) must be one of the following: default, save, nosave, now, force";
    if (words.empty()) return kMalformed;
    uint32_t bits = 0;
    for (const std::string& word : words) {
      const auto named = std::find_if(
          std::begin(kNames), std::end(kNames),
          [&](const Choice& each) { return storage::equals_ignore_case(word, each.name); });
      if (named == std::end(kNames)) return kMalformed;
      bits |= static_cast<uint32_t>(named->number);
    }
    if ((bits & kShutdownSignalSave) && (bits & kShutdownSignalNosave)) {
      return "shutdown options SAVE and NOSAVE can't be used simultaneously";
    }
    config.*field_ = bits;
    return std::nullopt;
  }

  std::string print(const Config& config) const override {
    if (config.*field_ == 0) return "default";
    std::vector<std::string_view> names;
    for (const Choice& each : kNames) {
      if (config.*field_ & static_cast<uint32_t>(each.number)) names.push_back(each.name);
    }
    return fmt::format("{}", fmt::join(names, " "));
  }

 private:
  static constexpr Choice kNames[] = {
      {"default", 0},
      {"save", kShutdownSignalSave},
      {"nosave", kShutdownSignalNosave},
      {"now", kShutdownSignalNow},
      {"force", kShutdownSignalForce},
  };

  uint32_t Config::*field_;
};

class Replicaof : public ListKind {
 public:
  ConfigError parse(Config& config, ConfigWords words, ValueOrigin) const override {
    if (words.size() != 2) return "wrong number of arguments";
    if (storage::equals_ignore_case(words[0], "no") &&
        storage::equals_ignore_case(words[1], "one")) {
      config.replicaof_host.clear();
      config.replicaof_port = 0;
      return std::nullopt;
    }
    const auto port = storage::parse_int64(words[1]);
    if (!port || *port < 0 || *port > 65535) return "Invalid master port";
    config.replicaof_host = words[0];
    config.replicaof_port = static_cast<int>(*port);
    return std::nullopt;
  }

  std::string print(const Config& config) const override {
    if (config.replicaof_host.empty()) return "";
    return fmt::format("{} {}", config.replicaof_host, config.replicaof_port);
  }

  // A master has no such line, whatever the file said.
  std::vector<std::string> lines(const Config& config, bool) const override {
    if (config.replicaof_host.empty()) return {};
    return {print(config)};
  }
};

class RenameCommand : public ListKind {
 public:
  ConfigError parse(Config& config, ConfigWords words, ValueOrigin) const override {
    if (words.size() != 2) return "Bad directive or wrong number of arguments";
    if (auto error = rename_error(config.rename_commands, words[0], words[1])) return error;
    config.rename_commands.push_back({words[0], words[1]});
    return std::nullopt;
  }

  std::string print(const Config& config) const override {
    return fmt::format("{}", fmt::join(lines(config, true), " "));
  }

  std::vector<std::string> lines(const Config& config, bool) const override {
    std::vector<std::string> texts;
    for (const CommandRename& rename : config.rename_commands) {
      texts.push_back(rename.from + " " + storage::quote_arg(rename.to));
    }
    return texts;
  }
};

// Lines that are stored as their words.
class RawLines : public ListKind {
 public:
  explicit RawLines(std::vector<std::string> Config::*field) : field_(field) {}

  ConfigError parse(Config& config, ConfigWords words, ValueOrigin) const override {
    if (words.empty()) return "Bad directive or wrong number of arguments";
    (config.*field_).push_back(fmt::format("{}", fmt::join(words, " ")));
    return std::nullopt;
  }

  std::string print(const Config& config) const override {
    return fmt::format("{}", fmt::join(config.*field_, "\n"));
  }

  std::vector<std::string> lines(const Config& config, bool) const override {
    return config.*field_;
  }

 private:
  std::vector<std::string> Config::*field_;
};

// CONFIG REWRITE of Redis writes the default user into every file. That definition changes nothing.
class User : public RawLines {
 public:
  User() : RawLines(&Config::users) {}

  ConfigError parse(Config& config, ConfigWords words, ValueOrigin origin) const override {
    if (is_default_user(words)) return std::nullopt;
    return RawLines::parse(config, words, origin);
  }

 private:
  static bool is_default_user(ConfigWords words) {
    static constexpr std::string_view kGranted[] = {"on",          "nopass",  "sanitize-payload",
                                                    "~*",          "allkeys", "&*",
                                                    "allchannels", "+@all",   "allcommands"};
    if (words.empty() || words[0] != "default") return false;
    return std::all_of(words.begin() + 1, words.end(), [](const std::string& rule) {
      return std::find(std::begin(kGranted), std::end(kGranted), rule) != std::end(kGranted);
    });
  }
};

}  // namespace

Value unixsocketperm_value() {
  return std::make_shared<UnixSocketPermissions>();
}
Value working_directory_value() {
  return std::make_shared<WorkingDirectory>();
}
Value bind_value() {
  return std::make_shared<Bind>();
}
Value save_value() {
  return std::make_shared<Save>();
}
Value output_buffer_limits_value() {
  return std::make_shared<OutputBufferLimits>();
}
Value maxmemory_clients_value() {
  return std::make_shared<MaxmemoryClients>();
}
Value oom_score_adj_values_value() {
  return std::make_shared<OomScoreAdjValues>();
}
Value percentiles_value() {
  return std::make_shared<Percentiles>();
}
Value notify_events_value() {
  return std::make_shared<NotifyEvents>();
}
Value shutdown_signal_value(uint32_t Config::*field) {
  return std::make_shared<ShutdownSignal>(field);
}
Value replicaof_value() {
  return std::make_shared<Replicaof>();
}
Value rename_command_value() {
  return std::make_shared<RenameCommand>();
}
Value loadmodule_value() {
  return std::make_shared<RawLines>(&Config::loadmodules);
}
Value user_value() {
  return std::make_shared<User>();
}

}  // namespace spinel::server
