// Glob-style patterns, as KEYS, SCAN, PSUBSCRIBE, CONFIG GET and ACL rules take them.
#pragma once

#include <string_view>

namespace spinel::storage {

// True if the pattern describes the whole text. `*` any run, `?` one byte, `[a-z]` and `[^a-z]` a
// class, `\` takes the next byte as it is; malformed patterns match as Redis matches them. Time is
// at most pattern times text.
bool glob_match(std::string_view pattern, std::string_view text, bool ignore_case = false);

}  // namespace spinel::storage
