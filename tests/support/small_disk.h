#pragma once

#include <string>

#include "tests/support/temp_dir.h"

namespace spinel::test {

/// A file system of its own that is soon full, mounted as long as the object lives. Only root may
/// mount; without that right the test should be skipped.
class SmallDisk {
 public:
  explicit SmallDisk(int size_kb);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  const std::string& path() const { return directory_.path(); }
  /// Makes it larger or smaller.
  void resize(int size_kb);
  /// No file on it must be open for writing.
  void make_read_only();
  void make_writable();

 private:
  TempDir directory_;
  int size_kb_;
  bool mounted_;
};

}  // namespace spinel::test

#define SKIP_WITHOUT_DISK(disk) \
  if (!(disk).mounted()) GTEST_SKIP() << "this process may not mount a file system"
