// Whatever bytes a client sends: the server answers or closes, and how they are cut into reads
// makes no difference to the parser.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "server/client.h"
#include "server/config/config.h"
#include "server/log/log.h"
#include "server/resp/request_parser.h"
#include "server/server.h"

namespace {

using spinel::server::resp::RequestLimits;
using spinel::server::resp::RequestParser;

class NoTransport final : public spinel::server::ClientTransport {
 public:
  void output_ready() override {}
  void resume_input() override {}
  void close() override {}
  size_t query_buffer_bytes() const override { return 0; }
  size_t query_buffer_capacity() const override { return 0; }
  spinel::server::resp::PartialRequest partial_request() const override { return {}; }
  int descriptor() const override { return -1; }
};

// All requests of `input`, which arrives in reads of `step` bytes, and how it ended.
std::vector<std::string> parse_all(std::string_view input, size_t step,
                                   const RequestLimits& limits) {
  std::vector<std::string> requests;
  RequestParser parser;
  size_t start = 0;
  for (size_t end = std::min(step, input.size());;) {
    std::vector<std::string_view> args;
    size_t consumed = 0;
    const auto status = parser.parse(input.substr(start, end - start), limits, args, consumed);
    if (status == RequestParser::Status::kRequest) {
      std::string request = "request";
      for (std::string_view arg : args) request.append(" ").append(arg);
      requests.push_back(std::move(request));
      start += consumed;
    } else if (status == RequestParser::Status::kError) {
      requests.emplace_back(parser.error());
      return requests;
    } else if (end == input.size()) {
      return requests;
    } else {
      end = std::min(end + step, input.size());
    }
  }
}

// One server for all inputs, since making one takes longer than an input, but none of what earlier
// inputs left in it.
spinel::server::Server& fresh_server(bool authenticated) {
  static spinel::server::Config config;
  static spinel::server::Server server(config);
  spinel::server::set_log_level(spinel::server::LogLevel::kNothing);
  config = spinel::server::Config();
  config.proto_max_bulk_len_bytes = 1 << 20;
  if (!authenticated) config.requirepass = "secret";
  for (int i = 0; i < server.keyspace.database_count(); ++i) {
    server.keyspace.database(i).clear(nullptr);
  }
  server.unpause();
  return server;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  const size_t step = data[0] % 32 + 1;
  const RequestLimits limits{.max_bulk_bytes = 1 << 20, .authenticated = data[0] < 128};
  if (parse_all(input, input.size() + 1, limits) != parse_all(input, step, limits)) std::abort();

  spinel::server::Server& server = fresh_server(limits.authenticated);
  NoTransport transport;
  spinel::server::Client client(server, transport);
  RequestParser parser;
  size_t done = 0;
  for (size_t end = 0; end < input.size() && !client.closing && !client.close_after_reply;) {
    end = std::min(end + step * 16, input.size());
    done += server.dispatcher.process(client, input.substr(done, end - done), parser);
    client.output.truncate(0);
  }
  return 0;
}
