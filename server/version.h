// Which version this is, and which version of Redis it stands in for.
#pragma once

#include <cstdint>
#include <string_view>

namespace spinel::server {

inline constexpr std::string_view kSpinelVersion = SPINEL_VERSION;
inline constexpr std::string_view kRedisVersion = "7.2.4";

// The same for all builds of the same version by the same compiler, another one for others.
constexpr uint64_t build_id() {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : std::string_view(SPINEL_VERSION " " __VERSION__)) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return hash;
}

}  // namespace spinel::server
