#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <vector>

namespace spinel::test {

/// The arguments of a command: strings as they are, integers in decimal.
inline std::string to_argument(std::string_view text) {
  return std::string(text);
}
template <std::integral Integer>
std::string to_argument(Integer value) {
  return std::to_string(value);
}

template <typename... Arguments>
std::vector<std::string> to_arguments(const Arguments&... arguments) {
  return {to_argument(arguments)...};
}

}  // namespace spinel::test
