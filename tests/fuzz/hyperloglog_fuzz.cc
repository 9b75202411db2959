// Whatever bytes a string has: the commands for HyperLogLogs answer, and agree with each other on
// what it holds.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "server/client.h"
#include "server/config/config.h"
#include "server/log/log.h"
#include "server/resp/request_parser.h"
#include "server/server.h"
#include "storage/base/assert.h"
#include "storage/types/hyperloglog.h"

namespace {

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

// A server for all inputs and a client of it, with none of the keys that earlier inputs left.
class Session {
 public:
  explicit Session(uint64_t sparse_max_bytes) : client_(server(), transport_) {
    config().hll_sparse_max_bytes = sparse_max_bytes;
    server().keyspace.database(0).clear(nullptr);
  }

  std::string run(std::initializer_list<std::string_view> args) {
    std::string request = "*" + std::to_string(args.size()) + "\r\n";
    for (const std::string_view arg : args) {
      request.append("$" + std::to_string(arg.size()) + "\r\n").append(arg).append("\r\n");
    }
    spinel::server::resp::RequestParser parser;
    server().dispatcher.process(client_, request, parser);
    std::string reply(client_.output.view());
    client_.output.truncate(0);
    SPINEL_ASSERT(!reply.empty());
    return reply;
  }

 private:
  static spinel::server::Config& config() {
    static spinel::server::Config shared;
    return shared;
  }
  static spinel::server::Server& server() {
    static spinel::server::Server shared(config());
    spinel::server::set_log_level(spinel::server::LogLevel::kNothing);
    return shared;
  }

  NoTransport transport_;
  spinel::server::Client client_;
};

// The input as it is, or behind a header: of a sparse one, or of a dense one and in its size.
std::string value_of(uint8_t choice, std::string_view input) {
  using spinel::storage::hll::kDenseSize;
  std::string value("HYLL\0\0\0\0\0\0\0\0\0\0\0\x80", 16);
  switch (choice % 4) {
    case 0:
      return std::string(input);
    case 1:
      value.append(input);
      value.resize(kDenseSize);
      return value;
    default:
      value[4] = 1;
      return value.append(input);
  }
}

bool is_error(const std::string& reply) {
  return reply.starts_with('-');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data + 3), size - 3);
  const std::string value = value_of(data[0], input);
  const std::string element(1, static_cast<char>(data[1]));
  Session session(data[2] < 128 ? 3000 : data[2] % 64U);

  session.run({"SET", "key", value});
  session.run({"PFDEBUG", "DECODE", "key"});
  const std::string count = session.run({"PFCOUNT", "key", "none"});
  // Without a count in its header that would be believed.
  session.run({"SET", "one", value});
  if (value.size() > 15) session.run({"SETRANGE", "one", "15", "\x80"});
  SPINEL_ASSERT(session.run({"PFCOUNT", "one"}) == count);
  SPINEL_ASSERT(is_error(session.run({"PFMERGE", "merged", "key"})) == is_error(count));
  if (!is_error(count)) {
    SPINEL_ASSERT(session.run({"PFCOUNT", "merged"}) == count);
    session.run({"COPY", "one", "dense"});
    SPINEL_ASSERT(!is_error(session.run({"PFDEBUG", "TODENSE", "dense"})));
    SPINEL_ASSERT(session.run({"PFCOUNT", "dense", "none"}) == count);
    SPINEL_ASSERT(session.run({"PFDEBUG", "GETREG", "one"}) ==
                  session.run({"PFDEBUG", "GETREG", "merged"}));
  }
  // The same elements into the value itself, its union and its dense form.
  for (int round = 0; round < 2; ++round) {
    for (const std::string& more : {element, element + "a", element + "b", element + element}) {
      const std::string added = session.run({"PFADD", "key", more, more + "x", more + "y"});
      if (is_error(count)) continue;
      SPINEL_ASSERT(session.run({"PFADD", "merged", more, more + "x", more + "y"}) == added);
      SPINEL_ASSERT(session.run({"PFADD", "dense", more, more + "x", more + "y"}) == added);
    }
  }
  if (!is_error(count)) {
    const std::string more = session.run({"PFCOUNT", "dense"});
    SPINEL_ASSERT(session.run({"PFCOUNT", "key", "none"}) == more);
    SPINEL_ASSERT(session.run({"PFCOUNT", "merged"}) == more);
  }
  // What is in one after another was merged into it is what both counted together.
  session.run({"SET", "sum", value});
  session.run({"PFADD", "other", element, element + "a", element + "b", element + "c"});
  const std::string both = session.run({"PFCOUNT", "sum", "other"});
  const std::string merged = session.run({"PFMERGE", "sum", "other"});
  SPINEL_ASSERT(is_error(merged) == is_error(both));
  if (!is_error(both)) SPINEL_ASSERT(session.run({"PFCOUNT", "sum"}) == both);
  session.run({"PFDEBUG", "TODENSE", "key"});
  session.run({"PFMERGE", "key"});
  return 0;
}
