#include "tests/differential/differences.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace spinel::test {

namespace {

constexpr std::int64_t kClockToleranceMs = 30'000;

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool is(const Command& command, const char* name) {
  return !command.empty() && lower(command[0]) == name;
}
bool is(const Command& command, const char* name, const char* subcommand) {
  return is(command, name) && command.size() > 1 && lower(command[1]) == subcommand;
}

bool both_integers(const Reply& a, const Reply& b) {
  return a.type == Reply::Type::kInteger && b.type == Reply::Type::kInteger;
}

/// The same elements in any order, at every depth.
Reply sorted(Reply reply) {
  for (Reply& element : reply.elements) element = sorted(std::move(element));
  std::sort(reply.elements.begin(), reply.elements.end(),
            [](const Reply& a, const Reply& b) { return a.to_string() < b.to_string(); });
  return reply;
}

bool covers_clock(const Command& command, const Reply& spinel, const Reply& redis) {
  if (!both_integers(spinel, redis)) return false;
  if (is(command, "pttl") || is(command, "pexpiretime")) {
    return expiry_times_agree_ms(spinel.number, redis.number);
  }
  if (is(command, "ttl") || is(command, "expiretime")) {
    return expiry_times_agree_ms(spinel.number * 1000, redis.number * 1000);
  }
  return false;
}

bool covers_random_choice(const Command& command, const Reply& spinel, const Reply& redis) {
  return is(command, "randomkey") && spinel.type == redis.type;
}

bool covers_order(const Command& command, const Reply& spinel, const Reply& redis) {
  const bool has_no_order =
      is(command, "keys") || is(command, "scan") || is(command, "config", "get");
  return has_no_order && sorted(spinel) == sorted(redis);
}

bool covers_part_of_scan(const Command& command, const Reply& spinel, const Reply& redis) {
  const auto is_part = [&](const Reply& reply) {
    return reply.elements.size() == 2 && (command[1] != "0" || reply.elements[0].text != "0");
  };
  return is(command, "scan") && command.size() > 1 && (is_part(spinel) || is_part(redis)) &&
         spinel.elements.size() == redis.elements.size();
}

bool covers_hello(const Command& command, const Reply& spinel, const Reply& redis) {
  if (!is(command, "hello") || spinel.type != redis.type) return false;
  if (spinel.elements.size() != redis.elements.size()) return false;
  for (std::size_t i = 0; i + 1 < spinel.elements.size(); i += 2) {
    if (spinel.elements[i] != redis.elements[i]) return false;
    const std::string& field = spinel.elements[i].text;
    if (field != "version" && field != "id" && spinel.elements[i + 1] != redis.elements[i + 1]) {
      return false;
    }
  }
  return !spinel.elements.empty();
}

bool covers_refcount(const Command& command, const Reply& spinel, const Reply& redis) {
  return is(command, "object", "refcount") && both_integers(spinel, redis) && spinel.number == 1;
}

bool covers_own_connection(const Command& command, const Reply& spinel, const Reply& redis) {
  if (is(command, "client", "id")) return both_integers(spinel, redis);
  const auto is_a_list = [](const Reply& reply) {
    return reply.text.find("id=") != std::string::npos && reply.text.ends_with('\n');
  };
  return (is(command, "client", "list") || is(command, "client", "info")) &&
         spinel.type == redis.type && is_a_list(spinel) && is_a_list(redis);
}

/// COMMAND INFO's flags, categories, tips and key specifications are sets in all but name.
bool covers_command_info(const Command& command, const Reply& spinel, const Reply& redis) {
  return is(command, "command", "info") && sorted(spinel) == sorted(redis);
}

bool covers_7_2_subcommands(const Command& command, const Reply& spinel, const Reply& redis) {
  return is(command, "client") && redis.is_error_with("ERR unknown subcommand") &&
         command.size() > 1 &&
         (is(command, "client", "no-touch") || is(command, "client", "setinfo")) &&
         spinel.is_reply();
}

bool covers_lolwut(const Command& command, const Reply& spinel, const Reply& redis) {
  return is(command, "lolwut") && spinel.type == redis.type;
}

bool covers_loglevel_nothing(const Command& command, const Reply& spinel, const Reply& redis) {
  return is(command, "config", "set") && spinel.is_error() &&
         spinel.text == redis.text + ", nothing" &&
         redis.text.find("'loglevel'") != std::string::npos;
}

const Difference kDifferences[] = {
    {"the two servers read their clocks at different moments", covers_clock},
    {"a random choice", covers_random_choice},
    {"the order of what a hash table holds is the server's own", covers_order},
    {"which keys a part of a SCAN returns is the server's own", covers_part_of_scan},
    {"version and connection id are the server's own", covers_hello},
    {"a server describes its own connections", covers_own_connection},
    {"Redis shares small integers and says so with a huge count; nothing is shared here",
     covers_refcount},
    {"flags, categories and tips are sets, and sent in the server's own order",
     covers_command_info},
    {"every server has a picture of its own", covers_lolwut},
    {"new in 7.2: loglevel nothing", covers_loglevel_nothing},
    {"new in 7.2: CLIENT NO-TOUCH and CLIENT SETINFO", covers_7_2_subcommands},
};

}  // namespace

bool expiry_times_agree_ms(std::int64_t spinel, std::int64_t redis) {
  if (spinel == redis) return true;
  if (spinel < 0 || redis < 0) return false;
  for (const std::int64_t exact : absolute_times_ms()) {
    for (const std::int64_t shown : {exact, (exact + 500) / 1000 * 1000, exact / 1000 * 1000}) {
      if (spinel == shown || redis == shown) return false;
    }
  }
  return std::abs(spinel - redis) <= kClockToleranceMs;
}

bool replies_agree(const Command& command, const Reply& spinel, const Reply& redis) {
  if (spinel == redis) return true;
  return std::any_of(
      std::begin(kDifferences), std::end(kDifferences),
      [&](const Difference& difference) { return difference.covers(command, spinel, redis); });
}

}  // namespace spinel::test
