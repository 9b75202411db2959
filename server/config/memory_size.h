// Sizes as operators write them: 100mb, 1gb, 64k.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spinel::server {

// Digits and one of the units b, k, kb, m, mb, g, gb in any case: k, m and g count in powers of
// 1000, kb, mb and gb in powers of 1024. No digits mean 0. A number too large for 64 bits gives the
// largest. Returns nothing if malformed, or for more than 127 digits.
std::optional<uint64_t> parse_memory(std::string_view text);

// Returns the shortest exact form: a whole number of gb, mb or kb, else of bytes.
std::string format_memory(uint64_t bytes);

}  // namespace spinel::server
