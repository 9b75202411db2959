#include "tests/differential/differences.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <tuple>

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

/// Some order of all replies.
bool comes_before(const Reply& a, const Reply& b) {
  const auto key = [](const Reply& reply) {
    return std::tie(reply.text, reply.number, reply.type);
  };
  if (key(a) != key(b)) return key(a) < key(b);
  return std::lexicographical_compare(a.elements.begin(), a.elements.end(), b.elements.begin(),
                                      b.elements.end(), comes_before);
}

/// The same elements in any order, at every depth.
Reply sorted(Reply reply) {
  for (Reply& element : reply.elements) element = sorted(std::move(element));
  std::sort(reply.elements.begin(), reply.elements.end(), comes_before);
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
  return (is(command, "randomkey") || is(command, "srandmember")) && spinel.type == redis.type &&
         spinel.elements.size() == redis.elements.size() && !spinel.is_error();
}

bool covers_order(const Command& command, const Reply& spinel, const Reply& redis) {
  const bool has_no_order = is(command, "keys") || is(command, "scan") ||
                            is(command, "config", "get") || is(command, "smembers") ||
                            is(command, "sinter") || is(command, "sunion") ||
                            is(command, "sdiff") || is(command, "spop") || is(command, "sscan");
  return has_no_order && sorted(spinel) == sorted(redis);
}

bool covers_part_of_scan(const Command& command, const Reply& spinel, const Reply& redis) {
  const auto is_part = [&](const Reply& reply) {
    return reply.elements.size() == 2 && (command[1] != "0" || reply.elements[0].text != "0");
  };
  return is(command, "scan") && command.size() > 1 && (is_part(spinel) || is_part(redis)) &&
         spinel.elements.size() == redis.elements.size();
}

/// The whole text read as a double, if it is one.
std::optional<double> number(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || end != text.c_str() + text.size()) return std::nullopt;
  return value;
}

/// Equal but for the digits in which a double is written.
bool same_score(const Reply& a, const Reply& b) {
  if (a == b) return true;
  if (a.type != b.type || !a.elements.empty() || !b.elements.empty()) return false;
  const std::optional<double> ours = number(a.text);
  const std::optional<double> theirs = number(b.text);
  return ours && ours == theirs && std::signbit(*ours) == std::signbit(*theirs);
}

/// Both are aggregates, equal but for the elements that `is_score(index)` names.
template <typename IsScore>
bool same_but_for_scores(const Reply& a, const Reply& b, IsScore is_score) {
  if (a.type != b.type || a.elements.size() != b.elements.size()) return false;
  for (std::size_t i = 0; i < a.elements.size(); ++i) {
    const bool same =
        is_score(i) ? same_score(a.elements[i], b.elements[i]) : a.elements[i] == b.elements[i];
    if (!same) return false;
  }
  return !a.elements.empty();
}

bool is_odd(std::size_t index) {
  return index % 2 == 1;
}

/// Members with their scores: in turn, or an array of two for each.
bool same_scored_members(const Reply& a, const Reply& b) {
  if (a.type != b.type || a.elements.size() != b.elements.size()) return false;
  if (a.elements.empty() || a.elements[0].elements.empty()) {
    return same_but_for_scores(a, b, is_odd);
  }
  return std::equal(a.elements.begin(), a.elements.end(), b.elements.begin(),
                    [](const Reply& ours, const Reply& theirs) {
                      return same_but_for_scores(ours, theirs, is_odd);
                    });
}

/// Only what stands where scores do is read as numbers.
bool covers_scores(const Command& command, const Reply& spinel, const Reply& redis) {
  if (is(command, "zscore") || is(command, "zincrby") || is(command, "zadd")) {
    return same_score(spinel, redis);
  }
  if (is(command, "zmscore")) {
    return same_but_for_scores(spinel, redis, [](std::size_t) { return true; });
  }
  if (is(command, "bzpopmin") || is(command, "bzpopmax")) {
    return same_but_for_scores(spinel, redis, [](std::size_t index) { return index == 2; });
  }
  if (is(command, "zmpop") || is(command, "bzmpop")) {
    return spinel.elements.size() == 2 && redis.elements.size() == 2 &&
           spinel.elements[0] == redis.elements[0] &&
           same_scored_members(spinel.elements[1], redis.elements[1]);
  }
  const bool has_scores = is(command, "zpopmin") || is(command, "zpopmax") ||
                          (!command.empty() && lower(command[0]).starts_with('z') &&
                           std::ranges::any_of(command, [](const std::string& word) {
                             return lower(word) == "withscores";
                           }));
  return has_scores && same_scored_members(spinel, redis);
}

