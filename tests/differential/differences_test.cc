// The list of differences covers what it says and no more.
#include "tests/differential/differences.h"

#include <gtest/gtest.h>

namespace spinel::test {
namespace {

TEST(DifferencesTest, OnlyScoresAreReadAsNumbers) {
  const Reply ours = array({bulk("1"), bulk("0.1")});
  const Reply theirs = array({bulk("1"), bulk("0.10000000000000001")});
  const Reply other_member = array({bulk("01"), bulk("0.1")});
  const auto pairs = [](const Reply& pair) { return array({bulk("z"), array({pair})}); };
  EXPECT_TRUE(replies_agree({"ZRANGE", "z", "0", "-1", "WITHSCORES"}, ours, theirs));
  EXPECT_FALSE(replies_agree({"ZRANGE", "z", "0", "-1", "WITHSCORES"}, ours, other_member));
  EXPECT_FALSE(replies_agree({"ZRANGE", "z", "0", "-1"}, ours, theirs));
  EXPECT_TRUE(replies_agree({"zpopmin", "z"}, ours, theirs));
  EXPECT_FALSE(replies_agree({"zpopmin", "z"}, ours, other_member));
  EXPECT_TRUE(replies_agree({"ZMPOP", "1", "z", "MIN"}, pairs(ours), pairs(theirs)));
  EXPECT_FALSE(replies_agree({"ZMPOP", "1", "z", "MIN"}, pairs(ours), pairs(other_member)));
  EXPECT_TRUE(replies_agree({"ZSCORE", "z", "a"}, bulk("0.1"), bulk("0.10000000000000001")));
  EXPECT_FALSE(replies_agree({"ZSCORE", "z", "a"}, bulk("0.1"), bulk("0.2")));
  EXPECT_FALSE(replies_agree({"ZSCORE", "z", "a"}, bulk("-0"), bulk("0")));
  const Reply popped = array({bulk("1"), bulk("2"), bulk("3")});
  EXPECT_TRUE(
      replies_agree({"BZPOPMIN", "1", "0"}, popped, array({bulk("1"), bulk("2"), bulk("3.0")})));
  EXPECT_FALSE(
      replies_agree({"BZPOPMIN", "1", "0"}, popped, array({bulk("1"), bulk("2.0"), bulk("3")})));
  EXPECT_FALSE(replies_agree({"ZSCAN", "z", "0"}, array({bulk("0"), ours}),
                             array({bulk("0"), other_member})));
}

TEST(DifferencesTest, TheLeastRankIsThatOfTheArguments) {
  const Reply refused = error(
      "ERR value is out of range, value must between -9223372036854775807 and "
      "9223372036854775807");
  EXPECT_TRUE(
      replies_agree({"LPOS", "l", "a", "RANK", "-9223372036854775808"}, refused, integer(2)));
  EXPECT_FALSE(replies_agree({"LPOS", "l", "a", "RANK", "-1"}, refused, integer(2)));
  EXPECT_FALSE(
      replies_agree({"LPOS", "l", "-9223372036854775808", "RANK", "2"}, refused, integer(2)));
}

}  // namespace
}  // namespace spinel::test
