// The slow log: the last commands that ran longer than a threshold.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spinel::server {

struct SlowLogEntry {
  int64_t id;
  int64_t unix_time_s;
  int64_t duration_us;
  std::vector<std::string> arguments;  // shortened, see SlowLog
  std::string client_address;
  std::string client_name;
};

// Bounded by a length that the caller passes, since CONFIG SET may change it, and by what it keeps
// of a command: at most 32 arguments of at most 128 bytes, each followed by how much was left out.
// Not thread safe.
class SlowLog {
 public:
  static constexpr size_t kMaxArguments = 32;
  static constexpr size_t kMaxArgumentBytes = 128;

  // What CONFIG says; -1 as the threshold means that nothing is slow.
  struct Limits {
    int64_t slower_than_us;
    size_t max_length;
  };

  // Adds the command if it was slow, then drops the oldest entries beyond the length.
  // `arguments` starts with the command's name.
  void record(std::span<const std::string_view> arguments, int64_t duration_us, int64_t unix_time_s,
              std::string_view client_address, std::string_view client_name, Limits limits) {
    if (limits.slower_than_us < 0 || duration_us < limits.slower_than_us) [[likely]]
      return;
    add(arguments, duration_us, unix_time_s, client_address, client_name, limits.max_length);
  }

  // Newest first.
  const std::deque<SlowLogEntry>& entries() const { return entries_; }

  // Drops the oldest entries beyond `max_length`, for readers that come after CONFIG SET made the
  // log shorter.
  void trim(size_t max_length) {
    if (entries_.size() > max_length)
      entries_.erase(entries_.begin() + static_cast<ptrdiff_t>(max_length), entries_.end());
  }

  // Drops the entries. Identifiers go on from where they were.
  void reset() { entries_.clear(); }

 private:
  void add(std::span<const std::string_view> arguments, int64_t duration_us, int64_t unix_time_s,
           std::string_view client_address, std::string_view client_name, size_t max_length);

  std::deque<SlowLogEntry> entries_;
  int64_t next_id_ = 0;
};

}  // namespace spinel::server
