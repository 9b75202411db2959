// Requests and parts of them as bytes of RESP, appended to a string: what this server sends to
// others, and what is encoded once for several clients. Replies are written by ReplyWriter.
#pragma once

#include <charconv>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace spinel::server::resp {

// "$5\r\n": the type and a number.
inline void append_header(std::string& to, char type, size_t number) {
  char digits[24];
  to += type;
  to.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
  to += "\r\n";
}

inline void append_bulk(std::string& to, std::string_view bytes) {
  append_header(to, '$', bytes.size());
  to += bytes;
  to += "\r\n";
}

// An array of bulk strings.
inline void append_command(std::string& to, std::span<const std::string_view> args) {
  append_header(to, '*', args.size());
  for (const std::string_view arg : args) append_bulk(to, arg);
}

}  // namespace spinel::server::resp
