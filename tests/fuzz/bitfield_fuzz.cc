// Whatever the arguments of BITFIELD are: it answers, the strings it makes are the same with and
// without compression, and reading does not change them. Each line of the input is a call, its
// words the arguments behind the key; "?" before them makes it BITFIELD_RO.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/session.h"

namespace {

// Far beyond where strings begin to be compressed, and quickly written.
constexpr uint64_t kMaxStringBytes = 64 << 10;

using Words = std::vector<std::string_view>;
using spinel::fuzz::Session;

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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  spinel::server::Config limited;
  limited.proto_max_bulk_len_bytes = kMaxStringBytes;
  spinel::server::Server& server = spinel::fuzz::fresh_server(limited);
  bool& compression = spinel::fuzz::shared_config().bitmap_compression;

  // The same calls in one database with compression, and in another without.
  Session compressed(server);
  Session flat(server);
  flat.run({"SELECT", "1"});
  std::string_view input(reinterpret_cast<const char*>(data), size);
  while (!input.empty()) {
    const Words call = call_of(take(input, '\n'));
    const std::string before = flat.run({"GET", "key"});
    compression = true;
    const std::string reply = compressed.run(call);
    compression = false;
    SPINEL_ASSERT(flat.run(call) == reply);
    const std::string after = flat.run({"GET", "key"});
    SPINEL_ASSERT(compressed.run({"GET", "key"}) == after);
    const bool reads_only = call[0] == "BITFIELD_RO";
    if (reads_only || spinel::fuzz::is_error(reply)) SPINEL_ASSERT(after == before);
  }
  return 0;
}
