// Commands that run others: what happens once, at the end of the outermost one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "server/engine/context.h"
#include "storage/base/memory.h"
#include "tests/unit/server/test_server.h"

namespace spinel::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Runs its arguments, separated by ";", as commands of the session.
void run_all(CommandContext& ctx) {
  size_t first = 1;
  for (size_t i = 1; i <= ctx.arity(); ++i) {
    if (i < ctx.arity() && ctx.arg(i) != ";") continue;
    const CommandArgs inner = ctx.args.subspan(first, i - first);
    ctx.server.dispatcher.call(ctx.session, ctx.reply, inner, *ctx.server.commands.resolve(inner));
    first = i + 1;
  }
}

class ExecutionUnit : public testing::Test {
 protected:
  ExecutionUnit() : reply_(output_) { command_.handler = run_all; }

  template <typename... Args>
  void call_in(Session& session, const Args&... args) {
    const std::vector<std::string_view> all = {"ECHO", std::string_view(args)...};
    server_.server.dispatcher.call(session, reply_, all, command_);
  }
  std::string take_output() {
    std::string output(output_.view());
    output_.truncate(0);
    return output;
  }
  const CommandStats& stats(std::string_view name) {
    return server_.server.command_stats[server_.server.commands.find(name)->id];
  }

  struct ScriptSession final : Session {};

  TestServer server_;
  Command command_ = *server_.server.commands.find("echo");
  ScriptSession session_;
  resp::OutputBuffer output_;
  resp::ReplyWriter reply_;
};

TEST_F(ExecutionUnit, EffectsOfInnerCommandsStayTogether) {
  call_in(session_, "SET", "a", "1", ";", "INCR", "a", ";", "GET", "a");
  EXPECT_EQ(take_output(), kOk + integer(2) + bulk("2"));
  EXPECT_THAT(server_.take_effects(), ElementsAre("MULTI", "SET a 1", "INCR a", "EXEC"));
}

TEST_F(ExecutionUnit, WhoWaitsIsServedAfterIt) {
  TestClient waiting(server_);
  EXPECT_EQ(waiting.run("BLPOP", "l", "0"), "");
  call_in(session_, "RPUSH", "l", "x", ";", "LLEN", "l");
  EXPECT_EQ(take_output(), integer(1) + integer(1));
  EXPECT_EQ(waiting.take_output(), array({bulk("l"), bulk("x")}));
  EXPECT_THAT(server_.take_effects(), ElementsAre("RPUSH l x", "LPOP l"));
}

TEST_F(ExecutionUnit, ABlockingCommandAnswersAsIfItsTimeWereUp) {
  call_in(session_, "BLPOP", "l", "0", ";", "BZPOPMIN", "z", "0", ";", "WAIT", "1", "0");
  EXPECT_EQ(take_output(), kNullArray + kNullArray + integer(0));
  EXPECT_EQ(stats("blpop").calls(), 1);
  EXPECT_EQ(server_.server.blocked.count(), 0U);
}

TEST_F(ExecutionUnit, CountsEachCommandByItself) {
  call_in(session_, "SET", "a", "x", ";", "INCR", "a", ";", "GET", "a");
  EXPECT_EQ(stats("set").calls(), 1);
  EXPECT_EQ(stats("incr").failed_calls(), 1);
  EXPECT_EQ(stats("get").failed_calls(), 0);
  EXPECT_EQ(stats("echo").calls(), 1);
  EXPECT_EQ(stats("echo").failed_calls(), 0);
  EXPECT_EQ(server_.server.stats.total_error_replies, 1);
  EXPECT_EQ(server_.server.stats.total_commands_processed, 4);
}

TEST_F(ExecutionUnit, ABulkThatLooksLikeAnErrorIsNone) {
  server_.run("SET", "a", "-ERR");
  call_in(session_, "GET", "a");
  EXPECT_EQ(stats("get").failed_calls(), 0);
}

TEST_F(ExecutionUnit, UnblockAndUnpauseRunNobodysCommandWithinIt) {
  TestClient waiting(server_);
  TestClient paused(server_);
  EXPECT_EQ(waiting.run("BLPOP", "l", "0"), "");
  const std::string id = std::to_string(waiting.client().id);
  server_.run("CLIENT", "PAUSE", "100000", "WRITE");
  EXPECT_EQ(paused.run("SET", "x", "1"), "");
  call_in(server_.client.client(), "CLIENT", "UNPAUSE", ";", "CLIENT", "UNBLOCK", id, ";", "CLIENT",
          "UNBLOCK", id, ";", "GET", "x");
  EXPECT_EQ(take_output(), kOk + integer(1) + integer(0) + kNull);
  EXPECT_EQ(waiting.take_output(), kNullArray);
  EXPECT_EQ(server_.send(""), "");  // the turn ends
  EXPECT_EQ(paused.take_output(), kOk);
}

TEST_F(ExecutionUnit, AWaitThatEndsIsCountedOnce) {
  TestClient waiting(server_);
  const std::string id = std::to_string(waiting.client().id);
  waiting.run("BLPOP", "l", "0");
  server_.run("CLIENT", "UNBLOCK", id, "ERROR");
  EXPECT_EQ(waiting.take_output(), error("UNBLOCKED client unblocked via CLIENT UNBLOCK"));
  EXPECT_EQ(stats("blpop").calls(), 1);
  EXPECT_EQ(stats("blpop").failed_calls(), 1);
  waiting.run("BLPOP", "l", "0");
  server_.run("CLIENT", "UNBLOCK", id);
  EXPECT_EQ(stats("blpop").calls(), 2);
  EXPECT_EQ(stats("blpop").failed_calls(), 1);
  waiting.run("BLPOP", "l", "0");
  server_.run("RPUSH", "l", "x");
  EXPECT_EQ(stats("blpop").calls(), 3);
  EXPECT_EQ(server_.server.stats.total_error_replies, 1);
}

TEST_F(ExecutionUnit, AServedClientIsAdmittedAnew) {
  storage::register_memory_thread();
  TestClient waiting(server_);
  EXPECT_EQ(waiting.run("BLMOVE", "from", "to", "LEFT", "LEFT", "0"), "");
  // The limit is set while the push is under way, so that only the waiting client meets it.
  const std::vector<std::string_view> unit = {"ECHO",   "RPUSH", "from",      "x", ";",
                                              "CONFIG", "SET",   "maxmemory", "1"};
  server_.server.dispatcher.call(server_.client.client(), reply_, unit, command_);
  EXPECT_EQ(waiting.take_output(),
            error("OOM command not allowed when used memory > 'maxmemory'."));
  EXPECT_EQ(server_.run("LLEN", "from"), integer(1));
  EXPECT_EQ(server_.run("EXISTS", "to"), integer(0));
}

TEST_F(ExecutionUnit, TellsTheOutermostDepth) {
  EXPECT_EQ(server_.server.dispatcher.depth(), 0);
  call_in(session_, "PING");
  EXPECT_EQ(server_.server.dispatcher.depth(), 0);
  EXPECT_THAT(server_.take_effects(), IsEmpty());
}

}  // namespace
}  // namespace spinel::server
