#include "tests/differential/generator.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <gtest/gtest.h>

namespace spinel::test {

namespace {

constexpr unsigned kMaxRepeats = 4;
constexpr unsigned kBrokenPercent = 6;

std::string repeated(Random& random, std::size_t low, std::size_t high) {
  const auto size = static_cast<std::size_t>(
      random.between(static_cast<std::int64_t>(low), static_cast<std::int64_t>(high)));
  return std::string(size, static_cast<char>('a' + random.below(26)));
}

std::string random_bytes(Random& random) {
  std::string bytes(random.below(40), '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.below(256));
  return bytes;
}

std::string random_integer(Random& random) {
  static const std::vector<std::string> kEdges = {"0",
                                                  "1",
                                                  "-1",
                                                  "2",
                                                  "9",
                                                  "10",
                                                  "127",
                                                  "128",
                                                  "-128",
                                                  "255",
                                                  "256",
                                                  "32767",
                                                  "32768",
                                                  "65535",
                                                  "65536",
                                                  "2147483647",
                                                  "2147483648",
                                                  "-2147483648",
                                                  "-2147483649",
                                                  "4294967295",
                                                  "4294967296",
                                                  "9007199254740993",
                                                  "9223372036854775806",
                                                  "9223372036854775807",
                                                  "-9223372036854775807",
                                                  "-9223372036854775808"};
  switch (random.below(4)) {
    case 0:
      return random.pick(kEdges);
    case 1:
      return std::to_string(random.between(-20, 20));
    case 2:
      return std::to_string(random.between(-100'000, 100'000));
    default:
      // Of any length in bits.
      return std::to_string(random.between(INT64_MIN, INT64_MAX) >> random.below(64));
  }
}

std::string random_float(Random& random) {
  static const std::vector<std::string> kTexts = {"0",
                                                  "-0",
                                                  "0.0",
                                                  "-0.0",
                                                  "1.5",
                                                  "-1.5",
                                                  "3.14159",
                                                  "1e3",
                                                  "1E3",
                                                  "1e-3",
                                                  "5.0e3",
                                                  "+1.5",
                                                  ".5",
                                                  "5.",
                                                  "0x10",
                                                  "0x1p3",
                                                  "inf",
                                                  "-inf",
                                                  "+inf",
                                                  "nan",
                                                  "1e308",
                                                  "1e400",
                                                  "-1e400",
                                                  "1e-400",
                                                  "1e17",
                                                  "123456789012345678",
                                                  "0.1",
                                                  "0.2",
                                                  "0.30000000000000004",
                                                  "1e-17",
                                                  "99999999999999999999",
                                                  "  1",
                                                  "1 ",
                                                  "1,5"};
  switch (random.below(4)) {
    case 0:
      return random.pick(kTexts);
    case 1:
      return std::to_string(random.between(-1000, 1000));
    case 2:
      return std::to_string(random.between(-1'000'000, 1'000'000)) + "." +
             std::to_string(random.below(1'000'000));
    default:
      return std::to_string(random.between(-99, 99)) + "." + std::to_string(random.below(1000)) +
             "e" + std::to_string(random.between(-20, 20));
  }
}

/// Sizes lie around those at which strings change their encoding.
std::string random_value(Random& random) {
  switch (random.below(12)) {
    case 0:
      return "";
    case 1:
    case 2:
      return random_integer(random);
    case 3:
      return random_float(random);
    case 4:
      return random_bytes(random);
    case 5:
      return repeated(random, 42, 47);
    case 6:
      return repeated(random, 60, 70);
    case 7:
      return repeated(random, 250, 260);
    case 8:
      return random.chance(10) ? repeated(random, 1000, 20'000) : repeated(random, 1, 3);
    default:
      return repeated(random, 1, 20);
  }
}

/// Whether a text might pass for a time that ends while the test runs.
bool is_soon(const std::string& text) {
  constexpr std::size_t kDigitsOfADayInMilliseconds = 9;
  return !text.empty() && text.size() < kDigitsOfADayInMilliseconds && text != "0" &&
         text.find_first_not_of("0123456789") == std::string::npos;
}

std::string random_junk(Random& random) {
  static const std::vector<std::string> kTexts = {"",     "abc",     "-",
                                                  "+1",   "01",      " 1",
                                                  "1 ",   "1.0",     "0x1",
                                                  "1e2",  "nan",     "99999999999999999999",
                                                  "-1",   "0",       "9223372036854775808",
                                                  "NX",   "XX",      "GET",
                                                  "EX",   "COUNT",   "*",
                                                  "\r\n", "\xff\xfe"};
  std::string junk = random.chance(70) ? random.pick(kTexts) : random_value(random);
  return is_soon(junk) ? "soon" : junk;
}

std::string random_pattern(Random& random) {
  static const std::vector<std::string> kTexts = {
      "*",  "k*",  "k?", "k1*", "*1", "?",      "k[0-4]", "[", "k[^1-3]", "\\k1",
      "k[", "k\\", "**", "*?*", "K1", "k[4-0]", "none*",  "",  "k[1\\]2]"};
  return random.pick(kTexts);
}

std::string seconds_ahead(Random& random) {
  // Spread so wide that no two keys come to expire in the same millisecond.
  return random.chance(80) ? std::to_string(random.between(100'000, 1'000'000'000))
                           : std::to_string(random.between(-2, 0));
}

std::string milliseconds_ahead(Random& random) {
  return random.chance(80) ? std::to_string(random.between(100'000'000, 1'000'000'000'000))
                           : std::to_string(random.between(-2, 0));
}

std::string absolute_seconds(Random& random) {
  return random.chance(85) ? std::to_string(random.pick(absolute_times_ms()) / 1000)
                           : std::to_string(random.between(-2, 1000));
}

std::string absolute_milliseconds(Random& random) {
  return random.chance(85) ? std::to_string(random.pick(absolute_times_ms()))
                           : std::to_string(random.between(-2, 1000));
}

/// Out of reach for any time of expiry, in one unit or in all.
std::string impossible_time(Random& random) {
  static const std::vector<std::string> kTexts = {"9223372036854775807",
                                                  "-9223372036854775808",
                                                  "9223372036854775",
                                                  "-9223372036854775",
                                                  "9223372036854776",
                                                  "-9223372036854776",
                                                  "9223372036854775808",
                                                  "1.5",
                                                  "",
                                                  "abc"};
  return random.pick(kTexts);
}

Pools shared_pools() {
  Pools pools;
  pools["key"] = [](Random& random) { return random.pick(key_space()); };
  pools["value"] = random_value;
  pools["int"] = random_integer;
  pools["float"] = random_float;
  pools["index"] = [](Random& random) {
    return random.chance(85) ? std::to_string(random.between(-60, 60)) : random_integer(random);
  };
  pools["count"] = [](Random& random) {
    return random.chance(85) ? std::to_string(random.between(1, 12))
                             : std::to_string(random.between(-2, 1000));
  };
  pools["db"] = [](Random& random) {
    return random.chance(95) ? std::to_string(random.below(3))
                             : std::to_string(random.between(-2, 17));
  };
  pools["s"] = seconds_ahead;
  pools["ms"] = milliseconds_ahead;
  pools["at"] = absolute_seconds;
  pools["pat"] = absolute_milliseconds;
  pools["bad-time"] = impossible_time;
  pools["pattern"] = random_pattern;
  pools["junk"] = random_junk;
  return pools;
}

std::string in_random_case(std::string word, Random& random) {
  const auto style = random.below(10);
  if (style < 6) return word;
  for (char& c : word) {
    if (style < 8 || random.chance(50)) {
      c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return word;
}

}  // namespace

std::int64_t Random::between(std::int64_t low, std::int64_t high) {
  const auto span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  const std::uint64_t offset = span == UINT64_MAX ? engine_() : below(span + 1);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + offset);
}

const std::vector<std::string>& key_space() {
  static const std::vector<std::string> kKeys = [] {
    constexpr int kNumbered = 24;
    std::vector<std::string> keys;
    keys.reserve(kNumbered);
    for (int i = 0; i < kNumbered; ++i) keys.push_back("k" + std::to_string(i));
    keys.emplace_back("");
    keys.emplace_back("a key with spaces");
    keys.emplace_back("bin\0\r\n\xff", 7);
    keys.emplace_back("12345");
    keys.emplace_back(300, 'K');
    keys.emplace_back("{tag}x");
    return keys;
  }();
  return kKeys;
}

const std::vector<std::int64_t>& absolute_times_ms() {
  static const std::vector<std::int64_t> kTimes = {33177117420000, 33177117420123, 33177117421000,
                                                   33177117999999, 33188117420000, 99999999999000};
  return kTimes;
}

// --- templates ---

struct Generator::Node {
  enum class Kind { kSequence, kWord, kPool, kOneOf, kOptional };
  Kind kind = Kind::kSequence;
  bool repeats = false;
  std::string text;
  const Pool* pool = nullptr;
  std::vector<std::unique_ptr<Node>> children;
};

namespace {

/// Reads the syntax of templates. A mistake in a table is a failure of the test.
template <typename Node>
class SyntaxParser {
 public:
  SyntaxParser(std::string_view syntax, const Pools& pools) : rest_(syntax), pools_(pools) {}

  std::unique_ptr<Node> parse() {
    auto node = parse_sequence();
    if (!rest_.empty()) ADD_FAILURE() << "unexpected '" << rest_ << "' in a command's syntax";
    return node;
  }

 private:
  using Kind = typename Node::Kind;

  std::unique_ptr<Node> parse_sequence() {
    auto sequence = std::make_unique<Node>();
    while (true) {
      while (rest_.starts_with(' ')) rest_.remove_prefix(1);
      if (rest_.empty() || std::string_view("|])").find(rest_[0]) != std::string_view::npos) break;
      sequence->children.push_back(parse_item());
    }
    return sequence;
  }

  std::unique_ptr<Node> parse_item() {
    auto node = std::make_unique<Node>();
    if (rest_.starts_with('(')) {
      node->kind = Kind::kOneOf;
      parse_alternatives(*node, ')');
    } else if (rest_.starts_with('[')) {
      node->kind = Kind::kOptional;
      parse_alternatives(*node, ']');
    } else if (rest_.starts_with('{')) {
      node->kind = Kind::kPool;
      const auto end = rest_.find('}');
      const auto found = pools_.find(rest_.substr(1, end - 1));
      if (found == pools_.end()) {
        ADD_FAILURE() << "no pool for " << rest_;
      } else {
        node->pool = &found->second;
      }
      rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    } else {
      node->kind = Kind::kWord;
      const auto end = std::min({rest_.find_first_of(" |]){(["), rest_.find("..."), rest_.size()});
      node->text = rest_.substr(0, end);
      rest_.remove_prefix(end);
    }
    if (rest_.starts_with("...")) {
      node->repeats = true;
      rest_.remove_prefix(3);
    }
    return node;
  }

  void parse_alternatives(Node& node, char close) {
    do {
      rest_.remove_prefix(1);
      node.children.push_back(parse_sequence());
    } while (rest_.starts_with('|'));
    if (!rest_.starts_with(close)) {
      ADD_FAILURE() << "missing " << close << " before '" << rest_ << "'";
    } else {
      rest_.remove_prefix(1);
    }
  }

  std::string_view rest_;
  const Pools& pools_;
};

}  // namespace

Generator::Generator(const Family& family, std::uint64_t seed)
    : random_(seed), pools_(shared_pools()), rows_(family.commands) {
  for (const auto& [name, pool] : family.pools) pools_[name] = pool;
  for (const CommandTemplate& row : rows_) {
    templates_.push_back(SyntaxParser<Node>(row.syntax, pools_).parse());
    by_weight_.insert(by_weight_.end(), row.weight, templates_.size() - 1);
  }
}

Generator::~Generator() = default;

Command Generator::next() {
  Command command;
  const std::size_t row = random_.pick(by_weight_);
  expand(*templates_[row], command);
  if (rows_[row].may_be_broken && random_.chance(kBrokenPercent)) break_something(command);
  return command;
}

void Generator::expand(const Node& node, Command& command) {
  const auto times = node.repeats ? 1 + random_.below(kMaxRepeats) : 1;
  for (std::uint64_t i = 0; i < times; ++i) {
    switch (node.kind) {
      case Node::Kind::kSequence:
        for (const auto& child : node.children) expand(*child, command);
        break;
      case Node::Kind::kWord:
        command.push_back(in_random_case(node.text, random_));
        break;
      case Node::Kind::kPool:
        command.push_back((*node.pool)(random_));
        break;
      case Node::Kind::kOptional:
        if (random_.chance(50)) break;
        [[fallthrough]];
      case Node::Kind::kOneOf:
        expand(*random_.pick(node.children), command);
        break;
    }
  }
}

void Generator::break_something(Command& command) {
  const auto where = 1 + random_.below(command.size());
  const bool inside = where < command.size();
  const auto position = command.begin() + static_cast<std::ptrdiff_t>(where);
  switch (random_.below(5)) {
    case 0:
      if (inside) command.erase(position, command.end());
      break;
    case 1:
      if (inside) command.erase(position);
      break;
    case 2:
      command.insert(position, pools_["junk"](random_));
      break;
    case 3:
      if (inside) *position = pools_["junk"](random_);
      break;
    default:
      if (inside) {
        const std::string copy = *position;
        command.insert(position, copy);
      }
  }
}

}  // namespace spinel::test
