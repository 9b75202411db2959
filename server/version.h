// Which version this is, and which version of Redis it stands in for.
#pragma once

#include <string_view>

namespace spinel::server {

inline constexpr std::string_view kSpinelVersion = SPINEL_VERSION;
inline constexpr std::string_view kRedisVersion = "7.2.4";

}  // namespace spinel::server
