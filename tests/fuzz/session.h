// A server without a network, and clients of it, for fuzz targets that send commands.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "server/client.h"
#include "server/config/config.h"
#include "server/log/log.h"
#include "server/resp/request_parser.h"
#include "server/server.h"
#include "storage/base/assert.h"

namespace spinel::fuzz {

class NoTransport final : public server::ClientTransport {
 public:
  void output_ready() override {}
  void resume_input() override {}
  void close() override {}
  size_t query_buffer_bytes() const override { return 0; }
  size_t query_buffer_capacity() const override { return 0; }
  server::resp::PartialRequest partial_request() const override { return {}; }
  int descriptor() const override { return -1; }
};

// The configuration of the one server that there is.
inline server::Config& shared_config() {
  static server::Config config;
  return config;
}

// One server for all inputs, since making one takes longer than an input, but none of what earlier
// inputs left in it.
inline server::Server& fresh_server(const server::Config& config) {
  static server::Server server(shared_config());
  server::set_log_level(server::LogLevel::kNothing);
  shared_config() = config;
  shared_config().save.clear();  // FLUSHALL would write a file
  for (int i = 0; i < server.keyspace.database_count(); ++i) {
    server.keyspace.database(i).clear(nullptr);
  }
  server.pause.end(server::PauseReason::kClient);
  return server;
}

// A client that sends commands one by one.
class Session {
 public:
  explicit Session(server::Server& server) : server_(server), client_(server, transport_) {}

  // Returns the raw reply, of which there must be one.
  std::string run(std::span<const std::string_view> args) {
    std::string request = "*" + std::to_string(args.size()) + "\r\n";
    for (const std::string_view arg : args) {
      request.append("$" + std::to_string(arg.size()) + "\r\n").append(arg).append("\r\n");
    }
    server_.dispatcher.process(client_, request, parser_);
    std::string reply(client_.output.view());
    client_.output.truncate(0);
    SPINEL_ASSERT(!reply.empty() && reply.ends_with("\r\n"));
    return reply;
  }
  std::string run(std::initializer_list<std::string_view> args) {
    return run(std::span(args.begin(), args.size()));
  }

 private:
  server::Server& server_;
  NoTransport transport_;
  server::Client client_;
  server::resp::RequestParser parser_;
};

inline bool is_error(std::string_view reply) {
  return reply.starts_with('-');
}

}  // namespace spinel::fuzz
