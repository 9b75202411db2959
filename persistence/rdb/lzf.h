// The compression of RDB's strings: LZF.
#pragma once

#include <cstddef>
#include <string_view>

namespace spinel::persistence::rdb {

// Nothing expands to more than this many times its size: three bytes stand for up to 264.
inline constexpr size_t kMaxLzfExpansion = 88;

// Compresses `text` into up to `room` bytes at `to`. Returns how many it took, or 0: it does not
// fit. `text` has less than 4 GiB.
size_t lzf_compress_into(std::string_view text, char* to, size_t room);

// Expands to exactly `size` bytes at `to`. False if that is not what there is. No memory outside
// is read or written, whatever the bytes are.
bool lzf_expand(std::string_view compressed, char* to, size_t size);

}  // namespace spinel::persistence::rdb
