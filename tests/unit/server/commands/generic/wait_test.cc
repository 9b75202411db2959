#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

class WaitCommands : public testing::Test {
 protected:
  template <typename... Args>
  std::string run(const Args&... args) {
    return server_.run(args...);
  }
  bool blocked() { return server_.client.client().blocked == BlockReason::kWait; }
  int64_t deadline() { return server_.server.blocked.next_deadline_ms(); }
  // What the client is told when its time is up.
  std::string time_out() {
    server_.server.blocked.serve_timeouts(std::numeric_limits<int64_t>::max());
    return server_.client.take_output();
  }

  TestServer server_;
};

TEST_F(WaitCommands, NobodyToWaitFor) {
  EXPECT_EQ(run("WAIT", "0", "0"), integer(0));
  EXPECT_EQ(run("WAIT", "0", "1000"), integer(0));
  EXPECT_EQ(run("WAIT", "-1", "0"), integer(0));
}

TEST_F(WaitCommands, WaitsUntilItsTimeIsUp) {
  EXPECT_EQ(run("WAIT", "1", "1000"), "");
  EXPECT_TRUE(blocked());
  EXPECT_GE(deadline(), 1000);
  server_.server.blocked.serve_timeouts(deadline() - 1);
  EXPECT_TRUE(blocked());
  EXPECT_EQ(time_out(), integer(0));
  EXPECT_FALSE(blocked());
  EXPECT_EQ(deadline(), 0);
  EXPECT_EQ(run("WAIT", "0", "0"), integer(0));
}

TEST_F(WaitCommands, ZeroIsForEver) {
  EXPECT_EQ(run("WAIT", "9223372036854775807", "0"), "");
  EXPECT_TRUE(blocked());
  EXPECT_EQ(deadline(), 0);
  EXPECT_EQ(time_out(), "");
  EXPECT_TRUE(blocked());
}

TEST_F(WaitCommands, WhatIsSentMeanwhileIsDoneAfterwards) {
  EXPECT_EQ(server_.send(request({"SET", "a", "1"}) + request({"WAIT", "1", "50"}) +
                         request({"GET", "a"})),
            kOk);
  server_.server.blocked.serve_timeouts(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(server_.send(""), integer(0) + bulk("1"));
}

TEST_F(WaitCommands, ClientsMayLeaveWhileWaiting) {
  {
    TestClient other(server_);
    EXPECT_EQ(other.run("WAIT", "1", "1000"), "");
    EXPECT_EQ(server_.server.blocked.count(), 1u);
  }
  EXPECT_EQ(server_.server.blocked.count(), 0u);
  EXPECT_EQ(time_out(), "");
}

TEST_F(WaitCommands, Arguments) {
  const std::string not_integer = error("ERR value is not an integer or out of range");
  EXPECT_EQ(run("WAIT", "x", "x"), not_integer);
  EXPECT_EQ(run("WAIT", "9223372036854775808", "0"), not_integer);
  EXPECT_EQ(run("WAIT", "0", "x"), error("ERR timeout is not an integer or out of range"));
  EXPECT_EQ(run("WAIT", "0", ""), error("ERR timeout is not an integer or out of range"));
  EXPECT_EQ(run("WAIT", "0", "-1"), error("ERR timeout is negative"));
  EXPECT_EQ(run("WAIT", "0", "9223372036854775807"), error("ERR timeout is out of range"));
}

TEST_F(WaitCommands, WaitaofWithoutReplicas) {
  const std::string nobody = array({integer(0), integer(0)});
  EXPECT_EQ(run("WAITAOF", "0", "0", "0"), nobody);
  EXPECT_EQ(run("WAITAOF", "0", "2", "1000"), "");
  EXPECT_TRUE(blocked());
  EXPECT_EQ(time_out(), nobody);
}

TEST_F(WaitCommands, WaitaofNeedsTheFileItWaitsFor) {
  EXPECT_EQ(run("WAITAOF", "1", "0", "0"),
            error("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled."));
}

TEST_F(WaitCommands, WaitaofArguments) {
  const std::string zero_or_one = error("ERR value is out of range, value must between 0 and 1");
  EXPECT_EQ(run("WAITAOF", "x", "0", "0"), error("ERR value is not an integer or out of range"));
  EXPECT_EQ(run("WAITAOF", "2", "0", "0"), zero_or_one);
  EXPECT_EQ(run("WAITAOF", "-1", "0", "0"), zero_or_one);
  EXPECT_EQ(run("WAITAOF", "0", "-1", "0"), error("ERR value is out of range, must be positive"));
  EXPECT_EQ(run("WAITAOF", "1", "0", "-1"), error("ERR timeout is negative"));
}

}  // namespace
}  // namespace spinel::server
