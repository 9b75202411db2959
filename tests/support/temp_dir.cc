#include "tests/support/temp_dir.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

namespace spinel::test {

TempDir::TempDir() {
  path_ = (std::filesystem::temp_directory_path() / "spinel-test-XXXXXX").string();
  if (::mkdtemp(path_.data()) == nullptr) {
    ADD_FAILURE() << "no temporary directory like " << path_;
  }
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void write_file(const std::string& path, std::string_view content) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << content;
  out.flush();
  if (!out) ADD_FAILURE() << "could not write " << path;
}

}  // namespace spinel::test
