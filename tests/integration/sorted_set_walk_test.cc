// ZRANDMEMBER and ZSCAN.
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/integration/sorted_set_fixture.h"

namespace spinel::test {
namespace {

// --- ZRANDMEMBER

TEST_F(SortedSetTest, RandomMembers) {
  add_letters("z", "abcdefghij");
  run("SET", "string", "x");
  const Reply out_of_range = error("ERR value is out of range");
  expect_session({{"ZRANDMEMBER missing", nil()},
                  {"ZRANDMEMBER missing 3", kNone},
                  {"ZRANDMEMBER missing -3 WITHSCORES", kNone},
                  {"ZRANDMEMBER z 0", kNone},
                  {"ZRANDMEMBER z x", kNotAnInteger},
                  {"ZRANDMEMBER z 1 BOGUS", kSyntax},
                  {"ZRANDMEMBER z x BOGUS", kNotAnInteger},
                  {"ZRANDMEMBER z 1 WITHSCORES x", kSyntax},
                  {"ZRANDMEMBER string x", kNotAnInteger},
                  {"ZRANDMEMBER string 1", kWrongType},
                  {"ZRANDMEMBER string", kWrongType},
                  {"ZRANDMEMBER z -9223372036854775808",
                   error("ERR value is out of range, value must between -9223372036854775807 and "
                         "9223372036854775807")},
                  {"ZRANDMEMBER z 4611686018427387904 WITHSCORES", out_of_range},
                  {"ZRANDMEMBER z -4611686018427387904 WITHSCORES", out_of_range},
                  {"ZRANDMEMBER missing -4611686018427387903 WITHSCORES", kNone}});
  const std::vector<std::string> all = words("a b c d e f g h i j");
  for (int count = 1; count <= 12; ++count) {
    const std::vector<std::string> members = run("ZRANDMEMBER", "z", count).sorted_texts();
    EXPECT_EQ(members.size(), std::min<std::size_t>(static_cast<std::size_t>(count), all.size()));
    EXPECT_TRUE(std::includes(all.begin(), all.end(), members.begin(), members.end()));
    EXPECT_EQ(std::set<std::string>(members.begin(), members.end()).size(), members.size());
  }
  EXPECT_EQ(run("ZRANDMEMBER", "z", -50).elements.size(), 50u);
  const Reply flat = run("ZRANDMEMBER", "z", -20, "WITHSCORES");
  ASSERT_EQ(flat.elements.size(), 40u);
  for (std::size_t i = 0; i < 40; i += 2) {
    EXPECT_EQ(flat.elements[i].text[0] - 'a' + 1, std::stoi(flat.elements[i + 1].text));
  }
  const Reply nested = run3("ZRANDMEMBER", "z", 4, "WITHSCORES");
  ASSERT_EQ(nested.elements.size(), 4u);
  for (const Reply& pair : nested.elements) {
    EXPECT_EQ(run3("ZSCORE", "z", pair.elements.at(0).text), pair.elements.at(1));
  }
}

using SortedSetLimitTest = OwnServerTest;

TEST_F(SortedSetLimitTest, AskingForTooManyRandomMembersEndsTheConnection) {
  start_with({"--client-output-buffer-limit", "normal 1mb 0 0"});
  run("ZADD", "z", 1, "a");
  RawConnection greedy = server().raw();
  ASSERT_TRUE(greedy.send(encode_command({"ZRANDMEMBER", "z", "-1000000000000000"})));
  bool closed = false;
  greedy.read_until_closed(&closed);
  EXPECT_TRUE(closed);
  EXPECT_EQ(run("ZCARD", "z"), integer(1));
}

/// The least likely outcome of a fair draw that is still believed: about one in 10^9.
bool fair(const std::map<std::string, int>& counts, std::size_t members, int draws) {
  const double expected = static_cast<double>(draws) / static_cast<double>(members);
  double chi_square = 0;
  for (const auto& [member, count] : counts) {
    chi_square += (count - expected) * (count - expected) / expected;
  }
  chi_square += expected * static_cast<double>(members - counts.size());
  const auto degrees = static_cast<double>(members - 1);
  return chi_square < degrees + 6 * std::sqrt(2 * degrees) + 20;
}

TEST_F(SortedSetTest, RandomMembersAreFair) {
  SKIP_ON_REDIS_7_0("favours members with buckets to themselves");
  for (const int members : {20, 1000}) {
    run("DEL", "z");
    for (int i = 0; i < members; ++i)
      client().append({"ZADD", "z", std::to_string(i), std::to_string(i)});
    for (int i = 0; i < members; ++i) ASSERT_EQ(client().read_reply(), integer(1));
    for (const int count : {-50, 1, 5, 15}) {
      std::map<std::string, int> counts;
      int draws = 0;
      for (int round = 0; round < 400; ++round) {
        for (const std::string& member : run("ZRANDMEMBER", "z", count).texts()) {
          ++counts[member];
          ++draws;
        }
      }
      EXPECT_TRUE(fair(counts, static_cast<std::size_t>(members), draws))
          << members << " members, count " << count;
    }
  }
}

// --- ZSCAN

TEST_F(SortedSetTest, ScansSmallSetsAtOnce) {
  add_letters("z", "abc");
  run("ZADD", "z", "0.5", "d", "1e20", "e");
  run("SET", "string", "x");
  expect_session({{"ZSCAN z 0 MATCH [ab]", array({bulk("0"), list("a 1 b 2")})},
                  {"ZSCAN z 0 COUNT 1 MATCH d", array({bulk("0"), list("d 0.5")})},
                  {"ZSCAN z 0 MATCH none", array({bulk("0"), kNone})},
                  {"ZSCAN missing 0", array({bulk("0"), kNone})},
                  {"ZSCAN missing 0 COUNT 0", array({bulk("0"), kNone})},
                  {"ZSCAN string 0", kWrongType},
                  {"ZSCAN string x", error("ERR invalid cursor")},
                  {"ZSCAN z 0 COUNT 0", kSyntax},
                  {"ZSCAN z 0 COUNT x", kNotAnInteger},
                  {"ZSCAN z 0 TYPE zset", kSyntax},
                  {"ZSCAN z 0 MATCH", kSyntax}});
  EXPECT_EQ(run3("ZSCAN", "z", 0, "MATCH", "a"), array({bulk("0"), list("a 1")}));
}

TEST_F(SortedSetTest, ScansLargeSetsInSteps) {
  constexpr int kMembers = 1000;
  for (int i = 0; i < kMembers; ++i) {
    client().append({"ZADD", "z", std::to_string(i) + ".1", "m" + std::to_string(i)});
  }
  for (int i = 0; i < kMembers; ++i) ASSERT_EQ(client().read_reply(), integer(1));
  std::map<std::string, std::string> seen;
  std::string cursor = "0";
  int steps = 0;
  do {
    const Reply reply = run("ZSCAN", "z", cursor, "COUNT", 20);
    ASSERT_EQ(reply.elements.size(), 2u);
    cursor = reply.elements[0].text;
    const std::vector<std::string> found = reply.elements[1].texts();
    for (std::size_t i = 0; i + 1 < found.size(); i += 2) seen[found[i]] = found[i + 1];
    // Members that come and go during the walk.
    run("ZADD", "z", 5, "new" + std::to_string(steps));
    run("ZREM", "z", "new" + std::to_string(steps - 3));
    ASSERT_LT(++steps, 1000);
  } while (cursor != "0");
  EXPECT_GT(steps, 10);
  for (int i = 0; i < kMembers; ++i) {
    const std::string member = "m" + std::to_string(i);
    ASSERT_TRUE(seen.contains(member)) << member;
    EXPECT_EQ(std::strtod(seen[member].c_str(), nullptr), i + 0.1) << seen[member];
  }
  EXPECT_EQ(seen["m7"], "7.0999999999999996") << "all digits, other than in any other reply";
}

}  // namespace
}  // namespace spinel::test
