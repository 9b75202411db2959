// A message of pub/sub as bytes: encoded once for each protocol version, however many get it.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "server/resp/output_buffer.h"

namespace spinel::server {

// The parts must outlive the message. A long message is shared by the output of all its receivers.
class PushMessage {
 public:
  explicit PushMessage(std::span<const std::string_view> parts) : parts_(parts) {}

  void append_to(resp::OutputBuffer& out, bool resp3) {
    Encoding& encoding = encodings_[resp3 ? 1 : 0];
    if (encoding.shared != nullptr) return out.append_shared(*encoding.shared, 0, encoding.size);
    if (encoding.size == 0) {
      encode(encoding, resp3);
      return append_to(out, resp3);
    }
    out.append({encoding.bytes.data(), encoding.size});
  }

 private:
  static constexpr size_t kSmall = 512;

  struct Release {
    void operator()(storage::RawString* string) const { storage::RawString::destroy(string); }
  };
  struct Encoding {
    size_t size = 0;
    std::array<char, kSmall> bytes;
    std::unique_ptr<storage::RawString, Release> shared;  // instead of `bytes` where it is larger
  };

  void encode(Encoding& encoding, bool resp3) const;

  std::span<const std::string_view> parts_;
  std::array<Encoding, 2> encodings_;
};

}  // namespace spinel::server
