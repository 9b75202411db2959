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

}  // namespace spinel::storage
