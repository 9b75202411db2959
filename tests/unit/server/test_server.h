// A server without a network, for tests of commands: what it replies, which effects and keyspace
// events it tells.
//
//   TestServer server;
//   EXPECT_EQ(server.run("SET", "key", "value", "EX", "100"), kOk);
//   EXPECT_THAT(server.take_events(), ElementsAre("set key", "expire key"));
//   TestClient other(server);
//   EXPECT_EQ(other.run("GET", "key"), bulk("value"));
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "server/client.h"
#include "server/config/config.h"
#include "server/config/notify_flags.h"
#include "server/engine/effects.h"
#include "server/engine/keyspace_events.h"
#include "server/resp/request_parser.h"
#include "server/server.h"

namespace spinel::server {

class TestServer;

// A client whose socket is a string. Leaves the server when it is destroyed, which must be first.
class TestClient final : public ClientTransport {
 public:
  explicit TestClient(TestServer& server);
  ~TestClient() override;
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  // Sends one command and returns the raw reply; empty if the client is waiting.
  template <typename... Args>
  std::string run(const Args&... args) {
    return run_args({std::string_view(args)...});
  }
  std::string run_args(std::initializer_list<std::string_view> args) {
    return run_args({args.begin(), args.size()});
  }
  std::string run_args(CommandArgs args);
  // Sends raw bytes in one piece, as a pipeline, and returns all that is replied.
  std::string send(std::string_view bytes);
  // What was replied since the last call.
  std::string take_output();

  Client& client() { return client_; }
  bool closed() const { return closed_; }

  // --- ClientTransport
  void output_ready() override {}
  void resume_input() override { resume_ = true; }
  void close() override { closed_ = true; }
  size_t query_buffer_bytes() const override { return input_.size(); }
  size_t query_buffer_capacity() const override { return input_.capacity(); }
  resp::PartialRequest partial_request() const override { return parser_.partial_request(); }
  int descriptor() const override { return -1; }

 private:
  friend class TestServer;

  void process();

  TestServer& server_;
  std::string input_;
  resp::RequestParser parser_;
  bool resume_ = false;
  bool closed_ = false;
  Client client_;
};

// Reads the effects, and records all keyspace events. `config` is as by default but for that; once
// the server is there, CONFIG SET changes it.
class TestServer final : private KeyspaceEventSink {
 public:
  explicit TestServer(Config config_in = {});
  ~TestServer() override;
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  Config config;
  Server server;

  // As the client that is always there.
  template <typename... Args>
  std::string run(const Args&... args) {
    return client.run(args...);
  }
  std::string send(std::string_view bytes) { return client.send(bytes); }

  // The effects since the last call, each as "SET key value", with the database before it if that
  // is not 0 ("2: SET key value"). Those that one command caused follow "MULTI" and end with "EXEC"
  // if there is more than one.
  std::vector<std::string> take_effects();
  // The keyspace events since the last call, "set key", with the database before it likewise.
  std::vector<std::string> take_events();

  // Lets an existing key's time be over: it is still stored, and gone for whoever asks.
  void expire_now(std::string_view key, int database = 0);
  // The entry of `key` as stored, expired or not; it must exist.
  storage::Entry& entry(std::string_view key, int database = 0);

 private:
  friend class TestClient;

  void on_keyspace_event(int database, std::string_view event, std::string_view key) override;
  // Lets clients go on that have been woken.
  void resume_clients();

  storage::ByteLog::Reader effects_;
  int effects_database_ = -1;
  std::vector<std::string> events_;
  std::vector<TestClient*> clients_;

 public:
  TestClient client;
};

// --- requests and replies, spelt out
std::string request(CommandArgs args);
inline std::string request(std::initializer_list<std::string_view> args) {
  return request(CommandArgs(args.begin(), args.size()));
}

inline const std::string kOk = "+OK\r\n";
inline const std::string kNull = "$-1\r\n";
inline const std::string kNullArray = "*-1\r\n";
inline std::string bulk(std::string_view bytes) {
  return "$" + std::to_string(bytes.size()) + "\r\n" + std::string(bytes) + "\r\n";
}
inline std::string integer(int64_t value) {
  return ":" + std::to_string(value) + "\r\n";
}
// `text` with its code, "ERR ...".
inline std::string error(std::string_view text) {
  return "-" + std::string(text) + "\r\n";
}
// `elements` are replies.
inline std::string array(std::initializer_list<std::string> elements) {
  std::string reply = "*" + std::to_string(elements.size()) + "\r\n";
  for (const std::string& element : elements) reply += element;
  return reply;
}

}  // namespace spinel::server
