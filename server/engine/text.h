// Cutting up the columns of command rows.
#pragma once

#include <string_view>

namespace spinel::server {

// Takes what stands before the next `separator` off the front of `rest` (all of it if there is
// none), with the separator. Call while `rest` is not empty.
constexpr std::string_view take_until(std::string_view& rest, std::string_view separator) {
  const size_t end = rest.find(separator);
  const std::string_view head = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + separator.size());
  return head;
}

}  // namespace spinel::server
