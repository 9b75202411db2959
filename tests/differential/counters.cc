#include "tests/differential/counters.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <set>
#include <string_view>

namespace spinel::test {

namespace {

constexpr std::string_view kSections[] = {"INFO",     "clients",      "persistence", "stats",
                                          "keyspace", "commandstats", "errorstats"};

bool is_the_servers_own(std::string_view counter) {
  static const std::set<std::string_view> kOwn = {
      // time
      "rdb_last_save_time", "expired_stale_perc", "expired_time_cap_reached_count",
      "expire_cycle_cpu_milliseconds", "latest_fork_usec",
      // how requests and replies were split, and how long replies are
      "total_reads_processed", "total_writes_processed", "total_net_output_bytes",
      "client_recent_max_input_buffer", "client_recent_max_output_buffer", "reply_buffer_shrinks",
      "reply_buffer_expands"};
  return counter.starts_with("instantaneous_") || counter.ends_with(".usec") ||
         counter.ends_with(".usec_per_call") || counter.ends_with(".avg_ttl") ||
         kOwn.contains(counter);
}

void add_number(Counters& counters, const std::string& name, std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return;
  if (!is_the_servers_own(name)) counters[name] = value;
}

/// `rest` up to `separator`, which is removed with it.
std::string_view cut(std::string_view& rest, std::string_view separator) {
  const std::size_t at = rest.find(separator);
  const std::string_view part = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + separator.size());
  return part;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string error_counter(const Reply& reply) {
  return "errorstat_" + reply.text.substr(0, reply.text.find(' ')) + ".count";
}

std::int64_t rise(const Counters& before, const Counters& after, const std::string& counter) {
  const auto value = [&](const Counters& counters) {
    const auto found = counters.find(counter);
    return found == counters.end() ? 0 : found->second;
  };
  return value(after) - value(before);
}

}  // namespace

Counters read_counters(RawConnection& connection) {
  const Reply reply = connection.command({std::begin(kSections), std::end(kSections)});
  Counters counters;
  for (std::string_view rest = reply.text; !rest.empty();) {
    std::string_view line = cut(rest, "\r\n");
    const std::string name(cut(line, ":"));
    if (line.find('=') == std::string_view::npos) {
      add_number(counters, name, line);
      continue;
    }
    while (!line.empty()) {
      std::string_view value = cut(line, ",");
      const std::string part(cut(value, "="));
      add_number(counters, name + "." + part, value);
    }
  }
  return counters;
}

void CounterComparison::add(const Command& command, const Reply& spinel, const Reply& redis) {
  if (!spinel.is_error() && !redis.is_error()) {
    // SCAN with TYPE counts the keys that it comes across.
    if (command[0].size() == 4 && lower(command[0]) == "scan" && spinel != redis) {
      diverging_.push_back("cmdstat_scan");
    }
    return;
  }
  const std::string name = lower(command[0]);
  // What DEBUG ERROR makes up is an error like any other here; Redis does not count it.
  const bool made_up =
      name == "debug" && spinel == redis && command.size() == 3 && lower(command[1]) == "error";
  if (made_up) {
    ++extra_errors_["total_error_replies"];
    has_made_up_codes_ = true;
  }
  // Redis 7.0 looks for the key before it reads the other arguments.
  const bool looked_up = name == "bitcount" || name == "bitpos";
  if (spinel == redis && !made_up && !looked_up) return;
  for (const auto& [reply, change] : {std::pair(&spinel, 1), std::pair(&redis, -1)}) {
    if (!reply->is_error()) continue;
    extra_errors_[error_counter(*reply)] += change;
    extra_errors_["total_error_replies"] += change;
  }
  diverging_.push_back("cmdstat_" + name);
}

bool CounterComparison::is_comparable(const std::string& counter) const {
  if (has_made_up_codes_ && counter.starts_with("errorstat_")) return false;
  if (diverging_.empty()) return true;
  if (counter.starts_with("cmdstat_")) {
    return std::none_of(diverging_.begin(), diverging_.end(),
                        [&](const std::string& name) { return counter.starts_with(name); });
  }
  // One of the two went on to look for a key or did not get that far.
  return counter != "keyspace_hits" && counter != "keyspace_misses" &&
         counter != "total_commands_processed";
}

std::vector<std::string> CounterComparison::disagreements(const Counters& spinel_before,
                                                          const Counters& spinel_after,
                                                          const Counters& redis_before,
                                                          const Counters& redis_after) const {
  std::vector<std::string> lines;
  std::set<std::string> names;
  for (const auto& [name, value] : redis_after) names.insert(name);
  // Redis 7.0 lacks some counters; rows of commands and errors appear with the first of them.
  for (const auto& [name, value] : spinel_after) {
    if (name.find('.') != std::string::npos) names.insert(name);
  }
  for (const std::string& name : names) {
    if (!is_comparable(name)) continue;
    const auto extra = extra_errors_.find(name);
    const std::int64_t ours = rise(spinel_before, spinel_after, name) -
                              (extra == extra_errors_.end() ? 0 : extra->second);
    const std::int64_t theirs = rise(redis_before, redis_after, name);
    if (ours == theirs) continue;
    lines.push_back(name + " rose by " + std::to_string(ours) + ", in Redis by " +
                    std::to_string(theirs));
  }
  return lines;
}

}  // namespace spinel::test
