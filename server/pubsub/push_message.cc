#include "server/pubsub/push_message.h"

#include <charconv>
#include <cstring>

namespace spinel::server {

namespace {

// Room for a type byte, a length and two line ends.
constexpr size_t kMaxFrame = 26;

char* write_header(char* to, char type, size_t count) {
  *to++ = type;
  to = std::to_chars(to, to + kMaxFrame, count).ptr;
  *to++ = '\r';
  *to++ = '\n';
  return to;
}

}  // namespace

void PushMessage::encode(Encoding& encoding, bool resp3) const {
  size_t most = kMaxFrame;
  for (const std::string_view part : parts_) most += kMaxFrame + part.size();
  char* begin = encoding.bytes.data();
  if (most > kSmall) {
    encoding.shared.reset(storage::RawString::create(most, most));
    begin = encoding.shared->bytes();
  }
  char* to = write_header(begin, resp3 ? '>' : '*', parts_.size());
  for (const std::string_view part : parts_) {
    to = write_header(to, '$', part.size());
    if (!part.empty()) std::memcpy(to, part.data(), part.size());
    to += part.size();
    *to++ = '\r';
    *to++ = '\n';
  }
  encoding.size = static_cast<size_t>(to - begin);
}

}  // namespace spinel::server
