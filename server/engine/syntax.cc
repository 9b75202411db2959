#include "server/engine/syntax.h"

#include <algorithm>
#include <array>
#include <utility>

#include "storage/base/bytes.h"

namespace spinel::server {

namespace {

constexpr std::array<std::pair<std::string_view, ArgumentType>, 9> kTypeNames = {{
    {"key", ArgumentType::kKey},
    {"string", ArgumentType::kString},
    {"integer", ArgumentType::kInteger},
    {"double", ArgumentType::kDouble},
    {"pattern", ArgumentType::kPattern},
    {"unix-time", ArgumentType::kUnixTime},
    {"pure-token", ArgumentType::kPureToken},
    {"oneof", ArgumentType::kOneOf},
    {"block", ArgumentType::kBlock},
}};

std::optional<ArgumentType> value_type_from_name(std::string_view name) {
  for (const auto& [type_name, type] : kTypeNames) {
    if (type_name == name && type < ArgumentType::kPureToken) return type;
  }
  return std::nullopt;
}

bool is_name(std::string_view word) {
  return !word.empty() && word[0] >= 'a' && word[0] <= 'z' && std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), storage::ascii_lower);
  return lower;
}

bool is_collection(const Argument& argument) {
  return argument.type == ArgumentType::kOneOf || argument.type == ArgumentType::kBlock;
}

// A recursive descent over one line. The first error stops it: every function returns at once then.
class SyntaxParser {
 public:
  SyntaxParser(std::string_view text, int key_spec_count)
      : text_(text), key_spec_count_(key_spec_count) {}

  SyntaxParse parse() {
    SyntaxParse result;
    result.arguments = parse_sequence(Place::kOutside);
    if (error_.empty() && !at_end()) fail("unbalanced bracket");
    for (Argument& argument : result.arguments) {
      name_collections(argument);
      check_names(argument);
    }
    result.error = std::move(error_);
    return result;
  }

 private:
  // Bare lower case words mean other things inside <...>.
  enum class Place { kOutside, kAlternative };

  void fail(std::string_view what) {
    if (error_.empty()) {
      error_ = std::string(what) + " at '" + std::string(text_.substr(position_)) + "'";
    }
  }

  void skip_spaces() {
    while (position_ < text_.size() && text_[position_] == ' ') ++position_;
  }

  bool at_end() {
    skip_spaces();
    return position_ == text_.size();
  }

  // The next character that is not a space; 0 at the end.
  char peek() { return at_end() ? '\0' : text_[position_]; }

  bool take(std::string_view what) {
    skip_spaces();
    if (text_.substr(position_, what.size()) != what) return false;
    position_ += what.size();
    return true;
  }

  void expect(std::string_view what) {
    if (!take(what)) fail("expected '" + std::string(what) + "'");
  }

  bool at_element() {
    const char c = peek();
    return error_.empty() && c != '\0' &&
           std::string_view("|>])").find(c) == std::string_view::npos;
  }

  std::vector<Argument> parse_sequence(Place place) {
    std::vector<Argument> arguments;
    while (at_element()) arguments.push_back(parse_element(place));
    return arguments;
  }

  Argument parse_element(Place place) {
    if (take("[")) {
      Argument argument = as_one(parse_sequence(Place::kOutside));
      expect("]");
      argument.optional = true;
      return argument;
    }
    if (take("(")) {
      Argument argument = as_one(parse_sequence(Place::kOutside));
      expect(")");
      expect("...");
      if (!argument.token) fail("no keyword in (...)");
      argument.multiple = argument.multiple_token = true;
      return argument;
    }
    Argument argument = parse_primary(place);
    if (argument.type == ArgumentType::kPureToken && at_value()) {
      const std::string_view token = *argument.token;
      argument = parse_primary(Place::kOutside);
      argument.token = token;
    }
    if (take("...")) argument.multiple = true;
    return argument;
  }

  // True if what comes next can be the value of the keyword before it.
  bool at_value() {
    if (!pending_value_allowed_) return false;
    const char c = peek();
    if (c == '<') return true;
    if (!at_element() || c == '[' || c == '(') return false;
    std::string_view word = peek_word();
    if (word.starts_with("...")) return false;
    if (const size_t equals = word.find('='); equals != std::string_view::npos && equals > 0) {
      return true;
    }
    word = word.substr(0, word.find_first_of("#@!"));
    return word.find(':') != std::string_view::npos || (key_spec_count_ > 0 && is_name(word));
  }

  std::string_view peek_word() {
    skip_spaces();
    size_t end = position_;
    while (end < text_.size() &&
           std::string_view(" []<>|()").find(text_[end]) == std::string_view::npos) {
      ++end;
    }
    return text_.substr(position_, end - position_);
  }

  // Several arguments in one place are a block.
  Argument as_one(std::vector<Argument> arguments) {
    if (arguments.empty()) {
      fail("empty brackets");
      return {};
    }
    if (arguments.size() == 1) return std::move(arguments[0]);
    Argument block;
    block.type = ArgumentType::kBlock;
    block.arguments = std::move(arguments);
    return block;
  }

