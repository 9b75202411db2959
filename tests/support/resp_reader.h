#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/reply.h"

namespace spinel::test {

/// Cuts a byte stream into replies of RESP2 and RESP3. Strict: anything the protocol does not allow
/// (a bare LF, a length that is not a number, an unknown type byte) ends the stream as kMalformed.
class RespReader {
 public:
  void feed(std::string_view bytes) { buffer_.append(bytes); }

  /// The next whole reply, or nothing when more bytes are needed. After kMalformed there is no
  /// next.
  std::optional<Reply> next();

  /// Bytes that were fed and belong to no reply yet.
  std::size_t pending_bytes() const { return buffer_.size() - position_; }
  /// Those bytes, which are then gone.
  std::string take_pending();

 private:
  struct Frame {
    Reply reply;
    std::size_t missing;
  };

  bool read_value(Reply& value, std::size_t& children);
  bool read_line(std::string_view& line);
  bool read_body(Reply& value, std::string_view length_text);
  void open_aggregate(Reply& value, std::string_view length_text, std::size_t& children);
  Reply& fail(Reply& value, const std::string& why);
  void drop_consumed();

  std::string buffer_;
  std::size_t position_ = 0;
  std::vector<Frame> open_;
};

/// A request as clients send it: an array of bulk strings.
std::string encode_command(const std::vector<std::string>& arguments);

}  // namespace spinel::test
