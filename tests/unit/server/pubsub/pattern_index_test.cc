#include "server/pubsub/pattern_index.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "storage/base/glob.h"

namespace spinel::server {
namespace {

struct Pattern {
  std::string name;
};

std::vector<std::string> matches(const PatternIndex<Pattern>& index, std::string_view text) {
  std::vector<std::string> names;
  index.for_each_match(text, [&](const Pattern& pattern) { names.push_back(pattern.name); });
  std::ranges::sort(names);
  return names;
}

TEST(PatternIndex, FindsTheLiteralPrefix) {
  EXPECT_EQ(literal_prefix_size(""), 0U);
  EXPECT_EQ(literal_prefix_size("*"), 0U);
  EXPECT_EQ(literal_prefix_size("news"), 4U);
  EXPECT_EQ(literal_prefix_size("news.*"), 5U);
  EXPECT_EQ(literal_prefix_size("a?"), 1U);
  EXPECT_EQ(literal_prefix_size("a[b]"), 1U);
  EXPECT_EQ(literal_prefix_size("ab\\*"), 2U);
}

TEST(PatternIndex, MatchesEveryPatternWhosePrefixFits) {
  std::vector<Pattern> patterns = {{"*"},     {"a*"},    {"ab*"},    {"abc"}, {"abc*"}, {"ab?"},
                                   {"a[b]c"}, {"ab\\c"}, {"abcdef"}, {"b*"},  {""}};
  PatternIndex<Pattern> index;
  for (Pattern& pattern : patterns) index.add(pattern);
  EXPECT_EQ(matches(index, "abc"),
            (std::vector<std::string>{"*", "a*", "a[b]c", "ab*", "ab?", "ab\\c", "abc", "abc*"}));
  EXPECT_EQ(matches(index, "ab"), (std::vector<std::string>{"*", "a*", "ab*"}));
  EXPECT_EQ(matches(index, ""), (std::vector<std::string>{""}));
  EXPECT_EQ(matches(index, "c"), (std::vector<std::string>{"*"}));
}

TEST(PatternIndex, LeavesNoNodesBehind) {
  std::vector<Pattern> patterns = {{"abcd*"}, {"abce*"}, {"ab*"}, {"abcdef"}};
  PatternIndex<Pattern> index;
  for (Pattern& pattern : patterns) index.add(pattern);
  EXPECT_EQ(index.node_count(), 5U);  // ab, c, d, ef, e
  index.remove(patterns[1]);
  EXPECT_EQ(index.node_count(), 3U);  // ab, cd, ef
  index.remove(patterns[2]);
  EXPECT_EQ(index.node_count(), 2U);
  index.remove(patterns[0]);
  EXPECT_EQ(index.node_count(), 1U);
  EXPECT_EQ(matches(index, "abcdef"), (std::vector<std::string>{"abcdef"}));
  index.remove(patterns[3]);
  EXPECT_EQ(index.node_count(), 0U);
}

TEST(PatternIndex, AgreesWithTryingThemAll) {
  std::mt19937 random(20'260'101);
  const auto word = [&](std::string_view letters, size_t most) {
    std::string text;
    for (size_t size = random() % (most + 1); text.size() < size;) {
      text += letters[random() % letters.size()];
    }
    return text;
  };
  std::map<std::string, std::unique_ptr<Pattern>> model;
  PatternIndex<Pattern> index;
  for (int step = 0; step < 8000; ++step) {
    const std::string name = word("aab*?[]\\", 4);
    if (const auto found = model.find(name); found == model.end()) {
      auto added = std::make_unique<Pattern>(Pattern{name});
      index.add(*added);
      model.emplace(name, std::move(added));
    } else if (random() % 4 != 0) {
      index.remove(*found->second);
      model.erase(found);
    }
    if (step % 10 != 0) continue;
    const std::string text = word("aabbc", 7);
    std::vector<std::string> expected;
    for (const auto& [pattern, value] : model) {
      if (storage::glob_match(pattern, text)) expected.push_back(pattern);
    }
    ASSERT_EQ(matches(index, text), expected) << "step " << step << ", text " << text;
  }
  for (const auto& [name, pattern] : model) index.remove(*pattern);
  EXPECT_EQ(index.node_count(), 0U);
}

}  // namespace
}  // namespace spinel::server
