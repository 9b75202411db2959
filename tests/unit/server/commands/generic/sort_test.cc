#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/server/peak_memory.h"
#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SortCommands : public testing::Test {
 protected:
  template <typename... Args>
  std::string run(const Args&... args) {
    return server_.run(args...);
  }
  template <typename... Args>
  void prepare(const Args&... args) {
    run(args...);
    server_.take_effects();
    server_.take_events();
  }

  static std::string words(std::initializer_list<std::string_view> bytes) {
    std::string reply = "*" + std::to_string(bytes.size()) + "\r\n";
    for (const std::string_view word : bytes) reply += bulk(word);
    return reply;
  }

  TestServer server_;
};

TEST_F(SortCommands, StoringTellsWhatHappened) {
  prepare("RPUSH", "l", "2", "1");
  server_.server.dirty = 0;
  EXPECT_EQ(run("SORT", "l", "GET", "#", "GET", "#", "STORE", "d"), integer(4));
  EXPECT_THAT(server_.take_events(), ElementsAre("new d", "sortstore d"));
  EXPECT_THAT(server_.take_effects(), ElementsAre("SORT l GET # GET # STORE d"));
  EXPECT_EQ(server_.server.dirty, 4);
  EXPECT_EQ(run("SORT", "none", "STORE", "d"), integer(0));
  EXPECT_THAT(server_.take_events(), ElementsAre("keymiss none", "del d"));
  EXPECT_THAT(server_.take_effects(), ElementsAre("SORT none STORE d"));
  EXPECT_EQ(run("SORT", "none", "STORE", "d"), integer(0));
  EXPECT_THAT(server_.take_effects(), IsEmpty());
}

TEST_F(SortCommands, SortingAloneChangesNothing) {
  prepare("RPUSH", "l", "2", "1");
  EXPECT_EQ(run("SORT", "l", "BY", "w_*", "GET", "#"), array({bulk("1"), bulk("2")}));
  EXPECT_THAT(server_.take_events(), ElementsAre("keymiss w_2", "keymiss w_1"));
  EXPECT_THAT(server_.take_effects(), IsEmpty());
}

TEST_F(SortCommands, KeysThatExpiredLeadToNothing) {
  prepare("RPUSH", "l", "1", "2", "3");
  run("MSET", "w_1", "5", "w_2", "4", "w_3", "3");
  server_.expire_now("w_1");
  server_.expire_now("w_2");
  EXPECT_EQ(run("SORT", "l", "BY", "w_*", "GET", "w_*"), array({kNull, kNull, bulk("3")}));
}

TEST_F(SortCommands, TextEndsAtItsFirstNulUnlessStored) {
  prepare("RPUSH", "l", std::string("b\0z", 3), std::string("b\0a", 3), "a");
  EXPECT_EQ(run("SORT", "l", "ALPHA"),
            array({bulk("a"), bulk(std::string("b\0z", 3)), bulk(std::string("b\0a", 3))}));
  run("SORT", "l", "ALPHA", "STORE", "d");
  EXPECT_EQ(run("LRANGE", "d", "0", "-1"),
            array({bulk("a"), bulk(std::string("b\0a", 3)), bulk(std::string("b\0z", 3))}));
}

TEST_F(SortCommands, WhatIsStoredDoesNotDependOnTheOrderOfASet) {
  prepare("SADD", "s", "c", "b", "d", "a");
  run("MSET", "w_a", "x", "w_b", "x", "w_c", "w");
  EXPECT_EQ(run("SORT", "s", "BY", "w_*", "ALPHA", "STORE", "l"), integer(4));
  EXPECT_EQ(run("LRANGE", "l", "0", "-1"), array({bulk("d"), bulk("c"), bulk("a"), bulk("b")}));
}

TEST_F(SortCommands, TheConfiguredLocaleOrdersText) {
  prepare("RPUSH", "l", "b", "B", "a", "A");
  run("CONFIG", "SET", "locale-collate", "C");
  EXPECT_EQ(run("SORT", "l", "ALPHA"), array({bulk("A"), bulk("B"), bulk("a"), bulk("b")}));
}

TEST_F(SortCommands, FieldsOfHashesThatExpiredAreMissing) {
  prepare("RPUSH", "l", "1", "2");
  run("HSET", "h1", "f", "2");
  run("HSET", "h2", "f", "1");
  EXPECT_EQ(run("SORT", "l", "BY", "h*->f", "GET", "h*->f"), array({bulk("1"), bulk("2")}));
  run("HPEXPIREAT", "h1", "1", "FIELDS", "1", "f");
  EXPECT_EQ(run("SORT", "l", "BY", "h*->f", "GET", "h*->f"), array({kNull, bulk("1")}));
}

// What BY leads to may be the same 100 MB for every element.
TEST_F(SortCommands, WeighsByLongBitmapsWithoutMakingTheirBytes) {
  prepare("RPUSH", "l", "z", "a", "f", "a", "f", "b");
  prepare("SETBIT", "w_a", "800000001", "1");
  prepare("COPY", "w_a", "w_f");
  prepare("SETBIT", "w_f", "800000000", "1");
  prepare("SETRANGE", "w_b", "0", "-2");
  prepare("SETBIT", "w_b", "800000000", "1");
  ASSERT_EQ(run("OBJECT", "ENCODING", "w_b"), bulk("roaring"));
  const PeakMemory peak;
  // As numbers, up to a NUL: none is zero.
  EXPECT_EQ(run("SORT", "l", "BY", "w_*"), words({"b", "a", "a", "f", "f", "z"}));
  EXPECT_EQ(run("SORT", "l", "BY", "w_*", "ALPHA"), words({"z", "a", "f", "a", "f", "b"}));
  // Stored, all bytes count.
  EXPECT_EQ(run("SORT", "l", "BY", "w_*", "ALPHA", "STORE", "d"), integer(6));
  EXPECT_EQ(run("LRANGE", "d", "0", "-1"), words({"z", "a", "a", "f", "f", "b"}));
  run("SETRANGE", "w_f", "0", "2x");
  EXPECT_EQ(run("SORT", "l", "BY", "w_*"),
            error("ERR One or more scores can't be converted into double"));
  EXPECT_TRUE(peak.grew_less_than(size_t{50} << 20));
}

}  // namespace
}  // namespace spinel::server
