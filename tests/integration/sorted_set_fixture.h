// What the tests of sorted sets share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/server_test.h"

namespace spinel::test {

class SortedSetTest : public ServerTest {
 protected:
  /// Adds member i with score i for the letters of `members`: "abc" is a 1, b 2, c 3.
  void add_letters(const std::string& key, const std::string& members) {
    std::vector<std::string> command = {"ZADD", key};
    for (std::size_t i = 0; i < members.size(); ++i) {
      command.push_back(std::to_string(i + 1));
      command.emplace_back(1, members[i]);
    }
    ASSERT_EQ(client().command(command), integer(static_cast<std::int64_t>(members.size())));
  }
  /// The same members, all with score 0.
  void add_lexical(const std::string& key, const std::string& members) {
    for (const char member : members) run("ZADD", key, 0, std::string(1, member));
  }
};

inline const Reply kWrongType =
    error("WRONGTYPE Operation against a key holding the wrong kind of value");
inline const Reply kNotAnInteger = error("ERR value is not an integer or out of range");
inline const Reply kNotAFloat = error("ERR value is not a valid float");
inline const Reply kSyntax = error("ERR syntax error");
inline const Reply kNotAScoreRange = error("ERR min or max is not a float");
inline const Reply kNotALexRange = error("ERR min or max not valid string range item");
inline const Reply kNone = array({});

inline Reply wrong_arity(const std::string& command) {
  return error("ERR wrong number of arguments for '" + command + "' command");
}
inline Reply no_inputs(const std::string& command) {
  return error("ERR at least 1 input key is needed for '" + command + "' command");
}

/// Members with their scores as RESP3 shows them, from "a 1 b 2.5".
inline Reply pairs3(const std::string& text) {
  const std::vector<std::string> all = words(text);
  std::vector<Reply> elements;
  for (std::size_t i = 0; i + 1 < all.size(); i += 2) {
    elements.push_back(array({bulk(all[i]), real(all[i + 1])}));
  }
  return array(elements);
}
/// The same as RESP2 shows nested ones.
inline Reply pairs2(const std::string& text) {
  const std::vector<std::string> all = words(text);
  std::vector<Reply> elements;
  for (std::size_t i = 0; i + 1 < all.size(); i += 2) {
    elements.push_back(bulks({all[i], all[i + 1]}));
  }
  return array(elements);
}
inline Reply list(const std::string& text) {
  return bulks(words(text));
}

}  // namespace spinel::test
