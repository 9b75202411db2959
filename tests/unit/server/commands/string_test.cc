#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using testing::ElementsAre;

TEST(StringCommands, SetStoresAndGetReads) {
  TestServer server;
  EXPECT_EQ(server.run("SET", "key", "value"), kOk);
  EXPECT_EQ(server.run("GET", "key"), bulk("value"));
  EXPECT_THAT(server.take_effects(), ElementsAre("SET key value"));
  EXPECT_THAT(server.take_events(), ElementsAre("set key"));
  EXPECT_EQ(server.run("GET", "missing"), kNull);
  EXPECT_THAT(server.take_events(), ElementsAre("keymiss missing"));
}

TEST(StringCommands, PipelinesAreAnsweredInOrder) {
  TestServer server;
  EXPECT_EQ(server.send(request({"SET", "a", "1"}) + request({"GET", "a"}) +
                        request({"SET", "a", "2"}) + request({"GET", "a"})),
            kOk + bulk("1") + kOk + bulk("2"));
}

TEST(StringCommands, ExpiredKeysAreMissing) {
  TestServer server;
  server.run("SET", "key", "value");
  server.expire_now("key");
  server.take_effects();
  server.take_events();
  EXPECT_EQ(server.run("GET", "key"), kNull);
  EXPECT_THAT(server.take_effects(), ElementsAre("DEL key"));
  EXPECT_THAT(server.take_events(), ElementsAre("expired key", "keymiss key"));
}

}  // namespace
}  // namespace spinel::server
