#include "server/pubsub/subscriptions.h"

#include <gtest/gtest.h>
#include <string>

#include "storage/base/key_slot.h"
#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

std::string told(std::string_view verb, std::string_view channel, int count, char type = '*') {
  std::string message = array({bulk(verb), bulk(channel), integer(count)});
  message[0] = type;
  return message;
}

TEST(Subscriptions, DropTheShardChannelsOfASlot) {
  TestServer server;
  TestClient one(server);
  TestClient two(server);
  two.run("HELLO", "3");
  one.run("SSUBSCRIBE", "{a}1", "{a}2", "b");
  two.run("SSUBSCRIBE", "{a}1");
  two.run("SUBSCRIBE", "{a}1");
  one.take_output();
  two.take_output();
  server.server.pubsub.drop_slot(storage::key_slot("c"));
  EXPECT_EQ(one.take_output(), "");

  server.server.pubsub.drop_slot(storage::key_slot("a"));
  EXPECT_EQ(one.take_output(), told("sunsubscribe", "{a}1", 2) + told("sunsubscribe", "{a}2", 1));
  EXPECT_EQ(two.take_output(), told("sunsubscribe", "{a}1", 0, '>'));
  EXPECT_EQ(server.run("PUBSUB", "SHARDCHANNELS"), array({bulk("b")}));
  EXPECT_EQ(server.run("PUBSUB", "CHANNELS"), array({bulk("{a}1")}));
  server.server.pubsub.drop_slot(storage::key_slot("a"));
  EXPECT_EQ(one.take_output(), "");

  EXPECT_EQ(one.run("SSUBSCRIBE", "{a}1"), told("ssubscribe", "{a}1", 2));
  EXPECT_EQ(one.run("SUNSUBSCRIBE", "{a}1"), told("sunsubscribe", "{a}1", 1));
  server.server.pubsub.drop_slot(storage::key_slot("a"));
  EXPECT_EQ(one.take_output(), "");
}

}  // namespace
}  // namespace spinel::server
