// The quoting rules that redis.conf and inline commands share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spinel::storage {

// Splits a line into words. Words are separated by white space; "..." takes \n \r \t \b \a \xHH and
// \ before any other byte, '...' takes only \'; a closing quote must end its word. A NUL byte ends
// the line. Returns nothing if quotes are unbalanced.
std::optional<std::vector<std::string>> split_args(std::string_view line);

// `text` in double quotes and escaped, so that split_args() gives it back whatever its bytes.
std::string quote_arg(std::string_view text);

}  // namespace spinel::storage
