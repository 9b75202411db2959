// The arguments of a command as a tree, parsed from one line such as
//   key [NX|XX] [GT|LT] ...
//
//   name:type          a value: string, integer, double, pattern, unix-time
//   key                a lower case word is a key if the command has keys. As an alternative of
//   <a|b> only
//                      the word "key" is one, the others are keywords
//   TOKEN              any other word is a keyword that stands for itself; "" is the empty one
//   TOKEN value        a value that a keyword announces
//   [a b]              may be left out
//   <a|b> <a b>        one of several; a block
//   a ...              may be repeated
//   (TOKEN a) ...      may be repeated with its keyword
// and for what the words alone do not say, before a word or bracket and after it:
//   name=a             the name of what has none (or another one): [condition=<NX|XX>], change=CH
//   a#1 a@6.2.0 a!2.8  its key specification, the version that added it, the version that
//   deprecated it
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spinel::server {

enum class ArgumentType : uint8_t {
  kKey,
  kString,
  kInteger,
  kDouble,
  kPattern,
  kUnixTime,
  kPureToken,
  kOneOf,
  kBlock,
};

// As COMMAND DOCS prints it: "pure-token".
std::string_view argument_type_name(ArgumentType type);

struct Argument {
  std::string name;
  std::string display_text;  // empty for kOneOf and kBlock
  ArgumentType type = ArgumentType::kString;
  std::optional<std::string_view> token;
  int key_spec_index = -1;  // -1: not a key
  std::string_view since;
  std::string_view deprecated_since;
  bool optional = false;
  bool multiple = false;
  bool multiple_token = false;
  std::vector<Argument> arguments;  // of kOneOf and kBlock
};

struct SyntaxParse {
  std::vector<Argument> arguments;
  std::string error;  // empty if all went well
};

// Parses the `syntax` column of a command with that many key specifications. The result views into
// `text`.
SyntaxParse parse_syntax(std::string_view text, int key_spec_count);

}  // namespace spinel::server
