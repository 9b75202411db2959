// Replaces a file by a new one so that after a crash there is either, whole: it is written under
// another name, synced, renamed, and its directory synced.
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

class ReplacementFile {
 public:
  ReplacementFile() = default;
  // Closes and removes what was not committed.
  ~ReplacementFile();
  ReplacementFile(const ReplacementFile&) = delete;
  ReplacementFile& operator=(const ReplacementFile&) = delete;

  // Makes an empty file at `path`, or empties the one that is there.
  FileError create(const std::string& path);
  int fd() const { return fd_; }
  // Syncs the file and gives it the name `path`, which is in the same directory, in place of what
  // has it. After an error the old file is there.
  FileError commit(const std::string& path);

 private:
  std::string path_;
  int fd_ = -1;
};

// Syncs the directory that `path` is in, so that names in it last.
FileError sync_directory_of(const std::string& path);

}  // namespace spinel::persistence
