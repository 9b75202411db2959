// A directory of its own for a test, and the working directory put back afterwards.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <string>
#include <string_view>

namespace spinel::server {

class TemporaryDirectory : public testing::Test {
 protected:
  TemporaryDirectory() : start_(std::filesystem::current_path()) {
    std::string pattern = (std::filesystem::temp_directory_path() / "spinel-XXXXXX").string();
    const char* made = mkdtemp(pattern.data());
    // Resolved: the system's temporary directory may be a link.
    if (made != nullptr) path_ = std::filesystem::canonical(made).string();
  }

  void SetUp() override { ASSERT_FALSE(path_.empty()); }

  ~TemporaryDirectory() override {
    std::filesystem::current_path(start_);
    if (!path_.empty()) std::filesystem::remove_all(path_);
  }

  const std::string& path() const { return path_; }
  std::string path(std::string_view name) const { return path_ + "/" + std::string(name); }

  std::string write(std::string_view name, std::string_view content) const {
    std::ofstream(path(name), std::ios::binary) << content;
    return path(name);
  }

  static std::string read(const std::string& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

 private:
  std::filesystem::path start_;
  std::string path_;
};

}  // namespace spinel::server
