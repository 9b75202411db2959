#pragma once

#include <string>

namespace spinel::persistence {

// What went wrong with which file; `error` is an errno, 0: nothing.
struct FileError {
  const char* operation = "";  // "open", "write", "fsync", "rename", ...
  std::string path;
  int error = 0;

  bool ok() const { return error == 0; }
  // "open of x failed: No such file or directory".
  std::string text() const;
};

}  // namespace spinel::persistence
