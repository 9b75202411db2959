// Replaces a file by a new one so that after a crash there is either, whole: it is written under
// another name, synced, renamed, and its directory synced.
#pragma once

#include <string>

#include "persistence/file/file_system.h"

namespace spinel::persistence {

class ReplacementFile {
 public:
  ReplacementFile() = default;
  // Closes and removes what was not committed.
  ~ReplacementFile();
  ReplacementFile(const ReplacementFile&) = delete;
  ReplacementFile& operator=(const ReplacementFile&) = delete;

  // Makes an empty file at `path`, or empties the one that is there.
  FileError create(const std::string& path);
  // Between create() and commit().
  File& file() { return file_; }
  // Syncs the file and gives it the name `path`, which is in the same directory, in place of what
  // has it. After an error the old file is there, unless it is the directory that could not be
  // synced: then the new one is, which may be lost in a crash.
  FileError commit(const std::string& path);

 private:
  File file_;
};

}  // namespace spinel::persistence
