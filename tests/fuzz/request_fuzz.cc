// Whatever bytes a client sends: the server answers or closes, and how they are cut into reads
// makes no difference to the parser.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/session.h"

namespace {

using spinel::server::resp::RequestLimits;
using spinel::server::resp::RequestParser;

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

spinel::server::Config config_of(bool authenticated) {
  spinel::server::Config config;
  config.proto_max_bulk_len_bytes = 1 << 20;
  if (!authenticated) config.requirepass = "secret";
  return config;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  const size_t step = data[0] % 32 + 1;
  const RequestLimits limits{.max_bulk_bytes = 1 << 20, .authenticated = data[0] < 128};
  if (parse_all(input, input.size() + 1, limits) != parse_all(input, step, limits)) std::abort();

  spinel::server::Server& server = spinel::fuzz::fresh_server(config_of(limits.authenticated));
  spinel::fuzz::NoTransport transport;
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
