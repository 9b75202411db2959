// Whatever the arguments of BITFIELD are: it answers, the strings it makes are the same with and
// without compression, and reading does not change them. Each line of the input is a call, its
// words the arguments behind the key; "?" before them makes it BITFIELD_RO.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/client.h"
#include "server/config/config.h"
#include "server/log/log.h"
#include "server/resp/request_parser.h"
#include "server/server.h"
#include "storage/base/assert.h"

namespace {

// Far beyond where strings begin to be compressed, and quickly written.
constexpr uint64_t kMaxStringBytes = 64 << 10;

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

using Words = std::vector<std::string_view>;

class Session {
 public:
  explicit Session(spinel::server::Server& server) : server_(server), client_(server, transport_) {}

  std::string run(const Words& words) {
    std::string request = "*" + std::to_string(words.size()) + "\r\n";
    for (const std::string_view word : words) {
      request += "$" + std::to_string(word.size()) + "\r\n" + std::string(word) + "\r\n";
    }
    server_.dispatcher.process(client_, request, parser_);
    std::string reply(client_.output.view());
    client_.output.truncate(0);
    SPINEL_ASSERT(!reply.empty() && reply.ends_with("\r\n"));
    return reply;
  }

 private:
  spinel::server::Server& server_;
  NoTransport transport_;
  spinel::server::Client client_;
  spinel::server::resp::RequestParser parser_;
};

std::string_view take(std::string_view& text, char separator) {
  const size_t end = text.find(separator);
  const std::string_view head = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return head;
}

Words call_of(std::string_view line) {
  Words words{"BITFIELD", "key"};
  if (line.starts_with('?')) {
    words[0] = "BITFIELD_RO";
    line.remove_prefix(1);
  }
  while (!line.empty()) words.push_back(take(line, ' '));
  return words;
}

bool is_error(std::string_view reply) {
  return reply.starts_with('-');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static spinel::server::Config config;
  config.proto_max_bulk_len_bytes = kMaxStringBytes;
  spinel::server::set_log_level(spinel::server::LogLevel::kNothing);
  static spinel::server::Server server(config);
  for (int i = 0; i < 2; ++i) server.keyspace.database(i).clear(nullptr);

  // The same calls in one database with compression, and in another without.
  Session compressed(server);
  Session flat(server);
  flat.run({"SELECT", "1"});
  std::string_view input(reinterpret_cast<const char*>(data), size);
  while (!input.empty()) {
    const Words call = call_of(take(input, '\n'));
    const std::string before = flat.run({"GET", "key"});
    config.bitmap_compression = true;
    const std::string reply = compressed.run(call);
    config.bitmap_compression = false;
    SPINEL_ASSERT(flat.run(call) == reply);
    const std::string after = flat.run({"GET", "key"});
    SPINEL_ASSERT(compressed.run({"GET", "key"}) == after);
    const bool reads_only = call[0] == "BITFIELD_RO";
    if (reads_only || is_error(reply)) SPINEL_ASSERT(after == before);
  }
  return 0;
}
