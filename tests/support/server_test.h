#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/server_process.h"

namespace spinel::test {

/// A test against a server that the tests of this process share. It is empty when a test begins,
/// and a new one is started after a test that failed. A test that changes the configuration or the
/// state of the server in another way than through its data takes OwnServerTest.
class ServerTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  ServerProcess& server() { return *server_; }
  /// The test's own hiredis client.
  Client& client();
  /// Runs a command through client().
  template <typename... Arguments>
  Reply run(const Arguments&... arguments) {
    return client().run(arguments...);
  }
  /// The next use of client() or resp3() connects again, as after a restart.
  void reconnect();
  /// Runs a line of words through client(); see words().
  Reply line(const std::string& text);
  /// Runs the lines one after the other through client() and expects each one's reply.
  void expect_session(const std::vector<std::pair<std::string, Reply>>& steps);

  /// The test's own connection in RESP3.
  RawConnection& resp3();
  /// Runs a command through resp3().
  template <typename... Arguments>
  Reply run3(const Arguments&... arguments) {
    return resp3().run(arguments...);
  }

  /// The value of `field` in INFO; empty when it is not there.
  std::string info(const std::string& field);
  /// The same as a number; -1 when it is not there.
  long long info_number(const std::string& field);
  /// The value of one option in CONFIG GET.
  std::string config(const std::string& option);

  bool against_redis_7_0();
  bool has_command(const std::string& name);

  ServerProcess* server_ = nullptr;

 private:
  std::unique_ptr<Client> client_;
  std::unique_ptr<RawConnection> resp3_;
};

/// A test that starts its own server, as it wants it.
class OwnServerTest : public ServerTest {
 protected:
  void SetUp() override {}
  void TearDown() override;

  /// Call it before anything else, once.
  ServerProcess& start(ServerOptions options = {});
  /// start() with arguments only.
  ServerProcess& start_with(std::vector<std::string> arguments);

 private:
  std::unique_ptr<ServerProcess> own_;
};

std::vector<std::string> split(const std::string& text, char separator);

/// The words of a line as a shell reads them: separated by spaces; one in double quotes may hold
/// spaces or nothing. There are no escapes.
std::vector<std::string> words(const std::string& line);

/// The value of `field:` in a text of INFO's form; empty when it is not there.
std::string info_field(const std::string& text, const std::string& field);

}  // namespace spinel::test

/// The reply is an integer in [low, high].
#define EXPECT_INTEGER_BETWEEN(reply_expression, low, high)                                \
  do {                                                                                     \
    const ::spinel::test::Reply checked_reply = (reply_expression);                        \
    EXPECT_EQ(checked_reply.type, ::spinel::test::Reply::Type::kInteger) << checked_reply; \
    EXPECT_GE(checked_reply.number, (low));                                                \
    EXPECT_LE(checked_reply.number, (high));                                               \
  } while (false)

/// Redis 7.2, and so Spinel, does this otherwise than the 7.0 that may stand in for it.
#define SKIP_ON_REDIS_7_0(reason) \
  if (against_redis_7_0()) GTEST_SKIP() << "Redis 7.0: " << (reason)

/// For tests that need a command of a family that is not built yet: they run once it is.
#define SKIP_WITHOUT_COMMAND(name) \
  if (!has_command(name)) GTEST_SKIP() << "no command " << (name)