bool covers_rank_options(const Command& command, const Reply& spinel, const Reply& redis) {
  return (is(command, "zrank") || is(command, "zrevrank")) && command.size() == 4 &&
         redis.is_error_with("ERR wrong number of arguments") &&
         (spinel == error("ERR syntax error") || !spinel.is_error());
}

/// As many as in Redis; integration tests tell that they are members of the set.
bool covers_random_members(const Command& command, const Reply& spinel, const Reply& redis) {
  return is(command, "zrandmember") && spinel.type == redis.type && !spinel.is_error() &&
         spinel.elements.size() == redis.elements.size();
}

/// Members with their scores, in the order of the members.
Reply sorted_scores(const Reply& reply) {
  std::vector<Reply> pairs;
  for (std::size_t i = 0; i + 1 < reply.elements.size(); i += 2) {
    pairs.push_back(array({reply.elements[i], reply.elements[i + 1]}));
  }
  std::sort(pairs.begin(), pairs.end(),
            [](const Reply& a, const Reply& b) { return a.elements[0].text < b.elements[0].text; });
  return array(std::move(pairs));
}

/// A whole walk finds the same members; a part of one may find any.
bool covers_scan_of_members(const Command& command, const Reply& spinel, const Reply& redis) {
  if (!is(command, "zscan") || spinel.elements.size() != 2 || redis.elements.size() != 2) {
    return false;
  }
  const bool whole = spinel.elements[0].text == "0" && redis.elements[0].text == "0";
  if (command[2] != "0" || !whole) return true;
  return spinel.elements[1] == redis.elements[1] ||
         same_scored_members(sorted_scores(spinel.elements[1]), sorted_scores(redis.elements[1]));
}

/// Fields with their values, in any order.
std::vector<std::pair<std::string, std::string>> sorted_pairs(const Reply& reply) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::size_t i = 0; i + 1 < reply.elements.size(); i += 2) {
    pairs.emplace_back(reply.elements[i].to_string(), reply.elements[i + 1].to_string());
  }
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

bool covers_order_of_fields(const Command& command, const Reply& spinel, const Reply& redis) {
  if (spinel.type != redis.type || spinel.elements.size() != redis.elements.size()) return false;
  if (is(command, "hkeys") || is(command, "hvals")) return sorted(spinel) == sorted(redis);
  return is(command, "hgetall") && sorted_pairs(spinel) == sorted_pairs(redis);
}

/// A whole walk finds the same fields; a part of one may find any.
bool covers_scan_of_fields(const Command& command, const Reply& spinel, const Reply& redis) {
  if (!is(command, "hscan") || spinel.elements.size() != 2 || redis.elements.size() != 2) {
    return false;
  }
  const bool whole = spinel.elements[0].text == "0" && redis.elements[0].text == "0";
  if (command[2] != "0" || !whole) return true;
  return sorted_pairs(spinel.elements[1]) == sorted_pairs(redis.elements[1]);
}

/// As many as in Redis; integration tests tell that they are fields of the hash.
bool covers_random_fields(const Command& command, const Reply& spinel, const Reply& redis) {
  return is(command, "hrandfield") && spinel.type == redis.type && !spinel.is_error() &&
         spinel.elements.size() == redis.elements.size();
}

/// SSCAN of a set that Spinel scans whole, as 7.2 does, and Redis 7.0 in parts.
bool covers_part_of_sscan(const Command& command, const Reply& spinel, const Reply& redis) {
  return is(command, "sscan") && spinel.elements.size() == 2 && redis.elements.size() == 2 &&
         (command[2] != "0" || redis.elements[0].text != "0");
}

bool covers_encodings_after_sort(const Command& command, const Reply& spinel, const Reply& redis) {
  return is(command, "object", "encoding") && command.size() == 3 &&
         command[2].starts_with("sort:") && spinel.text == "listpack" && redis.text == "skiplist";
}

bool covers_listpack_sets(const Command& command, const Reply& spinel, const Reply& redis) {
  return is(command, "object", "encoding") && spinel.text == "listpack" &&
         redis.text == "hashtable";
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
  return is(command, "object", "refcount") && both_integers(spinel, redis);
}

