#pragma once

#include <string>
#include <string_view>

namespace spinel::test {

/// A fresh directory that is removed with all it holds when the object goes.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

/// The whole file; empty when there is none.
std::string read_file(const std::string& path);
void write_file(const std::string& path, std::string_view content);

}  // namespace spinel::test
