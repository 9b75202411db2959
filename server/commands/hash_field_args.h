// Arguments of the commands that set, read or use the expiry of fields.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/commands/hash_access.h"

namespace spinel::server {

// Fields cannot expire later than that, in Unix milliseconds.
inline constexpr int64_t kMaxFieldExpiryMs = (int64_t{1} << 46) - 2;
inline constexpr int64_t kMsPerSecond = 1000;

// How a time is written: from now on or since 1970 (`base_ms`), in units of `unit_ms`.
struct TimeForm {
  int64_t base_ms;
  int64_t unit_ms;
};

// The Unix time in milliseconds that the argument at `index` means, or nothing after the error was
// sent. It may be over.
std::optional<int64_t> field_expiry_time(CommandContext& ctx, size_t index, TimeForm form);

// "FIELDS n field ...": where the fields are. Each takes `step` arguments.
struct FieldArgs {
  size_t first;
  size_t end;
  size_t step;

  size_t count() const { return (end - first) / step; }
};

// An effect on some fields: `head`, which ends with FIELDS, then their number, then they.
class FieldEffect {
 public:
  explicit FieldEffect(std::initializer_list<std::string_view> head) : args_(head) {
    args_.emplace_back();  // the number
    head_size_ = args_.size();
  }
  void add(std::string_view field) {
    args_.push_back(field);
    ++fields_;
  }
  void add(std::string_view field, std::string_view value) {
    add(field);
    args_.push_back(value);
  }
  size_t fields() const { return fields_; }
  // If it is about any field.
  void propagate(CommandContext& ctx);

 private:
  std::vector<std::string_view> args_;
  size_t head_size_;
  size_t fields_ = 0;
};

// HDEL of some fields.
class DeleteEffect {
 public:
  explicit DeleteEffect(std::string_view key) : args_{"HDEL", key} {}
  void add(std::string_view field) { args_.push_back(field); }
  size_t fields() const { return args_.size() - 2; }
  // If it is about any field.
  void propagate(CommandContext& ctx) const {
    if (fields() > 0) ctx.propagate(args_);
  }

 private:
  std::vector<std::string_view> args_;
};

}  // namespace spinel::server
