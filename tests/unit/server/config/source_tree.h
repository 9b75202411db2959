// Files of the repository that tests read.
#pragma once

#include <filesystem>

namespace spinel::server {

// The checkout that the tests were built in: above the executable.
inline std::filesystem::path source_tree() {
  auto directory = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  while (!std::filesystem::exists(directory / "CMakePresets.json") &&
         directory != directory.root_path()) {
    directory = directory.parent_path();
  }
  return directory;
}

}  // namespace spinel::server
