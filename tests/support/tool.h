#pragma once

#include <filesystem>
#include <string>

#include "tests/support/server_process.h"

namespace spinel::test {

/// The program of this name that is built with the server under test.
inline std::string tool_binary(const std::string& name) {
  return std::filesystem::path(server_binary()).parent_path() / name;
}

}  // namespace spinel::test