bool covers_own_connection(const Command& command, const Reply& spinel, const Reply& redis) {
  if (is(command, "client", "id")) return both_integers(spinel, redis);
  const auto is_a_list = [](const Reply& reply) {
    return reply.text.find("id=") != std::string::npos && reply.text.ends_with('\n');
  };
  return (is(command, "client", "list") || is(command, "client", "info")) &&
         spinel.type == redis.type && is_a_list(spinel) && is_a_list(redis);
}

/// What COMMAND INFO tells of one command, less what 7.2 changed: all tips, the notes of key
/// specifications and the arity of COMMAND GETKEYS, ZRANK and ZREVRANK. Flags, categories and
/// specifications are sets in all but name.
Reply without_news_of_7_2(Reply entry) {
  constexpr std::size_t kArity = 1;
  constexpr std::size_t kTips = 7;
  constexpr std::size_t kKeySpecs = 8;
  constexpr std::size_t kFlags = 2;
  if (entry.elements.size() <= kKeySpecs) return entry;
  static const std::vector<std::string> kLostNoscript = {"wait",  "bzpopmin", "bzpopmax",  "blpop",
                                                         "brpop", "blmove",   "brpoplpush"};
  if (std::ranges::count(kLostNoscript, entry.elements[0].text) > 0) {
    std::erase_if(entry.elements[kFlags].elements,
                  [](const Reply& flag) { return flag.text == "noscript"; });
  }
  entry.elements[kTips].elements.clear();
  const std::string& name = entry.elements[0].text;
  if (name.starts_with("command|getkeys") || name == "zrank" || name == "zrevrank") {
    entry.elements[kArity].number = 0;
  }
  for (Reply& spec : entry.elements[kKeySpecs].elements) {
    if (!spec.elements.empty() && spec.elements[0].text == "notes") {
      spec.elements.erase(spec.elements.begin(), spec.elements.begin() + 2);
    }
  }
  return sorted(std::move(entry));
}

bool covers_command_info(const Command& command, const Reply& spinel, const Reply& redis) {
  if (!is(command, "command", "info") || spinel.elements.size() != redis.elements.size())
    return false;
  for (std::size_t i = 0; i < spinel.elements.size(); ++i) {
    if (without_news_of_7_2(spinel.elements[i]) != without_news_of_7_2(redis.elements[i])) {
      return false;
    }
  }
  return true;
}

/// Each server has its own commands; COMMAND INFO compares those that both have.
bool covers_all_commands(const Command& command, const Reply& spinel, const Reply& redis) {
  return spinel.type == redis.type &&
         ((command.size() == 1 && is(command, "command")) || is(command, "command", "count") ||
          (command.size() == 2 && is(command, "command", "info")));
}

bool covers_slow_commands(const Command& command, const Reply& spinel, const Reply& redis) {
  return is(command, "slowlog") && spinel.type == redis.type && !spinel.is_error();
}

bool covers_memory_usage(const Command& command, const Reply& spinel, const Reply& redis) {
  return is(command, "memory", "usage") && both_integers(spinel, redis);
}

/// A pattern that matches everything shows ports, files and options that the other does not have.
bool covers_whole_config(const Command& command, const Reply& spinel, const Reply& redis) {
  return is(command, "config", "get") && spinel.type == redis.type &&
         std::find(command.begin(), command.end(), "*") != command.end();
}

bool covers_getkeys_arity(const Command& command, const Reply& spinel, const Reply& redis) {
  return command.size() == 3 && is(command, "command") && spinel.is_error() &&
         redis.is_error_with("ERR wrong number of arguments for 'command|getkeys");
}

bool covers_stringmatch_len(const Command& command, const Reply&, const Reply& redis) {
  return is(command, "debug", "stringmatch-len") && redis.is_error_with("ERR unknown subcommand");
}

