// SHA-1, for DEBUG DIGEST and script names; not for anything that must resist forgery.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace spinel::storage {

constexpr size_t kSha1Bytes = 20;
using Sha1Digest = std::array<uint8_t, kSha1Bytes>;

Sha1Digest sha1(std::string_view bytes);

// The digest of bytes that come in pieces.
class Sha1Stream {
 public:
  Sha1Stream();
  ~Sha1Stream();
  Sha1Stream(const Sha1Stream&) = delete;
  Sha1Stream& operator=(const Sha1Stream&) = delete;

  void add(std::string_view bytes);
  // Of all that was added. Once, at the end.
  Sha1Digest finish();

 private:
  void* state_;
};

}  // namespace spinel::storage
