// The arguments of a command as a tree, parsed from one line such as
//   key [<NX|XX>] [CH] <score:double member:string> ...
//
//   name:type      a value: string, integer, double, pattern, unix-time
//   key            a lower case word is a key if the command has keys; as an alternative of <a|b>
//                  only the word "key" is one, others are keywords
//   TOKEN          any other word is a keyword that stands for itself; "" is the empty one
//   TOKEN value    a value that a keyword announces
//   [a b]          may be left out
//   <a|b> <a b>    one of several; a block
//   a ...          may be repeated
//   (TOKEN a) ...  may be repeated with its keyword
// and for what that does not say, before and after a word or <...>:
//   name=a         its name, for what has none or another one: condition=<NX|XX>, change=CH
//   a#1            its key specification, if keys do not take them in turn
//   a@6.2.0        the version that added it
//   a!2.8.12       the version that deprecated it
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
