// Reading and replacing whole configuration files.
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spinel::server {

// Appends the rest of `file` to `text`. Returns the reason on a read error.
std::optional<std::string> read_stream(std::FILE* file, std::string& text);

// Appends the content of the file at `path` to `text`. Returns the reason on failure.
std::optional<std::string> read_file(const std::string& path, std::string& text);

// Replaces the file at `path`, or creates it. A crash leaves either the old or the new content.
// Keeps the mode. On failure returns the reason and leaves the file unchanged.
std::optional<std::string> replace_file(const std::string& path, std::string_view content);

// Returns the lines of `text` without leading and trailing blanks.
std::vector<std::string_view> trimmed_lines(std::string_view text);

}  // namespace spinel::server
