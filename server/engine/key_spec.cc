#include "server/engine/key_spec.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "server/engine/text.h"
#include "storage/base/bytes.h"

namespace spinel::server {

namespace {

using enum KeyFlags;
using storage::equals_ignore_case;

constexpr std::array kNames = {
    KeyFlagName{kReadWrite, "RW", "RW"},
    KeyFlagName{kReadOnly, "RO", "RO"},
    KeyFlagName{kOverwrite, "OW", "OW"},
    KeyFlagName{kRemove, "RM", "RM"},
    KeyFlagName{kAccess, "ACCESS", "access"},
    KeyFlagName{kUpdate, "UPDATE", "update"},
    KeyFlagName{kInsert, "INSERT", "insert"},
    KeyFlagName{kDelete, "DELETE", "delete"},
    KeyFlagName{kNotKey, "NOT_KEY", "not_key"},
    KeyFlagName{kIncomplete, "INCOMPLETE", "incomplete"},
    KeyFlagName{kVariable, "VARIABLE_FLAGS", "variable_flags"},
};

bool parse_int(std::string_view text, int& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool parse_triple(std::string_view text, int& a, int& b, int& c) {
  const std::string_view first = take_until(text, ",");
  const std::string_view second = take_until(text, ",");
  return parse_int(first, a) && parse_int(second, b) && parse_int(text, c);
}

bool parse_flags(std::string_view text, KeyFlags& flags) {
  while (!text.empty()) {
    const std::string_view word = take_until(text, "+");
    const auto* entry = std::ranges::find(kNames, word, &KeyFlagName::name);
    if (entry == kNames.end()) return false;
    flags |= entry->flag;
  }
  return any(flags);
}

bool parse_begin(std::string_view text, KeySpec& spec) {
  if (text == "unknown") return true;
  const std::string_view kind = take_until(text, ":");
  if (kind == "index") {
    spec.begin = KeySpec::Begin::kIndex;
    return parse_int(text, spec.index) && spec.index > 0;
  }
  if (kind != "keyword") return false;
  spec.begin = KeySpec::Begin::kKeyword;
  spec.keyword = take_until(text, "@");
  return !spec.keyword.empty() && parse_int(text, spec.start_from) && spec.start_from != 0;
}

bool parse_find(std::string_view text, KeySpec& spec) {
  if (text == "unknown") return true;
  const std::string_view kind = take_until(text, ":");
  if (kind == "range") {
    spec.find = KeySpec::Find::kRange;
    return parse_triple(text, spec.last_key, spec.key_step, spec.limit) && spec.key_step > 0;
  }
  if (kind != "keynum") return false;
  spec.find = KeySpec::Find::kKeynum;
  return parse_triple(text, spec.keynum_index, spec.first_key, spec.key_step) && spec.key_step > 0;
}

bool parse_spec(std::string_view text, KeySpec& spec) {
  if (text.ends_with(')')) {
    const size_t open = text.find(" (");
    if (open == std::string_view::npos) return false;
    spec.notes = text.substr(open + 2, text.size() - open - 3);
    text = text.substr(0, open);
  }
  const std::string_view flags = take_until(text, "@");
  // A keyword's own '@' comes later, and no '/' before the one looked for.
  const std::string_view begin = take_until(text, "/");
  return parse_flags(flags, spec.flags) && parse_begin(begin, spec) && parse_find(text, spec) &&
         (spec.begin == KeySpec::Begin::kUnknown) == (spec.find == KeySpec::Find::kUnknown);
}

// Where the part of the arguments begins that the specification speaks about; nullopt: nowhere.
std::optional<int64_t> find_keyword(const KeySpec& spec, CommandArgs args) {
  const auto count = static_cast<int64_t>(args.size());
  if (spec.start_from > 0) {
    for (int64_t i = spec.start_from; i < count; ++i) {
      if (equals_ignore_case(args[i], spec.keyword)) return i + 1;
    }
  } else {
    for (int64_t i = count + spec.start_from; i > 0; --i) {
      if (equals_ignore_case(args[i], spec.keyword)) return i + 1;
    }
  }
  return std::nullopt;
}

// A number of keys the way C's atoi reads it: clients may rely on it being lenient here, since the
// command itself refuses what is no number. At most as large as any argument count can be.
int64_t read_key_count(std::string_view text) {
  size_t i = 0;
  while (i < text.size() && (text[i] == ' ' || (text[i] >= '\t' && text[i] <= '\r'))) ++i;
  const bool negative = i < text.size() && text[i] == '-';
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  constexpr int64_t kMost = INT32_MAX;
  int64_t value = 0;
  for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
    value = std::min(kMost, value * 10 + (text[i] - '0'));
  }
  return negative ? -value : value;
}

}  // namespace

std::span<const KeyFlagName> key_flag_names() {
  return kNames;
}

KeySpecsParse parse_key_specs(std::string_view text) {
  KeySpecsParse result;
  while (!text.empty()) {
    const std::string_view part = take_until(text, " ; ");
    KeySpec spec;
    if (!parse_spec(part, spec)) {
      result.error = "bad key specification '" + std::string(part) + "'";
      return result;
    }
    result.specs.push_back(spec);
  }
  return result;
}

bool find_keys(const KeySpec& spec, CommandArgs args, std::vector<KeyRef>& keys) {
  const auto count = static_cast<int64_t>(args.size());
  int64_t first = spec.index;
  if (spec.begin == KeySpec::Begin::kKeyword) {
    const std::optional<int64_t> found = find_keyword(spec, args);
    if (!found || *found >= count) return true;
    first = *found;
  }
  if (first >= count) return false;

  int64_t last = 0;
  if (spec.find == KeySpec::Find::kKeynum) {
    const int64_t keynum_at = first + spec.keynum_index;
    if (keynum_at >= count) return false;
    const int64_t key_count = read_key_count(args[keynum_at]);
    if (key_count <= 0) return false;
    first += spec.first_key;
    last = first + (key_count - 1) * spec.key_step;
  } else if (spec.last_key >= 0) {
    last = first + spec.last_key;
  } else if (spec.limit <= 1) {
    last = count + spec.last_key;
  } else {
    last = first + (count - first) / spec.limit + spec.last_key;
  }
  if (last >= count) return false;
  for (int64_t i = first; i <= last; i += spec.key_step) {
    keys.push_back({static_cast<uint32_t>(i), spec.flags & ~(kIncomplete | kVariable)});
  }
  return true;
}

// SET reads the old value only if it is asked for.
bool set_keys(CommandArgs args, std::vector<KeyRef>& keys) {
  if (args.size() < 2) return false;
  KeyFlags flags = kOverwrite | kUpdate;
  for (size_t i = 3; i < args.size(); ++i) {
    if (equals_ignore_case(args[i], "GET")) flags = kReadWrite | kAccess | kUpdate;
  }
  keys.push_back({1, flags});
  return true;
}

// BITFIELD writes unless all it does is GET. OVERFLOW does nothing by itself.
bool bitfield_keys(CommandArgs args, std::vector<KeyRef>& keys) {
  if (args.size() < 2) return false;
  KeyFlags flags = kReadOnly | kAccess;
  for (size_t i = 2; i < args.size();) {
    const size_t left = args.size() - i - 1;
    if (equals_ignore_case(args[i], "GET") && left >= 2) {
      i += 3;
    } else if (equals_ignore_case(args[i], "OVERFLOW") && left >= 1) {
      i += 2;
    } else {
      flags = kReadWrite | kAccess | kUpdate;
      break;
    }
  }
  keys.push_back({1, flags});
  return true;
}

// The keys that BY and GET lead to come out of the elements, so only the list and STORE's target
// are known.
bool sort_keys(CommandArgs args, std::vector<KeyRef>& keys) {
  if (args.size() < 2) return false;
  keys.push_back({1, kReadOnly | kAccess});
  size_t store_at = 0;
  for (size_t i = 2; i < args.size(); ++i) {
    if (equals_ignore_case(args[i], "LIMIT")) {
      i += 2;
    } else if (equals_ignore_case(args[i], "BY") || equals_ignore_case(args[i], "GET")) {
      i += 1;
    } else if (equals_ignore_case(args[i], "STORE") && i + 1 < args.size()) {
      store_at = i + 1;
    }
  }
  if (store_at != 0) keys.push_back({static_cast<uint32_t>(store_at), kOverwrite | kUpdate});
  return true;
}

bool sort_ro_keys(CommandArgs args, std::vector<KeyRef>& keys) {
  if (args.size() < 2) return false;
  keys.push_back({1, kReadOnly | kAccess});
  return true;
}

// One key is argument 3; several follow KEYS, and argument 3 is empty then.
bool migrate_keys(CommandArgs args, std::vector<KeyRef>& keys) {
  if (args.size() < 6) return false;
  constexpr KeyFlags kFlags = kReadWrite | kAccess | kDelete;
  for (size_t i = 6; i < args.size(); ++i) {
    if (equals_ignore_case(args[i], "AUTH")) {
      i += 1;
    } else if (equals_ignore_case(args[i], "AUTH2")) {
      i += 2;
    } else if (equals_ignore_case(args[i], "KEYS") && i + 1 < args.size()) {
      if (!args[3].empty()) return false;
      for (++i; i < args.size(); ++i) keys.push_back({static_cast<uint32_t>(i), kFlags});
      return true;
    }
  }
  keys.push_back({3, kFlags});
  return true;
}

}  // namespace spinel::server
