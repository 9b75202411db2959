// Requests of several clients that are executed together.
#include <deque>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

class DispatchClients : public testing::Test {
 protected:
  // Sends `requests`, the i-th by client i, and returns how many bytes of each are done with.
  std::vector<size_t> process(const std::vector<std::string>& requests) {
    std::vector<PendingInput> inputs;
    for (size_t i = 0; i < requests.size(); ++i) {
      if (i == clients_.size()) {
        clients_.emplace_back(server_);
        parsers_.emplace_back();
      }
      inputs.push_back({.client = &client(i), .parser = &parsers_[i], .bytes = requests[i]});
    }
    server_.server.dispatcher.process(inputs);
    std::vector<size_t> done;
    for (const PendingInput& input : inputs) done.push_back(input.done);
    return done;
  }
  Client& client(size_t i) { return clients_[i].client(); }
  std::string reply(size_t i) { return clients_[i].take_output(); }

  TestServer server_;
  std::deque<TestClient> clients_;
  std::deque<resp::RequestParser> parsers_;
};

TEST_F(DispatchClients, EachGetsItsOwnReplies) {
  std::vector<std::string> requests;
  for (int i = 0; i < 200; ++i) {
    const std::string key = "k" + std::to_string(i);
    requests.push_back(request({"SET", key, key}) + request({"GET", key}));
  }
  const std::vector<size_t> done = process(requests);
  for (size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(done[i], requests[i].size());
    EXPECT_EQ(reply(i), kOk + bulk("k" + std::to_string(i)));
  }
}

TEST_F(DispatchClients, WhoBlocksGoesOnLater) {
  const std::string block = request({"BLPOP", "l", "0"});
  const std::string rest = request({"SET", "x", "1"});
  const std::vector<size_t> done =
      process({block + rest, request({"RPUSH", "l", "v"}) + request({"GET", "x"})});
  EXPECT_EQ(done[0], block.size());
  EXPECT_EQ(reply(0), array({bulk("l"), bulk("v")}));
  EXPECT_EQ(reply(1), integer(1) + kNull);
  process({rest});
  EXPECT_EQ(reply(0), kOk);
}

TEST_F(DispatchClients, WhoIsKilledExecutesNothingMore) {
  process({"", ""});
  const std::string id = std::to_string(client(1).id);
  process({request({"CLIENT", "KILL", "ID", id}), request({"SET", "x", "1"})});
  EXPECT_TRUE(clients_[1].closed());
  EXPECT_EQ(server_.run("EXISTS", "x"), integer(0));
}

TEST_F(DispatchClients, AnErrorOfProtocolComesAfterWhatStandsBeforeIt) {
  process({request({"SET", "x", "1"}) + "*x\r\n", request({"GET", "x"})});
  EXPECT_EQ(reply(0), kOk + error("ERR Protocol error: invalid multibulk length"));
  EXPECT_EQ(reply(1), bulk("1"));
  EXPECT_TRUE(client(0).close_after_reply);
}

TEST_F(DispatchClients, InlineArgumentsLiveUntilTheyAreExecuted) {
  process({"SET a \"one two\"\r\nGET a\r\n", "SET b 'three'\r\n\r\nGET b\r\n", "PING\r\n\r\n"});
  EXPECT_EQ(reply(0), kOk + bulk("one two"));
  EXPECT_EQ(reply(1), kOk + bulk("three"));
  EXPECT_EQ(reply(2), "+PONG\r\n");
}

TEST_F(DispatchClients, WhatIsIncompleteStays) {
  const std::string whole = request({"ECHO", "x"});
  const std::string part = whole.substr(0, whole.size() - 3);
  EXPECT_EQ(process({whole + part, "\r\n\r\n", part})[0], whole.size());
  EXPECT_EQ(reply(0), bulk("x"));
}

TEST_F(DispatchClients, ALimitForStrangersHoldsUntilTheyAuthenticate) {
  server_.run("CONFIG", "SET", "requirepass", "secret");
  const std::string large(20'000, 'x');
  const std::string requests = request({"AUTH", "secret"}) + request({"ECHO", large});
  const std::vector<size_t> done = process({requests, requests});
  EXPECT_EQ(done[0], requests.size());
  EXPECT_EQ(reply(0), kOk + bulk(large));
  EXPECT_EQ(reply(1), kOk + bulk(large));
}

TEST_F(DispatchClients, AfterAPauseEachFinishesItsPipelineInTurn) {
  process({"", "", ""});
  server_.run("CLIENT", "PAUSE", "100000", "WRITE");
  const auto push = [](std::string_view element) { return request({"RPUSH", "l", element}); };
  process({push("a1"), push("b1"), push("c1")});
  server_.server.pause.end(PauseReason::kClient);
  process({push("a2"), push("b2"), push("c2")});
  EXPECT_EQ(server_.run("LRANGE", "l", "0", "-1"),
            array({bulk("a1"), bulk("a2"), bulk("b1"), bulk("b2"), bulk("c1"), bulk("c2")}));
}

TEST_F(DispatchClients, DatabasesAreTheirOwn) {
  process({request({"SELECT", "1"}), ""});
  reply(0);
  process({request({"SADD", "s", "a"}), request({"SADD", "s", "b", "c"})});
  process({request({"SMEMBERS", "s"}), request({"SCARD", "s"})});
  EXPECT_EQ(reply(0), integer(1) + array({bulk("a")}));
  EXPECT_EQ(reply(1), integer(2) + integer(2));
}

}  // namespace
}  // namespace spinel::server
