#include "storage/base/glob.h"

#include <gtest/gtest.h>

namespace spinel::storage {
namespace {

struct Case {
  std::string_view pattern;
  std::string_view text;
  bool matches;
};

void expect_all(std::initializer_list<Case> cases, bool ignore_case = false) {
  for (const Case& c : cases) {
    EXPECT_EQ(glob_match(c.pattern, c.text, ignore_case), c.matches)
        << c.pattern << " on " << c.text;
  }
}

TEST(Glob, Literals) {
  expect_all({{"abc", "abc", true},
              {"abc", "abd", false},
              {"abc", "ab", false},
              {"ab", "abc", false},
              {"", "a", false},
              {"h?llo", "hello", true},
              {"h?llo", "hllo", false},
              {"?", "", false}});
}

TEST(Glob, StarsTakeAnyRun) {
  expect_all({{"*", "anything", true},
              {"a*", "a", true},
              {"a**", "a", true},
              {"*a", "bba", true},
              {"a*b*c", "axxbyyc", true},
              {"a*b*c", "axxbyy", false},
              {"*a*", "bbb", false},
              {"*ab", "aab", true},
              {"*a?c", "abcaxc", true},
              {"*[ab]*c", "xxbc", true}});
}

// Callers that want every name for "*" test for that pattern themselves, as KEYS and SCAN do.
TEST(Glob, OnlyTheEmptyPatternMatchesTheEmptyText) {
  expect_all({{"", "", true}, {"*", "", false}, {"**", "", false}, {"[^a]", "", false}});
}

TEST(Glob, Classes) {
  expect_all({{"[abc]", "b", true},
              {"[abc]", "d", false},
              {"[^abc]", "d", true},
              {"[^abc]", "a", false},
              {"[a-c]", "b", true},
              {"[c-a]", "b", true},
              {"[a-c]x", "bx", true},
              {"[a-]", "-", false},
              {"[-a]", "-", true},
              {"[]", "]", false},
              {"[^]", "a", true},
              {"[]a]", "a]", false},
              {"[a^]", "^", true},
              {"[\\]]", "]", true},
              {"[\\^a]", "^", true},
              {"[a\\-c]", "b", false}});
}

TEST(Glob, MalformedClassesEndWithThePattern) {
  expect_all({{"[", "a", false},
              {"[^", "a", true},
              {"[abc", "c", true},
              {"[^abc", "c", false},
              {"[a-", "-", true},
              {"[a-", "b", false},
              {"[\\", "\\", true},
              {"a[", "a", false},
              {"[a-]b", "b", true},
              {"[a-]b", "^", true},
              {"*[abc", "xxb", true}});
}

TEST(Glob, BackslashTakesTheNextByteAsItIs) {
  expect_all({{"\\*", "*", true},
              {"\\*", "a", false},
              {"\\\\", "\\", true},
              {"\\a", "a", true},
              {"a\\", "a\\", true},
              {"a\\", "a", false},
              {"\\[a]", "[a]", true}});
}

TEST(Glob, BytesAbove127ComeFirstInRanges) {
  expect_all({{"[\xff-A]", "\x01", true},
              {"[\xff-A]", "a", false},
              {"[\x80-a]", "\xc3", true},
              {"[b-\xff]", "\\", true},
              {"\xff*", "\xff\x01", true}});
}

TEST(Glob, CaseIsIgnoredWhereAsked) {
  expect_all({{"MaxMemory*", "maxmemory-policy", true},
              {"\\M?X", "max", true},
              {"[A-C]", "b", true},
              {"[^A-C]", "b", false},
              {"[a-Z]", "b", false},
              {"[A-z]", "b", true},
              {"[A-z]", "z", true},
              {"[\x80-z]", "m", false},
              {"[\xff-z]", "m", true},
              {"a", "b", false}},
             true);
}

// Trying every way to share the text among the stars would outlast the sun.
TEST(Glob, ManyStarsTakeNoTime) {
  std::string pattern;
  for (int i = 0; i < 60; ++i) pattern += "a*";
  pattern += "b";
  const std::string text(5000, 'a');
  EXPECT_FALSE(glob_match(pattern, text));
  EXPECT_TRUE(glob_match(pattern, text + "b"));
}

// The plain recursive definition, on classes left out.
bool model_match(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    return model_match(pattern.substr(1), text) ||
           (!text.empty() && model_match(pattern, text.substr(1)));
  }
  return !text.empty() && (pattern[0] == '?' || pattern[0] == text[0]) &&
         model_match(pattern.substr(1), text.substr(1));
}

TEST(Glob, AgreesWithTheRecursiveDefinition) {
  unsigned state = 1;
  const auto draw = [&state](unsigned bound) {
    state = state * 1103515245 + 12345;
    return (state >> 16) % bound;
  };
  for (int round = 0; round < 20000; ++round) {
    std::string pattern;
    std::string text;
    for (unsigned n = draw(8); n > 0; --n) pattern += "ab*?"[draw(4)];
    for (unsigned n = 1 + draw(8); n > 0; --n) text += "ab"[draw(2)];
    ASSERT_EQ(glob_match(pattern, text), model_match(pattern, text)) << pattern << " on " << text;
  }
}

}  // namespace
}  // namespace spinel::storage
