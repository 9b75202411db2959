// Reading and replacing whole configuration files.
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spinel::server {

// Appends what is left of `file` to `text`; returns the reason on a read error.
std::optional<std::string> read_stream(std::FILE* file, std::string& text);

// Appends the content of the file at `path` to `text`; returns the reason on failure.
std::optional<std::string> read_file(const std::string& path, std::string& text);

// Replaces the file at `path` so that either its old or its new content survives a crash, and keeps
// its mode; creates it if there is none. Returns the reason on failure, and leaves the file alone.
std::optional<std::string> replace_file(const std::string& path, std::string_view content);

// The lines of `text`, without blanks at their ends.
std::vector<std::string_view> trimmed_lines(std::string_view text);

}  // namespace spinel::server
