#include "tests/support/aof_files.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <sstream>

#include "tests/support/temp_dir.h"

namespace spinel::test {

std::vector<AofFile> read_manifest(const std::string& directory) {
  std::vector<AofFile> files;
  std::istringstream text(read_file(aof_path(directory, "appendonly.aof.manifest")));
  for (std::string line; std::getline(text, line);) {
    std::istringstream words(line);
    AofFile file;
    std::string key;
    while (words >> key) {
      if (key == "file") {
        words >> file.name;
      } else if (key == "seq") {
        words >> file.sequence;
      } else if (key == "type") {
        words >> file.type;
      }
    }
    files.push_back(file);
  }
  return files;
}

std::string aof_path(const std::string& directory, const std::string& name) {
  return directory + "/appendonlydir/" + name;
}

std::string last_increment(const std::string& directory) {
  std::string name;
  for (const AofFile& file : read_manifest(directory)) {
    if (file.type == 'i') name = file.name;
  }
  return name.empty() ? name : aof_path(directory, name);
}

std::int64_t file_size(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? -1 : static_cast<std::int64_t>(size);
}

void resize_file(const std::string& path, std::int64_t size_bytes) {
  std::error_code error;
  std::filesystem::resize_file(path, static_cast<std::uintmax_t>(size_bytes), error);
  EXPECT_FALSE(error) << path << ": " << error.message();
}

void copy_files(const std::string& from, const std::string& to) {
  std::error_code error;
  std::filesystem::copy(
      from, to,
      std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing,
      error);
  EXPECT_FALSE(error) << from << " to " << to << ": " << error.message();
}

}  // namespace spinel::test
