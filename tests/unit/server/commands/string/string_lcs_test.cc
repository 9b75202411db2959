#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/server/peak_memory.h"
#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string kSyntaxError = error("ERR syntax error");

class LcsCommand : public testing::Test {
 protected:
  LcsCommand() {
    server_.run("MSET", "a", "ohmytext", "b", "mynewtext");
    server_.take_effects();
    server_.take_events();
  }
  template <typename... Args>
  std::string lcs(const Args&... args) {
    return server_.run("LCS", args...);
  }
  static std::string range(int64_t first, int64_t last) {
    return array({integer(first), integer(last)});
  }

  TestServer server_;
};

TEST_F(LcsCommand, RepliesTheSubsequenceOrItsLength) {
  EXPECT_EQ(lcs("a", "b"), bulk("mytext"));
  EXPECT_EQ(lcs("a", "b", "LEN"), integer(6));
  EXPECT_EQ(lcs("a", "b", "WITHMATCHLEN", "MINMATCHLEN", "3"), bulk("mytext"));
  EXPECT_THAT(server_.take_effects(), IsEmpty());
  EXPECT_THAT(server_.take_events(), IsEmpty());
}

TEST_F(LcsCommand, RepliesMatchesFromTheLastToTheFirst) {
  EXPECT_EQ(lcs("a", "b", "IDX"),
            array({bulk("matches"),
                   array({array({range(4, 7), range(5, 8)}), array({range(2, 3), range(0, 1)})}),
                   bulk("len"), integer(6)}));
  EXPECT_EQ(lcs("a", "b", "idx", "minmatchlen", "4"),
            array({bulk("matches"), array({array({range(4, 7), range(5, 8)})}), bulk("len"),
                   integer(6)}));
  EXPECT_EQ(lcs("a", "b", "WITHMATCHLEN", "MINMATCHLEN", "-5", "IDX"),
            array({bulk("matches"),
                   array({array({range(4, 7), range(5, 8), integer(4)}),
                          array({range(2, 3), range(0, 1), integer(2)})}),
                   bulk("len"), integer(6)}));
  EXPECT_EQ(lcs("a", "b", "IDX", "MINMATCHLEN", "9223372036854775807"),
            array({bulk("matches"), array({}), bulk("len"), integer(6)}));
}

TEST_F(LcsCommand, MatchesAreAMapInResp3) {
  server_.client.client().reply.set_resp3(true);
  EXPECT_EQ(lcs("b", "b", "IDX"), "%2\r\n" + bulk("matches") +
                                      array({array({range(0, 8), range(0, 8)})}) + bulk("len") +
                                      integer(9));
}

TEST_F(LcsCommand, MissingKeysAreEmptyStrings) {
  EXPECT_EQ(lcs("a", "missing"), bulk(""));
  EXPECT_EQ(lcs("missing", "a", "LEN"), integer(0));
  EXPECT_EQ(lcs("missing", "void", "IDX"),
            array({bulk("matches"), array({}), bulk("len"), integer(0)}));
  EXPECT_THAT(server_.take_events(),
              ElementsAre("keymiss missing", "keymiss missing", "keymiss missing", "keymiss void"));
}

TEST_F(LcsCommand, ReadsIntegersAsText) {
  server_.run("MSET", "n", "12345", "m", "-92345");
  EXPECT_EQ(lcs("n", "m"), bulk("2345"));
}

TEST_F(LcsCommand, SurvivesAKeyThatExpiresAsItIsRead) {
  for (int i = 0; i < 20; ++i) server_.run("SET", "key:" + std::to_string(i), "text");
  for (int i = 1; i < 20; ++i) {
    server_.expire_now("key:" + std::to_string(i));
    EXPECT_EQ(lcs("a", "key:" + std::to_string(i)), bulk(""));
    EXPECT_EQ(lcs("a", "key:0"), bulk("text"));
  }
}

TEST_F(LcsCommand, RefusesWrongOptions) {
  EXPECT_EQ(lcs("a", "b", "foo"), kSyntaxError);
  EXPECT_EQ(lcs("a", "b", "MINMATCHLEN"), kSyntaxError);
  EXPECT_EQ(lcs("a", "b", "LEN", "IDX", "foo"), kSyntaxError);
  EXPECT_EQ(lcs("a", "b", "MINMATCHLEN", "x"),
            error("ERR value is not an integer or out of range"));
  EXPECT_EQ(lcs("a", "b", "IDX", "LEN"),
            error("ERR If you want both the length and indexes, please just use IDX."));
}

TEST_F(LcsCommand, BoundsItsWork) {
  const std::string too_large =
      error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
  server_.run("SET", "just", std::string(11583, 'x'));
  server_.run("SET", "more", std::string(11586, 'x'));
  EXPECT_EQ(lcs("just", "just", "LEN"), integer(11583));
  EXPECT_EQ(lcs("just", "just"), bulk(std::string(11583, 'x')));
  EXPECT_EQ(lcs("more", "more", "LEN"), too_large);
  EXPECT_EQ(lcs("more", "just", "IDX"), too_large);
}

// Two bytes of 512 MB are all that is kept; nobody makes the others to see that they are too many.
TEST_F(LcsCommand, RefusesLongBitmapsWithoutMakingTheirBytes) {
  server_.run("SETBIT", "sparse", "4294967295", "1");
  const PeakMemory peak;
  EXPECT_EQ(lcs("sparse", "sparse", "LEN"),
            error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"));
  EXPECT_TRUE(peak.grew_less_than(size_t{100} << 20));
}

}  // namespace
}  // namespace spinel::server
