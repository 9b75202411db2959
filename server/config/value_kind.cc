#include "server/config/value_kind.h"

#include <fmt/format.h>

#include "server/config/memory_size.h"
#include "storage/base/bytes.h"
#include "storage/base/numbers.h"
#include "storage/base/split_args.h"

namespace spinel::server {

std::vector<std::string> ValueKind::lines(const Config& config, bool /*complete*/) const {
  return {print(config)};
}

namespace {

class YesNo : public ValueKind {
 public:
  explicit YesNo(bool Config::*field) : field_(field) {}

  ConfigError parse(Config& config, ConfigWords words, ValueOrigin) const override {
    const bool yes = storage::equals_ignore_case(words[0], "yes");
    if (!yes && !storage::equals_ignore_case(words[0], "no")) {
      return "argument must be 'yes' or 'no'";
    }
    config.*field_ = yes;
    return std::nullopt;
  }

  std::string print(const Config& config) const override { return config.*field_ ? "yes" : "no"; }

 private:
  bool Config::*field_;
};

class Integer : public ValueKind {
 public:
  Integer(value_detail::IntegerField field, int64_t low, int64_t high, int64_t least, int64_t most)
      : field_(std::move(field)), low_(low), high_(high), least_(least), most_(most) {}

  ConfigError parse(Config& config, ConfigWords words, ValueOrigin) const override {
    const auto number = storage::parse_int64(words[0]);
    if (!number) return "argument couldn't be parsed into an integer";
    if (*number < low_ || *number > high_) {
      return fmt::format("argument must be between {} and {} inclusive", low_, high_);
    }
    field_.set(config, std::clamp(*number, least_, most_));
    return std::nullopt;
  }

  std::string print(const Config& config) const override {
    return std::to_string(field_.get(config));
  }

 private:
  value_detail::IntegerField field_;
  int64_t low_;
  int64_t high_;
  int64_t least_;
  int64_t most_;
};

class OneOf : public ValueKind {
 public:
  OneOf(value_detail::IntegerField field, std::vector<Choice> choices)
      : field_(std::move(field)), choices_(std::move(choices)) {}

  ConfigError parse(Config& config, ConfigWords words, ValueOrigin) const override {
    for (const Choice& each : choices_) {
      if (!storage::equals_ignore_case(words[0], each.name)) continue;
      field_.set(config, each.number);
      return std::nullopt;
    }
    std::string names;
    for (const Choice& each : choices_) names.append(names.empty() ? "" : ", ").append(each.name);
    return "argument(s) must be one of the following: " + names;
  }

  std::string print(const Config& config) const override {
    for (const Choice& each : choices_) {
      if (each.number == field_.get(config)) return std::string(each.name);
    }
    return "unknown";
  }

 private:
  value_detail::IntegerField field_;
  std::vector<Choice> choices_;
};

class Memory : public ValueKind {
 public:
  Memory(uint64_t Config::*field, uint64_t low, uint64_t high, uint64_t least)
      : field_(field), low_(low), high_(high), least_(least) {}

  ConfigError parse(Config& config, ConfigWords words, ValueOrigin) const override {
    const auto bytes = parse_memory(words[0]);
    if (!bytes) return "argument must be a memory value";
    if (*bytes < low_ || *bytes > high_) {
      return fmt::format("argument must be between {} and {} inclusive", low_, high_);
    }
    config.*field_ = std::max(*bytes, least_);
    return std::nullopt;
  }

  std::string print(const Config& config) const override { return std::to_string(config.*field_); }

  std::vector<std::string> lines(const Config& config, bool) const override {
    return {format_memory(config.*field_)};
  }

 private:
  uint64_t Config::*field_;
  uint64_t low_;
  uint64_t high_;
  uint64_t least_;
};

class Text : public ValueKind {
 public:
  Text(std::string Config::*field, TextCheck check) : field_(field), check_(check) {}

  ConfigError parse(Config& config, ConfigWords words, ValueOrigin) const override {
    if (check_ != nullptr) {
      if (auto error = check_(words[0])) return error;
    }
    config.*field_ = words[0];
    return std::nullopt;
  }

  std::string print(const Config& config) const override { return config.*field_; }

  std::vector<std::string> lines(const Config& config, bool) const override {
    return {storage::quote_arg(config.*field_)};
  }

 private:
  std::string Config::*field_;
  TextCheck check_;
};

}  // namespace

namespace value_detail {

Value make_integer(IntegerField field, int64_t low, int64_t high, int64_t least, int64_t most) {
  return std::make_shared<Integer>(std::move(field), low, high, least, most);
}

Value make_choice(IntegerField field, std::vector<Choice> choices) {
  return std::make_shared<OneOf>(std::move(field), std::move(choices));
}

}  // namespace value_detail

Value yes_no(bool Config::*field) {
  return std::make_shared<YesNo>(field);
}

Value memory(uint64_t Config::*field, uint64_t low, uint64_t high, uint64_t least) {
  return std::make_shared<Memory>(field, low, high, least);
}

Value text(std::string Config::*field, TextCheck check) {
  return std::make_shared<Text>(field, check);
}

}  // namespace spinel::server
