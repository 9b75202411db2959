#include "persistence/file/replacement_file.h"

namespace spinel::persistence {

ReplacementFile::~ReplacementFile() {
  if (file_.is_open()) remove_file(file_.path());
}

FileError ReplacementFile::create(const std::string& path) {
  return file_.open(path, File::Mode::kCreate);
}

FileError ReplacementFile::commit(const std::string& path) {
  if (FileError error = file_.sync(); !error.ok()) return error;
  if (FileError error = rename_file(file_.path(), path); !error.ok()) return error;
  if (FileError error = file_.close(); !error.ok()) return error;
  return sync_directory_of(path);
}

}  // namespace spinel::persistence
