// What the comparison of counters sees, and what it leaves out.

#include "tests/differential/counters.h"

#include <gtest/gtest.h>

namespace spinel::test {
namespace {

using Lines = std::vector<std::string>;

TEST(CounterComparisonTest, TellsWhatRoseByDifferentAmounts) {
  const CounterComparison comparison;
  const Counters spinel_before = {{"keyspace_hits", 5}, {"cmdstat_get.calls", 1}};
  const Counters redis_before = {{"keyspace_hits", 100}};
  EXPECT_EQ(
      comparison.disagreements(spinel_before, {{"keyspace_hits", 7}, {"cmdstat_get.calls", 3}},
                               redis_before, {{"keyspace_hits", 102}, {"cmdstat_get.calls", 2}}),
      Lines());
  EXPECT_EQ(
      comparison.disagreements(spinel_before, {{"keyspace_hits", 7}, {"cmdstat_get.calls", 1}},
                               redis_before, {{"keyspace_hits", 101}}),
      Lines{"keyspace_hits rose by 2, in Redis by 1"});
  EXPECT_EQ(
      comparison.disagreements(spinel_before, {{"keyspace_hits", 5}, {"cmdstat_get.calls", 2}},
                               redis_before, {{"keyspace_hits", 100}}),
      Lines{"cmdstat_get.calls rose by 1, in Redis by 0"});
}

TEST(CounterComparisonTest, AllowsForRepliesThatMayDiffer) {
  CounterComparison comparison;
  comparison.add({"ZRANK", "k", "m", "WITHSCORE"}, error("ERR syntax error"), nil());
  const Counters ours = {{"total_error_replies", 1},
                         {"errorstat_ERR.count", 1},
                         {"cmdstat_zrank.calls", 1},
                         {"cmdstat_zrank.failed_calls", 1}};
  const Counters theirs = {{"total_error_replies", 0}, {"cmdstat_zrank.rejected_calls", 1}};
  EXPECT_EQ(comparison.disagreements({}, ours, {}, theirs), Lines());
  const Counters too_few = {{"total_error_replies", 0}};
  EXPECT_EQ(comparison.disagreements({}, too_few, {}, theirs),
            Lines{"total_error_replies rose by -1, in Redis by 0"});
}

}  // namespace
}  // namespace spinel::test
