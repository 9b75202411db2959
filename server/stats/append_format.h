// Formatting at the end of a string.
#pragma once

#include <fmt/core.h>
#include <string>

namespace spinel::server {

// As append_format, with arguments whose types are forgotten.
void append_formatted(std::string& out, fmt::string_view format, fmt::format_args args);

// Appends what fmt::format would return. fmt::format_to would do so, too, but compiles all of fmt's
// formatting anew wherever it is used: five seconds a file.
template <typename... Args>
void append_format(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  append_formatted(out, format, fmt::make_format_args(args...));
}

}  // namespace spinel::server