/// Redis repeats what a client sent up to its first NUL byte.
bool covers_nul_in_errors(const Command&, const Reply& spinel, const Reply& redis) {
  const std::size_t nul = spinel.text.find('\0');
  return spinel.is_error() && redis.is_error() && nul != std::string::npos &&
         redis.text.starts_with(spinel.text.substr(0, nul));
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

bool covers_small_lists(const Command& command, const Reply& spinel, const Reply& redis) {
  return is(command, "object", "encoding") && spinel.text == "listpack" &&
         redis.text == "quicklist";
}

bool covers_timeouts_out_of_range(const Command& command, const Reply& spinel, const Reply& redis) {
  return !command.empty() && lower(command[0]).starts_with('b') &&
         spinel == error("ERR timeout is out of range") &&
         redis == error("ERR timeout is negative");
}

bool covers_pauses_out_of_range(const Command& command, const Reply& spinel, const Reply& redis) {
  return is(command, "client", "pause") && spinel == error("ERR timeout is out of range") &&
         redis == ok();
}

bool covers_least_rank(const Command& command, const Reply& spinel, const Reply& redis) {
  bool asked = false;
  for (std::size_t i = 3; i + 1 < command.size(); ++i) {
    asked |= lower(command[i]) == "rank" && command[i + 1] == "-9223372036854775808";
  }
  return is(command, "lpos") && asked && redis.is_reply() &&
         spinel == error(
                       "ERR value is out of range, value must between -9223372036854775807 and "
                       "9223372036854775807");
}

bool covers_dumps(const Command& command, const Reply& spinel, const Reply& redis) {
  return is(command, "dump") && spinel.type == Reply::Type::kString && redis.type == spinel.type;
}

bool covers_compressed_bitmaps(const Command& command, const Reply& spinel, const Reply& redis) {
  return is(command, "object", "encoding") && spinel.text == "roaring" && redis.text == "raw";
}

bool covers_arguments_before_the_key(const Command& command, const Reply& spinel,
                                     const Reply& redis) {
  return (is(command, "bitcount") || is(command, "bitpos")) &&
         (spinel == error("ERR syntax error") ||
          spinel == error("ERR value is not an integer or out of range")) &&
         (redis.type == Reply::Type::kInteger || redis.is_error_with("WRONGTYPE"));
}

const Difference kDifferences[] = {
    {"the two servers read their clocks at different moments", covers_clock},
    {"a random choice", covers_random_choice},
    {"the order of what a hash table holds is the server's own", covers_order},
    {"which keys a part of a SCAN returns is the server's own", covers_part_of_scan},
    {"the order of a hash's fields is the server's own", covers_order_of_fields},
    {"which fields a part of an HSCAN returns is the server's own", covers_scan_of_fields},
    {"a random choice of fields", covers_random_fields},
    {"7.2: scores have the fewest digits that tell them apart", covers_scores},
    {"7.2: ZRANK and ZREVRANK have an option", covers_rank_options},
    {"a random choice of members", covers_random_members},
    {"which members a part of a ZSCAN returns, and their order, is the server's own",
     covers_scan_of_members},
    {"which members a part of an SSCAN returns is the server's own", covers_part_of_sscan},
    {"in Redis SORT makes a skiplist of a sorted set that is a listpack; here it changes nothing",
     covers_encodings_after_sort},
    {"new in 7.2: sets in listpacks", covers_listpack_sets},
    {"how a payload is divided and compressed is the server's own", covers_dumps},
    {"sparse bitmaps are kept compressed here", covers_compressed_bitmaps},
    {"7.2: BITCOUNT and BITPOS read their arguments before they look for the key",
     covers_arguments_before_the_key},
    {"version and connection id are the server's own", covers_hello},
    {"a server describes its own connections", covers_own_connection},
    {"Redis shares small integers and says so with a huge count; nothing is shared here",
     covers_refcount},
    {"flags and categories are sets in the server's own order; 7.2 changed tips, notes and the "
     "arity of COMMAND GETKEYS",
     covers_command_info},
    {"each server has its own commands", covers_all_commands},
    {"what was slow depends on the machine's load", covers_slow_commands},
    {"each server stores keys in its own way", covers_memory_usage},
    {"each server runs at its own port, and 7.2 has options that 7.0 has not", covers_whole_config},
    {"7.2: COMMAND GETKEYS takes a command without arguments", covers_getkeys_arity},
    {"new in 7.2: DEBUG STRINGMATCH-LEN", covers_stringmatch_len},
    {"a name with a NUL byte is repeated whole", covers_nul_in_errors},
    {"every server has a picture of its own", covers_lolwut},
    {"new in 7.2: loglevel nothing", covers_loglevel_nothing},
    {"7.2: a list of one node is a listpack", covers_small_lists},
    {"7.2: a time to wait that is too long is not called negative", covers_timeouts_out_of_range},
    {"7.2: a pause that is too long is refused; 7.0 lets it end before it begins",
     covers_pauses_out_of_range},
    {"7.2: LPOS refuses the least rank, which has no opposite", covers_least_rank},
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