  Argument parse_primary(Place place) {
    std::string_view word = peek_word();
    std::string name;
    if (const size_t equals = word.find('='); equals != std::string_view::npos && equals > 0) {
      name = word.substr(0, equals);
      position_ += equals + 1;
      word.remove_prefix(equals + 1);
    }
    Argument argument = peek_raw() == '<' ? parse_angle() : parse_word(word, place);
    if (!name.empty()) argument.name = std::move(name);
    return argument;
  }

  // The next character even if it is a space, which also stands for the end.
  char peek_raw() const { return position_ < text_.size() ? text_[position_] : ' '; }

  Argument parse_angle() {
    expect("<");
    std::vector<Argument> alternatives;
    do {
      alternatives.push_back(as_one(parse_sequence(Place::kAlternative)));
    } while (take("|"));
    expect(">");
    Argument argument;
    if (alternatives.size() > 1) {
      argument.type = ArgumentType::kOneOf;
      argument.arguments = std::move(alternatives);
    } else if (error_.empty()) {
      argument = std::move(alternatives[0]);
      if (argument.type != ArgumentType::kBlock) argument = block_of(std::move(argument));
    }
    pending_value_allowed_ = false;
    if (std::string_view("#@!").find(peek_raw()) != std::string_view::npos) {
      const std::string_view suffixes = peek_word();
      position_ += suffixes.size();
      parse_suffixes(suffixes, argument);
    }
    return argument;
  }

  static Argument block_of(Argument only) {
    Argument block;
    block.type = ArgumentType::kBlock;
    block.arguments.push_back(std::move(only));
    return block;
  }

  Argument parse_word(std::string_view word, Place place) {
    Argument argument;
    if (word.empty() || word.starts_with("...")) {
      fail("expected an argument");
      return argument;
    }
    position_ += word.size();
    const size_t suffix = word.find_first_of("#@!", 1);
    const std::string_view core = word.substr(0, suffix);
    pending_value_allowed_ = suffix == std::string_view::npos;
    if (const size_t colon = core.rfind(':'); colon != std::string_view::npos) {
      fill_value(core.substr(0, colon), core.substr(colon + 1), argument);
    } else if (key_spec_count_ > 0 && is_name(core) &&
               (place == Place::kOutside || core == "key")) {
      fill_key(core, argument);
    } else {
      argument.type = ArgumentType::kPureToken;
      argument.token = core == "\"\"" ? std::string_view() : core;
      argument.name = argument.display_text = lower_case(*argument.token);
    }
    if (suffix != std::string_view::npos) parse_suffixes(word.substr(suffix), argument);
    return argument;
  }

  void fill_value(std::string_view name, std::string_view type_name, Argument& argument) {
    const std::optional<ArgumentType> type = value_type_from_name(type_name);
    if (!type || *type == ArgumentType::kKey) return fail("no such type of argument");
    argument.type = *type;
    argument.name = argument.display_text = name;
  }

  // Keys take the specifications in turn; what keys are left share the last one.
  void fill_key(std::string_view name, Argument& argument) {
    argument.type = ArgumentType::kKey;
    argument.name = argument.display_text = name;
    argument.key_spec_index = std::min(next_key_spec_, key_spec_count_ - 1);
    ++next_key_spec_;
  }

  void parse_suffixes(std::string_view suffixes, Argument& argument) {
    while (!suffixes.empty()) {
      const char kind = suffixes[0];
      const size_t end = suffixes.find_first_of("#@!", 1);
      const std::string_view value =
          suffixes.substr(1, end == std::string_view::npos ? end : end - 1);
      suffixes = end == std::string_view::npos ? std::string_view() : suffixes.substr(end);
      if (kind == '@') {
        argument.since = value;
      } else if (kind == '!') {
        argument.deprecated_since = value;
      } else if (kind == '#' && value.size() == 1 && value[0] >= '0' &&
                 value[0] - '0' < key_spec_count_) {
        argument.key_spec_index = value[0] - '0';
      } else {
        return fail("bad suffix");
      }
    }
  }

  // What the line gave no name is called after its parts: "nx-xx".
  void name_collections(Argument& argument) {
    if (!is_collection(argument)) return;
    std::string joined;
    for (Argument& child : argument.arguments) {
      name_collections(child);
      if (!joined.empty()) joined += '-';
      joined += child.name;
    }
    if (argument.name.empty()) argument.name = std::move(joined);
  }

  // Only the empty keyword has no name of its own.
  void check_names(const Argument& argument) {
    if (argument.name.empty()) fail("an argument has no name");
    for (const Argument& child : argument.arguments) check_names(child);
  }

  std::string_view text_;
  int key_spec_count_;
  size_t position_ = 0;
  int next_key_spec_ = 0;
  // False after a keyword with a suffix: "[GET@6.2.0]" ends there.
  bool pending_value_allowed_ = true;
  std::string error_;
};

}  // namespace

std::string_view argument_type_name(ArgumentType type) {
  for (const auto& [name, candidate] : kTypeNames) {
    if (candidate == type) return name;
  }
  return {};
}

SyntaxParse parse_syntax(std::string_view text, int key_spec_count) {
  return SyntaxParser(text, key_spec_count).parse();
}

}  // namespace spinel::server
