// Sizes as operators write them: 100mb, 1gb, 64k.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spinel::server {

// Digits and one of the units b, k, kb, m, mb, g, gb in any case: k, m and g count in powers of
// 1000, kb, mb and gb in powers of 1024. No digits count as 0. What 64 bits cannot hold is the most
// they can. Nothing if malformed, or of more than 127 digits.
std::optional<uint64_t> parse_memory(std::string_view text);

// The shortest exact form: in gb, mb or kb if it is a whole number of them, else in bytes.
std::string format_memory(uint64_t bytes);

}  // namespace spinel::server
